"""What the tests of the ticket form share: a frozen noon, and a writer in the test's own transaction."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:  # its models can be imported only once Django is set up, which is after this file
    from trustdesk.conversations.intake import Arrival, Received


@pytest.fixture
def ticket_office(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tickets are taken in at noon, by nobody but this test."""
    from tests import world
    from trustdesk.conversations import expectations, intake
    from trustdesk.customers import limits
    from trustdesk.seams import clock

    def at_once(arrival: Arrival) -> Future[Received]:
        """Store it in this test's own transaction; the writer thread has another."""
        future: Future[Received] = Future()
        future.set_result(intake.receive(messages=[arrival], now=clock.now())[0])
        return future

    monkeypatch.setattr(intake, "submit", at_once)
    monkeypatch.setattr(limits, "limiter", limits.Limiter())
    world.fresh()
    expectations.forget()
    with clock.frozen(world.NOON):
        yield


@pytest.fixture
def stranger(ticket_office: None) -> Client:
    """A browser nobody knows, checked for cross-site posts as a real one is."""
    return Client(enforce_csrf_checks=True)
