"""Addresses and transaction ids of every chain: published vectors, and valid ones made here by independent encoders."""

import base64
import binascii
import hashlib
import random
from collections.abc import Callable

import base58
import pytest

from trustdesk.policy.evidence import recognise
from trustdesk.policy.evidence.chains import CHAINS, address_chains, family, transaction_chains, written
from trustdesk.policy.evidence.encodings import bech32_prefix, is_eip55, is_monero_address, keccak256, stellar_version

XRP = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _polymod(values: list[int]) -> int:
    rest = 1
    for value in values:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            rest ^= generator if top >> bit & 1 else 0
    return rest


def _five_bits(data: bytes) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]


def _bech32(prefix: str, data: list[int], constant: int = 1) -> str:
    head = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    rest = _polymod(head + data + [0] * 6) ^ constant
    return prefix + "1" + "".join(BECH32[d] for d in data + [rest >> 5 * (5 - i) & 31 for i in range(6)])


def _ton(chance: random.Random) -> str:
    body = bytes([chance.choice((0x11, 0x51)), 0]) + chance.randbytes(32)
    return base64.urlsafe_b64encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "big")).decode()


def _stellar(chance: random.Random) -> str:
    body = bytes([6 << 3]) + chance.randbytes(32)
    return base64.b32encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "little")).decode()


def _algorand(chance: random.Random) -> str:
    key = chance.randbytes(32)
    return base64.b32encode(key + hashlib.new("sha512_256", key).digest()[-4:]).decode().rstrip("=")


def _polkadot(chance: random.Random) -> str:
    body = bytes([chance.choice((0, 2, 42))]) + chance.randbytes(32)
    return base58.b58encode(body + hashlib.blake2b(b"SS58PRE" + body).digest()[:2]).decode()


def _icp(chance: random.Random) -> str:
    body = chance.randbytes(28)
    return (binascii.crc32(body).to_bytes(4, "big") + body).hex()


def _check(version: bytes, *, alphabet: bytes = base58.BITCOIN_ALPHABET) -> Callable[[random.Random], str]:
    return lambda chance: base58.b58encode_check(version + chance.randbytes(20), alphabet=alphabet).decode()


ADDRESSES: dict[str, tuple[Callable[[random.Random], str], ...]] = {
    "bitcoin": (
        _check(b"\x00"),
        _check(b"\x05"),
        lambda chance: _bech32("bc", [0, *_five_bits(chance.randbytes(20))]),
        lambda chance: _bech32("bc", [1, *_five_bits(chance.randbytes(32))], 0x2BC830A3),
    ),
    "litecoin": (
        _check(b"\x30"),
        _check(b"\x32"),
        lambda chance: _bech32("ltc", [0, *_five_bits(chance.randbytes(20))]),
    ),
    "dogecoin": (_check(b"\x1e"), _check(b"\x16")),
    "dash": (_check(b"\x4c"),),
    "zcash": (_check(b"\x1c\xb8"), _check(b"\x1c\xbd")),
    "tron": (_check(b"\x41"),),
    "xrp": (_check(b"\x00", alphabet=XRP),),
    "ton": (_ton,),
    "cardano": (lambda chance: _bech32("addr", _five_bits(b"\x01" + chance.randbytes(56))),),
    "cosmos": (lambda chance: _bech32("cosmos", _five_bits(chance.randbytes(20))),),
    "stellar": (_stellar,),
    "algorand": (_algorand,),
    "polkadot": (_polkadot,),
    "icp": (_icp,),
    "evm": (lambda chance: f"0x{chance.randbytes(20).hex()}",),
    "solana": (lambda chance: base58.b58encode(b"\x80" + chance.randbytes(31)).decode(),),
}
NAMES = {
    "bitcoin": "BTC", "litecoin": "LTC", "dogecoin": "DOGE", "bitcoin-cash": "BCH", "dash": "DASH", "zcash": "ZEC",
    "evm": "ERC20", "tron": "TRC20", "solana": "SOL", "xrp": "XRP", "ton": "TON", "sui": "SUI", "aptos": "APT",
    "cardano": "ADA", "stellar": "XLM", "cosmos": "ATOM", "monero": "XMR", "eos": "EOS", "near": "NEAR",
    "polkadot": "DOT", "algorand": "ALGO", "icp": "ICP",
}  # fmt: skip
HEX = ("bitcoin litecoin dogecoin bitcoin-cash dash zcash tron xrp cardano stellar cosmos monero eos ton icp").split()
TRANSACTIONS: dict[str, Callable[[random.Random], str]] = {
    **dict.fromkeys(HEX, lambda chance: chance.randbytes(32).hex()),
    **dict.fromkeys(("evm", "aptos", "polkadot"), lambda chance: f"0x{chance.randbytes(32).hex()}"),
    **dict.fromkeys(("sui", "near"), lambda chance: base58.b58encode(b"\x80" + chance.randbytes(31)).decode()),
    "solana": lambda chance: base58.b58encode(b"\x80" + chance.randbytes(63)).decode(),
    "algorand": lambda chance: base64.b32encode(chance.randbytes(32)).decode().rstrip("="),
}
SENTENCES = ("{} deposit, {} – still missing", "{} 充值：{}，一直没到账", "sent over {}: {} please check", "{} {}")


