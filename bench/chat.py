"""Live chat under load, with real WebSockets: throughput, latency, idle memory – as ratios to the reference R.

    .venv/bin/python bench/chat.py [--seconds 15] [--chats 500] [--idle 5000]

Prints one JSON line per measurement. Server, database and load share the machine. Each run checks that nothing that was
acknowledged is lost, doubled or out of order, in the database and at the customers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import statistics
import time
from collections import defaultdict
from typing import Any

import psutil
import uvloop
import wire
from reference import measure
from world import World, world

AGENTS = 50  # ten chats each: a person at a desk, not a machine, or the desk would take them for one
ONE_IN = 10  # an agent answers one message in ten
LIMITS = {"CHAT_MESSAGES_PER_MINUTE": "1000000", "NEW_CHATS_PER_10_MINUTES": "1000000", "WEB_THREADS": "8"}


class Customer:
    """One chat: sends, counts acks, keeps what it received."""

    def __init__(self, load: Load, number: int) -> None:
        self.load, self.number = load, number
        self.token = self.reference = ""
        self.sent: dict[str, float] = {}  # client id → time, not yet acknowledged
        self.acked: dict[str, int] = {}  # client id → seq
        self.received: list[int] = []
        self.position = 0
        self.count = 0
        self.welcome: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    async def connect(self, port: int) -> None:
        self.wire = await wire.connect("127.0.0.1", port, "/live/chat", self.took)
        self.wire.send({"t": "hello", "v": 1, "locale": "en"})
        self.token = (await self.welcome)["token"]

    def took(self, frame: dict[str, Any]) -> None:
        kind = frame["t"]
        if kind == "ack":
            at = self.sent.pop(frame["id"])
            self.acked[frame["id"]] = frame["seq"]
            self.reference = frame["case"]
            self.load.acked(self, frame["seq"], time.perf_counter() - at)
        elif kind == "entries":
            for entry in frame["entries"]:
                if entry["from"] == "agent" and entry["kind"] == "message":
                    self.received.append(entry["seq"])
                    self.load.answered(entry["text"])
        elif kind == "welcome":
            self.welcome.set_result(frame)
        elif kind == "error":
            self.load.errors[frame["code"]] += 1

    def say(self) -> None:
        self.count += 1
        identity = f"{self.load.run}c{self.number}-{self.count}"
        self.sent[identity] = time.perf_counter()
        self.wire.send(
            {
                "t": "send",
                "id": identity,
                "topic": "deposit_missing",
                "text": f"Message {self.count}: my deposit of 0.5 ETH has not arrived yet, could you have a look please?",
            }
        )


class AgentDesk:
    """One agent's socket: watches cases, answers one message in ten."""

    def __init__(self, load: Load, number: int) -> None:
        self.load, self.number, self.count = load, number, 0
        self.pong: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(self, port: int, cookie: str) -> None:
        self.wire = await wire.connect("127.0.0.1", port, "/live/desk", self.took, cookie=cookie)

    def took(self, frame: dict[str, Any]) -> None:
        if frame["t"] == "cases":
            now = time.perf_counter()
            for reference, seq in frame["at"].items():
                self.load.hinted(reference, seq, now)
        elif frame["t"] == "pong":
            self.pong.set_result(None)
        elif frame["t"] == "ack":
            self.load.replied += 1
        elif frame["t"] == "error":
            self.load.errors[f"desk:{frame['code']}"] += 1

    def answer(self, reference: str) -> None:
        if self.wire.closed.done():  # thrown out: that must show in the figures
            self.load.errors["desk:closed"] += 1
            return
        self.count += 1
        identity = f"{self.load.run}a{self.number}-{self.count}"
        self.load.replies[identity] = time.perf_counter()
        self.wire.send(
            {"t": "reply", "id": identity, "case": reference, "text": f"{identity} Thank you, we are looking into it."}
        )


