"""Between snapshot and subscription nothing is missed, and whoever resumes has what whoever begins has (F-17)."""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from mnemonic import Mnemonic
from websockets.asyncio.client import connect

from tests import world
from tests.conversations import papers
from tests.faults.conftest import Server, connected
from tests.live.client import Customer, until
from tests.processes import ROOT
from trustdesk.conversations import (
    assignment,
    documents,
    handing_in,
    merging,
    proving,
    replies,
    requests,
    resolution,
    splitting,
    triage,
)
from trustdesk.conversations.intake import Received
from trustdesk.conversations.merge_models import MergeRequest
from trustdesk.conversations.models import Conversation, Entry, Promise
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock, failpoints
from trustdesk.staff.models import Role
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.faults
PEOPLE = 50
INSERTS = 1000
MOST_ROUNDS = 60
AT_ONCE = 6  # answers in one transaction
GAP = "0.004"  # seconds between subscription and snapshot; the server can do nothing else meanwhile
# A server whose clock is ahead looks for news in its own last half minute and never finds any: nothing mends a miss.
BLIND = "7200"  # seconds
EVER = 20.0  # seconds; what was missed never comes


class Window(Customer):
    """A window that says when it is being let in."""

    @property
    def greeting(self) -> bool:
        """Whether it has shaken hands and is not welcomed yet."""
        return self._link is not None and not self.connected.is_set()


def token(visitor: str) -> str:
    """Return what lets a window speak for this visitor of the named cast."""
    return visitors.token(Visitor("visitor", visitor))


def answer_all(agent_id: int, cases: list[Received], link: psycopg.Connection[Any]) -> dict[int, int]:
    """Answer in all these cases, then hint at it once; returns id → seq."""
    said = [replies.Reply(case.conversation_id, agent_id, secrets.token_hex(8), "one moment") for case in cases]
    sent = {one.conversation_id: one.seq for one in replies.send(replies=said, now=clock.now())}
    hints = {f"case:{conversation}": str(seq) for conversation, seq in sent.items()}
    link.execute("SELECT pg_notify('trustdesk', %s)", [json.dumps(["another process", hints])])
    return sent


@dataclass
class Connects:
    """Rounds in which everybody connects at once, and each is answered at some moment of that."""

    agent_id: int
    cases: dict[str, Received]
    link: psycopg.Connection[Any]
    dice: random.Random
    in_between: int = 0  # answers stored after the handshake of who is answered and before his welcome
    missed: list[str] = field(default_factory=list)

    async def round(self, windows: dict[str, Window]) -> None:
        """Connect them all, answer each once, and look at what each of them shows."""
        answering = asyncio.create_task(self._answer(windows))
        try:
            async with connected(windows.values(), within=60):
                due = [(windows[visitor], seq) for visitor, seq in (await answering).items()]
                await until(lambda: all(one.position >= seq for one, seq in due), EVER)
                self.missed += [f"{one.name} at {one.position}, not {seq}" for one, seq in due if one.position < seq]
                self.missed += [complaint for one, _ in due for complaint in one.complaints]
        finally:
            answering.cancel()

    async def _answer(self, windows: dict[str, Window]) -> dict[str, int]:
        left = set(windows)
        last: dict[str, int] = {}
        while left:
            await asyncio.sleep(self.dice.uniform(0, 0.02))
            arrived = [name for name in sorted(left) if windows[name].greeting or windows[name].connected.is_set()]
            some = self.dice.sample(arrived, min(AT_ONCE, len(arrived)))
            greeting = [name for name in some if windows[name].greeting]
            sent = await asyncio.to_thread(answer_all, self.agent_id, [self.cases[name] for name in some], self.link)
            self.in_between += sum(windows[name].greeting for name in greeting)
            last |= {name: sent[self.cases[name].conversation_id] for name in some}
            left.difference_update(some)
        return last


