"""A pretend desk in a real browser, for the tests of the chat page and the widget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.processes import chromium
from tests.widget.fake_live import FakeLive, serve

HARMLESS = ("WebSocket connection to", "Failed to load resource")


@dataclass
class Desk:
    """A pretend server, its address and that of the embedding page, and a browser page that keeps every complaint."""

    live: FakeLive
    url: str
    shop: str
    page: Page
    complaints: list[str]

    def start(self, query: str = "") -> Page:
        """Open the chat page and wait until it has been welcomed."""
        self.page.goto(f"{self.url}/chat/{query}")
        expect(self.page.locator("#topics button").first).to_be_attached()
        return self.page

    def send(self, text: str) -> None:
        """Write and send."""
        self.page.fill("#draft", text)
        self.page.click("#send")

    def bubbles(self) -> list[str]:
        """The texts of the conversation as drawn, oldest first."""
        return self.page.locator("#log .bubble").all_text_contents()

    def eventually(self, true: Callable[[], bool], *, seconds: float = 12) -> None:
        """Wait until it is so."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it never came true"
            self.page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def desk(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Desk]:
    live = FakeLive()
    with serve(live) as (url, shop):
        context = browser.new_context(timezone_id="Asia/Singapore", **getattr(request, "param", {}))
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda entry: complaints.append(entry.text) if entry.type in ("error", "warning") else None)
        yield Desk(live, url, shop, page, complaints)
        context.close()
    assert [text for text in complaints if not text.startswith(HARMLESS)] == []
