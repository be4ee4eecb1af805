"""Another team, topic or priority at the desk: the dialog, the page without scripts, who may, what is written down."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests import world
from tests.desk.desks import HTMX, case_of, person
from tests.staff import people
from tests.world import NOON
from trustdesk.conversations import assignment
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation
from trustdesk.seams import clock
from trustdesk.staff.models import Agent, Audit, Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()
    world.agent("Tom", "trading")


def at(case: Received) -> str:
    return f"/desk/{case.reference}/triage/"


def was(case: Received) -> dict[str, str]:
    row = Conversation.objects.select_related("team", "type").get(pk=case.conversation_id)
    assert row.team is not None
    assert row.type is not None
    return {"was_team": row.team.slug, "was_code": row.type.code, "was_priority": str(row.priority)}


def post(client: Client, case: Received, *, plain: bool = False, **fields: str) -> Any:
    with clock.frozen(NOON):
        return client.post(at(case), was(case) | fields, headers={} if plain else HTMX)


def test_the_dialog_shows_what_it_is_and_what_it_could_be() -> None:
    _, client = person("Mei", "funds")
    case = world.chat("hello")
    dialog = client.get(at(case), headers=HTMX).content.decode()
    assert "<html" not in dialog
    assert '<option value="funds" selected>' in dialog
    assert '<option value="deposit_missing" selected>' in dialog
    assert '<option value="trading">' in dialog
    assert "data-close" in dialog
    page = client.get(at(case)).content.decode()
    assert "<html" in page
    assert "data-close" not in page.partition("<form")[2]
    head = client.get(f"/desk/{case.reference}/").content.decode()
    assert f'href="{at(case)}" data-join="{at(case)}"' in head


def test_it_is_changed_written_down_and_shown() -> None:
    _, client = person("Mei", "funds")
    case = world.chat("hello")
    answer = post(client, case, code="kyc", priority="1", reason="papers <b>first", after="1")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Mei Surname changed the topic from" in text
    assert "papers &lt;b&gt;first" in text
    assert "Mei Surname changed the priority from" in text
    assert "data-new-head" in text
    noted = Audit.objects.get(action="case_triaged")
    assert (noted.target, noted.data) == (f"case:{case.reference}", {"code": "kyc", "priority": 1})
    chinese = client.get(f"/desk/{case.reference}/_timeline.html", {"after": "2", "lang": "zh-hans"}).content.decode()
    assert "Mei Surname 将问题类型从" in chinese
    assert "身份认证" in chinese


@pytest.mark.parametrize("plain", [True, False])
def test_who_moves_it_out_of_sight_is_led_to_the_list(plain: bool) -> None:
    _, client = person("Mei", "funds")
    case = world.chat("hello")
    answer = post(client, case, plain=plain, team="trading")
    where = answer.headers["Location" if plain else "HX-Location"]
    assert (answer.status_code, where) == (302 if plain else 204, "/desk/")
    row = case_of(case)
    assert row.team is not None
    assert row.team.slug == "trading"
    assert client.get(at(case)).status_code == 404
    assert client.get(f"/desk/{case.reference}/").status_code == 404


def test_without_scripts_it_leads_back_to_the_case_or_says_why_not() -> None:
    _, client = person("Mei", "funds", "trading")
    case = world.chat("hello")
    answer = post(client, case, plain=True, team="trading")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/desk/{case.reference}/")
    refused = post(client, case, plain=True, team="accounts", reason="typed <i>already")
    text = refused.content.decode()
    assert refused.status_code == 409
    assert "Nobody works in that team yet" in text
    assert "typed &lt;i&gt;already" in text
    assert "<html" in text


def test_what_a_colleague_changed_meanwhile_is_not_changed_back() -> None:
    """Two open the dialog; one moves the case, the other only makes it urgent."""
    _, client = person("Lea", "funds", "trading", role=Role.LEAD)
    case = world.chat("hello")
    shown = was(case)
    assert post(client, case, team="trading").status_code == 200
    with clock.frozen(NOON):
        late = shown | {"team": shown["was_team"], "code": shown["was_code"], "priority": "1"}
        assert client.post(at(case), late, headers=HTMX).status_code == 200
    row = case_of(case)
    assert row.team is not None
    assert (row.team.slug, row.priority) == ("trading", 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("team", "no-such"), ("code", "no-such"), ("priority", "5"), ("priority", "x"), ("priority", "²")],
)
def test_what_no_page_of_ours_sends_changes_nothing(field: str, value: str) -> None:
    _, client = person("Mei", "funds")
    case = world.chat("hello")
    before = case_of(case).last_seq
    assert client.post(at(case), was(case) | {field: value}, headers=HTMX).status_code == 409
    assert post(client, case).status_code == 200  # nothing chosen anew: nothing to do
    assert case_of(case).last_seq == before
    assert not Audit.objects.filter(action="case_triaged").exists()


def test_a_colleagues_case_is_only_for_him_and_leads() -> None:
    bo, _ = person("Bo", "funds")
    _, client = person("Mei", "funds")
    _, outside = person("Oli", "trading")
    case = world.chat("hello")
    assignment.take(conversation_id=case.conversation_id, seat=bo, now=NOON)
    assert "only they or a lead can change this" in client.get(at(case)).content.decode()
    assert "data-triage" not in client.get(f"/desk/{case.reference}/").content.decode().partition("data-panel")[0]
    assert post(client, case, priority="0").status_code == 409
    assert post(outside, case, priority="0").status_code == 404
    assert case_of(case).priority != 0


def test_the_key_is_in_the_list_of_keys() -> None:
    _, client = person("Mei", "funds")
    page = client.get("/desk/").content.decode()
    assert re.search(r"<kbd>t</kbd></dt><dd>Change team, topic, priority", page)


def test_nothing_changes_without_a_token() -> None:
    seat, _ = person("Mei", "funds")
    client = people.signed_in(Agent.objects.get(pk=seat.agent_id), client=Client(enforce_csrf_checks=True))
    case = world.chat("hello")
    before = case_of(case)
    assert client.post(at(case), was(case) | {"priority": "0"}).status_code == 403
    assert case_of(case).last_seq == before.last_seq
