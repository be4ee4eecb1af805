"""Judging the fields that hold something of a chain: a transaction id, an address, an explorer's link, a memo."""

import re
from typing import Final

from trustdesk.policy.evidence.chains import (
    address_chains,
    family,
    is_eos_name,
    transaction_chains,
    written,
)
from trustdesk.policy.evidence.encodings import (
    XRP_ALPHABET,
    base58check,
    is_eip55,
    is_monero_address,
    stellar_version,
)
from trustdesk.policy.evidence.explorers import take_apart
from trustdesk.policy.evidence.facts import Check

_LINK: Final = re.compile(r"https?://|(?:[a-z0-9\-]+\.)+[a-z]{2,12}/", re.IGNORECASE)
_CUT_SHORT: Final = re.compile(r"…|\.\.\.|\*{2,}")
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_INTERNAL: Final = re.compile(
    r"\d{4,30}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:[A-Z]{1,6}[\-_]?)\d{6,28}", re.IGNORECASE
)
_ONLY_HERE: Final = {"icp": re.compile(r"\d{1,12}"), "polkadot": re.compile(r"\d{1,10}-\d{1,4}")}
_BASE58: Final = "[1-9A-HJ-NP-Za-km-z]"
# What an address of a chain looks like before its checksum is looked at: a near miss is a typing error.
_SHAPES: Final = {
    "bitcoin": re.compile(rf"[13]{_BASE58}{{25,33}}|bc1[02-9a-z]{{20,71}}"),
    "litecoin": re.compile(rf"[LM]{_BASE58}{{25,33}}|ltc1[02-9a-z]{{20,71}}"),
    "dogecoin": re.compile(rf"D{_BASE58}{{33}}"),
    "bitcoin-cash": re.compile(r"(?:bitcoincash:)?[qp][02-9a-z]{41}"),
    "dash": re.compile(rf"X{_BASE58}{{33}}"),
    "zcash": re.compile(rf"t[13]{_BASE58}{{33}}|(?:zs|u)1[02-9a-z]{{70,200}}"),
    "tron": re.compile(rf"T{_BASE58}{{33}}"),
    "xrp": re.compile(rf"r{_BASE58}{{24,34}}|X{_BASE58}{{46}}"),
    "ton": re.compile(r"[EUk0][Qf][\w\-+/]{46}", re.ASCII),
    "cardano": re.compile(r"(?:addr|stake)1[02-9a-z]{50,110}"),
    "stellar": re.compile(r"G[A-Z2-7]{55}"),
    "cosmos": re.compile(r"(?:cosmos|osmo|celestia|inj|kava|sei|dydx)1[02-9a-z]{38,58}"),
    "monero": re.compile(rf"[48]{_BASE58}{{94}}(?:{_BASE58}{{11}})?"),
    "polkadot": re.compile(rf"1{_BASE58}{{46,47}}"),
    "algorand": re.compile(r"[A-Z2-7]{58}"),
}
# Addresses written alike on chains that forked from each other.
_SHARED: Final = {"bitcoin": ("bitcoin-cash", "litecoin"), "near": ("near",)}
_SHOWS: Final = {"address": "looks_like_address", "tx_id": "looks_like_tx_id"}
_TX_SIZES: Final = {"evm": 66, "aptos": 66, "sui": 44, "near": 44, "solana": 88, "algorand": 52}  # others: 64


def check_transaction(value: str, *, chain: str) -> Check:
    """Judge a transaction id for a chain ("" for not known)."""
    if _LINK.match(value):
        return _from_link(value, wanted="tx_id", chain=chain)
    if _CUT_SHORT.search(value):
        return Check(False, value, "cut_short")
    form = family(chain)
    if form in _ONLY_HERE and _ONLY_HERE[form].fullmatch(value):
        return Check(True, value)
    fits = transaction_chains(value)
    if form == "evm" and len(value) == 64 and "evm" in fits:
        return Check(True, written(f"0x{value}", chain=chain), "prefix_added")
    if form == "tron" and fits and value[:2] in ("0x", "0X"):
        return Check(True, written(value[2:], chain=form), "prefix_removed")  # as TRON's own interface writes some
    if form in fits:
        return Check(True, written(value, chain=form))
    return _not_a_transaction(value, fits, form=form)


def _not_a_transaction(value: str, fits: tuple[str, ...], *, form: str) -> Check:
    addresses = address_chains(value)
    if addresses and (not fits or (form in addresses and form not in fits)):
        return Check(False, value, "looks_like_address", (("chain", addresses[0]),))
    if fits and form:
        return Check(False, value, "wrong_chain", (("chain", fits[0]), ("expected", form)))
    if fits:
        # 32 bytes in base58 are an address of Solana as well as a transaction of Sui or NEAR.
        return Check(True, written(value, chain=""), "maybe_address" if "solana" in addresses else "")
    if _INTERNAL.fullmatch(value):
        return Check(False, value, "internal_withdrawal_id")
    if any(shape.fullmatch(value) for shape in _SHAPES.values()):
        return Check(False, value, "looks_like_address")
    return _malformed(value, expected=66 if value[:2] in ("0x", "0X") else _TX_SIZES.get(form, 64))


