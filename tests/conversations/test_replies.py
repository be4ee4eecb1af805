"""The promises of the one way out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from mnemonic import Mnemonic

from tests import world
from tests.world import NOON
from trustdesk.channels.models import Delivery
from trustdesk.conversations import notices, public, replies, requests
from trustdesk.conversations.models import Conversation, Entry, Wait
from trustdesk.customers import visitors
from trustdesk.policy.proof import Proof
from trustdesk.staff.models import Agent, Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def test_an_answer_takes_an_unassigned_case_out_of_the_queue() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    world.answer(maya, received, "Hello!", now=NOON + timedelta(minutes=2))
    case = Conversation.objects.get(pk=received.conversation_id)
    assert (case.status, case.assignee_id, case.queued_at, case.waiting_since) == ("open", maya.agent_id, None, None)
    assert case.answered_at == NOON + timedelta(minutes=2)
    wait = Wait.objects.get(conversation=case)
    assert (wait.ended_at, wait.outcome) == (NOON + timedelta(minutes=2), "answered")


def test_a_note_answers_nobody() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    world.answer(maya, received, "looks like a bribe", note=True)
    case = Conversation.objects.get(pk=received.conversation_id)
    assert (case.status, case.assignee_id, case.answered_at) == ("waiting", None, None)
    assert case.waiting_since == NOON
    assert not Entry.objects.get(kind="note").visible


def test_the_same_answer_sent_again_is_one_line() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    first = world.answer(maya, received, "Hello!", identity="x")
    assert world.answer(maya, received, "Hello!", identity="x") == first
    assert Entry.objects.filter(author="agent", kind="message").count() == 1


@pytest.mark.parametrize(
    ("teams", "role", "may"),
    [
        (["funds"], Role.AGENT, True),
        (["trading"], Role.AGENT, False),
        (["trading"], Role.LEAD, False),
        ([], Role.ADMIN, True),
    ],
)
def test_only_who_may_see_a_case_can_answer_it(teams: list[str], role: Role, may: bool) -> None:
    seat, received = world.agent("Sam", *teams, role=role), world.chat("hello")
    if may:
        assert world.answer(seat, received, "Hello!").seq > received.seq
    else:
        with pytest.raises(replies.UnableToReply, match="not_found"):
            world.answer(seat, received, "Hello!")
        assert not Entry.objects.filter(author="agent").exists()


def test_a_deactivated_agent_answers_nothing() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    Agent.objects.filter(pk=maya.agent_id).update(is_active=False)
    with pytest.raises(replies.UnableToReply, match="not_allowed"):
        world.answer(maya, received, "Hello!")


def test_nobody_answers_a_closed_case_but_notes_may_be_added() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    requests.end(conversation_id=received.conversation_id, now=NOON)
    with pytest.raises(replies.UnableToReply, match="closed"):
        world.answer(maya, received, "Hello!")
    world.answer(maya, received, "too late", note=True)


def test_one_refused_reply_refuses_the_whole_batch() -> None:
    maya, mine, other = (
        world.agent("Maya", "funds"),
        world.chat("hello"),
        world.chat("order", visitor="bert", topic="order"),
    )
    batch = [
        replies.Reply(one.conversation_id, maya.agent_id, f"id{one.conversation_id}", "Hello!") for one in (mine, other)
    ]
    with pytest.raises(replies.UnableToReply):
        replies.send(replies=batch, now=NOON)
    assert not Entry.objects.filter(author="agent").exists()


def test_a_secret_in_an_answer_is_masked_too() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    phrase = Mnemonic("english").to_mnemonic(bytes(range(16)))
    sent = world.answer(maya, received, f"is this your phrase: {phrase}?")
    assert sent.masked == ("seed_phrase",)
    assert phrase not in Entry.objects.get(conversation=received.conversation_id, seq=sent.seq).text


def test_answers_the_customer_did_not_read_are_mailed_once_to_the_address_he_left_and_confirmed() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("my own words CNRY")
    requests.leave_mail(conversation_id=received.conversation_id, mail="anna@mail.example", now=NOON)
    world.answer(maya, received, "First answer")
    world.answer(maya, received, "internal", note=True)
    world.answer(maya, received, "Second answer")
    notices.mail_unread(conversation_id=received.conversation_id, now=NOON)
    asking = Delivery.objects.get()
    assert "answer" not in asking.subject
    assert "First answer" not in asking.text
    requests.confirm_mail(asking.text.split("/confirm/")[1].split("/")[0], now=NOON)
    notices.mail_unread(conversation_id=received.conversation_id, now=NOON)
    notices.mail_unread(conversation_id=received.conversation_id, now=NOON)
    letter = Delivery.objects.get(purpose="answer")
    assert letter.recipient == "anna@mail.example"
    assert letter.text.index("First answer") < letter.text.index("Second answer")
    assert "CNRY" not in letter.text
    assert "internal" not in letter.text


def test_who_leaves_an_address_is_asked_at_once_to_confirm_it() -> None:
    received = world.chat("hello")
    requests.leave_mail(conversation_id=received.conversation_id, mail="anna@mail.example", now=NOON)
    notices.tell(what="confirm", conversation_ids=[received.conversation_id], now=NOON)
    asking = Delivery.objects.get()
    assert (asking.purpose, asking.recipient) == ("confirm", "anna@mail.example")
    assert received.reference not in asking.subject + asking.text.partition("/confirm/")[0]
    requests.confirm_mail(asking.text.split("/confirm/")[1].split("/")[0], now=NOON)
    notices.tell(what="confirm", conversation_ids=[received.conversation_id], now=NOON)
    assert Delivery.objects.count() == 1


def test_a_chat_mails_no_more_strangers_in_a_day_than_one_stranger_gets_letters() -> None:
    received = world.chat("hello")
    for number in range(6):
        requests.leave_mail(conversation_id=received.conversation_id, mail=f"victim{number}@mail.example", now=NOON)
        notices.tell(what="confirm", conversation_ids=[received.conversation_id], now=NOON)
    assert Delivery.objects.count() == notices.A_DAY


def test_ones_own_proved_address_needs_no_confirmation() -> None:
    anna = visitors.identified(uid="100001", mail="anna@mail.example", now=NOON)
    for mail, proved in (("Anna@mail.example", True), ("other@mail.example", False)):
        received = world.chat("hello", visitor=mail)
        requests.leave_mail(visitor=anna, conversation_id=received.conversation_id, mail=mail, now=NOON)
        assert Conversation.objects.get(pk=received.conversation_id).answer_proved is proved


def test_answers_that_were_read_in_the_chat_are_not_mailed() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    requests.leave_mail(conversation_id=received.conversation_id, mail="anna@mail.example", now=NOON)
    sent = world.answer(maya, received, "First answer")
    requests.mark_read(conversation_id=received.conversation_id, seq=sent.seq)
    notices.mail_unread(conversation_id=received.conversation_id, now=NOON)
    assert not Delivery.objects.exists()


def test_customers_see_the_first_name_only() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    world.answer(maya, received, "Hello!")
    page = public.entries_after({received.conversation_id: 0})[received.conversation_id]
    assert {line.name for line in page.lines if line.author == "agent"} == {"Maya"}
    assert "Surname" not in repr(page)
    assert "maya@staff" not in repr(page)


def test_an_answer_sent_again_after_the_case_ended_is_still_answered_with_its_line() -> None:
    maya, received = world.agent("Maya", "funds"), world.chat("hello")
    first = world.answer(maya, received, "Hello!", identity="x")
    requests.end(conversation_id=received.conversation_id, now=NOON)
    assert world.answer(maya, received, "Hello!", identity="x") == first


def test_the_same_id_in_another_case_is_another_answer() -> None:
    maya, one, other = world.agent("Maya", "funds"), world.chat("hello"), world.chat("hi", visitor="bert")
    sent = [world.answer(maya, case, "Hello!", identity="x") for case in (one, other)]
    assert [reply.conversation_id for reply in sent] == [one.conversation_id, other.conversation_id]
    assert Entry.objects.filter(author="agent", kind="message").count() == 2


def test_what_was_said_about_an_account_is_not_mailed_to_an_address_nobody_proved() -> None:
    maya = world.agent("Maya", "funds")
    received = world.chat("hello", proof=Proof.SESSION, proof_until=NOON + timedelta(minutes=30), proof_how="session")
    requests.leave_mail(conversation_id=received.conversation_id, mail="stranger@elsewhere.example", now=NOON)
    world.answer(maya, received, "Your balance is 12.5 BTC")
    notices.mail_unread(conversation_id=received.conversation_id, now=NOON)
    assert "12.5" not in Delivery.objects.get().text
