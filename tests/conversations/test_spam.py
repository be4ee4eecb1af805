"""Spam: out of every list, count and queue but its own, told to nobody, and back with all it had."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests import world
from tests.desk import mails
from tests.world import NOON
from trustdesk.channels.models import Delivery
from trustdesk.conversations import (
    acting,
    assignment,
    lists,
    notices,
    proving,
    queries,
    queue,
    replies,
    resolution,
    spam,
)
from trustdesk.conversations.intake import Received
from trustdesk.conversations.lists import Filter, Tab, View
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.conversations.presence_models import DeskPresence
from trustdesk.staff.models import Role
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def of(received: Received) -> Conversation:
    return Conversation.objects.get(pk=received.conversation_id)


def shown(seat: Seat, view: View, tab: Tab = Tab.OPEN, text: str = "") -> list[str]:
    return [row.reference for row in lists.cases(seat=seat, wanted=Filter(view, tab, text=text)).rows]


def test_it_leaves_every_list_and_comes_back_as_it_was() -> None:
    mei = world.agent("Mei", "funds")
    case, other = mails.mail(), world.chat("hello")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    before = of(case)
    spam.mark(conversation_id=case.conversation_id, seat=mei, now=LATER)
    for view in View:
        for tab in Tab:
            assert (case.reference in shown(mei, view, tab)) is (view is View.SPAM), (view, tab)
    counts = lists.counts(seat=mei)
    assert (counts.mine, counts.teams, counts.all, counts.unassigned, counts.spam) == (0, 1, 1, 1, 1)
    assert shown(mei, View.ALL, text=case.reference) == [case.reference]  # whoever knows its number finds it
    assert lists.cases(seat=mei, wanted=Filter(View.SPAM)).rows[0].spam
    spam.unmark(conversation_id=case.conversation_id, seat=mei, now=LATER)
    after = of(case)
    for column in ("status", "assignee_id", "waiting_since", "answered_at", "priority", "team_id"):
        assert getattr(after, column) == getattr(before, column), column
    assert after.spam_at is None
    assert shown(mei, View.MINE) == [case.reference]
    events = Entry.objects.filter(conversation=case.conversation_id, event__in=("spam", "not_spam")).order_by("seq")
    assert [(one.event, one.visible, one.agent_id) for one in events] == [
        ("spam", False, mei.agent_id), ("not_spam", False, mei.agent_id),
    ]  # fmt: skip
    assert other.reference in shown(mei, View.TEAMS)


def test_doing_it_twice_changes_nothing() -> None:
    mei, case = world.agent("Mei", "funds"), mails.mail()
    spam.unmark(conversation_id=case.conversation_id, seat=mei, now=NOON)
    spam.mark(conversation_id=case.conversation_id, seat=mei, now=NOON)
    spam.mark(conversation_id=case.conversation_id, seat=mei, now=LATER)
    assert of(case).spam_at == NOON
    assert Entry.objects.filter(event__in=("spam", "not_spam")).count() == 1


def test_a_chat_leaves_the_queue_and_is_dealt_to_nobody() -> None:
    mei, case = world.agent("Mei", "funds"), world.chat("cheap pills")
    DeskPresence.objects.create(agent_id=mei.agent_id, seen_at=NOON)
    assert of(case).queued_at
    spam.mark(conversation_id=case.conversation_id, seat=mei, now=NOON)
    assert of(case).queued_at is None
    # A message that comes in meanwhile may put it into the queue again; it is passed over all the same.
    Conversation.objects.filter(pk=case.conversation_id).update(queued_at=NOON)
    assert assignment.deal(now=NOON) == 0
    Conversation.objects.filter(pk=case.conversation_id).update(queued_at=None)
    spam.unmark(conversation_id=case.conversation_id, seat=mei, now=NOON)
    assert of(case).queued_at == NOON
    queue.forget()
    assert assignment.deal(now=NOON) == 1


def test_nobody_works_on_it_and_its_customer_is_told_nothing() -> None:
    mei, case = world.agent("Mei", "funds"), mails.mail()
    told = Delivery.objects.count()
    spam.mark(conversation_id=case.conversation_id, seat=mei, now=NOON)
    identity = case.conversation_id
    acts: tuple[Callable[[], None], ...] = (
        lambda: assignment.take(conversation_id=identity, seat=mei, now=NOON),
        lambda: assignment.assign(conversation_id=identity, to=mei.agent_id, seat=mei, now=NOON),
        lambda: resolution.resolve(conversation_id=identity, seat=mei, now=NOON),
        lambda: resolution.pend(conversation_id=identity, seat=mei, now=NOON),
        lambda: resolution.reopen(conversation_id=identity, seat=mei, now=NOON),
        lambda: proving.ask(conversation_id=identity, seat=mei, now=NOON),
    )
    for act in acts:
        with pytest.raises(acting.UnableToAct, match="spam"):
            act()
    with pytest.raises(replies.UnableToReply, match="spam"):
        world.answer(mei, case, "hello")
    assert world.answer(mei, case, "sent us three of these", note=True).seq
    for what in ("opened", "proof", "resolved"):
        notices.tell(what=what, conversation_ids=[identity], now=NOON)
    assert Delivery.objects.count() == told


def test_only_who_may_resolve_a_case_may_mark_it_and_everybody_sees_his_own() -> None:
    case = mails.mail()
    tom, ada = world.agent("Tom", "trading"), world.agent("Ada", role=Role.ADMIN)
    mei = world.agent("Mei", "funds")
    for act in (spam.mark, spam.unmark):
        with pytest.raises(acting.UnableToAct, match="not_found"):
            act(conversation_id=case.conversation_id, seat=tom, now=NOON)
    spam.mark(conversation_id=case.conversation_id, seat=ada, now=NOON)
    assert (shown(mei, View.SPAM), shown(tom, View.SPAM)) == ([case.reference], [])
    assert lists.counts(seat=tom).spam == 0
    other = mails.mail("another", now=LATER)
    assert queries.others(seat=mei, case=of(other)) == []
