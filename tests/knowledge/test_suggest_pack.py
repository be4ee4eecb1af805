"""The floor of what is offered, measured on the articles that come with the product, without a database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from trustdesk.knowledge import folder, library, search, suggest
from trustdesk.knowledge.index import Document, Index
from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.management.commands.help_import import PACK

EN, ZH = "en", "zh-hans"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FITTING = [
    (EN, "my deposit has not arrived", "deposit-missing"),
    (EN, "depoist not arived", "deposit-missing"),
    (EN, "I sent usdt but it is not in my account", "wrong-network"),
    (EN, "withdrawal pending for 3 hours", "withdrawal-pending"),
    (EN, "why was my withdrawal cancelled", "withdrawal-cancelled"),
    (EN, "how do I reset google authenticator", "two-factor-lost"),
    (EN, "forgot password", "sign-in-problems"),
    (EN, "my account was hacked", "account-hacked"),
    (EN, "what are the trading fees", "trading-fees"),
    (EN, "how to set a stop loss", "stop-loss-take-profit-spot"),
    (EN, "forgot memo tag", "missing-memo"),
    (EN, "sent to wrong address", "wrong-withdrawal-address"),
    (EN, "KYC rejected", "verification-rejected"),
    (EN, "api key ip whitelist", "api-permissions"),
    (EN, "bonus voucher not received", "bonus-and-vouchers"),
    (EN, "minimum deposit", "minimum-deposit"),
    (EN, "close my account", "close-account"),
    (EN, "my order is not filled", "order-not-filled"),
    (EN, "fake support on telegram", "fake-apps-and-impostors"),
    (EN, "export trade history for taxes", "export-statement"),
    (ZH, "我的充值没有到账", "deposit-missing"),
    (ZH, "你好，我昨天充值的USDT到现在还没到账，帮我看看", "deposit-missing"),
    (ZH, "提现一直处理中", "withdrawal-pending"),
    (ZH, "怎么重置谷歌验证", "two-factor-lost"),
    (ZH, "忘记密码", "sign-in-problems"),
    (ZH, "账户被盗了", "account-hacked"),
    (ZH, "手续费是多少", "trading-fees"),
    (ZH, "止损怎么设置", "stop-loss-take-profit-spot"),
    (ZH, "没填备注 memo", "missing-memo"),
    (ZH, "提错地址", "wrong-withdrawal-address"),
    (ZH, "身份认证被拒", "verification-rejected"),
    (ZH, "为什么爆仓", "liquidation-explained"),
    (ZH, "怎么注销账户", "close-account"),
    (ZH, "最低充币数量", "minimum-deposit"),
    (ZH, "合约资金费率", "funding-rate"),
]
TX = "a1075db55d416d3ca199f55b6084e2115b9345e16c5cf302fc80e9d5fbf5d48d"
NOTHING = [
    *((EN, text) for text in (
        "hello", "hi there", "asdf", "asdf qwer", "good morning", "thanks", "ok", "test", "are you there", "is anybody here?",
        "help", "I need help", "agent", "human", "real person please", "speak to an agent", TX, f"0x{TX}", "20251128114512345",
        "order 20251128114512345", f"TXID: {TX}", "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE", "what is the weather today", "pizza recipe",
        "how old are you", "lol", "???", "123", "who won the football game", "one two three four", "how are you doing",
        "my grandmother bought a nice dog yesterday and wants to walk it in the park every morning with her friends",
    )),
    *((ZH, text) for text in (
        "你好", "在吗", "您好，有人吗", "请问", "谢谢", "人工", "人工客服", "哈哈哈", "今天天气怎么样", "好的", "我想问一下", "测试",
        "快点回复", "早上好", "你叫什么名字", "我饿了", f"0x{TX}",
    )),
]  # fmt: skip


@pytest.fixture(scope="module")
def pack() -> Iterator[None]:
    """The pack as it would be published, in memory."""
    nodes: dict[int, Node] = {}
    documents = []
    for number, text in enumerate(_texts(), start=1):
        nodes[number] = _node(number, text)
        body = (PACK / text.file).read_text(encoding="utf-8").split("---\n", 2)[2]
        documents.append(
            Document(number, text.language, text.title, tuple(re.findall(r"^##+ (.+)$", body, re.M)),
                     f"{text.summary}\n{body}", nodes[number].search_words)
        )  # fmt: skip
    index = Index()
    index.replace(documents)
    shelf = Library("pack", nodes, tuple(nodes), {}, {}, {}, (), {}, {}, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "current", lambda: shelf)
        patch.setattr(search._keeper, "index", lambda _shelf: index)
        yield


def _texts() -> Iterator[folder.Text]:
    found = folder.read(PACK, language=EN)
    for by_language in found.articles.values():
        yield from by_language.values()


def _node(number: int, text: folder.Text) -> Node:
    words: Any = text.facts.get("search_words") or ()
    return Node(
        id=number, key=f"{text.slug}:{text.language}", language=text.language, path=f"{text.place[0]}/{text.slug}",
        title=text.title, summary=text.summary, above=(), revision=1, published_at=LONG_AGO, changed_at=LONG_AGO,
        updated_on=date(2026, 1, 1), search_words=tuple(str(word) for word in words),
        request_type=str(text.facts.get("request_type") or ""),
    )  # fmt: skip


def offered(language: str, text: str) -> list[str]:
    return [one.url.rstrip("/").rpartition("/")[2] for one in suggest.suggest(text, language=language)]


def test_sensible_questions_get_the_right_article_among_three(pack: None) -> None:
    missed = [(text, offered(language, text)) for language, text, slug in FITTING if slug not in offered(language, text)]
    assert missed == []


def test_what_tells_no_matter_gets_nothing(pack: None) -> None:
    assert {text: found for language, text in NOTHING if (found := offered(language, text))} == {}
