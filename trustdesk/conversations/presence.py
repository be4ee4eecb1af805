"""Who is at the desk."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction

from trustdesk.conversations.presence_models import DeskPresence, DeskWatch
from trustdesk.realtime import jobs

HERE = timedelta(seconds=60)  # a desk not seen for longer is closed
BREAK = timedelta(seconds=60)  # without word of any serving process for longer, nobody has been watching

# Of several processes any keeps the watch going; a clock that is behind takes nothing back.
_WATCH = """
INSERT INTO conversations_deskwatch AS w (id, since, seen_at) VALUES (1, %(now)s, %(now)s)
ON CONFLICT (id) DO UPDATE SET since = CASE WHEN w.seen_at < %(broken)s THEN %(now)s ELSE w.since END,
                               seen_at = greatest(w.seen_at, %(now)s)
"""
_SEEN = """
INSERT INTO conversations_deskpresence AS p (agent_id, seen_at) SELECT agent, %s FROM unnest(%s::bigint[]) AS agent
ON CONFLICT (agent_id) DO UPDATE SET seen_at = greatest(p.seen_at, excluded.seen_at)
"""


def watch(*, agent_ids: Collection[int], now: datetime) -> None:
    """Note that this process watches the desks, and whose are open in it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_WATCH, {"now": now, "broken": now - BREAK})
        seen(agent_ids=agent_ids, now=now)


def seen(*, agent_ids: Collection[int], now: datetime) -> None:
    """Note that these agents have their desk open; of two processes the clock that is behind takes nothing back."""
    if agent_ids:
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, [now, sorted(agent_ids)])


def arrived(*, agent_id: int, now: datetime) -> None:
    """Note that an agent opened the desk, and deal waiting chats out."""
    with transaction.atomic():
        seen(agent_ids=[agent_id], now=now)
        jobs.defer("conversations.assign")


def here(*, now: datetime) -> frozenset[int]:
    """Return the agents whose desk is open."""
    return frozenset(DeskPresence.objects.filter(seen_at__gt=now - HERE).values_list("agent_id", flat=True))


def last_seen(agent_id: int) -> datetime | None:
    """Return when the agent's desk was last open; None: never."""
    return DeskPresence.objects.filter(agent=agent_id).values_list("seen_at", flat=True).first()


def watched_since(*, now: datetime) -> datetime | None:
    """Return since when desks have been watched without a break; None: they are not, at this moment."""
    return DeskWatch.objects.filter(seen_at__gt=now - BREAK).values_list("since", flat=True).first()
