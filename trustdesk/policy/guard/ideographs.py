"""Chinese seed phrases written without spaces, where every sentence is made of list characters too.

Both Chinese lists hold the 2,048 commonest characters, commonest first. In prose a character's frequency falls with
its rank; in a phrase every rank is as likely. The log of that ratio, summed over the characters, tells one from the
other: 0 means "could be either", and the checksum removes 15 of 16 of what is left. How much is asked depends on where
it stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import accumulate

from trustdesk.policy.guard.finding import Finding
from trustdesk.policy.guard.phrases import Cues
from trustdesk.policy.guard.wordlists import IDEOGRAPHIC, SIZES, ideographs, packed_checksum_holds

# Zipf's law with Mandelbrot's offset; fits Chinese Wikipedia to a few per cent per bucket.
_OFFSET = 40
_SCALE = sum(1 / (rank + _OFFSET) for rank in range(2048)) / 2048
# What people say to support far more often than an encyclopaedia does.
_SAID_OFTEN = frozenset("我你您他的了是不吗呢吧啊在有请怎么什为这那就都还没到会能要给帮个嗎請麼為這還沒會給幫個說说")
_SAID_PENALTY = 1.5

# Score asked for, by how much else speaks for a phrase.
_ALONE = -2.5  # fills a line, quotes or brackets
_BETWEEN_STOPS = 4.0  # fills what stands between two commas or full stops
_NAMED_AT_EDGE = 0.0  # wording beside, and begins or ends where a phrase would
_NAMED = 3.0  # wording beside, somewhere in a sentence
_HIDDEN = 9.0  # nothing beside: prose scores this once in a million windows
_ALONE_BROKEN = 4.0  # wording beside, alone, but the checksum fails: one character mistyped
_EASIER = 0.4  # less is asked for each character beyond twelve: prose falls further behind, the checksum says more
_LONGEST_PROSE, _NEVER_PROSE = 40, 0.3  # as many characters without a stop, with as high a mean score, are no prose
_CUE_BEFORE, _CUE_AFTER = 40, 20

_ALL = "".join(sorted({character for language in IDEOGRAPHIC for character in ideographs(language)}))
_RARE = "".join(sorted({character for language in IDEOGRAPHIC for character in ideographs(language)[800:]}))
_COMMON = "".join(sorted(set(_ALL) - set(_RARE)))
_RUN = re.compile(f"[{_ALL}](?:[\\s,，、]{{0,3}}[{_ALL}]){{11,}}")
# Cheap doors, read before anything is counted: five rare characters close together, or a line or quotation that holds
# nothing but 12 to 24 characters.
_DENSE = re.compile(f"[{_RARE}](?:[{_COMMON}]{{0,2}}[{_RARE}]){{4}}")
_SOLE = re.compile(
    f"(?:\\A|[\\n\"“「『:：(（\\[=`'])[ \\t]{{0,4}}[{_ALL}](?:[ \\t,，、]{{0,3}}[{_ALL}]){{11,23}}[ \\t。.]{{0,4}}"
    "(?:\\Z|[\\n\"”」』)）\\]`'])"
)
_OPENS = frozenset("\n\"“「『:：(（[=`'")
_CLOSES = frozenset("\n\"”」』)）]`'")
_STOP = re.compile("[,，、]")
_SOFT = frozenset("，。,.;；!！?？、是为為")


def _weights(language: int) -> dict[str, float]:
    return {
        character: math.log(_SCALE * (rank + _OFFSET)) - (_SAID_PENALTY if character in _SAID_OFTEN else 0)
        for rank, character in enumerate(ideographs(language))
    }


_WEIGHTS = {language: _weights(language) for language in IDEOGRAPHIC}
_RANKS = {
    language: {character: rank for rank, character in enumerate(ideographs(language))} for language in IDEOGRAPHIC
}


def possible(text: str) -> bool:
    """Say, cheaply, whether a look is worth it though no wording speaks of a phrase."""
    return _DENSE.search(text) is not None or _SOLE.search(text) is not None


def find(text: str, *, lower: str) -> Iterator[Finding]:
    """Find unspaced Chinese seed phrases in folded text (``lower``: the same in lower case). Linear time."""
    cues = Cues(lower)
    for run in _RUN.finditer(text):
        for language in IDEOGRAPHIC:
            yield from _read(text, run.start(), run.end(), language, cues)


def _read(text: str, run_start: int, run_end: int, language: int, cues: Cues) -> Iterator[Finding]:
    """Read one run with one list, in pieces where a character belongs to the other list alone."""
    ranks, weights = _RANKS[language], _WEIGHTS[language]
    piece: list[int] = []
    for place in range(run_start, run_end + 1):
        character = text[place] if place < run_end else "\n"
        if character in ranks:
            piece.append(place)
        elif not (character.isspace() or character in ",，、") or place == run_end:
            if len(piece) >= 12:
                values = [ranks[text[at]] for at in piece]
                scores = [0.0, *accumulate(weights[text[at]] for at in piece)]
                yield from _slide(text, piece, values, scores, cues)
            piece = []


def _slide(text: str, places: list[int], values: list[int], scores: list[float], cues: Cues) -> Iterator[Finding]:
    count = len(values)
    if count > _LONGEST_PROSE and scores[-1] >= count * _NEVER_PROSE:
        yield Finding(kind="seed_phrase", start=places[0], end=places[-1] + 1)
        return
    for size in SIZES:
        packed, mask = 0, (1 << 11 * size) - 1
        ease = (size - 12) * _EASIER
        for last, value in enumerate(values):
            packed = (packed << 11 | value) & mask
            first = last + 1 - size
            if first < 0:
                continue
            score = scores[last + 1] - scores[first] + ease
            if score < _ALONE:
                continue
            start, end = places[first], places[last] + 1
            if packed_checksum_holds(packed, size=size):
                accepted = score >= _needed(text, start, end, cues)
            else:
                accepted = score >= _ALONE_BROKEN and _alone(text, start, end) and _named(cues, start, end)
            if accepted:
                yield Finding(kind="seed_phrase", start=start, end=end)


def _needed(text: str, start: int, end: int, cues: Cues) -> float:
    """Say what score, with a good checksum, is enough for a phrase in this place."""
    if _alone(text, start, end):
        return _ALONE
    edges = _edges(text, start, end)
    if _named(cues, start, end):
        return _NAMED_AT_EDGE if edges else _NAMED
    if _STOP.search(text, start, end):
        return math.inf  # lists of names with commas are prose of rare characters
    return _BETWEEN_STOPS if edges == 2 else _HIDDEN


def _named(cues: Cues, start: int, end: int) -> bool:
    return cues.near(start, end, before=_CUE_BEFORE, after=_CUE_AFTER)


def _alone(text: str, start: int, end: int) -> bool:
    if start and text[start - 1] not in _OPENS and text[start - 1] not in " \t":
        return False  # the usual answer, cheaply
    before, after = text[max(0, start - 6) : start].rstrip(" \t"), text[end : end + 6].lstrip(" \t。.")
    return (before[-1:] in _OPENS or start == 0) and (not after or after[0] in _CLOSES)


def _edges(text: str, start: int, end: int) -> int:
    """Count the ends of a span at which a sentence would end too, or at which it says "is:"."""
    before, after = text[max(0, start - 6) : start].rstrip(" \t"), text[end : end + 6].lstrip(" \t")
    opened = not before or before[-1] in _OPENS or before[-1] in _SOFT
    closed = not after or after[0] in _CLOSES or after[0] in _SOFT
    return opened + closed
