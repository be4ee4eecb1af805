"""F-36: mail servers that are slow, busy or refuse. Whoever waits for one keeps nobody else waiting."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from tests.channels.test_outbox import queue, row
from tests.net.smtp import plain
from tests.world import NOON
from trustdesk.channels import outbox, registry
from trustdesk.channels.adapters.email import Email
from trustdesk.channels.models import Delivery
from trustdesk.net import mail

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
                    self._drip("250 in a while\r\n")
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
def test_what_takes_long_is_the_only_one_of_its_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        queue(str(number), recipient=f"{number}@{'Slow.example' if number < 3 else 'mail.example'}")
    assert [outbox._claim(NOON), outbox._claim(NOON)] == [row("0"), row("1")]
    assert outbox._claim(NOON) == row("3"), "two of one domain are under way"
    Delivery.objects.filter(key="0").update(state="sent")
    assert outbox._claim(NOON + timedelta(seconds=6)) is None, "the other one takes long"
    assert outbox._claim(NOON + outbox.LONGEST + timedelta(seconds=1)) == row("2"), "and may be a dead process's"


@pytest.mark.django_db
def test_servers_known_to_be_slow_take_two_senders_together_and_no_more() -> None:
    """F-36: six tarpits must not take all four senders, each with one mail."""
    for number in range(6):
        queue(f"slow:{number}", recipient=f"a@slow{number}.example")
    Delivery.objects.filter(key__in=["slow:2", "slow:3", "slow:4", "slow:5"]).update(reason="timeout", attempts=1)
    assert [outbox._claim(NOON), outbox._claim(NOON)] == [row("slow:0"), row("slow:1")]
    later = NOON + outbox.USUAL + timedelta(seconds=1)
    queue("fast", recipient="b@mail.example", now=later)
    queue("new", recipient="b@slow2.example", now=later)
    assert outbox._claim(later) == row("fast")
    assert outbox._claim(later) is None, "the others wait until one of the two has ended"
    Delivery.objects.filter(key="slow:0").update(state="queued", reason="timeout", not_before=later + timedelta(hours=1))
    assert outbox._claim(later) == row("slow:2")
