"""N-11: frames no client of ours would send. Each ends its own socket, soon, and no other."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.attacks.conftest import HOST, House
from tests.attacks.wire import BINARY, CONTINUED, PING, TEXT, Socket, connect


def deep(depth: int) -> str:
    """Word a frame with this many brackets in each other."""
    return '{"t":"ping","x":' + "[" * depth + "]" * depth + "}"


BROKEN: dict[str, tuple[Callable[[Socket], None], set[int]]] = {
    "64 KB and one byte": (lambda socket: socket.send("x" * (64 * 1024 + 1)), {1009}),
    "a megabyte": (lambda socket: socket.send('{"t":"ping","x":"' + "x" * 2**20 + '"}'), {1009}),
    "a length and no bytes": (
        lambda socket: socket.link.sendall(b"\x81\xff" + b"\x00\x00\x00\x7f\xff\xff\xff\xff" + b"\0" * 4),
        {1009},
    ),
    "fragments without end": (lambda socket: fragments(socket), {1009}),
    "binary": (lambda socket: socket.raw(BINARY, b'{"t":"ping"}'), {1008}),
    "not masked": (lambda socket: socket.raw(TEXT, b'{"t":"ping"}', masked=False), {1002}),
    "continued, never begun": (lambda socket: socket.raw(CONTINUED, b"x"), {1002}),
    "an endless ping": (lambda socket: socket.raw(PING, b"x" * 126), {1002}),
    "compressed, which nobody agreed on": (lambda socket: socket.link.sendall(b"\xc1\x85\0\0\0\0hello"), {1002}),
    "an opcode of nobody": (lambda socket: socket.raw(3, b"x"), {1002}),
    "not UTF-8": (lambda socket: socket.raw(TEXT, b'{"t":"\xff\xfe"}'), {1007, 1008}),
    "half a pair": (lambda socket: socket.send('{"t":"ping","x":"\\ud800"}'), {1008}),
    "no JSON": (lambda socket: socket.send("hello"), {1008}),
    "nothing": (lambda socket: socket.send(""), {1008}),
    "a list": (lambda socket: socket.send(["ping"]), {1008}),
    "a number for t": (lambda socket: socket.send({"t": 1}), {1008}),
    "no t": (lambda socket: socket.send({"x": 1}), {1008}),
    "an unknown t": (lambda socket: socket.send({"t": "subscribe", "topic": "*"}), {1008}),
    "a private name for t": (lambda socket: socket.send({"t": "__class__"}), {1008}),
    "hello again": (lambda socket: socket.send({"t": "hello", "v": 1}), {1008}),
    "30,000 deep": (lambda socket: socket.send(deep(30_000)), {1008}),
    "not a number": (lambda socket: socket.send('{"t":"ping","x":NaN}'), {1008}),
}


WRITING = {"a megabyte", "fragments without end", "64 KB and one byte"}


def fragments(socket: Socket) -> None:
    """Begin a message and never end it."""
    socket.raw(TEXT, b"x" * 1000, last=False)
    for _ in range(100):
        socket.raw(CONTINUED, b"x" * 1000, last=False)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_frame_closes_its_socket_and_no_other(house: House, broken: str) -> None:
    act, codes = BROKEN[broken]
    other, _ = house.chat()
    socket, _ = house.chat()
    started = time.monotonic()
    with contextlib.suppress(OSError):  # closed under us, which is the point
        act(socket)
    # A server that closes while we still write may take the close frame with it.
    assert socket.closed() in codes | ({1006} if broken in WRITING else set())
    assert time.monotonic() - started < 2
    started = time.monotonic()
    other.ask({"t": "ping"}, "pong")
    assert time.monotonic() - started < 1


def test_a_thousand_brackets_are_still_json(house: House) -> None:
    """N-11: read, or refused as what they are; in neither case does the process suffer."""
    socket, _ = house.chat()
    socket.send(deep(1000))
    assert socket.receive()["t"] == "pong"


@pytest.mark.parametrize(
    "first",
    [
        None,
        '{"t":"ping"}',
        '{"t":"hello"}',
        '{"t":"hello","v":2}',
        '{"t":"hello","v":"1"}',
        '{"t":"send","id":"a","text":"b"}',
        "x",
    ],
)
def test_who_does_not_say_hello_is_out_within_five_seconds(house: House, first: str | None) -> None:
    socket = Socket(house.port)
    started = time.monotonic()
    if first is not None:
        socket.send(first)
    assert socket.closed(within=7) == (4401 if first is None else 1008)
    assert time.monotonic() - started < 6.5


def test_a_handshake_that_never_ends_is_cut(house: House) -> None:
    """N-11: neither with nor without a first byte does a connection stay."""
    silent, slow = connect(house.port, timeout=30), connect(house.port, timeout=30)
    with silent, slow:
        slow.sendall(b"GET /live/chat HTTP/1.1\r\nHost: a\r\n")
        started = time.monotonic()
        assert silent.recv(1) == b""
        assert slow.recv(1) == b""
        assert time.monotonic() - started < 15


def at(secure: House, address: str) -> Socket:
    """Open a chat from this address through our proxy, under the limits of production."""
    headers = ("X-Forwarded-Proto: https", f"X-Forwarded-For: {address}")
    socket = Socket(secure.port, host=HOST, origins=(f"https://{HOST}",), headers=headers)
    socket.hello()
    return socket


def test_a_flood_ends_its_own_socket_and_costs_nobody_else(secure: House) -> None:
    """N-11: a thousand frames at once on each of ten sockets; others talk on and memory stays."""
    other = at(secure, "203.0.113.1")
    other.say("before")
    floods = [at(secure, f"203.0.113.{number}") for number in range(10, 20)]
    before = secure.memory()
    flood = b"".join(_masked({"t": "typing", "on": True}) for _ in range(1000))
    for socket in floods:
        try:
            socket.link.sendall(flood)
        except OSError:
            continue
    waits = []
    for number in range(15):
        started = time.monotonic()
        assert other.say(f"still here {number}")["t"] == "ack"
        waits.append(time.monotonic() - started)
    assert sorted(waits)[12] < 1.5, waits
    # What was on its way when it closed is answered with a reset, which may overtake the close frame.
    assert {socket.closed(within=10) for socket in floods} <= {1008, 1006}
    assert secure.memory() - before < 50e6


def test_messages_faster_than_anyone_types_are_asked_to_wait(secure: House) -> None:
    """B-01 on the wire: twenty a minute, then rate_limited with a time, and nothing of it is stored."""
    socket = at(secure, "203.0.113.77")
    answers = [socket.say(f"message {number}") for number in range(24)]
    assert [answer["t"] for answer in answers[:20]] == ["ack"] * 20
    assert {answer.get("code") for answer in answers[20:]} == {"rate_limited"}
    assert all(answer["retry_after"] >= 1 for answer in answers[20:])


def _masked(frame: Any) -> bytes:
    body = orjson.dumps(frame)
    return bytes([129, 128 | len(body)]) + b"\0\0\0\0" + body
