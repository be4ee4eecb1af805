"""The HTTP door, against real servers on loopback: asking, answers, trying again."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.net.clients import QUICK, client, in_turn, url
from tests.net.servers import Handler, http_server, listener
from trustdesk.net.addresses import Guard
from trustdesk.net.http import Http, HttpFailed, Limits, retry_after

# Asking and answering.


def test_json_is_fetched_and_posted() -> None:
    with http_server(lambda request: request.reply(200, b'{"name": "\xe6\x9e\x97"}')) as server, client(server) as http:
        assert http.get(url(server, "/a"), params={"q": "林 薇&x"}, headers={"X-Key": "k"}) == {"name": "林"}
        assert http.post(url(server, "/b"), json={"n": 1}) == {"name": "林"}
    fetched, posted = server.asked
    assert fetched.path == "/a?q=%E6%9E%97+%E8%96%87%26x"
    assert fetched.headers["X-Key"] == "k"
    assert fetched.headers["Host"] == f"127.0.0.1:{server.port}"
    assert fetched.headers["User-Agent"] == "Trustdesk"
    assert (posted.path, posted.body, posted.headers["Content-Type"]) == ("/b", b'{"n":1}', "application/json")


def test_forms_and_files_are_posted() -> None:
    with http_server(in_turn(200)) as server, client(server) as http:
        http.request("POST", url(server), data={"a": "b c"})
        http.request("POST", url(server), data={"a": "b"}, files={"photo": ("x.png", b"PNG", "image/png")})
        http.request("POST", url(server), content=b"raw", headers={"Content-Type": "text/plain"})
    form, files, raw = server.asked
    assert form.body == b"a=b+c"
    assert b'name="photo"; filename="x.png"\r\nContent-Type: image/png\r\n\r\nPNG' in files.body
    assert (raw.body, raw.headers["Content-Type"]) == (b"raw", "text/plain")


def test_answers_keep_status_headers_and_body_whatever_the_status() -> None:
    with http_server(lambda request: request.reply(404, b"gone", X_Why="never")) as server, client(server) as http:
        answer = http.request("GET", url(server))
        assert (answer.status, answer.body, answer.headers["x-why"]) == (404, b"gone", "never")
        with pytest.raises(HttpFailed) as failed:
            http.get(url(server))
    assert (failed.value.reason, failed.value.permanent, failed.value.body) == ("status_404", True, b"gone")


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"a":', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_not_json_is_a_failure_with_a_name(body: bytes) -> None:
    with (
        http_server(lambda request: request.reply(200, body)) as server,
        client(server) as http,
        pytest.raises(HttpFailed) as failed,
    ):
        http.get(url(server))
    assert (failed.value.reason, failed.value.permanent) == ("bad_json", True)


def test_connections_are_kept_and_cookies_are_not() -> None:
    ports = set()

    def answer(request: Handler) -> None:
        ports.add(request.client_address[1])
        request.reply(200, b"{}", Set_Cookie="session=1")

    with http_server(answer) as server, client(server) as http:
        for _ in range(3):
            http.get(url(server))
    assert len(ports) == 1
    assert [request.headers["Cookie"] for request in server.asked] == [None, None, None]


def test_proxies_from_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server(in_turn(200)) as server, listener() as proxy, client(server) as http:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        http.get(url(server))
        assert proxy.visits == 0


def test_addresses_stay_out_of_logs_and_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with http_server(in_turn(200, 500)) as server, client(server) as http:
        http.get(url(server, "/bot123:TOKEN/getMe"))
        with pytest.raises(HttpFailed) as failed:
            http.get(url(server, "/bot123:TOKEN/getMe"))
    assert "TOKEN" not in caplog.text
    assert "TOKEN" not in repr(failed.value)


def test_a_header_with_a_line_break_is_not_sent() -> None:
    with http_server(in_turn(200)) as server, client(server) as http, pytest.raises(HttpFailed) as failed:
        http.get(url(server), headers={"X-Name": "a\r\nX-Admin: 1"})
    assert failed.value.permanent
    assert not server.asked


# Trying again.


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_an_idempotent_call_is_tried_again_after_a_temporary_answer(status: int) -> None:
    waits: list[float] = []
    with http_server(in_turn(status, status, 200)) as server, client(server, sleep=waits.append) as http:
        assert http.get(url(server)) == {"ok": True}
    assert len(server.asked) == 3
    assert 0.005 <= waits[0] <= 0.01 <= waits[1] <= 0.02  # doubled, less up to half


def test_attempts_end_and_the_error_says_that_trying_later_helps() -> None:
    with (
        http_server(in_turn(503)) as server,
        client(server, sleep=lambda seconds: None) as http,
        pytest.raises(HttpFailed) as failed,
    ):
        http.get(url(server))
    assert (failed.value.reason, failed.value.permanent, failed.value.status) == ("status_503", False, 503)
    assert len(server.asked) == 3


def test_a_post_is_made_once_unless_it_is_said_to_be_harmless() -> None:
    with http_server(in_turn(503, 503, 200)) as server, client(server, sleep=lambda seconds: None) as http:
        with pytest.raises(HttpFailed, match="status_503"):
            http.post(url(server), json={})
        assert len(server.asked) == 1
        assert http.post(url(server), json={}, idempotent=True) == {"ok": True}
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_final_answer_is_not_asked_for_twice(status: int) -> None:
    with http_server(in_turn(status)) as server, client(server) as http, pytest.raises(HttpFailed) as failed:
        http.get(url(server))
    assert failed.value.permanent
    assert len(server.asked) == 1


def test_retry_after_is_kept_to() -> None:
    waits: list[float] = []
    with http_server(in_turn(429, 200, Retry_After="1")) as server, client(server, sleep=waits.append) as http:
        http.get(url(server))
    assert waits == [1.0]


def test_a_retry_after_beyond_the_deadline_is_left_to_the_caller() -> None:
    with http_server(in_turn(429, Retry_After="30")) as server, client(server) as http:
        started = time.monotonic()
        with pytest.raises(HttpFailed) as failed:
            http.get(url(server))
    assert (failed.value.retry_after, failed.value.permanent) == (30.0, False)
    assert time.monotonic() - started < 5
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 02 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 02 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("99999999999999999999", None),
        ("१२", None),
    ],
)
def test_retry_after_is_read(value: str, seconds: float | None) -> None:
    assert retry_after(value, now=datetime(2026, 11, 2, 12, 0, tzinfo=UTC)) == seconds


def test_a_connection_that_was_never_made_may_be_tried_again_for_any_method() -> None:
    waits: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    http = Http(guard=Guard.allowing("127.0.0.1"), limits=QUICK, sleep=waits.append)
    with pytest.raises(HttpFailed) as failed:
        http.post(f"http://127.0.0.1:{port}/", json={})
    assert (failed.value.reason, failed.value.permanent, len(waits)) == ("connect", False, 2)


def test_a_post_that_broke_off_is_not_sent_again() -> None:
    def reset(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with listener(reset) as server:
        http = Http(guard=Guard.allowing(f"127.0.0.1:{server.port}"), limits=QUICK)
        with pytest.raises(HttpFailed) as failed:
            http.post(f"http://127.0.0.1:{server.port}/", json={})
        assert not failed.value.permanent
        assert server.visits == 1
        with pytest.raises(HttpFailed):
            http.get(f"http://127.0.0.1:{server.port}/")
        assert server.visits == 1 + QUICK.attempts
        http.close()


def test_a_name_that_cannot_be_resolved_is_temporary() -> None:
    def unknown(host: str, port: int) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    http = Http(guard=Guard(resolve=unknown), limits=QUICK)
    with pytest.raises(HttpFailed) as failed:
        http.get("http://example.com/")
    assert (failed.value.reason, failed.value.permanent) == ("dns", False)


def test_a_client_serves_many_threads() -> None:
    wrong: list[str] = []
    with (
        http_server(lambda request: request.reply(200, request.asked.path.encode())) as server,
        client(server, limits=Limits(total=20)) as http,
    ):

        def ask(number: int) -> None:
            for turn in range(20):
                path = f"/{number}/{turn}"
                if http.download(url(server, path)) != path.encode():
                    wrong.append(path)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
    assert len(server.asked) == 160


def test_ipv6_addresses_are_reached() -> None:
    with http_server(in_turn(200), host="::1") as server:
        http = Http(guard=Guard.allowing(f"[::1]:{server.port}"), limits=QUICK)
        assert http.get(f"http://[::1]:{server.port}/") == {"ok": True}
        http.close()
    assert server.asked[0].headers["Host"] == f"[::1]:{server.port}"
