"""Conversations opened, read and continued through the interface."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests import world
from tests.api import callers
from tests.api.callers import case, code, deposit, flaws, get, post, session, token
from trustdesk.api import schemas
from trustdesk.conversations import public, requests, tickets
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, Entry, Evidence
from trustdesk.customers.models import Handle
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock

PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.fixture
def exchange(committed_db: str) -> str:
    """A token with all scopes, on a database of its own: the core writes in a thread of its own."""
    callers.fresh()
    return token()


def body(answer: Any) -> dict[str, Any]:
    """Return the body of a success."""
    assert answer.status_code in (200, 201), answer.content
    assert answer.headers["Content-Type"] == "application/json"
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_a_case_of_a_known_account_is_opened_read_and_continued(exchange: str) -> None:
    opened = body(post("conversations", deposit(), token=exchange, key="first"))
    row = Conversation.objects.get(reference=opened["reference"])
    assert row.type is not None
    assert row.type.code == "deposit_missing"
    assert row.inbox.kind == "form"
    assert Handle.objects.get(customer=row.customer_id).value == "20417703"
    assert set(Evidence.objects.values_list("kind", flat=True)) >= {"tx_id", "amount"}
    assert 0 < opened["expected_reply"]["low_seconds"] < opened["expected_reply"]["high_seconds"]

    added = body(post(f"conversations/{row.reference}/messages", {"text": "Any news?"}, token=exchange))
    assert added["reference"] == row.reference
    assert not added["new_conversation"]

    seen = body(get(f"conversations/{row.reference}", token=exchange))
    assert (seen["type"], seen["status"], seen["subject"]) == ("deposit_missing", "waiting", "Yearly statement")
    assert seen["expected_reply"] == opened["expected_reply"]
    said = [entry for entry in seen["entries"] if entry["kind"] == "message"]
    assert [entry["text"] for entry in said] == ["It was sent yesterday evening.", "Any news?"]
    assert {"key": "coin", "value": "USDT"} in said[0]["fields"]
    assert said[1]["seq"] == added["seq"]
    assert seen["upto"] == added["seq"]
    assert not seen["more"]


def test_answers_of_staff_are_read_and_notes_are_not(exchange: str) -> None:
    reference = body(post("conversations", deposit(), token=exchange))["reference"]
    row = Conversation.objects.get(reference=reference)
    seat = world.agent("Mei", row.team.slug if row.team else "")
    received = Received(row.pk, reference, row.team_id, 1, row.created_at, "", (), True, False)
    world.answer(seat, received, "Internal: looks like fraud", note=True, now=clock.now())
    world.answer(seat, received, "It has been credited.", now=clock.now())
    answer = get(f"conversations/{reference}", token=exchange)
    assert b"fraud" not in answer.content
    assert b"Surname" not in answer.content  # N-13: customers know agents by their first names
    last = [entry for entry in body(answer)["entries"] if entry["kind"] == "message"][-1]
    assert (last["author"], last["name"], last["text"]) == ("agent", "Mei", "It has been credited.")


def test_a_vouched_account_is_known_but_opens_no_account_data(exchange: str) -> None:
    given = deposit(customer={"uid": "20417703", "mail": "anna@example.test"})
    row = Conversation.objects.get(reference=body(post("conversations", given, token=exchange))["reference"])
    assert row.proof_level == Proof.NOBODY
    assert (row.answer_to, row.answer_proved) == ("anna@example.test", True)


def test_a_signed_session_brings_its_proof(exchange: str) -> None:
    given = deposit(customer={"session": session("555", mail="zoe@example.test")})
    row = Conversation.objects.get(reference=body(post("conversations", given, token=exchange))["reference"])
    assert row.proof_level == Proof.SESSION
    assert row.answer_to == "zoe@example.test"
    assert Handle.objects.get(customer=row.customer_id).value == "555"


@pytest.mark.parametrize(
    ("made", "more"),
    [
        (session, {"age": timedelta(minutes=6)}),
        (session, {"aud": "somebody else"}),
        (session, {"uid": "no uid"}),
        (lambda: session()[:-4] + "AAAA", {}),
        (lambda: "eyJhbGciOiJub25lIn0.eyJ1aWQiOiIxIn0.", {}),
    ],
)
def test_a_session_that_proves_nothing_is_refused(exchange: str, made: Any, more: dict[str, Any]) -> None:
    """N-12: refused, not taken for a stranger: whoever sent it thinks he speaks for somebody."""
    signed = made(**more)
    answer = post("conversations", deposit(customer={"session": signed}), token=exchange)
    assert code(answer) == "session_refused"
    assert signed.encode() not in answer.content
    assert not Conversation.objects.exists()


def test_who_only_says_an_address_is_a_stranger_each_time(exchange: str) -> None:
    """N-12: typing somebody's address never merges with what is known of it."""
    first = body(post("conversations", case(), token=exchange))["reference"]
    second = body(post("conversations", case(text="Something else, please."), token=exchange))["reference"]
    rows = Conversation.objects.filter(reference__in=(first, second))
    assert len({row.customer_id for row in rows}) == 2
    assert {(row.answer_to, row.answer_proved) for row in rows} == {("anna@example.test", False)}
    owner = Visitor(Handle.Kind.MAIL, "anna@example.test")
    assert public.cases_of(owner, locale="en") == []


