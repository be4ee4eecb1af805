"""Every address of the desk for every role (A-01), without a token (S-09), with fields that are not there (A-04)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import world
from tests.desk.desks import HTMX, case_of, person
from tests.staff import people
from tests.world import NOON
from trustdesk.conversations import assignment
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation
from trustdesk.desk.urls import urlpatterns
from trustdesk.policy import reference as references
from trustdesk.staff import accounts, audit
from trustdesk.staff.models import Agent, Factor, Membership, Role, Team

pytestmark = pytest.mark.django_db

UNKNOWN = references.new(b"no such case at all")
OF_ALL = {
    "desk": "get", "desk_list": "get", "desk_here": "get", "desk_leave": "get", "desk_availability": "post", "desk_mailboxes": "get",
    "desk_alerts": "get",
    "desk_shift_notes": "get", "desk_shift_hand_over": "post",
}  # fmt: skip
# Asked about with their own tests: test_mailboxes.py, test_mail.py.
OF_MAIL = {
    "desk_mail": "get", "desk_mail_original": "get", "desk_held_opening": "post", "desk_held_original": "get",
    "desk_held_fate": "post", "desk_missing": "post",
}  # fmt: skip
OF_NOTES = {"desk_shift_note_done"}  # … in test_shift_notes.py
# … and in test_documents.py, test_stopped.py.
OF_DOCUMENTS = {
    "desk_alert_seen",
    "desk_document_picture", "desk_documents_withdrawal", "desk_documents_decision", "desk_document_opening",
}  # fmt: skip
OF_A_CASE: dict[str, tuple[str, dict[str, str]]] = {
    "desk_case": ("get", {}),
    "desk_timeline": ("get", {}),
    "desk_panel": ("get", {}),
    "desk_colleagues": ("get", {}),
    "desk_articles": ("get", {"q": "deposit"}),
    "desk_suggested": ("get", {}),
    "desk_reply": ("post", {"client_id": "abcdefgh", "kind": "note", "text": "x", "seen": "1"}),
    "desk_assignment": ("post", {"to": "me"}),
    "desk_state": ("post", {"to": "pending"}),
    "desk_proof": ("post", {}),
    "desk_spam": ("post", {"on": "1"}),
    "desk_triage": ("get", {}),
    "desk_documents": ("get", {}),
    "desk_aside": ("post", {"recipient": "treasury@bank.example", "text": "Where is it?"}),
    "desk_merge_part": ("get", {}),
    "desk_merged": ("get", {}),
    "desk_split_part": ("get", {"seq": "1"}),
    "desk_merge": ("post", {"typed": UNKNOWN}),
    "desk_merge_decision": ("post", {"request": "1", "on": "1"}),
    "desk_split": ("post", {"seq": "1", "code": "kyc", "subject": "Something else"}),
}


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


@pytest.fixture
def case() -> Received:
    """A case of the team for funds."""
    return world.chat("My deposit is missing", topic="deposit_missing")


def outsiders() -> dict[str, Client]:
    """People who are staff and have no business with a case of the team for funds."""
    return {"agent": person("Tom", "trading")[1], "lead": person("Tina", "trading", role=Role.LEAD)[1]}


def insiders() -> dict[str, Client]:
    return {
        "agent": person("Mei", "funds")[1],
        "lead": person("Lena", "funds", role=Role.LEAD)[1],
        "admin": person("Ada", role=Role.ADMIN)[1],
    }


def strangers() -> dict[str, Client]:
    """People who may see nothing at all."""
    world.agent("Nora", "funds")
    without = people.signed_in(Agent.objects.get(public_name="Nora"), factor=Factor.NONE)
    gone = world.agent("Gus", "funds")
    left = people.signed_in(Agent.objects.get(pk=gone.agent_id))
    accounts.set_active(agent_id=gone.agent_id, active=False, actor=audit.Actor(name="test"), reason="left")
    return {"anonymous": Client(), "no second factor": without, "deactivated": left}


def ask(client: Client, name: str, reference: str, **headers: str) -> Any:
    method, fields = OF_A_CASE[name]
    # A reply would be stored by another thread, on another connection: test_replies.py sends real ones.
    fields = fields | {"text": " "} if name == "desk_reply" else fields
    return getattr(client, method)(reverse(name, args=[reference]), fields, headers=headers)


def test_this_names_every_address_of_the_desk() -> None:
    files = {"desk_file", "desk_held_file"}
    assert {pattern.name for pattern in urlpatterns} == {*OF_ALL, *OF_A_CASE, *OF_MAIL, *OF_DOCUMENTS, *OF_NOTES, *files}
    assert reverse("desk") == "/desk/"


@pytest.mark.parametrize("name", OF_A_CASE)
def test_insiders_are_let_in(case: Received, name: str) -> None:
    for role, client in insiders().items():
        status = ask(client, name, case.reference, **HTMX).status_code
        assert status in ({422} if name == "desk_reply" else {200, 409}), role


@pytest.mark.parametrize("name", OF_A_CASE)
def test_a_foreign_case_is_answered_like_one_that_does_not_exist(case: Received, name: str) -> None:
    before = case_of(case)
    for role, client in outsiders().items():
        foreign, unknown, nonsense = (ask(client, name, one) for one in (case.reference, UNKNOWN, "no-number"))
        assert foreign.status_code == unknown.status_code == nonsense.status_code == 404, role
        assert foreign.content == unknown.content == nonsense.content, role
        assert case.reference not in foreign.content.decode()
    after = case_of(case)
    assert (after.status, after.assignee_id, after.last_seq) == (before.status, before.assignee_id, before.last_seq)


@pytest.mark.parametrize("name", [*OF_ALL, *OF_A_CASE, "desk_file", "desk_held_file"])
def test_strangers_reach_nothing(case: Received, name: str) -> None:
    for who, client in strangers().items():
        method = OF_ALL.get(name) or OF_A_CASE.get(name, ("get", {}))[0]
        arguments = [] if name in OF_ALL else ["somekey" if name in ("desk_file", "desk_held_file") else case.reference]
        answer = getattr(client, method)(reverse(name, args=arguments))
        assert answer.status_code in (302, 401, 403), who
        assert case.reference not in answer.content.decode()
        part = getattr(client, method)(reverse(name, args=arguments), headers=HTMX)
        assert part.status_code in (401, 403), who
        assert part.headers["HX-Redirect"], who
        assert not part.content
    assert case_of(case).last_seq == 2


@pytest.mark.parametrize(
    "name", ["desk_availability", *(name for name, (method, _) in OF_A_CASE.items() if method == "post")]
)
def test_nothing_changes_without_a_token_or_by_following_a_link(case: Received, name: str) -> None:
    seat, _ = person("Mei", "funds")
    client = people.signed_in(Agent.objects.get(pk=seat.agent_id), client=Client(enforce_csrf_checks=True))
    address = reverse(name, args=[] if name in OF_ALL else [case.reference])
    fields = OF_A_CASE.get(name, ("post", {"on": "0"}))[1]
    assert client.post(address, fields).status_code == 403
    assert client.post(address, "to=me", content_type="text/plain").status_code == 403
    assert client.post(address, fields, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.get(address, fields).status_code == 405
    now = case_of(case)
    assert (now.status, now.assignee_id, now.last_seq) == ("waiting", None, 2)
    assert Agent.objects.get(pk=seat.agent_id).available


@pytest.mark.parametrize("name", ["desk_assignment", "desk_state", "desk_proof"])
def test_fields_that_are_not_there_are_ignored(case: Received, name: str) -> None:
    _, client = person("Mei", "funds")
    other = world.agent("Omar", "funds")
    team = Team.objects.get(slug="trading").pk
    fields = OF_A_CASE[name][1] | dict.fromkeys(("agent_id", "assignee", "assignee_id"), str(other.agent_id))
    fields |= dict.fromkeys(("customer_id", "customer", "team", "team_id", "verified", "proof_level"), str(team))
    fields |= dict.fromkeys(("author", "role", "created_at", "priority", "conversation_id", "reference", "now"), "0")
    before = case_of(case)
    assert client.post(reverse(name, args=[case.reference]), fields, headers=HTMX).status_code == 200
    after = case_of(case)
    for column in (
        "customer_id",
        "team_id",
        "priority",
        "created_at",
        "proof_level",
        "reference",
        "inbox_id",
        "subject",
    ):
        assert getattr(after, column) == getattr(before, column), column
    assert after.assignee_id != other.agent_id


def test_what_an_agent_may_do_is_looked_up_with_every_request(case: Received) -> None:
    seat, client = person("Mei", "funds")
    address = reverse("desk_case", args=[case.reference])
    assert client.get(address).status_code == 200
    Membership.objects.filter(agent=seat.agent_id).delete()
    assert client.get(address).status_code == 404
    assert client.post(reverse("desk_state", args=[case.reference]), {"to": "resolved"}).status_code == 404
    assert case_of(case).status == "waiting"


def test_an_agent_takes_nothing_from_a_colleague_a_lead_may(case: Received) -> None:
    mei, _ = person("Mei", "funds")
    _, omar = person("Omar", "funds")
    lena, lead = person("Lena", "funds", role=Role.LEAD)
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    page = omar.get(reverse("desk_case", args=[case.reference])).content.decode()
    assert 'data-act="take"' not in page
    assert "data-colleagues" not in page
    assert omar.post(reverse("desk_assignment", args=[case.reference]), {"to": "me"}, headers=HTMX).status_code == 409
    assert case_of(case).assignee_id == mei.agent_id
    assert lead.post(reverse("desk_assignment", args=[case.reference]), {"to": "me"}, headers=HTMX).status_code == 200
    assert case_of(case).assignee_id == lena.agent_id


@pytest.mark.parametrize(
    "query",
    [
        "view=everyones",
        "status=stolen",
        "team=nobodys",
        "team=trading",
        "view=mine&view=all",
        "after=x",
        "after=1.2.3.4.5",
        "q=a&q=b",
    ],
)
def test_filters_that_no_page_names_are_refused(query: str) -> None:
    _, client = person("Mei", "funds")
    assert client.get(f"/desk/?{query}").status_code == 400
    assert client.get(f"/desk/_list.html?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["size=1000000", "size=-1", "size=٣", "q=%00", "q=" + "x" * 5000, "customer__password__startswith=a"]
)
def test_odd_filters_do_no_harm(query: str) -> None:
    _, client = person("Mei", "funds")
    assert client.get(f"/desk/_list.html?{query}").status_code == 200


@pytest.mark.parametrize("place", ["after=x", "before=-1", "after=1e9", "after=9999999999999", "before=%00"])
def test_a_place_in_a_timeline_is_a_number(case: Received, place: str) -> None:
    _, client = person("Mei", "funds")
    assert client.get(reverse("desk_timeline", args=[case.reference]) + f"?{place}").status_code == 400


def test_no_page_tells_anything_of_another_session(
    case: Received, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    """A-15: nothing that signs anybody in stands in a page, but for this session's own form token."""
    _, client = person("Mei", "funds")
    key = people.key_of(client)
    for name, (method, _) in OF_A_CASE.items():
        if method == "get":
            page = client.get(reverse(name, args=[case.reference])).content.decode()
            assert key not in page
            assert "visitor:" not in page
            assert not re.search(r"[\w.+-]+@staff\.example", page), name
    with django_assert_max_num_queries(30):
        client.get(reverse("desk_case", args=[case.reference]))
    assert Conversation.objects.count() == 1
