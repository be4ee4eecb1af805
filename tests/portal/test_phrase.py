"""The page where a customer sets his anti-phishing phrase."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from tests.portal.own_cases import ALICE, ANNA, browser
from tests.world import NOON
from trustdesk.channels.models import Delivery
from trustdesk.customers import limits, phrases, visitors
from trustdesk.seams import clock

pytestmark = pytest.mark.django_db
HERE = "/cases/phrase/"
MAIL = "anna@mail.example.test"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "limiter", limits.Limiter())
    with clock.frozen(NOON):
        yield


def anna(minutes: int = 0) -> Client:
    return browser(visitors.addressed(mail=MAIL, now=NOON - timedelta(minutes=minutes)))


@pytest.mark.parametrize("client", [Client, lambda: browser(ANNA)])
def test_who_has_not_signed_in_is_led_there_and_back(client: type[Client]) -> None:
    for answer in (client().get(HERE), client().post(HERE, {"phrase": "blue whale 7"})):
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/signin/?then=%2Fcases%2Fphrase%2F"
    assert phrases.of(MAIL) == ""


def test_it_is_set_told_and_never_shown_again() -> None:
    client = anna()
    assert "no phrase is set" in client.get(HERE).content.decode()
    answer = client.post(HERE, {"phrase": "blue whale 7"})
    assert answer.status_code == 302
    assert phrases.of(MAIL) == "blue whale 7"
    page = client.get(HERE).content.decode()
    assert "whale" not in page
    assert "a•••@mail.example.test" in page
    assert 'name="phrase"' not in page, "to change it, one shows once more who one is"
    assert "/signin/?then=%2Fcases%2Fphrase%2F" in page
    assert Delivery.objects.get(purpose="phrase").recipient == MAIL


def test_an_old_sign_in_is_not_enough() -> None:
    client = anna(minutes=31)
    assert 'name="phrase"' not in client.get(HERE).content.decode()
    answer = client.post(HERE, {"phrase": "blue whale 7"})
    assert answer.status_code == 403
    assert phrases.of(MAIL) == ""


def test_changing_it_without_showing_again_who_one_is_is_refused() -> None:
    client = anna(minutes=5)
    client.post(HERE, {"phrase": "blue whale 7"})
    assert client.post(HERE, {"phrase": "red panda"}).status_code == 403
    assert phrases.of(MAIL) == "blue whale 7"


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("abc", "at least 4"),
        ("x" * 41, "at most 40"),
        ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP", "open nothing"),
        ("a\u202ebcd", "signs"),
    ],
)
def test_what_is_wrong_is_said_and_not_repeated(phrase: str, why: str) -> None:
    answer = anna().post(HERE, {"phrase": phrase})
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    assert why in page
    assert phrase not in page


def test_somebody_from_the_exchange_sets_it_for_his_registered_address() -> None:
    assert browser(ALICE).post(HERE, {"phrase": "red panda"}).status_code == 302
    assert phrases.of(ALICE.mail) == "red panda"
    nobody = visitors.identified(uid="100009", mail="", now=NOON)
    assert "Sign in by mail" in browser(nobody).get(HERE).content.decode()
    assert browser(nobody).post(HERE, {"phrase": "red panda"}).status_code == 403


def test_it_speaks_chinese() -> None:
    page = anna().get(HERE, headers={"Accept-Language": "zh-CN"}).content.decode()
    assert "防钓鱼码" in page
    assert "phrase is set" not in page


def test_the_list_of_cases_leads_to_it() -> None:
    assert HERE in anna().get("/cases/").content.decode()
    assert HERE not in browser(ANNA).get("/cases/").content.decode()


def test_trying_again_and_again_is_slowed_down() -> None:
    client = anna()
    answers = [client.post(HERE, {"phrase": "abc"}) for _ in range(40)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
