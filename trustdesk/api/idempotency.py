"""A request sent again under the same Idempotency-Key is answered with what it was answered before.

The answer is kept after the core has committed. Who repeats a request that was broken off between the two does the
work again, and the core finds the case or message it made then: its `identity` follows from the key and the content.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from trustdesk.api.models import AnsweredRequest
from trustdesk.api.problems import Refused
from trustdesk.api.tokens import Caller

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `identity` names it to the core; `answer` (status, JSON) is there if it was answered before."""

    identity: str
    row: int | None
    answer: tuple[int, str] | None = None

    def finish(self, status: int, answer: str) -> tuple[int, str]:
        """Keep what is to be answered; returns it, or what another thread answered meanwhile."""
        if self.row is None:
            return status, answer
        rows = AnsweredRequest.objects.filter(pk=self.row)
        if rows.filter(status=None).update(status=status, answer=answer):
            return status, answer
        kept = rows.first()  # none: forgotten after KEPT, while it was under way
        return (status, answer) if kept is None or kept.status is None else (kept.status, kept.answer)

    def drop(self) -> None:
        """Forget it: it was refused, and the key may be used for a better one."""
        if self.row is not None:
            AnsweredRequest.objects.filter(pk=self.row, status=None).delete()


def begin(*, caller: Caller, key: str | None, content: object, now: datetime) -> Request:
    """Note a request before it is carried out. `content` is all that it says, as JSON data.

    Raises Refused("key_reused") when the key was used for something else.
    """
    body = _hash([caller.name, content])
    if key is None:
        return Request("", None)
    key_hash = _hash([key])
    row, _ = AnsweredRequest.objects.get_or_create(
        token_id=caller.token, key_hash=key_hash, defaults={"body_hash": body, "created_at": now}
    )
    if row.body_hash != body:
        raise Refused("key_reused")
    answer = None if row.status is None else (row.status, row.answer)
    return Request(_hash([caller.name, key, body])[:40], row.pk, answer)


def forget_old(*, now: datetime) -> None:
    """Delete what was answered long ago."""
    AnsweredRequest.objects.filter(created_at__lt=now - KEPT).delete()


def name_of(caller: Caller, content: object, identity: str) -> str:
    """Return what a stranger is called whose case this request opens: the same for the same request, and nobody else's."""
    return "api:" + _hash([caller.name, content, identity])[:40]


def _hash(data: object) -> str:
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()
