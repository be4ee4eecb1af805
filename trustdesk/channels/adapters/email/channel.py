"""Mail, the way out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from typing import ClassVar

from trustdesk.channels.contract import Channel, Limits, Outbound, SendFailed
from trustdesk.net import mail
from trustdesk.seams import clock

Transport = Callable[[EmailMessage], None]  # hands one message over; raises net.mail.MailFailed


class Email(Channel):
    """One mail address of ours and how mail leaves here."""

    kind: ClassVar[str] = "email"
    label: ClassVar[str] = "E-mail"
    limits: ClassVar[Limits] = Limits(max_text=100_000, files=10, file_bytes=10 * 1024 * 1024)

    def __init__(self, *, transport: Transport, sender: str, name: str = "") -> None:
        self._transport = transport
        self._sender = sender
        self._name = name

    def send(self, message: Outbound) -> str:
        """Mail a plain text; return its Message-ID, which follows from the key alone: a second copy is known as one.

        What no person wrote says so (Auto-Submitted, RFC 3834), so that no out-of-office note answers it.
        """
        try:
            sender = mail.mailbox(self._sender, name=self._name)
            letter = mail.compose(
                sender=sender,
                to=mail.mailbox(message.recipient),
                subject=message.subject,
                text=message.text,
                now=clock.now(),
                message_id=_message_id(message.key, sender),
                headers={"Auto-Submitted": "auto-generated"} if message.automatic else None,
            )
            self._transport(letter)
        except mail.MailFailed as failure:
            raise SendFailed(failure.reason, permanent=failure.permanent) from failure
        return str(letter["Message-ID"])


def _message_id(key: str, sender: Address) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{sender.domain}>"
