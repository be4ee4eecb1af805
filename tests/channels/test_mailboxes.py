"""Mailboxes that are fetched: secrets that change by themselves, and fetchers that go on."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.mail.mailboxes import plain
from tests.world import NOON
from trustdesk.channels import mailboxes, missing, outbox, post
from trustdesk.channels.models import HookPayload, Inbox, MailboxState, MissingMail
from trustdesk.config import health
from trustdesk.net.http import Response
from trustdesk.net.imap import Fetched, State
from trustdesk.net.imap_watch import Batch, Cursor, Report, Watcher
from trustdesk.seams import clock

pytestmark = pytest.mark.django_db
MAIL = b"From: anna@mail.example\r\nSubject: x\r\n\r\nhello\r\n"
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


# Fetching that hangs.


def test_fetching_that_hangs_is_said_and_no_longer_once_it_goes_on(box: int) -> None:
    mailboxes.note(box, Report(state=State(7, 4, 3)))
    before = MailboxState.objects.get()
    assert (before.problem, before.stuck_at) == ("", None)
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        mailboxes.note(box, Report(reason="stuck"))
        hung = MailboxState.objects.get()
        assert (hung.problem, hung.stuck_at, hung.alive_at) == ("stuck", clock.now(), before.alive_at)
        assert health._post()["mailboxes"] == []  # not fetched: nobody is told of what nobody set up
        mailboxes.connect(inbox_id=box, url="imaps://a:b@mail.example/INBOX")
        mailboxes.note(box, Report(reason="stuck"))
        said = health._post()
        assert (said["ok"], said["mailboxes"]) == (False, ["stuck"])
        mailboxes.note(box, Report(state=State(7, 4, 3)))
        assert health._post()["mailboxes"] == []
    assert MailboxState.objects.get().stuck_at == hung.stuck_at, "it can still be seen that it hung"


def test_the_watchdog_says_so_before_it_begins_anew() -> None:
    told: list[str] = []
    watcher = Watcher(plain(1, "lin"), cursor=Cursor, take=lambda batch: None, report=lambda one: told.append(one.reason), patience=0)
    started: list[int] = []
    watcher.start = lambda: started.append(len(told))  # type: ignore[method-assign]
    watcher._thread = threading.current_thread()
    assert watcher.check()
    assert (told, started) == (["stuck"], [1])


# What the server could not give.


def lose(box: int, *uids: int, problem: str = "given_up", content: bytes = b"", validity: int = 7) -> None:
    mails = tuple(Fetched(uid, content, None, 0, problem) for uid in uids)
    mailboxes.take(box, Batch(Cursor(validity, uids[-1]), mails))


def missing_now() -> list[int]:
    return list(MissingMail.objects.order_by("uid").values_list("uid", flat=True))


def test_all_that_could_not_be_given_is_named(box: int) -> None:
    lose(box, *range(1, 251))
    lose(box, *range(200, 301))
    assert missing_now() == list(range(1, 301))


@pytest.mark.parametrize("problem", ["too_large", "refused", "given_up", ""])
def test_what_came_as_nothing_is_named_whatever_it_is_called(box: int, problem: str) -> None:
    lose(box, 5, problem=problem)
    assert (missing_now(), HookPayload.objects.count()) == ([5], 0)
    mailboxes.repay(box, 7, Fetched(5, b"", None, 99_000_000, problem))
    assert missing_now() == [5]


def test_each_is_asked_for_again_with_growing_pauses_and_not_for_ever(box: int) -> None:
    with clock.frozen(NOON):
        lose(box, 5)
    now, asked = NOON, []
    while now < NOON + timedelta(days=30):
        with clock.frozen(now):
            if mailboxes.owed(box, 7) is not None:
                asked.append(now)
                assert mailboxes.owed(box, 7) is None, "once at a time"
        now += timedelta(minutes=5)
    pauses = [after - before for before, after in itertools.pairwise([NOON, *asked])]
    assert len(asked) == missing.TRIES
    assert pauses[0] == missing.FIRST
    assert all(one <= after for one, after in itertools.pairwise(pauses))
    assert max(pauses) <= missing.LONGEST
    assert missing_now() == [5], "still named"
    with clock.frozen(now):
        assert missing.waiting(now=now) == set()
        assert missing.ask_again(box, now=now) == 1
        assert missing.waiting(now=now) == {box}
        assert mailboxes.owed(box, 7) == 5


def test_one_that_comes_at_last_is_stored_and_named_no_more(box: int) -> None:
    lose(box, 5, 6, 7)
    mailboxes.repay(box, 7, Fetched(5, MAIL, None, len(MAIL)))
    mailboxes.repay(box, 7, Fetched(6, b"", None, 0, "gone"))
    mailboxes.repay(box, 7, Fetched(7, b"", None, 0, "refused"))
    assert missing_now() == [7]
    [row] = HookPayload.objects.all()
    assert (row.state, post.content(row.pk)) == ("stored", MAIL)
    assert row.source.startswith("imap:7:5:")


def test_the_header_of_one_that_comes_at_last_waits_for_nobody_any_more(box: int) -> None:
    head = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    lose(box, 5, problem="refused", content=head)
    lose(box, 6, problem="refused", content=head)
    lose(box, 8, problem="too_large", content=head)
    assert missing_now() == [5, 6], "what is too large stays so"
    assert sorted(HookPayload.objects.values_list("state", "reason")) == [
        ("unreadable", "refused"), ("unreadable", "refused"), ("unreadable", "too_large")
    ]  # fmt: skip
    mailboxes.repay(box, 7, Fetched(5, MAIL, None, len(MAIL)))
    assert sorted(HookPayload.objects.filter(source__startswith="imap:7:5:").values_list("state", "reason")) == [
        ("processed", "found"), ("stored", "")
    ]  # fmt: skip
    mailboxes.repay(box, 7, Fetched(6, head, None, 99_000_000, "too_large"))
    assert missing_now() == []
    assert HookPayload.objects.get(source__startswith="imap:7:6:").reason == "too_large"


def test_numbers_of_another_mailbox_are_asked_for_in_none(box: int) -> None:
    lose(box, 5)
    assert mailboxes.owed(box, 8) is None
    assert missing_now() == []
    lose(box, 5)
    mailboxes.connect(inbox_id=box, url="imaps://a:b@elsewhere.example/INBOX")
    assert missing_now() == []
