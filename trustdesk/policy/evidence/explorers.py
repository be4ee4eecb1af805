"""Links of block explorers, taken apart: which chain, and which transaction or address they show."""

import re
from typing import Final, NamedTuple

from trustdesk.policy.evidence.chains import address_chains, family, transaction_chains, written

_HOSTS: Final = {
    "bitcoin": "mempool.space blockstream.info blockchain.info btcscan.org explorer.btc.com bitaps.com "
    "bitcoinexplorer.org btc.tokenview.io timechaincalendar.com",
    "litecoin": "litecoinspace.org litescribe.io ltc.tokenview.io explorer.litecoin.net",
    "dogecoin": "dogechain.info doge.tokenview.io",
    "bitcoin-cash": "explorer.bitcoincash.org explorer.melroy.org bchexplorer.cash bch.loping.net bch.tokenview.io",
    "dash": "insight.dash.org explorer.dash.org dash.tokenview.io",
    "zcash": "zcashblockexplorer.com mainnet.zcashexplorer.app explorer.zcha.in zcashexplorer.app zec.tokenview.io",
    "ethereum": "etherscan.io etherscan.com cn.etherscan.com goto.etherscan.com ethplorer.io eth.blockscout.com "
    "beaconcha.in ethvm.com eth.tokenview.io",
    "bsc": "bscscan.com bsctrace.com bsc.tokenview.io",
    "polygon": "polygonscan.com polygon.blockscout.com",
    "arbitrum": "arbiscan.io arbitrum.blockscout.com nova.arbiscan.io",
    "optimism": "optimistic.etherscan.io optimism.blockscout.com explorer.optimism.io",
    "base": "basescan.org base.blockscout.com",
    "avalanche": "snowtrace.io snowscan.xyz subnets.avax.network",
    "fantom": "ftmscan.com", "sonic": "sonicscan.org", "cronos": "cronoscan.com explorer.cronos.org",
    "linea": "lineascan.build explorer.linea.build", "scroll": "scrollscan.com", "mantle": "mantlescan.xyz",
    "zksync": "explorer.zksync.io era.zksync.network zksync.blockscout.com", "opbnb": "opbnbscan.com opbnb.bscscan.com",
    "gnosis": "gnosisscan.io gnosis.blockscout.com", "moonbeam": "moonscan.io moonbeam.moonscan.io",
    "celo": "celoscan.io", "blast": "blastscan.io", "ethereum-classic": "etc.blockscout.com etcblockexplorer.com",
    "tron": "tronscan.org tronscan.io trx.tokenview.io",
    "solana": "solscan.io explorer.solana.com solana.fm solanabeach.io orbmarkets.io",
    "xrp": "xrpscan.com livenet.xrpl.org bithomp.com xrpl.org explorer.xrplf.org",
    "ton": "tonscan.org tonscan.com tonviewer.com explorer.toncoin.org ton.cx",
    "sui": "suiscan.xyz suivision.xyz suiexplorer.com explorer.sui.io",
    "aptos": "aptoscan.com explorer.aptoslabs.com aptosscan.com tracemove.io",
    "cardano": "cardanoscan.io cexplorer.io adastat.net explorer.cardano.org beta.explorer.cardano.org",
    "stellar": "stellar.expert stellarchain.io steexp.com",
    "cosmos": "mintscan.io atomscan.com ping.pub celenium.io",
    "monero": "xmrchain.net localmonero.co moneroblocks.info blocks.p2pool.observer",
    "eos": "bloks.io eosflare.io eosq.eosnation.io unicove.com",
    "near": "nearblocks.io explorer.near.org pikespeak.ai",
    "polkadot": "subscan.io polkadot.subscan.io kusama.subscan.io assethub-polkadot.subscan.io polkascan.io",
    "algorand": "algoexplorer.io allo.info explorer.perawallet.app lora.algokit.io",
    "hedera": "hashscan.io hederaexplorer.io explorer.dragonglass.me",
    "icp": "dashboard.internetcomputer.org icscan.io ic.rocks",
    # One host, many chains: the path says which.
    "": "blockchair.com oklink.com okx.com blockchain.com live.blockcypher.com chainz.cryptoid.info tokenview.io "
    "btc.com 3xpl.com blockexplorer.one blockexplorers.nownodes.io",
}  # fmt: skip
_CHAIN_OF: Final = {host: chain for chain, hosts in _HOSTS.items() for host in hosts.split()}
# The rest of these sites is something else.
_ONLY_UNDER: Final = {"okx.com": "/explorer/", "blockchain.com": "/explorer/"}
_IN_PATH: Final = {
    "bitcoin": "bitcoin", "btc": "bitcoin", "litecoin": "litecoin", "ltc": "litecoin", "dogecoin": "dogecoin",
    "doge": "dogecoin", "bitcoin-cash": "bitcoin-cash", "bch": "bitcoin-cash", "dash": "dash", "zcash": "zcash",
    "zec": "zcash", "ethereum": "ethereum", "eth": "ethereum", "bsc": "bsc", "bnb": "bsc", "polygon": "polygon",
    "arbitrum": "arbitrum", "arbitrum-one": "arbitrum", "optimism": "optimism", "base": "base", "avax": "avalanche",
    "avalanche": "avalanche", "avaxc": "avalanche", "fantom": "fantom", "ethereum-classic": "ethereum-classic",
    "etc": "ethereum-classic", "tron": "tron", "trx": "tron", "solana": "solana", "sol": "solana", "xrp": "xrp",
    "ripple": "xrp", "ton": "ton", "sui": "sui", "aptos": "aptos", "cardano": "cardano", "ada": "cardano",
    "stellar": "stellar", "xlm": "stellar", "cosmos": "cosmos", "atom": "cosmos", "monero": "monero", "xmr": "monero",
    "eos": "eos", "near": "near", "polkadot": "polkadot", "dot": "polkadot",
}  # fmt: skip
_TRANSACTION: Final = frozenset(
    "tx txs txn txns txid transaction transactions txblock extrinsic trx hash tx.dws op".split()
)
_ADDRESS: Final = frozenset(
    "address addresses addr account accounts wallet token contract object coin nft asset stakekey staking profile "
    "validator jetton fa fungible_asset package".split()
)
_BLOCK: Final = frozenset("block blocks slot ledger ledgers height checkpoint epoch".split())
_NETWORK_IDS: Final = {  # ids that are only recognisable because the link says what they are
    "aptos": re.compile(r"\d{1,12}"),
    "icp": re.compile(r"\d{1,12}"),
    "polkadot": re.compile(r"\d{1,10}-\d{1,4}"),
    "hedera": re.compile(r"\d{10}\.\d{1,9}|0x[0-9a-f]{64}(?:[0-9a-f]{32})?"),
}
_EOS_ACCOUNT: Final = re.compile(r"[a-z1-5.]{1,12}")
_LONGEST_LINK: Final = 2000
_LONGEST_VALUE: Final = 200  # characters; a longer link cannot be stored as a fact

