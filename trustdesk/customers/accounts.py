"""The customer's account at the exchange, through the one configured connection."""

from __future__ import annotations

import functools

from django.conf import settings

from trustdesk.channels import registry
from trustdesk.exchange.connection import ExchangeSettings, connect
from trustdesk.exchange.contract import Account, Exchange


@functools.cache
def exchange() -> Exchange:
    """Return the connection to the exchange that the settings name."""
    if settings.EXCHANGE_URL:
        return connect(ExchangeSettings(url=settings.EXCHANGE_URL, secret=settings.EXCHANGE_TOKEN))
    return connect(ExchangeSettings(secret=settings.SECRET_KEY, mailer=registry.transport(settings.MAIL)))


def find(claim: str) -> Account | None:
    """Find the account that somebody calls his by UID, mail address or phone number; None when there is none.

    Finding proves nothing. Raises ExchangeUnavailable or ExchangeRefused.
    """
    claim = claim.strip()
    kind = "mail" if "@" in claim else "phone" if claim.startswith("+") else "uid"
    try:
        return exchange().find(**{kind: claim})
    except ValueError:  # nonsense, or nothing
        return None
