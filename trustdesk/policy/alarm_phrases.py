"""The words and phrases that `alarm` reads a text for."""

# The grammar. In a phrase a space comes between parts; "a/b" is a or b; "_" joins the words of one alternative, and
# Chinese ones need none; "part?" may be missing; "~3" is up to three other words (or characters) of the same clause;
# "^" is the beginning of a clause; a class is named in capitals.

CLASSES = {
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

PHRASES = {
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
