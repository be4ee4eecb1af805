"""Lists: whose cases, in which order, page by page, found by exact facts, at a fixed number of statements."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import world
from tests.world import NOON
from trustdesk.conversations import assignment, lists, resolution
from trustdesk.conversations.lists import Filter, Tab, View
from trustdesk.conversations.models import Conversation
from trustdesk.staff.models import Role, Team
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def references(seat: Seat, wanted: Filter, **page: object) -> list[str]:
    return [row.reference for row in lists.cases(seat=seat, wanted=wanted, **page).rows]  # type: ignore[arg-type]


def many(count: int, topic: str = "deposit_missing") -> list[str]:
    return [
        world.chat(f"case {n}", visitor=f"v{n}", topic=topic, now=NOON + timedelta(minutes=n)).reference
        for n in range(count)
    ]


def test_who_waits_comes_first_by_priority_then_by_time() -> None:
    mei = world.agent("Mei", "funds", "accounts")
    late = world.chat("later", visitor="late", topic="deposit_missing", now=NOON + timedelta(minutes=5))
    early = world.chat("earlier", visitor="early", topic="deposit_missing", now=NOON)
    urgent = world.chat("hacked", visitor="urgent", topic="hacked", now=NOON + timedelta(minutes=9))
    answered = world.chat("answered", visitor="done", topic="hacked", now=NOON)
    world.answer(mei, answered, "done", now=NOON + timedelta(minutes=1))
    fresher = world.chat("answered too", visitor="done2", topic="deposit_missing", now=NOON)
    world.answer(mei, fresher, "done", now=NOON + timedelta(minutes=2))
    wanted = [urgent, early, late, fresher, answered]
    assert references(mei, Filter(View.TEAMS)) == [one.reference for one in wanted]


def test_views_and_tabs_hold_what_they_say() -> None:
    mei, omar = world.agent("Mei", "funds"), world.agent("Omar", "funds")
    mine, theirs, free, foreign = (
        world.chat("x", visitor=name, topic=topic)
        for name, topic in (
            ("a", "deposit_missing"),
            ("b", "deposit_missing"),
            ("c", "deposit_missing"),
            ("d", "order"),
        )
    )
    assignment.take(conversation_id=mine.conversation_id, seat=mei, now=NOON)
    assignment.take(conversation_id=theirs.conversation_id, seat=omar, now=NOON)
    shown = {view: set(references(mei, Filter(view))) for view in View}
    assert shown[View.MINE] == {mine.reference}
    assert shown[View.UNASSIGNED] == {free.reference}
    assert shown[View.TEAMS] == shown[View.ALL] == {mine.reference, theirs.reference, free.reference}
    counts = lists.counts(seat=mei)
    assert (counts.mine, counts.unassigned, counts.teams, counts.all) == (1, 1, 3, 3)
    admin = world.agent("Ada", role=Role.ADMIN)
    assert foreign.reference in references(admin, Filter(View.ALL))
    resolution.resolve(conversation_id=mine.conversation_id, seat=mei, now=NOON)
    assert references(mei, Filter(View.MINE)) == []
    assert references(mei, Filter(View.MINE, Tab.RESOLVED)) == [mine.reference]
    assert references(mei, Filter(View.MINE, Tab.ALL)) == [mine.reference]


def test_a_team_narrows_a_view_and_opens_nothing() -> None:
    mei = world.agent("Mei", "funds", "accounts")
    one = world.chat("x", visitor="a", topic="deposit_missing")
    other = world.chat("x", visitor="b", topic="login")
    world.chat("x", visitor="c", topic="order")
    ids = {team.slug: team.pk for team in Team.objects.all()}
    assert references(mei, Filter(View.TEAMS, team_id=ids["funds"])) == [one.reference]
    assert references(mei, Filter(View.ALL, team_id=ids["accounts"])) == [other.reference]
    assert references(mei, Filter(View.ALL, team_id=ids["trading"])) == []


@pytest.mark.parametrize("tab", list(Tab))
def test_pages_follow_each_other_without_gap_or_repetition(tab: Tab) -> None:
    lead = world.agent("Lena", "funds", role=Role.LEAD)
    many(9)
    for number, case in enumerate(Conversation.objects.order_by("pk")):
        if number % 3 == 0:
            Conversation.objects.filter(pk=case.pk).update(waiting_since=None, updated_at=NOON)  # the same instant
    whole = references(lead, Filter(View.TEAMS, tab), size=50)
    pages, after = [], ""
    while True:
        page = lists.cases(seat=lead, wanted=Filter(View.TEAMS, tab), size=2, after=after)
        pages += [row.reference for row in page.rows]
        after = page.after
        if not after:
            break
    assert pages == whole
    assert len(whole) == (9 if tab in (Tab.OPEN, Tab.ALL) else 0)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=40), st.from_regex(r"\A-?[0-9]{1,30}(\.[0-9]{1,30}){0,3}\Z")))
def test_a_made_up_cursor_is_refused_or_harmless(cursor: str) -> None:
    lead = Seat(1, Role.ADMIN, frozenset(), "L", "L", True)
    for tab in (Tab.OPEN, Tab.ALL):
        with suppress(lists.BadCursor):
            lists.cases(seat=lead, wanted=Filter(View.ALL, tab), after=cursor)


def test_the_number_of_statements_does_not_depend_on_the_number_of_cases() -> None:
    lead = world.agent("Lena", "funds", role=Role.LEAD)

    def cost(wanted: Filter) -> int:
        with CaptureQueriesContext(
            connection,
        ) as statements:
            lists.cases(seat=lead, wanted=wanted)
            lists.counts(seat=lead)
        return len(statements)

    many(1)
    one = [cost(Filter(View.TEAMS, tab)) for tab in Tab if tab in (Tab.OPEN, Tab.ALL)]
    many(12)
    assert [cost(Filter(View.TEAMS, tab)) for tab in Tab if tab in (Tab.OPEN, Tab.ALL)] == one == [3, 3]
    assert cost(Filter(text="10001000")) <= 5


def test_a_case_is_found_by_number_fact_and_address_and_by_nothing_less() -> None:
    mei = world.agent("Mei", "funds")
    transaction = "0x" + "ab12" * 16
    case = world.chat(f"my deposit {transaction} is missing", visitor="a")
    Conversation.objects.filter(pk=case.conversation_id).update(status="closed")
    bare = case.reference.replace("-", "").lower()
    for text in (case.reference, bare, f"#{case.reference}", transaction, transaction.upper().replace("0X", "0x")):
        assert references(mei, Filter(text=text)) == [case.reference], text
    for text in (transaction[:30], case.reference[:8], "deposit", "%", "_", "'; DROP TABLE x; --", ""):
        found = references(mei, Filter(View.TEAMS, text=text))
        assert found == [], text


def test_a_search_finds_nothing_of_other_teams() -> None:
    world.agent("Mei", "funds")
    omar = world.agent("Omar", "trading")
    case = world.chat("order 71839204417 is stuck, uid 88213004", visitor="a", topic="deposit_missing")
    for text in (case.reference, "71839204417", "88213004"):
        assert references(omar, Filter(text=text)) == []


def test_a_row_shows_the_newest_message_and_never_a_note() -> None:
    mei = world.agent("Mei", "funds")
    case = world.chat("first", "second")
    world.answer(mei, case, "secret among us", note=True)
    row = lists.cases(seat=mei, wanted=Filter(View.TEAMS)).rows[0]
    assert (row.last_text, row.last_author, row.unread) == ("second", "customer", False)
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    assert lists.cases(seat=mei, wanted=Filter(View.MINE)).rows[0].unread
    world.answer(mei, case, "an answer")
    row = lists.cases(seat=mei, wanted=Filter(View.MINE)).rows[0]
    assert (row.last_text, row.last_agent_id, row.unread) == ("an answer", mei.agent_id, False)
