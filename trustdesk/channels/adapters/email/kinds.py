"""Whether a person wrote a mail, or a machine, and which (RFC 3834, RFC 3464, RFC 5965, RFC 2919).

Machines are known by what only they write: the envelope, header fields, the structure of a report. Words count where
one of those speaks already: a person may quote, forward or complain about a bounce and stays a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from trustdesk.channels.adapters.email import bounces
from trustdesk.channels.adapters.email.bounces import Failure
from trustdesk.channels.adapters.email.letter import Letter

Name = Literal["person", "auto", "bounce", "feedback", "list", "own"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of mail it is; `because` names the mark it is known by.

    Of a bounce or feedback: `failures` (none for feedback), and the returned mail's Message-ID and header fields."""

    name: Name
    because: str = ""
    failures: tuple[Failure, ...] = ()
    original_id: str = ""
    original: tuple[tuple[str, str], ...] = ()


def classify(
    letter: Letter, raw: bytes, *, own_domain: str = "", loop_header: str = "", envelope_sender: str | None = None
) -> Kind:
    """Say what kind of mail this is.

    `own_domain` is the domain of our Message-IDs and `loop_header` the name of a field that our mail carries: such a
    mail has come back to us. `envelope_sender` is MAIL FROM, where the bearer knows it; "" is the null sender.
    """
    found: dict[str, str] = {}
    for name, value in letter.headers:
        found.setdefault(name.lower(), value)
    if _is_own(letter, found, own_domain, loop_header):
        return Kind("own", "message-id or loop header")
    if mark := _feedback(letter, found):
        report = bounces.read(letter)
        return Kind("feedback", mark, (), report.original_id, report.original)
    null = envelope_sender == "" or ("return-path" in found and found["return-path"].strip() in ("<>", ""))
    null = null or _MBOX.match(raw) is not None
    if mark := _bounce(letter, found, null=null):
        report = bounces.read(letter)
        return Kind("bounce", mark, report.failures, report.original_id, report.original)
    if mark := _list(found):
        return Kind("list", mark)
    if mark := _auto(letter, found, null=null):
        return Kind("auto", mark)
    return Kind("person")


_MBOX = re.compile(rb"From (?:<>|MAILER-DAEMON\S*)\s", re.IGNORECASE)  # the envelope as a mailbox file keeps it


def _is_own(letter: Letter, found: dict[str, str], own_domain: str, loop_header: str) -> bool:
    mine = letter.message_id.rstrip(">").rpartition("@")[2].lower()
    return bool((own_domain and mine == own_domain.lower()) or (loop_header and loop_header.lower() in found))


def _feedback(letter: Letter, found: dict[str, str]) -> str:
    """ARF (RFC 5965) and its kin; a read receipt is not one."""
    content_type = found.get("content-type", "").lower()
    if "feedback-report" in content_type and content_type.startswith("multipart/report"):
        return "report-type"
    if any(file.media_type == "message/feedback-report" for file in letter.files):
        return "feedback-report"
    sender = letter.senders[0].address.lower() if letter.senders else ""
    if _NO_REPLY.match(sender) and "complaint" in bounces.notice(letter):
        return "notice"
    if "x-hmxmroriginalrecipient" in found or (
        sender == "staff@hotmail.com" and letter.subject.lower().startswith("complaint about message from")
    ):
        return "complaint"
    return "feedback loop" if sender.startswith(("fbl@", "feedbackloop@", "feedback-loop@")) else ""


_DAEMON = re.compile(
    r"(?:mailer-?daemon|mail-?daemon|mdaemon|post_?master|mail-?delivery|mail-?system|mail-?deliver\w*|"
    r"delivery-?(?:status|system|subsystem|failure)|bounces?|microsoftexchange[0-9a-f]+|returnmail|"
    r"undeliver\w*)(?:[+=-][^@]*)?(?:@|$)",
    re.IGNORECASE,
)
_SURELY = re.compile(
    r"(?:mailer-?daemon|mail-?daemon|mailerdaemon|"
    r"microsoftexchange[0-9a-f]{8,})\S*@?",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|deliver|daemon)|delivery (?:sub)?system|mail (?:system|administrator|"
    r"sub-?system)|postmaster|"
    r"system administrator|mailer-daemon|internet mail|microsoft (?:exchange|outlook)|邮件系统|系统管理员|退信",
    re.IGNORECASE,
)
_NO_REPLY = re.compile(r"(?:[^@]*[._+-])?(?:no-?_?reply|do-?not-?reply|donotreply|noresponse|no-?return)[^@]*@", re.IGNORECASE)

