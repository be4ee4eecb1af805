"""What is done to every typed value before it is judged: what nobody types on purpose goes, and blanks are blank."""

import re
import unicodedata
from typing import Final

# NUL and other controls, lone surrogates and noncharacters (a database refuses them), and the marks that turn the
# direction of writing (they make a text read other than it is).
_UNWANTED: Final = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_BREAK: Final = re.compile("\r\n?|[\x85\u2028\u2029]")
_SPACES: Final = re.compile(r"[ \t\n]+")
_OUTER: Final = "\u200b\u200c\u200d\u2060\ufeff" + "".join(c for c in map(chr, range(0x3001)) if c.isspace())
_EMPTY_LINES: Final = re.compile(r"\n{4,}")

PROSE: Final = frozenset(("text", "long"))
_AS_TYPED: Final = PROSE | {"memo"}  # a memo is compared byte by byte with what is on the chain
_NOTHING: Final = frozenset(
    "none no nil na n/a n.a. - -- — / . ? unknown nothing empty 无 無 没有 沒有 暂无 暫無 不知道 不清楚 未知 空".split()
)
_ON: Final = frozenset("yes on true 1 y 是".split())
_OFF: Final = frozenset("no off false 0 n 否".split())


def tidy(value: str, *, kind: str) -> str:
    """Return a typed value without controls and outer blanks; on one line unless it is long, and with its full-width
    letters narrowed unless it is prose. Tidying twice changes nothing more."""
    text = _UNWANTED.sub("", _BREAK.sub("\n", value))
    if kind not in _AS_TYPED:
        # Narrowing may itself bring a blank or a mark to the ends.
        text = unicodedata.normalize("NFKC", text)
    text = _EMPTY_LINES.sub("\n\n\n", text) if kind == "long" else _SPACES.sub(" ", text)
    return text.strip(_OUTER)


def is_nothing(value: str) -> bool:
    """Say whether a field that may stay empty was filled with a word for nothing ("none", "n/a", "没有")."""
    return value.lower() in _NOTHING


def flag(value: str) -> bool | None:
    """Return what a tick box says, or None for what no browser sends."""
    low = value.lower()
    return True if low in _ON else False if low in _OFF else None
