"""Mails that a mailbox's server shows and could not give: named, asked for again, and no longer named once they are here."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from trustdesk.channels import post
from trustdesk.channels.models import HookPayload, MissingMail
from trustdesk.net.imap import Fetched

FIRST, LONGEST = timedelta(minutes=10), timedelta(days=1)  # until one is asked for again, doubled with each try
TRIES = 10  # of our own accord, over a few days; after that staff ask
REFUSED = "refused"  # reason of what is stored as its header alone

log = logging.getLogger(__name__)


def note(inbox_id: int, *, validity: int, mails: Sequence[Fetched], now: datetime) -> None:
    """Name mails as missing, each once."""
    MissingMail.objects.bulk_create(
        [MissingMail(inbox_id=inbox_id, uid_validity=validity, uid=one.uid, since=now, ask_at=now + FIRST) for one in mails],
        ignore_conflicts=True,
    )


def forget_others(inbox_id: int, *, validity: int) -> None:
    """Forget numbers that lost their meaning: under another UIDVALIDITY everything is read again."""
    MissingMail.objects.filter(inbox_id=inbox_id).exclude(uid_validity=validity).delete()


def waiting(*, now: datetime) -> set[int]:
    """Return the inboxes that have something to ask for now."""
    return set(MissingMail.objects.filter(ask_at__lte=now).values_list("inbox_id", flat=True))


def owed(inbox_id: int, *, validity: int, now: datetime) -> int | None:
    """Return the UID of the next one to ask for, and count the try: one that breaks the connection must not do so at once
    again."""
    with transaction.atomic():
        forget_others(inbox_id, validity=validity)
        due = MissingMail.objects.filter(inbox_id=inbox_id, ask_at__lte=now).order_by("ask_at", "uid")
        row = due.select_for_update(skip_locked=True).first()
        if row is None:
            return None
        row.tries += 1
        row.ask_at = None if row.tries >= TRIES else now + min(FIRST * 2**row.tries, LONGEST)
        row.save(update_fields=["tries", "ask_at"])
    return row.uid


def found(inbox_id: int, *, validity: int, uid: int, raw: post.Raw, cut: bool, now: datetime) -> None:
    """Store one that came at last; what there was of it, its header, needs nobody's attention any more. `cut`: it is too large,
    and again only its header."""
    with transaction.atomic():
        HookPayload.objects.filter(
            inbox_id=inbox_id,
            source__startswith=f"imap:{validity}:{uid}:",
            state=HookPayload.State.UNREADABLE,
            reason=REFUSED,
        ).exclude(source=raw.source).update(state=HookPayload.State.PROCESSED, reason="found", processed_at=now)
        post.store([raw])
        if cut:
            HookPayload.objects.filter(inbox_id=inbox_id, source=raw.source).update(
                state=HookPayload.State.UNREADABLE, reason="too_large", processed_at=now
            )
        gone(inbox_id, uid=uid)
    log.info("mailbox %s gave a mail that it could not give before", inbox_id)


def gone(inbox_id: int, *, uid: int) -> None:
    """Take one off the list: it is here, or on the server no more."""
    MissingMail.objects.filter(inbox_id=inbox_id, uid=uid).delete()


def ask_again(inbox_id: int, *, now: datetime) -> int:
    """Ask for all of a mailbox at once, and again and again as at first; return how many."""
    return MissingMail.objects.filter(inbox_id=inbox_id).update(tries=0, ask_at=now)
