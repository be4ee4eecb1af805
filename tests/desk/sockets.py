"""Ends of the desk's socket, and of a chat's, on the real server."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.desk.desks import case_of
from tests.processes import Process
from tests.staff import people
from trustdesk.conversations.intake import Received
from trustdesk.staff.models import Agent, Factor
from trustdesk.staff.permissions import Seat

SOON = 5.0  # seconds a busy machine may take for what is immediate
OVER = 2.0  # seconds in which a right that was taken away has to be gone (A-08, S-34)


@dataclass
class Desk:
    """One desk page's end of the socket; frames that were not waited for stay in `seen`."""

    link: ClientConnection
    seen: list[dict[str, Any]] = field(default_factory=list)

    def say(self, kind: str, **fields: Any) -> None:
        self.link.send(json.dumps({"t": kind, **fields}))

    def wait(self, kind: str, within: float = SOON, **fields: Any) -> dict[str, Any]:
        """Return the next frame of this kind that has these fields; fail when none comes."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            try:
                frame: dict[str, Any] = json.loads(self.link.recv(timeout=left))
            except TimeoutError:
                break
            self.seen.append(frame)
            if frame["t"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                return frame
        raise AssertionError(f"no {kind} {fields} within {within} s; seen: {self.seen}")

    def quiet(self, seconds: float) -> list[dict[str, Any]]:
        """Listen for a while and return what came."""
        heard = []
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                heard.append(json.loads(self.link.recv(timeout=left)))
            except TimeoutError:
                break
        return heard

    def ends(self, within: float = OVER) -> tuple[float, list[dict[str, Any]]]:
        """Wait for the end; return how long it took and what was said meanwhile."""
        began, heard = time.monotonic(), []
        while True:
            try:
                heard.append(json.loads(self.link.recv(timeout=within + SOON)))
            except ConnectionClosed:
                return time.monotonic() - began, heard


@dataclass
class Place:
    """A running server with its database, and the way to a socket."""

    server: Process
    links: ExitStack
    database: str

    def key(self, seat: Seat, *, factor: Factor = Factor.MFA) -> str:
        return people.key_of(people.signed_in(Agent.objects.get(pk=seat.agent_id), factor=factor))

    def link(self, key: str, *, origin: str | None = "", path: str = "/live/desk") -> ClientConnection:
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"} if key else {}
        wanted = connect(
            f"ws://127.0.0.1:{self.server.port}{path}",
            origin=self.server.address if origin == "" else origin,  # type: ignore[arg-type]
            additional_headers=headers,
        )
        return self.links.enter_context(wanted)

    def desk(self, seat: Seat) -> Desk:
        return Desk(self.link(self.key(seat)))


def hint(case: Received) -> None:
    """Hint as the other process does that changed the case: this one's bus points at the database of the test."""
    row = case_of(case)
    with connection.cursor() as cursor:
        hints = {f"case:{row.pk}": str(row.last_seq), f"team:{row.team_id}": ""}
        cursor.execute("SELECT pg_notify('trustdesk', %s)", [json.dumps(["test", hints])])
