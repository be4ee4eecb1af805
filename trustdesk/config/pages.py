"""From the event loop to Django and back: a request goes to a thread of a pool, its answer comes back in one piece.

Each step from a thread to the loop costs as much as a small page, so an answer that is not large takes one of them.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

GATHERED = 256 * 1024  # bytes of an answer that wait for its end; of a larger one its parts go out meanwhile


class Threads:
    """Runs a WSGI application in threads, as an ASGI application."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, count: int) -> None:
        """Take the application and how many requests it answers at a time."""
        self._application = application
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="pages")

    async def __call__(self, scope: Scope, body: bytes | Receive, send: Send) -> None:
        """Answer one request, whose body has been read, or is read part by part. Raises what the application raises."""
        loop = asyncio.get_running_loop()
        source = io.BytesIO(body) if isinstance(body, bytes) else io.BufferedReader(_Parts(body, loop), 64 * 1024)

        def now(messages: list[Message]) -> None:
            asyncio.run_coroutine_threadsafe(_all(send, messages), loop).result()

        answer = _Answer(now)
        await loop.run_in_executor(
            self._pool, copy_context().run, answer.make, self._application, environ(scope, source)
        )
        await _all(send, answer.messages)


class _Answer:
    """One answer while it is made, in a thread; `now` sends what has been gathered and waits until it is sent."""

    def __init__(self, now: Callable[[list[Message]], None]) -> None:
        self.messages: list[Message] = []
        self._now = now
        self._start: Message = {}

    def make(self, application: Callable[..., Iterable[bytes]], about: dict[str, Any]) -> None:
        """Run the application; what is still to be sent is in `messages` then."""
        parts: list[bytes] = []
        size = 0
        found = application(about, self._begin)
        try:
            for part in found:
                parts.append(part)
                size += len(part)
                if size > GATHERED:
                    self._gather(parts, more=True)
                    self._now(self.messages)
                    self.messages, parts, size = [], [], 0
            self._gather(parts, more=False)
        finally:
            getattr(found, "close", _nothing)()

    def _begin(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], None]:
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._start = {"type": "http.response.start", "status": int(status[:3]), "headers": fields}
        return _unasked

    def _gather(self, parts: list[bytes], *, more: bool) -> None:
        if self._start:
            self.messages.append(self._start)
            self._start = {}
        self.messages.append({"type": "http.response.body", "body": b"".join(parts), "more_body": more})


class _Parts(io.RawIOBase):
    """A body read by a thread as it arrives; it ends where the client goes away."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive, self._loop = receive, loop
        self._rest = memoryview(b"")
        self._more = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one part goes; 0 at the end."""
        while not self._rest and self._more:
            message = asyncio.run_coroutine_threadsafe(_await(self._receive), self._loop).result()
            self._rest, self._more = memoryview(message.get("body", b"")), message.get("more_body", False)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def environ(scope: Scope, body: Any) -> dict[str, Any]:
    """Describe a request as PEP 3333 has it."""
    host, port = scope.get("server") or ("localhost", 80)
    client, client_port = scope.get("client") or ("", 0)
    found = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": client,
        "REMOTE_PORT": str(client_port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        text = value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


async def _all(send: Send, messages: list[Message]) -> None:
    for message in messages:
        await send(message)


async def _await(receive: Receive) -> Message:
    return await receive()


def _unasked(_part: bytes) -> None:
    raise NotImplementedError("write() of PEP 3333 is for old frameworks")


def _nothing() -> None:
    pass
