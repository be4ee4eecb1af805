"""A chat team over uneven days: lunch and evening peaks, quiet nights, short staff, sudden surges, people who leave."""

import heapq
import itertools
import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from trustdesk.policy import waiting
from trustdesk.policy.waiting import Wait

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

# Chats and agents by hour of the day, as shares of the mean: lunch and evening peaks, quiet nights. The roster follows
# demand only roughly, which is what makes queues.
DEMAND = [
    0.15, 0.1, 0.08, 0.06, 0.06, 0.08, 0.15, 0.3, 0.5, 0.7, 0.85, 1.1,
    1.5, 1.3, 0.9, 0.8, 0.8, 0.85, 0.95, 1.3, 1.6, 1.5, 1.0, 0.5,
]  # fmt: skip
ROSTER = [
    0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.3, 0.5, 0.6, 0.8, 0.9, 1.1,
    1.25, 1.2, 1.0, 0.9, 0.9, 0.9, 1.0, 1.2, 1.4, 1.3, 1.0, 0.6,
]  # fmt: skip


@dataclass
class Person:
    joined: float  # minutes
    ahead: int
    peak: bool  # lunch, evening, surge or shortage
    exact: timedelta | None = None
    shown: timedelta | None = None
    naive: timedelta | None = None
    ended: float = math.inf
    left: bool = False
    would_have_waited: float = math.inf  # minutes; the true wait of those who stayed


@dataclass
class Team:
    """An exchange's chat team; `busyness` is chats a minute, `staffing` how generous the roster is."""

    seed: int
    days: int
    busyness: float
    staffing: float
    patience: float | None  # minutes people stay on average
    chats_each: int = 3
    service: float = 9.0  # minutes on average, lognormal

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.day_factor = [
            math.exp(self.random.gauss(0, 0.15)) * (0.75 if day % 7 >= 5 else 1) for day in range(self.days)
        ]
        self.surges = [self._spell(range(22), (30, 120), (2, 4)) for _ in range(self.days // 2)]
        self.shortages = [self._spell((9, 11, 14, 18), (90, 240), (0.4, 0.75)) for _ in range(self.days // 2)]

    def _spell(
        self, hours: range | tuple[int, ...], lasts: tuple[float, float], factor: tuple[float, float]
    ) -> tuple[float, float, float]:
        begin = self.random.randrange(self.days) * 1440 + self.random.choice(hours) * 60
        return begin, begin + self.random.uniform(*lasts), self.random.uniform(*factor)

    def demand(self, minute: float) -> float:
        hour, past = divmod(minute % 1440 / 60, 1)
        level = DEMAND[int(hour)] * (1 - past) + DEMAND[(int(hour) + 1) % 24] * past
        surge = math.prod(factor for begin, end, factor in self.surges if begin <= minute < end)
        return self.busyness * level * self.day_factor[int(minute // 1440)] * surge

    def places(self, minute: float) -> int:
        agents = self.busyness * self.service / self.chats_each * self.staffing * ROSTER[int(minute % 1440 // 60)]
        short = math.prod(factor for begin, end, factor in self.shortages if begin <= minute < end)
        return max(1, round(max(1, round(agents)) * short)) * self.chats_each

    def is_peak(self, minute: float) -> bool:
        spells = itertools.chain(self.surges, self.shortages)
        hour = minute % 1440 / 60
        return 12 <= hour < 14 or 19 <= hour < 22 or any(begin <= minute < end for begin, end, _ in spells)


@dataclass
class Run:
    """What happened: `people` who had to queue, in the order they joined."""

    team: Team
    people: list[Person] = field(default_factory=list)
    history: list[Wait] = field(default_factory=list)

    def __post_init__(self) -> None:
        team, busy, order = self.team, 0, itertools.count()
        queue: list[Person] = []
        end, most = team.days * 1440, max(team.demand(m) for m in range(0, team.days * 1440, 5)) * 1.05
        events: list[tuple[float, int, str, Person | None]] = []

        def after(minutes: float, what: str, person: Person | None = None) -> None:
            heapq.heappush(events, (now + minutes, next(order), what, person))

        def serve() -> None:
            spread = 0.7
            after(team.random.lognormvariate(math.log(team.service) - spread**2 / 2, spread), "done")

        now = 0.0
        after(0, "arrives")
        for minute in range(0, end, 5):
            after(minute, "roster")
        while events and events[0][0] < end:
            now, _, what, person = heapq.heappop(events)
            if what == "arrives":
                after(team.random.expovariate(most), "arrives")
                if team.random.random() * most > team.demand(now):
                    continue
                if busy < team.places(now) and not queue:
                    busy += 1
                    serve()
                    continue
                person = Person(joined=now, ahead=len(queue), peak=team.is_peak(now))
                queue.append(person)
                self._promise(person)
                if team.patience:
                    after(team.random.expovariate(1 / team.patience), "leaves", person)
            elif what == "leaves" and person in queue:
                queue.remove(person)
                self._end(person, now, left=True)
            elif what == "done":
                busy -= 1
            while queue and busy < team.places(now):
                busy += 1
                serve()
                self._end(queue.pop(0), now, left=False)
        # Had somebody who left stayed, they would have had the turn of the next one who joined after them.
        turn = math.inf
        for person in reversed(self.people):
            turn = turn if person.left else min(turn, person.ended)
            person.would_have_waited = (turn if person.left else person.ended) - person.joined

    def _promise(self, person: Person) -> None:
        self.people.append(person)
        now = MONDAY + person.joined * MINUTE
        estimate = waiting.estimate(recent=self.history[-waiting.MEMORY :], ahead=person.ahead, now=now)
        if estimate:
            person.exact, person.shown = estimate.exact, estimate.within
            person.naive = sorted(wait.waited for wait in self.history[-100:])[int(0.8 * len(self.history[-100:]))]

    def _end(self, person: Person, minute: float, *, left: bool) -> None:
        person.ended, person.left = minute, left
        self.history.append(
            Wait(
                type="chat",
                waited=(minute - person.joined) * MINUTE,
                ended_at=MONDAY + minute * MINUTE,
                ahead=person.ahead,
                promised=person.shown,
                left=left,
            )
        )
