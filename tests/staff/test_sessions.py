from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from tests.staff import people
from trustdesk.seams import clock
from trustdesk.staff import accounts, audit, sessions, tasks
from trustdesk.staff.middleware import BACKGROUND, SEEN_AT
from trustdesk.staff.models import Agent, PasswordLink, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.staff.probe_urls")]


def age(client: Client, *, by: timedelta) -> None:
    """Let time pass for the session: its sign-in, its last use and its end all move into the past."""
    row = Session.objects.get(session_key=client.session.session_key)
    data = client.session.decode(row.session_data)
    for stamp in (sessions.SIGNED_IN_AT, SEEN_AT):
        if stamp in data:
            data[stamp] -= by.total_seconds()
    Session.objects.filter(pk=row.pk).update(
        session_data=client.session.encode(data),
        signed_in_at=row.signed_in_at and row.signed_in_at - by,
        expire_date=row.expire_date - by,
    )


def test_an_idle_session_ends_after_half_an_hour(client: Client) -> None:
    people.signed_in(people.agent(), client=client)
    client.get("/desk/probe/")
    age(client, by=timedelta(minutes=29))
    assert client.get("/desk/probe/").status_code == 200
    age(client, by=timedelta(minutes=31))
    assert client.get("/desk/probe/").status_code == 302


def test_work_keeps_a_session_alive_but_not_over_twelve_hours(client: Client) -> None:
    people.signed_in(people.agent(), client=client)
    for _ in range(34):  # 11 h 20 min
        age(client, by=timedelta(minutes=20))
        assert client.get("/desk/probe/").status_code == 200
    row = Session.objects.get(session_key=client.session.session_key)
    assert row.signed_in_at is not None
    assert row.expire_date <= row.signed_in_at + sessions.LONGEST
    age(client, by=timedelta(minutes=25))
    assert client.get("/desk/probe/").status_code == 200, "11 h 45 min"
    age(client, by=timedelta(minutes=20))
    assert client.get("/desk/probe/").status_code == 302, "12 h 5 min, though it was used 20 minutes ago"
    assert sessions.login_session_agent(row.session_key) is None


def test_what_a_page_asks_by_itself_is_no_work(client: Client) -> None:
    people.signed_in(people.agent(), client=client)
    for _ in range(2):
        age(client, by=timedelta(minutes=16))
        answer = client.get("/desk/probe/", headers={BACKGROUND: "1"})
    assert answer.status_code == 302


def test_reading_writes_the_session_at_most_every_five_minutes(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people.signed_in(people.agent(), client=client)
    client.get("/desk/probe/")
    with django_assert_num_queries(2):  # the session, the agent
        client.get("/desk/probe/")


def test_many_sessions_are_checked_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    agents = [people.agent(f"a{n}@example.com") for n in range(5)]
    keys = [people.key_of(people.signed_in(person)) for person in agents]
    Agent.objects.filter(pk=agents[0].pk).update(is_active=False)
    sessions.end_sessions(agent_id=agents[1].pk)
    Session.objects.filter(session_key=keys[2]).update(expire_date=clock.now() - timedelta(seconds=1))
    agents[3].set_password("something else entirely")
    agents[3].save()
    with django_assert_num_queries(1):
        alive = sessions.sessions_alive([*keys, "unknown", ""])
    assert alive == {keys[4]}


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(client: Client) -> None:
    mei = people.agent()
    people.give_totp(mei)
    other = people.signed_in(mei)
    people.signed_in(mei, client=client)
    new = "granite-fiddle-2207"
    answer = client.post(
        reverse("account_change_password"),
        {"oldpassword": people.PASSWORD, "password1": new, "password2": new},
    )
    assert answer.status_code == 302, answer.content.decode()
    assert client.get("/desk/probe/").status_code == 200
    assert sessions.login_session_agent(people.key_of(client)) == mei.pk
    assert other.get("/desk/probe/").status_code == 302
    assert Session.objects.filter(agent=mei).count() == 1


def test_an_agent_ends_their_other_sessions(client: Client) -> None:
    mei, omar = people.agent(), people.agent("omar@example.com")
    others = [people.signed_in(mei), people.signed_in(mei)]
    stranger = people.signed_in(omar)
    people.signed_in(mei, client=client)
    assert b"2 other sessions" in client.get(reverse("staff_account")).content
    client.post(reverse("staff_other_sessions"))
    assert [other.get("/desk/probe/").status_code for other in others] == [302, 302]
    assert client.get("/desk/probe/").status_code == 200
    assert stranger.get("/desk/probe/").status_code == 200


def test_what_has_ended_is_deleted_and_what_lives_stays(client: Client) -> None:
    mei, omar = people.agent(), people.agent("omar@example.com")
    for person in (mei, omar):
        accounts.issue_password_link(agent_id=person.pk, actor=audit.Actor())
    old = people.signed_in(mei)
    people.signed_in(mei, client=client)
    age(old, by=timedelta(minutes=31))
    PasswordLink.objects.filter(agent=mei).update(expires_at=clock.now())
    tasks.forget_expired(timestamp=0)
    assert [row.session_key for row in Session.objects.all()] == [people.key_of(client)]
    assert [link.agent_id for link in PasswordLink.objects.all()] == [omar.pk]


def test_a_session_ended_meanwhile_is_not_saved_back_to_life(client: Client) -> None:
    mei = people.agent()
    people.signed_in(mei, client=client)
    session = client.session
    session["x"] = 1
    sessions.end_sessions(agent_id=mei.pk)
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()
