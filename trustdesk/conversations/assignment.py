"""Who works on a case: dealt out to the least loaded, taken, or handed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max

from trustdesk.conversations import acting, announce, presence, queue, statements, timeline
from trustdesk.conversations.models import Conversation, Wait
from trustdesk.policy import routing
from trustdesk.seams import failpoints
from trustdesk.staff import shifts
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Action, Seat, may
from trustdesk.staff.permissions import seat as load_seat

IDLE = timedelta(days=1)  # who got no chat for longer is as idle as can be
AT_ONCE = 200  # cases dealt in one go
_LOCK = 0x7D_A551  # one dealer at a time, over all processes


def deal(*, now: datetime) -> int:
    """Give queued chats to agents who are on shift, at their desk and have room; return how many were given."""
    with transaction.atomic(), statements.link() as link:
        with connection.cursor() as plain:
            plain.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        queued = list(
            Conversation.objects.filter(queued_at__isnull=False, assignee=None, team__isnull=False, spam_at=None)
            .order_by("priority", "queued_at", "id")
            .values("id", "team_id", "locale", "priority", "queued_at")[:AT_ONCE]
        )
        candidates = _candidates(now) if queued else []
        given = routing.assign(
            cases=[
                routing.Case(
                    conversation=row["id"],
                    team=row["team_id"],
                    language=row["locale"],
                    priority=row["priority"],
                    waiting_since=row["queued_at"],
                )
                for row in queued
                if row["queued_at"]
            ],
            candidates=candidates,
        )
        rows, _ = timeline.lock(link, [one.conversation for one in given])
        still = [
            one for one in given if rows[one.conversation].queued_at and rows[one.conversation].assignee_id is None
        ]
        names = dict(Agent.objects.filter(pk__in={one.agent for one in still}).values_list("pk", "public_name"))
        last_seq = {one.conversation: rows[one.conversation].last_seq for one in still}
        timeline.append(
            link,
            [
                timeline.event(
                    one.conversation,
                    rows[one.conversation].inbox_id,
                    "assigned",
                    visible=True,
                    name=names[one.agent],
                    agent=one.agent,
                    because=one.because,
                )
                for one in still
            ],
            last_seq=last_seq,
            now=now,
        )
        for one in still:
            Conversation.objects.filter(pk=one.conversation).update(assignee=one.agent, status=Conversation.Status.OPEN)
        queue.leave(link, list(last_seq), now=now, outcome="answered")
        teams = [rows[one].team_id for one in last_seq]
        announce.changed(last_seq, teams=teams, queues=teams)
        failpoints.hit("before_assign_commit")
    return len(still)


def take(*, conversation_id: int, seat: Seat, now: datetime) -> None:
    """Make the case the agent's own; raises UnableToAct("taken", "closed", "spam"): a colleague was first, or it is over."""
    with acting.on(conversation_id, now=now, seat=seat, action=Action.SEE) as act:
        act.refuse_closed()
        act.refuse_spam()
        if act.row.assignee_id == seat.agent_id:
            return
        if not may(seat, Action.TAKE, team_id=act.row.team_id, assignee_id=act.row.assignee_id):
            raise acting.UnableToAct("taken")
        give(act, seat.agent_id, seat.public_name, by=seat.agent_id, because="taken")


def assign(*, conversation_id: int, to: int | None, seat: Seat, now: datetime) -> None:
    """Hand the case to a colleague, or (None) back to its team's queue; raises UnableToAct("not_found", "no_access", "closed", "spam")."""
    receiver = load_seat(to) if to is not None else None
    with acting.on(conversation_id, now=now, seat=seat, action=Action.ASSIGN) as act:
        act.refuse_closed()
        act.refuse_spam()
        if to is None:
            if act.row.assignee_id is not None:
                hand_back(act, by=seat.agent_id)
            return
        if receiver is None or (act.row.team_id not in receiver.team_ids and receiver.role != "admin"):
            raise acting.UnableToAct("no_access")
        if act.row.assignee_id != to:
            give(act, to, receiver.public_name, by=seat.agent_id, because="assigned")


def hand_back(act: acting.Act, *, by: int | None = None, because: Mapping[str, Any] | None = None) -> None:
    """Put the case held by `act` back with its team: a chat into the queue, at the place of who has waited as long. `because`, of
    what nobody did (`by`): a `code` of policy.handover with the `agent` who had it and their `name`."""
    act.set(assignee_id=None)
    act.say("left", visible=True, by=by, **({"because": dict(because)} if because else {}))
    if act.row.status == Conversation.Status.RESOLVED:
        return
    if by is not None or act.row.status != Conversation.Status.PENDING:  # a customer whom we wait for goes on reading that
        act.set(status=Conversation.Status.WAITING)
    act.rejoin_queue()


def give(act: acting.Act, agent_id: int, name: str, *, by: int, because: str) -> None:
    """Make the case held by `act` that agent's, out of the queue if it was in it."""
    act.leave_queue("answered")
    status = Conversation.Status.OPEN if act.row.status == Conversation.Status.WAITING else act.row.status
    act.set(assignee_id=agent_id, status=status)
    act.say("assigned", visible=True, by=by, name=name, agent=agent_id, because={"code": because})


def _candidates(now: datetime) -> list[routing.Candidate]:
    held = Conversation.objects.filter(
        status__in=(Conversation.Status.OPEN, Conversation.Status.PENDING),
        inbox__kind="chat",
        assignee__isnull=False,
        spam_at=None,
    )
    load = dict(held.values_list("assignee").annotate(Count("pk")))
    recent = Wait.objects.filter(ended_at__gt=now - IDLE, outcome="answered", conversation__assignee__isnull=False)
    last = dict(recent.values_list("conversation__assignee").annotate(Max("ended_at")))
    here = presence.here(now=now)
    return [
        routing.Candidate(
            agent=one.agent_id,
            team_ids=one.team_ids,
            languages=frozenset(one.languages),
            on_shift=True,
            online=one.agent_id in here,
            capacity=one.capacity,
            load=load.get(one.agent_id, 0),
            last_assigned_at=last.get(one.agent_id),
        )
        for one in shifts.on_duty(now=now)
    ]
