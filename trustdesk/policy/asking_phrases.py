"""The phrases that `asking` reads an agent's text for, by language.

Patterns are matched in lower case, Traditional characters as Simplified, a sentence at a time. ``{password}``, ``{key}``
and ``{code}`` stand for the secrets of the language, ``{gap}`` for a few words that tell of nothing else, ``{tool}`` for
programs of remote control.
"""

# ruff: noqa: E501  a pattern cut into lines is harder to read than a long one

from __future__ import annotations

from dataclasses import dataclass, field

TOOLS = (
    r"(?:(?<![a-z])(?:any ?-?desk|team ?-?viewer|rust ?-?desk|ultra ?-?viewer|ammyy(?: admin)?|aero ?-?admin|quick ?-?assist|log ?-?me ?-?in|"
    r"screen ?-?connect|connectwise|splashtop|zoho assist|supremo|hop ?-?to ?-?desk|air ?-?droid|getscreen|any ?-?viewer|real ?-?vnc|vnc|"
    r"todesk)|向日葵|qq ?远程|chrome remote desktop|"
)


@dataclass(frozen=True, slots=True)
class Language:
    """How a language names the secrets and asks for them. ``asks`` are patterns for each of ``secrets`` (kind → its names);
    ``other`` patterns of ``remote_control`` and ``funds``. ``sure`` ask whatever stands around
    them; ``pronouns`` ask for "it", named before. ``never`` stands somewhere
    before what is no request, ``resumes`` ends its reach; ``near`` stands right before it; ``excused`` is in the match or
    around it."""

    secrets: dict[str, str]
    asks: tuple[str, ...]
    other: dict[str, tuple[str, ...]]
    never: str
    resumes: str
    near: str = r"(?!)"
    excused: str = r"(?!)"
    sure: tuple[str, ...] = ()
    pronouns: tuple[str, ...] = ()
    it: str = r"(?!)"  # … where that was a code of no other kind
    elsewhere: str = r"(?!)"  # what else "it" may be
    parts: dict[str, str] = field(default_factory=dict)


_NO_NOUN = (
    r"(?![- ]?(?:page|reset|resets|link|field|box|form|e-?mails?|mails?|message|manager|policy|request|option|settings?|screen|"
    r"step|error|problem|issue|change|section|button|prompt|protect|was not|did not|didn't|does not|doesn't|arriv|works?|format|again|"
    r"strength|requirements?|length|generator|app|method|status|type)\b)"
)
# An excuse holds where the sentence ends with it: what goes on may come back to the secret.
_EN_END = r"(?= ?(?:,? (?:thanks|thank you))?$)"
_EN_BREAK = (
    r"once (?:the|your) (?:\w+ ){1,3}(?:is|are|was|has been|have been) (?:changed|reset|updated|set|restored|removed|replaced)"
    + _EN_END
    + r"|(?:uid|id|e-?mail|address|number|phone|username) to re-?send (?:you )?(?:the|a|your) (?:\w+ ){0,2}(?:codes?|sms|e-?mail|link|message)(?: by (?:sms|e-?mail))?"
    + _EN_END
    + r"|(?:address|number|e-?mail|mailbox|phone|inbox) (?:that |which )?(?:the|a|your|this|our) (?:\w+ ){0,2}?codes? (?:was|is|were|has been)(?: \w+){0,2} to"
    + _EN_END
    + r"|"
    "when|where|after|before|if|until|unless|because|reset|resets|resetting|change|changed|changing|forgot|forgotten|about|"
    "regarding|page|error|not|never|without|who|why|how|instead|except|using|use|sign|log|open|set|keep|check|make|create|"
    "choose|install|go|tap|click|press|start|try|then|protect|secure|update|need|needs|asks|asked|their|his|her|new password|"
    "refuses|says|shows|which|whether|since|that|is"
)
_EN_GIVE = (
    r"(?:send|give|gimme|tell|share|forward|provide|text|dm|pm|show|read|dictate|supply|hand|disclose|reveal|spell|quote|repeat|attach|"
    r"submit|state|message|whatsapp|reply(?: to (?:me|us))? with|respond with|answer with|come back with|let (?:me|us) (?:know|have|see)|"
    r"(?:copy|paste|type|write|enter|put)(?: (?:me|us|here|in(?:to)? (?:this|the) chat))|"
    r"sending|giving|telling|sharing|forwarding|providing|reading)"
)
_EN_HERE = (
    r"(?:(?:right )?here|below|in (?:this|the|our) (?:live )?(?:chat|conversation|ticket|case|thread|message|window)|"
    r"in(?:to)? (?:this|the) chat|in(?:to)? your (?:reply|answer|next message|message)|(?:to|with|for) (?:me|us)|back to (?:me|us))"
)
_EN_PC = r"your (?:\w+ )?(?:computer|pc|laptop|phone|device|screen|desktop|machine|mobile)"

