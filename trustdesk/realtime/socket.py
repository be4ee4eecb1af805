"""One WebSocket: JSON frames in, JSON frames out through a bounded buffer. Knows nothing of what they mean."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

log = logging.getLogger(__name__)

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Frame = dict[str, Any]

BUFFER = 256 * 1024         # bytes waiting for a slow reader before it is dropped
LINGER = 5.0                # seconds a dropped reader has to take the close frame

PROTOCOL_BROKEN, TOO_BUSY, NO_HELLO, TOO_SLOW = 1008, 1013, 4401, 4408


class Gone(Exception):
    """The socket is closed; there is nobody to talk to."""


class Broken(Exception):
    """The client broke the protocol."""


class Socket:
    """Frames of one connection. `send` never waits; `receive` raises Gone at the end and Broken for what is no frame."""

    __slots__ = ("_closed", "_closing", "_receive", "_scope", "_send", "_size", "_task", "_waiting", "address", "heard_at")

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, trusted_proxies: int = 0) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._waiting: deque[bytes] | None = None
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._closed = False
        self.address = client_address(scope, trusted_proxies=trusted_proxies)
        self.heard_at = 0.0

    async def accept(self) -> None:
        """Complete the handshake."""
        message = await self._receive()
        if message["type"] != "websocket.connect":
            raise Gone
        await self._send({"type": "websocket.accept"})

    async def refuse(self) -> None:
        """Answer the handshake with 403."""
        await self._receive()
        await self._send({"type": "websocket.close", "code": 1008})

    async def receive(self) -> Frame:
        """Wait for the next frame."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self._closed = True
            raise Gone
        self.heard_at = asyncio.get_running_loop().time()
        text = message.get("text")
        try:
            frame = orjson.loads(text) if text is not None else None
        except orjson.JSONDecodeError:
            frame = None
        if not isinstance(frame, dict) or not isinstance(frame.get("t"), str):
            raise Broken
        return frame

    def send(self, frame: Frame) -> None:
        """Queue a frame; a reader too slow for the buffer is dropped and comes back to resume."""
        if self._closed:
            return
        data = encoded(frame)
        if self._waiting is None:
            self._waiting, self._size = deque(), 0
        # The oldest does not count: one large frame, and what follows it at once, is not a slow reader.
        if self._waiting and self._size + len(data) - len(self._waiting[0]) > BUFFER:
            self.close(TOO_SLOW)
            return
        self._waiting.append(data)
        self._size += len(data)
        if self._task is None:
            self._task = asyncio.create_task(self._drain())

    def close(self, code: int) -> None:
        """Send what is waiting, unless the reader is too slow, then close."""
        if self._closed:
            return
        self._closed = True
        if code == TOO_SLOW and self._waiting is not None:
            self._waiting.clear()
        loop = asyncio.get_running_loop()
        self._closing = loop.create_task(self._finish(self._task, code))
        loop.call_later(LINGER, self._abort, self._closing)

    async def ended(self) -> None:
        """Wait for what `close` began: an application that returns earlier cuts the connection, its code unheard."""
        if self._closing is not None:
            await asyncio.wait([self._closing], timeout=LINGER)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                data = self._waiting.popleft()
                self._size -= len(data)
                await self._send({"type": "websocket.send", "text": data.decode()})
        except Exception as error:  # noqa: BLE001  the peer went away under us: the receiving side learns it too
            log.debug("socket: %s while sending", type(error).__name__)
            self._closed = True
        finally:
            self._task = None
            self._waiting = None

    async def _finish(self, draining: asyncio.Task[None] | None, code: int) -> None:
        if draining is not None:
            await asyncio.wait([draining], timeout=LINGER)
        try:
            await self._send({"type": "websocket.close", "code": code})
        except Exception as error:  # noqa: BLE001  there is nobody left to tell
            log.debug("socket: %s while closing", type(error).__name__)

    def _abort(self, closing: asyncio.Task[None]) -> None:
        """Cut the connection of a reader that has not taken the close frame by now; of any other nothing is left to cut."""
        if not closing.done():
            closing.cancel()
            if self._task is not None:
                self._task.cancel()
        abort = self._scope.get("state", {}).get("abort")
        if abort is not None:
            abort()


def encoded(frame: Frame) -> bytes:
    """Write a frame as JSON, times in UTC to the second; clients that poll get the very same."""
    return orjson.dumps(frame, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS)


def client_address(scope: Scope, *, trusted_proxies: int) -> str:
    """Return the client's address, believing only the X-Forwarded-For entries that our own proxies wrote."""
    if trusted_proxies:
        entries = [part.strip() for name, value in scope["headers"] if name == b"x-forwarded-for"
                   for part in value.decode("latin-1").split(",")]
        if len(entries) >= trusted_proxies:
            return str(entries[-trusted_proxies])
    return str(scope["client"][0]) if scope.get("client") else ""


def own_origin(scope: Scope, *, public_url: str) -> bool:
    """Say whether the handshake carries exactly one Origin and it is ours: the public address or the host it came to."""
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    if len(origins) != 1 or len(hosts) != 1:
        return False
    parts = urlsplit(origins[0])
    if origins[0].rstrip("/") == public_url:
        return True
    own = urlsplit(public_url)
    loopback = {"localhost", "127.0.0.1", "[::1]"}
    return own.hostname in loopback and parts.scheme == "http" and parts.netloc == hosts[0] and parts.hostname in loopback


class Pace:
    """Counts one client's frames: more than `most` within ten seconds is too many."""

    __slots__ = ("_count", "_most", "_since")

    def __init__(self, most: int) -> None:
        self._since, self._count, self._most = 0.0, 0, most

    def kept(self, at: float) -> bool:
        """Count one frame at loop time `at` (seconds); False when there are too many."""
        if at - self._since > 10:
            self._since, self._count = at, 0
        self._count += 1
        return self._count <= self._most
