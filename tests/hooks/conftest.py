"""Providers with secrets, and the clock at the hour they sign with."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from pytest_django import Settings


@pytest.fixture
def hooks(settings: Settings) -> Iterator[None]:
    """Every provider of `posts`, set up."""
    # Django is not ready yet when this file is read.
    from tests.hooks.posts import HOOKS
    from tests.world import NOON
    from trustdesk.channels import addresses, provider_hooks
    from trustdesk.seams import clock

    addresses.forget()
    settings.MAIL_HOOKS = HOOKS
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="django-anymail has dropped official support for SendGrid")
        assert provider_hooks.find("postmark", "inbound")  # all are made now, and kept
    with clock.frozen(NOON):
        yield


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store in the thread that asks: the writer's own does not see the transaction that a test runs in."""
    from tests.hooks.storing import AtOnce
    from trustdesk.channels import post

    monkeypatch.setattr(post, "submit", AtOnce)
