"""Secrets that only the wording beside them makes secrets: hex keys, API secrets, set-up keys of authenticators.

A bare string of 64 hex digits is a transaction id until something next to it says "private key". So each long token is
judged by the nearest wording before it: wording for a key and nothing but linking words between masks it, wording for
anything public (hash, address, order …) protects it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trustdesk.policy.guard import wording
from trustdesk.policy.guard.finding import KEY_WALL, Finding
from trustdesk.policy.guard.wording import Wording

_HEX = re.compile(
    r"(?<![0-9A-Za-z])(?:0x)?([0-9A-Fa-f]{32}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{66}|[0-9A-Fa-f]{128})(?![0-9A-Za-z])"
)
_BASE32 = re.compile(
    "(?<![0-9A-Za-z])(?:(?:[A-Z2-7]{4}[ -]?){3,16}[A-Z2-7]{2,8}|(?:[a-z2-7]{4}[ -]?){3,16}[a-z2-7]{2,8})={0,6}"
    "(?![0-9A-Za-z])"
)
_PASSPHRASE = re.compile(
    r"(?:api[ _-]?)?passphrase[\"']?[ \t]{0,4}[:=：][ \t]{0,4}[\"']?([^\s\"'\uffff\ufffe]{8,64})", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"0x[0-9A-Fa-f]{40}|[13T][1-9A-HJ-NP-Za-km-z]{25,34}|(?:bc|tb|ltc)1[02-9ac-hj-np-z]{25,71}", re.IGNORECASE
)
_TOKEN = re.compile("[0-9A-Za-z]{16,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_REACH = 64  # characters from wording to secret, other tokens not counted
_LATIN = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|[。！？；;]")
_CONNECTED = re.compile(r"[:=：＝>→(]|\b(?:is|are|was)\b|是|为|為|如下|\"\s*,|^\s*$", re.IGNORECASE)
_TIGHT = re.compile(r"[\s\"'“”‘’`)\]】*]*(?:[:=：＝]|=>|->|→|is|是|为|為)?[\s\"'“”‘’`(\[【*]*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;、，；\"'.)\]|\d-]{1,12}")
_DIGIT, _LETTER = re.compile("[0-9]"), re.compile("[A-Za-z]")
# Words that may stand between wording and secret.
_LINKS = frozenset(
    "is are was it its this that the a my our his here there below as follows following hex hexstring string str raw "
    "value data bytes buffer of for from in on to at wallet account eth btc trx sol bnb evm tron solana ethereum "
    "bitcoin metamask trust copyfrom bytestring new old backup exported export please and with key keys numeric array "
    "hexstringtobytearray tobytes fromhex unhexlify decode encode let val var const es le la il è é est".split()
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A token that could be a secret: ``hex`` (with its number of digits), ``base32`` or ``opaque``."""

    shape: str
    start: int
    end: int
    digits: int


def find(text: str, *, lower: str, tokens: Sequence[tuple[int, int]], grouped: bool) -> Iterator[Finding]:
    """Find secrets named as such in folded text; findings may overlap.

    ``lower`` is the text in lower case, ``tokens`` the spans of its long tokens, ``grouped`` whether base32 broken into
    groups of four is worth looking for. Time is linear in the length.
    """
    candidates: list[_Candidate] = []
    if tokens and (grouped or wording.possible(lower)):
        candidates.extend(_long(text, tokens))
    if grouped and (tokens or _DIGIT.search(text)):
        candidates.extend(
            _Candidate(shape="base32", start=match.start(), end=match.end(), digits=0)
            for match in _BASE32.finditer(text)
            if _is_base32(match[0])
        )
    if candidates:
        yield from _named(text, sorted(candidates, key=lambda one: one.start), Wording(lower))
    if "passphrase" in lower:
        for match in _PASSPHRASE.finditer(text):
            if _mixed(match[1]):
                yield Finding(kind="api_secret", start=match.start(1), end=match.end(1))


