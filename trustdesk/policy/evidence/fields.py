"""Judging one field of a form: is it what was asked for, and if not, what would help. Hints are codes, never texts."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from trustdesk.policy.evidence.amounts import amount, plain_number
from trustdesk.policy.evidence.chain_fields import (
    check_address,
    check_link,
    check_memo,
    check_transaction,
    is_secret_key,
)
from trustdesk.policy.evidence.chains import CHAINS, EVM_NETWORKS, address_chains, transaction_chains
from trustdesk.policy.evidence.coins import NETWORKS, TICKERS
from trustdesk.policy.evidence.facts import Check
from trustdesk.policy.evidence.pairs import pairs
from trustdesk.policy.evidence.recognition import recognise

_AROUND: Final = "\u200b\u200e\ufeff\"'“”‘’<>()[]"  # what copying brings along
_LONGEST: Final = 500  # characters; no field asks for more
_LABEL: Final = re.compile(
    r"^(?:tx ?id|tx ?hash|hash|transaction(?: id| hash)?|uid|user id|order(?: id| no\.?| number)?|address|"
    r"交易哈希|哈希|订单号|订单编号|用户id|地址|提现编号|单号)\s*[:：#]\s*",
    re.IGNORECASE,
)
_SECRET_WORD: Final = re.compile(
    r"private.?key|seed.?phrase|mnemonic|secret|私\s?[钥鑰]|秘钥|密[钥鑰]|助记词", re.IGNORECASE
)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE: Final = re.compile(r"\+[\d\s()\-]{7,20}")
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ORDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{3,63}")
_SYMBOL: Final = re.compile(r"[A-Z0-9]{2,20}")
_CODE: Final = re.compile(r"-?[A-Za-z0-9][\w.:\- ]{0,63}", re.ASCII)
_TIME: Final = re.compile(  # as `times` writes them
    r"(?:(?:\d{4}|-)-\d\d(?:-\d\d)?T)?\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+\-]\d\d:\d\d)?|(?:\d{4}|-)-\d\d(?:-\d\d)?"
)
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


def check(kind: str, value: str, *, chain: str = "") -> Check:
    """Judge the value of a field that asks for a kind of fact; raise ValueError for a kind no form has.

    Kinds are those of `Fact` and "withdrawal_id" and "memo". `chain` may be a chain, a network of the 0x family, a
    standard or a coin ("tron", "bsc", "TRC20", "BTC"); what is not known counts as no chain given.
    `value` of the result is the normalised form, kept as typed where it is refused, and empty where it may be a secret.

    Hints with ok: prefix_added, prefix_removed, explorer_link_taken_apart (params chain), maybe_address, maybe_tx_id,
    maybe_phone, zone_missing, date_missing, unknown_pair.
    Hints without: empty, too_short and too_long (expected, found), bad_characters (characters), cut_short,
    not_recognised, wrong_chain (chain, expected), checksum_mismatch (chain), looks_like_address, looks_like_tx_id,
    looks_like_email, looks_like_phone, internal_withdrawal_id, not_an_explorer_link, maybe_private_key,
    digits_expected, number_expected, not_positive, quote_missing (coin), time_expected.
    """
    if kind not in _CHECKS:
        raise ValueError(f"no field asks for {kind!r}")
    plain = value.strip()
    if kind != "memo":  # whose every character counts
        plain = unicodedata.normalize("NFKC", plain).strip().strip(_AROUND).strip()
        plain = _LABEL.sub("", plain)
    if not plain:
        return Check(False, "", "empty")
    if len(plain) > _LONGEST:
        return Check(False, plain[:_LONGEST], "too_long", (("expected", str(_LONGEST)), ("found", str(len(plain)))))
    if _is_secret(plain):
        return Check(False, "", "maybe_private_key")
    result = _CHECKS[kind](plain, chain_named(chain))
    return result if result.ok else replace(result, value=value.strip())


def chain_named(name: str) -> str:
    """Return the chain meant by a chain, network, standard or coin ("USDT-TRC20", "Ethereum (ERC20)"), or ""."""
    if (low := name.strip().lower()) in CHAINS or low in EVM_NETWORKS:
        return low
    found = [NETWORKS[word] for word in re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]+", low) if word in NETWORKS]
    return found[-1] if found else ""


def _is_secret(value: str) -> bool:
    if is_secret_key(value) or _SECRET_WORD.search(value):
        return True
    words = [word for word in re.split(r"[\s,，、.\d]+", value) if word]
    return len(words) >= 12 and all(word.isalpha() and 3 <= len(word) <= 8 for word in words)  # a recovery phrase


def _joined(value: str) -> str:
    return re.sub(r"\s+", "", value)


def _transaction(value: str, chain: str) -> Check:
    return check_transaction(_joined(value), chain=chain)


def _address(value: str, chain: str) -> Check:
    return check_address(_joined(value), chain=chain)


def _link(value: str, chain: str) -> Check:
    return check_link(_joined(value))


def _memo(value: str, chain: str) -> Check:
    return check_memo(value, chain=chain)


def _order(value: str, chain: str) -> Check:
    plain = _joined(value).lstrip("#")
    if _EMAIL.fullmatch(plain):
        return Check(False, plain, "looks_like_email")
    if _UUID.fullmatch(plain):
        return Check(True, plain.lower())
    if len(plain) > 30 and transaction_chains(plain):
        return Check(False, plain, "looks_like_tx_id")
    if not plain.isdigit() and address_chains(plain):
        return Check(False, plain, "looks_like_address")
    if not _ORDER.fullmatch(plain):
        if len(plain) < 4 and plain.isascii() and plain.isalnum():
            return Check(False, plain, "too_short", (("expected", "4"), ("found", str(len(plain)))))
        if len(plain) > 64:
            return Check(False, plain, "too_long", (("expected", "64"), ("found", str(len(plain)))))
        return Check(False, plain, "bad_characters")
    return Check(True, plain) if re.search(r"\d", plain) else Check(False, plain, "not_recognised")


def _uid(value: str, chain: str) -> Check:
    plain = re.sub(r"[\s\-]", "", value)
    if _EMAIL.fullmatch(plain):
        return Check(False, plain, "looks_like_email")
    if _PHONE.fullmatch(value):
        return Check(False, value, "looks_like_phone")
    if not (plain.isascii() and plain.isdigit()):
        if transaction_chains(plain):
            return Check(False, plain, "looks_like_tx_id")
        return Check(False, plain, "looks_like_address" if address_chains(plain) else "digits_expected")
    if not 4 <= len(plain) <= 20:
        hint, expected = ("too_short", "4") if len(plain) < 4 else ("too_long", "20")
        return Check(False, plain, hint, (("expected", expected), ("found", str(len(plain)))))
    return Check(True, plain, "maybe_phone" if _MOBILE.fullmatch(plain) else "")


def _pair(value: str, chain: str) -> Check:
    symbol = value.upper()
    joined = re.sub(r"[/_\-]", "", symbol)
    for form in (symbol, f"{symbol} PERP", joined):
        if (found := pairs(form)) and found[0].start == 0:
            return Check(True, found[0].value)
    if joined in TICKERS:
        return Check(False, symbol, "quote_missing", (("coin", joined),))
    return Check(True, joined, "unknown_pair") if _SYMBOL.fullmatch(joined) else Check(False, value, "not_recognised")


def _amount(value: str, chain: str) -> Check:
    if value.startswith(("-", "−")):
        return Check(False, value, "not_positive")
    number = _NUMBER.search(value)
    plain = plain_number(number[0]) if number else None
    if number is None or plain is None:
        return Check(False, value, "number_expected")
    found = amount(value, number[0], start=number.start(), end=number.end())
    if found is None and number[0] != value.rstrip(".,"):
        return Check(False, value, "number_expected")
    plain = found.value if found else plain
    if not plain.strip("0."):
        return Check(False, plain, "not_positive")
    return Check(True, plain, "", (("coin", found.coin),) if found else ())


def _time(value: str, chain: str) -> Check:
    found = [value] if _TIME.fullmatch(value) else [fact.value for fact in recognise(value) if fact.kind == "time"]
    if len(found) != 1:
        return Check(False, value, "time_expected")
    written = found[0]
    if not re.match(r"\d{4}-|--\d", written):
        return Check(True, written, "date_missing")
    return Check(True, written, "" if re.search(r"T.*(?:Z|[+\-]\d\d:\d\d)$", written) else "zone_missing")


def _error_code(value: str, chain: str) -> Check:
    found = [fact for fact in recognise(value) if fact.kind == "error_code"]
    if found:
        return Check(True, found[0].value)
    if not _CODE.fullmatch(value) or not any(c.isalnum() for c in value):
        return Check(False, value, "not_recognised" if len(value) < 65 else "too_long")
    return Check(True, value)


_CHECKS: Final[dict[str, Callable[[str, str], Check]]] = {
    "tx_id": _transaction, "address": _address, "link": _link, "memo": _memo, "order_id": _order,
    "withdrawal_id": _order, "uid": _uid, "pair": _pair, "amount": _amount, "time": _time, "error_code": _error_code,
}  # fmt: skip
