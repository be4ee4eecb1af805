"""A customer's client of the live protocol (docs/live-protocol.md), as careful as a real one has to be.

It keeps what it sent until it is acknowledged, sends it again with the same id, comes back by itself after a random
wait, and resumes where it was. Everything that breaks a promise of the protocol is noted in `complaints`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

Frame = dict[str, Any]

COME_BACK = frozenset({1006, 1011, 1012, 1013, 4408})
SILENCE = 30.0  # seconds without any frame: the connection is lost
BEAT = 20.0  # seconds between two pings
TALKING = 120.0  # seconds since something was said in a chat, then it is idle
LONGEST_WAIT = 30.0


@dataclass
class Operation:
    """One message: when it was first sent, and when and where it was acknowledged (monotonic seconds)."""

    text: str
    invoked_at: float
    acked_at: float | None = None
    seq: int = 0
    case: str = ""


async def until(condition: Callable[[], bool], within: float, *, every: float = 0.02) -> bool:
    """Wait until `condition` holds, `within` seconds at most; say whether it does."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if condition():
            return True
        await asyncio.sleep(every)
    return condition()


class Customer:
    """One window of one customer. `run` it as a task; `say` something; wait for `settled`."""

    def __init__(
        self,
        port: int,
        *,
        name: str,
        dice: random.Random,
        token: str = "",
        path: str = "/live/chat",
        first_wait: tuple[float, float] = (0.5, 3.0),
        deaf_to_first_ack: bool = False,
        extra: Frame | None = None,
    ) -> None:
        """`name` begins every message id of this window; with `deaf_to_first_ack` no first ack is ever heard."""
        self.port, self.name, self.token, self.path = port, name, token, path
        self.dice, self.first_wait, self.deaf, self.extra = dice, first_wait, deaf_to_first_ack, extra or {}
        self.operations: dict[str, Operation] = {}
        self.entries: dict[int, Frame] = {}
        self.position, self.case, self.epoch = 0, "", ""
        self.connected = asyncio.Event()
        self.spread, self.talked_at = 0.0, time.monotonic()
        self.closes: list[int] = []
        self.connects: list[float] = []
        self.resets: list[str] = []
        self.errors: list[tuple[str, str, float]] = []  # code, id, monotonic seconds
        self.complaints: list[str] = []
        self._unacked: dict[str, Frame] = {}
        self._again: set[str] = set()
        self._link: ClientConnection | None = None
        self._heard: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # What a person does.

    def say(self, words: str = "where is my deposit?") -> str:
        """Send a message, now or as soon as there is a connection; returns its id."""
        identity = f"{self.name}-{len(self.operations) + 1}"
        text = f"{identity}: {words}"
        self.operations[identity] = Operation(text, time.monotonic())
        frame = {"t": "send", "id": identity, "text": text, "topic": "deposit_missing"}
        self._unacked[identity] = frame
        if self.connected.is_set():
            self._start(self.send(frame))
        return identity

    async def send(self, frame: Frame) -> None:
        """Send a frame if there is a connection; a lost one is noticed by the reading side."""
        if self._link is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._link.send(json.dumps(frame))

    async def settled(self, within: float = 30) -> None:
        """Wait until everything said is acknowledged; raises AssertionError naming what is not."""
        done = await until(lambda: not self._unacked, within)
        assert done, f"{self.name}: not acknowledged within {within} s: {sorted(self._unacked)[:5]}"

    async def reached(self, seq: int, within: float = 10) -> None:
        """Wait until this window shows everything up to `seq`."""
        assert await until(lambda: self.position >= seq, within), (
            f"{self.name}: at {self.position}, not at {seq}, after {within} s"
        )

    def drop(self) -> None:
        """Lose the connection without a word, as a phone does in a tunnel."""
        if self._link is not None:
            self._link.transport.abort()

    # The connection.

    async def run(self) -> None:
        """Stay connected until cancelled."""
        wait = self.dice.uniform(*self.first_wait)
        try:
            while True:
                try:
                    await self._talk()
                    wait = self.dice.uniform(self.first_wait[0], max(self.first_wait[1], self._patience()))
                except (OSError, InvalidHandshake, InvalidMessage, TimeoutError):
                    wait = min(wait * 2, LONGEST_WAIT)
                finally:
                    self.connected.clear()
                    self._link = None
                await asyncio.sleep(wait)
        finally:
            for task in self._tasks:
                task.cancel()

    def _patience(self) -> float:
        """Seconds within which this window comes back: idle ones that lost the connection without a word take their time."""
        idle = time.monotonic() - self.talked_at > TALKING
        return self.spread if idle and self.closes[-1:] != [1012] else 0.0

    async def _talk(self) -> None:
        address = f"127.0.0.1:{self.port}"
        async with connect(
            f"ws://{address}{self.path}", origin=f"http://{address}", compression=None, ping_interval=None,  # type: ignore[arg-type]
            open_timeout=15, close_timeout=1, max_queue=None, max_size=None, proxy=None,
        ) as link:  # fmt: skip
            hello: Frame = {"t": "hello", "v": 1, "locale": "en", "token": self.token} | self.extra
            if self.case:
                hello |= {"case": self.case, "after": self.position, "epoch": self.epoch}
            self._link = link
            await link.send(json.dumps(hello))
            beat = asyncio.create_task(self._beat())
            try:
                while True:
                    # Not wait_for: in Python 3.11 it loses a cancellation that meets a frame, and this never ends.
                    async with asyncio.timeout(SILENCE):
                        frame = json.loads(await link.recv())
                    await self._take(frame)
            except TimeoutError:
                self.closes.append(0)
            except ConnectionClosed as gone:
                self.closes.append(gone.rcvd.code if gone.rcvd else 1006)
            finally:
                beat.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            await self.send({"t": "ping"})

    # What the server says.

    async def _take(self, frame: Frame) -> None:
        kind = frame["t"]
        self.spread = frame.get("spread", self.spread)
        if kind in ("ack", "entries"):
            self.talked_at = time.monotonic()
        if kind not in ("welcome", "reset", "error") and not self.connected.is_set():
            self.complaints.append(f"{kind} before the welcome")
        if kind == "welcome":
            await self._welcome(frame)
        elif kind == "ack":
            self._ack(frame)
        elif kind == "entries":
            await self._entries(frame)
        elif kind == "reset":
            self.resets.append(frame["reason"])
            self._forget()
        elif kind == "error":
            self._error(frame)

    def _forget(self) -> None:
        self.entries.clear()
        self.position, self.case = 0, ""

    async def _welcome(self, frame: Frame) -> None:
        self.token, self.epoch = frame["token"], frame["epoch"]
        case = (frame["case"] or {}).get("reference", "")
        if case != self.case:
            self._forget()
            self.case = case
        self._apply(frame)
        self.connects.append(time.monotonic())
        self.connected.set()
        for waiting in list(self._unacked.values()):
            await self.send(waiting)

    def _ack(self, frame: Frame) -> None:
        identity = frame["id"]
        operation = self.operations.get(identity)
        if operation is None:
            self.complaints.append(f"ack of {identity}, which was never sent")
            return
        if self.deaf and identity not in self._heard:
            self._heard.add(identity)
            operation.seq, operation.case = frame["seq"], frame["case"]
            self._start(self.send(self._unacked[identity]))
            return
        if operation.seq and (operation.seq, operation.case) != (frame["seq"], frame["case"]):
            self.complaints.append(f"{identity} acknowledged at {operation.seq} and at {frame['seq']}")
        operation.seq, operation.case = frame["seq"], frame["case"]
        operation.acked_at = operation.acked_at or time.monotonic()
        self._unacked.pop(identity, None)
        if not self.case:
            self.case = frame["case"]
        if frame["case"] == self.case:
            text = frame.get("text", operation.text)
            self._keep({"seq": frame["seq"], "from": "customer", "id": identity, "text": text})
            if frame["seq"] == self.position + 1:
                self.position = frame["seq"]

    async def _entries(self, frame: Frame) -> None:
        if frame["case"] != self.case:
            self._forget()
            self.case = frame["case"]
        if frame["after"] > self.position:
            await self.send({"t": "resume", "after": self.position, "epoch": self.epoch})
            return
        self._apply(frame)

    def _apply(self, frame: Frame) -> None:
        last = 0
        for entry in frame["entries"]:
            if entry["seq"] <= last or entry["seq"] > frame["upto"]:
                self.complaints.append(f"seq {entry['seq']} after {last}, up to {frame['upto']}")
            last = entry["seq"]
            self._keep(entry)
        self.position = max(self.position, frame["upto"])

    def _keep(self, entry: Frame) -> None:
        known = self.entries.setdefault(entry["seq"], entry)
        if (known.get("text"), known.get("event")) != (entry.get("text"), entry.get("event")):
            self.complaints.append(f"seq {entry['seq']} is {known} and {entry}")

    def _error(self, frame: Frame) -> None:
        identity = frame.get("id", "")
        self.errors.append((frame["code"], identity, time.monotonic()))
        if "retry_after" in frame and identity in self._unacked and identity not in self._again:
            self._again.add(identity)
            self._start(self._send_again(identity, frame["retry_after"]))

    async def _send_again(self, identity: str, wait: float) -> None:
        await asyncio.sleep(wait)
        self._again.discard(identity)
        if identity in self._unacked and self.connected.is_set():
            await self.send(self._unacked[identity])

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
