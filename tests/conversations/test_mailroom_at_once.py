"""Mail that several readers take at once, each in transactions of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import override_settings

from tests import letters, world
from tests.letters import letter
from tests.world import NOON
from trustdesk.channels import addresses
from trustdesk.channels.models import HookPayload, Inbox
from trustdesk.conversations import mailroom, rulebook
from trustdesk.conversations.models import Conversation, Entry

PARTNERS = "partners@northlight.example.test"
READERS = 4  # as many as the worker has


@pytest.fixture
def mailroom_of_its_own(committed_db: str) -> Iterator[None]:
    world.fresh()
    Inbox.objects.create(kind="email", name="Partners", address=PARTNERS)
    addresses.forget()
    rulebook.forget()
    with override_settings(MAIL_AUTHSERV_ID=letters.MX):
        mailroom.read_due(now=NOON)
        yield
    addresses.forget()
    rulebook.forget()


def at_once(act: Callable[[], object], *, times: int = READERS) -> None:
    """Do something in several threads at the same moment; raises what one of them raised."""
    barrier, failures = threading.Barrier(times), []

    def run() -> None:
        try:
            barrier.wait(10)
            act()
        except Exception as error:  # noqa: BLE001  it is asserted on below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def read_all() -> None:
    while HookPayload.objects.filter(state="stored").exists():
        at_once(lambda: mailroom.read_due(now=NOON, most=1))
    assert set(HookPayload.objects.values_list("state", flat=True)) == {"processed"}


def test_mails_of_one_sender_on_one_matter_read_at_once_are_one_case(mailroom_of_its_own: None) -> None:
    """EM-7, however many read: each decides only once the one before is committed."""
    rounds = 6
    for number in range(rounds):
        sender = f"p{number}@mail.example"
        letters.store(*(letter(f"mail {n}", sender=sender, subject="Missing deposit") for n in range(READERS)))
        read_all()
    assert Conversation.objects.count() == rounds
    assert Entry.objects.filter(kind="message").count() == rounds * READERS


@pytest.mark.parametrize("vouched", ["pass", ""], ids=["proved", "claimed"])
def test_one_mail_to_two_addresses_read_at_once_is_one_line(mailroom_of_its_own: None, vouched: str) -> None:
    rounds = 6
    for number in range(rounds):
        mail = letter(sender=f"p{number}@mail.example", subject="Both of you", vouched=vouched)
        letters.store(mail)
        letters.store(mail, to=PARTNERS)
        read_all()
    assert Conversation.objects.count() == rounds
    assert Entry.objects.filter(kind="message").count() == rounds


def test_batches_of_many_senders_in_any_order_wait_for_each_other_in_no_circle(mailroom_of_its_own: None) -> None:
    people = [f"p{number}@mail.example" for number in range(8)]
    for turn in range(READERS):
        order = people[turn:] + people[:turn]
        letters.store(*(letter(f"turn {turn}", sender=one, subject="Missing deposit") for one in order))
    at_once(lambda: mailroom.read_due(now=NOON, most=len(people)))
    assert set(HookPayload.objects.values_list("state", "attempts")) == {("processed", 1)}
    assert Conversation.objects.count() == len(people)
