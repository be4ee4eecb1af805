"""Trading pairs: BTC/USDT, btcusdt, ETH-BTC, "sol usdt perpetual", BTCUSDT永续."""

import re
from typing import Final

from trustdesk.policy.evidence.coins import NAMES_IN_PAIRS, TICKERS, is_pair, split_pair
from trustdesk.policy.evidence.facts import Fact

# Each of these starts with one set of characters, which lets the engine skip the rest of the text quickly. What
# stands to the left is then read from a short slice.
_DOLLAR: Final = re.compile(r"[Uu][Ss][Dd](?:[TtCcEe](?![A-Za-z])|(?![A-Za-z]))")
_SEPARATED: Final = re.compile(r"[/_\-] ?([A-Za-z]{3,5})(?![A-Za-z0-9])")
_CAPITALS: Final = re.compile(r"[A-Z]{6,14}(?![A-Za-z0-9])")

_LEFT: Final = re.compile(r"([A-Za-z0-9]{1,12}|[\u4e00-\u9fff]{2,4})( ?/ ?|[_\-兑对]| |)$")
_LEFT_SIZE: Final = 16
# What follows a pair of a contract market: BTC-USDT-SWAP, BTCUSDT-27SEP24, BTC/USDT:USDT, BTCUSDT.P
_CONTRACT: Final = re.compile(
    r"(?:[_\-](?:SWAP|PERP|PERPETUAL|FUTURES|SPOT|\d{6}|\d{1,2}[A-Z]{3}\d{2})|:USD[TC]?|\.P)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_MARKET: Final = re.compile(
    r"\s?(?:perp|perpetual|perpetuals|swap|futures?|contract|contracts|spot|pair|market|trading pair|margin|"
    r"u?本位|永续|永續|合约|合約|现货|現貨|交易对|交易對|币对|幣對|杠杆|盘口|行情)(?![a-z])",
    re.ASCII | re.IGNORECASE,
)
_CONTINUES: Final = re.compile(r" ?/ ?[A-Za-z]{2}")  # BTC/ETH/USDT is a list


def pairs(text: str) -> list[Fact]:
    """Return the trading pairs of text as "BASE/QUOTE" in order of appearance."""
    found: dict[int, Fact] = {}
    if "USD" in text or "usd" in text or "Usd" in text:
        for match in _DOLLAR.finditer(text):
            _add(found, _left_of(text, quote=match[0].upper(), at=match.start(), end=match.end()))
    if "/" in text or "-" in text or "_" in text:
        for match in _SEPARATED.finditer(text):
            _add(found, _left_of(text, quote=match[1].upper(), at=match.start(1), end=match.end()))
    for match in _CAPITALS.finditer(text):
        at = match.start()
        if (at == 0 or not _is_word(text[at - 1])) and (split := split_pair(match[0])):
            _add(found, _fact(text, *split, at, match.end()))
    facts: list[Fact] = []
    for at in sorted(found):
        if not facts or at >= facts[-1].end:
            facts.append(found[at])
    return facts


def _add(found: dict[int, Fact], fact: Fact | None) -> None:
    if fact is not None:
        found[fact.start] = fact


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _left_of(text: str, *, quote: str, at: int, end: int) -> Fact | None:
    if end < len(text) and _is_word(text[end]):
        return None
    before = text[max(0, at - _LEFT_SIZE) : at]
    left = _LEFT.search(before)
    if left is None:
        return None
    word, separator = left[1], left[2].strip()
    start = at - len(before) + left.start()
    if start > 0 and _is_word(text[start - 1]) and _is_word(word[0]):
        return None
    base = NAMES_IN_PAIRS.get(word, "") if not word.isascii() else word.upper()
    if not separator and not left[2]:
        if not word.isascii():
            return None
        # Written together. Small letters are a pair only where the coin is a known one: "mailusd" is not.
        split = split_pair(base + quote) if (base in TICKERS or text[start:at].isupper()) else None
        return _fact(text, *split, start, end) if split else None
    if not separator:
        # Only a space between: two coins in a list, unless a market is spoken of.
        if base not in TICKERS or not _MARKET.match(text, end):
            return None
    elif base not in TICKERS and not word.isupper():
        return None
    if separator == "/" and _is_listed(text, start=start, end=end):
        return None
    return _fact(text, base, quote, start, end) if is_pair(base, quote) else None


def _is_listed(text: str, *, start: int, end: int) -> bool:
    before = text[max(0, start - 3) : start].rstrip()
    return bool(_CONTINUES.match(text, end)) or (len(before) > 1 and before[-1] == "/" and _is_word(before[-2]))


def _fact(text: str, base: str, quote: str, start: int, end: int) -> Fact:
    if tail := _CONTRACT.match(text, end):
        end = tail.end()
    return Fact("pair", f"{base}/{quote}", start=start, end=end)
