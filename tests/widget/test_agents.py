"""What a customer is told of his agent: who it is, whether he is at the desk, and that he has left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.db import connection

from tests import world
from tests.desk.sockets import SOON, Desk, Place, hint
from tests.processes import Process
from trustdesk.channels.models import Delivery
from trustdesk.conversations import assignment, notices, presence, triage
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation
from trustdesk.conversations.presence_models import DeskPresence
from trustdesk.customers import visitors
from trustdesk.seams import clock
from trustdesk.staff.models import Team
from trustdesk.widget.live import PRESENCE_EVERY

NOTICED = PRESENCE_EVERY + SOON


@pytest.fixture
def place(committed_db: str, live_server_process: Callable[..., Process]) -> Iterator[Place]:
    """The real server beside this process."""
    world.fresh()
    with ExitStack() as links:
        yield Place(live_server_process(url=committed_db), links, committed_db)


def come_in(place: Place, **more: str) -> tuple[Desk, Received]:
    """Open a chat and say something; returns the customer's end and the case."""
    customer = Desk(place.link("", path="/live/chat"))
    customer.say("hello", v=1, locale="en", **more)
    customer.wait("welcome")
    customer.say("send", id="m1", text="hello", topic="deposit_missing")
    row = Conversation.objects.get(reference=customer.wait("ack")["case"])
    return customer, Received(row.pk, row.reference, row.team_id, 1, row.created_at, "", (), False, False)


def test_a_customer_sees_his_agent_leave_the_desk_and_come_back(place: Place) -> None:
    mei = world.agent("Mei", "funds")
    customer, case = come_in(place)
    desk = place.desk(mei)
    desk.say("ping")
    desk.wait("pong")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=clock.now())
    hint(case)
    customer.wait("presence", agent={"name": "Mei"}, online=True)

    desk.link.close()
    gone = clock.now() - presence.HERE  # a minute later, without waiting for it
    assert DeskPresence.objects.filter(agent_id=mei.agent_id).update(seen_at=gone) == 1
    customer.wait("presence", NOTICED, agent={"name": "Mei"}, online=False)
    token = next(frame["token"] for frame in customer.seen if frame["t"] == "welcome")
    again = Desk(place.link("", path="/live/chat"))
    again.say("hello", v=1, locale="en", token=token)
    again.wait("presence", agent={"name": "Mei"}, online=False)

    place.desk(mei)
    customer.wait("presence", NOTICED, agent={"name": "Mei"}, online=True)


def test_a_customer_whose_agent_hands_the_chat_back_sees_his_place_in_the_queue(place: Place) -> None:
    mei = world.agent("Mei", "funds")
    customer, case = come_in(place)
    customer.wait("queue", state="waiting")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=clock.now())
    hint(case)
    customer.wait("queue", state="with_agent")
    assignment.assign(conversation_id=case.conversation_id, to=None, seat=mei, now=clock.now())
    hint(case)
    customer.wait("presence", agent=None, online=False)
    customer.wait("queue", state="waiting", position=1)


def test_who_comes_from_the_exchange_is_answered_at_the_registered_address_when_he_leaves(place: Place) -> None:
    mei, now = world.agent("Mei", "funds"), clock.now()
    signed_in = visitors.identified(uid="100001", mail="anna@mail.example", now=now)
    for visitor, mail in ((signed_in, "anna@mail.example"), (visitors.anonymous(), "")):
        customer, case = come_in(place, token=visitors.token(visitor))
        row = Conversation.objects.get(pk=case.conversation_id)
        assert (row.answer_to, row.answer_proved) == (mail, bool(mail))
        customer.link.close()
        world.answer(mei, case, "It has arrived.", now=now)
        notices.mail_unread(conversation_id=case.conversation_id, now=now)
    assert [(one.recipient, one.purpose) for one in Delivery.objects.all()] == [("anna@mail.example", "answer")]


def test_a_customer_who_is_passed_on_sees_his_place_in_the_other_queue_move(place: Place) -> None:
    lea, tom = world.agent("Lea", "funds", "trading"), world.agent("Tom", "trading")
    ahead = world.chat("my order", visitor="ahead", topic="order", now=clock.now())
    trading = Team.objects.get(slug="trading")
    Conversation.objects.filter(pk=ahead.conversation_id).update(team=trading, priority=0)
    customer, case = come_in(place)
    assignment.take(conversation_id=case.conversation_id, seat=lea, now=clock.now())
    hint(case)
    customer.wait("queue", state="with_agent")
    triage.change(conversation_id=case.conversation_id, seat=lea, team="trading", reason="CNRY", now=clock.now())
    hint(case)
    customer.wait("presence", agent=None, online=False)
    customer.wait("queue", state="waiting", position=2)
    [told] = [
        line
        for frame in customer.seen
        for line in frame.get("entries", ())
        if line["kind"] == "event" and line["event"] != "assigned"
    ]
    assert (told["event"], told["params"], told["name"]) == ("passed_on", {}, "")
    assert "CNRY" not in repr(customer.seen)
    assignment.take(conversation_id=ahead.conversation_id, seat=tom, now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('trustdesk', %s)", [json.dumps(["test", {f"queue:{trading.pk}": ""}])])
    customer.wait("queue", state="waiting", position=1)
