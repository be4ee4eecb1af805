"""What the tests of the ticket form share: a frozen noon, and a writer in the test's own transaction."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client


@pytest.fixture
def ticket_office(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tickets are taken in at noon, by nobody but this test."""
    from tests import world
    from trustdesk.conversations import expectations
    from trustdesk.customers import limits
    from trustdesk.seams import clock

    world.store_at_once(monkeypatch)
    monkeypatch.setattr(limits, "limiter", limits.Limiter())
    world.fresh()
    expectations.forget()
    with clock.frozen(world.NOON):
        yield


@pytest.fixture
def stranger(ticket_office: None) -> Client:
    """A browser nobody knows, checked for cross-site posts as a real one is."""
    return Client(enforce_csrf_checks=True)
