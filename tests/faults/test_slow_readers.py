"""Readers who do not read, or a byte a second: they are let go, hold no memory, and cost nobody anything (F-25)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest
import uvicorn

from tests.faults.clients import window
from tests.faults.conftest import Server, all_settled, connected, group
from tests.live.checker import check
from tests.live.client import Customer, until
from tests.processes import free_port
from trustdesk.config.websocket import WebSocket
from trustdesk.realtime import socket as sockets
from trustdesk.realtime.socket import PROTOCOL_BROKEN, Receive, Scope, Send, Socket

pytestmark = pytest.mark.faults
SLOW = 12  # readers; every other one takes a byte a second, the rest nothing
EVENTS = 10_000
BATCH = 250
WORDS = "where is my deposit of 0.5 ETH? " * 28  # 900 characters: what all readers together would hold is over 100 MB
LONG = "提现一直没有到账，请帮忙查一下" * 250  # 3,750 characters, 11 KB
MEMORY = SLOW << 20  # bytes: a megabyte for each of them; the neighbours and the allocator need some of that
# Seconds until the last of them is gone: five to take the close frame. (Without that, an unanswered ping ends it after 45.)
GONE = 15.0
STEPS = (50, 100, 150, 200, 300, 400, 600, 800, 1200)  # long messages that a reader sleeps through


def deaf_reader(port: int, *, path: str = "/live/chat", token: str = "") -> socket.socket:
    """Open a chat and read nothing: shake hands, say hello, leave everything in the kernel."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    link.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    hello = json.dumps({"t": "hello", "v": 1, "token": token}).encode()
    head = bytes([0x81, 0x80 | 126]) + struct.pack("!H", len(hello))
    link.sendall(head + bytes(4) + hello)  # masked with zeroes
    link.setblocking(False)
    return link


def served(process: psutil.Process, links: list[socket.socket]) -> set[int]:
    """Return at which of these ports the process still holds a connection."""
    ports = {link.getsockname()[1] for link in links}
    return {link.raddr.port for link in process.net_connections("tcp") if link.raddr} & ports


async def sip(links: list[socket.socket]) -> None:
    """Read a byte a second from each; runs for ever."""
    while True:
        for link in links:
            with suppress(BlockingIOError, ConnectionError):
                link.recv(1)
        await asyncio.sleep(1)


def test_readers_of_a_byte_a_second_are_cut_off_and_cost_nobody_anything(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)
    assert serving.process is not None
    process = psutil.Process(serving.process.pid)
    [owner, *neighbours] = customers = group(5, serving.port, dice)

    async def flood(events: int) -> int:
        """Let the owner talk, and the neighbours now and then; return the most memory the server held."""
        most = 0
        for _ in range(0, events, BATCH):
            for number in range(BATCH):
                owner.say(WORDS)
                if number % 25 == 0:
                    dice.choice(others).say("and mine?")
            await owner.settled()
            most = max(most, process.memory_info().rss)
        return most

    others: list[Customer] = list(neighbours)

    async def scenario() -> None:
        async with connected(customers):
            owner.say()
            await owner.settled()
            tabs = [window(owner, serving.port, name=f"tab{number}") for number in range(2)]
            others.extend(tabs)
            async with connected(tabs):
                before = await flood(EVENTS // 5)  # whatever the server needs for that anyway
                slow = [await asyncio.to_thread(deaf_reader, serving.port, token=owner.token) for _ in range(SLOW)]
                sipping = asyncio.create_task(sip(slow[::2]))
                try:
                    assert await until(lambda: len(served(process, slow)) == SLOW, 10)
                    most = await flood(EVENTS)
                    assert most - before < MEMORY, f"{(most - before) / 2**20:.0f} MB"
                    assert await until(lambda: not served(process, slow), GONE, every=0.2), served(process, slow)
                finally:
                    sipping.cancel()
                    for link in slow:
                        link.close()
                # Everybody else has received everything, on the connection they had.
                await all_settled([*customers, *tabs])
                await check(url, [*customers, *tabs])
                assert [(one.name, one.closes) for one in (*customers, *tabs) if one.closes] == []

    asyncio.run(scenario())


class Sleeper(Customer):
    """A window that can stop reading."""

    def sleep(self) -> None:
        """Leave what comes in the kernel, which holds less of it than usual."""
        assert self._link is not None
        self._link.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        self._link.transport.pause_reading()

    def wake(self) -> None:
        """Read again."""
        assert self._link is not None
        self._link.transport.resume_reading()


def test_a_reader_who_fell_asleep_is_told_so_and_catches_up(
    clone_database: Callable[[], str], server: Callable[..., Server], dice: random.Random
) -> None:
    url = clone_database()
    serving = server(url)
    [owner] = group(1, serving.port, dice)

    async def scenario() -> None:
        async with connected([owner]):
            owner.say()
            await owner.settled()
            one = Sleeper(serving.port, name="sleeper", dice=dice, token=owner.token, first_wait=(0.1, 0.3))
            async with connected([one]):
                # How much the kernel holds for a sleeper is its secret: sleep longer until it is too long. Within five
                # seconds after that he is awake and finds the close frame behind everything else.
                for messages in STEPS:
                    one.sleep()
                    for _ in range(messages // 50):
                        for _ in range(50):
                            owner.say(LONG)
                        await owner.settled()
                    one.wake()
                    await one.reached(max(said.seq for said in owner.operations.values()), 30)
                    if one.closes:
                        break
                assert one.closes == [4408]
                assert len(one.connects) == 2
                await check(url, [owner, one])

    asyncio.run(scenario())


# A server whose only application fills the line of whoever comes until something is left over, and then closes.


@pytest.fixture
def leaving_rests(monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    """Serve that application with the real socket, whose patience is shortened."""
    monkeypatch.setattr(sockets, "LINGER", 0.5)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await fill_and_close(scope, receive, send)

    config = uvicorn.Config(
        application, port=free_port(), ws=WebSocket, ws_per_message_deflate=False, log_config=None, lifespan="off"
    )
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, name="leaving-rests")
    thread.start()
    yield serving
    serving.force_exit = serving.should_exit = True
    thread.join(20)


async def fill_and_close(scope: Scope, receive: Receive, send: Send) -> None:
    """Write until the kernel takes no more and something is left, but too little to make writers wait."""
    one = Socket(scope, receive, send)
    await one.accept()
    transport = scope["state"]["abort"].__self__
    while transport.get_write_buffer_size() == 0:
        one.send({"t": "filler", "text": "x" * 4_000})
        await asyncio.sleep(0)
    one.close(PROTOCOL_BROKEN)
    await one.ended()


def test_who_does_not_take_the_close_frame_is_let_go_whatever_was_left_for_him(leaving_rests: uvicorn.Server) -> None:
    async def scenario() -> None:
        assert await until(lambda: leaving_rests.started, 20)
        link = await asyncio.to_thread(deaf_reader, leaving_rests.config.port)
        try:
            assert await until(lambda: len(leaving_rests.server_state.connections) == 1, 20)
            # The close frame has its ten seconds; after that nothing of this connection may be left.
            assert await until(lambda: not leaving_rests.server_state.connections, 25, every=0.1)
        finally:
            link.close()

    asyncio.run(scenario())
