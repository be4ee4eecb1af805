"""The part of an article that answers, with the words that were asked for marked. Pieces of text, never HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trustdesk.knowledge import analysis

_WIDTH = 180  # Latin letters, or half as many ideographs
_LEAD = 4  # of so many parts of the width, one may come before the first mark, to begin with a sentence or a word
_MOST_PLACES = 6  # of one term in one text; more of the same tells nothing
_SENTENCE_END = re.compile(r"[.!?]\s+|[。！？；\n]\s*")
_ONLY_JOINTS = re.compile(r"[-_./:@#+&',]{1,2}| ")
_AT_DIGITS = re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")
_CODE_JOINTS = "-_"
_AGAIN = 0.1  # what seeing a term once more in an excerpt is worth

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the original text. ``marked`` where it is what was asked for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A text with what a search in it needs again and again: folded, and where each folded character stands in it,
    None where the places are the same."""

    text: str
    folded: str
    origin: Sequence[int] | None
    width: int


@dataclass(frozen=True, slots=True)
class Sought:
    """A term to mark and how much seeing it is worth. ``beginnings`` are what words with this term begin with."""

    term: str
    beginnings: tuple[str, ...]
    weight: float
    unspaced: bool


def passage(text: str) -> Passage:
    """Return a text made ready to be excerpted."""
    width = _WIDTH // 2 if sum(map(analysis.unspaced, text[:60])) > 20 else _WIDTH
    return Passage(text=text, folded=analysis.fold(text), origin=analysis.folded_from(text), width=width)


def sought(*, term: str, weight: float) -> Sought:
    """Return what to look for in a folded text in order to mark a term."""
    unspaced = analysis.unspaced(term[0])
    if unspaced or term.isalpha():
        # A stem may end otherwise than its words (verify, verifi).
        beginnings: tuple[str, ...] = (term[:-1] if len(term) > 3 and term.isascii() else term,)
    else:
        beginnings = (term, *(_AT_DIGITS.sub(joint, term) for joint in _CODE_JOINTS))  # W-1012 is the term w1012
    return Sought(term=term, beginnings=tuple(dict.fromkeys(beginnings)), weight=weight, unspaced=unspaced)


def marked(passage: Passage, wanted: Sequence[Sought]) -> tuple[Piece, ...]:
    """Return a whole text in pieces, what was asked for marked."""
    spans = _joined([span for span, _ in _found(passage, wanted)], passage.text)
    return _cut(passage.text, 0, len(passage.text), spans)


def excerpt(passage: Passage, wanted: Sequence[Sought]) -> tuple[Piece, ...]:
    """Return the stretch of a text that holds most of what was asked for, in pieces; its beginning where none does."""
    found, text, width = _found(passage, wanted), passage.text, passage.width
    start = _start(text, _best(found, width), width) if found else 0
    spans = _joined([span for span, _ in found if start - width < span[0] < start + width], text)
    return _cut(text, start, _end(text, start, width, spans), spans)


def _found(passage: Passage, wanted: Sequence[Sought]) -> list[tuple[Span, Sought]]:
    found = [(span, one) for one in wanted for span in _places(passage.folded, one)]
    if (origin := passage.origin) is not None:
        found = [((origin[start], origin[end - 1] + 1), one) for (start, end), one in found]
    return sorted(found, key=lambda pair: pair[0])


def _places(folded: str, one: Sought) -> list[Span]:
    """Return where a term stands in a folded text; looked for by plain find, a hundred times faster than analysing."""
    spans: list[Span] = []
    for beginning in one.beginnings:
        at = folded.find(beginning)
        while at >= 0 and len(spans) < _MOST_PLACES:
            after = at + len(beginning)
            if one.unspaced:
                spans.append((at, after))
                after = at + 1
            elif not (at and folded[at - 1].isalnum() and analysis.WORD.match(folded, at - 1)):
                if more := analysis.WORD.match(folded, after):
                    after = more.end()
                word = folded[at:after]
                if analysis.stem(word) == one.term or (len(one.beginnings) > 1 and word in one.beginnings):
                    spans.append((at, after))
            at = folded.find(beginning, after)
    return spans


def _joined(spans: list[Span], text: str) -> list[Span]:
    """Return spans with those made one that overlap, or have nothing between them but what joins a word."""
    joined: list[Span] = []
    for start, end in spans:
        last = joined[-1][1] if joined else -9
        if start <= last or (start - last <= 2 and _ONLY_JOINTS.fullmatch(text, last, start)):
            joined[-1] = (joined[-1][0], max(end, last))
        else:
            joined.append((start, end))
    return joined


def _best(found: list[tuple[Span, Sought]], width: int) -> int:
    """Return where the first of those marks stands that are worth most together and fit in one excerpt."""
    best, where = 0.0, 0
    for number, ((start, _), _one) in enumerate(found):
        worth = 0.0
        seen = set()
        for (_, end), one in found[number:]:
            if end - start > width * (_LEAD - 1) // _LEAD:
                break
            worth += one.weight * (_AGAIN if one.term in seen else 1)
            seen.add(one.term)
        if worth > best:
            best, where = worth, start
    return where


def _start(text: str, mark: int, width: int) -> int:
    earliest = max(0, mark - width // _LEAD)
    if not earliest:
        return 0
    ends = [match.end() for match in _SENTENCE_END.finditer(text, earliest, mark)]
    if ends:
        return ends[-1]
    space = text.find(" ", earliest, mark)
    return earliest if space < 0 else space + 1


def _end(text: str, start: int, width: int, spans: list[Span]) -> int:
    end = min(len(text), start + width)
    if end < len(text):
        space = text.rfind(" ", start + width * 3 // 4, end)
        end = end if space < 0 else space
    # A mark is never cut in two.
    return next((last for first, last in spans if first < end < last), end)


def _cut(text: str, start: int, end: int, spans: list[Span]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    at = start
    for first, last in spans:
        if first >= end:
            break
        if last <= at:
            continue
        if first > at:
            found.append(Piece(text=text[at:first], marked=False))
        first = max(first, at)
        found.append(Piece(text=text[first:last], marked=True))
        at = last
    if at < end:
        found.append(Piece(text=text[at:end], marked=False))
    return tuple(found)
