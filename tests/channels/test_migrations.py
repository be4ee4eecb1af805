"""What a migration does to rows that were there before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from trustdesk.channels import missing
from trustdesk.channels.models import Inbox, MissingMail
from trustdesk.config import database, embedded


@pytest.fixture
def owned(committed_db: str, postgres: embedded.EmbeddedServer) -> Iterator[None]:
    """A database of this test's own, as the role that may change tables."""
    entry = database.django_settings(url=postgres.url(role=database.OWNER, name=committed_db.rsplit("/", 1)[1]), pool_size=0)
    connection.settings_dict.update({key: entry[key] for key in ("USER", "PASSWORD")})
    yield
    connection.close()


def migrate(name: str) -> Apps:
    """Go forward or back to this migration of the channels; return the models as they were then."""
    executor = MigrationExecutor(connection)
    return executor.migrate([("channels", name)]).apps


def test_numbers_that_a_mailbox_missed_are_asked_for_once_each_and_at_once(owned: None) -> None:
    old = migrate("0005_domain_check")
    for number, numbers in enumerate([[7, 3, 7], [], [3, 5_000_000_000]]):
        inbox = old.get_model("channels", "Inbox").objects.create(kind="email", name="x", address=f"a{number}@mail.example")
        state: dict[str, Any] = {"inbox": inbox, "uid_validity": 9 + number, "missing": numbers}
        old.get_model("channels", "MailboxState").objects.create(**state)
    migrate(latest())
    rows = MissingMail.objects.order_by("inbox__address", "uid")
    assert list(rows.values_list("inbox__address", "uid_validity", "uid", "tries")) == [
        ("a0@mail.example", 9, 3, 0),
        ("a0@mail.example", 9, 7, 0),
        ("a2@mail.example", 11, 3, 0),
        ("a2@mail.example", 11, 5_000_000_000, 0),
    ]
    now = timezone.now()
    by_address = dict(Inbox.objects.values_list("address", "pk"))
    assert missing.waiting(now=now) == {by_address["a0@mail.example"], by_address["a2@mail.example"]}
    assert missing.owed(by_address["a0@mail.example"], validity=9, now=now) == 3


def latest() -> str:
    """The newest migration of the channels."""
    return max(name for app, name in MigrationExecutor(connection).loader.disk_migrations if app == "channels")
