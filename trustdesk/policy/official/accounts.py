"""Accounts on other platforms: which account a link leads to, and how people name one without a link.

A platform has several name spaces: linkedin.com/in/example is a person, /company/example another account. The usual one is
left out of an account's value, any other stays in it.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final
from urllib.parse import unquote

from trustdesk.policy.official.asked import Asked, Kind

# Hosts on which accounts live.
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
_USUAL: Final = {"linkedin": "company", "reddit": "r", "telegram": "s"}  # the name space that is left out of a value
_WITH_AT: Final = frozenset({"youtube", "tiktok", "medium"})  # … is marked by an @ before the name
_SPACES: Final = frozenset("company in school showcase channel c user people pages groups r u s n users".split())
_POSTS: Final = frozenset(
    "watch shorts live playlist results hashtag search intent share profile.php story.php photo.php reel p i events feed".split()
)
_INVITES: Final = frozenset({"joinchat", "invite", "addlist", "addstickers"})
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
LABELLED: Final = re.compile(
    "(?<![a-z0-9_.@/-])(?:"
    + "|".join(f"(?P<{platform}>{names})" for platform, names in _LABELS.items())
    + r")\s*[:：@]\s*@?(?P<name>[^\W\u2e80-\u9fff\uac00-\ud7af][\w.-]{1,63})"
)


def of_link(host: str, path: str) -> Asked | None:
    """Read the address of an account; None for a host that is no platform, and for a platform's own pages."""
    if host.endswith(".t.me"):
        return Asked(Kind.ACCOUNT, host.removesuffix(".t.me").removeprefix("www."), "telegram")
    bare = re.sub(r"^(?:www|m|mobile|web|[a-z]{2}|[a-z]{2}-[a-z]{2})\.", "", host)
    platform = _PLATFORM_OF.get(host) or _PLATFORM_OF.get(bare)
    where = posixpath.normpath("/" + unquote(re.split(r"[?#]", path)[0]))  # a browser goes up where it says ..
    parts = [part for part in where.split("/") if part]
    if platform is None or not parts:
        return None
    first, whole = parts[0], "/".join(parts[:2])
    if platform == "whatsapp" and re.fullmatch(r"\+?\d{7,15}", first):
        return Asked(Kind.PHONE, f"+{first.lstrip('+')}")
    if first in _INVITES or first.startswith("+"):
        return Asked(Kind.ACCOUNT, whole, platform, ("invite",))
    if first in _POSTS or host == "youtu.be":
        return Asked(Kind.ACCOUNT, whole, platform, ("post",))
    return Asked(Kind.ACCOUNT, _named(platform, parts), platform)


def labelled(match: re.Match[str]) -> Asked:
    """Read "Telegram: name", a match of `LABELLED`."""
    platform = next(name for name in _LABELS if match[name])
    return Asked(Kind.ACCOUNT, match["name"].strip("."), platform)


def _named(platform: str, parts: list[str]) -> str:
    first = parts[0]
    if first in _SPACES and len(parts) > 1:
        return parts[1] if _USUAL.get(platform) == first else "/".join(parts[:2])
    if platform in _WITH_AT and not first.startswith("@"):
        return f"c/{first}"  # an address of old times, not the account of this name
    return first.lstrip("@")
