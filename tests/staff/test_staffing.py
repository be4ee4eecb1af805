"""Administrators say who does what in which team and when, and let people go: all by pages, each save written down."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tests.staff import people
from tests.staff.hiring import LIST, NEW, PASSWORD, TEAMS, acts, choose, edit, errors, saved, sheet, take_on
from trustdesk.seams import clock
from trustdesk.staff import accounts, audit, shifts
from trustdesk.staff.models import Agent, Audit, Membership, Role, Session, Shift, Team
from trustdesk.staff.shifts import WeeklyShift

pytestmark = pytest.mark.django_db


# What is refused


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"email": "ADA@example.com"}, "email", "already"),
        ({"email": "ada@example.com "}, "email", "already"),
        ({"email": "\u017fam@example.com"}, "email", "Latin"),
        ({"email": "\u212aai@example.com"}, "email", "Latin"),
        ({"email": "nina"}, "email", "valid"),
        ({"email": "nina@example.com\nbcc: x@example.com"}, "email", "valid"),
        ({"public_name": "nina@example.com"}, "public_name", "no address"),
        ({"public_name": "nina＠example．com"}, "public_name", "no address"),
        ({"public_name": "www.evil.example"}, "public_name", "no address"),
        ({"public_name": "evil.example"}, "public_name", "no address"),
        ({"public_name": "Ni\u202ena"}, "public_name", "cannot be seen"),
        ({"display_name": "Ni\u200bna"}, "display_name", "cannot be seen"),
        ({"display_name": "  "}, "display_name", "required"),
        ({"role": "root"}, "role", "valid choice"),
        ({"role": ""}, "role", "required"),
        ({"languages": ["xx"]}, "languages", "valid choice"),
        ({"languages": []}, "languages", "required"),
        ({"capacity": "51"}, "capacity", "50"),
        ({"capacity": "-1"}, "capacity", "0"),
        ({"teams": ["999999"]}, "teams", "valid choice"),
        ({"zone": "Mars/Olympus"}, "zone", "no time zone"),
        ({"zone": "../../etc/passwd"}, "zone", "no time zone"),
        ({"zone": "", "week-0-0-from": "9:00", "week-0-0-to": "17:00"}, "zone", "which time zone"),
        ({"week-0-0-from": "9:00"}, "week", "both times"),
        ({"week-0-0-from": "nine", "week-0-0-to": "five"}, "week", "both times"),
        ({"week-0-0-from": "23:00", "week-0-0-to": "24:01"}, "week", "both times"),
        ({"week-0-0-from": "9:60", "week-0-0-to": "17:00"}, "week", "both times"),
        ({"week-0-0-from": "24:00", "week-0-0-to": "25:00"}, "week", "both times"),
        ({"week-0-0-from": "9:00", "week-0-0-to": "13:00", "week-0-1-from": "12:59", "week-0-1-to": "17:00"}, "week", "overlap"),
        ({"week-6-0-from": "22:00", "week-6-0-to": "06:00", "week-0-0-from": "05:00", "week-0-0-to": "9:00"}, "week", "overlap"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(admin: Client, changed: dict[str, Any], field: str, said: str) -> None:
    answer = admin.post(NEW, sheet(**changed))
    assert said in str(answer.context["form"].errors[field])
    assert Agent.objects.count() == 1
    assert mail.outbox == []


def test_names_are_shown_as_text_wherever_they_stand(admin: Client) -> None:
    evil = '"><script>alert(1)</script>'
    team = Team.objects.create(slug="evil", name=evil, name_zh=evil)
    nina, _link = take_on(admin, display_name=evil, public_name="<b>Nina</b>", teams=[team.pk])
    pages = [admin.post(edit(nina), sheet(display_name=evil, public_name="<b>Nina</b>", teams=[team.pk]), follow=True)]
    pages += [
        admin.get(page) for page in (LIST, edit(nina), f"{LIST}link/{nina.pk}/", TEAMS, f"{TEAMS}edit/{team.pk}/")
    ]
    pages += [admin.post(f"{LIST}link/{nina.pk}/")]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        assert "<b>Nina" not in page.content.decode()
        assert "alert(1)" in page.content.decode()


def test_only_managers_get_there_and_the_rights_come_from_nowhere_else(admin: Client) -> None:
    nina, _link = take_on(admin)
    for role in (Role.AGENT, Role.LEAD):
        client = people.signed_in(people.agent(f"{role.value}@example.com", role=role))
        for page in (LIST, NEW, edit(nina), f"{LIST}link/{nina.pk}/", TEAMS, f"{TEAMS}new/"):
            assert client.get(page).status_code == 403, page
            assert client.post(page, sheet(email="eve@example.com", role="admin")).status_code == 403, page
    assert not Agent.objects.filter(email="eve@example.com").exists()


def test_the_form_sets_nothing_it_does_not_show(admin: Client) -> None:
    nina, _link = take_on(admin)
    hostile = {
        "password": "x",
        "is_superuser": "on",
        "is_demo": "on",
        "is_staff": "on",
        "groups": ["1"],
        "available": "on",
        "id": "1",
    }
    saved(admin.post(edit(nina), sheet(**hostile)))
    nina.refresh_from_db()
    assert (nina.is_superuser, nina.is_demo, nina.available, nina.has_usable_password()) == (False,) * 4
    assert nina.role is Role.AGENT


# Changing and letting go


def test_deactivation_needs_a_reason_and_ends_everything_at_once(admin: Client) -> None:
    mei = people.agent()
    there = people.signed_in(mei)
    form = sheet(display_name=mei.display_name, public_name=mei.public_name, email=mei.email, active="")
    assert "Say why" in errors(admin.post(edit(mei), form))
    assert there.get("/staff/").status_code == 200
    saved(admin.post(edit(mei), form | {"reason": "left the company"}))
    assert there.get("/staff/").status_code == 302
    assert not Session.objects.filter(agent=mei).exists()
    row = Audit.objects.get(action="deactivated")
    assert (row.agent_name, row.target, row.reason) == ("Ada Zhang", f"agent:{mei.pk}", "left the company")
    saved(admin.post(edit(mei), form | {"active": "on", "reason": "came back"}))
    mei.refresh_from_db()
    assert mei.is_active


def test_every_role_is_written_down_with_who_gave_it_and_why(admin: Client) -> None:
    nina, _link = take_on(admin)
    assert "Say why" in errors(admin.post(edit(nina), sheet(role="admin")))
    saved(admin.post(edit(nina), sheet(role="admin", reason="second administrator")))
    row = Audit.objects.filter(action="role_set").latest("id")
    assert (row.agent_name, row.reason) == ("Ada Zhang", "second administrator")
    assert row.data == {"before": ["agent"], "after": ["admin"]}
    assert Agent.objects.get(pk=nina.pk).role is Role.ADMIN


def test_nobody_changes_their_own_role_or_lets_themselves_go(admin: Client, ada: Agent) -> None:
    people.agent("bob@example.com", role=Role.ADMIN)
    own = sheet(display_name="Ada Zhang", public_name="Ada", email=ada.email)
    saved(admin.post(edit(ada), own | {"role": "agent", "active": "", "reason": "x"}))
    ada = Agent.objects.get(pk=ada.pk)
    assert (ada.role, ada.is_active) == (Role.ADMIN, True)
    acting: list[Callable[[], bool]] = [
        lambda: accounts.set_role(agent_id=ada.pk, role=Role.AGENT, actor=audit.actor_of(ada)),
        lambda: accounts.set_active(agent_id=ada.pk, active=False, actor=audit.actor_of(ada), reason="x"),
    ]
    for refused in acting:
        with pytest.raises(accounts.UnableToChangeAccess) as error:
            refused()
        assert error.value.reason == "own"
    assert not {"role_set", "deactivated"} & set(acts(ada))


@pytest.mark.parametrize("by", ["role", "active"])
def test_somebody_who_can_sign_in_and_manage_is_left(ada: Agent, by: str) -> None:
    """An invited administrator who never chose a password, a lead and a deactivated one do not count."""
    people.agent("new@example.com", role=Role.ADMIN, password=None)
    people.agent("lea@example.com", role=Role.LEAD)
    gone = people.agent("gone@example.com", role=Role.ADMIN)
    Agent.objects.filter(pk=gone.pk).update(is_active=False)
    system = audit.Actor(name="agent_access")
    take: dict[str, Callable[[], bool]] = {
        "role": lambda: accounts.set_role(agent_id=ada.pk, role=Role.LEAD, actor=system),
        "active": lambda: accounts.set_active(agent_id=ada.pk, active=False, actor=system, reason="x"),
    }
    with pytest.raises(accounts.UnableToChangeAccess) as error:
        take[by]()
    assert error.value.reason == "last"
    ada = Agent.objects.get(pk=ada.pk)
    assert (ada.role, ada.is_active) == (Role.ADMIN, True)


def test_a_refusal_that_comes_late_is_said_in_the_form(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = people.agent("bob@example.com", role=Role.ADMIN)

    def last(**_: object) -> None:
        raise accounts.UnableToChangeAccess("last")

    monkeypatch.setattr(accounts, "_insist_on_a_manager", last)
    form = sheet(display_name="Bob", public_name="Bob", email=bob.email, role="agent", reason="no longer")
    assert "Nobody else could manage" in errors(admin.post(edit(bob), form))
    assert Agent.objects.get(pk=bob.pk).role is Role.ADMIN


def test_a_save_does_not_undo_what_the_agent_does_meanwhile(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that is chosen between reading the row and writing it stays."""
    from trustdesk.staff import editing

    nina, _link = take_on(admin)
    before = editing.AgentForm.save

    def late(form: Any, commit: bool = True) -> Agent:
        other = Agent.objects.get(pk=nina.pk)
        other.set_password(PASSWORD)
        other.save(update_fields=["password"])
        return before(form, commit)

    monkeypatch.setattr(editing.AgentForm, "save", late)
    saved(admin.post(edit(nina), sheet(display_name="Nina O.")))
    nina.refresh_from_db()
    assert nina.check_password(PASSWORD)
    assert nina.display_name == "Nina O."


