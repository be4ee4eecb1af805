"""Our addresses: the plain ones, and those made for one recipient of one case, which nobody can guess (E-05)."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest
from django.db import connection

from tests.world import NOON
from trustdesk.channels import addresses
from trustdesk.channels.models import Inbox, ReplyAddress
from trustdesk.conversations import correspondence

SUPPORT = "support@northlight.example.test"
ANNA = "Anna@Mail.example"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    addresses.forget()
    Inbox.objects.create(kind="email", name="Partners", address="Partners@northlight.example.test", type_code="agreement")


def made(recipient: str = ANNA, case: int = 7, purpose: addresses.Purpose = addresses.Purpose.CASE) -> str:
    return addresses.reply_address(conversation_id=case, recipient=recipient, ours=SUPPORT, now=NOON, purpose=purpose)


def token_of(address: str) -> str:
    route = addresses.route(address)
    assert route is not None
    return route.token


@pytest.mark.parametrize(
    ("recipient", "address"),
    [
        (SUPPORT, SUPPORT),
        ("SUPPORT@Northlight.Example.TEST", SUPPORT),
        ("partners@northlight.example.test", "partners@northlight.example.test"),
        ("support+anything@northlight.example.test", SUPPORT),
        ("postmaster@northlight.example.test", SUPPORT),
        ("abuse@northlight.example.test", SUPPORT),
        ("sales@northlight.example.test", None),
        ("support@other.example", None),
        ("postmaster@other.example", None),
        ("support", None),
        ("", None),
        ("@northlight.example.test", None),
    ],
)
def test_which_addresses_are_ours(recipient: str, address: str | None) -> None:
    route = addresses.route(recipient)
    assert (route.ours.address if route else None) == address
    assert route is None or not route.token


def test_an_address_made_for_somebody_leads_back_to_his_case() -> None:
    address = made()
    assert made() == address  # the same each time
    token = token_of(address.upper())  # some servers change case on the way
    owner = correspondence.owners_of_tokens([token])[token]
    assert (owner.conversation_id, owner.recipient) == (7, ANNA.lower())


def test_each_recipient_case_and_purpose_has_its_own() -> None:
    ways = [made(), made("bob@mail.example"), made(case=8), made(purpose=addresses.Purpose.SIDE)]
    assert len({token_of(one) for one in ways}) == 4


def test_a_token_is_long_random_and_not_in_the_database() -> None:
    token = token_of(made())
    assert len(token) == 26  # 130 bits in base32
    assert set(token) <= set(string.ascii_lowercase + "234567")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(r)::text FROM channels_replyaddress r")
        assert token not in cursor.fetchone()[0]


def test_no_neighbour_of_a_token_opens_anything() -> None:
    """E-05: 10,000 neighbours, 0 hits."""
    token = token_of(made())
    alphabet = string.ascii_lowercase + "234567"
    near = {token[:at] + letter + token[at + 1 :] for at in range(26) for letter in alphabet} - {token}
    near |= {token[:at] + one + two + token[at + 2 :] for at in range(0, 25, 3) for one in alphabet for two in alphabet}
    near -= {token}
    assert len(near) > 9_000
    hashes = [addresses.digest(one) for one in near]
    assert not ReplyAddress.objects.filter(token_hash__in=hashes).exists()
    assert correspondence.owners_of_tokens(near) == {}


def test_a_revoked_one_is_as_if_it_had_never_been_made() -> None:
    token = token_of(made())
    assert addresses.revoke(conversation_ids=[7], now=NOON + timedelta(days=1)) == 1
    assert correspondence.owners_of_tokens([token]) == {}


def test_return_paths_and_message_ids_say_nothing_and_are_stable() -> None:
    path, digest = addresses.bounce_address(key="reply:7:3", ours=SUPPORT)
    route = addresses.route(path)
    assert route is not None
    assert route.bounce
    assert addresses.digest(route.token) == digest
    assert addresses.bounce_address(key="reply:7:3", ours=SUPPORT) == (path, digest)
    one = addresses.message_id(key="reply:7:3", ours=SUPPORT)
    assert one == addresses.message_id(key="reply:7:3", ours=SUPPORT)
    assert one != addresses.message_id(key="reply:7:4", ours=SUPPORT)
    assert one.endswith("@northlight.example.test>")
    assert route.token not in one
