"""Text encodings of addresses and transaction ids with their checksums; malformed input gives None, never an error."""

import base64
import binascii
import hashlib
from typing import Final

BITCOIN_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
XRP_ALPHABET: Final = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
BECH32_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

_LONGEST_BASE58: Final = 128  # characters: decoding is quadratic and no address or id is longer
_DIGITS: Final = {
    alphabet: {character: value for value, character in enumerate(alphabet)}
    for alphabet in (BITCOIN_ALPHABET, XRP_ALPHABET, BECH32_ALPHABET)
}


def base58(text: str, *, alphabet: str = BITCOIN_ALPHABET) -> bytes | None:
    """Return the bytes written in base58, or None for a foreign character or more than 128 characters."""
    digits = _DIGITS[alphabet]
    if not text or len(text) > _LONGEST_BASE58:
        return None
    number = 0
    try:
        for character in text:
            number = number * 58 + digits[character]
    except KeyError:
        return None
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58check(text: str, *, alphabet: str = BITCOIN_ALPHABET) -> bytes | None:
    """Return version and payload of a base58check string without its checksum, or None where the checksum fails."""
    raw = base58(text, alphabet=alphabet)
    if raw is None or len(raw) < 5:
        return None
    body, checksum = raw[:-4], raw[-4:]
    return body if hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] == checksum else None


def _remainders(generators: tuple[int, ...]) -> tuple[int, ...]:
    table = []
    for top in range(32):
        value = 0
        for bit, generator in enumerate(generators):
            if top >> bit & 1:
                value ^= generator
        table.append(value)
    return tuple(table)


_BECH32: Final = _remainders((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3))
_CASHADDR: Final = _remainders((0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470))


def bech32_prefix(text: str) -> str | None:
    """Return the human-readable part of a bech32 or bech32m string (BIP-173, BIP-350), None where the checksum fails.

    The 90 characters of BIP-173 are not enforced: Cardano and Zcash addresses are longer.
    """
    if text != (lowered := text.lower()) and text != text.upper():
        return None
    prefix, separator, data = lowered.rpartition("1")
    if not separator or not prefix or len(data) < 6 or len(text) > 200:
        return None
    digits = _DIGITS[BECH32_ALPHABET]
    rest = 1
    for value in (*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)):
        rest = (rest & 0x1FFFFFF) << 5 ^ value ^ _BECH32[rest >> 25]
    try:
        for character in data:
            rest = (rest & 0x1FFFFFF) << 5 ^ digits[character] ^ _BECH32[rest >> 25]
    except KeyError:
        return None
    return prefix if rest in (1, 0x2BC830A3) else None


def is_cashaddr(text: str, *, prefix: str) -> bool:
    """Return whether text (without prefix) is a CashAddr of that prefix (Bitcoin Cash specification "cashaddr")."""
    digits = _DIGITS[BECH32_ALPHABET]
    if text != (lowered := text.lower()) and text != text.upper():
        return False
    rest = 1
    for value in (*(ord(c) & 31 for c in prefix), 0):
        rest = (rest & 0x07FFFFFFFF) << 5 ^ value ^ _CASHADDR[rest >> 35]
    for character in lowered:
        if character not in digits:
            return False
        rest = (rest & 0x07FFFFFFFF) << 5 ^ digits[character] ^ _CASHADDR[rest >> 35]
    return rest == 1


