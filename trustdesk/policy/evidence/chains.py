"""What addresses and transaction ids look like on each chain, checksums included."""

import re
from typing import Final

from trustdesk.policy.evidence.encodings import (
    XRP_ALPHABET,
    base58,
    base58check,
    base64_bytes,
    bech32_prefix,
    is_algorand_address,
    is_cardano_byron,
    is_cashaddr,
    is_icp_account,
    is_icp_principal,
    is_ton_address,
    ss58_network,
    stellar_version,
)

CHAINS: Final = (
    "bitcoin", "litecoin", "dogecoin", "bitcoin-cash", "dash", "zcash", "evm", "tron", "solana", "xrp", "ton", "sui",
    "aptos", "cardano", "stellar", "cosmos", "monero", "eos", "near", "polkadot", "algorand", "hedera", "icp",
)  # fmt: skip

# Explorers name the network of the 0x family; every one of them is "evm" in form.
EVM_NETWORKS: Final = frozenset(
    "ethereum bsc polygon arbitrum optimism base avalanche fantom cronos linea scroll zksync opbnb mantle gnosis "
    "moonbeam celo blast sonic ethereum-classic".split()
)

_HEX64: Final = re.compile(r"[0-9a-fA-F]{64}")
_0X64: Final = re.compile(r"0[xX][0-9a-fA-F]{64}")
_0X40: Final = re.compile(r"0[xX][0-9a-fA-F]{40}")
_BASE32_32: Final = re.compile(r"[A-Z2-7]{51}[AQ]")  # 32 bytes: the last character holds one bit only
_BASE64_32: Final = re.compile(r"[A-Za-z0-9+/_\-]{43}=?")
_HEDERA_ACCOUNT: Final = re.compile(r"0\.0\.[1-9]\d{0,9}(?:-[a-z]{5})?")
_HEDERA_TX: Final = re.compile(r"(0\.0\.[1-9]\d{0,9})[@\-](\d{10})[.\-](\d{1,9})")
_NEAR_NAME: Final = re.compile(r"(?=.{7,64}$)(?:[a-z\d]+(?:[\-_][a-z\d]+)*\.)+near")
_TON_RAW: Final = re.compile(r"(?:0|-1):[0-9a-fA-F]{64}")
_ICP_PRINCIPAL: Final = re.compile(r"(?:[a-z2-7]{5}-){1,10}[a-z2-7]{1,5}")
_EOS_NAME: Final = re.compile(r"[a-z][a-z1-5.]{10}[a-z1-5]")
_MONERO: Final = re.compile(r"[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?")

# Transaction ids written as 64 hexadecimal digits, the likeliest first.
HEX_CHAINS: Final = (
    "bitcoin", "tron", "xrp", "litecoin", "dogecoin", "bitcoin-cash", "dash", "zcash", "cardano", "stellar", "cosmos",
    "monero", "eos", "ton", "evm", "icp",
)  # fmt: skip
_0X_TX_CHAINS: Final = ("evm", "aptos", "polkadot")
_0X_ADDRESS_CHAINS: Final = ("sui", "aptos")
_BASE58_TX_CHAINS: Final = ("sui", "near")

# Version bytes of base58check. 5 and 50 are also Bitcoin Cash and old Litecoin; they are named after the usual owner.
_VERSIONS: Final = {
    b"\x00": "bitcoin", b"\x05": "bitcoin", b"\x30": "litecoin", b"\x32": "litecoin", b"\x1e": "dogecoin",
    b"\x16": "dogecoin", b"\x4c": "dash", b"\x10": "dash", b"\x41": "tron",
}  # fmt: skip
_ZCASH_VERSIONS: Final = (b"\x1c\xb8", b"\x1c\xbd")
_BECH32_PREFIXES: Final = {
    "bc": "bitcoin", "ltc": "litecoin", "zs": "zcash", "u": "zcash", "addr": "cardano", "stake": "cardano",
} | dict.fromkeys(
    "cosmos osmo juno celestia inj sei kava dydx akash stars secret axelar stride band persistence evmos noble neutron "
    "terra archway dym saga".split(), "cosmos",
)  # fmt: skip


def address_chains(token: str) -> tuple[str, ...]:
    """Return the chains on which token is a well-formed address, the likeliest first; () for anything else.

    Checksums are verified, except that of Monero and the capitals of 0x addresses: Keccak costs a millisecond, so it
    is left to the check of a field. Names of EOS accounts are words and are only known by `is_eos_name`.
    """
    size = len(token)
    if size > 200 or size < 5:
        return ()
    if token[:2] in ("0x", "0X"):
        if _0X40.fullmatch(token):
            return ("evm",)
        return _0X_ADDRESS_CHAINS if _0X64.fullmatch(token) else ()
    if size == 64 and _HEX64.fullmatch(token):
        return ("icp",) if is_icp_account(token) else ("near",)
    if size == 48 and token[1] in "Qf" and is_ton_address(token):
        return ("ton",)
    if not token.isalnum():
        return _punctuated_address(token)
    if (chain := _BECH32_PREFIXES.get(token.partition("1")[0].lower())) and bech32_prefix(token):
        return (chain,)
    if size == 42 and token[0] in "qpQP" and is_cashaddr(token, prefix="bitcoincash"):
        return ("bitcoin-cash",)
    if token[0] in "GM" and size in (56, 69) and stellar_version(token) in (48, 96):
        return ("stellar",)
    if size == 58 and token.isupper() and is_algorand_address(token):
        return ("algorand",)
    return _base58_address(token)


