"""Mail that is fetched from a mailbox: stored once, whatever numbers its server gives it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conversations.mails import case_of
from tests.letters import letter
from tests.world import NOON
from trustdesk.channels import mailboxes, outbox
from trustdesk.channels.models import HookPayload, MailboxState
from trustdesk.conversations import mailroom
from trustdesk.net.imap import Fetched
from trustdesk.net.imap_watch import Batch, Cursor
from trustdesk.seams import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailroom_open")]


@pytest.fixture
def box() -> Iterator[int]:
    inbox = outbox.mail_inbox()
    MailboxState.objects.create(inbox_id=inbox)
    with clock.frozen(NOON):
        yield inbox


def take(box: int, *mails: tuple[int, bytes, str], validity: int = 7) -> None:
    """Have the fetcher hand over mails: UID, content and problem of each."""
    fetched = tuple(Fetched(uid, content, None, len(content), problem) for uid, content, problem in mails)
    mailboxes.take(box, Batch(Cursor(validity, mails[-1][0]), fetched))


def sources() -> list[str]:
    return list(HookPayload.objects.order_by("pk").values_list("source", flat=True))


def test_a_number_given_to_another_mail_hides_neither(box: int) -> None:
    """A server restored from a backup goes on counting where the backup ended, under the same UIDVALIDITY."""
    take(box, (5, letter("the first"), ""))
    take(box, (5, letter("another one", sender="bob@mail.example"), ""))
    assert HookPayload.objects.count() == 2
    assert len(set(sources())) == 2
    while mailroom.read_due(now=NOON):
        pass
    first, second = HookPayload.objects.order_by("pk")
    assert case_of(first) != case_of(second)


def test_the_same_mail_under_the_same_number_is_stored_once(box: int) -> None:
    content = letter("again")
    for _ in range(3):
        take(box, (5, content, ""))
    assert HookPayload.objects.count() == 1


def test_numbers_given_anew_double_no_line(box: int) -> None:
    """Another UIDVALIDITY: all is read again and stored again, and each is one line of one case."""
    contents = [letter(f"mail {n}", sender=f"p{n}@mail.example") for n in range(3)]
    take(box, *((n, content, "") for n, content in enumerate(contents, start=1)))
    take(box, *((n, content, "") for n, content in enumerate(reversed(contents), start=1)), validity=8)
    while mailroom.read_due(now=NOON):
        pass
    assert HookPayload.objects.count() == 6
    cases = [case_of(row) for row in HookPayload.objects.order_by("pk")]
    assert len(set(cases)) == 3
    assert all(case.entries.filter(kind="message").count() == 1 for case in cases)
    state = MailboxState.objects.get()
    assert (state.uid_validity, state.last_uid) == (8, 3)
