"""Cases of agents who are gone: taken back, so that somebody else answers."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from trustdesk.conversations import acting, assignment, presence
from trustdesk.conversations.acting import Act
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.conversations.presence_models import DeskPresence
from trustdesk.policy import handover
from trustdesk.policy.handover import Held, Holder
from trustdesk.staff.models import Agent

_UNFINISHED = (Conversation.Status.WAITING, Conversation.Status.OPEN, Conversation.Status.PENDING)


def take_back(*, now: datetime) -> int:
    """Put what `policy.handover` says back with its team; return how many cases that were.

    Each is judged anew under its own lock: an answer, a colleague or the agent himself who is faster keeps it, and doing
    it twice changes nothing.
    """
    return sum(_take_back(identity, now) for identity in _of_the_gone(now))


def _of_the_gone(now: datetime) -> list[int]:
    """Find what may have to go back, without a lock: two looks into small indexes, every few seconds."""
    at_desk = DeskPresence.objects.filter(agent=OuterRef("pk"), seen_at__gt=now - handover.GRACE)
    gone = dict(Agent.objects.filter(Q(is_active=False) | ~Exists(at_desk)).values_list("pk", "is_active"))
    away, left = [one for one, active in gone.items() if active], [one for one, active in gone.items() if not active]
    waits = Q(assignee__in=away, inbox__kind="chat", waiting_since__isnull=False)
    rows = Conversation.objects.filter(waits | Q(assignee__in=left), status__in=_UNFINISHED, spam_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _take_back(identity: int, now: datetime) -> bool:
    with acting.on(identity, now=now) as act:
        row = act.row
        if row.assignee_id is None or row.status not in _UNFINISHED or row.spam_at is not None:
            return False
        agent = Agent.objects.only("display_name", "is_active").get(pk=row.assignee_id)
        holder = Holder(agent.is_active, presence.last_seen(agent.pk))
        since = presence.watched_since(now=now)
        because = handover.taken_back(_held(act), holder, watched_since=since, now=now)
        if because is None:
            return False
        assignment.hand_back(act, because={"code": because, "agent": agent.pk, "name": agent.display_name})
        return True


def _held(act: Act) -> Held:
    given = Entry.objects.filter(conversation=act.row.id, event="assigned").order_by("-seq")
    return Held(act.is_chat, act.row.waiting_since, given.values_list("at", flat=True).first())
