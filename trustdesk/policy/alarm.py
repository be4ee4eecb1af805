"""Words that say an account is being, or was just, emptied by somebody else: what opens the emergency lane.

Read by a small grammar of phrases (`alarm_phrases`), a sentence at a time, in English and Chinese (Traditional as
Simplified). It asks two things: does somebody say that their own account is being or was taken, and does anything around
it say otherwise: a condition, a negation, a question how, a time long past, somebody else's story. Where it could be
either it is an emergency, since a freeze can be undone and a theft cannot.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from trustdesk.policy.alarm_phrases import CLASSES, PHRASES

LONGEST = 4_000  # characters that are read


@dataclass(frozen=True)
class Alarm:
    """Words that open the emergency lane, as they were written, and what they say (see `Reason`)."""

    code: str
    words: str


def find(text: str) -> Alarm | None:
    """Return the first words that say an account is being or was just taken, or None. Reads the first `LONGEST`
    characters, in linear time."""
    text = text[:LONGEST]
    plain = text.translate(_PLAIN).lower()
    if not _possible(_roughly(plain)):
        return None
    sentences = [
        _Sentence(tokens[start : start + _LONGEST_SENTENCE])
        for tokens in (list(_tokens(*piece)) for piece in _sentences(plain))
        for start in range(0, len(tokens), _LONGEST_SENTENCE)
    ]
    over = any(sentence.says_over() for sentence in sentences)
    for sentence in sentences:
        for phrase in sentence.phrases:
            if phrase.tag in _ALARMS and not sentence.otherwise(phrase, over=over):
                start, end = sentence.tokens[phrase.start].start, sentence.tokens[phrase.end - 1].end
                return Alarm(code=phrase.tag, words=text[start:end])
    return None


_ALARMS = ("being_taken", "was_taken", "not_authorised")
_REACH = 4.0  # words between a condition and what it is about; a Chinese character is half a word
_REACH_NOT_YET = 3.0
_LONGEST_SENTENCE = 120  # tokens; what has no stop for longer is cut, so that reading takes linear time


@dataclass(frozen=True, slots=True)
class _Token:
    word: str  # a word, a number (a year: YEAR), an ideograph, or a comma
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    tag: str
    start: int  # tokens
    end: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a phrase: one of ``words``, or of ``runs`` of words by their first; or up to ``gap`` other tokens."""

    words: frozenset[str] = frozenset()
    runs: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    gap: int = 0
    optional: bool = False
    begins_clause: bool = False


