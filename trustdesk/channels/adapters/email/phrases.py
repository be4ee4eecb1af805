"""How mail programs and people mark quoted text, signatures and forwards, in some thirty languages."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST = 400  # characters of a line, or of a header of several lines, that are looked at

_QUOTED = re.compile(r"\s{0,4}(?:>|&gt;|[|｜]\s?>)")
_NO_QUOTE = re.compile(r"\s{0,4}>+[^\n]{0,200}<{2,}\s*$")  # >>> look here <<<


def is_quoted(line: str) -> bool:
    """Whether a line carries the mark of a quote (RFC 3676, 4.5)."""
    return _QUOTED.match(line) is not None and not _NO_QUOTE.match(line[:_LONGEST])


_RULE = re.compile(r"[\s\-–—_=*#~+.ᐧ•·]{1,200}")


def is_rule(line: str) -> bool:
    """Whether a line holds nothing but dashes and the like."""
    return _RULE.fullmatch(line.strip()[:_LONGEST]) is not None


_SIGNATURE = re.compile(r"\s?--[ \t\xa0]*|_{30,}\s*")


def is_signature(line: str) -> bool:
    """Whether a line announces a signature (RFC 3676, 4.3) or a list's footer."""
    return _SIGNATURE.fullmatch(line[:_LONGEST]) is not None


_ORIGINAL_WORDS = "|".join(
    re.escape(words)
    for words in (
        "original message", "original appointment", "original email", "original e-mail", "reply message", "replied message",
        "ursprüngliche nachricht", "originalnachricht", "original-nachricht", "ursprungliche nachricht",
        "message d'origine", "message d’origine", "message original", "message initial", "mensaje original",
        "mensaje original", "mensagem original", "mensagem originál", "messaggio originale", "messaggio originario",
        "oorspronkelijk bericht", "origineel bericht", "oprindelig besked", "oprindelig meddelelse",
        "opprinnelig melding", "originalmeddelande", "ursprungligt meddelande", "ursprungsmeddelande",
        "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "original wiadomość",
        "původní zpráva", "pôvodná správa", "eredeti üzenet", "mesaj original", "mesajul original", "izvorna poruka",
        "originalna poruka", "исходное сообщение", "оригинальное сообщение", "первоначальное сообщение",
        "исходное письмо", "початкове повідомлення", "оригінальне повідомлення", "αρχικό μήνυμα", "özgün ileti",
        "orijinal mesaj", "orijinal ileti", "thư gốc", "tin nhắn gốc", "pesan asli", "原始邮件", "原邮件", "原始邮件信息",
        "邮件原件", "原始郵件", "原始信件", "原始訊息", "回复的原邮件", "回复邮件", "元のメッセージ", "元のメール", "オリジナルメッセージ",
        "원본 메시지", "원본 메일", "원본메일", "הודעה מקורית", "الرسالة الأصلية", "ข้อความต้นฉบับ",
    )
)  # fmt: skip
_ORIGINAL = re.compile(rf"[\s*]*[-_=]{{2,60}}\s*(?:{_ORIGINAL_WORDS})\s*[-_=:：*]*[\s*]*", re.IGNORECASE)


def is_original(line: str) -> bool:
    """Whether a line is a rule that says the original message follows."""
    return _ORIGINAL.fullmatch(line[:_LONGEST]) is not None


_FORWARD = re.compile(
    r"[\s*>]*(?:[-_=]{2,60}\s*(?:forwarded (?:message|e-?mail)(?: from [^-\n]{1,80})?|weitergeleitete (?:nachricht|"
    r"mail)|message transféré|"
    r"message transfere|mensaje reenviado|mensagem encaminhada|mensagem reencaminhada|messaggio inoltrato|"
    r"doorgestuurd bericht|videresendt meddelelse|videresendt melding|vidarebefordrat meddelande|vidarebefordrat mejl|"
    r"välitetty viesti|edelleenlähetetty viesti|wiadomość przekazana|przekazana wiadomość|přeposlaná zpráva|"
    r"пересылаемое сообщение|пересланное сообщение|переслане повідомлення|iletilmiş mesaj|iletilen ileti|"
    r"转发邮件信息|转发的邮件|转发邮件|轉寄郵件|轉寄的郵件|轉寄訊息|"
    r"転送されたメッセージ|転送メッセージ|전달된 메시지|전달된 메일|전달 메시지)"
    r"\s*[-_=]{2,60}|begin forwarded message\s*:|anfang der weitergeleiteten nachricht\s*:|"
    r"début du message (?:transféré|réexpédié)\s*:|"
    r"inicio del mensaje reenviado\s*:|inizio messaggio inoltrato\s*:|início da mensagem (?:re)?encaminhada\s*:|"
    r"начало переадресованного сообщения\s*:|以下是转发的邮件\s*[:：]|開始轉寄郵件\s*[:：])[\s*]*",
    re.IGNORECASE,
)


