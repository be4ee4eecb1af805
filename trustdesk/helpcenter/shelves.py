"""What pages list: sections and articles as a reader of one language sees them, and what is read most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import translation

from trustdesk.knowledge import measuring
from trustdesk.knowledge.library import Library, Node

MOST = 6  # of each short list on the first page
READ_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Line:
    """A section or an article in a list. `foreign`: the name of its language, where that is not the reader's."""

    id: int
    title: str
    summary: str
    url: str
    icon: str
    language: str
    foreign: str
    on: date
    news: bool = False
    count: int = 0  # articles in a section


def line(node: Node, shelf: Library, language: str, *, counted: bool = False) -> Line:
    """Return one entry of a list; `counted`: with how many articles a section holds."""
    count = sum(1 for _ in shelf.all_articles(node, language)) if counted else 0
    return Line(
        id=node.id,
        title=shelf.fill(node.title, node.language),
        summary=shelf.fill(node.summary, node.language),
        url=node.url_in(language),
        icon=node.icon,
        language=node.language,
        foreign=named(node.language) if node.language != language else "",
        on=node.published_at.date() if node.article and _is_news(node, shelf) else node.updated_on,
        news=node.news,
        count=count,
    )


def lines(nodes: Iterable[Node], shelf: Library, language: str, *, counted: bool = False) -> list[Line]:
    """Return a list."""
    return [line(node, shelf, language, counted=counted) for node in nodes]


def most_read(shelf: Library, language: str, *, now: datetime) -> list[Line]:
    """List what searches led to most in the last month; as long as little is known, what stands first in each section."""
    counted = measuring.most_opened(since=now - READ_WITHIN, most=MOST * 4)
    known = [shelf.by_key(shelf.nodes[id].key, language) for id in counted if id in shelf.nodes]
    first = [next(iter(shelf.all_articles(section, language)), None) for section in plain_sections(shelf, language)]
    return lines(_different([*known, *first], MOST), shelf, language)


def newest(shelf: Library, language: str) -> list[Line]:
    """List what was changed last, announcements apart."""
    found = [node for section in plain_sections(shelf, language) for node in shelf.all_articles(section, language)]
    found.sort(key=lambda node: (node.updated_on, node.published_at), reverse=True)
    return lines(_different(found, MOST), shelf, language)


def announcements(shelf: Library, language: str) -> tuple[Line | None, list[Line]]:
    """Return the first section of announcements and what is new there."""
    section = next((node for node in shelf.sections(language) if node.news), None)
    if section is None:
        return None, []
    return line(section, shelf, language), lines(shelf.articles(section, language)[:MOST], shelf, language)


def plain_sections(shelf: Library, language: str) -> Sequence[Node]:
    """List the sections that hold no announcements."""
    return [node for node in shelf.sections(language) if not node.news]


def named(language: str) -> str:
    """Return a language's name in the reader's words."""
    return translation.gettext(dict(settings.LANGUAGES).get(language, language))


def _is_news(node: Node, shelf: Library) -> bool:
    way = shelf.way(node)
    return bool(way and way[-1].news)


def _different(nodes: Iterable[Node | None], most: int) -> list[Node]:
    found: dict[str, Node] = {}
    for node in nodes:
        if node is not None and len(found) < most:
            found.setdefault(node.key, node)
    return list(found.values())