def _base58_address(token: str) -> tuple[str, ...]:
    size = len(token)
    if 25 <= size <= 36 and (body := base58check(token)) is not None:
        if len(body) == 21 and body[:1] in _VERSIONS:
            return (_VERSIONS[body[:1]],)
        if len(body) == 22 and body[:2] in _ZCASH_VERSIONS:
            return ("zcash",)
    if token[0] in "rX" and 25 <= size <= 47:
        body = base58check(token, alphabet=XRP_ALPHABET) or b""
        if (len(body) == 21 and body[0] == 0) or (len(body) == 31 and body[:2] == b"\x05\x44"):
            return ("xrp",)
    if size in (95, 106) and _MONERO.fullmatch(token):
        return ("monero",)
    if 46 <= size <= 50 and ss58_network(token) is not None:
        return ("polkadot",)
    if size > 50 and token[0] in "AD" and is_cardano_byron(token):
        return ("cardano",)
    return ("solana",) if is_base58_of(token, size=32) else ()


def _punctuated_address(token: str) -> tuple[str, ...]:
    head, colon, rest = token.partition(":")
    if colon:
        if head.lower() == "bitcoincash" and is_cashaddr(rest, prefix="bitcoincash"):
            return ("bitcoin-cash",)
        return ("ton",) if _TON_RAW.fullmatch(token) else ()
    if _HEDERA_ACCOUNT.fullmatch(token):
        return ("hedera",)
    if _NEAR_NAME.fullmatch(token):
        return ("near",)
    return ("icp",) if _ICP_PRINCIPAL.fullmatch(token) and is_icp_principal(token) else ()


def transaction_chains(token: str) -> tuple[str, ...]:
    """Return the chains on which token has the form of a transaction id, the likeliest first; () for anything else."""
    size = len(token)
    if size > 100 or size < 20:
        return ()
    if size == 66 and _0X64.fullmatch(token):
        return _0X_TX_CHAINS
    if size == 64 and _HEX64.fullmatch(token):
        return HEX_CHAINS
    if size == 52 and _BASE32_32.fullmatch(token):
        return ("algorand",)
    if size >= 64 and is_base58_of(token, size=64):
        return ("solana",)
    if _HEDERA_TX.fullmatch(token):
        return ("hedera",)
    found: tuple[str, ...] = ()
    if size <= 44:
        if is_base58_of(token, size=32):
            found = _BASE58_TX_CHAINS
        if size >= 43 and _BASE64_32.fullmatch(token) and (raw := base64_bytes(token)) is not None and len(raw) == 32:
            found += ("ton",)
    return found


def is_base58_of(token: str, *, size: int) -> bool:
    """Return whether token is base58 for exactly size bytes and mixed enough not to be a word (no checksum exists)."""
    # 43 digits hold 31.5 bytes: what is shorter must begin with 1s, each a whole byte.
    if not size <= len(token) <= size * 11 // 8 or (len(token) * 3 < size * 4 and token[0] != "1"):
        return False
    if token.isalpha() or token.isdigit():
        return False
    raw = base58(token)
    return raw is not None and len(raw) == size


def is_eos_name(token: str) -> bool:
    """Return whether token has the form of a full EOS account name: twelve of a–z and 1–5."""
    return _EOS_NAME.fullmatch(token) is not None


def written(token: str, *, chain: str) -> str:
    """Return an address or id as it is stored: one spelling for each, so that the same one is found again."""
    if token[:2] in ("0x", "0X"):
        # Capitals carry the checksum of an address; a hash has one spelling.
        return "0x" + (token[2:] if len(token) == 42 else token[2:].lower())
    if len(token) == 64 and _HEX64.fullmatch(token):
        return token.upper() if chain in ("xrp", "cosmos") else token.lower()
    if found := _HEDERA_TX.fullmatch(token):
        return f"{found[1]}@{found[2]}.{found[3]}"
    if token.isupper() and token.lower().startswith(("bc1", "ltc1", "bitcoincash:")):
        return token.lower()
    return token


def family(chain: str) -> str:
    """Return the chain whose forms a network shares: "evm" for "ethereum", "bsc", "polygon" …, otherwise itself."""
    return "evm" if chain in EVM_NETWORKS else chain
