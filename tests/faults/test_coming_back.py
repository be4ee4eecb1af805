"""Clients come back: from a position that never was, to another history, after losing acks, and all at once.

F-06, F-18, F-19, F-21, F-26.
"""

from __future__ import annotations

import asyncio
import math
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.faults.conftest import Server, all_settled, chatter, connected, group
from tests.faults.proxy import Proxy
from tests.faults.scale import hard
from tests.live.checker import check
from tests.live.client import Customer, until
from tests.processes import ROOT

pytestmark = pytest.mark.faults
# Strict where a machine is given to it alone; a busy one may be slow, and nothing may be lost.
BACK = hard(15.0, 5.0)  # seconds from a restart until 99 of 100 are let in again
STATISTICS = 1.5  # seconds until the database has counted what it did
SERVED = hard(6.0, 2.0)  # seconds in which 99 of 100 messages of those who stayed are acknowledged


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """Allow thousands of sockets in this process."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))


def test_a_position_ahead_and_another_epoch_end_in_an_explicit_reset(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)
    customers = group(3, serving.port, dice)
    [ahead, *_] = customers

    async def scenario() -> None:
        async with connected(customers):
            for customer in customers:
                customer.say()
                customer.say("it is 0.5 ETH")
            await all_settled(customers)
            shown = dict(ahead.entries)
            # On this connection.
            await ahead.send({"t": "resume", "after": ahead.position + 7, "epoch": ahead.epoch})
            assert await until(lambda: ahead.resets == ["ahead"], 5)
            assert await until(lambda: ahead.entries.keys() == shown.keys(), 5)
            # On a new one.
            ahead.position += 1000
            ahead.drop()
            assert await until(lambda: ahead.resets == ["ahead", "ahead"], 10)
            assert await until(lambda: ahead.entries.keys() == shown.keys(), 5)
            # A position that is not behind is answered too, with nothing.
            before = ahead.position
            await ahead.send({"t": "resume", "after": 0, "epoch": ahead.epoch})
            await ahead.send({"t": "resume", "after": before, "epoch": ahead.epoch})
            await ahead.send({"t": "resume", "after": 1, "epoch": "of another database"})
            assert await until(lambda: ahead.resets == ["ahead", "ahead", "epoch"], 5)
            await check(url, customers)

            # A restored backup: the server is told while everybody is connected.
            epochs = {customer.epoch for customer in customers}
            await asyncio.to_thread(new_epoch, url)
            assert await until(lambda: all(customer.resets[-1:] == ["epoch"] for customer in customers[1:]), 15)
            assert await until(lambda: all(customer.connected.is_set() for customer in customers), 10)
            assert all(customer.closes[-1] == 1012 for customer in customers)
            assert {customer.epoch for customer in customers}.isdisjoint(epochs)
            await check(url, customers)

    asyncio.run(scenario())


def new_epoch(url: str) -> None:
    """Run the command that follows a restore."""
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "new_epoch"],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "trustdesk.config.settings"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )


def test_a_thousand_first_acks_lost_make_a_thousand_rows(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)
    customers = group(20, serving.port, dice)
    for customer in customers:
        customer.deaf = True

    async def scenario() -> None:
        async with connected(customers):
            for _ in range(50):
                for customer in customers:
                    customer.say()
                await asyncio.sleep(0.05)
            await all_settled(customers)
            assert sum(len(customer.operations) for customer in customers) == 1000
            await check(url, customers)

    asyncio.run(scenario())


def test_a_case_closed_meanwhile_is_not_opened_again_by_a_message_sent_again(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)
    customers = group(1, serving.port, dice)
    [customer] = customers

    async def scenario() -> None:
        async with connected(customers):
            identity = customer.say()
            await customer.settled()
            case = customer.case
            await customer.send({"t": "end"})
            assert await until(lambda: "ended_by_customer" in events(customer), 5)
            repeated = {"t": "send", "id": identity, "text": customer.operations[identity].text}
            await customer.send(repeated)
            await asyncio.sleep(1)
            assert customer.case == case
            assert customer.operations[identity].case == case
            await check(url, customers)  # an empty case would be a phantom

    asyncio.run(scenario())


def events(customer: Customer) -> list[str]:
    """List the events a window shows."""
    return [entry["event"] for entry in customer.entries.values() if entry.get("event")]


def test_a_rolling_restart_says_1012_and_everybody_is_soon_back_at_the_other_server(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    one, other = server(url), server(url)
    gaps: list[float] = []

    async def leave(going: Server, theirs: list[Customer]) -> None:
        """Stop one server and wait until its customers are let in at the other one."""
        before = {customer.name: len(customer.connects) for customer in theirs}
        stopped_at = time.monotonic()
        code = await asyncio.to_thread(lambda: going.process and going.process.stop())
        assert code in (0, -signal.SIGTERM), going.log[-2000:]  # it ends by the signal it was sent
        assert await until(lambda: all(len(customer.connects) > before[customer.name] for customer in theirs), 30)
        back = [customer.connects[-1] for customer in theirs]
        spread(back, at_least=0.5)
        gaps.extend(at - stopped_at for at in back)

    async def scenario(door: Proxy) -> None:
        customers = group(hard(300, 2000), door.port, dice, wait=(0.5, 3.0))
        early, late = customers[::2], customers[1::2]
        async with connected(early):
            door.to_port = other.port
            async with connected(late):
                load = asyncio.create_task(chatter(customers[:40], dice, seconds=hard(8, 15), rate=60))
                await leave(one, early)
                await asyncio.to_thread(one.start)
                door.to_port = one.port
                await leave(other, customers)
                await load
                await all_settled(customers)
                await check(url, customers)
        assert {code for customer in customers for code in customer.closes} == {1012}

    with Proxy(one.port) as door:
        asyncio.run(scenario(door))
    assert sorted(gaps)[len(gaps) * 99 // 100] <= BACK


def test_when_thousands_of_sockets_drop_at_once_all_are_back_and_who_stayed_is_served(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)
    talking = group(20, serving.port, dice, name="stays")
    customers = group(hard(1000, 5000), serving.port, dice, wait=(0.5, 3.0))
    active, idle = customers[:50], customers[50:]
    rates: dict[str, float] = {}

    async def scenario() -> None:
        async with connected(talking), connected(customers):
            before = transactions(url)
            await chatter([*talking, *active], dice, seconds=4, rate=60)
            await asyncio.sleep(STATISTICS)
            rates["steady"] = (transactions(url) - before) / (4 + STATISTICS)
            for one in idle:
                one.talked_at = -math.inf
            storm = asyncio.create_task(chatter([*talking, *active], dice, seconds=3, rate=60))
            await asyncio.sleep(1)
            before, dropped_at = transactions(url), time.monotonic()
            for customer in customers:
                customer.drop()
            await storm
            while any(customer.connects[-1] < dropped_at for customer in customers):
                assert time.monotonic() - dropped_at < 90
                await chatter(talking, dice, seconds=0.5, rate=60)
            took = time.monotonic() - dropped_at
            await asyncio.sleep(STATISTICS)
            rates["storm"] = (transactions(url) - before) / (took + STATISTICS)
            await all_settled([*talking, *customers])
            await check(url, [*talking, *customers])
            waits = [
                said.acked_at - said.invoked_at
                for one in talking
                for said in one.operations.values()
                if said.acked_at and said.invoked_at > dropped_at
            ]
            assert sorted(waits)[len(waits) * 99 // 100] <= SERVED
            assert not any(one.closes for one in talking)
            assert max(one.connects[-1] for one in active) - dropped_at < BACK, "who was talking does not wait for the idle"

    asyncio.run(scenario())
    back = sorted(customer.connects[-1] for customer in customers)
    assert back[-1] - back[0] >= hard(5, 30)
    spread(back, at_least=hard(2, 8))
    assert rates["storm"] <= hard(6, 3) * rates["steady"], rates


def transactions(url: str) -> int:
    """Count the transactions of this database up to now; the server adds them up about once a second."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()").fetchone()
        assert row is not None
        return int(row[0])


def spread(times: list[float], *, at_least: float) -> None:
    """Check that these moments do not fall together: the middle half of them takes `at_least` seconds."""
    ordered = sorted(times)
    assert ordered[len(ordered) * 3 // 4] - ordered[len(ordered) // 4] >= at_least
