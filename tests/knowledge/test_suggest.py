"""Articles are offered where they fit, and nothing where none does. (Measured on the starting pack as well: see below.)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.knowledge import shelf
from tests.knowledge.shelf import Told
from trustdesk.knowledge import library, search, suggest
from trustdesk.knowledge.models import Article

pytestmark = pytest.mark.django_db

SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"
TX = "a1075db55d416d3ca199f55b6084e2115b9345e16c5cf302fc80e9d5fbf5d48d"


@pytest.fixture
def articles() -> Iterator[dict[tuple[str, str], Article]]:
    yield shelf.fill()
    search.forget()


def offered(text: str, language: str = "en", *, request_type: str = "") -> list[str]:
    found = suggest.suggest(text, language=language, request_type=request_type)
    return [one.url.rstrip("/").rpartition("/")[2] for one in found]


FITTING = [
    ("my deposit has not arrived", "en", "deposit-missing"),
    ("depoist not arived", "en", "deposit-missing"),
    (
        f"Hello, I sent USDT, txid {TX}, and the deposit is still not credited. Please help!",
        "en",
        "deposit-missing",
    ),
    ("withdrawal pending for 3 hours", "en", "withdrawal-pending"),
    ("how do I reset google authenticator", "en", "two-factor-lost"),
    ("what are the trading fees", "en", "trading-fees"),
    ("how to set a stop loss", "en", "stop-loss"),
    ("你好，我昨天充值的USDT到现在还没到账，帮我看看", "zh-hans", "deposit-missing"),
    ("提现一直处理中", "zh-hans", "withdrawal-pending"),
    ("提現一直處理中", "zh-hans", "withdrawal-pending"),
    ("怎么重置谷歌验证", "zh-hans", "two-factor-lost"),
    ("手续费是多少", "zh-hans", "trading-fees"),
    ("止损怎么设置", "zh-hans", "stop-loss"),
]
SMALL_TALK = [
    ("", "en"),
    ("   ", "en"),
    ("hello", "en"),
    ("Hi there, is anybody here?", "en"),
    ("asdf", "en"),
    ("ok thanks", "en"),
    ("I need a human agent please", "en"),
    (TX, "en"),
    (f"0x{TX}", "en"),
    ("20251128114512345", "en"),
    ("TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE", "en"),
    ("???", "en"),
    ("what is the weather today", "en"),
    ("pizza recipe", "en"),
    (SEED, "en"),
    ("你好", "zh-hans"),
    ("您好，有人吗", "zh-hans"),
    ("转人工客服", "zh-hans"),
    ("今天天气怎么样", "zh-hans"),
    ("谢谢", "zh-hans"),
]


def test_a_sensible_question_gets_the_right_article(articles: dict[tuple[str, str], Article]) -> None:
    missed = [text for text, language, slug in FITTING if slug not in offered(text, language)]
    assert missed == []


def test_small_talk_and_numbers_get_nothing(articles: dict[tuple[str, str], Article]) -> None:
    found = {text: got for text, language in SMALL_TALK if (got := offered(text, language))}
    assert found == {}


def test_at_most_as_many_as_asked_for_in_the_readers_language_alone(articles: dict[tuple[str, str], Article]) -> None:
    found = suggest.suggest("deposit", language="en", limit=1)
    assert [(one.language, one.url) for one in found] in (
        [("en", "/help/en/basics/deposit-missing/")],
        [("en", "/help/en/basics/minimum-deposit/")],
    )
    assert suggest.suggest("deposit", language="en", limit=0) == ()
    assert all(one.language == "zh-hans" for one in suggest.suggest("充值", language="zh-hans"))


def test_articles_of_the_form_come_first(articles: dict[tuple[str, str], Article]) -> None:
    assert offered("trading fees and stop loss", request_type="fees")[0] == "trading-fees"
    assert offered("trading fees and stop loss", request_type="how_to")[0] == "stop-loss"


def test_a_draft_is_never_offered_nor_is_what_was_taken_back(articles: dict[tuple[str, str], Article]) -> None:
    secret = shelf.publish(
        Told("Deposit codeword quokka", "quokka", "quokka deposit"),
        slug="draft",
        request_type="deposit_missing",
        live=False,
    )
    search.forget()
    assert "draft" not in offered("quokka deposit codeword", request_type="deposit_missing")
    assert suggest.published([secret.pk], among=library.current()) == ()
    articles["deposit-missing", "en"].unpublish()
    search.forget()
    assert "deposit-missing" not in offered("my deposit has not arrived")


def test_any_text_may_be_asked(articles: dict[tuple[str, str], Article]) -> None:
    for text in (
        "<script>alert(1)</script> deposit",
        "deposit\0missing",
        '"+-AND (deposit',
        "deposit " * 14_000,
        "充值" * 50_000,
        "\ud83d" * 3,
        "a" * 100_000,
    ):
        assert len(suggest.suggest(text, language="en")) <= 3


def test_a_secret_is_not_even_looked_for(
    articles: dict[tuple[str, str], Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for: list[str] = []
    real = search.find

    def find(text: str, **more: Any) -> search.Found:
        looked_for.append(text)
        return real(text, **more)

    monkeypatch.setattr(search, "find", find)
    suggest.suggest(f"my deposit, the phrase is {SEED}", language="en")
    assert looked_for
    assert "sausage" not in looked_for[0]


def test_each_article_is_shown_in_the_readers_language_where_it_exists(
    articles: dict[tuple[str, str], Article],
) -> None:
    ids = [articles["deposit-missing", "en"].pk, articles["deposit-missing", "zh-hans"].pk]
    found = suggest.in_language(ids, among=library.current(), language="zh-hans")
    assert [one.title for one in found] == ["充值未到账"]


def test_it_costs_no_query_while_nothing_was_published(articles: dict[tuple[str, str], Article]) -> None:
    suggest.suggest("deposit", language="en")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        suggest.suggest("withdrawal pending", language="en")
    assert len(asked) <= 1  # a look, once a second, whether something was
