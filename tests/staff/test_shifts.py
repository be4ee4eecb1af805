from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries

from tests.staff import people
from trustdesk.staff.models import Agent, Shift
from trustdesk.staff.shifts import WeeklyShift, next_start, on_duty, on_shift, overlap, set_available

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = WeeklyShift(weekday=0, start_minute=8 * 60, minutes=8 * 60, timezone="UTC")
NIGHT = WeeklyShift(weekday=0, start_minute=22 * 60, minutes=8 * 60, timezone="UTC")


@pytest.mark.parametrize(
    ("shift", "hours", "expected"),
    [
        (DAY, 7.99, False), (DAY, 8, True), (DAY, 15.99, True), (DAY, 16, False), (DAY, 24 + 9, False),
        (NIGHT, 21.99, False), (NIGHT, 22, True), (NIGHT, 24 + 5.99, True), (NIGHT, 24 + 6, False), (NIGHT, 1, False),
        (DAY, 7 * 24 + 8, True),
    ],
)  # fmt: skip
def test_a_shift_covers_its_hours_and_no_others(shift: WeeklyShift, hours: float, expected: bool) -> None:
    assert on_shift([shift], now=MONDAY + timedelta(hours=hours)) is expected


def test_seven_full_days_cover_every_minute_of_the_week() -> None:
    rota = [WeeklyShift(weekday=day, start_minute=0, minutes=1440, timezone="Asia/Singapore") for day in range(7)]
    assert all(on_shift(rota, now=MONDAY + timedelta(minutes=m)) for m in range(0, 7 * 1440, 7))


def test_a_shift_means_the_clock_on_the_agents_wall() -> None:
    nine = WeeklyShift(weekday=0, start_minute=9 * 60, minutes=60, timezone="Asia/Shanghai")
    assert on_shift([nine], now=MONDAY + timedelta(hours=1, minutes=30))
    assert not on_shift([nine], now=MONDAY + timedelta(hours=9, minutes=30))


def test_a_night_over_the_change_of_the_clocks_ends_at_its_time_on_the_wall() -> None:
    # Berlin goes from 2:00 to 3:00 on 29 March 2026: Saturday 22:00 to Sunday 6:00 lasts seven hours.
    night = WeeklyShift(weekday=5, start_minute=22 * 60, minutes=8 * 60, timezone="Europe/Berlin")
    assert on_shift([night], now=datetime(2026, 3, 29, 3, 59, tzinfo=UTC))
    assert not on_shift([night], now=datetime(2026, 3, 29, 4, 0, tzinfo=UTC))


def test_the_next_start_is_found_a_week_ahead() -> None:
    assert next_start([DAY, NIGHT], now=MONDAY + timedelta(hours=9)) == MONDAY + timedelta(hours=22)
    assert next_start([DAY], now=MONDAY + timedelta(hours=8)) == MONDAY + timedelta(days=7, hours=8)
    assert next_start([], now=MONDAY) is None


def at(day: int, hour: float, hours: float) -> WeeklyShift:
    return WeeklyShift(weekday=day, start_minute=int(hour * 60), minutes=int(hours * 60), timezone="UTC")


@pytest.mark.parametrize(
    ("week", "overlapping"),
    [
        ([], False), ([at(0, 9, 24)], False), ([at(day, 0, 24) for day in range(7)], False),
        ([at(0, 9, 8), at(0, 17, 1)], False), ([at(0, 9, 8), at(0, 16.5, 1)], True), ([at(0, 9, 8), at(0, 9, 8)], True),
        ([at(0, 22, 8), at(1, 6, 8)], False), ([at(0, 22, 8), at(1, 5, 8)], True),
        ([at(6, 22, 8), at(0, 6, 8)], False), ([at(6, 22, 8), at(0, 5, 8)], True),
    ],
)  # fmt: skip
def test_shifts_overlap_where_they_share_time_also_over_the_end_of_the_week(
    week: list[WeeklyShift], overlapping: bool
) -> None:
    assert (overlap(week) is not None) is overlapping


@given(st.lists(st.builds(at, st.integers(0, 6), st.integers(0, 23), st.integers(1, 24)), max_size=8))
def test_an_overlap_is_an_hour_that_two_shifts_cover(week: list[WeeklyShift]) -> None:
    hours = range(7 * 24)
    covered = [sum(on_shift([one], now=MONDAY + timedelta(hours=hour)) for one in week) for hour in hours]
    found = overlap(week)
    assert (found is not None) is (max(covered) > 1)
    if found:
        one, other = found
        assert any(on_shift([one], now=now) and on_shift([other], now=now) for now in (MONDAY + timedelta(hours=h) for h in hours))


@pytest.mark.django_db
def test_on_duty_are_the_active_the_available_and_the_present(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    deposits = people.team("deposits")
    mei = people.agent("mei@example.com", teams=(deposits,))
    away = people.agent("away@example.com", available=False)
    gone = people.agent("gone@example.com")
    Agent.objects.filter(pk=gone.pk).update(is_active=False)
    asleep = people.agent("asleep@example.com")
    for person, weekday in ((mei, 0), (away, 0), (gone, 0), (asleep, 3)):
        Shift.objects.create(agent=person, weekday=weekday, start_minute=0, minutes=1440)
    with django_assert_num_queries(2):
        present = on_duty(now=MONDAY + timedelta(hours=12))
    assert [(p.agent_id, p.public_name, p.capacity, p.team_ids) for p in present] == [
        (mei.pk, "Mei", 4, frozenset({deposits.pk}))
    ]


@pytest.mark.django_db
def test_going_away_takes_an_agent_off_duty() -> None:
    mei = people.agent()
    Shift.objects.create(agent=mei, weekday=0, start_minute=0, minutes=1440)
    assert set_available(agent_id=mei.pk, available=False)
    assert not set_available(agent_id=mei.pk, available=False)
    assert on_duty(now=MONDAY) == []


@pytest.mark.django_db
def test_an_unknown_time_zone_is_refused_where_it_is_typed() -> None:
    shift = Shift(agent=people.agent(), weekday=0, start_minute=0, minutes=60, timezone="Asia/Nowhere")
    with pytest.raises(ValidationError, match="time zone"):
        shift.full_clean()
