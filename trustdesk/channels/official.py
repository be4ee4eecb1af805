"""Which channels are ours, and whether something pasted is one of them.

The list is what administrators wrote down, beside what Trustdesk works on itself: its own site, the sites the chat stands on,
and our mail addresses. It is on the check page, at `/official.json`, and nowhere else.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from trustdesk.channels import addresses
from trustdesk.channels.models import OfficialChannel
from trustdesk.policy import guard
from trustdesk.policy import official as policy
from trustdesk.policy.official import Asked, Channel, Kind, Verdict

FRESH = 5.0  # seconds that the list may be old

# Where an account is found by its name alone.
_LINKS = {
    "x": "https://x.com/{}",
    "telegram": "https://t.me/{}",
    "facebook": "https://www.facebook.com/{}",
    "linkedin": "https://www.linkedin.com/company/{}",
    "youtube": "https://www.youtube.com/@{}",
    "instagram": "https://www.instagram.com/{}",
    "tiktok": "https://www.tiktok.com/@{}",
    "reddit": "https://www.reddit.com/r/{}",
    "medium": "https://medium.com/@{}",
    "github": "https://github.com/{}",
}
@dataclass(frozen=True, slots=True)
class Listed:
    """One channel as it is listed. `code`: site, mail, phone, or the platform of an account."""

    channel: Channel
    code: str
    link: str = ""
    about: str = ""
    about_zh: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a text; `secret`: it held one, which was taken out before anything else was done with it."""

    verdicts: tuple[Verdict, ...]
    secret: bool


class NotAChannel(Exception):
    """What was given is no address of this kind; nothing but another text helps."""


_read: tuple[float, tuple[Listed, ...]] | None = None


def listed() -> tuple[Listed, ...]:
    """Return all channels of ours, a few seconds old at the most."""
    global _read
    if _read is None or time.monotonic() - _read[0] >= FRESH:
        _read = time.monotonic(), tuple({(one.code, one.channel.value): one for one in [*_written(), *_own()]}.values())
    return _read[1]


def forget() -> None:
    """Read the list anew at the next use."""
    global _read
    _read = None


def check(text: str) -> Checked:
    """Judge every link, address, account and number in a text. Nothing of it is kept."""
    masked = guard.mask(text[: policy.LONGEST])
    ours = [one.channel for one in listed()]
    verdicts = tuple(policy.judge(one, ours, names=[settings.EXCHANGE_NAME]) for one in policy.read(masked.text))
    return Checked(verdicts, bool(masked.found))


def normal(*, code: str, text: str) -> tuple[str, str]:
    """Return value and link under which a channel of this kind is listed; raises NotAChannel."""
    found = policy.read(text.strip())
    if code in policy.PLATFORMS and not found:
        found = policy.read(f"{code}:{text.strip()}")
    # A domain may have letters of its own. What is written down is believed, so it is written as name servers know it.
    harmless = {"plain_http", "alphabet"} if text.isascii() else {"plain_http"}
    if len(found) != 1 or not _fits(found[0], code) or set(found[0].tricks) - harmless:
        raise NotAChannel(code)
    value = found[0].value
    if code not in policy.PLATFORMS:
        return value.removeprefix("www.") if code == Kind.SITE else value, ""
    if re.match(r"https?://", text.strip(), re.I):
        return value, f"https://{text.strip().partition('://')[2]}"
    return value, _LINKS.get(code, "").format(value)


def _fits(asked: Asked, code: str) -> bool:
    if code in policy.PLATFORMS:
        return asked.kind == Kind.ACCOUNT and asked.platform in (code, "")
    return asked.kind == code


def _written() -> list[Listed]:
    return [
        Listed(_channel(row.kind, row.value), row.kind, row.link, row.about, row.about_zh)
        for row in OfficialChannel.objects.order_by("position", "id")
    ]


def _channel(code: str, value: str) -> Channel:
    return Channel(Kind.ACCOUNT, value, code) if code in policy.PLATFORMS else Channel(Kind(code), value)


def _own() -> list[Listed]:
    hosts = [urlsplit(origin).hostname or "" for origin in (settings.PUBLIC_URL, *settings.EMBED_ORIGINS)]
    sites = [Listed(Channel(Kind.SITE, host), Kind.SITE) for host in dict.fromkeys(hosts) if host]
    return [*sites, *(Listed(Channel(Kind.MAIL, address), Kind.MAIL) for address in addresses.ours())]
