"""How long the chat queue takes: "8 of 10 people wait less than …", when it is busy, and whether we kept our word.

The estimate has three parts, each learned from people who waited before, oldest first, using for every one of them
only what was known when they joined:

1. the pace: minutes per place in the queue, recent waits counting most. It follows staff and load within minutes;
2. the miss: how much longer a wait was than pace and place foretold. The promise is the quantile of these misses among
   people who joined with a similar number ahead, so it needs no theory of why waits vary;
   People who gave up count as "at least this long" (Kaplan and Meier 1958): the patient ones alone would make every
   queue look shorter than it is;
3. our record: the figures shown lately. Where too many were broken, or too many kept, the quantile moves against it
   (adaptive conformal inference, Gibbs and Candès 2021, with the state read back from the promises themselves).
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from statistics import NormalDist

SHARE = 0.8  # "8 of 10"
ENOUGH = 10  # waits; with fewer a quantile of 0.8 is a guess
MEMORY = 200  # waits looked at
HORIZON = timedelta(days=14)
AT_ONCE = timedelta(seconds=2)  # nobody ahead and no more than this: there was no queue
ENOUGH_STARTS = 100  # chats; with fewer the hours of a day differ by chance

_PACE_HALF_LIFE = 15  # waits
_PACE_HALF_LIFE_TIME = 30 * 60  # seconds without news halve the weight of what was known before
_PACE_NEEDS = 3  # waits
_MISS_HALF_LIFE = 80  # waits
_PACE_DOUBT = 0.4  # relative error of the pace, added to the chance variation of service times
_PRIOR = 3.0  # waits' worth of trust in the theory (a miss of exactly 1) while few misses are known
_SIMILAR = (1.0, 0.2, 0.02, 0.002)  # weight of a miss by how many doublings of the queue lie between
_RECORD = 40  # promises looked back at
_RECORD_PRIOR = 10  # promises kept as often as promised, assumed before
_RECORD_GAIN = 0.5
_BUSY, _QUIET = 1.35, 0.65  # times the mean hour
_SATURDAY = 5
_MINUTE = 60
_STEPS = [10, 20, 30, *(_MINUTE * m for m in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120))]


@dataclass(frozen=True)
class Wait:
    """One person's wait that has ended: an agent took the chat, or the person gave up."""

    type: str
    waited: timedelta
    ended_at: datetime
    ahead: int  # people in front on joining
    promised: timedelta | None = None  # `Estimate.within` as shown on joining
    left: bool = False  # gave up (also: asked for an answer by mail) after `waited`; would have waited longer


@dataclass(frozen=True)
class Estimate:
    """A promise: `share` of the people in this place wait no longer than `within`."""

    within: timedelta  # a figure to show
    exact: timedelta  # the same before rounding
    share: float
    learned_from: int  # waits


def estimate(
    *, recent: Iterable[Wait], ahead: int, now: datetime, type: str | None = None, share: float = SHARE
) -> Estimate | None:
    """Return the promise for a person with `ahead` people in front, or None when too little is known to make one.

    See `learn` for the arguments; ask it instead when several places are wanted at once.
    """
    forecast = learn(recent=recent, now=now, type=type, share=share)
    return forecast.estimate(ahead) if forecast else None


