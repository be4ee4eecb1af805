"""Crowds of clients, servers that are killed and come back on their port, and the seed of the run."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.db import connections

from tests.live.checker import seeded
from tests.live.client import Customer
from tests.processes import Process, free_port, start_server
from trustdesk.config.embedded import EmbeddedServer

# No limit on messages: what a fault test sends in a second, people send in an hour.
OPEN = {
    "CHAT_MESSAGES_PER_MINUTE": "1000000",
    "NEW_CHATS_PER_10_MINUTES": "1000000",
    "WEB_THREADS": "4",
    "LOG_LEVEL": "WARNING",
}


class Server:
    """A serving process that can be killed and started again where its clients expect it."""

    def __init__(self, *, url: str, var: Path, env: dict[str, str]) -> None:
        self.url, self.port = url, free_port()
        self._var, self._env = var, env
        self.process: Process | None = None

    def start(self, **env: str) -> None:
        """Start it, with more of an environment if given."""
        more = {**OPEN, **self._env, **env}
        self.process = start_server(url=self.url, env=more, command=("serve",), var=self._var, port=self.port)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()

    @property
    def log(self) -> str:
        """Return what the running process has printed."""
        assert self.process is not None
        return self.process.output()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """`server(url, KEY=value…)` starts a serving process against the database at `url`."""
    made: list[Server] = []

    def start(url: str, **env: str) -> Server:
        one = Server(url=url, var=tmp_path, env={"TRUSTDESK_MODE": "test", **env})
        made.append(one)
        one.start()
        return one

    yield start
    for one in made:
        if one.process is not None:
            one.process.kill()


@pytest.fixture
def dice() -> random.Random:
    """The dice of this run; the seed is printed."""
    return seeded()


class Client(Protocol):
    """A customer's window or a desk page."""

    name: str
    connected: asyncio.Event

    def run(self) -> Coroutine[Any, Any, None]:
        """Stay connected until cancelled."""

    async def settled(self, within: float = 30) -> None:
        """Wait until everything said is acknowledged."""

    def drop(self) -> None:
        """Lose the connection without a word."""


@asynccontextmanager
async def connected(clients: Collection[Client], *, within: float = 30, at_once: int = 50) -> AsyncIterator[None]:
    """Run clients until the block ends; it begins when all have been let in."""
    tasks: list[asyncio.Task[None]] = []
    try:
        for start in range(0, len(clients), at_once):
            some = list(clients)[start : start + at_once]
            tasks += [asyncio.create_task(client.run()) for client in some]
            await asyncio.wait_for(asyncio.gather(*(client.connected.wait() for client in some)), within)
        yield
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def chatter(customers: list[Customer], dice: random.Random, *, seconds: float, rate: float) -> None:
    """Let them talk, `rate` messages a second altogether, evenly mixed."""
    loop = asyncio.get_running_loop()
    start, said = loop.time(), 0
    while (elapsed := loop.time() - start) < seconds:
        while said < elapsed * rate:
            dice.choice(customers).say()
            said += 1
        await asyncio.sleep(0.01)


async def all_settled(clients: Collection[Client], within: float = 30) -> None:
    """Wait until everything everybody said is acknowledged."""
    await asyncio.gather(*(client.settled(within) for client in clients))


def group(
    count: int, port: int, dice: random.Random, *, name: str = "c", wait: tuple[float, float] = (0.2, 0.8)
) -> list[Customer]:
    """Make strangers, one window each; they come back sooner than people's browsers do, to keep tests short."""
    return [
        Customer(port, name=f"{name}{number}", dice=random.Random(dice.random()), first_wait=wait)
        for number in range(count)
    ]


@pytest.fixture
def mortal(postgres: EmbeddedServer, clone_database: Callable[[], str]) -> Iterator[EmbeddedServer]:
    """The session's PostgreSQL, for killing; it runs again before the clones are dropped."""
    yield postgres
    postgres.start()
    connections["default"].close()
    connections["default"].close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's backend only


def kill_postgres(postgres: EmbeddedServer) -> None:
    """Kill the postmaster and all its children with -9."""
    postmaster = postgres.pid()
    assert postmaster is not None
    children = [pid for pid in (int(path.name) for path in Path("/proc").glob("[0-9]*")) if parent(pid) == postmaster]
    assert children
    for pid in (postmaster, *children):
        os.kill(pid, signal.SIGKILL)


def parent(pid: int) -> int:
    """Return the parent's process id, 0 for a process that has just ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
