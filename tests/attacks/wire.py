"""What an attacker has: a raw connection, and a WebSocket client that may break every rule."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import orjson

Frame = dict[str, Any]
TEXT, BINARY, CONTINUED, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer on a connection; header names in lower case. Status 0: closed without an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header that must not stand twice; "" when absent."""
        found = [value for key, value in self.headers if key == name.lower()]
        assert len(found) < 2, f"{name} stands twice: {found}"
        return found[0] if found else ""


def connect(port: int, *, timeout: float = 15) -> socket.socket:
    """Open a connection to the server under attack."""
    link = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def exchange(port: int, request: bytes | Iterable[bytes], *, timeout: float = 15) -> Answer:
    """Send bytes as they are and read what comes back until the server closes or the answer is complete."""
    with connect(port, timeout=timeout) as link:
        try:
            for piece in [request] if isinstance(request, bytes) else request:
                link.sendall(piece)
        except OSError:
            pass  # refused in the middle of it: the answer is what counts
        return read_answer(link)


def read_answer(link: socket.socket) -> Answer:
    """Read one answer."""
    data = bytearray()
    try:
        while not (found := re.match(rb"HTTP/1\.1 (\d{3})[^\r]*\r\n(.*?)\r\n\r\n", data, re.DOTALL)):
            piece = link.recv(65536)
            if not piece:
                return Answer(0, (), bytes(data))
            data += piece
    except ConnectionError:
        return Answer(0, (), bytes(data))
    lines = [line.split(b":", 1) for line in found[2].split(b"\r\n")]
    headers = tuple((name.decode("latin-1").lower(), value.strip().decode("latin-1")) for name, value in lines)
    body = data[found.end() :]
    length = dict(headers).get("content-length")
    chunked = dict(headers).get("transfer-encoding") == "chunked"
    try:
        while not (length and len(body) >= int(length)) and not (chunked and body.endswith(b"0\r\n\r\n")):
            piece = link.recv(65536)
            if not piece:
                break
            body += piece
    except OSError:
        pass  # cut off: what has come is the answer
    return Answer(int(found[1]), headers, bytes(body))


def get(
    port: int, path: str, *headers: str, method: str = "GET", host: str = "", body: bytes = b"", timeout: float = 15
) -> Answer:
    """Make a plain request; `headers` are whole lines."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return exchange(port, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body, timeout=timeout)


class Refused(Exception):
    """The handshake was not answered with 101; `status` is what came instead."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class Closed(Exception):
    """The server closed the socket; `code` as in its close frame, 1006 without one."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


_open: list[socket.socket] = []


def close_all() -> None:
    """Close what a test has left open."""
    while _open:
        _open.pop().close()


class Socket:
    """A WebSocket. `origins` and `headers` go into the handshake as they are; None for `origins`: our own."""

    def __init__(
        self,
        port: int,
        path: str = "/live/chat",
        *,
        origins: tuple[str, ...] | None = None,
        headers: tuple[str, ...] = (),
        host: str = "",
        timeout: float = 15,
    ) -> None:
        host = host or f"127.0.0.1:{port}"
        origins = (f"http://{host}",) if origins is None else origins
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *(f"Origin: {one}" for one in origins),
            *headers,
        ]
        self.link = connect(port, timeout=timeout)
        _open.append(self.link)
        self._data = bytearray()
        self.heard: list[Frame] = []
        self.link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        while b"\r\n\r\n" not in self._data:
            piece = self.link.recv(65536)
            if not piece:
                break
            self._data += piece
        status = re.match(rb"HTTP/1\.1 (\d{3})", self._data)
        if status is None or status[1] != b"101":
            self.link.close()
            raise Refused(int(status[1]) if status else 0)
        del self._data[: self._data.index(b"\r\n\r\n") + 4]

    def __enter__(self) -> Socket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.link.close()

    def send(self, frame: Any) -> None:
        """Send one JSON frame, or a text as it is."""
        self.raw(TEXT, frame.encode() if isinstance(frame, str) else json.dumps(frame).encode())

    def raw(self, opcode: int, body: bytes, *, last: bool = True, masked: bool = True) -> None:
        """Send one frame of the WebSocket protocol itself."""
        size, mask = len(body), 128 if masked else 0
        head = bytes([(128 if last else 0) | opcode])
        if size < 126:
            head += bytes([mask | size])
        elif size < 65536:
            head += bytes([mask | 126]) + struct.pack("!H", size)
        else:
            head += bytes([mask | 127]) + struct.pack("!Q", size)
        self.link.sendall(head + (b"\0\0\0\0" if masked else b"") + body)

    def receive(self, *, within: float = 10) -> Frame:
        """Wait for the next JSON frame; raises Closed at the end, TimeoutError when nothing comes."""
        end = time.monotonic() + within
        while True:
            opcode, body = self._next(end)
            if opcode == TEXT:
                frame: Frame = orjson.loads(body)
                self.heard.append(frame)
                return frame
            if opcode == CLOSE:
                raise Closed(struct.unpack("!H", body[:2])[0] if len(body) > 1 else 1005)
            if opcode == PING:
                self.raw(PONG, body)

    def until(self, kind: str, *, within: float = 10) -> Frame:
        """Wait for a frame of this type; what comes before is kept in `heard`."""
        return self.when(lambda frame: frame["t"] == kind, within=within)

    def when(self, wanted: Callable[[Frame], bool], *, within: float = 10) -> Frame:
        """Wait for a frame that is wanted."""
        end = time.monotonic() + within
        while True:
            frame = self.receive(within=end - time.monotonic())
            if wanted(frame):
                return frame

    def ask(self, frame: Frame, answer: str, *, within: float = 10) -> Frame:
        """Send a frame and wait for its answer, or for the error it gets."""
        self.send(frame)
        return self.when(lambda one: one["t"] in (answer, "error"), within=within)

    def closed(self, *, within: float = 5) -> int:
        """Wait until the server closes; returns the code."""
        end = time.monotonic() + within
        try:
            while True:
                self.receive(within=end - time.monotonic())
        except Closed as closed:
            return closed.code

    def hello(self, **fields: Any) -> Frame:
        """Say hello and return the welcome."""
        self.send({"t": "hello", "v": 1, **fields})
        return self.until("welcome")

    def say(self, text: str, **fields: Any) -> Frame:
        """Send a message and return its ack, or the error."""
        return self.ask(
            {"t": "send", "id": base64.urlsafe_b64encode(os.urandom(9)).decode(), "text": text} | fields, "ack"
        )

    def _next(self, end: float) -> tuple[int, bytes]:
        while True:
            data = self._data
            if len(data) >= 2:
                size, start = data[1] & 127, 2
                if size == 126 and len(data) >= 4:
                    size, start = struct.unpack_from("!H", data, 2)[0], 4
                elif size == 127 and len(data) >= 10:
                    size, start = struct.unpack_from("!Q", data, 2)[0], 10
                if (size < 126 or start > 2) and len(data) >= start + size:
                    opcode, body = data[0] & 15, bytes(data[start : start + size])
                    del data[: start + size]
                    return opcode, body
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("nothing came")
            self.link.settimeout(left)
            try:
                piece = self.link.recv(65536)
            except ConnectionError:
                piece = b""
            if not piece:
                raise Closed(1006)
            data += piece
