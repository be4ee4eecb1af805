"""Which earlier texts say nearly the same: what lets us ask "is this your open case?" while somebody is still writing.

An index in memory, by words: cosine of term weights (sublinear term frequency × inverse document frequency, after Salton
and Buckley 1988), with the rarity of a term taken from the texts it holds at that moment. Our own terms, because support
texts are half prose and half names: English words by their stem, Chinese as pairs of characters, and a name such as
``WithdrawalLimitError``, ``err_net/timeout`` or a transaction id as itself and, where it is made of words, as those.

A high score is a reason to ask, never to merge: texts alone cannot tell two customers with one problem from one
customer who wrote twice.
"""

import heapq
import math
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

LONGEST = 4_000  # characters of a body that are read
MOST_TERMS = 150  # terms of a text that count, the title's and the first of the body: what is pasted behind says little

_TITLE = 2.0  # times the weight of the body: people name the matter there
_PASTED = 0.3  # weight of stack traces and log lines: long, and alike between different matters
_LOOKED_UP = 64  # heaviest terms of a question; the others cannot lift a text among the finalists
_FINALISTS = 50  # texts whose score is worked out exactly

# Letters and digits, joined by what joins the parts of a name, a path, a host or a time; or a run of ideographs.
_TERM = re.compile("(?P<han>[㐀-䶿一-鿿豈-﫿]+)|[^\\W_㐀-䶿一-鿿豈-﫿]+(?:[-_./:$#@]+[^\\W_㐀-䶿一-鿿豈-﫿]+)*")
_JOINT = re.compile("[-_./:$#@]+")
_NAME = re.compile(r"[A-Za-z]+\d*")  # made of words; a hash or an order id is not
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASTED_LINE = re.compile(
    r"\s*(?:at [\w$.<>/]+\(|caused by:|\.\.\. \d+ more|file \"[^\"]*\", line \d|traceback \(most recent"
    r"|\[?(?:\d{4}-\d\d-\d\d|\d\d/\d\d/\d\d)[t ]|\[?(?:trace|debug|info|warn(?:ing)?|error)\b[\]:]?\s)"
)
_VOWEL = re.compile("[aeiouy]")
_NO_MEANING = frozenset(
    "a an the is are was were be been to of in on at for and or not it its this that these those with as by from i we "
    "you he she they me us them my our your his her their if but so can could should would will do does did has have "
    "had there then than when which what who how into please hi hello dear thanks thank".split()
)


@dataclass(frozen=True, slots=True)
class Near:
    """A text like the one asked about. ``score`` is the cosine: 1 for the same terms, 0 for none in common."""

    id: int
    score: float


