"""How a case ends, begins again, and keeps its place in the queue meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import world
from tests.world import NOON
from trustdesk.conversations import acting, assignment, queue, requests, resolution
from trustdesk.conversations.models import Conversation, Wait
from trustdesk.staff.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def case(identity: int) -> Conversation:
    return Conversation.objects.get(pk=identity)


def test_a_chat_handed_back_waits_in_the_queue_again_and_the_customer_is_told() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    assignment.take(conversation_id=received.conversation_id, seat=maya, now=NOON)
    later = NOON + timedelta(minutes=5)
    assignment.assign(conversation_id=received.conversation_id, to=None, seat=maya, now=later)
    back = case(received.conversation_id)
    assert (back.status, back.assignee_id) == ("waiting", None)
    assert back.queued_at == NOON, "where his waiting puts him, not behind those who came since"
    assert queue.places([back.pk], now=later)[back.pk].position == 1
    assert back.entries.get(event="left").visible
    assert [wait.outcome for wait in Wait.objects.order_by("started_at")] == ["answered", ""]


@pytest.mark.parametrize("act", ["take", "assign", "unassign", "resolve", "pend", "reopen"])
def test_nothing_brings_a_closed_case_back(act: str) -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    requests.end(conversation_id=received.conversation_id, now=NOON)
    acts = {
        "take": lambda: assignment.take(conversation_id=received.conversation_id, seat=maya, now=NOON),
        "assign": lambda: assignment.assign(
            conversation_id=received.conversation_id, to=maya.agent_id, seat=maya, now=NOON
        ),
        "unassign": lambda: assignment.assign(conversation_id=received.conversation_id, to=None, seat=maya, now=NOON),
        "resolve": lambda: resolution.resolve(conversation_id=received.conversation_id, seat=maya, now=NOON),
        "pend": lambda: resolution.pend(conversation_id=received.conversation_id, seat=maya, now=NOON),
        "reopen": lambda: resolution.reopen(conversation_id=received.conversation_id, seat=maya, now=NOON),
    }
    with pytest.raises(acting.UnableToAct, match="closed"):
        acts[act]()
    assert case(received.conversation_id).status == "closed"


@pytest.mark.parametrize("by", ["customer", "agent"])
def test_a_chat_resolved_from_the_queue_and_begun_again_is_dealt_again(by: str) -> None:
    maya, received = world.agent("Maya", "funds", role=Role.LEAD), world.chat("hello")
    resolution.resolve(conversation_id=received.conversation_id, seat=maya, now=NOON)
    assert case(received.conversation_id).queued_at is None
    if by == "customer":
        world.chat("not solved")
    else:
        resolution.reopen(conversation_id=received.conversation_id, seat=maya, now=NOON)
    assert (case(received.conversation_id).status, case(received.conversation_id).queued_at) == ("waiting", NOON)


def test_waiting_for_the_customer_takes_the_chat_out_of_the_queue() -> None:
    maya, first, second = world.agent("Maya", "funds"), world.chat("hello"), world.chat("hi", visitor="bert")
    resolution.pend(conversation_id=first.conversation_id, seat=maya, now=NOON)
    pending = case(first.conversation_id)
    assert (pending.status, pending.assignee_id, pending.queued_at) == ("pending", maya.agent_id, None)
    assert pending.entries.filter(event="assigned").count() == 1
    assert queue.places([second.conversation_id], now=NOON)[second.conversation_id].position == 1


def test_all_old_cases_are_closed_however_many() -> None:
    maya = world.agent("Maya", "funds")
    cases = [world.chat("hello", visitor=f"v{n}").conversation_id for n in range(5)]
    for one in cases:
        resolution.resolve(conversation_id=one, seat=maya, now=NOON)
    assert resolution.close_old(now=NOON + resolution.REOPEN_WINDOW + timedelta(seconds=1), at_once=2) == 5
    assert set(Conversation.objects.values_list("status", flat=True)) == {"closed"}
