"""Forms: every chain, what applies when, and whatever may be typed. Kind by kind: test_forms_kinds."""

import random
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.test_evidence import cases
from tests.policy.test_evidence_chains import ADDRESSES, NAMES, TRANSACTIONS
from tests.policy.test_evidence_check import BITCOIN, BITCOIN_TX, EVM, EVM_TX, MONERO, SOLANA_TX, SUI_TX, TRON, XRP
from trustdesk.policy.evidence import family
from trustdesk.policy.evidence.chains import written
from trustdesk.policy.forms import (
    KINDS,
    LIMITS,
    MEMO_COINS,
    Checked,
    Field,
    Problem,
    check,
    flaws,
    takes_memo,
)

SEED = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"

DEPOSIT = (
    Field("coin", "coin", required=True),
    Field("network", "network", beside="coin"),
    Field("tx_id", "tx_id", required=True, beside="network"),
    Field("amount", "amount", required=True, beside="coin"),
    Field("address", "address", beside="network"),
    Field("memo", "memo", beside="network"),
    Field("what", "long"),
)


def deposit(**typed: str) -> Checked:
    return check(DEPOSIT, typed)


def alone(kind: str, value: str, *, required: bool = False, options: tuple[str, ...] = ()) -> Checked:
    return check([Field("it", kind, required=required, options=options)], {"it": value})


def code(said: Mapping[str, Problem], key: str = "it") -> str:
    return said[key].code if key in said else ""


# Chains


@pytest.mark.parametrize("chain", TRANSACTIONS)
def test_a_transaction_of_every_chain_is_taken_on_its_network_and_by_its_coin(chain: str) -> None:
    chance = random.Random(f"forms {chain}")
    for named in ({"network": NAMES[chain]}, {"coin": NAMES[chain]}, {"coin": NAMES[chain], "network": "Mainnet"}):
        token = TRANSACTIONS[chain](chance)
        result = deposit(tx_id=token, **named)
        value = written(token, chain=chain)
        assert (result.values["tx_id"], code(result.problems, "tx_id")) == (value, "")
        assert [(f.kind, f.value, family(f.chain)) for f in result.facts] == [("tx_id", value, chain)]


@pytest.mark.parametrize("chain", ADDRESSES)
def test_an_address_of_every_chain_is_taken_for_its_network_and_never_as_a_transaction(chain: str) -> None:
    chance = random.Random(f"forms {chain}")
    for make in ADDRESSES[chain]:
        token = make(chance)
        result = deposit(address=token, network=NAMES[chain])
        assert (result.values["address"], code(result.problems, "address")) == (token, "")
        assert [(f.kind, f.value, family(f.chain)) for f in result.facts] == [("address", token, chain)]
        if chain != "icp":  # whose accounts and transactions are both 64 hexadecimal digits
            refused = deposit(tx_id=token, network=NAMES[chain])
            assert code(refused.problems, "tx_id") == "looks_like_address", token
            assert refused.values["tx_id"] == token
            assert refused.facts == ()


def test_ids_and_addresses_of_real_texts_are_taken_on_their_chain() -> None:
    seen: dict[str, int] = {}
    for case in cases():
        for kind, value, chain, _ in case.facts:
            if kind in ("tx_id", "address") and chain:
                result = check(
                    [Field("network", "network"), Field("it", kind, beside="network")], {"network": chain, "it": value}
                )
                if chain in ("aptos", "hedera", "eos") and result.problems:
                    continue  # an id only its explorer's link makes recognisable
                assert not result.problems, (case.text, result.problems)
                assert result.values["it"] == value
                seen[family(chain)] = seen.get(family(chain), 0) + 1
    assert len(seen) >= 20
    assert sum(seen.values()) >= 250


