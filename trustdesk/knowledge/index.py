"""The articles of the help center in memory, to be searched: BM25 by tantivy over terms that `analysis` makes.

tantivy takes no tokenizer written in Python, so it gets white-space fields, and of a question only terms: nothing a
reader types is ever read as its query language.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tantivy

from trustdesk.knowledge import analysis, pinyin, snippets
from trustdesk.knowledge.question import Asked, Question, Reader
from trustdesk.knowledge.snippets import Passage, Piece
from trustdesk.knowledge.spelling import Vocabulary
from trustdesk.knowledge.synonyms import Synonyms

# How often a part counts as written in the text: one field with weights within it ranks better than a sum over fields
# (Robertson, Zaragoza and Taylor 2004), and costs one look-up a term instead of four.
_IN_NAMES, _IN_HEADINGS = 2, 2  # names: title and search words
_TITLE = 0.6  # weight of a term in the short field of title and search words, on top
_MOST_JOINED = 2_000  # hits among which translations of one article are found together
_WRITER_MEMORY = 60_000_000  # bytes, the most tantivy holds before it writes a segment


@dataclass(frozen=True, slots=True)
class Document:
    """An article in one language, as plain text. ``words`` are the words editors want it found by."""

    key: int
    language: str
    title: str
    headings: tuple[str, ...]
    body: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A found article. The pieces of ``title`` joined are the whole title, those of ``snippet`` a part of the body."""

    key: int
    score: float
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of what was found, the best first. ``total`` counts all pages. ``corrected`` is the question as it was
    probably meant, None where it was taken as written."""

    hits: tuple[Hit, ...]
    total: int
    corrected: str | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    """What is kept of an article to show it."""

    title: Passage
    body: Passage


@dataclass(frozen=True, slots=True)
class _Generation:
    """What a search needs, all of one moment."""

    held: Mapping[int, _Held]
    index: tantivy.Index
    searcher: tantivy.Searcher
    reader: Reader


class Index:
    """Articles that can be searched, by any number of threads, while one at a time changes them."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._now = _generation(tantivy.Index(_schema()), {}, Synonyms(()))

    @property
    def size(self) -> int:
        """The number of articles held."""
        return len(self._now.held)

    def replace(self, documents: Iterable[Document], *, synonyms: Iterable[Sequence[str]] = ()) -> None:
        """Hold these articles and groups of synonyms instead; searches are answered from the old ones until all is built."""
        with self._changing:
            index = tantivy.Index(_schema())
            held = _write(index, put={document.key: document for document in documents}, remove=())
            self._now = _generation(index, held, Synonyms(synonyms))

    def update(
        self,
        *,
        put: Iterable[Document] = (),
        remove: Iterable[int] = (),
        synonyms: Iterable[Sequence[str]] | None = None,
    ) -> None:
        """Hold these articles, in place of what was held under their keys, and forget those removed.

        Given ``synonyms`` are held instead of all groups there were. For few articles; `replace` is faster for many.
        """
        with self._changing:
            given = {document.key: document for document in put}
            gone = set(remove) - given.keys()
            changed = _write(self._now.index, put=given, remove=gone) if given or gone else {}
            held = {key: one for key, one in self._now.held.items() if key not in gone} | changed
            groups = self._now.reader.synonyms if synonyms is None else Synonyms(synonyms)
            self._now = _generation(self._now.index, held, groups)

    def search(
        self,
        text: str,
        *,
        languages: Sequence[str] = (),
        limit: int = 10,
        offset: int = 0,
        as_typed: bool = False,
        joined: Callable[[int], tuple[object, bool]] | None = None,
    ) -> Hits:
        """Return a page of the articles that answer a question, in the given languages or in all.

        ``joined`` says of a key which article it is of and whether it is the reader's translation: then each article is
        found once, as its best translation ranks, and as the reader's where that was found too.

        ``as_typed`` takes the last word for the beginning of one. What is found by nothing else is looked for by its
        sound in Chinese. Any text may be asked; none raises.
        """
        now = self._now
        page = _Page(languages=tuple(languages), limit=max(1, limit), offset=max(0, offset), joined=joined)
        question = now.reader.read(text, as_typed=as_typed)
        found = _look_up(now, question, page)
        if not found.total:
            lone = Question(asked=tuple(one for one in question.helping if one.single))
            found = _look_up(now, lone, page)
        if not found.total:
            found = _look_up(now, now.reader.sounding(text, as_typed=as_typed), page)
        return found


@dataclass(frozen=True, slots=True)
class _Page:
    languages: tuple[str, ...]
    limit: int
    offset: int
    joined: Callable[[int], tuple[object, bool]] | None = None


def _schema() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("key", indexed=True, fast=True)
    schema.add_text_field("language", tokenizer_name="raw", index_option="basic")
    schema.add_text_field("text", tokenizer_name="whitespace", index_option="position")
    schema.add_text_field("title", tokenizer_name="whitespace", index_option="freq")
    schema.add_text_field("singles", tokenizer_name="whitespace", index_option="freq")
    schema.add_text_field("sounds", tokenizer_name="whitespace", index_option="basic")
    schema.add_text_field("written", tokenizer_name="whitespace", index_option="basic")
    return schema.build()


