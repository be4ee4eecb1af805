"""An agent is gone, or only his connection is: real servers, a real worker, sockets that are killed (LC-2)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db.models import F

from tests import world
from tests.faults.clients import DeskPage, answer, session_of
from tests.faults.conftest import Server, all_settled, connected, group
from tests.live.checker import check
from tests.live.client import Customer, until
from tests.processes import Process
from trustdesk.conversations.models import Conversation
from trustdesk.conversations.presence_models import DeskPresence, DeskWatch
from trustdesk.policy.handover import GRACE
from trustdesk.staff import accounts
from trustdesk.staff.audit import Actor
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.faults
DEALT = 30.0  # seconds a busy machine may take to deal a chat: by a job at once, or every ten seconds
TAKEN = 30.0  # and to take one back: looked at every five
QUIET = 8.0  # seconds in which the worker has looked, at least once


def assignees() -> dict[str, int | None]:
    return dict(Conversation.objects.values_list("reference", "assignee_id"))


def events(customer: Customer) -> list[str]:
    return [frame["event"] for _, frame in sorted(customer.entries.items()) if frame.get("event")]


def later(seconds: timedelta, *gone: Seat) -> None:
    """Let time pass for what has been noted: these agents were last seen so long ago, and desks were watched meanwhile."""
    DeskPresence.objects.filter(agent__in=[one.agent_id for one in gone]).update(seen_at=F("seen_at") - seconds)
    DeskWatch.objects.update(since=F("since") - seconds)


async def dealt(to: set[int | None], *, within: float = DEALT) -> bool:
    async def look() -> bool:
        return set((await asyncio.to_thread(assignees)).values()) == to

    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while loop.time() < end:
        if await look():
            return True
        await asyncio.sleep(0.25)
    return await look()


def test_a_killed_server_takes_no_chat_from_anybody_and_an_agent_who_stays_away_is_replaced(
    committed_db: str,
    server: Callable[..., Server],
    live_server_process: Callable[..., Process],
    dice: random.Random,
) -> None:
    world.fresh()
    mia = world.agent("Mia", "funds", capacity=10)
    serving = server(committed_db)
    live_server_process(url=committed_db, command=("worker",))
    customers = group(3, serving.port, dice)
    desk = DeskPage(serving.port, mia, name="mia", key=session_of(mia), dice=dice)

    async def scenario() -> None:
        async with connected(customers):
            async with connected([desk]):
                for customer in customers:
                    customer.say()
                await all_settled(customers)
                assert await dealt({mia.agent_id})
                # Every process that watches is killed, and comes back after longer than the grace: nobody was away.
                await asyncio.to_thread(serving.kill)
                await asyncio.to_thread(later, GRACE + timedelta(seconds=30), mia)
                await asyncio.to_thread(DeskWatch.objects.update, seen_at=F("seen_at") - GRACE)
                await asyncio.sleep(QUIET)
                await asyncio.to_thread(serving.start)
                await asyncio.gather(desk.connected.wait(), *(customer.connected.wait() for customer in customers))
                await asyncio.sleep(QUIET)
                assert set((await asyncio.to_thread(assignees)).values()) == {mia.agent_id}
                # Her connection drops again and again: she comes back within the grace, each time.
                for _ in range(3):
                    desk.drop()
                    await asyncio.to_thread(later, GRACE / 2, mia)
                    await asyncio.sleep(1)
                    await asyncio.wait_for(desk.connected.wait(), 10)
                await asyncio.sleep(QUIET)
                assert set((await asyncio.to_thread(assignees)).values()) == {mia.agent_id}
                answered = customers[0]
                seq = await asyncio.to_thread(answer, mia.agent_id, answered.case, "a moment, please")
                await answered.reached(seq)
            # She is gone, and a colleague comes.
            bo = await asyncio.to_thread(world.agent, "Bo", "funds")
            other = DeskPage(serving.port, bo, name="bo", key=await asyncio.to_thread(session_of, bo), dice=dice)
            async with connected([other]):
                await asyncio.sleep(QUIET)
                assert set((await asyncio.to_thread(assignees)).values()) == {mia.agent_id}  # still within the grace
                await asyncio.to_thread(later, GRACE, mia)
                assert await dealt({mia.agent_id, bo.agent_id}, within=TAKEN + DEALT)
                held = await asyncio.to_thread(assignees)
                assert [held[one.case] for one in customers] == [mia.agent_id, bo.agent_id, bo.agent_id]
                for customer in customers[1:]:
                    assert await until(lambda: events(customer) == ["assigned", "left", "assigned"], 10)  # noqa: B023
                assert events(answered) == ["assigned"]  # who does not wait keeps his agent
                # He does wait again: it is his turn to be handed over, now.
                answered.say("are you still there?")
                await answered.settled()
                assert await dealt({bo.agent_id}, within=TAKEN + DEALT)
                assert await until(lambda: events(answered) == ["assigned", "left", "assigned"], 10)
            await check(committed_db, customers)

    asyncio.run(scenario())


def test_who_is_deactivated_loses_everything_at_once_though_the_page_is_open(
    committed_db: str,
    server: Callable[..., Server],
    live_server_process: Callable[..., Process],
    dice: random.Random,
) -> None:
    world.fresh()
    mia, bo = world.agent("Mia", "funds"), world.agent("Bo", "funds", available=False)
    serving = server(committed_db)
    live_server_process(url=committed_db, command=("worker",))
    customers = group(2, serving.port, dice)
    desks = [DeskPage(serving.port, one, name=one.public_name, key=session_of(one), dice=dice) for one in (mia, bo)]

    async def scenario() -> None:
        async with connected(customers), connected(desks):
            for customer in customers:
                customer.say()
            await all_settled(customers)
            assert await dealt({mia.agent_id})
            out = partial(accounts.set_active, actor=Actor(name="test"), reason="left")
            await asyncio.to_thread(out, agent_id=mia.agent_id, active=False)
            assert await dealt({None}, within=TAKEN)
            for customer in customers:
                assert await until(lambda: events(customer) == ["assigned", "left"], 10)  # noqa: B023
            await check(committed_db, customers)

    asyncio.run(scenario())
