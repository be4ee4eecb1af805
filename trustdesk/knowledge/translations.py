"""How far each article is translated: missing, a draft, outdated, current."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

MOST: Final = 20_000  # rows


class State(TextChoices):
    """What a reader of one language gets. Outdated: the original was published anew since somebody looked through it."""

    MISSING = "missing", _("Missing")
    DRAFT = "draft", _("Draft")
    OUTDATED = "outdated", _("Outdated")
    CURRENT = "current", _("Current")


@dataclass(frozen=True, slots=True)
class Translation:
    """One article in one language that is not its original's."""

    original_id: int
    title: str
    original_language: str
    original_live: bool
    language: str
    page_id: int | None
    translated_title: str
    state: str

    @property
    def label(self) -> str:
        """Return the state in the reader's language."""
        return str(State(self.state).label)


_SQL: Final = """
WITH pages AS (
  SELECT p.id, p.title, p.translation_key AS key, p.live, p.live_revision_id AS live_revision, p.locale_id,
         l.language_code AS language, a.translated_from
    FROM knowledge_article a JOIN wagtailcore_page p ON p.id = a.page_ptr_id JOIN wagtailcore_locale l ON l.id = p.locale_id
), originals AS (
  SELECT DISTINCT ON (key) * FROM pages ORDER BY key, language <> %(own)s, id
), states AS (
  SELECT o.id, o.title, o.language AS original_language, o.live, l.language_code AS language, t.id AS page_id,
         coalesce(t.title, '') AS translated_title,
         CASE WHEN t.id IS NULL THEN 'missing' WHEN NOT t.live THEN 'draft'
              WHEN t.translated_from IS DISTINCT FROM o.live_revision AND o.live THEN 'outdated' ELSE 'current' END AS state
    FROM originals o JOIN wagtailcore_locale l ON l.id <> o.locale_id AND l.language_code = ANY(%(languages)s)
    LEFT JOIN pages t ON t.key = o.key AND t.locale_id = l.id
)
SELECT id, title, original_language, live, language, page_id, translated_title, state FROM states
 WHERE (%(state)s = '' OR state = %(state)s) AND (%(language)s = '' OR language = %(language)s)
 ORDER BY array_position(ARRAY['outdated', 'missing', 'draft', 'current'], state), title, id
 LIMIT %(most)s
"""


def states(*, state: str = "", language: str = "") -> list[Translation]:
    """List every article in every other language, what needs work first; `state` and `language` narrow it."""
    asked: dict[str, Any] = {"own": settings.LANGUAGE_CODE, "languages": [code for code, _name in settings.LANGUAGES], "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(_SQL, asked | {"state": state, "language": language})
        return [Translation(*row) for row in cursor.fetchall()]
