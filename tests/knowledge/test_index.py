"""Readers find the article, whichever way they write; and what is found is what is held."""

import random
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustdesk.knowledge.index import Document, Hit, Index
from trustdesk.knowledge.snippets import Piece


def article(key: int, title: str, body: str = "", *, language: str = "en", words: Sequence[str] = ()) -> Document:
    return Document(key=key, language=language, title=title, headings=(), body=body, words=tuple(words))


WITHDRAW, WITHDRAW_ZH, DEPOSIT, DEPOSIT_ZHT, TWO_FACTOR, FEES, KYC_ZH, JA, KO, PAIRS = range(1, 11)
ARTICLES = (
    article(
        WITHDRAW,
        "How to withdraw crypto",
        "Open Assets, choose the coin and enter the address. Error W-1012 means that the address is on another network."
        "\n\nWithdrawals are reviewed for up to 24 hours.",
    ),
    article(
        WITHDRAW_ZH,
        "如何提现到银行卡",
        "打开“资产”，选择币种，点击提现。错误码 W-1012 表示地址属于别的网络。提现审核最长 24 小时。",
        language="zh-hans",
    ),
    article(
        DEPOSIT,
        "My deposit has not arrived",
        "A deposit is credited after enough confirmations. Check the network: ERC-20 and TRC20 are different. "
        "Send us the transaction id.",
        words=("missing money",),
    ),
    article(DEPOSIT_ZHT, "充值沒有到賬怎麼辦", "請先確認網路，再提供交易哈希。區塊鏈確認數不足時請耐心等候。", language="zh-hant"),
    article(TWO_FACTOR, "Lost authenticator", "Reset 2FA with your backup key. The verification takes a day.", words=("2FA",)),
    article(FEES, "Fees of spot trading", "Makers pay 0.1 %, takers pay 0.1 %. VIP levels pay less."),
    article(KYC_ZH, "身份认证失败的原因", "请上传清晰的护照照片，账户姓名需要一致。", language="zh-hans"),
    article(JA, "出金の方法", "アカウントから出金できます。", language="ja"),
    article(KO, "출금 방법", "계정에서 출금할 수 있습니다.", language="ko"),
    article(PAIRS, "Trading rules", "BTC/USDT has a tick of 0.01; the verification of orders is immediate."),
)  # fmt: skip
SYNONYMS = [
    ("提现", "提币", "withdrawal"),
    ("2FA", "two factor authentication", "两步验证"),
    ("purse", "authenticator"),
]


@pytest.fixture(scope="module")
def index() -> Index:
    made = Index()
    made.replace(ARTICLES, synonyms=SYNONYMS)
    return made


def keys(hits: Sequence[Hit]) -> list[int]:
    return [hit.key for hit in hits]


def marks(pieces: Sequence[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.marked]


def joined(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("withdraw", WITHDRAW),
        ("How can I withdraw my crypto?", WITHDRAW),
        ("deposits arriving", DEPOSIT),
        ("missing money", DEPOSIT),
        ("怎么提现", WITHDRAW_ZH),
        ("提現到銀行卡", WITHDRAW_ZH),
        ("充值没到账", DEPOSIT_ZHT),
        ("USDT充值没到账", DEPOSIT_ZHT),
        ("区块链", DEPOSIT_ZHT),
        ("ＦＥＥＳ", FEES),
        ("护照", KYC_ZH),
        ("帳戶", KYC_ZH),
        ("照", KYC_ZH),
        ("出金", JA),
        ("アカウント", JA),
        ("출금", KO),
        ("btcusdt", PAIRS),
        ("BTC-USDT", PAIRS),
        ("2fa", TWO_FACTOR),
        ("2-FA", TWO_FACTOR),
        ("TRC-20", DEPOSIT),
        ("erc20", DEPOSIT),
    ],
)
def test_the_article_comes_first(index: Index, asked: str, first: int) -> None:
    assert keys(index.search(asked).hits)[:1] == [first]


@pytest.mark.parametrize("asked", ["W-1012", "w1012", "W_1012", "error w-1012"])
def test_a_code_is_found_and_marked_however_it_is_joined(index: Index, asked: str) -> None:
    hits = index.search(asked).hits
    assert set(keys(hits)[:2]) == {WITHDRAW, WITHDRAW_ZH}
    assert all(any("W-1012" in mark for mark in marks(hit.snippet)) for hit in hits[:2])


