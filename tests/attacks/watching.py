"""A browser page that tells when a script of somebody else ran, and conversations full of such scripts."""

from __future__ import annotations

import secrets
from typing import Any

from playwright.sync_api import BrowserContext, Dialog, Page

from tests import world
from tests.attacks.conftest import House
from trustdesk.conversations import intake
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock
from trustdesk.staff.models import Agent, Role


class Watch:
    """A browser page that tells when a script of somebody else ran, or anything went to a foreign place."""

    def __init__(self, context: BrowserContext, house: House) -> None:
        self.hits: list[str] = []
        self.foreign: list[str] = []
        self.own: list[str] = []
        self.complaints: list[str] = []
        self.house, self.context = house, context
        context.expose_function("hit", lambda *_: self.hits.append("hit"))
        context.on("request", self._note)
        self.page = context.new_page()
        self.page.on("dialog", self._refuse)
        self.page.on("console", lambda entry: self.complaints.append(entry.text) if entry.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _refuse(self, dialog: Dialog) -> None:
        self.hits.append("dialog")
        dialog.dismiss()

    def _note(self, request: Any) -> None:
        ours = request.url.startswith((f"{self.house.server.address}/", "data:", "blob:", "about:"))
        (self.own if ours else self.foreign).append(request.url)

    def chat(self, visitor: Visitor) -> Page:
        """Open the chat of this visitor."""
        self.page.goto(f"{self.house.server.address}/widget.js")
        self.page.evaluate("(token) => localStorage.setItem('trustdesk.token', token)", visitors.token(visitor))
        self.page.goto(f"{self.house.server.address}/chat/")
        self.page.locator("#log .bubble").first.wait_for()
        return self.page

    def transcript(self, visitor: Visitor) -> Page:
        """Open the transcript as the chat does: a form that posts the token."""
        with self.context.expect_page() as opened:
            self.page.evaluate(
                """([action, token]) => {
                const form = Object.assign(document.createElement("form"), {action, method: "post", target: "_blank"});
                const field = Object.assign(document.createElement("input"), {name: "token", value: token});
                form.append(field); document.body.append(form); form.submit(); }""",
                [f"{self.house.server.address}/chat/transcript/", visitors.token(visitor)],
            )
        page = opened.value
        page.wait_for_load_state()
        return page

    def quiet(self) -> None:
        """Nothing foreign happened, also a moment later."""
        self.page.wait_for_timeout(300)
        assert self.hits == []
        assert self.foreign == []


def visitor() -> Visitor:
    return Visitor("visitor", secrets.token_urlsafe(24))


def tell(who: Visitor, texts: list[str], *, answered: bool = True) -> int:
    """Let a visitor say all of this, and an agent say it back; returns the conversation."""
    received = intake.receive(
        messages=[world.message(text[:4000], visitor=who.value, identity=secrets.token_hex(8)) for text in texts],
        now=clock.now(),
    )[-1]
    if answered:
        # His own name is as hostile as his text.
        seat = world.agent(f"M{secrets.token_hex(4)}", role=Role.ADMIN)
        Agent.objects.filter(pk=seat.agent_id).update(public_name="<img src=x onerror=hit()>")
        for text in texts:
            world.answer(seat, received, text[:4000], now=clock.now())
    return received.conversation_id
