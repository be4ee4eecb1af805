"""Amounts with a coin or currency: 0.5 BTC, 1,000.50 USDT, 100U, 5000 个 USDT, 2万U, ￥500, USDT 300."""

import re
from decimal import Decimal
from typing import Final

from trustdesk.policy.evidence.coins import CHINESE_NAMES, SPELLINGS, STABLE, SYMBOLS
from trustdesk.policy.evidence.facts import Fact
from trustdesk.policy.evidence.wording import label_before

_TIMES: Final = {
    "k": 3, "K": 3, "w": 4, "W": 4, "m": 6, "M": 6, "thousand": 3, "million": 6, "mln": 6, "billion": 9, "bn": 9,
    "千": 3, "万": 4, "萬": 4, "百万": 6, "千万": 7, "亿": 8, "億": 8,
}  # fmt: skip
_UNIT: Final = re.compile(
    r"[ \t]{0,2}(百万|千万|[万萬千亿億])?多?[余+]?[个個枚颗顆]?的?[ \t]{0,2}(?:(1INCH\b|[A-Za-z][A-Za-z0-9]{0,9})|("
    + "|".join(CHINESE_NAMES)
    + "))",
    re.ASCII,
)
_SIGNS_AFTER: Final = frozenset("$€£")
_TIMES_AFTER: Final = re.compile(r" ?((?:[kKmM]|million|billion|thousand|mln|bn)(?![A-Za-z])|[百千]?万|[萬千亿億])")
_NATION: Final = re.compile(r"(?<![A-Z])(?:HK|US|NT|[ACS])$")
_SPACED: Final = re.compile(r"(?<![\d.,])\d{1,3} (?:\d{3} )*$")
_DOLLARS: Final = {"HK": "HKD", "US": "USD", "NT": "TWD", "A": "AUD", "C": "CAD", "S": "SGD"}
_BEFORE_NUMBERS: Final = frozenset("USD EUR GBP CNY RMB HKD JPY KRW SGD".split())  # "PHP 8" is a language
_SECOND: Final = re.compile(r"[ \t]{0,2}[个個枚颗顆]?[ \t]{0,2}([A-Za-z][A-Za-z0-9]{0,9})", re.ASCII)
_COIN_BEFORE: Final = re.compile(r"([A-Za-z]{3,5})( ?[:：=] ?| )$")
_NOT_AMOUNT: Final = re.compile(
    r" ?(?:[%％倍年月日点點时天小分秒号號:：/]|[xX]\b)|[a-zA-Z]| (?:hours?|days?|min|times|per|USD|USDT)\b"
)
_PER: Final = re.compile(r" ?(?:per\b|每|/ ?(?:个|枚|[A-Z]{3})|[=＝≈] ?[?？\d]|等于)", re.IGNORECASE)
_DECIMAL_COMMA: Final = re.compile(r"\d+,\d+")
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_EUROPEAN: Final = re.compile(r"\d{1,3}(?:\.\d{3})+,\d{1,2}")
_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?")
_LONGEST: Final = 24  # digits; longer ones are no amounts


def amount(text: str, token: str, *, start: int, end: int) -> Fact | None:
    """Return the amount whose number is token = text[start:end], or None where no coin stands beside it.

    Prices ("at 65,000 USDT", "价格 65000U", "USDT per BTC") are not amounts a customer moved, and are left out.
    """
    coin, stop, power = _coin_after(text, end=end)
    begin = start
    if not coin:
        coin, begin = _coin_before(text, token, start=start, end=end)
        stop = end
        if not coin:
            return None
        if times := _TIMES_AFTER.match(text, end):
            power, stop = _TIMES[times[1]], times.end()
    if (
        token[0] == "0"
        and start > 1
        and text[start - 1] == " "
        and (groups := _SPACED.search(text, max(0, start - 12), start))
    ):
        token, begin = text[groups.start() : end].replace(" ", ""), groups.start()  # 100 000 USDT
    value = plain_number(token)
    if value is None:
        return None
    if start > 0 and text[start - 1] == "." and token.isdigit() and (start == 1 or not text[start - 2].isalnum()):
        value, begin = f"0.{value}", min(begin, start - 1)
    if power:
        value = f"{Decimal(value).scaleb(power).normalize():f}"
    if _PER.match(text, stop) or label_before(text, at=begin) == "price":
        return None
    return Fact("amount", value, coin=coin, start=begin, end=stop)