def is_forward(line: str) -> bool:
    """Whether a line says that a forwarded message follows."""
    return _FORWARD.fullmatch(line[:_LONGEST]) is not None


_CUT = re.compile(
    r"[^\w]{0,40}(?:please )?(?:type|write|enter|put|send)?[^\w]{0,3}(?:your )?(?:reply|response|answer) above this line\b"
    r"|[^\w]{0,40}(?:please )?reply above the line\b|[^\w]{0,40}请在此[行线]?(?:以上|之上|上方|上面)[^\n]{0,10}回复"
    r"|[^\w]{0,40}bitte (?:antworten sie )?oberhalb dieser (?:zeile|linie)\b",
    re.IGNORECASE,
)


def is_cut(line: str) -> bool:
    """Whether a line is a help desk's own mark above which to answer."""
    return _CUT.match(line[:_LONGEST]) is not None


_MOBILE = re.compile(
    r"[\s*_\[<(-]{0,6}(?:"
    r"(?:sent|written|typed|delivered)\s+(?:from|via|on|with|using|by)\s+(?:my|the|a|an|your|outlook|yahoo|mail|gmail|"
    r"proton|samsung|"
    r"android|iphone|ipad|blackberry|windows|huawei|xiaomi|nokia|mobile|aqua|acompli|mailbird|spark|tutanota|wiko|"
    r"airmail|newton|"
    r"blue|bluemail|k-9|fairemail|zoho|foxmail|thunderbird|htc|oneplus|oppo|vivo|honor|redmi)\b"
    r"|get (?:outlook|bluemail|yahoo mail|the new|aol)\b.{0,40}\bfor\b|get outlook\b|secured with tuta|"
    r"sent with (?:proton|spark|mailspring|shift|airmail|unibox|aqua)"
    r"|(?:von|vom) (?:meinem?|einem) .{1,40} gesendet|gesendet (?:von|mit) |(?:diese nachricht wurde|gesendet) von meinem|"
    r"holen sie sich outlook|outlook für (?:ios|android)"
    r"|envoyé (?:de(?:puis)?|à partir de|avec) |envoyé de mon|télécharge[rz] outlook|obtenir outlook|provenance : courrier"
    r"|enviado (?:desde|de|a partir d[eo]|do|pelo|com|vía|via) |obten(?:er|ha) outlook|obter o outlook|enviado do meu"
    r"|inviato (?:da|dal|con) |scarica outlook|ottieni outlook"
    r"|verzonden (?:vanaf|met|via|van) |verstuurd vanaf |outlook voor "
    r"|wysłan[eoy] z |wysłano z |pobierz outlook|sendt fra |skickat från |skickades från |lähetetty |odesláno z |"
    r"odoslané z |"
    r"отправлено (?:с|из|от) |відправлено з |надіслано з |trimis de pe |küldve |στάλθηκε από |"
    r"iphone['’]?umdan gönderildi|gönderildi|"
    r"được gửi từ |dikirim dari |"
    r"发自我的|來自我的|发自|從我的.{1,20}傳送|从我的.{1,20}发送|来自我的|发送自|由.{1,20}发送$|通过.{1,20}发送$|傳送自|寄自|"
    r".{0,30}(?:iphone|ipad|android|スマートフォン|携帯)から送信|私の.{1,20}から送信|"
    r"나의 .{1,20}에서 보냄|내 .{1,20}에서 보냄|.{1,20}에서 보냄)",
    re.IGNORECASE,
)  # fmt: skip


def is_mobile(line: str) -> bool:
    """Whether a line is the signature that a telephone or a mail program adds by itself."""
    return len(line) <= 150 and _MOBILE.match(line) is not None


