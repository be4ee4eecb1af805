"""What staff read. Every conversation is fetched through the seat of who asks; there is no other way to get one."""

from __future__ import annotations

from django.db.models import QuerySet

from trustdesk.conversations.models import Conversation
from trustdesk.policy import reference as references
from trustdesk.staff import permissions
from trustdesk.staff.permissions import Seat


class NotFound(Exception):
    """There is no such case, or not for this agent: which of the two is not said."""


def for_agent(seat: Seat) -> QuerySet[Conversation]:
    """Return the conversations this agent may see."""
    return Conversation.objects.filter(permissions.visible(seat))


def find(seat: Seat, reference: str) -> Conversation:
    """Return one case by its number as typed; raises NotFound."""
    canonical = references.parse(reference)
    row = for_agent(seat).filter(reference=canonical).select_related("customer", "team", "assignee", "type", "inbox").first()
    if canonical is None or row is None:
        raise NotFound
    return row


def mark_read(seat: Seat, *, conversation_id: int, seq: int) -> None:
    """Note how far the assignee has read; never backwards, never past the end."""
    for_agent(seat).filter(pk=conversation_id, assignee=seat.agent_id, agent_seq__lt=seq, last_seq__gte=seq).update(agent_seq=seq)
