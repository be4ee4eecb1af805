"""The way in for mail: an SMTP receiver (RFC 5321) that takes mail for us, and nothing else.

It never relays, knows no accounts, and says 250 only after whoever started it has stored the message. A message ends at
CRLF.CRLF and at nothing that looks like it (VU#302671), so what one server in front of us took for one mail is one mail
here too. Every client is bounded: in memory, in time, in number. Logs hold ids and codes, never addresses or text."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from trustdesk.net.smtp_limits import Gate, Limits
from trustdesk.net.smtp_session import HOST_NAME, Envelope, Session

__all__ = ["Envelope", "Limits", "Receiver", "Refused", "TryLater", "server_tls"]

log = logging.getLogger(__name__)


class TryLater(Exception):
    """Raised by `take`: the message could not be stored now. The sender hears 451 and comes back."""


class Refused(Exception):
    """Raised by `take`: the message is not wanted, now or ever. `code` is what the sender hears, 550 to 554."""

    def __init__(self, code: int = 554) -> None:
        if not 550 <= code <= 554:
            raise ValueError(f"{code} does not refuse a message")
        super().__init__(str(code))
        self.code = code


Take = Callable[[Envelope], Awaitable[None]]


def server_tls(*, certificate: Path, key: Path) -> ssl.SSLContext:
    """Make the settings for STARTTLS from a certificate chain and its key (PEM files): TLS 1.2 or newer. Raises OSError
    (ssl.SSLError among them)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


class Receiver:
    """Takes mail on one event loop. `take` stores one message and returns when it is committed; it may raise TryLater
    or Refused, and any other error counts as TryLater. It must stand a second call with the same message: a sender
    that did not hear our 250 comes again. It is finished even when the client has gone. `accepts` says whether a
    recipient is ours; it is called on the loop and must not wait."""

    def __init__(
        self,
        *,
        take: Take,
        accepts: Callable[[str], bool],
        hostname: str,
        tls: ssl.SSLContext | None = None,
        max_bytes: int = 25_000_000,
        limits: Limits | None = None,
    ) -> None:
        """`hostname` greets and stands in Received; `max_bytes` bounds one message. Raises ValueError for a host name
        that is none, or TLS settings that allow less than 1.2."""
        if not HOST_NAME.fullmatch(hostname):
            raise ValueError(f"not a host name: {hostname!r}")
        if tls and tls.minimum_version not in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            raise ValueError("TLS for mail must be 1.2 or newer")
        self.accepts = accepts
        self.hostname = hostname
        self.tls = tls
        self.max_bytes = max_bytes
        self.limits = limits or Limits()
        self.gate = Gate(self.limits)
        self.sessions: set[Session] = set()
        self.stopping = False
        self._take = take
        self._storing: set[asyncio.Task[str]] = set()
        self._empty = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Session(self, loop), host, port, backlog=128)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self, *, grace: float = 30.0) -> None:
        """Stop listening, tell clients 421, and give messages in progress up to `grace` seconds to be finished and
        answered."""
        self.stopping = True
        self._empty.clear()
        if self._server:
            self._server.close()
        for session in list(self.sessions):
            session.finish()
        try:
            async with asyncio.timeout(grace):
                if self.sessions:
                    await self._empty.wait()
                if self._storing:  # for clients that have left meanwhile
                    await asyncio.wait(self._storing)
        except TimeoutError:
            log.warning("SMTP receiver stopped in the middle of %d connections", len(self.sessions))
        for session in list(self.sessions):
            session.abort()

    def gone(self, session: Session) -> None:
        """Forget a session that has ended."""
        self.sessions.discard(session)
        if not self.sessions:
            self._empty.set()

    def store(self, envelope: Envelope) -> asyncio.Task[str]:
        """Hand a message over, in a task that outlives its connection; its result is the reply."""
        task = asyncio.create_task(self._store(envelope))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)
        return task

    async def _store(self, envelope: Envelope) -> str:
        try:
            async with asyncio.timeout(self.limits.storing):
                await self._take(envelope)
        except Refused as refused:
            log.info("mail %s refused: %s", envelope.id, refused.code)
            return f"{refused.code} 5.7.1 Message refused ({envelope.id})"
        except TryLater:
            log.info("mail %s put off", envelope.id)
        except Exception as error:  # noqa: BLE001  whatever it was, the sender keeps the mail; its text may hold mail
            log.warning("mail %s not stored: %s", envelope.id, type(error).__name__)
        else:
            return f"250 2.0.0 Taken as {envelope.id}"
        return f"451 4.3.0 Not stored, try again later ({envelope.id})"
