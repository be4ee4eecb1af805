"""Fixtures of the core's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings


@pytest.fixture
def mailroom_open(db: None) -> Iterator[None]:
    """Our addresses read anew, and a mail server of ours in front that notes who vouches for a sender."""
    # Not at the top: pytest reads this file before Django is set up.
    from tests import letters, world
    from trustdesk.channels import addresses
    from trustdesk.seams import failpoints

    world.fresh()
    addresses.forget()
    with override_settings(MAIL_AUTHSERV_ID=letters.MX):
        yield
    failpoints.arm("")
