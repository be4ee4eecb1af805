"""How urgent a case is: every reason, its bounds, that more never makes it less, and words that do or do not mean now."""

import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.policy import alarm
from trustdesk.policy.priority import EMERGENCY, LOWEST, Case, Reason, Scale, judge
from trustdesk.policy.proof import Proof

CALM = Case(
    type_priority=3, tier="standard", amount_usd=None, age=timedelta(), words="Deposit missing", proof=Proof.SESSION
)
DAY = timedelta(days=1)

EMERGENCIES = {
    "being_taken": [
        "Someone is withdrawing my coins right now!!!",
        "My account is being drained, please freeze it",
        "HELP my USDT is being stolen as we speak",
        "Hackers are emptying my wallet, do something",
        "I'm being hacked right now",
        "I am not joking, my account is being hacked",
        "Somebody's in my account and is selling everything I own",
        "my btc keeps disappearing from the wallet",
        "Money is leaving my account and I am not doing it",
        "If you see this please help. My account is being drained",
        "Please freeze my account until this is resolved. It was hacked: my coins are being stolen",
        "I was hacked last year and now someone is withdrawing my BTC again",
        "Is anybody there? My account is being emptied",
        "My friend is away but someone is stealing my coins",
        "有人正在转走我的币！！",
        "有黑客在提我的USDT",
        "账户资金正在不断流失",
        "现在有人正在从我的账户提币",
        "please lock my account immediately, a hacker is inside my account",
        "i can see withdrawals going out that i did not make",
        "my coins are getting stolen rn",
        "emergency: unknown person is accessing my account",
        "somebody else is using my account, stop them",
        "我的账户有人在操作，不是我",
        "快冻结我的账号，有人正在提现",
        "有人正在盗取我的资产",
        "I'm seeing trades I never placed, someone is inside my account",
        "my funds are being moved out by someone",
        "our company account is being drained right now",
        "我的资金正在被人转出",
    ],
    "was_taken": [
        "My account has been hacked",
        "My account was just hacked and 2 BTC are gone",
        "my acct got hacked pls freeze",
        "Account hacked! Urgent",
        "My trading account has been compromised, freeze it now",
        "I got hacked 10 minutes ago",
        "I've been hacked, someone changed my password",
        "A hacker stole all my funds",
        "Someone logged into my account and moved all my coins",
        "Last year all was well, but today my account was hacked",
        "My account was hacked, what should I do?",
        "My account was hacked. Thanks for your help in advance",
        "我的账户正在被盗，快冻结",
        "资产正在被转走",
        "账号被盗了，救命",
        "我的账号被黑了怎么办",
        "帐号被盗了怎么办，急",
        "我的幣被轉走了，請幫我凍結帳戶",
        "帳戶正在被人登入盜取，緊急",
        "昨晚账户被人盗了",
        "钱包里的USDT全被转走了",
        "有人登录了我的账号",
        "有人把我的比特币转走了",
        "黑客转走了我的所有资产",
        "余额被清空了，我没有操作过",
        "我被盗号了，赶紧冻结",
        "以前都正常，今天账号突然被盗了",
        "我的account被盗了",
        "我的账号被别人盗了",
        "Someone hacked my account and took everything",
        "There's a thief in my wallet",
        "All of my crypto was stolen from my account this morning",
        "I think my account has been compromised",
        "Someone has access to my account and is trading",
        "An attacker changed my email and is draining the account",
        "we have been hacked, freeze all withdrawals",
        "my wallet was emptied overnight",
        "My account is compromised. Block it",
        "账户被黑客入侵，正在转走资产",
        "救命，币被偷了",
        "有人盗了我的账号",
        "我的资产被黑客转走了一半",
        "我发现账户被盗，怎么办",
        "錢包被盜了，快幫忙",
        "钱被人转走了",
        "我没有操作，但是币被提走了",
        "我手机丢了，账户里的钱正在被提走",
        "pls help, hacker took all my money just now",
        "My Binance-style wallet got drained, 12 ETH gone",
        "stop all withdrawals!! my account has been taken over",
        "I woke up and my account had been emptied",
        "Somebody transferred all my USDT to an address I do not know",
        "币没了，账号被人黑了",
        "有人偷了我的币",
        "账户里的ETH被盗走，请立即冻结",
        "紧急：账号被入侵",
        "刚才有人把我的USDT提走了",
    ],
    "not_authorised": [
        "I didn't make this withdrawal",
        "I did not authorize any of these transfers",
        "I never approved that withdrawal of 0.5 BTC",
        "There are unauthorised withdrawals from my account",
        "They withdrew 3000 USDT without my permission",
        "There is a withdrawal in my history that was not made by me",
        "刚刚有一笔提现不是我操作的",
        "这笔提现非本人操作，请冻结账户",
        "未经我授权就提走了我的USDT",
        "my funds were transferred out without my consent",
        "I noticed an unauthorized withdrawal of 5000 USDT",
        "不是我本人登录的，请马上冻结",
        "账号异常登录，已经有两笔提现不是我操作",
        "系统显示我提现了1个BTC，但我根本没有操作",
        "I did not request this withdrawal, cancel it",
        "there was a fraudulent transfer from my account today",
        "這不是我本人操作的提現",
    ],
}

