"""One connection of the SMTP receiver (see `net.smtp_server`): the dialogue, and one message after the other."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import secrets
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from aiosmtpd import smtp

if TYPE_CHECKING:
    from trustdesk.net.smtp_server import Receiver

log = logging.getLogger(__name__)
# aiosmtpd writes whole command lines there, that is: people's addresses.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)

_END = b"\r\n.\r\n"
_PIECE = 16_384  # bytes; of a message before they are looked at
_COMMAND = 1_000  # bytes; RFC 5321, 4.5.3.1.4 asks for 512, SMTPUTF8 addresses are longer
_LINGER = 2.0  # seconds a client has to take our last words

# RFC 5321, 4.1.2 with RFC 6531; a source route is read over as 4.1.1.3 demands. What follows are the parameters.
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_PATH = re.compile(
    rf"""<(?:@[^\s<>:"]+:)?(?P<address>(?:{_ATEXT}(?:\.{_ATEXT})*|"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])+")"""
    r"@(?:[A-Za-z0-9.\u0080-\U0010ffff-]+|\[[A-Za-z0-9.:-]+\])|postmaster|)>(?:\s+(?P<rest>.*))?",
    re.IGNORECASE,
)
HOST_NAME = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}", re.ASCII)


@dataclass(frozen=True)
class Envelope:
    """One message as it arrived. `content` is RFC 5322 as sent, below a Return-Path and a Received field of ours;
    `mail_from` is blank for the null sender; `recipients` are those of ours, as the client wrote them; `id` is random
    and stands in that Received field."""

    id: str
    content: bytes
    mail_from: str
    recipients: tuple[str, ...]
    ip: str
    helo: str
    tls: bool
    received_at: datetime