class _Sentence:
    """The tokens of a sentence and the phrases found in them."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.words = tuple(token.word for token in tokens)
        self.phrases = [
            _Phrase(tag, start, end)
            for start, token in enumerate(tokens)
            for tag, parts in _BY_FIRST.get(token.word, ())
            if (end := self._match(parts, start)) > start
        ]

    def says_over(self) -> bool:
        """Say whether it tells that the matter has ended."""
        return any(
            phrase.tag == "over" and not self._before(phrase, ("not_yet",), reach=_REACH_NOT_YET)
            for phrase in self.phrases
        )

    def otherwise(self, alarm: _Phrase, *, over: bool) -> bool:
        """Say whether something around these words says that nothing is being taken now."""
        clause = [phrase for phrase in self.phrases if self._same_clause(phrase, alarm)]
        fees_in = clause if alarm.tag == "being_taken" else self.phrases
        if self._before(alarm, ("if", "told"), reach=_REACH) or any(phrase.tag == "fees" for phrase in fees_in):
            return True
        if alarm.tag != "not_authorised" and any(
            phrase.tag == "denied" and phrase.start < alarm.end and alarm.start < phrase.end for phrase in clause
        ):
            return True
        if alarm.tag == "being_taken":
            return False
        told_of_past = any(phrase.tag == "past" for phrase in self.phrases)
        return (
            over
            or (told_of_past and not any(phrase.tag == "now" for phrase in clause))
            or any(phrase.tag == "other" and phrase.start < alarm.end for phrase in clause)
            or any(phrase.tag == "asked" and phrase.end > alarm.end for phrase in clause)
        )

    def _before(self, alarm: _Phrase, tags: tuple[str, ...], *, reach: float) -> bool:
        """Say whether such a phrase stands close before these words, or among them."""
        return any(
            phrase.tag in tags
            and phrase.start < alarm.end
            and self._same_clause(phrase, alarm)
            and self._apart(phrase.end, alarm.start) <= reach
            for phrase in self.phrases
        )

    def _apart(self, end: int, start: int) -> float:
        return sum(1.0 if word.isascii() else 0.5 for word in self.words[end:start])

    def _same_clause(self, one: _Phrase, other: _Phrase) -> bool:
        first, second = sorted((one, other), key=lambda phrase: phrase.start)
        return _PAUSE not in self.words[first.end : second.start]

    def _match(self, parts: tuple[_Part, ...], start: int) -> int:
        """Return where these parts end that begin at ``start``, or -1."""
        if not parts:
            return start
        part, rest = parts[0], parts[1:]
        if part.begins_clause:
            begins = start == 0 or self.words[start - 1] == _PAUSE
            return self._match(rest, start) if begins else -1
        if part.gap:
            for place in range(start, min(start + part.gap, len(self.words)) + 1):
                if (end := self._match(rest, place)) >= 0:
                    return end
                if place < len(self.words) and self.words[place] == _PAUSE:
                    break
            return -1
        word = self.words[start] if start < len(self.words) else ""
        if word in part.words and (end := self._match(rest, start + 1)) >= 0:
            return end
        for run in part.runs.get(word, ()):
            if self.words[start : start + len(run)] == run and (end := self._match(rest, start + len(run))) >= 0:
                return end
        return self._match(rest, start) if part.optional else -1


_PAUSE = ","
_STOP = re.compile(r"[.!?。！？；;\n]+(?!\d)")
_TOKEN = re.compile(
    r"(?P<pause>[,，、:：()（）—]|\s-\s|\b(?:but|however|although|though|and(?= now\b| today\b))\b|但是?|可是|不过)"
    r"|(?P<word>[a-z]+)(?:['’`](?P<short>[a-z]{1,2})\b)?|(?P<number>\d+)|(?P<han>[㐀-䶿一-鿿])"
)
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_SHORT = {"s": "is", "m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would", "t": "not"}
_TOGETHER = {
    f"{word}nt": f"{word} not"
    for word in ("do", "did", "does", "was", "were", "is", "are", "have", "has", "had", "can")
}
_TOGETHER |= {"im": "i am", "ive": "i have", "cannot": "can not", "acct": "account", "acc": "account"}
# Traditional characters of the phrases, full-width letters, and the one letter whose lower case is two.
_PLAIN = (
    str.maketrans(
        "盜轉帳帐賬號戶錢幣產資餘沒嗎麼們現緊凍結駭個發這請問過經誰護騙剛陸錄圍會還斷賣動進離擊劃淨時鐘開為話樣應該許"
        "認聽說聞遊戲親別為稱謊偽並從無來飛償慮擔萬設預範觸訴費資滿倉點當層續實證單將內關雲",
        "盗转账账账号户钱币产资余没吗么们现紧冻结骇个发这请问过经谁护骗刚陆录围会还断卖动进离击划净时钟开为话样应该许"
        "认听说闻游戏亲别为称谎伪并从无来飞偿虑担万设预范触诉费资满仓点当层续实证单将内关云",
    )
    | {0x130: "I"}
    | {code: code - 0xFEE0 for code in range(0xFF21, 0xFF5B)}
)


def _sentences(text: str) -> Iterator[tuple[str, int]]:
    """Yield sentences with where they begin."""
    start = 0
    for stop in _STOP.finditer(text):
        yield text[start : stop.start()], start
        start = stop.end()
    yield text[start:], start


def _tokens(sentence: str, offset: int = 0) -> Iterator[_Token]:
    """Yield the tokens of a sentence in lower case; what is short for two words is two."""
    for match in _TOKEN.finditer(sentence):
        start, end = match.start() + offset, match.end() + offset
        if match["pause"]:
            yield _Token(_PAUSE, start, end)
        elif word := match["word"]:
            if match["short"] == "t" and word != "can":
                word = word.removesuffix("n")  # don't, wasn't
            for part in (*_TOGETHER.get(word, word).split(), *_SHORT.get(match["short"], "").split()):
                yield _Token(part, start, end)
        elif number := match["number"]:
            yield _Token("YEAR" if _YEAR.fullmatch(number) else number, start, end)
        else:
            yield _Token(match[0], start, end)


def _part(written: str) -> _Part:
    if written == "^":
        return _Part(begins_clause=True)
    if written.startswith("~"):
        return _Part(gap=int(written[1:]))
    choices = "/".join(CLASSES.get(choice, choice) for choice in written.removesuffix("?").split("/"))
    runs: defaultdict[str, tuple[tuple[str, ...], ...]] = defaultdict(tuple)
    words = set()
    for run in map(_run, choices.split("/")):
        if len(run) == 1:
            words.add(run[0])
        else:
            runs[run[0]] += (run,)
    return _Part(words=frozenset(words), runs=dict(runs), optional=written.endswith("?"))


def _run(choice: str) -> tuple[str, ...]:
    """Split an alternative into tokens as a text would be."""
    return tuple(re.findall("YEAR|[a-z0-9]+|[一-鿿]", choice))


def _by_first() -> dict[str, list[tuple[str, tuple[_Part, ...]]]]:
    """Sort the phrases by the tokens they can begin with."""
    found: defaultdict[str, list[tuple[str, tuple[_Part, ...]]]] = defaultdict(list)
    for tag, phrases in PHRASES.items():
        for phrase in phrases:
            parts = tuple(_part(written) for written in phrase.split())
            firsts: set[str] = set()
            for part in parts:
                firsts |= part.words | part.runs.keys()
                if firsts and not part.optional:
                    break
            for first in firsts:
                found[first].append((tag, parts))
    return dict(found)


_BY_FIRST = _by_first()

# The door in front of all that: most texts do not even have the words of any alarm, in whatever order.
_EVERYDAY = frozenset("my our i we is are was were has have had the this been got to from in me not 我 了 的".split())
_ROUGH = re.compile("[a-z]+|[0-9]+|[㐀-䶿一-鿿]")


def _needs(phrase: str) -> tuple[tuple[frozenset[str], tuple[frozenset[str], ...]], ...]:
    """Return for each part that has to be there its words, and the words of its runs; the least common part first."""
    parts = [part for part in map(_part, phrase.split()) if not (part.gap or part.optional or part.begins_clause)]
    needs = [(part.words, tuple(frozenset(run) for runs in part.runs.values() for run in runs)) for part in parts]
    return tuple(sorted(needs, key=lambda need: len(need[0] & _EVERYDAY)))


def _possible(words: set[str]) -> bool:
    return any(
        all(not single.isdisjoint(words) or any(run <= words for run in runs) for single, runs in needs)
        for needs in _NEEDED
    )


def _roughly(plain: str) -> set[str]:
    """Return the words of a text, and more than these: also what they might be short for."""
    words = set(_ROUGH.findall(plain))
    return words.union(
        [word[:-1] for word in words if word[-1] == "n"],
        *[_TOGETHER[word].split() for word in words & _TOGETHER.keys()],
        *[[_SHORT[word]] for word in words & _SHORT.keys()],
    )


_NEEDED = tuple(_needs(phrase) for tag in _ALARMS for phrase in PHRASES[tag])
