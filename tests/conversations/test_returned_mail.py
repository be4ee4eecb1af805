"""A mail of ours that does not go out: its case says so, and whoever has the case open sees it without loading anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tests import world
from tests.world import NOON
from trustdesk.channels import outbox, registry
from trustdesk.channels.contract import Channel, Limits, Outbound, SendFailed
from trustdesk.channels.models import Delivery
from trustdesk.conversations import public, returned_mail
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.desk import event_wording
from trustdesk.realtime.bus import bus

pytestmark = pytest.mark.django_db


class Refusing(Channel):
    """A way out that refuses everything, for good or for now."""

    kind, label, limits = "email", "Refusing", Limits(1, 1, 1)
    permanent = True

    def send(self, message: Outbound) -> str:
        raise SendFailed("recipient_refused", permanent=self.permanent)


@pytest.fixture
def way_out(monkeypatch: pytest.MonkeyPatch) -> Refusing:
    world.fresh()
    made = Refusing()
    monkeypatch.setattr(registry, "channel", lambda kind, **_facts: made)
    return made


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    heard: list[Mapping[str, str]] = []
    monkeypatch.setattr(bus, "publish", heard.append)
    return heard


def queue(case: Received, *, key: str = "one", recipient: str = "anna@mail.example") -> Delivery:
    outbox.queue(
        key=key, inbox_id=outbox.mail_inbox(), conversation_id=case.conversation_id, purpose="reply", recipient=recipient,
        subject="Hello", text="Hi", now=NOON,
    )  # fmt: skip
    return Delivery.objects.get(key=key)


def to_tell() -> list[int]:
    """The deliveries that cases are to be told of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (args->>'delivery_id')::int FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [outbox.FAILED_JOB]
        )
        return [identity for (identity,) in cursor.fetchall()]


def told(case: Received) -> list[dict[str, Any]]:
    rows = Entry.objects.filter(conversation_id=case.conversation_id, event="mail_failed").order_by("seq")
    assert not any(row.visible for row in rows)
    return [dict(row.data) for row in rows]


def test_the_desk_is_told_at_once_and_once(
    way_out: Refusing, hints: list[Mapping[str, str]], django_capture_on_commit_callbacks: Any
) -> None:
    case = world.chat("hello", topic="order")
    delivery = queue(case)
    outbox.send_due(now=NOON)
    assert to_tell() == [delivery.pk]
    hints.clear()
    with django_capture_on_commit_callbacks(execute=True):
        returned_mail.say_failed(delivery.pk, now=NOON)
    seq = Conversation.objects.get(pk=case.conversation_id).last_seq
    assert [hint for hint in hints if hint.get(f"case:{case.conversation_id}") == str(seq)], hints
    with django_capture_on_commit_callbacks(execute=True):
        returned_mail.say_failed(delivery.pk, now=NOON)  # every job may run twice
    assert [(one["to"], one["reason"]) for one in told(case)] == [("anna@mail.example", "recipient_refused")]
    assert "Our mail to a•••@mail.example was not sent: the other side refuses the recipient" in event_wording.event(
        "mail_failed", by="", author="system", data=told(case)[0]
    )
    shown = public.entries_after({case.conversation_id: 0})[case.conversation_id].lines
    assert "mail_failed" not in [line.event for line in shown]


def test_what_is_tried_again_is_no_news(way_out: Refusing) -> None:
    way_out.permanent = False
    case = world.chat("hello", topic="order")
    delivery = queue(case)
    now = NOON
    for attempt in range(1, outbox.ATTEMPTS + 1):
        assert to_tell() == []
        assert outbox.send_due(now=now) == 1, attempt
        now += outbox.LONGEST_WAIT * 2
    assert to_tell() == [delivery.pk]


def test_what_is_not_even_tried_is_news_too(way_out: Refusing) -> None:
    """An earlier mail came back for good; sending was interrupted twice."""
    case = world.chat("hello", topic="order")
    first = queue(case)
    Delivery.objects.filter(pk=first.pk).update(state="bounced", reason="hard: 5.1.1")
    second = queue(case, key="two")
    third = queue(case, key="three", recipient="bob@mail.example")
    Delivery.objects.filter(pk=third.pk).update(
        state="sending", reason=outbox.REPEAT, claimed_at=NOON - timedelta(hours=1)
    )
    outbox.send_due(now=NOON)
    assert sorted(to_tell()) == [second.pk, third.pk]


def test_what_belongs_to_no_case_or_has_gone_out_since_tells_nobody(way_out: Refusing) -> None:
    case = world.chat("hello", topic="order")
    delivery = queue(case)
    returned_mail.say_failed(delivery.pk, now=NOON)  # it waits to be sent
    returned_mail.say_failed(0, now=NOON)
    outbox.queue(
        key="code", inbox_id=outbox.mail_inbox(), conversation_id=None, purpose="code", recipient="a@mail.example",
        subject="x", text="1", now=NOON,
    )  # fmt: skip
    outbox.send_due(now=NOON)
    assert to_tell() == [delivery.pk]
    assert told(case) == []
