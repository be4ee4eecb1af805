"""The promise of the chat queue, on a simulated team over uneven days, and the rules it keeps on any history."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.simulated_queue import DEMAND, MINUTE, MONDAY, Person, Run, Team
from trustdesk.policy import waiting
from trustdesk.policy.waiting import Load, Wait


def kept(people: list[Person], figure: str) -> float:
    """Return the share of people whose true wait was within `figure`: exact, shown or naive."""
    known = [person for person in people if person.exact and person.would_have_waited < math.inf]
    assert len(known) > 300, "too few to judge"
    within: list[bool] = [person.would_have_waited * MINUTE <= getattr(person, figure) for person in known]
    return sum(within) / len(within)


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    small = [
        Team(seed=seed, days=5, busyness=0.4, staffing=staffing, patience=patience)
        for seed in (1, 2, 3)
        for staffing, patience in ((1.5, None), (1.1, 30.0))
    ]
    large = Team(seed=4, days=3, busyness=1.2, staffing=1.2, patience=20.0)
    return [Run(team) for team in (*small, large)]


def everyone(runs: list[Run]) -> list[Person]:
    return [person for run in runs for person in run.people]


@pytest.mark.parametrize("figure", ["exact", "shown"])
def test_eight_of_ten_wait_no_longer_on_uneven_days(runs: list[Run], figure: str) -> None:
    assert 0.75 <= kept(everyone(runs), figure) <= 0.85


@pytest.mark.parametrize("figure", ["exact", "shown"])
def test_eight_of_ten_wait_no_longer_when_it_is_busy(runs: list[Run], figure: str) -> None:
    assert 0.75 <= kept([person for person in everyone(runs) if person.ahead >= 3], figure) <= 0.85
    assert 0.75 <= kept([person for person in everyone(runs) if person.peak], figure) <= 0.85


@pytest.mark.parametrize("figure", ["exact", "shown"])
def test_eight_of_ten_wait_no_longer_in_every_single_simulation(runs: list[Run], figure: str) -> None:
    for run in runs:
        assert 0.75 <= kept(run.people, figure) <= 0.85, run.team


def test_the_days_are_uneven_enough_to_break_a_trailing_quantile(runs: list[Run]) -> None:
    people = everyone(runs)
    assert not 0.75 <= kept([person for person in people if person.ahead >= 10], "naive") <= 0.85
    assert not 0.75 <= kept([person for person in people if person.ahead < 3], "naive") <= 0.85
    assert max(person.ahead for person in people) > 30
    assert any(person.left for person in people)


def test_our_own_record_tells_the_same_as_the_truth(runs: list[Run]) -> None:
    for run in runs:
        record = waiting.accuracy(run.history)
        assert record is not None
        assert abs(record - kept(run.people, "shown")) < 0.05


NOW = MONDAY + timedelta(days=3)


@st.composite
def waits(draw: st.DrawFn, least: int = 0, most: int = 60) -> list[Wait]:
    return draw(
        st.lists(
            st.builds(
                Wait,
                type=st.sampled_from(["funds", "account"]),
                waited=st.integers(0, 4 * 3600).map(lambda seconds: timedelta(seconds=seconds)),
                ended_at=st.integers(0, 3 * 86_400).map(lambda seconds: NOW - timedelta(seconds=seconds)),
                ahead=st.integers(0, 200),
                promised=st.none() | st.integers(0, 3600).map(lambda seconds: timedelta(seconds=seconds)),
                left=st.booleans(),
            ),
            min_size=least,
            max_size=most,
        )
    )


def steady(count: int, *, type: str = "funds", minutes: float = 5, ahead: int = 0, every: float = 5) -> list[Wait]:
    """Waits between half and one and a half times `minutes`, in a fixed order, the latest ending now."""
    return [
        Wait(
            type=type,
            waited=minutes * (0.5 + (index * 89 % count) / count) * MINUTE,
            ended_at=NOW - every * (count - 1 - index) * MINUTE,
            ahead=ahead,
        )
        for index in range(count)
    ]


@given(waits(least=20), st.integers(0, 300), st.integers(0, 300))
@settings(deadline=None)
def test_more_people_ahead_never_promise_less(history: list[Wait], one: int, other: int) -> None:
    forecast = waiting.learn(recent=history, now=NOW)
    if forecast is None:
        return
    fewer, more = forecast.estimate(min(one, other)), forecast.estimate(max(one, other))
    assert timedelta(0) < fewer.exact <= more.exact
    assert timedelta(seconds=10) <= fewer.within <= more.within


@given(waits(), st.integers(0, 50), st.floats(0.05, 0.99), st.randoms(use_true_random=False))
def test_the_order_of_the_history_does_not_matter(
    history: list[Wait], ahead: int, share: float, order: random.Random
) -> None:
    history = list({wait.ended_at: wait for wait in history}.values())
    shuffled = order.sample(history, len(history))
    promised = waiting.estimate(recent=history, ahead=ahead, now=NOW, share=share)
    assert waiting.estimate(recent=shuffled, ahead=ahead, now=NOW, share=share) == promised


@given(waits(least=20))
@settings(deadline=None)
def test_a_larger_share_never_gets_a_smaller_promise(history: list[Wait]) -> None:
    history = [replace(wait, promised=None) for wait in history]
    half, most = (waiting.estimate(recent=history, ahead=3, now=NOW, share=share) for share in (0.5, 0.9))
    assert (half is None and most is None) or (half and most and half.exact <= most.exact)


@given(waits(most=40), st.integers(0, 5))
def test_nothing_is_promised_from_too_little(history: list[Wait], ahead: int) -> None:
    served = [wait for wait in history if not wait.left and (wait.ahead or wait.waited > waiting.AT_ONCE)]
    promised = waiting.estimate(recent=history, ahead=ahead, now=NOW)
    assert (promised is not None) == (len(served) >= waiting.ENOUGH)


def test_only_waits_of_the_last_two_weeks_and_not_of_the_future_count() -> None:
    history = steady(30)
    assert waiting.estimate(recent=history, ahead=0, now=NOW)
    assert not waiting.estimate(recent=history, ahead=0, now=NOW + timedelta(days=15))
    assert not waiting.estimate(recent=history, ahead=0, now=NOW - timedelta(days=1))


def test_chats_taken_at_once_teach_nothing_about_the_queue() -> None:
    at_once = [Wait(type="funds", waited=timedelta(0), ended_at=NOW, ahead=0)] * 500
    assert not waiting.estimate(recent=at_once, ahead=4, now=NOW)
    queued = steady(30)
    assert waiting.estimate(recent=at_once + queued, ahead=4, now=NOW) == waiting.estimate(
        recent=queued, ahead=4, now=NOW
    )


def test_waits_of_the_same_type_decide_when_there_are_enough() -> None:
    slow, fast = steady(30, type="account", minutes=60), steady(30, type="funds", minutes=3)
    promised = waiting.estimate(recent=slow + fast, ahead=0, now=NOW, type="funds")
    assert promised == waiting.estimate(recent=fast, ahead=0, now=NOW)
    few = waiting.estimate(recent=slow + fast, ahead=0, now=NOW, type="partners")
    assert few == waiting.estimate(recent=slow + fast, ahead=0, now=NOW)
    assert promised
    assert few
    assert promised.exact < few.exact


def test_steady_waits_are_promised_as_they_were() -> None:
    promised = waiting.estimate(recent=steady(200), ahead=0, now=NOW)
    assert promised
    assert 5.5 * MINUTE < promised.exact < 7.5 * MINUTE  # 80 % of 2.5 … 7.5 minutes lie below 6.5
    assert promised.learned_from == 200
    assert promised.share == 0.8


def test_follows_a_sudden_change_within_a_dozen_waits() -> None:
    slower = steady(200) + [replace(wait, ended_at=wait.ended_at + MINUTE) for wait in steady(12, minutes=20, every=1)]
    before = waiting.estimate(recent=steady(200), ahead=0, now=NOW)
    after = waiting.estimate(recent=slower, ahead=0, now=NOW + MINUTE)
    assert before
    assert after
    assert after.exact > 2 * before.exact


def test_broken_promises_make_the_next_one_longer_and_kept_ones_shorter() -> None:
    def after(promised: timedelta) -> timedelta:
        history = [replace(wait, promised=promised) for wait in steady(100)]
        estimate = waiting.estimate(recent=history, ahead=0, now=NOW)
        assert estimate
        return estimate.exact

    assert after(60 * MINUTE) < after(6.5 * MINUTE) < after(1 * MINUTE)


def test_people_who_left_make_the_promise_longer() -> None:
    stayed = steady(100)
    left = [replace(wait, left=index % 3 == 0) for index, wait in enumerate(stayed)]
    one = waiting.estimate(recent=stayed, ahead=0, now=NOW)
    other = waiting.estimate(recent=left, ahead=0, now=NOW)
    assert one
    assert other
    assert one.exact < other.exact


@pytest.mark.parametrize("share", [0, 1, -0.1, 80])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        waiting.estimate(recent=[], ahead=0, now=NOW, share=share)


def test_nobody_has_less_than_nobody_in_front() -> None:
    with pytest.raises(ValueError, match="-1"):
        waiting.estimate(recent=steady(30), ahead=-1, now=NOW)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, 10), (3, 10), (14, 10), (15, 20), (26, 30), (42, 30), (43, 60), (80, 60), (90, 120), (420, 480),
        (410, 360), (3500, 3600), (7200, 7200), (8000, 7200), (8200, 9000), (36_000, 36_000),
    ],
)  # fmt: skip
def test_figures_are_what_a_person_would_say(seconds: int, shown: int) -> None:
    assert waiting.presentable(timedelta(seconds=seconds)) == timedelta(seconds=shown)


def test_figures_stay_near_the_truth_and_in_order() -> None:
    shown = [waiting.presentable(timedelta(seconds=seconds)).total_seconds() for seconds in range(8, 40_000)]
    assert shown == sorted(shown)
    assert all(1 / 1.5 < figure / seconds < 1.5 for figure, seconds in zip(shown, range(8, 40_000), strict=True))


def test_accuracy_is_the_share_of_promises_kept() -> None:
    def one(waited: float, promised: float | None, left: bool = False) -> Wait:
        given = None if promised is None else promised * MINUTE
        return Wait(type="funds", waited=waited * MINUTE, ended_at=NOW, ahead=0, promised=given, left=left)

    assert waiting.accuracy([]) is None
    assert waiting.accuracy([one(3, None)]) is None
    assert waiting.accuracy([one(3, 3), one(1, 5), one(9, 5), one(50, None)]) == pytest.approx(2 / 3)
    assert waiting.accuracy([one(6, 5), one(9, 5)]) == 0
    # Left in vain after the promised time: broken. Left at once: nothing known, so nothing changes.
    assert waiting.accuracy([one(3, 5), one(6, 5, left=True)]) == pytest.approx(1 / 2)
    assert waiting.accuracy([one(3, 5), one(9, 5), one(0.1, 5, left=True)]) == pytest.approx(1 / 2)


SHANGHAI = ZoneInfo("Asia/Shanghai")


def starts(weeks: int, per_day: int, seed: int = 1) -> Iterator[datetime]:
    """Chats of past weeks by `DEMAND` in Shanghai; on Mondays day and night are exchanged."""
    generator = random.Random(seed)
    begin = datetime(2025, 3, 3, tzinfo=SHANGHAI)
    for day in range(7 * weeks):
        hours = DEMAND if day % 7 != 6 else DEMAND[12:] + DEMAND[:12]
        for hour in generator.choices(range(24), hours, k=per_day):
            yield begin - timedelta(days=day + 1) + timedelta(hours=hour, minutes=generator.randrange(60))


def loads(hours: list[waiting.Hour] | None) -> dict[int, Load]:
    assert hours is not None
    assert [hour.hour for hour in hours] == list(range(24))
    assert max(hour.level for hour in hours) == 1
    assert min(hour.level for hour in hours) >= 0
    return {hour.hour: hour.load for hour in hours}


def test_peaks_are_busy_and_nights_quiet_in_local_time() -> None:
    tuesday = datetime(2025, 3, 4, 9, tzinfo=SHANGHAI)
    found = loads(waiting.busy_hours(starts(8, 100), now=tuesday, tz=SHANGHAI))
    assert {found[hour] for hour in (12, 19, 20, 21)} == {Load.BUSY}
    assert {found[hour] for hour in (1, 2, 3, 4, 5)} == {Load.QUIET}
    assert {found[hour] for hour in (10, 15, 16)} == {Load.NORMAL}


def test_today_counts_as_its_own_weekday() -> None:
    monday, tuesday = (datetime(2025, 3, day, 9, tzinfo=SHANGHAI) for day in (3, 4))
    history = list(starts(8, 200))
    assert loads(waiting.busy_hours(history, now=monday, tz=SHANGHAI))[3] == Load.NORMAL
    assert loads(waiting.busy_hours(history, now=tuesday, tz=SHANGHAI))[3] == Load.QUIET


def test_few_starts_borrow_from_like_days_and_too_few_say_nothing() -> None:
    saturday, monday = (datetime(2025, 3, day, 9, tzinfo=SHANGHAI) for day in (8, 3))
    day_of_chats = [monday - timedelta(days=3, minutes=14 * index) for index in range(waiting.ENOUGH_STARTS)]
    assert waiting.busy_hours(day_of_chats, now=monday, tz=SHANGHAI), "Fridays and Thursdays serve for a Monday"
    assert waiting.busy_hours(day_of_chats, now=saturday, tz=SHANGHAI), "any day is better than none"
    assert waiting.busy_hours(day_of_chats[1:], now=monday, tz=SHANGHAI) is None
    assert waiting.busy_hours([], now=monday, tz=SHANGHAI) is None


def test_today_is_not_counted_being_incomplete() -> None:
    monday = datetime(2025, 3, 3, 23, tzinfo=SHANGHAI)
    morning = [monday - timedelta(hours=12, seconds=index) for index in range(5_000)]
    history = list(starts(8, 100))
    assert waiting.busy_hours(history + morning, now=monday, tz=SHANGHAI) == waiting.busy_hours(
        history, now=monday, tz=SHANGHAI
    )


def test_an_even_day_has_neither_busy_nor_quiet_hours() -> None:
    generator = random.Random(3)
    monday = datetime(2025, 3, 3, 9, tzinfo=SHANGHAI)
    even = [monday - timedelta(minutes=generator.randrange(10 * 60, 7 * 8 * 1440)) for _ in range(4_000)]
    assert set(loads(waiting.busy_hours(even, now=monday, tz=SHANGHAI)).values()) == {Load.NORMAL}


def test_a_day_of_23_hours_does_no_harm() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    change = datetime(2025, 3, 30, tzinfo=UTC)
    history = [change + timedelta(minutes=5 * index) for index in range(280)]
    assert waiting.busy_hours(history, now=datetime(2025, 4, 6, 12, tzinfo=berlin), tz=berlin)
