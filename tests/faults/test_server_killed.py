"""The serving process dies in the middle of things (F-01, F-02)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.faults.conftest import Server, all_settled, chatter, connected, group
from tests.faults.scale import hard
from tests.live.checker import check
from tests.processes import Process

pytestmark = pytest.mark.faults
KILLED = 137


def test_kill_9_during_load_loses_and_doubles_nothing(
    clone_database: Callable[[], str],
    server: Callable[..., Server],
    live_server_process: Callable[..., Process],
    dice: random.Random,
) -> None:
    url = clone_database()
    serving = server(url)
    worker = live_server_process(url=url, command=("worker",))
    customers = group(hard(20, 500), serving.port, dice)

    async def scenario() -> None:
        async with connected(customers):
            for _ in range(hard(3, 20)):
                load = asyncio.create_task(chatter(customers, dice, seconds=2.5, rate=hard(100, 200)))
                await asyncio.sleep(dice.uniform(0.3, 1.2))
                await asyncio.to_thread(serving.kill)
                worker.kill()
                await asyncio.to_thread(serving.start)
                await load
            await all_settled(customers)
            await check(url, customers)

    asyncio.run(scenario())
    assert all(len(customer.connects) >= 2 for customer in customers)


def test_a_crash_between_commit_and_ack_leaves_one_row_and_the_retry_gets_its_seq(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url, TRUSTDESK_FAILPOINTS="after_commit=crash")
    customers = group(1, serving.port, dice)

    async def scenario() -> None:
        async with connected(customers):
            identity = customers[0].say()
            assert await asyncio.to_thread(lambda: serving.process and serving.process.wait()) == KILLED
            assert customers[0].operations[identity].acked_at is None
            await asyncio.to_thread(lambda: serving.start(TRUSTDESK_FAILPOINTS="after_commit=crash@0.03"))
            await customers[0].settled()
            assert customers[0].operations[identity].seq == 1
            # Now at random, with more than one message in a batch.
            customers.extend(group(10, serving.port, dice, name="later"))
            async with connected(customers[1:]):
                crashes = 0
                load = asyncio.create_task(chatter(customers, dice, seconds=6, rate=60))
                while not load.done() or (serving.process and serving.process.popen.poll() is not None):
                    if serving.process and serving.process.popen.poll() is not None:
                        crashes += 1
                        # A third crash is enough: from then on it lives.
                        spec = "after_commit=crash@0.03" if crashes < 3 else ""
                        await asyncio.to_thread(lambda: serving.start(TRUSTDESK_FAILPOINTS=spec))  # noqa: B023
                    await asyncio.sleep(0.05)
                await all_settled(customers)
                await check(url, customers)
                assert crashes >= 1

    asyncio.run(scenario())
