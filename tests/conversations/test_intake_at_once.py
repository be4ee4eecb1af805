"""Intake from many threads at once, each in transactions of its own."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from tests import world
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.customers.models import Customer


@pytest.mark.parametrize("same", [True, False], ids=["one id", "own ids"])
def test_fifty_first_messages_at_once_open_one_case(committed_db: str, same: bool) -> None:
    """A-19: parallel starts for one visitor, each in a transaction of its own."""
    world.fresh()
    barrier, failures = threading.Barrier(12), []

    def start(number: int) -> None:
        try:
            barrier.wait(10)
            for n in range(4):
                world.chat("hello", visitor="zoe", identity="same" if same else f"{number}-{n}")
        except Exception as error:  # noqa: BLE001  it is asserted on below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=start, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    case = Conversation.objects.get()
    rows = list(Entry.objects.order_by("seq").values_list("seq", flat=True))
    assert rows == list(range(1, case.last_seq + 1))
    assert Entry.objects.filter(kind="message").count() == (1 if same else 48)
    assert Customer.objects.count() == 1
