"""Administrators edit our mail addresses; how a mailbox is reached is kept sealed and never shown again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from tests import world
from tests.staff import people
from trustdesk.channels import addresses, mailboxes
from trustdesk.channels.models import Inbox, MailAddress
from trustdesk.config.checks import mail_apart_from_staff
from trustdesk.staff.models import Audit, Role, Team

LIST = "/back-office/mail-addresses/"
URL = "imaps://partners:CNRY-word@imap.example.com/INBOX"
PARTNERS = "partners@northlight.example.test"

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    world.fresh()
    addresses.forget()
    return people.signed_in(people.agent("ada@example.com", role=Role.ADMIN))


def sheet(**changed: Any) -> dict[str, Any]:
    team = Team.objects.get(slug="partners").pk
    filled = {"address": PARTNERS, "name": "Partners", "team": team, "type_code": "agreement", "enabled": "on"}
    return filled | {"fetched_from": ""} | changed


def add(admin: Client, **changed: Any) -> Inbox:
    assert admin.post(f"{LIST}new/", sheet(**changed)).status_code == 302
    return Inbox.objects.get(address=PARTNERS)


def test_a_new_address_takes_mail_for_its_team(admin: Client, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = add(admin)
    route = addresses.route(PARTNERS)
    assert route is not None
    assert (route.ours.inbox_id, route.ours.team_id, route.ours.type_code) == (row.pk, row.team_id, "agreement")
    assert (row.kind, Audit.objects.latest("id").action) == ("email", "mailaddress_created")


def test_who_takes_customers_mail_at_the_domain_of_staff_is_warned(admin: Client) -> None:
    """E-08: an invitation that a service mails to a colleague's domain would be read in a case."""
    warned = "Staff sign in with addresses at example.com"
    assert warned in admin.get(f"{LIST}new/").content.decode()
    apart, shared = (
        Inbox.objects.create(kind="email", name="x", address=address).pk for address in ("help@support.example.com", "help@Example.com")
    )
    assert warned not in admin.get(f"{LIST}edit/{apart}/").content.decode()
    assert warned in admin.get(f"{LIST}edit/{shared}/").content.decode()


def test_the_check_before_serving_says_so_too(admin: Client) -> None:
    assert mail_apart_from_staff(None, None) == []
    assert mail_apart_from_staff(None, ["default"]) == []
    Inbox.objects.create(kind="email", name="x", address="help@support.example.com")
    assert mail_apart_from_staff(None, ["default"]) == []
    Inbox.objects.create(kind="email", name="x", address="help@Example.com")
    [warning] = mail_apart_from_staff(None, ["default"])
    assert (warning.id, "Mail to example.com" in warning.msg) == ("trustdesk.W003", True)
    Inbox.objects.filter(address="help@Example.com").update(enabled=False)
    assert mail_apart_from_staff(None, ["default"]) == []


def test_how_a_mailbox_is_reached_is_kept_sealed_and_not_shown(admin: Client) -> None:
    row = add(admin, fetched_from=URL)
    assert row.secrets is not None
    assert b"CNRY" not in bytes(row.secrets)
    assert [one.url for one in mailboxes.accounts()] == [URL]
    assert "CNRY" not in admin.get(f"{LIST}edit/{row.pk}/").content.decode()
    assert "CNRY" not in str(Audit.objects.latest("id").data)
    assert admin.post(f"{LIST}edit/{row.pk}/", sheet(name="Partner desk")).status_code == 302
    assert [one.url for one in mailboxes.accounts()] == [URL]  # left empty, it stays
    assert admin.post(f"{LIST}edit/{row.pk}/", sheet(stop_fetching="on")).status_code == 302
    assert mailboxes.accounts() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"address": "nonsense"}, "valid email"),
        ({"address": ""}, "required"),
        ({"address": "support@northlight.example.test"}, "there already"),
        ({"fetched_from": "https://example.com"}, "no address such as imaps"),
        ({"fetched_from": "imaps://host-without-user"}, "no address such as imaps"),
        ({"type_code": "nothing"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_saved(admin: Client, changed: dict[str, Any], said: str) -> None:
    answer = admin.post(f"{LIST}new/", sheet(**changed))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Inbox.objects.filter(address=PARTNERS).exists()


def test_an_address_is_not_changed_and_the_chat_is_none(admin: Client) -> None:
    row = add(admin)
    assert admin.post(f"{LIST}edit/{row.pk}/", sheet(address="other@northlight.example.test")).status_code == 302
    row.refresh_from_db()
    assert row.address == PARTNERS
    chat = Inbox.objects.get(kind="chat")
    assert admin.get(f"{LIST}edit/{chat.pk}/").status_code == 404
    assert "Live chat" not in admin.get(LIST).content.decode()


def test_the_default_address_has_a_name_in_the_readers_language(admin: Client) -> None:
    """Set-up calls it "Notices" in every language; what somebody else called it stays as it is."""
    row = Inbox.objects.get(kind="email", address="")
    assert row.name == "Notices"
    chinese: dict[str, Any] = {"headers": {"Accept-Language": "zh-hans"}}
    for path in (LIST, f"{LIST}edit/{row.pk}/"):
        page = admin.get(path, **chinese).content.decode()
        assert "通知" in page
        assert ">Notices<" not in page
        assert 'value="Notices"' not in page
    Inbox.objects.filter(pk=row.pk).update(name="Northlight")
    assert "Northlight" in admin.get(LIST, **chinese).content.decode()
    with override("zh-hans"):
        assert MailAddress(address="", name="Notices").shown_name == "通知"
        assert MailAddress(address="a@b.example", name="Notices").shown_name == "Notices"
