"""Where the repetition of a delivery ends and a new mail begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from tests.letters import SUPPORT
from tests.world import NOON
from trustdesk.channels import addresses, mailboxes, outbox, post, receiving
from trustdesk.channels.models import HookPayload, MailboxState
from trustdesk.conversations import mailroom
from trustdesk.conversations.models import Entry
from trustdesk.net.imap import Fetched
from trustdesk.net.imap_watch import Batch, Cursor
from trustdesk.net.smtp_server import Envelope
from trustdesk.seams import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailroom_open")]

BARE = b"From: anna@mail.example\r\nTo: support@northlight.example.test\r\n\r\nAny news?\r\n"
HOP = b"Received: from laptop by mx.mail.example with ESMTP id %s;\r\n %s\r\n"
MONDAY, TUESDAY = (HOP % one for one in ((b"a1", b"Mon, 23 Nov 2026 12:00:00 +0000"), (b"b2", b"Tue, 24 Nov 2026 12:00:00 +0000")))
OURS = "support+2@northlight.example.test"


def hand_over(content: bytes, at: datetime, *, to: str = SUPPORT) -> None:
    """Bring a mail as our receiver takes it: with its own trace on top, another one each time."""
    trace = f"Return-Path: <anna@mail.example>\r\nReceived: from x by desk with ESMTP id {at.timestamp():.0f};\r\n\t{at}\r\n"
    envelope = Envelope("1", trace.encode() + content, "anna@mail.example", (to,), "192.0.2.1", "x", True, at)
    route = addresses.route(to)
    assert route is not None
    post.store([receiving._raw(envelope, route.ours.inbox_id, [to], ())])
    read(at)


def read(now: datetime) -> None:
    while mailroom.read_due(now=now):
        pass
    assert set(HookPayload.objects.values_list("state", flat=True)) == {"processed"}


def lines() -> int:
    return Entry.objects.filter(kind="message").count()


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(0), 1),
        (timedelta(minutes=31), 1),
        (timedelta(minutes=60), 1),
        (timedelta(hours=2), 2),
        (timedelta(days=3), 2),
    ],
)
@pytest.mark.parametrize("begin", [NOON, NOON + timedelta(minutes=59, seconds=59)])
def test_the_same_words_with_nothing_to_tell_them_apart(begin: datetime, after: timedelta, expected: int) -> None:
    """No Message-ID, no Date, handed to us directly: a client comes again within the hour, a person another day."""
    hand_over(BARE, begin)
    hand_over(BARE, begin + after)
    assert lines() == expected


@pytest.mark.parametrize(
    ("hops", "expected"), [((MONDAY, MONDAY), 1), ((MONDAY, TUESDAY), 2), ((MONDAY, b"Received: by mx2\r\n" + MONDAY), 1)]
)
def test_a_server_that_took_it_from_its_author_tells_them_apart(hops: Sequence[bytes], expected: int) -> None:
    """Also two at once, and one that was queued for days."""
    for days, hop in enumerate(hops):
        hand_over(hop + BARE, NOON + timedelta(days=3 * days if expected == 1 else 0, seconds=days))
    assert lines() == expected


@pytest.mark.parametrize("field", [b"Message-ID: <form@mail.example>\r\n", b"Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n"])
def test_what_its_author_wrote_tells_them_apart_for_ever(field: bytes) -> None:
    hand_over(field + BARE, NOON)
    hand_over(MONDAY + field + BARE, NOON + timedelta(days=30))
    hand_over(TUESDAY + field + BARE, NOON + timedelta(days=60), to=OURS)
    assert lines() == 1


def test_two_that_a_form_writes_in_one_second_differ_in_their_subject() -> None:
    date = b"Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n"
    for number in (b"111", b"222", b"111"):
        hand_over(date + b"Subject: Deposit " + number + b" missing\r\n" + BARE, NOON)
    assert lines() == 2


def test_in_a_mailbox_the_server_knows_when_each_came() -> None:
    """Two of the same words are two; the same ones under new numbers are the same, however much later they are read again."""
    inbox = outbox.mail_inbox()
    MailboxState.objects.create(inbox_id=inbox)
    came = [NOON - timedelta(days=9), NOON - timedelta(days=4)]
    for validity, now in ((7, NOON), (8, NOON + timedelta(days=2))):
        mails = tuple(Fetched(uid, BARE, at, len(BARE)) for uid, at in enumerate(came, start=1))
        with clock.frozen(now):
            mailboxes.take(inbox, Batch(Cursor(validity, 2), mails))
        read(now)
        assert lines() == 2
    assert HookPayload.objects.count() == 4