def test_the_same_without_a_key_is_the_same_case_for_a_while(exchange: str) -> None:
    first = post("conversations", case(), token=exchange)
    again = post("conversations", case(), token=exchange)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    with clock.frozen(clock.now() + timedelta(minutes=25)):
        later = post("conversations", case(), token=exchange)
    assert later.status_code == 201
    assert Conversation.objects.count() == 2


def test_a_closed_case_is_followed_by_a_new_one_that_the_caller_sees(exchange: str) -> None:
    reference = body(post("conversations", deposit(), token=exchange))["reference"]
    requests.close(visitor=Visitor(Handle.Kind.UID, "20417703"), reference=reference, now=clock.now())
    path = f"conversations/{reference}/messages"
    added = body(post(path, {"text": "It is missing again."}, token=exchange, key="again"))
    assert added["new_conversation"]
    assert added["reference"] != reference
    assert body(post(path, {"text": "It is missing again."}, token=exchange, key="again")) == added
    assert body(get(f"conversations/{added['reference']}", token=exchange))["follows"] == reference
    assert body(get(f"conversations/{reference}", token=exchange))["followed_by"] == added["reference"]


def test_a_long_timeline_comes_in_pages(exchange: str) -> None:
    """S-14: an answer has a bound, whatever there is."""
    reference = body(post("conversations", deposit(), token=exchange))["reference"]
    visitor = Visitor(Handle.Kind.UID, "20417703")
    for number in range(20):
        requests.add_message(
            visitor=visitor,
            reference=reference,
            text=f"{number} " + "x" * 3_900,
            identity=str(number),
            locale="en",
            now=clock.now(),
        )
    seqs: list[int] = []
    after, more, pages = 0, True, 0
    while more:
        page = body(get(f"conversations/{reference}", token=exchange, after=str(after)))
        seqs += [entry["seq"] for entry in page["entries"]]
        after, more, pages = page["upto"], page["more"], pages + 1
        assert sum(len(entry["text"]) for entry in page["entries"]) <= public.PAGE_TEXT
    assert pages > 1
    assert len(seqs) == len(set(seqs)) == 21


