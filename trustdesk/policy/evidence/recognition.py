"""Everything a text says that staff can look up. Runs on every chat message, so each step is behind a cheap gate."""

import re
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final

from trustdesk.policy.evidence.chains import address_chains, is_eos_name, transaction_chains, written
from trustdesk.policy.evidence.explorers import Link, links
from trustdesk.policy.evidence.facts import Fact
from trustdesk.policy.evidence.named import error_codes, order_ids
from trustdesk.policy.evidence.numbers import numbers
from trustdesk.policy.evidence.pairs import pairs
from trustdesk.policy.evidence.times import spelled
from trustdesk.policy.evidence.wording import label_before, network_near, token_label

_PLACEHOLDER: Final = re.compile(r"\[•[^\]\n]{0,200}\]?")
_WIDE: Final = re.compile("[０-９Ａ-Ｚａ-ｚ／＄]")
_NARROW: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide).isalnum() or chr(wide) in "／＄"}
_DIGIT: Final = re.compile("[0-9]")
_BLANK: Final = "\0"
_START: Final = attrgetter("start")

_RUN: Final = re.compile(r"[0-9A-Za-z]{24,}")
_LONGEST_RUN: Final = 200  # what a fact can hold; no address or id is longer
_TON: Final = re.compile(r"(?<![\w\-+/])[EUk0][Qf][\w\-+/]{46}(?![\w\-+/])", re.ASCII)
_TON_TX: Final = re.compile(r"(?<![\w\-+/=.])[\w\-+/]{43}(?:=|(?![\w\-+/=]))", re.ASCII)
_UUID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w\-]|\.\w)", re.ASCII | re.IGNORECASE
)
_KRAKEN: Final = re.compile(r"O[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}(?![A-Za-z0-9_\-])")
_PRINCIPAL: Final = re.compile(r"[a-z2-7]{5}-(?:[a-z2-7]{5}-){3,9}[a-z2-7]{3,5}(?![A-Za-z0-9_\-])")
_HEDERA: Final = re.compile(
    r"(?<![\w.\-])0\.0\.[1-9]\d{0,9}(?:[@\-]\d{10}[.\-]\d{1,9}(?![\d.\-])|(?:-[a-z]{5})?(?![\w.\-]))", re.ASCII
)
_NEAR: Final = re.compile(r"(?<![\w.\-@])[a-z\d][a-z\d_.\-]{1,57}\.near(?![\w\-@])", re.ASCII)
_EOS: Final = re.compile(
    r"\b(?:EOS|eos|Eos)\b[^\n]{0,30}?(?:[Aa]ccount|[Aa]ddress|账[户号]|地址|to|给|到)(?: is|[是为])?[\s:：]{0,3}"
    r"([a-z][a-z1-5.]{11})(?![\w.])",
    re.ASCII,
)


def recognise(text: str) -> tuple[Fact, ...]:
    """Return the facts of a text in order of appearance, none overlapping another; offsets are those of the text.

    Text of the guard's placeholders is skipped. Takes time linear in the length of the text.
    """
    work = text
    if not text.isascii():
        if "[•" in work:
            work = _PLACEHOLDER.sub(lambda found: _BLANK * len(found[0]), work)
        if _WIDE.search(work):
            work = work.translate(_NARROW)
    found: list[Fact] = []
    if "/" in work and "." in work:
        spans = links(work)
        found = [Fact(link.kind, link.value, link.chain, "", link.start, link.end) for link in spans if link.kind]
        work = _without(work, spans)
    for step in _STEPS:
        if facts := step(work):
            found += facts
            work = _without(work, facts)
    if _DIGIT.search(work):
        found += numbers(work)
    if len(found) > 1:
        found.sort(key=_START)
    return tuple(found)


def _without(text: str, spans: Sequence[Fact | Link]) -> str:
    """Return text with what is already understood blanked out, so that later steps neither see nor join it."""
    if len(spans) == 1:
        span = spans[0]
        return f"{text[: span.start]}{_BLANK * (span.end - span.start)}{text[span.end :]}"
    parts: list[str] = []
    done = 0
    for span in sorted(spans, key=_START):
        parts += text[done : span.start], _BLANK * (span.end - span.start)
        done = span.end
    parts.append(text[done:])
    return "".join(parts)


def _ton_addresses(text: str) -> list[Fact]:
    if not ("Q" in text or "Uf" in text or "Ef" in text):
        return []
    return [
        Fact("address", match[0], "ton", start=match.start(), end=match.end())
        for match in _TON.finditer(text)
        if address_chains(match[0])
    ]


def _tokens(text: str) -> list[Fact]:
    """Return the facts that are one long run of letters and digits: hashes, addresses, order ids."""
    facts: list[Fact] = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        if end - start <= _LONGEST_RUN and (fact := _token(text, start=start, end=end)):
            facts.append(fact)
    return facts


