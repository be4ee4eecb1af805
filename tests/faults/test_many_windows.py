"""Tabs, phones and desks of the same cases, on two servers, while connections break: all agree in the end (F-16, F-20)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests import world
from tests.faults.clients import DeskPage, answer, session_of, timelines, window
from tests.faults.conftest import Client, Server, all_settled, connected, group
from tests.live.checker import check
from tests.live.client import Customer, until
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.faults
WINDOWS = (8, 4, 4, 4)  # of each case: twenty
MESSAGES = 1000
RATE = 110  # messages a second
SOON = 10.0  # seconds until everybody has been told


class Storm:
    """Everybody talks; now and then a connection breaks."""

    def __init__(self, customers: list[Customer], desks: list[DeskPage], mia: Seat, dice: random.Random) -> None:
        self.customers, self.desks, self.mia, self.dice = customers, desks, mia, dice
        self.cases: list[str] = []
        self.cut: Counter[str] = Counter()

    async def talk(self, count: int) -> None:
        """Say `count` messages: most by customers, one in five on a desk page, some by an agent elsewhere."""
        loop, dice = asyncio.get_running_loop(), self.dice
        start = loop.time()
        for said in range(count):
            await asyncio.sleep(max(0.0, start + said / RATE - loop.time()))
            one = dice.random()
            if one < 0.72:
                dice.choice(self.customers).say()
            elif one < 0.92:
                dice.choice(self.desks).reply(dice.choice(self.cases), "one moment please")
            else:
                await asyncio.to_thread(answer, self.mia.agent_id, dice.choice(self.cases), "and so am I")

    async def break_connections(self) -> None:
        """Cut somebody off every quarter of a second; runs for ever."""
        while True:
            await asyncio.sleep(self.dice.uniform(0.1, 0.4))
            everybody: list[Client] = [*self.customers, *self.desks]
            up = [one for one in everybody if one.connected.is_set()]
            if up:
                one = self.dice.choice(up)
                self.cut[one.name] += 1
                one.drop()


def test_twenty_windows_and_four_desks_of_four_cases_agree_after_a_thousand_messages(
    committed_db: str, server: Callable[..., Server], dice: random.Random
) -> None:
    world.fresh()
    mia, omar = world.agent("Mia", "funds"), world.agent("Omar", "funds")
    ports = [server(committed_db).port, server(committed_db).port]
    owners = group(len(WINDOWS), ports[0], dice)
    desks = [
        DeskPage(ports[number % 2], seat, name=f"desk{number}", key=session_of(seat), dice=dice)
        for number, seat in enumerate((mia, omar, omar, mia))
    ]

    async def scenario() -> None:
        async with connected(owners):
            others = [
                window(owner, ports[n % 2], name=f"w{number}x{n}")
                for number, owner in enumerate(owners)
                for n in range(1, WINDOWS[number])
            ]
            everybody = [*owners, *others]
            async with connected(others), connected(desks):
                storm = Storm(everybody, desks, mia, dice)
                # The first messages of one person come to both servers in the same moment: one case must open.
                for one in everybody:
                    one.say("my first words")
                await all_settled(everybody)
                storm.cases = [owner.case for owner in owners]
                await asyncio.gather(*(desk.watch(*storm.cases) for desk in desks))
                breaking = asyncio.create_task(storm.break_connections())
                await storm.talk(MESSAGES - len(everybody) - len(owners))
                breaking.cancel()
                assert sum(storm.cut.values()) >= 10
                clients: list[Client] = [*everybody, *desks]
                await all_settled(clients)
                assert await until(lambda: all(one.connected.is_set() for one in clients), 30)
                # One more in each case, which every page has to be told of: none has any other reason to look.
                for owner in owners:
                    owner.say("and that is all")
                await all_settled(owners)
                await check(committed_db, everybody, within=SOON)
                last = await asyncio.to_thread(last_seqs)
                assert set(last) == set(storm.cases)
                assert [one.name for one in everybody if one.position != last[one.case]] == []
                assert await until(lambda: all(desk.told == last for desk in desks), SOON), [d.told for d in desks]
                stored = await asyncio.to_thread(timelines)
                assert await until(lambda: all(desk.lines == stored for desk in desks), SOON)

    asyncio.run(scenario())
    replies = {identity: one for desk in desks for identity, one in desk.operations.items()}
    texts = Counter(Entry.objects.filter(kind="message", author="agent").values_list("text", flat=True))
    assert [one.text for one in replies.values() if texts[one.text] != 1] == []
    assert Entry.objects.filter(kind="message").count() == MESSAGES


def last_seqs() -> dict[str, int]:
    """Read how far each case has come."""
    return dict(Conversation.objects.values_list("reference", "last_seq"))