_SUBJECT = re.compile(
    r"\W{0,4}(?:\[[^\]]{1,40}\]\s*)?(?:"
    r"failure notice|fail(?:ed|ure)(?: mail)?:|undeliver|un-?deliver|non[- ]?deliver|not delivered|"
    r"could ?n[o']t (?:be )?deliver|cannot (?:be )?deliver|unable to deliver|"
    r"return(?:ed|ing) (?:mail|message|email|to sender)|returned to sender|message (?:status|delivery|you sent|"
    r"not|could|returned|undeliver)|"
    r"(?:mail|message|e-?mail)?\s?(?:delivery|transmission|system) (?:status|fail|error|problem|report|delay|"
    r"notif|incomplete|unsuccess|has failed|warning|delayed)|"
    r"delivery (?:status|fail|error|problem|report|delay|notif|incomplete|unsuccess|has failed|warning|subsystem)|"
    r"delayed mail|warning: (?:message|could not|mail)|mail (?:delivery )?(?:fail|error|could not|system error|"
    r"not delivered|undeliver|status)|"
    r"(?:mail |message )?(?:bounce|bounced)\b|permanent delivery|rejected (?:mail|message|posting)|"
    r"your (?:message|mail|email) .{0,60}(?:not|fail|could|reject|return)|user unknown|"
    r"problem(?:s)? (?:delivering|sending)|error (?:sending|delivering|in|mail)|address not found|"
    r"recipient (?:not|unknown)|host unknown|"
    r"unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|fehlgeschlagen|échec|non remis|"
    r"message non distribu|non recapitab|mancato recapito|impossibile recapit|"
    r"no se (?:pudo|puede) entregar|no se ha podido entregar|devuelto|não (?:foi )?entreg|falha na entrega|"
    r"onbestelbaar|kan niet worden (?:afgeleverd|bezorgd)|"
    r"недоставлен|не доставлен|niedostarczon|nie można dostarczyć|kunne ikke levere|"
    r"系统退信|退信|邮件(?:退回|未送达|发送失败|投递失败|无法投递)|投递失败|来自.{1,30}的退信|無法(?:傳遞|遞送)|"
    r"未能送達|投遞失敗|"
    r"メール(?:エラー|送信|が送信|が配信|配信)|配信(?:不能|エラー|失敗|できません)|送信(?:エラー|できません|"
    r"失敗)|エラー通知|전송 ?실패|반송|배달 실패)",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"could not be delivered|was not delivered|not (?:be )?able to (?:be )?deliver|wasn't able to deliver|"
    r"unable to deliver|undeliver|"
    r"delivery (?:has failed|failed|to the following|error|failure|status)|(?:has|have) (?:permanent|"
    r"fatal) (?:fatal )?errors|following (?:address|recipient)[^\n]{0,60}(?:fail|error|not|reject|could)|"
    r"did not reach|failed to deliver|message (?:could|can) ?n[o']t be|returned (?:to|mail)|delivery attempts?|"
    r"recipient(?:'s)? (?:address|mailbox|server)|rejected your (?:message|mail)|"
    r"transcript of session|original message follows|unknown user|user unknown|mailbox (?:is )?full|"
    r"no such user|permanent error|mail delivery (?:fail|system)|bounced? (?:back|message)|"
    r"because of the following|couldn't be delivered|cannot be delivered|"
    r"邮件(?:被)?退|无法(?:投递|发送|送达)|未能送达|投递失败|被拒收|送信できません|配信できません|"
    r"届けることができ|配送できません|"
    r"has not (?:yet )?been delivered|delivery (?:is|has been) delayed|konnte nicht zugestellt|n'a pas pu être|"
    r"non è stato possibile|no se pudo entregar",
    re.IGNORECASE,
)
_ANSWERING = re.compile(
    r"\s*(?:re|fwd?|aw|wg|tr|rv|enc|antw|sv|vs|ответ|回复|答复|转发|轉寄|返信)\s*(?:\[\d+\])?[:：]", re.IGNORECASE
)


