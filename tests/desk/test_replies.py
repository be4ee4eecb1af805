"""Replies and notes from the composer: stored once, never over something unread, nothing typed is lost."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from mnemonic import Mnemonic

from tests import world
from tests.desk.desks import HTMX, case_of, person
from tests.world import NOON
from trustdesk.conversations import assignment, replies, requests
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Entry
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.staff.permissions import Seat

SEED = Mnemonic("english").to_mnemonic(b"\7" * 16)


@pytest.fixture
def scene(committed_db: str) -> tuple[Seat, Client, Received]:
    """Mei with a case of hers, on a database whose commits the reply writer's thread sees."""
    world.fresh()
    mei, client = person("Mei", "funds")
    case = world.chat("My deposit is missing")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    return mei, client, case


def say(
    client: Client, case: Received, text: str, *, kind: str = "reply", identity: str = "abcdef0123", **more: str
) -> Any:
    seen = more.pop("seen", str(case_of(case).last_seq))
    fields = {"client_id": identity, "kind": kind, "text": text, "seen": seen, "after": seen, **more}
    return client.post(reverse("desk_reply", args=[case.reference]), fields, headers=HTMX)


def said(case: Received) -> list[tuple[str, str, bool]]:
    rows = Entry.objects.filter(conversation=case.conversation_id, author="agent").exclude(kind="event").order_by("seq")
    return [(row.kind, row.text, row.visible) for row in rows]


def test_a_reply_is_stored_shown_and_the_same_when_sent_again(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    answer = say(client, case, "One moment <please>")
    assert answer.status_code == 200
    assert "One moment &lt;please&gt;" in answer.content.decode()
    seen = str(case_of(case).last_seq)
    again = say(client, case, "One moment <please>", seen=seen)
    assert again.status_code == 200
    assert said(case) == [("message", "One moment <please>", True)]


def test_a_note_stays_inside(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    assert say(client, case, "known fraudster", kind="note").status_code == 200
    assert said(case) == [("note", "known fraudster", False)]
    assert case_of(case).answered_at is None


def test_a_secret_in_an_answer_is_removed(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    page = say(client, case, f"is it {SEED} ?").content.decode()
    assert SEED.split()[0] + " " + SEED.split()[1] not in page
    assert 'class="secret"' in page
    assert "[••• seed_phrase]" in said(case)[0][1]


def test_a_newer_message_is_shown_before_an_answer_goes_out(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    seen = str(case_of(case).last_seq)
    world.chat("wait, I found it!")
    asked = say(client, case, "Please send the TxID", seen=seen)
    assert asked.status_code == 409
    assert "newer message" in asked.content.decode()
    assert said(case) == []
    assert say(client, case, "a note needs no asking", kind="note", identity="note0001", seen=seen).status_code == 200
    assert say(client, case, "Please send the TxID", seen=seen, anyway="1").status_code == 200
    assert [text for _, text, _ in said(case)] == ["a note needs no asking", "Please send the TxID"]


def test_a_colleagues_answer_counts_as_newer_ones_own_does_not(scene: tuple[Seat, Client, Received]) -> None:
    mei, client, case = scene
    omar = world.agent("Omar", "funds")
    seen = str(case_of(case).last_seq)
    world.answer(mei, case, "mine from another window")
    assert say(client, case, "and one more", seen=seen).status_code == 200
    world.answer(omar, case, "I have told him")
    assert say(client, case, "told you", identity="another01", seen=seen).status_code == 409


@pytest.mark.parametrize(
    ("text", "words"), [("", "write something"), ("  \n ", "write something"), ("x" * 10_001, "at most 10000")]
)
def test_what_cannot_be_sent_is_said_beside_the_text(
    scene: tuple[Seat, Client, Received], text: str, words: str
) -> None:
    _, client, case = scene
    answer = say(client, case, text)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert say(client, case, "x" * 10_000).status_code == 200


@pytest.mark.parametrize(
    "broken",
    [{"client_id": ""}, {"client_id": "x' OR 1"}, {"kind": "event"}, {"seen": "-1"}, {"seen": "x"}, {"seen": "9" * 20}],
)
def test_what_no_composer_sends_is_refused(scene: tuple[Seat, Client, Received], broken: dict[str, str]) -> None:
    _, client, case = scene
    fields = {"client_id": "abcdef0123", "kind": "reply", "text": "hello", "seen": "2", **broken}
    assert client.post(reverse("desk_reply", args=[case.reference]), fields, headers=HTMX).status_code == 400
    assert said(case) == []


def test_who_writes_and_to_whom_is_not_taken_from_the_form(scene: tuple[Seat, Client, Received]) -> None:
    mei, client, case = scene
    omar = world.agent("Omar", "funds")
    other = world.chat("another case", visitor="bert")
    made_up = {"author": "customer", "agent_id": str(omar.agent_id), "conversation_id": str(other.conversation_id)}
    made_up |= {"is_internal": "1", "visible": "0", "note": "1", "created_at": "2000-01-01", "at": "2000-01-01"}
    answer = say(client, case, "hello", **made_up)
    assert answer.status_code == 200
    row = Entry.objects.get(conversation=case.conversation_id, kind="message", author="agent")
    assert (row.agent_id, row.visible, row.kind, row.at.year > 2001) == (mei.agent_id, True, "message", True)
    assert said(other) == []


def test_a_closed_case_takes_notes_only(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    requests.end(conversation_id=case.conversation_id, now=NOON)
    refused = say(client, case, "still there?")
    assert refused.status_code == 409
    assert "closed" in refused.content.decode()
    assert say(client, case, "for the record", kind="note", identity="note0001").status_code == 200
    page = client.get(reverse("desk_case", args=[case.reference])).content.decode()
    assert 'value="reply"' not in page


def test_when_the_database_is_away_nothing_is_said_to_be_sent(
    scene: tuple[Seat, Client, Received], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, client, case = scene
    lost: Future[Any] = Future()
    lost.set_exception(Unavailable("away"))
    monkeypatch.setattr(replies, "submit", lambda reply: lost)
    answer = say(client, case, "hello")
    assert answer.status_code == 503
    assert "not saved" in answer.content.decode()


def test_without_scripts_the_page_comes_back_with_what_was_typed(scene: tuple[Seat, Client, Received]) -> None:
    _, client, case = scene
    seen = str(case_of(case).last_seq)
    world.chat("wait")
    fields = {"client_id": "abcdef0123", "kind": "reply", "text": "my long <answer>", "seen": seen}
    page = client.post(reverse("desk_reply", args=[case.reference]), fields)
    assert page.status_code == 409
    text = page.content.decode()
    assert "my long &lt;answer&gt;</textarea>" in text
    assert 'name="anyway"' in text
    done = client.post(reverse("desk_reply", args=[case.reference]), {**fields, "anyway": "1"})
    assert (done.status_code, done.headers["Location"]) == (302, f"/desk/{case.reference}/")


def test_the_first_answer_takes_a_free_case(committed_db: str) -> None:
    world.fresh()
    mei, client = person("Mei", "funds")
    case = world.chat("hello")
    assert say(client, case, "hello, too").status_code == 200
    assert case_of(case).assignee_id == mei.agent_id
