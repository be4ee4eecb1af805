import logging
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from tests.staff import people
from trustdesk.staff import audit, sessions
from trustdesk.staff.models import Agent, Audit, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.staff.probe_urls")]


def test_password_and_code_open_the_desk(client: Client) -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    answer = people.post_password(client, "Mei@Example.com ")
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert client.get("/desk/probe/").status_code == 302, "a password alone must not be enough"
    answer = people.post_code(client, people.totp_code(secret))
    assert answer.headers["Location"] == "/desk/"
    assert client.get("/desk/probe/").content == b"the desk of Mei Zhang"


def test_the_page_asked_for_comes_after_the_second_factor(client: Client) -> None:
    secret = people.give_totp(people.agent())
    login = client.get("/desk/probe/?case=7").headers["Location"]
    assert login == f"{reverse('account_login')}?next=%2Fdesk%2Fprobe%2F%3Fcase%3D7"
    client.post(login, {"login": "mei@example.com", "password": people.PASSWORD})
    assert people.post_code(client, people.totp_code(secret)).headers["Location"] == "/desk/probe/?case=7"


def test_a_foreign_address_as_next_page_is_ignored(client: Client) -> None:
    secret = people.give_totp(people.agent())
    client.post("/staff/login/?next=https://evil.example/", {"login": "mei@example.com", "password": people.PASSWORD})
    assert people.post_code(client, people.totp_code(secret)).headers["Location"] == "/desk/"


def test_a_code_works_once(client: Client) -> None:
    secret = people.give_totp(people.agent())
    code = people.totp_code(secret)
    people.post_password(client, "mei@example.com")
    assert people.post_code(client, code).status_code == 302
    second = Client()
    people.post_password(second, "mei@example.com")
    assert people.post_code(second, code).status_code == 200, "the same code again is refused"


def test_a_wrong_or_old_code_is_refused_and_written_down(client: Client) -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    people.post_password(client, "mei@example.com")
    assert people.post_code(client, people.totp_code(secret, steps=-20)).status_code == 200
    assert client.get("/desk/probe/").status_code == 302
    row = Audit.objects.get(result=Audit.Result.REFUSED)
    assert (row.agent_id, row.action, row.data) == (mei.pk, "signed_in", {"type": "totp"})


def test_guessing_codes_is_stopped(client: Client) -> None:
    secret = people.give_totp(people.agent())
    people.post_password(client, "mei@example.com")
    for _ in range(6):
        people.post_code(client, "000000")
    assert people.post_code(client, people.totp_code(secret)).status_code == 200, "even the right one, for a while"


def test_guessing_passwords_is_stopped_and_a_wrong_one_is_logged_without_the_address(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    people.agent()
    with caplog.at_level(logging.WARNING, logger="trustdesk.staff.signin"):
        for _ in range(6):
            people.post_password(client, "mei@example.com", "wrong")
    answer = people.post_password(client, "mei@example.com")
    assert answer.status_code == 200
    assert not Session.objects.filter(agent__isnull=False).exists()
    assert "sign-in refused" in caplog.text
    assert "mei@example.com" not in caplog.text
    assert not Audit.objects.exists(), "strangers must not be able to fill the audit"


def test_the_session_id_changes_at_every_step(client: Client) -> None:
    """A-14: an id known before a step is worth nothing after."""
    mei = people.agent()
    secret = people.give_totp(mei)
    session = client.session  # somebody planted this one
    session["planted"] = True
    session.save()
    seen = [people.key_of(client)]
    people.post_password(client, "mei@example.com")
    seen.append(people.key_of(client))
    people.post_code(client, people.totp_code(secret))
    seen.append(people.key_of(client))
    client.post(reverse("mfa_reauthenticate"), {"code": people.totp_code(secret, steps=0)})
    assert all(seen)
    assert len(set(seen)) == len(seen)
    assert not Session.objects.filter(session_key__in=seen[:-1]).exists()


def test_confirming_it_is_you_changes_the_session_id(client: Client) -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    people.signed_in(mei, client=client)
    before = people.key_of(client)
    assert client.post(reverse("mfa_reauthenticate"), {"code": people.totp_code(secret)}).status_code == 302
    assert people.key_of(client) != before
    assert sessions.login_session_agent(before) is None
    assert sessions.login_session_agent(people.key_of(client)) == mei.pk


def test_no_page_of_an_agent_shows_the_session_id(client: Client) -> None:
    mei = people.agent()
    people.signed_in(mei, client=client)
    for name in ("staff_account", "mfa_index", "account_change_password", "account_logout"):
        body = client.get(reverse(name)).content.decode()
        assert people.key_of(client) not in body, name


def test_known_and_unknown_addresses_are_answered_alike(client: Client) -> None:
    """A-20: status, body and number of queries are the same; the time is, because the code path is."""
    people.agent("mei@example.com")
    people.agent("gone@example.com")
    Agent.objects.filter(email="gone@example.com").update(is_active=False)
    people.agent("nopass@example.com", password=None)
    client.get(reverse("account_login"))
    answers = []
    for address, password in (
        ("mei@example.com", "wrong password"),
        ("nobody@example.com", "wrong password"),
        ("gone@example.com", people.PASSWORD),
        ("nopass@example.com", people.PASSWORD),
    ):
        with CaptureQueriesContext(connection) as queries:
            answer = people.post_password(client, address, password)
        body = answer.content.decode().replace(address, "ADDRESS")
        body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "TOKEN", body)
        answers.append((answer.status_code, body, len(queries), sorted(answer.headers)))
    assert all(answer == answers[0] for answer in answers[1:])
    assert "ADDRESS" in answers[0][1], "what was typed is not lost"


def test_there_is_no_way_to_sign_up_or_to_reset_by_mail(client: Client) -> None:
    for name in ("account_signup", "account_reset_password", "account_request_login_code", "account_email"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for path in ("/accounts/signup/", "/staff/signup/", "/staff/password/reset/", "/staff/login/code/"):
        assert client.post(path).status_code in (403, 404), path


def test_signing_in_and_out_is_in_the_audit(client: Client) -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    people.post_password(client, "mei@example.com")
    people.post_code(client, people.totp_code(secret))
    key = people.key_of(client)
    client.post(reverse("account_logout"))
    rows = list(Audit.objects.order_by("id").values_list("agent_id", "agent_name", "action", "ip", "session_hash"))
    mark = audit.session_mark(key)
    assert rows == [
        (mei.pk, "Mei Zhang", "signed_in", "127.0.0.1", mark),
        (mei.pk, "Mei Zhang", "signed_out", "127.0.0.1", mark),
    ]
    assert sessions.login_session_agent(key) is None
    assert audit.verify().first_bad_id is None


def test_a_forwarded_address_from_outside_is_not_believed(client: Client) -> None:
    secret = people.give_totp(people.agent())
    people.post_password(client, "mei@example.com")
    client.post(
        reverse("mfa_authenticate"),
        {"code": people.totp_code(secret)},
        headers={"x-forwarded-for": "203.0.113.9", "x-real-ip": "203.0.113.9", "remote-user": "root@example.com"},
    )
    assert Audit.objects.get(action="signed_in").ip == "127.0.0.1"
