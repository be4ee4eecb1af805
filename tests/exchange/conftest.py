"""Both exchanges, the demo one directly and through the REST API, with a clock the tests move and a mailbox they
read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from tests.exchange.server import KEYS, PREFIX, exchange_server
from tests.exchange.server import Exchange as Server
from trustdesk.exchange.contract import Exchange
from trustdesk.exchange.demo import DemoExchange
from trustdesk.exchange.rest import RestExchange, RestSettings
from trustdesk.net.addresses import Guard
from trustdesk.net.http import Http, Limits


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 2, 12, 0, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class World:
    """One exchange under test and what surrounds it."""

    exchange: Exchange
    clock: Clock
    mails: list[EmailMessage] = field(default_factory=list)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mails() -> list[EmailMessage]:
    return []


@pytest.fixture
def demo(clock: Clock, mails: list[EmailMessage]) -> DemoExchange:
    return DemoExchange(secret="demo-secret", mailer=mails.append, clock=clock)


@pytest.fixture
def server(demo: DemoExchange, clock: Clock) -> Server:
    return Server(demo, clock=clock)


@pytest.fixture
def rest(server: Server, clock: Clock) -> Iterator[RestExchange]:
    with exchange_server(server) as http:
        settings = RestSettings(
            base_url=f"http://127.0.0.1:{http.port}{PREFIX}", key_id="trustdesk", secret=KEYS["trustdesk"]
        )
        guard = Guard.allowing(f"127.0.0.1:{http.port}")
        limits = Limits(connect=1, read=1, total=3, attempts=2, backoff=0.01, max_bytes=100_000)
        client = Http(guard=guard, limits=limits)
        yield RestExchange(settings, clock=clock, http=client)
        client.close()


@pytest.fixture(params=["demo", "rest"])
def world(request: pytest.FixtureRequest, clock: Clock, mails: list[EmailMessage]) -> World:
    exchange: Exchange = request.getfixturevalue(request.param)
    return World(exchange=exchange, clock=clock, mails=mails)
