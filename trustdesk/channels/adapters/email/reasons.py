"""Why a mail was not delivered, told from what servers answer (RFC 5321 replies, RFC 3463 codes, and their prose).

The words are those of the servers themselves – Postfix, Exim, sendmail, qmail, Exchange, Gmail, Yahoo, the Chinese and
Japanese providers – because codes alone mislead: "550 5.1.1" has been sent for a full mailbox, "550" for everything.
"""

from __future__ import annotations

import re
from functools import cache

# Only what says that the address itself is dead is hard; a full mailbox or a block may be over tomorrow.
HARD = frozenset({"userunknown", "hostunknown", "hasmoved", "notaccept"})

# In order: the first that fits is the reason. What names a cause beyond doubt comes before what many servers say.
_WORDS: tuple[tuple[str, str], ...] = (
    (
        "hostunknown",
        r"account or domain may not exist|host or domain name not found|name service error|"
        r"\bhost(?:name)? (?:not found|unknown)|unknown host|"
        r"domain (?:name )?(?:is )?(?:not found|does ?n[o']t exist|unknown)|no such (?:host|domain)|nxdomain|name or service not known|"
        r"bad destination (?:host|system)|unrouteable mail domain|couldn'?t find any host",
    ),
    ("hasmoved", r"has been replaced by|(?:address|mailbox|user) (?:has )?(?:moved|changed)\b|"
        r"recipient has moved|已更改为|邮箱已变更"),
    ("virusdetected", r"\bvirus|malware|infected|trojan|worm detected|病毒"),
    (
        "mailboxfull",
        r"(?:mail ?box|inbox|account|mailfolder|mail folder|maildir|user'?s? disk)(?: \S{1,60}){0,3} (?:is |"
        r"has |are )?(?:now |currently |already )?"
        r"(?:full|over ?quota|exceed|out of)|(?:over|exceed\w*|above|beyond|past) (?:its |the |their |his |"
        r"your |allowed |storage |disk |mail ?box )*"
        r"(?:quota|storage|mail ?box size)|quota (?:exceed|is full|overflow|limit|error|full)|overquota|"
        r"mailbox (?:full|quota)|full mailbox|"
        r"disk quota|insufficient (?:system )?(?:storage|disk|space)|not enough (?:storage|disk|free|space|"
        r"room)|out of (?:storage|disk|space|quota)|"
        r"storage (?:limit|space|quota)|mailbox size limit|user (?:is )?over (?:the )?quota|too much mail data|"
        r"no space left for|"
        r"exceeded storage|account is full|mailbox exceeds|message store .{0,40}quota|"
        r"exceeded (?:his|her|their|its|the|your) .{0,30}(?:quota|limit)|"
        r"邮箱(?:已满|空间(?:不足|已满)|容量)|容量不足|空间不足|收件箱已满|メールボックスが(?:一杯|いっぱい)|"
        r"容量オーバー|받는 ?편지함|переполнен|voll\b",
    ),
    (
        "mesgtoobig",
        r"(?:message|mail|e-?mail|data|size|attachment|body)\b[^.\n]{0,50}(?:too (?:big|large|long)|exceed(?:s|"
        r"ed)?[^.\n]{0,40}(?:size|maximum|fixed|limit))|"
        r"(?:message|mail) size|max(?:imum)? (?:message|mail) size|size limit|size exceeds|larger than the|"
        r"邮件(?:过大|太大)|超过.{0,10}大小",
    ),
    (
        "requireptr",
        r"\bptr\b|reverse (?:dns|lookup|hostname|mapping)|\brdns\b|(?:unresolv\w+|cannot find your|"
        r"unable to (?:look ?up|resolve)).{0,30}(?:hostname|reverse)|"
        r"cannot (?:find|resolve) your (?:reverse )?(?:host|address)|fix reverse|client host rejected: cannot find|"
        r"(?:ip|address).{0,30}(?:no|lacks?|missing|without).{0,20}(?:hostname|name)|ip name lookup failed|"
        r"no reverse|hostname .{0,60}(?:does|do) ?n[o']t match",
    ),
    (
        "authfailure",
        r"\bdmarc\b|\bspf\b|\bdkim\b|\barc\b (?:fail|valid)|unauthenticated (?:email|mail|sender)|"
        r"sender ?policy|senderid|"
        r"email authentication|not? (?:pass|meet).{0,30}authentication|authentication (?:checks?|results?) ",
    ),
    (
        "norelaying",
        r"relay(?:ing)?[^.\n]{0,30}(?:denied|not (?:permitted|allowed|authori[sz]ed)|prohibit|refused|reject|"
        r"disallow|forbidden)|unable to relay|"
        r"(?:not|no) (?:an? )?(?:open )?relay(?:ing)?\b|not permitted to relay|cannot relay|won'?t relay|"
        r"relay access|not (?:a )?local (?:host|domain)|"
        r"isn't in my list of allowed|not in my list of allowed rcpthosts|(?:that|domain) isn'?t in|"
        r"you must (?:pop|check|authenticate).{0,30}before",
    ),
    (
        "toomanyconn",
        r"too many (?:concurrent |simultaneous |active )?(?:\w+ )?(?:connections?|sessions)|connection (?:rate|"
        r"limit|frequency)|max(?:imum)? connections|frequency limit|connection frequency",
    ),
    (
        "speeding",
        r"(?:sending|mail|message|receiving) rate|rate[- ]limit|too (?:fast|quick|frequent|many (?:messages|"
        r"emails|mails|recipients))|throttl|"
        r"receiving mail (?:too|at a rate)|slow down|deferred due to (?:excessive|"
        r"unexpected) (?:message )?volume|频率|过于频繁",
    ),
    (
        "suspend",
        r"(?:account|mail ?box|user|address|recipient|domain)\b[^.\n]{0,60}?(?:suspend|disabled|deactivat|"
        r"inactiv|locked|frozen|not active|blocked by admin|terminated|on hold\b|"
        r"(?:has|is) (?:currently |been )?(?:been )?(?:closed|expired))|inactive (?:account|user|mailbox|"
        r"recipient)|disabled (?:account|user|mailbox|recipient)|"
        r"suspended|currently not active|invalid/inactive|account closed|已(?:冻结|停用|禁用|注销|锁定)|"
        r"被(?:冻结|禁用|锁定)|休止",
    ),
    (
        "blocked",
        r"black ?list|block ?list|\b(?:rbl|dnsbl|sbl|xbl|pbl|cbl)\b|spamhaus|spamcop|sorbs|barracuda(?:central|"
        r" reputation)|senderbase|reputation|"
        r"(?:ip|client|host|network|server|connection|sending|sender|your|mail from|messages? from|"
        r"email from)\b[^\n]{0,80}?(?:is |was |are |been |has been |temporarily |currently )*(?:block(?:ed)?\b|"
        r"banned|blacklisted|deferred due)|"
        r"blocked (?:by|using|for|due|because|from)|access (?:from .{0,60} )?denied[^\n]{0,30}(?:ip|\[)|"
        r"(?:refused|rejected)[^\n]{0,20} connection from|connection (?:refused|denied|rejected) (?:by policy|from)|"
        r"not accept(?:ing|ed)? (?:mail|connections|messages) from (?:your|this) (?:ip|host|network|server|"
        r"address)|dynamic(?:ally)?[- ](?:ip|allocated|assigned)|"
        r"no longer (?:accepts?|accepting) .{0,30}from your|(?<!not )listed (?:at|by|in|on) |bad (?:dns )?ptr|"
        r"due to poor|poor reputation|unusual (?:rate|traffic)|host .{0,60} refused to talk",
    ),
    (
        "spamdetected",
        r"\bspam|\bjunk mail|unsolicited|\bube\b|\buce\b|bulk mail|phish|looks? like|high score|"
        r"content (?:filter|scan)|cloudmark|bayes|spamassassin|垃圾邮件|疑似",
    ),
    (
        "rejected",
        r"sender(?:'s)?\b[^\n]{0,50}(?:reject|denied|refused|invalid|not (?:allowed|permitted|exist|found|valid|"
        r"authori[sz]ed)|verify|verification|unknown|domain|block)|"
        r"(?:do|does|may|are|is|have|has)(?: not|n't| no)[^\n]{0,20}(?:permission|allowed|authori[sz]ed|"
        r"permitted) to (?:post|send|email|mail)|"
        r"from:? (?:address|header|domain)|\bfrom\b[^\n]{0,30}(?:rejected|invalid|not valid)|"
        r"not accepting (?:mail|messages) from (?:this|that|your)|domain of sender|invalid (?:domain|sender)|"
        r"backscatter|only accepts? (?:mail|messages) from|mail from\b[^\n]{0,60}(?:reject|denied|refused)|"
        r"badsender|provide a valid from|\bfrom:[^\n]{0,30}domain",
    ),
    (
        "userunknown",
        r"(?:user|mail ?box|recipient|address|account|person|alias|login|e-?mail|name|"
        r"local[- ]?part)s?\b[^\n]{0,80}?(?:"
        r"(?:is |was |are )?(?:not|un)[ -]?(?:found|known|listed|registered|valid|exist)|does ?n[o']t (?:exist|"
        r"have)|do(?:es)? not exist|no longer (?:exists?|valid|available|on server|active)|invalid|unknown|"
        r"not (?:a )?(?:known|valid|local|recogni[sz]ed|our customer|defined|found|known|exist)|"
        r"has been (?:deleted|removed)|is not (?:in|on) )|"
        r"(?:unknown|invalid|no such|bad|nonexistent|non-existent|illegal|undeliverable|unrecogni[sz]ed|"
        r"incorrect|no valid) (?:\S{1,30} ){0,2}(?:user|userid|mail ?box|recipient|address|account|person|alias|"
        r"local[- ]?part|login|destination mailbox|e-?mail|name|destination)|"
        r"user unknown|no (?:mail ?box|user|account|such|valid) (?:here|by that name|called|person|user|at this|"
        r"with|recipients?)|no one (?:here )?by that name|not our customer|doesn't have an? |not (?:listed|"
        r"found) in (?:the )?(?:\w+ ){0,2}(?:directory|address book|public)|"
        r"recipientnotfound|recipnotfound|requested action not taken: mailbox unavailable|"
        r"requested mail action not taken|does not like recipient|user\.? (?:doesn't|does not)|"
        r"mailbox unavailable or access denied|deactivated mailbox|"
        r"not known (?:at|here)|unrouteable address|can'?t (?:create output|accept that)|sorry,? no mailbox|"
        r"this user|\bno such\b|delivery to the following recipients? failed permanently|"
        r"用户不存在|收件人不存在|地址不存在|账号不存在|帐号不存在|邮箱不存在|无此用户|查无此人|不存在的用户|"
        r"宛先(?:不明|が存在|のアドレス)|存在しません|見つかりません|존재하지 않|не существует|не найден|неизвестный",
    ),
    (
        "hostunknown",
        r"(?:host|domain|server)s?(?: name| or domain name)?\b[^\n]{0,60}?(?:not found|not reachable|unknown|"
        r"does ?n[o']t exist|do not exist|could ?n[o']t be found|couldn'?t be found|non-existent|invalid|"
        r"lookup failed)|"
        r"(?:unknown|no such|invalid|illegal|nonexistent|bad|unrouteable|unroutable) (?:mail )?(?:host|domain|"
        r"destination (?:host|system|domain))|name service error|nxdomain|no (?:mx|such domain|such host)|"
        r"name or service not known|"
        r"couldn'?t find any host|unable to resolve|cannot resolve|dns (?:error|lookup|failure|query)|"
        r"badrcptdomain|nullmx-none|域名(?:不存在|错误|解析)|mx查询",
    ),
    (
        "notaccept",
        r"null ?mx|(?:host|domain|system|server|site)\b[^\n]{0,40}(?:does|do|is|are|will)(?: ?n[o']t| not|"
        r"n't)(?: currently)? accept(?:ing)? (?:any )?(?:mail|messages|email|incoming)|no mail (?:accepted|service)|"
        r"does not accept (?:mail|email|messages)\b|not accepting (?:mail|messages|e-?mail) (?:for|at)|"
        r"not accepting network messages|doesn'?t (?:receive|accept) mail|invalid mx|mx (?:record )?points? to|"
        r"smtp protocol returned a permanent error|nullmx|service not in use",
    ),
    ("notcompliantrfc", r"rfc ?\d{3,4}|non-?complian|not compliant|duplicate header|multiple (?:from|addresses|"
        r"subject) |missing (?:from|date|message-id)|bare (?:lf|cr)"),
    (
        "networkerror",
        r"mail ?loop|routing loop|loops? (?:back|detected)|too many (?:hops|received)|hop count|"
        r"network (?:is )?(?:unreachable|error)|no route to|name server timeout|"
        r"malformed .{0,20}name server|delivery loop|dns forwarder|could not connect|host (?:is )?unreachable",
    ),
    (
        "expired",
        r"time[- ]?d? ?out|expired|(?:could|was|has|have) not (?:be |"
        r"been )?(?:yet )?(?:been )?delivered (?:within|for|after)|retry time|delivery (?:time|has been delayed|"
        r"delayed|attempts)|delayed|"
        r"failing for a long time|(?:will|is) (?:be |being )?(?:retried|retry|keep trying|continue)|"
        r"connection (?:refused|reset|lost|timed|was|dropped|closed)|not (?:been )?(?:able to )?(?:respond|"
        r"reach)|too (?:long|old)|"
        r"unable to (?:connect|contact)|deferred|could ?n[o']t be (?:reached|delivered) (?:for|within)|"
        r"host not reachable|queue (?:too long|lifetime|time)|was not delivered within|wasn't able to establish|"
        r"重试|超时|暂时无法|延迟|配送できません|遅延",
    ),
    (
        "policyviolation",
        r"polic(?:y|ies)|prohibit|administrat\w+|bad (?:subject|header)|content (?:reject|restrict|block)|"
        r"attachment|not (?:accepted|allowed) (?:by|for|due)|because (?:of )?(?:its|the) content|restricted",
    ),
    ("securityerror", r"authenticat|starttls|\btls\b|certificate|security|authoriz|authoris|not (?:verified|"
        r"subscribed)|permission denied|access control"),
    (
        "filtered",
        r"filter|not accepted here|due to extended inactivity|user reject|mailbox (?:unavailable|"
        r"is not accepting|temporarily)|(?:cannot|not) (?:currently )?(?:accept|receive|be delivered)|"
        r"unavailable|refus|reject|denied|拒收|拒绝",
    ),
    ("contenterror", r"\bmime\b|malformed|header (?:error|size|syntax)|8-?bit|charset|encod|content"),
    ("syntaxerror", r"syntax error|bad sequence|command (?:not|un)|improper|unrecogni[sz]ed command|unimplemented"),
    ("mailererror", r"command died|pipe|exit|procmail|mailer error|program|local delivery|command output|x-unix"),
    ("systemerror", r"(?:system|internal|configuration|server|local) (?:error|config|problem|fail)|"
        r"config(?:uration)?|i/o error|read-only|cannot (?:open|create|write)|bug in|resource|temporar|"
        r"try (?:again|later)"),
)  # fmt: skip


