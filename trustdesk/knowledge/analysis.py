"""How a text is taken apart for the search: one folding for what is stored and what is asked, so that both meet.

Folding goes character by character, Traditional Chinese included. A conversion by phrases would keep 乾隆 apart from 干燥,
but what it does depends on the characters around, and a question holds other ones than the article.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from array import array
from collections.abc import Iterator
from functools import lru_cache
from operator import add

import opencc
from snowballstemmer import stemmer

LONGEST_WORD = 64  # characters; a longer one is taken as several

# Written without spaces between words, so taken as pairs of characters: Chinese, Japanese, Korean.
_UNSPACED = (
    "\u1100-\u11ff\u3005-\u3007\u3041-\u30fa\u30fc-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U000323af"
)
_UNSPACED_CHAR = re.compile(f"[{_UNSPACED}]")
_WRITTEN = f"[^\\W_{_UNSPACED}]"
WORD = re.compile(f"{_WRITTEN}+")  # letters and digits of writing that puts spaces between words
_PIECE = re.compile(
    f"([{_UNSPACED}]+)|"
    f"({_WRITTEN}{{1,{LONGEST_WORD}}}(?:(?:[-_./:@#+&']{{1,2}}|,(?=\\d{{3}})){_WRITTEN}{{1,{LONGEST_WORD}}}){{0,7}})"
)
_JOINT = re.compile(r"[-_./:@#+&,]+")
# Characters that one word is written with both ways, and that become one only within a phrase, or not at all.
_VARIANTS = {"著": "着", "瞭": "了", "祇": "只", "覆": "复", "帐": "账", "藉": "借", "癥": "症", "甚": "什", "妳": "你"}
_VOICING = {"\u3099", "\u309a"}  # half-width Japanese has these marks as characters of their own
_APOSTROPHES = dict.fromkeys("’‘ʼ＇`´", "'")

_english = stemmer("english")
_simplify = opencc.OpenCC("t2s").convert
_one_at_a_time = threading.Lock()  # neither library promises to be safe between threads; what they say is kept


class _Folding(dict[int, str]):
    """What each character becomes, worked out when it is first met: the table of `str.translate`."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        if code < 0x10000:  # rarer ones are not kept: there are a million that hostile text could fill memory with
            self[code] = folded
        return folded


def _folded(char: str) -> str:
    if char in _APOSTROPHES:
        return _APOSTROPHES[char]
    kind = unicodedata.category(char)
    if kind == "Cf":  # soft hyphens and zero-width marks stand within words
        return ""
    if kind in ("Cc", "Cs"):
        return " "
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", char).casefold())
    bare = "".join(one for one in apart if not ("\u0300" <= one <= "\u036f" or one in _VOICING))
    whole = unicodedata.normalize("NFC", bare)
    if whole >= "\u2e80":
        with _one_at_a_time:
            whole = _simplify(whole)
    return "".join(_VARIANTS.get(one, one) for one in whole)


_folding = _Folding()


def fold(text: str) -> str:
    """Return a text with width, case, accents and Traditional or Simplified writing no longer told apart."""
    return text.translate(_folding)


def folded_from(text: str) -> array[int] | None:
    """Return for every character of the folded text where it stands in the text; None where places are the same."""
    if text.isascii() or all(len(_folding[ord(char)]) == 1 for char in set(text)):
        return None
    return array("I", (place for place, char in enumerate(text) for _ in _folding[ord(char)]))


def pieces(folded: str) -> Iterator[tuple[str, bool, int]]:
    """Yield the words of a folded text and its runs of unspaced writing: the piece, whether it is a run, its place."""
    for match in _PIECE.finditer(folded):
        yield match[0], match[1] is not None, match.start()


def words_and_runs(folded: str) -> list[tuple[str, str]]:
    """Return the pieces of a folded text as pairs, of which either the first, a run, or the second, a word, is empty."""
    return _PIECE.findall(folded)


def unspaced(char: str) -> bool:
    """Return whether a character is of a writing that puts no spaces between words."""
    return char > "\u10ff" and _UNSPACED_CHAR.match(char) is not None


def pairs(run: str) -> list[str]:
    """Return a run as overlapping pairs of characters; a single character as itself."""
    return list(map(add, run, run[1:])) or [run]


@lru_cache(maxsize=50_000)
def word_terms(word: str) -> tuple[str, ...]:
    """Return the terms of a folded word: what it is as a whole, then the words it is joined of.

    The whole goes without its joints, so that BTC/USDT, BTC-USDT and BTCUSDT are one, and ERC-20 is ERC20.
    """
    parts = _JOINT.split(word.replace("'", ""))
    if len(parts) == 1:
        return (stem(parts[0]),)
    return (whole(word), *map(stem, parts))


def whole(word: str) -> str:
    """Return a joined word as one term. Numbers keep their points, or 1.5 would be 15."""
    if all(part.isdigit() for part in _JOINT.split(word)):
        return word.replace(",", "")
    return _JOINT.sub("", word.replace("'", ""))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return an English word without its endings, other words as they are."""
    if len(word) <= 3 or not (word.isascii() and word.isalpha()):
        return word
    with _one_at_a_time:
        return str(_english.stemWord(word))


def terms(folded: str) -> list[str]:
    """Return the terms of a folded text in order, as they are indexed."""
    return pieces_terms(words_and_runs(folded))


def pieces_terms(found: list[tuple[str, str]]) -> list[str]:
    """Return the terms of the pieces of a text in order."""
    made: list[str] = []
    for run, word in found:
        made += word_terms(word) if word else pairs(run)
    return made
