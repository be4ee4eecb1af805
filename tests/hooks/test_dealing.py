"""From what a provider posted to a line of a case, and to what staff see of a mail of ours."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from tests import world
from tests.hooks import posts
from tests.hooks.posts import BOUNCED, DELIVERED, MIME
from tests.hooks.storing import rows
from tests.world import NOON
from trustdesk.channels import outbox, post
from trustdesk.channels.models import Delivery, HookPayload
from trustdesk.conversations import mailroom
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.net import authenticity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hooks", "at_once")]
UUID = "883953f4-6105-42a2-a16a-77a8eac79483"


@pytest.fixture(autouse=True)
def _no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    world.fresh()
    monkeypatch.setattr(authenticity, "evaluate", lambda *_args, **_more: None)


def sent(*, provider_id: str = UUID, message_id: str = "") -> Delivery:
    """A mail of ours about a case, on its way."""
    case = world.chat("hello")
    return Delivery.objects.create(
        key="one",
        inbox_id=outbox.mail_inbox(),
        conversation_id=case.conversation_id,
        purpose="reply",
        recipient="anna@mail.example",
        state=Delivery.State.SENT,
        provider_id=provider_id,
        message_id=message_id,
        not_before=NOON,
        created_at=NOON,
    )


def read_all() -> None:
    while mailroom.read_due(now=NOON):
        pass


def test_a_mail_becomes_a_case_and_the_hook_is_forgotten() -> None:
    for _ in range(2):  # two attempts of the provider, signed twice
        assert posts.mailgun_mime(MIME).send().status_code == 200
        read_all()
    case = Conversation.objects.get()
    assert Entry.objects.filter(conversation=case, kind="message").count() == 1
    assert HookPayload.objects.get(kind="mail").state == "processed"
    assert [(one.state, one.key) for one in HookPayload.objects.filter(kind="anymail:mailgun")] == [
        ("processed", None)
    ] * 2


SAID: list[dict[str, Any]] = [DELIVERED, BOUNCED, BOUNCED | {"RecordType": "SpamComplaint", "Type": "SpamComplaint"}]


@pytest.mark.parametrize("order", list(itertools.permutations(SAID)))
def test_what_became_of_a_mail_is_the_same_in_any_order(order: tuple[dict[str, Any], ...]) -> None:
    delivery = sent()
    for event in order:
        assert posts.postmark_event(**event).send().status_code == 200
        read_all()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("bounced", "hard: 5.1.1")
    events = Entry.objects.filter(event="mail_bounced")
    assert [(one.conversation_id, one.visible) for one in events] == [(delivery.conversation_id, False)]


def test_a_provider_that_keeps_our_own_id_is_understood() -> None:
    delivery = sent(provider_id="", message_id="<20261123.1@mg.example.test>")
    assert posts.mailgun_event(event="complained").send().status_code == 200
    read_all()
    delivery.refresh_from_db()
    assert delivery.reason == "complaint"
    assert HookPayload.objects.get().conversation_id == delivery.conversation_id


def test_a_provider_may_be_faster_than_our_own_note_and_tell_of_others_mail() -> None:
    delivery = sent(provider_id="")
    assert posts.postmark_event(**BOUNCED).send().status_code == 200
    read_all()
    assert HookPayload.objects.get().state == "stored"
    Delivery.objects.filter(pk=delivery.pk).update(provider_id=UUID)
    mailroom.read_due(now=NOON + timedelta(minutes=1))
    delivery.refresh_from_db()
    assert delivery.state == "bounced"
    assert posts.postmark_event(**BOUNCED | {"MessageID": "somebody-elses"}).send().status_code == 200
    for minute in range(1, 5):
        mailroom.read_due(now=NOON + timedelta(minutes=minute))
    assert [row.state for row in HookPayload.objects.all()] == ["processed"] * 2


def test_an_unreadable_hook_is_a_row_for_staff_and_keeps_nobody_waiting() -> None:
    assert posts.Post("/hooks/mail/postmark/inbound/", b"[]", headers=posts.basic()).send().status_code == 200
    assert posts.mailgun_mime(MIME).send().status_code == 200
    read_all()
    assert [(row.reason, row.key is not None) for row in HookPayload.objects.filter(state="unreadable")] == [
        ("AttributeError", True)
    ]
    assert Conversation.objects.count() == 1
    assert post.again(HookPayload.objects.get(state="unreadable").pk, now=NOON)
    assert rows() == 3
