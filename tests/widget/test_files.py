"""Uploads, files and transcripts over HTTP: who gets what, with which headers."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from PIL import Image

from tests import world
from tests.conversations import pictures
from tests.world import NOON
from trustdesk.conversations import attachments, requests
from trustdesk.conversations.models import Attachment
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock

urlpatterns = [path("chat/", include("trustdesk.widget.file_urls"))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

ANNA, BORIS = Visitor("visitor", "anna"), Visitor("visitor", "boris")


@pytest.fixture(autouse=True)
def _noon() -> Iterable[None]:
    world.fresh()
    with clock.frozen(NOON):
        yield


@pytest.fixture
def browser() -> Client:
    """A browser that checks cross-site posts as a real one is checked, and has no cookie."""
    return Client(enforce_csrf_checks=True)


def announce(name: str, size: int, *, visitor: Visitor = ANNA, client_id: str = "") -> attachments.Announced:
    return attachments.announce(
        handle_kind=visitor.kind,
        handle=visitor.value,
        client_id=client_id or secrets.token_hex(8),
        name=name,
        size=size,
        media_type="",
        now=NOON,
    )


def put(
    browser: Client,
    place: attachments.Announced,
    data: bytes,
    *,
    kind: str = "application/octet-stream",
    ticket: str = "",
) -> HttpResponse:
    bearer = f"Bearer {ticket or place.ticket}"
    return browser.put(f"/chat/uploads/{place.key}", data, content_type=kind, headers={"Authorization": bearer})  # type: ignore[return-value]


def sent(browser: Client, name: str, data: bytes, *, visitor: Visitor = ANNA) -> str:
    place = announce(name, len(data), visitor=visitor)
    assert put(browser, place, data).status_code == 201
    return place.key


class Answer:
    """An answer read to its end, which closes the file."""

    def __init__(self, response: HttpResponse) -> None:
        self.status_code, self.headers = response.status_code, response.headers
        self.content = b"".join(response) if response.streaming else response.content

    def error(self) -> str:
        """Return the code of a refusal."""
        return str(json.loads(self.content)["error"])


def get(browser: Client, key: str, *, visitor: Visitor | None = ANNA, token: str = "") -> Answer:
    token = token or (visitors.token(visitor) if visitor else "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Answer(browser.get(f"/chat/files/{key}", headers=headers))  # type: ignore[arg-type]


# Uploads


def test_a_picture_goes_up_and_comes_back_to_be_shown(browser: Client) -> None:
    data = pictures.jpeg(40, 30)
    place = announce("照片.jpg", len(data))
    answer = put(browser, place, data, kind="image/jpeg")
    assert answer.status_code == 201
    facts = answer.json()  # type: ignore[attr-defined]
    assert facts["file"] == place.key
    assert (facts["state"], facts["name"], facts["type"]) == ("ready", "照片.jpg", "image/jpeg")
    assert (facts["width"], facts["height"]) == (30, 40)

    shown = get(browser, place.key)
    assert shown.status_code == 200
    assert len(shown.content) == facts["size"] == int(shown.headers["Content-Length"])
    assert Image.open(io.BytesIO(shown.content)).size == (30, 40)
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["Content-Disposition"] == "inline; filename*=utf-8''%E7%85%A7%E7%89%87.jpg"
    assert _sealed(shown)


def _sealed(answer: Answer) -> bool:
    headers = answer.headers
    return (
        headers["X-Content-Type-Options"] == "nosniff"
        and headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        and headers["Cache-Control"] == "no-store"
    )


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pdf", pictures.PDF, "application/pdf"),
        ("f.webm", pictures.WEBM, "video/webm"),
        ("x.txt", b"<script>alert(1)</script>", "text/plain"),
    ],
)
def test_everything_else_comes_back_as_a_download(browser: Client, name: str, data: bytes, kind: str) -> None:
    answer = get(browser, sent(browser, name, data))
    assert answer.content == data
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert _sealed(answer)


def test_a_name_made_to_break_the_header_does_not(browser: Client) -> None:
    answer = get(browser, sent(browser, 'a".pdf\r\nSet-Cookie: x=1; ../../b"\u202e\u200b.pdf', pictures.PDF))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="b_.pdf"'
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("name", "announced", "data", "status", "code"),
    [
        ("a.pdf", 10, pictures.PDF, 413, "too_big"),
        ("a.png", len(pictures.EXE), pictures.EXE, 415, "type_refused"),
        ("a.pdf", len(pictures.PDF) + 1, pictures.PDF, 400, "incomplete"),
    ],
)
def test_a_file_that_will_not_do_is_refused_with_a_code(
    browser: Client, name: str, announced: int, data: bytes, status: int, code: str
) -> None:
    answer = put(browser, announce(name, announced), data)
    assert (answer.status_code, answer.json()) == (status, {"error": code})  # type: ignore[attr-defined]


def test_without_its_ticket_nothing_goes_up(browser: Client) -> None:
    place, other = announce("a.pdf", len(pictures.PDF)), announce("a.pdf", len(pictures.PDF), visitor=BORIS)
    for ticket in (other.ticket, visitors.token(ANNA), "nonsense"):
        answer = put(browser, place, pictures.PDF, ticket=ticket)
        assert (answer.status_code, answer.json()) == (403, {"error": "bad_ticket"})  # type: ignore[attr-defined]
    assert browser.put(f"/chat/uploads/{place.key}", pictures.PDF).status_code == 403
    assert Attachment.objects.get(key=place.key).state == "coming"
    assert put(browser, place, pictures.PDF).status_code == 201


def test_a_ticket_used_twice_is_told_so(browser: Client) -> None:
    place = announce("a.pdf", len(pictures.PDF))
    assert put(browser, place, pictures.PDF).status_code == 201
    answer = put(browser, place, pictures.PDF)
    assert (answer.status_code, answer.json()) == (409, {"error": "ticket_used"})  # type: ignore[attr-defined]


# Who gets a file


def test_a_foreign_file_and_an_unknown_one_look_the_same(browser: Client) -> None:
    key = sent(browser, "a.pdf", pictures.PDF)
    world.chat("hello", visitor="boris")
    answers = [
        get(browser, key, visitor=BORIS),
        get(browser, key, visitor=None),
        get(browser, secrets.token_urlsafe(32)),
    ]
    answers.append(get(browser, key, token="x" * 30))
    assert {answer.status_code for answer in answers} == {404}
    assert len({(answer.content, answer.headers["Content-Type"]) for answer in answers}) == 1
    assert get(browser, key).status_code == 200, "there must have been something to withhold"


def test_a_token_that_ran_out_opens_nothing(browser: Client) -> None:
    key = sent(browser, "a.pdf", pictures.PDF)
    token = visitors.token(ANNA)
    with clock.frozen(NOON + timedelta(days=31)):
        assert get(browser, key, token=token).status_code == 404
    assert get(browser, key, token=token).status_code == 200


def test_what_is_held_is_not_handed_out_and_what_is_coming_not_yet(browser: Client) -> None:
    held = sent(browser, "a.svg", pictures.SVG)
    answer = get(browser, held)
    assert (answer.status_code, answer.error()) == (409, "held")
    coming = announce("a.pdf", 10)
    answer = get(browser, coming.key)
    assert (answer.status_code, answer.error()) == (409, "coming")
    assert get(browser, held, visitor=BORIS).status_code == 404


# Transcript


def write_down(
    browser: Client, *, visitor: Visitor = ANNA, token: str = "", case: str = "", kind: str = ""
) -> HttpResponse:
    form = {"token": token or visitors.token(visitor), "case": case, "as": kind}
    return browser.post("/chat/transcript/", form)  # type: ignore[return-value]


def test_the_transcript_is_a_page_of_this_case(browser: Client) -> None:
    seat = world.agent("Mei", "funds")
    case = world.chat("my deposit <b>is</b> {{7*7}} missing")
    world.answer(seat, case, "I look into it")
    world.answer(seat, case, "he sounds odd", note=True)
    answer = write_down(browser, kind="page", case=case.reference)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert case.reference in page
    assert "my deposit &lt;b&gt;is&lt;/b&gt; {{7*7}} missing" in page
    assert "I look into it" in page
    assert "Mei joined the chat" in page
    assert "2026-11-23 12:00:00 UTC" in page
    assert "odd" not in page
    assert "Surname" not in page


def test_the_transcript_as_text_is_a_download(browser: Client) -> None:
    case = world.chat("hello")
    answer = write_down(browser, kind="text")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="transcript-{case.reference}.txt"'
    assert "    hello" in answer.content.decode()


def test_a_page_loads_nothing_from_elsewhere_and_carries_no_token(browser: Client) -> None:
    """What customers write into it – addresses of files, of our own machines, of styles – stays text."""
    case = world.chat(
        '<link rel=attachment href="file:///etc/passwd"> <img src=http://169.254.169.254/x> url(http://evil.example/x)'
    )
    answer = write_down(browser, kind="page")
    page = answer.content.decode()
    assert case.reference in page
    assert "http://evil.example" in page, "the text itself is shown"
    for tag in ("<img", "<link rel=attachment", "<iframe", "<object", "<style"):
        assert tag not in page
    assert visitors.token(ANNA) not in page
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_the_transcript_of_somebody_else_is_not_there(browser: Client) -> None:
    case = world.chat("mine")
    world.chat("hers", visitor="boris")
    unknown = write_down(browser, visitor=BORIS, case="777-777-7777")
    foreign = write_down(browser, visitor=BORIS, case=case.reference)
    nobody = write_down(browser, token="nonsense-that-is-long-enough", case=case.reference)
    silent = write_down(browser, visitor=Visitor("visitor", "carol"))
    assert {answer.status_code for answer in (unknown, foreign, nobody, silent)} == {404}
    assert len({answer.content for answer in (unknown, foreign, nobody, silent)}) == 1
    assert b"mine" not in foreign.content


def test_an_earlier_case_of_the_same_visitor_can_still_be_kept(browser: Client) -> None:
    first = world.chat("the first matter")
    requests.end(conversation_id=first.conversation_id, now=NOON)
    second = world.chat("the second matter")
    assert first.reference != second.reference
    assert b"the first matter" in write_down(browser, case=first.reference.lower().replace("-", " ")).content
    assert b"the second matter" in write_down(browser).content


def test_the_transcript_speaks_the_readers_language(browser: Client) -> None:
    world.chat("你好")
    answer = browser.post("/chat/transcript/", {"token": visitors.token(ANNA)}, headers={"Accept-Language": "zh-CN"})
    assert 'lang="zh-hans"' in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "path"), [("get", "transcript/"), ("post", "uploads/x"), ("delete", "files/x"), ("post", "files/x")]
)
def test_other_methods_do_nothing(browser: Client, method: str, path: str) -> None:
    assert getattr(Client(), method)(f"/chat/{path}").status_code == 405
