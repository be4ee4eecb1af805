"""A database and a server of its own for one measurement, taken down afterwards."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from trustdesk.config import database, embedded  # noqa: E402


class World:
    """One embedded PostgreSQL, durable as in production, migrated; Django of this process is set up on it."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.postgres = embedded.EmbeddedServer(var)
        self.postgres.start()
        self.postgres.prepare()
        self.port = _free_port()
        self.environment = os.environ | {
            "TRUSTDESK_MODE": "test",
            "TRUSTDESK_VAR": str(var),
            "PORT": str(self.port),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATABASE_URL": self.url,
            "DATABASE_OWNER_URL": self.postgres.url(role=database.OWNER),
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "trustdesk.config.settings",
        }
        self.manage("upgrade", "--verbosity", "0", TRUSTDESK_DATABASE_ROLE="owner")
        os.environ.update(self.environment)
        import django

        django.setup()

    @property
    def url(self) -> str:
        """The address of the database for the serving role."""
        return self.postgres.url(role=database.APPLICATION)

    @property
    def owner_url(self) -> str:
        """The address of the database for the role that owns it."""
        return self.postgres.url(role=database.OWNER)

    def manage(self, *arguments: str, **extra: str) -> None:
        """Run a management command to its end."""
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments], check=True, env=self.environment | extra, cwd=ROOT
        )

    @contextmanager
    def serving(self, *commands: str, **extra: str) -> Iterator[psutil.Process]:
        """Run the server (and other long-running commands) until the block ends; yields the server's process."""
        running = [
            subprocess.Popen([sys.executable, str(ROOT / "manage.py"), command], env=self.environment | extra, cwd=ROOT)
            for command in ("serve", *commands)
        ]
        try:
            _wait_for(f"http://127.0.0.1:{self.port}/health/live")
            yield psutil.Process(running[0].pid)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(20)

    def close(self) -> None:
        """Stop the database."""
        self.postgres.destroy()


@contextmanager
def world() -> Iterator[World]:
    """Make a world in a temporary folder and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="trustdesk-bench-") as folder:
        made = World(Path(folder))
        try:
            yield made
        finally:
            made.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310  our own
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{address} does not answer")