# Shifts


def test_a_week_is_saved_shown_and_saved_again_as_it_is(admin: Client) -> None:
    week = {"week-0-0-from": "09:00", "week-0-0-to": "12:00", "week-0-1-from": "13:00", "week-0-1-to": "17:30"}
    week |= {"week-4-0-from": "22:00", "week-4-0-to": "06:00", "week-6-0-from": "00:00", "week-6-0-to": "00:00"}
    nina, _link = take_on(admin, zone="asia/singapore", **week)
    expected = [(0, 540, 180), (0, 780, 270), (4, 1320, 480), (6, 0, 1440)]
    assert [(one.weekday, one.start_minute, one.minutes) for one in shifts.week_of(nina.pk)] == expected
    assert {one.timezone for one in shifts.week_of(nina.pk)} == {"Asia/Singapore"}
    page = admin.get(edit(nina)).content.decode()
    shown = dict(re.findall(r'name="(week-[\w-]+)" value="([\d:]+)"', page))
    assert shown == week
    rows = set(Shift.objects.values_list("pk", flat=True))
    saved(admin.post(edit(nina), sheet(zone="Asia/Singapore", **shown)))
    assert set(Shift.objects.values_list("pk", flat=True)) == rows, "nothing was written"
    assert acts(nina).count("shifts_set") == 1
    saved(admin.post(edit(nina), sheet(zone="Europe/Berlin", **shown)))
    assert {one.timezone for one in shifts.week_of(nina.pk)} == {"Europe/Berlin"}
    saved(admin.post(edit(nina), sheet()))
    assert shifts.week_of(nina.pk) == []


