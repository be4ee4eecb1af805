from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.staff import passkey, people
from trustdesk.staff.models import Agent, Audit, Factor

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.staff.probe_urls")]


@pytest.fixture
def mei() -> Agent:
    return people.agent()


@pytest.fixture
def key(mei: Agent) -> passkey.SoftKey:
    key = passkey.SoftKey()
    answer = key.register(people.signed_in(mei, client=passkey.browser()))
    assert answer.status_code == 302
    return key


def test_a_passkey_alone_opens_the_desk(key: passkey.SoftKey) -> None:
    client = passkey.browser()
    assert key.sign_in(client).headers["Location"] == "/desk/"
    assert client.get("/desk/probe/").content == b"the desk of Mei Zhang"
    assert Audit.objects.filter(action="signed_in", data={"factor": "mfa"}).count() == 1


def test_a_passkey_is_a_second_factor_after_the_password(key: passkey.SoftKey) -> None:
    client = passkey.browser()
    people.post_password(client, "mei@example.com")
    page = client.get(reverse("mfa_authenticate"))
    challenge = page.context["js_data"]["request_options"]["publicKey"]["challenge"]
    answer = client.post(reverse("mfa_authenticate"), {"credential": key.answer(challenge)})
    assert answer.headers["Location"] == "/desk/"
    assert client.get("/desk/probe/").status_code == 200


def test_adding_the_first_passkey_opens_the_desk(mei: Agent) -> None:
    client = people.signed_in(mei, factor=Factor.NONE, client=passkey.browser())
    key = passkey.SoftKey()
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    assert client.get("/desk/probe/").status_code == 302
    assert key.register(client).status_code == 302
    assert client.get("/desk/probe/").status_code == 200


def refused(answer: Any, client: Client) -> bool:
    led_back = str(answer.headers["Location"]) == reverse("account_login")
    return led_back and client.get("/desk/probe/").status_code == 302


def test_a_key_of_another_site_is_refused(key: passkey.SoftKey) -> None:
    key.origin = "https://phishing.example"
    client = passkey.browser()
    assert refused(key.sign_in(client), client)


def test_a_key_for_another_name_is_refused(key: passkey.SoftKey) -> None:
    key.host = "phishing.example"
    client = passkey.browser()
    assert refused(key.sign_in(client), client)


def test_an_old_challenge_is_refused(key: passkey.SoftKey) -> None:
    first = passkey.browser()
    answer = first.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    old = answer.json()["request_options"]["publicKey"]["challenge"]
    client = passkey.browser()
    assert refused(key.sign_in(client, challenge=old), client)


def test_a_key_without_fingerprint_or_pin_is_not_enough_alone(key: passkey.SoftKey) -> None:
    key.flags = passkey.PRESENT
    client = passkey.browser()
    assert refused(key.sign_in(client), client)


def test_somebody_elses_handle_is_refused(key: passkey.SoftKey) -> None:
    omar = people.agent("omar@example.com")
    key.user_handle = passkey.b64(str(omar.pk).encode())
    client = passkey.browser()
    assert refused(key.sign_in(client), client)


def test_a_demo_agents_passkey_is_refused_outside_the_demo(settings: Settings) -> None:
    lina = people.agent("lina@example.com", is_demo=True)
    key = passkey.SoftKey()
    key.register(people.signed_in(lina, client=passkey.browser()))
    settings.DEMO = False
    client = passkey.browser()
    assert refused(key.sign_in(client), client)


def test_a_stopped_guess_does_not_lock_out_the_owner_with_a_passkey(key: passkey.SoftKey) -> None:
    """S-23: somebody else's wrong passwords must not keep the owner out."""
    attacker = passkey.browser()
    for _ in range(8):
        people.post_password(attacker, "mei@example.com", "wrong")
    client = passkey.browser()
    key.sign_in(client)
    assert client.get("/desk/probe/").status_code == 200
