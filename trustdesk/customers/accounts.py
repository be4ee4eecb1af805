"""The customer's account at the exchange, through the one configured connection."""

from __future__ import annotations

import functools

from django.conf import settings

from trustdesk.exchange import contract
from trustdesk.exchange.contract import Account, Exchange


@functools.cache
def exchange() -> Exchange:
    """Return the connection to the exchange that the settings name."""
    return contract.connect(settings.EXCHANGE)


def find(claim: str) -> Account | None:
    """Find the account that somebody calls his by UID, mail address or phone number; None when there is none.

    Finding proves nothing. Raises ExchangeUnavailable or ExchangeRefused.
    """
    claim = claim.strip()
    kind = "mail" if "@" in claim else "phone" if claim.startswith("+") else "uid"
    try:
        return exchange().find(**{kind: claim})
    except ValueError:          # nonsense, or nothing
        return None
