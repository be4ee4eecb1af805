"""A receiver in a thread of its own, and a client that speaks SMTP byte by byte."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from trustdesk.net.smtp_server import Envelope, Limits, Receiver

OURS = "support@desk.test"
QUICK = {"greeting_delay": 0.0}
LETTER = b"From: lin@mail.test\r\nMessage-ID: <1@mail.test>\r\nSubject: Case\r\n\r\nHello\r\n"


class Core:
    """Stands for the core: keeps each mail once, by its content below our trace fields."""

    def __init__(self) -> None:
        self.calls: list[Envelope] = []
        self.stored: dict[str, Envelope] = {}
        self.errors: list[Exception] = []  # raised one by one, before anything is stored
        self.slowly = 0.0  # seconds that storing takes
        self.stored_once: Callable[[], None] | None = None  # called once, between the commit and the 250

    async def take(self, envelope: Envelope) -> None:
        self.calls.append(envelope)
        await asyncio.sleep(self.slowly)
        if self.errors:
            raise self.errors.pop(0)
        self.stored.setdefault(hashlib.sha256(body(envelope)).hexdigest(), envelope)
        if self.stored_once:
            call, self.stored_once = self.stored_once, None
            await asyncio.to_thread(call)

    @property
    def bodies(self) -> list[bytes]:
        return [body(one) for one in self.stored.values()]

    def wait(self, number: int, *, seconds: float = 15.0) -> list[Envelope]:
        """Wait until so many different mails are stored."""
        deadline = time.monotonic() + seconds
        while len(self.stored) < number and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.stored) == number
        return list(self.stored.values())


def body(envelope: Envelope) -> bytes:
    """Return what the client sent: the content without what we and relays of the test wrote above it."""
    return re.sub(rb"\A(?:(?:Return-Path|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)+", b"", envelope.content)


@contextmanager
def receiving(core: Core, *, limits: dict[str, Any] | None = None, **options: Any) -> Iterator[Running]:
    bounds = Limits(**(QUICK | (limits or {})))

    def ours(address: str) -> bool:
        return address.lower().endswith("@desk.test")

    options = {"accepts": ours} | options
    running = Running(lambda: Receiver(take=core.take, hostname="mx.test", limits=bounds, **options))
    try:
        yield running
    finally:
        running.stop(grace=0.5)


class Running:
    """A receiver at work."""

    def __init__(self, make: Callable[[], Receiver]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="receiver")
        self._thread.start()
        self.errors: list[Any] = []
        self._loop.set_exception_handler(lambda loop, context: self.errors.append(context))
        self.port = self._call(self._start(make))
        self._stopped = False

    async def _start(self, make: Callable[[], Receiver]) -> int:
        self.receiver = make()
        return await self.receiver.start()

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def stop(self, *, grace: float = 10.0) -> None:
        if not self._stopped:
            self._stopped = True
            self._call(self.receiver.stop(grace=grace))
            self._call(asyncio.sleep(0.01))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()
        assert self.errors == []


class Client:
    """Sends bytes and reads replies."""

    def __init__(self, port: int, *, greeted: bool = True) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._left = b""
        if greeted:
            assert self.reply().startswith("220 mx.test")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def flood(self, data: bytes, *, pause: float = 0.0, seconds: float = 10.0) -> None:
        """Send the same again and again; raises OSError once the server does not take it any more."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.send(data)
            time.sleep(pause)

    def reply(self) -> str:
        """Read one whole reply; blank when the server has hung up."""
        lines = []
        while True:
            while b"\r\n" not in self._left:
                try:
                    more = self.socket.recv(65536)
                except ConnectionResetError:
                    more = b""
                if not more:
                    return ""
                self._left += more
            line, _, self._left = self._left.partition(b"\r\n")
            lines.append(line.decode())
            if line[3:4] != b"-":
                return "\n".join(lines)

    def ask(self, line: str | bytes) -> str:
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.reply()

    def code(self, line: str | bytes) -> str:
        return self.ask(line)[:3]

    def begin(self, *recipients: str, sender: str = "lin@mail.test") -> None:
        """Go as far as the answer to DATA."""
        assert self.code("EHLO client.test") == "250"
        assert self.code(f"MAIL FROM:<{sender}>") == "250"
        for recipient in recipients or (OURS,):
            assert self.code(f"RCPT TO:<{recipient}>") == "250"
        assert self.code("DATA") == "354"

    def starttls(self, context: ssl.SSLContext, name: str = "mx.test") -> None:
        self.socket = context.wrap_socket(self.socket, server_hostname=name)

    def rest(self) -> list[str]:
        """Read replies until the server hangs up."""
        found = []
        while reply := self.reply():
            found.append(reply)
        return found
