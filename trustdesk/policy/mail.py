"""What becomes of a mail: a message of a case, a new case, a line for staff only, or something staff have to look at.

Pure: no clock, no database. What the caller has looked up – whose answer address it was sent to, which mail of ours it
answers – comes in as plain facts; nothing here reads a case number or the text of a mail to find a case: both are known to
strangers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trustdesk.policy.tokens import HIDDEN


class Verdict(StrEnum):
    """Who vouches for the sender. Only DMARC does (RFC 9989): everything else anyone can write."""

    PROVED = "proved"
    CLAIMED = "claimed"  # the domain publishes nothing that says otherwise
    FAILED = "failed"  # the domain says that it did not send this


class Kind(StrEnum):
    """What sort of mail it is; `adapters.email.kinds` finds out."""

    PERSON = "person"
    AUTO = "auto"
    LIST = "list"
    BOUNCE = "bounce"
    FEEDBACK = "feedback"
    OWN = "own"


class Fate(StrEnum):
    """What becomes of it."""

    OPEN = "open"  # a new case
    APPEND = "append"  # a message of the customer's in a case
    ASIDE = "aside"  # a line of a case that only staff see; changes nothing else
    HOLD = "hold"  # no case: staff look at it
    BOUNCE = "bounce"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a case is, as far as mail goes: the address that our mail about it went to. `side`: an outside department."""

    conversation_id: int
    recipient: str
    side: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a mail. Addresses in lower case; `sender` blank where From does not name exactly one."""

    kind: Kind
    sender: str
    verdict: Verdict
    token: Owner | None = None  # of the answer address it was sent to
    answers: Owner | None = None  # of the mail of ours that it refers to by Message-ID
    continues: int | None = None  # an unfinished case of this very sender, proved then and now, on the same matter
    released: bool = False  # staff looked at it and want it as a person's
    spam: bool = False
    account_mail: bool = False  # some service's "verify your address" (the "ticket trick")


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a mail, and why: a code for the surfaces to word."""

    fate: Fate
    because: str
    conversation_id: int | None = None


def decide(facts: Facts) -> Decision:
    """Say what becomes of a mail. Nobody who merely knows a number, a subject or a text gets into a case."""
    if not facts.released and (kept := _kept_out(facts)) is not None:
        return kept
    machine = facts.kind in (Kind.AUTO, Kind.LIST)
    expected = {owner.recipient for owner in (facts.token, facts.answers) if owner is not None}
    if facts.account_mail and not facts.released and facts.sender not in expected:
        return Decision(Fate.HOLD, "account_mail")  # also at the address of a case: its customer could sign up with it
    if facts.token is not None and not facts.released:
        case = facts.token.conversation_id
        if facts.sender != facts.token.recipient:
            return Decision(Fate.ASIDE, "third_party", case)
        if facts.token.side:
            return Decision(Fate.ASIDE, "side", case)
        return Decision(Fate.ASIDE, "automatic", case) if machine else Decision(Fate.APPEND, "answer_address", case)
    if facts.answers is not None and not facts.released and facts.answers.recipient == facts.sender:
        case = facts.answers.conversation_id
        if facts.answers.side:
            return Decision(Fate.ASIDE, "side", case)
        return Decision(Fate.ASIDE, "automatic", case) if machine else Decision(Fate.APPEND, "answers_our_mail", case)
    if facts.released:
        return Decision(Fate.OPEN, "released")
    if machine:
        return Decision(Fate.HOLD, "automatic" if facts.kind is Kind.AUTO else "list")
    if facts.continues is not None and facts.verdict is Verdict.PROVED and not facts.spam:
        return Decision(Fate.APPEND, "same_matter", facts.continues)
    return Decision(Fate.OPEN, "spam" if facts.spam else "new")


def _kept_out(facts: Facts) -> Decision | None:
    if facts.kind is Kind.OWN:
        return Decision(Fate.HOLD, "own")
    if facts.kind is Kind.BOUNCE:
        return Decision(Fate.BOUNCE, "bounce")
    if facts.kind is Kind.FEEDBACK:
        return Decision(Fate.FEEDBACK, "feedback")
    if not facts.sender:
        return Decision(Fate.HOLD, "no_sender")
    if facts.verdict is Verdict.FAILED:
        return Decision(Fate.HOLD, "unverified_sender")
    return None


# What it is about, and in which language.

