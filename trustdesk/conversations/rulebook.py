"""The values that staff edit, as plain data: request types and inboxes, re-read every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from trustdesk.channels.models import Inbox
from trustdesk.conversations.models import RequestType

T = TypeVar("T")

FALLBACK = "other"
FRESH = 10.0  # seconds a value may be old


@dataclass(frozen=True, slots=True)
class TypeRule:
    """One request type."""

    id: int
    code: str
    label: str
    label_zh: str
    team_id: int
    priority: int
    needs: int
    in_chat: bool


class _Reread(Generic[T]):
    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._read: tuple[float, T] | None = None

    def __call__(self) -> T:
        if self._read is None or time.monotonic() - self._read[0] > FRESH:
            self._read = time.monotonic(), self._load()
        return self._read[1]

    def forget(self) -> None:
        self._read = None


def _load_types() -> dict[str, TypeRule]:
    rows = RequestType.objects.order_by("position", "id")
    return {
        row.code: TypeRule(row.pk, row.code, row.label, row.label_zh, row.team_id, row.priority, row.needs, row.in_chat)
        for row in rows
    }


types: _Reread[dict[str, TypeRule]] = _Reread(_load_types)
inbox_kinds: _Reread[dict[int, str]] = _Reread(lambda: dict(Inbox.objects.values_list("id", "kind")))


def forget() -> None:
    """Read everything anew at the next use."""
    types.forget()
    inbox_kinds.forget()


def rule(code: str) -> TypeRule:
    """Find the rule of a type; an unknown or empty code falls back to `other`. Raises KeyError before set-up has run."""
    rules = types()
    return rules.get(code) or rules[FALLBACK]


def chat_inbox() -> int:
    """Return the id of the chat's inbox; raises LookupError before set-up has run."""
    for identity, kind in inbox_kinds().items():
        if kind == "chat":
            return identity
    raise LookupError("no chat inbox: run migrate")
