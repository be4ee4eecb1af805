"""Uploads that meet: whatever is tried at the same moment, a ticket lets one file in and a quota holds."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import pytest
from django.db import connection

from tests import world
from tests.conversations import pictures
from tests.world import NOON
from trustdesk.conversations import attachments
from trustdesk.conversations.attachments import UploadRefused
from trustdesk.conversations.models import Attachment
from trustdesk.customers.models import Customer

TOGETHER = 6


@pytest.fixture(autouse=True)
def _fresh(committed_db: str) -> None:
    world.fresh()


def test_one_ticket_sent_from_many_sides_lets_one_file_in() -> None:
    place = _announce(len(pictures.PDF), "one")
    results = _at_once(
        lambda _n: (
            attachments.store(
                key=place.key, ticket=place.ticket, stream=io.BytesIO(pictures.PDF), declared_type="", now=NOON
            ).state
        )
    )
    assert sorted(results) == ["ready"] + ["ticket_used"] * (TOGETHER - 1)
    assert Attachment.objects.get().state == "ready"


def test_files_announced_at_once_by_somebody_new_make_one_customer_and_keep_to_the_quota() -> None:
    results = _at_once(lambda n: _announce(25 * 1024 * 1024, str(n)).key[:0] or "room")
    assert sorted(results) == ["quota"] * (TOGETHER - 4) + ["room"] * 4
    assert Customer.objects.count() == 1


def _announce(size: int, client_id: str) -> attachments.Announced:
    return attachments.announce(
        handle_kind="visitor", handle="anna", client_id=client_id, name="a.pdf", size=size, media_type="", now=NOON
    )


def _at_once(act: Callable[[int], str]) -> list[str]:
    results: list[str] = []
    gate = threading.Barrier(TOGETHER)

    def one(number: int) -> None:
        gate.wait(timeout=10)
        try:
            results.append(act(number))
        except UploadRefused as refused:
            results.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(results) == TOGETHER, "every thread must have come back"
    return results