@pytest.mark.parametrize(
    ("typed", "problem", "params"),
    [
        ({"network": "TRC20", "tx_id": TRON}, "looks_like_address", {"chain": "tron"}),
        ({"network": "ERC20", "tx_id": EVM}, "looks_like_address", {"chain": "evm"}),
        ({"network": "TRC20", "tx_id": "739201846"}, "internal_id", {}),
        ({"coin": "BTC", "tx_id": "6a1f0d94-3c5e-4b8a-9d27-51e0c7b2f683"}, "internal_id", {}),
        ({"network": "SOL", "tx_id": EVM_TX}, "wrong_chain", {"chain": "evm", "expected": "solana"}),
        ({"coin": "BTC", "tx_id": SOLANA_TX}, "wrong_chain", {"chain": "solana", "expected": "bitcoin"}),
        ({"network": "erc20", "tx_id": EVM_TX[:-6]}, "too_short", {"expected": "66", "found": "60"}),
        ({"network": "erc20", "tx_id": "0x5c50…2060"}, "cut_short", {}),
        ({"network": "erc20", "tx_id": "https://example.com/tx/1"}, "not_an_explorer_link", {}),
        ({"tx_id": ""}, "required", {}),
        ({"tx_id": " “” "}, "required", {}),
        ({"coin": "USDT", "tx_id": "hello"}, "not_recognised", {}),
        ({"coin": "FIL", "tx_id": "hello"}, "not_recognised", {}),
    ],
)
def test_a_transaction_id_that_is_none_gets_the_hint_that_helps(
    typed: dict[str, str], problem: str, params: dict[str, str]
) -> None:
    result = deposit(**typed)
    assert result.problems["tx_id"] == Problem(problem, params)
    assert not result.ok


@pytest.mark.parametrize(
    ("typed", "value", "hint", "chain"),
    [
        (
            {"network": "BEP20", "tx_id": f"https://bscscan.com/tx/{EVM_TX}"},
            EVM_TX,
            Problem("explorer_link_taken_apart", {"chain": "bsc"}),
            "bsc",
        ),
        (
            {"network": "BNB Smart Chain (BEP20)", "tx_id": f"https://etherscan.io/tx/{EVM_TX}"},
            EVM_TX,
            Problem("other_network", {"chain": "ethereum", "expected": "bsc"}),
            "ethereum",
        ),
        ({"network": "Binance Smart Chain", "tx_id": EVM_TX}, EVM_TX, None, "bsc"),
        ({"network": "ETH (Arbitrum One)", "tx_id": EVM_TX}, EVM_TX, None, "arbitrum"),
        ({"coin": "BTC", "network": "BEP20 (BTC)", "tx_id": EVM_TX}, EVM_TX, None, "bsc"),
        ({"network": "Ethereum Classic", "tx_id": EVM_TX}, EVM_TX, None, "ethereum-classic"),
        ({"network": "TRON (TRC-20)", "tx_id": f"0x{BITCOIN_TX}"}, BITCOIN_TX, Problem("prefix_removed"), "tron"),
        ({"network": "SUI", "tx_id": SUI_TX}, SUI_TX, None, "sui"),
        ({"network": "BNB Beacon Chain (BEP2)", "tx_id": BITCOIN_TX}, BITCOIN_TX, None, ""),
        ({"coin": "USDT", "tx_id": BITCOIN_TX}, BITCOIN_TX, None, ""),
        ({"coin": "FIL", "tx_id": "bafy2bzaceexample0001"}, "bafy2bzaceexample0001", Problem("unchecked"), ""),
        ({"network": "Kaspa", "tx_id": "a1" * 30}, "a1" * 30, Problem("unchecked"), ""),
        # Only the link says that these are ids: it stays, and the fact is taken out of it.
        (
            {"network": "Aptos", "tx_id": "https://aptoscan.com/transaction/12345"},
            "https://aptoscan.com/transaction/12345",
            Problem("explorer_link_taken_apart", {"chain": "aptos"}),
            "aptos",
        ),
    ],
)
def test_the_network_named_beside_a_transaction_decides(
    typed: dict[str, str], value: str, hint: Problem | None, chain: str
) -> None:
    result = deposit(**typed)
    assert "tx_id" not in result.problems
    assert result.values["tx_id"] == value
    assert result.hints.get("tx_id") == hint
    assert [fact.chain for fact in result.facts] == [chain]


def test_a_network_that_was_refused_is_not_held_against_the_transaction() -> None:
    result = deposit(network=TRON, tx_id=EVM_TX)
    assert code(result.problems, "network") == "looks_like_address"
    assert "tx_id" not in result.problems
    assert code(deposit(network="12345").problems, "network") == "not_a_network"
    assert code(deposit(network="Foo Chain").hints, "network") == "unknown_network"
    for known in ("Mainnet", "BEP2", "Polygon POS", "OP Mainnet", "波场", "Stacks"):
        assert code(deposit(network=known).hints, "network") == "", known


