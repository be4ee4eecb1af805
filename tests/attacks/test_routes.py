"""A-01, S-09, S-13: every address of the product, who may ask for it and how. A route without a row here fails."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests import world
from tests.conversations import uploads
from tests.staff import people
from tests.world import NOON
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock
from trustdesk.staff.models import Agent, Factor, Team

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Rule:
    """`who`: anyone; a visitor, a caller or a provider with his token (nothing is done by cookie); a customer with his cookie (a form's
    token for whatever he does); entrance: staff who sign in; staff behind the second factor. `nobody`: the status of the
    first method for somebody who shows nothing."""

    who: str
    methods: str
    nobody: int


ANYONE, ENTRANCE, STAFF = Rule("anyone", "GET HEAD", 200), Rule("entrance", "GET POST", 200), Rule("staff", "GET", 302)
DOING = Rule("staff", "POST", 401)
FORM = Rule("staff", "GET POST", 302)
READING, ACTING = Rule("customer", "GET HEAD", 404), Rule("customer", "POST GET HEAD", 404)
CALLING = Rule("visitor", "GET HEAD", 401)
NOTHING = Rule("anyone", "GET HEAD", 404)  # public, and there is none of that name

POLICY = {
    "health/live": ANYONE,
    "health/ready": Rule("anyone", "GET HEAD", 503),  # the address of the database leads nowhere in tests
    "csp-report": Rule("visitor", "POST", 204),  # anybody's word, and nothing is done with it
    "chat/": ANYONE,
    "official/": Rule("customer", "GET HEAD POST", 200),
    "official.json": ANYONE,
    "widget.js": ANYONE,
    "chat/uploads/<str:key>": Rule("visitor", "PUT", 403),
    "chat/files/<str:key>": Rule("visitor", "GET", 404),
    "chat/entries": Rule("visitor", "GET", 401),
    "chat/transcript/": Rule("visitor", "POST", 404),
    "chat/visitor/": ANYONE,
    "chat/suggestions/": Rule("visitor", "POST", 401),
    "chat/suggestions/outcome/": Rule("visitor", "POST", 401),
    "contact/": ANYONE,
    "robots.txt": ANYONE,
    "help/": Rule("anyone", "GET HEAD", 302),
    "help/sitemap.xml": ANYONE,
    "help/pictures/<path:name>": NOTHING,
    "help/videos/<int:id>": NOTHING,
    "help/<str:language>/": ANYONE,
    "help/<str:language>/search": ANYONE,
    "help/<str:language>/_hits.html": ANYONE,
    "help/<str:language>/_opened": Rule("visitor", "POST", 204),  # counts what was opened, with nobody's authority
    "help/<str:language>/_beside.html": NOTHING,
    "help/<str:language>/_vote/<int:article>/": Rule("customer", "GET HEAD POST", 404),
    "help/<str:language>/_follow/<int:page>/": Rule("customer", "GET HEAD POST", 404),
    "help/<str:language>/_following/<str:token>/": Rule("customer", "GET HEAD POST", 410),
    "help/<str:language>/_unfollow/<str:token>/": Rule("visitor", "GET HEAD POST", 410),  # mail programs post: RFC 8058
    "help/<str:language>/feed.xml": NOTHING,
    "help/<str:language>/<path:path>/feed.xml": NOTHING,
    "help/<str:language>/<path:path>/": NOTHING,
    "follow/": Rule("customer", "GET HEAD POST", 200),
    "signin/": Rule("customer", "GET HEAD POST", 200),
    "signin/code/": Rule("customer", "GET HEAD POST", 302),
    "signin/session/": Rule("customer", "POST GET HEAD", 403),  # asks for the origin instead of a form's token
    "signout/": Rule("customer", "POST", 302),
    "confirm/<str:token>/": Rule("customer", "GET HEAD POST", 200),
    "tickets/new/": ANYONE,
    "tickets/new/<slug:code>/": Rule("customer", "GET HEAD POST", 200),
    "tickets/sent/<str:reference>/": READING,
    "tickets/check/": Rule("customer", "POST", 404),
    "tickets/similar/": Rule("customer", "POST", 404),
    "tickets/articles/": Rule("customer", "POST", 204),
    "tickets/files/": Rule("customer", "POST", 400),
    "cases/": Rule("customer", "GET HEAD", 302),
    "cases/phrase/": Rule("customer", "GET HEAD POST", 302),
    "cases/<str:reference>/": READING,
    "cases/<str:reference>/_live.html": READING,
    "cases/<str:reference>/files/<str:key>": READING,
    "cases/<str:reference>/transcript.txt": READING,
    "cases/<str:reference>/replies/": ACTING,
    "cases/<str:reference>/withdrawal/": ACTING,
    "cases/<str:reference>/closing/": ACTING,
    "cases/<str:reference>/reopening/": ACTING,
    "cases/<str:reference>/chat/": ACTING,
    "cases/<str:reference>/rating/": ACTING,
    "cases/<str:reference>/transcript/": ACTING,
    "cases/<str:reference>/proof/": Rule("customer", "GET HEAD POST", 404),
    "cases/<str:reference>/documents/": Rule("customer", "GET HEAD POST", 404),
    "hooks/mail/<slug:provider>/<slug:about>/": Rule("visitor", "POST HEAD", 404),  # proved by a secret; none is set up
    "api/v1/openapi.json": ANYONE,
    "api/v1/conversations": Rule("visitor", "POST", 401),
    "api/v1/conversations/<reference>": CALLING,
    "api/v1/conversations/<reference>/messages": Rule("visitor", "POST", 401),
    "api/v1/request-types": CALLING,
    "api/v1/request-types/<code>": CALLING,
    "api/v1/<path:reference>": Rule("nothing", "", 404),
    "staff/login/": ENTRANCE,
    "staff/logout/": Rule("entrance", "GET POST", 302),
    "staff/welcome/": Rule("entrance", "GET POST", 410),
    "staff/welcome/<str:token>/": Rule("entrance", "GET", 302),
    "staff/second-factor/authenticate/": Rule("entrance", "GET POST", 302),
    "staff/second-factor/webauthn/login/": Rule("entrance", "GET POST", 302),
    "staff/": STAFF,
    "staff/confirm/": FORM,
    "staff/password/": FORM,
    "staff/password/first/": FORM,
    "staff/sessions/": DOING,
    "staff/second-factor/": STAFF,
    "staff/second-factor/reauthenticate/": FORM,
    "staff/second-factor/totp/activate/": FORM,
    "staff/second-factor/totp/deactivate/": FORM,
    "staff/second-factor/recovery-codes/": STAFF,
    "staff/second-factor/recovery-codes/generate/": FORM,
    "staff/second-factor/recovery-codes/download/": STAFF,
    "staff/second-factor/webauthn/": STAFF,
    "staff/second-factor/webauthn/add/": FORM,
    "staff/second-factor/webauthn/reauthenticate/": FORM,
    "staff/second-factor/webauthn/keys/<int:pk>/remove/": FORM,
    "staff/second-factor/webauthn/keys/<int:pk>/edit/": FORM,
    "desk/": STAFF,
    "desk/_list.html": STAFF,
    "desk/_here": STAFF,
    "desk/leave/": STAFF,
    "desk/files/<str:key>": STAFF,
    "desk/files/<str:key>/held/": FORM,
    "desk/alerts/": STAFF,
    "desk/alerts/<int:pk>/seen/": DOING,
    "desk/<str:reference>/": STAFF,
    "desk/<str:reference>/_timeline.html": STAFF,
    "desk/<str:reference>/_panel.html": STAFF,
    "desk/<str:reference>/_colleagues.html": STAFF,
    "desk/<str:reference>/_articles.html": STAFF,
    "desk/<str:reference>/_suggested.html": STAFF,
    "desk/documents/<str:token>": STAFF,
    "desk/<str:reference>/documents/": FORM,
    "desk/<str:reference>/documents/<int:pk>/withdrawal/": DOING,
    "desk/<str:reference>/documents/<int:pk>/decision/": DOING,
    "desk/<str:reference>/documents/<int:pk>/opening/": DOING,
    "desk/mail/": STAFF,
    "desk/mail/boxes/<int:pk>/missing/": DOING,
    "desk/mail/held/<int:pk>/opening/": DOING,
    "desk/mail/held/<int:pk>/original.eml": STAFF,
    "desk/mail/held/<int:pk>/fate/": DOING,
    "desk/mail/<str:reference>/<int:seq>/": STAFF,
    "desk/mail/<str:reference>/<int:seq>/original.eml": STAFF,
    "mail-pictures/<str:token>": Rule("anyone", "GET", 404),  # a name only we can make, of one picture for one agent
    "desk/availability/": DOING,
    "desk/shift-notes/": STAFF,
    "desk/shift-notes/<int:pk>/done/": DOING,
    "desk/shift-notes/handing-over/": DOING,
    "desk/<str:reference>/replies/": DOING,
    "desk/<str:reference>/assignment/": DOING,
    "desk/<str:reference>/state/": DOING,
    "desk/<str:reference>/proof/": DOING,
    "desk/<str:reference>/spam/": DOING,
    "desk/<str:reference>/triage/": STAFF,
    "desk/<str:reference>/asides/": DOING,
    "desk/<str:reference>/_merge.html": STAFF,
    "desk/<str:reference>/_merged.html": STAFF,
    "desk/<str:reference>/_split.html": STAFF,
    "desk/<str:reference>/merge/": DOING,
    "desk/<str:reference>/merge/decision/": DOING,
    "desk/<str:reference>/split/": DOING,
}
# The pretend exchange has no secrets and answers only while trying out, on this machine: tests/demo asks who gets in.
DEMO = "demo/"
# Wagtail's few hundred are asked one and all in tests/staff/test_backoffice.py.
BACK_OFFICE = "back-office/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS")


def routes() -> list[str]:
    """List every pattern of the URLconf."""

    def walk(resolver: Any, prefix: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern, prefix + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                yield prefix + str(pattern.pattern)

    return list(walk(get_resolver(), ""))


def fill(route: str, **names: str) -> str:
    """Put names of things into a pattern; those of nothing unless they are given."""
    nothing = {
        "key": secrets.token_urlsafe(32),
        "reference": "777-777-7777",
        "token": "made-up",
        "pk": "999999",
        "seq": "1",
        "name": "x",
        "provider": "postmark",
        "about": "inbound",
        "code": "how_to",
        "language": "en",
    }
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: (nothing | names).get(match[1], "999999"), route)


def ask(client: Client, method: str, path: str, **more: Any) -> HttpResponseBase:
    """Ask, whatever the method."""
    return client.generic(method, path, **more)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    known = [route for route in routes() if not route.startswith((DEMO, BACK_OFFICE)) and route != ""]
    assert [route for route in known if route not in POLICY] == []
    assert [route for route in POLICY if route not in known] == []
    assert len(known) == len(set(known))


@pytest.mark.parametrize("route", POLICY)
@pytest.mark.parametrize("method", METHODS)
def test_somebody_who_shows_nothing(route: str, method: str) -> None:
    rule = POLICY[route]
    client = Client()
    answer = ask(client, method, fill(route))
    if not rule.methods or method == rule.methods.split()[0]:
        assert answer.status_code == rule.nobody
    elif rule.who in ("customer", "visitor") and method in rule.methods.split():
        assert answer.status_code in (200, 302, 404, 410, 422)
    elif rule.who in ("anyone", "visitor", "customer"):
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) <= set(rule.methods.split())
    elif rule.who == "staff":
        assert answer.status_code == (302 if method == "GET" else 401)
    else:
        assert answer.status_code in (200, 302, 400, 405, 410)
        assert SESSION_KEY not in client.session


@pytest.mark.parametrize("route", [route for route, rule in POLICY.items() if rule.who == "staff"])
def test_nobody_gets_behind_the_door_and_learns_where_it_is(route: str) -> None:
    """Anonymous, with a password only, and with a visitor's token: the same refusal for every staff page."""
    method = POLICY[route].methods.split()[0]
    token = visitors.token(visitors.anonymous())
    mei = people.agent("mei@example.com")
    people.give_totp(mei)
    halfway = people.signed_in(mei, factor=Factor.NONE)
    for client, headers in (
        (Client(), {}),
        (Client(), {"Authorization": f"Bearer {token}"}),
        (Client(), {"Remote-User": "mei@example.com", "X-Remote-User": "mei@example.com", "X-Forwarded-User": "mei"}),
        (halfway, {}),
    ):
        answer = ask(client, method, fill(route), headers=headers)
        assert answer.status_code in (302, 401)
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/staff/login/?next=")


