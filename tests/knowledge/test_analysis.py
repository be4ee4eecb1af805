"""A text and the question for it come apart into the same terms, however they were written."""

import sys
import time
import unicodedata

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.knowledge.analysis import LONGEST_WORD, fold, folded_from, terms

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)


def of(text: str) -> list[str]:
    return terms(fold(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("USDT充值没到账", ["usdt", "充值", "值没", "没到", "到账"]),
        ("第3步", ["第", "3", "步"]),
        ("W-1012", ["w1012", "w", "1012"]),
        ("ERR_42", ["err42", "err", "42"]),
        ("BTC/USDT", ["btcusdt", "btc", "usdt"]),
        ("2FA", ["2fa"]),
        ("ERC-20", ["erc20", "erc", "20"]),
        ("T+1", ["t1", "t", "1"]),
        ("1,000 and 1.5 at 10:30", ["1000", "1", "000", "and", "1.5", "1", "5", "at", "10:30", "10", "30"]),
        ("withdrawals withdrawal withdraw", ["withdraw"] * 3),
        ("user’s don't", ["user", "dont"]),
        ("ＵＳＤＴ　１２３", ["usdt", "123"]),
        ("Café naïve Straße", ["cafe", "naiv", "strass"]),
        ("出金の方法", ["出金", "金の", "の方", "方法"]),
        ("アカウント", ["アカ", "カウ", "ウン", "ント"]),
        ("출금 방법", ["출금", "방법"]),
        ("zero\u200bwidth soft\u00adhyphen", ["zerowidth", "softhyphen"]),
        ("! ? … —", []),
        ("\ud800 \x00 😀", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_text_comes_apart(text: str, expected: list[str]) -> None:
    assert of(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("帳戶", "账户"),
        ("帳戶", "帐户"),
        ("接著", "接着"),
        ("瞭解", "了解"),
        ("臺灣 台灣", "台湾 台湾"),
        ("覆蓋", "覆盖"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("한국어", unicodedata.normalize("NFC", "한국어")),
        ("cafe\u0301", "café"),
        ("BTC-USDT", "BTC/USDT"),
        ("Verification", "VERIFICATION"),
    ],
)
def test_two_ways_to_write_one_thing(one: str, other: str) -> None:
    assert set(of(one)) == set(of(other))


def test_whole_sentences_of_both_writings_meet() -> None:
    written = "請問為什麼我的帳戶裡顯示提現申請還在審核，後來又收到簡訊說聯絡電話發生變更，乾脆著手申訴？"
    simplified = opencc.OpenCC("t2s").convert(written)
    assert simplified != written
    assert of(written) == of(simplified)


def test_an_endless_word_is_taken_as_several() -> None:
    assert {len(term) for term in of("a" * 1000)} == {LONGEST_WORD, 1000 % LONGEST_WORD}


@pytest.mark.parametrize(
    "piece", ["a", "-", "a-", "a.", "1,000", "提", "提 ", "'", "a'", "://", "\u0301", "é", "\ud800", "ß"]
)
def test_hostile_texts_take_no_time(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    start = time.process_time()
    of(text)
    assert time.process_time() - start < 1


@given(ANY_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert of(fold(text)) == of(text)


@given(ANY_TEXT)
def test_every_folded_character_stands_somewhere(text: str) -> None:
    folded, origin = fold(text), folded_from(text)
    if origin is None:
        assert len(folded) == len(text)
    else:
        assert len(origin) == len(folded)
        assert list(origin) == sorted(origin)
    for at, char in enumerate(folded):
        assert char in fold(text[at if origin is None else origin[at]])


def test_every_character_can_be_folded() -> None:
    for code in range(0, sys.maxunicode + 1, 7):
        of(chr(code))
