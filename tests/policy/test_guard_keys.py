"""Keys that prove themselves, and what browsers and servers write down; vectors are made here."""

import base64
import binascii
import hashlib
import json
import random

import base58
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from trustdesk.policy import guard
from trustdesk.policy.guard.keys import _decoded

CHANCE = random.Random(20)


def chars(alphabet: str, size: int) -> str:
    return "".join(CHANCE.choices(alphabet, k=size))


def extended(version: str, *, private: bool = True) -> str:
    """Serialise an extended key as BIP-32 says: version, depth, parent, number, chain code, key."""
    key = (b"\0" if private else bytes([CHANCE.choice((2, 3))])) + CHANCE.randbytes(32)
    return base58.b58encode_check(
        bytes.fromhex(version) + b"\3" + CHANCE.randbytes(8) + CHANCE.randbytes(32) + key
    ).decode()


def wif(version: int, *, compressed: bool = True) -> str:
    return base58.b58encode_check(bytes([version]) + CHANCE.randbytes(32) + (b"\1" if compressed else b"")).decode()


def solana_pair() -> bytes:
    seed = CHANCE.randbytes(32)
    return seed + ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def stellar(version: int) -> str:
    raw = bytes([version]) + CHANCE.randbytes(32)
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode()


SELF_EVIDENT = {
    "xprv": ("xprv", [extended("0488ADE4") for _ in range(20)]),
    "yprv": ("xprv", [extended("049D7878")]),
    "zprv": ("xprv", [extended("04B2430C")]),
    "tprv": ("xprv", [extended("04358394")]),
    "vprv": ("xprv", [extended("045F18BC")]),
    "dgpv": ("xprv", [extended("02FAC398")]),
    "Ltpv": ("xprv", [extended("019D9CFE")]),
    "bitcoin WIF": ("wif", [wif(0x80) for _ in range(20)] + [wif(0x80, compressed=False) for _ in range(20)]),
    "testnet WIF": ("wif", [wif(0xEF), wif(0xEF, compressed=False)]),
    "litecoin WIF": ("wif", [wif(0xB0), wif(0xB0, compressed=False)]),
    "dogecoin WIF": ("wif", [wif(0x9E), wif(0x9E, compressed=False)]),
    "dash WIF": ("wif", [wif(0xCC), wif(0xCC, compressed=False)]),
    "BIP-38": ("private_key", [base58.b58encode_check(b"\x01\x42\xc0" + CHANCE.randbytes(36)).decode()]),
    "XRP family seed": (
        "private_key",
        [
            base58.b58encode_check(b"\x21" + CHANCE.randbytes(16), alphabet=base58.XRP_ALPHABET).decode()
            for _ in range(9)
        ],
    ),
    "XRP Ed25519 seed": (
        "private_key",
        [base58.b58encode_check(b"\x01\xe1\x4b" + CHANCE.randbytes(16), alphabet=base58.XRP_ALPHABET).decode()],
    ),
    "Stellar": ("private_key", [stellar(0x90) for _ in range(9)]),
    "Solana": ("private_key", [base58.b58encode(solana_pair()).decode() for _ in range(30)]),
    "Solana, list of bytes": ("private_key", [str(list(solana_pair())), json.dumps([*solana_pair()], indent=1)]),
    "Sui": ("private_key", ["suiprivkey1" + chars("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 59)]),
    "Nostr": ("private_key", ["nsec1" + chars("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)]),
    "Tezos": ("private_key", ["edsk" + chars("123456789abcdefghijkmnopqrstuvwxyzABCDEFGH", 50)]),
    "EOS": ("private_key", ["PVT_K1_" + chars("123456789abcdefghijkmnopqrstuvwxyzABCDEFGH", 50)]),
    "Aptos": ("private_key", ["ed25519-priv-0x" + chars("0123456789abcdef", 64)]),
}
SURROUNDINGS = (
    "{}",
    "here: {}.",
    "“{}”",
    '{{"k":"{}"}}',
    "wallet={}&next=1",
    "这个{}打不开",
    "<td>{}</td>",
    "> {}\n> please",
    "a\n{}\nb",
    "({})",
)


@pytest.mark.parametrize("name", SELF_EVIDENT)
@pytest.mark.parametrize("around", SURROUNDINGS)
def test_keys_are_masked_wherever_they_stand(name: str, around: str) -> None:
    kind, made = SELF_EVIDENT[name]
    for key in made:
        text = around.format(key)
        masked = guard.mask(text)
        assert masked.text == around.format(f"[••• {kind}]"), key
        assert [one.kind for one in masked.found] == [kind]
        assert text[masked.found[0].start : masked.found[0].end] == key
        assert guard.mask(masked.text).text == masked.text


@pytest.mark.parametrize("around", SURROUNDINGS)
def test_what_looks_like_a_key_stays(around: str) -> None:
    key = solana_pair()
    for look_alike in (
        extended("0488B21E", private=False),  # xpub
        extended("04B24746", private=False),  # zpub
        base58.b58encode_check(b"\0" + CHANCE.randbytes(20)).decode(),  # addresses: Bitcoin, TRON, XRP, Solana, TON
        base58.b58encode_check(b"\x41" + CHANCE.randbytes(20)).decode(),
        base58.b58encode_check(b"\0" + CHANCE.randbytes(20), alphabet=base58.XRP_ALPHABET).decode(),
        base58.b58encode(CHANCE.randbytes(32)).decode(),
        "EQ" + chars("ABCDEFabcdef0123456789_-", 46),
        base58.b58encode(CHANCE.randbytes(64)).decode(),  # a Solana transaction id
        base58.b58encode(key[:63] + bytes([key[63] ^ 1])).decode(),  # one bit from a key pair
        wif(0x80)[:-1] + "1",  # checksum fails
        stellar(0x30),  # a Stellar address
        "0x" + chars("0123456789abcdef", 64),
        chars("0123456789ABCDEF", 64),
        chars("0123456789abcdef", 128),
        "bc1q" + chars("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 38),
        "npub1" + chars("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58),
        str(list(CHANCE.randbytes(64))),
    ):
        text = around.format(look_alike)
        assert guard.mask(text) == guard.Masked(text=text, found=())


def test_an_extended_key_wrapped_by_a_mail_client() -> None:
    for key in SELF_EVIDENT["xprv"][1]:
        text = f"My key:\n{key[:72]}\n{key[72:]}\nBest, Ann"
        assert guard.mask(text).text == "My key:\n[••• xprv]\nBest, Ann"


def test_an_extended_key_with_a_mistyped_character() -> None:
    key = extended("0488ADE4")
    damaged = key[:50] + ("a" if key[50] != "a" else "b") + key[51:]
    assert guard.mask(f"it is {damaged}").text == "it is [••• xprv]"


def test_invisible_characters_inside_a_key() -> None:
    key = wif(0x80)
    hidden = key[:10] + "\u200b" + key[10:30] + "\u2060" + key[30:]
    assert guard.mask(f"a {hidden} b").text == "a [••• wif] b"


def test_full_width_key() -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in wif(0x80))
    assert guard.mask(wide).text == "[••• wif]"


def test_base58_is_that_of_the_library() -> None:
    for size in (0, 1, 32, 37, 64, 82):
        for zeros in (0, 1, 3):
            raw = bytes(zeros) + CHANCE.randbytes(size)
            assert _decoded(base58.b58encode(raw).decode()) == raw


PEM_KEYS: list[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey] = [
    rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505  small because made for every test run
    ec.generate_private_key(ec.SECP256R1()),
    ed25519.Ed25519PrivateKey.generate(),
]
PEM_FORMATS = [
    (serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    (serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pass")),
    (serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()),
    (serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()),
]


def pem_texts() -> list[str]:
    made = []
    for key in PEM_KEYS:
        for layout, encryption in PEM_FORMATS:
            if not (isinstance(key, ed25519.Ed25519PrivateKey) and layout is PEM_FORMATS[2][0]):
                made.append(key.private_bytes(serialization.Encoding.PEM, layout, encryption).decode().strip())
    return made


@pytest.mark.parametrize("pem", pem_texts())
def test_pem_keys(pem: str) -> None:
    for written in (
        pem,
        pem.replace("\n", "\r\n"),
        json.dumps(pem)[1:-1],
        pem.replace("\n", " "),
        pem.replace("\n", "\n> "),
    ):
        masked = guard.mask(f"key: {written} thanks")
        assert masked.text == "key: [••• pem_key] thanks"
        assert [one.kind for one in masked.found] == ["pem_key"]


@pytest.mark.parametrize("pem", pem_texts())
def test_pem_keys_cut_off(pem: str) -> None:
    lines = pem.split("\n")
    assert guard.mask("\n".join(lines[:-1])).text == "[••• pem_key]"
    if "ENCRYPTED" not in pem and "OPENSSH" not in pem:  # whose bodies have no mark of their own
        body = "".join(lines[1:-1])
        assert body[:40] not in guard.mask(f"here is it:\n{body}").text
        assert body[-40:] not in guard.mask(f"here is it:\n{body}").text


def test_public_pem_stays() -> None:
    for key in PEM_KEYS:
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert guard.mask(public.decode()).found == ()
    for text in (
        "-----BEGIN CERTIFICATE-----\n" + base64.b64encode(b"\x30\x82\x03\x5d\x30\x82" + bytes(300)).decode(),
        'my file begins with "-----BEGIN PRIVATE KEY-----", is that right?',
    ):
        assert guard.mask(text).found == ()


TOKEN = jwt.encode({"uid": 1, "exp": 2}, "k" * 32, algorithm="HS256")
OPAQUE = hashlib.sha256(b"session").hexdigest()[:40]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"token {TOKEN} expired", "token [••• token] expired"),
        (f"Authorization: Bearer {OPAQUE}", "Authorization: [••• token]"),
        (f"authorization: Basic {base64.b64encode(b'me:hunter2-hunter2').decode()}", "authorization: [••• token]"),
        (
            f"curl -H 'Authorization: Bearer {TOKEN}' https://x.test",
            "curl -H 'Authorization: [••• token]' https://x.test",
        ),
        (f"curl -H 'authorization: {OPAQUE}' x", "curl -H 'authorization: [••• token]' x"),
        (f'{{"Authorization":"Bearer {OPAQUE}"}}', '{"Authorization":"[••• token]"}'),
        (f"Cookie: sid={OPAQUE}; theme=dark\nHost: x", "Cookie: [••• cookie]\nHost: x"),
        ("Cookie: sid=abc123", "Cookie: [••• cookie]"),
        (f"Set-Cookie: __Host-s={OPAQUE}; Path=/", "Set-Cookie: [••• cookie]"),
        (f"curl https://x.test -b 'sid={OPAQUE}' -v", "curl https://x.test -b '[••• cookie]' -v"),
        (f'{{"name": "Cookie", "value": "sid={OPAQUE}"}}', '{"name": "Cookie", "value": "[••• token]"}'),
        (
            f'{{"name":"session_id","value":"{OPAQUE}","path":"/"}}',
            '{"name":"session_id","value":"[••• token]","path":"/"}',
        ),
        ("otpauth://totp/X:a?secret=JBSWY3DPEHPK3PXP&issuer=X", "[••• totp_seed]"),
        ("scan otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8 please", "scan [••• totp_seed] please"),
    ],
)
def test_headers_and_links(text: str, expected: str) -> None:
    assert guard.mask(text).text == expected
    assert guard.mask(expected) == guard.Masked(text=expected, found=())


@pytest.mark.parametrize(
    "text",
    [
        "Authorization failed, error 10003",
        "authorization: pending",
        "how do I delete a cookie: I use Firefox",
        "the bearer of this letter is my brother",
        '{"name":"symbol","value":"BTCUSDT"}',
        'ldapsearch -x -b "dc=example,dc=com" uid=me',
        "eyJ is how every token begins",
        "https://example.test/otpauth/help",
    ],
)
def test_talk_about_headers_stays(text: str) -> None:
    assert guard.mask(text) == guard.Masked(text=text, found=())
