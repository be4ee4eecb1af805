"""The embedded PostgreSQL: durable, private, and alive again after a crash."""

import os
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.processes import Process
from trustdesk.config import database, embedded

pytestmark = pytest.mark.faults


@pytest.fixture
def server() -> Iterator[embedded.EmbeddedServer]:
    """A server of this test's own, not started."""
    # Not pytest's folder: it is closed to all others at the start of each session, and PostgreSQL may be another user.
    with tempfile.TemporaryDirectory(prefix="trustdesk-server-") as folder:
        Path(folder).chmod(0o711)
        server = embedded.EmbeddedServer(Path(folder) / "case" / "var")
        server.folder.parent.mkdir(mode=0o711)
        yield server
        server.destroy()


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def kill(server: embedded.EmbeddedServer) -> None:
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while server.running():
        assert time.monotonic() < deadline, "a killed process goes on running"
        time.sleep(0.01)


def test_it_is_durable_private_and_in_order(server: embedded.EmbeddedServer) -> None:
    server.start()
    server.prepare()
    url = server.url(role=database.APPLICATION)
    assert database.durability_problems(url) == []
    assert execute(
        url, "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = current_database()"
    ) == [("b", "C.UTF-8")]
    assert stat.S_IMODE((server.folder / "postgres.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert not (server.home / "password").exists()
    stranger = f"postgresql://postgres@127.0.0.1:{server.access().port}/postgres"
    with pytest.raises(psycopg.OperationalError, match="no password"):
        psycopg.connect(stranger)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(url, "CREATE TABLE mine ()")


def test_stopping_and_starting_keeps_address_and_data(server: embedded.EmbeddedServer) -> None:
    server.start()
    server.prepare()
    owner = server.url(role=database.OWNER)
    execute(owner, "CREATE TABLE kept AS SELECT 7 AS value")
    database.write_marks(owner, {"migrations": "abc"})
    server.stop()
    assert not server.running()
    server.start()
    server.start()  # a second time takes over what runs
    assert server.url(role=database.OWNER) == owner
    assert execute(owner, "SELECT value FROM kept") == [(7,)]
    assert database.read_marks(owner) == {"migrations": "abc"}


def test_it_recovers_from_kill_9_again_and_again(server: embedded.EmbeddedServer) -> None:
    server.start()
    server.prepare()
    owner = server.url(role=database.OWNER)
    execute(owner, "CREATE TABLE acknowledged (value int)")
    for value in range(3):
        execute(owner, f"INSERT INTO acknowledged VALUES ({value})")
        kill(server)
        server.start()
        assert execute(owner, "SELECT count(*) FROM acknowledged") == [(value + 1,)]


def test_the_dead_servers_number_may_belong_to_somebody_else(server: embedded.EmbeddedServer) -> None:
    server.start()
    kill(server)
    account = server.account
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=account.pw_uid if account else None)
    try:
        lines = (server.data / "postmaster.pid").read_text().split("\n")
        (server.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]))
        assert not server.running()
        server.start()
        assert server.running()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_interrupted_first_start_is_begun_again(server: embedded.EmbeddedServer) -> None:
    server.start()
    server.stop()
    server.data.rename(server.home / "data.new")
    (server.home / "data.new" / "global" / "pg_control").unlink()
    server.start()
    assert execute(server.url(role=database.SUPERUSER, name="postgres"), "SELECT 1") == [(1,)]


def test_a_taken_port_is_avoided(server: embedded.EmbeddedServer) -> None:
    server.start()
    server.stop()
    before = server.access().port
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", before))
        taken.listen()
        server.start()
    assert server.access().port != before
    assert execute(server.url(role=database.SUPERUSER, name="postgres"), "SELECT 1") == [(1,)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_roots_closed_folder_is_served_from_elsewhere(
    server: embedded.EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.folder.parent.chmod(0o700)
    elsewhere = server.folder.parent.parent / "shared"
    monkeypatch.setattr(embedded, "SHARED_HOME", elsewhere)
    server.start()
    assert server.data.is_relative_to(elsewhere)
    again = embedded.EmbeddedServer(server.folder)
    assert again.running()
    again.stop()
    assert not server.running()
    again.start()
    again.destroy()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_data_that_root_closed_later_is_not_moved(server: embedded.EmbeddedServer) -> None:
    server.start()
    server.stop()
    server.folder.parent.chmod(0o700)
    with pytest.raises(embedded.UnableToStartDatabase, match="chmod"):
        server.start()
    server.folder.parent.chmod(0o711)


def test_a_forgetful_database_is_refused_by_name(
    server: embedded.EmbeddedServer, live_server_process: Callable[..., Process]
) -> None:
    server.settings.update({"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
    server.start()
    server.prepare()
    url = server.url(role=database.APPLICATION)
    bad = {"fsync", "full_page_writes", "synchronous_commit"}
    assert {problem.split()[1] for problem in database.durability_problems(url)} == bad
    with pytest.raises(AssertionError, match="does not start") as refusal:
        live_server_process(url=url)
    assert [name for name in bad if name not in str(refusal.value)] == []
    worker = live_server_process(url=url, command=("worker",))
    assert worker.wait() != 0
    assert [name for name in bad if name not in worker.output()] == []
    # Together with everything else that is wrong, in one message.
    with pytest.raises(AssertionError, match="fsync") as refusal:
        live_server_process(url=url, env={"TRUSTDESK_MODE": "production"})
    assert "MAIL_FROM is required" in str(refusal.value)