def _write(index: tantivy.Index, *, put: Mapping[int, Document], remove: Iterable[int]) -> dict[int, _Held]:
    held = {}
    writer = index.writer(heap_size=_WRITER_MEMORY, num_threads=1)
    try:
        for key in (*remove, *put):
            writer.delete_documents_by_term("key", key)
        for key, document in put.items():
            held[key] = _Held(title=snippets.passage(document.title), body=snippets.passage(document.body))
            writer.add_document(_fields(document, held[key]))
        writer.commit()
    finally:
        writer.wait_merging_threads()  # gives up its lock, after a failure too
    index.reload()
    return held


def _fields(document: Document, held: _Held) -> tantivy.Document:
    title, body = analysis.words_and_runs(held.title.folded), analysis.words_and_runs(held.body.folded)
    headings = analysis.words_and_runs(analysis.fold("\n".join(document.headings)))
    sought = analysis.fold("\n".join(document.words))
    words = analysis.words_and_runs(sought)
    named = analysis.pieces_terms(title + words)
    everything = [*title, *headings, *words, *body]
    return tantivy.Document(
        key=document.key,
        language=document.language,
        text=" ".join(named * _IN_NAMES + analysis.pieces_terms(headings * _IN_HEADINGS + body)),
        title=" ".join(named),
        singles=" ".join("".join(run for run, _ in everything)),
        written=" ".join({word for _, word in everything}),
        sounds=" ".join({*pinyin.terms(held.title.folded), *pinyin.terms(sought)}),
    )


def _generation(index: tantivy.Index, held: Mapping[int, _Held], synonyms: Synonyms) -> _Generation:
    searcher = index.searcher()
    reader = Reader(
        vocabulary=Vocabulary(dict(searcher.terms_with_prefix("written", ""))),
        synonyms=synonyms,
        sounds=lambda beginning, most: searcher.terms_with_prefix("sounds", beginning, limit=most),
        articles_with=lambda term: searcher.doc_freq("text", term),
    )
    return _Generation(held=held, index=index, searcher=searcher, reader=reader)


def _look_up(now: _Generation, question: Question, page: _Page) -> Hits:
    if not question.asked or not now.held:
        return Hits(hits=(), total=0)
    # More than there is would be memory set aside for nothing.
    limit, offset = min(page.limit, len(now.held)), min(page.offset, len(now.held))
    if page.joined:
        limit, offset = min(_MOST_JOINED, len(now.held)), 0
    # Its stub forgets the count.
    result: Any = now.searcher.search(_query(now, question, page), limit=limit, offset=offset)
    keys: list[Any] = now.searcher.fast_field_values("key", [address for _, address in result.hits])
    wanted = [
        snippets.sought(term=term, weight=one.weight) for one in question.asked if one.shown for term in one.terms
    ]
    found = [(score, int(key)) for (score, _), key in zip(result.hits, keys, strict=True)]
    total = result.count or 0
    if page.joined:
        each = _joined(found, page.joined)
        # Beyond those that were looked at, translations are taken to be as frequent.
        total = round(total * len(each) / len(found)) if found else 0
        found = each[page.offset : page.offset + page.limit]
    hits = [_hit(key, now.held[key], score, wanted) for score, key in found]
    return Hits(hits=tuple(hits), total=total, corrected=question.corrected)


def _joined(found: Sequence[tuple[float, int]], of: Callable[[int], tuple[object, bool]]) -> list[tuple[float, int]]:
    """Return each article once, in the order of the best of its translations."""
    each: dict[object, tuple[float, int]] = {}
    for score, key in found:
        article, own = of(key)
        if article not in each:
            each[article] = (score, key)
        elif own:
            each[article] = (each[article][0], key)
    return list(each.values())


def _query(now: _Generation, question: Question, page: _Page) -> tantivy.Query:
    schema = now.index.schema
    asked = [query for one in question.asked for query in (*_asked(schema, one), *_named(schema, one))]
    parts = [(tantivy.Occur.Must, _any_of(asked))]
    if question.helping:
        parts.append(
            (tantivy.Occur.Should, _any_of([query for one in question.helping for query in _asked(schema, one)]))
        )
    if page.languages:
        spoken = _any_of([_term(schema, "language", one) for one in page.languages])
        parts.append((tantivy.Occur.Must, _weighted(spoken, 0.0)))
    return tantivy.Query.boolean_query(parts)


def _any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _asked(schema: tantivy.Schema, one: Asked) -> Iterator[tantivy.Query]:
    if len(one.terms) > 1:
        yield _weighted(tantivy.Query.phrase_query(schema, "text", list(one.terms)), one.weight)
    else:
        yield _weighted(_term(schema, "singles" if one.single else "text", one.terms[0]), one.weight)


def _named(schema: tantivy.Schema, one: Asked) -> Iterator[tantivy.Query]:
    if len(one.terms) == 1 and not one.single:
        yield _weighted(_term(schema, "title", one.terms[0]), one.weight * _TITLE)


def _term(schema: tantivy.Schema, field: str, term: str) -> tantivy.Query:
    return tantivy.Query.term_query(schema, field, term, "freq")


def _weighted(query: tantivy.Query, weight: float) -> tantivy.Query:
    return query if weight == 1 else tantivy.Query.boost_query(query, weight)


def _hit(key: int, held: _Held, score: float, wanted: Sequence[snippets.Sought]) -> Hit:
    return Hit(
        key=key,
        score=score,
        title=snippets.marked(held.title, wanted),
        snippet=snippets.excerpt(held.body, wanted),
    )
