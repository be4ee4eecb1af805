"""E-18 over the socket: who chats in a case that is merged goes on in the other, and hears what customers may read of it."""

from __future__ import annotations

import secrets

import pytest

from tests import world
from tests.attacks.conftest import House
from tests.attacks.wire import Socket
from tests.conversations import merges
from trustdesk.conversations import merging, replies
from trustdesk.conversations.models import Conversation, Entry, Thread
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock
from trustdesk.staff.models import Role
from trustdesk.staff.permissions import Seat


def lead() -> Seat:
    return world.agent(f"Mei{secrets.token_hex(4)}", role=Role.ADMIN)


def note(case: Conversation, by: Seat) -> None:
    said = replies.Reply(case.pk, by.agent_id, secrets.token_hex(8), "CNRY-note", True)
    replies.send(replies=[said], now=clock.now())


def approved(source: Conversation, target: Conversation) -> None:
    """Merge by four eyes: a browser proves nobody."""
    mei, noor = lead(), lead()
    note(source, mei)
    note(target, mei)
    request = merges.asked(source, target, by=mei, reason="CNRY-reason")
    merging.approve(request_id=request.pk, seat=noor, now=clock.now())


def chatting(house: House) -> tuple[Socket, Conversation, str]:
    """A customer in the chat; returns the socket, his case, and what his browser is called."""
    socket, _ = house.chat()
    case = Conversation.objects.get(reference=socket.say("in the chat")["case"])
    return socket, case, Thread.objects.get(conversation=case).external.partition(":")[2]


def other_case(visitor: str, *, older_than: Conversation | None = None) -> Conversation:
    """A ticket of the same browser; `older_than`: with a lower number than this case of his, as if it had been there first."""
    case = merges.ticket("CASE-TWO words", visitor=visitor, now=clock.now())
    if older_than is None:
        return case
    number = -secrets.randbelow(10**9) - 1
    Conversation.objects.filter(pk=case.pk).update(reference=secrets.token_hex(7))
    older = Conversation.objects.get(pk=case.pk)
    older.pk, older.reference = number, case.reference
    older.save(force_insert=True)
    Entry.objects.filter(conversation=case).update(conversation=older)
    Thread.objects.filter(conversation=case).update(conversation=older)
    return older


@pytest.mark.parametrize("older", [False, True], ids=["into a newer", "into an older"])
def test_a_chat_goes_on_in_the_target(house: House, inside: None, older: bool) -> None:
    socket, source, visitor = chatting(house)
    target = other_case(visitor, older_than=source if older else None)
    approved(source, target)
    told = socket.when(lambda one: one["t"] == "entries" and one["case"] == target.reference)
    assert told["after"] == 0
    assert "CASE-TWO words" in repr(told["entries"])
    said = repr(socket.heard)
    # Which of the two tells him depends on what his browser hears first: that his thread has moved, or the old case's last line.
    assert "'merged'" in said or "'merged_from'" in said
    assert target.reference in said
    assert not [frame for frame in socket.heard if frame["t"] == "ended"], "nothing has ended"
    assert socket.say("and on it goes")["case"] == target.reference
    answer = replies.Reply(target.pk, lead().agent_id, secrets.token_hex(8), "an answer")
    replies.send(replies=[answer], now=clock.now())
    socket.when(lambda one: "an answer" in repr(one))
    assert "CNRY" not in repr(socket.heard)
    again, welcome = house.chat(token=visitors.token(Visitor("visitor", visitor)))
    assert welcome["case"]["reference"] == target.reference
    assert "CNRY" not in repr(welcome) + repr(again.heard)


def test_a_chat_is_not_led_by_a_hint_alone(house: House, inside: None) -> None:
    """Every hint is lost but that the old case moved: its own line says where it goes on."""
    socket, source, visitor = chatting(house)
    target = other_case(visitor)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trustdesk.realtime.bus.Bus.publish", lambda *_: None)
        approved(source, target)
    socket.when(lambda one: one["t"] == "entries" and one["case"] == target.reference, within=15)
    assert "CNRY" not in repr(socket.heard)
