"""How a case ends, and begins again."""

from __future__ import annotations

from datetime import datetime, timedelta

from trustdesk.conversations import acting, queue
from trustdesk.conversations.models import Conversation
from trustdesk.staff.permissions import Action, Seat

REOPEN_WINDOW = timedelta(days=7)       # a resolved case is closed for good after that

Status = Conversation.Status


def resolve(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Mark the case as answered; doing it twice changes nothing. Raises UnableToAct("closed")."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.RESOLVE) as act:
        if act.row.status == Status.CLOSED:
            raise acting.UnableToAct("closed")
        if act.row.status != Status.RESOLVED:
            if act.row.queued_at:
                queue.leave(act.link, [act.row.id], now=now, outcome="left")
                act.queue_changed = True
            act.set(status=Status.RESOLVED, resolved_at=now, waiting_since=None)
            act.say("resolved", visible=True, by=seat.agent_id)


def pend(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Wait for the customer; raises UnableToAct("closed")."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.RESOLVE) as act:
        if act.row.status in (Status.CLOSED, Status.RESOLVED):
            raise acting.UnableToAct("closed")
        if act.row.status != Status.PENDING:
            act.set(status=Status.PENDING, waiting_since=None, assignee_id=act.row.assignee_id or seat.agent_id)
            act.say("pending", visible=False, by=seat.agent_id)


def reopen(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Take a resolved case up again; raises UnableToAct("closed") when it is closed for good."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.REOPEN) as act:
        if act.row.status == Status.CLOSED:
            raise acting.UnableToAct("closed")
        if act.row.status == Status.RESOLVED:
            act.set(status=Status.OPEN if act.row.assignee_id else Status.WAITING, resolved_at=None)
            act.say("reopened", visible=True, by=seat.agent_id)


def close_old(*, now: datetime, most: int = 200) -> int:
    """Close cases that were resolved longer ago than the reopen window; return how many."""
    due = list(Conversation.objects.filter(status=Status.RESOLVED, resolved_at__lt=now - REOPEN_WINDOW)
               .order_by("pk").values_list("pk", flat=True)[:most])
    for identity in due:
        with acting.on(identity, now=now) as act:
            if act.row.status == Status.RESOLVED:
                act.set(status=Status.CLOSED)
                act.say("closed", visible=True)
    return len(due)
