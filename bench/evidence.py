"""Measure policy.evidence: texts a second on one core over a mix of chat and ticket texts, and a hostile 64 KB text.

    python bench/evidence.py [seconds]

prints one JSON line. The mix is made here from a fixed seed: 40 % Chinese, 60-300 characters, three in five with
something to recognise.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trustdesk.policy.evidence import recognise

_TALK_EN = (
    "Hello, I have been waiting for quite some time now and nobody has answered my question yet, could "
    "you please help me?",
    "Thanks for the quick reply. I will try again later today and let you know whether it works on my side.",
    "I cannot log in to my account any more, the page keeps loading and then shows a blank screen. What should I do?",
    "How do I change the leverage of an open position? I could not find the button in the new version of the app.",
    "The verification of my identity was refused although the photo is sharp and the document is valid - why is that?",
    "Is there a fee for moving coins between the funding and the trading account, and how long does it usually take?",
    "I do not recognise this device in my login history. Please freeze everything until I have changed my password!",
)
_TALK_ZH = (
    "你好，我已经等了很久了，一直没有人回复我的问题，麻烦尽快帮我处理一下，谢谢！这件事情真的很着急，请理"
    "解一下我的心情，资金对我来说非常重要，希望今天之内能够解决。",
    "请问一下怎么修改持仓的杠杆倍数？我在新版本的应用里面找了半天都没有找到那个按钮，是不是改到别的地方去"
    "了？麻烦告诉我具体的路径，最好有图文教程可以参考一下。",
    "我的身份认证一直不通过，照片很清楚，证件也在有效期内，到底是什么原因？能不能人工审核一下，我之前提交"
    "过好几次了，每次都提示失败，也不说明具体的理由是什么。",
    "好的，谢谢客服的耐心解答，我稍后再试一次，如果还是不行的话我再来联系你们，希望能给一个明确的答复时间"
    "，不要让我一直这样等下去，祝你们工作顺利，生活愉快。",
    "账户登录不上去了，页面一直在转圈，然后就变成空白页面，换了浏览器和网络也不行，清理缓存也没有用，手机"
    "端也是一样的情况，请问是不是系统在维护或者账号出了问题？",
)
_FACTS_EN = (
    "Hi, my UID is {uid}. I sent {amount} {coin} on {date} {clock} UTC+8 and it has not arrived, the "
    "transaction is {hash} – please check.",
    "My withdrawal of {amount} {coin} has been pending since {clock}, address {address}, can you tell me "
    "when it will be processed?",
    "Order {order} for {pair} was not filled although the price was reached. Expected a fill, nothing "
    "happened. Please look into it.",
    "Since this morning the API returns retCode {code} for every request I sign, the server time is in "
    "step. What does it mean?",
    "Here is the proof you asked for: https://etherscan.io/tx/0x{hash} and the deposit is still not "
    "credited to my account.",
    "I opened a long on {pair} perpetual and was liquidated at {clock}, the order id is {uuid}, this "
    "cannot be right at all.",
)
_FACTS_ZH = (
    "你好，我的UID是{uid}，{date} {clock} 提现了 {amount} {coin}，到现在还没有到账，交易哈希是 {hash}，麻"
    "烦帮我查一下到底卡在哪里了，谢谢！",
    "订单号 {order} 一直没有成交，{pair} 的价格早就到了，为什么不给我成交？这个损失谁来承担，请尽快给我一"
    "个合理的解释，不然我就要投诉了。",
    "充值{amount}个{coin}走的TRC20网络，收款地址 {address}，区块浏览器上显示已经成功了，但是账户里面一直"
    "没有看到这笔钱，请核实一下。",
    "接口一直报错，错误码 {code}，时间已经校准过了，IP白名单也加了，从今天上午10点开始就这样，之前一直都"
    "是正常的，请技术看一下是什么问题。",
    "链接在这里 https://tronscan.org/#/transaction/{hash} ，已经确认了几百个区块了，怎么还是显示处理中？"
    "我的用户ID：{uid}，请加急处理。",
)
_ADDRESSES = (
    "0x52908400098527886E0F7030069857D2E4169EE7", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
)  # fmt: skip
# Pieces that, repeated to 64 KB, once made or could make some pattern look at the same text again and again.
HOSTILE = (
    "1", "a", "0x", "1 ", "1:1", "USDT", "BTC/", "http://", "a.a/", "EQ", "1,", "order ", "0.0.", "-0", "\n", "a.", "A",
    "O1-", "14:05 ", "1月1日", "一点", "1 BTC ", "[•", "ERR_", "error ", "uid 12345 ", "0x" + "a" * 64 + " ",
    "f" * 64 + " ", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa ", "https://etherscan.io/tx/0x1 ", "aaaaa-", "x.near ", "ton ",
    "eos ", "下午", "0.0.1@", "$1", "Mar 1 ", "order id: a1 ",
)  # fmt: skip


def texts(count: int, *, seed: int = 20260302) -> list[str]:
    """Return count texts of the mix, the same for the same seed."""
    chance = random.Random(seed)
    return [_text(chance) for _ in range(count)]


def _text(chance: random.Random) -> str:
    chinese = chance.random() < 0.4
    talk = " ".join(chance.sample(_TALK_ZH if chinese else _TALK_EN, 2))
    if chance.random() < 0.4:
        return talk[: chance.randint(60, 300)]
    facts = chance.choice(_FACTS_ZH if chinese else _FACTS_EN).format(
        uid=chance.randint(10**7, 10**9),
        order=chance.randint(10**18, 2 * 10**18),
        amount=chance.choice((f"{chance.random() * 10:.4f}", f"{chance.randint(10, 9999)}", "1,000.50")),
        coin=chance.choice(("BTC", "ETH", "USDT", "USDC", "SOL")),
        pair=chance.choice(("BTC/USDT", "ETHUSDT", "SOL-USDT", "XRP/USDC")),
        date=f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        clock=f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}",
        hash=f"{chance.getrandbits(256):064x}",
        uuid=f"{(h := f'{chance.getrandbits(128):032x}')[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}",
        address=chance.choice(_ADDRESSES),
        code=chance.choice((10003, 170131, 51008, 110007)),
    )
    return f"{facts} {talk}"[: max(len(facts), chance.randint(60, 300))]


def _reference() -> int:
    """A fixed piece of plain Python, to tell a slow machine (or a busy one) from slow code."""
    return sum(len(str(number)) for number in range(20_000))


def _seconds(work: Callable[[], object]) -> float:
    at = time.process_time()
    work()
    return time.process_time() - at


def _hostile_seconds(text: str) -> float:
    return min(_seconds(lambda: recognise(text)) for _ in range(2))


def main() -> None:
    """Run the mix for the given seconds (5) and print the line; rates are of the median and the best of many rounds."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    mix = texts(1000)
    facts = sum(len(recognise(text)) for text in mix)
    rounds: list[float] = []
    reference: list[float] = []
    started = time.perf_counter()
    while time.perf_counter() - started < seconds or len(rounds) < 3:
        rounds.append(_seconds(lambda: [recognise(text) for text in mix]) / len(mix))
        reference.append(_seconds(_reference))
    hostile = {piece: _hostile_seconds((piece * 65536)[:65536]) for piece in HOSTILE}
    slowest = max(hostile, key=lambda piece: hostile[piece])
    print(
        json.dumps(
            {
                "bench": "evidence",
                "texts_per_second": round(1 / statistics.median(rounds)),
                "texts_per_second_best": round(1 / min(rounds)),
                "microseconds_per_text": round(statistics.median(rounds) * 1e6, 1),
                "reference_milliseconds": round(statistics.median(reference) * 1e3, 2),
                "characters_per_text": round(sum(map(len, mix)) / len(mix)),
                "facts_per_text": round(facts / len(mix), 2),
                "hostile_64k_slowest_ms": round(hostile[slowest] * 1000, 1),
                "hostile_64k_slowest": slowest,
            }
        )
    )


if __name__ == "__main__":
    main()
