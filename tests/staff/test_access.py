from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.staff import passkey, people
from trustdesk.seams import clock
from trustdesk.staff import accounts, audit, sessions
from trustdesk.staff.models import Agent, Audit, PasswordLink, Role

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.staff.probe_urls")]

SYSTEM = audit.Actor(name="test")
NEW = "granite-fiddle-2207"


def link_of(person: Agent) -> str:
    return reverse("staff_password_link", args=[accounts.issue_password_link(agent_id=person.pk, actor=SYSTEM)])


def deactivate(person: Agent) -> None:
    assert accounts.set_active(agent_id=person.pk, active=False, actor=SYSTEM, reason="left the company")


# a deactivated agent is refused on every path, as somebody with a wrong password is


def test_deactivation_ends_pages_and_sockets_at_once(client: Client) -> None:
    mei = people.agent()
    people.signed_in(mei, client=client)
    key = people.key_of(client)
    deactivate(mei)
    assert sessions.login_session_agent(key) is None
    assert client.get("/desk/probe/").status_code == 302
    mei.refresh_from_db()
    assert not mei.available


def test_deactivated_the_password_is_answered_like_a_wrong_one(client: Client) -> None:
    mei = people.agent()
    wrong = people.post_password(client, "mei@example.com", "wrong").context["form"].errors
    deactivate(mei)
    right = people.post_password(client, "mei@example.com")
    assert right.context["form"].errors == wrong
    assert "_auth_user_id" not in client.session


def test_deactivated_between_password_and_code(client: Client) -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    people.post_password(client, "mei@example.com")
    deactivate(mei)
    answer = people.post_code(client, people.totp_code(secret))
    assert answer.headers["Location"] == reverse("account_login")
    assert "_auth_user_id" not in client.session
    assert client.get("/desk/probe/").status_code == 302


def test_deactivated_the_passkey_is_refused() -> None:
    mei = people.agent()
    key = passkey.SoftKey()
    client = passkey.browser()
    key.register(people.signed_in(mei, client=client))
    deactivate(mei)
    client = passkey.browser()
    answer = key.sign_in(client)
    assert answer.headers["Location"] == reverse("account_login")
    assert "_auth_user_id" not in client.session


def test_deactivated_the_invitation_is_worth_nothing(client: Client) -> None:
    mei = people.agent(password=None)
    link = link_of(mei)
    deactivate(mei)
    assert client.get(link, follow=True).status_code == 410
    again = accounts.issue_password_link(agent_id=mei.pk, actor=SYSTEM)
    assert client.get(reverse("staff_password_link", args=[again]), follow=True).status_code == 410


def test_an_agent_can_be_let_back_and_signs_in_anew(client: Client) -> None:
    mei = people.agent()
    deactivate(mei)
    assert not accounts.set_active(agent_id=mei.pk, active=False, actor=SYSTEM, reason="again")
    assert accounts.set_active(agent_id=mei.pk, active=True, actor=SYSTEM, reason="came back")
    assert people.post_password(client, "mei@example.com").status_code == 302
    rows = Audit.objects.filter(target=f"agent:{mei.pk}").values_list("action", "reason")
    assert list(rows) == [("deactivated", "left the company"), ("activated", "came back")]


# password links


def test_a_link_sets_the_password_once_and_does_not_sign_in(client: Client) -> None:
    mei = people.agent(password=None)
    old = people.signed_in(mei)
    link = link_of(mei)
    page = client.get(link, follow=True)
    assert page.redirect_chain == [(reverse("staff_set_password"), 302)], "the token leaves the address"
    answer = client.post(reverse("staff_set_password"), {"new_password1": NEW, "new_password2": NEW})
    assert answer.headers["Location"] == reverse("account_login")
    assert "_auth_user_id" not in client.session
    assert old.get("/desk/probe/").status_code == 302
    assert Client().get(link, follow=True).status_code == 410, "used"
    assert people.post_password(client, "mei@example.com", NEW).status_code == 302
    assert client.get("/desk/probe/").headers["Location"].startswith(reverse("mfa_index")), "a factor is still needed"


def test_a_link_does_not_skip_the_second_factor(client: Client) -> None:
    mei = people.agent()
    people.give_totp(mei)
    client.get(link_of(mei))
    client.post(reverse("staff_set_password"), {"new_password1": NEW, "new_password2": NEW})
    answer = people.post_password(client, "mei@example.com", NEW)
    assert answer.headers["Location"] == reverse("mfa_authenticate")


