"""Hints between processes: "case 42 is at 118". PostgreSQL NOTIFY, sent after commit, coalesced.

A hint carries no content and may be lost; whoever needs certainty asks the database. Notifying inside each
transaction would serialise all commits, so one connection a process sends what gathered during 20 ms.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

from trustdesk.seams import failpoints

log = logging.getLogger(__name__)

CHANNEL = "trustdesk"
COALESCE = 0.02  # seconds
_MOST = 7_500  # bytes; PostgreSQL takes 8,000 in one notification

Hints = Mapping[str, str]  # topic → newest value; a later value of a topic replaces the earlier


class Bus:
    """Publishes hints to this process at once and to all others soon; tells listeners what it hears."""

    def __init__(self) -> None:
        self._origin = secrets.token_hex(8)
        self._listeners: list[Callable[[Hints], None]] = []
        self._gaps: list[Callable[[], None]] = []
        self._gathered: dict[str, str] = {}
        self._wake = threading.Condition()
        self._threads: dict[str, threading.Thread] = {}
        self._heard_at = 0.0
        self._stopped = False

    def listen(self, on_hints: Callable[[Hints], None], on_gap: Callable[[], None]) -> None:
        """Call `on_hints` with whatever is published anywhere, `on_gap` when some may have been missed."""
        self._listeners.append(on_hints)
        self._gaps.append(on_gap)
        self._ensure("bus-listener", self._hear)

    def publish(self, hints: Hints) -> None:
        """Publish, never raising: a lost hint costs nothing. Call it after commit."""
        if not hints or failpoints.hit("before_publish"):
            return
        for listener in self._listeners:
            listener(hints)
        with self._wake:
            self._gathered.update(hints)
            self._wake.notify()
        self._ensure("bus-sender", self._send)
        failpoints.hit("after_publish")

    def connected(self) -> bool:
        """Say whether the listening connection has answered within the last 10 s."""
        return time.monotonic() - self._heard_at < 10

    def stop(self) -> None:
        """End the threads within a few seconds; nothing is published or heard afterwards."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()

    def _ensure(self, name: str, target: Callable[[], None]) -> None:
        if name not in self._threads:
            with self._wake:
                if name not in self._threads:
                    self._threads[name] = threading.Thread(target=target, name=name, daemon=True)
                    self._threads[name].start()

    def _send(self) -> None:
        while not self._stopped:
            try:
                gathered = self._gather()
                with _connect() as link:
                    while not self._stopped:
                        for payload in self._payloads(gathered):
                            link.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
                        time.sleep(COALESCE)
                        gathered = self._gather()
            except psycopg.Error as gone:
                log.warning("bus: hints lost: %s", type(gone).__name__)
                time.sleep(0.5)

    def _gather(self) -> dict[str, str]:
        """Wait for hints and take them."""
        with self._wake:
            self._wake.wait_for(lambda: self._gathered or self._stopped)
            gathered, self._gathered = self._gathered, {}
        return gathered

    def _payloads(self, hints: Hints) -> list[str]:
        """Write hints as notifications, as few as their bound of size allows."""
        payloads: list[str] = []
        parts: list[str] = []
        size = 0
        for topic, value in hints.items():
            part = f"{json.dumps(topic)}:{json.dumps(value)}"  # ASCII: characters are bytes
            if parts and size + len(part) > _MOST:
                payloads.append(self._payload(parts))
                parts, size = [], 0
            parts.append(part)
            size += len(part) + 1
        return [*payloads, self._payload(parts)]

    def _payload(self, parts: list[str]) -> str:
        return f'["{self._origin}",{{{",".join(parts)}}}]'

    def _hear(self) -> None:
        while not self._stopped:
            try:
                with _connect() as link:
                    link.execute(f"LISTEN {CHANNEL}")
                    for gap in self._gaps:  # what came between two connections was missed
                        gap()
                    while not self._stopped:
                        self._heard_at = time.monotonic()
                        for notice in link.notifies(timeout=3, stop_after=1):
                            self._take(notice.payload)
                        link.execute("SELECT 1")  # a dead peer shows itself here
            except psycopg.Error as gone:
                log.warning("bus: not listening: %s", type(gone).__name__)
                time.sleep(0.5)

    def _take(self, payload: str) -> None:
        try:
            origin, hints = json.loads(payload)
        except ValueError:
            log.warning("bus: a notification that is not ours")
            return
        if origin != self._origin:
            for listener in self._listeners:
                listener(hints)


def _connect() -> psycopg.Connection[tuple[object, ...]]:
    own = connection.settings_dict
    return psycopg.connect(
        make_conninfo(
            host=own["HOST"],
            port=own["PORT"],
            dbname=own["NAME"],
            user=own["USER"],
            password=own["PASSWORD"],
            connect_timeout=3,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=10_000,
        ),  # keepalives stay silent while a sent query waits for its answer
        autocommit=True,
    )


bus = Bus()
