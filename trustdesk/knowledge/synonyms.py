"""Words that staff declared to mean the same: 提现 = 提币 = withdrawal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from trustdesk.knowledge import analysis

Phrase = tuple[str, ...]  # terms in order


class Synonyms:
    """Groups of phrases of one meaning, looked up by the terms of a question. Not changed once made."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        # First term of a phrase → the phrase and the others of its group: one look for most terms of a question.
        self._starting: defaultdict[str, list[tuple[Phrase, tuple[Phrase, ...]]]] = defaultdict(list)
        for group in groups:
            phrases = dict.fromkeys(filter(None, (tuple(analysis.terms(analysis.fold(one))) for one in group)))
            for phrase in phrases:
                self._starting[phrase[0]].append((phrase, tuple(one for one in phrases if one != phrase)))

    def of(self, terms: Sequence[str]) -> list[Phrase]:
        """Return the phrases that mean the same as some part of the terms, in the order met, each once."""
        found: dict[Phrase, None] = {}
        for at, term in enumerate(terms):
            for phrase, others in self._starting.get(term, ()):
                if tuple(terms[at : at + len(phrase)]) == phrase:
                    found.update(dict.fromkeys(others))
        return list(found)