LOOK_ALIKES = [
    "I was hacked last year, thanks for the help",
    "My account was hacked in 2021, how do I download my old statements?",
    "Two years ago my account was hacked on another exchange",
    "How can I prevent my account from being hacked?",
    "How do I protect my wallet from being drained?",
    "What if my account is hacked?",
    "What should I do if my account has been hacked?",
    "If someone is withdrawing my coins, can you freeze the account?",
    "I am worried that my account was hacked, nothing is missing though",
    "My account was not hacked, I just forgot my password",
    "My account has never been hacked",
    "Nobody is stealing my coins, I only want to know the fee",
    "My friend's account was hacked, should I be careful?",
    "I got an email saying my account has been hacked, is it real?",
    "A caller claims my account is being drained and wants my code",
    "My balance is being drained by funding fees",
    "My telegram account was hacked",
    "My account was hacked but support has already recovered it",
    "My account was hacked. It is resolved now, please remove the note",
    "Has my account been hacked?",
    "Is my account being hacked? I cannot sign in",
    "Are there any news about the exchange that was hacked?",
    "Where can I read how accounts get hacked?",
    "Please make sure my account is never hacked",
    "My withdrawal is being processed for three hours",
    "My USDT is being transferred but still pending",
    "Someone sent 100 USDT to my account by mistake",
    "Someone transferred money to my wallet, is that normal?",
    "URGENT!!! My withdrawal is stuck, help me now",
    "I did not make the withdrawal yet because of the limit",
    "How do I set an alert for unauthorized withdrawals?",
    "API returns 401 unauthorized when I place an order",
    "This is a great life hack, thank you",
    "You are stealing my money with these fees",
    "I want to report a stolen phone, nothing else",
    "How to set up two factor so nobody can steal my funds",
    "如何防止被盗",
    "怎么防止账号被盗？",
    "怎样设置才不会被盗",
    "如果账号被盗了怎么办",
    "万一我的币被盗，平台赔吗",
    "担心账号被盗，想改密码",
    "我的账号会被盗吗",
    "账号是不是被盗了？",
    "我的账号没有被盗，只是忘记密码",
    "账户从未被盗过",
    "去年我的账号被盗，谢谢你们的帮助",
    "账号之前被盗过，现在想改手机号",
    "我朋友的账号被盗了，他应该怎么做",
    "新闻说某交易所的资产被盗",
    "收到短信说我的账号被盗了，是真的吗",
    "账号被盗的话多久能冻结",
    "账号被盗后如何找回",
    "手续费把我的余额一直在减少",
    "没有人转走我的币，我只是问问",
    "有人在转账给我，多久到账",
    "对方用非本人账户转账",
    "我的账号上个月被盗，已经找回来了",
    "账号被盗的问题已解决，谢谢",
    "提现一直没到账，非常着急！！！",
    "充值没到账，快点处理",
    "防盗码怎么设置",
    "怎么举报盗版应用",
    "我的微信账号被盗了",
    "Hi, how do I enable 2FA to keep my account from being hacked?",
    "Does the exchange refund users if their account is hacked?",
    "I read that someone was hacked through phishing, how can I stay safe?",
    "My account was hacked three months ago and you already restored it, now I have a tax question",
    "I thought my account was hacked but it was my wife using it",
    "Can hackers steal my coins if I share my UID?",
    "Is it possible that someone is using my account?",
    "Your bot is draining my patience",
    "My funds are stuck in the wallet since the transfer",
    "My order was executed at a price I did not choose",
    "the market moved and my position was liquidated, I feel robbed",
    "My password was changed by me yesterday and withdrawals are locked",
    "Nothing was stolen, just checking how security works",
    "I lost money trading, my balance is gone",
    "a scammer pretended to be your staff but I did not fall for it",
    "I would like to report a phishing site",
    "The funds were sent to my wallet but not credited",
    "Who is responsible when user assets are stolen?",
    "What is your policy on stolen funds?",
    "My old phone was stolen, how to reset 2FA",
    "请问账户安全险是否覆盖被盗损失",
    "被盗的币可以追回吗",
    "怎样避免钱包被黑",
    "我想了解如果有人登录我的账号你们会通知吗",
    "以前在别的平台被盗了，所以想问你们安全吗",
    "我怕账户被盗，所以想开启谷歌验证",
    "提现被拒绝，不是我的问题",
    "我的订单被取消了",
    "币被冻结了，怎么解冻",
    "账户被限制提现",
    "资金被划转到合约账户了",
    "我被强平了，资金被清空",
    "有人加我微信说是客服",
    "骗子冒充客服，我没有上当",
    "防止资产被盗的教程在哪",
    "请问黑客攻击的新闻是真的吗",
    "我忘了密码，账号没丢也没被盗",
    "我半年前账户被盗过一次，现在一切正常",
    "How long does it take to get an answer if my account gets hacked?",
    "Do you offer insurance against hacking?",
    "My brother says his account was hacked",
    "In 2019 I was hacked, can you still see the ticket?",
    "My account is locked after too many wrong passwords",
    "I sent my coins to a wrong address",
    "Thanks, the stolen funds case is closed",
    "I got liquidated and my funds were wiped out",
    "Are my funds safe? I heard rumours of a hack",
    "Please explain how hackers usually get into accounts",
    "can someone tell me who is moving the market",
    "my withdrawal was not authorised by the bank",
    "怎么设置提币白名单防盗",
    "听说你们被黑了，我的币安全吗",
    "如何识别黑客钓鱼邮件",
    "我没被盗，只是问问流程",
    "要是哪天账号被盗，我该联系谁",
    "我的提现被系统拒绝",
    "我朋友让我问，账户被盗能赔吗",
    "P2P对方没有付款",
]


