"""Chinese typed by its sound: tixian, or tx, for 提现."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from heapq import nlargest

from pypinyin import Style, lazy_pinyin

_HAN = re.compile("[\u4e00-\u9fff]{2,}")
_LONGEST_WORD = 4  # characters; what is longer is found by its first ones
_SHORTEST_PART = 4  # letters of a word within a longer spelling
_LONGEST_SPELLING = 40
_MOST_SPELLINGS = 50  # begun ones looked at, in alphabetical order


class Sounds:
    """The Chinese words of titles and search words by how they sound, in full and by initials. Not changed once made.

    A word here is any two to four characters in a row; those that are none hardly share their sound with one that is.
    """

    def __init__(self, folded_titles: Iterable[str]) -> None:
        runs = (run for title in folded_titles for run in _HAN.findall(title))
        counts = Counter(word for run in runs for word in _words(run))
        sounding: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for (written, syllables), count in counts.items():
            for spelling in ("".join(syllables), "".join(syllable[0] for syllable in syllables)):
                sounding[spelling].append((count, written))
        self._sounding = {spelling: tuple(found) for spelling, found in sounding.items()}
        self._ordered = sorted(self._sounding)

    def words(self, letters: str, *, most: int, begun: bool = False) -> list[str]:
        """Return the most usual words that sound so, or, where ``begun``, whose sound begins so; else of its parts."""
        if len(letters) > _LONGEST_SPELLING:
            return []
        found = self._sounding.get(letters) or (self._begun(letters) if begun else ())
        if found:
            return [word for _, word in nlargest(most, found, key=lambda one: (one[0], -len(one[1]), one[1]))]
        for at in range(len(letters) - 1, _SHORTEST_PART - 1, -1):
            if letters[:at] in self._sounding:
                rest = self.words(letters[at:], most=most, begun=begun)
                if rest:
                    return [*self.words(letters[:at], most=most), *rest]
        return []

    def _begun(self, letters: str) -> tuple[tuple[int, str], ...]:
        at = bisect_left(self._ordered, letters)
        near = self._ordered[at : at + _MOST_SPELLINGS]
        return tuple(one for spelling in near if spelling.startswith(letters) for one in self._sounding[spelling])


@lru_cache(maxsize=20_000)  # so that a changed article costs what it changed
def _words(run: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    syllables = lazy_pinyin(run, style=Style.NORMAL)  # of the whole run: how 行 sounds depends on its neighbours
    if len(syllables) != len(run) or not all(syllable.isascii() and syllable.isalpha() for syllable in syllables):
        return ()
    spans = {(at, at + size) for size in range(2, _LONGEST_WORD + 1) for at in range(len(run) - size + 1)}
    return tuple({(run[start:end], tuple(syllables[start:end])) for start, end in spans})
