"""How our mail looks: one pair of templates, text and HTML, filled at the moment of sending.

What is put in is text, always: it is escaped, and of what looks like an address only http and https become links. Nothing is
fetched when it is read. The recipient's anti-phishing phrase is looked up here and stands in no table beside its sealed self.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import override

PREVIEW = 140  # characters that a list of mails shows beside the subject
_URL = re.compile(r"https?://[^\s<>\"'`{}|\\^（）「」，。；：！？、]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]*_~"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, worded for one recipient."""

    text: str
    html: str


def _nobody(_mail: str) -> str:
    return ""


_phrase_of: Callable[[str], str] = _nobody


def use_phrases(find: Callable[[str], str]) -> None:
    """Ask `find` for the anti-phishing phrase of an address: customers are known one layer above."""
    global _phrase_of
    _phrase_of = find


def render(*, subject: str, text: str, locale: str, recipient: str) -> Letter:
    """Word a mail whose paragraphs are parted by blank lines."""
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")) if part.strip()]
    with override(locale):
        context = {
            "language": "zh-Hans" if locale.startswith("zh") else "en",
            "subject": subject,
            "exchange": settings.EXCHANGE_NAME,
            "phrase": _phrase_of(recipient),
            "text": "\n\n".join(paragraphs),
            "preview": " ".join(" ".join(paragraphs).split())[:PREVIEW],
            "paragraphs": [linked(part) for part in paragraphs],
            "safety": safety(),
            "official": f"{settings.PUBLIC_URL}/official/",
        }
        return Letter(
            render_to_string("channels/letter.txt", context).strip() + "\n",
            render_to_string("channels/letter.html", context),
        )


def safety() -> str:
    """Return the line that stands below everything we send."""
    return _("We never ask for your password, private key, seed phrase or a two-factor code.")


def linked(text: str) -> SafeString:
    """Escape a text and make links of the web addresses in it; what is shown is where the link leads."""
    parts: list[str] = []
    at = 0
    for found in _URL.finditer(text):
        url = found[0].rstrip(_TRAILING)
        if not _honest(url):
            continue
        parts += [
            conditional_escape(text[at : found.start()]),
            format_html('<a href="{}" rel="noreferrer">{}</a>', url, url),
        ]
        at = found.start() + len(url)
    return mark_safe("".join([*parts, conditional_escape(text[at:])]))  # noqa: S308  every part is escaped above


def _honest(url: str) -> bool:
    """Say whether an address leads where it seems to: https://bank.example@evil.example does not."""
    try:
        place = urlsplit(url)
    except ValueError:
        return False
    return bool(place.hostname) and "@" not in place.netloc
