"""The audit: who did what, when, from where, why, with what result. Rows are only ever added.

Each row carries the hash of the row before it, so that a changed, removed or reordered row breaks the chain from
there on; `verify` names the first bad one. Rewriting the whole tail is found by keeping the head elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection, transaction

from trustdesk.seams import clock
from trustdesk.staff.models import Agent, Audit

GENESIS = "0" * 64
_CHAIN_LOCK = 0x7264_6175  # any constant number: one chain, one lock


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where; `agent_id` None is the system or somebody not signed in."""

    agent_id: int | None = None
    name: str = ""
    ip: str | None = None
    session_key: str = ""


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: rows read, the hash of the last good row, and the id of the first bad row, if any."""

    rows: int
    head: str
    first_bad_id: int | None


def record(
    *,
    actor: Actor,
    action: str,
    target: str = "",
    reason: str = "",
    result: Audit.Result = Audit.Result.DONE,
    data: Mapping[str, object] | None = None,
) -> Audit:
    """Add one row in the caller's transaction, so that it commits or rolls back with the act.

    Call it last: the lock that orders the chain is held until the transaction ends, and a use-case that still waits
    for a row lock afterwards could deadlock with another. `data` is plain JSON: ids and codes, never customers' text
    or secrets. Raise RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an audit row belongs to the transaction of the act it records")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    last = Audit.objects.order_by("-id").values_list("hash", flat=True).first()
    row = Audit(
        at=clock.now(),
        agent_id=actor.agent_id,
        agent_name=actor.name,
        action=action,
        target=target,
        reason=reason,
        ip=actor.ip,
        session_hash=session_mark(actor.session_key),
        result=result,
        data=dict(data or {}),
        prev_hash=last or GENESIS,
    )
    row.hash = _digest(row)
    row.save(force_insert=True)
    return row


def verify(*, head: str | None = None) -> Verdict:
    """Read the whole chain in order and report the first row that does not fit.

    With `head`, a hash noted earlier, a chain that no longer contains that row is bad from its last row on: somebody
    cut the tail or wrote everything anew.
    """
    rows, previous, seen = 0, GENESIS, head in (None, GENESIS)
    last_id: int | None = None
    # One snapshot: rows written meanwhile must not look like holes.
    with transaction.atomic():
        for row in Audit.objects.order_by("id").iterator(chunk_size=1000):
            if row.prev_hash != previous or row.hash != _digest(row):
                return Verdict(rows=rows, head=previous, first_bad_id=row.pk)
            rows, previous, last_id = rows + 1, row.hash, row.pk
            seen = seen or row.hash == head
    return Verdict(rows=rows, head=previous, first_bad_id=None if seen else (last_id or 0))


def session_mark(session_key: str) -> str:
    """Return what the audit keeps of a session: enough to tell two apart, useless for signing in."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:16] if session_key else ""


def actor_of(agent: Agent, *, ip: str | None = None, session_key: str = "") -> Actor:
    """Return the actor that stands for this agent."""
    return Actor(agent_id=agent.pk, name=agent.display_name, ip=ip, session_key=session_key)


def _digest(row: Audit) -> str:
    """Hash everything but the id: PostgreSQL draws it, and the order is already in `prev_hash`."""
    fields = [
        row.at.isoformat(timespec="microseconds"),
        row.agent_id,
        row.agent_name,
        row.action,
        row.target,
        row.reason,
        row.ip,
        row.session_hash,
        str(row.result),
        row.data,
        row.prev_hash,
    ]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
