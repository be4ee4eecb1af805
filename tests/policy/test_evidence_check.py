"""Checking one field: accepted values are normalised, refused ones come back as typed with a hint that helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.policy.evidence import Check, check

BITCOIN_TX = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
EVM_TX = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"
SOLANA_TX = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW"
SUI_TX = "2pDaMQ1uTz1EEbfiZcTUoyRUP22vVqUpZowgZxLXdGUG"
EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
BITCOIN = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
XRP = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"
MONERO = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"


@pytest.mark.parametrize(
    ("kind", "value", "chain", "normalised", "hint"),
    [
        ("tx_id", BITCOIN_TX, "BTC", BITCOIN_TX, ""),
        ("tx_id", BITCOIN_TX, "", BITCOIN_TX, ""),
        ("tx_id", f"  txid: {BITCOIN_TX.upper()}\n", "bitcoin", BITCOIN_TX, ""),
        ("tx_id", f"“{BITCOIN_TX}”", "bitcoin", BITCOIN_TX, ""),
        ("tx_id", f"{BITCOIN_TX[:30]} {BITCOIN_TX[30:]}", "btc", BITCOIN_TX, ""),
        ("tx_id", EVM_TX[2:], "Ethereum (ERC20)", EVM_TX, "prefix_added"),
        ("tx_id", f"0x{BITCOIN_TX}", "TRC20", BITCOIN_TX, "prefix_removed"),
        ("tx_id", EVM_TX, "USDT-BEP20", EVM_TX, ""),
        ("tx_id", EVM_TX, "polygon", EVM_TX, ""),
        ("tx_id", BITCOIN_TX, "XRP", BITCOIN_TX.upper(), ""),
        ("tx_id", SOLANA_TX, "SOL", SOLANA_TX, ""),
        ("tx_id", SUI_TX, "sui", SUI_TX, ""),
        ("tx_id", SUI_TX, "", SUI_TX, "maybe_address"),
        ("tx_id", "0.0.98-1709376000-123456789", "HBAR", "0.0.98@1709376000.123456789", ""),
        ("tx_id", "12345678", "ICP", "12345678", ""),
        ("tx_id", "18827364-2", "DOT", "18827364-2", ""),
        ("tx_id", f"https://etherscan.io/tx/{EVM_TX}", "ERC20", EVM_TX, "explorer_link_taken_apart"),
        ("tx_id", f"bscscan.com/tx/{EVM_TX}", "", EVM_TX, "explorer_link_taken_apart"),
        ("address", EVM, "bsc", EVM, ""),
        ("address", EVM.lower(), "evm", EVM.lower(), ""),
        ("address", EVM[2:], "evm", EVM, "prefix_added"),
        ("address", TRON, "波场", TRON, ""),
        ("address", BITCOIN, "BCH", BITCOIN, ""),
        ("address", MONERO, "XMR", MONERO, ""),
        ("address", "binancecleos", "EOS", "binancecleos", ""),
        ("address", "0x" + "ab" * 32, "sui", "0x" + "ab" * 32, ""),
        ("address", "0x" + "ab" * 32, "", "0x" + "ab" * 32, "maybe_tx_id"),
        ("address", f"https://tronscan.org/#/address/{TRON}", "TRC20", TRON, "explorer_link_taken_apart"),
        ("order_id", "#1897240551832064001", "", "1897240551832064001", ""),
        ("order_id", "订单号：1897240551832064001", "", "1897240551832064001", ""),
        ("order_id", "6A1F0D94-3C5E-4B8A-9D27-51E0C7B2F683", "", "6a1f0d94-3c5e-4b8a-9d27-51e0c7b2f683", ""),
        ("withdrawal_id", "739201846", "", "739201846", ""),
        ("uid", "UID: 247 200 692", "", "247200692", ""),
        ("uid", "２４７２００６９２", "", "247200692", ""),
        ("uid", "13800138000", "", "13800138000", "maybe_phone"),
        ("pair", "btcusdt", "", "BTC/USDT", ""),
        ("pair", "btc usdt", "", "BTC/USDT", ""),
        ("pair", "BTC-USDT-SWAP", "", "BTC/USDT", ""),
        ("pair", "foobar", "", "FOOBAR", "unknown_pair"),
        ("amount", "0.5", "", "0.5", ""),
        ("amount", "0,5", "", "0.5", ""),
        ("amount", "1,000.50 USDT", "", "1000.50", ""),
        ("amount", "2万U", "", "20000", ""),
        ("time", "2026-03-02 14:05 UTC+8", "", "2026-03-02T14:05+08:00", ""),
        ("time", "2026-03-02 14:05", "", "2026-03-02T14:05", "zone_missing"),
        ("time", "14:05", "", "14:05", "date_missing"),
        ("error_code", "retCode: 10003", "", "10003", ""),
        ("error_code", "AUTH-1", "", "AUTH-1", ""),
        (
            "link",
            f"https://etherscan.io/tx/{EVM_TX}",
            "",
            f"https://etherscan.io/tx/{EVM_TX}",
            "explorer_link_taken_apart",
        ),
        ("link", "https://etherscan.io/block/1", "", "https://etherscan.io/block/1", ""),
        ("memo", "12345", "XRP", "12345", ""),
        ("memo", "hello", "XLM", "hello", ""),
        ("memo", "1029384", "TON", "1029384", ""),
    ],
)
def test_what_is_accepted_is_written_one_way(kind: str, value: str, chain: str, normalised: str, hint: str) -> None:
    result = check(kind, value, chain=chain)
    assert (result.ok, result.value, result.hint) == (True, normalised, hint)


@pytest.mark.parametrize(
    ("kind", "value", "chain", "hint", "params"),
    [
        ("tx_id", "", "BTC", "empty", {}),
        ("tx_id", " “” ", "BTC", "empty", {}),
        ("tx_id", EVM, "evm", "looks_like_address", {"chain": "evm"}),
        ("tx_id", TRON, "", "looks_like_address", {"chain": "tron"}),
        ("tx_id", BITCOIN[:-1] + "b", "BTC", "looks_like_address", {}),
        ("tx_id", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "SOL", "looks_like_address", {"chain": "solana"}),
        ("tx_id", "0x" + "ab" * 32, "SUI", "looks_like_address", {"chain": "sui"}),
        ("tx_id", "739201846", "TRC20", "internal_withdrawal_id", {}),
        ("tx_id", "6a1f0d94-3c5e-4b8a-9d27-51e0c7b2f683", "", "internal_withdrawal_id", {}),
        ("tx_id", "WD20260302001", "BTC", "internal_withdrawal_id", {}),
        ("tx_id", EVM_TX, "SOL", "wrong_chain", {"chain": "evm", "expected": "solana"}),
        ("tx_id", EVM_TX, "BTC", "wrong_chain", {"chain": "evm", "expected": "bitcoin"}),
        (
            "tx_id",
            f"https://etherscan.io/tx/{EVM_TX}",
            "TRC20",
            "wrong_chain",
            {"chain": "ethereum", "expected": "tron"},
        ),
        ("tx_id", f"https://etherscan.io/address/{EVM}", "", "looks_like_address", {}),
        ("tx_id", "https://example.com/tx/1", "", "not_an_explorer_link", {}),
        ("tx_id", EVM_TX[:60], "evm", "too_short", {"expected": "66", "found": "60"}),
        ("tx_id", EVM_TX + "ab", "evm", "too_long", {"expected": "66", "found": "68"}),
        ("tx_id", BITCOIN_TX[:50], "BTC", "too_short", {"expected": "64", "found": "50"}),
        ("tx_id", SOLANA_TX[:-3], "SOL", "too_short", {"expected": "88", "found": "85"}),
        ("tx_id", BITCOIN_TX[:-1] + "O", "BTC", "bad_characters", {"characters": "O"}),
        ("tx_id", "0x5c50…2060", "evm", "cut_short", {}),
        ("tx_id", "hello", "", "not_recognised", {}),
        ("tx_id", "x" * 501, "", "too_long", {"expected": "500", "found": "501"}),
        ("address", EVM.swapcase().replace("0X", "0x"), "ERC20", "checksum_mismatch", {"chain": "evm"}),
        ("address", TRON[:-1] + "u", "TRC20", "checksum_mismatch", {"chain": "tron"}),
        ("address", MONERO[:-1] + "B", "XMR", "checksum_mismatch", {"chain": "monero"}),
        ("address", TRON, "ERC20", "wrong_chain", {"chain": "tron", "expected": "evm"}),
        ("address", BITCOIN_TX, "BTC", "looks_like_tx_id", {}),
        ("address", EVM_TX, "evm", "looks_like_tx_id", {}),
        ("address", EVM[:-2], "evm", "too_short", {"expected": "42", "found": "40"}),
        ("address", "TR7N...Lj6t", "TRC20", "cut_short", {}),
        ("address", "12345", "BTC", "not_recognised", {}),
        ("order_id", BITCOIN_TX, "", "looks_like_tx_id", {}),
        ("order_id", TRON, "", "looks_like_address", {}),
        ("order_id", "a@example.com", "", "looks_like_email", {}),
        ("order_id", "12", "", "too_short", {"expected": "4", "found": "2"}),
        ("order_id", "我的订单", "", "bad_characters", {}),
        ("order_id", "order", "", "not_recognised", {}),
        ("uid", "a@example.com", "", "looks_like_email", {}),
        ("uid", "+86 13800138000", "", "looks_like_phone", {}),
        ("uid", "alice", "", "digits_expected", {}),
        ("uid", TRON, "", "looks_like_address", {}),
        ("uid", BITCOIN_TX, "", "looks_like_tx_id", {}),
        ("uid", "12", "", "too_short", {"expected": "4", "found": "2"}),
        ("uid", "1" * 21, "", "too_long", {"expected": "20", "found": "21"}),
        ("pair", "btc", "", "quote_missing", {"coin": "BTC"}),
        ("pair", "???", "", "not_recognised", {}),
        ("amount", "-5", "", "not_positive", {}),
        ("amount", "0.00", "", "not_positive", {}),
        ("amount", "five", "", "number_expected", {}),
        ("amount", "5 apples", "", "number_expected", {}),
        ("time", "yesterday", "", "time_expected", {}),
        ("time", "14:05 or 15:05", "", "time_expected", {}),
        ("error_code", "无法登录", "", "not_recognised", {}),
        ("link", "https://example.com/tx/1", "", "not_an_explorer_link", {}),
        ("memo", "4294967296", "XRP", "too_long", {"expected": "10"}),
        ("memo", "hello", "XRP", "digits_expected", {}),
        ("memo", "ä" * 15, "XLM", "too_long", {"expected": "28", "found": "30"}),
        ("memo", XRP, "XRP", "looks_like_address", {}),
        ("memo", EVM_TX, "TON", "looks_like_tx_id", {}),
    ],
)
def test_what_is_refused_comes_with_a_hint_and_as_typed(
    kind: str, value: str, chain: str, hint: str, params: dict[str, str]
) -> None:
    result = check(kind, value, chain=chain)
    assert (result.ok, result.hint, dict(result.params)) == (False, hint, params)
    if hint not in ("empty", "too_long"):
        assert result.value == value


@pytest.mark.parametrize("kind", ["tx_id", "address", "order_id", "uid", "memo", "error_code", "link"])
@pytest.mark.parametrize(
    "value",
    [
        "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
        "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617",
        "sn259rEFXrQrWyx3Q7XneWcwV6dfL",
        "my private key is " + "ab" * 32,
        "私钥 " + "ab" * 32,
        "-----BEGIN PRIVATE KEY-----",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        "Abandon Abandon Abandon Abandon Abandon Abandon Abandon Abandon Abandon Abandon Abandon About",
    ],
)
def test_a_secret_is_refused_in_every_field_and_not_handed_back(kind: str, value: str) -> None:
    assert check(kind, value) == Check(False, "", "maybe_private_key")


def test_a_link_says_what_it_shows() -> None:
    result = check("link", f"https://bscscan.com/tx/{EVM_TX}")
    assert dict(result.params) == {"tx_id": EVM_TX, "chain": "bsc"}


def test_an_amount_says_its_coin() -> None:
    assert dict(check("amount", "100U").params) == {"coin": "USDT"}
    assert dict(check("amount", "￥500").params) == {"coin": "CNY"}
    assert check("amount", "100").params == ()


def test_a_kind_no_form_has_is_an_error() -> None:
    with pytest.raises(ValueError, match="no field asks for 'password'"):
        check("password", "hunter2")


@given(
    st.sampled_from(["tx_id", "address", "order_id", "uid", "pair", "amount", "time", "error_code", "link", "memo"]),
    st.one_of(st.text(max_size=120), st.from_regex(r"(0x)?[0-9a-zA-Z]{1,100}", fullmatch=True)),
    st.sampled_from(["", "BTC", "ERC20", "TRC20", "SOL", "XRP", "TON", "SUI", "XLM", "nonsense"]),
)
def test_anything_typed_gets_an_answer_and_accepted_values_stay_accepted(kind: str, value: str, chain: str) -> None:
    result = check(kind, value, chain=chain)
    assert result.ok or result.hint
    if result.ok:
        again = check(kind, result.value, chain=chain)
        assert (again.ok, again.value) == (True, result.value)
