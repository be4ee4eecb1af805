"""Who is at the desk."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from trustdesk.conversations.models import DeskPresence
from trustdesk.realtime import jobs

HERE = timedelta(seconds=60)  # a desk not seen for longer is closed


def seen(*, agent_ids: Collection[int], now: datetime) -> None:
    """Note that these agents have their desk open."""
    if agent_ids:
        DeskPresence.objects.bulk_create(
            [DeskPresence(agent_id=agent, seen_at=now) for agent in sorted(agent_ids)],
            update_conflicts=True,
            unique_fields=["agent"],
            update_fields=["seen_at"],
        )


def arrived(*, agent_id: int, now: datetime) -> None:
    """Note that an agent opened the desk, and deal waiting chats out."""
    with transaction.atomic():
        seen(agent_ids=[agent_id], now=now)
        jobs.defer("conversations.assign")


def here(*, now: datetime) -> frozenset[int]:
    """Return the agents whose desk is open."""
    return frozenset(DeskPresence.objects.filter(seen_at__gt=now - HERE).values_list("agent_id", flat=True))
