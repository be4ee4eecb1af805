"""Desk sockets when hints are lost, the database is away or slow, and sessions end meanwhile (F-03, F-22, S-34)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests import world
from tests.faults.clients import DeskPage, answer, session_of, timelines
from tests.faults.conftest import Server, all_settled, connected, group
from tests.faults.proxy import Proxy
from tests.live.checker import check
from tests.live.client import until
from trustdesk.conversations.models import Entry
from trustdesk.seams import failpoints
from trustdesk.staff.models import Session

pytestmark = pytest.mark.faults
OVER = 2.0  # seconds in which a lost hint is made good, and in which a right that was taken away has to be gone
BLINK = 0.05  # seconds that the last frame takes
BUSY = 2.0  # seconds more that a busy machine may take, where nothing else would ever help
HEAL = 30.0  # seconds in which everybody is back after the database is
CASES = 10


def test_a_desk_finds_out_about_what_no_hint_told(
    committed_db: str, server: Callable[..., Server], dice: random.Random
) -> None:
    world.fresh()
    mia = world.agent("Mia", "funds")
    port = server(committed_db, TRUSTDESK_FAILPOINTS="before_publish=drop").port
    customers = group(CASES, port, dice)
    desk = DeskPage(port, mia, name="desk", key=session_of(mia), dice=dice)
    failpoints.arm("before_publish=drop")

    async def told(seqs: dict[str, int]) -> None:
        assert await until(lambda: all(desk.told.get(case, 0) >= seqs[case] for case in seqs), OVER + BUSY), (
            {case: (seq, desk.told.get(case)) for case, seq in seqs.items()}
        )  # fmt: skip

    async def scenario() -> None:
        async with connected(customers), connected([desk]):
            for customer in customers:
                customer.say()
            await all_settled(customers)
            for customer in customers:
                # What comes right after a page has opened a case is as easily lost as what comes later.
                await desk.watch(customer.case)
                await asyncio.sleep(dice.uniform(0, 0.1))
                customer.say("one thing more")
            await all_settled(customers)
            await told({one.case: one.operations[f"{one.name}-2"].seq for one in customers})
            for number in range(3, 6):
                await asyncio.sleep(dice.uniform(0, 1))
                for customer in customers:
                    customer.say()
                await all_settled(customers)
                await told({one.case: one.operations[f"{one.name}-{number}"].seq for one in customers})
            seq = await asyncio.to_thread(answer, mia.agent_id, customers[0].case, "we are looking into it")
            await told({customers[0].case: seq})
            assert desk.complaints == []

    try:
        asyncio.run(scenario())
    finally:
        failpoints.arm("")


def test_a_database_away_sends_desks_away_and_they_come_back_to_everything(
    committed_db: str, server: Callable[..., Server], dice: random.Random
) -> None:
    world.fresh()
    mia, omar = world.agent("Mia", "funds"), world.agent("Omar", "funds")
    parts = urlsplit(committed_db)
    with Proxy(parts.port or 0) as line:
        port = server(committed_db.replace(f":{parts.port}/", f":{line.port}/")).port
        customers = group(4, port, dice)
        desks = [
            DeskPage(port, seat, name=f"desk{number}", key=session_of(seat), dice=dice)
            for number, seat in enumerate((mia, omar, mia))
        ]

        async def away(fault: str, seconds: float) -> None:
            before = [len(desk.closes) for desk in desks]
            await asyncio.to_thread(getattr(line, fault))
            gone_at = time.monotonic()
            for desk, customer in zip(desks, customers, strict=False):
                desk.reply(customer.case, "said into the void")
            for customer in customers:
                customer.say("is anybody there?")
            assert await until(
                lambda: all(len(desk.closes) > n for desk, n in zip(desks, before, strict=True)), OVER + BUSY
            ), fault
            assert [desk.closes[n][1] for desk, n in zip(desks, before, strict=True)] == [1013] * len(desks), fault
            await asyncio.sleep(seconds - (time.monotonic() - gone_at))
            assert not any(desk.connected.is_set() for desk in desks)
            await asyncio.to_thread(line.heal)
            assert await until(lambda: all(desk.connected.is_set() for desk in desks), HEAL), [d.refused for d in desks]
            await asyncio.gather(all_settled(customers, HEAL), all_settled(desks, HEAL))

        async def scenario() -> None:
            async with connected(customers), connected(desks):
                for customer in customers:
                    customer.say()
                await all_settled(customers)
                await asyncio.gather(*(desk.watch(*(customer.case for customer in customers)) for desk in desks))
                for fault in ("reset", "pause", "swallow"):
                    await away(fault, 5.0)
                    # The pages are told of what comes now, too, not only of what they fetched when they came back.
                    for customer in customers:
                        customer.say("still here")
                    await all_settled(customers)
                    last = {one.case: max(said.seq for said in one.operations.values()) for one in customers}
                    assert await until(
                        lambda: all(desk.told.get(case, 0) >= last[case] for desk in desks for case in last),  # noqa: B023
                        OVER + BUSY,
                    ), fault
                await check(committed_db, customers)
                stored = await asyncio.to_thread(timelines)
                assert await until(lambda: all(desk.lines == stored for desk in desks), OVER + BUSY)

        asyncio.run(scenario())
    assert [desk.byes for desk in desks] == [[], [], []]  # nobody was told to sign in again
    said = sorted(one.text for desk in desks for one in desk.operations.values())
    stored = Entry.objects.filter(author="agent", kind="message").values_list("text", flat=True)
    assert sorted(stored) == said


@pytest.mark.parametrize("latency", [0.04, 0.11, 0.5])
def test_a_session_that_was_ended_is_over_within_two_seconds_though_the_database_is_slow(
    latency: float, committed_db: str, server: Callable[..., Server], dice: random.Random
) -> None:
    """`latency` seconds each way: the check takes a moment, nearly as long as it may, or longer."""
    world.fresh()
    case = world.chat("hello")
    seats = [world.agent(f"Agent{number}", "funds") for number in range(20)]
    parts = urlsplit(committed_db)
    with Proxy(parts.port or 0) as line:
        port = server(committed_db.replace(f":{parts.port}/", f":{line.port}/")).port
        desks = [DeskPage(port, seat, name=seat.public_name, key=session_of(seat), dice=dice) for seat in seats]
        stays, *leaving = desks

        took: list[float] = []
        lags: list[float] = []

        async def scenario() -> None:
            async with connected(desks):
                await asyncio.gather(*(desk.watch(case.reference) for desk in desks))
                await asyncio.sleep(1)
                line.latency = latency
                measuring = asyncio.create_task(measure())
                await asyncio.gather(*(leave(desk, 0.09 * n) for n, desk in enumerate(leaving)))
                measuring.cancel()
                line.latency = 0.0
                assert await until(lambda: stays.connected.is_set() and all(desk.refused for desk in leaving), HEAL)
                assert not any(desk.connected.is_set() for desk in leaving)  # who was ended does not get in again
                assert stays.byes == []

        async def leave(desk: DeskPage, after: float) -> None:
            await asyncio.sleep(after)
            was_up, closes = desk.connected.is_set(), len(desk.closes)
            await asyncio.to_thread(Session.objects.filter(session_key=desk.key).delete)
            ended_at = time.monotonic()
            if was_up:  # a check that takes too long may have sent everybody away before
                assert await until(lambda: len(desk.closes) > closes, 10), f"{desk.name} goes on"
                took.append(desk.closes[closes][0] - ended_at)

        async def measure() -> None:
            while True:
                before = time.monotonic()
                await asyncio.sleep(0.01)
                lags.append(time.monotonic() - before)

        asyncio.run(scenario())
    assert took, "all had been sent away before"
    assert max(took) < OVER + BLINK + max(lags), (sorted(took), max(lags))
