"""Articles offered beside what a reader writes to us, each time noted: what it saved can only be told from that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trustdesk.knowledge import analysis, library, measuring, suggest
from trustdesk.knowledge.suggest import Suggestion

MOST: Final = 3
ENOUGH: Final = 4  # characters, before which nothing can be meant
ENOUGH_UNSPACED: Final = 2  # of Chinese, Japanese and Korean
LONGEST: Final = 4_000  # characters that are looked at
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Offered:
    """An article offered. `href`: where it is read, with the mark by which opening it is noted."""

    id: int
    title: str
    summary: str
    href: str
    language: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What was offered. `mark` names the search, as `measuring.opened` takes it; "" where nothing was looked for."""

    mark: str
    articles: tuple[Offered, ...]


NOTHING: Final = Offer("", ())


def offer(
    *, place: str, text: str, language: str, reader: bytes, now: datetime, request_type: str = "", matter: str = "", without: int = 0
) -> Offer:
    """Offer up to three articles for what a reader writes, and note that they were looked for.

    `matter`: what the chosen type is called; it is looked for while too little is written. `without`: the article the reader
    comes from, in whichever language; it did not answer.
    """
    request_type = request_type if _CODE.fullmatch(request_type) else ""
    text = text[:LONGEST].replace("\0", " ").strip()
    asked = text if enough(text) else matter
    if not asked:
        return NOTHING
    shelf = library.current()
    left = shelf.nodes[without].key if without in shelf.nodes else ""
    found = suggest.suggest(asked, language=language, request_type=request_type, limit=MOST + bool(left))
    found = tuple(one for one in found if one.id not in shelf.nodes or shelf.nodes[one.id].key != left)[:MOST]
    search = measuring.searched(
        place=place,
        text=asked,
        language=language,
        reader=reader,
        hits=len(found),
        shown=[one.id for one in found],
        request_type=request_type,
        now=now,
    )
    mark = measuring.mark(search)
    return Offer(mark, tuple(_offered(one, mark) for one in found))


def enough(text: str) -> bool:
    """Say whether a text may mean something already."""
    unspaced = sum(analysis.unspaced(char) for char in text[:LONGEST])
    return len(text.strip()) >= ENOUGH or unspaced >= ENOUGH_UNSPACED


def _offered(one: Suggestion, mark: str) -> Offered:
    return Offered(one.id, one.title, one.summary, f"{one.url}?s={mark}" if mark else one.url, one.language)
