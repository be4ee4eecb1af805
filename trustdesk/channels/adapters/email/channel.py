"""Mail, the way out."""

from __future__ import annotations

from email.message import EmailMessage
from typing import ClassVar, Protocol

from trustdesk.channels.contract import Channel, Limits, Outbound, SendFailed
from trustdesk.net import mail
from trustdesk.seams import clock


class Transport(Protocol):
    """Hands one message over; returns the provider's own id for it, if it leaves through one, or raises MailFailed."""

    def __call__(self, message: EmailMessage, *, envelope_sender: str | None = None) -> str | None:
        """Send; `envelope_sender`: where bounces go, "" for nowhere, None for the From address."""


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
        """Mail a text, and the same as HTML if there is such; return the provider's id for it, or its Message-ID.

        The Message-ID is the outbox's, made from our secret: what follows from the key alone could be guessed, and an answer to
        a guessed one would find a case.

        What no person wrote says so (Auto-Submitted, RFC 3834), so that no out-of-office note answers it.
        """
        try:
            sender = mail.mailbox(self._sender, name=self._name)
            letter = mail.compose(
                sender=sender,
                to=mail.mailbox(message.recipient),
                subject=message.subject,
                text=message.text,
                html=message.html,
                now=clock.now(),
                message_id=message.message_id,
                reply_to=mail.mailbox(message.reply_to) if message.reply_to else None,
                in_reply_to=message.in_reply_to,
                references=message.references,
                headers=_headers(message),
            )
            given = self._transport(letter, envelope_sender=message.bounce_to)
        except mail.MailFailed as failure:
            raise SendFailed(failure.reason, permanent=failure.permanent) from failure
        return given or str(letter["Message-ID"])


def _headers(message: Outbound) -> dict[str, str]:
    if not message.automatic:
        return {}
    answers = mail.is_message_id(message.in_reply_to)
    ends = {"List-Unsubscribe": f"<{message.unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return (ends if message.unsubscribe else {}) | {
        "Auto-Submitted": "auto-replied" if answers else "auto-generated",
        "X-Auto-Response-Suppress": "All",  # Exchange reads no Auto-Submitted
    }