def _token(text: str, *, start: int, end: int) -> Fact | None:
    token = text[start:end]
    if text[start - 1 : start] == ":":
        # Two kinds of address have a colon inside.
        for prefix in ("bitcoincash:", "0:", "-1:"):
            if text[max(0, start - len(prefix)) : start].lower() == prefix and address_chains(prefix + token):
                return _found("address", prefix + token, address_chains(prefix + token)[0], start - len(prefix), end)
    transactions, addresses = transaction_chains(token), address_chains(token)
    if not transactions or transactions == ("ton",):  # TON's base64 is any 43 letters: `_ton_transaction` knows it
        if addresses:
            return _found("address", token, addresses[0], start, end)
        if _DIGIT.search(token) and label_before(text, at=start) == "order" and len(token) <= 40:
            return Fact("order_id", token, start=start, end=end)
        return None
    return _either(text, token, transactions, addresses, start=start, end=end)


def _either(
    text: str, token: str, transactions: tuple[str, ...], addresses: tuple[str, ...], *, start: int, end: int
) -> Fact | None:
    """Return what a token is whose form alone does not say: by the words and the network named beside it."""
    label = token_label(text, start=start, end=end)
    if label == "secret" or (label == "other" and "solana" not in addresses + transactions):
        return None
    if addresses == ("icp",):
        return _found("address", token, "icp", start, end)  # its checksum leaves no doubt
    if text.startswith("::", end) and addresses:
        label = "address"  # 0x…::module::Name, a contract of Sui or Aptos
    network = network_near(text, start=start, end=end)
    if network in transactions and not (network in addresses and label == "address"):
        return _found("tx_id", token, network, start, end)
    if network in addresses:
        return _found("address", token, network, start, end)
    if "solana" in addresses and label != "tx":
        return _found("address", token, "solana", start, end)
    if "sui" in addresses and label == "address":
        return _found("address", token, "", start, end)
    # A 0x hash is one of the 0x family unless told otherwise; bare digits could be of a dozen chains.
    chain = "evm" if transactions[0] == "evm" else transactions[0] if len(transactions) == 1 else ""
    return _found("tx_id", token, chain, start, end)


def _found(kind: str, token: str, chain: str, start: int, end: int) -> Fact:
    return Fact(kind, written(token, chain=chain), chain, start=start, end=end)


def _dashed(text: str) -> list[Fact]:
    """Return the facts with hyphens inside: UUIDs, Kraken's order ids, principals of the Internet Computer."""
    facts: list[Fact] = []
    hyphens = text.count("-")
    if hyphens < 2:
        return facts
    for match in _KRAKEN.finditer(text) if "O" in text else ():
        if _stands_alone(text, match.start()):
            facts.append(Fact("order_id", match[0], start=match.start(), end=match.end()))
    for match in _UUID.finditer(text) if hyphens > 3 else ():
        start, end = match.span()
        if _stands_alone(text, start) and token_label(text, start=start, end=end) not in ("secret", "other"):
            facts.append(Fact("order_id", match[0].lower(), start=start, end=end))
    for match in _PRINCIPAL.finditer(text) if hyphens > 3 else ():
        if _stands_alone(text, match.start()) and address_chains(match[0]):
            facts.append(Fact("address", match[0], "icp", start=match.start(), end=match.end()))
    return facts


def _stands_alone(text: str, start: int) -> bool:
    previous = text[start - 1 : start]
    return not previous or not (previous in "-_" or (previous.isascii() and previous.isalnum()))


def _named_addresses(text: str) -> list[Fact]:
    """Return the ids and addresses of chains that write them as names or short numbers, and TON's base64 hashes."""
    facts: list[Fact] = []
    if "0.0." in text:
        for match in _HEDERA.finditer(text):
            facts += _hedera(text, match)
    if ".near" in text:
        for match in _NEAR.finditer(text):
            if address_chains(match[0]):
                facts.append(Fact("address", match[0], "near", start=match.start(), end=match.end()))
    if "ton" in text or "TON" in text or "Ton" in text:
        for match in _TON_TX.finditer(text):
            facts += _ton_transaction(text, match)
    if "EOS" in text or "eos" in text:
        for match in _EOS.finditer(text):
            if is_eos_name(match[1]):
                facts.append(Fact("address", match[1], "eos", start=match.start(1), end=match.end(1)))
    return facts


def _hedera(text: str, match: re.Match[str]) -> Iterable[Fact]:
    start, end = match.span()
    if transaction_chains(match[0]):
        yield _found("tx_id", match[0], "hedera", start, end)
    # "0.0.1234" is also what versions look like.
    elif address_chains(match[0]) and network_near(text, start=start, end=end) == "hedera":
        yield _found("address", match[0], "hedera", start, end)


def _ton_transaction(text: str, match: re.Match[str]) -> Iterable[Fact]:
    start, end = match.span()
    if "ton" not in transaction_chains(match[0]) or network_near(text, start=start, end=end) != "ton":
        return
    if token_label(text, start=start, end=end) not in ("secret", "other"):
        yield Fact("tx_id", match[0], "ton", start=start, end=end)


# Later steps see the text without what earlier ones found: a hash is not searched for numbers, nor a pair for amounts.
_STEPS: Final[tuple[Callable[[str], list[Fact]], ...]] = (
    _ton_addresses, _tokens, _dashed, _named_addresses, pairs, error_codes, order_ids, spelled,
)  # fmt: skip
