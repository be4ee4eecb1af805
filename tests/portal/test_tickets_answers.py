"""Articles beside a ticket: while it is typed, once without scripts, and whether people were asked all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.knowledge import shelf
from tests.portal.ticket_sheets import PHRASE, hidden, look, post
from trustdesk.customers import visitors
from trustdesk.knowledge import search
from trustdesk.knowledge.models import Article, Search

PART = "/tickets/articles/"


@pytest.fixture
def articles(db: None) -> Iterator[dict[tuple[str, str], Article]]:
    yield shelf.fill()
    search.forget()


def ask(client: Client, page: str, text: str, **more: str) -> str:
    fields = {
        "csrfmiddlewaretoken": hidden(page)["csrfmiddlewaretoken"],
        "type": "deposit_missing",
        "text": text,
        **more,
    }
    answer = client.post(PART, fields)
    assert answer.status_code in (200, 204)
    return answer.content.decode()


def test_while_one_writes_articles_come_as_cards(stranger: Client, articles: dict[tuple[str, str], Article]) -> None:
    page = look(stranger)
    assert f'data-answers="{PART}"' in page
    assert 'class="article-card"' not in page
    part = ask(stranger, page, "my deposit has not arrived")
    assert 'href="/help/en/basics/deposit-missing/?s=' in part
    assert "My deposit has not arrived" in part
    row = Search.objects.get()
    assert (row.place, row.request_type, row.text) == ("ticket", "deposit_missing", "my deposit has not arrived")
    assert ask(stranger, page, "hello") == ""
    assert ask(stranger, page, "我的充值没有到账") == ""  # it is looked for in the language of the page


def test_the_title_goes_on_with_the_same_search(stranger: Client, articles: dict[tuple[str, str], Article]) -> None:
    page = look(stranger)
    ask(stranger, page, "my deposit has not arrived")
    ask(stranger, page, "my deposit has not arrived", subject="deposit late")
    assert [row.text for row in Search.objects.all()] == ["my deposit has not arrived deposit late"]


def test_hostile_words_do_no_harm_and_secrets_are_not_kept(
    stranger: Client, articles: dict[tuple[str, str], Article]
) -> None:
    page = look(stranger)
    for text in ("<script>alert(1)</script> deposit", "deposit\0late", "x" * 100_000, f"deposit {PHRASE}"):
        assert "<script>" not in ask(stranger, page, text)
    assert not Search.objects.filter(text__contains="abandon").exists()


def test_without_scripts_they_are_shown_with_a_form_that_comes_back(
    stranger: Client, articles: dict[tuple[str, str], Article]
) -> None:
    page = look(stranger)
    back = post(stranger, page, text="My deposit has not arrived.", mail="nobody@")
    assert back.status_code == 422
    assert 'href="/help/en/basics/deposit-missing/?s=' in back.content.decode()


def test_a_ticket_that_is_sent_marks_the_search(stranger: Client, articles: dict[tuple[str, str], Article]) -> None:
    page = look(stranger)
    ask(stranger, page, "my deposit has not arrived")
    assert Search.objects.get().asked_at is None
    sent = post(stranger, page)
    assert sent.status_code == 302
    stranger.get(sent.headers["Location"])
    assert Search.objects.get().asked_at is not None


def test_a_stranger_without_a_cookie_gets_none(stranger: Client, articles: dict[tuple[str, str], Article]) -> None:
    page = look(stranger)
    del stranger.cookies[visitors.COOKIE]
    assert ask(stranger, page, "my deposit has not arrived") == ""
    assert Search.objects.count() == 0
