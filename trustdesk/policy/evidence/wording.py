"""The words beside a number or a token that say what it is. Every look-up reads a bounded stretch of text."""

import re
from collections.abc import Iterable
from typing import Final

from trustdesk.policy.evidence.coins import NETWORKS, WORDY_NETWORKS
from trustdesk.policy.evidence.labels import NUMBER_LABELS, TOKEN_LABELS

_BEFORE: Final = 40  # characters read before a number
_AFTER: Final = 24
_AROUND: Final = 110  # characters read before a token whose form is shared by several things
_OTHER_WITHIN: Final = 24  # "session" two clauses away says nothing about a hash
_NEAR: Final = 90  # characters within which the name of a network says where a transaction was made


# Between a label and its number.
_GLUE: Final = " \t\r\n:：=#\"'“”‘’「」『』（(【】[]）){}，,、*-_~→>。.`"
_IS: Final = frozenset("是为為成的叫")
_VERB: Final = re.compile(r"(?: is| was| are|['’]s)$")


def _backwards(labels: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of labels for text read backwards, where the nearest of them is the first found.

    The alternatives hold no groups: with them the engine cannot skip those whose first letter is wrong.
    """
    words = []
    for label in sorted(labels, key=len, reverse=True):
        word = "".join(r"[\s_\-]{0,2}" if c == " " else re.escape(c) for c in reversed(label))
        # "squid" ends in "uid", "border" in "order".
        words.append(word + r"(?![a-z0-9])" if label[0].isascii() and label[0].isalnum() else word)
    return re.compile("|".join(words), re.ASCII)


def _key(label: str) -> str:
    return label if label.isalnum() else re.sub(r"[\s_\-]", "", label)


_NUMBER_KINDS: Final = {_key(label): kind for kind, labels in NUMBER_LABELS.items() for label in labels}
_LAST_LETTERS: Final = {label[-1] for labels in NUMBER_LABELS.values() for label in labels}
_NUMBER_LABELS: Final = {
    last: _backwards(label for labels in NUMBER_LABELS.values() for label in labels if label[-1] == last)
    for last in _LAST_LETTERS
}
_TOKEN_KINDS: Final = {_key(label): kind for kind, labels in TOKEN_LABELS.items() for label in labels}
_TOKEN_LABEL: Final = _backwards(label for labels in TOKEN_LABELS.values() for label in labels)


def label_before(text: str, *, at: int) -> str:
    """Return what the words just before a position announce: a kind of `NUMBER_LABELS`, or ""."""
    before = text[max(0, at - _BEFORE) : at].lower().rstrip(_GLUE)
    if before and before[-1] in _IS:
        before = before[:-1].rstrip(_GLUE)
    elif verb := _VERB.search(before):
        before = before[: verb.start()].rstrip(_GLUE)
    elif before.endswith(("(id", "（id")):
        before = before[:-3]
    labels = _NUMBER_LABELS.get(before[-1:])
    found = labels.match(before[::-1]) if labels else None
    return _NUMBER_KINDS[_key(found[0][::-1])] if found else ""


_LABEL_AFTER: Final = re.compile(
    r"""[ \t"'”」』)）\](（\[]{0,4}"""
    r"(?:(?:is|was|as|是|为|這個|这个|这笔|那笔|这张|这|the|my|our|我的|我|本人|的)\s?){0,4}"
    r"(?:(?P<uid>uid|user ?id|用户 ?id|账[户号] ?id|account ?id|用户编号)"
    r"|(?P<order>order|订单|訂單|委托单|提现单|提币单|单号|withdrawal id)"
    r"|(?P<error>error|错误码|错误代码|报错|错误))(?![a-z0-9])",
    re.ASCII | re.IGNORECASE,
)


def label_after(text: str, *, at: int) -> str:
    """Return what the words just after a position say of what stands before it: uid, order, error or ""."""
    found = _LABEL_AFTER.match(text, at, at + _AFTER)
    return found.lastgroup or "" if found else ""


_ERROR_TALK: Final = re.compile(r"error|fail|错误|报错|失败|異常|异常", re.IGNORECASE)
_SENT_CODE: Final = re.compile(r"verif|2fa|otp|sms|auth|promo|referr?al|invit|验证|邀请|优惠", re.IGNORECASE)


def is_error_talk(text: str, *, at: int) -> bool:
    """Return whether a "code" before a position is that of an error, rather than one sent by mail or on a voucher."""
    before = text[max(0, at - _BEFORE) : at]
    return bool(_ERROR_TALK.search(before)) and not _SENT_CODE.search(before)


_ORDER_TALK: Final = re.compile(
    r"order|trade|withdraw|deposit|filled|订单|訂單|委托|成交|提现|提币|充值|充币|单子|撤单|挂单|这单|那单|单号|这笔",
    re.ASCII | re.IGNORECASE,
)
_NO_ORDER: Final = re.compile(
    r"card|bank|iban|phone|passport|tracking|invoice|timestamp|ticket|银行|卡号|身份证|手机|电话|快递|时间戳|支付宝|工单|帐号|账号",
    re.ASCII | re.IGNORECASE,
)


def is_order_talk(text: str, *, start: int, end: int) -> bool:
    """Return whether a long number stands in talk of an order, a withdrawal or the like, and not of a card or phone."""
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AFTER]
    return bool(
        (_ORDER_TALK.search(before) or _ORDER_TALK.search(after))
        and not _NO_ORDER.search(before)
        and not _NO_ORDER.search(after)
    )


