"""What its case is told when a mail of ours came back, or was called spam."""

from __future__ import annotations

from datetime import datetime

from trustdesk.channels.models import Delivery
from trustdesk.conversations import acting


def say_bounced(delivery: Delivery, *, hard: bool, status: str, reason: str, now: datetime) -> None:
    """Tell staff that a mail came back: for good (`hard`) or for now, with the enhanced status code (RFC 3463)."""
    if delivery.conversation_id is not None:
        with acting.on(delivery.conversation_id, now=now) as act:
            act.say("mail_bounced", visible=False, to=delivery.recipient, hard=hard, status=status, reason=reason)


def say_complained(delivery: Delivery, *, now: datetime) -> None:
    """Tell staff that the recipient called a mail spam."""
    if delivery.conversation_id is not None:
        with acting.on(delivery.conversation_id, now=now) as act:
            act.say("mail_complained", visible=False, to=delivery.recipient)