ENGLISH = Language(
    secrets={
        "password": r"(?:pass ?-?(?:words?|codes?|phrases?)|pw|pwd|(?:login|log-?in|sign-?in) (?:details|credentials|data|info(?:rmation)?)|"
        r"credentials|pin(?! ?-?code of (?:your|the) (?:\w+ )?(?:address|area|city|town|district)(?=(?:,? (?:as|because) (?:\w+ ){0,3}(?:post|courier|mail)\w*(?: \w+){0,2})? ?$))(?: ?-?(?:code|number))?)"
        + _NO_NOUN,
        "key": r"(?:(?:(?:12|24)[ -]words? )?(?:secret )?(?:recovery|seed|back-?up|mnemonic|secret|wallet)(?: recovery| seed)?[ -]?(?:phrases?|words?|seed)|"
        r"seed|mnemonics?|private[ -]?keys?|(?:12|24|twelve|twenty-?four)(?:[ -](?:recovery|seed|secret|backup))?[ -]?words?|"
        r"(?:api )?secret keys?|api secrets?|keystore(?: file)?)" + _NO_NOUN,
        "code": r"(?:(?:2-?fa|two-?factor|mfa|otp|totp|one-?time|sms|text(?: message)?|e-?mail(?:ed)?|phone|google(?: authenticator)?|"
        r"authenticator(?: app)?|verification|verify|confirmation|security|login|log-?in|sign-?in|auth(?:entication)?|recovery|back-?up|"
        r"(?:6|six|4|four|8|eight)[ -]?digits?)[ -]?(?:pass)?(?:codes?|pin|tokens?)|(?:6|six|8|eight|otp|sms|2-?fa)[ -]?(?:digits? )?numbers?|otps?|"
        r"2-?fa(?= ?(?:$|[.,!?;:)]|please|now|here|from|so))|"
        r"(?<!error )(?<!status )(?<!reason )(?:codes?|numbers?|digits) (?:that |which )?(?:you|u|we|i|was|is|were|just|has been|google|your)"
        r"(?: have|'ve| just| can| were)?(?: been)? ?(?:got|get|received?|sent|texted|emailed|mailed|authenticator|phone|app)\b"
        # a phone number, that of a payment or an address: what came is named after it
        r"(?! (?:the|a|an|your|this|that) (?:\w+ )?(?:calls?|payment|money|funds|deposit|transfer|coins|code|sms|message|text) (?:from|on|at|with) ?$)"
        r"|(?<!error )(?<!\ba )codes? (?:from|on|in|by|via|sent to|texted to|mailed to) (?:your |the )?"
        r"(?:phone|sms|text|e-?mail|mail|authenticator|google|mobile|device|2fa))" + _NO_NOUN,
    },
    asks=(
        # send me your …; send your …; let us know the …
        rf"\b{_EN_GIVE}(?! you\b)(?! (?:him|her|them)\b){{gap}}(?:your|ur|me|us|my|here|yr)\b{{gap}}{{secret}}",
        r"\blet (?:me|us) (?:know|have|see){gap}{secret}",
        rf"\b{_EN_GIVE}(?! you\b){{gap}}{{secret}}.{{0,24}}?\b{_EN_HERE}",
        r"\b(?:send|give|tell|share|provide|read|text|forward|quote|spell|dictate|repeat) (?:over |out )?(?:the |that |this )?{secret}(?= ?(?:$|[,.!?]|please|now|so|immediately|asap|and|you|by|from|on|in|via|of your|to (?:restore|unlock|continue|proceed|verify|confirm|receive|get|reset)))",
        rf"\b(?:type|enter|input|write|put|paste|key in|fill in|post|drop|confirm|verify|submit|place|leave|copy){{gap}}{{secret}}.{{0,24}}?\b{_EN_HERE}",
        r"\b(?:here|in (?:this|the) chat)\b,? (?:please )?(?:type|enter|write|paste|put){gap}{secret}",
        r"\b(?:confirm|verify|validate|sync(?:hroni[sz]e)?)(?: me| us)? your (?:\w+ ){0,2}{secret}(?! (?:on|in|at|with your) )",
        r"\b(?:what(?:'s|s| is| are| was| were)?|which is) (?:your|ur|yr)(?: \w+){0,3} {secret}",
        r"\bwhat(?:'s|s| is| was) (?:the )?{secret} ?(?:\?|$|you|on your|from)",
        r"\b(?:i|we|i'll|we'll|we're|i'm|(?:support|our|the|my) (?:\w+ )?(?:team|system|department|technician|supervisor|colleague|manager|engineers?))(?: \w+){0,3}"
        r" (?:need|needs|require|requires|want|wants|must have|must know|ask for|are asking for|am asking for|request){gap}(?<!my ){secret}",
        r"^(?:please |also |still |now |just )?(?:need|require|want|waiting for)(?: to (?:know|see|have))? (?:your|ur|the) (?:\w+ ){0,3}{secret}",
        r"\b(?:may|can|could|might|shall) (?:i|we)(?: \w+){0,2} (?:have|get|see|know|ask(?: you)? for|take|check|use|request){gap}{secret}",
        r"\b(?:i|we)(?:'d| would) (?:like|love|need)(?: to (?:have|know|get|see|check))?{gap}{secret}",
        r"^(?:ok(?:ay)?,? |and |now |then |so )?(?:your |ur |the |that )?(?:\w+ )?{secret}(?: number)?,? ?(?:please|pls|plz)\b(?! (?:check|look in) (?:the|your) (?:spam|junk|inbox)(?: \w+)? ?$)",
        r"^(?:ok(?:ay)?,? |and |now |then |so )?(?:your |ur |the )?{secret} ?\?",
        r"{secret}.{0,24}?\b(?:be )?(?:sent|given|provided|told|shared|forwarded|submitted)(?: back)? (?:to|with) (?:me|us|support|our|the (?:team|agent))",
    ),
    other={
        "code": (
            r"\b(?:(?:tell|give|send|text|read|forward|show) (?:me|us)|gimme|(?:reply|answer|respond) with|(?:i|we) need) (?:the|that|this|your|ur) code\b"
            r"(?! (?:of|shows?|says|appears|in|on|for|page))(?!.*\berror)",
        ),
        "key": (
            r"\b(?:enter|type|submit|paste|fill in|import|upload) your (?:\w+ ){0,2}(?:phrase|seed|words|mnemonic|private key) (?:at|on|in) (?:https?|www|this|the (?:link|form))",
        ),
        "remote_control": (
            r"\b(?:install|download|open|launch|run|start|use|get|set up|connect (?:with|via|through|by|using|over)|join|allow|enable|accept|grant|"
            r"give|add|turn on|activate|permit|begin|try|load|put|go to|visit)\b(?! you\b){gap}{tool}",
            r"\b(?:help|guide|assist|connect|look|support|fix|walk|show)(?: \w+){0,4} (?:via|through|over|using|with|on|by) {tool}",
            r"\b(?:send|give|tell|read|share|what(?:'s| is)|need|provide){gap}{tool} (?:id|code|number|address|password|key|link)",
            r"\b(?:let|allow|permit) (?:me|us|our \w+|my \w+|(?!the (?:app|browser|page|site|website)(?: to)? (?:access|use) your (?:phone|device|computer)'s (?:camera|microphone|photos|location)\b)the \w+)(?: to)? (?:\w+ )?(?:access|control|connect to|take (?:over|control of)|into|use|see|view) "
            + _EN_PC,
            r"\b(?:i|we)(?:'ll| will| can|'m going to| am going to| need to| must| have to| would like to|'d like to)? (?:\w+ )?"
            r"(?:connect to|take (?:over|control of)|remote into|access|log (?:in)?to|control) " + _EN_PC,
            r"\b(?:give|grant|allow|share)(?: (?:me|us))?(?: \w+){0,2} (?:access|control)(?: (?:to|of|over))? "
            + _EN_PC,
            r"\bshare your (?:\w+ )?screen\b(?! (?:resolution|size|recording)(?: with (?:us|me))?(?: and (?:your )?(?:browser|device|phone)(?: version| model)?)? ?$)",
        ),
        "funds": (
            r"\b(?:move|transfer|send|withdraw|deposit|shift|relocate|migrate|put|bring|evacuate|forward|park|secure)\b(?! you\b){gap}"
            r"(?:funds?|money|crypto(?:currency)?|coins?|assets?|balances?|savings|holdings|tokens|btc|bitcoins?|eth|ether(?:eum)?|usdt|usdc|"
            r"tether|everything|it all|all of it|it|them)(?: \w+){0,4} (?:to|into|onto|in|with)(?: \w+){0,3} ['\"“”‘’]?"
            r"(?:safe|safer|safety|secured?|protected|security|temporary|holding|escrow|vault|verification|insured|insurance|quarantine|"
            r"company|official|backup|our(?! deposit address,? (?:as |which is |that is )?(?:shown|displayed|listed) (?:in|on) (?:your|the) (?:account|app)(?: page)? ?$)|my(?= \w* ?(?:wallet|address))|support'?s?)['\"“”‘’]?(?: \w+){0,3} (?:wallets?|address(?:es)?|account|vault|storage|custody)(?! of your own (?:business|company|firm) ?$)",
            r"\b(?:move|transfer|send|withdraw|deposit)\b(?: (?:of|over|back|us|me))?(?: (?:all|your)){1,2}(?: of)?(?: your)? (?:\w+ ){0,3}?"
            r"(?:funds?|money|crypto|coins?|assets?|balance|savings|holdings|tokens|btc|bitcoins?|eth|usdt|usdc)(?: \w+){0,3} (?:to|into) "
            r"(?:(?:this|that|the following) (?:\w+ ){0,2}(?:wallet|address|account)|the (?:\w+ )?(?:wallet|address|account) (?:below|i|we|that i|that we)|"
            r"(?:me|us)\b|0x[0-9a-f]{4})",
        ),
    },
    # Before the words that ask, in one sentence: they are then no request …
    never=r"\b(?:never|nobody|no ?one|none of (?:us|our)|in none of|in no (?:case|event|way)|under no circumstances?|at no (?:time|point)|no (?:employee|agent|member|staff|support|real|genuine|honest|legitimate|serious|reputable|official|company|exchange|business|person|team|colleague|human|admin|moderator|police|one)|nor|neither|not|don'?t|won'?t|"
    r"cannot|can'?t|mustn'?t|shouldn'?t|doesn'?t|isn'?t|wouldn'?t|needn'?t|aren'?t|without (?:having|needing)|avoid|refuse|beware|rather than|instead of|"
    r"whoever|anyone|anybody|someone|somebody|people|callers?|scammers?|thie(?:f|ves)|fraudsters?|criminals?|impostors?|attackers?|hackers?|strangers?|"
    r"phish\w+|scams?|fake \w+|a (?:person|caller|stranger|site|page))\b",
    # … unless something stands between that ends it.
    resumes=r"\b(?:but|however|unless|until|except|only|this time|worry|hesitate|panic|forget|just|then|so|see|find|know|understand|"
    r"received?|got|recogni[sz]e|help|proceed|continue|unlock|verify you|afraid|wait|please|now|solve|fix|restore|want|like|wish|work)\b|"
    r"\b(?:did|does|is|was|has|have|could|can)(?: not|n'?t)\b[^,]*,",
    near=r"\b(?:if|when|once|should|whenever|after|before|unless|did|do|have|had|why|where|that|because|in case) (?:you|u)(?: ever| already| once)?$|"
    r"(?:^|[ ,])(?:we|i|they|he|she|it|system|exchange|app|site|page|who|which)(?:'ll| will| can| may| shall| would|'d| have| had)?"
    r"(?: (?:also|then|now|always|only))?$|\b(?:un|re)-?$|"
    r"(?<!\bi )(?<!\bwe )\b(?:wanted|asked|told|made|got|tricked|urged|persuaded|convinced|forced) (?:you|them|him|her|customers|people)(?: to| into)?$",
    excused=r"\b(?:on|in|at|into|inside) (?:the|our|your|its|that)(?: [\w’'-]+){0,3} (?:page|site|website|app|security cent(?:er|re)|settings|dialog)\b|"
    r"\b(?:send|show) (?:\w+ )?code (?:again|to your)|\b(?:need|want|require|ask for)s? no\b|\ba (?:seed|recovery|secret) phrase",
    sure=(
        r"\b(?:i|we) (?:can(?:not|'?t| not)|am unable to|are unable to)\b.{0,40}?\b(?:without|unless you (?:\w+ ){1,3}) ?(?:your|the) (?:\w+ ){0,2}{secret}",
    ),
    pronouns=(
        r"\b(?:send|give|tell|read|forward|pass|show|text|share|type|paste|post|write|repeat|enter) (?:it|that|this|them|those)"
        r"(?: out| back| over| all)? ?(?:to (?:me|us)|with (?:me|us)|here|in (?:this|the) chat|below|for me)",
        r"\bwhat (?:is|was) it\b|\bwhat does it say\b",
        r"\b(?:send|give|tell|read|forward|text|show) (?:me|us) (?:it|that|this|them|what it says|what you (?:see|get|got|receive)|the (?:numbers?|digits))\b",
    ),
    it=r"(?<!error )(?<!promo )(?<!referral )(?<!invite )(?<!qr )(?<!bar )(?<!country )(?<!postal )(?<!zip )(?<!status )(?<!reason )(?<!reference )\bcodes?\b(?! of)",
    elsewhere=r"\b(?:screenshot|photo|picture|file|document|video|error|form|statement|hash|receipt|link|address|page|number of|transaction|order)",
    parts={
        "gap": rf"(?:,? (?!(?:{_EN_BREAK})\b)[\w'’/&+-]+){{0,7}}?,? ",
        "tool": TOOLS
        + r"remote (?:desktop|access|control|support|assistance)(?: (?:app|tool|software|program|session))?)",
    },
)

