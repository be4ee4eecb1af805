"""Mail while its processes die: what was acknowledged is a line of a case, once (F-34, F-35, F-37, G1, G4)."""

from __future__ import annotations

import random
import smtplib
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from tests import letters
from tests.letters import MX, SUPPORT, letter
from tests.mail import servers
from tests.processes import Process, free_port
from tests.world import NOON
from trustdesk.channels import mailboxes, post
from trustdesk.channels.models import HookPayload, Inbox, MailboxState, MissingMail
from trustdesk.conversations.models import Entry
from trustdesk.realtime import jobs

pytestmark = pytest.mark.faults
SOON = 90.0
# A server of the test's own; the fixture says what becomes of a test on a machine that has none.
with_dovecot = pytest.mark.usefixtures("dovecot")


def of(name: str) -> bytes:
    """Return the mail of this name, the same each time."""
    return letter(f"text of {name}", sender=f"{name}@mail.example", subject=name, message_id=f"<{name}@mail.example>")


@dataclass
class Sender:
    """Brings mails over SMTP as a mail server does: what was not answered with 250 it brings again."""

    port: int
    acknowledged: set[str] = field(default_factory=set)
    tried_again: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def bring(self, names: list[str]) -> None:
        for name in names:
            content = of(name)
            while not self.stop.is_set():
                try:
                    with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as client:
                        client.sendmail(f"{name}@mail.example", [SUPPORT], content)
                    self.acknowledged.add(name)
                    break
                except (OSError, smtplib.SMTPException):
                    self.tried_again += 1
                    time.sleep(0.1)


@dataclass
class Mailroom:
    """The processes that take and read mail, which can be killed and started again where their senders expect them."""

    start_process: Callable[..., Process]
    url: str
    var: Path
    port: int = field(default_factory=free_port)
    env: dict[str, str] = field(default_factory=dict)

    def start(self, command: str, **env: str) -> Process:
        own = {
            "MAIL_LISTEN": f"smtp://127.0.0.1:{self.port}?trusted=127.0.0.1",
            "MAIL_AUTHSERV_ID": MX,
            "MAIL_URL": f"folder:{quote(str(self.var))}",
            "LOG_LEVEL": "WARNING",
        }
        return self.start_process(url=self.url, env=own | self.env | env, command=(command,))


@pytest.fixture
def mailroom(committed_db: str, live_server_process: Callable[..., Process], tmp_path: Path) -> Mailroom:
    return Mailroom(live_server_process, committed_db, tmp_path)


def lines() -> list[str]:
    return sorted(Entry.objects.filter(kind="message", author="customer").values_list("text", flat=True))


def wait_for(reached: Callable[[], bool], what: str, processes: list[Process]) -> None:
    deadline = time.monotonic() + SOON
    while not reached():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: {[one.output()[-2000:] for one in processes]}")
        time.sleep(0.1)


def gapless() -> bool:
    cases: dict[int, list[int]] = {}
    for case, seq in Entry.objects.order_by("conversation_id", "seq").values_list("conversation_id", "seq"):
        cases.setdefault(case, []).append(seq)
    return all(seqs == list(range(1, len(seqs) + 1)) for seqs in cases.values())


