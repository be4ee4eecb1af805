"""Setting up a second factor, with real commits: allauth tells of it after the commit."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.staff import people
from trustdesk.net.mail import MailFailed
from trustdesk.staff.models import Audit, Factor, Session

pytestmark = pytest.mark.urls("tests.staff.probe_urls")


def test_setting_up_an_app_opens_the_desk_in_this_session_and_ends_the_others(
    client: Client, committed_db: str
) -> None:
    mei = people.agent()
    other = people.signed_in(mei, factor=Factor.NONE)
    people.post_password(client, "mei@example.com")
    assert client.get("/desk/probe/").status_code == 302
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200, "the password was typed a moment ago: it is not asked for again"
    before = client.session.session_key
    answer = client.post(reverse("mfa_activate_totp"), {"code": people.totp_code(page.context["form"].secret)})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get("/desk/probe/").status_code == 200
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=other.session.session_key).exists()
    actions = Audit.objects.order_by("id").values_list("action", "data")
    assert ("factor_added", {"type": "totp"}) in list(actions)


def test_recovery_codes_are_shown_once_and_work_once(client: Client, committed_db: str) -> None:
    people.agent()
    people.post_password(client, "mei@example.com")
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": people.totp_code(secret)})
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(codes) == 10
    assert codes[0] not in client.get(reverse("mfa_view_recovery_codes")).content.decode()
    first, second = Client(), Client()
    people.post_password(first, "mei@example.com")
    assert people.post_code(first, codes[0]).status_code == 302
    assert first.get("/desk/probe/").status_code == 200
    people.post_password(second, "mei@example.com")
    assert people.post_code(second, codes[0]).status_code == 200


@pytest.mark.parametrize("problem", [ConnectionRefusedError(), MailFailed("connect", permanent=False)])
def test_the_owner_is_told_of_a_new_factor_and_a_dead_mail_server_changes_nothing(
    client: Client,
    committed_db: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    problem: Exception,
) -> None:
    people.agent()
    people.post_password(client, "mei@example.com")
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": people.totp_code(secret)})
    assert [message.to for message in mail.outbox] == [["mei@example.com"]]

    def refuse(*_: object) -> int:
        raise problem

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    new = "granite-fiddle-2207"
    form = {"oldpassword": people.PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), form).status_code == 302
    assert client.get("/desk/probe/").status_code == 200
    assert "not sent" in caplog.text
    assert "mei@example.com" not in caplog.text