@pytest.mark.parametrize(("code", "words"), [(code, words) for code, rows in EMERGENCIES.items() for words in rows])
def test_an_account_being_emptied_opens_the_emergency_lane(code: str, words: str) -> None:
    verdict = judge(replace(CALM, words=words, type_priority=4, proof=Proof.NOBODY))
    assert (verdict.priority, verdict.lane) == (0, EMERGENCY)
    (reason,) = [reason for reason in verdict.because if reason.code != "type"]
    assert reason.code == code
    assert reason.params["said"] in words


@pytest.mark.parametrize("words", LOOK_ALIKES)
def test_what_only_sounds_like_it_stays_in_the_queue(words: str) -> None:
    verdict = judge(replace(CALM, words=words))
    assert (verdict.priority, verdict.lane) == (3, "")
    assert verdict.because == (Reason("type", {"priority": "3"}),)


def test_there_are_enough_rows_of_each_kind_in_each_language() -> None:
    for rows in ([words for group in EMERGENCIES.values() for words in group], LOOK_ALIKES):
        chinese = [words for words in rows if not words.isascii()]
        assert len(chinese) >= 30
        assert len(rows) - len(chinese) >= 30
        assert len(set(rows)) == len(rows)


@pytest.mark.parametrize(
    ("change", "priority", "codes"),
    [
        ({}, 3, []),
        ({"type_priority": 0}, 0, []),
        ({"type_priority": 4}, 4, []),
        ({"tier": "VIP"}, 2, ["tier"]),
        ({"tier": "VIP", "proof": Proof.CONTACT}, 3, []),  # anyone can type a number of a VIP
        ({"tier": "gold"}, 3, []),
        ({"amount_usd": Decimal("9999.99")}, 3, []),
        ({"amount_usd": Decimal(10_000)}, 2, ["amount"]),
        ({"amount_usd": Decimal(100_000)}, 1, ["amount"]),
        ({"amount_usd": Decimal(100_000), "proof": Proof.NOBODY}, 2, ["amount"]),
        ({"amount_usd": Decimal("NaN")}, 3, []),
        ({"amount_usd": Decimal("Infinity")}, 3, []),
        ({"amount_usd": Decimal(-5)}, 3, []),
        ({"age": timedelta(hours=23)}, 3, []),
        ({"age": DAY}, 2, ["age"]),
        ({"age": 3 * DAY}, 1, ["age"]),
        ({"tier": "vip", "amount_usd": Decimal(10**9), "age": 90 * DAY}, 1, ["tier", "amount", "age"]),
        ({"loss_now": True}, 0, ["loss_now"]),
        ({"loss_now": True, "words": "My account was not hacked"}, 0, ["loss_now"]),
        ({"type_priority": 9}, 4, []),
        ({"type_priority": -1}, 0, []),
    ],
)
def test_each_reason_counts_and_is_told(change: dict[str, object], priority: int, codes: list[str]) -> None:
    verdict = judge(replace(CALM, **change))  # type: ignore[arg-type]
    assert verdict.priority == priority
    assert verdict.lane == ("" if priority else EMERGENCY)
    assert [reason.code for reason in verdict.because] == ["type", *codes]


