"""F-35: a mailbox that is full."""

from __future__ import annotations

import pytest

from tests.mail.mailboxes import Core, plain, until
from tests.mail.scripted import Answers, scripted


@pytest.mark.parametrize(
    ("said", "full"),
    [
        (b'* QUOTAROOT INBOX "User quota"\r\n* QUOTA "User quota" (STORAGE 97 100 MESSAGE 3 1000)\r\n', True),
        (b'* QUOTA "" (MESSAGE 1000 1000)\r\n', True),
        (b'* QUOTA "a (STORAGE 1 1) b" (STORAGE 10 100)\r\n', False),
        (b'* QUOTAROOT INBOX\r\n* QUOTA "" (STORAGE 5 0)\r\n* QUOTA x (LEVEL)\r\n', False),
        (b"TAG NO no quota here\r\n", False),
    ],
)
def test_a_mailbox_that_is_full_is_said_and_read_all_the_same(said: bytes, full: bool) -> None:
    """F-35: what no longer fits in is refused by the mailbox's own server, and nobody here would ever hear of it."""
    answers: Answers = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 QUOTA\r\n", "GETQUOTAROOT": said}
    core = Core()
    with scripted(answers) as server, core.following(plain(server.port, "lin", poll=60)):
        until(lambda: len(core.contents) == 3)
        assert server.count("GETQUOTAROOT") == 1
    assert core.failures == (["full"] if full else [])
