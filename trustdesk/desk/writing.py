"""What people wrote, made safe for a page: everything escaped, links led past the page that shows where they go."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from trustdesk.desk import wording

LONGEST_LINK = 2_000  # characters
# Letters of any script in the host, but ASCII alone after it: Chinese goes on after an address without a space.
_LINK = re.compile(
    r"https?://[^\s/?#<>\"'`,;(){}|\\^\u3000-\u303f\uff00-\uffef]+(?:[/?#][!#-&(-;=?-_a-~]*)?", re.IGNORECASE
)
_HOST = re.compile(r"[\w.-]+|[0-9a-fA-F:.]+")
_TRAILING = ".,;:!?…*_~"  # ends a sentence far more often than an address
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a link leads. `host` as written, `raw` its form on the wire (punycode), `shown` what it looks like."""

    url: str
    raw: str
    shown: str
    warnings: tuple[str, ...]

    @property
    def misleading(self) -> bool:
        """Whether it may lead elsewhere than it seems to."""
        return bool(set(self.warnings) - {"not_encrypted", "number"})


def plain(text: str) -> str:
    """Return the text with placeholders of removed secrets worded, for where nothing but plain text fits."""
    return wording.MASKED.sub(lambda found: f"[{wording.secret(found[1])}]", text)


def rich(text: str) -> SafeString:
    """Return the text as HTML: links through the page that names their host, removed secrets as marks."""
    parts: list[str] = []
    position = 0
    for kind, start, end in _spans(text):
        parts.append(escape(text[position:start]))
        parts.append(_mark(text[start:end]) if kind == "masked" else _link(text[start:end]))
        position = end
    parts.append(escape(text[position:]))
    return mark_safe("".join(parts))  # noqa: S308  every part is escaped above


def destination(url: str) -> Destination | None:
    """Take a link apart; None for what is no address of the web."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        parts.port  # noqa: B018  raises for a port that is none
    except ValueError:
        return None
    if (
        parts.scheme not in ("http", "https")
        or not _HOST.fullmatch(host)
        or len(url) > LONGEST_LINK
        or not url.isprintable()
    ):
        return None
    raw, shown = _both_forms(host)
    return None if not raw else Destination(url, raw, shown, tuple(_warnings(url, raw, shown)))


def _spans(text: str) -> list[tuple[str, int, int]]:
    masked = [("masked", found.start(), found.end()) for found in wording.MASKED.finditer(text)]
    links = [("link", found.start(), found.start() + len(_trimmed(found[0]))) for found in _LINK.finditer(text)]
    kept: list[tuple[str, int, int]] = []
    for one in sorted(masked + links, key=lambda span: span[1]):
        if not kept or one[1] >= kept[-1][2]:
            kept.append(one)
    return kept


def _trimmed(url: str) -> str:
    while url and (url[-1] in _TRAILING or (url[-1] in _PAIRS and url.count(url[-1]) > url.count(_PAIRS[url[-1]]))):
        url = url[:-1]
    return url


def _link(url: str) -> str:
    to = destination(url)
    if to is None:
        return escape(url)
    leave = f"{reverse('desk_leave')}?{urlencode({'to': url})}"
    link = format_html('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>', leave, url)
    # What reads like one site and leads to another is said at once.
    return link + format_html(' <span class="odd">{}</span>', to.raw) if to.misleading else link


def _mark(placeholder: str) -> str:
    found = wording.MASKED.fullmatch(placeholder)
    label = wording.secret(found[1] if found else "")
    title = _("A secret stood here. It was removed before the message was stored, and nobody has seen it.")
    return format_html('<span class="secret" title="{}">{}</span>', title, label)


def _both_forms(host: str) -> tuple[str, str]:
    """Return (as sent over the wire, as people read it); ("", "") for what is no host name."""
    try:
        if host.isascii():
            labels = [label.encode().decode("idna") if label.startswith("xn--") else label for label in host.split(".")]
            return host.lower(), ".".join(labels)
        return host.encode("idna").decode().lower(), host
    except UnicodeError:
        return (host.lower(), host) if host.isascii() else ("", "")


def _warnings(url: str, raw: str, shown: str) -> list[str]:
    """Say by code what is unusual: not_encrypted, user_in_address, number, other_script, mixed_scripts."""
    parts = urlsplit(url)
    found = []
    if parts.scheme != "https":
        found.append("not_encrypted")
    if "@" in parts.netloc:
        found.append("user_in_address")
    if _is_number(raw):
        found.append("number")
    if raw != shown.lower():
        mixed = any(len(_scripts(label)) > 1 for label in shown.split("."))
        found.append("mixed_scripts" if mixed else "other_script")
    return found


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.replace(".", "").isdigit() or host.startswith("0x")
    return True


def _scripts(label: str) -> set[str]:
    names = (unicodedata.name(letter, "?").split(" ")[0] for letter in label if letter.isalpha())
    return {"CJK" if name in ("CJK", "HIRAGANA", "KATAKANA") else name for name in names}
