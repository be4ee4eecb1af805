"""Cases of agents who are gone: who loses them, where they go, and who is told."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import world
from tests.conversations.merges import ticket
from tests.world import NOON
from trustdesk.conversations import assignment, handover, presence, public, queue, resolution
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, Wait
from trustdesk.conversations.presence_models import DeskWatch
from trustdesk.policy.handover import GRACE
from trustdesk.staff import accounts
from trustdesk.staff.audit import Actor
from trustdesk.staff.permissions import Seat

SYSTEM = Actor(name="test")
SECOND = timedelta(seconds=1)
BEAT = timedelta(seconds=20)
GONE = NOON + GRACE + SECOND  # when who was last seen at noon has been away for long enough


@pytest.fixture
def _fresh(db: None) -> None:
    world.fresh()


def watch(*, until: datetime, here: tuple[Seat, ...] = (), since: datetime = NOON - timedelta(hours=1)) -> None:
    """Let a serving process have watched the desks all the time, at which these agents are."""
    DeskWatch.objects.update_or_create(id=1, defaults={"since": since, "seen_at": until})
    presence.seen(agent_ids=[one.agent_id for one in here], now=until)


def held(seat: Seat, *texts: str, **more: Any) -> Received:
    """A chat that this agent was dealt at noon, when he was at his desk."""
    presence.seen(agent_ids=[seat.agent_id], now=NOON)
    received = world.chat(*(texts or ("where is it?",)), **more)
    assignment.take(conversation_id=received.conversation_id, seat=seat, now=NOON)
    return received


def case(received: Received) -> Conversation:
    return Conversation.objects.get(pk=received.conversation_id)


def events(received: Received) -> list[str]:
    return [line.event for line in case(received).entries.order_by("seq") if line.event]


@pytest.mark.django_db
@pytest.mark.usefixtures("_fresh")
class TestWhoIsAway:
    def test_a_chat_whose_customer_waits_goes_back_is_dealt_anew_and_says_who_had_it(self) -> None:
        maya, bo = world.agent("Maya", "funds"), world.agent("Bo", "funds")
        chat = held(maya)
        watch(until=GONE, here=(bo,))
        assert handover.take_back(now=GONE) == 1
        row = case(chat)
        assert (row.assignee_id, row.status, row.queued_at) == (None, "waiting", NOON)
        left = row.entries.get(event="left")
        assert (left.visible, left.author, left.agent_id) == (True, "system", None)
        assert left.data["because"] == {"code": "away", "agent": maya.agent_id, "name": "Maya Surname"}
        assert assignment.deal(now=GONE) == 1
        assert case(chat).assignee_id == bo.agent_id
        assert events(chat)[-2:] == ["left", "assigned"]

    def test_the_customer_learns_that_he_is_handed_on_and_no_staff_name(self) -> None:
        maya = world.agent("Maya", "funds")
        chat = held(maya)
        watch(until=GONE)
        handover.take_back(now=GONE)
        seen = public.whole(chat.conversation_id)
        [left] = [line for line in seen.lines if line.event == "left"]
        assert (left.name, dict(left.params)) == ("", {})
        assert "Surname" not in repr(seen)
        now = public.by_id(chat.conversation_id, locale="en", now=GONE)
        assert now is not None
        assert (now.agent, now.queued) == ("", True)
        assert queue.places([chat.conversation_id], now=GONE)[chat.conversation_id].position == 1

    def test_its_place_is_that_of_who_has_waited_as_long(self) -> None:
        maya = world.agent("Maya", "funds")
        before = world.chat("hello", visitor="b", now=NOON - SECOND)
        chat = held(maya)
        after = [world.chat("hello", visitor=f"v{n}", now=NOON + timedelta(seconds=n + 1)) for n in range(3)]
        watch(until=GONE)
        handover.take_back(now=GONE)
        ids = [one.conversation_id for one in (before, chat, *after)]
        places = queue.places(ids, now=GONE)
        assert [places[one].position for one in ids] == [1, 2, 3, 4, 5]
        wait = Wait.objects.get(conversation=chat.conversation_id, ended_at=None)
        assert (wait.ahead, wait.started_at) == (1, GONE)  # what it waits for now, not what it waited for Maya

    def test_doing_it_again_changes_nothing(self) -> None:
        chat = held(world.agent("Maya", "funds"))
        watch(until=GONE)
        assert [handover.take_back(now=GONE) for _ in range(3)] == [1, 0, 0]
        assert events(chat).count("left") == 1
        assert Wait.objects.filter(conversation=chat.conversation_id, ended_at=None).count() == 1

    def test_a_page_loaded_again_or_a_connection_that_dropped_loses_nothing(self) -> None:
        maya = world.agent("Maya", "funds")
        chat = held(maya)
        for beat in range(10):  # away for most of the grace, back for a moment, and so on
            at = NOON + beat * (GRACE - SECOND)
            watch(until=at, here=(maya,))
            assert handover.take_back(now=at + GRACE - SECOND) == 0
        assert case(chat).assignee_id == maya.agent_id

    def test_a_customer_who_does_not_wait_keeps_his_agent_until_he_does(self) -> None:
        maya = world.agent("Maya", "funds")
        chat = held(maya)
        world.answer(maya, chat, "it is on its way")
        watch(until=GONE)
        assert handover.take_back(now=GONE) == 0
        world.chat("still not here", now=GONE)
        assert handover.take_back(now=GONE) == 1
        assert case(chat).queued_at == GONE

    def test_what_is_no_chat_is_over_or_is_spam_stays(self) -> None:
        maya = world.agent("Maya", "funds")
        presence.seen(agent_ids=[maya.agent_id], now=NOON)
        mail, solved, spam = ticket(), held(maya, visitor="b"), held(maya, visitor="c")
        assignment.take(conversation_id=mail.pk, seat=maya, now=NOON)
        resolution.resolve(conversation_id=solved.conversation_id, seat=maya, now=NOON)
        Conversation.objects.filter(pk=spam.conversation_id).update(spam_at=NOON)
        watch(until=GONE)
        assert handover.take_back(now=GONE) == 0

    def test_a_chat_given_by_hand_to_somebody_not_there_yet_is_his_for_a_while(self) -> None:
        maya, bo = world.agent("Maya", "funds"), world.agent("Bo", "funds")
        chat = held(maya)
        watch(until=GONE, here=(maya,))
        assignment.assign(conversation_id=chat.conversation_id, to=bo.agent_id, seat=maya, now=GONE)
        assert handover.take_back(now=GONE + GRACE - SECOND) == 0
        watch(until=GONE + GRACE)
        assert handover.take_back(now=GONE + GRACE) == 1

    def test_while_no_server_ran_nobody_was_away(self) -> None:
        """All serving processes are killed for an hour; the worker goes on, and pages take their time to come back."""
        maya = world.agent("Maya", "funds")
        chat = held(maya)
        presence.watch(agent_ids=[maya.agent_id], now=NOON)
        back = NOON + timedelta(hours=1)
        assert handover.take_back(now=back - SECOND) == 0
        presence.watch(agent_ids=[], now=back)
        for beat in range(4):
            presence.watch(agent_ids=[], now=back + beat * BEAT)
        assert handover.take_back(now=back + GRACE - SECOND) == 0
        presence.watch(agent_ids=[], now=back + 4 * BEAT)
        assert handover.take_back(now=back + GRACE) == 1
        assert events(chat)[-1] == "left"

    def test_of_several_processes_one_goes_on_watching(self) -> None:
        presence.watch(agent_ids=[], now=NOON)
        for beat in range(1, 10):
            presence.watch(agent_ids=[], now=NOON + beat * BEAT)
            presence.watch(agent_ids=[], now=NOON + (beat - 1) * BEAT)  # another one, whose clock is behind
        assert presence.watched_since(now=NOON + 10 * BEAT) == NOON
        assert presence.watched_since(now=NOON + 9 * BEAT + presence.BREAK) is None

    def test_handing_back_by_hand_keeps_the_place_too(self) -> None:
        maya = world.agent("Maya", "funds")
        chat = held(maya)
        later = world.chat("hello", visitor="b", now=NOON + SECOND)
        assignment.assign(conversation_id=chat.conversation_id, to=None, seat=maya, now=GONE)
        places = queue.places([chat.conversation_id, later.conversation_id], now=GONE)
        assert (places[chat.conversation_id].position, places[later.conversation_id].position) == (1, 2)
        assert case(chat).entries.get(event="left").agent_id == maya.agent_id


@pytest.mark.django_db
@pytest.mark.usefixtures("_fresh")
class TestWhoIsDeactivated:
    def test_everything_open_goes_back_at_once(self) -> None:
        maya, bo = world.agent("Maya", "funds"), world.agent("Bo", "funds")
        waits, answered, pending = held(maya), held(maya, visitor="b"), held(maya, visitor="c")
        world.answer(maya, answered, "it is on its way")
        resolution.pend(conversation_id=pending.conversation_id, seat=maya, now=NOON)
        mail, solved = ticket(), ticket(uid="7002")
        for one in (mail, solved):
            assignment.take(conversation_id=one.pk, seat=maya, now=NOON)
        resolution.resolve(conversation_id=solved.pk, seat=maya, now=NOON)
        theirs = held(bo, visitor="d")
        accounts.set_active(agent_id=maya.agent_id, active=False, actor=SYSTEM, reason="left the company")
        assert handover.take_back(now=NOON + SECOND) == 4
        for chat, status in ((waits, "waiting"), (answered, "waiting"), (pending, "pending")):
            row = case(chat)
            assert (row.assignee_id, row.status, row.queued_at is not None) == (None, status, True)
        mail.refresh_from_db()
        solved.refresh_from_db()
        assert (mail.assignee_id, mail.status, mail.queued_at) == (None, "waiting", None)
        assert solved.assignee_id == maya.agent_id  # who solved it
        assert mail.entries.get(event="left").data["because"]["code"] == "deactivated"
        assert case(theirs).assignee_id == bo.agent_id
        assert handover.take_back(now=NOON + SECOND) == 0

    def test_what_its_customer_opens_again_does_not_stay_with_who_is_gone(self) -> None:
        maya = world.agent("Maya", "funds")
        chat = held(maya)
        resolution.resolve(conversation_id=chat.conversation_id, seat=maya, now=NOON)
        accounts.set_active(agent_id=maya.agent_id, active=False, actor=SYSTEM, reason="left the company")
        assert handover.take_back(now=NOON) == 0
        world.chat("it is missing again", now=NOON + SECOND)
        assert case(chat).assignee_id == maya.agent_id
        assert handover.take_back(now=NOON + SECOND) == 1
        assert case(chat).queued_at == NOON + SECOND


_STEPS = ("write", "answer", "leave", "come", "tick", "beat", "deal")


@pytest.mark.django_db
@pytest.mark.usefixtures("_fresh")
def test_whatever_happens_in_whatever_order_a_waiting_customer_has_a_place_or_an_agent() -> None:
    """Nothing is lost, nothing is said twice, and who waits is in the queue or with somebody, never in between."""
    maya = world.agent("Maya", "funds")
    runs = iter(range(10_000))

    @settings(max_examples=30, deadline=None)
    @given(steps=st.lists(st.sampled_from(_STEPS), min_size=3, max_size=14))
    def run(steps: list[str]) -> None:
        visitor, now, there, said = f"visitor{next(runs)}", NOON, True, 1
        chat = world.chat("hello", visitor=visitor, now=now)
        for step in steps:
            now += timedelta(seconds=35)
            if there:
                presence.seen(agent_ids=[maya.agent_id], now=now)
            DeskWatch.objects.update_or_create(id=1, defaults={"since": NOON, "seen_at": now})
            if step == "write":
                world.chat("and now?", visitor=visitor, now=now)
                said += 1
            elif step == "answer" and there:
                world.answer(maya, chat, "one moment", now=now)
                said += 1
            elif step in ("leave", "come"):
                there = step == "come"
            elif step == "tick":
                handover.take_back(now=now)
            elif step == "deal":
                assignment.deal(now=now)
            row = case(chat)
            assert (row.assignee_id is None) == (row.queued_at is not None)
            open_waits = Wait.objects.filter(conversation=row, ended_at=None).count()
            assert open_waits == (row.queued_at is not None)
        seqs = list(row.entries.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))
        assert row.entries.filter(kind="message").count() == said
        told = [one for one in events(chat) if one in ("left", "assigned")]
        assert told == ["assigned", "left"] * (len(told) // 2) + ["assigned"] * (len(told) % 2)

    run()


def test_an_answer_at_the_same_moment_wins_and_nothing_is_lost(committed_db: str) -> None:
    """Twenty chats at once: whichever is first, the answer is stored, and who answered has it or nobody waits."""
    world.fresh()
    maya = world.agent("Maya", "funds")
    chats = [held(maya, visitor=f"v{n}") for n in range(20)]
    watch(until=GONE)
    barrier, failed = threading.Barrier(3), []

    def answer() -> None:
        barrier.wait(10)
        for one in chats:
            world.answer(maya, one, "here I am", now=GONE)

    def sweep() -> None:
        barrier.wait(10)
        handover.take_back(now=GONE)

    def guarded(act: Any) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  a thread's own would be lost
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded, args=(act,)) for act in (answer, sweep, sweep)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    for one in chats:
        row = case(one)
        assert (row.assignee_id, row.queued_at, row.waiting_since) == (maya.agent_id, None, None)
        assert row.entries.filter(text="here I am").count() == 1
        assert events(one) in (["triaged", "assigned"], ["triaged", "assigned", "left", "assigned"])
    assert handover.take_back(now=GONE + GRACE) == 0
