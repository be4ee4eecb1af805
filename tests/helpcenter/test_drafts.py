"""Drafts in the back office's frame: drawn as readers will see them, kept by nobody, framed by us alone."""

from __future__ import annotations

from django.test import Client

from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from trustdesk.helpcenter import cache
from trustdesk.knowledge.models import Article, Section


def test_a_draft_of_a_published_article(shelf: Shelf) -> None:
    Client().get("/help/en/deposits/fees/")
    page = Article.objects.get(pk=shelf.fees.pk)
    page.title, page.body = "What it will cost", shelves.text("Nothing at all.")
    answer = page.make_preview_request()
    shown = answer.content.decode()
    assert "<h1>What it will cost</h1>" in shown
    assert "Nothing at all." in shown
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert list(cache.store._kept) == ["/help/en/deposits/fees/"]
    assert "They differ a lot." in Client().get("/help/en/deposits/fees/").content.decode()


def test_an_article_that_was_never_saved(shelf: Shelf) -> None:
    parent = Section.objects.get(pk=shelf.deposits.pk)
    page = Article(title="New", slug="new", summary="Soon.", locale=parent.locale, body=shelves.text("Draft."))
    page.set_url_path(parent)
    answer = page.make_preview_request()
    assert answer.status_code == 200
    assert "Draft." in answer.content.decode()


def test_a_section_and_the_first_page(shelf: Shelf) -> None:
    section = Section.objects.get(pk=shelf.deposits.pk)
    section.title = "Coins in"
    assert "Coins in" in section.make_preview_request().content.decode()
    assert "How can we help?" in shelves.home("en").make_preview_request().content.decode()


def test_a_draft_in_chinese_has_chinese_around_it(shelf: Shelf) -> None:
    shown = Article.objects.get(pk=shelf.late_zh.pk).make_preview_request().content.decode()
    assert 'lang="zh-hans"' in shown


def test_a_draft_shown_by_its_own_model_leads_to_the_address(shelf: Shelf) -> None:
    assert shelf.late.get_url() == "/help/en/deposits/late/"
