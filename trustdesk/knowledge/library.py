"""What is published, as one frozen picture per process: the tree of both languages, without the texts.

Navigation, translations, related articles and addresses are answered from it without a query. Every publishing, moving,
renaming or taking back leaves a line in Wagtail's log of pages, every other save in the back office (a picture, a request
type) one in its log of rows: so one small query a second at most tells whether the picture is old; a new one is made aside
while the old one still answers.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, cast

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from wagtail.models import Locale

from trustdesk.knowledge import figures
from trustdesk.knowledge.models import PREFIX, Article, Figure, HelpHome, Related, Section, SynonymGroup

log = logging.getLogger(__name__)

AWAY: Final = (OperationalError, InterfaceError)  # no database at the moment: readers go on reading
LOOK_EVERY: Final = 1.0  # seconds; what is published is found everywhere within two

# The ids of a log appear in another order than they were given, so the newest alone does not tell.
_VERSION: Final = """
SELECT (SELECT max(id) FROM wagtailcore_pagelogentry),
       (SELECT count(*) FROM wagtailcore_pagelogentry
         WHERE id > (SELECT max(id) FROM wagtailcore_pagelogentry) - 1000),
       (SELECT max(id) FROM wagtailcore_modellogentry),
       (SELECT count(*) FROM wagtailcore_modellogentry
         WHERE id > (SELECT max(id) FROM wagtailcore_modellogentry) - 1000),
       (SELECT count(*) FROM wagtailimages_image), -- many that are deleted at once leave no line
       (SELECT count(*) || ':' || coalesce(sum(hashtextextended(key || value || '|' || value_zh, 0)::numeric), 0)
          FROM knowledge_figure),
       (SELECT count(*) || ':' || coalesce(sum(hashtextextended(words, 0)::numeric), 0) FROM knowledge_synonymgroup)
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A published section or article. `path`: slugs below the language's home; `above`: ids of its sections, outermost first."""

    id: int
    key: str  # the same for all translations
    language: str
    path: str
    title: str
    summary: str
    above: tuple[int, ...]
    revision: int  # of what is live
    published_at: datetime
    changed_at: datetime  # when it was published last
    updated_on: date
    tells: bool = True  # who follows it is told that it was published anew
    icon: str = ""
    news: bool = False
    article: bool = True
    search_words: tuple[str, ...] = ()
    request_type: str = ""
    forms: tuple[str, ...] = ("text",)  # of text, guide and video: what there is of it
    related: tuple[str, ...] = ()  # keys
    seo_title: str = ""
    description: str = ""

    @property
    def url(self) -> str:
        """Return its address on this host."""
        return self.url_in(self.language)

    def url_in(self, language: str) -> str:
        """Return where a reader of this language reads it; what is not translated is shown there as it is."""
        return f"{PREFIX}{language}/{self.path}/"