# Labels of the header that Outlook and its kin put above quoted text.
_LABELS = {
    "from": "from|von|de|da|van|fra|från|lähettäjä|od|от|від|από|kimden|gönderen|nadawca|feladó|expéditeur|remitente|"
    "remetente|mittente|"
    "afzender|từ|dari|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|发信人|מאת|من|จาก|de la|odesílatel|отправитель|发件者|發件人",
    "date": "sent|date|message du|gesendet|datum|envoyé|envoyé le|date d'envoi|enviado|enviado el|enviada em|enviado em|fecha|"
    "data|inviato|data invio|"
    "verzonden|verzonden op|sendt|skickat|dato|lähetetty|päivämäärä|wysłano|wysłane|data wysłania|odesláno|odeslané|"
    "отправлено|дата|надіслано|gönderildi|tarih|gönderilme tarihi|elküldve|dátum|trimis|ημερομηνία|đã gửi|ngày|"
    "dikirim|tanggal|发送时间|"
    "发送日期|日期|时间|時間|寄件日期|傳送時間|送信日時|送信日|日付|日時|"
    "보낸 날짜|날짜|보낸날짜|נשלח|تاريخ|วันที่|sent at|発信日|發送時間|寄件時間",
    "to": "to|an|à|a|para|aan|til|till|vastaanottaja|do|komu|кому|πρός|kime|alıcı|címzett|destinataire|destinatario|"
    "destinatário|"
    "odbiorca|tới|đến|kepada|către|收件人|收件者|宛先|受信者|받는 사람|받는사람|收信人|אל|إلى|ถึง|pour|adressat|收件人地址|接收者",
    "cc": "cc|copie à|copie|copia|cópia|kopie|kopia|kopi|dw|копия|копія|másolat|抄送|副本|참조|bcc|密送|c\\.c\\.|ccn|cci",
    "subject": "subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|emne|ämne|aihe|temat|předmět|predmet|тема|θέμα|"
    "konu|tárgy|subiect|"
    "chủ đề|perihal|subjek|主题|主旨|主題|标题|件名|題名|제목|נושא|الموضوع|เรื่อง|邮件主题",
    "reply-to": "reply-to|reply to|antwort an|répondre à|responder a|responder para|rispondi a|antwoord aan|回复|答复|答覆|返信先",
    "other": "importance|priority|attachments?|organization|wichtigkeit|message-id|x-mailer|附件|添付ファイル|resent-from|via|"
    "return-path",
}
_LABEL = re.compile(
    r"[\s*_|>]{0,6}(?:"
    + "|".join(f"(?P<{kind.replace('-', '_')}>{words})" for kind, words in _LABELS.items())
    + r")[\s*_]{0,4}[:：]",
    re.IGNORECASE,
)


def is_label_block(lines: Sequence[str]) -> bool:
    """Whether lines begin with a header as mail programs quote it: From, Sent, To, Subject and the like.

    People write `From:` and `To:` over transfers as well: an address of mail or a subject must be among them.
    """
    kinds: set[str] = set()
    mail = False
    for number, line in enumerate(lines):
        found = _LABEL.match(line[:_LONGEST]) if ":" in line[:60] or "：" in line[:60] else None
        if found is not None and found.lastgroup:
            kinds.add(found.lastgroup)
        elif not kinds or not line.strip() or number > 8:  # otherwise a value that goes on in the next line
            break
        mail = mail or "@" in line[:_LONGEST]
    if "subject" in kinds:
        return bool(kinds & {"from", "to", "date"}) and len(kinds) >= 2 and (mail or len(kinds) >= 3)
    return mail and len(kinds) >= 2 and "date" in kinds and bool(kinds & {"from", "to"})


_ON = re.compile(
    r"(?:on|at|am|le|el|em|il|op|den|dne|dnia|w dniu|w dn\.|na|в|у|på|pe|vào|vao|pada|la|στις|tarihinde|il giorno|"
    r"il giovedì|a|"
    r"mon|tue|wed|thu|fri|sat|sun|[a-z]{2,9}day|在|於|于|ב|في|dana|den|ons?|tor|fre|mån|tis|lör|sön)\b[^\n]{0,20}?\d|"
    r"[在於于]\s?\d|\d",
    re.IGNORECASE,
)
_WROTE_WORDS = (
    r"wrote|writes|sent|schrieb|schreef|a écrit|à écrit|a ecrit|écrit|ecrit|écrivait|escribió|escribio|escribi[oó]|"
    r"ha escrit|"
    r"va escriure|escreveu|ha scritto|scritto|scrive|skrev|kirjoitti|napisał(?:\(a\)|/a|a)?|napsal(?:\(a\)|/a|a)?|"
    r"napísal(?:\(a\)|/a|a)?|написал(?:\(а\)|/а|а)?|написав(?:\(ла\))?|написала|пишет|пише|írta|a scris|yazdı|έγραψε|"
    r"đã viết|menulis|je napisao|je napisal(?:a)?|rašė|kirjutas|כתב|كتب|เขียนว่า|写道|寫道|のメール|"
    r"さんは書きました|書きました|書かれました|が書き込み|さんからのメール|님이 작성|님이 씀|작성|님의 말"
)
_WROTE_END = re.compile(rf"(?:\b|(?<=[^\x00-\x7f])|(?<=\d))(?:{_WROTE_WORDS})\s*[:：]?\s*$", re.IGNORECASE)
_WROTE_INSIDE = re.compile(
    r"\b(?:schrieb|schreef|skrev|ha scritto|kirjoitti|a scris|escribió|написал|пишет|wrote on)\b", re.IGNORECASE
)
_OWN = re.compile(
    r"\b(?:i|we|you|he|she|they|who|it|ich|wir|sie|ik|jag|jeg|yo)\s+(?:\w+\s+)?(?:wrote|sent|schrieb|schreef|skrev)\b"
    r"|\b(?:schrieb|schreef|skrev)\s+(?:ich|wir|sie|ik|jag|jeg|we|vi)\b|\b(?:was|were|been|is|are|got)\s+sent\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:^|\D)(?:19|20)\d\d(?:\D|$)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d\s?[年月]|\d\s?[년월]|"
    r"\d{1,2}[./-][A-Za-z]{3,9}[./-]\d{2,4}"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}\b"
    r"|\b\d{1,2}\.? (?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}\s?[:.：h時时点시]\s?\d\d|\d\s?[ap]\.?m\b", re.IGNORECASE)
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d (?:GMT|UTC)[+-]\d\d:?\d\d\b")
_MAIL = re.compile(r"[^\s@<>]@[^\s@<>]+\.[^\s@<>]|<mailto:")
_TRIM = " \t\xa0*_-=~|"


