"""What is looked up for a question: its terms and what else they may mean, each with a weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from trustdesk.knowledge import analysis, pinyin
from trustdesk.knowledge.spelling import Vocabulary
from trustdesk.knowledge.synonyms import Phrase, Synonyms

LONGEST = 1_000  # characters of a question that are read: a whole first message is asked with too
MOST_TERMS, MOST_HELPING = 32, 24  # what is asked first counts; each term costs time

# Chinese by pairs of characters, and by the characters themselves: 冻卡 and 冻结银行卡 share no pair. Pairs with a character
# that serves grammar say less, those of two such (什么, 怎么) nothing.
PAIR = (1.0, 0.6, 0.0)
SINGLE = 0.35
LITTLE = 0.2  # words that every question holds
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
_SERVING_GRAMMAR = frozenset(
    "的了是吗呢吧啊在和与及或也都就而被把让对从到向于以为因由其之这那哪谁么什何怎如多少几个一有没不我你他她它们请问想要可能会"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Terms to find next to each other, mostly just one. ``single`` where it is a lone character of unspaced writing,
    ``shown`` where readers are to see it marked."""

    terms: Phrase
    weight: float
    single: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """What to look up: an article holds some of ``asked``; what it holds of ``helping`` only ranks it. ``corrected`` is the
    question as it was probably meant, None where it was taken as written."""

    asked: tuple[Asked, ...]
    helping: tuple[Asked, ...] = ()
    corrected: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """What the articles tell about the words of a question. ``articles_with`` counts the articles that hold a term."""

    vocabulary: Vocabulary
    synonyms: Synonyms
    sounds: pinyin.Lookup
    articles_with: Callable[[str], int]

    def read(self, text: str, *, as_typed: bool) -> Question:
        """Return what to look up for a question; where ``as_typed``, its last word may be unfinished."""
        text = text[:LONGEST]
        folded = analysis.fold(text)
        # As the reader wrote it, where the places of its words are the same there.
        shown = text if analysis.folded_from(text) is None else folded
        pieces = list(analysis.pieces(folded))
        unfinished = pieces[-1][2] if as_typed and pieces and folded[-1:].isalnum() else -1
        asked: list[Asked] = []
        little: list[Asked] = []
        lone: list[Asked] = []
        written: list[str] = []
        corrected: list[tuple[int, str, str]] = []
        for piece, run, at in pieces:
            terms: Sequence[str] = analysis.pairs(piece) if run else analysis.word_terms(piece)
            written += terms
            if run:
                weighed = [Asked(terms=(term,), weight=_pair(term), single=len(term) == 1) for term in terms]
                asked += (one for one in weighed if one.weight)
                little += (replace(one, weight=LITTLE) for one in weighed if not one.weight)
                lone += _lone(piece)
            elif _says_little(piece) and at != unfinished:
                little += (Asked(terms=(term,), weight=LITTLE) for term in terms)
            else:
                others = self._begun(piece) if at == unfinished else []
                if not others and (others := self._meant(piece, terms)) and not self.vocabulary.articles(piece):
                    corrected.append((at, piece, others[0][0]))
                asked += self._word(piece, terms, others)
        alike = [Asked(terms=phrase, weight=SYNONYM) for phrase in self.synonyms.of(written)]
        return Question(
            asked=_strongest([*(asked or little), *alike], most=MOST_TERMS),
            helping=_strongest([*lone, *(little if asked else [])], most=MOST_HELPING),
            corrected=_with(shown, corrected),
        )

    def sounding(self, text: str, *, as_typed: bool) -> Question:
        """Return what to look up where the letters of the question are Chinese by its sound; nothing where not."""
        letters = "".join(analysis.fold(text[:LONGEST]).replace("'", " ").split())
        if not (letters.isascii() and letters.isalpha()):
            return Question(asked=())
        words = pinyin.words(letters, lookup=self.sounds, most=_MOST_SOUNDS, begun=as_typed)
        return Question(asked=tuple(_heard(words)))

    def _begun(self, word: str) -> list[tuple[str, float]]:
        found = self.vocabulary.continuations(word, most=_MOST_CONTINUATIONS)
        return [(one, CONTINUATION) for one in found if one != word]

    def _meant(self, word: str, terms: Sequence[str]) -> list[tuple[str, float]]:
        """Return what a word was probably meant to be, with weights; nothing for one that is well known."""
        written = self.vocabulary.articles(word)
        if _says_little(word) or (not written and self.articles_with(terms[0])):
            return []  # a form of a word that is known in other forms is no slip
        doubt = DOUBTED if written else 1.0
        found = self.vocabulary.corrections(word, most=len(CORRECTIONS))
        return [(one, weight * doubt) for one, weight in zip(found, CORRECTIONS, strict=False)]

    def _word(self, word: str, terms: Sequence[str], others: list[tuple[str, float]]) -> Iterator[Asked]:
        first, *parts = terms
        known = self.articles_with(first) > 0
        yield Asked(terms=(first,), weight=1.0)
        for part in parts:
            # A lone letter is marked within its word, W-1012, or not at all.
            yield Asked(terms=(part,), weight=PART if known else 1.0, shown=len(part) > 1)
        for other, weight in others:
            if not _says_little(other):
                yield Asked(terms=(analysis.stem(other),), weight=weight)
        if not known and not others and len(word) >= _SHORTEST_SOUND and word.isascii() and word.isalpha():
            yield from _heard(pinyin.words(word, lookup=self.sounds, most=_MOST_SOUNDS))


def _pair(term: str) -> float:
    return PAIR[sum(char in _SERVING_GRAMMAR for char in term)] if len(term) > 1 else 1.0


def _lone(run: str) -> Iterator[Asked]:
    """Yield the ideographs of a run by themselves; letters of Japanese and Korean say nothing alone."""
    if len(run) > 1:
        for char in run:
            if char >= "\u3400" and not "\uac00" <= char <= "\ud7a3" and char not in _SERVING_GRAMMAR:
                yield Asked(terms=(char,), weight=SINGLE, single=True)


def _heard(words: list[str]) -> Iterator[Asked]:
    for word in words:
        yield Asked(terms=tuple(analysis.pairs(word)), weight=SOUND)


def _says_little(word: str) -> bool:
    return word.replace("'", "") in _SAYING_LITTLE


def _strongest(asked: list[Asked], *, most: int) -> tuple[Asked, ...]:
    """Return each term once, with its greatest weight."""
    best: dict[tuple[Phrase, bool], Asked] = {}
    for one in asked:
        if (kept := best.get((one.terms, one.single))) is None or kept.weight < one.weight:
            best[(one.terms, one.single)] = one
    return tuple(best.values())[:most]


def _with(text: str, corrected: list[tuple[int, str, str]]) -> str | None:
    """Return a question with words put in place of others, None where there are none to put."""
    for at, word, meant in reversed(corrected):
        text = text[:at] + meant + text[at + len(word) :]
    return text if corrected else None
