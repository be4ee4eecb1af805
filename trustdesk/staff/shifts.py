"""Who is on shift: a pure decision on weekly shifts, given the time, and the roster that assignment reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from trustdesk.staff.models import Agent, Shift


@dataclass(frozen=True)
class WeeklyShift:
    """A shift that begins every `weekday` (0 is Monday) at `start_minute` local time and lasts `minutes` (≤ 1440).

    Start and end are wall-clock times: a night shift across a change of the clocks is an hour longer or shorter.
    """

    weekday: int
    start_minute: int
    minutes: int
    timezone: str


@dataclass(frozen=True)
class OnDuty:
    """An agent who takes new chats right now; `capacity` is in chats at once."""

    agent_id: int
    public_name: str
    languages: tuple[str, ...]
    capacity: int
    team_ids: frozenset[int]


def on_shift(shifts: Iterable[WeeklyShift], *, now: datetime) -> bool:
    """Decide whether any of the shifts covers `now` (aware)."""
    return any(start <= now < end for shift in shifts for start, end in _occurrences(shift, now=now, days=(-1, 0)))


def next_start(shifts: Iterable[WeeklyShift], *, now: datetime) -> datetime | None:
    """Return when the next shift after `now` (aware) begins, in its own time zone; None when there is none."""
    starts = (start for shift in shifts for start, _ in _occurrences(shift, now=now, days=range(0, 8)))
    return min((start for start in starts if start > now), default=None)


def _occurrences(shift: WeeklyShift, *, now: datetime, days: Iterable[int]) -> Iterable[tuple[datetime, datetime]]:
    """Yield (start, end) of the shift for those days, counted from the local date of `now`."""
    zone = ZoneInfo(shift.timezone)
    today = now.astimezone(zone).date()
    for offset in days:
        date = today + timedelta(days=offset)
        if date.weekday() == shift.weekday:
            start = datetime.combine(date, time()) + timedelta(minutes=shift.start_minute)
            end = start + timedelta(minutes=shift.minutes)
            yield start.replace(tzinfo=zone), end.replace(tzinfo=zone)


def on_duty(*, now: datetime) -> list[OnDuty]:
    """Load the active, available agents on shift at `now`, in id order, in two queries."""
    rota: dict[int, list[WeeklyShift]] = {}
    for row in Shift.objects.filter(agent__is_active=True, agent__available=True):
        weekly = WeeklyShift(row.weekday, row.start_minute, row.minutes, row.timezone)
        rota.setdefault(row.agent_id, []).append(weekly)
    present = [agent_id for agent_id, shifts in rota.items() if on_shift(shifts, now=now)]
    rows = (
        Agent.objects.filter(pk__in=present)
        .annotate(duty_teams=ArrayAgg("memberships__team_id", filter=Q(memberships__isnull=False), default=[]))
        .order_by("pk")
        .values_list("pk", "public_name", "languages", "capacity", "duty_teams")
    )
    return [
        OnDuty(pk, public_name, tuple(languages), capacity, frozenset(teams))
        for pk, public_name, languages, capacity, teams in rows
    ]


def set_available(*, agent_id: int, available: bool) -> bool:
    """Let an agent take new chats or go away; return whether that changed anything."""
    changed = Agent.objects.filter(pk=agent_id, is_active=True).exclude(available=available)
    return changed.update(available=available) == 1
