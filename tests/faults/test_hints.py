"""Hints are lost: readers find out by themselves (F-03, F-15)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from tests import world
from tests.faults.clients import answer, window
from tests.faults.conftest import Server, all_settled, chatter, connected, group
from tests.live.checker import check
from tests.live.client import until
from trustdesk.seams import failpoints

pytestmark = pytest.mark.faults
SOON = 5.0  # seconds until what no hint told is seen


def test_when_every_hint_is_lost_all_is_seen_within_five_seconds(
    committed_db: str, server: Callable[..., Server], dice: random.Random
) -> None:
    world.fresh()
    mia = world.agent("Mia", "funds")
    serving = server(committed_db, TRUSTDESK_FAILPOINTS="before_publish=drop")
    [first] = group(1, serving.port, dice)
    failpoints.arm("before_publish=drop")  # this process, which answers, is no way around it either

    async def scenario() -> None:
        async with connected([first]):
            second = window(first, serving.port, name="second")
            async with connected([second]):
                # The other window knows of no case yet: it has to find that there is one.
                first.say()
                await first.settled()
                assert await until(lambda: len(second.entries) >= 1, SOON), "the new case was not found"
                seq = await asyncio.to_thread(answer, mia.agent_id, first.case, "we are looking into it")
                await asyncio.gather(first.reached(seq, SOON), second.reached(seq, SOON))
                second.say("thank you")
                await second.settled()
                await first.reached(second.operations["second-1"].seq, SOON)
                await check(committed_db, [first, second])

    try:
        asyncio.run(scenario())
    finally:
        failpoints.arm("")


def test_hints_dropped_at_random_leave_every_window_complete(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url, TRUSTDESK_FAILPOINTS="before_publish=drop@0.5")
    owners = group(8, serving.port, dice)

    async def scenario() -> None:
        async with connected(owners):
            others = [window(owner, serving.port, name=f"other{n}") for n, owner in enumerate(owners)]
            async with connected(others):
                await chatter([*owners, *others], dice, seconds=4, rate=80)
                await all_settled([*owners, *others])
                await check(url, [*owners, *others], within=SOON)

    asyncio.run(scenario())
