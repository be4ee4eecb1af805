"""Jobs by name, in the transaction of the data they belong to; and the process that runs them."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from procrastinate.contrib.django import app

GRACE = 20.0  # seconds for jobs that were begun
_stopping = threading.Event()
_OWN_THREADS = 4  # for what is neither: closing connections, resolving names


class WorkEnded(Exception):
    """A worker ended although nobody asked it to: the database is away, most likely, and starting again helps."""


def defer(name: str, **arguments: object) -> None:
    """Queue the job `name` with JSON arguments; it exists if and only if the surrounding transaction commits."""
    app.configure_task(name=name).defer(**arguments)  # type: ignore[arg-type]


def defer_in(wait: timedelta, name: str, **arguments: object) -> None:
    """Queue the job `name` to run no earlier than `wait` from now."""
    app.configure_task(name=name, schedule_in={"seconds": int(wait.total_seconds())}).defer(**arguments)  # type: ignore[arg-type]


def work(*, threads: Mapping[str, int]) -> None:
    """Run jobs until SIGTERM or Ctrl-C, of each queue so many at a time: none waits for those of another queue.

    What was begun is finished first. Raises WorkEnded.
    """
    asyncio.run(_work(threads))


def stopping() -> bool:
    """Say whether this process is about to end: a job that does one thing after the other begins no more of them."""
    return _stopping.is_set()


async def _work(threads: Mapping[str, int]) -> None:
    loop = asyncio.get_running_loop()
    # The threads that the loop makes by itself are few where cores are few, and would be shared by all queues.
    loop.set_default_executor(ThreadPoolExecutor(sum(threads.values()) + _OWN_THREADS, thread_name_prefix="job"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        async with app.open_async():
            workers = [
                asyncio.create_task(
                    # Finished jobs are deleted: the queue's speed depends on its size.
                    app.run_worker_async(
                        queues=[queue], concurrency=count, delete_jobs="successful", shutdown_graceful_timeout=GRACE,
                        install_signal_handlers=False,
                    )
                )
                for queue, count in threads.items()
            ]  # fmt: skip
            asked = asyncio.create_task(stop.wait())
            await asyncio.wait([*workers, asked], return_when=asyncio.FIRST_COMPLETED)
            _stopping.set()
            for task in (*workers, asked):
                task.cancel()  # of a worker: asks it to stop
            ended = await asyncio.gather(*workers, return_exceptions=True)
    causes = [one for one in ended if isinstance(one, Exception)]
    if causes or not stop.is_set():
        raise WorkEnded(", ".join(type(one).__name__ for one in causes) or "see the log") from next(iter(causes), None)