# What a form needs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "route", [route for route, rule in POLICY.items() if "POST" in rule.methods and rule.who != "visitor"]
)
def test_no_other_site_makes_a_browser_of_staff_do_anything(route: str) -> None:
    """S-09: without the token of the form, with a wrong one, or as text/plain, nothing is done.

    What a visitor posts looks at no cookie, so there is nothing to be made use of.
    """
    mei = people.agent("mei@example.com", teams=(Team.objects.get(slug="funds"),))
    case = world.chat("hello")
    with clock.frozen(NOON):
        for kind, body in (
            ("application/x-www-form-urlencoded", "text=hi&act=resolve&to=1"),
            ("text/plain", '{"text": "hi"}'),
            ("application/json", '{"text": "hi", "csrfmiddlewaretoken": "x"}'),
            ("application/x-www-form-urlencoded", f"text=hi&csrfmiddlewaretoken={'x' * 64}"),
        ):
            client = people.signed_in(mei, client=Client(enforce_csrf_checks=True))
            before = _rows()
            answer = ask(client, "POST", fill(route, reference=case.reference), data=body, content_type=kind)
            assert answer.status_code == 403
            assert _rows() == before


@pytest.mark.parametrize("route", POLICY)
def test_reading_changes_nothing(route: str) -> None:
    """S-09: a link, an image or a prefetch is a GET; no case, message, file, agent or customer changes by one."""
    mei = people.agent("mei@example.com", teams=(Team.objects.get(slug="funds"),))
    client = people.signed_in(mei)
    case = world.chat("hello")
    key = uploads.send(b"hello", "a.txt").key
    before = _rows()
    with clock.frozen(NOON):
        path = fill(route, reference=case.reference, key=key)
        answer = client.get(path, {"text": "hi", "act": "resolve", "available": "0"})
    assert answer.status_code < 500 or route == "health/ready"
    assert _rows() == before