def test_reasons_say_what_they_saw() -> None:
    verdict = judge(replace(CALM, tier=" VIP ", amount_usd=Decimal("12345.67"), age=timedelta(hours=30)))
    assert [dict(reason.params) for reason in verdict.because] == [
        {"priority": "3"},
        {"tier": "VIP"},
        {"usd": "12346", "from": "10000"},
        {"hours": "30", "from": "24"},
    ]


def test_staff_may_set_other_steps() -> None:
    scale = Scale(tiers={"whale": 2}, amounts=(Decimal(50),), ages=())
    assert judge(replace(CALM, tier="Whale"), scale=scale).priority == 1
    assert judge(replace(CALM, tier="vip", age=90 * DAY), scale=scale).priority == 3
    assert judge(replace(CALM, amount_usd=Decimal(60)), scale=scale).priority == 2


TIERS = ["", "standard", "vip"]
AMOUNTS = st.none() | st.decimals(0, 10**7, allow_nan=False, places=2)
CASES = st.builds(
    Case,
    type_priority=st.integers(0, LOWEST),
    tier=st.sampled_from(TIERS),
    amount_usd=AMOUNTS,
    age=st.timedeltas(timedelta(), 30 * DAY),
    words=st.sampled_from(["", LOOK_ALIKES[0], LOOK_ALIKES[-1], EMERGENCIES["being_taken"][0]]),
    proof=st.sampled_from(Proof),
    loss_now=st.booleans(),
)


@given(CASES, st.decimals(0, 10**7, allow_nan=False, places=2))
def test_more_money_is_never_less_urgent(case: Case, more: Decimal) -> None:
    raised = replace(case, amount_usd=(case.amount_usd or Decimal(0)) + more)
    assert judge(raised).priority <= judge(case).priority


@given(CASES, st.timedeltas(timedelta(), 30 * DAY))
def test_a_longer_wait_is_never_less_urgent(case: Case, longer: timedelta) -> None:
    assert judge(replace(case, age=case.age + longer)).priority <= judge(case).priority


@given(CASES, st.sampled_from(TIERS), st.sampled_from(Proof), st.integers(0, LOWEST))
def test_a_higher_tier_better_proof_or_graver_type_is_never_less_urgent(
    case: Case, tier: str, proof: Proof, type_priority: int
) -> None:
    priority = judge(case).priority
    assert judge(replace(case, tier=max(tier, case.tier, key=TIERS.index))).priority <= priority
    assert judge(replace(case, proof=max(proof, case.proof))).priority <= priority
    assert judge(replace(case, type_priority=min(type_priority, case.type_priority))).priority <= priority


@given(CASES)
def test_only_type_and_words_open_the_emergency_lane(case: Case) -> None:
    verdict = judge(case)
    said = case.type_priority == 0 or case.loss_now or alarm.find(case.words) is not None
    assert (verdict.priority == 0) == said
    assert (verdict.lane == EMERGENCY) == said
    assert 0 <= verdict.priority <= LOWEST


@given(st.text(max_size=300))
def test_any_text_can_be_read(words: str) -> None:
    found = alarm.find(words)
    assert found is None or found.words in words


@pytest.mark.parametrize(
    "piece", ["if my account was hacked ", "my ", "有人正在", "someone is my my ", "a, ", "not being "]
)
def test_a_text_made_to_be_slow_is_read_in_a_blink(piece: str) -> None:
    start = time.process_time()
    alarm.find(piece * (alarm.LONGEST // len(piece)))
    assert time.process_time() - start < 0.5
