"""The chat queue: joining, leaving, the live position, and an estimate that is judged by what then happened."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import F, Q

from trustdesk.conversations import rulebook, statements
from trustdesk.conversations.models import Wait
from trustdesk.policy import waiting
from trustdesk.realtime import jobs
from trustdesk.staff import shifts

FRESH = 15.0  # seconds a forecast may be old
STARTS = 5_000  # chats that the busy hours are made of
STARTS_FRESH = 300.0  # seconds

_COUNT = """
SELECT team_id, count(*) AS n FROM conversations_conversation WHERE queued_at IS NOT NULL AND team_id = ANY(%s) GROUP BY team_id
"""
_JOIN = """
INSERT INTO conversations_wait (conversation_id, type_code, team_id, ahead, promised, started_at, outcome)
SELECT v.id, v.code, v.team, v.ahead, v.promised, v.at, ''
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::int[], %s::int[], %s::timestamptz[]) AS v (id, code, team, ahead, promised, at)
"""
_LEAVE = (
    "UPDATE conversations_wait SET ended_at = %s, outcome = %s WHERE conversation_id = ANY(%s) AND ended_at IS NULL"
)
_POSITIONS = """
SELECT id, team_id, type_code, position FROM (
  SELECT c.id, c.team_id, coalesce(t.code, '') AS type_code,
         row_number() OVER (PARTITION BY c.team_id ORDER BY c.priority, c.queued_at, c.id) AS position
  FROM conversations_conversation c LEFT JOIN conversations_requesttype t ON t.id = c.type_id
  WHERE c.queued_at IS NOT NULL AND c.team_id IN (SELECT team_id FROM conversations_conversation WHERE id = ANY(%s))
) AS line WHERE id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue: 1 is next; `seconds`: `share` of people wait less than that, None: too little is known."""

    position: int
    seconds: int | None
    share: float


_forecasts: dict[tuple[int | None, str], waiting.Forecast | None] = {}
_learned_at = 0.0
_starts: tuple[float, list[datetime]] = (0.0, [])
_staffed: tuple[float, frozenset[int]] = (0.0, frozenset())


def join(link: statements.Link, opened: Mapping[int, tuple[int | None, str]], *, now: datetime) -> None:
    """Record that conversations (id → team, type), already marked as queued, joined the queue, and what each was promised."""
    teams = sorted({team for team, _ in opened.values() if team is not None})
    counts = {row.team_id: row.n for row in link.execute(_COUNT, (teams,)).fetchall()}
    rows = []
    for identity, (team, code) in sorted(opened.items(), reverse=True):  # the newest has everybody else ahead
        counts[team] = ahead = max(0, counts.get(team, 1) - 1)
        rows.append((identity, code, team, ahead, _estimate(team, code, ahead, now), now))
    _record(link, rows)


def enter(link: statements.Link, cases: Mapping[int, int | None], *, now: datetime) -> None:
    """Put conversations (id → team) that lost their agent into the queue again, and have it dealt out."""
    link.execute("UPDATE conversations_conversation SET queued_at = %s WHERE id = ANY(%s)", (now, list(cases)))
    join(link, {identity: (team, "") for identity, team in cases.items()}, now=now)


def enter_at(link: statements.Link, conversation_id: int, *, since: datetime, now: datetime) -> None:
    """Put a conversation into its team's queue, where somebody who joined it at `since` would stand, and have it dealt out.

    What it waits for from here on begins now: that is what the next estimates learn from.
    """
    link.execute("UPDATE conversations_conversation SET queued_at = %s WHERE id = %s", (since, conversation_id))
    [row] = link.execute(_POSITIONS, ([conversation_id], [conversation_id])).fetchall()
    ahead = row.position - 1
    _record(link, [(row.id, "", row.team_id, ahead, _estimate(row.team_id, "", ahead, now), now)])


def _record(link: statements.Link, rows: Sequence[tuple[Any, ...]]) -> None:
    link.jobs.append(partial(jobs.defer, "conversations.assign"))
    link.execute(_JOIN, list(map(list, zip(*rows, strict=True))))


def leave(link: statements.Link, conversation_ids: Sequence[int], *, now: datetime, outcome: str) -> None:
    """Take conversations out of the queue; `outcome` is answered or left. Not being in it is no error."""
    if conversation_ids:
        link.execute(
            "UPDATE conversations_conversation SET queued_at = NULL WHERE id = ANY(%s)", (list(conversation_ids),)
        )
        link.execute(_LEAVE, (now, outcome, list(conversation_ids)))


def places(conversation_ids: Sequence[int], *, now: datetime) -> dict[int, Place]:
    """Return the live place of each conversation that is in the queue."""
    prepare(now=now)
    with connection.cursor() as link:
        link.execute(_POSITIONS, (list(conversation_ids), list(conversation_ids)))
        rows = link.fetchall()
    return {
        identity: Place(position, _estimate(team, code, position - 1, now), waiting.SHARE)
        for identity, team, code, position in rows
    }


def history(team_id: int | None, *, now: datetime) -> list[waiting.Wait]:
    """Return the team's latest ended waits."""
    at_once = Q(ahead=0, ended_at__lte=F("started_at") + waiting.AT_ONCE)  # these say nothing about a queue
    rows = Wait.objects.filter(team=team_id, ended_at__gt=now - waiting.HORIZON).exclude(at_once).order_by("-ended_at")
    return [
        waiting.Wait(
            type=row.type_code,
            waited=row.ended_at - row.started_at,
            ended_at=row.ended_at,
            ahead=row.ahead,
            promised=None if row.promised is None else timedelta(seconds=row.promised),
            left=row.outcome == "left",
        )
        for row in rows[: 3 * waiting.MEMORY]
        if row.ended_at
    ]


