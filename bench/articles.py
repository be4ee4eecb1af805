"""Help center articles made up for measuring: real ones would be too few, and texts of one word list too alike.

Words are drawn so that few are very usual and most are rare (Zipf), from the words of the field and many made-up ones.
The same seed makes the same articles.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import NamedTuple

from trustdesk.knowledge.index import Document

_FIELD_EN = (
    "the to your of and a in you is for on account if be we withdrawal deposit can or address network with it not order "
    "coin after price fee by from this are that click when code funds will verification wallet select market password "
    "page as confirm trading transfer balance limit please enter futures margin identity email phone security spot app "
    "history transaction card bank amount time support authenticator device login open position leverage funding rate "
    "stop trigger liquidation memo tag confirmations blockchain mainnet token referral reward voucher staking savings "
    "subscription redemption interest collateral loan merchant dispute appeal advertisement escrow payment currency "
    "country region passport licence document photo selfie expired rejected pending review frozen whitelist "
    "fingerprint passkey notification language settings statement tax report export request permission key secret"
).split()
_FIELD_ZH = (
    "的 您 在 账户 请 点击 提现 充值 地址 网络 可以 后 订单 币种 交易 确认 手续费 余额 选择 验证 安全 密码 页面 价格 输入 "
    "限额 时间 如果 资产 钱包 划转 合约 保证金 身份 认证 邮箱 手机 现货 记录 银行卡 金额 客服 验证器 设备 登录 仓位 杠杆 "
    "资金费率 止损 触发 强平 标签 区块 主网 代币 邀请 奖励 卡券 质押 理财 申购 赎回 利息 抵押 借贷 商家 申诉 广告 担保 付款 "
    "法币 国家 地区 护照 驾照 证件 照片 自拍 过期 拒绝 审核 冻结 白名单 指纹 通行密钥 通知 语言 设置 账单 税务 导出 权限 接口"
).split()
_ASKING_EN = (
    "how do i {0} my {1}", "why is my {0} {1}", "what is the {0} {1} for {2}", "{0} {1} {2}", "{0} not {1}",
    "i cannot find the {0} of my {1} after the {2}, what should i do", "{0} {1}", "is there a {0} for {1} and {2}?",
)  # fmt: skip
_ASKING_ZH = (
    "怎么{0}{1}", "{0}没{1}怎么办", "{0}{1}", "为什么我的{0}一直{1}", "{0}的{1}是多少", "USDT{0}没{1}", "如何修改{0}的{1}和{2}",
    "我的{0}在{1}之后找不到{2}了，请问应该怎么处理？", "{0}",
)  # fmt: skip
_SOUNDS = ["tixian", "chongzhi", "tx", "cz", "yanzhengqi", "shoufei", "dizhi", "anquan"]
_SYLLABLES = (
    "ba co den el fir gan hol ist jun ker lam mor nex op pra qui ros sil tan ul ver win xo yar zen tri sta plo".split()
)
_MADE_UP_EN, _MADE_UP_ZH = 15_000, 15_000


class Question(NamedTuple):
    """What is asked, of which languages' articles (none: all). Of the kind ``typed`` the last word is unfinished."""

    kind: str
    text: str
    languages: tuple[str, ...]


class Language:
    """Words of one language, the usual ones drawn more often."""

    def __init__(self, chance: random.Random, field: Sequence[str], made_up: Sequence[str], between: str) -> None:
        self._chance, self._words, self.between = chance, [*field, *made_up], between
        self._shares = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))
        self.telling = field[20:]

    def text(self, count: int) -> str:
        """Return so many words in sentences and paragraphs."""
        words = self._chance.choices(self._words, cum_weights=self._shares, k=count)
        parts = []
        for number in range(0, count, 14):
            end = ("." if self.between else "。") + ("\n\n" if number % 70 == 56 else self.between)
            parts.append(self.between.join(words[number : number + 14]) + end)
        return "".join(parts)


