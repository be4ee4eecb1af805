"""Words that say an account is being, or was just, emptied by somebody else: what opens the emergency lane.

Read by a small grammar of phrases (`_CLASSES`, `_PHRASES`), a sentence at a time, in English and Chinese (Traditional as
Simplified). It asks two things: does somebody say that their own account is being or was taken, and does anything around
it say otherwise: a condition, a negation, a question how, a time long past, somebody else's story. Where it could be
either it is an emergency, since a freeze can be undone and a theft cannot.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LONGEST = 4_000  # characters that are read


@dataclass(frozen=True)
class Alarm:
    """Words that open the emergency lane, as they were written, and what they say (see `Reason`)."""

    code: str
    words: str


def find(text: str) -> Alarm | None:
    """Return the first words that say an account is being or was just taken, or None. Reads the first `LONGEST`
    characters, in linear time."""
    text = text[:LONGEST]
    sentences = [
        _Sentence(tokens[start : start + _LONGEST_SENTENCE])
        for tokens in (list(_tokens(*piece)) for piece in _sentences(text.translate(_PLAIN).lower()))
        for start in range(0, len(tokens), _LONGEST_SENTENCE)
    ]
    over = any(sentence.says_over() for sentence in sentences)
    for sentence in sentences:
        for phrase in sentence.phrases:
            if phrase.tag in _ALARMS and not sentence.otherwise(phrase, over=over):
                start, end = sentence.tokens[phrase.start].start, sentence.tokens[phrase.end - 1].end
                return Alarm(code=phrase.tag, words=text[start:end])
    return None


# The grammar. In a phrase a space comes between parts; "a/b" is a or b; "_" joins the words of one alternative, and
# Chinese ones need none; "part?" may be missing; "~3" is up to three other words (or characters) of the same clause;
# "^" is the beginning of a clause; a class is named in capitals.

_CLASSES = {
    "MY": "my/our",
    "THING": "account/accounts/wallet/wallets/fund/funds/coin/coins/crypto/cryptos/money/balance/balances/asset/assets/"
    "savings/bitcoin/bitcoins/btc/eth/ethereum/usdt/usdc/sol/token/tokens/holdings/portfolio/everything",
    "STRANGER": "someone/somebody/some_one/hacker/hackers/thief/thieves/scammer/scammers/attacker/attackers/stranger/"
    "intruder/another_person/unknown_person/someone_else/somebody_else",
    "TAKEN": "hacked/drained/emptied/stolen/compromised/hijacked/breached/robbed/looted/siphoned/taken_over/broken_into/"
    "cleaned_out/wiped_out",
    "TAKING": "draining/stealing/emptying/withdrawing/transferring/moving/sending/selling/siphoning/hacking/wiping",
    "TOOK": "stole/stolen/drained/emptied/hacked/hijacked/compromised/looted/robbed",
    "MOVED": "withdrew/withdrawn/transferred/moved/sent/sold/took/taken",
    "ENTERED": "logged_into/logged_in_to/logged_in_on/got_into/gotten_into/broke_into/broken_into/gained_access_to/"
    "has_access_to/got_access_to/in/inside/into/using/controlling/controls/accessing/accessed/changed/changing",
    "WITHDRAWAL": "withdrawal/withdrawals/transfer/transfers/transaction/transactions/trade/trades/order/orders/payment",
    "FOREIGN": "unauthorized/unauthorised/fraudulent",
    "AUX": "been/being/be/get/getting/got/yet/actually/really/currently/ever",
    "有人": "有人/黑客/骗子/小偷/陌生人/别人/盗号者/不明人士",
    "我的": "我的/我账/我钱/我们的",
    "财物": "账号/账户/钱包/币/资产/资金/钱/余额/比特币/以太坊/usdt/usdc/btc/eth/u",
    "不断": "正在/一直/不断/不停/还在/持续/现在/此刻/在",
    "拿走": "盗/盗走/盗取/盗刷/偷/偷走/黑/转走/提走/划走/清空/掏空/搬空/入侵/攻击/洗劫",
    "动": "转/转走/转出/转移/提/提走/盗/盗走/偷/卖/卖掉/动/动用/登录/登陆/操作/清空/掏空",
    "转账": "提币/提现/转账/转走/转出/提走/转币/卖币",
}

_PHRASES = {
    "being_taken": (
        "MY ~2 THING is/are/keep/keeps ~1 being/getting ~1 TAKEN",
        "MY ~2 THING is/are ~1 being MOVED ~4 without_my/by_someone/by_somebody/by_a_hacker/by_hackers/by_another/"
        "to_unknown/to_an_unknown/i_did_not/not_me/right_now/as_we_speak/as_i_type",
        "i/we am/are being/getting ~1 hacked/robbed/drained",
        "STRANGER is/are/keep/keeps? ~2 TAKING ~4 MY",
        "they/he/she is/are/keep/keeps ~1 draining/withdrawing/emptying ~4 MY",
        "STRANGER is/are trying_to withdraw/steal/drain/transfer/empty ~3 MY",
        "STRANGER is/are ~2 ENTERED MY ~2 account/wallet",
        "MY ~2 THING is/are/keep/keeps ~1 disappearing/vanishing/draining/leaving/going_out/flowing_out",
        "THING is/are/keep/keeps ~1 disappearing/vanishing/leaving/flowing/going ~3 MY ~1 account/wallet",
        "FOREIGN WITHDRAWAL ~2 happening/going_on/in_progress/right_now/now",
        "WITHDRAWAL is/are/keep/keeps? ~1 happening/going_out ~4 not_me/without_my/i_did_not",
        "正在/不停地/不断地/还在 ~2 被 ~3 拿走/登录/操作/控制/盗用",
        "我的 ~6 正在 被 ~3 转移/转出/卖掉/提现",
        "有人 ~3 不断 ~1 动 ~1 我的",
        "有人 ~3 正在/在 ~6 我 ~6 转账",
        "有人 正在/还在/不停 ~1 转账/登录/登陆",
        "我的 ~4 有人 ~1 不断 ~1 动/用/使用",
        "财物 ~3 不断 ~2 流失/消失/流出/往外转/往外走",
    ),
    "was_taken": (
        "MY ~2 THING has/have/had? ~1 was/were/got/been/is/are/just ~2 TAKEN",
        "MY ~2 account/wallet/funds/coins/money TAKEN",
        "^ help/urgent/please? the/this? account/wallet was/been/got/is/has/just? been/just? TAKEN",
        "i/we have/had? ~1 was/were/got/been/am/just ~1 hacked/robbed/drained/compromised",
        "STRANGER ~2 TOOK ~4 MY",
        "STRANGER ~2 MOVED all/all_of/everything_from/away? MY",
        "STRANGER ~2 MOVED ~4 from_my/out_of_my",
        "STRANGER ~2 ENTERED MY ~2 account/wallet/password/email/mail/2fa",
        "财物 ~4 被 ~3 拿走",
        "被 ~2 盗/黑/盗号/盗刷/盗币 了",
        "有人 ~4 盗/偷/偷走/转走/提走/登录/登陆/入侵/改/清空/卖 了/走? ~1 我的",
        "有人 ~2 把 我 ~6 转走/提走/盗走/卖/清空/转出/偷走",
    ),
    "not_authorised": (
        "i/we did_not/never ~1 make/made/authorize/authorise/authorized/authorised/request/requested/approve/approved/"
        "initiate/initiated/place this/that/these/those/any ~2 WITHDRAWAL",
        "WITHDRAWAL ~4 was/were/is not me/mine/by_me/made_by_me/done_by_me/authorized_by_me/authorised_by_me",
        "there/see/saw/notice/noticed/got/found/received/have/had ~3 FOREIGN ~1 WITHDRAWAL",
        "FOREIGN ~1 WITHDRAWAL ~3 MY",
        "MOVED ~4 without_my/without_our",
        "不是我/不是我本人/不是本人/非本人/并非本人/并非我 ~1 操作/提/转/发起/下单/登录/登陆/授权/申请/交易/卖",
        "我 根本/从来/从/完全/真的/并 没/没有 ~1 操作/提现/提币/转账/下单/申请/授权",
        "未经/没经过/没有经过 我/本人 ~1 授权/同意/允许/许可",
        "未经授权/未授权 ~1 提现/提币/交易/转账/登录",
    ),
    # A condition, precaution, fear or question in front of it.
    "if": (
        "if/whether/unless/suppose/imagine/in_case/happens_when/do_when/make_sure/ensure/how_do_i_know/how_can_i_tell/"
        "how_would_i_know/how_will_i_know/how_to_tell/how_to_know/i_thought/i_assumed/is_it_possible",
        "prevent/preventing/avoid/avoiding/protect/protecting/against/safe_from/worried/worry/afraid/scared/fear/concerned/"
        "risk/chance/possibility",
        "^ has/have/had/was/were/is/are/am my/our/i/we",
        "如果/要是/假如/假设/假使/倘若/若是/万一/防止/预防/避免/防范/防/以防/以免/免得/担心/害怕/怕/是否/有没有/会被/会不会/"
        "是不是/怎么知道/如何知道/怎么判断/如何判断/怎样判断/才不/什么情况",
    ),
    # Said by somebody else, most often in a phishing message.
    "told": (
        "saying/says/claims/claiming/claimed/states/stating/told_me/tells_me/telling_me/titled/pretending",
        "说我/说账/说你/说您/称我/称账/称你/称您/声称/谎称/自称/冒充",
    ),
    # Not the writer's account here.
    "other": (
        "friend/friends/brother/sister/wife/husband/boyfriend/girlfriend/colleague/neighbor/neighbour/news/article/movie/"
        "read/heard/telegram/instagram/facebook/twitter/whatsapp/discord/steam",
        "朋友/同事/同学/老公/老婆/家人/亲戚/网友/群友/别人的/他的/她的/他们的/新闻/听说/文章/微信/qq/支付宝/微博/抖音/游戏/其他交易所/"
        "别的交易所/某交易所",
    ),
    "past": (
        "last_year/last_month/last_week/last_summer/last_winter/last_time/years_ago/year_ago/months_ago/month_ago/"
        "weeks_ago/week_ago/back_in/back_then/previously/in_the_past/long_ago/a_while_ago/i_once/was_once/hacked_once/"
        "hacked_before/stolen_before/in_YEAR/since_YEAR",
        "去年/前年/上个月/上月/上周/上星期/上礼拜/年前/月前/周前/星期前/之前/以前/曾经/曾被/当年/当时/早前/前段时间/那次/上次/盗过/"
        "黑过/YEAR年",
    ),
    "now": (
        "now/today/just/tonight/this_morning/minute_ago/minutes_ago/hour_ago/hours_ago/currently/suddenly/yesterday/again",
        "现在/此刻/今天/今早/今晚/昨晚/昨天/刚刚/刚才/刚/突然/分钟前/小时前/又",
    ),
    "over": (
        "is/was/are/were/been/got/now/already/finally ~1 resolved/solved/fixed/recovered/restored/returned/refunded",
        "got ~3 back",
        "all_good_now/problem_solved/case_closed",
        "已解决/已经解决/解决了/已找回/已经找回/找回来了/找回了/追回来了/已追回/已恢复/已经恢复/恢复了/没事了",
    ),
    "not_yet": (
        "not/never/until/till/if/when/unless/whether/before/to_be/to_get/can_be",
        "没/未/等/直到/能/如果/怎么/何时",
    ),
    "denied": (
        "not/never AUX? AUX? TAKEN/TAKING",
        "没/没有/未/并未/不是/不会/从未/从没/才不会/不 ~1 被",
        "没有人/没人/无人",
    ),
    # What costs money without a thief.
    "fees": (
        "by/from/because_of/due_to ~3 fee/fees/funding/interest/commission/commissions/spread/slippage/liquidation/"
        "liquidations/leverage/market/tax/taxes",
        "liquidated",
        "手续费/资金费/费率/利息/爆仓/强平/滑点",
    ),
    "asked": ("的话/如何/怎样/怎么防/怎么预防/怎么避免/后怎么/后应该/后该/吗",),
}
_ALARMS = ("being_taken", "was_taken", "not_authorised")
_REACH = 4.0  # words between a condition and what it is about; a Chinese character is half a word
_REACH_NOT_YET = 3.0
_LONGEST_SENTENCE = 120  # tokens; what has no stop for longer is cut, so that reading takes linear time


@dataclass(frozen=True, slots=True)
class _Token:
    word: str  # a word, a number (a year: YEAR), an ideograph, or a comma
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    tag: str
    start: int  # tokens
    end: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a phrase: one of ``words``, or of ``runs`` of words by their first; or up to ``gap`` other tokens."""

    words: frozenset[str] = frozenset()
    runs: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    gap: int = 0
    optional: bool = False
    begins_clause: bool = False