class Load:
    """The whole crowd and what it measured."""

    def __init__(self, customers: int, *, agents: int = AGENTS) -> None:
        self.run = secrets.token_hex(3)  # client ids of one run never meet those of another
        self.customers = [Customer(self, number) for number in range(customers)]
        self.desks = [AgentDesk(self, number) for number in range(agents)]
        self.errors: dict[str, int] = defaultdict(int)
        self.messages = self.replied = 0
        self.closed_loop = False
        self.ack_times: list[float] = []
        self.to_agent: list[float] = []
        self.to_customer: list[float] = []
        self.replies: dict[str, float] = {}
        self.unhinted: dict[str, dict[int, float]] = defaultdict(dict)
        self.shown: dict[str, tuple[int, float]] = {}  # how far the desk was told, and when
        self.measuring = False

    def acked(self, customer: Customer, seq: int, took: float) -> None:
        self.messages += 1
        if self.measuring:
            self.ack_times.append(took)
            at = time.perf_counter()
            sent = at - took
            shown, when = self.shown.get(customer.reference, (0, at))
            if shown >= seq:  # the desk was quicker
                self.to_agent.append(when - sent)
            else:
                self.unhinted[customer.reference][seq] = sent
        # Each customer's own tenth: one in ten of all would fall on the same few desks again and again.
        if self.desks and (customer.count + customer.number // AGENTS) % ONE_IN == 0:
            self.desks[customer.number % AGENTS].answer(customer.reference)
        if self.closed_loop:
            customer.say()

    def hinted(self, reference: str, seq: int, now: float) -> None:
        self.shown[reference] = seq, now
        waiting = self.unhinted.get(reference)
        if waiting:
            for known in [one for one in waiting if one <= seq]:
                self.to_agent.append(now - waiting.pop(known))

    def answered(self, text: str) -> None:
        at = self.replies.pop(text.split(" ", 1)[0], None)
        if at is not None and self.measuring:
            self.to_customer.append(time.perf_counter() - at)

    async def connect(self, port: int, cookies: list[str]) -> None:
        for start in range(0, len(self.customers), 50):
            await asyncio.gather(*(customer.connect(port) for customer in self.customers[start : start + 50]))
        await asyncio.gather(*(desk.connect(port, cookie) for desk, cookie in zip(self.desks, cookies, strict=True)))
        for customer in self.customers:  # everybody opens a case, and an agent looks at it
            customer.say()
        await self.quiet()
        for customer in self.customers:
            self.desks[customer.number % AGENTS].wire.send({"t": "open", "case": customer.reference})
        for desk in self.desks:  # answered when all that was asked before is done
            desk.wire.send({"t": "ping"})
        await asyncio.gather(*(desk.pong for desk in self.desks))
        await asyncio.sleep(1.5)

    async def quiet(self, patience: float = 20) -> None:
        """Wait until everything sent is answered."""
        end = time.monotonic() + patience
        while time.monotonic() < end and (any(one.sent for one in self.customers) or self.replies):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def close(self) -> None:
        for customer in self.customers:
            customer.wire.close()
        for desk in self.desks:
            desk.wire.close()


async def throughput(made: World, cookies: list[str], chats: int, seconds: float) -> tuple[Load, dict[str, Any]]:
    """Every chat sends its next message as soon as the last was acknowledged."""
    load = Load(chats)
    await load.connect(made.port, cookies)
    load.closed_loop = True
    for customer in load.customers:
        customer.say()
    await asyncio.sleep(3)
    before, replied, at = load.messages, load.replied, time.perf_counter()
    load.measuring = True
    await asyncio.sleep(seconds)
    load.measuring = load.closed_loop = False
    took = time.perf_counter() - at
    stored = (load.messages - before) + (load.replied - replied)
    figures = {
        "messages_per_second": round(stored / took),
        "ack": _quantiles(load.ack_times),
        "errors": dict(load.errors),
    }
    await load.quiet()
    load.close()
    return load, figures


async def latency(
    made: World, cookies: list[str], chats: int, rate: int, seconds: float
) -> tuple[Load, dict[str, Any]]:
    """Messages at a fixed pace, however fast they are answered."""
    load = Load(chats)
    await load.connect(made.port, cookies)
    load.messages = 0
    pace = rate * ONE_IN / (ONE_IN + 1)  # customers' share; the agents add the rest
    start, sent = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds + 2:
        load.measuring = elapsed > 2
        while sent < elapsed * pace:
            load.customers[(sent * 7919) % chats].say()
            sent += 1
        await asyncio.sleep(0.002)
    await load.quiet()
    load.measuring = False
    figures = {
        "rate": rate,
        "to_agent": _quantiles(load.to_agent),
        "to_customer": _quantiles(load.to_customer),
        "ack": _quantiles(load.ack_times),
        "errors": dict(load.errors),
    }
    load.close()
    return load, figures


async def idle(made: World, server: psutil.Process, count: int) -> dict[str, Any]:
    """Open chats that have a case and say nothing more; count the server's own memory."""
    load = Load(count, agents=0)
    before = server.memory_full_info().uss
    for start in range(0, count, 100):
        await asyncio.gather(*(customer.connect(made.port) for customer in load.customers[start : start + 100]))
        for customer in load.customers[start : start + 100]:
            customer.say()
    await load.quiet(60)
    await asyncio.sleep(5)
    used = (server.memory_full_info().uss - before) / count / 1024
    alive = sum(1 for customer in load.customers if not customer.wire.closed.done())
    load.close()
    return {"idle_chats": alive, "kb_each": round(used, 1)}


def verify(load: Load) -> dict[str, int]:
    """Compare what was acknowledged with what the database holds and what customers were shown."""
    from trustdesk.conversations.models import Conversation, Entry

    lost = doubled = disordered = gaps = 0
    for customer in load.customers:
        case = Conversation.objects.filter(reference=customer.reference).get()
        rows = list(
            Entry.objects.filter(conversation=case).order_by("seq").values_list("seq", "external_id", "author", "kind")
        )
        gaps += [seq for seq, *_ in rows] != list(range(1, case.last_seq + 1))
        stored = defaultdict(list)
        for seq, external, author, _kind in rows:
            if author == "customer" and external:
                stored[external.rpartition(":")[2]].append(seq)
        lost += sum(1 for identity, seq in customer.acked.items() if stored.get(identity) != [seq])
        doubled += sum(1 for seqs in stored.values() if len(seqs) > 1)
        names = [f"{load.run}c{customer.number}-{n}" for n in range(1, customer.count + 1)]
        in_order = [customer.acked[name] for name in names if name in customer.acked]
        disordered += in_order != sorted(in_order)
        answers = [seq for seq, _e, author, kind in rows if author == "agent" and kind == "message"]
        disordered += customer.received != sorted(set(customer.received))
        lost += len(set(answers) - set(customer.received))
    return {"lost": lost, "doubled": doubled, "out_of_order": disordered, "gaps": gaps}


def _quantiles(times: list[float]) -> dict[str, float]:
    if len(times) < 100:
        return {"n": len(times)}
    cuts = statistics.quantiles(times, n=1000)
    return {
        "n": len(times),
        "p50_ms": round(cuts[499] * 1000, 1),
        "p99_ms": round(cuts[989] * 1000, 1),
        "p999_ms": round(cuts[998] * 1000, 1),
    }


def agents() -> list[str]:
    """Make agents of every team and sign them in; returns their cookies."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from trustdesk.staff.models import Agent, Membership, Role, Team
    from trustdesk.staff.sessions import DEMO, SIGNED_IN_AT, SessionStore

    cookies = []
    for number in range(AGENTS):
        agent = Agent.objects.create_user(
            f"bench{number}@example.test",
            "",
            display_name=f"Bench {number}",
            public_name=f"Bench {number}",
            role=Role.AGENT,
            is_demo=True,
        )
        for team in Team.objects.all():
            Membership.objects.create(agent=agent, team=team)
        session = SessionStore()
        session.update(
            {
                SESSION_KEY: str(agent.pk),
                BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                HASH_SESSION_KEY: agent.get_session_auth_hash(),
                SIGNED_IN_AT: time.time(),
                DEMO: True,
            }
        )
        session.create()
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
    return cookies


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--chats", type=int, default=500)
    options.add_argument("--rate", type=int, default=500)
    options.add_argument("--idle", type=int, default=5000)
    chosen = options.parse_args()
    uvloop.install()
    with world() as made:
        bar = measure(made.owner_url, seconds=5)
        print(json.dumps({"reference": round(bar)}), flush=True)
        cookies = agents()
        with made.serving(**LIMITS):
            load, figures = asyncio.run(throughput(made, cookies, chosen.chats, chosen.seconds))
            figures["ratio_to_R"] = round(figures["messages_per_second"] / bar, 3)
            print(json.dumps({"throughput": figures, "check": verify(load)}), flush=True)
            load, figures = asyncio.run(latency(made, cookies, chosen.chats, chosen.rate, chosen.seconds))
            print(json.dumps({"latency": figures, "check": verify(load)}), flush=True)
        if chosen.idle:
            with made.serving(**LIMITS) as server:
                print(json.dumps({"idle": asyncio.run(idle(made, server, chosen.idle))}), flush=True)


if __name__ == "__main__":
    main()
