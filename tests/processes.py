"""Real server and worker processes for tests that kill them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

# What a Chromium needs to run as root, without a display, and to send nothing of its own.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


@dataclass
class Process:
    """A child of the test; `port` is 0 for one that serves nothing."""

    popen: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def address(self) -> str:
        """Return `http://127.0.0.1:<port>`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self.popen.pid

    def kill(self) -> None:
        """End it as a power cut would (-9), and wait."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(timeout=30)

    def stop(self, *, timeout: float = 30) -> int:
        """Ask it to stop (SIGTERM), wait and return its exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout=timeout)

    def wait(self, *, timeout: float = 60) -> int:
        """Wait until it ends by itself and return its exit code."""
        return self.popen.wait(timeout=timeout)

    def output(self) -> str:
        """Return what it has printed so far."""
        return self.log.read_text(errors="replace")


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, the system's or one that Playwright has installed."""
    for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        if found := shutil.which(name):
            return found
    installed = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "~/.cache/ms-playwright")).expanduser()
    return next((str(path) for path in sorted(installed.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


def free_port() -> int:
    """Return a loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(
    *, url: str, env: dict[str, str], command: tuple[str, ...], var: Path, port: int | None = None
) -> Process:
    """Run `manage.py <command>` against the database at `url`; a `serve` is returned once it answers.

    Raise AssertionError with its output when it does not answer within a minute.
    """
    serves = command[0] == "serve"
    port = (port or free_port()) if serves else 0
    log = var / f"{command[0]}-{port}-{time.monotonic_ns()}.log"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "trustdesk.config.settings",
        "DATABASE_URL": url,
        "PORT": str(port or 8000),
        "TRUSTDESK_URL": f"http://127.0.0.1:{port or 8000}",
        "TRUSTDESK_VAR": str(var),
        "PYTHONUNBUFFERED": "1",
        **env,
    }
    with open(log, "wb") as output:
        popen = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *command],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    process = Process(popen=popen, port=port, log=log)
    if serves:
        _wait_until_it_answers(process)
    return process


def _wait_until_it_answers(process: Process) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.popen.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{process.address}/health/live", timeout=2):  # noqa: S310  loopback
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError(f"the server did not answer:\n{process.output()[-4000:]}")
