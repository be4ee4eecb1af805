"""What must hold for any text: masking twice is masking once, nothing survives, and no text makes it slow."""

import random
import re
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import base58
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mnemonic import Mnemonic

from trustdesk.policy import guard
from trustdesk.policy.guard.folding import fold

LANGUAGES = sorted(set(Mnemonic.list_languages()) - {"russian"})  # one Russian word is damaged in the package
BOOKS = {language: Mnemonic(language) for language in LANGUAGES}
WALLS = "\ufffe\uffff"

entropies = st.sampled_from([16, 20, 24, 28, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
keys = st.binary(min_size=32, max_size=32).filter(lambda raw: any(raw))
# Pieces that pull the guard's rules in every direction, in any order.
PIECES = [
    *(
        "private key: ",
        "私钥",
        "助记词：",
        "seed phrase ",
        "tx hash ",
        "API secret=",
        "2FA key ",
        "key",
        " is ",
        "是",
        "\n",
    ),
    *(
        " ",
        ", ",
        "，",
        ":",
        '"',
        "1. ",
        "<td>",
        "</td>",
        "\u200b",
        "\ufeff",
        "e\u0301",
        "ｋｅｙ",
        "⑳",
        "\\u0061",
        "\\n",
    ),
    *(
        "password ",
        "密码",
        "验证码",
        "pin ",
        "code ",
        "my ",
        "Hunter2!x",
        "482913",
        " is my ",
        "error ",
        "login: a@b.c ",
        "(",
        "“",
    ),
    *("[••• password]", "[••• one_time_code]"),
    *("[••• wif]", "[••• private_key]", "[••• seed_phrase]", "[••• ", "Cookie: a=b; ", "Bearer ", "eyJhbGciOi", "0x"),
    *(
        "-----BEGIN PRIVATE KEY-----",
        "ab" * 32,
        "0f" * 32,
        "JBSWY3DPEHPK3PXP",
        "jbsw y3dp ehpk 3pxp",
        "abandon ",
        "zoo ",
    ),
    *(
        "ability ",
        "ABOUT ",
        "abandon " * 11,
        "的",
        "一是在不了有和人这中大为",
        "蒙台脱纪构硫浆霉感仅鱼汤",
        "xprv",
        "K" * 51,
    ),
    *("s" * 29, "S" * 56, "M" * 70, "word 1 ", "ﬁ", "İ", "가", "\u1100\u1161", *WALLS, "\x00", "\ud83d"),
]
pieces = st.sampled_from(PIECES)
soups = st.lists(st.one_of(pieces, st.text(max_size=5)), max_size=25).map("".join)


@settings(max_examples=600, deadline=None)
@given(text=soups)
@example(text="İ" * 12 + " private key " + "ab" * 32)
@example(text="e\u200b\u0301" + "[••• wif]" * 3)
def test_masking_twice_is_masking_once(text: str) -> None:
    masked = guard.mask(text)
    assert guard.mask(masked.text) == guard.Masked(text=masked.text, found=())
    position = 0
    rebuilt = ""
    for one in masked.found:
        assert position <= one.start < one.end <= len(text)
        assert re.fullmatch("[a-z_]{3,20}", one.kind)
        rebuilt += f"{text[position : one.start]}[••• {one.kind}]"
        position = one.end
    assert rebuilt + text[position:] == masked.text


@settings(max_examples=300, deadline=None)
@given(text=soups)
def test_folding_keeps_places(text: str) -> None:
    folded = fold(text)
    if folded.starts is None:
        assert folded.text == text
        return
    assert len(folded.starts) == len(folded.text) + 1
    assert folded.starts == sorted(folded.starts)
    assert folded.starts[-1] == len(text)
    assert not set(WALLS) & set(folded.text)
    assert len(folded.text.lower()) == len(folded.text)


GAPS = [
    *(" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", ", ", "，", "、", " | ", "; ", " - ", "\n- ", "\n> "),
    *("\u200b ", ' "'),
]
marks = st.text(alphabet=" \n\t,;|*_/•·'\"()[]{}+=>~^`\u00a0\u200b\u3000，、；", min_size=1, max_size=6)
gaps = st.one_of(st.sampled_from(GAPS), marks.filter(lambda gap: gap.strip("\u200b") != ""))


@settings(max_examples=300, deadline=None)
@given(
    language=st.sampled_from(LANGUAGES),
    entropy=entropies,
    gap=gaps,
    style=st.sampled_from([str, str.upper, str.title]),
    numbers=st.booleans(),
    around=st.sampled_from(
        [("", ""), ("hello. ", " .Bye"), ("看：", "。"), ("\n\n", "\n"), ('{"a":"', '"}'), ("> ", "\n\nxx")]
    ),
)
def test_no_phrase_survives(
    language: str, entropy: bytes, gap: str, style: Callable[[str], str], numbers: bool, around: tuple[str, str]
) -> None:
    words = [style(word) for word in BOOKS[language].to_mnemonic(entropy).replace("\u3000", " ").split(" ")]
    if numbers:
        words = [f"{number}. {word}" for number, word in enumerate(words, 1)]
    masked = guard.mask(around[0] + gap.join(words) + around[1])
    assert [one.kind for one in masked.found] == ["seed_phrase"]
    assert not [word for word in words if len(word) > 6 and word in masked.text]


@settings(max_examples=200, deadline=None)
@given(
    key=keys,
    version=st.sampled_from([0x80, 0xB0, 0x9E, 0xCC, 0xEF]),
    compressed=st.booleans(),
    before=st.text(max_size=8),
)
def test_no_wif_survives(key: bytes, version: int, compressed: bool, before: str) -> None:
    made = base58.b58encode_check(bytes([version]) + key + (b"\1" if compressed else b"")).decode()
    assert made not in guard.mask(f"{before} {made} {before}").text


@settings(max_examples=200, deadline=None)
@given(
    key=keys,
    name=st.sampled_from(
        ["private key", "Private-Key", "privateKey", "PRIVATE_KEY", "privkey", "secret key", "私钥", "私鑰", "密钥"]
    ),
    link=st.sampled_from([": ", "=", " is ", "：", " 是 ", ":\n", '": "', " - ", " = '", " => ", "（"]),
    prefix=st.sampled_from(["", "0x"]),
    upper=st.booleans(),
)
def test_no_named_key_survives(key: bytes, name: str, link: str, prefix: str, upper: bool) -> None:
    digits = key.hex().upper() if upper else key.hex()
    assert digits not in guard.mask(f"hello {name}{link}{prefix}{digits}").text


@settings(max_examples=300, deadline=None)
@given(
    digits=keys.map(bytes.hex),
    before=st.sampled_from(
        ["", "tx ", "hash: ", "交易：", "deposit ", "0x", "https://x.test/tx/", "充值哈希", "txid=", "block "]
    ),
    after=st.sampled_from(["", " please", " 没到账", ".", "?", " is confirmed", "\nthanks"]),
)
def test_bare_hashes_stay(digits: str, before: str, after: str) -> None:
    text = before + digits + after
    assert guard.mask(text) == guard.Masked(text=text, found=())


@settings(max_examples=200, deadline=None)
@given(
    numbers=st.lists(st.integers(0, 10**19), max_size=30),
    text=st.text(alphabet="订单号提现到账吗你好请问我的。，？ 0123456789"),
)
def test_order_numbers_and_short_chinese_stay(numbers: list[int], text: str) -> None:
    written = " ".join(map(str, numbers)) + text
    assert guard.mask(written).found == ()


CHANCE = random.Random(3)
ENGLISH = BOOKS["english"].wordlist
CHINESE = BOOKS["chinese_simplified"].wordlist


def some(alphabet: str, size: int) -> str:
    return "".join(CHANCE.choices(alphabet, k=size))


B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
HOSTILE: dict[str, Callable[[], str]] = {
    "one letter": lambda: "a" * 64,
    "one list word": lambda: "abandon " * 16,
    "eleven list words": lambda: " ".join(CHANCE.choices(ENGLISH, k=11)) + " the ",
    "twelve and the word seed": lambda: " ".join(CHANCE.choices(ENGLISH, k=12)) + " the seed is ",
    "twenty-four": lambda: " ".join(CHANCE.choices(ENGLISH, k=24)) + " the ",
    "every second a list word": lambda: CHANCE.choice(ENGLISH) + " xyzzyq ",
    "numbered words": lambda: f"{CHANCE.randint(1, 24)}. {CHANCE.choice(ENGLISH)} ",
    "labels": lambda: "word 1 第1个词 1st ",
    "six letters": lambda: some("abcdefgh", 6) + " ",
    "Chinese at random": lambda: "".join(CHANCE.choices(CHINESE, k=50)),
    "Chinese in clauses": lambda: "".join(CHANCE.choices(CHINESE, k=13)) + "。",
    "Chinese with wording": lambda: "助记词" + "".join(CHANCE.choices(CHINESE[:700], k=30)),
    "Chinese prose": lambda: "我昨天提现的币到现在还没有到账麻烦帮我查一下好吗",
    "spaced Chinese": lambda: " ".join(CHANCE.choices(CHINESE, k=20)) + " ",
    "base58": lambda: some(B58, 64),
    "base58 of 52": lambda: some(B58, 52) + " ",
    "base58 of 88": lambda: some(B58, 88) + " ",
    "xprv": lambda: "xprv",
    "xprv in lines": lambda: "xprv" + some(B58, 29) + "\n",
    "hex": lambda: some("0123456789abcdef", 64) + " ",
    "hex with wording": lambda: "private key " + some("0123456789abcdef", 64) + " ",
    "wording": lambda: "private key seed secret 私钥 public key hash ",
    "secrets": lambda: "secret " + some(B58, 18) + " ",
    "PEM begins": lambda: "-----BEGIN PRIVATE KEY-----_",
    "PEM begins on lines": lambda: "-----BEGIN PRIVATE KEY-----\n",
    "PEM ends": lambda: "-----END PRIVATE KEY-----",
    "dashes": lambda: "-" * 32,
    "DER": lambda: "MC4CAQA" + some(B58, 57) + "\n",
    "JWT without end": lambda: "eyJhbGciOi",
    "headers": lambda: "authorization:cookie:bearer otpauth://",
    "cookies": lambda: "cookie: a=b;",
    "HAR": lambda: '"name":"xtokenx","value":"a',
    "base32": lambda: "secret jbsw y3dp ehpk ",
    "brackets": lambda: "[1,",
    "tags": lambda: "<a <td>abandon</td>&#1",
    "escapes": lambda: "\\u0061\\n\\",
    "invisible": lambda: "\u200b\ufeff",
    "accents": lambda: "e\u0301\u0301",
    "Korean in pieces": lambda: "\u1100\u1161",
    "full width": lambda: "ａ",
    "passwords": lambda: "password is " + some(B58, 9) + " ",
    "passwords in a row": lambda: "passwordpassword ",
    "passwords with words between": lambda: "password for the account of my " * 2,
    "passwords in Chinese": lambda: "密码我收到的是",
    "codes": lambda: "the verification code 482913 is my code ",
    "quotes after a name": lambda: 'password: "a',
    "brackets after a name": lambda: "code (",
    "placeholders": lambda: "[••• private_key] [••• ",
    "capital i with a dot": lambda: "İ",
}


def calls_of(work: Callable[[], Any]) -> int:
    """Count the Python functions a piece of work calls."""
    count = 0

    def seen(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE)
def test_no_text_makes_it_slow(made: Callable[[], str]) -> None:
    """Four times the text is about four times the calls, which no accident of the machine can change; and 64 KB end,
    where a pattern that backtracks without bound would not."""
    text = ""
    while len(text) < 65536:
        text += made()
    quarter = calls_of(lambda: guard.mask(text[:8192]))
    whole = calls_of(lambda: guard.mask(text[:32768]))
    assert whole <= 9 * quarter + 2000  # a pass more may be needed; sixteen times would be the square
    start = time.process_time()
    guard.mask(text)
    assert time.process_time() - start < 5  # a tenth of a second on an idle machine