def plain_number(token: str) -> str | None:
    """Return digits and one point for a number with thousands separators or a decimal comma, None for anything else."""
    if len(token) > _LONGEST:
        return None
    if _PLAIN.fullmatch(token):
        value = token
    elif _GROUPED.fullmatch(token):
        value = token.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(token):
        value = token.replace(",", ".")
    elif _EUROPEAN.fullmatch(token):
        value = token.replace(".", "").replace(",", ".")
    else:
        return None
    if len(value) > 1 and value[0] == "0" and value[1] != ".":
        return None
    return value


def _coin_after(text: str, *, end: int) -> tuple[str, int, int]:
    """Return the coin named after a number, where it ends, and the power of ten between ("2万U": 4)."""
    unit = _UNIT.match(text, end)
    if unit is None:
        if text[end : end + 1] in _SIGNS_AFTER and not text[end + 1 : end + 2].isalnum():
            return SYMBOLS[text[end]], end + 1, 0
        return "", end, 0
    power = _TIMES[unit[1]] if unit[1] else 0
    if unit[3]:
        return SPELLINGS[unit[3]], unit.end(), power
    word: str = unit[2]
    if coin := SPELLINGS.get(word):
        if word == "u" and text[end] == " " and text.isascii():
            return "", end, 0  # "2 u" is English for "to you"
        return coin, unit.end(), power
    if power:
        return "", end, 0
    if len(word) > 1 and word[0] in "kKwWmM" and unit.start(2) == end and (coin := SPELLINGS.get(word[1:])):
        return coin, unit.end(), _TIMES[word[0]]  # 5kU
    if times := _TIMES.get(word):
        second = _SECOND.match(text, unit.end())  # 5k USDT, 3w U, 2 million SHIB
        if second and (coin := SPELLINGS.get(second[1])):
            return coin, second.end(), times
    return "", end, 0


def _coin_before(text: str, token: str, *, start: int, end: int) -> tuple[str, int]:
    """Return the currency sign or ticker written before a number and where it starts."""
    previous = text[start - 1] if start else ""
    if previous in SYMBOLS:
        if text[max(0, start - 2)] in "$_)" and start > 1:
            return "", start  # "$$1"
        if text[end : end + 1] == "." and text[end + 1 : end + 2].islower():
            return "", start  # "$0.toAddress"
        if previous == "$" and start > 1 and (nation := _NATION.search(text[max(0, start - 4) : start - 1])):
            return _DOLLARS[nation[0]], start - 1 - len(nation[0])
        if start > 1 and text[start - 2].isascii() and text[start - 2].isalnum():
            return "", start  # lambda$25
        return SYMBOLS[previous], start - 1
    if start > 1 and previous == " " and text[start - 2] in SYMBOLS:
        return SYMBOLS[text[start - 2]], start - 2
    if previous not in (" ", ":", "：", "="):
        return "", start
    before = text[max(0, start - 9) : start]
    ticker = _COIN_BEFORE.search(before)
    if ticker is None or _NOT_AMOUNT.match(text, end):
        return "", start
    begin = start - len(before) + ticker.start()
    if begin and (text[begin - 1] in "/-_" or (text[begin - 1].isascii() and text[begin - 1].isalnum())):
        return "", start
    coin = ticker[1] if ticker[1].isupper() else ""
    coin = "CNY" if coin == "RMB" else coin
    if SPELLINGS.get(coin) != coin or (coin == "ETH" and token in ("2", "2.0")):
        return "", start
    if coin in STABLE or coin in _BEFORE_NUMBERS:
        return coin, begin
    # "BTC 65000" is a price, "BTC 0.5" an amount.
    small = "." in token and len(token.partition(".")[0]) < 4
    return (coin, begin) if small or not ticker[2].isspace() else ("", start)
