"""What readers looked for, what they were offered, opened, and whether they asked people all the same.

Nobody can tell from the rows who somebody was: a reader is a keyed hash that is another one every day, and what he typed
is kept with its secrets masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from trustdesk.knowledge.models import Search
from trustdesk.policy import guard

STILL_TYPING: Final = timedelta(minutes=2)  # words typed one after the other are one search
FOLLOWED: Final = timedelta(minutes=30)  # a case that comes within this time comes of the search
_LONGEST: Final = 200  # characters of a search that are kept
_READ: Final = 2_000  # characters that are looked at for secrets
_MOST_SHOWN: Final = 20  # articles kept of one search
_SALT: Final = "trustdesk.knowledge.measuring"


def visitor(key: str, *, now: datetime) -> bytes:
    """Return 16 bytes that stand for a reader until midnight UTC; `key` is whatever tells one reader from another."""
    return salted_hmac(_SALT, f"{now:%Y-%m-%d}:{key}", algorithm="sha256").digest()[:16]


def searched(
    *,
    place: str,
    text: str,
    language: str,
    visitor: bytes,
    hits: int,
    shown: Sequence[int],
    request_type: str = "",
    now: datetime,
) -> int:
    """Write down a search and return the id of its row; what the same reader goes on typing stays in one row."""
    text = guard.mask(text[:_READ].replace("\0", " ")).text.strip()[:_LONGEST]
    with transaction.atomic():
        recent = Search.objects.filter(visitor=visitor, place=place, at__gt=now - STILL_TYPING)
        last = recent.select_for_update().order_by("-at", "-pk").first()
        if last is None or not (_goes_on(last.text, text) or _goes_on(text, last.text)):
            return Search.objects.create(
                place=place,
                text=text,
                language=language[:16],
                visitor=visitor,
                request_type=request_type[:40],
                hits=hits,
                shown=list(shown)[:_MOST_SHOWN],
                at=now,
            ).pk
        if _goes_on(last.text, text):  # where words are taken back, the longest said what was looked for
            last.text, last.language, last.hits = text, language[:16], hits
            last.request_type = request_type[:40]
        last.shown, last.at = list(dict.fromkeys([*last.shown, *shown]))[:_MOST_SHOWN], now
        last.save(update_fields=["text", "language", "hits", "request_type", "shown", "at"])
        return last.pk


def opened(*, search_id: int, article_id: int, visitor: bytes, now: datetime) -> None:
    """Note that a reader opened an article from a search of his; somebody else's, or one of long ago, is left alone."""
    with transaction.atomic():
        search = Search.objects.select_for_update().filter(pk=search_id, visitor=visitor, at__gt=now - FOLLOWED).first()
        if search is not None and article_id in search.shown and article_id not in search.opened:
            search.opened = [*search.opened, article_id]
            search.save(update_fields=["opened"])


def asked(*, visitor: bytes, now: datetime) -> None:
    """Note that this reader asked people all the same: his searches of the last half hour are followed by a case."""
    Search.objects.filter(visitor=visitor, at__gt=now - FOLLOWED, asked_at=None).update(asked_at=now)


def _goes_on(earlier: str, later: str) -> bool:
    return later.casefold().startswith(earlier.casefold())
