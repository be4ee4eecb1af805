"""Text as a reader sees it: without invisible characters, full-width letters as plain ones, accents composed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from trustdesk.policy.guard.finding import Finding

# Characters that show nothing and so hide a secret from a matcher: soft hyphen, joiners, bidi marks, fillers, variation
# selectors, tags, and the two noncharacters the guard uses itself.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufffe\uffff"
)
_INVISIBLE_HIGH = "\U000e0000-\U000e0fff"
_COMBINING = "\u0300-\u036f\u3099\u309a"
_JAMO = "\u1100-\u115e\u1161-\u11ff\ua960-\ua97f\ud7b0-\ud7ff"  # Korean as BIP-39 stores it: letter by letter
# Full-width, mathematical and circled forms, superscripts, and ideographs that have a twin.
_COMPATIBLE = (
    "\u00b2\u00b3\u00b9\u0130\u2070-\u209f\u2460-\u24ff\u2f00-\u2fd5\uf900-\ufaff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff0b"
    "\uff0d\uff0f\uff1d\uff3f"
)
_COMPATIBLE_HIGH = "\U0001d400-\U0001d7ff"
# Two, because the matcher has a bitmap for a class only where it ends at U+FFFF.
_ODD = re.compile(f"[{_INVISIBLE}{_COMBINING}{_JAMO}{_COMPATIBLE}]")
_ODD_HIGH = re.compile(f"[{_INVISIBLE_HIGH}{_COMPATIBLE_HIGH}]")
_INVISIBLES = re.compile(f"[{_INVISIBLE}{_INVISIBLE_HIGH}]+")
_COMPOSED = re.compile(f"[{_JAMO}]+|[{_COMPATIBLE}{_COMPATIBLE_HIGH}]+|[^\\W\\d_][{_COMBINING}]+|[{_COMBINING}]+")
_ESCAPE = re.compile(r"(?<!\\)\\(?:u[0-9A-Fa-f]{4}|[nrt])")  # as JSON, logs and browser archives write text


@dataclass(frozen=True, slots=True)
class Folded:
    """Readable text; ``starts`` gives for each of its characters, and its end, the offset in the original (None: the
    same)."""

    text: str
    starts: list[int] | None

    def unfold(self, found: Finding) -> Finding:
        """Give the place of a finding in the original: whole characters, with the invisible ones behind them."""
        starts, end = self.starts, found.end
        if starts is None:
            return found
        while starts[end] == starts[found.end - 1]:  # it ends inside what was one character
            end += 1
        return Finding(kind=found.kind, start=starts[found.start], end=starts[end])


def fold(text: str) -> Folded:
    """Fold a text, in time linear in its length."""
    steps: list[tuple[re.Pattern[str], Callable[[str], str]]] = []
    if "\\" in text:
        steps.append((_ESCAPE, _unescape))
    if steps or (not text.isascii() and (_ODD.search(text) or _ODD_HIGH.search(text))):
        steps += [(_INVISIBLES, _nothing), (_COMPOSED, _compose)]
    starts: list[int] | None = None
    for pattern, replace in steps:
        if pattern.search(text):
            text, moved = _rewrite(text, pattern, replace)
            starts = moved if starts is None else [starts[place] for place in moved]
    return Folded(text=text, starts=starts)


def _unescape(piece: str) -> str:
    return chr(int(piece[2:], 16)) if piece[1] == "u" else "  "


def _nothing(piece: str) -> str:
    return ""


def _compose(piece: str) -> str:
    # The Turkish capital is the one letter whose lower case is longer, and offsets rely on none being so.
    return unicodedata.normalize("NFKC", piece).replace("İ", "I")


def _rewrite(text: str, pattern: re.Pattern[str], replace: Callable[[str], str]) -> tuple[str, list[int]]:
    """Replace every match; return also, for each character of the result and its end, where it was."""
    parts: list[str] = []
    starts: list[int] = []
    position = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        piece = replace(match[0])
        parts += (text[position:start], piece)
        starts.extend(range(position, start))
        starts.extend(range(start, end) if len(piece) == end - start else [start] * len(piece))
        position = end
    parts.append(text[position:])
    starts.extend(range(position, len(text) + 1))
    return "".join(parts), starts