def _long(text: str, tokens: Sequence[tuple[int, int]]) -> Iterator[_Candidate]:
    for start, end in tokens:
        hexes = list(_HEX.finditer(text, start, end))
        for match in hexes:
            yield _Candidate(shape="hex", start=match.start(), end=match.end(), digits=len(match[1]))
        token = text[start:end]
        if not hexes and len(token) <= 512 and _looks_random(token) and not _ADDRESS.fullmatch(token):
            yield _Candidate(shape="opaque", start=start, end=end, digits=0)


def _named(text: str, candidates: Sequence[_Candidate], words: Wording) -> Iterator[Finding]:
    last_key = -1
    for one in candidates:
        kind = _kind(text, one, words)
        if kind is None and one.shape == "hex" and _continues(text, one.start, last_key):
            kind = "private_key"
        if kind is not None:
            yield Finding(kind=kind, start=one.start, end=one.end)
        if kind == "private_key":
            last_key = one.end


def _kind(text: str, one: _Candidate, words: Wording) -> str | None:
    """Say what kind of secret the wording makes of a token, or None."""
    cue = words.before(one.start)
    if cue is not None and cue.kind == "factor":
        if one.shape == "base32" and _TIGHT.fullmatch(_TOKEN.sub("", text[cue.end : one.start])):
            return "totp_seed"
        cue = words.before(cue.start)  # "private key (2FA is off): …"
    if cue is None:
        return _kind_by_what_follows(text, one, words)
    gap = _TOKEN.sub("", text[cue.end : one.start])
    if cue.kind == "public" or not _linked(gap):
        return None
    tight = _TIGHT.fullmatch(gap) is not None
    said = tight or _CONNECTED.search(gap) is not None
    if one.shape == "base32":
        return "totp_seed" if cue.kind == "setup" or (cue.kind == "api" and said) else None
    if cue.kind == "setup":
        return "totp_seed" if tight else None
    if one.shape == "hex":
        return _kind_of_hex(cue.kind, one.digits, tight=tight, said=said)
    if cue.kind == "api":
        named = tight or (said and not _UUID.fullmatch(text, one.start, one.end))
        return "api_secret" if named else None
    return "private_key" if cue.kind == "private" and one.end - one.start >= 40 else None


def _kind_of_hex(cue: str, digits: int, *, tight: bool, said: bool) -> str | None:
    whole = digits >= 64
    if (
        (cue == "private" and whole)
        or (cue == "seed" and said)
        or (cue == "key" and digits == 64 and tight)
        or (cue == "api" and whole)
    ):
        return "private_key"
    return "api_secret" if cue == "api" and said else None


def _kind_by_what_follows(text: str, one: _Candidate, words: Wording) -> str | None:
    """Read "<hex> is my private key"."""
    if one.digits != 64:
        return None
    cue = words.after(one.end)
    if cue is None or cue.kind != "private":
        return None
    gap = text[one.end : cue.start]
    return "private_key" if _linked(gap) and "\n" not in gap else None


def _linked(gap: str) -> bool:
    """Say whether what stands between wording and token ties them together rather than telling a story."""
    if len(gap) > _REACH or _SENTENCE_END.search(gap):
        return False
    strange = sum(word.lower() not in _LINKS for word in _LATIN.findall(gap))
    return strange <= 2 and len(_EASTERN.findall(gap)) <= 8


def _continues(text: str, start: int, last_key: int) -> bool:
    """Say whether a token goes on a list of private keys, of which only the first has the wording beside it."""
    window = text[max(0, start - 13) : start]
    if last_key >= 0 and 0 <= start - last_key <= 12:
        return _SEPARATORS.fullmatch(text[last_key:start]) is not None
    wall = window.rfind(KEY_WALL)
    return wall >= 0 and _SEPARATORS.fullmatch(window[wall + 1 :]) is not None


def _looks_random(token: str) -> bool:
    if "." in token.strip(".") or token.startswith("/") or token.count("/") > len(token) // 12 + 1:
        return False  # a file, a host, a path
    return _mixed(token)


def _mixed(token: str) -> bool:
    digits, letters = len(_DIGIT.findall(token)), len(_LETTER.findall(token))
    return letters >= 2 and digits >= (1 if len(token) >= 20 else 2)


def _is_base32(token: str) -> bool:
    return any(character in "234567" for character in token) or (token.isupper() and " " not in token)
