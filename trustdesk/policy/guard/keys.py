"""Secrets that prove themselves, whatever stands beside them: by checksum, by prefix, by header, by being a key pair.

Sources: BIP-32, BIP-38, Bitcoin wiki "Wallet import format", XRPL "base58 encodings", Stellar SEP-23, RFC 7468 (PEM),
RFC 5958 (PKCS #8), RFC 7519 (JWT), RFC 6750 (bearer tokens), RFC 6265 (cookies), Google Authenticator "Key URI format".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustdesk.policy.guard.finding import Finding

_B58 = "1-9A-HJ-NP-Za-km-z"
_DIGITS = {c: value for value, c in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}
_XRP_DIGITS = {c: value for value, c in enumerate("rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz")}
_PIECE = re.compile("[0-9A-Za-z]{28,}")
_BASE58 = re.compile(f"[{_B58}]+")
_STELLAR = re.compile("S[A-Z2-7]{55}")
# White space inside, because mail clients wrap at 76 characters and an extended key has 111.
_EXTENDED = re.compile(f"(?:[a-zA-Z]prv|[dD]gpv|[LM]tpv)(?:\\s{{0,3}}[{_B58}]){{90,110}}")
_EXTENDED_MARKS = ("prv", "gpv", "tpv")
LEAST_COMMAS = 63  # of a key pair written as a list of its 64 bytes
_BYTE_LIST = re.compile(r"\[\s{0,4}\d{1,3}(?:\s{0,4},\s{0,4}\d{1,3}){63}\s{0,4}\]")
# Formats whose prefix says that a private key follows; matched in lower case.
_PREFIXED = re.compile(
    "(?<![0-9a-z])(?:"
    "(?:suiprivkey|nsec|age-secret-key-|(?:root|acct|addr|stake)_xsk|ed25519e?_sk|secret-extended-key-(?:main|test))"
    "1[02-9ac-hj-np-z]{38,}"
    "|pvt_(?:k1|r1|wa)_[0-9a-z]{40,}"
    "|(?:edsk|spsk|p2sk|edesk|spesk|p2esk)[0-9a-z]{46,96}"
    "|(?:ed25519|secp256k1)-priv-0x[0-9a-f]{64})(?![0-9a-z])"
)
_PREFIX_MARKS = ("priv", "nsec1", "secret-", "_xsk1", "_sk1", "pvt_", "edsk", "spsk", "p2sk", "desk", "spesk", "p2esk")

_PEM_BEGIN = re.compile(r"[-–—]{2,5} ?BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?[-–—]{2,5}")
_PEM_END = re.compile(r"[-–—]{2,5} ?END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?[-–—]{2,5}")
_LONGEST_PEM = 16_384
_PEM_BODY = re.compile(
    r"(?:\s{0,3}(?:Proc-Type|DEK-Info|Version|Comment): [^\n]{0,80})*"
    r"((?:[\s>\\]{0,6}[A-Za-z0-9+/=]{20,})+(?:[\s>\\]{0,6}[A-Za-z0-9+/]{1,19}={1,2})?)"
)
# The body of a PEM key without its first line: DER, a sequence that begins with the version 0 or 1.
_DER = re.compile(
    r"M(?:II[A-Za-z0-9+/]{2}[AQgw]IBA|I[GH][A-Za-z0-9+/]AgE|[A-P][A-Za-z0-9+/]CAQ[AE])"
    r"(?:\s{0,2}[A-Za-z0-9+/]){50,8192}={0,2}"
)

_OTPAUTH = re.compile(r"otpauth(?:-migration)?://[^\s\"'<>\uffff\ufffe]{8,2048}", re.IGNORECASE)
_JWT = re.compile(r"(?<![0-9A-Za-z_-])eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]*){1,3}")
_BEARER = re.compile(r"\bbearer[ \t:=]{1,4}\"?([0-9A-Za-z._~+/-]{20,}=*)", re.IGNORECASE)
_AUTHORIZATION = re.compile(
    r"\bauthorization\\?[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\?[\"']?"
    r"((?:(?:bearer|basic|token|digest|hmac|apikey)[ \t]{1,4})?[0-9A-Za-z._~+/=:-]{12,})",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"\b(?:set-)?cookie\\?[\"']?[ \t]{0,4}:[ \t]{0,4}\\?[\"']?"
    r"([^\s=;\"'\uffff\ufffe]{1,80}=[^\r\n\"'\uffff\ufffe]{4,8192})",
    re.IGNORECASE,
)
_CURL_COOKIE = re.compile(
    r"(?<=[ \t])(?:-b|--cookie)[ \t=]{1,4}[\"']?([^\s=;\"'\uffff\ufffe]{1,80}=[^\s\"'\uffff\ufffe]{4,8192})"
)
# One header or cookie of a .har file.
_HAR = re.compile(
    r"\"name\"\s{0,8}:\s{0,8}\"(?:(?:set-)?cookie|(?:proxy-)?authorization|"
    r"[\w-]{0,24}(?:token|secret|session|sess_?id|jwt|csrf|"
    r"xsrf|auth)[\w-]{0,24}|sid)\"\s{0,8},\s{0,8}\"value\"\s{0,8}:\s{0,8}\"((?:[^\"\\\uffff\ufffe]|\\.){4,8192})\"",
    re.IGNORECASE,
)


def find(text: str, *, lower: str, tokens: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """Find secrets that prove themselves in folded text; findings may overlap.

    ``lower`` is the text in lower case, ``tokens`` the spans of its long tokens. Time is linear in the length; no more
    than one signature check is made for each 87 characters.
    """
    read_to = 0
    for start, end in tokens:
        if text[start] == "M" and start >= read_to and (match := _DER.match(text, start)):
            read_to = match.end()
            yield Finding(kind="pem_key", start=start, end=read_to)
        if end - start < 28:
            continue
        if any(mark in lower[start:end] for mark in _PREFIX_MARKS):
            for match in _PREFIXED.finditer(lower, start, end):
                yield Finding(kind="private_key", start=match.start(), end=match.end())
        for piece in _PIECE.finditer(text, start, end):
            yield from _piece(text, *piece.span())
    if "private key" in lower:
        yield from _pem(text)
    if "[" in text and text.count(",") >= LEAST_COMMAS:
        for match in _BYTE_LIST.finditer(text):
            if _is_byte_list(match[0]):
                yield Finding(kind="private_key", start=match.start(), end=match.end())


def _piece(text: str, start: int, end: int) -> Iterator[Finding]:
    token = text[start:end]
    if token[1:4] in _EXTENDED_MARKS and (match := _EXTENDED.match(text, start)):
        yield from _extended(match)
    elif (end - start in _SIZES or token[0] == "s") and _BASE58.fullmatch(token):
        kind = _base58_kind(token)
        if kind:
            yield Finding(kind=kind, start=start, end=end)
    elif end - start == 56 and _STELLAR.fullmatch(token) and _is_stellar_seed(token):
        yield Finding(kind="private_key", start=start, end=end)


def _pem(text: str) -> Iterator[Finding]:
    ends = [match.end() for match in _PEM_END.finditer(text)]
    position = 0
    while begin := _PEM_BEGIN.search(text, position):
        place = bisect_left(ends, begin.end())
        body = _PEM_BODY.match(text, begin.end())
        position = begin.end()
        if place < len(ends) and ends[place] - begin.start() <= _LONGEST_PEM:
            position = ends[place]
        elif body:  # cut off before its last line
            position = body.end()
        else:
            continue  # the line is only spoken of
        yield Finding(kind="pem_key", start=begin.start(), end=position)


def _extended(match: re.Match[str]) -> Iterator[Finding]:
    """Take the 111 characters of an extended private key; unbroken ones even where a character is mistyped."""
    text = match[0]
    solid = [place for place, character in enumerate(text) if not character.isspace()][:111]
    if len(solid) == 111 and _payload("".join(text[place] for place in solid)) is not None:
        yield Finding(kind="xprv", start=match.start(), end=match.start() + solid[-1] + 1)
        return
    unbroken = len(text.split(maxsplit=1)[0])
    if unbroken >= 94:
        yield Finding(kind="xprv", start=match.start(), end=match.start() + unbroken)


# WIF, BIP-38, Solana key pairs, extended keys.
_SIZES = frozenset((51, 52, 58, 86, 87, 88, *range(107, 114)))


def _base58_kind(token: str) -> str | None:
    size = len(token)
    if token[0] == "s" and size in (28, 29, 30, 31):
        return "private_key" if _is_xrp_seed(token) else None
    if size in (51, 52):
        payload = _payload(token)
        # Bitcoin and its relatives set the top bit of the version of whatever is private.
        if payload and payload[0] >= 0x80 and (len(payload) == 33 or (len(payload) == 34 and payload[33] == 1)):
            return "wif"
    elif size == 58 and token.startswith("6P"):
        payload = _payload(token)
        if payload and payload[0] == 1 and payload[1] in (0x42, 0x43):
            return "private_key"
    elif 86 <= size <= 88:
        pair = _decoded(token)
        if len(pair) == 64 and _is_key_pair(pair):
            return "private_key"
    elif 107 <= size <= 113:
        payload = _payload(token)
        if payload and len(payload) == 78 and payload[45] == 0:  # a public key has 2 or 3 here
            return "xprv"
    return None


def _payload(token: str, *, digits: dict[str, int] = _DIGITS) -> bytes | None:
    """Decode base58check; None where the checksum fails."""
    raw = _decoded(token, digits=digits)
    payload = raw[:-4]
    good = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4] == raw[-4:]
    return payload if good else None


def _decoded(token: str, *, digits: dict[str, int] = _DIGITS) -> bytes:
    """Decode base58; the first character of an alphabet stands for a leading zero byte."""
    number = 0
    for character in token:
        number = number * 58 + digits[character]
    size = (number.bit_length() + 7) // 8
    zeros = len(token) - len(token.lstrip(next(iter(digits))))
    return bytes(zeros) + number.to_bytes(size, "big")


def _is_key_pair(pair: bytes) -> bool:
    """Tell a Solana key pair from a Solana transaction id: in a pair the second half is the public key of the first."""
    return Ed25519PrivateKey.from_private_bytes(pair[:32]).public_key().public_bytes_raw() == pair[32:]


def _is_xrp_seed(token: str) -> bool:
    payload = _payload(token, digits=_XRP_DIGITS)
    return payload is not None and (
        (len(payload) == 17 and payload[0] == 0x21) or (len(payload) == 19 and payload[:3] == b"\x01\xe1\x4b")
    )


def _is_stellar_seed(token: str) -> bool:
    raw = base64.b32decode(token)
    return raw[0] == 0x90 and binascii.crc_hqx(raw[:33], 0) == int.from_bytes(raw[33:], "little")


def _is_byte_list(token: str) -> bool:
    numbers = [int(number) for number in token.strip("[]").split(",")]
    return max(numbers) < 256 and _is_key_pair(bytes(numbers))


def find_headers(text: str, *, lower: str) -> Iterator[Finding]:
    """Find what headers, set-up links and archives of browser traffic carry; findings may overlap. Linear time."""
    if "otpauth" in lower:
        for match in _OTPAUTH.finditer(text):
            yield Finding(kind="totp_seed", start=match.start(), end=match.end())
    if "eyJ" in text:
        for match in _JWT.finditer(text):
            yield Finding(kind="token", start=match.start(), end=match.end())
    for mark, kind, pattern in _HEADERS:
        if mark in lower:
            for match in pattern.finditer(text):
                yield Finding(kind=kind, start=match.start(1), end=match.end(1))


_HEADERS = (
    ("bearer", "token", _BEARER),
    ("authorization", "token", _AUTHORIZATION),
    ("cookie", "cookie", _COOKIE),
    ("curl", "cookie", _CURL_COOKIE),
    ('"value"', "token", _HAR),
)
