"""What goes back to who wrote us a mail: one acknowledgement, and what agents answer, at once and as mails answer mails.

Whoever wrote may have typed somebody else's address into From. What an agent wrote goes there all the same: that is how mail
works. What the sender wrote never does, his subject included, unless the address is proved to be his; and of its own accord
the product sends one mail a day there (RFC 3834): two desks that answer each other stop after the first round.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import override

from trustdesk.channels import addresses, outbox
from trustdesk.channels.models import Delivery
from trustdesk.conversations import articles
from trustdesk.conversations.mail_models import MailPart
from trustdesk.conversations.models import Conversation, Entry, Promise
from trustdesk.conversations.wording import case_page, lasting
from trustdesk.customers.models import Handle
from trustdesk.customers.throw_away import is_throw_away
from trustdesk.policy.proof import Proof

QUIET = timedelta(hours=24)  # between two acknowledgements to one address
THREAD = 20  # mails of a case that an answer refers to
_LOCK = 0x7D_ACC0


def acknowledge(case: Conversation, *, key: str, confirm: str, now: datetime) -> None:
    """Mail that a mail has come: the number and when it is answered, to an address that was proved here some time; to any
    other only that something came, and where its owner can say that it was he (`confirm`). The caller holds the case."""
    if not case.answer_to or case.spam_at is not None or _acknowledged_lately(case, now):
        return
    with override(case.locale):
        subject, lines = _received(case, now) if case.answer_proved or _known(case.answer_to) else _neutral(confirm)
        if is_throw_away(case.answer_to):
            lines.append(
                _(
                    "This address belongs to a throw-away mail service, where our answer may be lost. "
                    "Please write again from a lasting address of yours."
                )
            )
    _queue(case, key=key, purpose="opened", subject=subject, lines=lines, about=_about(case, case.last_seq), now=now)


def answer(case: Conversation, *, now: datetime) -> None:
    """Mail what agents have answered and was not mailed yet, each answer as a mail of its own. The caller holds the case."""
    said = list(
        case.entries.filter(kind=Entry.Kind.MESSAGE, author=Entry.Author.AGENT, visible=True)
        .order_by("seq")
        .values_list("seq", "text", "data")
    )
    mailed = set(Delivery.objects.filter(conversation_id=case.pk, purpose="reply").values_list("key", flat=True))
    for seq, text, data in said:
        key = f"reply:{case.pk}:{seq}"
        if key in mailed or not case.answer_to:
            continue
        with override(case.locale):
            subject = f"Re: {case.subject}" if case.answer_proved else _plain_subject()
            lines = [
                articles.written(text, data),
                _("Case %(reference)s. To answer, just reply to this mail.") % {"reference": case.reference},
            ]
        _queue(case, key=key, purpose="reply", subject=subject, lines=lines, about=_about(case, seq), now=now)


def _received(case: Conversation, now: datetime) -> tuple[str, list[str]]:
    lines = [_("We have your mail. Your case number is %(reference)s.") % {"reference": case.reference}]
    promise = Promise.objects.filter(conversation=case).first()
    if promise is not None:
        lines.append(_("You can expect the first answer within %(time)s.") % {"time": lasting(promise.high)})
    lines.append(_("It comes to this address. To add something, just reply to this mail."))
    if case.answer_proved:
        lines.append(_("Follow and answer it here: %(url)s") % {"url": case_page(case.reference)})
    lines += articles.acknowledged(case, now=now)
    return _("Your case number: %(reference)s") % {"reference": case.reference}, lines


def _neutral(confirm: str) -> tuple[str, list[str]]:
    return _plain_subject(), [
        _("A mail with this address as its sender has reached us. An agent will read it and answer here."),
        _("Was it you? Confirm your address, and you can follow your case: %(url)s") % {"url": confirm},
        _("It was not you? Then somebody used your address; you need not do anything."),
    ]


def _plain_subject() -> str:
    return _("Your mail to %(exchange)s support") % {"exchange": settings.EXCHANGE_NAME}


def _known(mail: str) -> bool:
    """Say whether somebody has shown at some time that this address is his: then it is not news to him that we exist."""
    return Handle.objects.filter(
        kind=Handle.Kind.MAIL, value=mail.strip().lower(), proof__gte=int(Proof.CONTACT)
    ).exists()


def _acknowledged_lately(case: Conversation, now: datetime) -> bool:
    mailbox = addresses.folded(case.answer_to)
    with connection.cursor() as cursor:  # of two cases of one sender at the same moment the second sees the first's
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, mailbox))
    recent = Delivery.objects.filter(mailbox=mailbox, purpose="opened", created_at__gt=now - QUIET)
    by_mail = Conversation.objects.filter(
        pk__in=recent.values("conversation_id"), inbox__kind="email"
    )  # who opened a ticket today and now writes a mail has had no answer to that
    if case.answer_proved:
        # What somebody forged in his name today must not cost him his own number. Two a day still end any loop.
        by_mail = by_mail.filter(answer_proved=True)
    return by_mail.exists()


def _about(case: Conversation, before: int) -> dict[str, Any]:
    """Return the customer's mails up to this line, as an answer names them: the last one, and the thread it is in."""
    own = Entry.objects.filter(
        conversation=case, seq=OuterRef("seq"), kind=Entry.Kind.MESSAGE, author=Entry.Author.CUSTOMER
    )
    ids: Sequence[str] = list(
        MailPart.objects.filter(Exists(own), conversation=case, seq__lte=before)
        .exclude(message_id="")
        .order_by("-seq")
        .values_list("message_id", flat=True)[:THREAD]
    )[::-1]
    return {"in_reply_to": ids[-1], "references": ids} if ids else {}


def _queue(
    case: Conversation,
    *,
    key: str,
    purpose: str,
    subject: str,
    lines: list[str],
    about: dict[str, Any],
    now: datetime,
) -> None:
    outbox.queue(
        key=key,
        inbox_id=case.inbox_id,
        conversation_id=case.pk,
        purpose=purpose,
        recipient=case.answer_to,
        subject=subject,
        text="\n\n".join(lines),
        now=now,
        locale=case.locale,
        about=about,
    )