class Maker:
    """Articles and questions of one seed."""

    def __init__(self, *, seed: int = 20261128) -> None:
        self.chance = chance = random.Random(seed)
        made_en = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(_MADE_UP_EN)]
        usual = bytes(byte for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFF) for byte in (high, low))
        characters = usual.decode("gb2312")
        made_zh = ["".join(chance.choices(characters, k=2)) for _ in range(_MADE_UP_ZH)]
        self.english = Language(chance, _FIELD_EN, made_en, " ")
        self.chinese = Language(chance, _FIELD_ZH, made_zh, "")

    def articles(self, count: int) -> Iterator[Document]:
        """Yield so many articles of 300 to 600 words, every second one Chinese."""
        for key in range(count):
            name, language = ("zh-hans", self.chinese) if key % 2 else ("en", self.english)
            words = self.chance.sample(language.telling, 3)
            code = f" {self._code(key)} BTC/USDT ERC-20 "
            yield Document(
                key=key,
                language=name,
                title=language.between.join([*words, language.text(self.chance.randint(1, 4)).rstrip(".。")]),
                headings=tuple(language.text(4) for _ in range(4)),
                body=language.text(self.chance.randint(150, 300)) + code + language.text(self.chance.randint(150, 300)),
                words=(self.chance.choice(language.telling),),
            )

    def questions(self, count: int, *, articles: int) -> Iterator[Question]:
        """Yield so many questions, half of them to one language's articles alone."""
        chance = self.chance
        for _ in range(count):
            kind = chance.choices(("english", "chinese", "typed", "typo", "code", "sound"), (28, 28, 22, 12, 8, 2))[0]
            languages = ("en",) if chance.random() < 0.5 else ()
            if kind == "code":
                yield Question(kind, self._code(chance.randrange(articles)), languages)
            elif kind == "sound":
                yield Question(kind, chance.choice(_SOUNDS), ())
            elif kind == "typo":
                yield Question(kind, mistyped(self._asked(_ASKING_EN, self.english), chance), languages)
            else:
                chinese = kind == "chinese" or (kind == "typed" and chance.random() < 0.5)
                text = self._asked(*((_ASKING_ZH, self.chinese) if chinese else (_ASKING_EN, self.english)))
                spoken = languages and (("zh-hans",) if chinese else ("en",))
                yield Question(kind, text[: chance.randint(2, len(text))] if kind == "typed" else text, spoken)

    def _asked(self, patterns: Sequence[str], language: Language) -> str:
        return self.chance.choice(patterns).format(*self.chance.sample(language.telling, 3))

    def _code(self, article: int) -> str:
        return f"{'WDETA'[article % 5]}-{1000 + article}"


def write_folder(folder: Path, count: int) -> None:
    """Write so many made-up articles as Markdown, fifty of each language a section: headings, steps and a table in each."""
    for one in Maker().articles(count):
        section = folder / f"topic-{one.key // 2_000}" / f"section-{one.key // 100}"
        section.mkdir(parents=True, exist_ok=True)
        paragraphs = [paragraph for paragraph in one.body.split("\n\n") if paragraph.strip()]
        steps = "\n".join(f"{number}. {heading}" for number, heading in enumerate(one.headings, start=1))
        table = "| | |\n|---|---|\n" + "\n".join(f"| {heading} | {heading[:4]} |" for heading in one.headings)
        parts = [f"# {one.title}", paragraphs[0], f"## {one.headings[0]}", steps, *paragraphs[1:], f"## {one.headings[1]}", table]
        (section / f"article-{one.key // 2}.{one.language}.md").write_text("\n\n".join(parts), "utf-8")


def mistyped(text: str, chance: random.Random) -> str:
    """Return a text with two letters swapped in its longest word."""
    word = max(text.split(), key=len)
    at = chance.randrange(1, max(2, len(word) - 1))
    return text.replace(word, word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :], 1)


def articles_of(folder: Path, *, most: int) -> list[Document]:
    """Return the Markdown and text files of a folder as articles: the first line is the title, lines after # headings."""
    found = []
    for key, path in enumerate(
        islice(sorted(path for path in folder.rglob("*") if path.suffix in (".md", ".txt")), most)
    ):
        title, _, body = path.read_text("utf-8", errors="replace").lstrip("# \n").partition("\n")
        headings = tuple(line.lstrip("# ") for line in body.splitlines() if line.startswith("#"))
        language = "en" if body[:2000].isascii() else "zh-hans"
        found.append(Document(key=key, language=language, title=title, headings=headings, body=body, words=()))
    return found
