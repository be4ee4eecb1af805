"""Recognition in free text, measured on a table of real and hard cases: evidence_cases.jsonl."""

import json
import re
import resource
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trustdesk.policy.evidence import CHAINS, EVM_NETWORKS, Fact, family, recognise

KINDS = ("order_id", "tx_id", "address", "uid", "pair", "amount", "time", "error_code", "link")
FOUND, FALSE = 0.98, 0.01
MAJOR = ("bitcoin", "evm", "tron", "solana", "xrp", "ton", "sui", "aptos")


class Case(NamedTuple):
    """A text and the facts it holds as (kind, value, chain, coin)."""

    text: str
    facts: tuple[tuple[str, str, str, str], ...]


@cache
def cases() -> tuple[Case, ...]:
    lines = (Path(__file__).parent / "evidence_cases.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(
        Case(
            row["text"],
            tuple((f["kind"], f["value"], f.get("chain", ""), f.get("coin", "")) for f in row["facts"]),
        )
        for row in map(json.loads, lines)
    )


def said(text: str) -> list[tuple[str, str, str, str]]:
    return [(fact.kind, fact.value, fact.chain, fact.coin) for fact in recognise(text)]


@cache
def tally() -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return how many facts of each kind the table holds, were found in full, and were reported but are not there."""
    held: Counter[str] = Counter()
    found: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for case in cases():
        expected, reported = Counter(case.facts), Counter(said(case.text))
        held.update(fact[0] for fact in expected.elements())
        found.update(fact[0] for fact in (expected & reported).elements())
        false.update(fact[0] for fact in (reported - expected).elements())
    return held, found, false


def test_the_table_is_large_and_hard_and_in_both_languages() -> None:
    texts = [case.text for case in cases()]
    assert len(texts) >= 400
    assert len(set(texts)) == len(texts)
    chinese = sum(bool(re.search("[\u4e00-\u9fff]", text)) for text in texts) / len(texts)
    assert 0.35 <= chinese <= 0.50
    assert sum(not case.facts for case in cases()) >= 150


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_found_and_seldom_imagined(kind: str) -> None:
    held, found, false = tally()
    assert held[kind] >= 25
    assert found[kind] / held[kind] >= FOUND
    assert false[kind] / (found[kind] + false[kind]) <= FALSE


def test_texts_without_facts_stay_without() -> None:
    plain = [case.text for case in cases() if not case.facts]
    noisy = [text for text in plain if recognise(text)]
    assert len(noisy) / len(plain) <= FALSE, noisy


@pytest.mark.parametrize("kind", ["tx_id", "address"])
@pytest.mark.parametrize("chain", CHAINS)
def test_every_chain_has_cases_that_are_found(chain: str, kind: str) -> None:
    held = found = 0
    for case in cases():
        for fact in case.facts:
            if fact[0] == kind and family(fact[2]) == chain:
                held += 1
                found += fact in said(case.text)
    if (chain, kind) == ("evm", "tx_id"):
        assert held >= 20
    assert held >= (5 if chain in MAJOR else 2)
    assert found / held >= 0.8


def test_facts_come_in_order_without_overlap_and_with_their_places() -> None:
    for case in cases():
        facts = recognise(case.text)
        for earlier, later in pairwise(facts):
            assert earlier.end <= later.start
        for fact in facts:
            written = case.text[fact.start : fact.end]
            assert written
            if fact.kind in ("uid", "order_id") and written.isascii():
                assert fact.value.lower() == written.lower()


def test_an_explorers_link_is_taken_apart_and_covers_the_whole_link() -> None:
    link = "https://bscscan.com/tx/0x" + "ab" * 32
    text = f"看这个 {link}。谢谢"
    assert recognise(text) == (Fact("tx_id", "0x" + "ab" * 32, "bsc", start=text.index("https"), end=text.index("。")),)


@pytest.mark.parametrize(
    "host",
    [
        "etherscan.io.example.net",
        "etherscan.io@example.net",
        "etherscan-io.net",
        "evil.example/etherscan.io",
        "xetherscan.io",
    ],
)
def test_a_site_that_only_looks_like_an_explorer_is_another_site(host: str) -> None:
    assert recognise(f"see https://{host}/tx/0x{'ab' * 32}") == ()


def test_what_stands_beside_64_digits_decides_what_they_are() -> None:
    digits = "3f" * 32
    assert said(f"TRX deposit {digits}") == [("tx_id", digits, "tron", "")]
    assert said(f"XRP deposit {digits}") == [("tx_id", digits.upper(), "xrp", "")]
    assert said(f"Sui address 0x{digits}") == [("address", f"0x{digits}", "sui", "")]
    assert said(f"Aptos transaction 0x{digits}") == [("tx_id", f"0x{digits}", "aptos", "")]
    assert said(f"0x{digits}") == [("tx_id", f"0x{digits}", "evm", "")]
    assert said(f"deposit {digits}") == [("tx_id", digits, "", "")]


@pytest.mark.parametrize(
    "wording",
    [
        "my private key is {}", "PRIVATE KEY: {}", "privkey={}", "private_key: 0x{}", "secret: {}", "seed {}",
        "{} is my private key", "私钥：{}", "我的私钥是{}", "这是私钥 {} 请恢复", "{}这是我的私钥", "密钥 0x{}",
        "秘钥:{}", "私鑰 {}", "wallet private key\n{}", "api secret {}",
    ],
)  # fmt: skip
def test_a_key_that_is_called_one_is_never_a_transaction(wording: str) -> None:
    assert recognise(wording.format("4b" * 32)) == ()


def test_a_transaction_named_after_talk_of_keys_is_one() -> None:
    text = f"I never gave anyone my private key. The transaction {'4b' * 32} was not made by me."
    assert [fact.kind for fact in recognise(text)] == ["tx_id"]


def test_placeholders_of_the_guard_are_passed_over() -> None:
    assert recognise("[••• private key 64 BTC 2026-03-02 retCode 10003]") == ()
    text = "[••• seed phrase] 我的UID是 81726354"
    assert recognise(text) == (Fact("uid", "81726354", start=text.index("8"), end=len(text)),)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-02 14:05 UTC+8", "2026-03-02T14:05+08:00"),
        ("2026-03-02 14:05", "2026-03-02T14:05"),
        ("2026-03-02", "2026-03-02"),
        ("14:05:33", "14:05:33"),
        ("3月2日下午2点", "--03-02T14"),
        ("晚上12点", "00"),
        ("中午12点", "12"),
        ("12:05 am", "00:05"),
        ("12 pm", "12"),
    ],
)
def test_times_keep_the_precision_they_were_written_in(text: str, value: str) -> None:
    assert [fact.value for fact in recognise(text) if fact.kind == "time"] == [value]


WORDS = st.sampled_from(
    "BTC USDT / - : . , $ ￥ 100 2026 03 1 0x 0.0. @ # uid 订单 错误码 ERR_ http:// .io/ EQ tx 私钥 点 月 日 下午 _ "
    "\n [••• ] "
    "order 3月 usd BTCUSDT etherscan.io/tx/ 0:".split(" ")
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map("".join), st.lists(WORDS).map(" ".join)))
@example("\0")
@example("0.5 BTC 300")
@example("İ 100 USDT")  # lower case of this letter is two characters long
@example("１００ＵＳＤＴ")
def test_any_text_gives_facts_that_lie_in_it_in_order(text: str) -> None:
    end = 0
    for fact in recognise(text):
        assert end <= fact.start < fact.end <= len(text)
        assert fact.kind in KINDS
        assert fact.value
        assert len(fact.value) <= 200
        assert fact.chain == "" or fact.chain in CHAINS or fact.chain in EVM_NETWORKS
        end = fact.end


HOSTILE = (
    "1", "a", "0x", "1 ", "1:1", "-0", "http://", "a.", "a.a/", "EQ", "1,", "order ", "0.0.1@", "BTC/", "1月", "一点",
    "ERR_", "order id: a1 ", "Mar 1 ", "$1", "aaaaa-", "[•", "USD", "x.near ", "ab" * 32 + " ", "A", "\n", "eos ",
)  # fmt: skip
HOSTILE_LENGTH = 131_072
HOSTILE_CPU_SECONDS = 12  # linear patterns take about 3 for all of them together, one quadratic pattern 15 alone


def test_hostile_text_takes_time_in_proportion_to_its_length() -> None:
    program = (
        "import sys; from trustdesk.policy.evidence import recognise\n"
        f"for piece in sys.argv[1:]: recognise((piece * {HOSTILE_LENGTH})[:{HOSTILE_LENGTH}])\n"
        "print('done')"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *HOSTILE],
        cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (HOSTILE_CPU_SECONDS, HOSTILE_CPU_SECONDS)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "done\n", f"killed by the processor limit or failed: {run.returncode} {run.stderr}"
