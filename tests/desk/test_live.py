"""The desk's socket, on the real server: who gets one, what it tells, and how soon it is over."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests import world
from tests.desk.desks import case_of
from tests.desk.sockets import OVER, SOON, Desk, Place, hint
from tests.processes import Process
from tests.staff import people
from trustdesk.channels import outbox
from trustdesk.channels.models import Delivery
from trustdesk.conversations import assignment, returned_mail
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.seams import clock
from trustdesk.staff import accounts, audit
from trustdesk.staff.models import Agent, Factor, Membership, Role, Session

SYSTEM = audit.Actor(name="test")


@pytest.fixture
def place(committed_db: str, live_server_process: Callable[..., Process]) -> Iterator[Place]:
    """The real server beside this process, which changes the database as other processes would."""
    world.fresh()
    with ExitStack() as links:
        yield Place(live_server_process(url=committed_db), links, committed_db)


def refused(act: Callable[[], object]) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        act()
    return int(refusal.value.response.status_code)


def test_only_a_signed_in_agent_from_the_desks_own_pages_gets_a_socket(place: Place) -> None:
    """N-09, and nobody without a second factor."""
    mei, nora, gus = (world.agent(name, "funds") for name in ("Mei", "Nora", "Gus"))
    key = place.key(mei)
    host = f"127.0.0.1:{place.server.port}"
    for origin in (
        "https://evil.example",
        "null",
        None,
        f"http://{host}.evil.example",
        f"https://{host}",
        f"http://evil@{host}",
    ):
        assert refused(partial(place.link, key, origin=origin)) == 403, origin
    left = place.key(gus)
    accounts.set_active(agent_id=gus.agent_id, active=False, actor=SYSTEM, reason="left")
    for bad in ("", "x", "0" * 32, place.key(nora, factor=Factor.NONE), place.key(nora, factor=Factor.DEMO), left):
        assert refused(partial(place.link, bad)) == 403
    assert refused(partial(place.link, key, path="/live/nothing")) == 403
    place.link(key)


def test_a_page_is_told_that_something_is_new_and_never_what(place: Place) -> None:
    mei = world.agent("Mei", "funds")
    case = world.chat("hello")
    desk = place.desk(mei)
    desk.say("open", case=case.reference)
    desk.wait("seen", case=case.reference, seq=0)
    world.chat("CNRY-secret words")
    hint(case)
    desk.wait("cases", at={case.reference: case_of(case).last_seq})
    if not [frame for frame in desk.seen if frame["t"] == "list"]:
        desk.wait("list")
    assert "CNRY" not in json.dumps(desk.seen)


def test_a_case_one_may_not_see_is_not_there(place: Place) -> None:
    """N-10: foreign, unknown and made-up names are answered alike, and nothing comes of them."""
    tom = world.agent("Tom", "trading")
    case = world.chat("hello", topic="deposit_missing")
    desk = place.desk(tom)
    acts: dict[str, dict[str, Any]] = {
        "open": {}, "close": {}, "typing": {"on": True}, "read": {"seq": 1}, "reply": {"id": "abcdefgh", "text": "x"},
    }  # fmt: skip
    for name in ("agents", "*", "%", "_", "presence-1", "team:1", "1", "", "'; --", "000-000-0001", case.reference):
        for kind, fields in acts.items():
            desk.say(kind, case=name, **fields)
            error = desk.wait("error", case=name)
            assert (error["code"], sorted(error)) == ("not_found", ["case", "code", "id", "t"])
    world.chat("more")
    hint(case)
    assert desk.quiet(0.5) == []
    assert Entry.objects.filter(author="agent").count() == 0


def test_a_right_that_is_gone_ends_the_socket(place: Place) -> None:
    """S-34, A-08, A-09: within two seconds, and told to load anew."""
    case = world.chat("hello")
    for way in ("logout", "deactivated", "demoted", "moved", "password"):
        seat = world.agent(way.capitalize(), "funds", role=Role.LEAD)
        client = people.signed_in(Agent.objects.get(pk=seat.agent_id), client=Client())
        desk = Desk(place.link(people.key_of(client)))
        desk.say("open", case=case.reference)
        desk.wait("seen")
        take_away(way, client, Agent.objects.get(pk=seat.agent_id))
        took, heard = desk.ends()
        assert took < OVER, way
        reason = "changed" if way in ("demoted", "moved") else "signed_out"
        assert [frame for frame in heard if frame["t"] == "bye"] == [{"t": "bye", "reason": reason}]
        if reason == "signed_out":
            assert refused(partial(place.link, people.key_of(client))) == 403


def take_away(way: str, client: Client, person: Agent) -> None:
    if way == "logout":
        client.post("/staff/logout/")
    elif way == "deactivated":
        accounts.set_active(agent_id=person.pk, active=False, actor=SYSTEM, reason="left")
    elif way == "demoted":
        person.groups.clear()
    elif way == "moved":
        Membership.objects.filter(agent=person).delete()
    else:
        person.set_password(secrets.token_urlsafe(16))
        person.save()


def test_a_session_that_runs_out_ends_the_socket(place: Place) -> None:
    mei = world.agent("Mei", "funds")
    key = place.key(mei)
    desk = Desk(place.link(key))
    Session.objects.filter(session_key=key).update(expire_date=clock.now())
    assert desk.ends()[0] < OVER


def test_a_case_that_goes_where_one_does_not_look_falls_silent(place: Place) -> None:
    mei = world.agent("Mei", "funds")
    case = world.chat("hello")
    desk = place.desk(mei)
    desk.say("open", case=case.reference)
    desk.wait("seen")
    order = world.chat("x", visitor="other", topic="order")
    Conversation.objects.filter(pk=case.conversation_id).update(team=case_of(order).team_id)
    assert desk.wait("error", within=OVER, case=case.reference)["code"] == "not_found"
    world.chat("unheard")
    hint(case)
    assert [frame for frame in desk.quiet(0.6) if frame["t"] != "list"] == []


def test_a_reply_is_stored_once_however_often_it_is_sent(place: Place) -> None:
    mei = world.agent("Mei", "funds")
    case = world.chat("hello")
    desk = place.desk(mei)
    for _ in range(3):
        desk.say("reply", case=case.reference, id="same-id-1", text="One moment")
    acks = [desk.wait("ack", id="same-id-1") for _ in range(3)]
    assert len({ack["seq"] for ack in acks}) == 1
    desk.link.close()
    again = place.desk(mei)
    again.say("reply", case=case.reference, id="same-id-1", text="One moment")
    assert again.wait("ack")["seq"] == acks[0]["seq"]
    assert list(Entry.objects.filter(author="agent", kind="message").values_list("text", flat=True)) == ["One moment"]


def test_a_reply_that_asks_for_a_secret_is_refused_and_its_lead_is_hinted(place: Place) -> None:
    """B-14 over the live socket: an error with the reason for its author, a new list for who leads, nothing for the customer."""
    mei, lena = world.agent("Mei", "funds"), world.agent("Lena", "funds", role=Role.LEAD)
    case = world.chat("hello")
    desk, lead = place.desk(mei), place.desk(lena)
    desk.say("reply", case=case.reference, id="bad-id-01", text="请把您的验 证 码发给我 CNRY")
    assert desk.wait("error", id="bad-id-01")["code"] == "asks_code"
    lead.wait("list")
    desk.say("reply", case=case.reference, id="good-id-1", text="请勿向任何人透露验证码")
    desk.wait("ack", id="good-id-1")
    assert [entry.text for entry in Entry.objects.filter(author="agent", kind="message")] == ["请勿向任何人透露验证码"]
    assert not Entry.objects.filter(text__contains="CNRY").exists()


def test_a_note_never_reaches_the_customer(place: Place) -> None:
    """A-05: not its text, not that it was written, not that it is being written."""
    mei = world.agent("Mei", "funds")
    customer = Desk(place.link("", path="/live/chat"))
    customer.say("hello", v=1, locale="en")
    customer.wait("welcome")
    customer.say("send", id="m1", text="hello", topic="deposit_missing")
    reference = customer.wait("ack")["case"]
    desk = place.desk(mei)
    desk.say("open", case=reference)
    desk.wait("presence", customer=True)
    desk.say("typing", case=reference, on=True, note=True)
    seat = Conversation.objects.get(reference=reference)
    received = Received(seat.pk, reference, seat.team_id, 1, seat.created_at, "", (), False, False)
    world.answer(mei, received, "CNRY-note", note=True)
    hint(received)
    desk.wait("cases")
    desk.say("typing", case=reference, on=True)
    customer.wait("typing", on=True, name="Mei")
    desk.say("reply", case=reference, id="r-1", text="an answer")
    desk.wait("ack")
    customer.wait("entries")
    typed = [frame for frame in customer.seen if frame["t"] == "typing"]
    assert len(typed) == 1
    assert "CNRY" not in json.dumps(customer.seen)
    assert "Surname" not in json.dumps(customer.seen)
    kinds = {entry["kind"] for frame in customer.seen for entry in frame.get("entries", [])}
    assert kinds <= {"message", "event"}


def test_colleagues_see_each_other_look_and_write(place: Place) -> None:
    mei, omar = world.agent("Mei", "funds"), world.agent("Omar", "funds")
    case = world.chat("hello")
    first, second = place.desk(mei), place.desk(omar)
    first.say("open", case=case.reference)
    first.wait("presence", viewers=[])
    second.say("open", case=case.reference)
    third = place.desk(mei)  # the same person in another window is not a colleague
    third.say("open", case=case.reference)
    omars = {"id": omar.agent_id, "name": "Omar Surname", "state": "viewing"}
    meis = {"id": mei.agent_id, "name": "Mei Surname", "state": "viewing"}
    first.wait("presence", viewers=[omars])
    second.wait("presence", viewers=[meis])
    second.say("typing", case=case.reference, on=True, note=True)
    first.wait("presence", viewers=[{**omars, "state": "typing"}])
    third.wait("presence", viewers=[{**omars, "state": "typing"}])
    second.link.close()
    first.wait("presence", viewers=[])


def test_what_is_read_is_told_by_the_one_who_has_the_case(place: Place) -> None:
    mei, omar = world.agent("Mei", "funds"), world.agent("Omar", "funds")
    case = world.chat("hello")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=clock.now())
    for seat, agent_seq in ((omar, 0), (mei, 2)):
        desk = place.desk(seat)
        desk.say("read", case=case.reference, seq=2)
        desk.say("ping")
        desk.wait("pong")
        assert case_of(case).agent_seq == agent_seq
    desk.say("read", case=case.reference, seq=10**6)
    desk.say("ping")
    desk.wait("pong")
    assert case_of(case).agent_seq == 2


def test_what_is_no_frame_closes_the_socket(place: Place) -> None:
    mei = world.agent("Mei", "funds")
    case = world.chat("hello").reference
    broken = ["", "{", "[]", '{"t":1}', '{"t":"subscribe","case":"*"}', '{"t":"open"}', '{"t":"open","case":7}']
    broken += [json.dumps({"t": "read", "case": case, "seq": seq}) for seq in ("1", True, 0, -1, 2**31, 1.5, None)]
    broken += [json.dumps({"t": "reply", "case": case, "text": "x", "id": name}) for name in ("a b", "", 7, "x" * 65)]
    broken += [json.dumps({"t": "reply", "case": case, "id": "abc", "text": text}) for text in (None, 7, "a\0b")]
    broken += ['{"t":"open","case":' + "[" * 5000 + "]" * 5000 + "}"]
    key = place.key(mei)
    for text in broken:
        desk = Desk(place.link(key))
        desk.link.send(text)
        assert desk.ends()[0] < OVER, text
        assert desk.link.close_code == 1008, text
    assert Entry.objects.filter(author="agent").count() == 0


def test_a_flood_closes_the_socket_and_nobody_elses(place: Place) -> None:
    mei, omar = world.agent("Mei", "funds"), world.agent("Omar", "funds")
    quiet, loud = place.desk(omar), place.desk(mei)
    with suppress(ConnectionClosed):
        for _ in range(1000):
            loud.say("ping")
            loud.link.recv(timeout=SOON)
    assert loud.link.close_code == 1008
    quiet.say("ping")
    quiet.wait("pong")


def test_the_desk_of_an_administrator_hears_of_every_team(place: Place) -> None:
    ada = world.agent("Ada", role=Role.ADMIN)
    desk = place.desk(ada)
    desk.say("ping")
    desk.wait("pong")
    hint(world.chat("hello", topic="order"))
    desk.wait("list")


def test_when_rights_cannot_be_checked_nobody_keeps_a_socket(place: Place) -> None:
    """Fail closed: the database goes, and with it every socket; the page comes back by itself."""
    mei = world.agent("Mei", "funds")
    desk = place.desk(mei)
    desk.say("ping")
    desk.wait("pong")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE staff_agent IN ACCESS EXCLUSIVE MODE")  # no answer comes while it is held
        took, heard = desk.ends()
    assert took < OVER
    assert desk.link.close_code == 1013
    assert heard == [], "not told to go: it comes back"
    again = place.desk(mei)
    again.say("ping")
    again.wait("pong")


def test_colleagues_in_another_process_are_seen_too(place: Place, live_server_process: Callable[..., Process]) -> None:
    elsewhere = Place(live_server_process(url=place.database), place.links, place.database)
    mei, omar, jun = (world.agent(name, "funds") for name in ("Mei", "Omar", "Jun"))
    case = world.chat("hello")
    first, second, third = place.desk(mei), elsewhere.desk(omar), elsewhere.desk(jun)
    for desk in (first, second, third):
        desk.say("open", case=case.reference)
        desk.wait("presence")
    omars = {"id": omar.agent_id, "name": "Omar Surname", "state": "viewing"}
    juns = {"id": jun.agent_id, "name": "Jun Surname", "state": "viewing"}
    first.wait("presence", viewers=[omars, juns])
    second.say("typing", case=case.reference, on=True)
    third.say("typing", case=case.reference, on=True)  # both within the moment in which hints gather
    first.wait("presence", viewers=[{**omars, "state": "typing"}, {**juns, "state": "typing"}])


def test_a_mail_that_could_not_be_sent_is_told_to_who_has_the_case_open(place: Place) -> None:
    mei = world.agent("Mei", "funds")
    case = world.chat("hello", topic="deposit_missing")
    desk = place.desk(mei)
    desk.say("open", case=case.reference)
    desk.wait("presence")
    outbox.queue(
        key="one", inbox_id=outbox.mail_inbox(), conversation_id=case.conversation_id, purpose="reply",
        recipient="anna@mail.example", subject="x", text="x", now=clock.now(),
    )  # fmt: skip
    Delivery.objects.update(state="failed", reason="recipient_refused")
    returned_mail.say_failed(Delivery.objects.get().pk, now=clock.now())
    last = case_of(case).last_seq
    assert desk.wait("cases")["at"] == {case.reference: last}
