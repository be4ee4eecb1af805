"""Which chain is meant by the network and the coin of a form, and which of them want a memo or tag.

Sources for the memo: the deposit pages of exchanges, which hold one address for all customers on these chains and tell
them apart by the memo (XRP Ledger "Source and destination tags", Stellar SEP-29, TON and Cosmos: comment of a transfer).
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from trustdesk.policy.evidence.chains import family
from trustdesk.policy.evidence.coins import STABLE
from trustdesk.policy.evidence.fields import chain_named

# Tickers of the coins whose deposits carry a memo or tag on their own networks.
MEMO_COINS: Final = frozenset(
    "XRP XLM EOS A TON HBAR ATOM OSMO TIA INJ KAVA SEI DYDX LUNA LUNC USTC SCRT RUNE AKT AXL NTRN ARCH SAGA DYM CRO "
    "STX XEM IOST WAX WAXP HIVE STEEM BTS PI".split()
)
_MEMO_CHAINS: Final = frozenset(("xrp", "stellar", "eos", "cosmos", "ton", "hedera"))
_MEMO_NETWORKS: Final = frozenset(coin.lower() for coin in MEMO_COINS if len(coin) > 1) | frozenset(
    "vaulta terra thorchain akash axelar neutron archway secret stacks nem bitshares dymension bep2".split()
)

_WORD: Final = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")
_MAIN: Final = re.compile(r"(?:main ?net|main(?: chain)?|native|主网|主網|原生)(?: (?:network|coin))?")
_BEACON: Final = re.compile(r"bep ?-?2\b|(?:bnb|binance) beacon")
# A token standard says more than the coin beside it: "BEP20 (BTC)".
_STANDARDS: Final = {"trc20": "tron", "erc20": "ethereum", "bep20": "bsc", "spl": "solana"}
_EVM: Final = {
    word: network
    for network, words in {
        "ethereum": "eth ethereum erc 以太坊 以太",
        "bsc": "bsc bnb bep binance 币安智能链",
        "polygon": "polygon matic pol",
        "arbitrum": "arbitrum arbitrumone arb",
        "optimism": "optimism op",
        "base": "base",
        "avalanche": "avalanche avax avaxc",
        "opbnb": "opbnb", "linea": "linea", "scroll": "scroll", "zksync": "zksync", "mantle": "mantle mnt",
        "fantom": "fantom ftm", "sonic": "sonic", "cronos": "cronos", "celo": "celo", "gnosis": "gnosis",
        "ethereum-classic": "etc",
    }.items()
    for word in words.split()
}  # fmt: skip


class Named(NamedTuple):
    """What a form says of the place of a transaction: the values of its network and coin fields, nearest first."""

    kind: str  # network or coin
    value: str


def chain_of(names: Sequence[Named]) -> str:
    """Return the chain of `evidence.CHAINS`, or network of the 0x family, that is meant; "" where that is not known.

    The network decides. The coin does only where the network is left empty or called its main network: of a network we
    do not know we must not say that something is on the wrong chain.
    """
    for name in names:
        low = name.value.lower()
        if _BEACON.search(low):
            return ""
        if name.kind == "network" and not _MAIN.fullmatch(low):
            return _network(low)
        if name.kind == "coin":
            return family(chain_named(low))
    return ""


def is_unknown(names: Sequence[Named]) -> bool:
    """Say whether a network or coin is named whose forms we do not know, so that nothing can be held against them."""
    return any(not _MAIN.fullmatch(name.value.lower()) and name.value not in STABLE for name in names) and not chain_of(
        names
    )


def takes_memo(*, coin: str = "", network: str = "") -> bool | None:
    """Say whether deposits of this coin on this network carry a memo or tag; None where neither is known."""
    names = [Named("network", network), Named("coin", coin)]
    return wants_memo([name for name in names if name.value])


def wants_memo(names: Sequence[Named]) -> bool | None:
    """Say whether a memo or tag belongs to what is named; None where that is not known."""
    for name in names:
        low = name.value.lower()
        if _MAIN.fullmatch(low):
            continue
        if _BEACON.search(low):
            return True
        if chain := chain_of([name]):
            return chain in _MEMO_CHAINS
        if name.value in MEMO_COINS or not _MEMO_NETWORKS.isdisjoint(_WORD.findall(low)):
            return True
    return None


def _network(low: str) -> str:
    words = _WORD.findall(low)
    if "classic" in words:
        return "ethereum-classic"
    for word in words:
        if word in _STANDARDS:
            return _STANDARDS[word]
    found = [_EVM[word] for word in words if word in _EVM]
    chain = chain_named(low)
    if chain and family(chain) != "evm":
        return chain
    # "ETH (Arbitrum One)": Ethereum is named with most of its kind.
    return next((one for one in reversed(found) if one != "ethereum"), found[0] if found else chain)