# Words before a colon that say what a mail is about, with their kin; the first that fits counts.
_SUBJECTS: Final[tuple[tuple[str, str], ...]] = (
    ("account_frozen", "账户申诉|账号申诉|帐户申诉|帐号申诉|账户冻结|account appeal|appeal|account (?:frozen|restricted|locked)"),
    ("hacked", "账户被盗|账号被盗|盗号|(?:account )?hacked|unauthori[sz]ed (?:access|withdrawal)"),
    ("agreement", "合作咨询|合作协议|商务合作|partnership(?: (?:inquiry|enquiry|agreement))?|business cooperation|cooperation"),
    ("marketing", "市场推广|市场合作|marketing(?: cooperation)?"),
    ("partner_apply", "申请合作伙伴|代理申请|经纪商申请|partner application|affiliate application"),
    ("commission", "佣金(?:结算)?|返佣|commission(?: settlement)?"),
    ("api", "api ?(?:问题|接口)?(?:咨询)?|api (?:problem|issue|question|support)"),
    ("vulnerability", "安全漏洞|漏洞(?:报告)?|security vulnerability|vulnerability(?: report)?|bug bounty"),
    ("bug", "技术问题(?:咨询)?|技术咨询|故障(?:反馈)?|technical (?:question|issue|problem|support|inquiry|enquiry)|bug(?: report)?"),
    ("deposit_missing", "充值(?:未到账|问题|咨询)?|充币(?:未到账|问题)?|(?:missing )?deposit(?: missing| issue| problem| not arrived)?"),
    ("withdrawal_delayed", "提现(?:延迟|未到账|问题|咨询)?|提币(?:延迟|未到账|问题)?|withdrawal(?: delayed| issue| problem| pending)?"),
    ("contract_dispute", "合约(?:争议|问题)|强平(?:争议|问题)?|爆仓|liquidation(?: dispute)?|contract dispute"),
    ("order", "交易(?:问题|争议)|订单(?:问题)?|(?:trade|order)(?: problem| issue| dispute)?"),
    ("kyc", "身份认证|实名认证|kyc|identity verification"),
    ("login", "登录(?:问题)?|无法登录|忘记密码|(?:login|sign-?in)(?: problem| issue)?|password"),
    ("complaint", "投诉|complaint"),
    ("suggestion", "建议|意见反馈|产品建议|suggestion|feedback"),
    ("law_enforcement", "执法(?:请求)?|司法协助|法务|law enforcement(?: request)?|legal(?: request| notice)?"),
    ("privacy", "隐私|数据(?:删除|访问)(?:请求)?|privacy|data (?:access|deletion|erasure)(?: request)?|gdpr"),
    ("press", "媒体(?:采访)?|监管|press|media|regulator(?:y)?"),
    ("phishing", "举报|钓鱼(?:举报)?|诈骗(?:举报)?|phishing|scam(?: report)?"),
)
_SUBJECT = tuple(
    (code, re.compile(rf"[\[【(（]?\s*(?:{words})\s*(?:[\]】)）]|[:：]|\s[-–—]\s|$)")) for code, words in _SUBJECTS
)
_ANSWERED = re.compile(r"\s*(?:(?:re|fwd?|aw|wg|sv|vs|rif|r|tr|antw|回复|答复|回覆|转发|轉寄)(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_LETTER = re.compile(r"[^\W\d_]")


def plain_subject(subject: str) -> str:
    """Return a subject without what answering and forwarding put before it, on one line."""
    return " ".join(_ANSWERED.sub("", subject, count=1).split())


def type_of(subject: str) -> str:
    """Return the code of the request type that a subject names before its colon ("账户申诉: …"); "" where it names none."""
    wanted = unicodedata.normalize("NFKC", plain_subject(subject)).lower()[:200]
    return next((code for code, words in _SUBJECT if words.match(wanted)), "")


def language_of(text: str) -> str:
    """Return the language to answer in: zh-hans where a good part of the letters are ideographs, otherwise en."""
    letters = len(_LETTER.findall(text[:4_000]))
    return "zh-hans" if letters and len(_HAN.findall(text[:4_000])) * 5 >= letters else "en"


# What nobody should answer.

GTUBE: Final = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
def is_spam(text: str) -> bool:
    """Say whether a text carries the mark by which spam filters are tested (GTUBE); real filters stand in front of us."""
    return GTUBE in text


# Mail by which services confirm that an address is ours (E-08, the "ticket trick"): three kinds of senders, and the less a
# sender is sure to be a machine, the more its words have to say.

# Whose mail this is nobody answers, wherever in the local part it says so: forwarding-noreply@, no_reply+id@.
_NO_REPLY = re.compile(
    r"(?:^|[._+-])(?:no-?_?reply|do-?_?not-?_?reply|no-?response|mailer|notifications?|notify|alerts?|appleid|registration|verify"
    r"|verification|confirm(?:ation)?s?|sign-?up|log-?in|sign-?in|otp|auth|jira)(?:$|[._+-])|no-?_?reply|donotreply"
)
_NOTHING_ELSE = re.compile(r"(?:no-?_?reply|do-?_?not-?_?reply|mailer-daemon)")  # at a domain where people choose their names
_OFFICE = re.compile(
    r"(?:^|[._+-])(?:accounts?|feedback|security|welcome|support|team|hello|hey|info|service|contact|admin|id)(?:$|[._+-])"
)  # machines, and people who work there
_PEOPLES = re.compile(
    r"(?:gmail|googlemail|outlook|hotmail|live|msn|icloud|me|mac|aol|gmx|web|mail|inbox|yandex|proton|protonmail|pm|tutanota|zoho|qq|foxmail"
    r"|163|126|yeah|139|189|sina|sohu|aliyun|naver|daum|hanmail|rediffmail|ya|bk|list|orange|wanadoo|free|laposte"
    r"|libero|t-online|yahoo|rocketmail|ymail)\.(?:[a-z]{2,3}\.)?[a-z]{2,3}"
)
_SERVICES = frozenset(
    "google.com youtube.com apple.com facebookmail.com facebook.com metamail.com meta.com instagram.com whatsapp.com microsoft.com"
    " microsoftonline.com office.com sharepointonline.com linkedin.com github.com gitlab.com bitbucket.org atlassian.com atlassian.net"
    " trello.com slack.com notion.so makenotion.com zoom.us zoom.com discord.com discordapp.com telegram.org x.com twitter.com"
    " tiktok.com reddit.com redditmail.com medium.com paypal.com stripe.com wise.com amazon.com amazonaws.com dropbox.com box.com"
    " asana.com monday.com airtable.com figma.com miro.com canva.com zendesk.com intercom.io freshdesk.com hubspot.com salesforce.com"
    " okta.com auth0.com onelogin.com 1password.com lastpass.com cloudflare.com godaddy.com namecheap.com hetzner.com digitalocean.com"
    " heroku.com vercel.com netlify.com docusign.net docusign.com adobe.com openai.com anthropic.com yammer.com webex.com cisco.com"
    " feishu.cn larksuite.com dingtalk.com alibaba.com alibabacloud.com aliyun-inc.com tencent.com weixin.com wechat.com weibo.com"
    " baidu.com bytedance.com douyin.com zhihu.com bilibili.com huawei.com xiaomi.com".split()
)

_PROVES = r"(?:verification|confirmation|activation|authentication|security|sign[- ]?in|log[- ]?in|one[- ]?time|access|temporary)"
_YOURS = r"(?:your|this|the)\W{1,3}(?:[\w.-]+\W{1,3}){0,3}?(?:e-?mail|address|account|workspace|domain|identity|sign-?(?:up|in)|log-?in)\b"
_ASKS = re.compile(
    rf"(?:verify|confirm|validate|activate|finish setting up)\W{{1,3}}{_YOURS}"
    rf"|{_PROVES}\W{{1,3}}(?:code|link|password|number)"
    r"|(?:one[- ]?time|magic|log[- ]?in|sign[- ]?in) (?:code|link|pass)"
    r"|your (?:[\w.-]+ ){0,4}code (?:is|:)|is your (?:[\w.-]+ ){0,4}(?:code|pin|password)\b|verify (?:e-?mail )?address"
    r"|(?:re)?set (?:up )?(?:your |a |the )?(?:new )?password|forwarding confirmation|automatically forward mail|send mail as"
    r"|(?:add|added) [^\n]{1,200} to your [\w ]{1,30} account|(?:invited (?:you )?to|invites you to|invitation to) join"
    r"|join (?:the |your )?(?:team|workspace|organi[sz]ation)"
    r"|(?:验证|校验|确认|激活|动态|安全|登录|登入)(?:码|链接|连接|邮箱|邮件|邮件地址|电子邮件)|(?:驗證|確認|啟用|登入)(?:碼|連結|信箱|郵件)"
    r"|(?:验证|确认|激活|驗證|確認|啟用)(?:您|你|此)的?|(?:重置|重设|设置|重設|設定)(?:您的|你的)?(?:登录)?密[码碼]"
    r"|转发确认|轉寄確認|自动转发|自動轉寄"
    r"|邀请(?:您|你)?加入|邀請(?:您|你)?加入",
    re.IGNORECASE,
)
# A code or a button that is handed over: what somebody who writes about a code does not do. What one quotes is not looked at.
_HANDS_OVER = re.compile(
    rf"(?i:your (?:[\w.-]+ ){{0,3}}(?:{_PROVES} )?(?:code|passcode|pin)(?: for [^\n]{{1,60}}?)?)(?i: is|:|：)"
    r"\s*[*#]*(?=[A-Z0-9 -]*[0-9]|[A-Z]{3}-)[A-Z0-9][A-Z0-9 -]{3,11}\b"
    r"|(?:\b[0-9]{4,8}|\b[A-Z0-9]{3,4}-[A-Z0-9]{3,4}) (?i:is your (?:[\w.-]+ ){0,4}(?:code|pin|password)\b)"
    rf"|(?i:{_PROVES} code:?)\s+[A-Z]{{3}}-[A-Z]{{3}}\b"
    rf"|(?i:(?:click|tap|press|follow|use|open|visit)\b[^.\n]{{0,60}}\b(?:verify|confirm|validate|activate|complete)\W{{1,3}}{_YOURS})"
    rf"|(?i:(?:to|and) (?:verify|confirm|validate|activate)\W{{1,3}}{_YOURS}"
    r"[^.\n]{0,80}\b(?:click|tap|press|follow|use the|open|visit|enter))"
    r"|(?:您|你)的?[^\n，。]{0,12}(?:验证|校验|确认|动态|登录|驗證|確認|登入)[码碼](?:是|为|為|:|：)\s*[0-9A-Z]{4,8}"
    r"|(?:点击|點擊|点按)[^\n。]{0,30}(?:验证|确认|激活|驗證|確認|啟用)(?:您|你)的?"
)
_TITLES = re.compile(
    rf"(?:please |action required: ?|\[[^\]]{{1,30}}\] ?)*(?:verify|confirm|validate|activate)\W{{1,3}}{_YOURS}"
    r"|you(?:'ve| have) been invited to join\b|\w[\w .]{0,60} (?:has )?invited you to join\b"
    r"|(?:请)?(?:验证|确认|激活)(?:您|你)的|(?:your|您的|你的)[^\n]{0,40}(?:verification|log-?in|sign-?in|security|confirmation) code\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"']+", re.IGNORECASE)
_ENTER = re.compile(r"\b(?:enter|type|use|copy|paste)\b|\bcode\b|输入|輸入|填写|填寫|[码碼]", re.IGNORECASE)
_CODE = re.compile(
    r"(?<![\w-])(?=[A-Za-z0-9-]*[0-9]|[A-Z]{3}-)[A-Za-z0-9]{1,12}(?:-[A-Za-z0-9]{2,8}){0,3}(?![\w-])"
    r"|(?<!\w)[0-9](?: [0-9]){3,7}(?!\w)"
)


def is_account_mail(*, sender: str, subject: str, text: str, quoted: str = "", proved: bool = True) -> bool:
    """Say whether a service mails a code, a link or an invitation to confirm our address.

    Whoever reads it could take an account "of the exchange's" at that service: it is shown to nobody but leads. `proved`: DMARC
    vouches for the sender. `text` is what the mail says itself, `quoted` the rest, which counts where nobody quotes.
    """
    local, _, domain = sender.lower().rpartition("@")
    peoples = _PEOPLES.fullmatch(domain) is not None
    if _NOTHING_ELSE.fullmatch(local) or (not peoples and _NO_REPLY.search(local)):
        return bool(_ASKS.search(subject) or _ASKS.search(text[:2_000]) or _ASKS.search(quoted[:2_000]))
    service = proved and any(domain == one or domain.endswith(f".{one}") for one in _SERVICES)
    if not (service or (not peoples and _OFFICE.search(local))) or _ANSWERED.match(subject):
        return False
    return bool(_TITLES.match(subject) or _HANDS_OVER.search(subject) or _HANDS_OVER.search(text[:2_000]))


def without_codes(text: str) -> str:
    """Return the text of such a mail without what it hands over: no link, no code.

    A code stands in a line that speaks of it, tells to enter it or holds a link, or in one of its own; figures elsewhere are what
    a customer told us, whose mail may have been taken for one.
    """
    lines = ((line, _LINK.sub(HIDDEN, line)) for line in text.split("\n"))
    return "\n".join(
        _CODE.sub(HIDDEN, plain) if plain != line or _speaks_of_codes(plain) else plain for line, plain in lines
    )


def _speaks_of_codes(line: str) -> bool:
    alone = _CODE.fullmatch(line.strip(" \t\r*#>|"))
    return bool(alone or _ASKS.search(line) or _HANDS_OVER.search(line) or _ENTER.search(line))
