"""The signed session an exchange hands its signed-in customers, so that the chat knows who they are.

A JSON Web Token (RFC 7519) with HS256 or EdDSA (Ed25519); docs/exchange-api.md describes it for the exchange.
Everything a token could say about how it wants to be checked is ignored or refused (RFC 8725): the algorithm is the
key's, keys are never fetched, `kid` only picks among the keys we were given."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from trustdesk.exchange.contract import is_mail, is_uid, language

LONGEST_LIFE = timedelta(minutes=10)
SKEW = timedelta(seconds=30)  # how far the exchange's clock may run ahead of ours
_LONGEST_TOKEN = 4096
_HEADER = frozenset({"alg", "typ", "kid"})  # no jku, x5u, jwk, x5c, crit, zip, b64 …
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)
_YEAR_3000 = 32_503_680_000


class SessionRefused(Exception):
    """A token that proves nothing: the visitor is a fresh stranger. `reason` is a code for the log: ``too_long``,
    ``malformed``, ``header``, ``algorithm``, ``signature``, ``claims``, ``audience``, ``issuer``, ``lifetime``,
    ``not_yet``, ``expired``. The same token will not do later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Key:
    """A key to check sessions with. HS256: `secret` is the shared secret, at least 32 bytes. EdDSA: an Ed25519 public
    key in PEM. `issuer`, when set, is the `iss` such a token must carry. Raises ValueError for a key that would be
    unsafe."""

    algorithm: Literal["HS256", "EdDSA"]
    secret: str = field(repr=False)
    kid: str = ""
    issuer: str = ""

    def __post_init__(self) -> None:
        if self.algorithm == "HS256":
            if len(self.secret.encode()) < 32:
                raise ValueError("an HS256 session key needs at least 32 bytes")
            if "-----BEGIN" in self.secret:
                raise ValueError("an HS256 session key cannot be a PEM key: a public key is no secret")
        elif self.algorithm == "EdDSA":
            self.public()
        else:
            raise ValueError("session keys are HS256 or EdDSA")

    def public(self) -> Ed25519PublicKey:
        """Return the Ed25519 key; raises ValueError for anything else."""
        try:
            key = load_pem_public_key(self.secret.encode())
        except ValueError:
            raise ValueError("an EdDSA session key is an Ed25519 public key in PEM") from None
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("an EdDSA session key must be Ed25519")
        return key


@dataclass(frozen=True)
class Session:
    """Who the exchange says is signed in. `mail` may be empty; `locale` is as `contract.language` writes it."""

    uid: str
    mail: str
    locale: str
    issued_at: datetime
    expires_at: datetime


def read_keys(text: str) -> tuple[Key, ...]:
    """Read the keys of a setting: shared secrets and Ed25519 public keys in PEM, one or several of each, in any
    order, with commas or white space between them (a PEM key may have ``\\n`` for its line breaks). Raises
    ValueError."""
    text = text.replace("\\n", "\n")
    pems = _PEM.findall(text)
    secrets = [part for part in re.split(r"[\s,]+", _PEM.sub(",", text)) if part]
    return (*(Key("HS256", secret) for secret in secrets), *(Key("EdDSA", pem) for pem in pems))


def verify(token: str, *, keys: Sequence[Key], audience: str, now: datetime) -> Session:
    """Check a token against every key that could have signed it; raises SessionRefused. Several keys at once make it
    possible to change keys without a gap."""
    header, claims_text = _parts(token)
    fitting = [
        key
        for key in keys
        if key.algorithm == header["alg"] and ("kid" not in header or key.kid in ("", header["kid"]))
    ]
    if not fitting:
        raise SessionRefused("algorithm")
    signer = next((key for key in fitting if _signed(token, key)), None)
    if signer is None:
        raise SessionRefused("signature")
    return _session(_json(claims_text), signer=signer, audience=audience, now=now)


def _parts(token: str) -> tuple[dict[str, Any], bytes]:
    """Take a token apart without believing it: the header's fields (all of them known) and the claims as bytes."""
    if len(token) > _LONGEST_TOKEN:
        raise SessionRefused("too_long")
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii() or not all(parts):
        raise SessionRefused("malformed")
    header = _json(_base64(parts[0]))
    if not set(header) <= _HEADER or not all(isinstance(value, str) for value in header.values()):
        raise SessionRefused("header")
    if header.get("typ", "JWT").upper() != "JWT":
        raise SessionRefused("header")
    if header.get("alg") not in ("HS256", "EdDSA"):
        raise SessionRefused("algorithm")
    return header, _base64(parts[1])


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SessionRefused("malformed") from None


def _json(text: bytes) -> dict[str, Any]:
    """Read one JSON object in which no name stands twice (two readers could see two different values)."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise SessionRefused("malformed") from None
    if not isinstance(value, dict):
        raise SessionRefused("malformed")
    return value


def _signed(token: str, key: Key) -> bool:
    """Say whether this key signed the token, by the key's own algorithm whatever the token says."""
    secret = key.public() if key.algorithm == "EdDSA" else key.secret
    try:
        jwt.PyJWS(algorithms=[key.algorithm]).decode_complete(token, key=secret, algorithms=[key.algorithm])
    except jwt.InvalidTokenError:
        return False
    return True


def _session(claims: dict[str, Any], *, signer: Key, audience: str, now: datetime) -> Session:
    """Read the claims of a token whose signature is good."""
    audiences = claims.get("aud")
    if not audience or audience not in (audiences if isinstance(audiences, list) else [audiences]):
        raise SessionRefused("audience")
    if signer.issuer and claims.get("iss") != signer.issuer:
        raise SessionRefused("issuer")
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    if not timedelta(0) < expires - issued <= LONGEST_LIFE:
        raise SessionRefused("lifetime")
    if issued > now + SKEW or ("nbf" in claims and _time(claims, "nbf") > now + SKEW):
        raise SessionRefused("not_yet")
    if now >= expires:
        raise SessionRefused("expired")
    uid, mail, locale = claims.get("uid"), claims.get("mail", ""), claims.get("locale", "")
    if not isinstance(uid, str) or not is_uid(uid):
        raise SessionRefused("claims")
    if not isinstance(mail, str) or not isinstance(locale, str) or (mail and not is_mail(mail)):
        raise SessionRefused("claims")
    return Session(uid=uid, mail=mail, locale=language(locale), issued_at=issued, expires_at=expires)


def _time(claims: dict[str, Any], name: str) -> datetime:
    """Read a NumericDate (RFC 7519, 2): seconds since 1970, never a text or a truth value."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _YEAR_3000:  # NaN fails too
        raise SessionRefused("claims")
    return datetime.fromtimestamp(value, UTC)
