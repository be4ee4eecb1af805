"""The one list of coins, currencies and networks: tickers, the names people use for them, and what may quote what."""

from typing import Final

FIAT: Final = frozenset(
    "USD EUR GBP CNY RMB HKD TWD JPY KRW SGD AUD CAD CHF TRY BRL INR RUB VND THB IDR MYR PHP NGN UAH PLN ZAR AED "
    "MXN ARS KZT NZD".split()
)
STABLE: Final = frozenset("USDT USDC DAI BUSD TUSD FDUSD PYUSD USDE USDD USDP GUSD RLUSD EURC EURT USD1".split())
_VOLATILE: Final = frozenset(
    "BTC ETH BNB XRP SOL DOGE ADA TRX TON AVAX SHIB DOT LINK BCH NEAR LTC MATIC POL UNI ICP LEO APT ETC XLM XMR OKB "
    "CRO FIL HBAR ATOM ARB VET MNT OP INJ RNDR RENDER TAO IMX GRT SUI SEI STX THETA FTM RUNE LDO AAVE MKR ALGO FLOW "
    "EGLD AXS SAND MANA QNT XTZ EOS CHZ KAS KAVA SNX NEO IOTA MINA GALA FET AGIX OCEAN WLD PEPE WIF BONK FLOKI ORDI "
    "SATS JUP PYTH JTO TIA DYDX GMX BLUR APE ENS CRV COMP YFI SUSHI CAKE 1INCH ZRX BAT ENJ ZIL ONE IOST ONT QTUM ICX "
    "WAVES ZEC DASH DCR BSV XEM RVN CELO ROSE AR KSM GLMR LUNA LUNC USTC BTT WIN JST SUN NFT MASK CFX ACH SSV ARKM "
    "STRK ENA ETHFI PENDLE DOGS HMSTR ZRO ZK BOME MEME PEOPLE TRUMP KAIA KLAY WBTC WETH STETH BGB KCS HYPE VIRTUAL "
    "MOVE 1000PEPE 1000SHIB 1000FLOKI 1000BONK 1000SATS KISHU HOT LRC STORJ ANKR CVC JASMY AUDIO RSR COTI".split()
)  # without GMT: it is read as a time zone
TICKERS: Final = STABLE | _VOLATILE

# Tickers that are also English words or given names: a coin only in capitals.
_WORDS: Final = frozenset(
    "LINK NEAR DOT LEO UNI OP APT ATOM SAND FLOW GALA OCEAN FLOKI SATS JUP BLUR APE COMP CAKE BAT ONE WAVES DASH ROSE "
    "AR SUN MASK WIN MEME PEOPLE TRUMP HYPE VIRTUAL MOVE HOT AUDIO RENDER RUNE STX ADA DAI SOL TON MINA MANA GRT ENS "
    "LUNA NFT ARB FET SEI PHP TRY CAD ALL ACH ICP ICX COTI INJ KAVA ONT TIA POL FIL KAS WIF NEO IOTA CRO ZIL".split()
)
_TRY_TWICE: Final = frozenset(("SOL", "ADA", "TON", "DAI", "ICP"))  # "2 sol" is a coin all the same, "sol" alone is not

_NAMES: Final = {
    "比特币": "BTC", "比特幣": "BTC", "大饼": "BTC", "以太坊": "ETH", "以太币": "ETH", "以太": "ETH",
    "泰达币": "USDT", "泰達幣": "USDT", "莱特币": "LTC", "萊特幣": "LTC", "狗狗币": "DOGE", "狗币": "DOGE",
    "柴犬币": "SHIB", "瑞波币": "XRP", "波场币": "TRX", "波卡": "DOT", "艾达币": "ADA", "恒星币": "XLM",
    "门罗币": "XMR", "达世币": "DASH", "币安币": "BNB", "人民币": "CNY", "人民幣": "CNY", "美元": "USD",
    "美金": "USD", "欧元": "EUR", "歐元": "EUR", "英镑": "GBP", "日元": "JPY", "日圆": "JPY", "韩元": "KRW",
    "港币": "HKD", "港幣": "HKD", "港元": "HKD", "台币": "TWD", "台幣": "TWD", "新台币": "TWD", "新加坡元": "SGD",
    "元": "CNY", "块钱": "CNY", "块": "CNY", "塊": "CNY", "刀": "USD", "U": "USDT", "u": "USDT", "Ｕ": "USDT",
    "bitcoin": "BTC", "bitcoins": "BTC", "ether": "ETH", "ethereum": "ETH", "tether": "USDT", "litecoin": "LTC",
    "litecoins": "LTC", "dogecoin": "DOGE", "dogecoins": "DOGE", "solana": "SOL", "ripple": "XRP", "monero": "XMR",
    "cardano": "ADA", "polkadot": "DOT", "toncoin": "TON", "dollar": "USD", "dollars": "USD", "bucks": "USD",
    "euro": "EUR", "euros": "EUR", "pounds": "GBP", "yuan": "CNY", "rmb": "CNY", "cny": "CNY", "yen": "JPY",
}  # fmt: skip
NAMES_IN_PAIRS: Final = {name: coin for name, coin in _NAMES.items() if not name.isascii() and coin in TICKERS}
CHINESE_NAMES: Final = tuple(sorted((name for name in _NAMES if not name.isascii()), key=len, reverse=True))


