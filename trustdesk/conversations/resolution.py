"""How a case ends, and begins again."""

from __future__ import annotations

from datetime import datetime, timedelta

from trustdesk.conversations import acting, assignment
from trustdesk.conversations.models import Conversation
from trustdesk.staff.permissions import Action, Seat

REOPEN_WINDOW = timedelta(days=7)  # a resolved case is closed for good after that

Status = Conversation.Status


def resolve(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Mark the case as answered; doing it twice changes nothing. Raises UnableToAct("closed", "spam")."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.RESOLVE) as act:
        act.refuse_closed()
        act.refuse_spam()
        if act.row.status != Status.RESOLVED:
            act.leave_queue("left")
            act.set(status=Status.RESOLVED, resolved_at=now, waiting_since=None)
            act.say("resolved", visible=True, by=seat.agent_id)
            act.tell("resolved")


def pend(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Wait for the customer; raises UnableToAct("closed", "resolved", "spam")."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.RESOLVE) as act:
        act.refuse_closed()
        act.refuse_spam()
        if act.row.status == Status.RESOLVED:
            raise acting.UnableToAct("resolved")
        if act.row.status != Status.PENDING:
            if act.row.assignee_id is None:
                assignment.give(act, seat.agent_id, seat.public_name, by=seat.agent_id, because="taken")
            act.set(status=Status.PENDING, waiting_since=None)
            act.say("pending", visible=False, by=seat.agent_id)


def reopen(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Take a resolved case up again; raises UnableToAct("closed", "spam") when it is closed for good, or no case."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.REOPEN) as act:
        act.refuse_closed()
        act.refuse_spam()
        if act.row.status == Status.RESOLVED:
            act.set(status=Status.OPEN if act.row.assignee_id else Status.WAITING, resolved_at=None)
            act.say("reopened", visible=True, by=seat.agent_id)
            if act.row.assignee_id is None:
                act.enter_queue()


def close_old(*, now: datetime, at_once: int = 200) -> int:
    """Close all cases that were resolved longer ago than the reopen window; return how many."""
    closed = 0
    due = Conversation.objects.filter(status=Status.RESOLVED, resolved_at__lt=now - REOPEN_WINDOW).order_by(
        "resolved_at"
    )
    while found := list(due.values_list("pk", flat=True)[:at_once]):
        for identity in found:
            with acting.on(identity, now=now) as act:
                if act.row.status == Status.RESOLVED:
                    act.set(status=Status.CLOSED)
                    act.say("closed", visible=True)
        closed += len(found)
    return closed
