"""The promises of the one way in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mnemonic import Mnemonic

from tests import world
from tests.counting import statements
from tests.world import NOON
from trustdesk.conversations import intake, public, resolution
from trustdesk.conversations.models import Conversation, Entry, Evidence, Wait
from trustdesk.customers.models import Customer
from trustdesk.policy import reference

OPENING, GOING_ON = 15, 8  # statements, two of them the savepoint around the batch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def timeline(conversation_id: int) -> list[tuple[int, str, str]]:
    rows = Entry.objects.filter(conversation=conversation_id).order_by("seq")
    return [(row.seq, row.author, row.event or row.text) for row in rows]


def test_a_first_message_opens_a_case_with_number_team_and_place_in_the_queue() -> None:
    received = world.chat("My deposit is missing")
    case = Conversation.objects.get(pk=received.conversation_id)
    assert received.opened
    assert reference.parse(case.reference) == case.reference
    assert (case.status, case.team and case.team.slug, case.type and case.type.code, case.queued_at) == (
        "waiting",
        "funds",
        "deposit_missing",
        NOON,
    )
    assert timeline(case.pk) == [(1, "customer", "My deposit is missing"), (2, "system", "triaged")]
    assert Wait.objects.get(conversation=case).ahead == 0


def test_the_same_id_sent_again_is_answered_with_the_line_it_made() -> None:
    first = world.chat("hello", identity="one")
    again = world.chat("hello", identity="one")
    assert (again.seq, again.conversation_id, again.known) == (first.seq, first.conversation_id, True)
    assert Entry.objects.filter(kind="message").count() == 1


def test_the_same_id_twice_in_one_batch_is_one_line() -> None:
    both = intake.receive(messages=[world.message("hello", identity="one")] * 2, now=NOON)
    assert both[0].seq == both[1].seq
    assert Entry.objects.filter(kind="message").count() == 1


def test_the_same_id_of_another_sender_is_another_message() -> None:
    one = world.chat("hello", identity="one", visitor="anna")
    other = world.chat("hello", identity="one", visitor="bert")
    assert one.conversation_id != other.conversation_id
    assert Entry.objects.filter(kind="message").count() == 2


@pytest.mark.parametrize("size", [1, 2, 40, 200])
def test_a_batch_costs_a_fixed_handful_of_statements(size: int) -> None:
    """Opening cases and going on cost the same for one message and for two hundred."""
    world.chat("warms up what is remembered", visitor="nobody")
    batches = {
        what: [
            world.message("0.5 BTC to 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", visitor=f"visitor{n}") for n in range(size)
        ]
        for what in ("opening", "going on")
    }
    counts = {what: statements(lambda: intake.receive(messages=batch, now=NOON)) for what, batch in batches.items()}  # noqa: B023
    assert counts == {"opening": OPENING, "going on": GOING_ON}


def test_a_secret_is_masked_before_it_is_stored_and_the_customer_is_told() -> None:
    phrase = Mnemonic("english").to_mnemonic(bytes(range(16)))
    received = world.chat(f"my seed is {phrase} please help")
    assert "seed_phrase" in received.masked
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM conversations_entry WHERE text LIKE %s OR data::text LIKE %s",
            [f"%{phrase[:30]}%"] * 2,
        )
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT subject FROM conversations_conversation")
        assert phrase[:20] not in cursor.fetchone()[0]
    page = public.entries_after({received.conversation_id: 0})[received.conversation_id]
    assert [line.event for line in page.lines if line.kind == "event"] == ["secret_masked"]


def test_facts_in_the_text_become_evidence_once() -> None:
    received = world.chat("0.5 BTC missing", "I sent 0.5 BTC yesterday")
    assert list(
        Evidence.objects.filter(conversation=received.conversation_id).values_list("kind", "value", "coin", "seq")
    ) == [("amount", "0.5", "BTC", 1)]


def test_a_message_to_a_resolved_case_reopens_it_and_to_a_closed_one_opens_the_next() -> None:
    maya = world.agent("Maya", "funds")
    first = world.chat("hello")
    world.answer(maya, first, "done")
    resolution.resolve(conversation_id=first.conversation_id, seat=maya, now=NOON)
    again = world.chat("not done")
    assert again.conversation_id == first.conversation_id
    assert Conversation.objects.get(pk=first.conversation_id).status == "open"
    assert (again.seq - 1, "system", "reopened") in timeline(first.conversation_id)
    resolution.resolve(conversation_id=first.conversation_id, seat=maya, now=NOON)
    assert resolution.close_old(now=NOON + resolution.REOPEN_WINDOW + timedelta(seconds=1)) == 1
    new = world.chat("something else")
    assert new.conversation_id != first.conversation_id
    assert Conversation.objects.get(pk=new.conversation_id).follows_id == first.conversation_id
    assert (
        Conversation.objects.get(pk=new.conversation_id).customer_id
        == Conversation.objects.get(pk=first.conversation_id).customer_id
    )


def test_a_message_with_an_unknown_file_is_refused_alone_and_opens_nothing() -> None:
    batch = [
        world.message("hello"),
        world.message("look", visitor="bert", uploads=("nothing",)),
        world.message("me too", visitor="carl"),
    ]
    outcomes = intake.receive_each(messages=batch, now=NOON)
    assert [isinstance(one, intake.UnknownFile) for one in outcomes] == [False, True, False]
    assert Conversation.objects.count() == 2
    with pytest.raises(intake.UnknownFile):
        intake.receive(messages=batch[1:2], now=NOON)


def test_notes_and_hidden_events_are_not_in_what_customers_read() -> None:
    maya = world.agent("Maya", "funds")
    received = world.chat("hello")
    world.answer(maya, received, "CNRY-note", note=True)
    world.answer(maya, received, "Hello, I am looking")
    page = public.entries_after({received.conversation_id: 0})[received.conversation_id]
    assert [line.text or line.event for line in page.lines] == ["hello", "Hello, I am looking", "assigned"]
    assert "CNRY" not in repr(page)
    assert page.upto == Conversation.objects.get(pk=received.conversation_id).last_seq


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["anna", "bert", "carl"]), st.integers(0, 5)), min_size=1, max_size=30),
    st.integers(1, 7),
)
def test_any_repetition_and_any_batching_give_each_message_once_and_gapless_seqs(
    sends: list[tuple[str, int]], size: int
) -> None:
    before = Customer.objects.count()
    run = f"r{before}-{connection.connection.info.backend_pid}-{Entry.objects.count()}"
    batch = [world.message(f"m{n}", visitor=f"{who}{run}", identity=f"{n}") for who, n in sends]
    for start in range(0, len(batch), size):
        intake.receive(messages=batch[start : start + size], now=NOON)
    for who in {who for who, _ in sends}:
        case = Conversation.objects.get(threads__external=f"visitor:{who}{run}")
        rows = list(case.entries.order_by("seq").values_list("seq", "text", "kind"))
        assert [seq for seq, *_ in rows] == list(range(1, case.last_seq + 1))
        first_seen = list(dict.fromkeys(f"m{n}" for other, n in sends if other == who))
        assert [text for _, text, kind in rows if kind == "message"] == first_seen
