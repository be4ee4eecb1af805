"""What a delivery report says: of which recipients, why, for good or for now, and about which mail of ours.

First the standard form (RFC 3464), then the prose of the many servers that have one of their own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from trustdesk.channels.adapters.email import fields, mime, reasons
from trustdesk.channels.adapters.email.letter import Letter

MOST_FAILURES = 100  # recipients of one report that are read
_LONGEST = 30_000  # characters of prose that are looked at


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient that a mail did not reach. `status` is RFC 3463 ("5.1.1"; where the report names none, the nearest to
    the reason), `code` the server's reply ("550", "" where unknown), `reason` one of `reasons`, `said` the server's words
    (at most 500 characters). Only a `hard` failure says that the address itself is dead."""

    address: str
    status: str
    code: str
    reason: str
    hard: bool
    said: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report read: its failures, and the returned mail's Message-ID ("" where it came without) and header fields."""

    failures: tuple[Failure, ...]
    original_id: str
    original: tuple[tuple[str, str], ...]


def read(letter: Letter) -> Report:
    """Read what a delivery report says; for a letter that is known to be one."""
    text, returned = _prose(letter)
    ours = {box.address.lower() for box in letter.to}
    failures = _notified(letter) or _standard(letter, text) or _free(letter, text, ours)
    original = _original(letter, returned)
    ids = [value for name, value in original if name.lower() == "message-id"]
    found = fields.message_ids(ids[0].encode()) if ids else []
    return Report(tuple(failures), found[0] if found else "", original)


def notice(letter: Letter) -> dict[str, Any]:
    """Return Amazon's notice of a bounce or complaint (SES through SNS), which is JSON, wrapped once more or not; {} for
    any other text."""
    if not letter.text.lstrip().startswith("{") or "notificationType" not in letter.text[:_LONGEST]:
        return {}
    text = letter.text.strip()[:_LONGEST].replace("!\n ", "")  # how sendmail breaks lines of more than 990 bytes
    try:
        found = json.JSONDecoder().raw_decode(text)[0]
        found = json.loads(found["Message"]) if "Message" in found else found
        return found if found["notificationType"] in ("Bounce", "Complaint") else {}
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}  # not what Amazon documents


def _notified(letter: Letter) -> list[Failure]:
    try:
        bounce = notice(letter)["bounce"]
        recipients = [
            (str(one["emailAddress"]).lower(), str(one.get("diagnosticCode", "")), one)
            for one in bounce["bouncedRecipients"]
        ]
        return [
            _failure(
                address,
                _status_in(said) or _status(str(one.get("status", ""))),
                _code(said),
                f"{said} {bounce.get('bounceSubType', '')}",
            )
            for address, said, one in recipients[:MOST_FAILURES]
        ]
    except (LookupError, TypeError, AttributeError):
        return []


# Where the prose of a report ends and the returned mail begins.
_RETURNED = re.compile(
    r"^(?:[ \t>*]*-{2,}[- ]*(?:below this line|this is a copy|the (?:header|body|first|original|message|"
    r"following is)|original (?:message|mail)|unsent message|message (?:header|text|follows)|"
    r"returned message|copy of|undelivered message|rejected message|enclosed|returned mail|the original|"
    r"headers? (?:of|follow)|下面是|以下为)[^\n]*|"
    r"[ \t]*(?:the (?:header|text|first part) of (?:the|your) (?:original |returned )?(?:message|mail)|"
    r"original message (?:headers?|follows)|below is a copy|"
    r"received: (?:from|by) |return-path: ?<|a copy of the (?:original )?message|message header follows|"
    r"-+ ?original mail info|"
    r"the message headers|original headers)[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_LIKE = re.compile(
    r"^(?:received|return-path|message-id|from|to|subject|date|mime-version|x-[\w-]+):", re.IGNORECASE
)


def _prose(letter: Letter) -> tuple[str, str]:
    text = letter.text[:_LONGEST]
    for found in _RETURNED.finditer(text):
        if text[: found.start()].strip():
            return text[: found.start()], text[found.start() :]
    return text, ""


def _original(letter: Letter, returned: str) -> tuple[tuple[str, str], ...]:
    for file in letter.files:
        if file.media_type in _RETURNED_TYPES:
            found, _ = mime.header(file.content.lstrip(), 0, len(file.content))
            if found:
                return tuple((name, fields.plain(value)) for name, value in found[:100])
    start = next((m.start() for m in re.finditer(r"^[A-Za-z-]{2,40}:[ \t]", returned, re.MULTILINE)), -1)
    if start < 0:
        return ()
    raw = returned[start : start + 20_000].encode("utf-8", "replace")
    found, _ = mime.header(raw, 0, len(raw))
    return tuple((name, fields.plain(value)) for name, value in found[:100])


