"""What its case is told when a mail of ours came back, or was called spam."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from trustdesk.channels import addresses, outbox
from trustdesk.channels.mail_reader import Bounce
from trustdesk.channels.models import Delivery
from trustdesk.conversations import acting
from trustdesk.conversations.models import Entry


def note(token: str, bounces: Sequence[Bounce], *, recipient: str, now: datetime) -> None:
    """Note from whom a mail came back that went to `recipient`: who hands mail on to others may answer for several.

    Where our recipient is among them, his word counts for the delivery; otherwise it is lost once it is for all of them.
    """
    own = [one for one in bounces if addresses.folded(one.recipient) == addresses.folded(recipient)]
    for_all = all(one.hard for one in own or bounces)
    for one in bounces:
        with transaction.atomic():
            delivery = outbox.bounced(
                token=token, hard=one.hard, status=one.status, now=now, recipient=one.recipient, for_all=for_all
            )
            if delivery is not None:
                to = one.recipient or delivery.recipient
                say_bounced(delivery, hard=one.hard, status=one.status, reason=one.reason, now=now, to=to)


def say_bounced(
    delivery: Delivery, *, hard: bool, status: str, reason: str, now: datetime, to: str = ""
) -> None:
    """Tell staff that a mail came back: for good (`hard`) or for now, with the enhanced status code (RFC 3463); `to` whom, by
    default its recipient."""
    if delivery.conversation_id is not None:
        with acting.on(delivery.conversation_id, now=now, onward=True) as act:
            to = (to or delivery.recipient)[:320]
            act.say("mail_bounced", visible=False, to=to, hard=hard, status=status, reason=reason)


def say_failed(delivery_id: int, *, now: datetime) -> None:
    """Tell staff, once, that a mail did not go out and is not tried again: whoever has the case open sees it at once."""
    delivery = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.FAILED).first()
    if delivery is None or delivery.conversation_id is None:
        return
    with acting.on(delivery.conversation_id, now=now, onward=True) as act:
        said = Entry.objects.filter(conversation=act.row.id, event="mail_failed", data__delivery=delivery.pk)
        if not said.exists():
            act.say("mail_failed", visible=False, to=delivery.recipient, reason=delivery.reason, delivery=delivery.pk)


def say_complained(delivery: Delivery, *, now: datetime) -> None:
    """Tell staff that the recipient called a mail spam."""
    if delivery.conversation_id is not None:
        with acting.on(delivery.conversation_id, now=now, onward=True) as act:
            act.say("mail_complained", visible=False, to=delivery.recipient)
