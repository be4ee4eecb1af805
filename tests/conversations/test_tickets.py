"""Tickets: from the answers to a form to a case, once; and what their sender may do with it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from tests import world
from tests.conversations.filed import TX, file, received, teams
from tests.counting import statements
from trustdesk.conversations import expectations, public, requests, resolution, tickets
from trustdesk.conversations.models import Conversation, Entry, Evidence, Promise
from trustdesk.customers import visitors
from trustdesk.customers.models import Handle
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock

PHRASE = "abandon " * 11 + "about"

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def _fresh(committed_db: str) -> None:
    world.fresh()
    expectations.forget()


@pytest.fixture
def anna() -> Visitor:
    """Somebody nobody knows."""
    return visitors.anonymous()


@pytest.fixture
def lin() -> Visitor:
    """A customer for whom the exchange vouches."""
    return visitors.identified(uid="100001", mail="lin.wei@mail.example", now=clock.now())


def test_a_ticket_is_a_case_with_number_team_promise_and_no_place_in_the_chat_queue(anna: Visitor) -> None:
    opened = file(anna, subject="Where is it?")
    case = Conversation.objects.select_related("inbox", "type").get(reference=opened.reference)
    assert (case.inbox.kind, case.status, case.queued_at, case.subject) == ("form", "waiting", None, "Where is it?")
    assert (case.answer_to, case.answer_proved) == ("anna@mail.example", False)
    promise = Promise.objects.get(conversation=case)
    assert (promise.low, promise.high) == (opened.expected.low.total_seconds(), opened.expected.high.total_seconds())
    assert not opened.known


def test_answers_are_kept_beside_the_text_and_become_facts(lin: Visitor) -> None:
    form = public.request_form("deposit_missing", locale="en")
    given = {field.key: _answer(field) for field in form.fields if field.required}
    opened = file(lin, code="deposit_missing", answers=given)
    first = Entry.objects.get(conversation=opened.id, seq=1)
    assert dict(first.data["fields"]) == {key: value for key, value in given.items() if value}
    assert first.text == "It left my wallet two hours ago."
    assert Evidence.objects.filter(conversation=opened.id, kind="tx_id", value=TX).exists()
    [line, *_] = public.whole(opened.id).lines
    assert dict(line.params["fields"]) == dict(first.data["fields"])


def _answer(field: public.FormField) -> str:
    plain = {"coin": "ETH", "tx_id": TX, "amount": "0.5", "time": "2026-11-23 10:00"}
    if field.choices:
        values = [value for value, _label in field.choices]
        return next((value for value in values if "eth" in value.lower() or "evm" in value.lower()), values[0])
    return plain.get(field.kind, "Something")


def test_the_same_answers_sent_again_are_the_same_case(anna: Visitor) -> None:
    first, again = file(anna), file(anna)
    assert (again.reference, again.known) == (first.reference, True)
    assert file(anna, text="Something else altogether").reference != first.reference
    assert Conversation.objects.count() == 2


def test_an_identity_makes_resending_harmless_for_ever(anna: Visitor) -> None:
    first = file(anna, identity="abc")
    Conversation.objects.update(created_at=clock.now() - timedelta(days=2))
    assert file(anna, identity="abc").reference == first.reference


def test_later_the_same_words_are_a_new_case(anna: Visitor) -> None:
    first = file(anna)
    Conversation.objects.update(created_at=clock.now() - timedelta(hours=2))
    again = requests.open_case(
        visitor=anna,
        code="how_to",
        given={},
        text="It left my wallet two hours ago.",
        mail="anna@mail.example",
        locale="en",
        now=clock.now() + timedelta(hours=1),
    )
    assert again.reference != first.reference


def test_copies_sent_at_the_same_moment_are_one_case(anna: Visitor) -> None:
    found: list[str] = []
    together = threading.Barrier(8)

    def send() -> None:
        together.wait()
        found.append(file(anna).reference)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"text": "  "}, "text", "required"),
        ({"text": "x" * 4_001}, "text", "too_long"),
        ({"text": "a\0b"}, "text", "not_text"),
        ({"subject": "x" * 201}, "subject", "too_long"),
        ({"subject": PHRASE}, "subject", "secret"),
        ({"mail": ""}, "mail", "required"),
        ({"mail": "not a mail"}, "mail", "not_a_mail"),
        ({"mail": "a@" + "b" * 300 + ".example"}, "mail", "not_a_mail"),
    ],
)
def test_what_cannot_be_sent_is_refused_beside_its_field_and_nothing_is_stored(
    anna: Visitor, more: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(tickets.FormRefused) as refused:
        file(anna, **more)
    assert {key: problem.code for key, problem in refused.value.problems.items()} == {field: code}
    assert not Conversation.objects.exists()


def test_a_secret_in_the_text_is_masked_as_on_every_other_way_in(anna: Visitor) -> None:
    opened = file(anna, text=f"my words: {PHRASE}")
    assert "abandon" not in repr(list(Entry.objects.filter(conversation=opened.id).values()))


def test_a_message_is_added_to_a_case_of_any_channel(lin: Visitor) -> None:
    world.chat("My deposit is missing", visitor="x")  # somebody else's
    opened = file(lin)
    added = _add(lin, opened.reference, "One thing more", "1")
    assert (added.reference, added.opened) == (opened.reference, False)
    assert _add(lin, opened.reference, "One thing more", "1").seq == added.seq
    assert [line.text for line in public.whole(opened.id).lines if line.kind == "message"][1:] == ["One thing more"]


def test_what_is_added_to_a_closed_case_opens_a_linked_one(lin: Visitor) -> None:
    opened = file(lin)
    requests.close(visitor=lin, reference=opened.reference, now=clock.now())
    added = _add(lin, opened.reference, "It is back", "1")
    assert added.opened
    follower = Conversation.objects.get(reference=added.reference)
    assert follower.follows_id == opened.id
    assert (follower.answer_to, follower.answer_proved) == ("lin.wei@mail.example", True)
    view = public.find_case(lin, opened.reference, locale="en", now=clock.now())
    assert view is not None
    assert view.facts.followed_by == added.reference
    # The next goes to the same place, from either number.
    assert _add(lin, opened.reference, "And again", "2").reference == added.reference


def _add(visitor: Visitor, reference: str, text: str, identity: str) -> tickets.Added:
    return requests.add_message(
        visitor=visitor, reference=reference, text=text, identity=identity, locale="en", now=clock.now()
    )


def test_strangers_find_nothing_and_can_do_nothing(anna: Visitor, lin: Visitor) -> None:
    opened = file(lin)
    assert public.find_case(anna, opened.reference, locale="en", now=clock.now()) is None
    assert public.cases_of(anna, locale="en") == []
    for act in (requests.withdraw, requests.close, requests.reopen, requests.to_chat):
        with pytest.raises(LookupError):
            act(visitor=anna, reference=opened.reference, now=clock.now())
    with pytest.raises(LookupError):
        _add(anna, opened.reference, "let me in", "1")
    assert Conversation.objects.get(pk=opened.id).last_seq == Entry.objects.filter(conversation=opened.id).count()


def test_an_unread_answer_is_marked_in_the_list(lin: Visitor) -> None:
    opened, other = file(lin), file(lin, text="Quite another matter")
    maya = world.agent("Maya", *teams())
    chat = received(opened)
    sent = world.answer(maya, chat, "Hello", now=clock.now())
    assert {one.reference: one.unread for one in public.cases_of(lin, locale="en")} == {
        opened.reference: True,
        other.reference: False,
    }
    requests.mark_read(conversation_id=opened.id, seq=sent.seq)
    assert not any(one.unread for one in public.cases_of(lin, locale="en"))


def test_how_well_promises_held_is_on_record(lin: Visitor, capsys: pytest.CaptureFixture[str]) -> None:
    made = [file(lin, text=text) for text in ("One thing", "Quite another", "And a third, about fees", "The fourth")]
    high, low = made[0].expected.high, made[0].expected.low
    for opened, took in zip(made, (low * 2, high * 2, low / 2, None), strict=True):
        begun = Promise.objects.get(conversation=opened.id).made_at
        Conversation.objects.filter(pk=opened.id).update(answered_at=took and begun + took)
    soon, later = clock.now() + high / 2, clock.now() + high * 3
    [yet] = expectations.accuracy(since=clock.now() - timedelta(days=1), now=soon)
    assert (yet.code, yet.due, yet.kept, yet.in_range, yet.claimed) == ("how_to", 3, 2, 1, 0.0)
    [then] = expectations.accuracy(since=clock.now() - timedelta(days=1), now=later)
    assert (then.due, then.kept, then.in_range) == (4, 2, 1), "one was never answered"
    Promise.objects.update(learned=True)
    with clock.frozen(later):
        call_command("promises")
    assert "4 due   50% in time (80% claimed)   25% within the range" in capsys.readouterr().out


def test_the_same_transaction_on_another_channel_is_noticed_while_writing(lin: Visitor) -> None:
    from trustdesk.channels.contract import Inbound
    from trustdesk.conversations import intake, rulebook

    said = intake.submit(
        intake.Arrival(
            rulebook.chat_inbox(),
            Inbound("1", lin.thread, lin.kind, lin.value, f"Where is {TX}?", clock.now(), topic="deposit_missing"),
        )
    ).result()
    found = public.similar_cases(lin, code="how_to", subject="", text=f"It is {TX}", given={})
    assert [(one.reference, one.why, one.value) for one in found] == [(said.reference, "same_tx", TX)]
    assert public.similar_cases(visitors.anonymous(), code="how_to", subject="", text=TX, given={}) == []


def test_looking_for_the_same_matter_costs_the_same_for_many_cases(lin: Visitor) -> None:
    def cost() -> int:
        return statements(lambda: public.similar_cases(lin, code="how_to", subject="", text="Where is it?", given={}))

    file(lin, text="One")
    one = cost()
    for number in range(5):
        file(lin, text=f"Another, number {number}")
    assert cost() == one


def test_nearly_the_same_text_is_noticed_and_another_is_not(lin: Visitor) -> None:
    first = file(lin, text="The app crashes when I open the futures tab on my Android phone after the update")
    file(lin, text="How do I raise the limit of my card payments?")
    found = public.similar_cases(
        lin, code="how_to", subject="", text="After the update the app crashes on my Android phone, futures tab", given={}
    )
    assert [(one.reference, one.why) for one in found] == [(first.reference, "same_text")]


def test_withdrawing_is_for_what_nobody_has_answered(lin: Visitor) -> None:
    opened = file(lin)
    requests.withdraw(visitor=lin, reference=opened.reference, now=clock.now())
    assert Conversation.objects.get(pk=opened.id).status == "closed"
    other = file(lin, text="Another")
    world.answer(world.agent("Maya", *teams()), received(other), "Hello", now=clock.now())
    with pytest.raises(requests.UnableToAct, match="answered"):
        requests.withdraw(visitor=lin, reference=other.reference, now=clock.now())


def test_a_resolved_case_is_opened_again_by_its_customer(lin: Visitor) -> None:
    opened, maya = file(lin), world.agent("Maya", *teams())
    world.answer(maya, received(opened), "Done", now=clock.now())
    resolution.resolve(conversation_id=opened.id, seat=maya, now=clock.now())
    assert requests.reopen(visitor=lin, reference=opened.reference, now=clock.now()) == opened.reference
    case = Conversation.objects.get(pk=opened.id)
    assert (case.status, case.resolved_at, case.assignee_id) == ("open", None, maya.agent_id)
    requests.close(visitor=lin, reference=opened.reference, now=clock.now())
    with pytest.raises(requests.UnableToAct, match="closed"):
        requests.reopen(visitor=lin, reference=opened.reference, now=clock.now())


def test_one_step_takes_a_ticket_to_live_chat_with_the_same_number(lin: Visitor) -> None:
    opened = file(lin)
    for _ in range(2):
        requests.to_chat(visitor=lin, reference=opened.reference, now=clock.now())
    case = Conversation.objects.select_related("inbox").get(pk=opened.id)
    assert case.inbox.kind == "chat"
    assert case.queued_at is not None
    here = public.current(inbox_id=public.chat_inbox(), thread=lin.thread, locale="en", now=clock.now())
    assert here is not None
    assert here.reference == opened.reference
    assert Entry.objects.filter(conversation=case, event="moved_to_chat").count() == 1


def test_a_signed_session_raises_the_proof_of_its_ticket_and_a_mailed_code_does_too(lin: Visitor) -> None:
    opened = file(lin)
    assert Conversation.objects.get(pk=opened.id).proof_level == Proof.SESSION
    mailed = visitors.addressed(mail="bo@mail.example", now=clock.now())
    other = file(mailed)
    case = Conversation.objects.get(pk=other.id)
    assert (case.proof_level, case.proof_how, case.answer_proved) == (Proof.CONTACT, "mail_code", True)
    assert Handle.objects.get(kind="mail", value="bo@mail.example").proof == Proof.CONTACT


def test_what_is_expected_is_learned_from_how_long_answers_took(lin: Visitor) -> None:
    at_first = public.expected_reply("how_to", now=clock.now())
    assert not at_first.learned
    maya = world.agent("Maya", *teams())
    for number in range(30):
        opened = file(lin, text=f"Number {number}: {'x' * number}")
        world.answer(maya, received(opened), "Hello", now=clock.now())
    now = clock.now()
    Conversation.objects.update(created_at=now - timedelta(minutes=20), answered_at=now)
    expectations.forget()
    learned = public.expected_reply("how_to", now=now)
    assert learned.learned
    assert learned.low <= timedelta(minutes=20) <= learned.high * 1.01


def test_words_and_amounts_make_a_case_more_urgent_and_the_timeline_says_why(lin: Visitor) -> None:
    calm = file(lin, text="How do I change my display name?")
    large = file(lin, text="My withdrawal of 250,000 USDT is not there")
    robbed = file(lin, text="Someone is in my account and is withdrawing my coins right now, please help")
    rows = {row.pk: row.priority for row in Conversation.objects.all()}
    assert rows[robbed.id] == 0
    assert rows[large.id] < rows[calm.id]
    why = Entry.objects.get(conversation=robbed.id, event="triaged").data["because"]
    assert why[0] == {"code": "chosen"}
    assert {"being_taken", "was_taken", "not_authorised"} & {one["code"] for one in why}


def test_words_that_come_later_open_the_emergency_lane_once(lin: Visitor) -> None:
    opened = file(lin, text="Where do I see my withdrawals?")
    for identity in ("1", "2"):
        _add(lin, opened.reference, "Somebody is in my account and is withdrawing my coins right now!", identity)
    assert Conversation.objects.get(pk=opened.id).priority == 0
    assert Entry.objects.filter(conversation=opened.id, event="triaged").count() == 2  # at the opening and then