# The second form, a host without scheme, needs a path: "etherscan.io/tx/0x…" is evidence, "etherscan.io" is a name.
_LINK: Final = re.compile(
    r"""https?://[!-~]+|(?<![\w.@/\-])(?:[A-Za-z0-9\-]++\.)++[A-Za-z]{2,12}/[!-~]+""", re.ASCII | re.IGNORECASE
)
_ENDS: Final = re.compile(r"""[<>"`|\\^{}]""")
_PARTS: Final = re.compile(r"(?:https?://)?(?:www\.)?([a-z0-9.\-]+)(?::\d{1,5})?([/?#].*)?", re.IGNORECASE)
_SEGMENTS: Final = re.compile(r"[/?#&=]+")


class Link(NamedTuple):
    """A link in a text: the part it covers and, where an explorer's, what it shows ("" where it is another site's)."""

    start: int
    end: int
    kind: str
    value: str
    chain: str


def links(text: str) -> list[Link]:
    """Return every link of text in order; only those of known explorers carry a kind."""
    found = []
    for match in _LINK.finditer(text):
        url = match[0]
        if cut := _ENDS.search(url):
            url = url[: cut.start()]
        url = url.rstrip(".,;:!?'*)]")
        kind, value, chain = take_apart(url) or ("", "", "")
        found.append(Link(match.start(), match.start() + len(url), kind, value, chain))
    return found


def take_apart(url: str) -> tuple[str, str, str] | None:
    """Return (kind, value, chain) of an explorer's link: tx_id, address, or the link itself; None for other sites.

    Hosts are compared whole, so that "etherscan.io.example.net" is another site.
    """
    parts = _PARTS.fullmatch(url) if len(url) <= _LONGEST_LINK else None
    if parts is None:
        return None
    host, path = parts[1].lower(), parts[2] or ""
    chain = _CHAIN_OF.get(host)
    if chain is None or (host in _ONLY_UNDER and _ONLY_UNDER[host] not in path):
        return None
    segments = [segment for segment in _SEGMENTS.split(path) if segment]
    if not chain:
        chain = next((_IN_PATH[s] for s in map(str.lower, segments) if s in _IN_PATH), "")
    if found := _shown(segments, chain=chain):
        return (found[0], written(found[1], chain=chain), chain)
    whole = url if "://" in url else f"https://{url}"
    return ("link", whole, chain) if segments and len(whole) <= _LONGEST_VALUE else None


def _shown(segments: list[str], *, chain: str) -> tuple[str, str] | None:
    """Return the kind and text of the id in a link. The word before it decides, otherwise its form."""
    said = ""
    if chain == "ton":
        segments = [part for segment in segments for part in segment.split(":")]  # tonscan: time:hash:account
    for segment in segments:
        word = segment.lower()
        if word in _TRANSACTION:
            said = "tx_id"
        elif word in _ADDRESS:
            said = "address"
        elif word in _BLOCK:
            said = "link"
        else:
            # "/tx.dws?<id>.htm" and "/token/0x…%3a…": the id ends at the first foreign sign.
            token = segment.removesuffix(".htm").split("%", 1)[0].split("::", 1)[0]
            if said != "link" and (kind := _kind(token, chain=chain, said=said)):
                return kind, token
    return None


def _kind(token: str, *, chain: str, said: str) -> str:
    form = family(chain)
    if said == "tx_id" and form in _NETWORK_IDS and _NETWORK_IDS[form].fullmatch(token):
        return "tx_id"
    if said == "address" and form == "eos" and _EOS_ACCOUNT.fullmatch(token):
        return "address"
    may_be_tx = _fits(transaction_chains(token), form)
    may_be_address = _fits(address_chains(token), form)
    if may_be_tx and may_be_address:
        return said or "tx_id"
    if may_be_tx:
        return "tx_id"
    return "address" if may_be_address else ""


def _fits(chains: tuple[str, ...], form: str) -> bool:
    return form in chains if form else bool(chains)
