"""The list of our channels: what administrators add to it, what stands in it by itself, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from tests import world
from tests.staff import people
from trustdesk.channels import addresses, official
from trustdesk.channels.models import OfficialChannel
from trustdesk.policy.official import Answer
from trustdesk.staff.models import Audit, Role

LIST = "/back-office/official-channels/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    world.fresh()
    addresses.forget()
    official.forget()


@pytest.fixture
def admin() -> Client:
    return people.signed_in(people.agent("ada@example.com", role=Role.ADMIN))


def sheet(**changed: Any) -> dict[str, Any]:
    return {"kind": "x", "value": "@NorthLight", "about": "News", "about_zh": "公告", "position": 1} | changed


def add(admin: Client, run: Any, **changed: Any) -> None:
    with run(execute=True):
        answer = admin.post(f"{LIST}new/", sheet(**changed))
    assert answer.status_code == 302, answer.content.decode()


def answers(text: str) -> list[Answer]:
    return [one.answer for one in official.check(text).verdicts]


def test_what_we_work_on_ourselves_is_listed_without_being_written(settings: Any) -> None:
    settings.PUBLIC_URL = "https://help.northlight.com"
    settings.EMBED_ORIGINS = ("https://www.northlight.com", "https://help.northlight.com")
    listed = [(one.code, one.channel.value) for one in official.listed()]
    assert listed == [
        ("site", "help.northlight.com"),
        ("site", "www.northlight.com"),
        ("mail", "support@northlight.example.test"),
    ]
    assert answers("https://www.northlight.com/x support@northlight.example.test") == [Answer.OURS] * 2
    assert answers("https://northlight-help.com") == [Answer.LOOKALIKE]


@pytest.mark.parametrize(
    ("kind", "typed", "value", "link"),
    [
        ("x", "@NorthLight", "northlight", "https://x.com/northlight"),
        ("x", "https://twitter.com/northlight?s=20", "northlight", "https://twitter.com/northlight?s=20"),
        ("telegram", "northlight_news", "northlight_news", "https://t.me/northlight_news"),
        ("youtube", "http://www.youtube.com/@northlight", "northlight", "https://www.youtube.com/@northlight"),
        (
            "linkedin",
            "https://www.linkedin.com/company/northlight/",
            "northlight",
            "https://www.linkedin.com/company/northlight/",
        ),
        ("wechat", "northlight_cn", "northlight_cn", ""),
        ("site", "https://WWW.NorthLight.com/en/", "northlight.com", ""),
        ("site", "xn--fiq228c.com", "xn--fiq228c.com", ""),
        ("reddit", "northlight", "northlight", "https://www.reddit.com/r/northlight"),
        ("mail", "Press <Press@northlight.com>", "press@northlight.com", ""),
        ("phone", "+44 (20) 7946 0000", "+442079460000", ""),
    ],
)
def test_an_administrator_adds_one_in_any_spelling(
    admin: Client, django_capture_on_commit_callbacks: Any, kind: str, typed: str, value: str, link: str
) -> None:
    official.listed()
    add(admin, django_capture_on_commit_callbacks, kind=kind, value=typed)
    row = OfficialChannel.objects.get()
    assert (row.kind, row.value, row.link) == (kind, value, link)
    assert (row.kind, row.value) in [(one.code, one.channel.value) for one in official.listed()], "known at once"
    assert Audit.objects.latest("id").action == "officialchannel_created"
    with pytest.raises(IntegrityError), transaction.atomic():
        OfficialChannel.objects.create(kind=kind, value=value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "site", "value": "not a site"}, "no web site such as"),
        ({"kind": "site", "value": "https://northlight.com@evil.ru"}, "no web site such as"),
        ({"kind": "site", "value": "nоrthlight.com"}, "no web site such as"),  # with a Cyrillic letter
        ({"kind": "site", "value": "one.example two.example"}, "no web site such as"),
        ({"kind": "mail", "value": "northlight.com"}, "no mail address such as"),
        ({"kind": "phone", "value": "020 7946 0000"}, "with its country code"),
        ({"kind": "x", "value": "https://t.me/northlight"}, "no account there"),
        ({"kind": "telegram", "value": "https://t.me/+AbCdEf"}, "no account there"),
        ({"kind": "telegram", "value": "javascript:alert(1)"}, "no account there"),
        ({"kind": "x", "value": ""}, "required"),
        ({"kind": "myspace"}, "not one of the available choices"),
    ],
)
def test_what_is_none_is_refused_and_nothing_saved(admin: Client, changed: dict[str, Any], said: str) -> None:
    answer = admin.post(f"{LIST}new/", sheet(**changed))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not OfficialChannel.objects.exists()


def test_one_is_listed_once_changed_and_taken_off(admin: Client, django_capture_on_commit_callbacks: Any) -> None:
    add(admin, django_capture_on_commit_callbacks)
    assert "listed already" in admin.post(f"{LIST}new/", sheet(value="https://x.com/northlight")).content.decode()
    row = OfficialChannel.objects.get()
    assert answers("x.com/northlight x.com/northlight_hq") == [Answer.OURS, Answer.LOOKALIKE]
    with django_capture_on_commit_callbacks(execute=True):
        assert admin.post(f"{LIST}edit/{row.pk}/", sheet(value="northlight_hq")).status_code == 302
    assert answers("x.com/northlight x.com/northlight_hq") == [Answer.LOOKALIKE, Answer.OURS]
    assert admin.post(f"{LIST}delete/{row.pk}/").status_code == 302
    official.forget()
    assert answers("x.com/northlight_hq") != [Answer.OURS]
    assert [one.action for one in Audit.objects.order_by("id")][-3:] == [
        "officialchannel_created",
        "officialchannel_edited",
        "officialchannel_deleted",
    ]


def test_only_managers_say_what_is_ours() -> None:
    for role in (Role.AGENT, Role.LEAD):
        somebody = people.signed_in(people.agent(f"{role}@example.com", role=role))
        assert somebody.post(f"{LIST}new/", sheet()).status_code in (302, 403, 404)
    assert not OfficialChannel.objects.exists()


def test_a_secret_is_taken_out_before_anything_is_read() -> None:
    words = "abandon " * 11 + "about"
    checked = official.check(f"They sent me to northlight-help.com and I typed {words}")
    assert checked.secret
    assert "abandon" not in repr(checked)
