"""What came from outside, kept so that only this installation reads it, and so that forgetting a key forgets the content.

Each content has a key of its own (AES-256-GCM), which is wrapped by one derived from SECRET_KEY. Earlier values of that,
which may stand behind it, still open what they closed.
"""

from __future__ import annotations

import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE = 12  # bytes (NIST SP 800-38D, 5.2.1.1)


class Unsealable(Exception):
    """Sealed by another installation, damaged, or its key was shredded. Trying again does not help."""


def seal(content: bytes) -> tuple[bytes, bytes]:
    """Return the sealed content and its wrapped key."""
    key = AESGCM.generate_key(256)
    return _encrypt(key, content), _encrypt(_master(settings.SECRET_KEY), key)


def unseal(sealed: bytes, wrapped: bytes) -> bytes:
    """Return what `seal` was given; raises Unsealable."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _decrypt(_decrypt(_master(secret), wrapped), sealed)
        except InvalidTag:
            continue
    raise Unsealable


@lru_cache(maxsize=8)
def _master(secret: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"trustdesk.channels.sealing").derive(secret.encode())


def _encrypt(key: bytes, content: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, None)


def _decrypt(key: bytes, box: bytes) -> bytes:
    if len(box) < _NONCE:
        raise InvalidTag
    return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], None)
