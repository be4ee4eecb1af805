"""Between client and server: silence, delay, loss, and readers who do not read (F-23, F-24, F-25)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import socket
import struct
import time
from collections.abc import Callable

import psutil
import pytest

from tests.faults.conftest import Server, all_settled, chatter, connected, group
from tests.faults.proxy import Proxy
from tests.live.checker import check
from tests.live.client import SILENCE, Customer, until

pytestmark = pytest.mark.faults
GONE = 60.0  # seconds until the server has closed a socket whose client fell silent
SLOW = 10  # readers who do not read
LONG = "提现一直没有到账，请帮忙查一下" * 250  # 3,750 characters, 11 KB
MOST_MEMORY = 30 * 1024 * 1024


def test_half_open_delayed_and_broken_connections(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)

    async def delayed() -> None:
        with Proxy(serving.port, latency=0.3, jitter=0.3, seed=dice.randrange(2**32)) as line:
            customers = group(10, line.port, dice, name="slow")
            async with connected(customers):
                await chatter(customers, dice, seconds=5, rate=30)
                await all_settled(customers)
                for customer in customers:  # whatever was on the way at once kept its order
                    seqs = [one.seq for one in customer.operations.values()]
                    assert seqs == sorted(seqs)
                load = asyncio.create_task(chatter(customers, dice, seconds=8, rate=30))
                while not load.done():
                    await asyncio.sleep(dice.uniform(0.5, 2.5))
                    await asyncio.to_thread(line.cut)
                await load
                await all_settled(customers)
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


def deaf_reader(port: int, token: str) -> socket.socket:
    """Open a chat and never read: shake hands, say hello, leave everything in the kernel."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    link.sendall(
        f"GET /live/chat HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    hello = json.dumps({"t": "hello", "v": 1, "token": token}).encode()
    head = bytes([0x81, 0x80 | 126]) + struct.pack("!H", len(hello))
    link.sendall(head + bytes(4) + hello)  # masked with zeroes
    return link


def test_readers_who_do_not_read_are_dropped_and_cost_nobody_anything(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)
    assert serving.process is not None
    process = psutil.Process(serving.process.pid)
    [owner, other, *neighbours] = customers = group(6, serving.port, dice)

    async def scenario() -> None:
        async with connected(customers):
            owner.say()
            await owner.settled()
            slow = [await asyncio.to_thread(deaf_reader, serving.port, owner.token) for _ in range(SLOW)]
            ports = {link.getsockname()[1] for link in slow}
            try:
                assert await until(lambda: len(served(process, ports)) == SLOW, 5)
                await asyncio.sleep(1.0)
                assert len(served(process, ports)) == SLOW  # they were welcomed, and stay
                before = process.memory_info().rss
                load = asyncio.create_task(chatter([other, *neighbours], dice, seconds=6, rate=30))
                peak = before
                for _ in range(14):
                    for _ in range(50):
                        owner.say(LONG)
                    await owner.settled()
                    peak = max(peak, process.memory_info().rss)
                assert peak - before < MOST_MEMORY, f"{(peak - before) >> 20} MB"
                assert await until(lambda: not served(process, ports), 15, every=0.2), served(process, ports)
                await load
                await all_settled(customers)
                await check(url, customers)
                # Eight megabytes of history in one welcome: whoever does read gets them.
                fresh = Customer(serving.port, name="fresh", dice=dice, token=owner.token)
                async with connected([fresh]):
                    await check(url, [*customers, fresh])
                    assert fresh.closes == []
            finally:
                for link in slow:
                    link.close()

    asyncio.run(scenario())


def served(process: psutil.Process, ports: set[int]) -> set[int]:
    """Return which of these client ports the process still holds a connection to."""
    return {link.raddr.port for link in process.net_connections("tcp") if link.raddr} & ports
