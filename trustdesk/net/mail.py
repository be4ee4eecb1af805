"""The door out for mail: build a message whose headers cannot be bent, hand it to an SMTP server over a verified
connection.

Names and subjects come from strangers. `compose` defuses them; `wire` then compares what would go over the line with
what was meant – same header fields, same recipients – and refuses the message when they differ, whoever built it; and
it signs (DKIM) what is left, so that nothing changes after the signature."""

from __future__ import annotations

import base64
import logging
import re
import smtplib
import socket
import ssl
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.headerregistry import MessageIDHeader, UnstructuredHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, make_msgid
from typing import Any, Literal

import idna

from trustdesk.net.addresses import AddressRefused, Guard, is_loopback
from trustdesk.net.dkim import DkimKey
from trustdesk.net.fields import Unclear
from trustdesk.net.http import verified_tls

log = logging.getLogger(__name__)

_LONGEST_NAME = 200
_LONGEST_SUBJECT = 400
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322, 3.2.3; quoted local parts are refused
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@[A-Za-z0-9.-]{{1,253}}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_MESSAGE_ID = re.compile(rf"<(?=[^<>]{{3,250}}>){_ATOM}(\.{_ATOM})*@({_ATOM}(\.{_ATOM})*|\[[!-Z^-~]+\])>", re.ASCII)
_MOST_REFERENCES = 20
_FOLD_AT = 78  # characters (RFC 5322, 2.1.1)
_LONGEST_WORD = 900  # characters on one line as they are
_LONGEST_LINE = 998  # bytes without CRLF (RFC 5322, 2.1.1)
_BROKEN_LINE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
_NO_SYNTAX = str.maketrans(dict.fromkeys('",;:<>@()[]\\', " "))
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}", re.ASCII)


