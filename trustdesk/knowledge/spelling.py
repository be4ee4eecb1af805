"""Words as the articles write them: what a mistyped word was meant to be, and how a begun one may go on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from heapq import nlargest

SHORTEST = 4  # letters of a word that is corrected; shorter ones are one edit from too many others
LONGEST = 24
_RARE = 2  # articles: a word in no more than these may itself be a slip, if another is
_MORE_USUAL = 10  # times as usual
_SAME_FIRST = 3  # times as likely
_MOST_CONTINUATIONS = 200  # looked at, in alphabetical order


class Vocabulary:
    """The written words of an index, each with how many articles hold it. Not changed once made."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._articles = {word: count for word, count in words.items() if len(word) > 1}
        self._ordered = sorted(self._articles)
        self._letters = "".join(sorted({letter for word in self._articles for letter in word if letter.isalpha()}))

    def articles(self, word: str) -> int:
        """Return how many articles hold the word as written."""
        return self._articles.get(word, 0)

    def corrections(self, word: str, *, most: int) -> list[str]:
        """Return the likeliest words one edit (a letter more, less, other, or two swapped) away, the best first.

        Empty where the word is short, holds a digit (a code is never corrected), or is usual itself. All that one edit
        could have made are looked up: some hundred times the length of the word, whatever the size of the vocabulary.
        """
        if not (SHORTEST <= len(word) <= LONGEST and word.isalpha()):
            return []
        own = self.articles(word)
        if own > _RARE:
            return []
        needed = max(1, own * _MORE_USUAL)
        # The first letter is seldom mistyped; else the more usual word is the likelier.
        likely = {
            near: count * (_SAME_FIRST if near[0] == word[0] else 1)
            for near in self._one_edit_from(word)
            if (count := self.articles(near)) >= needed
        }
        return nlargest(most, likely, key=lambda near: (likely[near], near))

    def _one_edit_from(self, word: str) -> set[str]:
        known = self._articles
        halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
        made = {head + tail[1:] for head, tail in halves if tail}
        made |= {head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1}
        made |= {head + letter + tail[1:] for head, tail in halves if tail for letter in self._letters}
        made |= {head + letter + tail for head, tail in halves for letter in self._letters}
        made.discard(word)
        return {one for one in made if one in known}

    def continuations(self, beginning: str, *, most: int) -> list[str]:
        """Return the most usual words that begin so, itself among them."""
        at = bisect_left(self._ordered, beginning)
        near = self._ordered[at : at + _MOST_CONTINUATIONS]
        return nlargest(most, (word for word in near if word.startswith(beginning)), key=self.articles)