class _Sentence:
    """The tokens of a sentence and the phrases found in them."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.words = tuple(token.word for token in tokens)
        self.phrases = [
            _Phrase(tag, start, end)
            for start, token in enumerate(tokens)
            for tag, parts in _BY_FIRST.get(token.word, ())
            if (end := self._match(parts, start)) > start
        ]

    def says_over(self) -> bool:
        """Say whether it tells that the matter has ended."""
        return any(
            phrase.tag == "over" and not self._before(phrase, ("not_yet",), reach=_REACH_NOT_YET)
            for phrase in self.phrases
        )

    def otherwise(self, alarm: _Phrase, *, over: bool) -> bool:
        """Say whether something around these words says that nothing is being taken now."""
        clause = [phrase for phrase in self.phrases if self._same_clause(phrase, alarm)]
        fees_in = clause if alarm.tag == "being_taken" else self.phrases
        if self._before(alarm, ("if", "told"), reach=_REACH) or any(phrase.tag == "fees" for phrase in fees_in):
            return True
        if alarm.tag != "not_authorised" and any(
            phrase.tag == "denied" and phrase.start < alarm.end and alarm.start < phrase.end for phrase in clause
        ):
            return True
        if alarm.tag == "being_taken":
            return False
        told_of_past = any(phrase.tag == "past" for phrase in self.phrases)
        return (
            over
            or (told_of_past and not any(phrase.tag == "now" for phrase in clause))
            or any(phrase.tag == "other" and phrase.start < alarm.end for phrase in clause)
            or any(phrase.tag == "asked" and phrase.end > alarm.end for phrase in clause)
        )

    def _before(self, alarm: _Phrase, tags: tuple[str, ...], *, reach: float) -> bool:
        """Say whether such a phrase stands close before these words, or among them."""
        return any(
            phrase.tag in tags
            and phrase.start < alarm.end
            and self._same_clause(phrase, alarm)
            and self._apart(phrase.end, alarm.start) <= reach
            for phrase in self.phrases
        )

    def _apart(self, end: int, start: int) -> float:
        return sum(1.0 if word.isascii() else 0.5 for word in self.words[end:start])

    def _same_clause(self, one: _Phrase, other: _Phrase) -> bool:
        first, second = sorted((one, other), key=lambda phrase: phrase.start)
        return _PAUSE not in self.words[first.end : second.start]

    def _match(self, parts: tuple[_Part, ...], start: int) -> int:
        """Return where these parts end that begin at ``start``, or -1."""
        if not parts:
            return start
        part, rest = parts[0], parts[1:]
        if part.begins_clause:
            begins = start == 0 or self.words[start - 1] == _PAUSE
            return self._match(rest, start) if begins else -1
        if part.gap:
            for place in range(start, min(start + part.gap, len(self.words)) + 1):
                if (end := self._match(rest, place)) >= 0:
                    return end
                if place < len(self.words) and self.words[place] == _PAUSE:
                    break
            return -1
        word = self.words[start] if start < len(self.words) else ""
        if word in part.words and (end := self._match(rest, start + 1)) >= 0:
            return end
        for run in part.runs.get(word, ()):
            if self.words[start : start + len(run)] == run and (end := self._match(rest, start + len(run))) >= 0:
                return end
        return self._match(rest, start) if part.optional else -1


_PAUSE = ","
_STOP = re.compile(r"[.!?。！？；;\n]+(?!\d)")
_TOKEN = re.compile(
    r"(?P<pause>[,，、:：()（）—]|\s-\s|\b(?:but|however|although|though|and(?= now\b| today\b))\b|但是?|可是|不过)"
    r"|(?P<word>[a-z]+)(?:['’`](?P<short>[a-z]{1,2})\b)?|(?P<number>\d+)|(?P<han>[㐀-䶿一-鿿])"
)
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_SHORT = {"s": "is", "m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would", "t": "not"}
_TOGETHER = {
    f"{word}nt": f"{word} not"
    for word in ("do", "did", "does", "was", "were", "is", "are", "have", "has", "had", "can")
}
_TOGETHER |= {"im": "i am", "ive": "i have", "cannot": "can not", "acct": "account", "acc": "account"}
# Traditional characters of the phrases, full-width letters, and the one letter whose lower case is two.
_PLAIN = (
    str.maketrans(
        "盜轉帳帐賬號戶錢幣產資餘沒嗎麼們現緊凍結駭個發這請問過經誰護騙剛陸錄圍會還斷賣動進離擊劃淨時鐘開為話樣應該許"
        "認聽說聞遊戲親別為稱謊偽並從無來飛償慮擔萬設預範觸訴費資滿倉點當層續實證單將內關雲",
        "盗转账账账号户钱币产资余没吗么们现紧冻结骇个发这请问过经谁护骗刚陆录围会还断卖动进离击划净时钟开为话样应该许"
        "认听说闻游戏亲别为称谎伪并从无来飞偿虑担万设预范触诉费资满仓点当层续实证单将内关云",
    )
    | {0x130: "I"}
    | {code: code - 0xFEE0 for code in range(0xFF21, 0xFF5B)}
)


def _sentences(text: str) -> Iterator[tuple[str, int]]:
    """Yield sentences with where they begin."""
    start = 0
    for stop in _STOP.finditer(text):
        yield text[start : stop.start()], start
        start = stop.end()
    yield text[start:], start


def _tokens(sentence: str, offset: int = 0) -> Iterator[_Token]:
    """Yield the tokens of a sentence in lower case; what is short for two words is two."""
    for match in _TOKEN.finditer(sentence):
        start, end = match.start() + offset, match.end() + offset
        if match["pause"]:
            yield _Token(_PAUSE, start, end)
        elif word := match["word"]:
            if match["short"] == "t" and word != "can":
                word = word.removesuffix("n")  # don't, wasn't
            for part in (*_TOGETHER.get(word, word).split(), *_SHORT.get(match["short"], "").split()):
                yield _Token(part, start, end)
        elif number := match["number"]:
            yield _Token("YEAR" if _YEAR.fullmatch(number) else number, start, end)
        else:
            yield _Token(match[0], start, end)


def _part(written: str) -> _Part:
    if written == "^":
        return _Part(begins_clause=True)
    if written.startswith("~"):
        return _Part(gap=int(written[1:]))
    choices = "/".join(_CLASSES.get(choice, choice) for choice in written.removesuffix("?").split("/"))
    runs: defaultdict[str, tuple[tuple[str, ...], ...]] = defaultdict(tuple)
    words = set()
    for run in map(_run, choices.split("/")):
        if len(run) == 1:
            words.add(run[0])
        else:
            runs[run[0]] += (run,)
    return _Part(words=frozenset(words), runs=dict(runs), optional=written.endswith("?"))


def _run(choice: str) -> tuple[str, ...]:
    """Split an alternative into tokens as a text would be."""
    return tuple(re.findall("YEAR|[a-z0-9]+|[一-鿿]", choice))


def _by_first() -> dict[str, list[tuple[str, tuple[_Part, ...]]]]:
    """Sort the phrases by the tokens they can begin with."""
    found: defaultdict[str, list[tuple[str, tuple[_Part, ...]]]] = defaultdict(list)
    for tag, phrases in _PHRASES.items():
        for phrase in phrases:
            parts = tuple(_part(written) for written in phrase.split())
            firsts: set[str] = set()
            for part in parts:
                firsts |= part.words | part.runs.keys()
                if firsts and not part.optional:
                    break
            for first in firsts:
                found[first].append((tag, parts))
    return dict(found)


_BY_FIRST = _by_first()