_SECRET_AFTER: Final = re.compile(
    r"""[\s"'”’」）)，,。(（\-—=:：]{0,4}(?:(?:is|was|this|that|这|那|这个|是|为|就是|my|the|your|我|我的|您的|你的|a|an)\s?){0,4}的?"""
    r"(?:private.?key|privkey|secret|seed|api.?(?:key|secret)|私\s?[钥鑰]|秘钥|密[钥鑰]|助记词)",
    re.ASCII | re.IGNORECASE,
)


def token_label(text: str, *, start: int, end: int) -> str:
    """Return what the text calls a token: secret, other (a signature, a checksum …), address, tx, or "" for nothing.

    The word nearest before it in the same sentence decides; only a secret may also be named after it.
    """
    if _SECRET_AFTER.match(text, end):
        return "secret"
    before = text[max(0, start - _AROUND) : start].lower()[::-1]
    found = _TOKEN_LABEL.search(before)
    if found is None:
        return ""
    kind = _TOKEN_KINDS[_key(found[0][::-1])]
    between = before[: found.start()].lstrip(" \t\r\n。！？!?.")
    if (kind == "other" and len(between) > _OTHER_WITHIN) or _SENTENCE_END.search(between):
        return ""
    return kind


_SENTENCE_END: Final = re.compile(r"[。！？!?]|\s\.")  # read backwards, like the text it is searched in


_CHINESE_NETWORKS: Final = sorted((name for name in NETWORKS if not name.isascii()), key=len, reverse=True)
_NAME: Final = re.compile(f"[A-Za-z0-9]{{2,}}|{'|'.join(_CHINESE_NETWORKS)}|网络|主网|链|地址")
_NETWORK_NOUNS: Final = frozenset(("network", "chain", "mainnet", "protocol", "blockchain", "网络", "主网", "链"))
_BESIDE: Final = re.compile(r"[\s(（\[【,，\-–—/]{1,3}(?:[\d.,]+ ?)?")


def network_near(text: str, *, start: int, end: int) -> str:
    """Return the chain whose network or coin is named beside a token: just after, else before, else after; or ""."""
    after = text[end : end + _NEAR].partition("\n")[0]
    if (gap := _BESIDE.match(after)) and (found := _NAME.match(after, gap.end())):
        following = _NAME.findall(after, gap.end(), found.end() + 12)
        if chain := _network(following, 0):
            return chain
    names = _NAME.findall(text[max(0, start - _NEAR) : start])
    for at in range(len(names) - 1, -1, -1):
        if chain := _network(names, at):
            return chain
    names = _NAME.findall(after)
    return next((chain for at in range(len(names)) if (chain := _network(names, at))), "")


def _network(names: list[str], at: int) -> str:
    name = names[at]
    low = name.lower()
    chain = NETWORKS.get(low, "")
    if not chain:
        return ""
    following = names[at + 1].lower() if at + 1 < len(names) else ""
    if following in ("address", "地址") and at + 2 < len(names) and len(names[at + 2]) > 24:
        return ""  # the network of that address, not of what comes after it
    if chain == "bitcoin" and following == "cash":
        return "bitcoin-cash"
    return chain if low not in WORDY_NETWORKS or name.isupper() or following in _NETWORK_NOUNS else ""
