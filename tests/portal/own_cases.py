"""Customers with their own cases, for the tests of their pages: who they are, what they send, what they see."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests import world
from tests.world import NOON
from trustdesk.conversations import requests
from trustdesk.conversations.intake import Received
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock
from trustdesk.staff.permissions import Seat

ANNA, BORIS = Visitor("visitor", "anna"), Visitor("visitor", "boris")
ALICE = visitors.identified(uid="100002", mail="alice@post.example.test", now=NOON)
LATER = NOON + timedelta(minutes=3)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    world.store_at_once(monkeypatch)
    world.fresh()
    with clock.frozen(NOON):
        yield


def browser(visitor: Visitor = ANNA, *, strict: bool = False) -> Client:
    client = Client(enforce_csrf_checks=strict)
    client.cookies[visitors.COOKIE] = visitors.token(visitor)
    return client


def page(client: Client, reference: str) -> str:
    answer = client.get(f"/cases/{reference}/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def ticket(visitor: Visitor = ANNA, text: str = "my deposit is missing", **more: Any) -> requests.Opened:
    mail = "" if visitor.proved else "anna@mail.example.test"
    return requests.open_case(
        visitor=visitor, code="suggestion", given=GIVEN, text=text, mail=mail, locale="en", now=clock.now(), **more
    )


GIVEN = {"part": "app", "why": "my eyes"}


def reply(client: Client, reference: str, text: str, **more: Any) -> Any:
    return client.post(f"/cases/{reference}/replies/", {"text": text, **more})


def answered(text: str = "we look at it") -> tuple[Received, Seat]:
    seat = world.agent("Mei", "funds")
    case = world.chat("my deposit is missing")
    world.answer(seat, case, text, now=LATER)
    return case, seat


def upload(name: str, data: bytes) -> io.BytesIO:
    """A file as a form sends it."""
    file = io.BytesIO(data)
    file.name = name
    return file
