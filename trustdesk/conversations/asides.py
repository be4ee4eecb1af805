"""What staff ask of outside departments by mail, beside a case. Question and answers are notes: no customer's page names them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from trustdesk.channels import addresses, outbox
from trustdesk.conversations import acting, timeline
from trustdesk.conversations.models import Conversation, SideConversation
from trustdesk.customers.models import Handle
from trustdesk.policy import guard
from trustdesk.staff.permissions import Action, Seat

TEXT = 10_000  # characters of a question


def ask(*, conversation_id: int, seat: Seat, recipient: str, text: str, now: datetime) -> None:
    """Mail a question about a case to an outside department; question and answers are notes of the case.

    Raises UnableToAct: not_found, closed, spam, empty, too_long, not_a_mail, own_address (it would come back as a case), or
    customer (the address is the customer's own).
    """
    recipient, text = recipient.strip().lower(), text.strip()
    _check(recipient, text)
    masked = guard.mask(text)
    with acting.on(conversation_id, now=now, seat=seat, action=Action.NOTE) as act:
        act.refuse_closed()
        act.refuse_spam()
        case = Conversation.objects.get(pk=conversation_id)
        own = Handle.objects.filter(customer=case.customer_id, kind=Handle.Kind.MAIL, value__iexact=recipient)
        if recipient == case.answer_to.lower() or own.exists():
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
            inbox_id=outbox.mail_inbox(),
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
