"""A request sent again under the same Idempotency-Key is answered with what it was answered before.

The answer is kept after the core has committed. Who repeats a request that was broken off between the two does the
work again, and the core finds the case or message it made then: its `identity` follows from the key and the content.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from trustdesk.api import statements
from trustdesk.api.models import AnsweredRequest
from trustdesk.api.problems import Refused
from trustdesk.api.tokens import Caller
from trustdesk.customers.visitors import Visitor
from trustdesk.realtime.group_commit import Unavailable

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `identity` names it to the core; `answer` (status, JSON) is there if it was answered before."""

    caller: Caller
    identity: str
    row: int | None = None  # none: it came without a key
    answer: tuple[int, str] | None = None

    def finish(self, status: int, answer: str, *, opened: tuple[str, Visitor] | None, now: datetime) -> tuple[int, str]:
        """Keep what is to be answered, and the number of a case that was opened, and for whom.

        Returns the answer to give: this one, or what was answered meanwhile to the same request.
        """
        number, visitor = opened or (None, None)
        case = (self.caller.name, number, visitor and visitor.kind, visitor and visitor.value, now)
        kept = statements.one(statements.FINISH, (*case, status, answer, self.row))
        if kept is None and self.row is not None:
            row = AnsweredRequest.objects.filter(pk=self.row).first()
            if row is not None and row.status is not None:
                return row.status, row.answer
        return status, answer

    def drop(self) -> None:
        """Forget it: it was refused, and the key may be used for a better one."""
        if self.row is not None:
            AnsweredRequest.objects.filter(pk=self.row, status=None).delete()


def begin(*, caller: Caller, key: str | None, content: object, now: datetime) -> Request:
    """Note a request before it is carried out. `content` is all that it says, as JSON data.

    Raises Refused("key_reused") when the key was used for something else.
    """
    if key is None:
        return Request(caller, "")
    body, key_hash = _hash([caller.name, content]), _hash([key])
    identity = _hash([caller.name, key, body])[:40]
    for _attempt in range(2):
        new = statements.one(statements.BEGIN, (caller.token, key_hash, body, now))
        if new is not None:
            return Request(caller, identity, new.id)
        row = statements.one(statements.BEGUN, (caller.token, key_hash))
        if row is not None and row.body_hash != body:
            raise Refused("key_reused")
        if row is not None:
            return Request(caller, identity, row.id, None if row.status is None else (row.status, row.answer))
    raise Unavailable("the same key is being used and given back")  # by requests that are refused, at this moment


def forget_old(*, now: datetime) -> None:
    """Delete what was answered long ago."""
    AnsweredRequest.objects.filter(created_at__lt=now - KEPT).delete()


def name_of(caller: Caller, content: object, identity: str) -> str:
    """Return what a stranger is called whose case this request opens: the same for the same request, and nobody else's."""
    return "api:" + _hash([caller.name, content, identity])[:40]


def _hash(data: object) -> str:
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()
