"""Everything we send, on record: queued with the data it belongs to, sent by one job, repeated until it is out.

A row goes QUEUED → SENDING → SENT | FAILED, or back to QUEUED to be tried again later. A process that dies between
handing a message over and saying so leaves its row SENDING; ten minutes later somebody else sends it once more, under
the same Message-ID, marks the row `repeat`, and never a third time.

What becomes of it afterwards is told by mails that come back to its return path, and by providers: SENT → DELIVERED | BOUNCED.
An address that a mail of a case came back from for good gets nothing more about that case; other cases are not touched.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from trustdesk.channels import addresses, lanes, letters, registry
from trustdesk.channels.addresses import Purpose
from trustdesk.channels.contract import Outbound, SendFailed
from trustdesk.channels.models import Delivery, Inbox
from trustdesk.policy import tokens
from trustdesk.realtime import jobs
from trustdesk.seams import failpoints

STUCK_AFTER = timedelta(minutes=10)  # longer than any one sending may take
FIRST_WAIT = timedelta(seconds=30)  # doubled with each attempt
LONGEST_WAIT = timedelta(hours=4)
ATTEMPTS = 16  # over a good day
HALTED_AFTER = timedelta(minutes=5)
# Reasons that lie between us and the server our mail leaves through, whoever it is for (`net.mail`).
OUR_SERVER = frozenset("auth connect dns no_mail_server no_starttls protocol timeout tls".split())
SECRET_PURPOSES = frozenset({"code"})  # the text goes as soon as it is sent
WRITTEN_BY_PEOPLE = frozenset({"answer", "reply", "side"})
# Who gets them may be anybody: what he writes back must not land in somebody's case.
UNANSWERABLE = frozenset({"code", "confirm", "phrase", "follow"})
REPEAT = "repeat"
# Reasons of what came back: for good, only this once, and of what was not sent because of an earlier one.
HARD, SOFT, COMPLAINT, SUPPRESSED = "hard", "soft", "complaint", "suppressed"
RETURNED = "returned"  # in `about`: from whom it came back, and how
MOST_RETURNED = 100
FAILED_JOB = "conversations.mail_failed"
JOB = "channels.send_due"
QUEUE = "mail"  # of jobs: sending has threads of its own (WORKER_THREADS), and no other job waits for a mail server
_LOCK = 0x7D_0B0C  # one claims at a time, or each would count the others' as none

log = logging.getLogger(__name__)
_State = Delivery.State


def mail_inbox(*, of_case: int | None = None) -> int:
    """Return the inbox that our own mail leaves through: that of a case which came by mail (`of_case`: the inbox of any
    case), else the first. Raises LookupError before set-up has run."""
    found = Inbox.objects.filter(kind="email", enabled=True).order_by("id").values_list("id", flat=True)
    if not (rows := list(found)):
        raise LookupError("no mail inbox: run migrate")
    return of_case if of_case in rows else rows[0]


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
    locale: str = "",
    about: Mapping[str, Any] | None = None,
) -> None:
    """Ask for something to be sent, in the caller's transaction; the same key asked twice is sent once.

    `purpose` is a code: what people wrote is `answer`, `reply` or `side`, everything else is marked as automatic; the text
    of a `code` is forgotten once it is out. `text`: paragraphs, parted by blank lines; greeting and safety line are added.
    `locale`: of what is added, by default the language of this moment. `about`: what it answers, `in_reply_to` (a Message-ID)
    and `references` (a list of them, the newest last); `unsubscribe`: the address that ends such mails with one POST (RFC 8058).
    """
    row = Delivery(
        key=key,
        inbox_id=inbox_id,
        conversation_id=conversation_id,
        purpose=purpose,
        recipient=recipient,
        mailbox=addresses.folded(recipient)[:320],
        subject=tokens.plain_addresses(subject)[:200],
        text=tokens.plain_addresses(text),  # what is quoted in it may hold somebody else's
        locale=(locale or get_language() or "en")[:16],
        about=dict(about or {}),
        not_before=now,
        created_at=now,
    )
    with transaction.atomic():
        Delivery.objects.bulk_create([row], ignore_conflicts=True)
        jobs.defer(JOB)


def waiting(*, now: datetime, most: int) -> int:
    """Return how many are due, `most` at the most."""
    return Delivery.objects.filter(state=_State.QUEUED, not_before__lte=now)[:most].count()


def halted(*, now: datetime) -> tuple[str, int]:
    """Say what keeps our mail from going out at all, as a code, and how many wait for it; ("", 0) while some goes out.

    What fails at our own mail server fails for everybody, so it takes two mails to say so, and that nothing has gone out since
    the last of them was tried. A single mail has its next try hours ahead by then: looking for what is overdue finds nothing.
    """
    failing = Delivery.objects.filter(
        state=_State.QUEUED, attempts__gt=0, created_at__lt=now - HALTED_AFTER, inbox__kind="email"
    ).order_by("-id")
    rows = [
        (reason.removeprefix(f"{REPEAT}: "), tried)
        for reason, tried in failing.values_list("reason", "claimed_at")[:1000]
        if reason.removeprefix(f"{REPEAT}: ") in OUR_SERVER and tried is not None
    ]
    if len(rows) < 2:
        return "", 0
    reason, tried = max(rows, key=lambda row: row[1])
    if Delivery.objects.filter(sent_at__gte=tried, inbox__kind="email").exists():
        return "", 0
    return reason, len(rows)


def send_due(*, now: datetime, most: int = 50) -> int:
    """Send what is due, one after the other and at most `most` or for five minutes; return how many were tried."""
    begun = time.monotonic()
    for tried in range(most):
        elapsed = timedelta(seconds=time.monotonic() - begun)
        # One at a time: what waits behind a slow server is free for another worker to take, and is not "stuck".
        if jobs.stopping() or elapsed > STUCK_AFTER / 2 or (row := _claim(now + elapsed)) is None:
            return tried
        _send(row, now + elapsed)
    return most


def _claim(now: datetime) -> Delivery | None:
    """Take the next row that is due or was left behind; two processes never take the same."""
    left_behind = Q(state=_State.SENDING, claimed_at__lt=now - STUCK_AFTER)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        due = Delivery.objects.filter(Q(state=_State.QUEUED) | left_behind, not_before__lte=now)
        row = (
            lanes.allowed(due, now=now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("inbox")
            .order_by("not_before", "id")
            .first()
        )
        if row is None:
            return None
        again = row.state == _State.SENDING
        row.state, row.claimed_at, row.attempts = _State.SENDING, now, row.attempts + 1
        if again and row.reason.startswith(REPEAT):
            row.state, row.reason = _State.FAILED, f"{REPEAT}: interrupted twice"
            row.text = "" if row.purpose in SECRET_PURPOSES else row.text
        elif again:
            row.reason = REPEAT
        elif _suppressed(row):
            row.state, row.reason = _State.FAILED, SUPPRESSED
        _name(row)
        row.save(update_fields=["state", "claimed_at", "attempts", "reason", "text", "message_id", "bounce_hash"])
        if row.state == _State.FAILED:
            _tell(row)
    if again:
        log.warning("delivery %s was interrupted: %s", row.pk, row.reason)
    return row


def _suppressed(row: Delivery) -> bool:
    """Say whether a mail of the same case to the same address came back for good, or was called spam and this is automatic."""
    if row.conversation_id is None:
        return False
    came_back = Q(state=_State.BOUNCED, reason__startswith=HARD)
    if row.purpose not in WRITTEN_BY_PEOPLE:
        came_back |= Q(reason__startswith=COMPLAINT)
    others = Delivery.objects.filter(conversation_id=row.conversation_id, recipient__iexact=row.recipient)
    return others.filter(came_back).exists()


def _name(row: Delivery) -> None:
    """Give a row its Message-ID and return path before it goes out, the same at every try: answers and bounces name them."""
    if row.inbox.kind != "email":
        return
    row.message_id = row.message_id or addresses.message_id(key=row.key, ours=_ours(row))
    if row.purpose in WRITTEN_BY_PEOPLE:
        row.bounce_hash = addresses.bounce_address(key=row.key, ours=_ours(row))[1]


def _ours(row: Delivery) -> str:
    return row.inbox.address or addresses.default()


def _send(row: Delivery, now: datetime) -> None:
    if row.state != _State.SENDING:
        return
    given, begun, message = "", time.monotonic(), None
    try:
        letter, channel = _outbound(row, now), registry.channel(row.inbox.kind, address=row.inbox.address)
        message = letter
        if not failpoints.hit("before_smtp"):
            given = channel.send(letter)
    except SendFailed as failure:
        _failed(row, failure, now)
    except (DatabaseError, failpoints.Injected):
        raise  # nothing could be written here, or a death is played: whoever finds the row left behind sends it
    except Exception as error:  # noqa: BLE001  a fault of ours must not hold up the other rows; its text may hold mail
        _at_fault(row, f"fault: {type(error).__name__}", now, handed_over=message is not None)
    else:
        if not failpoints.hit("after_smtp"):
            _settle(row, state=_State.SENT, sent_at=now, provider_id="" if given == row.message_id else given[:200])
    lanes.note(recipient=row.recipient, took=timedelta(seconds=time.monotonic() - begun), now=now)


def _outbound(row: Delivery, now: datetime) -> Outbound:
    """Word a row for its channel."""
    automatic = row.purpose not in WRITTEN_BY_PEOPLE
    if row.inbox.kind != "email":
        return Outbound(row.key, row.recipient, row.subject, row.text, locale=row.locale, automatic=automatic)
    letter = letters.render(subject=row.subject, text=row.text, locale=row.locale, recipient=row.recipient)
    reply_to = ""
    if row.conversation_id is not None and row.purpose not in UNANSWERABLE:
        reply_to = addresses.reply_address(
            conversation_id=row.conversation_id,
            recipient=row.recipient,
            ours=_ours(row),
            now=now,
            purpose=Purpose.SIDE if row.purpose == "side" else Purpose.CASE,
        )
    return Outbound(
        row.key,
        row.recipient,
        row.subject,
        letter.text,
        locale=row.locale,
        automatic=automatic,
        html=letter.html,
        message_id=row.message_id,
        reply_to=reply_to,
        bounce_to="" if automatic else addresses.bounce_address(key=row.key, ours=_ours(row))[0],
        in_reply_to=str(row.about.get("in_reply_to", "")),
        references=tuple(map(str, row.about.get("references", ()))),
        unsubscribe=str(row.about.get("unsubscribe", "")),
    )


def _failed(row: Delivery, failure: SendFailed, now: datetime) -> None:
    final = failure.permanent or row.attempts >= ATTEMPTS
    log.warning("delivery %s failed (%s), attempt %s%s", row.pk, failure, row.attempts, ", for good" if final else "")
    reason = f"{REPEAT}: {failure}" if row.reason.startswith(REPEAT) else str(failure)
    if final:
        _settle(row, state=_State.FAILED, reason=reason[:200])
    else:
        wait = min(FIRST_WAIT * 2 ** (row.attempts - 1), LONGEST_WAIT) * random.uniform(0.75, 1.25)
        _settle(row, state=_State.QUEUED, reason=reason[:200], not_before=now + wait)


def _at_fault(row: Delivery, reason: str, now: datetime, *, handed_over: bool) -> None:
    """Try a row again that an error of ours ended; once at most where it may have gone out all the same."""
    if handed_over and row.reason.startswith(REPEAT):
        _failed(row, SendFailed(reason, permanent=True), now)
        return
    row.reason = REPEAT if handed_over else row.reason
    _failed(row, SendFailed(reason), now)


def _settle(row: Delivery, *, state: Delivery.State, **columns: str | datetime | None) -> None:
    """Say how a claimed row ended – unless it was taken from us meanwhile."""
    if state != _State.QUEUED and row.purpose in SECRET_PURPOSES:
        columns["text"] = ""
    mine = Delivery.objects.filter(pk=row.pk, state=_State.SENDING, claimed_at=row.claimed_at)
    if state != _State.QUEUED:
        columns["claimed_at"] = None  # of what is tried again it says when it was tried last
    with transaction.atomic():
        if mine.update(state=state, **columns) and state == _State.FAILED:
            _tell(row)


def _tell(row: Delivery) -> None:
    """Have the case told that something did not go out."""
    if row.conversation_id is not None:
        jobs.defer(FAILED_JOB, delivery_id=row.pk)


# What becomes of it afterwards


def knows(*, provider_id: str) -> bool:
    """Say whether a delivery is called so by its provider."""
    return _named("", provider_id).exists()


def bounced(
    *,
    token: str = "",
    provider_id: str = "",
    hard: bool,
    status: str,
    now: datetime,
    recipient: str = "",
    for_all: bool | None = None,
) -> Delivery | None:
    """Note that a mail came back; `token` is of the return path it came back to, `provider_id` what a provider calls it.

    Nothing else names a delivery: whoever makes a bounce up knows neither. `hard`: for good, so that its address gets no more
    mail about this case. `status`: the enhanced status code (RFC 3463). `recipient`: for whom, where it was handed on from
    our recipient to others; `for_all`: whether it came back for good from all of them, by default `hard`. Returns the
    delivery as it now is, for a line in its case; None when it is unknown or this was known already.
    """
    with transaction.atomic():
        row = _named(token, provider_id).select_for_update(of=("self",)).first()
        if row is None or row.state == _State.FAILED:
            return None
        known, name = dict(row.about.get(RETURNED, {})), addresses.folded(recipient or row.recipient)
        if known.get(name) == HARD or (known.get(name) == SOFT and not hard) or len(known) >= MOST_RETURNED:
            return None
        row.about = row.about | {RETURNED: known | {name: HARD if hard else SOFT}}
        lasting = hard if for_all is None else for_all
        # After "delayed" may come "given up"; what came back for one of several does not make better what did for all.
        if not (row.state == _State.BOUNCED and row.reason.startswith(HARD)):
            row.state, row.claimed_at = _State.BOUNCED, None
            row.reason = f"{HARD if lasting else SOFT}: {status}"[:200]
        row.save(update_fields=["about", "state", "claimed_at", "reason"])
    log.warning("delivery %s came back (%s)", row.pk, row.reason)
    return row


def returned(token: str) -> Delivery | None:
    """Return the delivery whose return path carries this token; a mail may come back more than once."""
    return _named(token, "").first()


def delivered(*, token: str = "", provider_id: str = "", now: datetime) -> Delivery | None:
    """Note that a mail arrived; returns the delivery, or None when it is unknown, arrived before, or came back since."""
    row = _named(token, provider_id).first()
    if row is None:
        return None
    under_way = Q(state__in=(_State.SENDING, _State.SENT)) | Q(state=_State.BOUNCED, reason__startswith=SOFT)
    if not Delivery.objects.filter(under_way, pk=row.pk).update(
        state=_State.DELIVERED, claimed_at=None, sent_at=row.sent_at or now
    ):
        return None
    row.refresh_from_db()
    return row


def complained(*, message_ids: Sequence[str] = (), provider_id: str = "", now: datetime) -> Delivery | None:
    """Note that the recipient called a mail spam: nothing automatic goes to him about this case any more.

    `message_ids`: of ours, as a feedback report (RFC 5965) names them; nobody who was not sent them knows them. Returns as
    `bounced`.
    """
    named = Delivery.objects.filter(message_id__in=[one for one in message_ids if one]) if message_ids else _named("", provider_id)
    row = named.first()
    if row is None:
        return None
    arrived = Delivery.objects.filter(pk=row.pk, state__in=(_State.SENDING, _State.SENT, _State.DELIVERED))
    if not arrived.exclude(reason=COMPLAINT).update(
        state=_State.DELIVERED, reason=COMPLAINT, claimed_at=None, sent_at=row.sent_at or now
    ):
        return None
    log.warning("delivery %s was called spam", row.pk)
    row.refresh_from_db()
    return row


def _named(token: str, provider_id: str) -> QuerySet[Delivery]:
    if token:
        return Delivery.objects.filter(bounce_hash=addresses.digest(token))
    if not provider_id:
        return Delivery.objects.none()
    return Delivery.objects.filter(Q(provider_id=provider_id) | Q(message_id=provider_id))  # some keep our own