def test_of_a_thousand_answers_stored_during_connects_none_is_missed(
    committed_db: str, server: Callable[..., Server], dice: random.Random
) -> None:
    world.fresh()
    mia = world.agent("Mia", "funds")
    cases = {f"v{number}": world.chat("hello", visitor=f"v{number}", now=clock.now()) for number in range(PEOPLE)}
    port = server(
        committed_db, TRUSTDESK_FAILPOINTS=f"snapshot_subscribe_gap=delay:{GAP}", TRUSTDESK_CLOCK_OFFSET=BLIND
    ).port
    failpoints.arm("before_publish=drop")  # one hint for each answer: a second one would mend the first
    resuming = {name: Window(port, name=name, dice=dice, token=token(name)) for name in cases}
    everybody = list(resuming.values())

    async def scenario(connects: Connects) -> None:
        for number in range(MOST_ROUNDS):
            if number % 2:  # as somebody who knows nothing
                windows = {name: Window(port, name=f"{name}-{number}", dice=dice, token=token(name)) for name in cases}
                everybody.extend(windows.values())
            else:
                windows = resuming
            await connects.round(windows)
            if connects.missed or connects.in_between >= INSERTS:
                return

    try:
        with psycopg.connect(committed_db, autocommit=True) as link:
            connects = Connects(mia.agent_id, cases, link, dice)
            asyncio.run(scenario(connects))
    finally:
        failpoints.arm("")
    assert connects.missed == []
    assert connects.in_between >= INSERTS
    visible: dict[str, set[int]] = {}
    for reference, seq in Entry.objects.filter(visible=True).values_list("conversation__reference", "seq"):
        visible.setdefault(reference, set()).add(seq)
    for one in everybody:
        assert set(one.entries) == {seq for seq in visible[one.case] if seq <= one.position}, one.name


# Every event.

PROTOCOL = (ROOT / "docs/live-protocol.md").read_text()
# Told of, so that clients bear it; but no case says that it was opened, and no fresh window begins with one that goes on elsewhere.
NEVER = {"opened", "merged"}


def everything_happens(mia: Seat, noor: Seat) -> None:
    """Let two visitors meet every event there is; vera's case ends by itself, otto ends his, that was made of one and took it in."""
    now = clock.now()
    case = world.chat("hello", visitor="vera", now=now)
    world.chat("my words: " + Mnemonic("english").to_mnemonic(bytes(range(16))), visitor="vera", now=now)
    Promise.objects.create(conversation_id=case.conversation_id, type_code="", low=60, high=60, learned=False, made_at=now)
    triage.change(conversation_id=case.conversation_id, seat=mia, code="fees", team="trading", now=now)
    assignment.take(conversation_id=case.conversation_id, seat=mia, now=now)
    proving.ask(conversation_id=case.conversation_id, seat=mia, now=now)
    world.answer(mia, case, "for colleagues only", note=True, now=now)
    until_then = now + timedelta(minutes=30)
    world.chat("it is me", visitor="vera", now=now, proof=Proof.SESSION, proof_until=until_then, proof_how="session")
    requests.leave_mail(conversation_id=case.conversation_id, mail="vera@example.com", now=now)
    assignment.assign(conversation_id=case.conversation_id, to=None, seat=mia, now=now)
    world.answer(mia, case, "looking into it", now=now)
    split(case, by=mia)
    documents_come_and_go(case, mia)
    resolution.resolve(conversation_id=case.conversation_id, seat=mia, now=now)
    world.chat("not yet", visitor="vera", now=now)
    resolution.pend(conversation_id=case.conversation_id, seat=mia, now=now)
    resolution.resolve(conversation_id=case.conversation_id, seat=mia, now=now)
    requests.rate(conversation_id=case.conversation_id, score=5, comment="", now=now)
    assert resolution.close_old(now=now + timedelta(days=8)) == 1
    other = world.chat("hello", visitor="otto", now=now)
    made = Conversation.objects.get(reference=split(other, by=mia))
    merging.merge(source_id=other.conversation_id, target_id=made.pk, seat=mia, reason="one matter after all", now=now)
    merging.approve(request_id=MergeRequest.objects.get().pk, seat=noor, now=now)
    requests.end(conversation_id=made.pk, now=now)


def split(case: Received, *, by: Seat) -> str:
    """Make a new case of the first that a customer said; returns its number."""
    first = Entry.objects.filter(conversation=case.conversation_id, kind=Entry.Kind.MESSAGE).earliest("seq").seq
    return splitting.split(
        conversation_id=case.conversation_id, seq=first, code="withdrawal_delayed", subject="By itself", seat=by, now=clock.now()
    )