@dataclass(frozen=True)
class Library:
    """Everything published at one version. `order`: ids as they stand in the tree."""

    version: str
    nodes: Mapping[int, Node]
    order: tuple[int, ...]
    homes: Mapping[str, int]  # language → id of its home
    intros: Mapping[str, str]
    figures: Mapping[str, Mapping[str, str]]  # language → key → value
    synonyms: tuple[tuple[str, ...], ...]
    _paths: Mapping[tuple[str, str], int] = field(repr=False)
    _translations: Mapping[str, Mapping[str, int]] = field(repr=False)
    _below: Mapping[int, tuple[int, ...]] = field(repr=False)

    def at(self, language: str, path: str) -> Node | None:
        """Return what stands at this path, or None."""
        found = self._paths.get((language, path.strip("/")))
        return self.nodes[found] if found is not None else None

    def found(self, language: str, path: str) -> Node | None:
        """Return what a reader of this language finds at a path: if need be, what only another language has there."""
        if here := self.at(language, path):
            return here
        others = (self.at(other, path) for other in self.homes)
        elsewhere = next((node for node in others if node is not None), None)
        return self.by_key(elsewhere.key, language) if elsewhere else None

    def translations(self, node: Node) -> dict[str, Node]:
        """Return the languages it is published in, itself among them; none for a draft of what never was."""
        return {language: self.nodes[id] for language, id in self._translations.get(node.key, {}).items()}

    def by_key(self, key: str, language: str) -> Node | None:
        """Return it in this language, else in the site's own, else in any."""
        there = self._translations.get(key)
        if not there:
            return None
        found = there.get(language) or there.get(settings.LANGUAGE_CODE) or next(iter(there.values()))
        return self.nodes[found]

    def sections(self, language: str, below: Node | None = None) -> list[Node]:
        """List the sections of a language, or those within one, also those that exist in another language alone."""
        return [node for node in self._shelf(language, below) if not node.article]

    def articles(self, section: Node, language: str) -> list[Node]:
        """List the articles right in a section; what is not translated stands there in its own language."""
        found = [node for node in self._shelf(language, section) if node.article]
        return sorted(found, key=lambda node: node.published_at, reverse=True) if section.news else found

    def all_articles(self, section: Node, language: str) -> Iterator[Node]:
        """Go through the articles of a section and of the sections within it."""
        yield from self.articles(section, language)
        for inner in self.sections(language, section):
            yield from self.all_articles(inner, language)

    def way(self, node: Node) -> list[Node]:
        """List the sections above, outermost first."""
        return [self.nodes[id] for id in node.above if id in self.nodes]

    def related(self, node: Node, language: str) -> list[Node]:
        """List what an editor named beside it, and then its neighbours, up to four."""
        named = [self.by_key(key, language) for key in node.related]
        found = [other for other in named if other is not None and other.key != node.key]
        if len(found) < 4 and (way := self.way(node)):
            near = [other for other in self.articles(way[-1], language) if other.key != node.key]
            found += [other for other in near if other.key not in {one.key for one in found}]
        return found[:4]

    def beside(self, node: Node, language: str) -> tuple[Node | None, Node | None]:
        """Return the articles before and after it in its section."""
        way = self.way(node)
        row = self.articles(way[-1], language) if way else []
        place = next((i for i, other in enumerate(row) if other.key == node.key), None)
        if place is None:
            return None, None
        return (row[place - 1] if place else None), (row[place + 1] if place + 1 < len(row) else None)

    def fill(self, text: str, language: str) -> str:
        """Put the administrator's figures into a plain text, as `figures.fill` does."""
        return figures.fill(text, self.figures.get(language, {}), language)

    def _shelf(self, language: str, below: Node | None) -> list[Node]:
        """List what is below a section or a home: of each translation the one for this reader, in the tree's order."""
        parents = list((self._translations.get(below.key, {}) if below else self.homes).values())
        found: dict[str, Node] = {}
        # The reader's tree first: its order counts.
        for parent in sorted(parents, key=lambda id: self._language(id) != language):
            for id in self._below.get(parent, ()):
                shown = self.by_key(self.nodes[id].key, language)
                if shown is not None:
                    found.setdefault(shown.key, shown)
        return list(found.values())

    def _language(self, id: int) -> str:
        if id in self.nodes:
            return self.nodes[id].language
        return next((language for language, home in self.homes.items() if home == id), "")


class _Keeper:
    """Holds the picture of this process and looks once a second whether it is old."""

    def __init__(self) -> None:
        self._library: Library | None = None
        self._looked = 0.0
        self._making = threading.Lock()

    def current(self) -> Library:
        library = self._library
        # A tick of this process: what is measured is how long ago it looked, not the time of day.
        if library is not None and time.monotonic() - self._looked < LOOK_EVERY:
            return library
        if not self._making.acquire(blocking=library is None):
            return library  # type: ignore[return-value]  # somebody makes the new one: the old one will do
        try:
            now = time.monotonic()
            try:
                version = _version()
            except AWAY:
                if library is None:
                    raise
                log.warning("what is published cannot be looked up; what is known is shown")
                self._looked = now
                return library
            if self._library is None or version != self._library.version:
                self._library = _load(version)
            self._looked = now
            return self._library
        finally:
            self._making.release()

    def forget(self) -> None:
        self._library = None


_keeper = _Keeper()


def current() -> Library:
    """Return what is published, at most `LOOK_EVERY` seconds old."""
    return _keeper.current()


def forget() -> None:
    """Drop the picture: for tests, whose transactions are rolled back."""
    _keeper.forget()


def _version() -> str:
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        row = cursor.fetchone()
    # Of another database (a test's clone) the same numbers mean other pages.
    return "|".join(str(part) for part in (connection.settings_dict["NAME"], *row))


