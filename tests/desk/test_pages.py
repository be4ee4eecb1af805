"""What the desk's pages show: the timeline in words, the customer, and at what cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import world
from tests.desk.desks import HTMX, case_of, person, signed_in
from tests.world import NOON
from trustdesk.conversations import assignment, presence, proving, queries, requests, resolution
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.customers.models import Customer, Handle
from trustdesk.desk import event_wording
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock
from trustdesk.staff.models import Agent, Audit, Role

pytestmark = pytest.mark.django_db
CANARY = "CNRY-5c1f"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def read(client: Any, reference: str, part: str = "", **query: str) -> str:
    answer = client.get(f"/desk/{reference}/{part}", query)
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_a_timeline_shows_messages_notes_and_events_in_words() -> None:
    mei, client = person("Mei", "funds")
    case = world.chat("My deposit is missing", "TxID " + "ab" * 32, name="Lin Wei")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    world.answer(mei, case, "One moment")
    world.answer(mei, case, CANARY, note=True)
    page = read(client, case.reference)
    assert page.count('class="entry"') + page.count('class="entry entry--follows"') == 2
    assert "bubble--own" in page
    assert re.search(r'bubble--note"[^>]*>' + CANARY, page)
    assert "Mei Surname took the case" in page
    assert "Note by Mei Surname, colleagues only" in page
    assert "Lin Wei" in page
    assert page.count("ab" * 32) >= 2  # the message, and the fact with its copy button


def test_every_event_of_the_product_has_words_in_both_voices() -> None:
    data = {
        "name": "Mei", "because": {"code": "taken"}, "level": 2, "how": "session", "kinds": ["wif"],
        "mail": "a•••@b.example", "score": 4, "priority": 1, "type": "order",
    }  # fmt: skip
    codes = (
        "assigned unassigned left resolved pending reopened closed ended_by_customer proof_asked proved secret_masked "
        "by_mail rated triaged spam not_spam mail_bounced mail_complained mail_failed throw_away_mail "
        "passed_on promised_anew team_changed type_changed priority_changed"
    )
    for code in codes.split():
        assert event_wording.event(code, by="", author="system", data=data), code
        assert event_wording.event(code, by="Omar", author="agent", data=data), code
        assert event_wording.event(code, by="", author="system", data={}), code
        assert "%(" not in event_wording.event(code, by="Omar", author="agent", data=data)
    assert event_wording.event("of_tomorrow", by="", author="system", data={}) == ""


@pytest.mark.parametrize(
    ("because", "by", "words"),
    [
        ({"code": "least_loaded", "load": 1}, "", "Given to Omar (fewest open chats)"),
        ({"code": "assigned"}, "Mei", "Mei gave the case to Omar"),
        ("replied", "Omar S", "Omar S took the case"),
        ({"code": "of_tomorrow"}, "", "Given to Omar"),
        (None, "", "Given to Omar"),
    ],
)
def test_why_somebody_has_a_case_is_said(because: object, by: str, words: str) -> None:
    assert event_wording.event("assigned", by=by, author="system", data={"name": "Omar", "because": because}) == words


def test_a_part_brings_what_came_after_a_line_and_the_head_as_it_is_now() -> None:
    mei, client = person("Mei", "funds")
    case = world.chat("hello", "one")
    upto = case_of(case).last_seq
    world.chat("two")
    resolution.resolve(conversation_id=case.conversation_id, seat=mei, now=NOON)
    part = read(client, case.reference, "_timeline.html", after=str(upto))
    assert ">two<" in part
    assert ">one<" not in part
    assert "badge--resolved" in part
    assert f'data-upto="{case_of(case).last_seq}"' in part
    empty = read(client, case.reference, "_timeline.html", after=str(case_of(case).last_seq))
    assert "data-seq" not in empty


def test_a_long_timeline_begins_with_its_end() -> None:
    _, client = person("Mei", "funds")
    case = world.chat(*(f"message {number}." for number in range(230)))
    page = read(client, case.reference)
    assert "message 229." in page
    assert "message 10." not in page
    found = re.search(r'data-earlier="(\d+)"', page)
    assert found
    earlier = read(client, case.reference, "_timeline.html", before=found[1])
    assert "message 0." in earlier
    assert "data-earlier" not in earlier
    seqs = [int(seq) for part in (earlier, page) for seq in re.findall(r'data-seq="(\d+)"', part)]
    assert seqs == sorted(set(seqs)) == list(range(1, case_of(case).last_seq + 1))


def test_what_is_new_is_marked_for_who_has_the_case_until_answered() -> None:
    mei, client = person("Mei", "funds")
    _, omar = person("Omar", "funds")
    case = world.chat("one")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    assert "data-unread" in read(client, case.reference)
    assert "data-unread" not in read(omar, case.reference)
    world.answer(mei, case, "answer")
    assert "data-unread" not in read(client, case.reference)
    world.chat("two")
    assert "data-unread" in read(client, case.reference)


def test_the_panel_masks_addresses_and_says_how_sure_we_are() -> None:
    mei, client = person("Mei", "funds")
    with clock.frozen(NOON):
        client = signed_in(mei)
        case = world.chat("hello", proof=Proof.SESSION, proof_until=NOON + timedelta(minutes=30), proof_how="session")
        customer = Customer.objects.get()
        for kind, value in (
            ("mail", "lin.wei@mail.example"),
            ("phone", "+8613800138000"),
            ("telegram", "@linwei88"),
            ("uid", "48213907"),
        ):
            Handle.objects.create(customer=customer, kind=kind, value=value, created_at=NOON)
        panel = read(client, case.reference, "_panel.html")
    assert "l•••@mail.example" in panel
    assert "48213907" in panel
    for secret in ("lin.wei@", "13800138", "linwei88", "anna"):
        assert secret not in panel
    assert "Signed in" in panel
    assert "proof--2" in panel
    with clock.frozen(NOON + timedelta(minutes=31)):
        later = read(signed_in(mei), case.reference, "_panel.html")
    assert "Not proved" in later
    assert "proof--0" in later


def test_other_cases_are_those_this_agent_may_see() -> None:
    _, client = person("Mei", "funds")
    old = world.chat("old one")
    requests.end(conversation_id=old.conversation_id, now=NOON)
    hidden = world.chat("about an order", topic="order")
    requests.end(conversation_id=hidden.conversation_id, now=NOON)
    now = world.chat("new one")
    panel = read(client, now.reference, "_panel.html")
    assert old.reference in panel
    assert hidden.reference not in panel


def test_a_rating_is_shown_with_its_words_escaped() -> None:
    mei, client = person("Mei", "funds")
    case = world.chat("hello")
    resolution.resolve(conversation_id=case.conversation_id, seat=mei, now=NOON)
    requests.rate(conversation_id=case.conversation_id, score=4, comment="<b>thanks</b>", now=NOON)
    panel = read(client, case.reference, "_panel.html")
    assert "4 of 5" in panel
    assert "&lt;b&gt;thanks" in panel


def test_names_and_subjects_are_text_everywhere() -> None:
    _, client = person("Mei", "funds")
    case = world.chat("<script>alert(1)</script>", name="<img src=x onerror=alert(1)>")
    for page in (read(client, case.reference), client.get("/desk/?view=teams").content.decode()):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert " style=" not in page
        assert not re.search(r"<script(?! (type=\"module\" )?src=)", page)


def test_looking_at_a_customer_of_somebody_else_is_written_down_once_in_a_while() -> None:
    mei, client = person("Mei", "funds")
    omar, other = person("Omar", "funds")
    case = world.chat("hello")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    looks = Audit.objects.filter(action="customer_viewed")
    read(client, case.reference)
    assert not looks.exists()
    read(other, case.reference)
    read(other, case.reference, "_panel.html")
    row = looks.get()
    assert (row.agent_id, row.target, bool(row.session_hash)) == (omar.agent_id, f"case:{case.reference}", True)
    # The header that says "nobody asked" is the browser's to send, so it must not hide a look.
    clock_later = clock.now() + timedelta(minutes=16)
    with clock.frozen(clock_later):
        signed_in(omar, **{"Trustdesk-Background": "1"}).get(f"/desk/{case.reference}/_panel.html")
    assert looks.count() == 2


@pytest.mark.parametrize(
    ("part", "most"), [("", 23), ("_timeline.html", 9), ("_panel.html", 11), ("_colleagues.html", 6)]
)
def test_a_page_costs_the_same_for_a_long_case(part: str, most: int) -> None:
    mei, client = person("Mei", "funds")
    case = world.chat("hello")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)

    def cost() -> int:
        with CaptureQueriesContext(connection) as statements:
            read(client, case.reference, part)
        return len(statements)

    cost()
    short = cost()
    for number in range(6):
        world.chat(*(f"tx {number}{n} " + f"{number}{n}" * 32 for n in range(6)))
        world.answer(mei, case, "ok")
        requests.end(conversation_id=world.chat("x", visitor=f"v{number}").conversation_id, now=NOON)
    assert (cost(), short <= most) == (short, True), short


def test_the_list_costs_the_same_for_many_cases() -> None:
    _, client = person("Mei", "funds", "accounts")

    def cost() -> int:
        with CaptureQueriesContext(connection) as statements:
            assert client.get("/desk/_list.html?view=teams").status_code == 200
        return len(statements)

    world.chat("x", visitor="first")
    cost()
    before = cost()
    for number in range(12):
        world.chat("x", visitor=f"v{number}", topic="login" if number % 2 else "deposit_missing")
    assert cost() == before == 8


def test_pages_exist_in_both_languages_and_answer_htmx_with_the_part_it_shows() -> None:
    _, client = person("Mei", "funds")
    case = world.chat("hello")
    for language in ("en", "zh-hans"):
        page = client.get(f"/desk/{case.reference}/?lang={language}")
        assert f'<html lang="{language}"' in page.content.decode()
    whole = client.get("/desk/").content.decode()
    some = client.get("/desk/", headers={**HTMX, "HX-Target": "list"}).content.decode()
    assert "<html" in whole
    assert "<html" not in some
    assert some.strip().startswith("<desk-list")
    one = client.get(f"/desk/{case.reference}/", headers={**HTMX, "HX-Target": "case"}).content.decode()
    assert one.strip().startswith("<desk-case")
    back = client.get(
        f"/desk/{case.reference}/", headers={**HTMX, "HX-Target": "case", "HX-History-Restore-Request": "true"}
    )
    assert "<html" in back.content.decode()


def test_the_switch_takes_an_agent_off_and_on_duty() -> None:
    mei, client = person("Mei", "funds")
    assert client.post(reverse("desk_availability"), {"on": "0"}, headers=HTMX).status_code == 204
    assert not Agent.objects.get(pk=mei.agent_id).available
    client.post(reverse("desk_availability"), {"on": "0"})
    assert client.post(reverse("desk_availability"), {"on": "1"}).status_code == 302
    assert Agent.objects.get(pk=mei.agent_id).available
    assert list(Audit.objects.values_list("action", flat=True)) == ["away", "available"]


def test_acts_are_done_once_written_down_and_shown() -> None:
    mei, client = person("Mei", "funds")
    omar = world.agent("Omar", "funds")
    case = world.chat("hello")

    def act(name: str, **fields: str) -> Any:
        upto = case_of(case).last_seq
        return client.post(reverse(name, args=[case.reference]), {**fields, "after": str(upto)}, headers=HTMX)

    steps: list[tuple[str, dict[str, str], str, str, Callable[[Conversation], bool]]] = [
        ("desk_assignment", {"to": "me"}, "case_taken", "took the case", lambda now: now.assignee_id == mei.agent_id),
        ("desk_proof", {}, "proof_asked", "asked the customer", lambda now: now.provings.count() == 1),
        (
            "desk_state",
            {"to": "pending"},
            "case_pending",
            "waits for the customer",
            lambda now: now.status == "pending",
        ),
        ("desk_state", {"to": "resolved"}, "case_resolved", "as solved", lambda now: now.status == "resolved"),
        ("desk_state", {"to": "open"}, "case_reopened", "opened the case again", lambda now: now.status == "open"),
        (
            "desk_assignment",
            {"to": str(omar.agent_id)},
            "case_assigned",
            "gave the case",
            lambda now: now.assignee_id == omar.agent_id,
        ),
    ]
    for name, fields, action, words, holds in steps:
        answer = act(name, **fields)
        assert answer.status_code == 200, answer.content
        assert words in answer.content.decode()
        assert holds(case_of(case)), action
        row = Audit.objects.get(action=action)
        assert (row.agent_id, row.target) == (mei.agent_id, f"case:{case.reference}")
    assert Audit.objects.get(action="case_assigned").data == {"to": omar.agent_id}


def test_an_act_that_is_refused_says_why_and_is_not_written_down() -> None:
    mei, client = person("Mei", "funds")
    tom = world.agent("Tom", "trading")
    case = world.chat("hello")

    def refused(name: str, **fields: str) -> str:
        answer = client.post(reverse(name, args=[case.reference]), fields, headers=HTMX)
        assert answer.status_code == 409
        return str(answer.content.decode())

    assert "not in this case" in refused("desk_assignment", to=str(tom.agent_id))
    assert "not in this case" in refused("desk_assignment", to="999999")
    requests.end(conversation_id=case.conversation_id, now=NOON)
    for fields in ({"to": "resolved"}, {"to": "pending"}, {"to": "open"}):
        assert "closed" in refused("desk_state", **fields)
    assert "closed" in refused("desk_proof")
    assert not Audit.objects.exclude(action="customer_viewed").exists()
    for name, fields in (
        ("desk_state", {"to": "stolen"}),
        ("desk_state", {}),
        ("desk_assignment", {"to": "all"}),
        ("desk_assignment", {}),
    ):
        assert client.post(reverse(name, args=[case.reference]), fields).status_code == 400
    assert mei.agent_id


def test_without_scripts_an_act_leads_back_to_the_case() -> None:
    _, client = person("Mei", "funds")
    case = world.chat("hello")
    answer = client.post(reverse("desk_assignment", args=[case.reference]), {"to": "me"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/desk/{case.reference}/")


def test_proof_that_was_asked_for_is_shown_as_such() -> None:
    mei, client = person("Mei", "funds")
    case = world.chat("hello")
    proving.ask(conversation_id=case.conversation_id, seat=mei, now=NOON)
    assert "Waiting for the customer" in read(client, case.reference, "_panel.html")
    assert Entry.objects.filter(event="proof_asked").exists()


def test_the_cases_of_one_proved_address_stand_together_whichever_way_they_came() -> None:
    ours: dict[str, Any] = {"answer_to": "anna@mail.example", "answer_proved": True}
    seat, client = person("Mei", "funds")
    by_chat, by_mail = world.chat("from the app", visitor="uid", **ours), world.chat("by mail", visitor="mail", **ours)
    claimed = world.chat("forged", visitor="thief", answer_to="anna@mail.example")
    foreign = world.chat("elsewhere", visitor="other", topic="order_status", **ours)
    assert [one.reference for one in queries.others(seat=seat, case=case_of(by_chat))] == [by_mail.reference]
    assert queries.others(seat=seat, case=case_of(claimed)) == []
    page = client.get(reverse("desk_panel", args=[by_chat.reference])).content.decode()
    assert by_mail.reference in page
    assert foreign.reference not in page
    assert "No other case of this customer is known." in client.get(reverse("desk_panel", args=[claimed.reference])).content.decode()


@pytest.mark.parametrize("name", ["desk_documents", "desk_triage", "desk_shift_notes", "desk_mailboxes", "desk_alerts"])
def test_a_page_without_a_connection_says_that_its_agent_is_here(name: str) -> None:
    seat, client = person("Lena", "funds", role=Role.LEAD)
    case = world.chat("hello")
    arguments = [case.reference] if name in ("desk_documents", "desk_triage") else []
    assert "desk/presence.js" in client.get(reverse(name, args=arguments)).content.decode()
    before = clock.now()
    assert presence.last_seen(seat.agent_id) is None
    assert client.get(reverse("desk_here")).status_code == 204
    noted = presence.last_seen(seat.agent_id)
    assert noted is not None
    assert noted >= before
    presence.seen(agent_ids=[seat.agent_id], now=before - timedelta(minutes=5))
    assert presence.last_seen(seat.agent_id) == noted, "a clock that is behind takes nothing back"
