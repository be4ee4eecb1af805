"""Providers with secrets, and the clock at the hour they sign with."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from pytest_django import Settings


@pytest.fixture
def hooks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every provider of `posts`, set up; Amazon's certificate lies where its messages say."""
    # Django is not ready yet when this file is read.
    from tests.hooks import authority, posts
    from tests.hooks.posts import HOOKS
    from tests.world import NOON
    from trustdesk.channels import addresses, amazon_certificates, amazon_sns, provider_hooks
    from trustdesk.seams import clock

    addresses.forget()
    amazon_sns.forget()
    amazon = posts.Amazon({posts.CERTIFICATE_URL: authority.certificate(), authority.ISSUER_URL: authority.between()})
    monkeypatch.setattr(amazon_certificates, "roots", authority.roots)
    monkeypatch.setattr(amazon_sns, "_http", lambda: amazon)
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