class Index:
    """Texts that can be asked for. Not locked: whoever shares one between threads does that."""

    def __init__(self) -> None:
        # Term → text → weight of the term in it (rarity not counted, since that changes with every text).
        self._found_in: defaultdict[str, dict[int, float]] = defaultdict(dict)
        self._terms: dict[int, tuple[str, ...]] = {}
        self._lengths: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._terms)

    def add(self, id: int, title: str, body: str) -> None:
        """Hold a text, in place of what was held under this ``id``. Of the body `LONGEST` characters are read."""
        self.remove(id)
        weights = _weights(title, body)
        for term, weight in weights.items():
            self._found_in[term][id] = weight
        self._terms[id] = tuple(weights)
        self._lengths[id] = math.hypot(*weights.values())

    def remove(self, id: int) -> None:
        """Forget a text; does nothing where it is not held."""
        for term in self._terms.pop(id, ()):
            texts = self._found_in[term]
            del texts[id]
            if not texts:
                del self._found_in[term]
        self._lengths.pop(id, None)

    def nearest(self, title: str, body: str, most: int = 5) -> list[Near]:
        """Return up to ``most`` texts that share a term with this one, the most alike first, then the newest id.

        Two steps, since the rarity of terms moves all the time: the heaviest terms and lengths that do not depend on
        rarity choose the finalists, and only theirs is the whole sum.
        """
        weights = _weights(title, body)
        rarity = {term: self._rarity(term) for term in weights}
        asked = {term: weight * rarity[term] for term, weight in weights.items()}
        known = [term for term in asked if term in self._found_in]
        likeness: defaultdict[int, float] = defaultdict(float)
        for term in heapq.nlargest(_LOOKED_UP, known, key=lambda term: (asked[term], term)):
            factor = asked[term] * rarity[term]
            for id, weight in self._found_in[term].items():
                likeness[id] += factor * weight
        lengths = self._lengths
        finalists = heapq.nlargest(max(_FINALISTS, 2 * most), likeness, key=lambda id: (likeness[id] / lengths[id], id))
        scored = [Near(id=id, score=self._cosine(asked, id)) for id in finalists]
        return sorted(scored, key=lambda near: (-near.score, -near.id))[:most]

    def _cosine(self, asked: Mapping[str, float], id: int) -> float:
        product = square = 0.0
        for term in self._terms[id]:
            weight = self._found_in[term][id] * self._rarity(term)
            square += weight * weight
            product += weight * asked.get(term, 0.0)
        return min(1.0, product / (math.sqrt(square) * math.hypot(*asked.values())))

    def _rarity(self, term: str) -> float:
        """Return the smoothed inverse document frequency; above 0 even for a term in every text."""
        return math.log((len(self._terms) + 1) / (len(self._found_in.get(term, ())) + 0.5))


def _weights(title: str, body: str) -> dict[str, float]:
    """Return the weight of every term of a text, its rarity not counted."""
    counts: defaultdict[str, float] = defaultdict(float)
    for term, times in Counter(_terms(title[:LONGEST])).items():
        counts[term] += _TITLE * times
    written: list[str] = []
    pasted: list[str] = []
    for line in body[:LONGEST].splitlines():
        (pasted if _PASTED_LINE.match(line.lower()) else written).append(line)
    for lines, weight in ((written, 1.0), (pasted, _PASTED)):
        for term, times in Counter(_terms("\n".join(lines))).items():
            counts[term] += weight * times
    # Interned, since most terms stand in many texts.
    return {sys.intern(term): _damped(round(count, 1)) for term, count in islice(counts.items(), MOST_TERMS)}


@cache  # also keeps one object for each of these few numbers, of which an index holds hundreds of thousands
def _damped(count: float) -> float:
    return 1 + math.log(count) if count > 1 else count


def _terms(text: str) -> Iterator[str]:
    """Yield the terms of a text in order, some of them more than once."""
    for match in _TERM.finditer(unicodedata.normalize("NFKC", text)):
        piece = match[0]
        if match["han"]:
            yield from (piece[at : at + 2] for at in range(max(1, len(piece) - 1)))
        elif piece.isalpha() and (piece[1:].islower() or piece.isupper() or len(piece) == 1):
            yield from _word(piece.lower())
        else:
            yield from _name(piece)


def _name(name: str) -> Iterator[str]:
    """Yield a name whole, and the words it is made of. A name that is one word with a number at its end stays one."""
    yield name.lower()
    parts = _JOINT.split(name)
    for part in parts:
        humps = _HUMP.findall(part) if _NAME.fullmatch(part) else [part]
        if len(humps) > 1 or len(parts) > 1:
            for hump in humps:
                yield from _word(hump.lower())


def _word(word: str) -> Iterator[str]:
    if word not in _NO_MEANING:
        yield stem(word)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return an English word in lower case without the ending of its number or tense; others as they are.

    Lighter than Porter's: it makes withdrawals, withdrawal one and failed, failing, fails one, and leaves the rest, since
    two matters told as one cost more than one matter told as two.
    """
    if len(word) <= 3 or not (word.isascii() and word.isalpha()):
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and _VOWEL.search(root):
            word = root[:-1] if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz" else root
            break
    # "trade" and "trading" meet without their last e.
    return word.removesuffix("e") if len(word) > 4 else word
