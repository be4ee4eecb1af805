"""The HTTP door, against real servers on loopback: where it goes, whom it trusts, how long and how much it takes."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from tests.net.clients import QUICK, client, following, in_turn, url
from tests.net.servers import Handler, certificate, http_server, listener
from trustdesk.net.addresses import Guard, Resolver
from trustdesk.net.http import Http, HttpFailed, Limits

# Only where the guard allows.


def test_without_an_allow_list_loopback_gets_no_packet() -> None:
    with listener() as canary:
        http = Http(limits=QUICK)
        for address in (f"http://127.0.0.1:{canary.port}/", f"http://localhost:{canary.port}/"):
            with pytest.raises(HttpFailed) as failed:
                http.get(address)
            assert (failed.value.reason, failed.value.permanent) == ("address_private", True)
        assert canary.visits == 0


def test_dns_rebinding_fails_because_each_connection_is_checked_and_pinned() -> None:
    """First answer allowed, second one the canary: the second connection must be refused, not made."""
    answers = ["127.0.0.1", "127.0.0.2"]
    closing = in_turn(200, Connection="close")
    with http_server(closing) as server, client(server, resolve=lambda host, port: [answers.pop(0)]) as http:
        assert http.get(url(server, host="rebind.example")) == {"ok": True}
        assert answers == ["127.0.0.2"]  # one question for one connection
        with pytest.raises(HttpFailed, match="address_private"):
            http.get(url(server, host="rebind.example"))
        assert server.asked[0].headers["Host"] == f"rebind.example:{server.port}"
    assert len(server.asked) == 1


def test_a_kept_connection_asks_the_resolver_no_more() -> None:
    answers = ["127.0.0.1"]
    with (
        http_server(in_turn(200)) as server,
        client(server, resolve=lambda host, port: [answers.pop()]) as http,
    ):
        http.get(url(server, host="rebind.example"))
        http.get(url(server, host="rebind.example"))
    assert len(server.asked) == 2


def test_redirects_are_not_followed_unless_asked_for() -> None:
    with http_server(in_turn(302, Location="/elsewhere")) as server, client(server) as http:
        assert http.request("GET", url(server)).status == 302
        with pytest.raises(HttpFailed) as failed:
            http.get(url(server))
    assert (failed.value.reason, failed.value.permanent) == ("status_302", True)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1:{canary}/latest/meta-data/", "address_private"),
        ("//127.0.0.1:{canary}/", "address_private"),
        ("http://localhost:{canary}/", "address_private"),
        ("http://2130706433:{canary}/", "address_odd_number"),
        ("http://u@127.0.0.1:{canary}/", "address_user_name"),
        ("http://[::ffff:127.0.0.1]:{canary}/", "address_private"),
        ("file:///etc/passwd", "address_scheme"),
        ("gopher://127.0.0.1:{canary}/_x", "address_scheme"),
    ],
)
def test_a_redirect_to_the_inside_reaches_nothing(location: str, reason: str) -> None:
    with listener() as canary:
        answer = in_turn(302, Location=location.format(canary=canary.port))
        with http_server(answer) as server, client(server, limits=following(3)) as http:
            with pytest.raises(HttpFailed) as failed:
                http.get(url(server))
            assert (failed.value.reason, failed.value.permanent) == (reason, True)
        assert canary.visits == 0


def test_redirects_are_followed_as_often_as_allowed_and_carry_no_credentials_elsewhere() -> None:
    with http_server(in_turn(200)) as goal:
        hop = in_turn(302, Location=url(goal, "/found"))
        with http_server(hop) as server, client(server, goal, limits=following(1)) as http:
            secret = {"Authorization": "Bearer s", "Cookie": "a=b", "X-Key": "k", "Accept": "image/png"}
            assert http.get(url(server), headers=secret) == {"ok": True}
            assert http.request("POST", url(server), json={}).status == 302  # only GET and HEAD travel
        found = goal.asked[0]
        assert (found.path, found.headers["Accept"]) == ("/found", "image/png")
        assert not {"authorization", "cookie", "x-key"} & {name.lower() for name in found.headers}
        assert len(goal.asked) == 1


def test_credentials_stay_on_redirects_within_an_origin_and_loops_end() -> None:
    def answer(request: Handler) -> None:
        if request.path == "/last":
            request.reply(200, b"{}")
        else:
            request.reply(301, Location="/last" if request.path == "/first" else "/again")

    with http_server(answer) as server, client(server, limits=following(2)) as http:
        http.get(url(server, "/first"), headers={"Authorization": "Bearer s"})
        assert server.asked[-1].headers["Authorization"] == "Bearer s"
        with pytest.raises(HttpFailed, match="too_many_redirects"):
            http.get(url(server, "/again"))
    assert len(server.asked) == 2 + 3


# Certificates.


def test_the_certificate_is_checked_against_the_name_although_the_address_is_pinned(tmp_path: Path) -> None:
    ours, trusting = certificate(tmp_path, "exchange.test")
    with http_server(in_turn(200), tls=ours) as server:
        everything_here: Resolver = lambda host, port: ["127.0.0.1"]  # noqa: E731
        with client(server, tls=trusting, resolve=everything_here) as http:
            assert http.get(url(server, host="exchange.test", scheme="https")) == {"ok": True}
            for host in ("other.test", "127.0.0.1"):
                with pytest.raises(HttpFailed) as failed:
                    http.get(url(server, host=host, scheme="https"))
                assert (failed.value.reason, failed.value.permanent) == ("tls", False)
        with client(server, resolve=everything_here) as http, pytest.raises(HttpFailed, match="tls"):
            http.get(url(server, host="exchange.test", scheme="https"))  # nobody we trust signed it
    assert len(server.asked) == 1


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path) -> None:
    ours, trusting = certificate(tmp_path, "exchange.test")
    with http_server(in_turn(200)) as plain:
        answer = in_turn(302, Location=url(plain))
        with (
            http_server(answer, tls=ours) as server,
            client(server, plain, tls=trusting, resolve=lambda host, port: ["127.0.0.1"], limits=following(1)) as http,
            pytest.raises(HttpFailed, match="redirect_downgrade"),
        ):
            http.get(url(server, host="exchange.test", scheme="https"))
    assert not plain.asked


# Size and time.


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    def answer(request: Handler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(10_000_001))
        request.end_headers()

    with http_server(answer) as server, client(server) as http, pytest.raises(HttpFailed) as failed:
        http.download(url(server))
    assert (failed.value.reason, failed.value.permanent) == ("too_large", True)


def test_an_endless_body_is_cut_off_at_the_limit() -> None:
    sent = 0

    def answer(request: Handler) -> None:
        nonlocal sent
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        piece = b"%x\r\n%s\r\n" % (65_536, b"x" * 65_536)
        for _ in range(100_000):
            request.wfile.write(piece)
            sent += 65_536

    limits = Limits(connect=1, read=2, total=20, max_bytes=10_000_000)
    with http_server(answer) as server, client(server, limits=limits) as http, pytest.raises(HttpFailed) as failed:
        http.download(url(server))
    assert (failed.value.reason, failed.value.permanent) == ("too_large", True)
    assert sent < 20_000_000  # ours plus what the sockets hold


def test_ten_million_bytes_exactly_are_allowed_and_a_smaller_limit_can_be_given() -> None:
    with (
        http_server(lambda request: request.reply(200, b"x" * 10_000_000)) as server,
        client(server, limits=Limits(total=20)) as http,
    ):
        assert len(http.download(url(server))) == 10_000_000
        with pytest.raises(HttpFailed, match="too_large"):
            http.download(url(server), max_bytes=9_999_999)


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_peer_that_drips_is_left_at_the_deadline(where: str) -> None:
    def drip(peer: socket.socket) -> None:
        peer.recv(4096)
        if where == "body":
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        else:
            peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(100):
            time.sleep(0.05)  # each byte well inside the read timeout
            peer.sendall(b"x")

    limits = Limits(connect=1, read=1, total=0.5, attempts=1)
    with listener(drip) as slow:
        http = Http(guard=Guard.allowing(f"127.0.0.1:{slow.port}"), limits=limits)
        started = time.monotonic()
        with pytest.raises(HttpFailed) as failed:
            http.get(f"http://127.0.0.1:{slow.port}/")
        took = time.monotonic() - started
        http.close()
    assert (failed.value.reason, failed.value.permanent) == ("timeout", False)
    assert 0.4 < took < 3


def test_a_peer_that_does_not_read_is_left_at_the_deadline() -> None:
    done = threading.Event()

    def wait(peer: socket.socket) -> None:
        done.wait(5)

    with listener(wait) as deaf:
        http = Http(guard=Guard.allowing(f"127.0.0.1:{deaf.port}"), limits=Limits(read=0.4, total=0.8, attempts=1))
        started = time.monotonic()
        with pytest.raises(HttpFailed, match="timeout"):
            http.request("POST", f"http://127.0.0.1:{deaf.port}/", content=b"x" * 30_000_000)
        took = time.monotonic() - started
        done.set()
        http.close()
    assert took < 3


def test_a_silent_peer_costs_the_read_timeout() -> None:
    with listener(lambda peer: time.sleep(1)) as silent:
        http = Http(guard=Guard.allowing(f"127.0.0.1:{silent.port}"), limits=Limits(read=0.2, attempts=1))
        with pytest.raises(HttpFailed) as failed:
            http.get(f"http://127.0.0.1:{silent.port}/")
        http.close()
    assert (failed.value.reason, failed.value.permanent) == ("timeout", False)


def test_no_single_wait_outlasts_the_call() -> None:
    done = threading.Event()

    def wait(peer: socket.socket) -> None:
        done.wait(5)

    with listener(wait) as silent:
        http = Http(guard=Guard.allowing(f"127.0.0.1:{silent.port}"), limits=Limits(read=10, total=0.3))
        started = time.monotonic()
        with pytest.raises(HttpFailed, match="timeout"):
            http.get(f"http://127.0.0.1:{silent.port}/")
        took = time.monotonic() - started
        done.set()
        http.close()
    assert took < 3


def test_a_small_body_never_becomes_a_big_one_in_memory() -> None:
    bomb = gzip.compress(b"\0" * 60_000_000)  # about 58 KB: one chunk
    with (
        http_server(lambda request: request.reply(200, bomb, Content_Encoding="gzip")) as server,
        client(server) as http,
    ):
        tracemalloc.start()
        try:
            with pytest.raises(HttpFailed, match="too_large"):
                http.download(url(server), max_bytes=1_000_000)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 10_000_000


def test_compressed_answers_are_asked_not_to_come_and_bounded_when_they_do() -> None:
    small, bomb = gzip.compress(b'{"ok": true}'), gzip.compress(b"\0" * 50_000_000)
    bodies = {"/small": small, "/bomb": bomb, "/cut": small[:-12], "/not": b"not gzip"}

    def answer(request: Handler) -> None:
        request.reply(200, bodies.get(request.path, b"?"), Content_Encoding="gzip" if request.path != "/br" else "br")

    with http_server(answer) as server, client(server) as http:
        assert http.get(url(server, "/small")) == {"ok": True}
        for path, reason in (("/bomb", "too_large"), ("/cut", "encoding"), ("/not", "encoding"), ("/br", "encoding")):
            with pytest.raises(HttpFailed, match=reason):
                http.download(url(server, path))
    assert {request.headers["Accept-Encoding"] for request in server.asked} == {"identity"}


def test_strange_answers_are_failures_not_crashes() -> None:
    strange = [
        (b"", False),
        (b"hello\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", False),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000, False),
    ]
    for raw, permanent in strange:

        def talk(peer: socket.socket, raw: bytes = raw) -> None:
            peer.recv(4096)
            peer.sendall(raw)

        with listener(talk) as server:
            http = Http(guard=Guard.allowing(f"127.0.0.1:{server.port}"), limits=Limits(read=1, attempts=1))
            with pytest.raises(HttpFailed) as failed:
                http.get(f"http://127.0.0.1:{server.port}/")
            http.close()
            assert (failed.value.reason, failed.value.permanent) in {("protocol", permanent), ("network", permanent)}, (
                raw
            )
