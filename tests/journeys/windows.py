"""A browser window of one person, which notices every complaint, every stranger's address and every broken promise."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

PATIENCE_MS = 15_000
DESKTOP, PHONE = (1440, 900), (390, 844)  # CSS pixels
# What a browser says of a network that is away, and what says it only while it is.
OFFLINE = re.compile(r"ERR_INTERNET_DISCONNECTED|WebSocket connection to|ERR_NETWORK_CHANGED|ERR_CONNECTION")
# Said when a page is left, or connects again as somebody else, before its first connection stands.
LEFT = re.compile(r"WebSocket is closed before the connection is established")
SHOTS = os.environ.get("TRUSTDESK_SHOTS")

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Window:
    """One person's browser: `page` is the first tab. `complaints` is everything that went wrong in any tab."""

    context: BrowserContext
    page: Page
    desk: str
    phone: bool
    dark: bool
    language: str
    complaints: list[str] = field(default_factory=list)
    loaded: list[Response] = field(default_factory=list)
    excused: list[re.Pattern[str]] = field(default_factory=list)

    def go(self, path: str, *, page: Page | None = None) -> Page:
        """Open one of our addresses."""
        page = page or self.page
        page.goto(f"{self.desk}{path}")
        return page

    def tab(self, path: str) -> Page:
        """Open another tab of the same person."""
        return self.go(path, page=self.context.new_page())

    def excuse(self, pattern: str) -> None:
        """Let complaints that match pass: for refusals a journey asks for."""
        self.excused.append(re.compile(pattern))

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Take the network away."""
        self.excused.append(OFFLINE)
        self.context.set_offline(True)
        yield
        self.context.set_offline(False)

    def shot(self, name: str, *, page: Page | None = None) -> None:
        """Keep a picture of the screen where TRUSTDESK_SHOTS says."""
        if not SHOTS:
            return
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        kind = "-".join([self.language, "phone" if self.phone else "desktop", *(["dark"] if self.dark else [])])
        (page or self.page).screenshot(path=Path(SHOTS) / f"{name}-{kind}.png", animations="disabled")

    def sound(self, name: str, *, page: Page | None = None) -> None:
        """Look closely at a screen: nothing serious for axe, nothing sideways; keeps a picture."""
        page = page or self.page
        self.shot(name, page=page)
        is_accessible(page, name)
        sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        for frame in page.frames:
            assert frame.evaluate(sideways) <= 0, f"{name}: it scrolls sideways"

    def weight(self) -> dict[str, bytes]:
        """Return the body of everything loaded so far, by address."""
        return {one.url: one.body() for one in self.loaded if one.ok and one.request.method == "GET"}

    def verdict(self) -> list[str]:
        """Return the complaints nobody excused."""
        return [one for one in self.complaints if not any(pattern.search(one) for pattern in (LEFT, *self.excused))]


class Windows:
    """All windows of one journey."""

    def __init__(self, browser: Browser, desk: str) -> None:
        self.browser, self.desk = browser, desk
        self.opened: list[Window] = []

    def open(self, *, phone: bool = False, language: str = "en", dark: bool = False, width: int = 0) -> Window:
        """Open a window with cookies and storage of its own; `width` in CSS pixels replaces the usual one."""
        usual_width, height = PHONE if phone else DESKTOP
        options: dict[str, Any] = {"has_touch": True, "is_mobile": True} if phone else {}
        context = self.browser.new_context(
            viewport={"width": width or usual_width, "height": height},
            locale="zh-CN" if language.startswith("zh") else "en-GB", timezone_id="Asia/Singapore",
            color_scheme="dark" if dark else "light", accept_downloads=True,
            permissions=["clipboard-read", "clipboard-write"], **options)
        window = Window(context, context.new_page(), self.desk, phone, dark, language)
        self._listen(window)
        self.opened.append(window)
        return window

    def close(self) -> None:
        """Close them all; raises AssertionError for whatever was complained about."""
        for window in self.opened:
            window.context.close()
        # Errors of scripts, refusals by the content security policy, addresses of others, answers nobody expected.
        complaints = [complaint for one in self.opened for complaint in one.verdict()]
        assert not complaints, "\n".join(complaints)

    def _listen(self, window: Window) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                window.complaints.append(f"{message.text} ({message.location.get('url', '')})")

        def asked(request: Request) -> None:
            parts = urlsplit(request.url)
            if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != self.desk:
                window.complaints.append(f"asked somebody else: {request.url}")

        window.context.on("console", console)
        window.context.on("weberror", lambda error: window.complaints.append(str(error.error)))
        window.context.on("request", asked)
        window.context.on("response", lambda response: window.loaded.append(response))


def is_accessible(page: Page, name: str, *, besides: str = r"(?!)") -> None:
    """Run axe over a page and the frames in it: nothing serious or critical; `besides`: what of others' is let pass."""
    for frame in page.frames:
        if frame.url == "about:blank":
            continue  # nothing has been put into it yet
        violations = Axe().run(frame).response["violations"]  # all it needs is evaluate()
        serious = [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for one in violations if one["impact"] in {"serious", "critical"} for node in one["nodes"]
        ]
        serious = [one for one in serious if not re.match(besides, one)]
        assert serious == [], "\n".join([f"{name}: {frame.url}", *serious])
