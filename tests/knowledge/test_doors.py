"""Who gets where in the back office: each address for each role, and what Wagtail's own rights leave to whom."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.knowledge import editors
from tests.staff import people
from trustdesk.staff import permissions
from trustdesk.staff.models import Agent, Audit, Factor, Role, Writing
from trustdesk.staff.permissions import Office

pytestmark = pytest.mark.django_db

EDITORS, PUBLISHERS, MANAGERS, NOBODY = Office.EDITOR, Office.PUBLISHER, Office.MANAGER, 4
# The first of editor, publisher, manager whom an address lets in.
TABLE = {
    "": EDITORS,
    "pages/": EDITORS,
    "pages/{home}/": EDITORS,
    "pages/{home}/edit/": EDITORS,
    "pages/{home}/history/": EDITORS,
    "pages/{home}/add_subpage/": EDITORS,
    "pages/{article}/edit/": EDITORS,
    "pages/{article}/history/": EDITORS,
    "pages/{article}/copy/": EDITORS,
    "pages/{article}/unpublish/": PUBLISHERS,
    "pages/{article}/delete/": PUBLISHERS,
    "pages/{article}/move/": PUBLISHERS,
    "pages/{article}/privacy/": NOBODY,
    "pages/{home}/delete/": NOBODY,
    "pages/{home}/unpublish/": NOBODY,
    "pages/{home}/move/": NOBODY,
    "pages/{home}/copy/": NOBODY,
    "translation/submit/page/{article}/": EDITORS,
    "images/": EDITORS,
    "images/add/": EDITORS,
    "images/chooser/": EDITORS,
    "images/{image}/": PUBLISHERS,
    "images/{image}/delete/": PUBLISHERS,
    "documents/": EDITORS,
    "documents/chooser/": EDITORS,
    "bulk/wagtailcore/page/publish/?id={article}": PUBLISHERS,
    "reports/workflow/": EDITORS,
    "reports/site-history/": EDITORS,
    "help-reports/translations/": EDITORS,
    "help-reports/nothing-found/": EDITORS,
    "figures/": PUBLISHERS,
    "figures/new/": PUBLISHERS,
    "synonyms/": PUBLISHERS,
    "synonyms/new/": PUBLISHERS,
    "workflows/list/": MANAGERS,
    "workflows/tasks/index/": MANAGERS,
    "redirects/": MANAGERS,
    "request-types/": MANAGERS,
    "mail-addresses/": MANAGERS,
    "writers/": MANAGERS,
    "agents/": MANAGERS,
    "agents/new/": MANAGERS,
    "teams/": MANAGERS,
    "teams/new/": MANAGERS,
    "users/": NOBODY,
    "users/new/": NOBODY,
    "groups/": NOBODY,
    "sites/": NOBODY,
    "locales/": NOBODY,
}


@pytest.fixture
def made() -> dict[str, int]:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from wagtail.images import get_image_model

    from tests.knowledge.pack import SVG

    article = editors.article(editors.section())
    image = get_image_model()(title="t", width=40, height=20)
    image.file.save("t.svg", SimpleUploadedFile("t.svg", SVG.encode()), save=True)
    return {"home": editors.home().pk, "article": article.pk, "image": image.pk}


def let_in(client: Client, path: str) -> bool:
    answer = client.get(path)
    if answer.status_code in (301, 302):
        # Wagtail leads whom it refuses back to its first page.
        return answer.headers["Location"] not in ("/back-office/", "/staff/login/")
    assert answer.status_code in (200, 403, 404), (path, answer.status_code)
    return answer.status_code == 200


def test_each_address_opens_to_whom_it_is_for(made: dict[str, int]) -> None:
    clients = {
        None: people.signed_in(editors.writer(None)),
        EDITORS: editors.editor(),
        PUBLISHERS: editors.publisher(),
        MANAGERS: editors.admin(),
    }
    wrong = []
    for path, first in TABLE.items():
        for role, client in clients.items():
            wanted = role is not None and role >= first
            if let_in(client, "/back-office/" + path.format(**made)) is not wanted:
                wrong.append((path, role, wanted))
    assert wrong == []


def names() -> set[str]:
    def walk(resolver: Any, inside: bool) -> set[str]:
        found: set[str] = set()
        for one in resolver.url_patterns:
            if isinstance(one, URLResolver):
                below = walk(one, inside or str(one.pattern) == "back-office/")
                found |= {f"{one.namespace}:{name}" for name in below} if one.namespace else below
            elif isinstance(one, URLPattern) and inside and one.name:
                found.add(one.name)
        return found

    return walk(get_resolver(), False)


def test_whatever_address_comes_with_a_new_release_is_the_managers_until_somebody_decides() -> None:
    from trustdesk.staff import doors

    known = {*doors.SHUT, *doors._OF_WAGTAIL, *doors._opened}
    undecided = {name for name in names() if name not in known and name.split(":")[0] not in known}
    assert {name.split(":")[0] for name in undecided} == {
        "wagtailadmin_collections", "wagtailadmin_workflows", "wagtailredirects", "back_office_nothing",
        "wagtailadmin_error_test", "wagtailadmin_account", "wagtailadmin_logout", "wagtailadmin_login",
        "wagtailadmin_password_reset", "wagtailadmin_password_reset_done", "wagtailadmin_password_reset_confirm",
        "wagtailadmin_password_reset_complete",
    }  # fmt: skip


def test_an_editor_needs_a_second_factor_too_and_is_out_as_soon_as_he_is_none() -> None:
    edie = editors.writer(Writing.EDITOR)
    people.give_totp(edie)
    assert people.signed_in(edie, factor=Factor.NONE).get("/back-office/").status_code == 302
    client = people.signed_in(edie)
    assert client.get("/back-office/").status_code == 200
    call_command("agent_access", "no-editor", edie.email, reason="left the team", verbosity=0)
    assert client.get("/back-office/").status_code == 403
    call_command("agent_access", "publisher", edie.email, reason="came back", verbosity=0)
    assert permissions.office(edie.pk) is Office.PUBLISHER
    Agent.objects.filter(pk=edie.pk).update(is_active=False)
    assert not permissions.edits(edie.pk)


def test_an_administrator_makes_editors_and_the_audit_says_so() -> None:
    ada, mei = editors.admin(), people.agent()
    page = f"/back-office/writers/edit/{mei.pk}/"
    assert "Publisher: reviews and publishes" in ada.get(page).content.decode()
    assert ada.post(page, {"writing": "publisher"}).status_code == 302
    assert permissions.office(mei.pk) is Office.PUBLISHER
    row = Audit.objects.latest("id")
    assert (row.action, row.target, row.data) == ("writing_set", f"agent:{mei.pk}", {"before": [], "after": ["publisher"]})
    assert row.agent_name.startswith("Ada")
    assert ada.post(page, {"writing": ""}).status_code == 302
    assert permissions.office(mei.pk) is Office.NOBODY
    assert ada.post(page, {"writing": "admin"}).status_code == 200  # no such choice
    assert Agent.objects.get(pk=mei.pk).role is Role.AGENT
    assert page in ada.get("/back-office/writers/").content.decode()
    assert "Publisher" not in re.sub(r"<label.*?</label>", "", ada.get("/back-office/writers/").content.decode())


def test_the_desk_leads_editors_there() -> None:
    assert reverse("wagtailadmin_home") in editors.editor().get("/desk/").content.decode()


def test_the_menu_is_calm() -> None:
    page = editors.editor().get("/back-office/").content.decode()
    for word in ("Help center", "Pictures", "Films", "Reports"):
        assert f'"label": "{word}"' in page, word
    for word in ('"label": "Figures"', '"label": "Settings"', "Request types", "wagtail.org", "What&#x27;s new", "gravatar"):
        assert word not in page, word
    assert '"label": "Figures"' in editors.publisher().get("/back-office/").content.decode()
    chinese = editors.editor("zh@example.com").get("/back-office/?lang=zh-hans").content.decode()
    assert "图片" in chinese or "\\u56fe\\u7247" in chinese
