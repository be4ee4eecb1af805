import importlib
import resource
import socket
from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand

from trustdesk.channels.listening import listen
from trustdesk.config import checks, lifeline, request_head
from trustdesk.config.websocket import WebSocket

# One frame of the chat protocol; anything longer closes the socket with 1009.
MAX_FRAME_BYTES = 64 * 1024
GRACE_SECONDS = 10


class Command(BaseCommand):
    help = "Serve pages and live sockets in this process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address to listen on."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--lifeline", type=int, dest="lifeline_end", help="set by bin/up: stop when it ends")
        parser.add_argument("--welcome", action="store_true", help="print addresses and demo logins when ready")

    def handle(self, *args: Any, host: str, port: int, lifeline_end: int | None, welcome: bool, **options: Any) -> None:
        """Serve until SIGTERM or Ctrl-C."""
        checks.refuse_unsafe_database()
        lifeline.end_with_parent(lifeline_end)
        _raise_file_limit()
        config = uvicorn.Config(
            "trustdesk.config.asgi:application",
            host=host,
            port=port,
            loop="uvloop",
            http=request_head.BoundedHead,
            ws=WebSocket,
            ws_max_size=MAX_FRAME_BYTES,
            # 20 KB of memory for an idle socket instead of 61 KB.
            ws_per_message_deflate=False,
            ws_ping_interval=20,
            ws_ping_timeout=20,
            # Whom to believe about the client's address is decided in one place: TRUSTED_PROXY_COUNT.
            proxy_headers=False,
            server_header=False,
            access_log=False,  # it would log whole addresses
            log_config=None,
            timeout_graceful_shutdown=GRACE_SECONDS,
            backlog=4096,
        )
        _Server(config, welcome=_welcome() if welcome else "").run()


class _Server(uvicorn.Server):
    """uvicorn's server, which says welcome once it listens: not earlier, when an address would not answer yet."""

    def __init__(self, config: uvicorn.Config, *, welcome: str) -> None:
        super().__init__(config)
        self.welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then greet."""
        await super().startup(sockets)
        if self.started and self.welcome:
            print(self.welcome, flush=True)  # noqa: T201  for the person at the terminal


def _welcome() -> str:
    """Return what a person needs to begin: addresses and, in the demo world, logins."""
    rows: list[tuple[str, ...]] = [
        ("Start here", f"{settings.PUBLIC_URL}/"),
        ("Demo exchange with the chat", f"{settings.PUBLIC_URL}/demo/"),
        ("Desk", f"{settings.PUBLIC_URL}/desk/"),
    ]
    if where := listen(settings.MAIL_LISTEN):
        rows.append(("Mail is taken at", f"{where.host}:{where.port}", f"for {settings.DEFAULT_FROM_EMAIL} (SMTP, no password)"))
    if settings.DEMO:
        logins = getattr(importlib.import_module("trustdesk.demo"), "logins", None)
        rows += [tuple(map(str, row)) for row in logins()] if logins else []
    width = max(len(row[0]) for row in rows)
    lines = "\n".join(f"  {row[0]:<{width}}  {'  '.join(row[1:])}" for row in rows)
    return f"\nTrustdesk {settings.VERSION} is ready. Ctrl-C stops it.\n\n{lines}\n"


def _raise_file_limit() -> None:
    """Every socket is an open file, and the usual limit of 1,024 is reached by a busy morning."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
