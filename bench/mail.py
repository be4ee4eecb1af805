"""Mail from the SMTP receiver's `250` to a case on the desk, as a ratio to the reference R; and a backlog drained.

    .venv/bin/python bench/mail.py [--mails 3000] [--connections 16] [--backlog 50000] [--slow]

Prints one JSON line per measurement. Server, database and load share the machine. Every mail is another sender's, signed with
DKIM beforehand, and every check is on: SPF, DKIM and DMARC against a name server of our own, the guard, evidence, routing,
acknowledgement. The backlog is stored raw, then drained by one worker whose memory, readers included, is watched. Each run
compares what was acknowledged with the database. `--slow` adds what slow servers and senders cost the others (bench/tarpit.py).
"""

from __future__ import annotations

import argparse
import json
import smtplib
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg
import tarpit
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from reference import measure
from world import ROOT, World, _free_port, world

DOMAIN = "customers.example"
SUPPORT = "support@northlight.example.test"
WORKERS = 2  # one a core
PATIENCE = 600.0  # seconds without a new case before the run is given up
TEXT = (
    "Hello,\n\nI sent 320 USDT on TRON yesterday evening and it is not in my account. The transaction is {tx}.\n"
    "Could you have a look please? My account number is {uid}.\n\nBest regards\nCustomer {n}\n\n-- \nSent from my phone\n"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=3_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--backlog", type=int, default=50_000)
    parser.add_argument("--slow", action="store_true")
    given = parser.parse_args()
    with world() as made:
        reference = measure(made.owner_url)
        print(json.dumps({"what": "reference", "transactions_per_s": round(reference)}), flush=True)
        sign, zone = _signer()
        from tests.net import zone as name_server

        with name_server.serve(zone) as dns:
            if given.mails:
                letters = [sign(_letter(number)) for number in range(given.mails)]
                print(json.dumps(_receive(made, letters, dns, given.connections, reference)), flush=True)
            if given.backlog:
                print(json.dumps(_drain(made, given.backlog, sign, dns, reference)), flush=True)
        if given.slow:
            print(json.dumps(tarpit.out(made, _running)), flush=True)
            print(json.dumps(tarpit.into(made, _running, _letter)), flush=True)


def _receive(made: World, letters: list[bytes], dns: str, connections: int, reference: float) -> dict[str, Any]:
    """Bring all letters over SMTP in a closed loop; time from the first connection until the last case is there."""
    port = _free_port()
    with _running(made, "mail", *["worker"] * WORKERS, MAIL_LISTEN=f"smtp://127.0.0.1:{port}?trusted=127.0.0.1", DNS_SERVERS=dns):
        tarpit.wait_for_greeting(port)
        before = _cases(made)
        began = time.monotonic()
        with ThreadPoolExecutor(connections) as pool:
            taken = list(pool.map(lambda part: _bring(port, part), (letters[n::connections] for n in range(connections))))
        accepted = time.monotonic() - began
        waits = [wait for part in taken for wait in part]
        _wait_for_cases(made, before + len(letters))
        took = time.monotonic() - began
    stored, cases, once = _compare(made)
    return {
        "what": "from SMTP 250 to a case",
        "mails": len(letters),
        "accepted_per_s": round(len(letters) / accepted, 1),
        "mails_per_s": round(len(letters) / took, 1),
        "ratio": round(len(letters) / took / reference, 4),
        "smtp_p50_ms": round(statistics.median(waits) * 1000, 1),
        "smtp_p99_ms": round(sorted(waits)[int(len(waits) * 0.99)] * 1000, 1),
        "lost": stored - cases,
        "doubled": cases - once,
    }


def _drain(made: World, count: int, sign: Callable[[bytes], bytes], dns: str, reference: float) -> dict[str, Any]:
    """Store a raw backlog, then let one worker drain it; its memory at the first tenth and at the highest."""
    from trustdesk.channels import addresses, post

    ours = addresses.route(SUPPORT)
    assert ours is not None
    now = datetime.now(UTC)
    for start in range(0, count, 500):
        post.store(
            [
                post.Raw(
                    ours.ours.inbox_id, "mail", f"backlog:{number}", sign(_letter(10_000_000 + number)),
                    {"recipients": [SUPPORT], "sender": f"b{number}@{DOMAIN}", "ip": "127.0.0.1", "helo": "client.example"}, now,
                )
                for number in range(start, min(start + 500, count))
            ]
        )  # fmt: skip
    before, began = _cases(made), time.monotonic()
    with _running(made, "worker", DNS_SERVERS=dns) as processes:
        sizes: list[tuple[int, int]] = []
        done = threading.Event()
        watching = threading.Thread(target=_watch, args=(made, processes[0], before, sizes, done))
        watching.start()
        _wait_for_cases(made, before + count)
        done.set()
        watching.join()
    took = time.monotonic() - began
    warm = next((size for read, size in sizes if read >= count // 10), sizes[0][1])
    highest = max(size for read, size in sizes if read >= count // 10)
    return {
        "what": "raw backlog drained by one worker",
        "mails": count,
        "mails_per_s": round(count / took, 1),
        "ratio": round(count / took / reference, 4),
        "memory_mb_at_a_tenth": round(warm / 1e6, 1),
        "memory_grown_mb": round((highest - warm) / 1e6, 1),
    }


def _watch(made: World, worker: psutil.Process, before: int, sizes: list[tuple[int, int]], done: threading.Event) -> None:
    while not done.wait(2.0):
        family = [worker, *worker.children(recursive=True)]
        size = 0
        for one in family:
            try:
                size += one.memory_full_info().uss
            except psutil.Error:  # a reader that has just been replaced
                continue
        sizes.append((_cases(made) - before, size))


def _bring(port: int, letters: list[bytes]) -> list[float]:
    """Bring letters over one connection; return how long each took until 250."""
    waits = []
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example") as client:
        for letter in letters:
            sender = letter.split(b"\nFrom: ", 1)[1].split(b"\r\n", 1)[0].strip().decode()
            began = time.monotonic()
            client.sendmail(sender, [SUPPORT], letter)
            waits.append(time.monotonic() - began)
    return waits


def _letter(number: int) -> bytes:
    made = EmailMessage()
    made["From"] = f"c{number}@{DOMAIN}"
    made["To"] = SUPPORT
    made["Subject"] = f"Deposit missing: {number}"
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = f"<{number}.bench@{DOMAIN}>"
    text = TEXT.format(tx=f"{number:064x}", uid=100_000_000 + number, n=number)
    made.set_content(text)
    made.add_alternative("<html><body>" + "".join(f"<p>{line}</p>" for line in text.split("\n\n")) + "</body></html>", subtype="html")
    return made.as_bytes(policy=SMTP)


def _signer() -> tuple[Callable[[bytes], bytes], dict[str, dict[str, list[str]]]]:
    """Return what signs a letter for DOMAIN, and the zone by which that is checked."""
    from trustdesk.net.dkim import DkimKey

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    signing = DkimKey(DOMAIN, "", pem.decode())
    name, record = signing.record
    zone = {
        f"_dmarc.{DOMAIN}": {"TXT": ["v=DMARC1; p=reject"]},
        DOMAIN: {"TXT": ["v=spf1 ip4:127.0.0.1 -all"]},
        name: {"TXT": [record]},
    }
    return lambda letter: signing.sign(letter, now=datetime.now(UTC)), zone


@contextmanager
def _running(made: World, *commands: str, **extra: str) -> Iterator[list[psutil.Process]]:
    running = [
        subprocess.Popen([sys.executable, str(Path(ROOT) / "manage.py"), command], env=made.environment | extra, cwd=ROOT)
        for command in commands
    ]
    try:
        yield [psutil.Process(process.pid) for process in running]
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(40)


def _ask(made: World, question: LiteralString) -> int:
    with psycopg.connect(made.url, autocommit=True) as link:
        row = link.execute(question).fetchone()
        return int(row[0]) if row else 0


def _cases(made: World) -> int:
    return _ask(made, "SELECT count(*) FROM conversations_mailpart")


def _wait_for_cases(made: World, wanted: int) -> None:
    seen, at = -1, time.monotonic()
    while (now := _cases(made)) < wanted:
        if now > seen:
            seen, at = now, time.monotonic()
        if time.monotonic() - at > PATIENCE:
            raise TimeoutError(f"{wanted - now} mails have become no case")
        time.sleep(0.05 if wanted - now < 500 else 0.25)


def _compare(made: World) -> tuple[int, int, int]:
    """Return how many mails are stored, how many lines they made, and how many of those are different ones."""
    return (
        _ask(made, "SELECT count(*) FROM channels_hookpayload"),
        _ask(made, "SELECT count(*) FROM conversations_entry WHERE kind = 'message' AND author = 'customer'"),
        _ask(made, "SELECT count(DISTINCT external_id) FROM conversations_entry WHERE kind = 'message' AND author = 'customer'"),
    )


if __name__ == "__main__":
    main()
