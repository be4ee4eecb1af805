"""Counting what is sent to the database, by whichever cursor, savepoints included."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest


def statements(act: Callable[[], object], *, thread: str = "") -> int:
    """Do something and count its statements; of one `thread` alone where it is named."""
    counted = 0
    original = psycopg.Cursor.execute

    def execute(cursor: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal counted
        counted += not thread or threading.current_thread().name == thread
        return original(cursor, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", execute)
        act()
    return counted