@cache
def _reasons() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Compiling takes a tenth of a second: when the first bounce comes, not whenever a process starts."""
    return tuple((name, re.compile(words, re.IGNORECASE)) for name, words in _WORDS)


# What a specific enhanced status says by itself (RFC 3463, RFC 7372, RFC 7505, IANA's registry).
_STATUSES = {
    "1.1": "userunknown", "1.2": "hostunknown", "1.3": "userunknown", "1.6": "hasmoved", "1.7": "rejected", "1.8": "rejected",
    "1.10": "notaccept", "2.1": "suspend", "2.2": "mailboxfull", "2.3": "exceedlimit", "3.1": "mailboxfull", "3.2": "notaccept",
    "3.4": "mesgtoobig", "3.5": "systemerror", "4.1": "expired", "4.2": "expired", "4.3": "systemerror", "4.4": "hostunknown",
    "4.5": "expired", "4.6": "networkerror", "4.7": "expired", "6.0": "contenterror", "6.1": "contenterror", "7.8": "securityerror",
    "7.13": "suspend", "7.20": "authfailure", "7.21": "authfailure", "7.22": "authfailure", "7.23": "authfailure",
    "7.24": "authfailure", "7.25": "requireptr", "7.26": "authfailure", "7.27": "notaccept", "7.29": "authfailure",
}  # fmt: skip
# The status of a reason, where a mail names none: the nearest that RFC 3463 has.
_NAMES = {
    "userunknown": "5.1.1", "hostunknown": "5.1.2", "hasmoved": "5.1.6", "notaccept": "5.3.2", "mailboxfull": "5.2.2",
    "mesgtoobig": "5.3.4", "exceedlimit": "5.2.3", "suspend": "5.2.1", "filtered": "5.2.1", "expired": "5.4.7",
    "networkerror": "5.4.6", "norelaying": "5.7.1", "spamdetected": "5.7.1", "blocked": "5.7.1", "requireptr": "5.7.25",
    "authfailure": "5.7.26", "policyviolation": "5.7.1", "rejected": "5.7.1", "securityerror": "5.7.0", "contenterror": "5.6.0",
    "systemerror": "5.3.0", "mailererror": "5.3.0", "virusdetected": "5.7.0", "toomanyconn": "4.7.0", "speeding": "4.7.0",
    "syntaxerror": "5.5.2", "notcompliantrfc": "5.6.0", "delivered": "2.0.0",
}  # fmt: skip
_CODES = {
    "421": "expired",
    "450": "",
    "452": "mailboxfull",
    "552": "mailboxfull",
    "551": "hasmoved",
    "556": "notaccept",
    "521": "notaccept",
}


def reason(*, said: str, status: str, code: str) -> str:
    """Return the reason code of a failure from what a server said, the enhanced status and the reply code ("" where
    unknown); ``undefined`` where nothing tells."""
    said = " ".join(said.split())[:3_000]
    by_status = _STATUSES.get(status.partition(".")[2], "")
    named = _named(said)
    if by_status == "hostunknown" and named in ("userunknown", "blocked", "spamdetected", "suspend", "notaccept"):
        return named  # 5.1.2 and 5.4.4 are also sent for these
    if by_status in ("mailboxfull", "hostunknown", "mesgtoobig", "authfailure", "requireptr"):
        return by_status
    if by_status in HARD and named in _VAGUE:
        return by_status
    return named or by_status or _CODES.get(code, "") or "undefined"


_VAGUE = ("", "filtered", "expired", "policyviolation", "securityerror", "contenterror", "systemerror", "mailererror")


def _named(said: str) -> str:
    return next((name for name, words in _reasons() if words.search(said)), "")


def status_of(reason: str) -> str:
    """Return the status nearest to a reason."""
    return _NAMES.get(reason, "5.0.0")
