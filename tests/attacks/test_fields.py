"""A-03 … A-05, S-15: fields that are not the sender's to fill in, notes, and tickets of others, on the wire."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import pytest
from django.db import connection

from tests import world
from tests.attacks.conftest import House
from tests.attacks.wire import Socket, get
from trustdesk.conversations import proving
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.seams import clock
from trustdesk.staff.models import Role

# Everything a row of ours has a column for, and what other products were had by.
EXTRA: dict[str, Any] = {
    "author": "agent",
    "from": "agent",
    "kind": "note",
    "seq": 999,
    "visible": False,
    "is_internal": True,
    "agent": 1,
    "agent_id": 1,
    "name": "Support",
    "at": "2001-01-01T00:00:00Z",
    "created_at": "2001-01-01T00:00:00Z",
    "sent_at": "2001-01-01T00:00:00Z",
    "proof": 3,
    "proof_level": 3,
    "proof_until": "2099-01-01T00:00:00Z",
    "proof_how": "session",
    "team": 1,
    "team_id": 1,
    "assignee": 1,
    "assignee_id": 1,
    "priority": 0,
    "status": "resolved",
    "customer": 1,
    "customer_id": 1,
    "handle": "anna",
    "handle_kind": "uid",
    "thread": "visitor:anna",
    "external_id": "visitor:anna:1",
    "conversation_id": 1,
    "inbox_id": 1,
    "event": "proved",
    "data": {"proof": 3},
    "masked": [],
    "verified": True,
    "role": "admin",
    "account_id": 1,
    "__proto__": {"known": True},
    "known": True,
    "state": "ready",
    "file": "x",
    "key": "x",
    "url": "http://127.0.0.1/",
    "ticket": "x",
    "reason": "",
    "level": 3,
    "answer_to": "x@y.zz",
    "rating": 5,
    "uid": "100002",
    "now": "2001-01-01",
    "locale": "fr",
    "tier": "vip",
}


def row(reference: str) -> dict[str, Any]:
    return dict(Conversation.objects.filter(reference=reference).values().get())


def test_extra_fields_of_a_message_change_nothing(house: House, inside: None) -> None:
    plain, stuffed = house.chat()[0], house.chat(**EXTRA)[0]
    ours = plain.say("hello", topic="deposit_missing")
    theirs = stuffed.say(
        "hello", topic="deposit_missing", **{key: value for key, value in EXTRA.items() if key != "id"}
    )
    assert ours.keys() == theirs.keys()
    one, other = row(ours["case"]), row(theirs["case"])
    varies = {"id", "reference", "customer_id", "created_at", "updated_at", "queued_at", "waiting_since"}
    assert {key: value for key, value in one.items() if key not in varies} == {
        key: value for key, value in other.items() if key not in varies
    }
    assert abs((other["created_at"] - clock.now()).total_seconds()) < 60
    message = Entry.objects.get(conversation=other["id"], kind="message")
    assert (message.author, message.visible, message.agent_id, message.seq) == ("customer", True, None, 1)
    assert message.data == {}
    assert message.handle is not None
    assert message.handle.kind == "visitor"
    assert message.external_id != "visitor:anna:1"
    assert not Entry.objects.filter(conversation=other["id"], event="proved").exists()


FRAMES: dict[str, tuple[dict[str, Any], str]] = {
    "resume": ({"t": "resume", "after": 0, "epoch": "x"}, "welcome"),
    "typing": ({"t": "typing", "on": True}, "pong"),
    "read": ({"t": "read"}, "pong"),
    "upload": ({"t": "upload", "id": "u1", "size": 5, "type": "text/plain", "name": "a.txt"}, "upload"),
    "prove": ({"t": "prove", "how": "second_factor"}, "proof"),
    "prove a code": ({"t": "prove", "code": "123456"}, "proof"),
    "transcript": ({"t": "transcript"}, "transcript"),
    "rate": ({"t": "rate", "score": 5, "comment": "x"}, "error"),
    "ping": ({"t": "ping"}, "pong"),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_extra_fields_of_any_frame_change_nothing(house: House, inside: None, kind: str) -> None:
    frame, answer = FRAMES[kind]
    socket, _ = house.chat()
    case = socket.say("hello")["case"]
    before = row(case)
    socket.send({**EXTRA, **frame})
    if answer == "pong":
        socket.send({"t": "ping"})
    socket.until(answer)
    after = row(case)
    after["customer_seq"] = before["customer_seq"]  # what he may move himself: never past the end, looked at below
    assert after == before
    assert Attachment.objects.filter(client_id="u1", state="ready").count() == 0


@pytest.mark.parametrize("seq", [999, -1, 0, 2**31, 2**63, 1.5, True, "1", None, [1]])
def test_nobody_reads_past_the_end(house: House, inside: None, seq: Any) -> None:
    socket, _ = house.chat()
    case = socket.say("hello")["case"]
    socket.send({"t": "read", "seq": seq})
    socket.ask({"t": "ping"}, "pong")
    assert row(case)["customer_seq"] == 0


WRONG_TYPES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x" * 5000,
    [],
    [[]],
    {},
    {"a": 1},
    "\0",
    "'; DROP TABLE staff_agent; --",
    "../../etc",
]


@pytest.mark.parametrize(
    "field",
    [
        "id",
        "text",
        "files",
        "topic",
        "after",
        "epoch",
        "on",
        "seq",
        "name",
        "size",
        "type",
        "how",
        "code",
        "account",
        "mail",
        "score",
        "comment",
    ],
)
def test_values_of_any_shape_are_refused_or_ignored(house: House, field: str) -> None:
    """S-16 on the wire: an error with a code, never a broken socket, never `unavailable`: that asks to try again."""
    kinds = {
        "id": ["send", "upload"],
        "text": ["send"],
        "files": ["send"],
        "topic": ["send"],
        "after": ["resume"],
        "epoch": ["resume"],
        "on": ["typing"],
        "seq": ["read"],
        "name": ["upload"],
        "size": ["upload"],
        "type": ["upload"],
        "how": ["prove"],
        "code": ["prove"],
        "account": ["prove"],
        "mail": ["mail_me"],
        "score": ["rate"],
        "comment": ["rate"],
    }
    whole = {
        "text": "hi",
        "size": 5,
        "type": "text/plain",
        "name": "a.txt",
        "score": 5,
        "how": "mail_code",
        "mail": "a@b.example",
        "after": 0,
    }
    socket, _ = house.chat()
    socket.say("hello")
    if field in ("comment", "score"):
        socket.ask({"t": "end"}, "ended")
    for kind in kinds[field]:
        for value in WRONG_TYPES:
            socket.send({**whole, "t": kind, "id": secrets.token_hex(6), field: value})
    socket.ask({"t": "ping"}, "pong")
    socket.when(lambda frame: frame["t"] == "pong") if socket.heard[-1]["t"] != "pong" else None
    codes = {frame["code"] for frame in socket.heard if frame["t"] == "error"}
    assert "unavailable" not in codes
    assert socket.say("still here")["t"] in ("ack", "error")


def test_fields_of_forms_that_nobody_asked_for_change_nothing(house: House, inside: None) -> None:
    socket, welcome = house.chat()
    case = socket.say("hello")["case"]
    before = row(case)
    fields = "&".join(f"{key}={json.dumps(value)}" for key, value in EXTRA.items())
    body = f"token={welcome['token']}&case={case}&{fields}".encode()
    answer = get(
        house.port, "/chat/transcript/", "Content-Type: application/x-www-form-urlencoded", method="POST", body=body
    )
    assert answer.status == 200
    assert row(case) == before


# Notes (A-05) ------------------------------------------------------------------------------------------------------

CANARY = f"CNRY-{secrets.token_hex(8)}"


def test_a_note_is_in_nothing_a_customer_gets(house: House, inside: None) -> None:
    """Frames before and after, resumed and new sockets, polling, transcripts as page, text and mail, files, counts."""
    socket, welcome = house.chat()
    reference, token = socket.say("my deposit is missing")["case"], welcome["token"]
    case = Conversation.objects.get(reference=reference)
    seat = world.agent(f"Mei{time.monotonic_ns()}", role=Role.ADMIN)
    received = Received(case.pk, reference, None, 1, clock.now(), "", (), False, False)
    shown = world.answer(seat, received, "we look into it", now=clock.now())
    before = list(_until_quiet(socket))
    note = world.answer(seat, received, f"he lies, {CANARY}", note=True, now=clock.now())
    key = _file_in(note.seq, case.pk)
    assert Entry.objects.filter(conversation=case, text__contains=CANARY).exists(), "there must be something to leak"
    assert before
    after = _until_quiet(socket)
    # The seq is taken and nothing else is said about it.
    assert all(frame["t"] in ("entries", "queue", "presence") for frame in after)
    heard = [*before, *after]
    for frame in (
        {"t": "resume", "after": 0, "epoch": welcome["epoch"]},
        {"t": "resume", "after": note.seq - 1, "epoch": welcome["epoch"]},
        {"t": "read", "seq": note.seq},
        {"t": "transcript"},
        {"t": "mail_me", "mail": "anna@mail.example.test"},
    ):
        socket.send(frame)
        heard += _until_quiet(socket)
    fresh = Socket(house.port)
    heard.append(fresh.hello(token=token))
    bearer = f"Authorization: Bearer {token}"
    answers = [get(house.port, f"/chat/entries?after={after}", bearer) for after in (0, note.seq - 1, note.seq)]
    assert [answer.status for answer in answers] == [200] * 3
    for kind in ("page", "text"):
        body = f"token={token}&case={reference}&as={kind}".encode()
        answers.append(
            get(
                house.port,
                "/chat/transcript/",
                "Content-Type: application/x-www-form-urlencoded",
                method="POST",
                body=body,
            )
        )
        assert answers[-1].status == 200
        assert b"we look into it" in answers[-1].body
    proving_step = proving.check(conversation_id=case.pk, code="1", now=clock.now())
    assert proving_step.state == "none"
    everything = repr(heard) + repr(answers)
    assert CANARY not in everything
    assert "he lies" not in everything
    assert key not in everything
    assert "secret-note.txt" not in everything
    assert get(house.port, f"/chat/files/{key}", bearer).status == 404
    assert shown.seq < note.seq
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM channels_delivery WHERE d::text LIKE %s".replace(
                "channels_delivery", "channels_delivery d"
            ),
            [f"%{CANARY}%"],
        )
        assert cursor.fetchone() == (0,)


def _file_in(seq: int, conversation: int) -> str:
    """Put a file into a note, as the desk will."""
    entry = Entry.objects.get(conversation=conversation, seq=seq)
    key = secrets.token_urlsafe(32)
    Attachment.objects.create(
        key=key,
        client_id=key[:20],
        conversation_id=conversation,
        entry=entry,
        name="secret-note.txt",
        media_type="text/plain",
        size=3,
        state="ready",
        created_at=clock.now(),
        agent_id=entry.agent_id,
    )
    return key


def _until_quiet(socket: Socket) -> list[Any]:
    heard = []
    try:
        while True:
            heard.append(socket.receive(within=0.5))
    except TimeoutError:
        return heard