def documents_come_and_go(case: Received, mia: Seat) -> None:
    """Ask vera for a document; decline one, accept another, and want a third no longer."""
    now = clock.now()
    wanted: dict[str, Any] = {"conversation_id": case.conversation_id, "seat": mia, "now": now}

    def handed_in() -> int:
        vera = Visitor("visitor", "vera")
        papers.put(case, "id_front", visitor=vera, now=now)
        handing_in.hand_in(visitor=vera, reference=case.reference, now=now)
        return papers.request_of(case).pk

    documents.ask(**wanted, kinds=["id_front"], note="")
    documents.decline(**wanted, request_id=handed_in(), reason="unreadable", answer="", again=True)
    documents.accept(**wanted, request_id=handed_in())
    documents.ask(**wanted, kinds=["id_front"], note="")
    documents.withdraw(**wanted, request_id=papers.request_of(case).pk)


class Reader:
    """One socket that only reads: what it was shown, frame by frame, as it came."""

    def __init__(self, port: int, visitor: str) -> None:
        self.port, self.visitor = port, visitor
        self.welcome: dict[str, Any] = {}

    async def read(self, *, to: int, then: tuple[dict[str, Any], ...] = (), **hello: Any) -> list[dict[str, Any]]:
        """Say hello, and what follows it after the welcome; return the entries up to seq `to`, of the last answer."""
        address = f"127.0.0.1:{self.port}"
        async with asyncio.timeout(30), connect(
            f"ws://{address}/live/chat", origin=f"http://{address}", compression=None, proxy=None  # type: ignore[arg-type]
        ) as link:  # fmt: skip
            await link.send(json.dumps({"t": "hello", "v": 1, "token": token(self.visitor), **hello}))
            frame = self.welcome = json.loads(await link.recv())
            entries, upto = list(frame["entries"]), frame["upto"]
            for request in ({}, *then):
                if request:
                    await link.send(json.dumps(request))
                    entries, upto = [], -1
                while upto < to:
                    frame = json.loads(await link.recv())
                    if frame["t"] == "entries":
                        assert not entries or frame["after"] <= upto
                        entries += frame["entries"]
                        upto = frame["upto"]
            return entries


def polled(port: int, visitor: str, after: int) -> list[dict[str, Any]]:
    """Ask without a socket."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/chat/entries?after={after}")
    request.add_header("Authorization", f"Bearer {token(visitor)}")
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  loopback
        entries: list[dict[str, Any]] = json.load(answer)["entries"]
        return entries


def test_of_every_event_what_is_old_and_what_came_since_is_what_a_fresh_window_shows(
    committed_db: str, server: Callable[..., Server], dice: random.Random
) -> None:
    world.fresh()
    mia, noor = world.agent("Mia", "funds", "trading", role=Role.LEAD), world.agent("Noor", "funds", role=Role.LEAD)
    port = server(committed_db).port
    watching = {name: Customer(port, name=name, dice=dice, token=token(name)) for name in ("vera", "otto")}
    met: set[str] = set()

    async def scenario() -> None:
        async with connected(watching.values()):
            await asyncio.to_thread(everything_happens, mia, noor)
            for visitor, live in watching.items():
                reader = Reader(port, visitor)
                fresh = await reader.read(to=0)
                case, epoch = reader.welcome["case"]["reference"], reader.welcome["epoch"]
                last = reader.welcome["upto"]
                assert last == max(entry["seq"] for entry in fresh)
                await live.reached(last)
                assert [live.entries[seq] for seq in sorted(live.entries)] == fresh
                met.update(entry["event"] for entry in fresh if entry["kind"] == "event")
                for after in range(last + 1):
                    old = [entry for entry in fresh if entry["seq"] <= after]
                    resumed = await reader.read(to=last, case=case, after=after, epoch=epoch)
                    assert reader.welcome["after"] == after
                    assert old + resumed == fresh, after
                    asked = {"t": "resume", "after": after, "epoch": epoch}
                    assert old + await reader.read(to=last, then=(asked,)) == fresh, after
                    assert old + await asyncio.to_thread(polled, port, visitor, after) == fresh, after

    asyncio.run(scenario())
    listed = re.search(r"Events a client may meet: (.*?)\. A code", PROTOCOL, re.DOTALL)
    assert listed is not None
    promised = set(re.findall(r"`(\w+)`", re.sub(r"\{.*?\}", "", listed[1], flags=re.DOTALL)))
    assert met == promised - NEVER
