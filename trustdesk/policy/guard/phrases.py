"""Seed phrases written as words with something between them, in every language that has a list.

The words of a phrase follow each other without any other word; in prose the articles and pronouns, which no list has,
break every run after a few words. So: find runs of list words, then ask for one thing more that only a phrase has.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations

from trustdesk.policy.guard.finding import Finding, walled
from trustdesk.policy.guard.wordlists import ENGLISH, INDICES, KNOWN, SIZES, bare, checksum_holds, is_electrum

FEWEST = 9  # list words below which nothing here can be found; nine of twelve are as good as all
_NEVER_PROSE = 25  # list words in a row; the longest run in 3 MB of English tickets, questions and articles is 10
_NEIGHBOURS = 6  # list words of the sentences around a phrase
_WIDEST_GAP = 40  # characters between two words of one phrase: numbering, bullets, table borders

_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_BLANK = re.compile(r"\s+")
_TAG = re.compile(r"<[^<>\uffff\ufffe]{1,200}>|&(?:nbsp|quot|#\d{1,5});")
# "word 1:", "1st word", "第3个词": labels that stand between the words of a phrase and are words themselves.
_LABEL = re.compile(
    r"(?:\b(?:words?|mots?|palabras?|parol[ae]|palavras?|slov[oa]|kelime|слово|単語|단어)|(?:第|单词|單詞|词|詞))"
    r"[ _]{0,2}(?:no\.?|n[°º]|[#№])?[ _]{0,2}\d{1,2}(?!\d)(?:st|nd|rd|th)?[ _]{0,2}(?:个|個)?(?:单词|單詞|词|詞|字)?"
    r"|\b\d{1,2}(?:st|nd|rd|th)\b(?:[ _]{1,2}word\b)?",
    re.IGNORECASE,
)
# Matched in lower case; every branch begins with a plain character, which makes a search of many branches cheap.
_CUE = re.compile(
    r"seed|mnemonic|mnémo|recovery[ _-]{0,2}(?:phrase|words|seed)|backup[ _-]{0,2}(?:phrase|words)"
    r"|slip-?39|shamir|bip-?39|wallet[ _-]{0,2}(?:phrase|words)|secret[ _-]{0,2}(?:recovery )?(?:phrase|words)"
    r"|1[258][ -]words?|2[14][ -]words?|twelve[ -]words?|twenty-?four[ -]words?"
    r"|мнемон|сид[- ]?фраз|фраз[ауы]|восстановлен"
    r"|助记|助記|助忆|助憶|注记词|种子|種子|恢复短语|恢复词|恢復短語|备份短语|備份短語|备份词|单词|單詞"
    r"|ニーモニック|シード|リカバリー|復元|니모닉|시드|복구|recuperaci[oó]n|recupera[cç]|récup[eé]ration|recupero|semilla"
    r"|semente|kurtarma|tohum|obnovovac|wiederherstellung"
)
_LABEL_NAMES = (
    *("word", "mot", "palabra", "parol", "palavra", "slov", "kelime", "слово"),
    *("単語", "단어", "第", "词", "詞", "1st", "2nd"),
)
_DENSE = re.compile(b"\1(?:\0?\1){8}")  # nine list words with no more than single strangers between
_LENGTHS = re.compile("[\4-\10]{19}")
_RUN = re.compile(b"\1{9,}")
_PATCHED_RUN = re.compile(b"(?<!\1)\1+(?:\0\1+)+")
# What stands between words of a phrase: never a full stop or a colon, numbering apart.
_BETWEEN = r"(?:[\s,，、|\"'\[\]*•·–—-]{1,20}|[^\w\uffff\ufffe]{0,8}\d{1,2}[^\w\uffff\ufffe]{1,8})"
_SLIP39 = re.compile(f"(?<![a-z])[a-z]{{4,8}}(?:{_BETWEEN}[a-z]{{4,8}}){{18,}}(?![a-z])")
_NOUNS = re.compile(f"(?<![a-z])[a-z]{{3,12}}(?:{_BETWEEN}[a-z]{{3,12}}){{11,}}(?![a-z])")
_CUE_BEFORE, _CUE_AFTER = 120, 80  # characters from wording to phrase

# Words that prose cannot do without; a phrase of twelve has at most one of those the English list holds.
_PROSE = frozenset(
    "about above after again all also always and another any are because been before being both but came can could did "
    "does done each even ever every from get give had has have help her here him his how into its just know let like "
    "make many may more most much must need never next not now off only onto or other our out over own please same "
    "say see send shall she should show since some still such take than that the their them then there these they this "
    "those through too try until upon use very want was were what when where which while who why will with without "
    "would yet you your".split()
)
_OPENS = frozenset('\n"“„‘「『[({:：=`')
_CLOSES = frozenset('\n"”’」』])}`')


def possible(words: Sequence[str], known: int) -> bool:
    """Say, cheaply, whether a look is worth it, given the words of a text and how many of them are in a list."""
    return (known >= FEWEST and _dense(words)) or (known >= 5 and _long_nouns(words))


def _dense(words: Sequence[str]) -> bool:
    return _DENSE.search(bytes(map(KNOWN.__contains__, words))) is not None


def _long_nouns(words: Sequence[str]) -> bool:
    return len(words) >= 19 and _LENGTHS.search("".join(map(chr, map(len, words)))) is not None


def find(text: str, *, lower: str) -> Iterator[Finding]:
    """Find seed phrases in folded text (``lower``: the same in lower case); findings may overlap. Linear time."""
    cues = Cues(lower)
    readings = {text, without_tags(text)}  # not only without: a phrase may sit in an attribute
    if any(name in lower for name in _LABEL_NAMES):
        readings |= {without_labels(reading) for reading in readings}
    for reading in readings:
        yield from _find(reading, cues)


def without_labels(text: str) -> str:
    """Blank out "word 1:" and its like where they label a phrase, keeping every other character where it is."""
    plain, count = _LABEL.subn(lambda match: re.sub(r"\D", " ", match[0]), text)
    return plain if count >= FEWEST else text


def without_tags(text: str) -> str:
    """Blank out mark-up, keeping every other character where it is."""
    if "<" not in text and "&" not in text:
        return text
    return _TAG.sub(lambda match: " " * len(match[0]), text)


def _find(text: str, cues: Cues) -> Iterator[Finding]:
    words, spans = [], []
    for match in _WORD.finditer(text):
        words.append(bare(match[0]))
        spans.append(match.span())
    if _dense(words):
        for language, indices in enumerate(INDICES):
            flags = bytes(map(indices.__contains__, words))
            if flags.count(1) >= FEWEST:
                yield from _Reading(text, words, spans, flags, language, cues).find()
    yield from _foreign_lists(text.lower(), cues, slip39=_long_nouns(words))


class Cues:
    """Where the text speaks of a seed phrase; looked for once, and only when asked. Takes lower case."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [match.start() for match in _CUE.finditer(self._text)]

    @property
    def any(self) -> bool:
        """Say whether it does so anywhere."""
        return bool(self._starts)

    def near(self, start: int, end: int, *, before: int = _CUE_BEFORE, after: int = _CUE_AFTER) -> bool:
        """Say whether wording stands at most so many characters beside (or in) a span, with no wall between."""
        low, high = bisect_left(self._starts, start - before), bisect_right(self._starts, end + after)
        return any(
            not (walled(self._text, cue, start) if cue < start else walled(self._text, end, cue))
            for cue in self._starts[low:high]
        )


