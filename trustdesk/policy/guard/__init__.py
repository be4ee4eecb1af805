"""Finds secrets in what people write and masks them, before anything is stored.

A seed phrase or a private key in a support case is a theft waiting to happen: whoever reads the case, the log or a
backup of either can empty the wallet. So ``mask`` runs first on every path, before anything is written anywhere.

Pure but for the BIP-39 word lists, which come from the package ``mnemonic`` and are read once, on import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from trustdesk.policy.guard import credential_words, credentials, ideographs, keys, named, phrases
from trustdesk.policy.guard.finding import Finding, placeholder, wall_off, wall_off_placeholders
from trustdesk.policy.guard.folding import fold
from trustdesk.policy.guard.wordlists import KNOWN

__all__ = ["Finding", "Masked", "mask"]

_PASSES = 6  # what one pass finds may have parted another secret; the second nearly always finds nothing

# The letters of ASCII in lower case, everything else a space: splits a message into words in one step.
_LETTERS = "".join(chr(code).lower() if chr(code).isalpha() else " " for code in range(128))
_WORD = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"(?<![0-9A-Za-z+/_~.-])[0-9A-Za-z+/_~.-]{16,}")
_SHORTEST_TOKEN = 16
# Wording that makes a text worth a closer look: of a seed phrase, of what an authenticator or a browser keeps, and (in
# `credential_words`) of a password or code. The three together are asked first, since most texts hold none of them.
_SEED_NAMES = frozenset(
    "seed seeds mnemonic mnemonics phrase phrases words recovery backup shamir slip semilla semente "
    "recuperación recuperacion recuperação recupero récupération recuperation mnémonique kurtarma tohum "
    "obnovovací wiederherstellung wiederherstellungsphrase мнемоника мнемоническая мнемонику фраза фразу "
    "восстановления сид 시드 니모닉 복구".split()
)
_SETUP_NAMES = frozenset("totp otp fa mfa authenticator setup manual secret cookie cookies passphrase".split())
_NAMES = _SEED_NAMES | _SETUP_NAMES | credential_words.NAMES
_EASTERN = re.compile("[\u2e80-\uffef]")
# Every branch begins with a plain character: then the matcher looks at first characters only.
_EASTERN_SEED_NAMES = re.compile(
    "第1|第一个词|助记|助記|助忆|助憶|注记|种子|種子|单词|單詞|恢复短|恢复词|恢復短|恢復詞|备份短|备份词|備份短|備份詞"
    "|ニーモ|シード|リカバ|復元|시드|니모닉|복구"
)
_EASTERN_SETUP_NAMES = re.compile("验证|驗證|口令|密钥|密鑰|秘钥|秘鑰")
_EASTERN_NAMES = re.compile(
    "|".join((_EASTERN_SEED_NAMES.pattern, _EASTERN_SETUP_NAMES.pattern, credential_words.EASTERN_NAMES.pattern))
)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text that may be stored, and what was taken out of it, in order, with offsets into the original."""

    text: str
    found: tuple[Finding, ...]


def mask(text: str) -> Masked:
    """Replace every secret with a placeholder such as ``[••• seed_phrase]``; masking a masked text changes nothing.

    Time is linear in the length; a chat message costs about as much as parsing its JSON. Never raises.
    """
    folded = fold(text)
    rest = wall_off_placeholders(folded.text)
    found: list[Finding] = []
    for _ in range(_PASSES):
        new = _disjoint(_scan(rest))
        if not new:
            break
        rest = wall_off(rest, new)
        found.extend(new)
    if not found:
        return Masked(text=text, found=())
    spans = _disjoint(folded.unfold(one) for one in found)
    return Masked(text=_replaced(text, spans), found=tuple(spans))


def _scan(text: str) -> Iterable[Finding]:
    """Find secrets in folded text. The doors keep what ordinary messages cost to a few passes of C code."""
    lower = text.lower()
    ascii_only = text.isascii()
    words = _words(lower)
    has_long = not ascii_only or max(map(len, text.split()), default=0) >= _SHORTEST_TOKEN
    tokens = [match.span() for match in _TOKEN.finditer(text)] if has_long else []
    known = sum(map(KNOWN.__contains__, words))
    eastern = not ascii_only and _EASTERN.search(text) is not None
    names = () if _NAMES.isdisjoint(words) else _NAMES.intersection(words)
    in_eastern = eastern and _EASTERN_NAMES.search(text) is not None
    of_seed = not _SEED_NAMES.isdisjoint(names) or (in_eastern and _EASTERN_SEED_NAMES.search(text) is not None)
    of_setup = not _SETUP_NAMES.isdisjoint(names) or (in_eastern and _EASTERN_SETUP_NAMES.search(text) is not None)
    of_credential = not credential_words.NAMES.isdisjoint(names) or (
        in_eastern and credential_words.EASTERN_NAMES.search(text) is not None
    )

    found: list[Finding] = []
    if eastern and (of_seed or ideographs.possible(text)):
        found.extend(ideographs.find(text, lower=lower))
    if (
        phrases.possible(words, known)
        or (of_seed and len(words) >= phrases.FEWEST)
        or (known >= phrases.FEWEST and "<" in text and phrases.possible(_words(phrases.without_tags(lower)), known))
    ):
        found.extend(phrases.find(text, lower=lower))
    if tokens or text.count(",") >= keys.LEAST_COMMAS:
        found.extend(keys.find(text, lower=lower, tokens=tokens))
    if has_long or of_setup:
        found.extend(keys.find_headers(text, lower=lower))
    if tokens or of_setup:
        found.extend(named.find(text, lower=lower, tokens=tokens, grouped=of_setup))
    if of_credential:
        found.extend(credentials.find(text, lower=lower))
    return found


def _words(lower: str) -> list[str]:
    return lower.translate(_LETTERS).split() if lower.isascii() else _WORD.findall(lower)


def _disjoint(found: Iterable[Finding]) -> list[Finding]:
    """Join findings that overlap; of two, the longer gives the kind."""
    joined: list[Finding] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        last = joined[-1] if joined else None
        if last is None or one.start >= last.end:
            joined.append(one)
        elif one.end > last.end:
            kind = last.kind if last.end - last.start >= one.end - one.start else one.kind
            joined[-1] = Finding(kind=kind, start=last.start, end=one.end)
    return joined


def _replaced(text: str, spans: list[Finding]) -> str:
    parts: list[str] = []
    position = 0
    for one in spans:
        parts.append(text[position : one.start])
        parts.append(placeholder(one.kind))
        position = one.end
    parts.append(text[position:])
    return "".join(parts)
