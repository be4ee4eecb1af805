"""Lines of a case that come from outside and that only staff see, and what staff ask of outside departments by mail.

They are notes, so no customer's page can name them; they neither reopen a case nor make anybody wait.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from trustdesk.channels import addresses, outbox
from trustdesk.channels.contract import MailFacts
from trustdesk.conversations import acting, mail_parts, timeline
from trustdesk.conversations.mail_models import SideConversation
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.customers.identify import handle_for
from trustdesk.customers.models import Handle
from trustdesk.policy import guard, tokens
from trustdesk.staff.permissions import Action, Seat

TEXT = 10_000  # characters of a question

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Aside:
    """A mail that concerns a case without being its customer's. `why`: third_party, automatic or side."""

    conversation_id: int
    inbox_id: int
    external_id: str
    why: str
    text: str
    mail: MailFacts
    files: tuple[str, ...] = ()  # keys of what its sender's handle has stored


def note(aside: Aside, *, now: datetime) -> bool:
    """Put a mail into a case as a note from its sender, once; say whether there was a secret in it."""
    sender = handle_for(kind=Handle.Kind.MAIL, value=aside.mail.sender, now=now)
    masked = guard.mask(aside.text)
    mail, beside = mail_parts.guarded(aside.mail, secret=bool(masked.found))
    secret = bool(masked.found or beside)
    try:
        with transaction.atomic(), _claiming(aside), acting.on(aside.conversation_id, now=now, onward=True) as act:
            if timeline.known(act.link, [(aside.inbox_id, aside.external_id)]):
                return secret
            act.add(
                timeline.Draft(
                    act.row.id,
                    aside.inbox_id,
                    "note",
                    "customer",
                    False,
                    text=masked.text,
                    handle_id=sender.pk,
                    external_id=aside.external_id,
                    data={"from": aside.mail.sender, "why": aside.why},
                )
            )
            line = timeline.Line(act.row.id, act.row.last_seq + 1, now, masked.text, {})
            mail_parts.keep(act.link, [(line, mail)])
    except acting.UnableToAct:
        log.info("case %s of an aside is gone", aside.conversation_id)
    return secret


@contextmanager
def _claiming(aside: Aside) -> Iterator[None]:
    """Once the line is there, give it its files."""
    yield
    entry = Entry.objects.filter(inbox=aside.inbox_id, external_id=aside.external_id).first()
    if entry is not None and aside.files:
        Attachment.objects.filter(key__in=aside.files, entry=None).update(
            conversation=entry.conversation_id, entry=entry
        )


def ask(*, conversation_id: int, seat: Seat, recipient: str, text: str, now: datetime) -> None:
    """Mail a question about a case to an outside department; question and answers are notes of the case.

    Raises UnableToAct: not_found, closed, spam, empty, too_long, not_a_mail, own_address (it would come back as a case), or
    customer (the address is the customer's own).
    """
    recipient, text = recipient.strip().lower(), tokens.hide(text.strip())
    _check(recipient, text)
    masked = guard.mask(text)
    with acting.on(conversation_id, now=now, seat=seat, action=Action.NOTE) as act:
        act.refuse_closed()
        act.refuse_spam()
        case = Conversation.objects.get(pk=conversation_id)
        own = Handle.objects.filter(customer=case.customer_id, kind=Handle.Kind.MAIL).values_list("value", flat=True)
        if addresses.folded(recipient) in {addresses.folded(one) for one in (case.answer_to, *own) if one}:
            raise acting.UnableToAct("customer")
        side, _new = SideConversation.objects.get_or_create(
            conversation=case,
            recipient=recipient,
            defaults={
                "subject": f"{settings.EXCHANGE_NAME}: {case.reference}",
                "begun_by_id": seat.agent_id,
                "created_at": now,
            },
        )
        act.add(
            timeline.Draft(
                case.pk,
                act.row.inbox_id,
                "note",
                "agent",
                False,
                text=masked.text,
                agent_id=seat.agent_id,
                data={"to": recipient, "why": "side"},
            )
        )
        outbox.queue(
            key=f"side:{side.pk}:{act.row.last_seq + 1}",
            inbox_id=outbox.mail_inbox(of_case=act.row.inbox_id),
            conversation_id=case.pk,
            purpose="side",
            recipient=recipient,
            subject=side.subject,
            text=masked.text,
            now=now,
        )


def _check(recipient: str, text: str) -> None:
    if not text:
        raise acting.UnableToAct("empty")
    if len(text) > TEXT:
        raise acting.UnableToAct("too_long")
    try:
        validate_email(recipient)
    except ValidationError:
        raise acting.UnableToAct("not_a_mail") from None
    if addresses.route(recipient) is not None:
        raise acting.UnableToAct("own_address")