def check_address(value: str, *, chain: str) -> Check:
    """Judge an address for a chain ("" for not known), with its checksum where the chain has one."""
    if _LINK.match(value):
        return _from_link(value, wanted="address", chain=chain)
    if _CUT_SHORT.search(value):
        return Check(False, value, "cut_short")
    form = family(chain)
    if form == "eos" and is_eos_name(value):
        return Check(True, value)
    if form in ("evm", "") and len(value) == 40 and _HEX.fullmatch(value):
        return _checksummed(f"0x{value}", "evm", hint="prefix_added")
    fits = address_chains(value)
    if form in fits or any(form in _SHARED.get(fit, ()) for fit in fits):
        return _checksummed(value, form)
    transactions = transaction_chains(value)
    if transactions and (not form or form in transactions or not fits) and "solana" not in fits:
        ambiguous = not form and "sui" in fits
        return Check(ambiguous, written(value, chain=""), "maybe_tx_id" if ambiguous else "looks_like_tx_id")
    if fits and form:
        return Check(False, value, "wrong_chain", (("chain", fits[0]), ("expected", form)))
    if fits:
        return _checksummed(value, fits[0])
    for shaped, shape in _SHAPES.items():
        if (not form or form == shaped) and shape.fullmatch(value):
            return Check(False, value, "checksum_mismatch", (("chain", shaped),))
    if _INTERNAL.fullmatch(value):
        return Check(False, value, "not_recognised")
    return _malformed(value, expected=42) if value[:2] in ("0x", "0X") else Check(False, value, "not_recognised")


def check_link(value: str) -> Check:
    """Judge a link to a block explorer; `params` carry what it shows."""
    found = take_apart(value)
    if found is None:
        return Check(False, value, "not_an_explorer_link")
    kind, shown, chain = found
    if kind == "link":
        return Check(True, shown, "", (("chain", chain),))
    return Check(True, value, "explorer_link_taken_apart", ((kind, shown), ("chain", chain)))


def check_memo(value: str, *, chain: str) -> Check:
    """Judge a memo or destination tag: XRP a number below 2**32; Stellar a number, a hash or text up to 28 bytes."""
    transactions = transaction_chains(value)
    if address_chains(value) and (not transactions or "solana" in address_chains(value)):
        return Check(False, value, "looks_like_address")
    if chain == "xrp":
        if not value.isascii() or not value.isdigit():
            return Check(False, value, "digits_expected")
        fits = len(value) <= 10 and int(value) < 2**32
        return Check(True, str(int(value))) if fits else Check(False, value, "too_long", (("expected", "10"),))
    if transactions and chain != "stellar":
        return Check(False, value, "looks_like_tx_id")
    if chain == "stellar" and len(value.encode()) > 28 and not (len(value) == 64 and _HEX.fullmatch(value)):
        return Check(False, value, "too_long", (("expected", "28"), ("found", str(len(value.encode())))))
    return Check(True, value) if len(value) <= 128 else Check(False, value, "too_long", (("expected", "128"),))


def is_secret_key(value: str) -> bool:
    """Return whether a field holds what opens a wallet: WIF, xprv, a Stellar or XRP seed, a PEM key."""
    if "PRIVATE KEY" in value or (value[1:4] == "prv" and len(value) > 100):
        return True
    if len(value) == 56 and value[0] == "S" and stellar_version(value) == 144:
        return True
    if 50 <= len(value) <= 53 and (body := base58check(value)):
        return body[0] >= 0x80 and len(body) in (33, 34)
    if 28 <= len(value) <= 31 and value[0] == "s":
        return len(base58check(value, alphabet=XRP_ALPHABET) or b"") in (17, 19)
    return False


def _checksummed(value: str, chain: str, *, hint: str = "") -> Check:
    if (chain == "evm" and not is_eip55(value)) or (chain == "monero" and not is_monero_address(value)):
        return Check(False, value, "checksum_mismatch", (("chain", chain),))
    return Check(True, written(value, chain=chain), hint, (("chain", chain),))


def _from_link(value: str, *, wanted: str, chain: str) -> Check:
    found = take_apart(value)
    if found is None:
        return Check(False, value, "not_an_explorer_link")
    kind, shown, network = found
    if kind != wanted:
        return Check(False, value, _SHOWS.get(kind, "not_recognised"))
    if chain and network and family(network) != family(chain):
        return Check(False, shown, "wrong_chain", (("chain", network), ("expected", chain)))
    return Check(True, shown, "explorer_link_taken_apart", (("chain", network),))


def _malformed(value: str, *, expected: int) -> Check:
    """Return what is wrong with something that was meant to be an id: foreign characters, or the wrong length."""
    if not value.isascii() or not value.isalnum():
        return Check(False, value, "bad_characters")
    digits = value[2:] if value[:2] in ("0x", "0X") else value
    foreign = "".join(sorted({c for c in digits if not _HEX.fullmatch(c)}))
    if _HEX.fullmatch(digits) or (len(foreign) <= 2 and len(digits) > 30 and expected in (42, 64, 66)):
        if len(value) == expected:
            return Check(False, value, "bad_characters", (("characters", foreign),))
        hint = "too_short" if len(value) < expected else "too_long"
        return Check(False, value, hint, (("expected", str(expected)), ("found", str(len(value)))))
    if expected in (44, 52, 88) and len(value) > 20 and len(value) != expected:
        hint = "too_short" if len(value) < expected - 1 else "too_long"
        return Check(False, value, hint, (("expected", str(expected)), ("found", str(len(value)))))
    return Check(False, value, "not_recognised")
