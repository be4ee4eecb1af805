"""Signing in with a mailed code: nobody learns who is known, and guessing does not pay."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from tests.world import NOON
from trustdesk.channels.models import Delivery
from trustdesk.customers import signin, visitors
from trustdesk.customers.models import Customer, Handle, MailCode
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock

pytestmark = pytest.mark.django_db
MAIL = "bo@mail.example"


def send(mail: str = MAIL, *, address: str = "192.0.2.1", now: datetime = NOON) -> str:
    """Ask for a code and read it in the letter."""
    signin.send_code(mail=mail, locale="en", address=address, now=now)
    found = re.search(r"\b\d{6}\b", Delivery.objects.latest("pk").text)
    assert found
    return found[0]


def check(code: str, *, mail: str = MAIL, now: datetime = NOON) -> visitors.Visitor | None:
    return signin.check_code(mail=mail, code=code, address="192.0.2.1", now=now)


def test_the_right_code_proves_the_address_once() -> None:
    code = send(" Bo@Mail.example ")
    visitor = check(f" {code[:3]} {code[3:]} ")
    assert visitor is not None
    assert (visitor.kind, visitor.value, visitor.proof_at(NOON)) == ("mail", MAIL, Proof.CONTACT)
    assert Handle.objects.get(kind="mail", value=MAIL).proof == Proof.CONTACT
    assert check(code) is None, "a code is good for one success"


def test_the_cookie_brings_the_same_visitor_back_and_nobody_can_make_one() -> None:
    with clock.frozen(NOON):
        visitor = check(send())
        assert visitor is not None
        token = visitors.token(visitor)
        assert visitors.read(token) == visitor
        assert visitors.read(token[:-1] + ("A" if token[-1] != "A" else "B")) is None


def test_the_code_is_kept_as_a_hash_only() -> None:
    code = send()
    assert code not in repr(list(MailCode.objects.values()))


def test_asking_tells_nothing_about_who_is_known() -> None:
    Handle.objects.create(customer=Customer.objects.create(created_at=NOON), kind="mail", value=MAIL, created_at=NOON)
    assert signin.send_code(mail=MAIL, locale="en", address="192.0.2.1", now=NOON) == "b•••@mail.example"
    assert signin.send_code(mail="no@mail.example", locale="en", address="192.0.2.1", now=NOON) == "n•••@mail.example"
    assert Delivery.objects.count() == 2


def test_a_new_code_makes_the_one_before_worthless() -> None:
    first, second = send(), send()
    if first != second:
        assert check(first) is None
    assert check(second) is not None


def test_a_code_is_good_for_ten_minutes() -> None:
    code = send()
    assert check(code, now=NOON + timedelta(minutes=10)) is None


def test_guessing_ends_after_a_few_tries_and_new_codes_do_not_help() -> None:
    wrong = 0
    for _ in range(3):
        code = send()
        for guess in range(signin.TRIES):
            assert check(f"{(int(code) + 1 + guess) % 1_000_000:06}") is None
            wrong += 1
        if wrong < signin.GUESSES:
            assert check(code) is None, "used up"
    with pytest.raises(signin.TooMany):
        check(code)


def test_one_address_gets_few_codes_an_hour_and_one_network_few_more() -> None:
    for _ in range(signin.AN_HOUR["mail"]):
        send()
    with pytest.raises(signin.TooMany):
        send()
    assert send(now=NOON + timedelta(hours=1, seconds=1))
    for number in range(signin.AN_HOUR["address"]):
        send(f"n{number}@mail.example", address=f"2001:db8::{number:x}")
    with pytest.raises(signin.TooMany):
        send("another@mail.example", address="2001:db8::ffff")


@pytest.mark.parametrize("mail", ["", "x", "a@b", "a@b.example\nBcc: c@d.example", "a" * 300 + "@b.example"])
def test_what_is_no_address_is_refused(mail: str) -> None:
    with pytest.raises(signin.BadMail):
        signin.send_code(mail=mail, locale="en", address="192.0.2.1", now=NOON)
    assert not Delivery.objects.exists()
