"""Articles offered beside what a reader writes to us, each time written down: what it saved can only be told from that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trustdesk.knowledge import analysis, measuring, suggest
from trustdesk.knowledge.suggest import Suggestion

ENOUGH: Final = 4  # characters, before which nothing can be meant
ENOUGH_UNSPACED: Final = 2  # of Chinese, Japanese and Korean
_LONGEST: Final = 4_000  # characters that are looked at


@dataclass(frozen=True, slots=True)
class Offer:
    """What was offered. `search`: the id of its row; 0 where nothing was looked for."""

    search: int
    articles: tuple[Suggestion, ...]


def offer(
    *, place: str, text: str, language: str, visitor: bytes, now: datetime, request_type: str = "", matter: str = ""
) -> Offer:
    """Offer up to three articles for what a reader writes, and write down that it was looked for.

    `matter`: what the chosen type is called; it is looked for while too little is written.
    """
    text = text[:_LONGEST].replace("\0", " ").strip()
    asked = text if enough(text) else matter
    if not asked:
        return Offer(0, ())
    found = suggest.suggest(asked, language=language, request_type=request_type)
    search = measuring.searched(
        place=place,
        text=asked,
        language=language,
        visitor=visitor,
        hits=len(found),
        shown=[one.id for one in found],
        request_type=request_type,
        now=now,
    )
    return Offer(search, found)


def enough(text: str) -> bool:
    """Say whether a text may mean something already."""
    unspaced = sum(analysis.unspaced(char) for char in text[:_LONGEST])
    return len(text.strip()) >= ENOUGH or unspaced >= ENOUGH_UNSPACED
