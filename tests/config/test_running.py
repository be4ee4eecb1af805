"""The processes themselves: what bin/up starts, keeps alive and stops."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.processes import ROOT, Process, free_port
from trustdesk.config import embedded

pytestmark = pytest.mark.faults


def status(address: str) -> int:
    """Return the status of a GET, 0 when nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310  loopback
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def until(condition: Callable[[], bool], what: str, *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def children(pid: int) -> dict[str, int]:
    """Return the running children of a process: `serve` or `worker` → process id."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in listed.splitlines():
        child, parent, *command = line.split()
        if int(parent) == pid and "manage.py" in " ".join(command):
            found[command[command.index(next(word for word in command if word.endswith("manage.py"))) + 1]] = int(child)
    return found


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def _replaced(parent: int, name: str, number: int) -> bool:
    return children(parent).get(name, number) != number


@pytest.fixture
def up() -> Iterator[Callable[..., Process]]:
    """Start what bin/up starts, in a state folder of this test's own."""
    started: list[Process] = []
    with tempfile.TemporaryDirectory(prefix="trustdesk-up-") as folder:
        Path(folder).chmod(0o711)

        def start(*, port: int) -> Process:
            kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG"}}
            log = Path(folder) / f"log-{len(started)}"
            with open(log, "wb") as output:
                popen = subprocess.Popen(
                    [sys.executable, "-m", "trustdesk.config.supervisor"],
                    env={**kept, "TRUSTDESK_VAR": f"{folder}/var", "PORT": str(port)},
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            process = Process(popen=popen, port=port, log=log)
            started.append(process)
            return process

        yield start
        for process in started:
            process.stop(timeout=60)


def test_everything_comes_up_stays_up_and_ends(up: Callable[..., Process]) -> None:
    first = up(port=free_port())
    until(lambda: "is ready" in first.output() or first.popen.poll() is not None, "not ready")
    assert first.popen.poll() is None, first.output()
    page = f"{first.address}/health/ready"
    assert status(page) == 200
    until(lambda: set(children(first.pid)) == {"serve", "worker", "mail"}, "a child is missing")

    second = up(port=free_port())
    assert second.wait() == 1
    assert "already running" in second.output()

    for name, number in children(first.pid).items():
        os.kill(number, signal.SIGKILL)
        until(partial(_replaced, first.pid, name, number), f"no new {name}")
    until(lambda: status(page) == 200, "no page after the server was killed")

    server = embedded.EmbeddedServer(first.log.parent / "var")
    killed = server.pid()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    until(lambda: server.running() and server.pid() != killed, "PostgreSQL is not started again")
    until(lambda: status(page) == 200, "no page after PostgreSQL was killed", seconds=30)

    running = children(first.pid)
    assert first.stop(timeout=60) == 0
    assert [number for number in running.values() if alive(number)] == []
    assert server.pid() is None


def test_children_end_when_bin_up_is_killed(up: Callable[..., Process]) -> None:
    process = up(port=free_port())
    until(lambda: "is ready" in process.output() or process.popen.poll() is not None, "not ready")
    until(lambda: set(children(process.pid)) == {"serve", "worker", "mail"}, "a child is missing")
    orphans = list(children(process.pid).values())
    process.kill()
    until(lambda: not any(alive(number) for number in orphans), "a child outlives bin/up", seconds=40)
    again = up(port=free_port())  # takes over PostgreSQL, which went on
    until(lambda: "is ready" in again.output() or again.popen.poll() is not None, "not ready")
    assert status(f"{again.address}/health/ready") == 200


def test_a_taken_port_is_said_before_anything_is_made(up: Callable[..., Process]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = up(port=int(taken.getsockname()[1]))
        assert process.wait() == 1
    assert "is taken" in process.output()
    assert not (process.log.parent / "var" / "postgres").exists()


def test_a_real_server_and_worker_stop_when_asked(
    clone_database: Callable[[], str], live_server_process: Callable[..., Process]
) -> None:
    url = clone_database()
    server = live_server_process(url=url)
    worker = live_server_process(url=url, command=("worker",))
    assert status(f"{server.address}/health/ready") == 200
    until(lambda: "Working at" in worker.output(), "the worker does not start")
    assert worker.stop() in {0, -signal.SIGTERM}, worker.output()
    assert server.stop() in {0, -signal.SIGTERM}, server.output()