class _Hooks:
    """What aiosmtpd asks. The names are its own."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def handle_EHLO(
        self, server: Session, session: smtp.Session, envelope: smtp.Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        session.host_name = hostname
        kept = [reply for reply in replies if not reply[4:].startswith(("AUTH", "HELP"))]
        return [*kept[:-1], f"250 {kept[-1][4:]}"]

    async def handle_MAIL(
        self, server: Session, session: smtp.Session, envelope: smtp.Envelope, address: str, options: list[str]
    ) -> str:
        if not self._receiver.gate.may_send(server.ip):
            return "450 4.7.1 Too much mail from your network, try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: Session, session: smtp.Session, envelope: smtp.Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= self._receiver.limits.recipients:
            return "452 4.5.3 Too many recipients"
        if not self._receiver.accepts(address):
            return "550 5.7.1 Not an address of ours, and we do not relay"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        log.warning("SMTP session failed: %s", type(error).__name__)
        return "451 4.3.0 Something failed here, try again later"


class Session(smtp.SMTP):
    """One connection. aiosmtpd keeps the state of the dialogue and does STARTTLS (dropping what was sent before it)."""

    line_length_limit = _PIECE
    command_size_limit = _COMMAND

    def __init__(self, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        self.receiver = receiver
        self.ip = ""
        self._entered = False
        self._errors = 0
        self._messages = 0
        self._replies = 0  # since the last message
        self._held = 0  # bytes of a message, counted in the gate
        self._receiving = False
        self._busy = False  # between DATA and our answer
        self._over = False  # to be ended as soon as it is not busy
        self._end: asyncio.TimerHandle | None = None
        # The library shares one such table between all connections, and lets it grow with every EHLO.
        self.command_size_limits = defaultdict(lambda: _COMMAND)
        super().__init__(
            _Hooks(receiver),
            data_size_limit=receiver.max_bytes,
            enable_SMTPUTF8=True,
            hostname=receiver.hostname,
            ident="ESMTP",
            tls_context=receiver.tls,
            timeout=receiver.limits.idle,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=loop,
        )

    # The connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin again inside TLS."""
        if not self.ip:
            self.ip = plain_ip(str((transport.get_extra_info("peername") or ("",))[0]))
            self._entered = self.receiver.gate.enter(self.ip)
            self.receiver.sessions.add(self)
            self._end = self.loop.call_later(self.receiver.limits.session, self.finish)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Count it out."""
        if self in self.receiver.sessions:
            self.receiver.gone(self)
            if self._entered:
                self.receiver.gate.leave(self.ip)
            if self._end:
                self._end.cancel()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Take note that the client is alive; a command line counts only once it is whole."""
        super().data_received(data)
        if self._receiving and not self._over:
            self._reset_timeout()

    async def _handle_client(self) -> None:
        if not self._entered or self.receiver.stopping:
            self._hang_up("421 4.7.0 Too many connections, try again later")
            return
        await asyncio.sleep(self.receiver.limits.greeting_delay)
        if self._reader._buffer:  # type: ignore[attr-defined]  # there is no other way to look without waiting
            self._hang_up("554 5.5.1 You spoke before the greeting")
            return
        await super()._handle_client()

    def _reset_timeout(self, duration: float | None = None) -> None:
        super()._reset_timeout(duration or self.receiver.gate.idle)

    def _timeout_cb(self) -> None:
        self._hang_up("421 4.4.2 Too slow, closing")

    def finish(self) -> None:
        """End the connection: now, or after the message in progress."""
        if self._busy:
            self._over = True
        else:
            self._hang_up("421 4.3.2 Closing, try again later")

    def abort(self) -> None:
        """End the connection at once."""
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined]

    def _hang_up(self, status: str) -> None:
        """Say goodbye without waiting for the client to listen, and do nothing more that it asks."""
        if self.transport is not None and not self.transport.is_closing():
            self._writer.write(status.encode() + b"\r\n")
            self.transport.close()
            self.loop.call_later(_LINGER, self.abort)
            if self._handler_coroutine:
                self._handler_coroutine.cancel()

    async def push(self, status: Any) -> None:
        """Send a reply; a client that collects errors is sent away."""
        await super().push(status)
        self._replies += 1
        self._errors += str(status).startswith("5")
        if self._errors >= self.receiver.limits.errors:
            self._hang_up("421 4.7.0 Too many errors")
        elif self._replies >= self.receiver.limits.commands:
            self._hang_up("421 4.7.0 Too many commands")

    # The dialogue.

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Read a path. The library's own reading is that of a header field, with comments and folding."""
        found = _PATH.fullmatch(arg.strip())
        if not found or any("\ud800" <= char <= "\udfff" for char in arg):  # bytes that are no UTF-8
            return None, None
        return found["address"] or "<>", found["rest"] or ""

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Begin a message."""
        self._messages += 1
        if self._messages > self.receiver.limits.messages:
            self._hang_up("421 4.7.0 Enough for one connection")
            return
        await super().smtp_MAIL(arg)

    async def _not_offered(self, arg: str) -> None:
        await self.push("502 5.5.1 Not offered")

    smtp_VRFY = smtp_EXPN = smtp_AUTH = smtp_HELP = _not_offered

    async def smtp_DATA(self, arg: str) -> None:
        """Receive a message, hand it over and answer."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Recipients first")
            return
        if arg:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        if self._reader._buffer:  # type: ignore[attr-defined]
            # Whoever does not wait for 354 would send the message into the dialogue if we said anything else.
            self._hang_up("421 4.5.0 You spoke before 354")
            return
        self._busy = True
        alarm = self.loop.call_later(self.receiver.limits.message, self._timeout_cb)
        try:
            await super().push("354 End with <CRLF>.<CRLF>")
            self._receiving = True
            content, refusal = await self._content()
            self._receiving = False
            alarm.cancel()
            status = refusal or await self._hand_over(envelope, content)
        finally:
            alarm.cancel()
            self._busy = self._receiving = False
            self._release()
        self._replies = 0
        self._set_rset_state()  # type: ignore[no-untyped-call]
        self._reset_timeout()
        await self.push(status)
        if self._over:
            self.finish()

    async def _content(self) -> tuple[bytes, str]:
        """Read up to CRLF.CRLF; returns the message, or why it is not taken."""
        gate, most = self.receiver.gate, self.receiver.max_bytes
        refusal = ""
        read = 0
        content = bytearray()
        # The line break after DATA can be the first half of the end: a message may be empty.
        self._reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]
        while not content.endswith(_END):
            try:
                piece = await self._reader.readuntil(_END)
            except asyncio.LimitOverrunError as more:
                piece = await self._reader.readexactly(more.consumed)
            read += len(piece)
            if not refusal and read > most + len(_END):
                refusal = "552 5.3.4 Message too big"
            elif not refusal and not gate.hold(len(piece)):
                refusal = "452 4.3.1 No room now, try again later"
            if not refusal:
                self._held += len(piece)
                content += piece
            else:
                content[:] = (content + piece)[-len(_END) :]
                self._release()
            if read > 2 * most + 1_000_000:  # it does not even want to know
                self._hang_up(refusal)
                await asyncio.sleep(0)  # here this ends
        if refusal:
            return b"", refusal
        del content[-3:]
        return bytes(content.replace(b"\r\n.", b"\r\n")[2:]), ""

    def _release(self) -> None:
        self.receiver.gate.release(self._held)
        self._held = 0

    async def _hand_over(self, heard: smtp.Envelope, content: bytes) -> str:
        now = datetime.now(UTC)
        number = secrets.token_hex(12)
        sender = "" if heard.mail_from == "<>" else str(heard.mail_from)
        helo = _printable(str(self.session.host_name) if self.session else "")
        tls = self._tls_protocol is not None
        extended = bool(self.session and self.session.extended_smtp)
        protocol = "UTF8SMTP" if heard.smtp_utf8 else "ESMTP" if extended else "SMTP"  # RFC 3848, RFC 6531
        trace = _trace(
            number, sender=sender, helo=helo, ip=self.ip, hostname=self.hostname, protocol=protocol + "S" * tls, now=now
        )
        envelope = Envelope(
            id=number,
            content=trace + content,
            mail_from=sender,
            recipients=tuple(dict.fromkeys(heard.rcpt_tos)),
            ip=self.ip,
            helo=helo,
            tls=tls,
            received_at=now,
        )
        if self._timeout_handle:
            self._timeout_handle.cancel()  # it is us who are slow now
        task = self.receiver.store(envelope)
        # The memory is in use until then, whether the client stays or not.
        held, self._held = self._held, 0
        task.add_done_callback(lambda done: self.receiver.gate.release(held))
        return await asyncio.shield(task)


def plain_ip(address: str) -> str:
    """Return an address as whoever looks it up expects it: without a zone, and IPv4 as IPv4 also where we listen on ``::``
    (SPF records name it so)."""
    address = address.partition("%")[0]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


def _printable(text: str) -> str:
    """Return a stranger's word with nothing in it that a log, a database or a page would stumble over."""
    return "".join(char if char.isprintable() else "?" for char in text)[:256]


def _trace(number: str, *, sender: str, helo: str, ip: str, hostname: str, protocol: str, now: datetime) -> bytes:
    """Write our trace fields (RFC 5321, 4.4). A HELO that is no host name is a stranger's text: it stays out."""
    name = helo if HOST_NAME.fullmatch(helo) else "unknown"
    place = f"IPv6:{ip}" if ":" in ip else ip
    return (
        f"Return-Path: <{sender}>\r\n"
        f"Received: from {name} ([{place}])\r\n\tby {hostname} with {protocol} id {number};\r\n\t{format_datetime(now)}\r\n"
    ).encode()
