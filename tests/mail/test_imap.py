"""The IMAP client against a real server."""

from __future__ import annotations

import imaplib
import os
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psutil
import pytest

from tests.faults.proxy import Proxy
from tests.mail.mailboxes import Core, letter, opened, plain, secure, until, user
from tests.mail.servers import PASSWORD, Dovecot
from tests.net.servers import certificate
from trustdesk.net.imap import ImapFailed, ImapSettings
from trustdesk.net.imap_watch import Cursor


class Owner:
    """Somebody else with the same mailbox open."""

    def __init__(self, server: Dovecot, name: str) -> None:
        self.link = imaplib.IMAP4("127.0.0.1", server.port, timeout=10)
        self.link.login(name, PASSWORD)

    def __enter__(self) -> imaplib.IMAP4:
        return self.link

    def __exit__(self, *error: object) -> None:
        self.link.logout()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_is_read_over_tls_and_left_as_it_was(dovecot: Dovecot, security: Any) -> None:
    name = user()
    dovecot.deliver(name, letter(1), "Subject: 账户申诉\r\n\r\n你好\0\r\n".encode())
    port = dovecot.tls_port if security == "tls" else dovecot.port
    with opened(secure(dovecot, name, port=port, security=security)) as mailbox:
        state = mailbox.state()
        assert (state.uidnext, state.exists) == (3, 2)
        [page] = mailbox.uids_after(0)
        first, second = mailbox.fetch(page)
    assert (first.uid, first.content, first.problem) == (1, letter(1), "")
    assert first.size == len(letter(1))
    assert first.internal_date is not None
    assert abs(first.internal_date - datetime.now(UTC)) < timedelta(minutes=2)
    assert second.content.startswith("Subject: 账户申诉\r\n\r\n你好".encode())
    with Owner(dovecot, name) as owner:
        owner.select("INBOX", readonly=True)
        assert owner.search(None, "UNSEEN")[1] == [b"1 2"]


def test_seen_is_marked_when_told(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, letter(1), letter(2))
    with opened(secure(dovecot, name, mark_seen=True)) as mailbox:
        mailbox.state()
        assert len(list(mailbox.fetch([1, 2]))) == 2
        mailbox.mark_seen([2])
    with Owner(dovecot, name) as owner:
        owner.select("INBOX", readonly=True)
        assert owner.search(None, "UNSEEN")[1] == [b"1"]
    core = Core()
    with core.following(secure(dovecot, name, mark_seen=True)):
        until(lambda: core.at.uid == 2)
        with Owner(dovecot, name) as owner:
            owner.select("INBOX", readonly=True)
            until(lambda: owner.search(None, "UNSEEN")[1] == [b""])


def test_a_folder_in_another_alphabet(dovecot: Dovecot) -> None:
    name = user()
    with Owner(dovecot, name) as owner:
        owner.create('"&W6JnDQ- &- more"')
        owner.append('"&W6JnDQ- &- more"', "", "", letter(1))
    with opened(secure(dovecot, name, folder="客服 & more")) as mailbox:
        assert mailbox.state().exists == 1
    with opened(secure(dovecot, name, folder="missing")) as mailbox, pytest.raises(ImapFailed, match="folder") as failed:
        mailbox.state()
    assert failed.value.permanent


def refused(settings: ImapSettings) -> ImapFailed:
    with pytest.raises(ImapFailed) as failed, opened(settings):
        pass
    return failed.value


def test_a_wrong_password_is_permanent(dovecot: Dovecot) -> None:
    for password in ("wrong", "пароль", 'a"b\\c'):
        failure = refused(secure(dovecot, user(), password=password))
        assert (failure.reason, failure.permanent) == ("auth", True)


def test_a_certificate_that_does_not_fit_is_refused(dovecot: Dovecot, tmp_path: Any) -> None:
    _, stranger = certificate(tmp_path, "imap.test")
    for security, port in (("tls", dovecot.tls_port), ("starttls", dovecot.port)):
        failure = refused(secure(dovecot, "x", port=port, security=security, tls=stranger))
        assert failure.reason == "certificate"
        failure = refused(secure(dovecot, "x", port=port, security=security, host="localhost", guard=plain(port, "x").guard))
        assert failure.reason == "certificate"


def test_what_would_give_encryption_up_is_no_setting(dovecot: Dovecot) -> None:
    with pytest.raises(ValueError, match="loopback"):
        ImapSettings(host="imap.mail.test", security="plain")
    careless = ssl.create_default_context()
    careless.check_hostname = False
    with pytest.raises(ValueError, match="certificate"):
        ImapSettings(host="imap.mail.test", tls=careless)
    old = ssl.create_default_context()
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.raises(ValueError, match=r"1\.2"):
        ImapSettings(host="imap.mail.test", tls=old)
    assert refused(ImapSettings(host="127.0.0.1", port=dovecot.tls_port, user="x")).reason == "address_private"
    assert PASSWORD not in repr(secure(dovecot, "x"))


