"""What the guard found, and the marks it leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Inside the guard a secret already found is overwritten with one of these two, and every detector treats both as a
# wall: no word, key or wording reaches across. They are Unicode noncharacters, so no text needs them. The second marks
# private keys alone, because a list of keys has the wording beside its first one only.
WALL = "\uffff"
KEY_WALL = "\ufffe"

# What stands in the stored text. Square brackets and bullets read the same in every language; the code is for the
# surface to translate.
_PLACEHOLDER = re.compile(r"\[••• ([a-z_]{3,20})\]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret: its kind (``seed_phrase``, ``xprv``, ``wif``, ``private_key``, ``pem_key``, ``api_secret``,
    ``totp_seed``, ``token``, ``cookie``, ``password``, ``pin``, ``one_time_code``) and its place, as character offsets,
    end exclusive."""

    kind: str
    start: int
    end: int


def placeholder(kind: str) -> str:
    """Return what replaces a secret of this kind."""
    return f"[••• {kind}]"


def walled(text: str, start: int, end: int) -> bool:
    """Say whether a wall stands between two places."""
    gap = text[start:end]
    return WALL in gap or KEY_WALL in gap


def wall_off(text: str, spans: list[Finding]) -> str:
    """Overwrite the spans (sorted, disjoint) with walls of the same length, so that offsets stay true."""
    parts: list[str] = []
    position = 0
    for one in spans:
        parts.append(text[position : one.start])
        parts.append(_wall(one.kind) * (one.end - one.start))
        position = one.end
    parts.append(text[position:])
    return "".join(parts)


def wall_off_placeholders(text: str) -> str:
    """Overwrite placeholders of an earlier pass, which would otherwise read as wording ("private_key") themselves."""
    if "[••• " not in text:
        return text
    return _PLACEHOLDER.sub(lambda match: _wall(match[1]) * len(match[0]), text)


def _wall(kind: str) -> str:
    return KEY_WALL if kind == "private_key" else WALL
