"""What was promised against what is: operations the clients logged, rows stored, and what each window shows."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import psycopg

from tests.live.client import Customer, until

_ENTRIES = """
SELECT c.reference, e.seq, e.author, e.kind, e.text, e.event, e.visible, e.external_id
FROM conversations_entry e JOIN conversations_conversation c ON c.id = e.conversation_id ORDER BY c.id, e.seq
"""


def seeded() -> random.Random:
    """Return the dice of one run; its seed is printed, and TRUSTDESK_SEED repeats it."""
    seed = os.environ.get("TRUSTDESK_SEED") or secrets.token_hex(4)
    print(f"TRUSTDESK_SEED={seed}")  # noqa: T201  pytest shows it with a failure
    return random.Random(seed)


@dataclass
class Verdict:
    """Each list names what broke a promise; all must be empty."""

    lost: list[str] = field(default_factory=list)  # acknowledged, and not stored as acknowledged
    duplicate: list[str] = field(default_factory=list)  # stored more than once
    phantom: list[str] = field(default_factory=list)  # stored or shown, and never said
    disordered: list[str] = field(default_factory=list)  # the order of rows is not the order of acknowledgements
    gaps: list[str] = field(default_factory=list)  # seq with holes
    unequal: list[str] = field(default_factory=list)  # a window that shows something else than the timeline
    complaints: list[str] = field(default_factory=list)  # breaches of the protocol a client saw

    def broken(self) -> dict[str, list[str]]:
        """Return what is not empty, shortened."""
        return {name: found[:5] for name, found in vars(self).items() if found}


async def check(url: str, customers: Collection[Customer], *, within: float = 10) -> None:
    """Wait until every window shows its whole timeline, then compare all; raise AssertionError with the verdict."""
    await until(lambda: not judge(url, customers).unequal, within, every=0.25)
    broken = judge(url, customers).broken()
    assert not broken, broken
    assert any(one.acked_at for customer in customers for one in customer.operations.values()), "nothing was tested"


def judge(url: str, customers: Collection[Customer]) -> Verdict:
    """Compare the clients' logs with the database at `url` and with what each window shows."""
    verdict = Verdict()
    timelines, stored = _read(url, verdict)
    said = {identity: (customer, one) for customer in customers for identity, one in customer.operations.items()}
    for identity, (_, one) in said.items():
        places = stored.get(identity, [])
        if one.acked_at is not None and places != [(one.case, one.seq, one.text)]:
            verdict.lost.append(f"{identity}: acknowledged at {one.case} {one.seq}, stored at {places}")
        if len(places) > 1:
            verdict.duplicate.append(f"{identity}: {places}")
    verdict.phantom += [identity for identity in stored if identity not in said]
    for customer in customers:
        verdict.disordered += _disordered(customer)
        verdict.complaints += [f"{customer.name}: {complaint}" for complaint in customer.complaints]
        shown = {seq: entry.get("text") or entry.get("event") or "" for seq, entry in customer.entries.items()}
        if shown != timelines.get(customer.case, {}):
            differing = set(shown.items()) ^ set(timelines.get(customer.case, {}).items())
            verdict.unequal.append(f"{customer.name} at {customer.position}: {sorted(differing)[:4]}")
    return verdict


def _read(url: str, verdict: Verdict) -> tuple[dict[str, dict[int, str]], dict[str, list[tuple[str, int, str]]]]:
    """Return what a customer may see of each case (seq → text or event), and where each message id is stored."""
    timelines: dict[str, dict[int, str]] = {}
    stored: dict[str, list[tuple[str, int, str]]] = {}
    seqs: dict[str, list[int]] = {}
    with psycopg.connect(url, autocommit=True) as link:
        lasts: dict[str, int] = dict(
            link.execute("SELECT reference, last_seq FROM conversations_conversation").fetchall()
        )
        for reference, seq, author, kind, text, event, visible, external in link.execute(_ENTRIES):
            seqs.setdefault(reference, []).append(seq)
            if visible:
                timelines.setdefault(reference, {})[seq] = text or event
            if author == "customer" and kind == "message":
                identity = text.partition(":")[0]
                stored.setdefault(identity, []).append((reference, seq, text))
                if (external or "").rpartition(":")[2] != identity:
                    verdict.phantom.append(f"{reference} {seq}: {external} holds {identity}")
    verdict.phantom += [f"case {reference} holds no message" for reference, last in lasts.items() if last == 0]
    for reference, found in seqs.items():
        if found != list(range(1, lasts[reference] + 1)):
            verdict.gaps.append(f"{reference}: {found[:5]}…{found[-1]}, last is {lasts[reference]}")
    return timelines, stored


def _disordered(customer: Customer) -> Iterator[str]:
    """Whatever was said after something else had been acknowledged stands behind it."""
    acked = [one for one in customer.operations.values() if one.acked_at is not None]
    for case in {one.case for one in acked}:
        here = [one for one in acked if one.case == case]
        events = [(one.invoked_at, 1, one) for one in here] + [(one.acked_at or 0.0, 0, one) for one in here]
        events.sort(key=lambda event: event[:2])
        highest = 0
        for _, is_start, one in events:
            if is_start and one.seq <= highest:
                yield f"{one.text}: at {one.seq}, behind {highest}"
            if not is_start:
                highest = max(highest, one.seq)
