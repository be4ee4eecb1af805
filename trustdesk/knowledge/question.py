"""What is looked up for a question: its terms and what else they may mean, each with a weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trustdesk.knowledge import analysis
from trustdesk.knowledge.pinyin import Sounds
from trustdesk.knowledge.spelling import Vocabulary
from trustdesk.knowledge.synonyms import Phrase, Synonyms

LONGEST = 1_000  # characters of a question that are read: a whole first message is asked with too
MOST_TERMS = 32  # what is asked first counts; each term costs time

SYNONYM = 0.6
CONTINUATION = 0.8
PART = 0.5  # of a joined word that is known as a whole
SOUND = 0.3
CORRECTIONS = (1.0, 0.5, 0.3)  # of a word nobody wrote, the likeliest first
DOUBTED = 0.4  # what a rare word that somebody did write may have been meant to be
_MOST_CONTINUATIONS = 6
_MOST_SOUNDS = 4
_SHORTEST_SOUND = 4  # letters that are taken for a sound while the other words are found as written

_SAYING_LITTLE = frozenset(
    "a an the this that these those of to in on at for from by with as and or but if is are was were be been being am do "
    "does did done has have had can could will would shall should may might must i me my we us our you your he she him his "
    "her they them their it its what whats which who whom whose when where why how there here so than then not no dont "
    "doesnt cant wont isnt im ive please hi hello dear thanks thank".split()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Terms to find next to each other, mostly just one. ``single`` where it is a lone character of unspaced writing."""

    terms: Phrase
    weight: float
    single: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What to look up. ``corrected`` is the question as it was probably meant, None where it was taken as written."""

    asked: tuple[Asked, ...]
    corrected: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """What the articles tell about the words of a question. ``articles_with`` counts the articles that hold a term."""

    vocabulary: Vocabulary
    synonyms: Synonyms
    sounds: Sounds
    articles_with: Callable[[str], int]

    def read(self, text: str, *, as_typed: bool) -> Question:
        """Return what to look up for a question; where ``as_typed``, its last word may be unfinished."""
        folded = analysis.fold(text[:LONGEST])
        pieces = list(analysis.pieces(folded))
        unfinished = len(pieces) - 1 if as_typed and pieces and folded[-1:] == pieces[-1][0][-1:] else -1
        told = [piece for piece in pieces if not _says_little(piece[0])]
        asked: list[Asked] = []
        written: list[str] = []
        corrected: list[tuple[int, str, str]] = []
        for number, (piece, run, at) in enumerate(pieces):
            if run:
                terms = analysis.pairs(piece)
                asked += (Asked(terms=(term,), weight=1.0, single=len(piece) == 1) for term in terms)
            else:
                terms = analysis.word_terms(piece)
                if told and number != unfinished and _says_little(piece):
                    written += terms  # a synonym may hold it
                    continue
                begun = self._begun(piece) if number == unfinished else []
                meant = [] if begun else self._meant(piece, terms)
                if meant and not self.vocabulary.articles(piece):
                    corrected.append((at, piece, meant[0][0]))
                asked += self._word(piece, terms, meant + begun)
            written += terms
        asked += (Asked(terms=phrase, weight=SYNONYM) for phrase in self.synonyms.of(written))
        return Question(asked=_strongest(asked), corrected=_with(folded, corrected))

    def sounding(self, text: str, *, as_typed: bool) -> Question:
        """Return what to look up where the letters of the question are Chinese by its sound; nothing where not."""
        letters = "".join(analysis.fold(text[:LONGEST]).replace("'", " ").split())
        if not (letters.isascii() and letters.isalpha()):
            return Question(asked=())
        words = self.sounds.words(letters, most=_MOST_SOUNDS, begun=as_typed)
        return Question(asked=tuple(_heard(words)))

    def _begun(self, word: str) -> list[tuple[str, float]]:
        found = self.vocabulary.continuations(word, most=_MOST_CONTINUATIONS)
        return [(one, CONTINUATION) for one in found if one != word]

    def _meant(self, word: str, terms: list[str]) -> list[tuple[str, float]]:
        """Return what a word was probably meant to be, with weights; nothing for one that is well known."""
        written = self.vocabulary.articles(word)
        if _says_little(word) or (not written and self.articles_with(terms[0])):
            return []  # a form of a word that is known in other forms is no slip
        doubt = DOUBTED if written else 1.0
        found = self.vocabulary.corrections(word, most=len(CORRECTIONS))
        return [(one, weight * doubt) for one, weight in zip(found, CORRECTIONS, strict=False)]

    def _word(self, word: str, terms: list[str], others: list[tuple[str, float]]) -> Iterator[Asked]:
        first, *parts = terms
        known = self.articles_with(first) > 0
        yield Asked(terms=(first,), weight=1.0)
        for part in parts:
            yield Asked(terms=(part,), weight=PART if known else 1.0)
        for other, weight in others:
            if not _says_little(other):
                yield Asked(terms=(analysis.stem(other),), weight=weight)
        if not known and not others and len(word) >= _SHORTEST_SOUND and word.isascii() and word.isalpha():
            yield from _heard(self.sounds.words(word, most=_MOST_SOUNDS))


def _heard(words: list[str]) -> Iterator[Asked]:
    for word in words:
        yield Asked(terms=tuple(analysis.pairs(word)), weight=SOUND)


def _says_little(word: str) -> bool:
    return word.replace("'", "") in _SAYING_LITTLE


def _strongest(asked: list[Asked]) -> tuple[Asked, ...]:
    """Return each term once, with its greatest weight."""
    best: dict[tuple[Phrase, bool], Asked] = {}
    for one in asked:
        if (kept := best.get((one.terms, one.single))) is None or kept.weight < one.weight:
            best[(one.terms, one.single)] = one
    return tuple(best.values())[:MOST_TERMS]


def _with(folded: str, corrected: list[tuple[int, str, str]]) -> str | None:
    if not corrected:
        return None
    for at, word, meant in reversed(corrected):
        folded = folded[:at] + meant + folded[at + len(word) :]
    return folded
