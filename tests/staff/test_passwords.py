import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from trustdesk.staff.models import Agent
from trustdesk.staff.passwords import NotTheBrand

MEI = Agent(email="mei.zhang@example.com", display_name="Mei Zhang", public_name="Mei")


@pytest.mark.parametrize(
    "password",
    [
        "password1",
        "iloveyou",
        "qwerty123",
        "sevenle",
        "12345678",
        "mei.zhang1",
        "Northlight1!",
        "NORTH LIGHT 2026",
        "trustdesk-2026",
    ],
)
def test_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, MEI)


@pytest.mark.parametrize(
    "password",
    [
        "corner-lamp-otter",
        "w7#kPz!q",
        "correct horse battery staple " * 4,
        "江湖夜雨十年灯山川",
        "our northlight beats the fog every winter",
    ],
)
def test_accepted(password: str) -> None:
    validate_password(password, MEI)


def test_no_byte_of_a_long_password_is_ignored() -> None:
    person = Agent(email="a@example.com")
    person.set_password("x" * 72 + "a")
    assert person.check_password("x" * 72 + "a")
    assert not person.check_password("x" * 72 + "b")


def test_the_brand_is_found_however_it_is_written() -> None:
    rule = NotTheBrand(words=["North Light"])
    for password in ("northlight99", "N.o.r.t.h.L.i.g.h.t", "1northlight1northlight"):
        with pytest.raises(ValidationError):
            rule.validate(password)
    rule.validate("unrelated")
