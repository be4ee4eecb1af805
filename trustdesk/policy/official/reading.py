"""What somebody pasted to have it checked: links, mail addresses, accounts and phone numbers, as they are, not as they look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import unquote

from trustdesk.policy import evidence
from trustdesk.policy.official.lookalike import decoded
from trustdesk.policy.official.skeleton import visible

MOST: Final = 10  # things of one text that are looked at
LONGEST: Final = 2_000  # characters of one text


class Kind(StrEnum):
    """Kinds of channels."""

    SITE = "site"
    MAIL = "mail"
    ACCOUNT = "account"
    PHONE = "phone"
    WALLET = "wallet"  # an address on a chain: no channel, and the first thing swindlers hand out


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing to check. `value`: host, address, account name or number in the form in which equal ones are equal;
    `platform`: of an account, a code of `PLATFORMS`, blank where it was not said. `tricks`: codes of what is odd about how
    it is written: ``name_before_at``, ``alphabet``, ``hidden``, ``plain_http``, ``number``, ``script``, ``invite``, ``post``."""

    kind: Kind
    value: str
    platform: str = ""
    tricks: tuple[str, ...] = ()


# Hosts on which accounts live, and what of the path before the account's name belongs to the address.
PLATFORMS: Final = {
    "x": ("x.com", "twitter.com"),
    "telegram": ("t.me", "telegram.me", "telegram.dog"),
    "facebook": ("facebook.com", "fb.com", "fb.me", "m.me"),
    "linkedin": ("linkedin.com",),
    "youtube": ("youtube.com", "youtu.be"),
    "instagram": ("instagram.com",),
    "tiktok": ("tiktok.com",),
    "discord": ("discord.gg", "discord.com"),
    "reddit": ("reddit.com",),
    "medium": ("medium.com",),
    "github": ("github.com",),
    "weibo": ("weibo.com", "weibo.cn"),
    "whatsapp": ("whatsapp.com", "wa.me"),
    "wechat": (),
    "qq": (),
}
_PLATFORM_OF: Final = {host: platform for platform, hosts in PLATFORMS.items() for host in hosts}
_LABELS: Final = {
    "x": "x|twitter|推特",
    "telegram": "telegram|tg|电报|電報|纸飞机|飞机",
    "facebook": "facebook|fb|脸书|臉書",
    "linkedin": "linkedin|领英",
    "youtube": "youtube|油管",
    "instagram": "instagram|ins",
    "tiktok": "tiktok|抖音",
    "discord": "discord",
    "weibo": "weibo|微博",
    "whatsapp": "whatsapp",
    "wechat": "wechat|weixin|微信(?:号|公众号)?|vx|wx",
    "qq": "qq(?:号|群)?",
}
_LABELLED: Final = re.compile(
    "(?:^|(?<=\\s))(?:"
    + "|".join(f"(?P<{platform}>{names})" for platform, names in _LABELS.items())
    + r")\s*[:：@]\s*@?(?P<name>[\w.-]{2,64})"
)
_DOTS: Final = re.compile(r"\s{0,2}(?:\[\s?(?:\.|dot)\s?\]|\(\s?(?:\.|dot)\s?\)|\{\s?(?:\.|dot)\s?\})\s{0,2}|[。．｡]")
_AT: Final = re.compile(r"\s{0,2}(?:\[\s?(?:@|at)\s?\]|\(\s?(?:@|at)\s?\))\s{0,2}")
_DEFANGED: Final = re.compile(r"\bhxxp(s?)\b(?=\s*:)|\bh\*\*p(s?)\b(?=\s*:)")
_NAME = r"[^\s\x00-\x2c/:;<=>?@\[\\\]^`{|}~\u3000-\u303f\uff00-\uff0f\u2018-\u201d]"  # … that a host's label may hold
_HOST = rf"(?:{_NAME}{{1,63}}\.)+{_NAME}{{2,63}}"
_LINK: Final = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]{{1,20}}):(?P<rest>[^\s<>\"“”]+)|(?P<mail>[^\s<>@,;:\"'()（）“”]{{1,64}}@{_HOST})|(?P<bare>{_HOST}(?::\d+)?(?:[/?#][^\s<>\"“”]*)?)"
)
_MENTION: Final = re.compile(r"(?<![\w@.])@(?P<name>[\w][\w.-]{1,63})")
_PHONE: Final = re.compile(r"(?<![\w.])(?:\+|00)?\(?\d[\d\s().\-/]{5,24}\d(?!\w)")
_BARE_NAME: Final = re.compile(r"[\w][\w.-]{1,63}")
_MAIL_AT: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{3,255}")
_NUMBER_HOST: Final = re.compile(r"[\d.]+|0x[0-9a-f.x]+|\[[0-9a-f:.]+\]")
# In the middle of a word: programs put some around what is copied.
_HIDES: Final = re.compile(
    "[a-z0-9.@-][\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+[a-z0-9.@-]", re.I
)
_ENDS: Final = ".,;:!?)'\"]}>，。；：！？）】》」”’、…"
_PREFIXES: Final = frozenset(
    {"company", "in", "school", "showcase", "channel", "c", "user", "people", "pages", "groups", "r", "u", "s", "n"}
)
_POSTS: Final = frozenset(
    "watch shorts live playlist results hashtag search intent share profile.php story.php photo.php reel p i events feed".split()
)
_INVITES: Final = frozenset({"joinchat", "invite", "addlist", "addstickers"})


def read(text: str) -> list[Asked]:
    """Find what is to be checked in a text, in its order, each thing once; a lone word is an account's name. At most `MOST`."""
    plain = text[:LONGEST]
    shown = visible(plain)
    hidden = ("hidden",) if _HIDES.search(plain) else ()
    shown = _DEFANGED.sub(lambda found: f"http{found[1] or found[2] or ''}", _AT.sub("@", _DOTS.sub(".", shown)))
    wallets = [fact.value for fact in evidence.recognise(plain) if fact.kind == "address"]  # their case counts
    for wallet in wallets:
        shown = shown.replace(wallet.casefold(), " ")
    placed = sorted(_all(shown), key=lambda one: one[0])
    found = dict.fromkeys([*(Asked(Kind.WALLET, wallet) for wallet in wallets), *(one for _, one in placed)])
    if not found and _BARE_NAME.fullmatch(word := shown.strip().strip(_ENDS)):
        lone = _number(word) if word.isdigit() else Asked(Kind.ACCOUNT, word)
        found = dict.fromkeys([lone] if lone else [])
    return [Asked(one.kind, one.value, one.platform, (*one.tricks, *hidden)) for one in list(found)[:MOST]]


def _all(text: str) -> Iterator[tuple[int, Asked]]:
    """Find everything, with its place; what was taken as one thing is not looked at again as another."""
    rest = text
    for pattern, reader in ((_LINK, _link), (_LABELLED, _labelled), (_MENTION, _mention), (_PHONE, _phone)):
        for match in pattern.finditer(rest):
            if (one := reader(match)) is not None:
                yield match.start(), one
        rest = pattern.sub(lambda found: " " * len(found[0]), rest)


def _link(match: re.Match[str]) -> Asked | None:
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
    labelled = _LABELLED.match(f"{scheme}:{rest}")
    if labelled:
        return _labelled(labelled)
    if "." in scheme:
        return _address("", f"{scheme}:{rest}")
    found = _LINK.search(rest)
    return _link(found) if found else None


def _address(scheme: str, rest: str) -> Asked | None:
    """Read a link as a browser does: a backslash is a slash, and what stands before an @ is not the host."""
    rest = rest.replace("\\", "/").lstrip("/")
    authority, _, path = rest.partition("/")
    authority = re.split(r"[?#]", authority)[0]
    tricks = ["name_before_at"] if "@" in authority else []
    host = unquote(authority.rpartition("@")[2])
    host = re.sub(r":\d*$", "", host) if not host.startswith("[") or host.count("]:") else host
    host = host.strip(".").lower()
    if not host:
        return None
    if _NUMBER_HOST.fullmatch(host):
        return Asked(Kind.SITE, host, tricks=(*tricks, "number"))
    if (account := _account(host, path)) is not None and not tricks:
        return account
    if scheme == "http":
        tricks.append("plain_http")
    return Asked(Kind.SITE, host, tricks=(*tricks, *_alphabet(host)))


def _alphabet(host: str) -> tuple[str, ...]:
    return () if decoded(host).isascii() else ("alphabet",)


def _account(host: str, path: str) -> Asked | None:
    """Read the address of an account on a platform; None for a site, and for a platform's page that is no account's."""
    if host.endswith(".t.me"):
        return Asked(Kind.ACCOUNT, host.removesuffix(".t.me").removeprefix("www."), "telegram")
    bare = re.sub(r"^(?:www|m|mobile|web|[a-z]{2}|[a-z]{2}-[a-z]{2})\.", "", host)
    platform = _PLATFORM_OF.get(host) or _PLATFORM_OF.get(bare)
    parts = [unquote(part) for part in re.split(r"[?#]", path)[0].split("/") if part]
    if platform is None or not parts:
        return None
    if parts[0].lower() in _POSTS or host == "youtu.be":
        return Asked(Kind.ACCOUNT, "/".join(parts[:2]), platform, ("post",))
    if parts[0] in _INVITES or parts[0].startswith("+"):
        if platform == "whatsapp" and (number := _number(parts[0])):
            return number
        return Asked(Kind.ACCOUNT, "/".join(parts[:2]), platform, ("invite",))
    if platform == "whatsapp" and (number := _number(parts[0])):
        return number
    name = parts[1] if parts[0] in _PREFIXES and len(parts) > 1 else parts[0]
    return Asked(Kind.ACCOUNT, name.lstrip("@").lower(), platform)


def mail(text: str) -> Asked | None:
    """Read a mail address; None when it is none."""
    if not _MAIL_AT.fullmatch(text):
        return None
    local, _, domain = text.lower().rpartition("@")
    domain = domain.strip(".")
    odd = ("alphabet",) if not decoded(domain).isascii() or not local.isascii() else ()
    return Asked(Kind.MAIL, f"{local}@{domain}", tricks=odd)


def _labelled(match: re.Match[str]) -> Asked | None:
    platform = next(name for name in _LABELS if match[name])
    number = _number(match["name"]) if platform == "whatsapp" else None
    return number or Asked(Kind.ACCOUNT, match["name"].strip("."), platform)


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
