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
_MACHINE = re.compile(
    r"(?:no-?_?reply|do-?_?not-?_?reply|notifications?|mailer|accounts?|appleid|feedback|security|verify|signup|welcome"
    r"|support|team|hello|info)\b[^@]*@"
)
_ASKS = re.compile(
    r"(?:verify|confirm|validate|activate)\W{1,3}(?:your|this|the)\W{1,3}(?:new\W{1,3})?(?:e-?mail|address|account|workspace|domain|sign-?(?:up|in))"
    r"|(?:verification|confirmation|security|sign-?in|login|one-?time|access)\W{1,3}(?:code|link|password)"
    r"|your (?:\w+ ){0,3}code (?:is|:)|验证(?:码|邮箱|您的)|確認您的|确认您的(?:邮箱|账户)|激活您的",
    re.IGNORECASE,
)


def is_spam(text: str) -> bool:
    """Say whether a text carries the mark by which spam filters are tested (GTUBE); real filters stand in front of us."""
    return GTUBE in text


def is_account_mail(*, sender: str, subject: str, text: str) -> bool:
    """Say whether a service mails a code or a link to confirm our address.

    Whoever reads it could take an account "of the exchange's" at that service: it is shown to nobody but leads.
    """
    return bool(_MACHINE.match(sender) and (_ASKS.search(subject) or _ASKS.search(text[:2_000])))