def test_kill_9_of_receiver_and_reader_during_load_loses_and_doubles_nothing(mailroom: Mailroom) -> None:
    dice = random.Random(4)
    names = [f"m{number}" for number in range(120)]
    sender = Sender(mailroom.port)
    processes = {command: mailroom.start(command) for command in ("mail", "worker")}
    threads = [threading.Thread(target=sender.bring, args=(names[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for command in ("mail", "worker", "mail", "worker"):
        time.sleep(dice.uniform(1.0, 2.5))
        processes[command].kill()
        # A reader that dies leaves what it had taken; on a clock that is ahead, that is taken up at once.
        processes[command] = mailroom.start(command, **({"TRUSTDESK_CLOCK_OFFSET": "3600"} if command == "worker" else {}))
    for thread in threads:
        thread.join(SOON)
    sender.stop.set()
    assert sender.acknowledged == set(names)
    wait_for(lambda: len(lines()) >= len(names), "not all were read", list(processes.values()))
    assert lines() == sorted(f"text of {name}" for name in names)
    assert gapless()


def test_a_receiver_that_dies_between_storing_and_250_is_brought_the_mail_again(mailroom: Mailroom) -> None:
    """Between the commit and the answer: the sender comes again, and it is one mail."""
    dying = mailroom.start("mail", TRUSTDESK_FAILPOINTS="after_commit=crash")
    sender = Sender(mailroom.port)
    bringing = threading.Thread(target=sender.bring, args=(["once"],))
    bringing.start()
    assert dying.popen.wait(timeout=60) == 137
    assert HookPayload.objects.count() == 1
    mail, worker = mailroom.start("mail"), mailroom.start("worker")
    bringing.join(SOON)
    sender.stop.set()
    assert sender.acknowledged == {"once"}
    assert sender.tried_again >= 1
    wait_for(lambda: lines() == ["text of once"], "not read", [mail, worker])
    assert HookPayload.objects.count() == 1


def test_while_nothing_can_be_stored_the_sender_is_told_to_come_again(mailroom: Mailroom) -> None:
    """F-22 for mail: no 250 while a lock keeps the table, and nothing twice afterwards."""
    mail = mailroom.start("mail")
    sender = Sender(mailroom.port)
    sender.bring(["before"])
    bringing = threading.Thread(target=sender.bring, args=(["during"],))
    with closing(psycopg.connect(mailroom.url)) as link:
        link.execute("LOCK TABLE channels_hookpayload IN ACCESS EXCLUSIVE MODE")
        bringing.start()
        time.sleep(3)
        assert sender.acknowledged == {"before"}
        link.rollback()
    bringing.join(SOON)
    sender.stop.set()
    assert sender.acknowledged == {"before", "during"}
    assert HookPayload.objects.count() == 2, mail.output()


@with_dovecot
def test_a_mailbox_is_fetched_once_whatever_dies(mailroom: Mailroom) -> None:
    """F-34: kill -9 while fetching, and between the commit and the flag; sessions cut; another UIDVALIDITY."""
    with servers.dovecot() as imap:
        names = [f"i{number}" for number in range(150)]
        imap.deliver("support", *map(of, names[:100]))
        inbox = Inbox.objects.get(kind="email")
        mailboxes.connect(
            inbox_id=inbox.pk, url=f"imap://support:{servers.PASSWORD}@127.0.0.1:{imap.port}/INBOX?seen=1"
        )
        first = mailroom.start("mail", TRUSTDESK_FAILPOINTS="before_imap_flag=crash")
        assert first.popen.wait(timeout=60) == 137
        second = mailroom.start("mail")
        time.sleep(1)
        second.kill()
        third, worker = mailroom.start("mail"), mailroom.start("worker")
        wait_for(lambda: len(lines()) >= 100, "not all were fetched", [third, worker])
        imap.kick()
        imap.deliver("support", *map(of, names[100:]))
        wait_for(lambda: len(lines()) >= 150, "what came later was not fetched", [third, worker])
        before = MailboxState.objects.get().uid_validity
        for path in imap.maildir("support").glob("dovecot*"):
            path.unlink()  # the server forgets its numbers, as after a restore
        imap.kick()
        wait_for(lambda: MailboxState.objects.get().uid_validity != before, "the new numbers were not seen", [third])
        wait_for(lambda: MailboxState.objects.get().last_uid >= 150, "not everything was looked at again", [third])
        wait_for(lambda: not HookPayload.objects.filter(state="stored").exists(), "not all were read", [worker])
        assert lines() == sorted(f"text of {name}" for name in names)
        assert gapless()
        state = MailboxState.objects.get()
        assert (state.on_server, state.problem, state.stuck_at) == (150, "", None)
        assert not MissingMail.objects.exists()


@with_dovecot
def test_a_mailbox_that_lets_nobody_in_is_said_so(mailroom: Mailroom) -> None:
    with servers.dovecot() as imap:
        inbox = Inbox.objects.get(kind="email")
        mailboxes.connect(inbox_id=inbox.pk, url=f"imap://support:wrong@127.0.0.1:{imap.port}/INBOX")
        mail = mailroom.start("mail")
        wait_for(lambda: bool(MailboxState.objects.filter(problem="auth")), "the problem is not named", [mail])


def test_a_poison_mail_among_a_thousand(mailroom: Mailroom) -> None:
    """F-37: 999 are read, one is put aside after three tries, and the reader lives."""
    mails = [letter(f"text {number}", sender=f"p{number}@mail.example") for number in range(1_000)]
    mails[500] = b"From: a@b.example\r\n\r\n" + "😀".encode() * 8_000_000  # more memory than a confined reader may use
    for start in range(0, 1_000, 50):
        letters.store(*mails[start : start + 50])
    poison = HookPayload.objects.get(size=len(mails[500]))
    worker = mailroom.start("worker")

    def dealt_with() -> bool:
        """Nobody waits twenty seconds, and then forty: what failed is due at once."""
        HookPayload.objects.filter(state="stored", attempts__gt=0, claimed_at=None).update(not_before=NOON)
        jobs.defer(post.JOB)
        return not HookPayload.objects.filter(state="stored").exists()

    wait_for(dealt_with, "not all were dealt with", [worker])
    assert lines() == sorted(f"text {number}" for number in range(1_000) if number != 500)
    assert HookPayload.objects.exclude(state="processed").get() == poison
    poison.refresh_from_db()
    assert (poison.state, poison.reason, poison.attempts) == ("unreadable", "too_complex", 3)
    assert worker.popen.poll() is None
