"""Pages for everybody are kept whole, served without a word to the database, and dropped by publishing."""

from __future__ import annotations

import gzip

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from wagtail.log_actions import log

from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from trustdesk.conversations import rulebook
from trustdesk.conversations.models import RequestType
from trustdesk.helpcenter import cache
from trustdesk.knowledge import library

PAGE = "/help/en/deposits/late/"


def test_a_kept_page_costs_no_statement(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Client().get(PAGE)
    monkeypatch.setattr(library, "LOOK_EVERY", 60.0)
    with CaptureQueriesContext(connection) as asked:
        again = Client().get(PAGE)
    assert len(asked) == 0
    assert again.content == first.content
    assert again.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for header in ("X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"):
        assert header in again.headers


def test_it_may_be_kept_by_everybody_and_is_about_nobody(shelf: Shelf) -> None:
    client = Client(headers={"Accept-Language": "zh-CN"})
    client.cookies["trustdesk_customer"] = "x" * 40
    for _ in range(2):
        answer = client.get(PAGE)
        assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=10"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert not answer.cookies


def test_it_is_packed_once_and_unpacked_for_who_cannot(shelf: Shelf) -> None:
    plain = Client().get(PAGE)
    packed = Client(headers={"Accept-Encoding": "gzip, br"}).get(PAGE)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.content) < len(plain.content) / 2
    assert gzip.decompress(packed.content) == plain.content
    assert "Content-Encoding" not in plain.headers


def test_who_has_it_is_told_so(shelf: Shelf) -> None:
    etag = Client().get(PAGE).headers["ETag"]
    for asked in (etag, f'"other", {etag}', etag.removeprefix("W/")):
        answer = Client().get(PAGE, headers={"If-None-Match": asked})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
    assert Client().get(PAGE, headers={"If-None-Match": '"other"'}).status_code == 200


def test_publishing_clears_it(shelf: Shelf) -> None:
    before = Client().get(PAGE)
    shelf.late.title = "Where is my deposit?"
    shelves.publish(shelf.late)
    after = Client().get(PAGE)
    assert b"Where is my deposit?" in after.content
    assert after.headers["ETag"] != before.headers["ETag"]
    shelf.late.unpublish()
    assert "充值未到账" in Client().get(PAGE).content.decode()  # its translation is still there


def test_a_request_type_that_is_edited_clears_it(shelf: Shelf) -> None:
    assert "Deposit has not arrived" in Client().get(PAGE).content.decode()
    row = RequestType.objects.get(code="deposit_missing")
    row.label = "Where is my deposit?"
    row.save()
    log(instance=row, action="wagtail.edit")  # as the back office does
    rulebook.forget()
    assert "Where is my deposit?" in Client().get(PAGE).content.decode()


def test_a_query_makes_no_other_page(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    Client().get(PAGE)
    monkeypatch.setattr(library, "LOOK_EVERY", 60.0)
    with CaptureQueriesContext(connection) as asked:
        assert Client().get(PAGE, {"utm": "x", "nocache": "1", "s": "1-abc"}).status_code == 200
    assert len(asked) == 0
    assert list(cache.store._kept) == [PAGE]


def test_head_and_other_methods(shelf: Shelf) -> None:
    Client().get(PAGE)
    assert Client().head(PAGE).content == b""
    assert Client().post(PAGE).status_code == 405


def test_an_unknown_host_gets_nothing(shelf: Shelf) -> None:
    Client().get(PAGE)
    assert Client().get(PAGE, headers={"Host": "evil.example"}).status_code == 400


def test_plain_http_gets_nothing_where_https_is_meant(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    Client().get(PAGE)
    monkeypatch.setattr(settings, "HTTPS", True)
    assert Client().get(PAGE).status_code == 403


def test_readers_read_on_while_the_database_is_away(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    Client().get(PAGE)

    def away() -> str:
        raise OperationalError("away")

    monkeypatch.setattr(library, "_version", away)
    assert Client().get(PAGE).status_code == 200


def test_what_is_least_asked_for_goes_first() -> None:
    store = cache.Store(most=250)
    kept = [cache.Kept({}, b"x" * 100, 100, str(n), 0.0) for n in range(3)]
    store.put("/a", "1", kept[0])
    store.put("/b", "1", kept[1])
    assert store.get("/a", "1", at=1.0) is kept[0]
    store.put("/c", "1", kept[2])
    assert store.get("/b", "1", at=1.0) is None
    assert store.get("/a", "1", at=1.0) is kept[0]
    assert store.get("/a", "2", at=1.0) is None


def test_what_was_drawn_right_after_a_change_is_drawn_once_more() -> None:
    """Request types are read every ten seconds: a page drawn before that would say the old one for ten minutes."""
    store = cache.Store()
    early, late = (cache.Kept({}, b"x", 1, "e", at) for at in (100.0, 100.0 + cache.SETTLES))
    store.put("/a", "1", early)
    assert store.get("/a", "1", at=101.0) is early
    assert store.get("/a", "1", at=late.at) is None
    store.put("/a", "1", late)
    assert store.get("/a", "1", at=late.at + cache.LASTS) is late
    assert store.get("/a", "1", at=late.at + cache.LASTS + 1) is None


def test_only_what_says_so_is_kept(shelf: Shelf) -> None:
    for path in ("/help/en/search?q=deposit", "/help/en/_hits.html?q=deposit", "/help/en/nothing/", f"/help/en/_vote/{shelf.late.pk}/"):
        assert Client().get(path).headers["Cache-Control"] == "no-store"
    assert list(cache.store._kept) == []


def test_a_made_up_request_is_passed_on(shelf: Shelf) -> None:
    """Wagtail draws drafts by such requests, at the address of the published page."""
    Client().get(PAGE)
    request: HttpRequest = RequestFactory().get(PAGE)
    request.is_dummy = True  # type: ignore[attr-defined]
    assert not cache._may_be_kept(request)
