"""Mailboxes that are fetched: secrets that change by themselves, and fetchers that go on."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from trustdesk.channels import mailboxes, outbox
from trustdesk.channels.models import Inbox, MailboxState
from trustdesk.net.http import Response

pytestmark = pytest.mark.django_db
GRAPH = "imaps://support%40desk.example@outlook.office365.com/?oauth=microsoft&tenant=t&client_id=id&client_secret=s&refresh_token=r0"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(mailboxes, "close_old_connections", lambda: None)  # this thread's is the test's own
    inbox = outbox.mail_inbox()
    MailboxState.objects.create(inbox_id=inbox)
    return inbox


class Tokens:
    """Stands in for the door to Microsoft: each answer replaces the refresh token, and the one before is good no more."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def request(self, method: str, url: str, *, data: dict[str, str], **_more: Any) -> Response:
        self.shown.append(data["refresh_token"])
        answer = {"access_token": f"a{len(self.shown)}", "expires_in": 3600, "refresh_token": f"r{len(self.shown)}"}
        return Response(200, {}, json.dumps(answer).encode())


@pytest.fixture
def microsoft(monkeypatch: pytest.MonkeyPatch) -> Tokens:
    made = Tokens()
    monkeypatch.setattr(mailboxes, "Http", lambda: made)
    return made


def begun() -> mailboxes._Running:
    [account] = mailboxes.accounts()
    running = mailboxes._begun(account)
    assert running is not None
    return running


def token(running: mailboxes._Running, *, fresh: bool = False) -> str:
    tokens = running.watcher._settings.tokens
    assert tokens is not None
    return tokens.token(fresh=fresh)


def kept() -> dict[str, list[str]]:
    [account] = mailboxes.accounts()
    return parse_qs(urlsplit(account.url).query)


def test_a_refresh_token_that_was_replaced_is_kept_and_nothing_else_changes(box: int, microsoft: Tokens) -> None:
    mailboxes.connect(inbox_id=box, url=GRAPH)
    MailboxState.objects.update(uid_validity=7, last_uid=5, on_server=5)
    running = begun()
    assert [token(running), token(running), token(running, fresh=True)] == ["a1", "a1", "a2"]
    assert microsoft.shown == ["r0", "r1"]
    assert kept() == parse_qs(urlsplit(GRAPH).query) | {"refresh_token": ["r2"]}
    state = MailboxState.objects.get()
    assert (state.uid_validity, state.last_uid, state.on_server) == (7, 5, 5)
    assert token(begun()) == "a3", "a process that starts now goes on with the newest"
    assert microsoft.shown == ["r0", "r1", "r2"]


async def _keep(fetching: mailboxes.Fetching, wanted: list[mailboxes.Account]) -> None:
    await fetching._keep(wanted)


def test_a_mailbox_whose_token_was_replaced_goes_on_being_fetched(box: int, microsoft: Tokens) -> None:
    """It would begin anew every few seconds otherwise, and each beginning replace the token once more."""
    mailboxes.connect(inbox_id=box, url=GRAPH)
    running = begun()
    fetching = mailboxes.Fetching()
    fetching._running[box] = running
    token(running)
    asyncio.run(_keep(fetching, mailboxes.accounts()))
    assert fetching._running == {box: running}


def test_a_mailbox_set_up_anew_is_another_whatever_the_old_one_still_brings(box: int, microsoft: Tokens) -> None:
    mailboxes.connect(inbox_id=box, url=GRAPH)
    old = begun()
    mailboxes.connect(inbox_id=box, url=GRAPH.replace("r0", "given-anew"))
    token(old)  # before it is stopped
    assert kept()["refresh_token"] == ["given-anew"]
    [account] = mailboxes.accounts()
    assert account.secrets not in old.known
    Inbox.objects.update(secrets=None)
    token(old, fresh=True)
    assert mailboxes.accounts() == [], "what an administrator ended stays ended"
