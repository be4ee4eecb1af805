"""N-01, X-04, X-05: pictures of others, fetched through one guarded door and written anew, or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.conversations import pictures
from tests.net.servers import Handler, http_server
from trustdesk.conversations import mail_pictures
from trustdesk.conversations.mail_pictures import UnableToFetch
from trustdesk.net import http
from trustdesk.net.addresses import Guard


@pytest.fixture(autouse=True)
def _near(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For the tests alone, this machine counts as a place of the internet."""
    client = http.Http(guard=Guard.allowing("127.0.0.1"), limits=mail_pictures.LIMITS)
    monkeypatch.setattr(mail_pictures, "_client", lambda: client)
    yield
    client.close()


def test_a_picture_is_written_anew_and_its_server_learns_nothing_of_who_looks() -> None:
    with http_server(
        lambda handler: handler.reply(200, pictures.png(), Content_Type="text/html", Set_Cookie="a=b")
    ) as server:
        for _ in range(2):
            fetched = mail_pictures.fetch(f"http://127.0.0.1:{server.port}/logo?id=42")
            assert fetched.media_type == "image/png"
            assert pictures.WHERE_IT_WAS_TAKEN.encode() in pictures.png()
            assert pictures.WHERE_IT_WAS_TAKEN.encode() not in fetched.content
        for asked in server.asked:
            names = {name.lower() for name in asked.headers}
            assert not names & {"cookie", "referer", "origin", "authorization", "accept-language", "x-forwarded-for"}


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>hello", pictures.SVG, pictures.PDF, pictures.EXE, pictures.ZIP, b"\x89PNG\r\n\x1a\n" + b"x" * 99],
)
def test_what_is_no_picture_is_not_shown(content: bytes) -> None:
    with (
        http_server(lambda handler: handler.reply(200, content, Content_Type="image/png")) as server,
        pytest.raises(UnableToFetch, match="not_a_picture"),
    ):
        mail_pictures.fetch(f"http://127.0.0.1:{server.port}/a.png")


def test_too_much_too_slow_and_too_far_is_given_up() -> None:
    def slow(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.2)

    limits = http.Limits(
        connect=1, read=1, total=1.5, max_bytes=mail_pictures.LIMITS.max_bytes, attempts=1, redirects=3
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mail_pictures, "LIMITS", limits)
        with http_server(slow) as server, pytest.raises(UnableToFetch, match="timeout"):
            mail_pictures.fetch(f"http://127.0.0.1:{server.port}/")
    with (
        http_server(lambda handler: handler.reply(200, b"x" * 5_000_001)) as server,
        pytest.raises(UnableToFetch, match="too_large"),
    ):
        mail_pictures.fetch(f"http://127.0.0.1:{server.port}/")
    with http_server(lambda handler: handler.reply(302, Location="/again")) as server:
        with pytest.raises(UnableToFetch, match="too_many_redirects"):
            mail_pictures.fetch(f"http://127.0.0.1:{server.port}/")
        assert len(server.asked) == 4
    with (
        http_server(lambda handler: handler.reply(404, pictures.png())) as server,
        pytest.raises(UnableToFetch, match="status_404"),
    ):
        mail_pictures.fetch(f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://10.0.0.1/", "http://0x7f000001/", "http://2130706433/",
     "http://user@example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://0.0.0.0/", "http://localhost./"],
)  # fmt: skip
def test_no_address_leads_inside(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_pictures, "_client", lambda: http.Http(limits=mail_pictures.LIMITS))
    with pytest.raises(UnableToFetch, match=r"address_|dns"):
        mail_pictures.fetch(url)


def test_a_redirect_does_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server(lambda handler: handler.reply(200, pictures.png())) as inside:
        with http_server(lambda handler: handler.reply(302, Location=f"http://127.0.0.1:{inside.port}/")) as server:
            client = http.Http(guard=Guard.allowing(f"127.0.0.1:{server.port}"), limits=mail_pictures.LIMITS)
            monkeypatch.setattr(mail_pictures, "_client", lambda: client)
            with pytest.raises(UnableToFetch, match="address_private"):
                mail_pictures.fetch(f"http://127.0.0.1:{server.port}/")
            client.close()
        assert inside.asked == []


def test_there_are_so_many_places_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_pictures, "_WAIT", 0.05)
    for _ in range(6):
        assert mail_pictures._places.acquire(blocking=False)
    try:
        with pytest.raises(UnableToFetch, match="busy"):
            mail_pictures.fetch("http://127.0.0.1:1/")
    finally:
        for _ in range(6):
            mail_pictures._places.release()
