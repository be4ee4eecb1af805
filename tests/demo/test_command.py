"""The demo world as it really loads: through the product's own doors, once."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from tests import world
from trustdesk import demo
from trustdesk.conversations import queries, queue
from trustdesk.conversations.models import Conversation, Entry, Proving, Wait
from trustdesk.demo import cast, screenplay
from trustdesk.seams import clock
from trustdesk.staff import permissions
from trustdesk.staff.models import Agent, Team

NOW = world.NOON


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Load the demo world once, for all tests here, in a transaction that is rolled back; what the command said."""
    with django_db_blocker.unblock(), transaction.atomic():
        world.fresh()
        yield load()
        transaction.set_rollback(True)
    world.fresh()


def load() -> str:
    out = io.StringIO()
    with clock.frozen(NOW):
        call_command("demo", stdout=out)
    return out.getvalue()


def rows() -> dict[str, int]:
    """Count the rows of every table that the demo may touch."""
    tables = [
        name
        for name in connection.introspection.table_names()
        if name.startswith(("conversations", "customers", "staff"))
    ]
    counts = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return counts


def test_the_world_is_there_after_one_run_and_no_different_after_two(told: str) -> None:
    assert "messages and acts" in told, "progress is shown"
    cases = Conversation.objects.all()
    statuses = Counter(cases.values_list("status", flat=True))
    assert set(statuses) == set(Conversation.Status.values)
    assert min(statuses.values()) >= 4
    written = screenplay.plays()
    assert len(written) >= 60
    languages = Counter(play.locale for play in written)
    assert abs(languages["en"] - languages["zh-hans"]) <= len(written) * 0.1
    stored = Counter(cases.values_list("locale", flat=True))
    assert abs(stored["en"] - stored["zh-hans"]) <= len(cases) * 0.1
    assert set(cases.values_list("type__code", flat=True)) >= {play.topic for play in written}

    every_seq: dict[int, list[int]] = {}
    for case, seq in Entry.objects.order_by("seq").values_list("conversation_id", "seq"):
        every_seq.setdefault(case, []).append(seq)
    assert all(found == list(range(1, len(found) + 1)) for found in every_seq.values())
    assert not Entry.objects.filter(at__gt=NOW).exists()
    assert not Entry.objects.filter(at__lt=NOW - timedelta(days=14)).exists()
    assert set(Entry.objects.values_list("event", flat=True)) >= {
        "proved",
        "secret_masked",
        "rated",
        "by_mail",
        "closed",
        "pending",
        "assigned",
    }
    assert set(Proving.objects.filter(state="proved").values_list("how", flat=True)) == {"mail_code", "second_factor"}

    before = rows()
    assert "there already" in load()
    assert rows() == before


def test_no_secret_that_a_customer_pastes_is_stored(told: str) -> None:
    pasted = [
        (play.values[name], name)
        for play in screenplay.plays()
        for name in ("hexkey", "apisecret", "phrase")
        if any(play.values[name] in step.text for step in play.steps)
    ]
    assert len(pasted) >= 4, "without secrets in the texts this test would mean nothing"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table.startswith(("conversations", "channels", "procrastinate_job")):
                cursor.execute(f'SELECT t::text FROM "{table}" t')
                text = "\n".join(row[0] for row in cursor.fetchall())
                assert [name for secret, name in pasted if secret in text] == []
    assert Entry.objects.filter(text__contains="[••• seed_phrase]").count() == 2


def test_the_queue_has_a_past_to_estimate_from_and_people_in_it(told: str) -> None:
    ended = Wait.objects.filter(ended_at__isnull=False)
    assert ended.count() >= 150
    waited = sorted(wait.ended_at - wait.started_at for wait in ended if wait.ended_at)
    assert waited[0] > timedelta(0)
    assert timedelta(seconds=20) < waited[len(waited) // 2] < timedelta(minutes=4)
    assert waited[-1] < timedelta(minutes=15)
    assert max(ended.values_list("ahead", flat=True)) >= 3, "there were rushes"
    promised = [wait for wait in ended if wait.promised is not None and wait.ended_at]
    kept = sum(
        wait.ended_at - wait.started_at <= timedelta(seconds=wait.promised or 0) for wait in promised if wait.ended_at
    )
    assert 0.7 <= kept / len(promised) <= 0.97
    waiting = Conversation.objects.filter(queued_at__isnull=False)
    assert {case.status for case in waiting} == {"waiting"}
    places = queue.places([case.pk for case in waiting], now=NOW)
    assert len(places) >= 6
    assert all(place.seconds for place in places.values())


def test_every_login_is_an_agent_who_can_work(told: str) -> None:
    for _who, mail, password in demo.logins():
        agent = Agent.objects.get(email=mail)
        assert agent.is_demo
        assert agent.available
        assert agent.check_password(password)
        validate_password(password, agent)
        seat = permissions.seat(agent.pk)
        assert seat is not None
        assert queries.for_agent(seat).exists()
        held = Conversation.objects.filter(assignee=agent, status__in=("open", "pending")).count()
        assert held < agent.capacity, "nobody is so full that a new chat would wait for ever"
    assert set(Team.objects.filter(memberships__agent__is_demo=True).values_list("slug", flat=True)) == {
        "accounts",
        "compliance",
        "funds",
        "partners",
        "technical",
        "trading",
    }
    assert len(cast.STAFF) == Agent.objects.filter(is_demo=True).count()
    with clock.frozen(NOW):
        assert {one.pk for one in Team.objects.all()} == queue.staffed_teams(now=NOW)


@pytest.mark.django_db
def test_production_refuses(settings: LazySettings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("demo")
    assert not Agent.objects.exists()
