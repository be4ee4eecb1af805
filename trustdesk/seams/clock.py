"""The one clock. Everything that stores or compares a time asks here, so that a test can move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset = timedelta(0)
_frozen: datetime | None = None


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _frozen if _frozen is not None else datetime.now(UTC) + _offset


def shift(by: timedelta) -> None:
    """Run this process `by` ahead of (or behind) the machine; refused outside tests by config."""
    global _offset
    _offset = by


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Stop the clock at `at` for the duration of a test."""
    global _frozen
    before, _frozen = _frozen, at
    try:
        yield
    finally:
        _frozen = before