@pytest.mark.parametrize("written", ["9", "09", "9:00", "09:00", "900", "0900", "9.00", "９：００"])
def test_a_time_is_read_however_it_is_written(admin: Client, written: str) -> None:
    nina, _link = take_on(admin, **{"week-2-1-from": written, "week-2-1-to": "24:00"})
    assert shifts.week_of(nina.pk) == [WeeklyShift(2, 540, 900, "UTC")]


def test_after_a_save_on_duty_is_right_at_once(admin: Client, django_capture_on_commit_callbacks: Any) -> None:
    from trustdesk.conversations import queue

    funds = people.team("funds-2")
    nina, link = take_on(admin, teams=[funds.pk])
    choose(Client(), link)
    shifts.set_available(agent_id=nina.pk, available=True)
    now = clock.now()
    assert funds.pk not in queue.staffed_teams(now=now), "remembered for a while"
    today = now.weekday()
    whole = {f"week-{today}-0-from": "00:00", f"week-{today}-0-to": "00:00"}
    with django_capture_on_commit_callbacks(execute=True):
        saved(admin.post(edit(nina), sheet(teams=[funds.pk], **whole)))
    assert [one.agent_id for one in shifts.on_duty(now=now)] == [nina.pk]
    assert funds.pk in queue.staffed_teams(now=now)
    with django_capture_on_commit_callbacks(execute=True):
        saved(admin.post(edit(nina), sheet(**whole)))
    assert funds.pk not in queue.staffed_teams(now=now), "in no team any more"


