"""What the tests of the help center share: a frozen noon, nothing kept from another test, and a few pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # its models can be imported only once Django is set up, which is after this file
    from tests.helpcenter.shelves import Shelf


@pytest.fixture(autouse=True)
def _noon(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin with an empty help center at noon; what is published is seen at once."""
    from tests import world
    from tests.helpcenter import shelves
    from trustdesk.customers import limits
    from trustdesk.knowledge import library
    from trustdesk.seams import clock

    monkeypatch.setattr(library, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(limits, "limiter", limits.Limiter())
    world.fresh()
    shelves.forget()
    with clock.frozen(world.NOON):
        yield
    shelves.forget()


@pytest.fixture
def shelf(_noon: None) -> Shelf:
    """One section with two articles in both languages, one in English alone, and a section of announcements."""
    from tests.helpcenter import shelves

    return shelves.build()
