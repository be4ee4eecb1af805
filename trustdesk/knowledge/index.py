"""The articles of the help center in memory, to be searched: BM25 by tantivy over terms that `analysis` makes.

tantivy takes no tokenizer written in Python, so it gets white-space fields, and of a question only terms: nothing a
reader types is ever read as its query language.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tantivy

from trustdesk.knowledge import analysis, snippets
from trustdesk.knowledge.pinyin import Sounds
from trustdesk.knowledge.question import Asked, Question, Reader
from trustdesk.knowledge.snippets import Piece
from trustdesk.knowledge.spelling import Vocabulary
from trustdesk.knowledge.synonyms import Synonyms

# How often a part counts as written in the text: one field with weights within it ranks better than a sum over fields
# (Robertson, Zaragoza and Taylor 2004), and costs one look-up a term instead of four.
_IN_TITLE, _IN_HEADINGS, _IN_WORDS = 2, 2, 2
_TITLE = 0.6  # weight of a term in the short field of title and search words, on top
_SINGLE = 0.5  # weight of a lone character
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
class _Generation:
    """What a search needs, all of one moment."""

    documents: Mapping[int, Document]
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
        return len(self._now.documents)

    def replace(self, documents: Iterable[Document], *, synonyms: Iterable[Sequence[str]] = ()) -> None:
        """Hold these articles and groups of synonyms instead; searches are answered from the old ones until all is built."""
        with self._changing:
            held = {document.key: document for document in documents}
            index = tantivy.Index(_schema())
            _write(index, put=held.values(), remove=())
            self._now = _generation(index, held, Synonyms(synonyms))

    def update(self, *, put: Iterable[Document] = (), remove: Iterable[int] = ()) -> None:
        """Hold these articles, in place of what was held under their keys, and forget those removed."""
        with self._changing:
            given = {document.key: document for document in put}
            gone = set(remove) - given.keys()
            held = {key: document for key, document in self._now.documents.items() if key not in gone} | given
            _write(self._now.index, put=given.values(), remove=gone)
            self._now = _generation(self._now.index, held, self._now.reader.synonyms)

    def search(
        self,
        text: str,
        *,
        languages: Sequence[str] = (),
        limit: int = 10,
        offset: int = 0,
        as_typed: bool = False,
    ) -> Hits:
        """Return a page of the articles that answer a question, in the given languages or in all.

        ``as_typed`` takes the last word for the beginning of one. What is found by nothing else is looked for by its
        sound in Chinese. Any text may be asked; none raises.
        """
        now = self._now
        page = _Page(languages=tuple(languages), limit=max(1, limit), offset=max(0, offset))
        question = now.reader.read(text, as_typed=as_typed)
        found = _look_up(now, question, page)
        if not found.total:
            heard = now.reader.sounding(text, as_typed=as_typed)
            found = _look_up(now, heard, page)
        return found


@dataclass(frozen=True, slots=True)
class _Page:
    languages: tuple[str, ...]
    limit: int
    offset: int


def _schema() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("key", indexed=True, fast=True)
    schema.add_text_field("language", tokenizer_name="raw", index_option="basic")
    schema.add_text_field("text", tokenizer_name="whitespace", index_option="position")
    schema.add_text_field("title", tokenizer_name="whitespace", index_option="freq")
    schema.add_text_field("singles", tokenizer_name="whitespace", index_option="freq")
    schema.add_text_field("written", tokenizer_name="whitespace", index_option="basic")
    return schema.build()


def _write(index: tantivy.Index, *, put: Iterable[Document], remove: Iterable[int]) -> None:
    writer = index.writer(heap_size=_WRITER_MEMORY, num_threads=1)
    for key in remove:
        writer.delete_documents_by_term("key", key)
    for document in put:
        writer.delete_documents_by_term("key", document.key)
        writer.add_document(_fields(document))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()


def _fields(document: Document) -> tantivy.Document:
    title = analysis.fold(document.title)
    headings = analysis.fold("\n".join(document.headings))
    words = analysis.fold("\n".join(document.words))
    body = analysis.fold(document.body)
    named, sought = analysis.terms(title), analysis.terms(words)
    text = named * _IN_TITLE + analysis.terms(headings) * _IN_HEADINGS + sought * _IN_WORDS + analysis.terms(body)
    pieces = list(analysis.pieces("\n".join((title, headings, words, body))))
    return tantivy.Document(
        key=document.key,
        language=document.language,
        text=" ".join(text),
        title=" ".join([*named, *sought]),
        singles=" ".join(char for piece, run, _ in pieces if run for char in piece),
        written=" ".join({piece for piece, run, _ in pieces if not run}),
    )


def _generation(index: tantivy.Index, documents: Mapping[int, Document], synonyms: Synonyms) -> _Generation:
    searcher = index.searcher()
    named = (text for document in documents.values() for text in (document.title, *document.words))
    reader = Reader(
        vocabulary=Vocabulary(dict(searcher.terms_with_prefix("written", ""))),
        synonyms=synonyms,
        sounds=Sounds(analysis.fold(text) for text in named),
        articles_with=lambda term: searcher.doc_freq("text", term),
    )
    return _Generation(documents=documents, index=index, searcher=searcher, reader=reader)


def _look_up(now: _Generation, question: Question, page: _Page) -> Hits:
    if not question.asked or page.offset >= len(now.documents):
        return Hits(hits=(), total=0)
    result: Any = now.searcher.search(  # its stub forgets the count
        _query(now, question, page), limit=page.limit, offset=page.offset
    )
    keys = now.searcher.fast_field_values("key", [address for _, address in result.hits])
    wanted = [snippets.sought(term=term, weight=one.weight) for one in question.asked for term in one.terms]
    hits = [
        _hit(now.documents[int(key or 0)], score, wanted) for (score, _), key in zip(result.hits, keys, strict=True)
    ]
    return Hits(hits=tuple(hits), total=result.count or 0, corrected=question.corrected)


def _query(now: _Generation, question: Question, page: _Page) -> tantivy.Query:
    schema = now.index.schema
    any_of = tantivy.Query.boolean_query(
        [(tantivy.Occur.Should, query) for one in question.asked for query in _asked(schema, one)]
    )
    if not page.languages:
        return any_of
    spoken = tantivy.Query.term_set_query(schema, "language", list(page.languages))
    return tantivy.Query.boolean_query(
        [(tantivy.Occur.Must, any_of), (tantivy.Occur.Must, tantivy.Query.const_score_query(spoken, 0.0))]
    )


def _asked(schema: tantivy.Schema, one: Asked) -> list[tantivy.Query]:
    if len(one.terms) > 1:
        return [_weighted(tantivy.Query.phrase_query(schema, "text", list(one.terms)), one.weight)]
    term = one.terms[0]
    if one.single:
        return [_weighted(tantivy.Query.term_query(schema, "singles", term, "freq"), one.weight * _SINGLE)]
    return [
        _weighted(tantivy.Query.term_query(schema, "text", term, "freq"), one.weight),
        _weighted(tantivy.Query.term_query(schema, "title", term, "freq"), one.weight * _TITLE),
    ]


def _weighted(query: tantivy.Query, weight: float) -> tantivy.Query:
    return query if weight == 1 else tantivy.Query.boost_query(query, weight)


def _hit(document: Document, score: float, wanted: Sequence[snippets.Sought]) -> Hit:
    return Hit(
        key=document.key,
        score=score,
        title=snippets.marked(document.title, wanted),
        snippet=snippets.excerpt(document.body, wanted),
    )