def learn(*, recent: Iterable[Wait], now: datetime, type: str | None = None, share: float = SHARE) -> "Forecast | None":
    """Return what the waits before `now` teach, or None when fewer than `ENOUGH` people were served.

    `recent` holds ended waits in any order; those later than `now`, older than `HORIZON` or of people who were taken
    at once are left out, and the last `MEMORY` count. With `type`, waits of that type are used when there are enough
    of them, else those of all types. `share` lies between 0 and 1; raises ValueError elsewhere.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, not {share}")
    usable = [wait for wait in recent if now - HORIZON <= wait.ended_at <= now and not _was_no_wait(wait)]
    usable.sort(key=lambda wait: wait.ended_at)
    for chosen in ([wait for wait in usable if wait.type == type], usable):
        latest = chosen[-MEMORY:]
        if sum(not wait.left for wait in latest) >= ENOUGH:
            return Forecast(waits=latest, share=share)
    return None


@dataclass(frozen=True)
class Forecast:
    """What recent waits teach about the queue as it is now; made by `learn`."""

    waits: Sequence[Wait] = field(repr=False)  # by `ended_at`
    share: float

    def estimate(self, ahead: int) -> Estimate:
        """Return the promise for a person with `ahead` (0 or more) people in front. Never falls as `ahead` grows."""
        if ahead < 0:
            raise ValueError(f"nobody has {ahead} people in front")
        exact = timedelta(seconds=self._paces[-1] * self._places(ahead))
        return Estimate(within=presentable(exact), exact=exact, share=self.share, learned_from=len(self.waits))

    def _places(self, ahead: int) -> float:
        """Return the bound in units of the pace, between the nearest queue lengths of the form 2**n - 1."""
        level = (ahead + 1).bit_length() - 1
        below, above = (1 << level) - 1, (2 << level) - 1
        low, high = self._bound(level), self._bound(level + 1)
        return low + (high - low) * (ahead - below) / (above - below)

    def _bound(self, level: int) -> float:
        """Return the bound, in units of the pace, for 2**level - 1 people ahead, from misses of similar queues."""
        if level in self._bounds:
            return self._bounds[level]
        similar = [_SIMILAR[min(abs(level - other), len(_SIMILAR) - 1)] for other in range(self._highest_level + 1)]
        weighted = [(miss, left, weight * similar[other]) for miss, left, weight, other in self._misses]
        insort(weighted, (1.0, False, _PRIOR))
        bound = _quantile(weighted, self._aim) * _expected((1 << level) - 1, self._deviations)
        # Never below a shorter queue: more people ahead make no better promise.
        self._bounds[level] = max(bound, self._bound(level - 1)) if level else bound
        return self._bounds[level]

    @cached_property
    def _bounds(self) -> dict[int, float]:
        return {}

    @cached_property
    def _highest_level(self) -> int:
        return max(level for *_, level in self._misses) if self._misses else 0

    @cached_property
    def _deviations(self) -> float:
        """Return the quantile of the standard normal distribution at `share`."""
        return NormalDist().inv_cdf(self.share)

    @cached_property
    def _served(self) -> list[Wait]:
        return [wait for wait in self.waits if not wait.left]

    @cached_property
    def _paces(self) -> list[float]:
        """Return seconds per place, as known after each served wait."""
        paces = []
        seconds = places = 0.0
        before = self._served[0].ended_at
        for wait in self._served:
            quiet = (wait.ended_at - before).total_seconds()
            fading = 0.5 ** (1 / _PACE_HALF_LIFE + quiet / _PACE_HALF_LIFE_TIME)
            before = wait.ended_at
            seconds = seconds * fading + _seconds(wait.waited)
            places = places * fading + wait.ahead + 1
            paces.append(seconds / places)
        return paces

    @cached_property
    def _misses(self) -> list[tuple[float, bool, float, int]]:
        """Return (waited ÷ expected on joining, left, weight, level of the queue), the smallest first."""
        misses = []
        ends = [wait.ended_at for wait in self._served]
        expected: dict[int, float] = {}
        for age, wait in enumerate(reversed(self.waits)):
            known = bisect_right(ends, wait.ended_at - wait.waited)
            if known < _PACE_NEEDS:
                continue
            if wait.ahead not in expected:
                expected[wait.ahead] = _expected(wait.ahead, self._deviations)
            miss = _seconds(wait.waited) / (self._paces[known - 1] * expected[wait.ahead])
            misses.append((miss, wait.left, 0.5 ** (age / _MISS_HALF_LIFE), round(math.log2(wait.ahead + 1))))
        misses.sort()
        return misses

    @cached_property
    def _aim(self) -> float:
        """Return the quantile to take so that the promises shown are kept as often as they say."""
        shown = [wait for wait in self.waits if wait.promised is not None][-_RECORD:]
        kept = accuracy(shown)
        if kept is None:
            return self.share
        kept = (kept * len(shown) + self.share * _RECORD_PRIOR) / (len(shown) + _RECORD_PRIOR)
        wanted = self.share + _RECORD_GAIN * (self.share - kept)
        # A bad hour may not turn the promise into the longest or shortest wait ever seen.
        return min(1 - (1 - self.share) / 4, max(self.share / 2, wanted))


def presentable(duration: timedelta) -> timedelta:
    """Return the nearest figure a person would say: 10 s, 20 s, 30 s, 1–6, 8, 10, 12, 15 … 120 min, then half hours.

    Nearest and not next higher: rounding up alone turns a promise kept 80 % of the time into one kept 87 %. Nearest by
    ratio, so that the error is the same share of short and long waits.
    """
    seconds = duration.total_seconds()
    if seconds > _STEPS[-1]:
        return timedelta(minutes=30 * round(seconds / (30 * _MINUTE)))
    above = bisect_left(_STEPS, seconds)
    if above == 0:
        return timedelta(seconds=_STEPS[0])
    low, high = _STEPS[above - 1], _STEPS[above]
    return timedelta(seconds=low if seconds < math.sqrt(low * high) else high)


def accuracy(waits: Iterable[Wait]) -> float | None:
    """Return the share of shown promises that were kept (0 to 1), or None when none was shown.

    Somebody who left before the promised time was up shows neither and counts as the people who stayed longer did.
    """
    ratios = sorted(
        (wait.waited / max(wait.promised, timedelta(seconds=1)), wait.left, 1.0)
        for wait in waits
        if wait.promised is not None
    )
    return _share_within(ratios, 1.0) if ratios else None


def _quantile(weighted: Sequence[tuple[float, bool, float]], share: float) -> float:
    """Return the smallest of the (value, left, weight), given in order, that `share` of people stay within."""
    for value, reached in _distribution(weighted):
        if reached >= share:
            return value
    return weighted[-1][0]  # too many left to know: at least this


def _share_within(weighted: Sequence[tuple[float, bool, float]], limit: float) -> float:
    return max((reached for value, reached in _distribution(weighted) if value <= limit), default=0.0)


def _distribution(weighted: Sequence[tuple[float, bool, float]]) -> Iterator[tuple[float, float]]:
    """Yield (value, share of people up to there) for (value, left, weight) in order; Kaplan and Meier's estimate.

    The weight of a person who left passes to those who stayed longer.
    """
    at_risk = sum(weight for *_, weight in weighted)
    beyond = 1.0
    for value, left, weight in weighted:
        if not left:
            beyond *= max(0.0, 1 - weight / at_risk)
            yield value, 1 - beyond
        at_risk -= weight


class Load(StrEnum):
    """How busy an hour usually is, compared with the whole day."""

    QUIET = "quiet"
    NORMAL = "normal"
    BUSY = "busy"


@dataclass(frozen=True)
class Hour:
    """What one hour of the day is usually like."""

    hour: int  # 0–23, local time
    level: float  # 0–1, of the busiest hour
    load: Load


def busy_hours(starts: Iterable[datetime], *, now: datetime, tz: tzinfo) -> list[Hour] | None:
    """Return the 24 hours of a day like today in `tz`, or None when the starts of chats are too few to tell.

    `starts` are aware times, a few weeks of them. Today and later are left out, being incomplete. A day like today
    has the same weekday; with less than `ENOUGH_STARTS` of those, it is a working day or a weekend day as today is;
    with less of those, any day.
    """
    today = now.astimezone(tz).date()
    local = [start for start in (moment.astimezone(tz) for moment in starts) if start.date() < today]
    weekend = today.weekday() >= _SATURDAY
    for alike in (
        [start for start in local if start.weekday() == today.weekday()],
        [start for start in local if (start.weekday() >= _SATURDAY) == weekend],
        local,
    ):
        if len(alike) >= ENOUGH_STARTS:
            return _hours(Counter(start.hour for start in alike))
    return None


def _hours(counts: Mapping[int, int]) -> list[Hour]:
    # Half from the neighbours, so that people who start at five to or five past the hour make no difference.
    smooth = [(counts.get((h - 1) % 24, 0) + 2 * counts.get(h, 0) + counts.get((h + 1) % 24, 0)) / 4 for h in range(24)]
    mean = sum(smooth) / 24
    # Two standard deviations of a smoothed Poisson count: a flat day has no busy hours, only chance.
    chance = 2 * math.sqrt(mean * 3 / 8)

    def load(level: float) -> Load:
        if level > max(_BUSY * mean, mean + chance):
            return Load.BUSY
        return Load.QUIET if level < min(_QUIET * mean, mean - chance) else Load.NORMAL

    return [Hour(hour=hour, level=level / max(smooth), load=load(level)) for hour, level in enumerate(smooth)]


def _was_no_wait(wait: Wait) -> bool:
    return wait.ahead == 0 and wait.waited <= AT_ONCE


def _expected(ahead: int, deviations: float) -> float:
    """Return the theoretical quantile of a wait behind `ahead` people, in units of the pace.

    A sum of ahead + 1 exponential intervals is gamma-distributed; this is its quantile after Wilson and Hilferty
    (1931) with the doubt about the pace added to the variance. It only has to have the right shape.
    """
    places = ahead + 1
    variance = 1 / places + _PACE_DOUBT**2
    root: float = max(0.05, 1 - variance / 9 + deviations * math.sqrt(variance) / 3)
    return places * root * root * root


def _seconds(waited: timedelta) -> float:
    # At least one: clocks of several machines may disagree, and a pace of zero would promise everything.
    return max(1.0, waited.total_seconds())