def _rows() -> dict[str, int]:
    """A fingerprint of every table but those that note who looks: sessions, audit, presence, limits."""
    noting = {"staff_session", "staff_audit", "conversations_deskpresence", "django_cache", "django_session"}
    tables = [name for name in connection.introspection.table_names() if name not in noting]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{name}', coalesce(sum(hashtext(t::text)::bigint), 0)::text FROM {name} t" for name in tables
            )
        )
        found = dict(cursor.fetchall())
    # When an agent last signed in is no state of anything.
    found["staff_agent"] = repr(list(Agent.objects.values_list("pk", "email", "available", "is_active", "password")))
    return found


# Foreign and unknown -----------------------------------------------------------------------------------------------

ANNA, BORIS = Visitor("visitor", "anna"), Visitor("visitor", "boris")


@pytest.mark.parametrize("route", ["chat/files/<str:key>", "chat/transcript/", "chat/uploads/<str:key>"])
def test_what_is_somebody_elses_looks_like_what_is_not_there(route: str) -> None:
    """A-01, A-02: status, headers and body tell a visitor nothing about what others have."""
    with clock.frozen(NOON):
        case = world.chat("mine")
        world.chat("his", visitor="boris")
        key = uploads.send(b"my statement", "a.txt").key
        token, method = visitors.token(BORIS), POLICY[route].methods

        def answers(reference: str, key: str) -> tuple[int, bytes, dict[str, str]]:
            answer = ask(
                Client(),
                method,
                fill(route, key=key),
                data=f"token={token}&case={reference}",
                content_type="application/x-www-form-urlencoded",
                headers={"Authorization": f"Bearer {token}"},
            )
            return answer.status_code, getattr(answer, "content", b""), dict(answer.headers)

        foreign = answers(case.reference, key)
        assert foreign == answers("777-777-7777", secrets.token_urlsafe(32))
        assert foreign[0] in (403, 404)