def started(*, since: datetime) -> list[datetime]:
    """Return when the latest chats joined the queue, since then: what the busy hours are made of. At most minutes old."""
    global _starts
    at, starts = _starts
    if not at or time.monotonic() - at > STARTS_FRESH:
        latest = Wait.objects.filter(started_at__gt=since).order_by("-started_at").values_list("started_at", flat=True)
        starts = list(latest[:STARTS])
        _starts = (time.monotonic(), starts)
    return starts


def staffed_teams(*, now: datetime) -> frozenset[int]:
    """Return the teams of which somebody is on shift; at most a few seconds old."""
    global _staffed
    at, teams = _staffed
    if not at or time.monotonic() - at > FRESH:
        teams = frozenset(team for one in shifts.on_duty(now=now) for team in one.team_ids)
        _staffed = (time.monotonic(), teams)
    return teams


def forget() -> None:
    """Read the history anew at the next use."""
    global _starts, _learned_at
    _forecasts.clear()
    _learned_at = 0.0
    _starts = (0.0, [])
    forget_staff()


def forget_staff() -> None:
    """Ask anew who is on shift at the next use."""
    global _staffed
    _staffed = (0.0, frozenset())


def prepare(*, now: datetime) -> None:
    """Learn what all teams' waits teach, if that was long ago; call it where no row is locked."""
    global _learned_at
    if _learned_at and time.monotonic() - _learned_at < FRESH:
        return
    _learned_at = time.monotonic()
    types: dict[int | None, list[str]] = {}
    for rule in rulebook.types().values():
        types.setdefault(rule.team_id, [""]).append(rule.code)
    for team, codes in types.items():
        recent = history(team, now=now)
        for code in codes:
            _forecasts[team, code] = waiting.learn(recent=recent, now=now, type=code or None)


def _estimate(team: int | None, code: str, ahead: int, now: datetime) -> int | None:
    forecast = _forecasts.get((team, code)) or _forecasts.get((team, ""))
    found = forecast.estimate(ahead) if forecast else None
    return None if found is None else int(found.within.total_seconds())
