"""Administrators edit request types: what they save is what customers are asked next, and what no form may do is refused."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests import world
from tests.staff import people
from trustdesk.conversations import public, rulebook
from trustdesk.conversations.defaults import TYPES
from trustdesk.conversations.models import RequestField, RequestType
from trustdesk.staff.models import Audit, Role

LIST = "/back-office/request-types/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    world.fresh()


@pytest.fixture
def admin() -> Client:
    return people.signed_in(people.agent("ada@example.com", role=Role.ADMIN))


def place(code: str) -> str:
    return f"{LIST}edit/{RequestType.objects.get(code=code).pk}/"


def sheet(code: str) -> dict[str, Any]:
    """The form of a type as a browser would send it back unchanged."""
    kind = RequestType.objects.get(code=code)
    names = (
        "label label_zh about about_zh evidence evidence_zh area position priority needs first_reply resolve".split()
    )
    filled: dict[str, Any] = {name: getattr(kind, name) for name in names} | {"code": code, "team": kind.team_id}
    filled |= {name: "on" for name in ("in_form", "in_chat", "documents") if getattr(kind, name)}
    rows = list(kind.fields.order_by("position"))
    filled |= {"fields-TOTAL_FORMS": len(rows), "fields-INITIAL_FORMS": len(rows)}
    filled |= {"fields-MIN_NUM_FORMS": 0, "fields-MAX_NUM_FORMS": 1000}
    for number, row in enumerate(rows):
        filled |= question(number, row)
    return filled


def question(number: int, row: RequestField) -> dict[str, Any]:
    at = f"fields-{number}-"
    names = "key kind label label_zh help help_zh when_key beside".split()
    filled: dict[str, Any] = {at + name: getattr(row, name) for name in names}
    filled |= {at + "options": "\n".join(" | ".join(one) for one in row.options)}
    filled |= {at + "when_values": "\n".join(row.when_values), at + "ORDER": number + 1}
    return filled | ({at + "required": "on"} if row.required else {}) | ({at + "id": row.pk} if row.pk else {})


def asked(code: str, locale: str = "en") -> list[str]:
    return [one.label for one in public.request_form(code, locale=locale).fields]


def test_what_is_saved_is_what_is_asked_next(admin: Client, django_capture_on_commit_callbacks: Any) -> None:
    before = asked("promotion")
    filled = sheet("promotion") | {"label": "Bonuses", "first_reply": 30}
    last = int(filled["fields-TOTAL_FORMS"])
    new = RequestField(key="level", kind="choice", label="VIP level", label_zh="VIP 等级", required=True)
    new.options = [["one", "One", "一"], ["two", "Two", "二"]]
    filled |= question(last, new) | {"fields-TOTAL_FORMS": last + 1}
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(place("promotion"), filled)
    assert answer.status_code == 302, errors(answer)
    form = public.request_form("promotion", locale="zh-hans")
    assert asked("promotion") == [*before, "VIP level"]
    assert form.fields[-1].choices == (("one", "一"), ("two", "二"))
    assert rulebook.rule("promotion").first_reply == 30
    assert 'name="f.level"' in Client().get("/tickets/new/promotion/").content.decode()


def test_every_save_writes_who_did_it_and_what_changed_and_no_text(admin: Client) -> None:
    filled = sheet("promotion") | {"label": "CNRY"}
    filled["fields-1-help"], filled["fields-1-help_zh"] = "Help", "帮助"
    assert admin.post(place("promotion"), filled).status_code == 302
    row = Audit.objects.latest("id")
    kind = RequestType.objects.get(code="promotion")
    assert (row.agent_name, row.action, row.target) == ("Ada Zhang", "requesttype_edited", f"requesttype:{kind.pk}")
    assert row.data == {"fields": ["label"], "parts": {"fields": {"edited": 1}}}
    assert "CNRY" not in json.dumps(row.data)


def test_where_the_audit_fails_nothing_is_saved(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from trustdesk.staff import audit

    def broken(**_: object) -> None:
        raise RuntimeError("no audit")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError, match="no audit"):
        admin.post(place("promotion"), sheet("promotion") | {"label": "Bonuses"})
    assert RequestType.objects.get(code="promotion").label != "Bonuses"


def test_a_new_type_is_offered_at_once(admin: Client, django_capture_on_commit_callbacks: Any) -> None:
    filled = sheet("suggestion") | {"code": "airdrop", "label": "Airdrops", "label_zh": "空投"}
    for name in [name for name in filled if name.endswith("-id")]:
        del filled[name]
    filled["fields-INITIAL_FORMS"] = 0
    with django_capture_on_commit_callbacks(execute=True):
        assert admin.post(f"{LIST}new/", filled).status_code == 302
    assert "airdrop" in {one.code for one in public.request_types(locale="en")}
    assert Audit.objects.latest("id").action == "requesttype_created"


@pytest.mark.parametrize("kind", TYPES, ids=[kind.code for kind in TYPES])
def test_every_seeded_type_is_shown_and_saved_as_it_is(admin: Client, kind: Any) -> None:
    page = admin.get(place(kind.code))
    assert page.status_code == 200
    assert kind.label_zh in page.content.decode()
    before = list(RequestField.objects.filter(type__code=kind.code).order_by("position").values())
    answer = admin.post(place(kind.code), sheet(kind.code))
    assert answer.status_code == 302, errors(answer)
    after = list(RequestField.objects.filter(type__code=kind.code).order_by("position").values())
    assert [one | {"position": 0} for one in after] == [one | {"position": 0} for one in before]


def errors(answer: Any) -> list[str]:
    found = re.findall(r'class="error-message"[^>]*>(.*?)</p>', answer.content.decode(), re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>|\s+", " ", one)).strip() for one in found]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a password": ({"fields-1-label": "Your password"}, "password"),
    "a seed phrase, in Chinese": ({"fields-1-help": "x", "fields-1-help_zh": "请填写助记词"}, "password"),
    "a code among the choices": (
        {"fields-1-kind": "choice", "fields-1-options": "a | The code we sent | 验证码"},
        "password",
    ),
    "a secret to attach": ({"evidence": "Your private key", "evidence_zh": "您的私钥"}, "password"),
    "a choice without choices": ({"fields-1-kind": "choice", "fields-1-options": ""}, "needs values"),
    "half a choice": ({"fields-1-kind": "choice", "fields-1-options": "a | A"}, "value | English | Chinese"),
    "a condition on nothing": ({"fields-1-when_key": "nothing", "fields-1-when_values": "yes"}, "no question"),
    "a key twice": ({"fields-1-key": "campaign"}, "must be unique"),
    "a key of ours": ({"fields-1-key": "mail"}, "small letters"),
    "a kind nobody can judge": ({"fields-1-kind": "password"}, "how to check"),
    "one language only": ({"fields-1-help": "Help", "fields-1-help_zh": ""}, "both languages"),
    "no promise": ({"first_reply": 0}, "minute at least"),
    "solved before it is answered": ({"first_reply": 60, "resolve": 30}, "Not before"),
    "a priority there is none of": ({"priority": 9}, "priority_0_to_4"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_no_form_may_do_is_refused_and_nothing_saved(admin: Client, what: str) -> None:
    changed, said = BAD[what]
    before = list(RequestField.objects.order_by("pk").values()), list(RequestType.objects.order_by("pk").values())
    answer = admin.post(place("promotion"), sheet("promotion") | changed)
    assert answer.status_code == 200
    assert said in unescape(answer.content.decode()), errors(answer)
    assert (
        list(RequestField.objects.order_by("pk").values()),
        list(RequestType.objects.order_by("pk").values()),
    ) == before
    assert not Audit.objects.filter(action="requesttype_edited").exists()


def test_a_type_keeps_its_code_and_cannot_be_deleted_and_the_catch_all_stays(admin: Client) -> None:
    assert admin.post(place("promotion"), sheet("promotion") | {"code": "renamed"}).status_code == 302
    assert RequestType.objects.filter(code="promotion").exists()
    kind = RequestType.objects.get(code="promotion").pk
    for method in (admin.get, admin.post):
        assert method(f"{LIST}delete/{kind}/").status_code in (302, 403)
    assert RequestType.objects.filter(pk=kind).exists()
    filled = sheet(rulebook.FALLBACK)
    del filled["in_form"]
    assert any("has to stay" in one for one in errors(admin.post(place(rulebook.FALLBACK), filled)))


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD])
def test_nobody_but_administrators_gets_in(role: Role) -> None:
    client = people.signed_in(people.agent("leo@example.com", role=role))
    before = list(RequestType.objects.order_by("pk").values())
    for path in ("/back-office/", LIST, f"{LIST}new/", place("promotion")):
        assert client.get(path).status_code == 403
        assert client.post(path, sheet("promotion") | {"label": "Mine"}).status_code == 403
    assert list(RequestType.objects.order_by("pk").values()) == before
