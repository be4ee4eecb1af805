"""Signing in in a real browser: allauth's scripts under our content security policy, a passkey, axe on every page."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import QuietWSGIRequestHandler
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.staff import people
from trustdesk.config.wsgi import application

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.staff.probe_urls"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found: sign-in is not tried in a browser"),
]


@pytest.fixture
def site(committed_db: str) -> Iterator[str]:
    """The web pages on a free port; localhost by name, where browsers allow passkeys without TLS."""
    people.agent()  # before the browser starts: the ORM and Playwright never share a thread at work
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
    server.daemon_threads = False
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser(site: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    refused: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "410 (Gone)" not in message.text:  # an answer that a test asks for
            refused.append(message.text)

    page.on("console", listen)
    yield page
    assert refused == [], "nothing may be refused by the content security policy or missing"


def is_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    serious = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}]
    assert serious == [], page.url


def give_password(page: Page, site: str) -> None:
    page.goto(f"{site}/staff/")
    page.get_by_label("Email").fill("mei@example.com")
    page.get_by_label("Password").fill(people.PASSWORD)
    is_accessible(page)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/staff/login/**")


def test_from_a_password_to_a_passkey(page: Page, site: str) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})

    give_password(page, site)
    page.get_by_role("heading", name="Second factor").wait_for()
    is_accessible(page)

    page.get_by_role("link", name="Set up").click()
    page.get_by_role("img", name="QR code").wait_for()
    is_accessible(page)
    secret = page.locator("code").text_content() or ""
    page.get_by_label("Authenticator code").fill(people.totp_code(secret))
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert page.get_by_role("listitem").filter(has_text="0").count() > 0
    is_accessible(page)

    page.get_by_role("link", name="Account").click()
    page.get_by_text("mei@example.com").wait_for()
    is_accessible(page)
    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    is_accessible(page)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("rowheader", name="Laptop").wait_for()
    is_accessible(page)

    sign_out(page)
    page.goto(f"{site}/staff/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("mei@example.com").wait_for()

    sign_out(page)
    give_password(page, site)
    page.get_by_label("Code").wait_for()
    is_accessible(page)
    page.get_by_role("button", name="Use a passkey or security key").click()
    page.get_by_text("mei@example.com").wait_for()

    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("heading", name="Confirm it is you").wait_for()
    is_accessible(page)
    page.get_by_label("Code").fill(people.totp_code(secret))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="Remove the passkey?").wait_for()
    is_accessible(page)


def test_a_refused_passkey_is_said(page: Page, site: str) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    page.goto(f"{site}/staff/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("alert").filter(has_text="did not work").wait_for()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_on_a_phone_nothing_is_cut_off(page: Page, site: str, language: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/staff/login/", "/staff/welcome/"):
        page.goto(f"{site}{path}?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        if path == "/staff/login/":
            is_accessible(page)