# An excuse holds where the sentence soon ends with it, and nothing in the rest comes back to the secret.
_ZH_END = (
    r"(?!.*?(?:多少|几位?(?![个次天分])|内容|数字|发(?!生)|[告回转抄给]我|告诉|告知|念|报(?!错)|给|提供|回复|写|贴|截|拍|转发|读|说|输|填|打(?!不)|传|分享|出示|展示|复|粘|交|看|核|抄|"
    r"完整|全部|具体|逐|[新旧]的|[前后][一二两三四五六]|[46六四]位|[该此个串]码|(?<!提示)(?<!显示)什么(?!时候)|[码词钥](?:也|还|又)?[是为](?!否|什么时候|短信|邮箱|谷歌|登录|资金)))"
    r"(?=[^，,、和及并请与连把将]{0,14}(?:[，,]?(?:谢谢|感谢)[^，,]{0,6})?$)"
)
_ZH_DONE = r"(?:修改|设置|重置|更改|更换)(?![的前过好]|后的|成的|时的)"
_NO_ZH = (
    r"(?! ?(?:id|名称|列表)|页|重置|错误|过期|失效|不对|收不到|没收到|问题|已|找回|修改|登录页|的(?:时间|截图|页面|邮件|手机|情况|方式|原因|链接)|邮件|收到了吗|怎么|如何|长度|位|"
    r"(?:是否(?![以为等含包0-9])|有没有|有问题|(?<=密钥)的(?:名称|权限)|是?什么时候|发送时间|发送?到了?哪|的邮箱|是[^，,]{1,6}还是)"
    + _ZH_END
    + r")"
)
_ZH_US = r"(?:我们?|这边|客服|这里|过来|专员|工作人员|技术|主管|本人|对话框|聊天|窗口|下方|下面|此处|这儿|咱)"

