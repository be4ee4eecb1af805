"""From the exchange's signed session to a visitor."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from django.conf import settings

from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.exchange import sessions
from trustdesk.exchange.sessions import SessionRefused

__all__ = ["SessionRefused", "visitor"]


def visitor(signed: str, *, now: datetime) -> Visitor:
    """Verify a session token the exchange signed; raises SessionRefused when it is not genuine, fresh and meant for us."""
    session = sessions.verify(
        signed, keys=_keys(settings.EXCHANGE_SESSION_KEY), audience=settings.EXCHANGE_AUDIENCE, now=now
    )
    return visitors.identified(uid=session.uid, mail=session.mail, now=now)


_keys = cache(sessions.read_keys)