class _Reading:
    """One text read with one word list; a range of words is given by the places of its first and after its last."""

    def __init__(
        self,
        text: str,
        words: Sequence[str],
        spans: Sequence[tuple[int, int]],
        flags: bytes,
        language: int,
        cues: Cues,
    ) -> None:
        self.text = text
        self.words = words
        self.spans = spans
        self.flags = flags
        self.language = language
        self.cues = cues

    def find(self) -> Iterator[Finding]:
        for match in _RUN.finditer(self.flags):
            for first, last in self._unbroken(*match.span()):
                if last - first >= 12:
                    yield from self._phrases(first, last)
                elif last - first >= FEWEST and self._cue_near(first, last) and self._prose(first, last) == 0:
                    yield self._finding(first, last)
        for match in _PATCHED_RUN.finditer(self.flags):
            for first, last in self._unbroken(*match.span()):
                if last - first >= 12 and self._is_mistyped(first, last):
                    yield self._finding(first, last)

    def _phrases(self, first: int, last: int) -> Iterator[Finding]:
        """Give the parts of a run that are phrases and leave "Thank you" behind them; in doubt the whole run."""
        if last - first < _NEVER_PROSE:
            cuts = self._cuts(first, last)
            parts = [part for part in combinations(cuts, 2) if part[1] - part[0] in SIZES and self._stands_out(*part)]
            left = set(range(first, last)).difference(*(range(*part) for part in parts))
            if parts and len(left) <= _NEIGHBOURS:
                yield from (self._finding(*part) for part in parts)
                return
        if self._is_phrase(first, last):
            yield self._finding(first, last)

    def _cuts(self, first: int, last: int) -> list[int]:
        """Give the places in a run where what parts two words is not what nearly always does, and both its ends."""
        gaps = [
            _BLANK.sub("\n" if "\n" in gap else " ", re.sub(r"\d", "", gap))
            for gap in (self.text[self.spans[at - 1][1] : self.spans[at][0]] for at in range(first + 1, last))
        ]
        usual, times = Counter(gaps).most_common(1)[0]
        odd = [first + 1 + at for at, gap in enumerate(gaps) if gap != usual] if times * 4 >= len(gaps) * 3 else []
        return [first, *odd, last]

    def _stands_out(self, first: int, last: int) -> bool:
        return (
            self._checksum_holds(first, last)
            or self._cue_near(first, last)
            or (self._alone(first, last) and self._prose(first, last) <= (last - first) // 6)
        )

    def _unbroken(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Split a range where more than a gap as between words of a phrase parts two words."""
        for place in range(first + 1, last):
            start, end = self.spans[place - 1][1], self.spans[place][0]
            if end - start > _WIDEST_GAP or walled(self.text, start, end):
                yield first, place
                first = place
        yield first, last

    def _is_phrase(self, first: int, last: int) -> bool:
        count = last - first
        if count >= _NEVER_PROSE:
            return True
        indices = self._indices(first, last)
        for size in SIZES:
            for at in range(count - size + 1):
                if checksum_holds(indices[at : at + size]) and self._is_no_prose(first + at, first + at + size):
                    return True
        if self._cue_near(first, last) or self._numbered(first, last):
            return True
        return self.language == ENGLISH and any(is_electrum(indices[at : at + 12]) for at in range(count - 11))

    def _is_mistyped(self, first: int, last: int) -> bool:
        count, known = last - first, self.flags[first:last].count(1)
        if known < FEWEST or known * 4 < count * 3 or self._prose(first, last) > count // 6:
            return False
        if known in SIZES and self._checksum_holds(first, last):
            return True  # "…, and zoo": a word too much, not a wrong one
        alone = known >= count - 1 and count in SIZES and self._alone(first, last)
        return alone or self._cue_near(first, last)

    def _checksum_holds(self, first: int, last: int) -> bool:
        return checksum_holds(self._indices(first, last)) and self._is_no_prose(first, last)

    def _is_no_prose(self, first: int, last: int) -> bool:
        """Say whether a good checksum is no accident: one sentence of list words in sixteen has it too."""
        return self._prose(first, last) <= (last - first) // 3

    def _indices(self, first: int, last: int) -> list[int]:
        indices = INDICES[self.language]
        return [indices[word] for word in self.words[first:last] if word in indices]

    def _cue_near(self, first: int, last: int) -> bool:
        return self.cues.near(self.spans[first][0], self.spans[last - 1][1])

    def _prose(self, first: int, last: int) -> int:
        return _prose_in(self.words[first:last])

    def _alone(self, first: int, last: int) -> bool:
        """Say whether the words fill their lines, or a pair of quotes or brackets, and nothing else is in there."""
        before = self.text[self.spans[first - 1][1] if first else 0 : self.spans[first][0]]
        after = self.text[self.spans[last - 1][1] : self.spans[last][0] if last < len(self.spans) else None]
        return (first == 0 or not _OPENS.isdisjoint(before)) and (
            last == len(self.spans) or not _CLOSES.isdisjoint(after)
        )

    def _numbered(self, first: int, last: int) -> bool:
        """Say whether the words carry the numbers 1 to n, in any order (two columns are read across)."""
        numbers = set()
        for place in range(first, last):
            end = self.spans[place][0]
            start = self.spans[place - 1][1] if place else 0
            # Before the first word a wall may stand, so look no further than the shortest one is long.
            found = _NUMBER.findall(self.text, max(start, end - (_WIDEST_GAP if place > first else 8)), end)
            if found:
                numbers.add(int(found[-1]))
        count = last - first
        return len(numbers & set(range(1, count + 1))) >= count - 1

    def _finding(self, first: int, last: int) -> Finding:
        return Finding(kind="seed_phrase", start=self.spans[first][0], end=self.spans[last - 1][1])


def _foreign_lists(lower: str, cues: Cues, *, slip39: bool) -> Iterator[Finding]:
    """Find phrases from lists not at hand: SLIP-39 shares (20 or 33 words of four to eight letters, a third of them in
    the BIP-39 list too), and Monero's and old Electrum's phrases where the wording says so. What betrays them is that
    hardly a short or common word is among them."""
    for match in _SLIP39.finditer(lower) if slip39 else ():
        words = re.findall("[a-z]+", match[0])
        english = sum(map(INDICES[ENGLISH].__contains__, words))
        if english * 4 >= len(words) and _prose_in(words) * 8 <= len(words):
            yield Finding(kind="seed_phrase", start=match.start(), end=match.end())
    for match in _NOUNS.finditer(lower) if cues.any else ():
        start, end = match.span()
        if cues.near(start, start) and _fills_lines(lower, start, end):
            words = re.findall("[a-z]+", match[0])
            if _prose_in(words) * 12 <= len(words):
                yield Finding(kind="seed_phrase", start=start, end=end)


def _prose_in(words: Sequence[str]) -> int:
    return len(_PROSE.intersection(words))  # different ones: a test wallet is called "all all all …"


def _fills_lines(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 8) : start].rstrip(" \t*-•")
    after = text[end : end + 8].lstrip(" \t.,;")
    return (not before or before[-1] in _OPENS) and (not after or after[0] in _CLOSES)
