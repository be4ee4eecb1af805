"""Codes and ids that hold letters and are only known by the label before them: ERR_TIMED_OUT, error code AUTH-403,
orderLinkId "btc-earn-001"."""

import re
from typing import Final

from trustdesk.policy.evidence.facts import Fact

_ERROR: Final = re.compile(
    r"""(?<![A-Z0-9_])(ERR_[A-Z0-9_]{3,40})(?![A-Za-z0-9_])"""
    r"""|(?:[Ee]rr(?:or)?[ _]?[Cc]ode|[Rr]et[ _]?[Cc]ode|ERROR CODE|[Ee]rror|"""
    r"""错误码|错误代码|错误代号|报错代码|报错码|报错|返回码|错误|錯誤碼|錯誤代碼)"""
    r"""["'“”‘’\s:：=(（【\[]{0,4}(?:is |是|为|was )?["'“「]?"""
    r"""([A-Z][A-Z0-9]{1,20}(?:_[A-Z0-9]{1,20}){1,6}|[A-Z]{1,6}-?\d{2,8}|0x[0-9a-fA-F]{2,8})(?![A-Za-z0-9_])"""
)
_ORDER: Final = re.compile(
    r"""(?:[Oo]rder(?:[ _]?[Ll]ink)?[ _]?(?:[Ii][Dd]|[Nn]o\.?|[Nn]umber)|[Cc]l[Oo]rd[Ii]d|"""
    r"""(?:[Tt]rade|[Tt]ransfer|[Ww]ithdraw|[Ww]ithdrawal|[Dd]eposit)[ _]?(?:[Ii][Dd]|[Nn]umber)|"""
    r"""[订單訂单][单單]?[编編]?[号號](?:码|id|ID)?)"""
    r"""["'”」]?\s?(?:[:：=#]|is\b|是|为)\s?["'“「]?"""
    r"""((?=[A-Za-z_\-]{0,40}\d)(?=[\d_\-]{0,40}[A-Za-z])[A-Za-z0-9][A-Za-z0-9_\-]{5,63})(?![A-Za-z0-9_\-])"""
)
# Every one of them has a letter beside a digit (a hyphen may stand between), or an underscore. The pattern starts with
# the digit because digits are rarer than letters.
_MIXED: Final = re.compile(r"[0-9](?:(?<=[A-Za-z_][0-9])|(?<=[A-Za-z_]-[0-9])|(?=-?[A-Za-z_]))")


def error_codes(text: str) -> list[Fact]:
    """Return the error codes of text that hold letters."""
    if not ("_" in text or _MIXED.search(text)):
        return []
    if not ("rr" in text or "ERR" in text or "ode" in text or "错" in text or "码" in text or "錯" in text):
        return []
    return [_group(match, match.lastindex or 1, "error_code") for match in _ERROR.finditer(text)]


def order_ids(text: str) -> list[Fact]:
    """Return the order ids of text that hold letters and are called so."""
    if not ("rder" in text or "rdI" in text or "Id" in text or "ID" in text or "单" in text or "單" in text):
        return []
    if not _MIXED.search(text):
        return []
    return [_group(match, 1, "order_id") for match in _ORDER.finditer(text)]


def _group(match: re.Match[str], group: int, kind: str) -> Fact:
    return Fact(kind, match[group], start=match.start(group), end=match.end(group))
