"""When a ticket is answered: told before and after sending, recorded, and learned from what then happened."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DateTimeField, DurationField, ExpressionWrapper, F, Q, Value

from trustdesk.conversations import rulebook
from trustdesk.conversations.models import Conversation, Promise
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


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How the promises of one type held, of those whose time was up: `kept` were answered in time, `in_range` neither
    later nor earlier than was said. `claimed`: the share that was to be in time; 0 where only the target was named."""

    code: str
    due: int
    kept: int
    in_range: int
    claimed: float


_known: dict[str, tuple[float, Expected]] = {}


def first_reply(code: str, *, now: datetime) -> Expected:
    """Say when a case of this type that begins now is answered; at most half a minute old."""
    at, expected = _known.get(code, (0.0, None))
    if expected is None or time.monotonic() - at > FRESH:
        expected = _learn(code, now)
        _known[code] = time.monotonic(), expected
    return expected


def accuracy(*, since: datetime, now: datetime) -> list[Accuracy]:
    """Judge the promises made since then, by type and by whether they were learned; what is not due yet is left out, and so is
    what was merged: the answer came in another case."""
    answered = F("conversation__answered_at")
    waited = ExpressionWrapper(answered - F("made_at"), output_field=DurationField())
    second = Value(timedelta(seconds=1))
    due = ExpressionWrapper(F("made_at") + second * F("high"), output_field=DateTimeField())
    early = ExpressionWrapper(second * F("low"), output_field=DurationField())
    rows = (
        Promise.objects.filter(made_at__gte=since, conversation__merged_into=None)
        .annotate(waited=waited, due=due, early=early)
        .filter(Q(due__lte=now) | Q(conversation__answered_at__isnull=False))
        .values("type_code", "learned")
        .annotate(
            all=Count("pk"),
            kept=Count("pk", filter=Q(conversation__answered_at__lte=F("due"))),
            in_range=Count("pk", filter=Q(conversation__answered_at__lte=F("due"), waited__gte=F("early"))),
        )
        .order_by("type_code", "learned")
    )
    return [
        Accuracy(row["type_code"], row["all"], row["kept"], row["in_range"], SHARE if row["learned"] else 0.0)
        for row in rows
    ]


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
