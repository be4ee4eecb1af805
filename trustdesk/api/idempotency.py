"""A request sent again under the same Idempotency-Key is answered with what it was answered before.

The answer is stored in the transaction of what it speaks of, so there is one if and only if the work was done. A request
whose `identity` (it follows from key and content) the core knows already finds the case or message it made then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import IntegrityError

from trustdesk.api import statements
from trustdesk.api.models import AnsweredRequest
from trustdesk.api.problems import Refused
from trustdesk.api.tokens import Caller
from trustdesk.conversations.requests import Beside, Link, Received, columns
from trustdesk.customers.models import Handle
from trustdesk.customers.visitors import Visitor

KEPT = timedelta(days=30)

Answer = tuple[int, str]  # status, JSON


class Answered(Exception):
    """The same request was answered before, with this."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Request(Beside):
    """One request that writes, of whoever's token is good when it is stored."""

    caller: Caller
    identity: str  # what the core calls it; "": it came without a key
    key: str  # its hash
    body: str  # its hash
    visitor: Visitor
    number: str  # of the case the caller has already; another one is new to him
    worded: Callable[[Any], Answer]  # makes the answer of what was received

    @classmethod
    def admit(cls, link: Link, asked: Sequence[Request], *, now: datetime) -> list[Exception | None]:
        """Refuse with Answered, or with Refused: unauthorized, or key_reused for something else."""
        good = link.execute(statements.GOOD, (sorted({one.caller.token for one in asked}), now))
        keyed = link.execute(statements.ANSWERED, columns(sorted({one.place for one in asked if one.key}), 2))
        tokens = {row.id for row in good.fetchall()}
        known: dict[tuple[int, str], tuple[str, Answer | None]] = {
            (row.token_id, row.key_hash): (row.body_hash, (row.status, row.answer)) for row in keyed.fetchall()
        }
        answers: list[Exception | None] = []
        for one in asked:
            if one.caller.token not in tokens:
                answers.append(Refused("unauthorized"))
                continue
            body, before = known.setdefault(one.place, (one.body, None)) if one.key else (one.body, None)
            if body != one.body:
                answers.append(Refused("key_reused"))
            else:
                answers.append(Answered(before) if before else None)
        return answers

    @classmethod
    def keep(cls, link: Link, stored: Sequence[tuple[Request, Received]], *, now: datetime) -> None:
        """Store what is answered, and which cases a caller opened for whom."""
        answers, opened = {}, []
        for one, received in stored:
            if one.key:
                answers[one.place] = (*one.place, one.body, *one.worded(received), now)
            if received.reference != one.number:
                opened.append((one.caller.name, received.reference, one.visitor.kind, one.visitor.value, now))
        if opened:
            link.execute(statements.OPENED, columns(sorted(opened), 5))
        if answers:
            rows = [answers[place] for place in sorted(answers)]
            if len(link.execute(statements.ANSWER, columns(rows, 6)).fetchall()) != len(rows):
                raise IntegrityError("another process has just answered the same request")

    @property
    def place(self) -> tuple[int, str]:
        """Return under what its answer is kept."""
        return self.caller.token, self.key


def request(
    *,
    caller: Caller,
    key: str | None,
    content: object,
    visitor: Visitor | None,
    number: str = "",
    worded: Callable[[Any], Answer],
) -> Request:
    """Make the request of a caller. `content` is all that it says, as JSON data; no `visitor`: a stranger, named after it."""
    body = _hash([caller.name, content])
    identity = _hash([caller.name, key, body])[:40] if key is not None else ""
    visitor = visitor or Visitor(Handle.Kind.VISITOR, "api:" + _hash([caller.name, content, identity])[:40])
    return Request(caller, identity, _hash([key]) if key is not None else "", body, visitor, number, worded)


def answered(request: Request) -> Answer | None:
    """Return what was answered before to a request that does not pass our checks: it may have passed those of its time.

    Raises Refused("key_reused").
    """
    row = AnsweredRequest.objects.filter(token=request.caller.token, key_hash=request.key).first() if request.key else None
    if row is None or row.status is None:
        return None
    if row.body_hash != request.body:
        raise Refused("key_reused")
    return row.status, row.answer


def forget_old(*, now: datetime) -> None:
    """Delete what was answered long ago."""
    AnsweredRequest.objects.filter(created_at__lt=now - KEPT).delete()


def _hash(data: object) -> str:
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()
