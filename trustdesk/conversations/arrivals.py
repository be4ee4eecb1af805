"""A message on its way in, what became of it, and what a surface has stored beside it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from trustdesk.channels.contract import Inbound
from trustdesk.conversations.expectations import Expected
from trustdesk.conversations.statements import Link


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a message: its line on the timeline, made now or (`known`) earlier."""

    conversation_id: int
    reference: str
    team_id: int | None
    seq: int
    at: datetime
    text: str  # as stored
    masked: tuple[str, ...]  # kinds of secrets taken out
    known: bool
    opened: bool  # a new case was opened for it


class Beside(ABC):
    """What goes beside a message, in the same transaction: a condition of it, rows of a surface's own, or both.

    Each class answers for all of a batch at once, with a number of statements that does not depend on how many there are.
    """

    @classmethod
    @abstractmethod
    def admit(cls, link: Link, asked: Sequence[Self], *, now: datetime) -> list[Exception | None]:
        """Return for each what its sender is to be told instead of storing the message; None: store it.

        Nothing of the batch is stored yet, and no conversation is locked.
        """

    @classmethod  # noqa: B027  not everything is more than a condition
    def keep(cls, link: Link, stored: Sequence[tuple[Self, Received]], *, now: datetime) -> None:
        """Store what belongs beside these messages. An IntegrityError has the whole batch tried again, from `admit` on."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message, the inbox it came to, and what its sender was told to expect if it opens a case."""

    inbox_id: int
    inbound: Inbound
    expected: Expected | None = None
    beside: Beside | None = None


def admit(link: Link, arrivals: Sequence[Arrival], *, now: datetime) -> list[Exception | None]:
    """Ask for each arrival whether what goes beside it lets it in."""
    answers: list[Exception | None] = [None] * len(arrivals)
    for kind in {type(one.beside) for one in arrivals if one.beside is not None}:
        places = [place for place, one in enumerate(arrivals) if type(one.beside) is kind]
        asked = [one for place in places if (one := arrivals[place].beside) is not None]
        for place, answer in zip(places, kind.admit(link, asked, now=now), strict=True):
            answers[place] = answer
    return answers


def keep(link: Link, stored: Sequence[tuple[Arrival, Received]], *, now: datetime) -> None:
    """Store what goes beside messages that are stored, or were already."""
    by_kind: dict[type[Beside], list[tuple[Beside, Received]]] = {}
    for arrival, received in stored:
        if arrival.beside is not None:
            by_kind.setdefault(type(arrival.beside), []).append((arrival.beside, received))
    for kind, of_it in by_kind.items():
        kind.keep(link, of_it, now=now)
