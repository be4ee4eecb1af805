"""Mail of the demo world: written as a mail program writes it, and brought to the product's own door."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from django.conf import settings

from trustdesk.channels import addresses, post
from trustdesk.channels.models import HookPayload
from trustdesk.conversations import mailroom
from trustdesk.conversations.models import Conversation
from trustdesk.demo.screenplay import Play


class NotRead(Exception):
    """The product made no case of a mail of the demo world."""


def bring(play: Play, text: str, *, number: int, conversation: int, at: datetime) -> tuple[int, int]:
    """Bring one mail and have it read; return the case it became part of, and that case's last line."""
    ours = next(iter(addresses.ours().values()))
    answers = ours.address
    if conversation:
        answers = addresses.reply_address(conversation_id=conversation, recipient=play.mail, ours=ours.address, now=at)
    letter = _letter(play, text, number=number, to=answers, at=at)
    raw = post.Raw(ours.inbox_id, "mail", f"demo:{play.key}:{number}", letter.as_bytes(), {"recipients": [answers]}, at)
    post.store([raw])
    mailroom.read_due(now=at)
    row = HookPayload.objects.get(inbox=ours.inbox_id, source=raw.source)
    if row.conversation_id is None:
        raise NotRead(f"{play.key}: {row.state} {row.reason}")
    case = Conversation.objects.get(pk=row.conversation_id)
    return case.pk, case.last_seq


def _letter(play: Play, text: str, *, number: int, to: str, at: datetime) -> EmailMessage:
    letter = EmailMessage()
    domain = play.mail.rpartition("@")[2]
    if play.vouched and settings.MAIL_AUTHSERV_ID:
        letter["Authentication-Results"] = f"{settings.MAIL_AUTHSERV_ID}; dmarc=pass header.from={domain}"
    letter["From"] = formataddr((play.name, play.mail))
    letter["To"] = to
    letter["Subject"] = play.subject if number == 1 else f"Re: {play.subject}"
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = f"<demo-{play.key}-{number}@{domain}>"
    letter.set_content(text)
    return letter