def _bounce(letter: Letter, found: dict[str, str], *, null: bool) -> str:
    content_type = found.get("content-type", "").lower()
    if content_type.startswith("multipart/report"):
        if "disposition-notification" in content_type:
            return ""  # a read receipt: automatic, nothing failed
        if "delivery-status" in content_type or any("delivery-status" in file.media_type for file in letter.files):
            return "report-type"
    if any(file.media_type == "message/delivery-status" for file in letter.files) and not _ANSWERING.match(
        letter.subject
    ):
        return "delivery-status"
    if "x-failed-recipients" in found:
        return "x-failed-recipients"
    if letter.senders and _NO_REPLY.match(letter.senders[0].address) and "bounce" in bounces.notice(letter):
        return "notice"
    sender = letter.senders[0] if letter.senders else None
    address = sender.address if sender else ""
    surely = (
        null
        or bool(_SURELY.match(address or (sender.name if sender else "")))
        or "mailer-daemon" in found.get("return-path", "").lower()
    )
    daemon = surely or bool(_DAEMON.match(address) or (sender and _DAEMON_NAME.search(sender.name)))
    automatic = found.get("auto-submitted", "no").lower().strip() not in ("", "no")
    machine = daemon or automatic or not address or bool(_NO_REPLY.match(address))
    if not machine or (_ANSWERING.match(letter.subject) and not daemon):
        return ""
    said = letter.text[:6_000]
    words = _BODY.search(said) is not None
    returned = any(file.media_type in ("message/rfc822", "text/rfc822-headers") for file in letter.files)
    if _SUBJECT.match(letter.subject) and (surely or words or (daemon and returned)):
        return "subject"
    return "prose" if words and daemon and (returned or _SERVER.search(said)) else ""


_SERVER = re.compile(
    r"(?<![\d.])[45]\d\d[ -](?:#?[45]\.\d|[A-Za-z<])|[45]\.\d{1,2}\.\d{1,3}\b|smtp|remote (?:host|server|mta)|"
    r"user unknown|unknown user|mailbox|recipient",
    re.IGNORECASE,
)


_LIST_ADDRESS = re.compile(
    r"\bowner-|-(?:owner|request|bounces?|admin|errors|return)(?:[+-][^@]*)?@|^mailing list ", re.IGNORECASE
)


def _list(found: dict[str, str]) -> str:
    for name in (
        "list-id",
        "list-post",
        "x-mailing-list",
        "mailing-list",
        "x-beenthere",
        "x-mailman-version",
        "x-ml-name",
        "x-listprocessor-version",
        "x-mlserver",
    ):
        if name in found:
            return name
    if "precedence" in found:
        for name in ("sender", "resent-sender", "errors-to", "return-path"):
            if _LIST_ADDRESS.search(found.get(name, "")[:500]):
                return name
    return "precedence" if found.get("precedence", "").lower().strip() == "list" else ""


_AUTO_SUBJECT = re.compile(
    r"\W{0,4}(?:auto(?:matic|mated)?[- ]?(?:reply|response|answer|acknowledg\w+)\b|"
    r"out[- ]of[- ](?:the[- ])?office(?::|\s*$|\s+(?:auto|reply|re:|notification|message))|"
    r"(?:vacation|holiday|absence) (?:reply|response|notice|message|auto)|i(?:'m| am) (?:out of (?:the )?office|"
    r"on vacation)|away from (?:my|the) (?:office|desk|mail)|"
    r"automatische antwort|abwesenheitsnotiz|abwesend\b|automatische abwesenheit|réponse automatique|"
    r"absence du bureau|respuesta automática|fuera de la oficina|resposta automática|"
    r"fora do escritório|risposta automatica|fuori (?:sede|ufficio)|automatisch antwoord|afwezig|autosvar|"
    r"automatiskt svar|automatisk svar|automaattinen vastaus|"
    r"automatyczna odpowiedź|автоответ|автоматический ответ|автоматична відповідь|otomatik yanıt|自动(?:回复|"
    r"答复)|自動(?:回覆|回復|返信|応答|答復)|"
    r"不在(?:通知|のお知らせ)|外出(?:通知|自动)|부재 ?중|자동 ?(?:응답|회신))",
    re.IGNORECASE,
)


def _auto(letter: Letter, found: dict[str, str], *, null: bool) -> str:
    submitted = found.get("auto-submitted", "no").lower().partition(";")[0].strip()
    if submitted not in ("", "no"):
        return "auto-submitted"
    for name in (
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-autoreply-from",
        "x-mail-autoreply",
        "x-auto-reply",
    ):
        if found.get(name, "no").lower().strip() not in ("no", "false", "0"):
            return name
    if found.get("precedence", "").lower().strip() in ("bulk", "junk", "auto_reply", "auto-reply"):
        return "precedence"
    if null:
        return "return-path"
    if "disposition-notification" in found.get("content-type", "").lower():
        return "report-type"
    address = letter.senders[0].address if letter.senders else ""
    if _SURELY.match(address):
        return "sender"
    if _NO_REPLY.match(address) and all(_NO_REPLY.match(box.address) for box in letter.reply_to):
        return "sender"
    return "subject" if _AUTO_SUBJECT.match(letter.subject) else ""
