"""Whether an article helped: counted once a reader, the reason asked second, secrets masked; with and without scripts."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.helpcenter.shelves import Shelf
from trustdesk.customers import limits
from trustdesk.knowledge.models import Vote


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def token(browser: Client, path: str) -> str:
    shown = browser.get(path).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown)
    assert found, shown
    return found[1]


def say(browser: Client, shelf: Shelf, *, part: bool = False, **said: str) -> str:
    path = f"/help/en/_vote/{shelf.late.pk}/"
    found = token(browser, f"/help/en/_beside.html?page={shelf.late.pk}")
    more = {"part": "1"} if part else {}
    answer = browser.post(path, said | more | {"csrfmiddlewaretoken": found})
    if part:
        assert answer.status_code == 200
        return answer.content.decode()
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def test_what_is_fetched_has_the_vote_and_the_ways(shelf: Shelf, browser: Client) -> None:
    shown = browser.get(f"/help/en/_beside.html?page={shelf.late.pk}").content.decode()
    assert "Was this helpful?" in shown
    assert "First answer in" in shown
    assert "Leave a message" in shown
    assert "<html" not in shown


def test_yes_is_a_vote_and_thanks(shelf: Shelf, browser: Client) -> None:
    assert "Thank you" in say(browser, shelf, part=True, helpful="yes")
    row = Vote.objects.get()
    assert (row.article_id, row.helpful, row.reason) == (shelf.late.pk, True, "")


def test_no_counts_at_once_and_asks_why(shelf: Shelf, browser: Client) -> None:
    why = say(browser, shelf, part=True, helpful="no")
    assert Vote.objects.get().helpful is False
    assert 'name="reason"' in why
    assert "csrfmiddlewaretoken" in why
    said = say(browser, shelf, part=True, helpful="no", reason="missing", missing="How long with ETH?")
    assert "The editors read this" in said
    row = Vote.objects.get()
    assert (row.reason, row.missing) == ("missing", "How long with ETH?")


def test_the_last_word_counts(shelf: Shelf, browser: Client) -> None:
    say(browser, shelf, helpful="no", reason="wrong", missing="x")
    say(browser, shelf, helpful="yes")
    row = Vote.objects.get()
    assert (row.helpful, row.reason, row.missing) == (True, "", "")


def test_without_scripts_it_is_a_page(shelf: Shelf, browser: Client) -> None:
    path = f"/help/en/_vote/{shelf.late.pk}/"
    assert 'value="yes"' in browser.get(path).content.decode()
    assert say(browser, shelf, helpful="no") == "?helpful=no"
    assert 'name="reason"' in browser.get(f"{path}?helpful=no").content.decode()
    assert say(browser, shelf, helpful="no", reason="", missing="") == "?said=thanks"
    assert "The editors read this" in browser.get(f"{path}?said=thanks").content.decode()
    assert say(browser, shelf, helpful="yes") == "?said=yes"


def test_without_an_answer_nothing_is_noted_and_it_is_asked_again(shelf: Shelf, browser: Client) -> None:
    assert say(browser, shelf) == "?"
    assert say(browser, shelf, helpful="perhaps") == "?"
    assert not Vote.objects.exists()


def test_secrets_are_masked_and_lengths_bounded(shelf: Shelf, browser: Client) -> None:
    say(browser, shelf, helpful="no", missing=f"abandon {'abandon ' * 10}about\0")
    assert "abandon" not in Vote.objects.get().missing
    say(browser, shelf, helpful="no", missing="x" * 5000, reason="nonsense")
    row = Vote.objects.get()
    assert (len(row.missing), row.reason) == (1000, "")


def test_a_token_is_needed(shelf: Shelf, browser: Client) -> None:
    assert browser.post(f"/help/en/_vote/{shelf.late.pk}/", {"helpful": "yes"}).status_code == 403
    assert not Vote.objects.exists()


def test_one_network_fills_no_table(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NOTES", 1)
    for name in ("a", "b"):
        say(Client(headers={"User-Agent": name}), shelf, helpful="yes")
    assert Vote.objects.count() == 1


@pytest.mark.parametrize("number", ["0", "999999", "x", "-1", ""])
def test_there_is_nothing_beside_what_is_no_article(shelf: Shelf, browser: Client, number: str) -> None:
    assert browser.get(f"/help/en/_beside.html?page={number}").status_code == 404
    assert browser.get(f"/help/en/_beside.html?page={shelf.deposits.pk}").status_code == 404
