"""Who is on shift: a pure decision on weekly shifts, given the time, and the roster that assignment reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Q

from trustdesk.staff import audit
from trustdesk.staff.models import MINUTES_PER_DAY, Agent, Shift

_MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY


@dataclass(frozen=True, order=True)
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


def overlap(shifts: Iterable[WeeklyShift]) -> tuple[WeeklyShift, WeeklyShift] | None:
    """Return two of the shifts, all of one time zone, that share time on the clock, also from Sunday into Monday; or None."""
    week = sorted(shifts)
    if len(week) < 2:
        return None
    for one, following in zip(week, [*week[1:], week[0]], strict=True):  # whoever reaches a later one reaches the next
        if one.minutes > (_minute(following) - _minute(one)) % _MINUTES_PER_WEEK:
            return one, following
    return None


def _minute(shift: WeeklyShift) -> int:
    return shift.weekday * MINUTES_PER_DAY + shift.start_minute


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


def week_of(agent_id: int) -> list[WeeklyShift]:
    """Return the agent's shifts, in the order of the week."""
    rows = Shift.objects.filter(agent_id=agent_id)
    return sorted(WeeklyShift(row.weekday, row.start_minute, row.minutes, row.timezone) for row in rows)


def set_week(*, agent_id: int, week: Sequence[WeeklyShift], actor: audit.Actor) -> bool:
    """Replace the agent's shifts by these, which do not overlap; return whether that changed anything. It holds at once."""
    with transaction.atomic():
        Agent.objects.select_for_update().get(pk=agent_id)
        if sorted(week) == week_of(agent_id):
            return False
        Shift.objects.filter(agent_id=agent_id).delete()
        Shift.objects.bulk_create(
            Shift(
                agent_id=agent_id,
                weekday=one.weekday,
                start_minute=one.start_minute,
                minutes=one.minutes,
                timezone=one.timezone,
            )
            for one in sorted(week)
        )
        transaction.on_commit(staff_changed)
        spans = [[one.weekday, one.start_minute, one.minutes, one.timezone] for one in sorted(week)]
        audit.record(actor=actor, action="shifts_set", target=f"agent:{agent_id}", data={"shifts": spans})
    return True


def set_available(*, agent_id: int, available: bool) -> bool:
    """Let an agent take new chats or go away; return whether that changed anything."""
    changed = Agent.objects.filter(pk=agent_id, is_active=True).exclude(available=available)
    if changed.update(available=available) != 1:
        return False
    transaction.on_commit(staff_changed)
    return True


_listeners: list[Callable[[], None]] = []


def when_staff_changes(forget: Callable[[], None]) -> None:
    """Call `forget` in this process after each change to who may be on duty: what is remembered of it lies layers above."""
    _listeners.append(forget)


def staff_changed() -> None:
    """Tell those who remember who is on duty; called after the commit."""
    for forget in _listeners:
        forget()