@pytest.mark.parametrize(
    ("asked", "meant", "first"),
    [
        ("wihtdraw", "withdraw", WITHDRAW),
        ("withdrw", "withdraw", WITHDRAW),
        ("Lost my authentificator", None, TWO_FACTOR),  # two edits are another word
        ("lost autenticator", "lost authenticator", TWO_FACTOR),
        ("How do I Depposit?", "How do I deposit?", DEPOSIT),
        ("tradding rules", "trading rules", PAIRS),
    ],
)
def test_a_slip_is_seen_through(index: Index, asked: str, meant: str | None, first: int) -> None:
    found = index.search(asked)
    assert (keys(found.hits)[0], found.corrected) == (first, meant)


@pytest.mark.parametrize("asked", ["withdraw", "withdrawing", "W-1O12x", "2fb", "fee", "提线", "ab"])
def test_what_needs_no_correction_gets_none(index: Index, asked: str) -> None:
    assert index.search(asked).corrected is None


def test_a_usual_word_wins_over_a_rare_one() -> None:
    index = Index()
    usual = [article(key, f"Article {key}", "about the form to fill in") for key in range(1, 21)]
    index.replace([*usual, article(21, "Slip", "this is the fomr"), article(22, "Other", "a fork")])
    found = index.search("forn")
    assert found.corrected == "form"
    assert index.search("fomr").corrected is None  # somebody wrote it: both are looked up
    assert index.search("fomr", limit=50).total == 21


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("提币", {WITHDRAW, WITHDRAW_ZH}),
        ("withdrawal", {WITHDRAW, WITHDRAW_ZH}),
        ("two factor authentication", {TWO_FACTOR}),
        ("Two-Factor Authentication lost", {TWO_FACTOR}),
        ("两步验证", {TWO_FACTOR}),
        ("how do I use a purse", {TWO_FACTOR}),
    ],
)
def test_words_declared_alike_find_each_other(index: Index, asked: str, expected: set[int]) -> None:
    assert expected <= set(keys(index.search(asked).hits))


def test_the_word_as_asked_counts_more_than_one_declared_alike(index: Index) -> None:
    assert keys(index.search("withdrawal").hits)[0] == WITHDRAW
    assert keys(index.search("提现").hits)[0] == WITHDRAW_ZH


@pytest.mark.parametrize(
    ("asked", "first"),
    [("tx", WITHDRAW_ZH), ("tixian", WITHDRAW_ZH), ("TiXian", WITHDRAW_ZH), ("ti xian", WITHDRAW_ZH), ("ti'xian", WITHDRAW_ZH),
     ("yinhangka", WITHDRAW_ZH), ("tixiandaoyinhangka", WITHDRAW_ZH), ("sfrz", KYC_ZH), ("czmydz", DEPOSIT_ZHT)],
)  # fmt: skip
def test_chinese_is_found_by_its_sound(index: Index, asked: str, first: int) -> None:
    found = index.search(asked)
    assert keys(found.hits)[:1] == [first]
    assert found.corrected is None


def test_sound_is_only_heard_where_nothing_is_written_so(index: Index) -> None:
    with_tx = Index()
    with_tx.replace([*ARTICLES, article(99, "TX id", "Where to find the tx")])
    assert keys(with_tx.search("tx").hits) == [99]


@pytest.mark.parametrize(
    ("typed", "first"),
    [("withd", WITHDRAW), ("how to wi", WITHDRAW), ("depo", DEPOSIT), ("auth", TWO_FACTOR), ("提", WITHDRAW_ZH), ("提现到", WITHDRAW_ZH),
     ("tix", WITHDRAW_ZH), ("btc/u", PAIRS), ("w-101", WITHDRAW)],
)  # fmt: skip
def test_the_last_word_may_be_unfinished(index: Index, typed: str, first: int) -> None:
    found = index.search(typed, as_typed=True)
    assert first in keys(found.hits)[:2]
    assert found.corrected is None


def test_a_finished_word_is_no_beginning(index: Index) -> None:
    assert not index.search("withd").hits
    assert not index.search("withd ", as_typed=True).hits


def test_languages_apart_and_together(index: Index) -> None:
    assert set(keys(index.search("W-1012").hits)) == {WITHDRAW, WITHDRAW_ZH}
    assert keys(index.search("W-1012", languages=["zh-hans"]).hits) == [WITHDRAW_ZH]
    assert set(keys(index.search("W-1012", languages=["zh-hans", "en"]).hits)) == {WITHDRAW, WITHDRAW_ZH}
    assert index.search("W-1012", languages=["fr"]).total == 0
    assert keys(index.search("tixian", languages=["zh-hans"]).hits) == [WITHDRAW_ZH]


def test_the_title_weighs_more_than_the_text() -> None:
    index = Index()
    index.replace([article(1, "Fees", "what it costs " * 20), article(2, "Costs", "fees " + "what it is " * 20)])
    assert keys(index.search("fees").hits) == [1, 2]


