"""A client for the test servers."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.net.servers import Handler, HttpServer
from trustdesk.net.addresses import Guard, Resolver, system_resolve
from trustdesk.net.http import Http, Limits

QUICK = Limits(connect=1.0, read=1.0, total=2.0, backoff=0.01)


@contextmanager
def client(
    *servers: HttpServer,
    limits: Limits = QUICK,
    tls: ssl.SSLContext | None = None,
    resolve: Resolver = system_resolve,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Http]:
    """A client that may reach these servers and nothing else on loopback."""
    allowed = [f"127.0.0.1:{server.port}" for server in servers]
    http = Http(guard=Guard.allowing(*allowed, resolve=resolve), limits=limits, tls=tls, sleep=sleep)
    try:
        yield http
    finally:
        http.close()


def following(redirects: int) -> Limits:
    """The quick limits with redirects followed."""
    return replace(QUICK, redirects=redirects)


def url(server: HttpServer, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{server.port}{path}"


def in_turn(*statuses: int, **headers: str) -> Callable[[Handler], None]:
    """Answer with one status after the other, the last one for ever."""
    left = list(statuses)

    def answer(request: Handler) -> None:
        request.reply(left.pop(0) if len(left) > 1 else left[0], b'{"ok": true}', **headers)

    return answer
