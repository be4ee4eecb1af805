"""DKIM (RFC 6376, with RFC 8301 and RFC 8463): check the signatures of a mail, and sign what we send.

Ours and not dkimpy's verifier, though its results are compared in the tests: identity hangs on this, and dkimpy reads
the clock itself, still takes rsa-sha1 and body lengths, needs another library for Ed25519, and cuts the head with
rules of its own, so that the From it checked need not be the From we show. The cryptography is `cryptography`'s."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from trustdesk.net.dns import DnsFailed, Lookups
from trustdesk.net.fields import Field, Mail, cut, domain

MOST_SIGNATURES = 10  # checked in one mail, from the top
_MOST_LOOKED_AT = 50
SIGNED = (
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Reply-To", "MIME-Version"),
    *("Content-Type", "Content-Transfer-Encoding", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"),
)
OVERSIGNED = ("From", "To", "Subject")  # named once more than they occur: a second one breaks the signature

_SMALLEST_RSA, _LARGEST_RSA = 1024, 8192  # bits, to verify with
_SMALLEST_OWN_RSA = 2048  # bits, to sign with (S-56)
_MOST_NAMED = 200
_CLOCKS_DIFFER = 3600  # seconds a signature may come from the future
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PRINTED = re.compile(r"[\t -~]*")
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*")
_OWN_VALUE = re.compile(rb"((?:\A|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_BLANKS = re.compile(rb"[ \t]+")
# Fields that may occur once (RFC 5322, 3.6; RFC 2045, 3). Two of them and the signer saw another than the reader.
_ONCE = frozenset({
    *("from", "sender", "reply-to", "to", "cc", "date", "subject", "message-id", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding"),
})  # fmt: skip

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Checked:
    """One signature: the domain that made it (blank when unreadable), and ``pass``, ``fail`` or ``temperror`` with the
    reason as a code."""

    domain: str
    result: str
    reason: str = ""


class _Refused(Exception):
    pass


def verify(mail: Mail, *, wanted: Callable[[str], bool], lookups: Lookups, now: datetime) -> list[Checked]:
    """Check the topmost MOST_SIGNATURES signatures of a mail; those that no `wanted` domain made fail as
    ``dkim_not_aligned``. `wanted` may raise DnsFailed. Raises nothing: what cannot be checked did
    not pass."""
    repeated = any(len(mail.named(name)) > 1 for name in _ONCE)
    bodies: dict[bool, str] = {}
    checked: list[Checked] = []
    left = MOST_SIGNATURES
    for signature in mail.named("dkim-signature")[:_MOST_LOOKED_AT]:
        by = ""
        try:
            tags = _tags(signature.text)
            by = domain(tags.get("d", ""))
            if not by:
                raise _Refused("dkim_malformed")
            left -= 1  # before `wanted`, which may ask DNS: what others sign must not use up what is asked for the author
            if left < 0:
                raise _Refused("dkim_too_many")
            if not wanted(by):
                raise _Refused("dkim_not_aligned")
            if repeated:
                raise _Refused("dkim_field_repeated")
            _check(mail, signature, tags, by=by, bodies=bodies, lookups=lookups, now=int(now.timestamp()))
        except _Refused as refused:
            checked.append(Checked(by, "fail", str(refused)))
        except DnsFailed:
            checked.append(Checked(by, "temperror", "dkim_dns"))
        else:
            checked.append(Checked(by, "pass"))
    return checked


def _check(
    mail: Mail,
    signature: Field,
    tags: dict[str, str],
    *,
    by: str,
    bodies: dict[bool, str],
    lookups: Lookups,
    now: int,
) -> None:
    """Return when this signature holds, raise _Refused or DnsFailed otherwise."""
    named = [name.strip().lower() for name in tags.get("h", "").split(":")]
    algorithm, _, digest = tags.get("a", "").lower().partition("-")
    if tags.get("v") != "1" or not _SELECTOR.fullmatch(tags.get("s", "")) or not all(named):
        raise _Refused("dkim_malformed")
    if algorithm not in ("rsa", "ed25519") or digest != "sha256":  # SHA-1 proves nothing (RFC 8301)
        raise _Refused("dkim_algorithm")
    if "from" not in named or len(named) > _MOST_NAMED:
        raise _Refused("dkim_from_unsigned")
    if "l" in tags:  # anybody may append to such a mail
        raise _Refused("dkim_body_length")
    if "dns/txt" not in tags.get("q", "dns/txt").replace(" ", "").split(":"):
        raise _Refused("dkim_malformed")
    made, expires = _moment(tags, "t"), _moment(tags, "x")
    if made is not None and (made > now + _CLOCKS_DIFFER or (expires is not None and expires < made)):
        raise _Refused("dkim_malformed")
    if expires is not None and expires < now:
        raise _Refused("dkim_expired")
    _, at, agent = tags.get("i", f"@{by}").rpartition("@")
    agent = agent.lower()
    if not at or not (agent == by or agent.endswith(f".{by}")):
        raise _Refused("dkim_malformed")
    head_way, _, body_way = tags.get("c", "simple/simple").lower().partition("/")
    if {head_way, body_way or "simple"} - {"simple", "relaxed"}:
        raise _Refused("dkim_malformed")
    key = _key(lookups.txt(f"{tags['s']}._domainkey.{by}").records, algorithm=algorithm, subdomain=agent != by)
    relaxed = body_way == "relaxed"
    if relaxed not in bodies:
        bodies[relaxed] = hashlib.sha256(canonical_body(mail.body, relaxed=relaxed)).hexdigest()
    if _decoded(tags, "bh").hex() != bodies[relaxed]:
        raise _Refused("dkim_body_changed")
    data = _signed_data(mail.fields, named, signature, relaxed=head_way == "relaxed")
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(_decoded(tags, "b"), data, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(_decoded(tags, "b"), hashlib.sha256(data).digest())  # RFC 8463, 3: the hash is what is signed
    except InvalidSignature:
        raise _Refused("dkim_signature") from None


def _key(records: Sequence[bytes], *, algorithm: str, subdomain: bool) -> PublicKey:
    """Read the key a domain publishes (RFC 6376, 3.6.1); raises _Refused."""
    if len(records) != 1:  # with several the result is undefined (3.6.2.2)
        raise _Refused("dkim_key_ambiguous" if records else "dkim_no_key")
    try:
        tags = _tags(records[0].decode("ascii"))
    except UnicodeDecodeError:
        raise _Refused("dkim_key") from None
    flags = tags.get("t", "").replace(" ", "").lower().split(":")
    if (
        (("v" in tags) and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"))
        or tags.get("k", "rsa").lower() != algorithm
        or ("h" in tags and "sha256" not in tags["h"].replace(" ", "").lower().split(":"))
        or not {"*", "email"} & set(tags.get("s", "*").replace(" ", "").lower().split(":"))
        or ("s" in flags and subdomain)
    ):
        raise _Refused("dkim_key")
    if "y" in flags:  # "no different from unsigned mail"
        raise _Refused("dkim_key_testing")
    published = _decoded(tags, "p", empty="dkim_key_revoked")
    try:
        if algorithm == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(published)
        key = serialization.load_der_public_key(published)
    except (ValueError, UnsupportedAlgorithm):
        raise _Refused("dkim_key") from None
    if not isinstance(key, rsa.RSAPublicKey) or not _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
        raise _Refused("dkim_key_size")
    if key.public_numbers().e.bit_length() > 33:  # a huge exponent makes checking expensive
        raise _Refused("dkim_key_size")
    return key


def _tags(text: str) -> dict[str, str]:
    """Read a tag list (RFC 6376, 3.2); raises _Refused, also for a tag given twice."""
    parts = text.split(";")
    if not parts[-1].strip():
        parts.pop()
    tags: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip(" \t")
        if not equals or not _TAG.fullmatch(name) or name in tags or not _PRINTED.fullmatch(value):
            raise _Refused("dkim_malformed")
        tags[name] = value.strip(" \t")
    return tags


def _moment(tags: dict[str, str], name: str) -> int | None:
    if name not in tags:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", tags[name]):
        raise _Refused("dkim_malformed")
    return int(tags[name])


def _decoded(tags: dict[str, str], name: str, *, empty: str = "dkim_malformed") -> bytes:
    text = re.sub(r"[ \t]+", "", tags.get(name, ""))
    if not text:
        raise _Refused(empty)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Refused("dkim_malformed") from None


def canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    """Return a body as it is hashed (RFC 6376, 3.4.3 and 3.4.4); lines end in CRLF."""
    if relaxed:
        body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    end = body.rstrip(b"\r\n")
    # Only whole CRLFs count as empty lines; read backwards so that a long tail costs its length and not its square.
    tail = body[len(end) :][::-1]
    empty = re.match(rb"(?:\n\r)*", tail)
    kept = body[: len(body) - (empty.end() if empty else 0)]
    return kept + b"\r\n" if kept or not relaxed else b""


def canonical_field(written: bytes, value: bytes, *, relaxed: bool) -> bytes:
    """Return a field as it is hashed (RFC 6376, 3.4.1 and 3.4.2), with its line break."""
    if not relaxed:
        return written + b":" + value
    unfolded = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return written.lower() + b":" + unfolded + b"\r\n"


def _signed_data(fields: Sequence[Field], named: Sequence[str], signature: Field, *, relaxed: bool) -> bytes:
    """What is signed: the named fields, each name taking the lowest not yet taken (5.4.2), then the signature field
    with an empty b=."""
    left: dict[str, list[Field]] = {}
    for one in fields:
        if one is not signature:
            left.setdefault(one.name, []).append(one)
    taken = [left[name].pop() for name in named if left.get(name)]
    own = canonical_field(signature.written, _OWN_VALUE.sub(rb"\1", signature.value), relaxed=relaxed)
    return b"".join(canonical_field(one.written, one.value, relaxed=relaxed) for one in taken) + own.removesuffix(
        b"\r\n"
    )


@dataclass(frozen=True)
class DkimKey:
    """What we sign with: a private key in PEM form, RSA of 2048 bits at least or Ed25519, published by `domain` under
    `selector`; a blank one follows from the key, so that a new key can be published before it is used. Raises ValueError,
    which never quotes the key."""

    domain: str
    selector: str
    private_key: str = field(repr=False)
    _key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not domain(self.domain):
            raise ValueError("the domain is none")
        try:
            key = serialization.load_pem_private_key(self.private_key.encode("utf-8"), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("not a private key in PEM form without a password") from None
        if isinstance(key, rsa.RSAPrivateKey):
            if not _SMALLEST_OWN_RSA <= key.key_size <= _LARGEST_RSA:
                raise ValueError(f"an RSA key needs {_SMALLEST_OWN_RSA} bits at least")
        elif not isinstance(key, ed25519.Ed25519PrivateKey):
            raise ValueError("neither an RSA nor an Ed25519 key")
        object.__setattr__(self, "domain", domain(self.domain))
        object.__setattr__(self, "_key", key)
        if not self.selector:
            fingerprint = hashlib.sha256(self.record[1].encode()).hexdigest()
            object.__setattr__(self, "selector", f"td{fingerprint[:10]}")
        if not _SELECTOR.fullmatch(self.selector) or len(self.selector) > 63:
            raise ValueError("the selector is none: letters, digits, - and . are")

    @property
    def record(self) -> tuple[str, str]:
        """The name and the text of the DNS record that publishes the key."""
        public = self._key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            form, kind = serialization.PublicFormat.SubjectPublicKeyInfo, "rsa"
            data = public.public_bytes(serialization.Encoding.DER, form)
        else:
            data, kind = public.public_bytes_raw(), "ed25519"
        text = f"v=DKIM1; k={kind}; p={base64.b64encode(data).decode('ascii')}"
        return f"{self.selector}._domainkey.{self.domain}", text

    def covers(self, name: str) -> bool:
        """Say whether a signature by this key vouches for mail from a domain (relaxed alignment)."""
        return name == self.domain or name.endswith(f".{self.domain}")

    def sign(self, wire: bytes, *, now: datetime) -> bytes:
        """Return a message with our signature on top; lines end in CRLF. Raises fields.Unclear when its head cannot be
        read in one way."""
        mail = cut(wire)
        present = [one.name for one in mail.fields]
        named = [name for name in SIGNED for _ in range(present.count(name.lower()) + (name in OVERSIGNED))]
        body = base64.b64encode(hashlib.sha256(canonical_body(mail.body, relaxed=True)).digest()).decode("ascii")
        kind = "rsa" if isinstance(self._key, rsa.RSAPrivateKey) else "ed25519"
        start = "\r\n\t".join((
            f" v=1; a={kind}-sha256; c=relaxed/relaxed; t={int(now.timestamp())};",
            f"d={self.domain}; s={self.selector};",
            *_in_lines("h=" + ":".join(named) + ";"),
            f"bh={body};",
            "b=",
        ))  # fmt: skip
        name = b"DKIM-Signature"
        unsigned = Field("dkim-signature", name, start.encode("ascii") + b"\r\n")
        data = _signed_data(mail.fields, [one.lower() for one in named], unsigned, relaxed=True)
        if isinstance(self._key, rsa.RSAPrivateKey):
            made = self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        else:
            made = self._key.sign(hashlib.sha256(data).digest())
        text = base64.b64encode(made).decode("ascii")
        lines = "\r\n\t ".join(text[at : at + 72] for at in range(0, len(text), 72))
        return name + b":" + start.encode("ascii") + lines.encode("ascii") + b"\r\n" + wire


def _in_lines(text: str) -> list[str]:
    """Break a list of names behind its colons, so that no line passes 78 characters (RFC 5322, 2.1.1)."""
    lines = [""]
    for part in re.findall(r"[^:]+:?", text):
        if len(lines[-1]) + len(part) > 76:
            lines.append("")
        lines[-1] += part
    return lines
