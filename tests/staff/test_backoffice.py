"""The door of the back office: all of Wagtail's addresses lie behind the second factor and the right to manage."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.staff import people
from trustdesk.staff.models import Factor, Role

pytestmark = pytest.mark.django_db


def addresses() -> list[str]:
    """Every address below the back office, with made-up names of things in it."""

    def walk(resolver: Any, prefix: str) -> list[str]:
        found: list[str] = []
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                found += walk(pattern, prefix + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                found.append(prefix + str(pattern.pattern))
        return found

    filled = [re.sub(r"<int:\w+>", "1", one) for one in walk(get_resolver(), "") if one.startswith("back-office/")]
    filled = [re.sub(r"<(?:\w+:)?\w+>", "x", one) for one in filled]
    filled = [re.sub(r"\((?:\?P<\w+>)?.*?\)", "1", one).replace("^", "").rstrip("$").rstrip("Z") for one in filled]
    return sorted({"/" + one.replace("\\", "") for one in filled})


def test_nobody_without_second_factor_and_right_to_manage_gets_anything() -> None:
    """A-11: also where Wagtail itself asks for nothing: its entrance, passwords, icons, catalogue of words."""
    paths = addresses()
    assert len(paths) > 100, "Wagtail's addresses have to be among them"
    half = people.agent("half@example.com", role=Role.ADMIN)
    people.give_totp(half)
    clients = {
        "a stranger": Client(),
        "a password alone": people.signed_in(half, factor=Factor.NONE),
        "an agent": people.signed_in(people.agent("leo@example.com")),
        "a lead": people.signed_in(people.agent("lea@example.com", role=Role.LEAD)),
    }
    for name, client in clients.items():
        for path in paths:
            for method in ("get", "post"):
                answer = getattr(client, method)(path)
                if answer.status_code in (301, 302):
                    to = answer.headers["Location"]
                    assert to.startswith("/staff/") or to == f"{path}/", (name, path, to)
                else:
                    assert answer.status_code in (401, 403, 404), (name, path, answer.status_code)
            if name == "a password alone":  # whoever tried is signed out
                client = people.signed_in(half, factor=Factor.NONE)


def test_wagtails_own_ways_to_sign_in_and_to_passwords_lead_to_ours() -> None:
    ada = people.signed_in(people.agent("ada@example.com", role=Role.ADMIN))
    for path, ours in {
        "login/": "/staff/login/",
        "logout/": "/staff/logout/",
        "account/": "/staff/",
        "password_reset/": "/staff/",
        "password_reset/confirm/MQ/x-y/": "/staff/",
    }.items():
        for answer in (ada.get(f"/back-office/{path}"), ada.post(f"/back-office/{path}")):
            assert (answer.status_code, answer.headers["Location"]) == (302, ours)


def test_an_administrator_sees_what_there_is_to_edit_and_nothing_of_others() -> None:
    ada = people.signed_in(people.agent("ada@example.com", role=Role.ADMIN))
    home = ada.get("/back-office/")
    assert home.status_code == 200
    assert "gravatar" not in home.content.decode()
    assert "releases.wagtail" not in home.content.decode()
    for path in ("users/", "groups/", "sites/", "locales/"):
        assert ada.get(f"/back-office/{path}").status_code == 403, path


def test_its_pages_have_a_policy_of_their_own_and_no_other_page_has() -> None:
    ada = people.signed_in(people.agent("ada@example.com", role=Role.ADMIN))
    own = ada.get("/back-office/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline'" in own
    assert "default-src 'none'" in own
    assert "frame-ancestors 'none'" in own
    for path in ("/desk/", "/staff/", "/help/", "/back-officer/"):
        assert "unsafe-inline" not in ada.get(path).headers["Content-Security-Policy"]


def test_the_desk_leads_administrators_there_and_nobody_else() -> None:
    for role, shown in ((Role.ADMIN, True), (Role.LEAD, False), (Role.AGENT, False)):
        client = people.signed_in(people.agent(f"{role.value}@example.com", role=role))
        assert ("/back-office/" in client.get("/desk/").content.decode()) is shown
