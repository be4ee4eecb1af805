"""Mail that other servers bring: our SMTP receiver, in front of `post`."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re

from trustdesk.channels import addresses, post
from trustdesk.channels.listening import Listen
from trustdesk.net import smtp_server
from trustdesk.net.addresses import Network
from trustdesk.net.smtp_limits import contains
from trustdesk.net.smtp_server import Envelope, Receiver, Refused, TryLater
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.realtime.threads import DatabaseThreads

MOST_BYTES = 25 * 1024 * 1024 * 4 // 3  # 25 MB of files, in base64
REREAD = 3.0  # seconds between two looks at which addresses are ours

# Return-Path and Received, which the receiver puts above what came.
_TRACE = re.compile(rb"\AReturn-Path:[^\r\n]*\r\nReceived:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")

log = logging.getLogger(__name__)


class Mailroom:
    """The receiver of this process. A sender hears 250 once his mail is stored, and 451 while it cannot be."""

    def __init__(self, where: Listen) -> None:
        """Read the certificate; raises OSError."""
        tls = (
            smtp_server.server_tls(certificate=where.certificate, key=where.key)
            if where.certificate and where.key
            else None
        )
        self._where = where
        self._threads = DatabaseThreads(1, name="mail-addresses")
        self._ours = False  # whether our addresses could be read yet
        self.receiver = Receiver(
            take=self._take, accepts=self._accepts, hostname=where.name, tls=tls, max_bytes=MOST_BYTES,
            limits=smtp_server.Limits(trusted=where.trusted),
        )

    async def start(self) -> int:
        """Listen; return the port. Raises OSError, and a database error where our addresses cannot be read."""
        await self._threads(addresses.ours)
        self._ours = True
        self._reading = asyncio.create_task(self._keep_reading())
        return await self.receiver.start(host=self._where.host, port=self._where.port)

    async def stop(self) -> None:
        """Finish what is being received."""
        await self.receiver.stop()
        self._reading.cancel()

    async def _keep_reading(self) -> None:
        """Read our addresses anew, again and again: the receiver must not wait for the database to be told them."""
        while True:
            await asyncio.sleep(REREAD)
            try:
                await self._threads(addresses.reread)
            except Exception as error:  # noqa: BLE001  the addresses known so far stay; the next round comes
                log.warning("mail addresses could not be read: %s", type(error).__name__)

    def _accepts(self, recipient: str) -> bool:
        return addresses.route(recipient) is not None

    async def _take(self, envelope: Envelope) -> None:
        """Store one mail for each of our addresses that it went to; raises TryLater while that does not work."""
        by_inbox: dict[int, list[str]] = {}
        for recipient in envelope.recipients:
            route = addresses.route(recipient)
            if route is not None:
                by_inbox.setdefault(route.ours.inbox_id, []).append(recipient)
        if not by_inbox:
            raise Refused(550)
        try:
            await asyncio.gather(*(post.put(_raw(envelope, inbox, names, self._where.trusted)) for inbox, names in by_inbox.items()))
        except Unavailable as unavailable:
            raise TryLater from unavailable


def _raw(envelope: Envelope, inbox: int, recipients: list[str], trusted: tuple[Network, ...]) -> post.Raw:
    # A sender that did not hear our 250 brings the same bytes again, to the same addresses: below our own trace fields.
    content = _TRACE.sub(b"", envelope.content, count=1)
    name = "\x1f".join([envelope.mail_from, *sorted(recipients), post.moment(content, envelope.received_at)]).encode()
    return post.Raw(
        inbox_id=inbox,
        kind="mail",
        source=f"smtp:{hashlib.sha256(name + content).hexdigest()}",
        content=envelope.content,
        envelope={
            "sender": envelope.mail_from,
            "recipients": recipients,
            "ip": envelope.ip,
            "helo": envelope.helo,
            "trusted": contains(trusted, envelope.ip),
        },
        received_at=envelope.received_at,
    )
