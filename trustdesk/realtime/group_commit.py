"""Group commit: while one batch is being committed the next one gathers.

One writer thread a process drains a queue of items; `run` stores a list of them in one transaction. A batch that
fails is tried again one by one, so that one bad item hurts only itself. An item is answered only after the commit,
or with Unavailable once its patience is over: a database that says nothing must not keep anybody waiting.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

log = logging.getLogger(__name__)

LOOK_EVERY = 0.25  # seconds between two looks for items whose patience is over

T = TypeVar("T")
R = TypeVar("R")


class Unavailable(Exception):
    """Nothing was acknowledged; sending the same item again after `retry_after` seconds is safe and may help."""

    retry_after = 2


@dataclass(slots=True)
class _Waiting(Generic[T]):
    item: T
    born: float
    future: Any  # asyncio.Future with its loop, or concurrent Future without
    loop: asyncio.AbstractEventLoop | None


class GroupCommit(Generic[T, R]):
    """A queue in front of `run(items) -> outcomes`, in the order given; an outcome that is an exception refuses its item alone."""

    def __init__(
        self,
        run: Callable[[list[T]], Sequence[R | Exception]],
        *,
        name: str,
        most: int = 200,
        bound: int = 5000,
        patience: float = 2.0,
    ) -> None:
        """`most` items a batch, `bound` waiting at the most, `patience` seconds before an item is given up."""
        self._run, self._name, self._most, self._bound, self._patience = run, name, most, bound, patience
        self._queue: queue.SimpleQueue[_Waiting[T]] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._unanswered: dict[asyncio.AbstractEventLoop, deque[_Waiting[T]]] = {}

    def submit(self, item: T) -> Future[R]:
        """Queue an item from a thread; the future fails with Unavailable or with what `run` raised for it alone."""
        future: Future[R] = Future()
        self._put(_Waiting(item, time.monotonic(), future, None))
        return future

    def put(self, item: T) -> asyncio.Future[R]:
        """Queue an item from the running event loop, in the order of the calls; the future fails as that of `submit`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        waiting = _Waiting(item, time.monotonic(), future, loop)
        self._put(waiting)
        unanswered = self._unanswered.get(loop)
        if unanswered is None:
            unanswered = self._unanswered[loop] = deque()
            loop.call_later(LOOK_EVERY, self._give_up, loop)
        unanswered.append(waiting)
        return future

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Answer whoever has waited too long; if it is stored after all, sending it again finds it. Runs on the loop."""
        unanswered, oldest = self._unanswered[loop], time.monotonic() - self._patience
        while unanswered and (unanswered[0].future.done() or unanswered[0].born < oldest):
            waiting = unanswered.popleft()
            if not waiting.future.done():
                waiting.future.set_exception(Unavailable("the database was too slow"))
        if unanswered:
            loop.call_later(LOOK_EVERY, self._give_up, loop)
        else:
            del self._unanswered[loop]

    def _put(self, waiting: _Waiting[T]) -> None:
        if self._queue.qsize() >= self._bound:
            waiting.future.set_exception(Unavailable("the writer's queue is full"))
            return
        if self._thread is None or not self._thread.is_alive():
            with self._start:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                    self._thread.start()
        self._queue.put(waiting)

    def _work(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < self._most:
                try:
                    batch.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            batch = [waiting for waiting in batch if not waiting.future.done()]  # nobody waits for the others any more
            if batch:
                self._settle(batch, self._commit(batch))
            if self._queue.empty():
                close_old_connections()  # back to the pool, which looks at it before it gives it out again

    def _commit(self, batch: list[_Waiting[T]]) -> list[R | Exception]:
        try:
            return [*self._attempt([waiting.item for waiting in batch])]
        except (OperationalError, InterfaceError) as gone:
            if len(batch) == 1 or not _blames_one(gone):
                log.warning("%s: %d items refused: %s", self._name, len(batch), type(gone).__name__)
                return [Unavailable("the database did not take it") for _ in batch]
        except Exception as error:  # noqa: BLE001  it belongs to whoever sent the item
            if len(batch) == 1:
                log.warning("%s: one item refused: %s", self._name, type(error).__name__)
                return [error]
        return [self._alone(waiting) for waiting in batch]

    def _alone(self, waiting: _Waiting[T]) -> R | Exception:
        if time.monotonic() - waiting.born > self._patience:
            return Unavailable("the database was too slow")
        return self._commit([waiting])[0]

    def _attempt(self, items: list[T]) -> Sequence[R | Exception]:
        try:
            return self._run(items)
        except Exception:
            close_old_connections()  # a lost connection would otherwise stay lost in this thread
            raise

    def _settle(self, batch: list[_Waiting[T]], outcomes: list[R | Exception]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, R | Exception]]] = defaultdict(list)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if waiting.loop is not None:
                by_loop[waiting.loop].append((waiting.future, outcome))
            else:
                _resolve([(waiting.future, outcome)])
        for loop, pairs in by_loop.items():
            try:
                loop.call_soon_threadsafe(_resolve, pairs)
            except RuntimeError:  # the loop has ended: stored, but nobody is left to be told
                log.info("%s: %d answers after shutdown", self._name, len(pairs))


def _blames_one(error: Exception) -> bool:
    """Say whether one locked row or one conflict made the batch fail, rather than the database as a whole."""
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state in {"55P03", "40P01", "40001"}  # lock not available, deadlock, serialization failure


def _resolve(pairs: list[tuple[Any, Any]]) -> None:
    for future, outcome in pairs:
        if future.cancelled() or future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
