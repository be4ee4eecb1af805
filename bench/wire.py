"""A WebSocket client that costs little, so that what is measured is the server: text frames, one callback a message."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import Any

import orjson

_MASK = b"\0\0\0\0"  # masking with zeroes is masking; the server cannot tell and the client saves the work


class Wire(asyncio.Protocol):
    """One connection; `on_frame(frame)` gets every JSON frame."""

    def __init__(self, on_frame: Callable[[dict[str, Any]], None]) -> None:
        self.on_frame = on_frame
        self.transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._data = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("refused"))
        if not self.closed.done():
            self.closed.set_result(1006)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._upgraded:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self._data[:20]:
                self.opened.set_exception(ConnectionError(self._data[:60].decode("latin-1")))
                return
            del self._data[: end + 4]
            self._upgraded = True
            self.opened.set_result(None)
        while self._take():
            pass

    def _take(self) -> bool:
        data = self._data
        if len(data) < 2:
            return False
        opcode, size, start = data[0] & 15, data[1] & 127, 2
        if size == 126:
            if len(data) < 4:
                return False
            size, start = struct.unpack_from("!H", data, 2)[0], 4
        elif size == 127:
            if len(data) < 10:
                return False
            size, start = struct.unpack_from("!Q", data, 2)[0], 10
        if len(data) < start + size:
            return False
        body = bytes(data[start : start + size])
        del data[: start + size]
        if opcode == 1:
            self.on_frame(orjson.loads(body))
        elif opcode == 9:
            self._write(10, body)
        elif opcode == 8 and not self.closed.done():
            self.closed.set_result(struct.unpack_from("!H", body)[0] if len(body) > 1 else 1005)
        return True

    def send(self, frame: dict[str, Any]) -> None:
        """Send one JSON frame."""
        self._write(1, orjson.dumps(frame))

    def _write(self, opcode: int, body: bytes) -> None:
        size = len(body)
        head = bytes([128 | opcode, 128 | size]) if size < 126 else bytes([128 | opcode, 254]) + struct.pack("!H", size)
        if self.transport is not None:
            self.transport.write(head + _MASK + body)

    def close(self) -> None:
        """Drop the connection."""
        if self.transport is not None:
            self.transport.close()


async def connect(
    host: str, port: int, path: str, on_frame: Callable[[dict[str, Any]], None], *, cookie: str = ""
) -> Wire:
    """Open a socket; raises ConnectionError when the handshake is refused."""
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: Wire(on_frame), host, port)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Origin: http://{host}:{port}",
    ]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    assert wire.transport is not None
    wire.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await wire.opened
    return wire
