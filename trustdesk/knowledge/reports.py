"""What readers looked for and found, counted in the database for the editors' reports.

An answer counts as found where somebody opened an article and asked nobody soon after (`measuring.ASKED_WITHIN`, or
`WRITTEN_WITHIN` of what a mail named). What agents look for at the desk is in none: they are no readers, and open nothing
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from trustdesk.knowledge import measuring
from trustdesk.knowledge.models import Search

MOST: Final = 1_000  # rows of a report: more than anybody reads
_FIXED: Final[dict[str, Any]] = {
    "most": MOST, "within": measuring.ASKED_WITHIN, "written": measuring.WRITTEN_WITHIN,
    "desk": Search.Place.DESK.value, "mail": Search.Place.MAIL.value,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sought:
    """Something people looked for: how often, and how many of those searches an article was opened from."""

    text: str
    language: str
    times: int
    people: int
    opened: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """One published article: how often searches offered it and it was opened from there, and what readers said."""

    id: int
    title: str
    language: str
    offered: int
    opened: int
    answered: int
    votes: int
    helpful: int
    comments: int

    @property
    def answered_share(self) -> str:
        """Return how many of those who opened it asked nobody, in percent."""
        return share(self.answered, self.opened)

    @property
    def helpful_share(self) -> str:
        """Return how many voters it helped, in percent."""
        return share(self.helpful, self.votes)


@dataclass(frozen=True, slots=True)
class Comment:
    """What one reader missed."""

    id: int
    title: str
    language: str
    reason: str
    missing: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deflected:
    """One request type: how often articles were suggested beside it, opened, and the case not sent after all."""

    request_type: str
    suggested: int
    opened: int
    deflected: int

    @property
    def deflected_share(self) -> str:
        """Return how many who were shown something sent no case, in percent."""
        return share(self.deflected, self.suggested)


@dataclass(frozen=True, slots=True)
class Aged:
    """One published article and since when it says what it says."""

    id: int
    title: str
    language: str
    updated_on: date


@dataclass(frozen=True, slots=True)
class Used:
    """A figure, or a key in a text that is none, and the articles that name it."""

    id: int | None
    key: str
    about: str
    about_zh: str
    value: str
    articles: list[str]


def share(part: int, whole: int) -> str:
    """Return a share in percent, nothing where there is nothing to divide."""
    return f"{round(100 * part / whole)}\u00a0%" if whole else ""


def nothing_found(*, since: datetime, until: datetime, language: str = "") -> list[Sought]:
    """List what was looked for and not found, the most frequent first."""
    return [Sought(*row) for row in _sought(False, since, until, language)]


def then_asked(*, since: datetime, until: datetime, language: str = "") -> list[Sought]:
    """List what was looked for before people asked us all the same, the most frequent first."""
    return [Sought(*row) for row in _sought(True, since, until, language)]


def _sought(asked: bool, since: datetime, until: datetime, language: str) -> list[tuple[Any, ...]]:
    return _rows(
        """
        SELECT lower(text), language, count(*), count(DISTINCT visitor), count(*) FILTER (WHERE opened <> '{}'), max(at)
          FROM knowledge_search
         WHERE at >= %(since)s AND at < %(until)s AND place <> %(desk)s AND CASE WHEN %(asked)s THEN asked_at IS NOT NULL ELSE hits = 0 END
           AND (%(language)s = '' OR language = %(language)s)
         GROUP BY 1, 2 ORDER BY 3 DESC, 6 DESC LIMIT %(most)s
        """,
        since=since, until=until, language=language, asked=asked,
    )  # fmt: skip


def articles(*, since: datetime, until: datetime, language: str = "") -> list[Read]:
    """List the published articles, the most opened first."""
    sql = """
        WITH searches AS (SELECT * FROM knowledge_search WHERE at >= %(since)s AND at < %(until)s AND place <> %(desk)s),
        offered AS (SELECT u.id, count(*) AS n FROM searches s, LATERAL (SELECT DISTINCT unnest(s.shown)) u(id) GROUP BY 1),
        opened AS (SELECT u.id, count(*) AS n,
                            count(*) FILTER (WHERE asked_at IS NULL
                                OR asked_at > at + CASE place WHEN %(mail)s THEN %(written)s ELSE %(within)s END) AS answered
                     FROM searches s, LATERAL (SELECT DISTINCT unnest(s.opened)) u(id) GROUP BY 1),
        votes AS (SELECT article_id AS id, count(*) AS n, count(*) FILTER (WHERE helpful) AS helpful,
                         count(*) FILTER (WHERE missing <> '') AS comments
                    FROM knowledge_vote WHERE at >= %(since)s AND at < %(until)s GROUP BY 1)
        SELECT p.id, p.title, l.language_code, coalesce(f.n, 0), coalesce(o.n, 0), coalesce(o.answered, 0),
               coalesce(v.n, 0), coalesce(v.helpful, 0), coalesce(v.comments, 0)
          FROM knowledge_article a JOIN wagtailcore_page p ON p.id = a.page_ptr_id
          JOIN wagtailcore_locale l ON l.id = p.locale_id
          LEFT JOIN offered f ON f.id = p.id LEFT JOIN opened o ON o.id = p.id LEFT JOIN votes v ON v.id = p.id
         WHERE p.live AND (%(language)s = '' OR l.language_code = %(language)s)
         ORDER BY 5 DESC, 4 DESC, p.title LIMIT %(most)s
        """
    return [Read(*row) for row in _rows(sql, since=since, until=until, language=language)]


def comments(*, since: datetime, until: datetime, language: str = "") -> list[Comment]:
    """List what readers missed, the newest first."""
    rows = _rows(
        """
        SELECT p.id, p.title, l.language_code, v.reason, v.missing, v.at
          FROM knowledge_vote v JOIN wagtailcore_page p ON p.id = v.article_id JOIN wagtailcore_locale l ON l.id = p.locale_id
         WHERE v.at >= %(since)s AND v.at < %(until)s AND (v.missing <> '' OR v.reason <> '')
           AND (%(language)s = '' OR l.language_code = %(language)s)
         ORDER BY v.at DESC, v.id DESC LIMIT %(most)s
        """,
        since=since, until=until, language=language,
    )  # fmt: skip
    return [Comment(*row) for row in rows]


def deflection(*, since: datetime, until: datetime, language: str = "") -> list[Deflected]:
    """List the request types beside whose forms articles were suggested."""
    rows = _rows(
        """
        SELECT request_type, count(*), count(*) FILTER (WHERE opened <> '{}'),
               count(*) FILTER (WHERE opened <> '{}' AND (asked_at IS NULL
                   OR asked_at > at + CASE place WHEN %(mail)s THEN %(written)s ELSE %(within)s END))
          FROM knowledge_search
         WHERE at >= %(since)s AND at < %(until)s AND place <> %(desk)s AND request_type <> '' AND shown <> '{}'
           AND (%(language)s = '' OR language = %(language)s)
         GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(most)s
        """,
        since=since, until=until, language=language,
    )  # fmt: skip
    return [Deflected(*row) for row in rows]


def oldest(*, language: str = "") -> list[Aged]:
    """List the published articles, those first that have said the same for the longest time."""
    rows = _rows(
        """
        SELECT p.id, p.title, l.language_code,
               coalesce(a.updated_on, (coalesce(p.last_published_at, p.first_published_at) AT TIME ZONE 'UTC')::date) AS updated
          FROM knowledge_article a JOIN wagtailcore_page p ON p.id = a.page_ptr_id
          JOIN wagtailcore_locale l ON l.id = p.locale_id
         WHERE p.live AND (%(language)s = '' OR l.language_code = %(language)s)
         ORDER BY updated NULLS FIRST, p.title LIMIT %(most)s
        """,
        language=language,
    )
    return [Aged(*row) for row in rows]


def figures(*, blank: bool) -> list[Used]:
    """List the figures with the articles that name them, and keys in texts that are no figure; `blank`: without value alone."""
    rows = _rows(
        r"""
        WITH named AS (
          SELECT DISTINCT p.title, found[1] AS key
            FROM knowledge_article a JOIN wagtailcore_page p ON p.id = a.page_ptr_id,
                 regexp_matches(concat_ws(' ', p.title, a.summary, a.body::text, a.guide::text, a.videos::text),
                                '\{\{\s*([a-z][a-z0-9_]*)\s*\}\}', 'g') AS found
           WHERE p.live
        ), used AS (SELECT key, array_agg(title ORDER BY title) AS titles FROM named WHERE key <> 'exchange' GROUP BY key)
        SELECT f.id, coalesce(f.key, u.key), coalesce(f.about, ''), coalesce(f.about_zh, ''), coalesce(f.value, ''),
               coalesce(u.titles, '{}')
          FROM knowledge_figure f FULL JOIN used u ON u.key = f.key
         WHERE NOT %(blank)s OR coalesce(f.value, '') = ''
         ORDER BY coalesce(f.value, '') <> '', cardinality(coalesce(u.titles, '{}')) DESC, 2 LIMIT %(most)s
        """,
        blank=blank,
    )
    return [Used(*row) for row in rows]


def _rows(sql: str, **asked: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, _FIXED | asked)
        return list(cursor.fetchall())
