"""What the chat page asks for articles with: only for whoever has a token, nothing kept that tells a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import world
from tests.knowledge import shelf
from trustdesk.conversations.models import Entry
from trustdesk.customers import limits, visitors
from trustdesk.knowledge import search
from trustdesk.knowledge.models import Article, Search, Vote

pytestmark = pytest.mark.django_db

ANNA = visitors.anonymous()
SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.fixture
def articles(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], Article]]:
    world.fresh()
    monkeypatch.setattr("trustdesk.widget.suggestions.limiter", limits.Limiter())
    yield shelf.fill()
    search.forget()


def post(path: str, *, token: str = "", **fields: str) -> Any:
    token = token or visitors.token(ANNA)
    return Client(enforce_csrf_checks=True).post(path, fields, headers={"Authorization": f"Bearer {token}"})


def ask(text: str = "", **fields: str) -> Any:
    return post("/chat/suggestions/", text=text, **fields)


def test_articles_come_for_what_is_typed_and_for_a_topic_alone(articles: dict[tuple[str, str], Article]) -> None:
    answer = ask("my deposit has not arrived", locale="en")
    late = articles["deposit-missing", "en"]
    assert answer.headers["Cache-Control"] == "no-store"
    found = answer.json()
    [card] = [one for one in found["articles"] if one["article"] == late.pk]
    assert card["url"] == f"/help/en/basics/deposit-missing/?s={found['search']}"
    row = Search.objects.get()
    assert (row.place, row.text, row.hits) == ("chat", "my deposit has not arrived", len(found["articles"]))
    assert "充值未到账" in {one["title"] for one in ask("我的充值没有到账", locale="zh-hans").json()["articles"]}
    chosen = ask(topic="withdrawal_delayed", locale="en").json()["articles"]
    assert [one["title"] for one in chosen] == ["My withdrawal is pending"]
    assert ask("dep", topic="").json() == {"search": "", "articles": []}
    assert Entry.objects.count() == 0  # a search is no message


def test_a_secret_is_kept_nowhere(articles: dict[tuple[str, str], Article]) -> None:
    ask(f"my deposit, phrase {SEED}", locale="en")
    assert "sausage" not in Search.objects.get().text


def test_only_with_a_token_and_not_by_get(articles: dict[tuple[str, str], Article]) -> None:
    for path in ("/chat/suggestions/", "/chat/suggestions/outcome/"):
        assert Client().post(path, {"text": "my deposit"}).status_code == 401
        assert post(path, token="x" * 60, text="my deposit").status_code == 401
        assert Client().get(path, {"text": "my deposit"}).status_code == 405
    assert Search.objects.count() == 0


def test_too_many_are_refused(articles: dict[tuple[str, str], Article], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEARCHES", 3)
    assert [ask("my deposit has not arrived").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert Search.objects.count() == 1


def test_hostile_words_do_no_harm(articles: dict[tuple[str, str], Article]) -> None:
    for text in (
        "<script>alert(1)</script> deposit",
        "deposit\0 missing",
        "d" * 100_000,
        "充" * 100_000,
        "%s{{ deposit }}",
    ):
        assert ask(text, topic="\0<b>", locale="../en").status_code == 200


def test_what_came_of_it_is_noted(articles: dict[tuple[str, str], Article]) -> None:
    late = articles["deposit-missing", "en"]
    mark = ask("my deposit has not arrived").json()["search"]
    outcome = "/chat/suggestions/outcome/"
    for fields in (
        {"article": "99999999"},
        {"article": "x"},
        {"article": ""},
        {"article": str(late.pk), "search": "1-forged"},
    ):
        assert post(outcome, **fields).status_code == 200
    assert Search.objects.get().opened == []
    post(outcome, search=mark, article=str(late.pk))
    assert Search.objects.get().opened == [late.pk]
    assert Vote.objects.filter(article=late, helpful=True).count() == 1
    post(outcome, asked="1")
    assert Search.objects.exclude(asked_at=None).count() == 1


def test_somebody_elses_search_is_not_followed_by_this_case(articles: dict[tuple[str, str], Article]) -> None:
    ask("my deposit has not arrived")
    stranger = visitors.token(visitors.anonymous())
    client = Client(headers={"User-Agent": "another"})
    client.post("/chat/suggestions/outcome/", {"asked": "1"}, headers={"Authorization": f"Bearer {stranger}"})
    assert Search.objects.get().asked_at is None


def test_a_search_costs_few_statements(articles: dict[tuple[str, str], Article]) -> None:
    ask("my deposit has not arrived")
    with CaptureQueriesContext(connection) as asked:
        ask("my deposit has not arrived yet")
    assert len(asked) <= 8, [one["sql"][:80] for one in asked.captured_queries]
