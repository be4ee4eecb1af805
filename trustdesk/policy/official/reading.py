"""What somebody pasted to have it checked: links, mail addresses, accounts and phone numbers, as they are, not as they look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from trustdesk.policy import evidence
from trustdesk.policy.official import accounts
from trustdesk.policy.official.asked import Asked, Kind
from trustdesk.policy.official.lookalike import decoded, encoded
from trustdesk.policy.official.skeleton import visible

MOST: Final = 10  # things of one text that are looked at
LONGEST: Final = 2_000  # characters of one text

_DOTS: Final = re.compile(r"\s{0,2}(?:\[\s?(?:\.|dot)\s?\]|\(\s?(?:\.|dot)\s?\)|\{\s?(?:\.|dot)\s?\})\s{0,2}|[。．｡]")
_AT: Final = re.compile(r"\s{0,2}(?:\[\s?(?:@|at)\s?\]|\(\s?(?:@|at)\s?\))\s{0,2}")
_DEFANGED: Final = re.compile(r"\bhxxp(s?)\b(?=\s*:)|\bh\*\*p(s?)\b(?=\s*:)")
# Chinese is written without blanks: what stands before or behind an address is not of it.
_EAST = r"\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef"
_NAME = rf"[^\s\x00-\x2c/:;<=>?@\[\\\]^`{{|}}~\u2018-\u201d{_EAST}]"  # … that a host's label may hold
_HOST = rf"(?:{_NAME}{{1,63}}\.)+{_NAME}{{2,63}}"
_LOCAL = rf"[^\s<>@,;:\"'()“”{_EAST}]{{1,64}}"
_LINK: Final = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]{{1,20}}):(?P<rest>[^\s<>\"“”]+)"
    rf"|(?P<twice>\"?{_LOCAL}@{_NAME}+\"?@(?P<real>{_HOST}))"
    rf"|(?P<mail>{_LOCAL}@{_HOST})"
    rf"|(?P<bare>{_HOST}(?::\d+)?(?:[/?#][^\s<>\"“”]*)?)"
)
_MENTION: Final = re.compile(rf"(?<![a-z0-9_@.])@(?P<name>[^\W{_EAST}](?:[^\W{_EAST}]|[.-]){{1,63}})")
_PHONE: Final = re.compile(r"(?<![a-z0-9_.])(?:\+|00)?\(?\d[\d\s().\-/]{5,24}\d(?![a-z0-9_])")
_BARE_NAME: Final = re.compile(r"[\w][\w.-]{1,63}")
_MAIL_AT: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{3,255}")
_NUMBER_HOST: Final = re.compile(r"[\d.]+|0x[0-9a-f.x]+|\[[0-9a-f:.]+\]")
_WHOLE_HOST: Final = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_GOES_ON: Final = re.compile(rf"(?:{_NAME}|[.:@\[\]%])+(?=[{_EAST}])")
# In the middle of a word: programs put some around what is copied.
_HIDES: Final = re.compile(
    "[a-z0-9.@-][\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+[a-z0-9.@-]", re.I
)
_ENDS: Final = ".,;:!?)'\"]}>，。；：！？）】》」”’、…"


def read(text: str) -> list[Asked]:
    """Find what is to be checked in a text, in its order, each thing once; a lone word is an account's name. At most `MOST`."""
    plain = text[:LONGEST]
    shown = visible(plain)
    hidden = ("hidden",) if _HIDES.search(plain) else ()
    shown = _DEFANGED.sub(lambda found: f"http{found[1] or found[2] or ''}", _AT.sub("@", _DOTS.sub(".", shown)))
    wallets = [fact.value for fact in evidence.recognise(plain) if fact.kind == "address"]  # their case counts
    for wallet in wallets:
        shown = shown.replace(wallet.lower(), " ")
    placed = sorted(_all(shown), key=lambda one: one[0])
    found = dict.fromkeys([*(Asked(Kind.WALLET, wallet) for wallet in wallets), *(one for _, one in placed)])
    if not found and _BARE_NAME.fullmatch(word := shown.strip().strip(_ENDS)):
        lone = _number(word) if word.isdigit() else Asked(Kind.ACCOUNT, word)
        found = dict.fromkeys([lone] if lone else [])
    return [Asked(one.kind, one.value, one.platform, (*one.tricks, *hidden)) for one in list(found)[:MOST]]


