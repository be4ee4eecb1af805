"""Many ask, few questions are put: while one is under way the next ones gather, and are put as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """`await gathered(key)` returns what `ask` says of this key among others, or None when it says nothing of it.

    The question is put after the call: what was stored before is never missed.
    """

    def __init__(self, ask: Callable[[list[K]], Awaitable[Mapping[K, V]]], *, most: int) -> None:
        """`ask` is told at most `most` different keys; what it raises is raised to each who waited for it."""
        self._ask, self._most = ask, most
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, key: K) -> V | None:
        """Wait for the answer; one who gives up takes it from nobody else."""
        loop = asyncio.get_running_loop()
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = loop.create_future()
        if self._asking is None:
            self._asking = loop.create_task(self._work())
        return await asyncio.shield(answer)

    async def _work(self) -> None:
        try:
            while self._waiting:
                keys = list(self._waiting)[: self._most]
                answers = {key: self._waiting.pop(key) for key in keys}
                try:
                    found = await self._ask(keys)
                except Exception as error:  # noqa: BLE001  whatever it is, it belongs to who asked
                    for answer in answers.values():
                        answer.set_exception(error)
                else:
                    for key, answer in answers.items():
                        answer.set_result(found.get(key))
        finally:
            self._asking = None
