"""What an import may write: the three states of a page (the file then, the file now, the page now) told from each other.

What did not change in the folder is left alone, whatever editors made of it; what changed in both is a conflict, which is
reported and left alone too unless the import is to overwrite.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from trustdesk.knowledge.models import Article, Imported, Section

_OF_ITS_OWN: Final = ("slug", "seo_title", "search_description")  # what only editors write
_EDITORS_MARKS: Final = re.compile(r'\sdata-block-key="[^"]*"|(?<=>)\s+(?=<)')


class Fate(StrEnum):
    """What becomes of a page."""

    WRITE = "write"
    LEAVE = "leave"  # the folder says what it said
    SAME = "same"  # the page says what the folder says
    EDITED = "edited"  # a conflict: changed in both
    DRAFT = "draft"  # a conflict: an editor has a draft of it
    TAKEN_BACK = "taken_back"  # a conflict: an editor took it back


class Sources:
    """What imports wrote last, by file and language."""

    def __init__(self) -> None:
        self._rows = {(row.source, row.language): row for row in Imported.objects.all()}
        self._files = {row.page_id: row.source for row in self._rows.values() if row.page_id is not None}
        self._noted: dict[tuple[str, str], Imported] = {}

    def page(self, source: str, language: str) -> int | None:
        """Return the id of the page that was made of a file."""
        row = self._rows.get((source, language))
        return row.page_id if row else None

    def file_of(self, page: int) -> str | None:
        """Return the file that a page was made of."""
        return self._files.get(page)

    def deleted(self, source: str, language: str) -> bool:
        """Say whether somebody has deleted the page that was made of a file."""
        row = self._rows.get((source, language))
        return row is not None and row.page_id is None

    def fate(self, page: Article | Section, content: Any, *, source: str, language: str, draft: bool = False) -> Fate:
        """Say what becomes of a page, where its file now says `content`."""
        row = self._rows.get((source, language))
        said = digest(content)
        now = current(page)
        if row and bytes(row.digest) == said and row.draft == draft:
            return Fate.LEAVE
        if page.latest_revision_id is None and not page.live:
            return Fate.WRITE  # made a moment ago
        if digest(now) == said and (page.live or draft):
            return Fate.SAME
        if row is None or digest(now) != bytes(row.digest) or _renamed(page):
            return Fate.EDITED
        if not page.live:
            return Fate.WRITE if row.draft else Fate.TAKEN_BACK
        return Fate.DRAFT if page.has_unpublished_changes else Fate.WRITE

    def stands(self, page: Article | Section, content: Any, *, draft: bool) -> bool:
        """Say whether a page says this, to readers unless it is a draft."""
        return (page.live or draft) and digest(current(page)) == digest(content)

    def note(self, page: Article | Section, content: Any, *, source: str, language: str, draft: bool = False) -> None:
        """Remember what a file says now."""
        row = Imported(source=source, language=language, page_id=page.pk, digest=digest(content), draft=draft)
        self._rows[source, language] = self._noted[source, language] = row

    def keep(self) -> None:
        """Write down what was noted."""
        noted = list(self._noted.values())
        # A file may have been moved: its page is known by the new place alone.
        Imported.objects.filter(page_id__in=[row.page_id for row in noted]).delete()
        Imported.objects.bulk_create(
            noted, 500, update_conflicts=True, unique_fields=["source", "language"], update_fields=["page", "digest", "draft"]
        )


def digest(content: Any) -> bytes:
    """Return what stands for a page's content, whichever tool wrote its tags."""
    return hashlib.sha256(json.dumps(comparable(content), sort_keys=True, default=str).encode()).digest()


def current(page: Article | Section) -> dict[str, Any]:
    """Return what a page says that a file could say: as it is published, else as its last draft."""
    shown = page if page.live or not page.latest_revision_id else page.get_latest_revision_as_object()
    if isinstance(page, Section):
        return {name: getattr(shown, name) for name in ("title", "summary", "icon", "news")}
    names = ("title", "summary", "search_words", "request_type", "updated_on")
    streams = {name: getattr(shown, name).get_prep_value() for name in ("body", "guide", "videos")}
    related = [row.other_id for row in shown.related.all()]
    return {name: getattr(shown, name) for name in names} | streams | {"related": related}


def comparable(value: Any) -> Any:
    """Return a value without what differs though nothing was changed: ids of blocks, marks and blanks between tags."""
    if isinstance(value, Mapping):
        if set(value) == {"type", "value", "id"} and value["type"] == "item":
            return comparable(value["value"])
        return {name: comparable(part) for name, part in value.items() if name != "id"}
    if isinstance(value, list | tuple):
        return [comparable(part) for part in value]
    return _EDITORS_MARKS.sub("", value) if isinstance(value, str) else "" if value is None else value


def _renamed(page: Article | Section) -> bool:
    """Say whether the draft of what is not published got an address of its own."""
    draft = page.get_latest_revision_as_object() if not page.live and page.latest_revision_id else page
    return any(getattr(draft, name) != getattr(page, name) for name in _OF_ITS_OWN)
