"""Articles beside a ticket: while it is typed, once without scripts, and whether people were asked all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.knowledge import shelf
from tests.portal.ticket_sheets import DEPOSIT, PHRASE, hidden, look, post
from trustdesk.conversations.models import Conversation, Entry
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


class TestComingFromAnArticle:
    """“Still stuck?” below an article names it in the address."""

    def test_its_title_is_filled_in_and_the_page_says_where_one_comes_from(
        self, stranger: Client, articles: dict[tuple[str, str], Article]
    ) -> None:
        english, chinese = articles["deposit-missing", "en"], articles["deposit-missing", "zh-hans"]
        page = look(stranger, f"{DEPOSIT}?from={chinese.pk}")  # read in another language than the form
        assert 'id="subject" name="subject" value="My deposit has not arrived"' in page
        assert "You come from:" in page
        assert f'href="{english.url}"' in page
        assert hidden(page)["from"] == str(english.pk)
        page = look(stranger, f"{DEPOSIT}?from={english.pk}&lang=zh-hans")
        assert 'value="充值未到账"' in page

    def test_it_is_not_suggested_again_in_either_language(
        self, stranger: Client, articles: dict[tuple[str, str], Article]
    ) -> None:
        page = look(stranger)
        said = "minimum deposit has not arrived"
        assert "deposit-missing/" in ask(stranger, page, said)
        for language in ("en", "zh-hans"):
            part = ask(stranger, page, said, **{"from": str(articles["deposit-missing", language].pk)})
            assert "deposit-missing/" not in part
            assert "minimum-deposit/" in part

    def test_the_case_says_what_was_read_before(self, stranger: Client, articles: dict[tuple[str, str], Article]) -> None:
        page = look(stranger, f"{DEPOSIT}?from={articles['deposit-missing', 'en'].pk}")
        answer = post(stranger, page, subject="My deposit has not arrived")
        assert answer.status_code == 302
        [first] = Entry.objects.filter(conversation=Conversation.objects.get(), kind="message")
        assert [card["title"] for card in first.data["read_before"]] == ["My deposit has not arrived"]
        # A form that is sent back for correction has not lost it.
        again = post(stranger, look(stranger, f"{DEPOSIT}?from={articles['deposit-missing', 'en'].pk}"), mail="nonsense")
        assert hidden(again.content.decode())["from"] == str(articles["deposit-missing", "en"].pk)

    @pytest.mark.parametrize(
        "named", ["0", "-1", "999999999", "1e3", "²", "9" * 40, "<script>alert(1)</script>", "1 OR 1=1", "%00", "../x", "section"]
    )
    def test_what_is_no_article_does_nothing(
        self, stranger: Client, articles: dict[tuple[str, str], Article], named: str
    ) -> None:
        if named == "section":
            named = str(articles["deposit-missing", "en"].get_parent().pk)
        page = look(stranger, f"{DEPOSIT}?from={named}")
        assert "You come from" not in page
        assert "<script>alert" not in page
        assert 'id="subject" name="subject" value=""' in page
        assert "from" not in hidden(page)
        answer = stranger.post(DEPOSIT, hidden(page) | {"from": named})
        assert answer.status_code == 422
        assert post(stranger, page, **{"from": named}).status_code == 302
        assert not any("read_before" in entry.data for entry in Entry.objects.all())
