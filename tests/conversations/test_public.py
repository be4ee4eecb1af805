"""What customers read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import world
from tests.world import NOON
from trustdesk.conversations import intake, public
from trustdesk.conversations.models import Conversation
from trustdesk.policy.proof import Proof

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


@pytest.mark.parametrize(("count", "length"), [(3, 10), (450, 10), (60, 3_900), (1, 4_000)])
def test_a_long_timeline_comes_in_pages_that_together_are_whole(count: int, length: int) -> None:
    texts = [f"{n} ".ljust(length, "x") for n in range(count)]
    received = intake.receive(messages=[world.message(text) for text in texts], now=NOON)[0]
    after, seen, pages = 0, [], 0
    while True:
        page = public.entries_after({received.conversation_id: after})[received.conversation_id]
        assert page.after == after
        seen += [line.text for line in page.lines]
        pages, after = pages + 1, page.upto
        assert sum(len(line.text) for line in page.lines) <= max(public.PAGE_TEXT, length)
        if not page.more:
            break
    assert seen == texts
    assert after == Conversation.objects.get(pk=received.conversation_id).last_seq
    assert [line.text for line in public.whole(received.conversation_id).lines] == texts
    assert pages == 1 or count > public.PAGE or count * length > public.PAGE_TEXT


def test_a_renewed_session_renews_the_proof_quietly() -> None:
    def say(at: timedelta, until: timedelta) -> public.Case:
        received = world.chat(
            "hello", now=NOON + at, proof=Proof.SESSION, proof_until=NOON + until, proof_how="session"
        )
        case = public.by_id(received.conversation_id, locale="en", now=NOON + at)
        assert case
        return case

    first = say(timedelta(0), timedelta(minutes=30))
    renewed = say(timedelta(minutes=25), timedelta(minutes=55))
    assert (first.proof_until, renewed.proof_until) == (NOON + timedelta(minutes=30), NOON + timedelta(minutes=55))
    assert Conversation.objects.get(pk=first.id).entries.filter(event="proved").count() == 1
    say(timedelta(minutes=60), timedelta(minutes=90))
    assert Conversation.objects.get(pk=first.id).entries.filter(event="proved").count() == 2


def test_many_who_come_in_at_once_are_read_for_in_as_many_questions_as_one() -> None:
    told = {f"visitor:v{number}": world.chat("hello", visitor=f"v{number}") for number in range(5)}
    found = public.currents([*told, "visitor:nobody"], inbox_id=public.chat_inbox(), locale="en", now=NOON)
    assert {thread: case.id for thread, case in found.items()} == {
        thread: received.conversation_id for thread, received in told.items()
    }
    # Two windows of one case may have got to different places.
    one = told["visitor:v0"].conversation_id
    asked = [(one, 0), (one, 1), (told["visitor:v1"].conversation_id, 0)]
    pages = public.pages_after(asked)
    assert pages == {(case, after): public.entries_after({case: after})[case] for case, after in asked}
    assert [page.after for page in pages.values()] == [after for _, after in pages]
    assert public.pages_after([(10**9, 0)]) == {}
