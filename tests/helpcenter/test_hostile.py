"""Markup that would run, in every field an editor or an import fills and in every query: shown as text, never as markup."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from django.test import Client

from tests.attacks import payloads
from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from trustdesk.knowledge.models import Figure

ALL = [*payloads.SCRIPTS, *payloads.HANDLERS]
TOGETHER = 5


class Running(HTMLParser):
    """Collects what would run: scripts without an address of ours, handlers, addresses that are code, frames."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.data: list[str] = []
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self._in_data = tag == "script" and named.get("type") == "application/ld+json"
        if tag == "script" and not self._in_data and not (named.get("src") or "").startswith("/static/"):
            self.found.append(f"{tag} {attrs}")
        if tag in ("iframe", "object", "embed", "base", "style", "math") or (tag == "meta" and "http-equiv" in named):
            self.found.append(tag)
        for name, value in attrs:
            # What a browser strips of an address (URL Standard, 4.4); with anything else in it, it is a path.
            address = re.sub(r"\A[\x00-\x20]+|[\t\n\r]", "", value or "").lower()
            if name.startswith("on") or (name in ("href", "src", "action") and re.match(r"(javascript|data|vbscript):", address)):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_data = False


def is_harmless(path: str) -> str:
    answer = Client().get(path)
    page = answer.content.decode()
    looked = Running()
    looked.feed(page)
    assert looked.found == [], path
    for data in looked.data:
        json.loads(data)
    return page


@pytest.mark.parametrize("at", range(0, len(ALL), TOGETHER))
def test_in_every_field_of_an_article(shelf: Shelf, at: int) -> None:
    """Several at once: each publishing takes its time. The last ones stand at the end of what is cut off, too."""
    some = ALL[at : at + TOGETHER]
    Figure.objects.create(key="evil", about="x", value=some[0][:120])
    page = shelf.fees
    page.title = f"{' '.join(some)[:240]} {{{{evil}}}}"
    page.seo_title = " ".join(reversed(some))[:255]
    page.summary = page.search_description = f"{' '.join(some)[:280]} {{{{evil}}}}"
    page.search_words = "sesame"
    page.body = [
        block
        for bad in some
        for block in (
            ("text", f"<h2>{bad}</h2><p>{bad} {{{{evil}}}}</p>{bad}"),
            ("steps", [bad, html.escape(bad)]),
            ("callout", {"kind": "note", "text": bad}),
            ("code", f"{bad} {{{{evil}}}}"),
        )
    ]
    page.videos = [("video", {"title": some[-1][:120], "youtube": shelves.YOUTUBE, "file": None, "poster": None, "minutes": None})]
    shelves.publish(page)
    for path in (
        "/help/en/deposits/fees/", "/help/zh-hans/deposits/fees/", "/help/en/deposits/", "/help/en/", "/help/en/deposits/late/",
        "/help/en/search?q=sesame", "/help/en/_hits.html?q=sesame", f"/help/en/_follow/{page.pk}/", f"/help/en/_vote/{page.pk}/",
    ):  # fmt: skip
        is_harmless(path)


def test_in_every_query_and_address(shelf: Shelf) -> None:
    for asked in (quote(bad, safe="") for bad in ALL):
        for path in (
            f"/help/en/search?q={asked}", f"/help/en/_hits.html?q={asked}", f"/help/en/search?q=deposit&page={asked}&all={asked}",
            f"/help/en/{asked}/", f"/help/{asked}/", f"/help/en/deposits/late/?s={asked}", f"/help/en/_following/{asked}/",
            f"/help/en/_unfollow/{asked}/", f"/help/en/_vote/{shelf.late.pk}/?said={asked}&helpful={asked}",
            f"/help/en/_follow/{shelf.late.pk}/?sent={asked}", f"/contact/?what={asked}",
        ):  # fmt: skip
            is_harmless(path)


def test_links_lead_only_where_links_may(shelf: Shelf) -> None:
    shelf.fees.body = [("text", '<p><a href="javascript:hit()">a</a> <a href="data:text/html,x">b</a> <a href="https://x.example">c</a></p>')]
    shelves.publish(shelf.fees)
    page = is_harmless("/help/en/deposits/fees/")
    assert '<a href="https://x.example" rel="noopener">c</a>' in page


def test_a_typed_address_is_shown_as_text(shelf: Shelf) -> None:
    answer = Client().post(f"/help/en/_follow/{shelf.late.pk}/", {"mail": '"><script>hit()</script>'})
    looked = Running()
    looked.feed(answer.content.decode())
    assert looked.found == []
