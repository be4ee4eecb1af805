"""When a ticket gets its first reply: "usually between 20 minutes and 2 hours", from what was done and what is waiting.

Tickets wait through nights, week-ends and lunch hours, so hours on the clock say little. Time is counted in *work*
instead: in how many first replies of this type are usually written in it, by day of the week and hour of the day. A
closed office does no work. From past cases, with the queue each of them met, we learn how much work passed per place in the queue
before each was answered; quantiles of that, among cases that came at a like hour with as many ahead, are the range. The
work it stands for is then laid out again on the clock from now on.

The chat queue has the same question on a shorter scale: see `policy.waiting`, whose levels of like queues are used here.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trustdesk.policy.waiting import ENOUGH, SHARE

HORIZON = timedelta(days=28)
MEMORY = 1_000  # cases looked at; with fewer than a week of them the hours of a day are not known

_EARLY = 0.1  # share of cases that are answered before the range begins
_SIMILAR = (1.0, 0.35, 0.02, 0.001)  # weight of a case by how many doublings of the queue lie between
_HALF_LIFE = 200  # cases
_LIKE_HOUR = 4.0  # hours between two times of day that still have much in common
_ANY_HOUR = 0.1  # weight of a case from another time of day
_LIKE_DAY = (1.0, 0.5, 0.05)  # weight of the same weekday, of one of the same kind, and of another
_HOUR = 3600  # seconds
_DAY = 24
_WEEK = 7 * _DAY
_SATURDAY = 5
_NEVER_NOTHING = 0.02  # of the mean: work assumed even in hours when none was ever seen
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answered:
    """A case that got its first reply. ``ahead``: open cases of the type when it came; 0 in all cases where nobody
    counted them."""

    type: str
    took: timedelta
    at: datetime
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Range:
    """``share`` of such cases are answered within ``high`` seconds, and few (one in ten) before ``low`` seconds."""

    low: float
    high: float
    share: float
    learned_from: int  # cases


def expect(
    *, recent: Sequence[Answered], promised: timedelta, open_ahead: int, now: datetime, share: float = SHARE
) -> Range | None:
    """Return when a case that comes ``now`` behind ``open_ahead`` others is answered, or None when too little is known.

    ``recent`` holds answered cases of one type in any order; those after ``now`` or older than `HORIZON` are left out.
    Fewer than `ENOUGH` are too little: then the target itself is all there is to say. Until much is known, ``promised``,
    the target (0: none), counts as one case more. Never less for more cases ahead. Raises ValueError for a negative
    ``open_ahead`` or a ``share`` not between `_EARLY` and 1.
    """
    if open_ahead < 0 or not _EARLY < share < 1:
        raise ValueError(f"{open_ahead} cases ahead and a share of {share} make no sense")
    cases = sorted((case for case in recent if now - HORIZON <= case.at <= now), key=lambda case: case.at)[-MEMORY:]
    if len(cases) < ENOUGH:
        return None
    moment = _hours(now)
    ends = [_hours(case.at) for case in cases]
    begins = [end - case.took.total_seconds() / _HOUR for case, end in zip(cases, ends, strict=True)]
    work = _Work(ends, moment)
    places = [1 + ahead for ahead in _ahead(cases, begins, ends)]
    seen = sorted(
        (work.between(begin, end) / place, _level(place), _likeness(begin, moment) * 0.5 ** (age / _HALF_LIFE))
        for age, (begin, end, place) in enumerate(zip(reversed(begins), reversed(ends), reversed(places), strict=True))
    )
    aim = work.between(moment, moment + promised.total_seconds() / _HOUR) if promised else math.inf
    low, high = (_bound(seen, quantile, 1 + open_ahead, aim) for quantile in (_EARLY, share))
    return Range(
        low=work.time_for(low, moment) * _HOUR,
        high=work.time_for(high, moment) * _HOUR,
        share=share,
        learned_from=len(cases),
    )


def _bound(seen: Sequence[tuple[float, int, float]], quantile: float, place: int, aim: float) -> float:
    """Return the work after which that share of cases at this place is answered, between places that are powers of 2."""
    reached = below = 0.0
    highest = max(other for _, other, _ in seen)
    for level in range(place.bit_length() + 1):
        below = reached
        similar = [_SIMILAR[min(abs(level - other), len(_SIMILAR) - 1)] for other in range(highest + 1)]
        weighted = [(needed, weight * similar[other]) for needed, other, weight in seen]
        # Never below a shorter queue: more cases ahead bring no earlier answer.
        reached = max(below, _quantile(weighted, quantile, prior=aim / (1 << level)) * (1 << level))
    lower = 1 << (place.bit_length() - 1)
    return below + (reached - below) * (place - lower) / lower


def _quantile(weighted: Sequence[tuple[float, float]], share: float, *, prior: float) -> float:
    """Return the value that ``share`` of the weight lies within, of values in order; ``prior`` is one more, weight 1."""
    known = prior < math.inf
    left = share * (known + sum(weight for _, weight in weighted))
    for value, weight in weighted:
        if known and value >= prior:
            known = False
            left -= 1
            if left <= 0:
                return prior
        left -= weight
        if left <= 0:
            return value
    return prior if known else weighted[-1][0]


def _ahead(cases: Sequence[Answered], begins: Sequence[float], ends: Sequence[float]) -> list[int]:
    """Return how many were open when each case came: as counted then, else as the other cases tell."""
    if any(case.ahead for case in cases):
        return [case.ahead for case in cases]
    came = sorted(begins)
    # Below zero where others were answered the instant they came.
    return [max(0, bisect_left(came, begin) - bisect_right(ends, begin)) for begin in begins]


def _likeness(begin: float, now: float) -> float:
    """Return the weight of a case by the time of day it came: no night tells about a noon."""
    apart = abs((begin - now + _DAY / 2) % _DAY - _DAY / 2)
    return _ANY_HOUR + (1 - _ANY_HOUR) * math.exp(-((apart / _LIKE_HOUR) ** 2))


def _level(place: int) -> int:
    return round(math.log2(place))


def _hours(moment: datetime) -> float:
    return (moment - _MONDAY).total_seconds() / _HOUR


class _Work:
    """How much work is usually done when: hours (since a Monday) to replies, and back."""

    def __init__(self, ends: Sequence[float], now: float) -> None:
        """Learn it from when replies were written, the first of them first."""
        begun, running = int(ends[0]), int(now)
        # By hour of the week: replies, and how often the hour came; the running hour is left out, being incomplete.
        done = [0] * _WEEK
        for end in ends:
            done[int(end) % _WEEK] += int(end) < running
        passed = [max(0, (running - begun - (hour - begun) % _WEEK + _WEEK - 1) // _WEEK) for hour in range(_WEEK)]
        mean = len(ends) / max(1, running - begun)
        self._sums = [0.0]
        for hour in range(_WEEK):
            day, time = divmod(hour, _DAY)
            rate = mean
            if observed := sum(weight * passed[other * _DAY + time] for other, weight in _LIKE_DAYS[day]):
                rate = sum(weight * done[other * _DAY + time] for other, weight in _LIKE_DAYS[day]) / observed
            self._sums.append(self._sums[-1] + max(rate, _NEVER_NOTHING * mean))

    def between(self, begin: float, end: float) -> float:
        """Return the replies usually written between two moments."""
        return self._until(end) - self._until(begin)

    def time_for(self, work: float, begin: float) -> float:
        """Return how many hours from ``begin`` it takes to do this work."""
        weeks, rest = divmod(self._until(begin) + work, self._sums[-1])
        hour = min(bisect_right(self._sums, rest), _WEEK) - 1
        part = (rest - self._sums[hour]) / (self._sums[hour + 1] - self._sums[hour])
        return max(0.0, weeks * _WEEK + hour + part - begin)

    def _until(self, moment: float) -> float:
        weeks, rest = divmod(moment, _WEEK)
        hour = int(rest)
        step = self._sums[hour + 1] - self._sums[hour]
        return weeks * self._sums[-1] + self._sums[hour] + step * (rest - hour)


def _like_days(day: int) -> list[tuple[int, float]]:
    same, kind, other = _LIKE_DAY
    weekend = day >= _SATURDAY
    return [(one, same if one == day else kind if (one >= _SATURDAY) == weekend else other) for one in range(7)]


_LIKE_DAYS = [_like_days(day) for day in range(7)]