def test_a_backlog_of_thousands_is_read_in_pages_with_flat_memory(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, *(letter(n, size=16_000) for n in range(2_500)))
    process = psutil.Process()
    seen: list[int] = []
    memory: list[int] = []

    def take(batch: Any) -> None:
        assert len(batch.mails) <= 50
        seen.extend(mail.uid for mail in batch.mails)
        memory.append(process.memory_info().rss)

    core = Core()
    core.take = take  # type: ignore[method-assign]
    with core.following(secure(dovecot, name)):
        until(lambda: len(seen) == 2_500, seconds=30)
    assert seen == list(range(1, 2_501))
    assert memory[-1] - memory[5] < 10_000_000  # forty million bytes have passed through


def test_sparse_uids_are_found(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, *(letter(n) for n in range(702)))
    with Owner(dovecot, name) as owner:
        owner.select("INBOX")
        owner.uid("STORE", "2:600,602:701", "+FLAGS", r"(\Deleted)")
        owner.expunge()
    with opened(secure(dovecot, name)) as mailbox:
        assert mailbox.state().uidnext == 703
        assert list(mailbox.uids_after(0)) == [[1], [601, 702]]
        assert list(mailbox.uids_after(702)) == []


def test_a_new_mail_is_noticed_at_once(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, letter(1))
    core = Core()
    with core.following(secure(dovecot, name)):
        until(lambda: len(core.contents) == 1)
        time.sleep(0.3)
        for number in range(2, 6):
            dovecot.deliver(name, letter(number))
            until(partial(core.holds, number), seconds=3)
        assert len([report for report in core.reports if report.state]) < 12
    assert (core.doubles, core.failures) == (0, [])


def test_stopping_is_prompt_in_idle(dovecot: Dovecot) -> None:
    core = Core()
    with core.following(secure(dovecot, user())) as watcher:
        until(lambda: core.reports)
        time.sleep(0.2)
        started = time.monotonic()
        assert watcher.stop()
        assert time.monotonic() - started < 2


def test_idle_is_renewed_and_polling_does_without(dovecot: Dovecot) -> None:
    name = user()
    core = Core()
    with core.following(secure(dovecot, name, idle=0.2)):
        until(lambda: len([report for report in core.reports if report.state]) > 4)
        dovecot.deliver(name, letter(1))
        until(lambda: core.contents)
    assert core.failures == []


@pytest.mark.parametrize(
    ("mark", "more"),
    [(b"* 3 FETCH", 0), (b"BODY[]<0> {", 200), (b"Hello 7", 0), (b"Fetch completed", 0), (b"UIDNEXT", 2), (b"+ idling", 1)],
    ids=["after FETCH", "mid-literal", "end of a literal", "before the end", "in EXAMINE", "in IDLE"],
)
def test_after_a_cut_each_mail_is_there_once(dovecot: Dovecot, mark: bytes, more: int) -> None:
    name = user()
    dovecot.deliver(name, *(letter(n, size=3_000) for n in range(1, 21)))
    core = Core()
    with Proxy(dovecot.port) as proxy:
        proxy.cut_at(mark, more=more)
        with core.following(plain(proxy.port, name)):
            until(lambda: core.failures and len(core.contents) == 20)
            proxy.cut()
            dovecot.deliver(name, letter(21))
            until(lambda: len(core.contents) == 21)
    assert core.failures[0] == "cut"
    assert (core.doubles, core.problems) == (0, {})
    assert core.at.uid == 21


def test_a_dead_connection_is_noticed_in_idle(dovecot: Dovecot) -> None:
    name = user()
    core = Core()
    with Proxy(dovecot.port) as proxy, core.following(plain(proxy.port, name, idle=0.3, timeout=0.5)):
        until(lambda: core.reports)
        proxy.forget()
        dovecot.deliver(name, letter(1))
        until(lambda: core.contents)
    assert "timeout" in core.failures


def test_what_could_not_be_stored_is_read_again(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, letter(1))
    core = Core()
    core.errors = [RuntimeError("the text of a mail")] * 3
    with core.following(secure(dovecot, name)):
        until(lambda: core.contents)
    assert core.failures == ["take"] * 3


@pytest.mark.parametrize("whole", [False, True])
def test_another_uidvalidity_starts_over_and_loses_nothing(dovecot: Dovecot, whole: bool) -> None:
    name = user()
    core = Core()
    if whole:
        dovecot.deliver(name, *(letter(n) for n in range(3)))
    else:
        with Owner(dovecot, name) as owner:
            owner.create("Support")
            for n in range(3):
                owner.append("Support", "", "", letter(n))
    settings = secure(dovecot, name, folder="INBOX" if whole else "Support", idle=0.5)
    with core.following(settings):
        until(lambda: len(core.contents) == 3)
    before = core.at
    if whole:  # moved to another machine: the same mails under other numbers
        for path in dovecot.maildir(name).glob("dovecot*"):
            path.unlink()
        dovecot.kick()
    else:
        with Owner(dovecot, name) as owner:
            owner.delete("Support")
            owner.create("Support")
            owner.append("Support", "", "", letter(2))
            owner.append("Support", "", "", letter(3))
    core.at = Cursor(before.uidvalidity - (1 if whole else 0), before.uid)
    if whole:
        dovecot.deliver(name, letter(3))
    with core.following(settings):
        until(lambda: len(core.contents) == 4)
        until(lambda: core.at.uid == (4 if whole else 2))
    assert core.doubles == (3 if whole else 1)  # seen again, stored once


