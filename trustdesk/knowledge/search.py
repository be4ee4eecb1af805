"""Finding articles: one index per process, kept in step with what is published.

The index is in memory and made from the database, so there is none that could be lost or too old: whoever searches
looks (at most once a second) whether something was published, puts in what changed, and answers from the old state
meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from trustdesk.knowledge import library, rendering
from trustdesk.knowledge.index import Document, Index
from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.models import Article
from trustdesk.knowledge.snippets import Piece

LONGEST: Final = 200  # characters of a question that are looked at
_AT_ONCE: Final = 500  # articles read from the database in one piece

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """One article found. `title`, `snippet`: pieces of text, each with whether it is to be marked."""

    node: Node
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; `corrected`: what was searched for instead, where a word was misspelt."""

    results: tuple[Result, ...]
    total: int
    corrected: str = ""


class _Keeper:
    """Keeps this process's index in step with `library.current()`."""

    def __init__(self) -> None:
        self._index = Index()
        self._known: dict[int, int] = {}  # article → revision that is in the index
        self._version = ""
        self._surroundings: object = None  # figures and synonyms
        self._working = threading.Lock()

    def index(self, shelf: Library) -> Index:
        if shelf.version != self._version and self._working.acquire(blocking=not self._version):
            try:
                if shelf.version != self._version:
                    self._follow(shelf)
            finally:
                self._working.release()
        return self._index

    def _follow(self, shelf: Library) -> None:
        wanted = {node.id: node.revision for node in shelf.nodes.values() if node.article}
        surroundings = (shelf.figures, shelf.synonyms)
        changed = [id for id, revision in wanted.items() if self._known.get(id) != revision]
        gone = [id for id in self._known if id not in wanted]
        if surroundings != self._surroundings or len(changed) + len(gone) > max(50, len(wanted) // 4):
            self._index.replace(_documents(shelf, list(wanted)), synonyms=shelf.synonyms)
        elif changed or gone:
            self._index.update(put=_documents(shelf, changed), remove=gone)
        self._known, self._surroundings, self._version = wanted, surroundings, shelf.version
        if changed or gone:
            log.info("index: %s articles put, %s removed, %s in all", len(changed), len(gone), len(wanted))


_keeper = _Keeper()


def find(
    text: str,
    *,
    language: str,
    everywhere: bool = False,
    limit: int = 10,
    offset: int = 0,
    as_typed: bool = False,
) -> Found:
    """Return the articles that answer a question, best first.

    Of an article in several languages the reader's is shown; `everywhere` also finds what exists, or matches, in another
    language alone. `as_typed`: the last word is not finished.
    """
    shelf = library.current()
    index = _keeper.index(shelf)
    if not text.strip():
        return Found((), 0)

    def article(id: int) -> tuple[object, bool]:
        node = shelf.nodes.get(id)
        return (node.key, node.language == language) if node else (id, False)

    hits = index.search(
        text[:LONGEST], languages=() if everywhere else (language,), limit=limit, offset=offset, as_typed=as_typed,
        joined=article if everywhere else None,
    )  # fmt: skip
    results: list[Result] = []
    for hit in hits.hits:
        node = shelf.nodes.get(hit.key)
        if node is None:
            continue  # taken back a moment ago
        shown = shelf.by_key(node.key, language) or node
        title = hit.title if shown is node else (Piece(shelf.fill(shown.title, language), False),)
        results.append(Result(shown, title, hit.snippet, hit.score))
    return Found(tuple(results), hits.total, hits.corrected or "")


def warm() -> None:
    """Build the index now."""
    _keeper.index(library.current())


def warm_aside() -> None:
    """Build the index in a thread of its own, so that the first reader after a start does not wait for it."""
    threading.Thread(target=_warm_aside, name="search index", daemon=True).start()


def _warm_aside() -> None:
    try:
        warm()
    except library.AWAY as error:
        log.warning("the search index is made at the first question: %s", type(error).__name__)
    finally:
        connection.close()


def forget() -> None:
    """Begin anew: for tests, whose databases come and go."""
    global _keeper
    _keeper = _Keeper()
    library.forget()


def _documents(shelf: Library, ids: Sequence[int]) -> Iterator[Document]:
    for start in range(0, len(ids), _AT_ONCE):
        yield from _read(shelf, ids[start : start + _AT_ONCE])


def _read(shelf: Library, ids: Sequence[int]) -> Iterable[Document]:
    for article in Article.objects.filter(pk__in=ids).only("body", "guide", "videos"):
        node = shelf.nodes[article.pk]
        headings, body = rendering.plain(article)
        yield Document(
            key=node.id,
            language=node.language,
            title=shelf.fill(node.title, node.language),
            headings=tuple(shelf.fill(heading, node.language) for heading in headings),
            body=shelf.fill(f"{node.summary}\n{body}", node.language),
            words=node.search_words,
        )
