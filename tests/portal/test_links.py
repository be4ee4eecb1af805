"""E-19: what a mailed link opens for whoever it was forwarded to, and where its token may be read on the way."""

from __future__ import annotations

import io
import logging
import re

import pytest
from django.test import Client

from tests import world
from tests.portal.own_cases import noon
from trustdesk.config.logs import OneLine
from trustdesk.conversations import notices, requests
from trustdesk.conversations.models import Conversation
from trustdesk.seams import clock

__all__ = ["noon"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def case() -> Conversation:
    """A case whose customer has left an address that nobody has confirmed yet."""
    chat = world.chat("CNRY-private words")
    requests.leave_mail(conversation_id=chat.conversation_id, mail="anna@mail.example", now=clock.now())
    return Conversation.objects.get(pk=chat.conversation_id)


@pytest.fixture
def path(case: Conversation) -> str:
    return f"/confirm/{notices.confirmation(case)}/"


def test_a_forwarded_link_shows_nothing_and_opens_nothing_without_a_code(case: Conversation, path: str) -> None:
    stranger = Client()
    for answer in (stranger.get(path), stranger.post(path), stranger.get(path)):
        shown = answer.content.decode()
        for hidden in ("CNRY", "anna@", case.reference, case.subject or "CNRY"):
            assert hidden not in shown
    for wanted in (f"/cases/{case.reference}/", f"/cases/{case.reference}/proof/", f"/cases/{case.reference}/_live.html"):
        answer = stranger.get(wanted)
        assert answer.status_code in (302, 403, 404)
        assert "CNRY" not in answer.content.decode()
    assert "CNRY" not in stranger.get("/cases/", follow=True).content.decode()


def test_its_page_tells_nobody_where_it_lies(path: str) -> None:
    answer = Client().get(path)
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    outside = re.findall(r'(?:href|src|action)="(https?:)?//[^"]*"', answer.content.decode())
    assert outside == []
    for way_out in re.findall(r'href="([^"]*)"', answer.content.decode()):
        assert path.split("/")[2] not in way_out


@pytest.mark.parametrize("kind", ["no csrf token", "method", "old", "of no case"])
def test_whatever_goes_wrong_its_token_is_in_no_log(kind: str, case: Conversation, path: str) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(OneLine())
    handler.setLevel(logging.DEBUG)
    root = logging.getLogger()
    loggers = [root, logging.getLogger("django"), logging.getLogger("django.request"), logging.getLogger("django.security.csrf")]
    for one in loggers:
        one.addHandler(handler)
    try:
        if kind == "no csrf token":
            assert Client(enforce_csrf_checks=True).post(path).status_code == 403
        elif kind == "method":
            assert Client().put(path).status_code == 405
        elif kind == "old":
            path = path[:-6] + "AAAAA/"
            assert Client().post(path).status_code == 410
        else:
            Conversation.objects.filter(pk=case.pk).update(answer_to="")
            assert Client().post(path).status_code == 410
    finally:
        for one in loggers:
            one.removeHandler(handler)
    said = written.getvalue()
    assert "/confirm/" in said, "it is looked for where it would be"
    assert path.split("/")[2].rpartition(":")[2] not in said