def test_addresses_are_checked_for_their_chain() -> None:
    for network, address, problem in (
        ("ERC20", TRON, "wrong_chain"),
        ("TRC20", TRON[:-1] + "u", "checksum_mismatch"),
        ("XMR", MONERO[:-1] + "B", "checksum_mismatch"),
        ("BTC", BITCOIN_TX, "looks_like_tx_id"),
        ("BTC", BITCOIN, ""),
        ("XRP", XRP, ""),
    ):
        assert code(deposit(network=network, address=address).problems, "address") == problem


# Memo and tag


@pytest.mark.parametrize(
    ("coin", "network", "wanted"),
    [
        *[(coin, "", True) for coin in sorted(MEMO_COINS)],
        *[(coin, "", False) for coin in "BTC ETH SOL TRX DOGE LTC ADA DOT SUI APT NEAR BCH BNB POL AVAX".split()],
        ("USDT", "TON", True), ("USDC", "Stellar", True), ("USDT", "TRC20", False), ("TON", "ERC20", False),
        ("BNB", "BEP2", True), ("BNB", "BEP20", False), ("XRP", "Mainnet", True), ("", "EOS", True),
        ("", "Cosmos Hub", True), ("CRO", "Cronos", False), ("", "Hedera", True), ("LUNA", "Terra", True),
        ("USDT", "", None), ("", "", None), ("FOO", "Bar", None), ("USDC", "Noble", None),
    ],
)  # fmt: skip
def test_which_deposits_carry_a_memo(coin: str, network: str, wanted: bool | None) -> None:
    assert takes_memo(coin=coin, network=network) is wanted
    assert ("memo" in deposit(coin=coin, network=network).asked) is (wanted is True)


def test_a_memo_is_asked_for_and_judged_only_where_the_coin_wants_one() -> None:
    assert code(deposit(coin="XRP").hints, "memo") == "needs_memo"
    assert code(deposit(coin="XRP", memo="none").hints, "memo") == "needs_memo"
    assert deposit(coin="XRP", memo="0102").values["memo"] == "102"
    assert "memo" not in deposit(coin="BTC", memo="hello").values
    assert deposit(coin="FOO", memo="12 34").values["memo"] == "12 34"  # nothing is known of it: nothing gets lost
    required = (Field("coin", "coin"), Field("memo", "memo", required=True, beside="coin"))
    assert check(required, {"coin": "XRP"}).problems == {"memo": Problem("needs_memo")}
    assert check(required, {"coin": "BTC"}).problems == {}


@pytest.mark.parametrize(
    ("coin", "memo", "problem"),
    [
        ("XRP", "4294967295", ""),
        ("XRP", "4294967296", "too_long"),
        ("XRP", "hello", "digits_expected"),
        ("XRP", XRP, "looks_like_address"),
        ("XLM", "a" * 28, ""),
        ("XLM", "中" * 10, "too_long"),
        ("XLM", str(2**64 - 1), ""),
        ("XLM", "ab" * 32, ""),
        ("TON", "1029384", ""),
        ("TON", EVM_TX, "looks_like_tx_id"),
        ("EOS", "user 42", ""),
        ("ATOM", "104938271", ""),
        ("HBAR", "99887", ""),
        ("TON", "x" * 257, "too_long"),
    ],
)
def test_the_form_of_a_memo(coin: str, memo: str, problem: str) -> None:
    assert code(deposit(coin=coin, memo=memo).problems, "memo") == problem


# Conditions


CONDITIONAL = (
    Field("loss", "choice", required=True, options=("yes", "no")),
    Field("amount", "amount", required=True, when=("loss", ("yes",))),
    Field("big", "flag", when=("loss", ("yes",))),
    Field("who", "mail", required=True, when=("big", ("yes",))),
)


def test_a_field_is_judged_only_where_it_applies() -> None:
    no = check(CONDITIONAL, {"loss": "no", "amount": "rubbish", "big": "on", "who": SEED})
    assert (no.values, no.problems, no.asked) == ({"loss": "no"}, {}, ("loss",))
    yes = check(CONDITIONAL, {"loss": "yes", "amount": "rubbish"})
    assert (code(yes.problems, "amount"), yes.asked) == ("not_an_amount", ("loss", "amount", "big"))
    big = check(CONDITIONAL, {"loss": "yes", "amount": "5 BTC", "big": "on"})
    assert big.problems == {"who": Problem("required")}


