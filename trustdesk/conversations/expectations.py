"""When a ticket is answered: told before and after sending, recorded, and learned from what then happened."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from trustdesk.conversations import rulebook
from trustdesk.conversations.models import Conversation
from trustdesk.policy import reply_time

FRESH = 30.0  # seconds an expectation may be old
HISTORY = 1_000  # answered cases of one type that are looked at
HORIZON = timedelta(days=28)
EARLIEST = 0.25  # of the target: from when on an answer is to be expected while nothing is known
SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Expected:
    """The first reply comes between `low` and `high`: so in `share` of cases, if `learned`; otherwise it is our target."""

    low: timedelta
    high: timedelta
    share: float
    learned: bool


_known: dict[str, tuple[float, Expected]] = {}


def first_reply(code: str, *, now: datetime) -> Expected:
    """Say when a case of this type that begins now is answered; at most half a minute old."""
    at, expected = _known.get(code, (0.0, None))
    if expected is None or time.monotonic() - at > FRESH:
        expected = _learn(code, now)
        _known[code] = time.monotonic(), expected
    return expected


def forget() -> None:
    """Learn anew at the next use."""
    _known.clear()


def _learn(code: str, now: datetime) -> Expected:
    rule = rulebook.rule(code)
    target = timedelta(minutes=rule.first_reply)
    cases = Conversation.objects.filter(type=rule.id, inbox__kind__in=("form", "email"))
    rows = (
        cases.filter(answered_at__gt=now - HORIZON)
        .order_by("-answered_at")
        .values_list("created_at", "answered_at")[:HISTORY]
    )
    recent = [
        reply_time.Answered(type=code, took=answered - created, at=answered, ahead=0) for created, answered in rows if answered
    ]
    ahead = cases.filter(answered_at=None, status__in=("waiting", "open")).count()
    found = reply_time.expect(recent=recent, promised=target, open_ahead=ahead, now=now)
    if found is None:
        return Expected(target * EARLIEST, target, SHARE, learned=False)
    return Expected(timedelta(seconds=found.low), timedelta(seconds=found.high), found.share, learned=True)
