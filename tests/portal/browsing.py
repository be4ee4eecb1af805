"""The ticket form and the case page in a real browser, for the tests of what scripts add to them.

`site`, `browser`, `page` and `screenshot` are fixtures: a test module imports those it uses.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from tests.processes import CHROMIUM_ARGUMENTS, chromium, start_server
from trustdesk.config import database, embedded

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DATABASE = "t_portal_browser"
TX = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"
RED = (200, 30, 30)
SOON = 10_000  # ms a busy machine may take

expect.set_options(timeout=SOON)


@pytest.fixture(scope="module")
def site_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps files."""
    return tmp_path_factory.mktemp("site") / "files"


@pytest.fixture(scope="module")
def site(_template: embedded.EmbeddedServer, django_db_blocker: DjangoDbBlocker, site_files: Path) -> Iterator[str]:
    """The real server on a database of its own."""
    superuser = _template.url(role=database.SUPERUSER, name="postgres")
    database.create_database(superuser_url=superuser, name=DATABASE, template="trustdesk_template")
    url = _template.url(role=database.APPLICATION, name=DATABASE)
    server = start_server(url=url, env={}, command=("serve",), var=site_files.parent)
    yield server.address
    server.kill()
    database.drop_database(superuser_url=superuser, name=DATABASE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    options = {"timezone_id": "Asia/Singapore", "base_url": site} | getattr(request, "param", {})
    context = browser.new_context(**options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda entry: complaints.append(entry.text) if entry.type in ("error", "warning") else None)
    yield page
    context.close()
    # A refused form and a cut line are what these tests ask for.
    assert [text for text in complaints if "Failed to load resource" not in text] == []


@pytest.fixture
def screenshot(tmp_path: Path) -> Path:
    path = tmp_path / "screen.png"
    image = Image.new("RGB", (400, 600), (240, 240, 240))
    image.paste(RED, (40, 200, 360, 260))
    image.save(path)
    return path


def fill(page: Page, **typed: str) -> None:
    values = {"coin": "ETH", "network": "ERC20", "tx_id": TX, "amount": "0.5"} | typed
    for key, text in values.items():
        page.fill(f"#f-{key}", text)


def send(page: Page, text: str = "It left my wallet two hours ago.", **typed: str) -> str:
    """Send a ticket about a deposit; returns the case number."""
    page.goto("/tickets/new/deposit_missing/")
    fill(page, **typed)
    page.fill("#text", text)
    page.fill("#mail", "anna@mail.example")
    page.click("#send")
    page.wait_for_url("**/tickets/sent/**")
    return page.url.rstrip("/").rpartition("/")[2]


def posted(request: Request) -> dict[str, bytes]:
    """The parts of a multipart body by name."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parts = message_from_bytes(head + (request.post_data_buffer or b"")).get_payload()
    assert isinstance(parts, list)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)  # type: ignore[misc, union-attr]
        for part in parts
    }


def typed_bodies(page: Page) -> list[str]:
    """Gather the bodies of all requests from now on."""
    bodies: list[str] = []
    page.on("request", lambda request: bodies.append((request.post_data_buffer or b"").decode("utf-8", "replace")))
    return bodies


def eventually_kept(page: Page, text: str, *, gone: bool = False) -> None:
    """Wait until the tab keeps this text, or no longer does. (Our policy forbids Playwright's own way to wait.)"""
    end = time.monotonic() + SOON / 1000
    while (text in str(page.evaluate("JSON.stringify(Object.entries(sessionStorage))"))) is gone:
        assert time.monotonic() < end, "it never came true"
        page.wait_for_timeout(50)


def is_for_everybody(page: Page) -> None:
    """Look closely at a narrow screen: nothing for axe, nothing sideways."""
    # What is still fading in has not its colours yet.
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => null)))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
