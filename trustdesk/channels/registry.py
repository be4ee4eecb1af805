"""Which channels there are, and how each is set up. The only importer of adapters."""

from __future__ import annotations

from functools import cache, lru_cache, partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from trustdesk.channels import mailbox, providers
from trustdesk.channels.adapters.chat import Chat
from trustdesk.channels.adapters.email import Email, Transport
from trustdesk.channels.adapters.email.confined import Pool
from trustdesk.channels.adapters.email.letter import Letter
from trustdesk.channels.adapters.email.parsing import Unreadable as MailUnreadable
from trustdesk.channels.contract import Channel
from trustdesk.net import mail
from trustdesk.net.addresses import Guard, is_loopback
from trustdesk.net.dkim import DkimKey

__all__ = ["CHANNELS", "Letter", "MailUnreadable", "channel", "mail_pool", "transport"]

CHANNELS: dict[str, type[Channel]] = {each.kind: each for each in (Chat, Email)}


def channel(kind: str, *, address: str = "") -> Channel:
    """Return the channel of this kind, sending as `address` if it has such; raises KeyError for an unknown kind."""
    found = CHANNELS[kind]
    if found is Email:
        sender = address or settings.DEFAULT_FROM_EMAIL
        return Email(transport=transport(settings.MAIL), sender=sender, name=settings.EXCHANGE_NAME)
    return found()


@cache
def mail_pool() -> Pool:
    """Return the confined processes of this one that read mail; they start with the first mail."""
    return Pool(size=2)


def transport(where: str) -> Transport:
    """Read where mail leaves: `folder:/path`, `smtp://user:password@host:587` (STARTTLS; plain on loopback),
    `smtps://…:465` or `anymail+provider://?setting=…`; raises ValueError. Blank refuses every message for now, so that it
    waits until there is one. By SMTP it leaves signed, if there is a key (MAIL_DKIM_KEY); a provider signs by itself.
    """
    return _transport(where, settings.MAIL_DKIM)


@lru_cache(maxsize=4)
def _transport(where: str, dkim: DkimKey | None) -> Transport:
    if not where:
        return _nowhere
    folder = where.removeprefix("folder:")
    if folder and folder != where:
        return partial(mailbox.deliver, folder=Path(unquote(folder)))
    if where.startswith(providers.SCHEME):
        return providers.transport(where)
    parts = urlsplit(where)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("the address of the mail server is neither folder:/path nor smtp(s)://host")
    tls = parts.scheme == "smtps"
    smtp = mail.SmtpSettings(
        host=parts.hostname,
        port=parts.port or (465 if tls else 587),
        security="tls" if tls else "plain" if is_loopback(parts.hostname) else "starttls",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        # The operator names this one server; it usually stands inside his own network.
        guard=Guard.allowing(parts.hostname),
    )
    return partial(mail.send, smtp=smtp, dkim=dkim)


def _nowhere(message: object, *, envelope_sender: str | None = None) -> None:
    raise mail.MailFailed("no_mail_server", permanent=False)
