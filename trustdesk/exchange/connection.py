"""Choose the exchange to talk to: a real one over REST, or the invented one of the demo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from trustdesk.exchange.contract import Exchange
from trustdesk.exchange.demo import DemoExchange, Mailer
from trustdesk.exchange.rest import RestExchange, RestSettings
from trustdesk.seams import clock


@dataclass(frozen=True)
class ExchangeSettings:
    """How to reach the exchange. With a `url`, the real one: `key_id` and `secret` sign our requests. Without, the
    demo exchange, which signs its challenges with `secret` and hands its mails to `mailer`."""

    url: str = ""
    secret: str = field(default="", repr=False)
    key_id: str = "trustdesk"
    mailer: Mailer | None = None
    clock: Callable[[], datetime] = clock.now


def connect(settings: ExchangeSettings) -> Exchange:
    """Return the exchange the settings name; raises ValueError or AddressRefused when they cannot be meant."""
    if settings.url:
        rest = RestSettings(base_url=settings.url, key_id=settings.key_id, secret=settings.secret)
        return RestExchange(rest, clock=settings.clock)
    if settings.mailer is None:
        raise ValueError("the demo exchange needs somebody to carry its mail")
    return DemoExchange(secret=settings.secret, mailer=settings.mailer, clock=settings.clock)