def test_secrets_are_masked_or_refused_and_never_come_back(exchange: str) -> None:
    for given in (
        case(subject=PHRASE),
        case(fields={"feature": PHRASE}),
    ):
        answer = post("conversations", given, token=exchange)
        assert code(answer) == "form_refused"
        assert set(flaws(answer).values()) == {"secret"}
        assert b"winner" not in answer.content
    opened = post("conversations", case(text=f"My phrase is {PHRASE}"), token=exchange)
    reference = body(opened)["reference"]
    seen = get(f"conversations/{reference}", token=exchange)
    assert b"winner" not in opened.content + seen.content
    assert [entry["event"] for entry in body(seen)["entries"]][1:] == ["secret_masked"]
    assert not Entry.objects.filter(text__contains="winner").exists()


def test_each_problem_of_a_form_stands_at_its_field(exchange: str) -> None:
    answer = post("conversations", deposit(fields={"coin": "USDT", "tx_id": "12"}, subject="x"), token=exchange)
    assert answer.status_code == 422
    assert code(answer) == "form_refused"
    found = flaws(answer)
    assert found["fields.amount"] == "required"
    assert found["fields.network"] == "required"
    assert "fields.tx_id" in found
    assert flaws(post("conversations", case(customer={"mail": "no mail"}), token=exchange)) == {
        "customer.mail": "not_a_mail"
    }
    for empty in ("", "   "):
        assert flaws(post("conversations", case(text=empty), token=exchange)) == {"text": "required"}
    assert flaws(post("conversations", case(type="no_such"), token=exchange)) == {"type": "not_an_option"}
    assert flaws(post("conversations", case(fields={"colour": "red"}), token=exchange)) == {"fields": "unknown_field"}
    assert not Conversation.objects.exists()


def test_a_question_named_as_one_of_our_members_is_told_apart(exchange: str) -> None:
    given = case(type="two_factor", customer={"mail": "x"}, fields={"factor": "mail"}, text="I lost my phone")
    found = flaws(post("conversations", given, token=exchange))
    assert found["customer.mail"] == "too_short" or found["customer.mail"] == "not_a_mail"
    both = given | {"customer": {"mail": "not one"}}
    assert "customer.mail" in flaws(post("conversations", both, token=exchange))


def test_whether_an_account_or_address_is_known_does_not_show(exchange: str) -> None:
    """A-20: the same status, headers and form of body for the known and the unknown."""
    body(post("conversations", deposit(customer={"uid": "1"}), token=exchange))
    for known, unknown in (
        ({"uid": "1"}, {"uid": "2"}),
        ({"mail": "anna@example.test"}, {"mail": "nobody@example.test"}),
    ):
        answers = [
            post("conversations", deposit(customer=one) | {"text": "A question."}, token=exchange)
            for one in (known, unknown)
        ]
        assert answers[0].status_code == answers[1].status_code == 201
        assert dict(answers[0].headers) == dict(answers[1].headers)
        bodies = [body(one) for one in answers]
        assert [len(one.pop("reference")) for one in bodies] == [12, 12]
        assert bodies[0] == bodies[1]


def test_request_types_and_their_forms_in_both_languages(exchange: str) -> None:
    listed = {one["code"]: one for one in body(get("request-types", token=exchange))["types"]}
    assert set(listed) == {one.code for one in public.request_types(locale="en")}
    form = body(get("request-types/deposit_missing", token=exchange, locale="zh-hans"))
    assert form["type"]["code"] == "deposit_missing"
    assert form["type"]["label"] != listed["deposit_missing"]["label"]
    assert (form["text"]["required"], form["text"]["most"]) == (False, schemas.TEXT)
    assert body(get("request-types/other", token=exchange))["text"]["required"]
    assert {"coin", "network", "tx_id", "amount"} <= {one["key"] for one in form["fields"] if one["required"]}
    conditional = body(get("request-types/two_factor", token=exchange))
    assert any(one["when"] for one in conditional["fields"])
    assert code(get("request-types/no_such", token=exchange)) == "not_found"


def test_the_description_has_the_limits_of_the_core() -> None:
    assert (schemas.TEXT, schemas.SUBJECT) == (tickets.TEXT, tickets.SUBJECT)
