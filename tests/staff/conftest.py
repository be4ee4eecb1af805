"""An administrator, and her browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:  # models can be imported only once Django is set up, which is after this file
    from trustdesk.staff.models import Agent


@pytest.fixture
def ada() -> Agent:
    """An administrator."""
    from tests.staff import people
    from trustdesk.staff.models import Role

    return people.agent("ada@example.com", role=Role.ADMIN)


@pytest.fixture
def admin(ada: Agent) -> Client:
    """Her browser, past the second factor."""
    from tests.staff import people

    return people.signed_in(ada, confirmed=True)
