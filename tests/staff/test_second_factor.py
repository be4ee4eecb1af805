import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from pytest_django import Settings

from tests.staff import people
from trustdesk.staff import sessions
from trustdesk.staff.middleware import ENTRANCE, SETTING_UP
from trustdesk.staff.models import Factor, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.staff.probe_urls")]

SAMPLES = {"int": "7", "uuid": "0b5ac1de-0000-4000-8000-000000000000"}


def staff_routes() -> Iterator[tuple[str, str]]:
    """Yield (name, path) of every route below STAFF_PATHS, with made-up arguments; Wagtail's are in test_backoffice."""
    for name, route in _walk(get_resolver(), namespace=""):
        path = re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES.get(found[1], "x7"), f"/{route}")
        if path.startswith(django_settings.STAFF_PATHS) and not path.startswith("/back-office/"):
            yield name, path


def _walk(resolver: URLResolver, *, namespace: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, namespace=inner, prefix=route)
        else:
            yield f"{namespace}{entry.name}", route


METHODS: list[Callable[[Client, str], Any]] = [
    lambda client, path: client.get(path),
    lambda client, path: client.post(path),
    lambda client, path: client.get(path, headers={"hx-request": "true"}),
    lambda client, path: client.delete(path),
]


def test_without_a_second_factor_no_staff_route_answers(client: Client) -> None:
    """S-24: every route there is, by every method, for somebody with the right password only."""
    people.signed_in(people.agent(), factor=Factor.NONE, client=client)
    closed = [(name, path) for name, path in staff_routes() if name not in ENTRANCE | SETTING_UP]
    assert len(closed) > 8, "the walk has to find the routes"
    for (name, path), (number, method) in itertools.product(closed, enumerate(METHODS)):
        answer = method(client, path)
        if number == 0:
            assert answer.status_code == 302, name
            assert answer.headers["Location"].startswith(reverse("mfa_index")), name
        else:
            assert (answer.status_code, answer.headers["HX-Redirect"]) == (403, reverse("mfa_index")), name


def test_nobody_signed_in_is_led_to_the_entrance(client: Client) -> None:
    for (name, path), (number, method) in itertools.product(staff_routes(), enumerate(METHODS)):
        if name in ENTRANCE:
            continue
        answer = method(client, path)
        if number == 0:
            assert answer.headers["Location"].startswith(reverse("account_login")), name
        else:
            assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, reverse("account_login")), name


def test_the_socket_door_wants_the_second_factor_too(client: Client) -> None:
    mei = people.agent()
    people.signed_in(mei, factor=Factor.NONE, client=client)
    assert sessions.login_session_agent(people.key_of(client)) is None
    people.signed_in(mei, client=client)
    assert sessions.login_session_agent(people.key_of(client)) == mei.pk


def test_secrets_are_encrypted_at_rest() -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    stored = Authenticator.objects.get(user=mei)
    assert secret not in str(stored.data)
    assert stored.wrap().validate_code(people.totp_code(secret))


def test_secrets_outlive_a_change_of_the_secret_key(settings: Settings) -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" * 8
    assert Authenticator.objects.get(user=mei).wrap().validate_code(people.totp_code(secret))


def test_a_password_is_not_enough_to_remove_the_second_factor(client: Client) -> None:
    mei = people.agent()
    people.give_totp(mei)
    people.signed_in(mei, client=client)
    assert client.post(reverse("mfa_deactivate_totp")).headers["Location"].startswith(reverse("mfa_reauthenticate"))
    answer = client.post(reverse("account_reauthenticate"), {"password": people.PASSWORD})
    assert answer.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=mei).exists()


def test_removing_the_last_factor_closes_the_desk(client: Client) -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    people.signed_in(mei, client=client)
    client.post(reverse("mfa_reauthenticate"), {"code": people.totp_code(secret)})
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=mei).exists()
    assert client.get("/desk/probe/").headers["Location"].startswith(reverse("mfa_index"))
    assert sessions.login_session_agent(people.key_of(client)) is None


def test_a_session_older_than_the_second_factor_has_to_begin_again(client: Client) -> None:
    mei = people.agent()
    people.signed_in(mei, factor=Factor.NONE, client=client)
    people.give_totp(mei)
    for name in ("mfa_index", "mfa_deactivate_totp", "mfa_add_webauthn", "staff_account"):
        people.signed_in(mei, factor=Factor.NONE, client=client)
        assert client.get(reverse(name)).headers["Location"].startswith(reverse("account_login")), name


LOOPBACK: dict[str, Any] = {"SERVER_NAME": "localhost", "REMOTE_ADDR": "127.0.0.1"}


@pytest.mark.parametrize(
    ("demo", "where", "opens"),
    [
        (True, LOOPBACK, True),
        (True, {"SERVER_NAME": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"}, True),
        (True, {"HTTP_HOST": "[::1]:8000", "REMOTE_ADDR": "::1"}, True),
        (False, LOOPBACK, False),
        (True, {"SERVER_NAME": "support.example.com", "REMOTE_ADDR": "127.0.0.1"}, False),
        (True, {"SERVER_NAME": "localhost.evil.example", "REMOTE_ADDR": "127.0.0.1"}, False),
        (True, {"SERVER_NAME": "localhost", "REMOTE_ADDR": "203.0.113.9"}, False),
    ],
)
def test_demo_agents_need_no_second_factor_here_and_now_only(
    settings: Settings, demo: bool, where: dict[str, Any], opens: bool
) -> None:
    settings.DEMO = demo
    settings.ALLOWED_HOSTS = ["*"]
    lina = people.agent("lina@example.com", is_demo=True)
    client = Client(**where)
    people.post_password(client, "lina@example.com")
    assert (client.get("/desk/probe/").status_code == 200) is opens
    key = people.key_of(client)
    assert sessions.login_session_agent(key) == (lina.pk if opens else None)


def test_a_demo_session_is_worth_nothing_elsewhere(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    people.agent("lina@example.com", is_demo=True)
    client = Client(**LOOPBACK)
    people.post_password(client, "lina@example.com")
    assert client.get("/desk/probe/").status_code == 200
    key = people.key_of(client)
    assert client.get("/desk/probe/", SERVER_NAME="support.example.com").status_code == 302
    assert not Session.objects.filter(session_key=key).exists(), "and it has ended"


def test_a_demo_session_dies_with_the_demo(settings: Settings) -> None:
    lina = people.agent("lina@example.com", is_demo=True)
    client = Client(**LOOPBACK)
    people.post_password(client, "lina@example.com")
    key = people.key_of(client)
    assert sessions.sessions_alive([key]) == {key}
    settings.DEMO = False
    assert sessions.sessions_alive([key]) == set()
    assert client.get("/desk/probe/").status_code == 302
    people.give_totp(lina)
    assert people.post_password(Client(**LOOPBACK), "lina@example.com").status_code == 200, "not even with a factor"


def test_an_ordinary_agent_is_no_demo_agent_on_loopback() -> None:
    people.agent()
    client = Client(**LOOPBACK)
    people.post_password(client, "mei@example.com")
    assert client.get("/desk/probe/").headers["Location"].startswith(reverse("mfa_index"))