_RETURNED_TYPES = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
    "message/rfc822-headers",
    "text/rfc822-header",
)
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status", "message/xdelivery-status")


def _standard(letter: Letter, text: str) -> list[Failure]:
    """Read message/delivery-status (RFC 3464, 2): groups of fields, the first of the mail, the others of recipients."""
    for file in letter.files:
        if file.media_type in _STATUS_TYPES or (
            file.media_type.startswith("text/") and b"Final-Recipient:" in file.content[:5_000]
        ):
            return _groups(file.content, text, letter)
    if _GROUP.search(letter.text[:_LONGEST]):
        return _groups(letter.text[:_LONGEST].encode("utf-8", "replace"), text, letter)
    return []


_GROUP = re.compile(
    r"^(?:final|original)-recipient:[^\n]{0,500}$(?:\n[^\n]{0,1000}){0,12}?\n(?:status|action):",
    re.IGNORECASE | re.MULTILINE,
)


def _groups(content: bytes, text: str, letter: Letter) -> list[Failure]:
    failures = []
    content = content[:200_000].replace(b"\r\n", b"\n")
    for block in re.split(rb"\n[ \t]*\n", content)[: MOST_FAILURES + 1]:
        block = block.lstrip(b"\n")
        raw, _ = mime.header(block, 0, len(block))
        found = {name.lower(): fields.plain(value) for name, value in reversed(raw)}
        address = _address(found.get("original-recipient", "")) or _address(found.get("final-recipient", ""))
        final = _address(found.get("final-recipient", "")) or address
        if not final and "action" not in found:
            continue
        failures.append(_group(found, _address(found.get("x-actual-recipient", "")) or final, text, letter))
    # A report of several recipients in which some got it: those are no failures, unless there is nothing else.
    bad = [one for one in failures if one.reason != "delivered"]
    return bad or failures


def _group(found: dict[str, str], address: str, text: str, letter: Letter) -> Failure:
    action = found.get("action", "").lower().strip()
    said = found.get("diagnostic-code", "")
    kind, _, words = said.partition(";")
    said = words.strip() if words and len(kind) < 30 else said
    given = _status(found.get("status", ""))
    if action.startswith(("delivered", "relayed", "expanded")) and not given.startswith(("4", "5")):
        return Failure(address, given or "2.0.0", _code(said), "delivered", False, said[:500])
    code, status = _code(said) or _code(found.get("smtp-code", "")), _status_in(said)
    context = _context(address, text)
    if not said.strip() or not (code or status or len(said) > 25):
        code, status = code or _code(context), status or _status_in(context)
    if (status and not status.endswith(".0.0")) or not given:
        given = status or given  # the words of the server that refused, before what the reporting one makes of them
    piped = found.get("final-recipient", "").partition(";")[2].strip().startswith(("|", "/"))
    words = "command output" if piped else said if len(said) > 12 else f"{said} {context}"
    return _failure(address, given, code, words, action=action, around=f"{context}\n{text}")


def _failure(address: str, status: str, code: str, said: str, *, action: str = "", around: str = "") -> Failure:
    why = reasons.reason(said=said, status=status, code=code)
    if (
        why == "userunknown"
        and not status.endswith(".1.1")
        and _AT_DATA.search(around or said)
        and not _NO_RCPT.search(around or said)
    ):
        why = "filtered"  # whoever knows its users refuses them at RCPT; after DATA a filter speaks
    if why in ("undefined", "filtered") and (action == "delayed" or status.startswith("4.4") or _WARNING.search(said)):
        why = "expired"
    temporary = (status or code).startswith("4")
    hard = why in reasons.HARD and not (temporary and not code.startswith("5"))
    if not status:
        status = reasons.status_of(why)
        soft = code.startswith("4") or action == "delayed" or (not code and _WARNING.search(around or said))
        status = f"4{status[1:]}" if soft and status.startswith("5") else status
    return Failure(address[:320], status, code, why, hard, " ".join(said.split())[:500])


