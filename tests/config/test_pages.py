"""The way of a request to a thread and of its answer back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from trustdesk.config import pages

Start = Callable[[str, list[tuple[str, str]]], object]


def ask(
    application: Callable[[dict[str, Any], Start], Iterable[bytes]],
    body: bytes | list[dict[str, Any]] = b"",
    headers: list[tuple[bytes, bytes]] | None = None,
) -> list[dict[str, Any]]:
    """Send one request; returns what was sent back, message by message."""
    sent: list[dict[str, Any]] = []

    async def run() -> None:
        parts = iter(body) if isinstance(body, list) else iter(())

        async def receive() -> dict[str, Any]:
            return next(parts)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/a/ä", "query_string": b"q=1", "http_version": "1.1", "scheme": "http",
            "headers": headers or [], "server": ("127.0.0.1", 80), "client": ("127.0.0.9", 4),
        }  # fmt: skip
        await pages.Threads(application, count=1)(scope, receive if isinstance(body, list) else body, send)

    asyncio.run(run())
    return sent


def test_an_answer_comes_back_in_one_piece() -> None:
    def application(about: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("201 Created", [("X-A", "1"), ("Set-Cookie", "a"), ("Set-Cookie", "b")])
        yield from (about["wsgi.input"].read(), b"-", about["PATH_INFO"].encode("latin-1"))

    start, body = ask(application, b"said")
    assert start["status"] == 201
    assert start["headers"] == [(b"x-a", b"1"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert body == {"type": "http.response.body", "body": "said-/a/ä".encode(), "more_body": False}


def test_a_large_answer_goes_out_meanwhile() -> None:
    part, seen = b"x" * 100_000, []

    def application(_about: dict[str, Any], start: Start) -> Iterator[bytes]:
        start("200 OK", [])
        for number in range(7):
            seen.append(number)
            yield part

    sent = ask(application)
    bodies = [message["body"] for message in sent[1:]]
    assert b"".join(bodies) == part * 7
    assert len(bodies) > 2
    assert max(map(len, bodies)) <= pages.GATHERED + len(part)
    assert [message["more_body"] for message in sent[1:]] == [True] * (len(bodies) - 1) + [False]


def test_a_body_is_read_as_it_arrives_and_ends_where_the_client_goes() -> None:
    def application(about: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        stream = about["wsgi.input"]
        return [b"|".join([stream.read(3), stream.readline(), stream.read()])]

    parts = [{"body": b"ab", "more_body": True}, {"body": b"cd\ne", "more_body": True}, {"body": b"", "more_body": True}]
    assert ask(application, [*parts, {"body": b"f"}])[1]["body"] == b"abc|d\n|ef"
    assert ask(application, [*parts, {"type": "http.disconnect"}])[1]["body"] == b"abc|d\n|e"


def test_fields_that_stand_twice_are_joined() -> None:
    found = {}

    def application(about: dict[str, Any], start: Start) -> Iterable[bytes]:
        found.update(about)
        start("200 OK", [])
        return []

    ask(application, headers=[(b"x-a", b"1"), (b"x-a", b"2"), (b"content-type", b"text/plain"), (b"content-length", b"0")])
    assert (found["HTTP_X_A"], found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("1,2", "text/plain", "0")
    assert found["REMOTE_ADDR"] == "127.0.0.9"


def test_it_is_closed_whatever_happens() -> None:
    class Answer:
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            raise RuntimeError("half way")

        def close(self) -> None:
            self.closed = True

    answer = Answer()

    def application(_about: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        return answer

    with pytest.raises(RuntimeError, match="half way"):
        ask(application)
    assert answer.closed