def _all(text: str) -> Iterator[tuple[int, Asked]]:
    """Find everything, with its place; what was taken as one thing is not looked at again as another."""
    rest = text
    for pattern, reader in (
        (_LINK, _link),
        (accounts.LABELLED, accounts.labelled),
        (_MENTION, _mention),
        (_PHONE, _phone),
    ):
        for match in pattern.finditer(rest):
            if (one := reader(match)) is not None:
                yield match.start(), one
        rest = pattern.sub(lambda found: " " * len(found[0]), rest)


def _link(match: re.Match[str]) -> Asked | None:
    if match["twice"]:
        return Asked(Kind.MAIL, match["twice"].rstrip(_ENDS), tricks=("name_before_at",))
    if match["mail"]:
        return mail(match["mail"].rstrip(_ENDS))
    if match["bare"]:
        return _address("", match["bare"].rstrip(_ENDS))
    scheme, rest = match["scheme"], match["rest"].rstrip(_ENDS)
    if scheme == "mailto":
        return mail(unquote(rest.partition("?")[0]))
    if scheme in ("tel", "sms", "callto"):
        return _number(rest)
    if scheme == "tg":
        name = re.search(r"domain=([\w.]+)", rest)
        return Asked(Kind.ACCOUNT, name[1] if name else rest.strip("/"), "telegram")
    if scheme in ("javascript", "data", "vbscript", "file", "blob"):
        return Asked(Kind.SITE, f"{scheme}:", tricks=("script",))
    return _address(scheme, rest) if rest.startswith(("/", "\\")) else _labelled_scheme(scheme, rest)


def _labelled_scheme(scheme: str, rest: str) -> Asked | None:
    """Read "telegram:name" and "example.com:443", which look like an address with a scheme."""
    if labelled := accounts.LABELLED.match(f"{scheme}:{rest}"):
        return accounts.labelled(labelled)
    if "." in scheme:
        return _address("", f"{scheme}:{rest}")
    found = _LINK.search(rest)
    return _link(found) if found else None


def _address(scheme: str, rest: str) -> Asked | None:
    """Read a link as a browser does: a backslash is a slash, and what stands before an @ is not the host."""
    rest = rest.replace("\\", "/").lstrip("/")
    authority, _, path = rest.partition("/")
    authority = re.split(r"[?#]", authority)[0]
    if ends := _GOES_ON.match(authority):  # the sentence does, the host does not
        authority, path = ends[0], ""
    tricks = ["name_before_at"] if "@" in authority else []
    host = unquote(authority.rpartition("@")[2])
    host = re.sub(r":\d*$", "", host) if not host.startswith("[") or host.count("]:") else host
    host = host.strip(".").lower()
    if not host:
        return None
    if _NUMBER_HOST.fullmatch(host):
        return Asked(Kind.SITE, host, tricks=(*tricks, "number"))
    if not _WHOLE_HOST.fullmatch(host):
        return Asked(Kind.SITE, host, tricks=(*tricks, "broken"))
    if (account := accounts.of_link(host, path)) is not None and not tricks:
        return account
    if scheme == "http":
        tricks.append("plain_http")
    return Asked(Kind.SITE, encoded(host), tricks=(*tricks, *_alphabet(host)))


def _alphabet(host: str) -> tuple[str, ...]:
    return () if decoded(host).isascii() else ("alphabet",)


def mail(text: str) -> Asked | None:
    """Read a mail address; None when it is none."""
    if not _MAIL_AT.fullmatch(text):
        return None
    local, _, domain = text.lower().rpartition("@")
    domain = domain.strip(".")
    odd = ("alphabet",) if not decoded(domain).isascii() or not local.isascii() else ()
    return Asked(Kind.MAIL, f"{local}@{encoded(domain)}", tricks=odd)


def _mention(match: re.Match[str]) -> Asked | None:
    return Asked(Kind.ACCOUNT, match["name"].rstrip("."))


def _phone(match: re.Match[str]) -> Asked | None:
    return _number(match[0])


def _number(text: str) -> Asked | None:
    """Read a phone number: its digits, with a plus where a country's code was given (E.164)."""
    text = text.partition("?")[0].partition(";")[0]
    digits = re.sub(r"\D", "", text)
    abroad = text.lstrip(" (").startswith("+")
    if digits.startswith("00") and not abroad:
        digits, abroad = digits[2:], True
    if not 3 <= len(digits) <= 15:
        return None
    return Asked(Kind.PHONE, f"+{digits}" if abroad else digits)