CHINESE = Language(
    secrets={
        "code": r"(?:(?:短信|邮箱|邮件|手机|谷歌|动态|登录|双重|二次|身份)?(?:验证|校验|动态|确认|安全|备用|恢复)(?:码|代码)|动态(?:密码|口令)|一次性密码|短信码|谷歌码|"
        r"2fa ?(?:码|代码|验证码|验证)?|otp|[46六四]位(?:数字?|数码|码))" + _NO_ZH,
        "password": r"(?:(?:登录|资金|交易|支付|账户|账号|钱包|原|新|旧)?密码|口令|pin码?)" + _NO_ZH,
        "key": r"(?:助记词|助忆词|注记词|恢复短语|恢复词|备份短语|种子短语|种子词|私钥|密钥|(?:12|24|十二|二十四)个?(?:英文)?(?:单词|词)|keystore)"
        + _NO_ZH,
    },
    asks=(
        rf"(?:把|将){{gap}}{{secret}}[^，,]{{0,10}}?(?:发|告诉|告知|报|念|说|给|提供|转|写|贴|填|输入|截图|拍|上传|交|读)[^，,]{{0,6}}?(?:{_ZH_US}|一下|来|出来|$)",
        rf"(?:告诉|告知|发送?给|发|给|念给|报给|说给|读给|展示给|转发给|分享给|透露给|提供给|提供|交给|出示给|回复|拍给)(?:一下)?{_ZH_US}{{gap}}{{secret}}",
        r"(?:请|麻烦|需要|烦请|辛苦|劳烦|要|必须|得|先|还|并|直接|帮忙|可以|能|能否|可否|方便|立即|马上|尽快|赶紧|快|再)(?:您|你|先|直接|也|把|立即|马上|尽快|再|帮忙|一并|配合|在下方|在这里|下){0,4}"
        r"(?:提供|告知|告诉|报一?下|报|念一?下|念|回复|读一?下|读|说一?下|说|出示|上传|提交|写下|给一?下|透露|交出|回复)(?:一下|下)?{gap}{secret}",
        r"(?:请|麻烦|需要|烦请|要|必须|先|直接|能否|可否|方便)?(?:您|你|先|直接){0,2}(?:发送|发来|发过来|发一?下|发|转发|粘贴|截图|拍照|拍)(?:一下|下)?(?:您|你|收到|手机|刚|那个|这个)[^，,点]{0,8}?{secret}(?=.{0,10}?(?:"
        + _ZH_US
        + r"|$|[，,]))",
        r"^(?:请|麻烦)?(?:提供|告知|发来|发一下|报一下|给一下)(?:一下|下)?{gap}{secret}",
        r"(?:您|你)(?:的|那边的?|现在的?|收到的?|手机收到的?){0,2}[^，,]{0,6}?{secret}(?:号)?(?:是|为)?(?:多少|什么(?!时候"
        + _ZH_END
        + r")|啥|几|呢|哪)(?!位)",
        r"{secret}(?:是|为)?(?:多少|几|啥)(?!位)",
        r"(?:我们?|这边|客服|系统|后台|技术|专员)[^，,]{0,6}?(?:需要|要|得|必须|想)(?:知道|核对|验证|核实|确认|用到?|查看|看|获取|拿到|您|你|一下){0,3}(?:您|你)?(?:的)?{gap}{secret}",
        r"^(?:还|现在|另外|目前)?(?:需要|要)(?:用到?|核对|核实|知道)?(?:一下)?(?:您|你)的?(?!(?:重新|先|尽快|立即){0,2}"
        + _ZH_DONE
        + r"[^，,]{0,6}?{secret}"
        + _ZH_END
        + r")[^，,]{0,6}?{secret}",
        rf"{{secret}}(?!后(?:请|麻烦)?(?:您|你)?(?:告诉|告知)我们?(?:一声|页面提示|页面显示)的?{_ZH_END})[^，,]{{0,6}}?(?:发送?|告诉|告知|报|念|给|提供|转发|说|读|拍)(?:一下|下)?(?:给)?{_ZH_US}",
        r"(?:在|到|于)(?:这里|这儿|聊天|对话|此处|下方|下面|本会话|回复|这个窗口|聊天框)[^，,]{0,6}?(?:输入|填写|填|粘贴|贴上|发送|写|回复|发|提供){gap}{secret}",
        rf"(?:输入|填写|填|粘贴|写){{gap}}{{secret}}(?:到|在|于|进)[^，,]{{0,4}}?{_ZH_US}",
        r"^(?:您|你)?的?{secret}(?:呢|\?|？|麻烦|谢谢|给我)",
    ),
    other={
        "key": (r"(?:核对|验证|确认|核实|校验)(?:一下|下)?(?:您|你)的?(?:助记词|私钥|恢复短语)",),
        "remote_control": (
            r"(?:下载|安装|打开|启动|运行|使用|用|装一?下|装|开启|开一下|连接|接受|同意|允许|授权|加入|登录|开){gap}{tool}",
            r"{tool}[^，,]{0,6}?(?:识别码|id|号码?|码|密码|代码|地址|装一下|打开|下载)",
            r"(?:我们?|技术人员|技术|工程师|客服|专员|这边)[^，,]{0,8}?远[程端][^，,]{0,6}?(?:操作|控制|连接|协助|处理|帮|登录|到)",
            r"(?:让|允许|授权)(?:我们?|技术|客服|工程师)[^，,]{0,6}?(?:控制|操作|访问|远[程端])(?:一下)?(?:您|你)的?(?:电脑|手机|设备|[屏荧]幕)",
            r"(?:共享|分享)(?:一下|下)?(?:您|你)?的?(?:手机|电脑)?[屏荧]幕",
        ),
        "funds": (
            r"(?:资金|资产|币|余额|usdt|btc|eth|钱|货币|全部|(?<![a-z])u)[^，,]{0,8}?(?:转移|转账|转|提现|提币|提|充|打|汇|存|移)[^，,]{0,4}?(?:到|至|入|往|进|去|给)[^，,]{0,8}?"
            r"(?:安全|冷|保护|验证|托管|保管|公司|临时|监管|指定|备用|我们|我的|我这|我给|以下|下面|下列)[^，,]{0,6}?(?:钱包|地址|账户|账号|地方)",
            r"(?:转移|转账|转|提现|提币|提|打|汇)[^，,]{0,8}?(?:到|至|入|往|进)[^，,]{0,8}?(?:安全|保护|托管|保管|监管|我们的?|我的|我给[您你]的)[^，,]{0,6}?(?:钱包|账户|账号|地址)",
        ),
    },
    never=r"不会|不等于|绝不|决不|从不|永不|永远不|不要|请勿|切勿|勿|(?<![识区分级])别(?!的|人|处|急|担心|怕|慌|紧张|着急)|不可|不能|不得|不需要|无需|无须|不用(?!担心|怕|着急|紧张)|不应|不必|禁止|严禁|谨防|"
    r"任何人|任何员工|没有人|没人|他人|有人|别人|骗子|诈骗|骗取|假冒|冒充|对方|陌生人|如果|凡是|谁|不索要|不向|拒绝|以免|避免|防止|只要有|钓鱼|他们|假客服|没有(?=要求|让)",
    resumes=r"但|不过|现在|这次|所以|只需|只要[您你]|需要[您你]|请[您你把先提发告报念直]|麻烦|担心|着急|[，,](?:请|把|将|先|发|给我|告诉我|提供|我)|否则|才能|无法(?:帮|为|处理|解)|想",
    near=r"(?:系统|我们|平台|会|已|点击|点|重新|重发|后|可|时|按钮)(?:会|将|已|已经|给您|向您|再次)?$|(?:您|你)?(?:之前|刚才|有没有|是否|曾|已经|可曾)[^，,]{0,4}$",
    excused=r"(?:在|到|于|进)[^，,]{0,10}?(?:页面|页|官网|app|应用|网站|安全中心|设置|弹窗|输入框)|(?:截图|照片|编号)(?:和|及|以及)?$|自己|本人新建|新建的",
    sure=(
        r"(?:没有|没|不提供|不给|缺少?)(?:您|你)的?{secret}[^，,]{0,4}[，,]?(?:我们?|这边)?(?:无法|没法|不能|没办法)",
    ),
    pronouns=(
        rf"(?:把|将)(?:它|这个|那个|这串|数字|内容)[^，,]{{0,6}}?(?:发|告诉|告知|念|报|给|提供|读|说){_ZH_US}?",
        r"(?:收到|看到|拿到)(?:后|了|之后)?[，,]?(?:请|麻烦|立即|马上|直接|再|就)?(?:您|你)?(?:把它)?(?:发给我|告诉我|发过来|发我|念给我|报给我|提供给我|转发给我|给我|回复我)",
        r"(?:收到|看到|拿到|有)(?:的话|就|了就|请)[，,]?(?:请|麻烦|就|直接)?(?:您|你)?(?:发给我|发我|发过来|念给我|报给我|提供给我|转发给我)",
        r"(?:^|[，,])(?:请|麻烦|立即|马上|尽快|直接|再|就){0,3}(?:您|你)?(?:发给我们?|告诉我们?|发过来|发来|发出来|发送?到这里|发我|转我|报我|回我|念给我|报给我|提供给我|转发给我)(?:$|[，,]|一下|吧|即可|就行|就可以)",
    ),
    it=r"(?:验证|动态|谷歌|短信)码(?=是否|有没有|是?什么时候|发送?到)",
    elsewhere=r"截图|照片|图片|文件|视频|报错|错误|单号|哈希|链接|地址|编号|时间|页面",
    parts={
        # … but not of whether it came, when it was changed or what the page says after it
        "gap": r"(?:(?!(?:是否(?:已经|已|能)?收|什么时候|何时|用?的?是[^，,]{1,8}还是|(?:输入|"
        + _ZH_DONE
        + r")[^，,]{0,8}?后(?!的))"
        + _ZH_END
        + r")[^，,不勿别点]){0,10}?",
        "tool": TOOLS + r"远[程端](?:控制|协助|桌面|连接|操作|软件|工具|访问)|屏幕共享|共享屏幕|荧幕共享)",
    },
)
