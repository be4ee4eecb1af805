"""F-36: mail servers that are slow, busy or refuse. Whoever waits for one keeps nobody else waiting."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app

from tests.channels.test_outbox import queue, row
from tests.net.smtp import plain
from tests.processes import Process
from tests.world import NOON
from trustdesk.channels import lanes, outbox, registry
from trustdesk.channels.adapters.email import Email
from trustdesk.channels.contract import Channel, Limits, Outbound, SendFailed
from trustdesk.channels.models import Delivery, DomainPace
from trustdesk.net import mail
from trustdesk.realtime import jobs
from trustdesk.seams import clock

TOTAL = 3.0  # seconds one sending may take, in these tests


class Relay(socketserver.StreamRequestHandler):
    """A server that treats recipients as their local part says: a reply code, `tarpit`, `reset` after DATA, or all well."""

    took: dict[str, float] = {}

    def handle(self) -> None:
        how = ""
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(":")[0].split()[0].upper()
            if verb == "RCPT":
                who = line.partition("<")[2].partition(">")[0]
                how = who.partition("@")[0].partition("+")[0]
                if how == "tarpit":
                    self._drip("250 in a while" * 20)
                    return
                self._say(f"{how} no" if how.isdigit() else "250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
                if how == "reset":
                    return
                type(self).took[who] = time.monotonic()
                self._say("250 ok")
            else:
                self._say("221 bye" if verb == "QUIT" else "250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _drip(self, text: str) -> None:
        for char in text:
            time.sleep(1)  # 1 byte a second: every single step is in time
            try:
                self.wfile.write(char.encode())
            except OSError:
                return


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Relay.took = {}
    with Server(("127.0.0.1", 0), Relay) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        smtp = plain(server.server_address[1], total=TOTAL)
        channel = Email(transport=partial(mail.send, smtp=smtp), sender="support@northlight.example")
        monkeypatch.setattr(registry, "channel", lambda kind, **_facts: channel)
        yield
        server.shutdown()
        thread.join(timeout=5)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("how", "state", "reason"),
    [
        ("421", "queued", "recipient_refused"),
        ("450", "queued", "recipient_refused"),
        ("451", "queued", "recipient_refused"),
        ("452", "queued", "recipient_refused"),
        ("550", "failed", "recipient_refused"),
        ("552", "failed", "recipient_refused"),
        ("reset", "queued", "protocol"),
        ("fine", "sent", ""),
    ],
)
def test_busy_is_tried_again_and_no_is_no(relay: None, how: str, state: str, reason: str) -> None:
    queue(recipient=f"{how}@mail.example")
    outbox.send_due(now=NOON)
    assert (row().state, row().reason) == (state, reason)
    assert outbox.send_due(now=NOON + timedelta(minutes=2)) == (1 if state == "queued" else 0)


def test_a_slow_server_holds_up_nobody_else(committed_db: str, relay: None) -> None:
    """Eight mails to a tarpit, queued first, and twenty to five others, with four senders: first come, first served would let
    the others wait for two rounds of the tarpit."""
    for number in range(8):
        queue(f"slow:{number}", recipient=f"tarpit+{number}@slow.example")
    for number in range(20):
        queue(f"fast:{number}", recipient=f"fine+{number}@mail{number % 5}.example")
    begun = time.monotonic()

    def work() -> None:
        try:
            outbox.send_due(now=NOON, most=30)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(work) for _ in range(4)]:
            one.result()
    last = max(Relay.took.values()) - begun
    assert len(Relay.took) == 20
    assert last < TOTAL * 8 / 4, f"the others' mail took {last:.1f} s: it waited for the tarpit"
    slow = Delivery.objects.filter(key__startswith="slow")
    assert set(slow.values_list("state", "reason")) <= {("queued", "timeout"), ("queued", "")}
    assert slow.filter(reason="timeout").exists()


@pytest.mark.django_db
def test_what_takes_long_is_the_only_one_of_its_domain() -> None:
    for number in range(4):
        queue(str(number), recipient=f"{number}@{'Slow.example' if number < 3 else 'mail.example'}")
    assert [outbox._claim(NOON), outbox._claim(NOON)] == [row("0"), row("1")]
    assert outbox._claim(NOON) == row("3"), "two of one domain are under way"
    Delivery.objects.filter(key="0").update(state="sent")
    assert outbox._claim(NOON + timedelta(seconds=6)) is None, "the other one takes long"
    assert outbox._claim(NOON + lanes.LONGEST + timedelta(seconds=1)) == row("2"), "and may be a dead process's"


class Gate(Channel):
    """A channel whose `tarpit` mails end only when the test says so, with a time-out; it keeps what it was to send."""

    kind, label, limits = "email", "Gate", Limits(1, 1, 1)

    def __init__(self) -> None:
        self.open = threading.Event()
        self.began: list[str] = []
        self.sent: list[str] = []

    def send(self, message: Outbound) -> str:
        self.began.append(message.key)
        if message.recipient.startswith("tarpit") and not self.open.is_set():
            assert self.open.wait(60)
            raise SendFailed("timeout")
        self.sent.append(message.key)
        return ""


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    monkeypatch.setattr(registry, "channel", lambda kind, **_facts: made)
    return made


SENDERS = settings.WORKER_THREADS[outbox.QUEUE]


@contextmanager
def senders(count: int = SENDERS, now: datetime = NOON) -> Iterator[None]:
    """As many senders at once as one worker has; each works until it finds nothing that it may begin."""

    def work() -> None:
        try:
            outbox.send_due(now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        working = [pool.submit(work) for _ in range(count)]
        yield
        for one in working:
            one.result()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_many_slow_servers_that_nobody_knows_hold_half_of_the_senders_and_no_more(committed_db: str, gate: Gate) -> None:
    """F-36: more never-seen tarpits than there are senders, all queued first. The tarpits answer only when everything else is out."""
    for number in range(5):
        lanes.note(recipient=f"a@mail{number}.example", took=timedelta(seconds=1), now=NOON)
    for number in range(2 * SENDERS):
        queue(f"slow:{number}", recipient=f"tarpit@slow{number}.example")
    queue("new", recipient="anna@new.example")
    for number in range(40):
        queue(f"known:{number}", recipient=f"{number}@mail{number % 5}.example")
    with senders():
        try:
            until(lambda: len(gate.sent) == 40, "those of known domains wait for slow servers")
            assert {key.partition(":")[0] for key in gate.sent} == {"known"}
            assert sum(key.startswith("slow") for key in gate.began) == lanes.UNPROVEN_AT_ONCE < SENDERS
        finally:
            gate.open.set()
    assert "new" in gate.sent, "nothing starves: an unknown domain's turn comes"
    later = NOON + timedelta(minutes=2)  # by now those that had to wait were sent; the first are tried again
    with senders(now=later):
        pass
    assert sorted(gate.sent) == sorted(Delivery.objects.values_list("key", flat=True)), "each key once"
    assert not Delivery.objects.exclude(state="sent").exists()


@pytest.mark.faults
def test_a_real_worker_does_its_other_jobs_and_known_mail_beside_many_slow_servers(
    committed_db: str, live_server_process: Callable[..., Process]
) -> None:
    lanes.note(recipient="fine@mail.example", took=timedelta(), now=clock.now())
    for number in range(SENDERS + 2):
        queue(f"slow:{number}", recipient=f"tarpit@slow{number}.example", now=clock.now())
    under_way = Delivery.objects.filter(state="sending", recipient__startswith="tarpit")
    with Server(("127.0.0.1", 0), Relay) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        worker = live_server_process(
            url=committed_db, command=("worker",), env={"MAIL_URL": f"smtp://127.0.0.1:{server.server_address[1]}"}
        )
        until(lambda: under_way.count() == lanes.UNPROVEN_AT_ONCE, worker.output())
        held = set(under_way.values_list("key", "claimed_at"))
        for number in range(SENDERS):
            queue(f"known:{number}", recipient="fine@mail.example", now=clock.now())
            jobs.defer("conversations.assign")
        until(lambda: Delivery.objects.filter(state="sent").count() == SENDERS, worker.output())
        until(lambda: not waiting_jobs("default"), worker.output())
        assert set(under_way.values_list("key", "claimed_at")) == held, "and nothing of it had to end before"
        worker.kill()
        server.shutdown()


def waiting_jobs(queue_name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = %s AND status = 'todo'", [queue_name]
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_of_what_is_not_prompt_slow_servers_take_half() -> None:
    """An unknown domain waits for none that is known to be slow, and neither kind waits for ever."""
    for number in range(5):
        queue(f"slow:{number}", recipient=f"a@slow{number}.example")
        lanes.note(recipient=f"b@Slow{number}.example", took=timedelta(minutes=1), now=NOON)
    for number in range(3):
        queue(f"new:{number}", recipient=f"a@new{number}.example")
    lanes.note(recipient="a@mail.example", took=timedelta(), now=NOON)
    queue("known", recipient="a@mail.example")
    begun = [outbox._claim(NOON) for _ in range(6)]
    assert begun == [*map(row, ("slow:0", "slow:1", "new:0", "new:1", "known")), None]
    Delivery.objects.filter(key="new:0").update(state="sent")
    assert outbox._claim(NOON) == row("new:2")
    Delivery.objects.filter(key="slow:0").update(state="sent")
    assert outbox._claim(NOON) == row("slow:2")


@pytest.mark.django_db
def test_what_was_prompt_and_takes_long_now_keeps_unknown_ones_from_beginning() -> None:
    for number in range(4):
        lanes.note(recipient=f"a@mail{number}.example", took=timedelta(), now=NOON)
        queue(f"known:{number}", recipient=f"a@mail{number}.example")
        assert outbox._claim(NOON) == row(f"known:{number}")
    later = NOON + lanes.USUAL + timedelta(seconds=1)
    queue("new", recipient="a@new.example", now=later)
    assert outbox._claim(later) is None
    Delivery.objects.filter(key="known:0").update(state="sent")
    assert outbox._claim(later) == row("new")


@pytest.mark.django_db
def test_how_a_domain_went_is_what_its_last_mail_says_and_forgotten_after_a_day(gate: Gate) -> None:
    queue(recipient="anna@Mail.example")
    outbox.send_due(now=NOON)
    assert list(DomainPace.objects.values_list("domain", "slow")) == [("mail.example", False)]
    lanes.note(recipient="b@mail.example", took=timedelta(minutes=1), now=NOON + timedelta(minutes=1))
    assert DomainPace.objects.get().slow
    lanes.note(recipient="b@mail.example", took=timedelta(seconds=1), now=NOON + timedelta(minutes=2))
    assert not DomainPace.objects.get().slow
    lanes.note(recipient="no address", took=timedelta(minutes=1), now=NOON)
    lanes.forget_old(now=NOON + timedelta(hours=23))
    assert DomainPace.objects.count() == 1
    lanes.forget_old(now=NOON + timedelta(hours=25))
    assert DomainPace.objects.count() == 0


@pytest.mark.django_db
def test_each_minute_as_many_jobs_as_can_work_look_for_what_waits(gate: Gate) -> None:
    for waiting, more in ((0, 0), (1, 0), (3, 2), (30, SENDERS - 1)):
        for number in range(waiting):
            queue(f"{waiting}:{number}", recipient=f"a@mail{number}.example", now=clock.now())
        before = waiting_jobs(outbox.QUEUE)
        app.tasks["channels.send_due_again"](timestamp=0)
        assert waiting_jobs(outbox.QUEUE) - before == more
    assert len(gate.sent) == 34
