"""What is stored beside a message stands or falls with it; and columns arrive as they were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import world
from tests.counting import statements as count
from tests.world import NOON
from trustdesk.conversations import intake, statements, tickets
from trustdesk.conversations.arrivals import Arrival, Beside, Received
from trustdesk.conversations.models import Conversation, Entry, Letter
from trustdesk.conversations.statements import Link
from trustdesk.customers.models import Handle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


class NotToday(Exception):
    pass


@dataclass(frozen=True)
class Noted(Beside):
    """Refuses what it is told to, and writes down the rest, after failing as often as the first of a batch says."""

    name: str
    refuse: bool = False
    failures: list[str] | None = None

    @classmethod
    def admit(cls, link: Link, asked: Sequence[Noted], *, now: datetime) -> list[Exception | None]:
        return [NotToday(one.name) if one.refuse else None for one in asked]

    @classmethod
    def keep(cls, link: Link, stored: Sequence[tuple[Noted, Received]], *, now: datetime) -> None:
        rows = [(f"{one.name} {received.reference}", now) for one, received in stored]
        link.execute(
            "INSERT INTO conversations_letter (address, at) SELECT * FROM unnest(%s::text[], %s::timestamptz[])",
            statements.columns(rows, 2),
        )
        failures = stored[0][0].failures
        if failures:
            raise IntegrityError(failures.pop())


def arrivals(*beside: Beside | None) -> list[Arrival]:
    return [replace(world.message("hello", visitor=f"v{n}"), beside=one) for n, one in enumerate(beside)]


def test_one_that_is_refused_hurts_no_other() -> None:
    batch = arrivals(Noted("a"), Noted("b", refuse=True), None, Noted("d"))
    a, b, c, d = intake.receive_each(messages=batch, now=NOON)
    assert isinstance(b, NotToday)
    assert isinstance(a, Received)
    assert isinstance(c, Received)
    assert isinstance(d, Received)
    assert set(Letter.objects.values_list("address", flat=True)) == {f"a {a.reference}", f"d {d.reference}"}
    assert Conversation.objects.count() == 3
    with pytest.raises(NotToday):
        intake.receive(messages=arrivals(Noted("b", refuse=True)), now=NOON)


def test_where_it_cannot_be_stored_neither_is_the_message() -> None:
    with pytest.raises(IntegrityError):
        intake.receive(messages=arrivals(Noted("a", failures=["1", "2", "3"])), now=NOON)
    assert not Entry.objects.exists()
    assert not Letter.objects.exists()
    intake.receive(messages=arrivals(Noted("a", failures=["1", "2"])), now=NOON)
    assert Letter.objects.count() == Conversation.objects.count() == 1, "it was tried again as a whole"


def test_what_is_known_already_is_kept_beside_as_well() -> None:
    [one] = arrivals(Noted("a"))
    first = intake.receive(messages=[one], now=NOON)[0]
    assert intake.receive(messages=[one], now=NOON)[0].known
    assert list(Letter.objects.values_list("address", flat=True)) == [f"a {first.reference}"] * 2


def test_only_new_lets_in_who_was_never_seen() -> None:
    batch = arrivals(*(tickets.OnlyNew("visitor", f"v{n}") for n in range(3)))
    Handle.objects.create(kind="visitor", value="v1", customer_id=_customer(), created_at=NOON)
    Handle.objects.create(kind="uid", value="v2", customer_id=_customer(), created_at=NOON)
    outcomes = intake.receive_each(messages=batch, now=NOON)
    assert [type(one).__name__ for one in outcomes] == ["Received", "SeenBefore", "Received"]


def _customer() -> int:
    from trustdesk.customers.models import Customer

    return Customer.objects.create(name="", locale="en", tier="", created_at=NOON).pk


@pytest.mark.parametrize("size", [1, 40])
def test_what_goes_beside_costs_the_same_for_one_and_for_many(size: int) -> None:
    world.chat("warms up what is remembered", visitor="nobody")
    plain = arrivals(*[None] * size)
    cost = count(lambda: intake.receive_each(messages=plain, now=NOON))
    new = [
        replace(world.message("hello", visitor=f"new{n}"), beside=tickets.OnlyNew("visitor", f"new{n}"))
        for n in range(size)
    ]
    assert count(lambda: intake.receive_each(messages=new, now=NOON)) == cost + 1


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | TEXTS | st.sampled_from(["NULL", "null", "{}", '","', "\\", '\\"', " ", "a,b", "{a}"]),
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.booleans(),
            st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(NOON.tzinfo)),  # type: ignore[arg-type]  # noqa: DTZ001
        ),
        max_size=5,
    )
)
def test_columns_come_back_as_they_were(rows: list[tuple[Any, ...]]) -> None:
    with statements.link() as link:
        found = link.execute(
            "SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bool[], %s::timestamptz[]) AS v (a, b, c, d)",
            statements.columns(rows, 4),
        ).fetchall()
    assert [tuple(row) for row in found] == rows


def test_what_no_column_holds_is_refused() -> None:
    connection.ensure_connection()
    with pytest.raises(TypeError):
        statements.columns([(1.5,)], 1)