def reply_header(lines: Sequence[str], start: int) -> int:
    """Return where a reply header (`On … wrote:`, in up to five lines) that begins at `start` ends; 0 for none."""
    first = lines[start][:_LONGEST].strip(_TRIM)
    if _STAMP.match(first) and len(first) < 120:
        return _stamped(lines, start)
    if not (_ON.match(first) or "@" in first or "<" in first or _DATE.search(first)):
        return 0
    if not any(map(_may_end, lines[start : start + 6])):
        return 0
    joined, blanks = "", 0
    for number in range(start, min(len(lines), start + 6)):
        line = lines[number][:_LONGEST].strip(_TRIM)
        if not line:
            blanks += 1
            # Some programs break the header itself apart: `On … Somebody`, blank, `<`, `mailto:…`, `> wrote:`.
            following = lines[number + 1].strip() if number + 1 < len(lines) else ""
            if blanks > 1 or not following.startswith("<"):
                return 0
            continue
        if number > start and is_quoted(line) and "wrote" not in line:
            return 0
        joined = f"{joined} {line}".strip()
        if len(joined) > _LONGEST:
            return 0
        if _may_end(line) and _is_header(joined):
            # `<` opened in this line may be closed in the next; a header that begins further down is found there.
            return number + 1 if number == start or not _begins_later(lines, start, number) else 0
    return 0


def _may_end(line: str) -> bool:
    tail = line[-60:].rstrip(_TRIM)
    return tail.endswith((":", "：")) or _WROTE_END.search(tail) is not None


def _stamped(lines: Sequence[str], start: int) -> int:
    for number in range(start, min(len(lines), start + 3)):
        if lines[number].rstrip(_TRIM).endswith((":", "：")):
            return number + 1
        if not lines[number].strip():
            break
    return start + 1


def _begins_later(lines: Sequence[str], start: int, last: int) -> bool:
    for place in range(start + 1, last + 1):
        rest = " ".join(line[:_LONGEST].strip(_TRIM) for line in lines[place : last + 1])
        if _is_header(rest) and _ON.match(rest) and not _ON.match(lines[start].strip(_TRIM)):
            return True
    return False


def _is_header(text: str) -> bool:
    if text.count("<") < text.count(">") or _OWN.search(text):
        return False
    colon = text.endswith((":", "："))
    date, mail = _DATE.search(text) is not None, _MAIL.search(text) is not None
    begins = _ON.match(text) is not None
    if found := _WROTE_END.search(text):
        if found[0].lower().startswith("sent"):  # a word of many other sentences
            return mail and colon and begins
        if not colon:
            return date and begins and (mail or _TIME.search(text) is not None)
        return mail or (date and (begins or _TIME.search(text) is not None))
    if not colon:
        return False
    if _WROTE_INSIDE.search(text):
        return date or mail
    begins = begins or any(map(str.isdigit, text[:14]))  # `ср, 30 апр. …`
    return date and begins and text.endswith((">:", ">：")) and mail and _TIME.search(text) is not None


_INSIDE = re.compile(
    r"(?<=\S)\s+On (?:mon|tue|wed|thu|fri|sat|sun|\d|[a-z]{3} \d)[^\n]{0,200} wrote:\s*$", re.IGNORECASE
)


def header_inside(line: str) -> int:
    """Return where in a line, behind other words, a reply header begins; 0 for none."""
    if len(line) > _LONGEST or not line.rstrip().endswith("wrote:") or _ON.match(line.strip(_TRIM)):
        return 0
    found = _INSIDE.search(line)
    return found.start() + 1 if found and _is_header(found[0].strip()) else 0