def test_pages_and_total() -> None:
    index = Index()
    index.replace(article(key, f"Deposit {key}", "deposit") for key in range(25))
    pages = [index.search("deposit", limit=10, offset=offset) for offset in (0, 10, 20, 30, 10**12)]
    assert [len(page.hits) for page in pages] == [10, 10, 5, 0, 0]
    assert {page.total for page in pages} == {25}
    assert len({key for page in pages for key in keys(page.hits)}) == 25
    assert len(index.search("deposit", limit=10**12).hits) == 25


def test_a_question_of_usual_words_alone_is_still_asked(index: Index) -> None:
    assert index.search("what has not").hits
    assert index.search("怎么办").hits


def test_hits_show_the_article_as_written(index: Index) -> None:
    hit = index.search("提現到銀行卡").hits[0]
    assert joined(hit.title) == "如何提现到银行卡"
    assert marks(hit.title) == ["提现到银行卡"]
    assert joined(hit.snippet) in ARTICLES[WITHDRAW_ZH - 1].body
    assert "提现" in marks(hit.snippet)


def test_changes_are_found_and_what_was_is_not() -> None:
    index = Index()
    index.replace(ARTICLES)
    index.update(
        put=[article(FEES, "Gebühren", "Kosten"), article(50, "Staking", "Lock coins")], remove=[WITHDRAW, 999]
    )
    assert index.size == len(ARTICLES)
    assert keys(index.search("staking").hits) == [50]
    assert keys(index.search("gebuhren").hits) == [FEES]
    assert not index.search("takers").hits
    assert WITHDRAW not in keys(index.search("withdraw").hits)
    index.update(remove=[50])
    assert not index.search("staking").hits
    index.replace([article(1, "Only one")])
    assert (index.size, index.search("only one").total, index.search("takers").total) == (1, 1, 0)


def test_synonyms_outlive_an_update_and_are_replaced_with_the_articles() -> None:
    index = Index()
    index.replace(ARTICLES, synonyms=SYNONYMS)
    index.update(put=[article(50, "Staking", "Lock coins")])
    assert index.search("purse").hits
    index.update(synonyms=[("handbag", "authenticator")])
    assert keys(index.search("handbag").hits) == [TWO_FACTOR]
    assert not index.search("purse").hits
    index.replace(ARTICLES, synonyms=SYNONYMS)
    assert index.search("purse").hits
    index.replace(ARTICLES)
    assert not index.search("purse").hits


def test_an_empty_index_answers() -> None:
    index = Index()
    assert (index.size, index.search("anything").total) == (0, 0)
    index.replace([])
    index.update()
    assert index.search("tixian", as_typed=True).hits == ()


def test_a_failed_change_leaves_all_as_it_was() -> None:
    index = Index()
    index.replace(ARTICLES)
    broken = article(1, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        index.update(put=[broken])
    with pytest.raises(TypeError):
        index.replace([broken])
    assert index.size == len(ARTICLES)
    index.update(put=[article(50, "Staking")])
    assert keys(index.search("staking").hits) == [50]


def test_searches_are_answered_while_all_is_replaced() -> None:
    index = Index()
    index.replace(ARTICLES)
    stop, failures, answered = threading.Event(), [], [0]

    def ask() -> None:
        while not stop.is_set():
            for asked in ("withdraw", "提现", "tx", "wihtdraw"):
                found = index.search(asked)
                answered[0] += 1
                if not found.hits:
                    failures.append(asked)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for round_ in range(8):
        index.replace(ARTICLES)
        index.update(put=[article(100 + round_, "Another", "text")], remove=[FEES])
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert answered[0] > 50


WORDS = st.sampled_from("withdraw 提现 W-1012 的 how authenticator 到账 btc/usdt . \n é ß ﬁ ａ 帳 ' e\u0301".split(" "))


@settings(max_examples=30, deadline=None)
@given(
    bodies=st.lists(st.lists(WORDS, max_size=150).map(" ".join), min_size=1, max_size=4),
    asked=st.lists(WORDS, max_size=6),
)
def test_snippets_are_parts_of_the_article(bodies: list[str], asked: list[str]) -> None:
    index = Index()
    index.replace(article(key, body[:40], body) for key, body in enumerate(bodies))
    for hit in index.search(" ".join(asked)).hits:
        assert joined(hit.title) == bodies[hit.key][:40]
        assert joined(hit.snippet) in bodies[hit.key]
        assert all(piece.text for piece in (*hit.title, *hit.snippet))


def test_the_same_question_has_the_same_answer(index: Index) -> None:
    asked = [word for one in ARTICLES for word in one.title.split()]
    random.Random(1).shuffle(asked)
    assert [index.search(one) for one in asked] == [index.search(one) for one in asked]