def _spellings() -> dict[str, str]:
    spellings = dict(_NAMES)
    for coin in TICKERS | FIAT:
        spellings[coin] = coin
        if coin not in _WORDS or coin in _TRY_TWICE:
            spellings[coin.lower()] = spellings[coin.capitalize()] = coin
    for name in [name for name in spellings if name.isascii() and len(name) > 5 and name.islower()]:
        spellings[name.capitalize()] = spellings[name]
    spellings["RMB"] = spellings["rmb"] = "CNY"
    return spellings


# Every spelling that means a coin or currency beside a number -> its ticker.
SPELLINGS: Final = _spellings()

SYMBOLS: Final = {"$": "USD", "＄": "USD", "￥": "CNY", "¥": "CNY", "€": "EUR", "£": "GBP", "₮": "USDT", "₿": "BTC"}

# Names of networks, standards and coins -> the chain they run on.
_NETWORKS: Final = {
    "bitcoin": "btc bitcoin segwit taproot 比特币 比特幣",
    "litecoin": "ltc litecoin 莱特币 萊特幣",
    "dogecoin": "doge dogecoin 狗狗币",
    "bitcoin-cash": "bch bitcoincash 比特现金",
    "dash": "dash 达世币",
    "zcash": "zec zcash",
    "evm": "evm eth ethereum erc20 erc bsc bep20 bep bnb polygon matic pol arbitrum arbitrumone optimism base "
    "avalanche avax avaxc linea zksync scroll mantle opbnb fantom ftm cronos celo etc 以太坊 以太 币安智能链",
    "tron": "trx tron trc20 trc trc10 波场",
    "solana": "sol solana spl 索拉纳",
    "xrp": "xrp ripple xrpl 瑞波 瑞波币",
    "ton": "ton toncoin",
    "sui": "sui",
    "aptos": "apt aptos",
    "cardano": "ada cardano 艾达币",
    "stellar": "xlm stellar 恒星币",
    "cosmos": "atom cosmos cosmoshub osmosis osmo celestia tia injective inj sei kava dydx",
    "monero": "xmr monero 门罗币",
    "eos": "eos",
    "near": "near",
    "polkadot": "dot polkadot 波卡 kusama ksm",
    "algorand": "algo algorand",
    "hedera": "hbar hedera",
    "icp": "icp dfinity",
}
NETWORKS: Final = {name: chain for chain, names in _NETWORKS.items() for name in names.split()}
# Names that say nothing about a network unless they stand in capitals ("near", "base", "dot", "stellar" …).
WORDY_NETWORKS: Final = frozenset("near base dot ton dash atom sol apt optimism pol linea "
                                  "scroll mantle sei etc ada stellar".split())  # fmt: skip

_QUOTE_RANK: Final = {"BNB": 1, "ETH": 2, "BTC": 3}
QUOTES: Final = STABLE | FIAT | frozenset(_QUOTE_RANK)
# Capitals that stand before "/USDT" or "USDT" without being a coin.
_NOT_COINS: Final = frozenset(
    "TRC20 ERC20 BEP20 TRC10 BEP2 SPL BSC TRC ERC BEP P2P C2C OTC API KYC VIP APP UID AND OR THE TXID ID WEB DEX CEX "
    "DEFI TRON OKX FROM TO IN MY NO NOT WITH FOR SEND SENT BUY SELL PAY ONLY USE MAIN TEST SWAP SPOT ALL ANY YES "
    "LONG SHORT".split()
)


def is_pair(base: str, quote: str) -> bool:
    """Return whether BASE/QUOTE, both in capitals, is a market an exchange could have rather than two words.

    A coin the list does not know counts when it is quoted in a stable coin: listings outrun every list.
    """
    if base == quote or quote not in QUOTES or base in _NOT_COINS:
        return False
    if quote in FIAT:
        return base in TICKERS
    if quote in STABLE:
        if base in STABLE:
            return quote == "USDT"
        if base in FIAT:
            return base in ("EUR", "GBP", "AUD", "TRY", "BRL") and quote == "USDT"
        return base in TICKERS or (2 <= len(base) <= 12 and not base.isdigit())
    return base in _VOLATILE and _QUOTE_RANK.get(base, 0) < _QUOTE_RANK[quote]


def split_pair(symbol: str) -> tuple[str, str] | None:
    """Return base and quote of a symbol written together and in capitals ("BTCUSDT"), or None."""
    for size in (4, 3, 5):
        base, quote = symbol[:-size], symbol[-size:]
        known = base in TICKERS or base in FIAT
        new = quote in ("USDT", "USDC") and len(base) >= 3
        if (known or (new and split_pair(base) is None)) and is_pair(base, quote):
            return base, quote
    return None
