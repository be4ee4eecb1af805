"""What customers do to their own case besides writing: end, rate, leave an address, mark as read.

Whoever calls has shown that the case is the customer's. Doing a thing twice changes nothing the second time.
"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from trustdesk.conversations import acting
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.attachments import NotServed, UploadRefused
from trustdesk.conversations.attachments import announce as announce_upload
from trustdesk.conversations.attachments import open_for as open_file
from trustdesk.conversations.attachments import store as store_upload
from trustdesk.conversations.models import Conversation
from trustdesk.conversations.proving import WAYS, Step
from trustdesk.conversations.proving import check as check_proof
from trustdesk.conversations.proving import start as start_proof
from trustdesk.conversations.transcript import UnableToMail, render_text
from trustdesk.conversations.transcript import find as find_transcript
from trustdesk.conversations.transcript import mail as mail_transcript
from trustdesk.conversations.transcript import rows as transcript_rows
from trustdesk.customers.identify import masked_mail
from trustdesk.policy import guard

COMMENT = 2_000  # characters
ADDRESS = 254  # characters of a mail address (RFC 5321)

# The part of their modules that customers' pages may name.
__all__ = [
    "WAYS",
    "NotServed",
    "Step",
    "UnableToAct",
    "UnableToMail",
    "UploadRefused",
    "announce_upload",
    "check_proof",
    "end",
    "find_transcript",
    "leave_mail",
    "mail_transcript",
    "mark_read",
    "masked_mail",
    "open_file",
    "rate",
    "render_text",
    "start_proof",
    "store_upload",
    "transcript_rows",
]


def end(*, conversation_id: int, now: datetime) -> None:
    """End the chat from the customer's side; the case is closed, and his next message opens a new one."""
    with acting.on(conversation_id, now=now) as act:
        if act.row.status == Conversation.Status.CLOSED:
            return
        act.leave_queue("left")
        act.set(status=Conversation.Status.CLOSED, resolved_at=now, waiting_since=None)
        act.say("ended_by_customer", visible=True)


def rate(*, conversation_id: int, score: int, comment: str, now: datetime) -> None:
    """Rate the help, 1 to 5, while the case is resolved or closed; a later rating replaces the earlier. Raises UnableToAct("not_yet")."""
    if not 1 <= score <= 5:
        raise UnableToAct("bad_score")
    with acting.on(conversation_id, now=now) as act:
        if act.row.status not in (Conversation.Status.RESOLVED, Conversation.Status.CLOSED):
            raise UnableToAct("not_yet")
        before = Conversation.objects.values_list("rating", "rating_comment").get(pk=conversation_id)
        words = guard.mask(comment.replace("\0", "")).text[:COMMENT]  # PostgreSQL keeps no such character
        if before != (score, words):
            act.set(rating=score, rating_comment=words)
            act.say("rated", visible=True, score=score)


def leave_mail(*, conversation_id: int, mail: str, now: datetime) -> str:
    """Ask to be answered by mail when the chat is gone; return the address masked. Raises UnableToAct("bad_mail").

    The address is only claimed: answers go there, never account data, and the place in the queue is kept.
    """
    mail = mail.strip()
    try:
        validate_email(mail)
    except ValidationError:
        raise UnableToAct("bad_mail") from None
    if len(mail) > ADDRESS:
        raise UnableToAct("bad_mail")
    with acting.on(conversation_id, now=now) as act:
        act.refuse_closed()
        if act.row.answer_to != mail:
            act.set(answer_to=mail)
            act.say("by_mail", visible=True, mail=masked_mail(mail))
    return masked_mail(mail)


def mark_read(*, conversation_id: int, seq: int) -> None:
    """Note how far the customer has read; never backwards, never past the end."""
    Conversation.objects.filter(pk=conversation_id, customer_seq__lt=seq, last_seq__gte=seq).update(customer_seq=seq)
