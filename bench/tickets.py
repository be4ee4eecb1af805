"""Tickets through the form and through the API, every check on, as ratios to the reference R.

    .venv/bin/python bench/tickets.py [--seconds 15] [--sheets 5000] [--connections 32]

Prints one JSON line per measurement. Server (one process), database and load share the machine. Each ticket is another
customer's, with a transaction id of its own; all are sent in a closed loop. The form is posted as browsers do it, with our
script (files went before) and without (multipart), with cookie and CSRF token, each from a sheet of its own that was fetched
before; fetching is measured by itself. R is measured before and after, and the mean of both is what counts. Each run compares
what was acknowledged with the database.
`cpu_ms_per_ticket` says where the time of the two cores went.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import psutil
import uvloop
from reference import measure
from world import World, world

LIMITS = {"CHAT_MESSAGES_PER_MINUTE": "1000000", "NEW_CHATS_PER_10_MINUTES": "1000000", "WEB_THREADS": "32"}
SETTLING = 2.0  # seconds before times count
TEXT = "I sent this yesterday evening from another exchange. It has many confirmations, but my balance is the same as before."


@dataclass
class Answer:
    """One answer: status, headers in lower case (cookies apart), body."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    body: bytes


class Connection:
    """One kept-alive connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send a request and read its answer."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head, *rest = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found: dict[str, str] = {}
        cookies: dict[str, str] = {}
        for line in filter(None, rest):
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                key, _, kept = value.partition(";")[0].partition("=")
                cookies[key] = kept
            found[name.lower()] = value
        return Answer(int(head.split(" ")[1]), found, cookies, await self._body(found))

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)
        return body


@dataclass
class Tally:
    """What came of a load: numbers of the cases that were acknowledged, times, and everything else by status."""

    acknowledged: set[str] = field(default_factory=set)
    times: list[tuple[float, float]] = field(default_factory=list)  # when answered, after how long
    refused: Counter[int] = field(default_factory=Counter)

    def took(self, at: float, answer: Answer, reference: str) -> None:
        """Note one answer; `reference` is blank where there is no case."""
        now = time.perf_counter()
        if reference:
            self.acknowledged.add(reference)
            self.times.append((now, now - at))
        else:
            self.refused[answer.status] += 1

    def figures(self, since: float) -> dict[str, Any]:
        """Count what was answered from then until the last answer."""
        until = max((at for at, _ in self.times), default=since + 1)
        times = [took for at, took in self.times if since <= at <= until]
        cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
        return {
            "tickets_per_second": round(len(times) / (until - since)),
            "p50_ms": round(cuts[49] * 1000, 1),
            "p99_ms": round(cuts[98] * 1000, 1),
            "refused": dict(self.refused),
        }


@asynccontextmanager
async def connections(made: World, count: int) -> AsyncIterator[list[Connection]]:
    """Open so many connections to the server."""
    opened = [await asyncio.open_connection("127.0.0.1", made.port, limit=2**20) for _ in range(count)]
    try:
        yield [Connection(reader, writer, f"localhost:{made.port}") for reader, writer in opened]
    finally:
        for _, writer in opened:
            writer.close()


async def by_api(made: World, token: str, count: int, seconds: float) -> tuple[Tally, dict[str, Any]]:
    """Each connection opens the next case, of another account and under another key, as soon as it has the last one."""
    tally, end = Tally(), time.perf_counter() + SETTLING + seconds

    async def customer(connection: Connection) -> None:
        while (at := time.perf_counter()) < end:
            fields = {"coin": "USDT", "network": "TRC20", "tx_id": secrets.token_hex(32), "amount": "250.00"}
            said = {
                "type": "deposit_missing",
                "customer": {"uid": str(secrets.randbelow(10**12))},
                "text": TEXT,
                "fields": fields,
            }
            answer = await connection.ask(
                "POST",
                "/api/v1/conversations",
                json.dumps(said).encode(),
                Authorization=f"Bearer {token}",
                Content_Type="application/json",
                Idempotency_Key=secrets.token_hex(16),
            )
            tally.took(at, answer, json.loads(answer.body)["reference"] if answer.status == 201 else "")

    async with connections(made, count) as opened:
        await asyncio.gather(*map(customer, opened))
    return tally, tally.figures(end - seconds)


@dataclass(frozen=True)
class Sheet:
    """A form as one browser has fetched it."""

    cookie: str
    hidden: dict[str, str]


async def fetch(made: World, count: int, sheets: int) -> list[Sheet]:
    """Fetch the form so many times, each time as somebody nobody has seen before."""
    found: list[Sheet] = []

    async def browser(connection: Connection) -> None:
        while len(found) < sheets:
            answer = await connection.ask("GET", "/tickets/new/deposit_missing/", Accept="text/html")
            if answer.status != 200:
                raise RuntimeError(f"the form was answered with {answer.status}")
            hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.body.decode()))
            found.append(Sheet("; ".join(f"{key}={value}" for key, value in answer.cookies.items()), hidden))

    async with connections(made, count) as opened:
        await asyncio.gather(*map(browser, opened))
    return found


async def by_form(
    made: World, count: int, sheets: list[Sheet], encode: Callable[[dict[str, str]], tuple[bytes, str]]
) -> tuple[Tally, dict[str, Any]]:
    """Post every sheet, filled in."""
    tally, left = Tally(), list(sheets)

    async def browser(connection: Connection) -> None:
        while left:
            sheet, at = left.pop(), time.perf_counter()
            typed = {
                "f.coin": "USDT",
                "f.network": "TRC20",
                "f.tx_id": secrets.token_hex(32),
                "f.amount": "250.00",
                "text": TEXT,
                "mail": f"{secrets.token_hex(6)}@example.test",
            }
            body, kind = encode(sheet.hidden | typed)
            answer = await connection.ask(
                "POST",
                "/tickets/new/deposit_missing/",
                body,
                Content_Type=kind,
                Cookie=sheet.cookie,
                Origin=f"http://localhost:{made.port}",
            )
            place = answer.headers.get("location", "")
            tally.took(at, answer, place.split("/")[3] if answer.status == 302 else "")

    begun = time.perf_counter()
    async with connections(made, count) as opened:
        await asyncio.gather(*map(browser, opened))
    return tally, tally.figures(begun + SETTLING)


def _plain(fields: dict[str, str]) -> tuple[bytes, str]:
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def _multipart(fields: dict[str, str]) -> tuple[bytes, str]:
    edge = secrets.token_hex(12)
    parts = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return f"{parts}--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def verify(tally: Tally) -> dict[str, int]:
    """Compare the acknowledged cases with the database: each is there once, with its message, its evidence and its promise."""
    from trustdesk.conversations.models import Conversation

    rows = Conversation.objects.filter(reference__in=tally.acknowledged, entries__seq=1, entries__kind="message")
    whole = rows.filter(evidence__kind="tx_id", promise__isnull=False).distinct().count()
    return {"acknowledged": len(tally.acknowledged), "lost": len(tally.acknowledged) - whole}


class Meter:
    """Processor time of the server, the database and this process, in seconds."""

    def __init__(self, made: World, server: psutil.Process) -> None:
        self._postgres = [one for one in psutil.process_iter() if str(made.var) in " ".join(_command(one))]
        self._server, self._since = server, {"server": 0.0, "database": 0.0, "load": 0.0}
        self.per(1)

    def per(self, tickets: int) -> dict[str, float]:
        """Return what each part used since the last call, in milliseconds a ticket."""
        parents = [one for one in self._postgres if one.pid != self._server.pid]
        database = [*parents, *(child for one in parents for child in one.children(recursive=True))]
        now = {
            "server": _seconds(self._server),
            "database": sum(map(_seconds, {one.pid: one for one in database}.values())),
            "load": _seconds(psutil.Process()),
        }
        used = {part: round((now[part] - self._since[part]) * 1000 / max(1, tickets), 2) for part in now}
        self._since = now
        return used


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() if "postgres" in process.name() else []
    except psutil.Error:
        return []


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--sheets", type=int, default=5000)
    options.add_argument("--connections", type=int, default=32)
    chosen = options.parse_args()
    uvloop.install()
    with world() as made:
        bar = measure(made.owner_url, seconds=5)
        print(json.dumps({"reference": round(bar)}), flush=True)

        from trustdesk.api import tokens
        from trustdesk.api.models import Scope
        from trustdesk.seams import clock

        _, token = tokens.create(name="bench", scopes=list(Scope.values), now=clock.now(), per_minute=10_000_000)

        found: dict[str, dict[str, Any]] = {}

        def run(name: str, load: Callable[[], Awaitable[tuple[Tally, dict[str, Any]]]]) -> None:
            async def whole() -> tuple[Tally, dict[str, Any]]:
                return await load()

            meter.per(1)
            tally, found[name] = asyncio.run(whole())
            found[name]["cpu_ms_per_ticket"] = meter.per(len(tally.acknowledged))
            print(json.dumps({name: found[name], "check": verify(tally)}), flush=True)

        with made.serving(**LIMITS) as server:
            meter = Meter(made, server)
            run("api", lambda: by_api(made, token, chosen.connections, chosen.seconds))
            for name, encode in (("form", _plain), ("form_without_script", _multipart)):
                at = time.perf_counter()
                sheets = asyncio.run(fetch(made, chosen.connections, chosen.sheets))
                print(json.dumps({"form_pages_per_second": round(len(sheets) / (time.perf_counter() - at))}), flush=True)
                run(name, lambda: by_form(made, chosen.connections, sheets, encode))  # noqa: B023  it runs at once
        after = measure(made.owner_url, seconds=5)
        ratios = {name: round(one["tickets_per_second"] / ((bar + after) / 2), 4) for name, one in found.items()}
        print(json.dumps({"reference_after": round(after), "ratio_to_R": ratios}))


if __name__ == "__main__":
    main()
