"""Passwords, PINs and one-time codes: short values that only the words beside them make secrets.

"482913" may be an order, an amount, an error; "验证码 482913" opens an account. So the name is looked for first, then
what ties a value to it ("is", a colon, the next line, nothing), and the looser the tie, the more the value itself must
look like a password or a code. What agents need (order numbers, error codes, "my password is wrong") stays. What the
agent asked a message before is not known here: a bare "482913" stays too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trustdesk.policy.guard import credential_words as words
from trustdesk.policy.guard.finding import Finding

_BEFORE = 48  # characters before a name that are read
_SENTENCE_END = re.compile(r"[\n!?。！？；;\ufffe\uffff]|\.(?=\s)")
_OWNER = re.compile(r"([0-9a-z]+)['’]?[ _-]{0,2}$")
_TIE = re.compile(
    r"[\"'”’`*_\])）】」』]{0,3}"
    rf"(?P<link>(?:[ \t]{{1,3}}(?:{words.LINKS})(?![\w’'-])){{0,9}}(?:[ \t]{{0,2}}[(（][^()（）\n\ufffe\uffff]{{1,24}}[)）])?)"
    rf"[ \t\u3000]{{0,4}}(?:{words.EASTERN_LINKS}){{0,8}}[ \t\u3000]{{0,4}}"
    r"(?P<said>(?:is|are|was|were|es|ist|war|é|là|это|adalah)(?![^\W\d_\u2e80-\uffff])"
    r"(?:[ \t]{1,3}(?:still|now|just|this|currently|simply|actually|the following|as follows|below|here)(?![a-z])){0,2}"
    r"|，?[是为為爲]|叫|는|은|は|が)?"
    rf"[ \t]{{0,3}}(?:如下|here|below)?(?P<mark>[:：=＝]{{1,2}}>?(?:(?:{words.EASTERN_LINKS}|是){{1,6}})?|[-=]>|→|[-–—](?=[ \t]))?"
    r"(?P<gap>[ \t\u3000]{0,4}(?P<line>(?:\r?\n[ \t>]{0,6}){1,2})?)"
)
_QUOTED = re.compile(
    "|".join(
        rf"{opened}(?P<{name}>[^{closed}\n\ufffe\uffff]{{1,80}}){closed}"
        for name, opened, closed in (
            ("a", '"', '"'),
            ("b", "“", "”"),
            ("c", "「", "」"),
            ("d", "『", "』"),
            ("e", "‘", "’"),
            ("f", "'", "'"),
            ("g", "`", "`"),
            ("h", "【", "】"),
        )
    )
)
_TOKEN = re.compile("[!-~]{1,160}")
_OPENING, _TRAILING = "\"'`([{<*", ".,;:\"'`)]}>*"
_DIGITS = "[0-9]{4,8}|[0-9]{3}[ -][0-9]{3}|[0-9]{4}[ -][0-9]{4}|[0-9]{2}[ -][0-9]{2}[ -][0-9]{2}|[0-9](?:[ -][0-9]){5}"
_NUMBER = re.compile(
    rf"[\"'“”‘’「『【（(*`\[#]{{0,2}}(?P<value>(?:g-)?(?:{_DIGITS}))(?![0-9a-z_@]|[.,:/-][0-9]|[ ]-?[0-9]|[ ]?%)"
)
_MIXED_CODE = re.compile(
    r"[\"'“‘「『【(（`]{0,2}(?P<value>(?=[a-z-]{0,8}[0-9])(?:[0-9a-z]{4,5}(?:-[0-9a-z]{4,5}){1,3}|[0-9a-z]{6,10}))(?![\w@/.-])"
)
_CLAUSE_END = re.compile(
    r"[\"'”’」』]?[ \t]{0,4}(?:$|[\r\n.,;!?)|/\ufffe\uffff]|[\u2e80-\ufffd]|[-–—] )|"
    r"[ \t]{1,3}(?:and|but|or|can|please|pls|thanks|which|with|for|user|login|email)(?![a-z])"
)
_LINE_END = re.compile(r"[ \t.!。！]{0,4}(?:$|[\r\n])")
_LOGIN = re.compile(
    r"(?:log-?in|user(?:name)?|e-?mail|mail|account|id|логин|账号|帐号|帳號|賬號|账户|用户名|用戶名|邮箱|郵箱)[ \t]{0,2}[:：=]|"
    r"[\w.+-]@[\w-]{1,40}\.[a-z]{2}"
)
_PAIRED = re.compile(
    r"(?:log-?in|user(?:name)?|e-?mail|account|id)[ \t]?[/&+|,][ \t]?$|(?:[账帐帳賬][号號]|用[户戶]名)[和与及/、]?$"
)
_PAIR = re.compile(r"[ \t]{0,2}[!-~]{1,80}?(?:[ \t]{0,2}[/|,，][ \t]{0,2}|[ \t]{1,3})(?=[!-~])")
_OWN = r"(?:(?:my|the|our|this|account|login|new|old|sms|2fa|email|mail|google|verification|security|authenticator|fund|trading|"
_OWN += (
    "我的?|收到|刚|刚才|的|这个|账户|账号|登[录陆錄]|资金|資金|交易|支付|短信|谷歌|邮箱|手机|新|旧)[ \t]{0,2}){0,5}$"
)
_SAID_AFTER = r"[\"'”’]?[ \t]{0,3}(?:is|was|as|=|是|为|為|作为|\(|（|<-|←)[ \t]{0,3}"
_CODE_BEFORE = re.compile(rf"(?<![\w#.,:/-])(?P<value>{_DIGITS}){_SAID_AFTER}{_OWN}")
_PASSWORD_BEFORE = re.compile(rf"(?<![!-~])[\"'“‘]?(?P<value>[!-~]{{5,64}}?){_SAID_AFTER}{_OWN}")
_NOUN = re.compile(
    r"[ \t]{1,3}[a-z0-9]|重置|重設|错|錯|问|問|找|页|頁|不|的|次数|次數"
    r"|未收|收不|[没沒]收|[没沒]有(?!用|效|错|錯)|[没沒][到来來](?!账|帐|帳)"
    r"|(?:忘[记記掉]?了?|[订訂][单單])(?=[ \t]*(?:$|[\n，。,.!！?？)）]))"
)
# Digits with nothing before them but the name, and then one of these: an account, an order, the number of a sender.
_SAYS_OTHER = re.compile(
    r"[ \t]{0,2}(?:(?:是|这个|這個)?(?:uid|orders|order[ \t]?(?:id|number|no)|[订訂]?[单單][号號])"
    r"|[都也又]?忘[记記掉]?了?|[没沒]收到|未收到|收不到|[开開][头頭]|[结結]尾)(?=[ \t]*(?:$|[\n，。；,.;!！?？]))"
    r"(?![^\n]{0,24}[0-9])"
)
_IN_BRACKETS = re.compile(
    r"[ \t]?[(（](?:(?:customer|order|user|member|client)[ \t](?:id|number|no)|uid|(?:客[户戶]|[订訂][单單]|用[户戶])[号號])[)）]"
)
_ORDER_BEFORE = re.compile(r"(?:order|uid)[ \t](?:id |no\.? |number )?$")
_ENDING_BEFORE = re.compile(r"(?:ending(?: in| with)?|尾[号號]|末四位)[ \t]?[是为為:：]?[ \t]?$")
_OF_ANOTHER = re.compile(r"(?:^|[ \t])(?:for|of|accounts?)$")
_LETTER, _DIGIT, _SYMBOL = re.compile("[a-z]"), re.compile("[0-9]"), re.compile("[@#$%^&*+=~!?_]")
_RUN = re.compile("[a-z']+")
_PARTICIPLE = re.compile(".+(?:ed|ing|able|ible|ive|ly|less|ful|ous|ten|wn)")
_NEEDS = {"in": "sign", "time": "one"}  # sign-in code, one-time code
_PHONE = re.compile("(?:\\+?86)?1[3-9][0-9]{9}")
_YEAR = re.compile("(?:19|20)[0-9]{2}(?:[01][0-9][0-3][0-9])?")


@dataclass(frozen=True, slots=True)
class _Name:
    """The name of a secret, what was said before it in its sentence, and what ties it to a value at ``end``."""

    kind: str  # as `words.NAME` groups them
    word: str
    end: int
    before: str
    said: bool  # "is"
    marked: bool  # a colon or the like
    line: bool  # the value stands on a line of its own
    specific: bool  # "SMS code", not just "code"
    eastern: bool
    link: str  # the words between name and value
    protected: bool  # something before it speaks of an error, or of a secret that is not there

    @property
    def tied(self) -> bool:
        return self.said or self.marked


def find(text: str, *, lower: str) -> Iterator[Finding]:
    """Find values of ``password``, ``pin`` and ``one_time_code`` in folded text; findings may overlap.

    ``lower`` is the text in lower case. Time is linear in the length.
    """
    for match in words.NAME.finditer(lower):
        group = str(match.lastgroup)
        before = _sentence_before(lower, match.start())
        span = _value_before(lower, match, group)
        if span is None and (name := _name(text, lower, match, group, before)) is not None:
            span = _value(text, lower, name)
        if span is not None:
            yield Finding(kind="one_time_code" if group == "code" else group, start=span[0], end=span[1])


def _sentence_before(lower: str, end: int) -> str:
    window = lower[max(0, end - _BEFORE) : end]
    return _SENTENCE_END.split(window)[-1]


def _name(text: str, lower: str, match: re.Match[str], group: str, before: str) -> _Name | None:
    """Read what ties a name to what follows; None where the name is that of something else."""
    tie = _TIE.match(lower, match.end())
    if tie is None:  # never: all its parts may be missing
        return None
    said, marked = tie["said"] is not None, tie["mark"] is not None
    protected = words.PROTECTS.search(before) is not None
    specific = _specific(match, before)
    if not specific and not _is_theirs(lower, match, before, tie):
        return None
    glued = match.end() == tie.end() or lower[max(0, match.start() - 1) : match.start()].isalnum()
    if glued and match[0].isascii() and not (said or marked):
        return None  # getPassword(…)
    if match[0] in ("pass", "pw", "psw", "pwd") and not (marked or (said and match[0] != "pass")):
        return None
    if group == "pin" and not (marked or said) and not (text[match.start() : match.end()].isupper() or _owned(before)):
        return None
    return _Name(
        kind=group,
        word=match[0],
        end=tie.end(),
        before=before,
        said=said,
        marked=marked,
        line=tie["line"] is not None,
        specific=specific,
        eastern=not match[0].isascii(),
        link=tie["link"],
        protected=protected,
    )


def _owned(before: str) -> bool:
    owner = _OWNER.search(before)
    return owner is not None and owner[1] in words.BARE_OWNERS


def _specific(match: re.Match[str], before: str) -> bool:
    """Say whether a name is that of a one-time code by itself ("SMS code"), not just "code"."""
    if match[0] not in ("code", "codes"):
        return True
    owner = _OWNER.search(before)
    if owner is None or owner[1] not in words.CODE_OWNERS:
        return False
    return _NEEDS.get(owner[1], "") in before


def _is_theirs(lower: str, match: re.Match[str], before: str, tie: re.Match[str]) -> bool:
    """Tell a bare "code" the customer received from those of errors, promotions, countries …"""
    owner = _OWNER.search(before)
    if lower[max(0, match.start() - 1) : match.start()] in ('"', "'", "_", ".", "-", "/"):
        return False  # the key of a JSON object
    if words.OF_ERRORS.search(before) or (before.strip() if owner is None else owner[1] not in words.BARE_OWNERS):
        return False
    if tie["said"] or tie["mark"] or tie["link"]:
        return words.RECEIVED.search(before + tie["link"]) is not None
    return words.ENTERED.search(before) is not None


def _value(text: str, lower: str, name: _Name) -> tuple[int, int] | None:
    if name.line and not (name.marked or name.said) and name.protected:
        return None
    if name.kind == "password":
        return _password(text, lower, name)
    loose = not name.tied or name.line
    number = _NUMBER.match(lower, name.end)
    if number is not None:
        value = number["value"]
        plain = re.sub("[ -]", "", value)
        if words.UNIT.match(lower, number.end()):
            return None
        if _is_another(text=lower, end=number.end(), value=value, name=name):
            return None
        if loose and (name.protected or len(plain) > 6 or _YEAR.fullmatch(value)):
            return None
        if len(plain) != 6 and (name.protected or not (name.specific or words.ENTERED.search(name.before))):
            return None
        if name.kind == "pin" and len(plain) == 6 and "code" in name.word and not (name.said or _owned(name.before)):
            return None  # where the post calls its codes PIN
        return number.span("value")
    if (
        name.kind == "code"
        and name.specific
        and name.tied
        and not name.protected
        and (mixed := _MIXED_CODE.match(lower, name.end))
    ):
        good = _DIGIT.search(mixed["value"]) and not words.THINGS.fullmatch(mixed["value"])
        return mixed.span("value") if good else None
    return None


def _is_another(*, text: str, end: int, value: str, name: _Name) -> bool:
    """Say whether the words around a value make it an account, an order, a number of a phone or of a sender."""
    digits = re.sub("[ -]", "", value)
    if name.kind == "code" and not name.specific and _IN_BRACKETS.match(text, end):
        return True
    if name.tied or name.line:
        return False
    if digits.isdigit() and _SAYS_OTHER.match(text, end):
        return True
    if name.kind == "password":  # "the password for trader2019"; one with a sign in it is none's name
        return _OF_ANOTHER.search(name.link) is not None and not _SYMBOL.search(value.replace("_", "").rstrip("!?"))
    if name.link.endswith((" from", " for")):
        return True
    # "手机验证 60012": what is no code's name by itself takes six digits.
    return name.word.endswith(("验证", "驗證")) and len(digits) != 6


def _password(text: str, lower: str, name: _Name) -> tuple[int, int] | None:
    start = name.end
    if _PAIRED.search(name.before):
        pair = _PAIR.match(lower, start)
        start = pair.end() if pair and name.tied else start
    quoted = _QUOTED.match(text, start)
    if quoted is not None:
        inside = quoted.span(str(quoted.lastgroup))
        return inside if _is_password(text[slice(*inside)], name, ends=True, quoted=True) else None
    token = _TOKEN.match(text, start)
    if token is None:
        return None
    value = token[0]
    begin = start + len(value) - len(value.lstrip(_OPENING))
    value = value.lstrip(_OPENING) if value[0] in "\"'`" else value
    begin = token.end() - len(value)
    value = value.rstrip(_TRAILING)
    end = begin + len(value)
    if not value or (name.line and not _LINE_END.match(lower, end)):
        return None
    if value.isdigit() and words.UNIT.match(lower, end):
        return None
    if _is_another(text=lower, end=end, value=value, name=name):
        return None
    ends = _CLAUSE_END.match(lower, end) is not None
    return (begin, end) if _is_password(value, name, ends=ends, quoted=False) else None


def _is_password(value: str, name: _Name, *, ends: bool, quoted: bool) -> bool:
    """Say whether a value looks enough like a password for how it is tied to the word."""
    small = value.strip().lower()
    runs = _RUN.findall(small)
    digits, letters = _DIGIT.search(small) is not None, bool(runs)
    known = name.marked and _LOGIN.search(name.before) is not None  # a login stands before it
    if words.THINGS.fullmatch(small) and not (known and len(small) == 1):
        return False
    says = sum(run in words.NOT_PASSWORDS or _PARTICIPLE.fullmatch(run) is not None for run in runs)
    if quoted and len(runs) > 1 and not digits:
        return name.tied and 2 * says < len(runs)
    if letters and runs[0] in words.NOT_PASSWORDS and re.match(f"{runs[0]}(?![0-9@])", small):
        return False
    if not letters:
        return _is_numeric_password(small, name, ends=ends)
    if digits and len(small.replace(" ", "")) >= (4 if name.tied else 5):
        return not (name.protected and not name.tied)
    if says:
        return False
    if quoted:
        return name.tied and len(small) >= 4
    if _SYMBOL.search(small.rstrip("!?")) and len(small) >= 5:
        return name.tied
    if known:
        return ends
    return name.tied and ends and not name.protected and len(small) >= (5 if name.marked else 6) and small.isalpha()


def _is_numeric_password(value: str, name: _Name, *, ends: bool) -> bool:
    if not value.isdigit() or not ends:
        return False
    if name.tied:
        return len(value) >= 4 and not (name.protected and not name.said)
    return (
        not name.protected
        and 4 + 2 * (not name.eastern) <= len(value) <= 12
        and not _PHONE.fullmatch(value)
        and not _YEAR.fullmatch(value)
    )


def _value_before(lower: str, match: re.Match[str], group: str) -> tuple[int, int] | None:
    """Read "482913 is my code", "abc12345 是我的密码"."""
    if _NOUN.match(lower, match.end()):
        return None
    start = max(0, match.start() - 2 * _BEFORE)
    if group == "password":
        found = _PASSWORD_BEFORE.search(lower, start, match.start())
        if found is None or not (_LETTER.search(found["value"]) and _DIGIT.search(found["value"])):
            return None
        return None if words.THINGS.fullmatch(found["value"]) else found.span("value")
    found = _CODE_BEFORE.search(lower, start, match.start())
    if found is None or _YEAR.fullmatch(found["value"]):
        return None
    bare = not _specific(match, _sentence_before(lower, match.start()))
    if bare and _ORDER_BEFORE.search(lower, start, found.start()):
        return None
    if len(found["value"]) == 4 and _ENDING_BEFORE.search(lower, start, found.start()):
        return None
    return found.span("value")
