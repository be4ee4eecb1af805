"""F-36: what slow mail servers and slow senders cost everybody else, as a ratio of delays within one run (part of bench/mail.py).

Alone and beside them by turns, since a shared machine has slow minutes. Out: mails to twenty domains are queued one after the
other, and timed from the commit to the relay's `250`, beside mails to more domains than there are senders, never seen before, whose
servers answer a byte a second. In: mails are brought over SMTP and timed until `250`, beside senders that drip theirs.
"""

from __future__ import annotations

import itertools
import smtplib
import socketserver
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from world import World, _free_port

MAILS, PAUSE = 120, 0.1  # of each half, and seconds between two
TURNS, OUT_TURNS = 12, 4  # a half
SLOW_MAILS, SLOW_SENDERS = 24, 40
SLOW_DOMAIN = "slow.example"  # and what is below it
SUPPORT = "support@northlight.example.test"


class _Relay(socketserver.StreamRequestHandler):
    """Takes every mail, but says a byte a second to those to slow domains until it is `over`."""

    took: dict[str, float] = {}
    over = threading.Event()
    def handle(self) -> None:
        """Talk to one client."""
        who = ""
        self._say("220 here")
        while line := self.rfile.readline().decode("ascii", "replace").strip():
            verb = line.partition(":")[0].split()[0].upper()
            if verb == "RCPT":
                who = line.partition("<")[2].partition(">")[0]
                if who.endswith(SLOW_DOMAIN):
                    self._drip()
            if verb == "DATA":
                self._say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                type(self).took[who] = time.monotonic()
            self._say("221 bye" if verb == "QUIT" else "250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _drip(self) -> None:
        self.wfile.write(b"250-")
        while not self.over.wait(1):
            self.wfile.write(b"x")
        self._say("")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


def out(made: World, running: Callable[..., Any]) -> dict[str, Any]:
    """Time mails to others, without and beside a slow server."""
    with _Server(("127.0.0.1", 0), _Relay) as relay:
        threading.Thread(target=relay.serve_forever, args=(0.02,), daemon=True).start()
        with running(made, "worker", MAIL_URL=f"smtp://127.0.0.1:{relay.server_address[1]}"):
            _timed("warm", 40)
            alone, beside = [], []
            for turn in range(OUT_TURNS):
                alone += _timed(f"alone{turn}-", MAILS // OUT_TURNS)
                _Relay.over.clear()
                slow = {f"s@t{turn}d{number}.{SLOW_DOMAIN}" for number in range(SLOW_MAILS)}
                for who in slow:
                    _queue(f"slow:{who}", who)
                time.sleep(2)  # it has begun with them
                beside += _timed(f"beside{turn}-", MAILS // OUT_TURNS)
                if slow & _Relay.took.keys():
                    raise RuntimeError("the slow servers were not slow")
                _Relay.over.set()
                _wait_until_taken(slow)
        relay.shutdown()
    return _compared("delay of other domains beside slow servers", alone, beside) | {"slow_mails": SLOW_MAILS}


def into(made: World, running: Callable[..., Any], letter: Callable[[int], bytes]) -> dict[str, Any]:
    """Time mails that are brought, without and beside slow senders."""
    port = _free_port()
    numbers = itertools.count(20_000_000)
    with running(made, "mail", MAIL_LISTEN=f"smtp://127.0.0.1:{port}?trusted=127.0.0.1"):
        wait_for_greeting(port)
        _brought(port, [letter(next(numbers)) for _ in range(40)])
        alone, beside = [], []
        for _ in range(TURNS):
            alone += _brought(port, [letter(next(numbers)) for _ in range(MAILS // TURNS)])
            with _dripping(port, SLOW_SENDERS):
                beside += _brought(port, [letter(next(numbers)) for _ in range(MAILS // TURNS)])
    return _compared("delay of other senders beside slow ones", alone, beside) | {"slow_senders": SLOW_SENDERS}


def _compared(what: str, alone: list[float], beside: list[float]) -> dict[str, Any]:
    return {
        "what": what,
        "mails": len(beside),
        "alone_p50_ms": round(statistics.median(alone) * 1000, 1),
        "beside_p50_ms": round(statistics.median(beside) * 1000, 1),
        "ratio_p50": round(statistics.median(beside) / statistics.median(alone), 3),
        "ratio_mean": round(statistics.fmean(beside) / statistics.fmean(alone), 3),
        "ratio_p95": round(sorted(beside)[int(len(beside) * 0.95)] / sorted(alone)[int(len(alone) * 0.95)], 3),
    }


def _timed(name: str, count: int) -> list[float]:
    """Queue mails at an even pace; return how long each took until the relay had it."""
    began: dict[str, float] = {}
    for number in range(count):
        who = f"{name}{number}@domain{number % 20}.example"
        _queue(f"{name}:{number}", who)
        began[who] = time.monotonic()
        time.sleep(PAUSE)
    _wait_until_taken(began.keys())
    return [_Relay.took[who] - at for who, at in began.items()]


def _wait_until_taken(whose: Set[str]) -> None:
    deadline = time.monotonic() + 120
    while not whose <= _Relay.took.keys():
        if time.monotonic() > deadline:
            raise TimeoutError("not all mails were sent")
        time.sleep(0.05)


def _queue(key: str, recipient: str) -> None:
    from trustdesk.channels import outbox

    outbox.queue(
        key=key, inbox_id=outbox.mail_inbox(), conversation_id=None, purpose="opened", recipient=recipient, subject="x",
        text="x", now=datetime.now(UTC),
    )  # fmt: skip


def _brought(port: int, letters: list[bytes]) -> list[float]:
    waits = []
    for letter in letters:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example") as client:
            began = time.monotonic()
            client.sendmail("c@customers.example", [SUPPORT], letter)
            waits.append(time.monotonic() - began)
        time.sleep(PAUSE / 4)
    return waits


@contextmanager
def _dripping(port: int, count: int) -> Iterator[None]:
    """Keep senders that are in the middle of a mail, and go on with it a byte a second."""
    command = [sys.executable, str(Path(__file__).with_name("dripping.py")), str(port), str(count), SUPPORT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the slow senders could not begin")
        yield
        still, _ = process.communicate()
        if still != f"{count}\n":
            raise RuntimeError(f"of {count} slow senders only {still.strip() or 0} were still there")


def wait_for_greeting(port: int) -> None:
    """Return once a mail server answers there; raises TimeoutError after half a minute."""
    for _ in range(300):
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=2) as client:
                client.noop()
            return
        except (OSError, smtplib.SMTPException):
            time.sleep(0.1)
    raise TimeoutError("the receiver does not answer")
