"""PostgreSQL is killed, locked, overcrowded, or unreachable (F-08, F-12, F-22)."""

from __future__ import annotations

import asyncio
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.faults.conftest import Server, all_settled, chatter, connected, group, kill_postgres
from tests.faults.proxy import Proxy
from tests.faults.scale import hard
from tests.live.checker import check
from tests.live.client import Customer, until
from trustdesk.config import database
from trustdesk.config.embedded import EmbeddedServer

pytestmark = pytest.mark.faults
HEAL = 30.0  # seconds in which a server works again after its database came back
PROMPT = 3.5  # seconds until a message that cannot be stored is refused


def fetch(port: int, path: str, *, accept: str = "text/html", language: str = "en") -> tuple[int, dict[str, str], str]:
    """Get a page; returns status, headers and body."""
    # With a session to look up, so that a page that asks for it needs the database.
    headers = {"Accept": accept, "Accept-Language": language, "Cookie": "trustdesk=0123456789abcdef0123456789abcdef"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, _names_lower(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _names_lower(error.headers), error.read().decode()


def _names_lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def refused_after(customer: Customer, identity: str) -> float:
    """Return the seconds until a message was first answered `unavailable`; raise AssertionError if it never was."""
    times = [at for code, about, at in customer.errors if code == "unavailable" and about == identity]
    assert times, f"{identity} was not refused: {customer.errors}"
    return times[0] - customer.operations[identity].invoked_at


def test_postgres_killed_during_load_keeps_every_acknowledged_row_and_the_server_heals(
    mortal: EmbeddedServer, clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)
    customers = group(20, serving.port, dice)

    async def scenario() -> None:
        async with connected(customers):
            for down in hard((1.0, 6.0), (1.0, 6.0) * 5):
                load = asyncio.create_task(chatter(customers, dice, seconds=down + 2, rate=80))
                await asyncio.sleep(1)
                await asyncio.to_thread(kill_postgres, mortal)
                await asyncio.sleep(down)
                late = customers[0].say()
                # While it is away: pages say so, politely, in two languages, and to programs.
                if down > 3:
                    status, headers, body = await asyncio.to_thread(fetch, serving.port, "/staff/")
                    assert (status, "retry-after" in headers) == (503, True), body[:300]
                    status, _, body = await asyncio.to_thread(fetch, serving.port, "/health/ready")
                    assert status == 503
                    status, headers, body = await asyncio.to_thread(fetch, serving.port, "/chat/")
                    assert status == 200  # the chat page itself needs no database
                    await until(lambda: any(about == late for _, about, _ in customers[0].errors), 5)  # noqa: B023
                    assert refused_after(customers[0], late) < PROMPT
                await asyncio.to_thread(mortal.start)
                back_at = time.monotonic()
                await load
                await all_settled(customers, HEAL)
                assert time.monotonic() - back_at < HEAL
            await check(url, customers)

    asyncio.run(scenario())
    assert serving.process is not None
    assert serving.process.popen.poll() is None


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the table of entries as a careless migration would."""
    with psycopg.connect(url) as link:
        link.execute("LOCK TABLE conversations_entry IN ACCESS EXCLUSIVE MODE")
        yield
        link.rollback()


def test_a_locked_table_and_an_exhausted_pool_are_refused_promptly_and_pass(
    postgres: EmbeddedServer, clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    owner_url = postgres.url(role=database.OWNER, name=url.rsplit("/", 1)[1])
    serving = server(url, WEB_THREADS="2")
    customers = group(12, serving.port, dice)

    async def scenario() -> None:
        async with connected(customers):
            for customer in customers:
                customer.say()
            await all_settled(customers)
            with locked(owner_url):
                locked_at = time.monotonic()
                await chatter(customers, dice, seconds=hard(5, 30), rate=60)
                due = time.monotonic() - PROMPT
                waits = [
                    refused_after(one, name)
                    for one in customers
                    for name, said in one.operations.items()
                    if locked_at < said.invoked_at < due
                ]
                assert waits
                assert max(waits) < PROMPT
                assert not [
                    said for one in customers for said in one.operations.values() if (said.acked_at or 0) > locked_at
                ]
            released_at = time.monotonic()
            await all_settled(customers, 10)
            assert time.monotonic() - released_at < 10

            # All connections of the role are taken by somebody else: whoever needs a new one is refused.
            with crowded(postgres, url):
                first = customers[0]
                name = first.say()
                status, headers, body = await asyncio.to_thread(fetch, serving.port, "/staff/")
                assert status == 503, (status, body[:300])
                assert int(headers["retry-after"]) > 0
                assert "Try again" in body
                status, _, body = await asyncio.to_thread(fetch, serving.port, "/staff/", accept="*/*")
                assert (status, '"unavailable"' in body) == (503, True)
                await until(lambda: bool(first.errors) and any(e[1] == name for e in first.errors), 5)
                assert refused_after(first, name) < PROMPT
            await all_settled(customers, 10)
            status, _, _ = await asyncio.to_thread(fetch, serving.port, "/staff/")
            assert status == 200
            await check(url, customers)

    asyncio.run(scenario())


@contextmanager
def crowded(postgres: EmbeddedServer, url: str) -> Iterator[None]:
    """Let the role have no connection at all: those it has are ended, and no new one is let in."""
    role = psycopg.sql.Identifier(database.APPLICATION)
    name = url.rsplit("/", 1)[1]
    with psycopg.connect(postgres.url(role=database.SUPERUSER, name="postgres"), autocommit=True) as link:
        link.execute(psycopg.sql.SQL("ALTER ROLE {} CONNECTION LIMIT 0").format(role))
        try:
            link.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            link.execute(psycopg.sql.SQL("ALTER ROLE {} CONNECTION LIMIT -1").format(role))


@pytest.mark.parametrize("fault", ["pause", "reset", "swallow"])
def test_a_partition_between_server_and_database_acknowledges_nothing_and_doubles_nothing(
    fault: str, clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    parts = urlsplit(url)
    with Proxy(parts.port or 0) as proxy:
        serving = server(url.replace(f":{parts.port}/", f":{proxy.port}/"))
        customers = group(10, serving.port, dice)

        async def scenario() -> None:
            async with connected(customers):
                await chatter(customers, dice, seconds=1, rate=80)
                await all_settled(customers)
                load = asyncio.create_task(chatter(customers, dice, seconds=hard(6, 60), rate=60))
                await asyncio.sleep(0.5)
                await asyncio.to_thread(getattr(proxy, fault))
                await asyncio.sleep(0.3)  # what was committed before may still be on its way to the customer
                cut_at = time.monotonic()
                probe = customers[0].say()
                await load
                healed_at = time.monotonic()
                await asyncio.to_thread(proxy.heal)
                inside = [
                    said.text for one in customers for said in one.operations.values()
                    if said.acked_at and cut_at < said.acked_at < healed_at
                ]  # fmt: skip
                assert inside == []
                assert refused_after(customers[0], probe) < PROMPT
                await all_settled(customers, HEAL)
                await check(url, customers)

        asyncio.run(scenario())
