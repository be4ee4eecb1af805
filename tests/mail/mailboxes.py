"""Settings for the test's IMAP servers, and a core in memory that keeps a cursor the way the real one does."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.mail.servers import HOST, PASSWORD, Dovecot
from trustdesk.net.addresses import Guard
from trustdesk.net.imap import Fetched, ImapSettings, Mailbox
from trustdesk.net.imap_watch import Batch, Cursor, Pauses, Report, Watcher

_number = itertools.count(1)
QUICK = Pauses(first=0.05, longest=0.2)


def user() -> str:
    """Return the name of somebody who has no mail yet."""
    return f"user{next(_number)}"


def letter(number: int, *, size: int = 0) -> bytes:
    return b"Message-ID: <%d@mail.test>\r\nSubject: Case %d\r\n\r\nHello %d\r\n%b" % (number, number, number, b"x" * size)


def plain(port: int, name: str, **options: Any) -> ImapSettings:
    settings: dict[str, Any] = {"host": "127.0.0.1", "port": port, "security": "plain", "user": name, "password": PASSWORD, "timeout": 5.0}
    return ImapSettings(**(settings | {"guard": Guard.allowing(f"127.0.0.1:{port}")} | options))


def secure(server: Dovecot, name: str, *, port: int = 0, **options: Any) -> ImapSettings:
    """Settings that name the server as its certificate does."""
    port = port or server.tls_port
    guard = Guard.allowing(f"{HOST}:{port}", resolve=lambda host, number: ["127.0.0.1"])
    settings: dict[str, Any] = {"host": HOST, "port": port, "user": name, "password": PASSWORD, "timeout": 5.0}
    return ImapSettings(**(settings | {"guard": guard, "tls": server.tls} | options))


@contextmanager
def opened(settings: ImapSettings) -> Iterator[Mailbox]:
    mailbox = Mailbox(settings)
    try:
        mailbox.open()
        yield mailbox
    finally:
        mailbox.close()


class Core:
    """Stores batches with their cursor, each mail once by its content; counts what it has seen."""

    def __init__(self) -> None:
        self.at = Cursor()
        self.contents: dict[bytes, Fetched] = {}
        self.problems: dict[int, str] = {}
        self.batches: list[Batch] = []
        self.doubles = 0
        self.reports: list[Report] = []
        self.errors: list[Exception] = []
        self._lock = threading.Lock()

    def cursor(self) -> Cursor:
        return self.at

    def take(self, batch: Batch) -> None:
        if self.errors:
            raise self.errors.pop(0)
        with self._lock:
            self.batches.append(Batch(batch.cursor, ()))
            for mail in batch.mails:
                if mail.problem:
                    self.problems[mail.uid] = mail.problem
                elif mail.content in self.contents:
                    self.doubles += 1
                else:
                    self.contents[mail.content] = mail
            self.at = batch.cursor

    def holds(self, number: int) -> bool:
        return len(self.contents) == number

    @property
    def failures(self) -> list[str]:
        return [report.reason for report in self.reports if report.reason]

    @contextmanager
    def following(self, settings: ImapSettings, **options: Any) -> Iterator[Watcher]:
        given: dict[str, Any] = {"pauses": QUICK, "report": self.reports.append} | options
        watcher = Watcher(settings, cursor=self.cursor, take=self.take, **given)
        watcher.start()
        try:
            yield watcher
        finally:
            assert watcher.stop()


def until(condition: Callable[[], object], *, seconds: float = 15.0) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
