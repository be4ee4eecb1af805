"""What came from outside and nobody has read yet: stored, sealed, before its bearer is told that we have it.

A row goes STORED → PROCESSED | HELD | UNREADABLE. Reading happens in jobs, any number of them at once; one that dies leaves
its rows claimed, and a few minutes later somebody else takes them. What is read is kept for thirty days, so that a better
reader can read it again, and then shredded: at once where it held a secret.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Count, Q

from trustdesk.channels import sealing
from trustdesk.channels.models import HookPayload
from trustdesk.realtime import jobs
from trustdesk.realtime.group_commit import GroupCommit
from trustdesk.seams import failpoints

KEPT = timedelta(days=30)
LEASE = timedelta(minutes=5)  # longer than reading one batch may take
ATTEMPTS = 3  # deaths of readers over one, before staff are asked to look at it
TRIES = 12  # of reading one where what stands in the way may pass: a name server, a full disk
AGAIN, LONGEST = timedelta(seconds=20), timedelta(hours=1)  # the pause, doubled with each try
BATCH_BYTES = 32 * 1024 * 1024  # that are opened at once, and one
CUT = ("too_large", "refused")  # reasons of what is stored as its header alone: there is nothing to read again
JOB = "conversations.read_post"

log = logging.getLogger(__name__)
State = HookPayload.State


@dataclass(frozen=True, slots=True)
class Raw:
    """One thing as it came. `source` is its bearer's own id; `envelope` what only the bearer knows, as JSON takes it."""

    inbox_id: int
    kind: str
    source: str
    content: bytes
    envelope: Mapping[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A stored thing, opened, for this process to read."""

    id: int
    inbox_id: int
    kind: str
    content: bytes
    envelope: Mapping[str, Any]
    received_at: datetime
    attempts: int  # this one included
    released: bool  # staff looked at it and want it read as a person's


_TOLD_APART = re.compile(rb"^(?:message-id|date|received)[ \t]*:", re.IGNORECASE | re.MULTILINE)


def moment(content: bytes, at: datetime) -> str:
    """Return what belongs into the `source` of a mail beside its bytes: the time `at` which it came, where its author's head
    (without our own trace) has nothing that tells it from another one of the same words. Handed over again, such a mail is
    stored twice; who reads it decides whether it is one (`mail_identity`)."""
    head = content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return "" if _TOLD_APART.search(head) else at.isoformat()


def store(raws: Sequence[Raw]) -> list[bool]:
    """Store things in one transaction, with the job that reads them; return of each whether it is new.

    One whose (inbox, source) is known is not stored again: handing it over twice is harmless.
    """
    rows = [_row(raw) for raw in {(raw.inbox_id, raw.source): raw for raw in raws}.values()]
    with transaction.atomic():
        known = set(
            HookPayload.objects.filter(
                inbox_id__in={row.inbox_id for row in rows}, source__in={row.source for row in rows}
            ).values_list("inbox_id", "source")
        )
        fresh = [row for row in rows if (row.inbox_id, row.source) not in known]
        HookPayload.objects.bulk_create(fresh, ignore_conflicts=True)
        if fresh:
            jobs.defer(JOB)
        failpoints.hit("before_commit")
    failpoints.hit("after_commit")
    new = {(row.inbox_id, row.source) for row in fresh}
    return [(raw.inbox_id, raw.source) in new for raw in raws]


def _row(raw: Raw) -> HookPayload:
    envelope = orjson.dumps(raw.envelope)
    sealed, key = sealing.seal(len(envelope).to_bytes(4) + envelope + raw.content)
    return HookPayload(
        inbox_id=raw.inbox_id,
        kind=raw.kind,
        source=raw.source,
        sealed=sealed,
        key=key,
        size=len(raw.content),
        not_before=raw.received_at,
        received_at=raw.received_at,
    )


_writer: GroupCommit[Raw, bool] = GroupCommit(store, name="post", most=100, bound=1000, patience=20.0)


def put(raw: Raw) -> asyncio.Future[bool]:
    """Queue one thing from the running event loop; awaiting the future waits until it is stored. Fails with Unavailable."""
    return _writer.put(raw)


def submit(raw: Raw) -> Future[bool]:
    """Queue one thing from a thread; fails as `put`."""
    return _writer.submit(raw)


def claim(*, now: datetime, most: int) -> list[Claimed]:
    """Take what is due or was left behind, oldest first; two processes never take the same.

    What a process died over is taken alone, so that it takes nothing else along, and the third time it is put aside.
    """
    with transaction.atomic():
        rows = list(
            HookPayload.objects.select_for_update(skip_locked=True)
            .filter(Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE), state=State.STORED, not_before__lte=now)
            .order_by("not_before", "id")
            .defer("sealed", "key")[:most]
        )
        total = list(accumulate(row.size for row in rows))
        rows = [row for row, size in zip(rows, total, strict=True) if size - row.size < BATCH_BYTES]
        left_behind = [row for row in rows if row.claimed_at is not None]
        rows = left_behind[:1] or rows
        for row in rows:
            row.deaths += row.claimed_at is not None  # what merely failed has no claim: waiting for a name server is no death
            if row.deaths >= ATTEMPTS:
                row.state, row.reason, row.processed_at = State.UNREADABLE, "died", now
                log.warning("payload %s was what readers died over", row.pk)
            row.claimed_at, row.attempts = now, row.attempts + 1
        HookPayload.objects.bulk_update(rows, ["claimed_at", "attempts", "deaths", "state", "reason", "processed_at"])
    ids = [row.pk for row in rows if row.state == State.STORED]
    stored = HookPayload.objects.filter(pk__in=ids).order_by("not_before", "id")
    return [claimed for row in stored if (claimed := _opened(row, now)) is not None]


def _opened(row: HookPayload, now: datetime) -> Claimed | None:
    try:
        envelope, content = _unsealed(row)
    except sealing.Unsealable:
        log.warning("payload %s cannot be opened", row.pk)
        unreadable(row.pk, reason="sealed", now=now)
        return None
    return Claimed(
        row.pk, row.inbox_id, row.kind, content, envelope, row.received_at, row.attempts, row.reason == "released"
    )


def _unsealed(row: HookPayload) -> tuple[Mapping[str, Any], bytes]:
    if row.sealed is None or row.key is None:
        raise sealing.Unsealable
    whole = sealing.unseal(bytes(row.sealed), bytes(row.key))
    length = int.from_bytes(whole[:4])
    return orjson.loads(whole[4 : 4 + length]), whole[4 + length :]


def processed(done: Mapping[int, int | None], *, now: datetime, shred: Sequence[int] = ()) -> None:
    """Note that these (id → the case it became part of, if any) are read; those in `shred` are forgotten at once."""
    with transaction.atomic():
        rows = list(HookPayload.objects.select_for_update().filter(pk__in=done).only("pk").order_by("pk"))
        for row in rows:
            row.state, row.reason, row.processed_at, row.conversation_id = State.PROCESSED, "", now, done[row.pk]
        HookPayload.objects.bulk_update(rows, ["state", "reason", "processed_at", "conversation_id"])
        if shred:
            HookPayload.objects.filter(pk__in=shred).update(sealed=None, key=None)


def held(identity: int, *, reason: str, now: datetime) -> None:
    """Keep one from becoming part of a case: staff see it, with the reason, and may release it."""
    HookPayload.objects.filter(pk=identity).update(state=State.HELD, reason=reason, processed_at=now)


def unreadable(identity: int, *, reason: str, now: datetime) -> None:
    """Show one to staff as unreadable, with Retry; the next one is not kept waiting."""
    HookPayload.objects.filter(pk=identity).update(state=State.UNREADABLE, reason=reason, processed_at=now)


def failed(one: Claimed, *, reason: str, now: datetime) -> None:
    """Try one again later, for a good six hours; then it is unreadable."""
    if one.attempts >= TRIES:
        unreadable(one.id, reason=reason, now=now)
    else:
        wait = min(AGAIN * 2 ** (one.attempts - 1), LONGEST)
        HookPayload.objects.filter(pk=one.id).update(claimed_at=None, not_before=now + wait)


def again(identity: int, *, now: datetime, release: bool = False) -> bool:
    """Have one that staff looked at read anew; `release`: as a person's mail, whoever vouches for it. False: it is gone, or
    never was here whole (`CUT`): a header alone would become an empty case."""
    with transaction.atomic():
        whole = HookPayload.objects.exclude(state=State.UNREADABLE, reason__in=CUT)
        changed = whole.filter(pk=identity, state__in=(State.UNREADABLE, State.HELD), key__isnull=False).update(
            state=State.STORED,
            reason="released" if release else "",
            attempts=0,
            deaths=0,
            claimed_at=None,
            not_before=now,
            processed_at=None,
        )
        if changed:
            jobs.defer(JOB)
    return bool(changed)


def dismiss(identity: int, *, now: datetime) -> bool:
    """Note that staff looked at one and that nothing is to become of it; False: it is not theirs to decide any more.

    It is kept as long as what was read, so that a mistake can be found.
    """
    waiting = HookPayload.objects.filter(pk=identity, state__in=(State.UNREADABLE, State.HELD))
    return bool(waiting.update(state=State.PROCESSED, reason="dismissed", processed_at=now))


def content(identity: int) -> bytes:
    """Return the bytes of one as they came; raises as `whole`."""
    return whole(identity)[1]


def whole(identity: int) -> tuple[Mapping[str, Any], bytes]:
    """Return envelope and bytes of one; raises LookupError where it is unknown, sealing.Unsealable where it was shredded."""
    row = HookPayload.objects.filter(pk=identity).first()
    if row is None:
        raise LookupError(identity)
    return _unsealed(row)


def shred_old(*, now: datetime) -> int:
    """Forget what was read and is older than thirty days; what staff have not dealt with stays. Return how many."""
    return HookPayload.objects.filter(
        state=State.PROCESSED, key__isnull=False, received_at__lt=now - KEPT
    ).update(sealed=None, key=None)


def counts() -> dict[int, dict[str, int]]:
    """Count by inbox and state: the ledger of what is stored."""
    found: dict[int, dict[str, int]] = {}
    for row in HookPayload.objects.order_by().values("inbox_id", "state").annotate(n=Count("id")):
        found.setdefault(row["inbox_id"], {})[row["state"]] = row["n"]
    return found
