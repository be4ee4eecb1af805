"""Everything we send, on record: queued with the data it belongs to, sent by one job, repeated until it is out.

A row goes QUEUED → SENDING → SENT | FAILED, or back to QUEUED to be tried again later. A process that dies between
handing a message over and saying so leaves its row SENDING; ten minutes later somebody else sends it once more, under
the same Message-ID, marks the row `repeat`, and never a third time.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from trustdesk.channels import registry
from trustdesk.channels.contract import Outbound, SendFailed
from trustdesk.channels.models import Delivery, Inbox
from trustdesk.realtime import jobs
from trustdesk.seams import failpoints

STUCK_AFTER = timedelta(minutes=10)  # longer than any one sending may take
FIRST_WAIT = timedelta(seconds=30)  # doubled with each attempt
LONGEST_WAIT = timedelta(hours=4)
ATTEMPTS = 16  # over a good day
SECRET_PURPOSES = frozenset({"code"})  # the text goes as soon as it is sent
WRITTEN_BY_PEOPLE = frozenset({"answer", "reply"})
REPEAT = "repeat"

log = logging.getLogger(__name__)
_State = Delivery.State


def mail_inbox() -> int:
    """Return the inbox that our own mail leaves through; raises LookupError before set-up has run."""
    found = Inbox.objects.filter(kind="email", enabled=True).order_by("id").values_list("id", flat=True).first()
    if found is None:
        raise LookupError("no mail inbox: run migrate")
    return found


def queue(
    *,
    key: str,
    inbox_id: int,
    conversation_id: int | None,
    purpose: str,
    recipient: str,
    subject: str,
    text: str,
    now: datetime,
) -> None:
    """Ask for something to be sent, in the caller's transaction; the same key asked twice is sent once.

    `purpose` is a code: what people wrote is `answer` or `reply`, everything else is marked as automatic; the text
    of a `code` is forgotten once it is out.
    """
    row = Delivery(
        key=key,
        inbox_id=inbox_id,
        conversation_id=conversation_id,
        purpose=purpose,
        recipient=recipient,
        subject=subject[:200],
        text=text,
        not_before=now,
        created_at=now,
    )
    with transaction.atomic():
        Delivery.objects.bulk_create([row], ignore_conflicts=True)
        jobs.defer("channels.send_due")


def send_due(*, now: datetime, most: int = 50) -> int:
    """Send what is due, one after the other and at most `most` or for five minutes; return how many were tried."""
    begun = time.monotonic()
    for tried in range(most):
        elapsed = timedelta(seconds=time.monotonic() - begun)
        # One at a time: what waits behind a slow server is free for another worker to take, and is not "stuck".
        if elapsed > STUCK_AFTER / 2 or (row := _claim(now + elapsed)) is None:
            return tried
        _send(row, now + elapsed)
    return most


def _claim(now: datetime) -> Delivery | None:
    """Take the next row that is due or was left behind; two processes never take the same."""
    left_behind = Q(state=_State.SENDING, claimed_at__lt=now - STUCK_AFTER)
    with transaction.atomic():
        row = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("inbox")
            .filter(Q(state=_State.QUEUED) | left_behind, not_before__lte=now)
            .order_by("not_before", "id")
            .first()
        )
        if row is None:
            return None
        again = row.state == _State.SENDING
        row.state, row.claimed_at, row.attempts = _State.SENDING, now, row.attempts + 1
        if again and row.reason.startswith(REPEAT):
            row.state, row.reason = _State.FAILED, f"{REPEAT}: interrupted twice"
        elif again:
            row.reason = REPEAT
        row.save(update_fields=["state", "claimed_at", "attempts", "reason"])
    if again:
        log.warning("delivery %s was interrupted: %s", row.pk, row.reason)
    return row


def _send(row: Delivery, now: datetime) -> None:
    if row.state != _State.SENDING:
        return
    message = Outbound(row.key, row.recipient, row.subject, row.text, automatic=row.purpose not in WRITTEN_BY_PEOPLE)
    try:
        if not failpoints.hit("before_smtp"):
            registry.channel(row.inbox.kind, address=row.inbox.address).send(message)
    except SendFailed as failure:
        _failed(row, failure, now)
        return
    if not failpoints.hit("after_smtp"):
        _settle(row, state=_State.SENT, sent_at=now)


def _failed(row: Delivery, failure: SendFailed, now: datetime) -> None:
    final = failure.permanent or row.attempts >= ATTEMPTS
    log.warning("delivery %s failed (%s), attempt %s%s", row.pk, failure, row.attempts, ", for good" if final else "")
    reason = f"{REPEAT}: {failure}" if row.reason.startswith(REPEAT) else str(failure)
    if final:
        _settle(row, state=_State.FAILED, reason=reason[:200])
    else:
        wait = min(FIRST_WAIT * 2 ** (row.attempts - 1), LONGEST_WAIT) * random.uniform(0.75, 1.25)
        _settle(row, state=_State.QUEUED, reason=reason[:200], not_before=now + wait)


def _settle(row: Delivery, *, state: Delivery.State, **columns: str | datetime) -> None:
    """Say how a claimed row ended – unless it was taken from us meanwhile."""
    if state != _State.QUEUED and row.purpose in SECRET_PURPOSES:
        columns["text"] = ""
    mine = Delivery.objects.filter(pk=row.pk, state=_State.SENDING, claimed_at=row.claimed_at)
    mine.update(state=state, claimed_at=None, **columns)
