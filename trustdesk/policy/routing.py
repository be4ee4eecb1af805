"""Who gets the next chat: of the agents who can take it, one who speaks the language, with the most room left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction


@dataclass(frozen=True)
class Candidate:
    """An agent as seen when chats are dealt."""

    agent: int
    team_ids: frozenset[int]
    languages: frozenset[str]  # tags such as en or zh-hans
    on_shift: bool
    online: bool
    capacity: int  # chats at once; 0 takes none
    load: int  # chats now
    last_assigned_at: datetime | None  # None: never


@dataclass(frozen=True)
class Case:
    """A chat that waits for an agent."""

    conversation: int
    team: int
    language: str  # a tag such as en or zh-hans
    priority: int  # the lower the more urgent
    waiting_since: datetime


@dataclass(frozen=True)
class Assignment:
    """A chat given to an agent.

    `because` holds a `code` and what staff may want to know: the agent's `load` and `capacity` before, and the case's
    `language`. Codes: `least_loaded`; `least_loaded_other_language` where nobody free spoke it.
    """

    conversation: int
    agent: int
    because: dict[str, str | int]


def assign(*, cases: Iterable[Case], candidates: Iterable[Candidate]) -> list[Assignment]:
    """Return who gets which case, in the order of dealing; a case that nobody free can take is not in it.

    Cases are dealt by priority, then the longest waiting. Each goes to an agent of its team who is on shift, online
    and below capacity; of these to one who speaks its language exactly (zh-hans), or nearly (zh-hant for zh-hans), or
    else to any; of these to the least loaded for their capacity, then to the one longest without a new case. The
    order of the arguments makes no difference. Each agent and each conversation may appear once.
    """
    free = [_Agent(one) for one in candidates if one.on_shift and one.online and one.load < one.capacity]
    given: list[Assignment] = []
    for case in sorted(cases, key=lambda case: (case.priority, case.waiting_since, case.conversation)):
        able = [agent for agent in free if case.team in agent.who.team_ids]
        if not able:
            continue
        best = min(able, key=lambda agent: (_strangeness(case.language, agent.who.languages), agent.rank()))
        foreign = _strangeness(case.language, best.who.languages) == _FOREIGN
        because: dict[str, str | int] = {
            "code": "least_loaded_other_language" if foreign else "least_loaded",
            "load": best.load,
            "capacity": best.who.capacity,
            "language": case.language,
        }
        given.append(Assignment(conversation=case.conversation, agent=best.who.agent, because=because))
        best.load += 1
        best.turn = len(given)
        if best.load == best.who.capacity:
            free.remove(best)
    return given


class _Agent:
    """A candidate while cases are being dealt."""

    def __init__(self, who: Candidate) -> None:
        self.who = who
        self.load = who.load
        self.turn = 0  # which case of this round was given last; 0: none

    def rank(self) -> tuple[Fraction, int, float, int]:
        last = self.who.last_assigned_at
        # A time before every real one for those who never had a case.
        idle_since = last.timestamp() if last else float("-inf")
        return Fraction(self.load, self.who.capacity), self.turn, idle_since, self.who.agent


_EXACT, _NEAR, _FOREIGN = range(3)


def _strangeness(language: str, spoken: frozenset[str]) -> int:
    if language in spoken:
        return _EXACT
    # Somebody who writes zh-hans reads zh-hant far better than a third language.
    return _NEAR if _primary(language) in {_primary(tag) for tag in spoken} else _FOREIGN


def _primary(tag: str) -> str:
    return tag.partition("-")[0]
