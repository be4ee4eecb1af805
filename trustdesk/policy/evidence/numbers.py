"""What the numbers of a text are: times, amounts, order numbers, UIDs, error codes – or nothing worth a fact."""

import re
from typing import Final

from trustdesk.policy.evidence import times
from trustdesk.policy.evidence.amounts import amount
from trustdesk.policy.evidence.facts import Fact
from trustdesk.policy.evidence.wording import is_error_talk, is_order_talk, label_after, label_before

# A comma joins groups of up to three digits: "1,000" and "0,5" are numbers, "247200692,247200693" is two.
_NUMBER: Final = re.compile(r"\d+(?:\.\d+|,\d{1,3}(?!\d))*", re.ASCII)
_LISTED: Final = frozenset(("uid", "order_id", "error_code"))
_LIST: Final = re.compile(r"\s?(?:[,，、/&;；]|和|以及|and|or|及)\s?(?:and )?", re.IGNORECASE)
_HTTP_REASON: Final = re.compile(
    r"\s?(?:forbidden|unauthori[sz]ed|not found|too many requests|bad request|bad gateway|service unavailable|"
    r"gateway time-?out|internal server error|method not allowed|request time-?out)",
    re.IGNORECASE,
)
_JSON_CODE: Final = re.compile(r"""["']code["']\s?:\s?["']?-?$""")
_LETTERS_BEFORE: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,6}[\-_]?$", re.ASCII)
_LIKE_DATE: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_LIKE_PHONE: Final = re.compile(r"1[3-9]\d{9}")
_LONG: Final = range(15, 26)  # digits: too many for a phone or an amount, so talk of orders is enough wording


def numbers(text: str) -> list[Fact]:
    """Return the facts whose heart is a number, in order of appearance."""
    facts: list[Fact] = []
    done = 0
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if start < done:
            continue
        fact = _number(text, match[0], start=start, end=end, facts=facts)
        # In "0.5 BTC 300" the coin belongs to the first number.
        if fact is not None and fact.start >= done:
            facts.append(fact)
            done = fact.end
    return facts


def _number(text: str, token: str, *, start: int, end: int, facts: list[Fact]) -> Fact | None:
    previous = text[start - 1] if start else " "
    if previous == "_" or (previous.isalpha() and previous.isascii()):
        return _lettered(text, token, start=start, end=end)
    following = text[end] if end < len(text) else " "
    if times.may_start(text, token, start=start, end=end) and (fact := times.moment(text, at=start)):
        return fact
    if following == "@" or following == "_":
        return None
    if fact := amount(text, token, start=start, end=end):
        return fact
    # What is left are ids and codes: digits alone, not part of a longer string such as a phone number or a version.
    if len(token) < 2 or not token.isdigit() or (following.isascii() and following.isalpha()) or previous == "+":
        return None
    if following == "-" and text[end + 1 : end + 2].isdigit():
        return None
    if previous in "-." and start > 1 and text[start - 2].isdigit():
        return None
    return _identifier(text, token, start=start, end=end, facts=facts)


def _identifier(text: str, token: str, *, start: int, end: int, facts: list[Fact]) -> Fact | None:
    size = len(token)
    label = label_before(text, at=start)
    if label:
        return _labelled(text, token, label=label, start=start, end=end)
    if facts and facts[-1].kind in _LISTED and _LIST.fullmatch(text, facts[-1].end, start):
        previous = facts[-1]
        if abs(len(previous.value) - size) < 2:
            return Fact(previous.kind, token, start=start, end=end)
    if size == 3 and token[0] in "45" and _HTTP_REASON.match(text, end):
        return Fact("error_code", f"HTTP {token}", start=start, end=end)
    if size >= 3 and (label := label_after(text, at=end)):
        return _labelled(text, token, label=label, start=start, end=end)
    if size in (10, 13) and (fact := times.stamp(text, token, start=start, end=end)):
        return fact
    if size in _LONG and is_order_talk(text, start=start, end=end):
        return Fact("order_id", token, start=start, end=end)
    return None


def _labelled(text: str, token: str, *, label: str, start: int, end: int) -> Fact | None:
    size = len(token)
    if label == "uid" and 4 <= size <= 20:
        return Fact("uid", token, start=start, end=end)
    # "账号" may also be a phone number or an account at a bank.
    if label == "account" and 5 <= size <= 12 and not _LIKE_PHONE.fullmatch(token):
        return Fact("uid", token, start=start, end=end)
    if label == "order" and 6 <= size <= 30 and not _LIKE_DATE.fullmatch(token):
        return Fact("order_id", token, start=start, end=end)
    if label == "status" and size == 3 and token[0] in "12345":
        return Fact("error_code", f"HTTP {token}", start=start, end=end)
    if (label in ("code", "status") and size <= 8) or (label == "error" and 3 <= size <= 8):
        # "code: -1021" is a negative number, "code-1021" a dash.
        if start > 1 and text[start - 1] == "-" and not text[start - 2].isalnum():
            return Fact("error_code", f"-{token}", start=start - 1, end=end)
        return Fact("error_code", token, start=start, end=end)
    if label == "unnamed" and size <= 8:
        # In an answer of the API, negative (codes sent by mail are not), or in talk of an error.
        begin = start - 1 if text[start - 1] == "-" and not text[start - 2].isalnum() else start
        if begin < start or _JSON_CODE.search(text[max(0, start - 12) : start]) or is_error_talk(text, at=start):
            return Fact("error_code", text[begin:end], start=begin, end=end)
    return None


def _lettered(text: str, token: str, *, start: int, end: int) -> Fact | None:
    """Return an order number that begins with letters ("订单号 C2C20260302140512", "order WD-20260302001") or None."""
    if len(token) < 3 or not token.isdigit() or (end < len(text) and text[end] in "-_@"):
        return None
    if (label := label_before(text, at=start)) and label not in ("price", "other", "account", "unnamed"):
        return _labelled(text, token, label=label, start=start, end=end)  # "uid247200692", "HTTP403"
    if len(token) < 6:
        return None
    before = text[max(0, start - 8) : start]
    letters = _LETTERS_BEFORE.search(before)
    if letters is None:
        return None
    begin = start - len(before) + letters.start()
    if label_before(text, at=begin) != "order":
        return None
    return Fact("order_id", text[begin:end], start=begin, end=end)
