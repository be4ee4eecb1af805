"""Jobs by name, in the transaction of the data they belong to; and the process that runs them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from procrastinate.contrib.django import app

GRACE = 20.0  # seconds for jobs that were begun
_OWN_THREADS = 4  # for what is neither: closing connections, resolving names


def defer(name: str, **arguments: object) -> None:
    """Queue the job `name` with JSON arguments; it exists if and only if the surrounding transaction commits."""
    app.configure_task(name=name).defer(**arguments)  # type: ignore[arg-type]


def defer_in(wait: timedelta, name: str, **arguments: object) -> None:
    """Queue the job `name` to run no earlier than `wait` from now."""
    app.configure_task(name=name, schedule_in={"seconds": int(wait.total_seconds())}).defer(**arguments)  # type: ignore[arg-type]


def work(*, threads: Mapping[str, int]) -> None:
    """Run jobs until SIGTERM or Ctrl-C, of each queue so many at a time: none waits for those of another queue.

    What was begun is finished first.
    """
    asyncio.run(_work(threads))


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
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait([*workers, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in (*workers, stopping):
                task.cancel()  # of a worker: asks it to stop
            ended = await asyncio.gather(*workers, return_exceptions=True)
    for one in ended:
        if isinstance(one, Exception):
            raise one
