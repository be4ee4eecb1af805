"""An IMAP connection up to the point where a folder can be opened: connected, encrypted, logged in."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from trustdesk.net.addresses import AddressRefused, Guard, is_loopback
from trustdesk.net.http import verified_tls
from trustdesk.net.imap_wire import ImapFailed, Response, Wire, quoted
from trustdesk.net.oauth import OAuthFailed

LATER = frozenset({b"UNAVAILABLE", b"INUSE", b"LIMIT", b"SERVERBUG", b"OVERQUOTA"})  # RFC 5530: it passes


class Tokens(Protocol):
    """Where access tokens come from; `net.oauth.OAuth2` is one."""

    def token(self, *, fresh: bool = False) -> str:
        """Return a token, a new one when `fresh`. Raises OAuthFailed."""


@dataclass(frozen=True)
class ImapSettings:
    """Where a mailbox is. `security`: ``tls`` (port 993), ``starttls`` (143), ``plain`` (loopback only), without
    fallback. `tokens` replaces the password (XOAUTH2). `guard` allows public servers only unless told otherwise; `tls`
    replaces the default certificate check for a private CA. `timeout` seconds may pass without a byte, `total` with
    waiting for one command. A mail above `max_bytes` is read as headers only. `batch` mails or `batch_bytes` of them are
    fetched and handed over at once. `idle` seconds an IDLE lasts (RFC 2177: below 29 minutes; shorter, because routers
    forget silent connections), `poll` the pause where there is none. `mark_seen` sets \\Seen on what is stored."""

    host: str
    port: int = 993
    security: Literal["tls", "starttls", "plain"] = "tls"
    user: str = ""
    password: str = field(default="", repr=False)
    tokens: Tokens | None = field(default=None, repr=False)
    folder: str = "INBOX"
    mark_seen: bool = False
    max_bytes: int = 50_000_000
    batch: int = 50
    batch_bytes: int = 8_000_000
    idle: float = 540.0
    poll: float = 30.0
    timeout: float = 60.0
    total: float = 600.0
    guard: Guard = field(default_factory=Guard)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if self.security not in ("tls", "starttls", "plain"):
            raise ValueError(f"IMAP security must be tls, starttls or plain, not {self.security!r}")
        if self.security == "plain" and not is_loopback(self.host):
            raise ValueError("IMAP without encryption is for loopback only")
        if self.tls and not (self.tls.check_hostname and self.tls.verify_mode is ssl.CERT_REQUIRED):
            raise ValueError("IMAP needs a checked certificate")
        if self.tls and self.tls.minimum_version not in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            raise ValueError("TLS for mail must be 1.2 or newer")
        if not 0 < self.idle < 29 * 60:
            raise ValueError("IDLE must be renewed within 29 minutes (RFC 2177)")


class Session:
    """One connection; not to be shared between threads. `tick` is called several times a second while waiting, and ends
    the wait (Stopped) by saying False. Methods raise ImapFailed, after which only `close` is left."""

    def __init__(self, settings: ImapSettings, *, tick: Callable[[], bool] = lambda: True) -> None:
        self.settings = settings
        self.news = False  # the server has said that the number of mails is another
        self.capabilities: frozenset[bytes] = frozenset()
        self._tick = tick
        self._wire: Wire | None = None

    def open(self) -> None:
        """Connect, encrypt and log in."""
        sock = self._connect()
        self._wire = Wire(sock, timeout=self.settings.timeout, total=self.settings.total, tick=self._tick)
        if self.settings.security == "tls":
            self._secure()
        greeting = self.next()
        if greeting.name != b"OK":  # BYE, or PREAUTH: whom would it have authenticated?
            raise ImapFailed("bye" if greeting.name == b"BYE" else "protocol", permanent=False)
        self._ask_capabilities()
        if self.settings.security == "starttls":
            if b"STARTTLS" not in self.capabilities:
                raise ImapFailed("no_starttls", permanent=False)
            if self.do(b"STARTTLS").name != b"OK":
                raise ImapFailed("no_starttls", permanent=False)
            self._secure()
            self._ask_capabilities()  # what was said in the clear may have been anybody's
        self._log_in()
        self._ask_capabilities()
        if b"ID" in self.capabilities:
            self.do(b'ID ("name" "Trustdesk")')  # RFC 2971; some providers open no folder for a client without a name

    def close(self) -> None:
        """Hang up."""
        if self._wire:
            self._wire.close()
            self._wire = None

    # One command.

    def do(self, line: bytes, note: Callable[[Response], None] | None = None, *, largest: int = 100_000) -> Response:
        """Send a command, hand every response to `note`, and return the tagged one."""
        tag = self.wire.command(line)
        while (response := self.next(largest=largest)).tag != tag:
            if note:
                note(response)
        return response

    def next(self, *, largest: int = 100_000) -> Response:
        """Return the next response."""
        response = self.wire.response(largest=largest)
        self._note(response)
        return response

    def _note(self, response: Response) -> None:
        if response.name == b"BYE":
            raise ImapFailed("bye", permanent=False)
        if response.name == b"EXISTS":
            self.news = True

    @property
    def wire(self) -> Wire:
        """Return the open connection."""
        if not self._wire:
            raise ImapFailed("cut", permanent=False)
        return self._wire

    # Coming in.

    def _connect(self) -> socket.socket:
        timeout = min(self.settings.timeout, 15.0)
        try:
            return self.settings.guard.connect(self.settings.host, self.settings.port, timeout=timeout)
        except AddressRefused as refusal:
            raise ImapFailed(refusal.reason, permanent=True) from None
        except TimeoutError:
            raise ImapFailed("timeout", permanent=False) from None
        except socket.gaierror:
            raise ImapFailed("dns", permanent=False) from None
        except OSError:
            raise ImapFailed("connect", permanent=False) from None

    def _secure(self) -> None:
        try:
            self.wire.secure(self.settings.tls or verified_tls(), self.settings.host)
        except ssl.SSLCertVerificationError:
            raise ImapFailed("certificate", permanent=False) from None
        except TimeoutError:
            raise ImapFailed("timeout", permanent=False) from None
        except ssl.SSLError:
            raise ImapFailed("tls", permanent=False) from None
        except OSError:
            raise ImapFailed("cut", permanent=False) from None

    def _ask_capabilities(self) -> None:
        found: list[bytes] = []

        def note(response: Response) -> None:
            if response.name == b"CAPABILITY":
                found.extend(response.texts[0].upper().split())

        if self.do(b"CAPABILITY", note).name != b"OK":
            raise ImapFailed("protocol", permanent=False)
        self.capabilities = frozenset(found)

    def _log_in(self) -> None:
        settings = self.settings
        if settings.tokens:
            answer = self._authenticate(b"XOAUTH2", self._bearer(settings.tokens, fresh=False))
            if answer.name != b"OK":  # withdrawn before its end
                answer = self._authenticate(b"XOAUTH2", self._bearer(settings.tokens, fresh=True))
        elif b"AUTH=PLAIN" in self.capabilities:
            answer = self._authenticate(b"PLAIN", b"\0%s\0%s" % (settings.user.encode(), settings.password.encode()))
        elif b"LOGINDISABLED" in self.capabilities:
            raise ImapFailed("auth", permanent=True)
        else:
            try:
                answer = self.do(b"LOGIN " + quoted(settings.user) + b" " + quoted(settings.password))
            except UnicodeEncodeError:
                raise ImapFailed("auth", permanent=True) from None
        if answer.name != b"OK":
            later = answer.code in LATER
            raise ImapFailed("later" if later else "auth", permanent=not later)

    def _authenticate(self, mechanism: bytes, secret: bytes) -> Response:
        """Log in by SASL; a challenge after our answer is an error report (RFC 7628, 3.2.3), answered with nothing."""
        wire = self.wire
        tag = wire.command(b"AUTHENTICATE " + mechanism)
        said = [base64.b64encode(secret), b""]
        while (response := self.next()).tag != tag:
            if response.tag == b"+":
                if not said:
                    raise ImapFailed("protocol", permanent=False)
                wire.send(said.pop(0) + b"\r\n")
        return response

    def _bearer(self, tokens: Tokens, *, fresh: bool) -> bytes:
        """Write the initial response of XOAUTH2 (https://developers.google.com/workspace/gmail/imap/xoauth2-protocol)."""
        try:
            token = tokens.token(fresh=fresh)
        except OAuthFailed as failure:
            raise ImapFailed(failure.reason, permanent=failure.permanent) from None
        return f"user={self.settings.user}\x01auth=Bearer {token}\x01\x01".encode()
