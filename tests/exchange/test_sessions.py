"""Signed sessions: the genuine ones, and every way to make a false one we know of (N-12, S-37)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.exchange.sessions import Key, SessionRefused, read_keys, verify

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
SECRET = "a-shared-secret-of-the-exchange-0123456789"
CLAIMS: dict[str, Any] = {
    "uid": "100001",
    "mail": "lin.wei@mail.example.test",
    "locale": "zh-CN",
    "aud": "trustdesk",
    "iat": AT,
    "exp": AT + 300,
}


def pem(key: Any) -> str:
    """The public half, as an exchange hands it over."""
    public: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


ED25519 = ed25519.Ed25519PrivateKey.generate()
SHARED = Key("HS256", SECRET)
PUBLIC = Key("EdDSA", pem(ED25519))


def b64(data: bytes | dict[str, Any]) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(header: Any, claims: Any, *, secret: str = SECRET) -> str:
    """Sign with HMAC whatever the header says."""
    signed = f"{b64(header)}.{b64(claims)}"
    return f"{signed}.{b64(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def token(secret: Any = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ...}
    return jwt.encode(claims, secret, algorithm=algorithm, headers=headers)


def reason(signed: str, *, keys: Sequence[Key] = (SHARED, PUBLIC), now: datetime = NOW) -> str:
    with pytest.raises(SessionRefused) as refused:
        verify(signed, keys=keys, audience="trustdesk", now=now)
    return refused.value.reason


@pytest.mark.parametrize(("secret", "algorithm"), [(SECRET, "HS256"), (ED25519, "EdDSA")])
def test_a_genuine_session_says_who_it_is(secret: Any, algorithm: str) -> None:
    session = verify(token(secret, algorithm), keys=[SHARED, PUBLIC], audience="trustdesk", now=NOW)
    assert (session.uid, session.mail, session.locale) == ("100001", "lin.wei@mail.example.test", "zh-hans")
    assert (session.issued_at, session.expires_at) == (NOW, NOW + timedelta(seconds=300))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": AT + 600},
        {"exp": AT + 1, "iat": AT - 599},
        {"iat": AT + 30, "exp": AT + 60},
        {"iat": float(AT) - 0.5},
        {"nbf": AT + 30},
        {"nbf": AT - 100},
        {"aud": ["other", "trustdesk"]},
        {"mail": ""},
        {"mail": ...},
        {"locale": ...},
        {"locale": "<b>"},
        {"sub": "x", "jti": "y", "role": "admin"},
        {"uid": "a_B-9.z:1"},
    ],
)
def test_what_the_document_allows_is_accepted(changes: dict[str, Any]) -> None:
    assert verify(token(**changes), keys=[SHARED], audience="trustdesk", now=NOW).uid


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": AT}, "lifetime"),
        ({"exp": AT - 1, "iat": AT - 300}, "expired"),
        ({"exp": AT, "iat": AT - 300}, "expired"),
        ({"exp": AT + 601}, "lifetime"),
        ({"exp": AT + 86400 * 365}, "lifetime"),
        ({"exp": AT + 300, "iat": AT - 301}, "lifetime"),
        ({"iat": AT + 31}, "not_yet"),
        ({"nbf": AT + 31}, "not_yet"),
        ({"exp": ...}, "claims"),
        ({"iat": ...}, "claims"),
        ({"exp": str(AT + 300)}, "claims"),
        ({"exp": True}, "claims"),
        ({"exp": None}, "claims"),
        ({"exp": float("nan")}, "claims"),
        ({"exp": float("inf")}, "claims"),
        ({"exp": 10**400}, "claims"),
        ({"iat": -1}, "claims"),
        ({"nbf": "soon"}, "claims"),
        ({"aud": ...}, "audience"),
        ({"aud": "other"}, "audience"),
        ({"aud": ""}, "audience"),
        ({"aud": ["other"]}, "audience"),
        ({"aud": {"trustdesk": 1}}, "audience"),
        ({"aud": "trustdesk2"}, "audience"),
        ({"uid": ...}, "claims"),
        ({"uid": 100001}, "claims"),
        ({"uid": ""}, "claims"),
        ({"uid": "1\n"}, "claims"),
        ({"uid": "a b"}, "claims"),
        ({"uid": "x" * 65}, "claims"),
        ({"uid": ["100001"]}, "claims"),
        ({"mail": "not a mail"}, "claims"),
        ({"mail": "a@b.c\r\nBcc: d@e.f"}, "claims"),
        ({"mail": 5}, "claims"),
        ({"locale": 5}, "claims"),
    ],
)
def test_claims_that_are_not_in_order_are_refused(changes: dict[str, Any], why: str) -> None:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ...}
    assert reason(forge({"alg": "HS256", "typ": "JWT"}, claims)) == why


def test_a_session_ends_at_its_expiry_to_the_second() -> None:
    signed = token()
    last = NOW + timedelta(seconds=299, milliseconds=999)
    assert verify(signed, keys=[SHARED], audience="trustdesk", now=last).uid == "100001"
    assert reason(signed, now=NOW + timedelta(seconds=300)) == "expired"


# False algorithms and keys.


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "hs256", "PS256"]
)
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_no_algorithm_but_ours(alg: str, signature: str) -> None:
    unsigned = f"{b64({'alg': alg, 'typ': 'JWT'})}.{b64(CLAIMS)}.{signature}"
    assert reason(unsigned) in ("algorithm", "malformed")
    assert reason(forge({"alg": alg, "typ": "JWT"}, CLAIMS)) == "algorithm"


def test_a_public_key_is_not_taken_for_a_shared_secret() -> None:
    """HS256 signed with the text of the EdDSA public key, which everybody has."""
    for text in (PUBLIC.secret, PUBLIC.secret.strip(), PUBLIC.secret.replace("\n", "")):
        forged = forge({"alg": "HS256", "typ": "JWT"}, CLAIMS, secret=text)
        assert reason(forged, keys=[PUBLIC]) == "algorithm"
        assert reason(forged, keys=[PUBLIC, SHARED]) == "signature"


def test_an_hmac_is_not_taken_for_an_eddsa_signature() -> None:
    assert reason(forge({"alg": "EdDSA", "typ": "JWT"}, CLAIMS)) == "signature"
    assert reason(forge({"alg": "EdDSA", "typ": "JWT"}, CLAIMS), keys=[SHARED]) == "algorithm"


@pytest.mark.parametrize("secret", ["", "secret", SECRET + "x", SECRET[:-1], "another-exchange's-key-0123456789abcdef"])
def test_another_key_does_not_do(secret: str) -> None:
    assert reason(forge({"alg": "HS256", "typ": "JWT"}, CLAIMS, secret=secret)) == "signature"
    assert reason(token(ed25519.Ed25519PrivateKey.generate(), "EdDSA")) == "signature"
    assert reason(token(), keys=[]) == "algorithm"


@pytest.mark.parametrize(
    "extra",
    [
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"x5c": ["AAAA"]},
        {"x5t": "AAAA"},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"enc": "A256GCM"},
        {"typ": "JWE"},
        {"typ": "at+jwt"},
        {"typ": ""},
        {"typ": None},
        {"kid": 5},
        {"kid": ["a"]},
    ],
)
def test_a_token_has_no_say_in_how_it_is_checked(extra: dict[str, Any]) -> None:
    assert reason(forge({"alg": "HS256", "typ": "JWT"} | extra, CLAIMS)) == "header"


@pytest.mark.parametrize(
    "kid", ["../../../dev/null", "/dev/null", "' OR 1=1 --", "key\x00", "https://evil.example", "", "old"]
)
def test_kid_only_picks_among_the_keys_we_have(kid: str) -> None:
    named = Key("HS256", SECRET, kid="current")
    assert reason(forge({"alg": "HS256", "kid": kid}, CLAIMS), keys=[named]) == "algorithm"
    assert reason(forge({"alg": "HS256", "kid": kid}, CLAIMS, secret=""), keys=[named, SHARED]) == "signature"
    assert verify(token(headers={"kid": "current"}), keys=[named], audience="trustdesk", now=NOW)
    assert verify(token(headers={"kid": "whatever"}), keys=[SHARED], audience="trustdesk", now=NOW)
    assert verify(token(), keys=[named], audience="trustdesk", now=NOW)


def test_keys_can_be_changed_without_a_gap() -> None:
    old, new = Key("HS256", SECRET), Key("HS256", "the-next-secret-0123456789-0123456789")
    for secret in (old.secret, new.secret):
        assert verify(token(secret), keys=[old, new], audience="trustdesk", now=NOW)
    assert reason(token(old.secret), keys=[new]) == "signature"


def test_an_issuer_that_was_agreed_on_is_checked_per_key() -> None:
    ours = Key("HS256", SECRET, issuer="exchange-a")
    theirs = Key("HS256", "the-other-brand's-secret-0123456789-01", issuer="exchange-b")
    assert verify(token(iss="exchange-a"), keys=[ours, theirs], audience="trustdesk", now=NOW)
    for issuer in ("exchange-b", "", ...):
        assert reason(token(iss=issuer), keys=[ours, theirs]) == "issuer"


def test_no_audience_of_ours_means_no_session() -> None:
    with pytest.raises(SessionRefused, match="audience"):
        verify(token(aud=""), keys=[SHARED], audience="", now=NOW)


# Things that are no token.


@pytest.mark.parametrize(
    "junk",
    [
        *("", ".", "..", "...", "a.b", "a.b.c.d", "a.b.c", "é.é.é", "💥" * 3, "\x00", "null", "Bearer x.y.z"),
        *(f"{b64(head)}.{b64(CLAIMS)}.AAAA" for head in (b"[]", b"1", b"{", b"[" * 2000)),
        *(token() + ".", " " + token(), token().replace(".", "..", 1)),
    ],
)
def test_what_is_no_token_is_malformed(junk: str) -> None:
    assert reason(junk) == "malformed"


def test_names_that_stand_twice_are_refused() -> None:
    twice = b'{"alg":"none","alg":"HS256"}'
    assert reason(forge(twice, CLAIMS)) == "malformed"
    claims = json.dumps(CLAIMS)[:-1].encode() + b', "uid": "100002"}'
    assert reason(forge({"alg": "HS256"}, claims)) == "malformed"


@pytest.mark.parametrize("claims", [b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 1500])
def test_claims_that_are_no_object_are_refused(claims: bytes) -> None:
    assert reason(forge({"alg": "HS256"}, claims)) == "malformed"


def test_five_megabytes_are_refused_before_they_are_looked_at() -> None:
    started = time.perf_counter()
    assert reason("A" * 5_000_000) == "too_long"
    assert reason(token(padding="x" * 5_000_000)) == "too_long"
    assert reason("." * 5_000_000) == "too_long"
    assert time.perf_counter() - started < 2  # most of it is making the token


def test_every_changed_character_breaks_the_signature() -> None:
    signed = token()
    head, body, signature = signed.split(".")
    for place in range(0, len(body), 7):
        other = "A" if body[place] != "A" else "B"
        assert reason(f"{head}.{body[:place]}{other}{body[place + 1 :]}.{signature}") in ("signature", "malformed")
    assert reason(f"{head}.{body}.{signature[:-4]}") in ("signature", "malformed")
    assert reason(f"{head}.{body}.{signature[::-1]}") in ("signature", "malformed")


@given(st.text(max_size=300))
def test_no_text_does_anything_but_get_refused(text: str) -> None:
    assert reason(text)


@given(
    st.dictionaries(st.text(max_size=10), st.none() | st.booleans() | st.floats() | st.text(max_size=20), max_size=5)
)
def test_no_claims_do_anything_but_get_refused(claims: dict[str, Any]) -> None:
    assert reason(forge({"alg": "HS256"}, claims))


# Keys.


def test_keys_that_would_be_unsafe_are_refused() -> None:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    others = [rsa_key, ec.generate_private_key(ec.SECP256R1()), ed448.Ed448PrivateKey.generate()]
    for other in others:
        with pytest.raises(ValueError, match="Ed25519"):
            Key("EdDSA", pem(other))
    private = ED25519.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for secret in (private, "x" * 40, ""):
        with pytest.raises(ValueError, match="Ed25519"):
            Key("EdDSA", secret)
    for secret, why in (("x" * 31, "32 bytes"), ("", "32 bytes"), (pem(rsa_key), "PEM")):
        with pytest.raises(ValueError, match=why):
            Key("HS256", secret)
    with pytest.raises(ValueError, match="HS256 or EdDSA"):
        Key("none", "x" * 40)  # type: ignore[arg-type]
    assert SECRET not in repr(SHARED)


def test_keys_are_read_from_one_setting() -> None:
    other = "the-next-secret-0123456789-0123456789"
    assert read_keys(SECRET) == (SHARED,)
    assert read_keys(f" {SECRET}, {other} ") == (SHARED, Key("HS256", other))
    one_line = PUBLIC.secret.strip().replace("\n", "\\n")
    for text in (PUBLIC.secret, one_line):
        [key] = read_keys(text)
        assert verify(token(ED25519, "EdDSA"), keys=[key], audience="trustdesk", now=NOW)
    mixed = read_keys(f"{SECRET},{one_line},{other}")
    assert [key.algorithm for key in mixed] == ["HS256", "HS256", "EdDSA"]
    assert read_keys("") == ()
    with pytest.raises(ValueError, match="32 bytes"):
        read_keys("short")
    with pytest.raises(ValueError, match="Ed25519"):
        read_keys(pem(ec.generate_private_key(ec.SECP256R1())))
