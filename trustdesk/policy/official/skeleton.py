"""What a name looks like to somebody who reads in a hurry: letters of other alphabets, digits and pairs as the letter they imitate."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters of other alphabets that no accent joins to the Latin one they look like (after Unicode TR39, the part of it that
# domain names may hold); what Unicode itself calls a Latin letter is found by its name.
_IMITATED = {
    "a": "аαᴀӕ", "b": "вьβʙ", "c": "сҫϲᴄ", "d": "ԁδᴅժ", "e": "еєεҽᴇե", "f": "ғꜰ", "g": "ԍցɢ", "h": "нһհʜ", "i": "іιɪ", "j": "јϳյᴊ",
    "k": "кκᴋ", "l": "ӏʟ", "m": "мᴍ", "n": "пиҥηոռɴ", "o": "оοσօᴏ", "p": "рρᴘք", "q": "ԛզ", "r": "гґʀր", "s": "ѕꜱտ", "t": "тτᴛԏ",
    "u": "цսυµμᴜ", "v": "ѵνᴠւ", "w": "ԝшωᴡ", "x": "хχ", "y": "уүγʏ", "z": "зᴢ",
}  # fmt: skip
_ALIKE = {imitation: letter for letter, imitations in _IMITATED.items() for imitation in imitations}
_DIGITS = {"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "|": "l", "$": "s"}
_PAIRS = (("rn", "m"), ("nn", "m"), ("vv", "w"), ("cl", "d"))
_LATIN = re.compile(r"LATIN (?:SMALL |CAPITAL )?(?:LETTER|LIGATURE) (?:SMALL CAPITAL )?(?:[A-Z]+ )??([A-Z])(?: |$)")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)


def visible(text: str) -> str:
    """Return a text without what shows nothing, compatible forms as plain ones, in lower case; letters stay as many as they are
    (a domain with ß is another than one with ss)."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).lower()


def latin(text: str) -> str:
    """Return each letter as the Latin one it imitates; digits stay."""
    return "".join(map(_letter, visible(text)))


def skeleton(text: str) -> str:
    """Return what two names have in common that are taken for each other at a glance: i, l and 1 are one, as are rn and m."""
    folded = "".join(_DIGITS.get(char, char) for char in latin(text))
    for pair, single in _PAIRS:
        folded = folded.replace(pair, single)
    return folded.replace("i", "l").replace("j", "l")


@lru_cache(maxsize=4096)
def _letter(char: str) -> str:
    if char.isascii():
        return char
    if char in _ALIKE:
        return _ALIKE[char]
    base = "".join(one for one in unicodedata.normalize("NFKD", char) if not unicodedata.combining(one))
    if base and base.isascii():
        return base.lower()
    if base and base != char:
        return "".join(_ALIKE.get(one, one) for one in base)
    found = _LATIN.match(unicodedata.name(char, ""))
    return found[1].lower() if found else char
