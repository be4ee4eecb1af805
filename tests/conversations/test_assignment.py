"""Who works on a case."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from tests import world
from tests.world import NOON
from trustdesk.conversations import acting, assignment, presence, queue
from trustdesk.conversations.models import Conversation, Wait
from trustdesk.staff.models import Role


@pytest.mark.django_db
class TestDealing:
    @pytest.fixture(autouse=True)
    def _fresh(self, db: None) -> None:
        world.fresh()

    def test_a_chat_goes_to_who_is_at_the_desk_with_room(self) -> None:
        here, away = world.agent("Maya", "funds"), world.agent("Bo", "funds")
        presence.seen(agent_ids=[here.agent_id], now=NOON)
        received = world.chat("hello")
        assert assignment.deal(now=NOON + timedelta(seconds=30)) == 1
        case = Conversation.objects.get(pk=received.conversation_id)
        assert (case.assignee_id, case.status, case.queued_at) == (here.agent_id, "open", None)
        assert Wait.objects.get(conversation=case).ended_at == NOON + timedelta(seconds=30)
        assert away.agent_id != case.assignee_id

    def test_capacity_is_kept_and_the_rest_wait(self) -> None:
        maya = world.agent("Maya", "funds", capacity=2)
        presence.seen(agent_ids=[maya.agent_id], now=NOON)
        for n in range(5):
            world.chat("hello", visitor=f"v{n}", now=NOON + timedelta(seconds=n))
        assert assignment.deal(now=NOON + timedelta(seconds=10)) == 2
        assert assignment.deal(now=NOON + timedelta(seconds=10)) == 0
        left = list(Conversation.objects.filter(queued_at__isnull=False).order_by("queued_at").values_list("pk", flat=True))
        places = queue.places(left, now=NOON)
        assert [places[one].position for one in left] == [1, 2, 3]

    def test_nobody_gets_a_chat_of_another_team_or_off_shift_or_gone(self) -> None:
        other = world.agent("Oli", "trading")
        off = world.agent("Ola", "funds", on_shift=False)
        gone = world.agent("Gus", "funds")
        presence.seen(agent_ids=[other.agent_id, off.agent_id], now=NOON)
        presence.seen(agent_ids=[gone.agent_id], now=NOON - presence.HERE - timedelta(seconds=1))
        world.chat("hello")
        assert assignment.deal(now=NOON) == 0

    def test_a_colleague_cannot_take_what_somebody_has_but_a_lead_can(self) -> None:
        maya, bo, lead = (
            world.agent("Maya", "funds"),
            world.agent("Bo", "funds"),
            world.agent("Lea", "funds", role=Role.LEAD),
        )
        received = world.chat("hello")
        assignment.take(conversation_id=received.conversation_id, seat=maya, now=NOON)
        with pytest.raises(acting.UnableToAct, match="taken"):
            assignment.take(conversation_id=received.conversation_id, seat=bo, now=NOON)
        assignment.take(conversation_id=received.conversation_id, seat=lead, now=NOON)
        assert Conversation.objects.get(pk=received.conversation_id).assignee_id == lead.agent_id

    def test_taking_twice_is_taking_once(self) -> None:
        maya, received = world.agent("Maya", "funds"), world.chat("hello")
        for _ in range(2):
            assignment.take(conversation_id=received.conversation_id, seat=maya, now=NOON)
        case = Conversation.objects.get(pk=received.conversation_id)
        assert case.entries.filter(event="assigned").count() == 1

    def test_a_case_is_handed_only_to_who_may_see_it(self) -> None:
        maya, outsider = world.agent("Maya", "funds"), world.agent("Oli", "trading")
        received = world.chat("hello")
        with pytest.raises(acting.UnableToAct, match="no_access"):
            assignment.assign(conversation_id=received.conversation_id, to=outsider.agent_id, seat=maya, now=NOON)

    def test_positions_follow_priority_then_time(self) -> None:
        late = world.chat("hello", visitor="a", now=NOON)
        urgent = world.chat("hello", visitor="b", topic="phishing", now=NOON + timedelta(seconds=5))
        hacked = world.chat("hello", visitor="c", topic="hacked", now=NOON + timedelta(seconds=9))
        places = queue.places([late.conversation_id, urgent.conversation_id, hacked.conversation_id], now=NOON)
        # hacked (0) and phishing (1) wait for the accounts team, the deposit for another
        assert places[hacked.conversation_id].position == 1
        assert places[urgent.conversation_id].position == 2
        assert places[late.conversation_id].position == 1


def test_one_chat_taken_by_many_at_once_has_one_owner(committed_db: str) -> None:
    """A-19: of fifty claims at the same moment one succeeds."""
    world.fresh()
    agents = [world.agent(f"Agent{n}", "funds") for n in range(10)]
    received = world.chat("hello")
    won, barrier = [], threading.Barrier(len(agents))

    def claim(number: int) -> None:
        barrier.wait(10)
        try:
            for _ in range(5):
                assignment.take(conversation_id=received.conversation_id, seat=agents[number], now=NOON)
                won.append(number)
        except acting.UnableToAct:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(len(agents))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    case = Conversation.objects.get()
    assert {agents[number].agent_id for number in won} == {case.assignee_id}
    assert case.entries.filter(event="assigned").count() == 1
