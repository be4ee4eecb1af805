"""A TCP proxy that can pause, swallow, slow down, or cut what goes through it. It runs in a thread of its own."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Self

RETRANSMISSION = 1.0  # seconds


@dataclass(eq=False)
class _Link:
    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    dead: bool = False
    far_closed_at: float | None = None

    def cut(self) -> None:
        for writer in (self.near, self.far):
            if writer.transport is not None:
                writer.transport.abort()


class Proxy:
    """`with Proxy(port) as proxy:` forwards `proxy.port` to `port`; both on the loopback address."""

    def __init__(
        self, to_port: int, *, latency: float = 0.0, jitter: float = 0.0, rate: int = 0, loss: float = 0.0, seed: int = 0
    ) -> None:
        """Every piece of data waits `latency` ± `jitter` seconds, in order, and passes at `rate` bytes a second (0: at once).

        Of what is lost (`loss`, a share of the pieces) TCP's second try arrives: it comes a second later, and so does all behind it.
        """
        self.to_port, self.latency, self.jitter, self.rate, self.loss = to_port, latency, jitter, rate, loss
        self.port = 0
        self._dice = random.Random(seed)
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._refusing = self._swallowing = False
        self._mark, self._more = b"", 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *error: object) -> None:
        """Cut everything and stop."""
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # Faults.

    def pause(self) -> None:
        """Hold back everything; nothing is lost."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def swallow(self) -> None:
        """Go half-open: connections of now stay open on both sides for ever, and nothing arrives any more."""
        self._call(self._set(swallowing=True))

    def forget(self) -> None:
        """Let the connections of now go half-open; new ones work."""
        self._call(self._set(swallowing=True))
        self._swallowing = False

    def cut(self) -> None:
        """Cut every connection; new ones work."""
        self._call(self._set(refusing=True))
        self._refusing = False

    def reset(self) -> None:
        """Cut every connection and refuse new ones."""
        self._call(self._set(refusing=True))

    def cut_at(self, mark: bytes, *, more: int = 0) -> None:
        """Cut the connection on which the far side next sends `mark`, `more` bytes behind it; once."""
        self._mark, self._more = mark, more

    def heal(self) -> None:
        """Work again. Connections that lost data are cut, as the kernel does when its patience is over."""
        self._call(self._set())

    def far_closed(self) -> list[float]:
        """Return when the far sides closed their connections (monotonic seconds)."""
        return [link.far_closed_at for link in list(self._links) if link.far_closed_at is not None]

    # Inside.

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _set(self, *, swallowing: bool = False, refusing: bool = False) -> None:
        self._swallowing, self._refusing = swallowing, refusing
        for link in list(self._links):
            if swallowing:
                link.dead = True
            elif refusing or link.dead:
                link.cut()
        self._flowing.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._loop.run_forever()

    async def _listen(self) -> None:
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready.set()

    async def _stop(self) -> None:
        self._server.close()
        for link in list(self._links):
            link.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, far_writer, dead=self._swallowing)
        self._links.add(link)
        for pump in (self._pump(link, reader, far_writer), self._pump(link, far_reader, writer, far=True)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _delay(self, size: int) -> float:
        delay = max(0.0, self._dice.uniform(self.latency - self.jitter, self.latency + self.jitter))
        if self.rate:
            delay += size / self.rate
        return delay + (RETRANSMISSION if self.loss and self._dice.random() < self.loss else 0.0)

    async def _pump(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, far: bool = False
    ) -> None:
        try:
            while data := await reader.read(65536):
                await self._flowing.wait()
                if delay := self._delay(len(data)):
                    await asyncio.sleep(delay)
                if far and self._mark and (at := data.find(self._mark)) >= 0:
                    data = data[: at + len(self._mark) + self._more]
                    self._mark = b""
                    writer.write(data)
                    await asyncio.sleep(0.05)  # what was sent arrives before the cut
                    break
                if not link.dead:
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass  # cut, by us or by a peer
        if far:
            link.far_closed_at = time.monotonic()
        if not link.dead:
            link.cut()
            self._links.discard(link)
