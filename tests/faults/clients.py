"""More clients of a fault test: further windows of a customer, agents who answer, and desk pages (docs/live-protocol.md)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import secrets
import time
from typing import Any

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.live.client import Customer, Operation, until
from tests.staff import people
from trustdesk.conversations import queries, replies
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.seams import clock
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Seat

LONGEST_WAIT = 2.0  # seconds; a browser waits up to thirty
EVERYTHING = 100_000  # lines


def window(of: Customer, port: int, *, name: str) -> Customer:
    """Open another window of the same person."""
    return Customer(port, name=name, dice=random.Random(of.dice.random()), token=of.token, first_wait=(0.2, 0.8))


def answer(agent_id: int, reference: str, text: str) -> int:
    """Let an agent answer from another process than the serving one; returns the seq."""
    conversation = Conversation.objects.get(reference=reference)
    reply = replies.Reply(conversation.pk, agent_id, secrets.token_hex(8), text)
    return replies.send(replies=[reply], now=clock.now())[0].seq


def session_of(seat: Seat) -> str:
    """Sign an agent in; returns the key of the session."""
    return people.key_of(people.signed_in(Agent.objects.get(pk=seat.agent_id)))


class DeskPage:
    """One page of the desk: watches cases and fetches its view of one whenever a hint says so, and only then.

    A reply is sent again, with the same id, until it is acknowledged. `told` is the last seq that a frame named.
    """

    def __init__(self, port: int, seat: Seat, *, name: str, key: str, dice: random.Random) -> None:
        self.port, self.seat, self.name, self.key, self.dice = port, seat, name, key, dice
        self.watched: list[str] = []
        self.told: dict[str, int] = {}
        self.lines: dict[str, dict[int, str]] = {}
        self.connected = asyncio.Event()
        self.closes: list[tuple[float, int]] = []  # monotonic seconds, code
        self.byes: list[str] = []
        self.refused: list[float] = []  # monotonic seconds of handshakes answered with anything but 101
        self.longest_pong = 0.0
        self.complaints: list[str] = []
        self.operations: dict[str, Operation] = {}
        self._unacked: dict[str, dict[str, Any]] = {}
        self._link: ClientConnection | None = None
        self._pinged_at = 0.0
        self._behind: set[str] = set()
        self._fetching: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # What an agent does.

    def reply(self, reference: str, words: str) -> str:
        """Answer in a case, now or as soon as there is a connection; returns the reply's id."""
        identity = f"{self.name}-{len(self.operations) + 1}"
        text = f"{identity}: {words}"
        self.operations[identity] = Operation(text, time.monotonic())
        self._unacked[identity] = {"t": "reply", "id": identity, "case": reference, "text": text}
        if self.connected.is_set():
            self._start(self._say(self._unacked[identity]))
        return identity

    async def settled(self, within: float = 30) -> None:
        """Wait until everything said is acknowledged."""
        done = await until(lambda: not self._unacked, within)
        assert done, f"{self.name}: {sorted(self._unacked)[:5]} {self.complaints[:3]} {self.closes} {self.refused}"

    async def watch(self, *references: str) -> None:
        """Look at further cases; returns when the server has taken note."""
        self.watched += references
        for reference in references:
            await self._say({"t": "open", "case": reference})
        await self.ping()
        for reference in references:
            self._pull(reference)

    async def ping(self, within: float = 30) -> None:
        """Wait until the server has taken everything sent so far."""
        self._pinged_at = time.monotonic()
        await self._say({"t": "ping"})
        assert await until(lambda: not self._pinged_at, within), f"{self.name}: no pong within {within} s"

    def drop(self) -> None:
        """Lose the connection without a word."""
        if self._link is not None:
            self._link.transport.abort()

    # The connection.

    async def run(self) -> None:
        """Stay connected until cancelled; a page that is told to go tries to stay all the same."""
        wait = self.dice.uniform(0.1, 0.4)
        try:
            while True:
                try:
                    await self._talk()
                    wait = self.dice.uniform(0.1, 0.4)
                except InvalidHandshake:
                    self.refused.append(time.monotonic())
                    wait = min(wait * 2, LONGEST_WAIT)
                except (OSError, InvalidMessage, TimeoutError):
                    wait = min(wait * 2, LONGEST_WAIT)
                finally:
                    self.connected.clear()
                    self._link = None
                await asyncio.sleep(wait)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _talk(self) -> None:
        address = f"127.0.0.1:{self.port}"
        cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self.key}"}
        async with connect(
            f"ws://{address}/live/desk", origin=f"http://{address}", additional_headers=cookie, compression=None,  # type: ignore[arg-type]
            ping_interval=None, open_timeout=15, close_timeout=1, max_queue=None, proxy=None,
        ) as link:  # fmt: skip
            self._link = link
            try:
                for reference in self.watched:
                    await self._say({"t": "open", "case": reference})
                await self._say({"t": "ping"})
                while True:
                    self._take(json.loads(await link.recv()))
            except ConnectionClosed as gone:
                self.closes.append((time.monotonic(), gone.rcvd.code if gone.rcvd else 1006))

    async def _say(self, frame: dict[str, Any]) -> None:
        if self._link is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._link.send(json.dumps(frame))

    # What the server says.

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["t"]
        if kind == "pong":
            if self._pinged_at:
                self.longest_pong = max(self.longest_pong, time.monotonic() - self._pinged_at)
                self._pinged_at = 0.0
            if not self.connected.is_set():
                self._arrived()
        elif kind == "cases":
            for reference, seq in frame["at"].items():
                self.told[reference] = max(seq, self.told.get(reference, 0))
                if seq > max(self.lines.get(reference, ()), default=0):
                    self._pull(reference)
        elif kind == "refresh":
            for reference in self.watched:
                self._pull(reference)
        elif kind == "bye":
            self.byes.append(frame["reason"])
        elif kind == "ack":
            operation = self.operations[frame["id"]]
            operation.acked_at, operation.seq = operation.acked_at or time.monotonic(), frame["seq"]
            self._unacked.pop(frame["id"], None)
        elif kind == "error":
            if frame["code"] != "unavailable":
                self.complaints.append(f"{self.name}: {frame}")
            self._start(self._again(frame))

    def _arrived(self) -> None:
        """Everything watched has been opened: from here on there are hints, what came before is fetched."""
        self.connected.set()
        for reference in self.watched:
            self._pull(reference)
        for waiting in list(self._unacked.values()):
            self._start(self._say(waiting))

    async def _again(self, error: dict[str, Any]) -> None:
        """Ask again for what the database did not give."""
        await asyncio.sleep(1)
        identity, reference = error["id"], error["case"]
        if self.connected.is_set():
            if identity is None and reference in self.watched:
                await self._say({"t": "open", "case": reference})
            elif identity in self._unacked:
                await self._say(self._unacked[identity])

    def _pull(self, reference: str) -> None:
        """Fetch what is new in a case; asked again while that is under way, once more afterwards."""
        self._behind.add(reference)
        if reference not in self._fetching:
            self._fetching.add(reference)
            self._start(self._fetch(reference))

    async def _fetch(self, reference: str) -> None:
        try:
            while reference in self._behind:
                self._behind.discard(reference)
                known = self.lines.setdefault(reference, {})
                known.update(await asyncio.to_thread(view, self.seat, reference, max(known, default=0)))
                await asyncio.sleep(0.05)
        finally:
            self._fetching.discard(reference)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def timelines() -> dict[str, dict[int, str]]:
    """Read what staff see of every case: reference → seq → text or event."""
    stored: dict[str, dict[int, str]] = {}
    for reference, seq, text, event in Entry.objects.values_list("conversation__reference", "seq", "text", "event"):
        stored.setdefault(reference, {})[seq] = text or event
    return stored


def view(seat: Seat, reference: str, after: int) -> dict[int, str]:
    """Read the lines of a case after a seq, as its agent sees them: seq → text or event."""
    found = queries.lines(queries.find(seat, reference), after=after, most=EVERYTHING).lines
    return {line.seq: line.text or line.event for line in found}