_WARNING = re.compile(
    r"warning message only|you do not need to resend|will be retried|has been delayed|temporary failure report|"
    r"warning message",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(
    r"(?<![\d.#\w/-])([45]\d\d)(?:[ -]+[#'\x22]?([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)|(?=[ \t:;,-]+[^\d\s.]|"
    r"[ -]\s*$))",
    re.MULTILINE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,128}@[A-Za-z0-9.-]{1,200}[A-Za-z0-9]")
_NOBODY = re.compile(
    r"(?:mailer-?daemon|postmaster|mail-?daemon|abuse|support|help|noreply|"
    r"no-reply)@",
    re.IGNORECASE,
)


def _status(value: str) -> str:
    found = re.search(r"([245])\s?\.\s?(\d{1,3})\s?\.\s?(\d{1,3})", value)
    return ".".join(found.groups()) if found else ""


def _status_in(said: str) -> str:
    """Return the status that stands beside a reply code, else the first; never an IP address."""
    beside = [found[2] for found in _REPLY.finditer(said[:5_000]) if found[2]]
    alone = [found[1] for found in _STATUS.finditer(said[:5_000]) if not found[1].startswith("2")]
    return next((one for one in beside + alone if not one.endswith(".0.0")), next(iter(beside + alone), ""))


def _code(said: str) -> str:
    found = _REPLY.search(said[:5_000])
    return found[1] if found else ""


def _address(value: str) -> str:
    found = _ADDRESS.search(value.rpartition(";")[2] if ";" in value else value)
    return found[0].lower() if found else ""


def _context(address: str, text: str) -> str:
    """Return what a report says behind a recipient, up to the next one."""
    place = text.lower().find(address) if address else -1
    if place < 0:
        return text[:6_000]
    behind = text[place + len(address) :][:1_500]
    following = next((m.start() for m in _OTHER.finditer(behind) if m[1].lower() != address), len(behind))
    return behind[:following]


_OTHER = re.compile(rf"\n[ \t<]*({_ADDRESS.pattern})>?[:)]", re.IGNORECASE)
_NO_RCPT = re.compile(
    r"no valid recipients|need (?:valid )?rcpt", re.IGNORECASE
)  # pipelined: RCPT was refused, not DATA
_AT_DATA = re.compile(
    r"in reply to (?:the )?(?:end of )?data|after (?:the )?(?:end of )?data\b|after sending (?:the )?(?:data|"
    r"message)|"
    r"^>>> data\s*\n<<< (?!503|554 5\.5\.1|354)[45]",
    re.IGNORECASE | re.MULTILINE,
)


def _free(letter: Letter, text: str, ours: set[str]) -> list[Failure]:
    """Read the prose of a report: who, and what the server said behind each."""
    named = [value for name, value in letter.headers if name.lower() == "x-failed-recipients"]
    wanted = {found[0].lower() for value in named for found in _ADDRESS.finditer(value[:5_000])}
    places: dict[str, int] = {}
    leading: dict[str, int] = {}
    spared: dict[str, int] = {}  # ours and the servers': only where there is no other
    for found in _ADDRESS.finditer(text):
        one = found[0].lower().strip(".'")
        if wanted and one not in wanted:
            continue
        if not wanted and (one in ours or _NOBODY.match(one)):
            spared.setdefault(one, found.start())
            continue
        places.setdefault(one, found.start())
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if _LEADING.fullmatch(line):
            leading.setdefault(one, found.start() - len(line))
    chosen = leading or dict(list((places or spared).items())[:1])
    if not chosen:
        chosen = dict.fromkeys(sorted(wanted), 0) or {next(iter(_returned_to(letter)), ""): 0}
    ends = sorted(chosen.values())
    failures = []
    for address, start in sorted(chosen.items(), key=lambda item: item[1])[:MOST_FAILURES]:
        end = next((place for place in ends if place > start), len(text))
        own = text[start:end].replace(address, " ")
        said = (
            own
            if len(chosen) > 1 or _REPLY.search(own) or reasons.reason(said=own, status="", code="") not in _VAGUE
            else text
        )
        failures.append(
            _failure(
                address,
                _status_in(said),
                _code(said),
                f"{_said(said)} {letter.subject if said is text else ''}",
                around=own if len(chosen) > 1 else text,
            )
        )
    return failures


_VAGUE = ("undefined", "filtered", "policyviolation", "contenterror", "systemerror", "mailererror")
_LEADING = re.compile(
    r"[ \t>*<(\"'\[-]*|[ \t]*[45]\d\d[ -](?:[245]\.\d\.\d{1,3} )?[<(]?|[ \t]*(?:to|address|recipient|rcpt|user|"
    r"mailbox|for|original address|failed recipient|final[- ]recipient|"
    r"(?:could|can) ?not (?:be )?deliver\w* (?:to|message to)|[^\n]{0,40}收件人)\s?[:：]?[ \t<\"']*",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"^[^\n]*(?:this (?:message|e-?mail|mail) was (?:created|generated) automatically|mail delivery (?:software|"
    r"system)|i'm the mail system|this is the (?:mail|qmail)|"
    r"i'm afraid i wasn't able|permanent error; i've given up|do not reply|for further assistance|"
    r"please (?:contact|send mail)|giving up on|sorry it didn't work)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)


def _said(text: str) -> str:
    """Leave out what reports say around the server's own words."""
    return _POLITE.sub(" ", text)


def _returned_to(letter: Letter) -> list[str]:
    """The recipients of the returned mail."""
    return [
        found[0].lower()
        for name, value in _original(letter, "")
        if name.lower() in ("to", "x-original-to", "delivered-to")
        for found in _ADDRESS.finditer(value[:2_000])
    ]