@pytest.mark.parametrize("token", ["%20", "%00", "x", "0", "None", "%F0%9F%94%91"])
def test_a_made_up_link_is_refused(client: Client, token: str) -> None:
    people.agent()
    link_of(Agent.objects.get())
    assert client.get(f"/staff/welcome/{token}/", follow=True).status_code == 410
    answer = client.post(reverse("staff_set_password"), {"new_password1": NEW, "new_password2": NEW})
    assert answer.status_code == 410


def test_no_link_at_all_is_refused(client: Client) -> None:
    assert client.get("/staff/welcome/").status_code == 410
    assert client.get("/staff/welcome//").status_code == 404


def test_a_link_of_yesterday_is_refused(client: Client) -> None:
    mei = people.agent()
    link = link_of(mei)
    PasswordLink.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert client.get(link, follow=True).status_code == 410


def test_a_link_lives_for_a_day() -> None:
    link_of(people.agent())
    left = PasswordLink.objects.get().expires_at - clock.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)


def test_a_newer_link_replaces_the_older(client: Client) -> None:
    mei = people.agent()
    first, second = link_of(mei), link_of(mei)
    assert client.get(first, follow=True).status_code == 410
    assert client.get(second, follow=True).status_code == 200


def test_a_link_changes_its_own_agent_only(client: Client) -> None:
    mei, omar = people.agent(), people.agent("omar@example.com")
    link_of(omar)
    client.get(link_of(mei))
    client.post(
        reverse("staff_set_password"),
        {"new_password1": NEW, "new_password2": NEW, "agent": omar.pk, "user": omar.pk, "email": omar.email},
    )
    mei.refresh_from_db()
    omar.refresh_from_db()
    assert mei.check_password(NEW)
    assert omar.check_password(people.PASSWORD)
    assert PasswordLink.objects.get().agent_id == omar.pk


def test_the_database_keeps_no_usable_link() -> None:
    token = accounts.issue_password_link(agent_id=people.agent().pk, actor=SYSTEM)
    assert token not in str(PasswordLink.objects.values().get())


def test_a_refused_password_keeps_the_link(client: Client) -> None:
    mei = people.agent(password=None)
    client.get(link_of(mei))
    page = client.post(reverse("staff_set_password"), {"new_password1": "password1", "new_password2": "password1"})
    assert "too common" in page.content.decode()
    assert PasswordLink.objects.filter(agent=mei).exists()


# Commands


def test_create_admin_asks_for_the_password_and_prints_nothing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: NEW)
    out = StringIO()
    call_command("create_admin", email="Root@Example.com", name="Rosa Diaz", first_name="Rosa", stdout=out)
    root = Agent.objects.get(email="root@example.com")
    assert (root.role, root.check_password(NEW)) == (Role.ADMIN, True)
    assert NEW not in out.getvalue()
    with pytest.raises(CommandError, match="already"):
        call_command("create_admin", email="root@example.com", name="R", first_name="R")


@pytest.mark.parametrize("password", ["password", "short1", "Northlight2026", "rosa@example"])
def test_create_admin_refuses_a_weak_password(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: password)
    with pytest.raises(CommandError):
        call_command("create_admin", email="rosa@example.com", name="Rosa Diaz", first_name="Rosa")
    assert not Agent.objects.exists()


def test_a_lost_phone_is_replaced_by_an_administrator(client: Client) -> None:
    mei = people.agent()
    people.give_totp(mei)
    other = people.signed_in(mei)
    with pytest.raises(CommandError, match="reason"):
        call_command("agent_access", "reset-factors", "mei@example.com")
    call_command("agent_access", "reset-factors", "Mei@example.com", reason="phone stolen", stdout=StringIO())
    assert other.get("/desk/probe/").status_code == 302
    people.post_password(client, "mei@example.com")
    assert client.get("/desk/probe/").headers["Location"].startswith(reverse("mfa_index"))
    assert Audit.objects.get(action="factors_reset").reason == "phone stolen"


def test_the_command_prints_a_working_link(client: Client) -> None:
    people.agent(password=None)
    out = StringIO()
    call_command("agent_access", "link", "mei@example.com", stdout=out)
    address = out.getvalue().strip()
    assert address.startswith("http")
    assert client.get(address[address.index("/staff/") :], follow=True).status_code == 200
