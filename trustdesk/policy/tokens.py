"""What of ours opens something for whoever holds it, found in text: answer and bounce addresses, signed links (E-19).

Programs quote whom they answer, people forward what they got, and logs name addresses: none of it may open a case.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "•••"
_ADDRESS = re.compile(r"(?:\+|%2B)[rb][a-z2-7]{26}(?![a-z0-9])", re.IGNORECASE)  # channels.addresses
# Django's timestamped signatures: value, time, and 43 characters of SHA-256. Tried only where a run begins, and given back
# nothing: from every letter of a long run anew it would take time by its square.
_SIGNED = re.compile(
    r"(?<![A-Za-z0-9_.=-])[A-Za-z0-9_.=-]{4,}+(?::|%3A)[A-Za-z0-9]{6}(?::|%3A)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])", re.IGNORECASE
)


def plain_addresses(text: str) -> str:
    """Return a text with addresses made for one recipient as the plain ones they belong to."""
    return _ADDRESS.sub("", text)


def hide(text: str) -> str:
    """Return a text in which nothing opens anything: plain addresses, and signed values hidden."""
    return _SIGNED.sub(HIDDEN, plain_addresses(text))