# Teams


def test_a_team_is_added_renamed_and_staffed(admin: Client) -> None:
    mei = people.agent()
    gone = people.agent("gone@example.com")
    saved(admin.post(f"{TEAMS}new/", {"slug": "vip", "name": "VIP", "name_zh": "贵宾", "members": [mei.pk]}))
    vip = Team.objects.get(slug="vip")
    assert [one.pk for one in vip.members.all()] == [mei.pk]
    Membership.objects.create(agent=gone, team=vip)
    Agent.objects.filter(pk=gone.pk).update(is_active=False)
    renamed = {"slug": "other", "name": "Very important", "name_zh": "重要客户"}
    saved(admin.post(f"{TEAMS}edit/{vip.pk}/", renamed))
    vip.refresh_from_db()
    assert (vip.slug, vip.name, vip.label("zh-hans")) == ("vip", "Very important", "重要客户")
    assert [one.pk for one in vip.members.all()] == [gone.pk], "who is not shown stays"
    changes = Audit.objects.filter(action="teams_set", target=f"agent:{mei.pk}").order_by("id")
    assert [row.data for row in changes] == [{"before": [], "after": [vip.pk]}, {"before": [vip.pk], "after": []}]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slug": "a b"}, "slug"), ({"slug": "accounts"}, "slug"), ({"name": ""}, "name"), ({"name_zh": ""}, "name_zh"),
        ({"name": "V\u202eIP"}, "name"), ({"members": ["999999"]}, "members"), ({"name": "x" * 81}, "name"),
    ],
)  # fmt: skip
def test_a_team_needs_a_code_of_its_own_and_names_in_both_languages(
    admin: Client, changed: dict[str, Any], field: str
) -> None:
    Team.objects.get_or_create(slug="accounts", defaults={"name": "Accounts"})
    before = Team.objects.count()
    answer = admin.post(f"{TEAMS}new/", {"slug": "vip", "name": "VIP", "name_zh": "贵宾"} | changed)
    assert field in answer.context["form"].errors
    assert Team.objects.count() == before


def test_a_team_with_cases_stays_and_one_without_can_go(admin: Client) -> None:
    from tests import world

    world.fresh()
    world.chat("Hello", topic="deposit_missing")
    funds = Team.objects.get(slug="funds")
    answer = admin.post(f"{TEAMS}delete/{funds.pk}/", follow=True)
    assert "so it stays" in unescape(answer.content.decode())
    assert Team.objects.filter(pk=funds.pk).exists()
    free = people.team("free")
    Membership.objects.create(agent=people.agent(), team=free)
    saved(admin.post(f"{TEAMS}delete/{free.pk}/"))
    assert not Team.objects.filter(slug="free").exists()
    assert Audit.objects.latest("id").action == "team_deleted"


# Pages


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_pages_speak_the_readers_language(admin: Client, language: str) -> None:
    nina, _link = take_on(admin, languages=["zh-hans"])
    assert mail.outbox[0].subject == "你的客服工作台账号", "the mail is in the agent's"
    expected = {"en": ["First name", "Shifts", "Monday"], "zh-hans": ["称呼", "班次", "星期一"]}[language]
    page = admin.get(f"{edit(nina)}?lang={language}").content.decode()
    assert [word for word in expected if word not in page] == []


@pytest.mark.parametrize("name", ["new", "edit", "link"])
def test_who_finds_the_browser_open_is_asked_who_he_is(ada: Agent, name: str) -> None:
    mei = people.agent("mei@example.com")
    path = {"new": NEW, "edit": f"/back-office/agents/edit/{mei.pk}/", "link": f"/back-office/agents/link/{mei.pk}/"}[name]
    client = people.signed_in(ada)
    for answer in (client.get(path), client.post(path, sheet())):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/staff/confirm/")
    assert not Agent.objects.exclude(pk__in=[ada.pk, mei.pk]).exists()
    assert people.signed_in(ada, confirmed=True).get(path).status_code == 200
