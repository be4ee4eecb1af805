"""The BIP-39 word lists of the package ``mnemonic``, by word, and the two checksums phrases carry.

Sources: BIP-39 (github.com/bitcoin/bips, bip-0039.mediawiki) and Electrum's seed version system
(electrum.readthedocs.io/en/latest/seedphrase.html).
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence

from mnemonic import Mnemonic

SIZES = (12, 15, 18, 21, 24)  # words in a BIP-39 phrase
LANGUAGES = tuple(sorted(Mnemonic.list_languages()))
ENGLISH = LANGUAGES.index("english")
IDEOGRAPHIC = tuple(LANGUAGES.index(name) for name in ("chinese_simplified", "chinese_traditional"))


def bare(word: str) -> str:
    """Return the form words are compared in: lower case, without accents, the Turkish dotless i dotted.

    Every list stays free of doubles in this form, and people type accents or leave them.
    """
    word = word.lower()
    if word.isascii():
        return word
    letters = unicodedata.normalize("NFKD", word)
    return "".join(c for c in letters if unicodedata.category(c) != "Mn").replace("ı", "i")


def _load() -> tuple[tuple[list[str], ...], tuple[dict[str, int], ...], frozenset[str]]:
    lists = tuple(Mnemonic(name).wordlist for name in LANGUAGES)
    indices = tuple({bare(word): index for index, word in enumerate(words)} for words in lists)
    for index, word in enumerate(lists[ENGLISH]):
        # Steel plates and many people keep four letters of a word: they decide it.
        indices[ENGLISH].setdefault(word[:4], index)
    known = {unicodedata.normalize("NFC", word) for words in lists for word in words}.union(*indices)
    return lists, indices, frozenset(known)


# The lists; for each the index of a word by its bare form; and every form of every word as it is usually typed.
_LISTS, INDICES, KNOWN = _load()


def ideographs(language: int) -> list[str]:
    """Return the characters of a Chinese list, commonest first, which is the order the list has."""
    return _LISTS[language]


def checksum_holds(indices: Sequence[int]) -> bool:
    """Say whether 12, 15, 18, 21 or 24 indices carry the checksum BIP-39 gives them (one phrase in 16 to 256 does by
    chance)."""
    value = 0
    for index in indices:
        value = value << 11 | index
    return packed_checksum_holds(value, size=len(indices))


def packed_checksum_holds(value: int, *, size: int) -> bool:
    """Say the same of indices packed into one number, eleven bits each."""
    bits = size // 3
    entropy = (value >> bits).to_bytes(size // 3 * 4, "big")
    return hashlib.sha256(entropy).digest()[0] >> (8 - bits) == value & ((1 << bits) - 1)


def is_electrum(indices: Sequence[int]) -> bool:
    """Say whether English words are a seed of Electrum 2 or later (one phrase in 200 is by chance)."""
    words = _LISTS[ENGLISH]
    phrase = " ".join(words[index] for index in indices)
    version = hmac.digest(b"Seed version", phrase.encode(), "sha512").hex()
    return version.startswith(("01", "100", "101", "102"))