def _load(version: str) -> Library:
    languages = dict(Locale.objects.values_list("id", "language_code"))
    homes, intros = {}, {}
    by_path: dict[str, int] = {}
    for id, path, locale, intro in HelpHome.objects.values_list("id", "path", "locale_id", "intro").filter(live=True):
        homes[languages[locale]] = id
        intros[languages[locale]] = intro
        by_path[path] = id
    figures = _figures(languages.values())
    related: dict[int, list[str]] = {}
    for article, key in Related.objects.order_by("sort_order").values_list("article_id", "other__translation_key"):
        related.setdefault(article, []).append(str(key))
    rows = sorted([*_sections(), *_articles()], key=lambda row: row["path"])
    nodes: dict[int, Node] = {}
    below: dict[int, list[int]] = {}
    for row in rows:
        above = [by_path.get(row["path"][:length]) for length in range(8, len(row["path"]), 4)]
        if None in above:
            continue  # below a section that is not published
        node = _node(row, languages[row["locale_id"]], tuple(id for id in above[1:] if id), related)
        by_path[row["path"]] = node.id
        nodes[node.id] = node
        below.setdefault(above[-1] or 0, []).append(node.id)
    translations: dict[str, dict[str, int]] = {}
    for node in nodes.values():
        translations.setdefault(node.key, {})[node.language] = node.id
    return Library(
        version=version,
        nodes=nodes,
        order=tuple(nodes),
        homes=homes,
        intros=intros,
        figures=figures,
        synonyms=_synonyms(),
        _paths={(node.language, node.path): node.id for node in nodes.values()},
        _translations=translations,
        _below={parent: tuple(ids) for parent, ids in below.items()},
    )


_PAGE: Final = (
    "id", "path", "url_path", "title", "translation_key", "locale_id", "live_revision_id", "first_published_at",
    "last_published_at", "seo_title", "search_description", "summary",
)  # fmt: skip


def _sections() -> Iterable[Mapping[str, Any]]:
    return cast(Iterable[Mapping[str, Any]], Section.objects.filter(live=True).values(*_PAGE, "icon", "news"))


def _articles() -> Iterable[Mapping[str, Any]]:
    # Of guide and videos only whether there are any: a stream field's empty value is "[]".
    rows = (
        Article.objects.filter(live=True)
        .extra(select={"has_guide": "guide::text <> '[]'", "has_video": "videos::text <> '[]'"})
        .values(*_PAGE, "search_words", "request_type", "updated_on", "tells_followers", "has_guide", "has_video")
    )
    return cast(Iterable[Mapping[str, Any]], rows)


def _node(of: Mapping[str, Any], language: str, above: tuple[int, ...], related: Mapping[int, list[str]]) -> Node:
    article = "updated_on" in of
    published = of["last_published_at"] or of["first_published_at"] or datetime.fromtimestamp(0, UTC)
    return Node(
        id=of["id"],
        key=str(of["translation_key"]),
        language=language,
        path="/".join(of["url_path"].strip("/").split("/")[1:]),
        title=of["title"],
        summary=of["summary"],
        above=above,
        revision=of["live_revision_id"] or 0,
        published_at=of["first_published_at"] or published,
        changed_at=published,
        updated_on=of.get("updated_on") or published.date(),
        tells=of.get("tells_followers") is not False,
        icon=of.get("icon", ""),
        news=of.get("news", False),
        article=article,
        search_words=tuple(word.strip() for word in of.get("search_words", "").splitlines() if word.strip()),
        request_type=of.get("request_type", ""),
        forms=("text", *(["guide"] if of.get("has_guide") else []), *(["video"] if of.get("has_video") else [])),
        related=tuple(related.get(of["id"], ())),
        seo_title=of["seo_title"],
        description=of["search_description"],
    )


def _figures(languages: Iterable[str]) -> dict[str, dict[str, str]]:
    rows = list(Figure.objects.values_list("key", "value", "value_zh"))
    name = {"exchange": settings.EXCHANGE_NAME}
    return {
        language: {key: (zh if language.startswith("zh") else "") or value for key, value, zh in rows} | name
        for language in languages
    }


def _synonyms() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(group.listed()) for group in SynonymGroup.objects.all())