def test_a_cursor_above_everything_starts_over(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, letter(1))
    core = Core()
    with opened(secure(dovecot, name)) as mailbox:
        core.at = Cursor(mailbox.state().uidvalidity, 500)
    with core.following(secure(dovecot, name)):
        until(lambda: core.at.uid == 1)
    assert len(core.contents) == 1


def test_mails_removed_by_others_meanwhile_are_named(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, *(letter(n) for n in range(1, 11)))
    with opened(secure(dovecot, name)) as mailbox, Owner(dovecot, name) as owner:
        mailbox.state()
        [page] = mailbox.uids_after(0)
        owner.select("INBOX")
        owner.uid("STORE", "3,7:8", "+FLAGS", r"(\Deleted)")
        owner.expunge()
        found = list(mailbox.fetch(page))
        assert mailbox.state().exists == 7
    assert [mail.uid for mail in found] == page
    assert [mail.uid for mail in found if mail.problem == "gone"] == [3, 7, 8]
    assert [mail.content for mail in found if not mail.problem] == [letter(n) for n in (1, 2, 4, 5, 6, 9, 10)]


def test_a_mail_too_large_is_named_and_its_header_read(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, letter(1), letter(2, size=200_000), letter(3))
    core = Core()
    with core.following(secure(dovecot, name, max_bytes=100_000)):
        until(lambda: core.at.uid == 3)
    assert core.problems == {2: "too_large"}
    assert list(core.contents) == [letter(1), letter(3)]
    with opened(secure(dovecot, name, max_bytes=100_000)) as mailbox:
        mailbox.state()
        [large] = mailbox.fetch([2])
    assert large.content == letter(2).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert large.size == len(letter(2, size=200_000))


@pytest.mark.parametrize("removed", [True, False])
def test_a_mail_the_server_cannot_read_stops_nobody(dovecot: Dovecot, removed: bool) -> None:
    name = user()
    dovecot.deliver(name, *(letter(n) for n in range(1, 6)))
    with opened(secure(dovecot, name)) as mailbox:
        mailbox.state()
    third = sorted((dovecot.maildir(name) / "new").iterdir())[2]
    if removed:
        third.unlink()
        third.mkdir()  # the server takes it for a mail, and when asked for it, answers NIL
    else:
        os.chown(third, os.geteuid(), os.getegid())
        third.chmod(0)
    core = Core()
    with core.following(secure(dovecot, name)):
        until(lambda: core.at.uid == 5)
    assert list(core.contents) == [letter(n) for n in (1, 2, 4, 5)]
    assert core.problems == ({3: "gone"} if removed else {3: "given_up"})


def test_a_stuck_thread_is_replaced(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, letter(1))
    core = Core()
    stuck = threading.Event()
    real = core.take

    def take(batch: Any) -> None:
        if not stuck.is_set():
            stuck.set()
            time.sleep(1.5)
        real(batch)

    core.take = take  # type: ignore[method-assign]
    with core.following(secure(dovecot, name), patience=0.5) as watcher:
        until(stuck.is_set)
        assert not watcher.check()
        until(watcher.check)
        assert core.failures == ["stuck"]
        until(lambda: core.contents, seconds=1)
        dovecot.deliver(name, letter(2))
        until(lambda: len(core.contents) == 2)
        assert not watcher.check()
        time.sleep(1.2)  # the first wakes up, and what it brings is known
        until(lambda: core.doubles == 1)
        assert core.failures == ["stuck"], "and it has nothing to say any more"


def test_a_mail_in_between_is_asked_for_again_without_waiting_for_idle(dovecot: Dovecot) -> None:
    name = user()
    dovecot.deliver(name, letter(1), letter(2))
    core = Core()
    owed: list[int] = []
    repaid: list[Any] = []
    options: Any = {
        "owed": lambda uidvalidity: owed.pop() if owed else None,
        "repay": lambda uidvalidity, mail: repaid.append(mail),
    }
    with core.following(secure(dovecot, name), **options) as watcher:
        until(lambda: core.at.uid == 2)
        time.sleep(0.5)  # it waits for news now
        owed += [9, 1]
        watcher.call()
        until(lambda: len(repaid) == 2, seconds=10)
    assert [(mail.uid, mail.content, mail.problem) for mail in repaid] == [(1, letter(1), ""), (9, b"", "gone")]
