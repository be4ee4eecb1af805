"""Between client and server: silence, delay, and loss (F-23, F-24)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import Server, all_settled, chatter, connected, group
from tests.faults.proxy import Proxy
from tests.faults.scale import hard
from tests.live.checker import check
from tests.live.client import SILENCE, Customer, until

pytestmark = pytest.mark.faults
GONE = 60.0  # seconds until the server has closed a socket whose client fell silent
SETTLED = hard(30.0, 120.0)


def test_half_open_delayed_and_broken_connections(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)

    async def delayed() -> None:
        late = hard(0.3, 2.0)  # seconds, more or less
        bad = Proxy(serving.port, latency=late, jitter=late, rate=20_000, loss=0.05, seed=dice.randrange(2**32))
        with bad as line:
            customers = group(10, line.port, dice, name="slow")
            async with connected(customers):
                await chatter(customers, dice, seconds=5, rate=hard(30, 10))
                await all_settled(customers, SETTLED)
                for customer in customers:  # whatever was on the way at once kept its order
                    seqs = [one.seq for one in customer.operations.values()]
                    assert seqs == sorted(seqs)
                load = asyncio.create_task(chatter(customers, dice, seconds=8, rate=hard(30, 10)))
                while not load.done():
                    await asyncio.sleep(dice.uniform(0.5, 2.5))
                    await asyncio.to_thread(line.cut)
                await load
                await all_settled(customers, SETTLED)
                await check(url, [*customers, *known])

    async def half_open() -> None:
        with Proxy(serving.port) as line:
            [customer] = known[:] = group(1, line.port, dice, name="silent")
            async with connected([customer]):
                customer.say()
                await customer.settled()
                silent_from = time.monotonic()
                await asyncio.to_thread(line.forget)
                customer.say("are you still there?")
                others = asyncio.create_task(delayed())
                assert await until(lambda: len(customer.connects) == 2, SILENCE + 5)
                await customer.settled()
                assert await until(lambda: bool(line.far_closed()), GONE - (time.monotonic() - silent_from), every=0.2)
                await others
        assert customer.closes == [0]  # it gave up by itself

    known: list[Customer] = []
    asyncio.run(half_open())
