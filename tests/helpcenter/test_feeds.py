"""What programs fetch: the feed of announcements, the map of the site, where crawlers may go; and old addresses."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.conf import settings
from django.test import Client
from wagtail.contrib.redirects.models import Redirect

from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from trustdesk.knowledge.models import Article, Section

OURS = f"{settings.PUBLIC_URL}/help"
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def parsed(path: str) -> ElementTree.Element:
    answer = Client().get(path)
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.content)  # noqa: S314  our own


class TestFeed:
    def test_the_newest_first_with_whole_addresses(self, shelf: Shelf) -> None:
        shelves.article(shelf.news, "next", "TON is <listed> & more\x0b", summary="Soon.", body=shelves.text("Soon."))
        channel = parsed("/help/en/news/feed.xml").find("channel")
        assert channel is not None
        titles = [one.findtext("title") for one in channel.findall("item")]
        assert titles == ["TON is <listed> & more", "XRP is listed"]
        assert channel.find("item/link").text == f"{OURS}/en/news/next/"  # type: ignore[union-attr]

    def test_pages_name_it(self, shelf: Shelf) -> None:
        assert f'type="application/rss+xml" href="{OURS}/en/news/feed.xml"' in Client().get("/help/en/news/").content.decode()

    @pytest.mark.parametrize("path", ["/help/en/deposits/feed.xml", "/help/en/nothing/feed.xml", "/help/en/feed.xml"])
    def test_only_announcements_have_one(self, shelf: Shelf, path: str) -> None:
        assert Client().get(path).status_code == 404


class TestSitemap:
    def test_every_page_with_its_translations(self, shelf: Shelf) -> None:
        rows = {row.findtext("s:loc", None, SITEMAP): row for row in parsed("/help/sitemap.xml").findall("s:url", SITEMAP)}
        assert f"{OURS}/en/" in rows
        late = rows[f"{OURS}/en/deposits/late/"]
        others = {one.get("hreflang"): one.get("href") for one in late.findall("x:link", SITEMAP)}
        assert others == {"en": f"{OURS}/en/deposits/late/", "zh-Hans": f"{OURS}/zh-hans/deposits/late/"}
        assert rows[f"{OURS}/en/deposits/fees/"].findall("x:link", SITEMAP) == []

    def test_drafts_are_not_in_it(self, shelf: Shelf) -> None:
        shelf.fees.unpublish()
        assert "fees" not in Client().get("/help/sitemap.xml").content.decode()

    def test_crawlers_are_told(self) -> None:
        answer = Client().get("/robots.txt")
        assert answer.headers["Content-Type"].startswith("text/plain")
        said = answer.content.decode()
        assert f"Sitemap: {OURS}/sitemap.xml" in said
        assert "Disallow: /\n" in said
        assert "back-office" not in said


Commit = Callable[..., AbstractContextManager[object]]


class TestOldAddresses:
    """The lines are Wagtail's; it writes them once a change is committed."""

    @pytest.fixture
    def committed(self, django_capture_on_commit_callbacks: Commit) -> Callable[[], AbstractContextManager[object]]:
        return lambda: django_capture_on_commit_callbacks(execute=True)

    def test_a_renamed_article_is_found(self, shelf: Shelf, committed: Commit) -> None:
        with committed():
            shelf.fees.slug = "what-it-costs"
            shelves.publish(shelf.fees)
        answer = Client().get("/help/en/deposits/fees/?s=1")
        assert (answer.status_code, answer.headers["Location"]) == (301, "/help/en/deposits/what-it-costs/")

    def test_what_is_not_translated_is_found_below_every_language(self, shelf: Shelf, committed: Commit) -> None:
        with committed():
            shelf.fees.slug = "what-it-costs"
            shelves.publish(shelf.fees)
            shelf.news.slug = "announcements"
            shelves.publish(shelf.news)
        for old, new in (("deposits/fees", "deposits/what-it-costs"), ("news/listing", "announcements/listing")):
            answer = Client().get(f"/help/zh-hans/{old}/")
            assert (answer.status_code, answer.headers["Location"]) == (301, f"/help/zh-hans/{new}/")
            assert Client().get(answer.headers["Location"]).status_code == 200

    def test_what_was_renamed_and_then_taken_back_is_said_to_be_missing(self, shelf: Shelf, committed: Commit) -> None:
        with committed():
            shelf.fees.slug = "what-it-costs"
            shelves.publish(shelf.fees)
        shelf.fees.refresh_from_db()
        shelf.fees.unpublish()
        assert Client().get("/help/en/deposits/fees/").status_code == 404

    def test_a_renamed_section_takes_its_articles_along(self, shelf: Shelf, committed: Commit) -> None:
        with committed():
            shelf.news.slug = "announcements"
            shelves.publish(shelf.news)
        answer = Client().get("/help/en/news/listing/")
        assert (answer.status_code, answer.headers["Location"]) == (301, "/help/en/announcements/listing/")
        assert Client().get("/help/en/news/").headers["Location"] == "/help/en/announcements/"

    def test_a_moved_article_is_found(self, shelf: Shelf, committed: Commit) -> None:
        with committed():
            Article.objects.get(pk=shelf.fees.pk).move(Section.objects.get(pk=shelf.news.pk), pos="last-child")
        answer = Client().get("/help/en/deposits/fees/")
        assert (answer.status_code, answer.headers["Location"]) == (301, "/help/en/news/fees/")

    def test_an_administrators_own_line_is_honoured(self, shelf: Shelf) -> None:
        Redirect.objects.create(old_path="/help/en/old", redirect_page=shelf.late, is_permanent=False)
        answer = Client().get("/help/en/old/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/help/en/deposits/late/")
