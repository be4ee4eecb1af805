"""Notes from one shift to the next, and what one has at hand when one goes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests import world
from tests.conversations.merges import ticket
from tests.desk.desks import case_of, person
from tests.world import NOON
from trustdesk.conversations import assignment, shift_notes
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.shift_models import ShiftNote
from trustdesk.seams import clock
from trustdesk.staff.models import Audit, Role

pytestmark = pytest.mark.django_db
AT = "/desk/shift-notes/"
NEW = "badge--warning"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def leave(client: Client, text: str = "Chain halted", *, key: str = "a-key-of-the-form", team: str = "funds") -> Any:
    with clock.frozen(NOON):
        return client.post(AT, {"team": team, "text": text, "key": key})


def page(client: Client, at: timedelta = timedelta(), **query: str) -> str:
    with clock.frozen(NOON + at):
        answer = client.get(AT, query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def hint(client: Client) -> str:
    """Return how many notes the desk says are unread; "" for none."""
    found = re.search(r'title="Notes you have not read">(\d+)<', client.get("/desk/").content.decode())
    return found[1] if found else ""


def test_the_next_shift_is_told_until_it_has_read() -> None:
    _, mei = person("Mei", "funds")
    _, bo = person("Bo", "funds")
    _, tom = person("Tom", "trading")
    assert leave(mei, "Chain <b>halted").status_code == 302
    assert (hint(mei), hint(bo), hint(tom)) == ("", "1", "")
    seen = page(bo)
    assert "Chain &lt;b&gt;halted" in seen
    assert "Mei Surname" in seen
    assert NEW in seen
    assert hint(bo) == ""
    assert NEW not in page(bo)
    assert "halted" not in page(tom)
    assert "上一班留下的" in page(bo, lang="zh-hans")


def test_sent_again_it_is_the_same_note() -> None:
    _, mei = person("Mei", "funds")
    for _ in range(3):
        assert leave(mei).status_code == 302
    assert ShiftNote.objects.count() == 1
    leave(mei, key="another-key")
    assert ShiftNote.objects.count() == 2


def test_a_note_passes_the_guard() -> None:
    _, mei = person("Mei", "funds")
    leave(
        mei, "his words: abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
    )
    assert "abandon" not in ShiftNote.objects.get().text
    assert "his words: [" in page(mei)


@pytest.mark.parametrize(
    ("text", "team", "why"),
    [
        (" \n", "funds", "Please write something first."),
        ("x" * (shift_notes.TEXT + 1), "funds", "This is too long"),
        ("typed <i>already", "trading", "There is no such team any more."),
    ],
)
def test_what_is_refused_is_said_and_kept(text: str, team: str, why: str) -> None:
    _, mei = person("Mei", "funds")
    answer = leave(mei, text, team=team)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert text.replace("<", "&lt;").replace(">", "&gt;") in answer.content.decode()
    assert not ShiftNote.objects.exists()
    assert leave(mei, key="?").status_code == 400


def test_done_says_who_was_first_and_is_shown_for_two_days() -> None:
    mei, client = person("Mei", "funds")
    _, bo = person("Bo", "funds")
    _, tom = person("Tom", "trading")
    leave(client)
    note = ShiftNote.objects.get()
    with clock.frozen(NOON):
        assert tom.post(f"{AT}{note.pk}/done/").status_code == 404
        assert client.post(f"{AT}{note.pk}/done/").status_code == 302
        assert bo.post(f"{AT}{note.pk}/done/").status_code == 302
        assert bo.post(f"{AT}{note.pk + 1}/done/").status_code == 404
    note.refresh_from_db()
    assert note.done_by_id == mei.agent_id
    assert hint(bo) == ""  # what is done is no news
    assert "Done by Mei Surname" in page(bo)
    assert "Chain halted" not in page(bo, shift_notes.DONE_SHOWN)


def test_a_lead_and_an_administrator_reach_their_teams_and_all() -> None:
    _, lead = person("Lea", "funds", "trading", role=Role.LEAD)
    _, admin = person("Ada", role=Role.ADMIN)
    assert leave(lead, "for trading", team="trading", key="key-number-1").status_code == 302
    assert leave(admin, "for all to see", team="accounts", key="key-number-2").status_code == 302
    assert "for all to see" not in page(lead)
    assert "for trading" in page(admin)


def test_all_that_wait_are_handed_back_or_to_a_colleague_and_written_down() -> None:
    mei, client = person("Mei", "funds", "trading")
    bo = world.agent("Bo", "funds")
    waits, answered, other = world.chat("one", visitor="a"), world.chat("two", visitor="b"), ticket()
    for identity in (waits.conversation_id, answered.conversation_id, other.pk):
        assignment.take(conversation_id=identity, seat=mei, now=NOON)
    world.answer(mei, answered, "done that")
    shown = page(client)
    assert "Hand over all 2 that wait" in shown
    assert shown.count("notes__case") == 3
    assert f'<option value="{bo.agent_id}">Bo Surname' in shown
    with clock.frozen(NOON):
        told = client.post(f"{AT}handing-over/", {"to": str(bo.agent_id)}, follow=True).content.decode()
    assert "2 cases handed over." in told
    other.refresh_from_db()
    assert (case_of(waits).assignee_id, other.assignee_id) == (bo.agent_id, bo.agent_id)
    assert case_of(answered).assignee_id == mei.agent_id
    assert Audit.objects.filter(action="case_assigned", data={"to": bo.agent_id}).count() == 2
    with clock.frozen(NOON):
        again = client.post(f"{AT}handing-over/", {"to": "nobody"}, follow=True).content.decode()
    assert "0 cases handed over." in again
    assert case_of(answered).assignee_id == mei.agent_id


def test_handed_back_a_chat_waits_in_its_place() -> None:
    mei, client = person("Mei", "funds")
    chat = world.chat("one")
    assignment.take(conversation_id=chat.conversation_id, seat=mei, now=NOON)
    with clock.frozen(NOON + timedelta(minutes=5)):
        client.post(f"{AT}handing-over/", {"to": "nobody"})
    row = case_of(chat)
    assert (row.assignee_id, row.queued_at, row.status) == (None, NOON, "waiting")


def test_a_colleague_of_another_team_does_not_get_what_he_may_not_see() -> None:
    mei, client = person("Mei", "funds")
    tom = world.agent("Tom", "trading")
    chat = world.chat("one")
    assignment.take(conversation_id=chat.conversation_id, seat=mei, now=NOON)
    told = client.post(f"{AT}handing-over/", {"to": str(tom.agent_id)}, follow=True).content.decode()
    assert "Still with you: 1" in told
    assert case_of(chat).assignee_id == mei.agent_id
    for nobody in ("", "x", "-1", "²"):
        assert client.post(f"{AT}handing-over/", {"to": nobody}).status_code == 400


def test_reading_never_goes_backwards() -> None:
    mei, _ = person("Mei", "funds")
    for upto in (5, 9, 7):
        shift_notes.mark_read(mei, upto=upto)
    assert shift_notes.read_upto(mei) == 9
    with pytest.raises(UnableToAct, match="not_found"):
        shift_notes.finish(seat=mei, note_id=1, now=NOON)