@pytest.mark.parametrize("chain", ADDRESSES)
def test_valid_addresses_made_by_other_code_are_found_in_text(chain: str) -> None:
    chance = random.Random(chain)
    for make in ADDRESSES[chain]:
        for number in range(25):
            address = make(chance)
            assert chain in address_chains(address), address
            text = SENTENCES[number % len(SENTENCES)].format("地址" if number % 3 else "my address", address)
            if chain == "icp":
                text = f"ICP {text}"
            assert [(f.kind, f.value, f.chain) for f in recognise(text)] == [("address", address, chain)], text


@pytest.mark.parametrize("chain", [chain for chain in ADDRESSES if chain not in ("evm", "solana", "icp")])
def test_an_address_with_one_character_changed_is_none(chain: str) -> None:
    chance = random.Random(f"{chain} changed")
    for make in ADDRESSES[chain]:
        for _ in range(25):
            address = make(chance)
            at = chance.randrange(8, len(address))
            other = chance.choice([c for c in address if c != address[at]])
            changed = address[:at] + other + address[at + 1 :]
            assert address_chains(changed) == (), changed


@pytest.mark.parametrize("chain", TRANSACTIONS)
def test_transactions_are_found_with_the_chain_named_beside_them(chain: str) -> None:
    chance = random.Random(f"{chain} transactions")
    for number in range(20):
        token = TRANSACTIONS[chain](chance)
        assert chain in transaction_chains(token)
        text = SENTENCES[number % len(SENTENCES)].format(NAMES[chain], token)
        value = written(token, chain=chain)
        assert [(f.kind, f.value, f.chain) for f in recognise(text)] == [("tx_id", value, chain)], text


def test_every_chain_is_covered_here_or_by_a_published_vector() -> None:
    assert set(CHAINS) - set(TRANSACTIONS) == {"hedera"}
    assert set(CHAINS) - set(ADDRESSES) == {"bitcoin-cash", "sui", "aptos", "monero", "eos", "near", "hedera"}


@pytest.mark.parametrize(
    ("address", "chain"),
    [
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bitcoin"),  # the genesis block's
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bitcoin"),  # BIP-173
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "bitcoin"),  # BIP-350
        ("bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "bitcoin-cash"),  # CashAddr specification
        ("BITCOINCASH:QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A", "bitcoin-cash"),
        ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "xrp"),  # the genesis account
        ("X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqZ", "xrp"),  # XLS-5d
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "tron"),  # USDT
        ("EQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqB2N", "ton"),
        ("addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8", "cardano"),  # CIP-19
        ("Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAi", "cardano"),
        ("GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7", "stellar"),
        ("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", "polkadot"),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "polkadot"),
        ("Y76M3MSY6DKBRHBL7C3NNDXGS5IIMQVQVUAB6MP4XEMMGVF2QWNPL226CA", "algorand"),
        ("ryjl3-tyaaa-aaaaa-aaaba-cai", "icp"),  # the ledger's canister
        ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "solana"),  # USDC
        ("wrap.near", "near"),
        ("0.0.98", "hedera"),
    ],
)
def test_published_addresses(address: str, chain: str) -> None:
    assert address_chains(address) == (chain,)


def test_keys_and_extended_keys_are_no_addresses() -> None:
    chance = random.Random("keys")
    wif = base58.b58encode_check(b"\x80" + chance.randbytes(32) + b"\x01").decode()
    xpub = base58.b58encode_check(bytes.fromhex("0488b21e") + chance.randbytes(74)).decode()
    for key in (wif, xpub):
        assert address_chains(key) == ()
        assert transaction_chains(key) == ()
        assert recognise(f"look at {key} please") == ()


def test_keccak_256_is_the_original_one() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    # The selector of a token's transfer, known from every ERC-20 contract.
    assert keccak256(b"transfer(address,uint256)")[:4].hex() == "a9059cbb"
    # Lengths around the 136 bytes of a block are all different.
    assert len({keccak256(b"a" * size) for size in range(130, 280)}) == 150


def test_capitals_of_an_ethereum_address_are_its_checksum() -> None:
    for address in (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ):  # EIP-55
        assert is_eip55(address)
    assert not is_eip55("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed")


def test_checksums_of_bech32_and_its_limits() -> None:
    for valid in ("a12uel5l", "A12UEL5L", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "a1lqfn3a"):
        assert bech32_prefix(valid) is not None  # BIP-173, BIP-350
    for wrong in ("a12uel5m", "A1lqfn3a", "1pzry9x0s0muk", "pzry9x0s0muk", "x1b4n0q5v", "", "1", "a1", "é12uel5l"):
        assert bech32_prefix(wrong) is None


def test_monero_addresses_carry_a_keccak_checksum() -> None:
    donations = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
    assert is_monero_address(donations)
    assert not is_monero_address(donations[:-1] + "B")
    assert not is_monero_address(donations.replace("F", "0"))


def test_a_stellar_seed_is_told_from_an_account() -> None:
    body = bytes([18 << 3]) + bytes(range(32))
    seed = base64.b32encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "little")).decode()
    assert stellar_version(seed) == 144
    assert address_chains(seed) == ()


def test_one_thing_is_written_one_way() -> None:
    assert written("0X" + "AB" * 32, chain="evm") == "0x" + "ab" * 32
    assert written("AB" * 32, chain="bitcoin") == "ab" * 32
    assert written("ab" * 32, chain="xrp") == "AB" * 32
    assert written("0.0.98-1709376000-123456789", chain="hedera") == "0.0.98@1709376000.123456789"
    assert written("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", chain="bitcoin").islower()
    assert family("bsc") == family("evm") == "evm"
    assert family("tron") == "tron"
