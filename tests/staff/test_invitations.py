"""Administrators take people on by a page and invite them by a link; the same link is for a forgotten password."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.staff import people
from tests.staff.hiring import LIST, NEW, PASSWORD, acts, choose, edit, link_in, saved, sheet, take_on
from trustdesk.channels import mailbox
from trustdesk.net.mail import MailFailed
from trustdesk.seams import clock
from trustdesk.staff import audit, shifts
from trustdesk.staff.models import Agent, Audit, PasswordLink, Role, Session
from trustdesk.staff.sessions import SessionStore
from trustdesk.staff.shifts import WeeklyShift

pytestmark = pytest.mark.django_db


# Taking on


def test_who_is_taken_on_gets_a_link_by_mail_and_chooses_a_password_with_it(
    admin: Client, django_capture_on_commit_callbacks: Any
) -> None:
    funds = people.team("funds-2")
    nina, link = take_on(
        admin, email="Nina@Example.com", teams=[funds.pk], **{"week-0-0-from": "09:00", "week-0-0-to": "17:00"}
    )
    assert (nina.email, nina.role, nina.languages, nina.capacity) == ("nina@example.com", Role.AGENT, ["en"], 4)
    assert not nina.has_usable_password()
    assert [team.pk for team in nina.teams.all()] == [funds.pk]
    assert shifts.week_of(nina.pk) == [WeeklyShift(0, 540, 480, "UTC")]
    (letter,) = mail.outbox
    assert letter.to == ["nina@example.com"]
    assert link_in(str(letter.body)) == link
    assert people.post_password(Client(), nina.email, "").status_code == 200, "nobody signs in before"
    client = Client()
    assert choose(client, link).headers["Location"] == reverse("account_login")
    assert people.post_password(client, nina.email, PASSWORD).status_code == 302
    assert client.get("/desk/").headers["Location"].startswith(reverse("mfa_index")), "a second factor is demanded"
    assert acts(nina) == [
        "role_set",
        "teams_set",
        "shifts_set",
        "agent_created",
        "password_link_issued",
        "password_set",
    ]
    assert audit.verify().first_bad_id is None


def test_the_link_is_shown_once_kept_nowhere_and_not_cached(admin: Client) -> None:
    answer = admin.post(NEW, sheet())
    token = link_in(answer.content.decode()).split("/")[-2]
    assert "no-store" in answer.headers["Cache-Control"]
    nina = Agent.objects.get(email="nina@example.com")
    for page in (LIST, edit(nina), f"{LIST}link/{nina.pk}/"):
        assert token not in admin.get(page).content.decode()
    assert token not in str(list(PasswordLink.objects.values())) + str(list(Audit.objects.values()))
    assert all(token not in str(SessionStore().decode(row.session_data)) for row in Session.objects.all())


def test_an_invitation_lasts_three_days_a_new_password_one(admin: Client) -> None:
    nina, link = take_on(admin)
    left = PasswordLink.objects.get().expires_at - clock.now()
    assert timedelta(hours=71, minutes=59) < left <= timedelta(hours=72)
    choose(Client(), link)
    admin.post(f"{LIST}link/{nina.pk}/")
    left = PasswordLink.objects.get().expires_at - clock.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)


def test_the_letter_is_one_of_ours_with_the_link(admin: Client, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "trustdesk.channels.mail_backend.Outgoing"
    settings.MAIL = f"folder:{tmp_path}"
    _nina, link = take_on(admin)
    (letter,) = mailbox.read(tmp_path)
    assert (letter.to, letter.subject) == ("nina@example.com", "Your access to the support desk")
    assert link_in(letter.text) == link


def test_a_mail_server_that_is_away_undoes_nothing_and_is_said(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise MailFailed("connect", permanent=False)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    answer = admin.post(NEW, sheet())
    assert "could not be sent" in answer.content.decode()
    assert choose(Client(), link_in(answer.content.decode())).status_code == 302


def test_where_the_audit_fails_nobody_is_taken_on(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("no audit")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError, match="no audit"):
        admin.post(NEW, sheet())
    assert not Agent.objects.filter(email="nina@example.com").exists()
    assert mail.outbox == []


# Links


def test_a_link_works_once_and_a_new_one_voids_the_old(admin: Client) -> None:
    nina, first = take_on(admin)
    second = link_in(admin.post(f"{LIST}link/{nina.pk}/").content.decode())
    assert second != first
    assert Client().get(first, follow=True).status_code == 410
    assert choose(Client(), second).status_code == 302
    assert choose(Client(), second, "copper-violin-8841").status_code == 410
    nina.refresh_from_db()
    assert nina.check_password(PASSWORD)


def test_a_forgotten_password_is_chosen_anew_and_the_second_factor_stays(admin: Client) -> None:
    mei = people.agent()
    secret = people.give_totp(mei)
    there = people.signed_in(mei)
    link = link_in(admin.post(f"{LIST}link/{mei.pk}/").content.decode())
    mei.refresh_from_db()
    assert mei.check_password(people.PASSWORD), "until it is used the old one works"
    client = Client()
    choose(client, link)
    assert there.get("/desk/").status_code == 302, "signed out everywhere"
    assert people.post_password(client, mei.email, PASSWORD).headers["Location"] == reverse("mfa_authenticate")
    people.post_code(client, people.totp_code(secret))
    assert client.get("/staff/").status_code == 200


def test_a_link_of_yesterday_of_a_deactivated_and_of_a_former_address_is_worth_nothing(admin: Client) -> None:
    nina, link = take_on(admin)
    PasswordLink.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert Client().get(link, follow=True).status_code == 410
    link = link_in(admin.post(f"{LIST}link/{nina.pk}/").content.decode())
    saved(admin.post(edit(nina), sheet(email="nina.ortiz@example.com")))
    assert Client().get(link, follow=True).status_code == 410, "the mail went to somebody else, perhaps"
    link = link_in(admin.post(f"{LIST}link/{nina.pk}/").content.decode())
    saved(admin.post(edit(nina), sheet(email="nina.ortiz@example.com", active="", reason="left")))
    assert Client().get(link, follow=True).status_code == 410
    page = admin.post(f"{LIST}link/{nina.pk}/")
    assert "Make them active first" in page.content.decode()
    assert not PasswordLink.objects.exists()


def test_nobody_sends_a_link_to_themselves(admin: Client, ada: Agent) -> None:
    assert "own password" in admin.post(f"{LIST}link/{ada.pk}/").content.decode()
    assert not PasswordLink.objects.exists()
    assert mail.outbox == []


def test_who_guesses_links_is_soon_asked_to_wait(admin: Client) -> None:
    _nina, link = take_on(admin)
    guesser = Client(REMOTE_ADDR="203.0.113.9")
    answers = [guesser.get(f"/staff/welcome/{number:043}/").status_code for number in range(30)]
    assert answers[0] == 302
    assert answers[-1] == 429
    assert guesser.get(link).status_code == 429, "also when the guess is right"
    assert Client(REMOTE_ADDR="203.0.113.10").get(link, follow=True).status_code == 200, "others are not kept out"