def test_a_condition_on_something_refused_or_not_there_or_circular_is_not_met() -> None:
    assert check(CONDITIONAL, {"loss": "perhaps"}).asked == ("loss",)
    assert check([Field("a", "text", when=("b", ("x",)))], {"a": "1", "b": "x"}).asked == ()
    circle = [Field("a", "text", when=("b", ("1",))), Field("b", "text", when=("a", ("1",)))]
    assert check(circle, {"a": "1", "b": "1"}).asked == ()
    beside = [Field("a", "network", beside="b"), Field("b", "network", beside="a"), Field("c", "tx_id", beside="a")]
    assert check(beside, {"a": "TRC20", "b": "ERC20", "c": BITCOIN_TX}).ok


def test_what_is_wrong_with_a_form_is_said() -> None:
    assert flaws(DEPOSIT) == {}
    assert flaws(CONDITIONAL) == {}
    broken = [
        Field("a", "choice"),
        Field("b", "text", when=("nowhere", ("1",))),
        Field("c", "flag"),
        Field("d", "text", when=("c", ("yes", "on"))),
        Field("e", "tx_id", beside="nowhere"),
        Field("f", "text", when=("g", ("1",))),
        Field("g", "text", when=("f", ("1",))),
        Field("c", "flag"),
    ]
    assert flaws(broken) == {
        "a": Problem("no_options"),
        "b": Problem("no_such_field", {"field": "nowhere"}),
        "c": Problem("twice"),
        "d": Problem("no_such_value", {"field": "c", "value": "on"}),
        "e": Problem("no_such_field", {"field": "nowhere"}),
        "f": Problem("circular"),
        "g": Problem("circular"),
    }
    check(broken, dict.fromkeys("abcdefg", "1"))


# Facts


def test_facts_come_once_fields_first() -> None:
    result = deposit(what=f"UID 247200692, tx {EVM_TX}", coin="USDT", network="ERC20", amount="5", tx_id=EVM_TX)
    assert [(fact.kind, fact.value, fact.chain) for fact in result.facts] == [
        ("tx_id", EVM_TX, "ethereum"),
        ("amount", "5", ""),
        ("uid", "247200692", ""),
    ]


# Anything at all

ODD = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="\0\r\n\t\u200b\u202e\ufeff\ud800 ﷺ　a1.", max_size=40),
    st.sampled_from(
        [SEED, WIF, BITCOIN_TX, EVM_TX, SUI_TX, TRON, EVM, XRP, "none", "yes", "XRP", "TON", "USDT", "TRC20", "BEP2",
         "mainnet", "Kaspa", "5 BTC", "100U", "0,5", "a@b.co", "https://etherscan.io/tx/" + EVM_TX, "2026-03-02 14:05",
         "https://dashboard.internetcomputer.org/transaction/12345", "https://aptoscan.com/transaction/12345"]
    ),
)  # fmt: skip
EVERYTHING = (
    *DEPOSIT,
    Field("pick", "choice", options=("a", "yes")),
    Field("tick", "flag", when=("pick", ("yes",))),
    *(Field(f"{kind}_", kind, beside="network", when=("tick", ("yes",)) if n % 3 == 0 else None, required=n % 2 == 0)
      for n, kind in enumerate(KINDS)),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([field.key for field in EVERYTHING]), ODD))
def test_whatever_is_typed_is_judged_and_judging_it_again_changes_nothing(typed: dict[str, str]) -> None:
    result = check(EVERYTHING, typed)
    asked = set(result.asked)
    assert set(result.values) <= asked
    assert set(result.problems) <= asked
    assert set(result.hints) <= asked
    assert not set(result.problems) & set(result.hints)
    for field in EVERYTHING:
        if field.when and result.values.get(field.when[0], "") not in field.when[1]:
            assert field.key not in asked
    again = check(EVERYTHING, result.values)
    assert again.values == result.values
    assert set(again.problems) <= set(result.problems)
    for value in result.values.values():
        value.encode()  # what a database can hold


@given(st.sampled_from(KINDS), ODD)
def test_one_field_judged_again_stays_as_it_is(kind: str, typed: str) -> None:
    result = alone(kind, typed, options=("yes",))
    again = alone(kind, result.values.get("it", ""), options=("yes",))
    assert again.values == result.values
    assert set(again.problems) <= set(result.problems)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_lengths_are_refused_in_time(kind: str) -> None:
    for pattern in ("a", "0x", "a@a.", "1,", "\n", "<", "https://", "-", "\u200b ", "密", "．", "ﷺ"):
        typed = pattern * (50_000 // len(pattern)) + "x"
        started = time.process_time()
        result = alone(kind, typed)
        assert time.process_time() - started < 1
        assert result.problems or len(result.values["it"]) <= LIMITS[kind]
