"""What is no case: out of every list but that of spam, answered by nobody, and back with all it had when that was wrong."""

from __future__ import annotations

from datetime import datetime

from trustdesk.conversations import acting
from trustdesk.conversations.models import Conversation
from trustdesk.staff.permissions import Action, Seat

_OVER = (Conversation.Status.RESOLVED, Conversation.Status.CLOSED)


def mark(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Put the case with the spam; its customer is told nothing. Doing it twice changes nothing. Raises UnableToAct("merged")."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.RESOLVE) as act:
        act.refuse_merged()
        if act.row.spam_at is None:
            act.leave_queue("left")
            act.set(spam_at=now)
            act.say("spam", visible=False, by=seat.agent_id)


def unmark(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Bring the case back as it was: its state, its agent, and since when its customer has been waiting."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.RESOLVE) as act:
        if act.row.spam_at is not None:
            act.set(spam_at=None)
            act.say("not_spam", visible=False, by=seat.agent_id)
            if act.row.assignee_id is None and act.row.status not in _OVER:
                act.enter_queue()
