"""Blocking use-cases on behalf of sockets: a few threads, each call in a database connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")


class DatabaseThreads:
    """A pool of threads that may use the ORM."""

    def __init__(self, count: int, *, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def __call__(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `act` in a thread and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, partial(_unit, partial(act, *args, **kwargs))
        )


def _unit(act: Callable[[], R]) -> R:
    close_old_connections()  # a lost connection would otherwise stay lost in this thread
    try:
        return act()
    finally:
        close_old_connections()