class _Wire(EmailPolicy):
    """How a message is written. Fields of plain text are ours to fold: Python's own writer (3.11) loses the blanks
    between encoded words, and encodes long words of fields that are no text, so that a References or List-Unsubscribe
    with an ordinary long id or address cannot be used."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Fold one field into lines that end in CRLF; raises ValueError for a control character."""
        if not isinstance(value, UnstructuredHeader | MessageIDHeader):
            return super().fold_binary(name, value)
        text = str(value)
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
            raise ValueError("a control character in a header")
        words = text.split()
        if not text.isascii() or any(len(word) > _LONGEST_WORD for word in words):
            return _encoded(name, " ".join(words))
        lines = [f"{name}:"]
        for word in words:
            if len(lines[-1]) + len(word) >= _FOLD_AT and not lines[-1].endswith(":"):
                lines.append("")
            lines[-1] += f" {word}"
        return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _encoded(name: str, text: str) -> bytes:
    """Write a text as encoded words (RFC 2047), cut between characters; blanks lie inside the words."""
    lines = [f"{name}: "]
    room = max((_FOLD_AT - 14 - len(lines[0])) // 4 * 3, 12)  # bytes that fit beside =?utf-8?b? and ?=
    part = b""
    for char in text:
        data = char.encode("utf-8")
        if len(part) + len(data) > room:
            lines[-1] += f"=?utf-8?b?{base64.b64encode(part).decode('ascii')}?="
            lines.append(" ")
            part, room = b"", (_FOLD_AT - 15) // 4 * 3
        part += data
    lines[-1] += f"=?utf-8?b?{base64.b64encode(part).decode('ascii')}?="
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


_WIRE = _Wire(linesep="\r\n", cte_type="7bit")  # not every server takes eight bits


class MailFailed(Exception):
    """A message that was not accepted for delivery.

    `reason` is a code: ``address``, ``header``, ``line``, ``dns``, ``address_private``, ``connect``, ``timeout``, ``tls``,
    ``no_starttls``, ``auth``, ``sender_refused``, ``recipient_refused``, ``recipient_refused_partly``,
    ``message_refused``, ``protocol``. `permanent` says that sending the same message again does not help (or would
    reach some people twice). `status` is the server's three-digit reply, 0 when there was none."""

    def __init__(self, reason: str, *, permanent: bool, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.status = status


@dataclass(frozen=True)
class SmtpSettings:
    """Where mail leaves. `security`: ``starttls`` (submission, port 587), ``tls`` (port 465), ``plain`` (loopback
    only). There is no fallback from one to another. `guard` allows public servers only unless told otherwise; `tls`
    replaces the default certificate check for a private CA; `timeout` seconds bound each step, `total` the whole
    sending."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "plain"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 15.0
    total: float = 60.0
    helo: str = "localhost"
    guard: Guard = field(default_factory=Guard)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if self.security not in ("starttls", "tls", "plain"):
            raise ValueError(f"SMTP security must be starttls, tls or plain, not {self.security!r}")
        if self.security == "plain" and not is_loopback(self.host):
            raise ValueError("SMTP without encryption is for loopback only")


def clean_header(text: str, *, longest: int) -> str:
    """Make a stranger's text safe inside a header: one line, nothing invisible, no encoded words (RFC 2047),
    bounded."""
    visible = "".join(" " if unicodedata.category(char) in _SEPARATING else char for char in text)
    visible = "".join(char for char in visible if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn"))
    # A parser – Python's own too – decodes =?…?= wherever it stands, quoted or not; a space takes the trigger apart.
    return " ".join(visible.replace("=?", "= ?").split())[:longest].rstrip()


_SEPARATING = frozenset({"Cc", "Zl", "Zp", "Zs"})


def mailbox(address: str, *, name: str = "") -> MailAddress:
    """Read one address (local part in ASCII, domain possibly international) with a display name from anywhere; raises
    MailFailed (``address``)."""
    local, at, domain = address.strip().rpartition("@")
    if any(unicodedata.category(char) == "Cf" for char in domain):
        raise MailFailed(
            "address", permanent=True
        )  # IDNA would drop it, and the address would be another than was seen
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii") if not domain.isascii() else domain
    except (idna.IDNAError, UnicodeError):
        raise MailFailed("address", permanent=True) from None
    labels = domain.lower().split(".")
    if not _ADDRESS.fullmatch(f"{local}{at}{domain}") or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise MailFailed("address", permanent=True)
    # Without the marks of address syntax a name can neither be read as an address nor pose as one.
    plain = clean_header(name.translate(_NO_SYNTAX), longest=_LONGEST_NAME)
    return MailAddress(plain, local, domain.lower())


def compose(
    *,
    sender: MailAddress,
    to: MailAddress,
    subject: str,
    text: str,
    html: str = "",
    now: datetime,
    message_id: str = "",
    reply_to: MailAddress | None = None,
    in_reply_to: str = "",
    references: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> EmailMessage:
    """Build a message to one person, with `html` as the alternative to `text` where there is one. `message_id` (with
    its angle brackets) makes sending twice recognisable; left out, one is made under the sender's domain. `headers`
    are further fields, cleaned like all others.

    `in_reply_to` and `references` are ids in their angle brackets, the newest last, as other mailers wrote them: one
    that is none (see `is_message_id`) is left out, because an answer has to go out to those with bad mailers too; of
    many, the first and the newest stay (RFC 5322, 3.6.4). Raises MailFailed (``header``)."""
    message = EmailMessage(policy=_WIRE)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = clean_header(subject, longest=_LONGEST_SUBJECT)
    message["Date"] = format_datetime(now)
    if message_id and not is_message_id(message_id):
        raise MailFailed("header", permanent=True)
    message["Message-ID"] = message_id or make_msgid(domain=sender.domain)
    if reply_to is not None:
        message["Reply-To"] = reply_to
    if is_message_id(in_reply_to):
        message["In-Reply-To"] = in_reply_to
    chain = [one for one in dict.fromkeys(references) if is_message_id(one)]
    if chain:
        message["References"] = " ".join(chain[:1] + chain[1:][-(_MOST_REFERENCES - 1) :])
    for name, value in (headers or {}).items():
        if not _FIELD.fullmatch(name) or name in message:
            raise MailFailed("header", permanent=True)
        message[name] = clean_header(value, longest=2_000)
    message.set_content(text, cte="quoted-printable")
    if html:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def is_message_id(text: str) -> bool:
    """Say whether a text is one message id in angle brackets, at most 252 characters, in a form no parser reads as
    two (RFC 5322, 3.6.4, without comments and quotations)."""
    return bool(_MESSAGE_ID.fullmatch(text))


def send(
    message: EmailMessage, *, smtp: SmtpSettings, envelope_sender: str | None = None, dkim: DkimKey | None = None
) -> None:
    """Hand a message to the server; returns once the server has accepted it for everyone named in To, Cc and Bcc,
    raises MailFailed otherwise. `envelope_sender` is where bounces go: by default the From address, ``""`` for none
    (automatic mail, RFC 3834). `dkim` signs what is from its domain or below."""
    content, recipients = wire(message, dkim=dkim)
    if envelope_sender is None:
        envelope_sender = _addresses(message, "From")[0]
    elif envelope_sender:
        envelope_sender = mailbox(envelope_sender).addr_spec
    server = _Server(smtp)
    alarm = threading.Timer(smtp.total, server.break_off)
    alarm.daemon = True
    alarm.start()
    try:
        server.open()
        refused = server.sendmail(envelope_sender, recipients, content)
    except (AddressRefused, smtplib.SMTPException, OSError) as error:
        server.close()
        raise (MailFailed("timeout", permanent=False) if server.broken_off else _failure(error)) from None
    else:
        server.leave()  # which may drip, too
    finally:
        alarm.cancel()
        server.let_go()
    if refused:
        status = min(code for code, _ in refused.values())
        raise MailFailed("recipient_refused_partly", permanent=True, status=status)


def wire(message: EmailMessage, *, dkim: DkimKey | None = None) -> tuple[bytes, list[str]]:
    """Return a message as the bytes that go out, signed if `dkim` covers its sender's domain, and its recipients.
    Raises MailFailed (``address``, ``header``, ``line``)."""
    content, recipients = _checked(message)
    if dkim is not None and dkim.covers(_addresses(message, "From")[0].rpartition("@")[2]):
        date = message["Date"]
        try:
            content = dkim.sign(content, now=date.datetime)
        except (Unclear, AttributeError):  # a head nobody would verify, or no date
            raise MailFailed("header", permanent=True) from None
    return content, recipients


def _checked(message: EmailMessage) -> tuple[bytes, list[str]]:
    """Return the message as it goes over the wire and its recipients. Raises MailFailed when its headers, read back,
    would say anything but what was meant: a line break shows as one field more, a lost quotation mark as one address
    more (both have been bugs of Python's own writer). No line is longer than any server takes, and none ends in
    anything but CRLF, where a second message could begin (SMTP smuggling)."""
    senders = _addresses(message, "From")
    recipients = list(dict.fromkeys(_addresses(message, "To") + _addresses(message, "Cc") + _addresses(message, "Bcc")))
    if len(senders) != 1 or not recipients:
        raise MailFailed("address", permanent=True)
    shown = copy(message)  # deleting a field from the copy leaves the original alone
    del shown["Bcc"]
    try:
        content = shown.as_bytes(policy=_WIRE)
    except Exception as error:  # the writer fails in many ways on what nothing can encode
        raise MailFailed("header", permanent=True) from error
    lines = content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    written = [line.partition(b":")[0].decode("ascii", "replace") for line in lines if line[:1] not in (b" ", b"\t")]
    again = BytesParser(policy=SMTP).parsebytes(b"\r\n".join(lines) + b"\r\n\r\n", headersonly=True)
    if (
        written != list(shown)
        or len({name.lower() for name in written}) != len(written)
        or any(b"\n" in line or b"\r" in line for line in lines)
        or any(_addresses(again, name) != _addresses(shown, name) for name in ("From", "To", "Cc"))
    ):
        raise MailFailed("header", permanent=True)
    if _BROKEN_LINE.search(content) or any(len(line) > _LONGEST_LINE for line in content.split(b"\r\n")):
        raise MailFailed("line", permanent=True)
    return content, recipients


def _addresses(message: EmailMessage, name: str) -> list[str]:
    """Every address of a field, each in a form no server can read as two; raises MailFailed (``address``)."""
    return [mailbox(one.addr_spec).addr_spec for value in message.get_all(name, []) for one in value.addresses]


class _Server(smtplib.SMTP):
    """smtplib over a checked address (N-01) with the settings' encryption, which is never silently left out."""

    def __init__(self, smtp: SmtpSettings) -> None:
        self._smtp = smtp
        self._context = smtp.tls or verified_tls()
        self.broken_off = False
        self._line: socket.socket | None = None  # a second handle: the first is out of reach during a TLS handshake
        super().__init__(local_hostname=smtp.helo, timeout=smtp.timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """smtplib's own place for choosing the connection (SMTP_SSL uses it the same way)."""
        plain = self._smtp.guard.connect(host, port, timeout=timeout)
        plain.settimeout(timeout)  # what connecting left of it is too little for a step
        self._line = plain.dup()
        if self.broken_off:  # while there was nothing yet to end
            plain.close()
            raise TimeoutError
        if self._smtp.security != "tls":
            return plain
        return self._context.wrap_socket(plain, server_hostname=host)

    def open(self) -> None:
        self._host = self._smtp.host  # the name starttls() checks the certificate against
        code, reply = self.connect(self._smtp.host, self._smtp.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        if self._smtp.security == "starttls":
            self.starttls(context=self._context)
        if self._smtp.user:
            self.login(self._smtp.user, self._smtp.password)

    def break_off(self) -> None:
        """End a sending that takes too long although every single step is in time."""
        self.broken_off = True
        if self._line is not None:
            try:
                self._line.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                log.info("SMTP connection was already gone: %s", type(error).__name__)

    def let_go(self) -> None:
        """Close the second handle."""
        if self._line is not None:
            self._line.close()

    def leave(self) -> None:
        """Say goodbye. The message is accepted: what fails now must not look like a failed sending."""
        try:
            self.quit()
        except (OSError, smtplib.SMTPException) as error:
            log.info("SMTP server left without goodbye: %s", type(error).__name__)
            self.close()


def _failure(error: Exception) -> MailFailed:
    """Turn what smtplib, ssl and the guard raise into our one error."""
    match error:
        case MailFailed():
            return error
        case AddressRefused():
            return MailFailed(error.reason, permanent=True)
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return MailFailed("recipient_refused", permanent=min(codes) >= 500, status=min(codes))
        case smtplib.SMTPSenderRefused():
            return MailFailed("sender_refused", permanent=error.smtp_code >= 500, status=error.smtp_code)
        case smtplib.SMTPDataError():
            return MailFailed("message_refused", permanent=error.smtp_code >= 500, status=error.smtp_code)
        case smtplib.SMTPAuthenticationError():
            # Wrong credentials are ours to mend, and then the same message goes out.
            return MailFailed("auth", permanent=False, status=error.smtp_code)
        case smtplib.SMTPNotSupportedError():
            return MailFailed("no_starttls" if "STARTTLS" in str(error) else "auth", permanent=False)
        case smtplib.SMTPConnectError():
            return MailFailed("connect", permanent=False, status=error.smtp_code)
        case smtplib.SMTPServerDisconnected() if isinstance(error.__context__, TimeoutError):
            return MailFailed(
                "timeout", permanent=False
            )  # smtplib tells a slow server and a gone one in the same words
        case smtplib.SMTPException():
            return MailFailed("protocol", permanent=False)
        case ssl.SSLError():
            return MailFailed("tls", permanent=False)
        case TimeoutError():
            return MailFailed("timeout", permanent=False)
        case socket.gaierror():
            return MailFailed("dns", permanent=False)
        case OSError():
            return MailFailed("connect", permanent=False)
        case _:
            raise error
