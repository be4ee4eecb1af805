"""A case gets another team, type or priority: what it loses, where it waits, what its customer sees and was promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import world
from tests.conversations.filed import file
from tests.conversations.merges import ticket
from tests.world import NOON
from trustdesk.conversations import assignment, overview, presence, public, queue, resolution, spam, triage
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, Promise, RequestType, Wait
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock
from trustdesk.staff.models import Role, Team
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


@pytest.fixture
def mei() -> Seat:
    return world.agent("Mei", "funds")


@pytest.fixture
def tom() -> Seat:
    """Somebody works in the other team."""
    return world.agent("Tom", "trading")


def change(case: Conversation | Received, by: Seat, **to: Any) -> Conversation:
    identity = case.pk if isinstance(case, Conversation) else case.conversation_id
    triage.change(conversation_id=identity, seat=by, now=LATER, **to)
    return Conversation.objects.get(pk=identity)


def events(case: Conversation) -> list[tuple[str, bool]]:
    """Events after a case was opened, and whether its customer reads them."""
    rows = case.entries.exclude(event__in=("", "triaged", "proved")).order_by("seq")
    return list(rows.values_list("event", "visible"))


def first_reply(code: str, minutes: int) -> None:
    RequestType.objects.filter(code=code).update(first_reply=minutes)
    world.fresh()


class TestTeam:
    def test_a_chat_of_an_agent_waits_in_the_queue_of_the_other_team_since_its_customer_waits(
        self, mei: Seat, tom: Seat
    ) -> None:
        theirs = [
            world.chat("one", visitor="b", topic="order", now=NOON - timedelta(seconds=1)),
            world.chat("two", visitor="c", topic="order", now=NOON + timedelta(seconds=1)),
        ]
        Conversation.objects.update(team=Team.objects.get(slug="trading"), priority=3)
        chat = world.chat("hello", now=NOON)
        Conversation.objects.filter(pk=chat.conversation_id).update(priority=3)
        assignment.take(conversation_id=chat.conversation_id, seat=mei, now=NOON)
        case = change(chat, mei, team="trading", reason="an order, no deposit")
        assert case.team is not None
        assert (case.team.slug, case.assignee_id, case.status, case.queued_at) == ("trading", None, "waiting", NOON)
        ids = [theirs[0].conversation_id, case.pk, theirs[1].conversation_id]
        places = queue.places(ids, now=LATER)
        assert [places[one].position for one in ids] == [1, 2, 3]
        assert events(case)[1:] == [("team_changed", False), ("passed_on", True)]
        said = case.entries.get(event="team_changed")
        assert (said.agent_id, said.data["reason"], said.data["team"]) == (
            mei.agent_id,
            "an order, no deposit",
            "trading",
        )
        presence.seen(agent_ids=[tom.agent_id], now=LATER)
        assignment.deal(now=LATER)
        case.refresh_from_db()
        assert case.assignee_id == tom.agent_id

    def test_a_chat_in_a_queue_changes_over_and_leaves_no_wait_behind(self, mei: Seat, tom: Seat) -> None:
        case = change(world.chat("hello"), mei, team="trading")
        old, new = Wait.objects.filter(conversation=case).order_by("pk")
        assert (old.outcome, old.ended_at) == ("left", LATER)
        assert (new.team_id, new.ended_at, case.queued_at) == (case.team_id, None, NOON)
        assert events(case) == [("team_changed", False), ("passed_on", True)]

    def test_the_customer_reads_neither_teams_nor_reason(self, mei: Seat, tom: Seat) -> None:
        case = change(world.chat("hello"), mei, team="trading", priority=1, reason="CNRY wrong team")
        seen = public.whole(case.pk)
        assert [line.event for line in seen.lines if line.event] == ["passed_on"]
        assert "CNRY" not in repr(seen)
        assert "rading" not in repr(seen)

    def test_a_ticket_waits_no_longer_for_it_so_its_customer_is_told_nothing(self, mei: Seat, tom: Seat) -> None:
        opened = ticket()
        assignment.take(conversation_id=opened.pk, seat=mei, now=NOON)
        case = change(opened, mei, team="trading")
        assert (case.assignee_id, case.status, case.queued_at) == (None, "waiting", None)
        assert events(case)[-1] == ("team_changed", False)

    def test_a_solved_case_stays_solved(self, mei: Seat, tom: Seat) -> None:
        chat = world.chat("hello")
        assignment.take(conversation_id=chat.conversation_id, seat=mei, now=NOON)
        resolution.resolve(conversation_id=chat.conversation_id, seat=mei, now=NOON)
        case = change(chat, mei, team="trading")
        assert (case.status, case.queued_at, case.assignee_id) == ("resolved", None, None)
        world.chat("it is back", now=LATER)
        case.refresh_from_db()
        assert case.queued_at == LATER

    def test_the_same_again_changes_nothing(self, mei: Seat, tom: Seat) -> None:
        lead = world.agent("Lea", "funds", "trading", role=Role.LEAD)
        chat = world.chat("hello")
        for _ in range(3):
            case = change(chat, lead, team="trading", code="kyc", priority=4)
        assert [event for event, _ in events(case)] == ["type_changed", "priority_changed", "team_changed", "passed_on"]

    def test_nobody_is_sent_where_nobody_works(self, mei: Seat) -> None:
        chat = world.chat("hello")
        for team, code in (("trading", "empty_team"), ("no-such-team", "no_team")):
            with pytest.raises(UnableToAct, match=code):
                change(chat, mei, team=team, priority=0)
        case = Conversation.objects.get(pk=chat.conversation_id)
        assert case.priority != 0  # all or nothing
        assert events(case) == []


class TestPriority:
    def test_it_moves_the_place_in_the_queue(self, mei: Seat) -> None:
        first, second = world.chat("hello", visitor="a"), world.chat("hello", visitor="b", now=LATER)
        change(second, mei, priority=0)
        ids = [first.conversation_id, second.conversation_id]
        places = queue.places(ids, now=LATER)
        assert [places[one].position for one in ids] == [2, 1]

    @pytest.mark.parametrize("level", [-1, 5])
    def test_what_is_none_is_refused(self, mei: Seat, level: int) -> None:
        with pytest.raises(UnableToAct, match="no_priority"):
            change(world.chat("hello"), mei, priority=level)


class TestType:
    def test_another_promised_time_is_promised_anew_and_said(self, mei: Seat) -> None:
        first_reply("deposit_missing", 60)
        first_reply("kyc", 24 * 60)
        opened = promised(code="deposit_missing", minutes=60)
        case = change(opened, mei, code="kyc", reason="papers")
        promise = Promise.objects.get(conversation=case)
        assert (promise.type_code, promise.high, promise.made_at) == ("kyc", 24 * 3600, LATER)
        assert events(case) == [("type_changed", False), ("promised_anew", True)]
        said = case.entries.get(event="type_changed").data
        assert (said["type"], said["reason"], len(said["was"]), len(said["now"])) == ("kyc", "papers", 2, 2)
        assert case.team is not None
        assert case.team.slug == "funds"  # the topic alone moves nothing

    def test_the_same_promised_time_is_left_alone(self, mei: Seat) -> None:
        first_reply("deposit_missing", 60)
        first_reply("kyc", 60)
        case = change(promised(code="deposit_missing", minutes=60), mei, code="kyc")
        assert Promise.objects.get(conversation=case).made_at == NOON
        assert events(case) == [("type_changed", False)]

    @pytest.mark.parametrize("answered", [True, False])
    def test_what_was_answered_or_never_promised_is_not_promised(self, mei: Seat, answered: bool) -> None:
        first_reply("deposit_missing", 60)
        first_reply("kyc", 24 * 60)
        case = promised(code="deposit_missing", minutes=60) if answered else ticket()
        if answered:
            Conversation.objects.filter(pk=case.pk).update(answered_at=NOON)
        change(case, mei, code="kyc")
        assert [event for event, _ in events(case)] == ["type_changed"]

    def test_an_unknown_one_is_refused(self, mei: Seat) -> None:
        with pytest.raises(UnableToAct, match="no_topic"):
            change(ticket(), mei, code="no-such-type")

    def test_the_answers_of_the_form_keep_their_questions(self, mei: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
        world.store_at_once(monkeypatch)
        visitor = Visitor("visitor", "anna")
        with clock.frozen(NOON):
            opened = file(visitor, code="deposit_missing", full=True)
        before = public.find_case(visitor, opened.reference, locale="en", now=NOON)
        change(Conversation.objects.get(pk=opened.id), mei, code="how_to")
        after = public.find_case(visitor, opened.reference, locale="en", now=NOON)
        assert before is not None
        assert after is not None
        assert before.facts.fields
        assert after.facts.fields == before.facts.fields
        assert overview.labelled("how_to", [("no_such_question", "x")], locale="en") == (("no_such_question", "x"),)


def promised(*, code: str, minutes: int) -> Conversation:
    """A ticket of this type that was promised an answer at noon."""
    case = ticket(topic=code)
    Promise.objects.create(conversation=case, type_code=code, low=900, high=minutes * 60, learned=False, made_at=NOON)
    return case


class TestWhoMay:
    def test_as_for_giving_it_to_somebody(self, mei: Seat, tom: Seat) -> None:
        bo, lead = world.agent("Bo", "funds"), world.agent("Lea", "funds", role=Role.LEAD)
        chat = world.chat("hello")
        assignment.take(conversation_id=chat.conversation_id, seat=bo, now=NOON)
        for stranger in (mei, tom):
            with pytest.raises(UnableToAct, match="not_found"):
                change(chat, stranger, priority=1)
        assert change(chat, bo, priority=1).priority == 1
        assert change(chat, lead, priority=2).priority == 2
        change(chat, lead, team="trading")
        with pytest.raises(UnableToAct, match="not_found"):
            change(chat, bo, team="funds")

    def test_not_what_is_over_or_no_case(self, mei: Seat, tom: Seat) -> None:
        closed, junk = ticket(), ticket()
        Conversation.objects.filter(pk=closed.pk).update(status="closed")
        spam.mark(conversation_id=junk.pk, seat=mei, now=NOON)
        for case, code in ((closed, "closed"), (junk, "spam")):
            with pytest.raises(UnableToAct, match=code):
                change(case, mei, team="trading")


def test_a_reason_goes_through_the_guard_and_stands_with_the_first_change(mei: Seat) -> None:
    words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
    case = change(world.chat("hello"), mei, code="kyc", priority=1, reason=f"he wrote\n {words}")
    first, second = case.entries.filter(event__in=("type_changed", "priority_changed")).order_by("seq")
    assert "abandon" not in first.data["reason"]
    assert first.data["reason"].startswith("he wrote [•••")
    assert "reason" not in second.data
