"""A running desk, a browser in front of it, and somebody behind it who writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import world
from tests.desk.desks import case_of
from tests.processes import Process
from tests.staff import people
from trustdesk.conversations.intake import Received
from trustdesk.seams import clock
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Seat

T = TypeVar("T")
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SOON = 10_000  # ms a busy machine may take

expect.set_options(timeout=SOON)


@dataclass
class Town:
    """A running server, a browser, and a thread that may use the ORM: Playwright's may not."""

    server: Process
    browser: Browser
    hall: ThreadPoolExecutor
    complaints: list[str]

    def do(self, act: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return self.hall.submit(act, *args, **kwargs).result(30)

    def window(self, seat: Seat, *, size: dict[str, int] | None = None, dark: bool = False) -> Page:
        """Open the desk for somebody who has signed in."""
        key = self.do(lambda: people.key_of(people.signed_in(Agent.objects.get(pk=seat.agent_id))))
        wide, high = (size or DESKTOP).values()
        context: BrowserContext = self.browser.new_context(
            viewport={"width": wide, "height": high},
            base_url=self.server.address,
            color_scheme="dark" if dark else "light",
        )
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": self.server.address}])
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((self.server.address, "blob:", "data:"))
                else self.complaints.append(request.url)
            ),
        )
        return page

    def say(self, *texts: str, visitor: str = "anna") -> Received:
        """Let the customer write, from another process than the server's."""

        def write() -> Received:
            received = world.chat(*texts, visitor=visitor, now=clock.now(), name="Lin Wei")
            row = case_of(received)
            hints = json.dumps(["test", {f"case:{row.pk}": str(row.last_seq), f"team:{row.team_id}": ""}])
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify('trustdesk', %s)", [hints])
            return received

        return self.do(write)


def is_sound(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [
        f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in {"serious", "critical"}
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