@pytest.mark.parametrize(
    "route", [route for route in POLICY if re.search("<str:(reference|key)>", route) and "desk" in route]
)
def test_another_teams_case_looks_like_none_to_an_agent(route: str) -> None:
    """A-01, A-02 for staff: an agent of funds asks for a case, and a file, of accounts."""
    method = POLICY[route].methods.split()[0]
    with clock.frozen(NOON):
        key = uploads.send(b"my statement", "a.txt").key
        case = world.chat("mine", topic="hacked", uploads=(key,))
        assert case.team_id == Team.objects.get(slug="accounts").pk, "the case must be another team's"
        client = people.signed_in(people.agent("mei@example.com", teams=(Team.objects.get(slug="funds"),)))

        def answers(**names: str) -> tuple[int, bytes]:
            to = "me" if "assignment" in route else "resolved"
            answer = ask(
                client,
                method,
                fill(route, **names),
                data=f"text=hi&id=1&to={to}&on=1&recipient=a@department.example",
                content_type="application/x-www-form-urlencoded",
            )
            body = getattr(answer, "content", b"")
            return answer.status_code, body.replace(names.get("reference", names.get("key", "")).encode(), b"")

        foreign = answers(reference=case.reference) if "reference" in route else answers(key=key)
        unknown = answers(reference="777-777-7777") if "reference" in route else answers(key=secrets.token_urlsafe(32))
        assert foreign[0] == 404
        assert re.sub(rb'value="\w{64}"|"\w{64}"', b"", foreign[1]) == re.sub(
            rb'value="\w{64}"|"\w{64}"', b"", unknown[1]
        )
