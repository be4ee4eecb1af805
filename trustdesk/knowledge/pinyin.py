"""Chinese typed by its sound: tixian, or tx, for 提现.

The words of titles and search words are kept by how they sound as terms of the index itself, so that a changed article
costs what it changed. A word here is any two to four characters in a row; those that are none hardly share their sound
with one that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from heapq import nlargest

from pypinyin import Style, lazy_pinyin

_HAN = re.compile("[\u4e00-\u9fff]{2,}")
_LONGEST_WORD = 4  # characters; what is longer is found by its first ones
_SHORTEST_PART = 4  # letters of a word within a longer spelling
_LONGEST_SPELLING = 40
_MOST_LOOKED_AT = 50  # words, in alphabetical order of their sound
_SOUNDS_LIKE = "|"

# Returns up to so many terms that begin so, each with the number of articles that hold it.
Lookup = Callable[[str, int], list[tuple[str, int]]]


def terms(folded: str) -> Iterator[str]:
    """Yield the words of a folded title by how they sound, in full and by initials: tixian|提现, tx|提现."""
    for run in _HAN.findall(folded):
        yield from _terms(run)


@lru_cache(maxsize=5_000)
def _terms(run: str) -> tuple[str, ...]:
    syllables = lazy_pinyin(run, style=Style.NORMAL)  # of the whole run: how 行 sounds depends on its neighbours
    if len(syllables) != len(run) or not all(syllable.isascii() and syllable.isalpha() for syllable in syllables):
        return ()
    spans = [(at, at + size) for size in range(2, _LONGEST_WORD + 1) for at in range(len(run) - size + 1)]
    return tuple(
        f"{spelling}{_SOUNDS_LIKE}{run[start:end]}"
        for start, end in spans
        for spelling in ("".join(syllables[start:end]), "".join(one[0] for one in syllables[start:end]))
    )


def words(letters: str, *, lookup: Lookup, most: int, begun: bool = False) -> list[str]:
    """Return the most usual words that sound so, or, where ``begun``, whose sound begins so; else those of its parts."""
    if not letters or len(letters) > _LONGEST_SPELLING:
        return []
    found = lookup(letters + _SOUNDS_LIKE, _MOST_LOOKED_AT) or (lookup(letters, _MOST_LOOKED_AT) if begun else [])
    if found:
        usual = {term.partition(_SOUNDS_LIKE)[2]: count for term, count in found}
        return nlargest(most, usual, key=lambda word: (usual[word], -len(word), word))
    for at in range(len(letters) - 1, _SHORTEST_PART - 1, -1):
        if lookup(letters[:at] + _SOUNDS_LIKE, 1):
            rest = words(letters[at:], lookup=lookup, most=most, begun=begun)
            return [*words(letters[:at], lookup=lookup, most=most), *rest] if rest else []
    return []