def base64_bytes(text: str) -> bytes | None:
    """Return the bytes of base64 in either alphabet, with or without padding, or None."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def base32_bytes(text: str) -> bytes | None:
    """Return the bytes of upper-case base32 (RFC 4648) without padding, or None."""
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None


def is_ton_address(text: str) -> bool:
    """Return whether text is a user-friendly TON address: flag, workchain, 32 bytes, CRC-16 (TEP-2)."""
    raw = base64_bytes(text)
    if raw is None or len(raw) != 36 or raw[0] & 0x7F not in (0x11, 0x51):
        return False
    return binascii.crc_hqx(raw[:34], 0) == int.from_bytes(raw[34:], "big")


def stellar_version(text: str) -> int | None:
    """Return the version byte of a Stellar strkey (SEP-23: 48 account G…, 96 muxed M…, 144 secret S…), or None."""
    raw = base32_bytes(text)
    if raw is None or len(raw) not in (35, 43):
        return None
    return raw[0] if binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little") else None


def is_algorand_address(text: str) -> bool:
    """Return whether text is an Algorand address: 32 bytes and the last 4 of their SHA-512/256, in base32."""
    raw = base32_bytes(text)
    if raw is None or len(raw) != 36:
        return False
    # Interpreters built without OpenSSL lack SHA-512/256; there the form has to do.
    if "sha512_256" not in hashlib.algorithms_available:
        return True
    return hashlib.new("sha512_256", raw[:32]).digest()[-4:] == raw[32:]


def ss58_network(text: str) -> int | None:
    """Return the network number of an SS58 address of 32 bytes (0 Polkadot, 2 Kusama, 42 any Substrate), or None."""
    raw = base58(text)
    if raw is None or len(raw) not in (35, 36):
        return None
    if hashlib.blake2b(b"SS58PRE" + raw[:-2]).digest()[:2] != raw[-2:]:
        return None
    if len(raw) == 35:
        return raw[0] if raw[0] < 64 else None
    return (raw[0] & 0x3F) << 2 | raw[1] >> 6 | (raw[1] & 0x3F) << 8 if 64 <= raw[0] < 128 else None


def is_cardano_byron(text: str) -> bool:
    """Return whether text is a Byron-era Cardano address: base58 of CBOR [tagged bytes, CRC-32 of them]."""
    raw = base58(text)
    if raw is None or len(raw) < 12 or raw[:4] != b"\x82\xd8\x18\x58":
        return False
    payload, rest = raw[5 : 5 + raw[4]], raw[5 + raw[4] :]
    return rest == b"\x1a" + binascii.crc32(payload).to_bytes(4, "big")


def is_icp_principal(text: str) -> bool:
    """Return whether text is an Internet Computer principal: CRC-32 and up to 29 bytes in base32, groups of five."""
    raw = base32_bytes(text.replace("-", "").upper())
    if raw is None or not 5 <= len(raw) <= 33:
        return False
    return binascii.crc32(raw[4:]).to_bytes(4, "big") == raw[:4]


def is_icp_account(text: str) -> bool:
    """Return whether 64 hexadecimal digits are an ICP ledger account: CRC-32 of the last 28 bytes before them."""
    raw = bytes.fromhex(text)
    return binascii.crc32(raw[4:]).to_bytes(4, "big") == raw[:4]


def is_monero_address(text: str) -> bool:
    """Return whether text is a Monero address: base58 in blocks of 8 bytes, Keccak-256 checksum (costs about 1 ms)."""
    raw = b""
    for at in range(0, len(text), 11):
        block = text[at : at + 11]
        size = {11: 8, 7: 5}.get(len(block))  # 95 characters end in 7, 106 in 7
        number = base58(block)
        if size is None or number is None or len(number.lstrip(b"\0")) > size:
            return False
        raw += number.lstrip(b"\0").rjust(size, b"\0")
    return keccak256(raw[:-4])[:4] == raw[-4:]


def is_eip55(text: str) -> bool:
    """Return whether the capitals of an 0x address are its checksum (EIP-55); True where one case carries none."""
    digits = text[2:]
    if digits == digits.lower() or digits == digits.upper():
        return True
    digest = keccak256(digits.lower().encode()).hex()
    return all(c.isdigit() or c.isupper() == (nibble >= "8") for c, nibble in zip(digits, digest, strict=False))


_WORD: Final = (1 << 64) - 1


def _keccak_tables() -> tuple[tuple[int, ...], tuple[tuple[int, int, int], ...]]:
    """Return the 24 round constants, and for each lane where it moves to and by how far it turns (FIPS 202, 3.2)."""
    constants = []
    register = 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << ((1 << j) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    moves, x, y = [(0, 0, 0)], 1, 0
    for t in range(24):
        moves.append((x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5), (t + 1) * (t + 2) // 2 % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(constants), tuple(moves)


_ROUND_CONSTANTS, _MOVES = _keccak_tables()


def keccak256(message: bytes) -> bytes:
    """Return the original Keccak-256 of message (what Ethereum and Monero use; hashlib's sha3_256 pads otherwise)."""
    rate = 136
    padded = bytearray(message + b"\x01" + bytes(-(len(message) + 1) % rate))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for at in range(0, len(padded), rate):
        for i in range(rate // 8):
            lanes[i] ^= int.from_bytes(padded[at + 8 * i : at + 8 * i + 8], "little")
        for constant in _ROUND_CONSTANTS:
            lanes = _keccak_round(lanes, constant)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _keccak_round(lanes: list[int], constant: int) -> list[int]:
    columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
    parity = [columns[(x + 4) % 5] ^ (columns[(x + 1) % 5] << 1 & _WORD | columns[(x + 1) % 5] >> 63) for x in range(5)]
    moved = [0] * 25
    for source, target, turn in _MOVES:
        lane = lanes[source] ^ parity[source % 5]
        moved[target] = (lane << turn | lane >> 64 - turn) & _WORD
    mixed = [moved[i] ^ (~moved[i - i % 5 + (i + 1) % 5] & moved[i - i % 5 + (i + 2) % 5] & _WORD) for i in range(25)]
    mixed[0] ^= constant
    return mixed
