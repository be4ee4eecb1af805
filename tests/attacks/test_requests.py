"""N-14, N-15: requests that are hardly requests. Each is refused, cheaply, and the next one is served as ever."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.attacks import wire
from tests.attacks.conftest import HOST, House
from tests.attacks.wire import Answer, Socket, exchange, get, read_answer
from trustdesk.customers import visitors
from trustdesk.customers.limits import Limiter
from trustdesk.customers.visitors import Visitor
from trustdesk.net.addresses import network

FORM = "Content-Type: application/x-www-form-urlencoded"


def post(*lines: str, body: bytes = b"", path: str = "/chat/transcript/") -> bytes:
    """Word a POST; the length of the body is whatever `lines` say."""
    return ("\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", FORM, *lines]) + "\r\n\r\n").encode(
        "latin-1"
    ) + body


def request(*lines: str) -> bytes:
    """Word a GET of the chat page."""
    return ("\r\n".join(["GET /chat/ HTTP/1.1", "Host: 127.0.0.1", *lines]) + "\r\n\r\n").encode("latin-1")


def chunks(size: int) -> Iterator[bytes]:
    """A chunked body of this many megabytes, in pieces."""
    yield post("Transfer-Encoding: chunked")
    for _ in range(size):
        yield b"100000\r\n" + b"a" * 2**20 + b"\r\n"


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
NONSENSE: dict[str, tuple[Callable[[], bytes | Iterator[bytes]], set[int]]] = {
    "10,000 headers of one name": (lambda: request(*["X-A: b"] * 10_000), {400, 431}),
    "10,000 headers": (lambda: request(*[f"X-{n}: b" for n in range(10_000)]), {400, 431}),
    "10,000 cookies": (lambda: request(*["Cookie: a=b"] * 10_000), {400, 431}),
    "one header of a megabyte": (lambda: request("X-A: " + "b" * 2**20), {400, 431, 0}),
    "a name of a megabyte": (lambda: request("X-" + "b" * 2**20 + ": a"), {400, 431, 0}),
    "an address of a megabyte": (lambda: b"GET /" + b"a" * 2**20 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {400, 414, 431, 0}),
    "an address of 60 KB": (
        lambda: b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        {400, 404, 414},
    ),
    "two lengths": (lambda: post("Content-Length: 5", "Content-Length: 6", body=b"abcdef" + SMUGGLED), {400}),
    "two equal lengths": (lambda: post("Content-Length: 5", "Content-Length: 5", body=b"abcde"), {400}),
    "a list of lengths": (lambda: post("Content-Length: 5, 6", body=b"abcdef" + SMUGGLED), {400}),
    "a length below nothing": (lambda: post("Content-Length: -1", body=SMUGGLED), {400}),
    "a length with a sign": (lambda: post("Content-Length: +5", body=b"abcde" + SMUGGLED), {400}),
    "a length in hex": (lambda: post("Content-Length: 0x5", body=b"abcde" + SMUGGLED), {400}),
    "a length beyond counting": (lambda: post("Content-Length: " + "9" * 40), {400, 413}),
    "a length over the bound": (lambda: post("Content-Length: 300000000"), {413}),
    "CL.TE": (lambda: post("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED), {400}),
    "TE.CL": (lambda: post("Transfer-Encoding: chunked", "Content-Length: 4", body=b"0\r\n\r\n" + SMUGGLED), {400}),
    "TE.TE": (lambda: post("Transfer-Encoding: chunked", "Transfer-Encoding: x", body=b"0\r\n\r\n" + SMUGGLED), {400}),
    "an odd encoding": (lambda: post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + SMUGGLED), {400}),
    "a folded encoding": (
        lambda: post("Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n" + SMUGGLED),
        {400, 403, 404},
    ),
    "a space before the colon": (lambda: post("Transfer-Encoding : chunked", body=b"0\r\n\r\n" + SMUGGLED), {400}),
    "a bare LF": (lambda: b"GET /chat/ HTTP/1.1\nHost: a\n\n", {400}),
    "a NUL in a header": (lambda: request("X-A: a\0b"), {400}),
    "a NUL in the address": (lambda: b"GET /chat/files/%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {400}),
    "bytes that are no ASCII in the address": (lambda: b"GET /chat/\xff\xfe?\xff HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
    "no host": (lambda: b"GET /chat/ HTTP/1.1\r\n\r\n", {200, 400}),  # it came to us: health checks ask so
    "two hosts": (lambda: request("Host: evil.example"), {400}),
    "another host": (lambda: b"GET /chat/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", {400}),
    "a host with a path": (lambda: b"GET /chat/ HTTP/1.1\r\nHost: 127.0.0.1/@evil.example\r\n\r\n", {400}),
    "HTTP/9.9": (lambda: b"GET /chat/ HTTP/9.9\r\nHost: a\r\n\r\n", {400}),
    "TLS": (lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500, {400}),
    "words": (lambda: b"EHLO mail.example\r\n\r\n", {400}),
    "a broken chunk": (lambda: post("Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n"), {400}),
    "a chunk beyond counting": (
        lambda: post("Transfer-Encoding: chunked", body=b"ffffffffffffffffff\r\nabc\r\n"),
        {400},
    ),
    "50 MB in chunks": (lambda: chunks(50), {413, 0}),
    "CONNECT": (lambda: b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n", {400, 404, 405}),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_refused_and_the_next_request_served(house: House, nonsense: str) -> None:
    act, statuses = NONSENSE[nonsense]
    before = house.memory()
    answer = exchange(house.port, act())
    assert answer.status in statuses
    assert b"smuggled" not in answer.body
    assert b"404" not in answer.body or answer.status == 404, "a second request was read out of the body of the first"
    if answer.status not in (0, 200):
        bears_our_headers(answer)
    assert house.memory() - before < 50e6
    assert get(house.port, "/chat/").status == 200


def bears_our_headers(answer: Answer) -> None:
    """S-04, S-06, S-42: refused before any page was asked, and still nothing may be made of it."""
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Content-Security-Policy").startswith("default-src 'none'")
    assert answer.header("Referrer-Policy") == "strict-origin"
    assert "no-store" in answer.header("Cache-Control")
    assert answer.header("Content-Type").endswith("charset=utf-8")
    assert not answer.header("Server")


def test_a_head_without_end_is_cut_off(house: House) -> None:
    """N-14: a hundred megabytes of header fields, of one name and one value, and of one address."""
    before = house.memory()
    for begun in (b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX-A: ", b"GET /", b"GET / HTTP/1.1\r\nX-"):
        piece = b"".join(b"X-%d: a\r\n" % n for n in range(6000)) if begun.endswith(b"\n") else b"a" * 65536
        with wire.connect(house.port) as link:
            sent = 0
            with contextlib.suppress(OSError):
                link.sendall(begun)
                while sent < 100e6:
                    sent += len(piece)
                    link.sendall(piece)
            assert sent < 20e6, "it was taken as long as it came"
    assert house.memory() - before < 30e6


def test_bodies_that_hardly_come_hold_up_nobody(house: House) -> None:
    """N-14: more of them than the server has threads, to a form and to an upload."""
    token = visitors.token(visitors.anonymous())
    slow: list[socket.socket] = []
    try:
        for number in range(40):
            link = wire.connect(house.port)
            path = "/chat/transcript/" if number % 2 else "/chat/uploads/x"
            link.sendall(post("Content-Length: 100000", f"Authorization: Bearer {token}", body=b"a", path=path))
            slow.append(link)
        time.sleep(0.3)
        for _ in range(3):
            for link in slow:
                link.sendall(b"a")
            started = time.monotonic()
            assert get(house.port, "/chat/").status == 200
            assert get(house.port, "/staff/login/").status == 200
            assert time.monotonic() - started < 3
    finally:
        for link in slow:
            link.close()


def test_half_a_form_is_no_form(house: House) -> None:
    with wire.connect(house.port) as link:
        link.sendall(post("Content-Length: 100", body=b"token=a&case="))
        link.shutdown(socket.SHUT_WR)
        assert read_answer(link).status in (0, 400)
    assert get(house.port, "/chat/").status == 200


def test_two_hundred_at_once(house: House) -> None:
    """After all of it, and with many at once, it still serves."""
    statuses: list[int] = []

    def ask() -> None:
        for _ in range(10):
            statuses.append(get(house.port, "/chat/", timeout=30).status)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == [200] * 200


# Whom a request comes from (N-15) ----------------------------------------------------------------------------------


def opened(port: int, address: str, *more: str, secure: bool) -> str:
    """Open a chat of a new visitor, said to come from this address; returns the type of the answer."""
    host = HOST if secure else f"127.0.0.1:{port}"
    origin = f"https://{host}" if secure else f"http://{host}"
    proxied = ("X-Forwarded-Proto: https",) if secure else ()
    socket = Socket(port, host=host, origins=(origin,), headers=(*proxied, *more, f"X-Forwarded-For: {address}"))
    socket.hello()
    answer = socket.say("hello")
    return str(answer.get("code", answer["t"]))


def test_addresses_anybody_can_write_do_not_make_him_many(secure: House) -> None:
    """Two new chats in ten minutes, whatever a stranger writes left of what our proxy wrote."""
    spoofed = (
        "X-Real-IP: {0}",
        "CF-Connecting-IP: {0}",
        "True-Client-IP: {0}",
        "Forwarded: for={0}",
        "X_Forwarded_For: {0}",
        "X-Forwarded-For: {0}",
    )
    results = []
    for number in range(4):
        made_up = f"198.51.100.{number}"
        results.append(
            opened(secure.port, f"{made_up}, 192.0.2.10", *(one.format(made_up) for one in spoofed), secure=True)
        )
    assert results == ["ack", "ack", "rate_limited", "rate_limited"]
    assert [opened(secure.port, f"192.0.2.{number}", secure=True) for number in (20, 21, 22, 23)] == ["ack"] * 4


def test_without_a_proxy_nobody_is_believed(no_proxy: House) -> None:
    results = [
        opened(no_proxy.port, f"198.51.100.{number}", f"X-Real-IP: 198.51.100.{number}", secure=False)
        for number in range(4)
    ]
    assert results == ["ack", "ack", "rate_limited", "rate_limited"]


def test_a_network_is_one_place_and_two_are_two() -> None:
    """B-01: an IPv4 address, also as IPv6 writes it; all of a /64."""
    assert network("::ffff:192.0.2.1") != network("::ffff:192.0.2.2")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1")
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9")
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
    limiter, visitor = Limiter(), Visitor("visitor", "anna")
    waits = [limiter.wait(visitor=visitor, address=f"2001:db8:1:2::{n:x}", opens=True, at=0.0) for n in range(1, 130)]
    assert waits[0] == 0
    assert waits[-1] > 0
