"""Signing in to one's cases: by mailed code, or with the session the exchange signed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from tests import world
from tests.world import NOON
from trustdesk.channels.models import Delivery
from trustdesk.customers import signin, visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.exchange import demo
from trustdesk.exchange.sessions import read_keys
from trustdesk.seams import clock

pytestmark = pytest.mark.django_db

ALICE = "100002"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    world.fresh()
    with clock.frozen(NOON):
        yield


@pytest.fixture
def browser() -> Client:
    return Client()


def begin(browser: Client, mail: str = "lin@mail.example.test", then: str = "") -> None:
    answer = browser.post("/signin/", {"mail": mail, "then": then})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/signin/code/")


def code(mail: str = "lin@mail.example.test") -> str:
    letter = Delivery.objects.filter(recipient=mail, purpose="code").latest("pk")
    found = re.search(r"\b\d{6}\b", letter.text)
    assert found
    return found[0]


def who(browser: Client) -> Visitor | None:
    cookie = browser.cookies.get(visitors.COOKIE)
    return visitors.read(cookie.value) if cookie else None


def session(uid: str = ALICE) -> str:
    (key,) = read_keys(settings.EXCHANGE_SESSION_KEY)
    return demo.sign_session(uid, now=NOON, key=key, audience=settings.EXCHANGE_AUDIENCE)


class TestByCode:
    def test_the_mailed_code_signs_in_and_leads_back(self, browser: Client) -> None:
        begin(browser, then="/cases/K7M-4Q2-X9H2/")
        page = browser.get("/signin/code/").content.decode()
        assert "l•••@mail.example.test" in page
        assert "lin@mail.example.test" not in page
        answer = browser.post("/signin/code/", {"code": f" {code()[:3]} {code()[3:]} "})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/cases/K7M-4Q2-X9H2/")
        visitor = who(browser)
        assert visitor is not None
        assert (visitor.kind, visitor.value, visitor.proved) == ("mail", "lin@mail.example.test", True)
        cookie = browser.cookies[visitors.COOKIE]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_known_and_unknown_addresses_are_answered_alike(self, browser: Client) -> None:
        begin(browser, "known@mail.example.test")
        browser.post("/signin/code/", {"code": code("known@mail.example.test")})
        pages = []
        for mail in ("known@mail.example.test", "never@mail.example.test"):
            other = Client()
            begin(other, mail)
            wrong = other.post("/signin/code/", {"code": "000000" if code(mail) != "000000" else "111111"})
            shown = (other.get("/signin/code/").content + wrong.content).decode().replace(mail[0] + "•••", "…")
            pages.append((wrong.status_code, re.sub(r'value="\w{64}"', "", shown)))
        assert pages[0] == pages[1]

    def test_a_wrong_code_signs_nobody_in(self, browser: Client) -> None:
        begin(browser)
        answer = browser.post("/signin/code/", {"code": "1" if code() != "1" else "2"})
        assert answer.status_code == 422
        assert b"That code is not right" in answer.content
        assert who(browser) is None

    def test_a_code_of_one_browser_is_nothing_in_another(self, browser: Client) -> None:
        begin(browser)
        other = Client()
        assert other.get("/signin/code/").headers["Location"] == "/signin/"
        assert other.post("/signin/code/", {"code": code()}).headers["Location"] == "/signin/"
        assert who(other) is None

    def test_a_new_code_replaces_the_old(self, browser: Client) -> None:
        begin(browser)
        old = code()
        assert browser.post("/signin/code/", {"again": "1"}).headers["Location"] == "/signin/code/"
        new = code()
        assert Delivery.objects.filter(purpose="code").count() == 2
        if old != new:
            assert browser.post("/signin/code/", {"code": old}).status_code == 422
        assert browser.post("/signin/code/", {"code": new}).status_code == 302

    def test_too_many_codes_are_refused_with_the_time_to_wait(self, browser: Client) -> None:
        for _ in range(signin.AN_HOUR["mail"]):
            begin(browser)
        answer = browser.post("/signin/", {"mail": "lin@mail.example.test"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
        assert b"Too many tries. You can try again in 60 minutes." in answer.content
        assert b'value="lin@mail.example.test"' in answer.content
        assert Delivery.objects.filter(purpose="code").count() == signin.AN_HOUR["mail"]

    def test_too_many_guesses_are_refused(self, browser: Client) -> None:
        guess = 0
        for _ in range(signin.GUESSES // signin.TRIES):
            begin(browser)
            for _ in range(signin.TRIES):
                guess += 1
                assert browser.post("/signin/code/", {"code": f"x{guess}"}).status_code == 422
        answer = browser.post("/signin/code/", {"code": code()})
        assert answer.status_code == 429
        assert "Retry-After" in answer.headers
        assert who(browser) is None

    @pytest.mark.parametrize(
        "mail", ["", "nonsense", "a@b", "x" * 300 + "@mail.example.test", "a@b.test\r\nBcc: c@d.test"]
    )
    def test_what_is_no_address_is_said_beside_the_field(self, browser: Client, mail: str) -> None:
        answer = browser.post("/signin/", {"mail": mail})
        assert answer.status_code == 422
        assert b"This is not a mail address" in answer.content
        assert not Delivery.objects.exists()

    @pytest.mark.parametrize(
        "then",
        [
            "//evil.test", "/\\evil.test", "https:evil.test", "https://evil.test/cases/", "/cases/%0d%0aX: y", "/desk/",
            "/cases/../desk/", "javascript:alert(1)", "/cases\n/", "/casesevil", "/cases/?next=//evil.test", "/cases/@evil.test",
        ],
    )  # fmt: skip
    def test_it_leads_to_no_other_place(self, browser: Client, then: str) -> None:
        begin(browser, then=then)
        answer = browser.post("/signin/code/", {"code": code()})
        assert answer.headers["Location"] == "/cases/"
        again = browser.post("/signin/session/", {"session": session(), "then": then})
        assert again.headers["Location"] == "/cases/"

    def test_cross_site_posts_are_refused(self) -> None:
        browser = Client(enforce_csrf_checks=True)
        for path in ("/signin/", "/signin/code/", "/signout/"):
            assert browser.post(path, {"mail": "lin@mail.example.test"}).status_code == 403
        assert not Delivery.objects.exists()


class TestBySession:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"origin": "null", "sec-fetch-site": "none"},
            {"origin": "http://testserver"},
            {"origin": settings.EMBED_ORIGINS[0], "sec-fetch-site": "cross-site"},
        ],
    )
    def test_the_apps_session_signs_in(self, headers: dict[str, str]) -> None:
        browser = Client(enforce_csrf_checks=True)
        answer = browser.post("/signin/session/", {"session": session(), "then": "/contact/"}, headers=headers)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/contact/")
        visitor = who(browser)
        assert visitor is not None
        assert (visitor.kind, visitor.value) == ("uid", ALICE)

    @pytest.mark.parametrize(
        "headers", [{"origin": "https://evil.test"}, {"origin": "null", "sec-fetch-site": "cross-site"}]
    )
    def test_other_sites_cannot_sign_anybody_in(self, browser: Client, headers: dict[str, str]) -> None:
        answer = browser.post("/signin/session/", {"session": session()}, headers=headers)
        assert answer.status_code == 403
        assert who(browser) is None

    @pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
    def test_a_session_that_is_not_genuine_signs_nobody_in(self, browser: Client, token: str) -> None:
        answer = browser.post("/signin/session/", {"session": token})
        assert answer.status_code == 403
        assert b"could not be confirmed" in answer.content
        assert who(browser) is None

    def test_it_is_never_taken_from_an_address(self, browser: Client) -> None:
        assert browser.get("/signin/session/", {"session": session()}).headers["Location"] == "/signin/"
        assert who(browser) is None
        assert browser.post(f"/signin/session/?session={session()}").status_code == 403


def test_signing_out_forgets_the_browser(browser: Client) -> None:
    begin(browser)
    browser.post("/signin/code/", {"code": code()})
    assert b"Sign out" in browser.get("/contact/").content
    assert browser.get("/signout/").status_code == 405
    assert browser.post("/signout/").headers["Location"] == "/contact/"
    assert browser.cookies[visitors.COOKIE].value == ""
    assert b"Sign out" not in browser.get("/contact/").content
