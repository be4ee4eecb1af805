"""What `bin/up` runs: set everything up on this machine, serve it, and stop it cleanly.

PostgreSQL, one process that serves pages and sockets, one that works through the queue, one that takes mail. A child that dies is
started again; Ctrl-C or SIGTERM ends the children first and PostgreSQL last.
"""

import fcntl
import hashlib
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from trustdesk.config import database, embedded, env, translations
from trustdesk.config.lifeline import Lifeline

BASE_DIR = Path(__file__).resolve().parent.parent.parent
STOP_SECONDS = 30
LONGEST_PAUSE = 30  # seconds before a child that keeps dying is started again
STEADY_SECONDS = 10  # after which a child counts as started
MOST_FALSE_STARTS = 3  # of a child that has never been steady


class UnableToStart(Exception):
    """Something on this machine stands in the way; the message tells the person at the terminal what to do."""


def main() -> int:
    """Bring Trustdesk up on this machine until it is told to stop; return the exit code."""
    var = env.path("TRUSTDESK_VAR", default=BASE_DIR / "var")
    port = env.integer("PORT", default=8000, minimum=1, maximum=65535)
    if problems := env.problems():
        return _fail("\n".join(f"{key} {reason}" for key, reason in problems.items()))
    stop = _Stop()
    try:
        with _only_one(var):
            if not embedded.is_free(port):
                raise UnableToStart(f"Port {port} is taken. Choose another one: PORT={port + 1} bin/up")
            with _step("Translations"):
                translations.compile_changed(BASE_DIR / "locale")
            server = _embedded_server(var)
            try:
                if server:
                    with _step("PostgreSQL"):
                        server.start()
                        server.prepare()
                return _run(var=var, server=server, port=port, stop=stop)
            finally:
                if server:
                    with _step("Stopping PostgreSQL"):
                        server.stop()
    except (UnableToStart, embedded.UnableToStartDatabase, psycopg.OperationalError) as error:
        return 0 if stop.asked else _fail(str(error))


def _run(*, var: Path, server: embedded.EmbeddedServer | None, port: int, stop: "_Stop") -> int:
    lifeline = Lifeline()
    environment = _environment(var=var, server=server, port=port)
    manage = _Manage(environment=environment)
    for task in (_upgrade, _collect_static, _load_demo, _load_articles):
        if stop.asked:
            return 0
        task(manage)
    children = [
        _Child("serve", environment, lifeline, arguments=("--welcome",)),
        _Child("worker", environment, lifeline),
        _Child("mail", environment, lifeline),
    ]
    print("· Starting …", flush=True)
    try:
        return _watch(children=children, server=server, stop=stop)
    finally:
        print("\n· Stopping …", flush=True)
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait_for_end(stop)


def _watch(*, children: list["_Child"], server: embedded.EmbeddedServer | None, stop: "_Stop") -> int:
    """Keep everything running until asked to stop; return 1 when a child cannot live at all."""
    while not stop.asked:
        if server and not server.running():
            print("· PostgreSQL has ended; starting it again", flush=True)
            server.start()
        for child in children:
            if child.hopeless:
                return _fail(f"{child.name} ends as soon as it starts; its messages are above.")
            child.keep_running()
        stop.wait(0.5)
    return 0


def _environment(*, var: Path, server: embedded.EmbeddedServer | None, port: int) -> dict[str, str]:
    """Return the children's environment: try-out mode, on this machine only, with a secret of its own."""
    key = var / "secret-key"
    if not key.exists():
        embedded.write_private(key, secrets.token_urlsafe(64))
    environment = {
        "LOG_LEVEL": "WARNING",
        **env.inherited(),
        "DJANGO_SETTINGS_MODULE": "trustdesk.config.settings",
        "TRUSTDESK_MODE": "try-out",
        "TRUSTDESK_VAR": str(var),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    if not environment.get("MAIL_LISTEN"):  # a try-out is not to fail over a port that nobody chose
        mail = next((one for one in range(port + 25, port + 45) if one < 65_536 and embedded.is_free(one)), 0)
        environment["MAIL_LISTEN"] = f"smtp://127.0.0.1:{mail}?trusted=127.0.0.1"
    if not environment.get("SECRET_KEY"):
        environment["SECRET_KEY_FILE"] = str(key)
    if server:
        environment["DATABASE_URL"] = server.url(role=database.APPLICATION)
        environment["DATABASE_OWNER_URL"] = server.url(role=database.OWNER)
    return environment


def _embedded_server(var: Path) -> embedded.EmbeddedServer | None:
    """Return the embedded server, or nothing when DATABASE_URL names another one."""
    if not env.secret("DATABASE_URL", default=""):
        return embedded.EmbeddedServer(var)
    if not env.secret("DATABASE_OWNER_URL", default=""):
        raise UnableToStart("DATABASE_URL is set, so DATABASE_OWNER_URL (the role that migrates) is needed too.")
    return None


@dataclass
class _Manage:
    """`manage.py` in a child process, and the notes on the database of what has been done already."""

    environment: dict[str, str]
    marks: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.marks = database.read_marks(self._owner_url)

    @property
    def _owner_url(self) -> str:
        return self.environment["DATABASE_OWNER_URL"]

    def run(self, *arguments: str, owner: bool = False) -> None:
        """Run a command to its end; raise UnableToStart when it fails (its messages have been shown)."""
        role = {"TRUSTDESK_DATABASE_ROLE": "owner"} if owner else {}
        result = subprocess.run(_command(*arguments), env={**self.environment, **role}, cwd=BASE_DIR, check=False)
        if result.returncode != 0:
            raise UnableToStart(f"manage.py {arguments[0]} failed; its messages are above.")

    def mark(self, name: str, value: str) -> None:
        """Note on the database that `name` has been done for the state `value`."""
        self.marks[name] = value
        database.write_marks(self._owner_url, self.marks)


def _upgrade(manage: _Manage) -> None:
    state = _digest(BASE_DIR / "requirements.lock", *sorted(BASE_DIR.glob("trustdesk/*/migrations/*.py")))
    if manage.marks.get("migrations") != state:
        with _step("Database tables"):
            manage.run("upgrade", "--verbosity=0", owner=True)
        manage.mark("migrations", state)


def _collect_static(manage: _Manage) -> None:
    """Compress and gather the static files into the folder they are served from."""
    sources = [path for path in sorted(BASE_DIR.glob("trustdesk/*/static/**/*")) if path.is_file()]
    state = _digest(BASE_DIR / "requirements.lock", BASE_DIR / "CHANGELOG.md", *sources)
    note = Path(manage.environment["TRUSTDESK_VAR"]) / "static.state"
    if not note.exists() or note.read_text() != state:
        with _step("Static files"):
            manage.run("collectstatic", "--no-input", "--clear", "--verbosity=0")
        note.write_text(state)


def _load_demo(manage: _Manage) -> None:
    has_command = (BASE_DIR / "trustdesk" / "demo" / "management" / "commands" / "demo.py").exists()
    if has_command and "demo" not in manage.marks:
        with _step("Demo world"):
            manage.run("demo")
        manage.mark("demo", "loaded")


def _load_articles(manage: _Manage) -> None:
    """Fill an empty help center with the starting pack, its figures with examples as the demo world has them."""
    if "articles" not in manage.marks:
        with _step("Help center"):
            manage.run("help_import", "--examples", "--if-empty")
        manage.mark("articles", "loaded")


class _Child:
    """One process of ours that should be running."""

    def __init__(
        self, name: str, environment: dict[str, str], lifeline: Lifeline, arguments: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self.hopeless = False
        self._proved = False
        self._environment = environment
        self._lifeline = lifeline
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._next_start_at = 0.0
        self._failures = 0

    def keep_running(self) -> None:
        """Start the process when it is not running and its pause is over."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._next_start_at:
                self._start(now)
            return
        code = self._process.poll()
        if code is None:
            return
        lived = now - self._started_at
        self._proved = self._proved or lived > STEADY_SECONDS
        self._failures = 1 if lived > STEADY_SECONDS else self._failures + 1
        self.hopeless = not self._proved and self._failures >= MOST_FALSE_STARTS
        pause = min(2 ** (self._failures - 1) - 1, LONGEST_PAUSE)
        if not self.hopeless:
            print(f"· {self.name} has ended ({code}); starting it again in {pause} s", flush=True)
        self._process = None
        self._next_start_at = now + pause

    def _start(self, now: float) -> None:
        self._started_at = now
        self._process = subprocess.Popen(
            _command(self.name, f"--lifeline={self._lifeline.read_end}", *self._arguments),
            env=self._environment,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            pass_fds=(self._lifeline.read_end,),
            start_new_session=True,  # Ctrl-C reaches only us, and we stop the children in order
        )

    def ask_to_stop(self) -> None:
        """Send SIGTERM, if it is running."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def wait_for_end(self, stop: "_Stop") -> None:
        """Wait until it has ended; kill it after half a minute, or when asked to stop a second time."""
        if self._process is None:
            return
        deadline = time.monotonic() + STOP_SECONDS
        while self._process.poll() is None:
            if time.monotonic() > deadline or stop.urgent:
                self._process.kill()
            time.sleep(0.05)


class _Stop:
    """Ctrl-C or SIGTERM, noted instead of raised, so that nothing is interrupted halfway."""

    def __init__(self) -> None:
        self.asked = False
        self.urgent = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        self.urgent = self.asked
        self.asked = True

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until a signal arrives."""
        deadline = time.monotonic() + seconds
        while not self.asked and (rest := deadline - time.monotonic()) > 0:
            time.sleep(min(rest, 0.1))


def _command(*arguments: str) -> list[str]:
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def _digest(*paths: Path) -> str:
    """Return a digest of the names and contents of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(BASE_DIR)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


@contextmanager
def _only_one(var: Path) -> Iterator[None]:
    """Hold the state folder for this process alone; raise UnableToStart when another one has it."""
    if not var.exists():
        var.mkdir(parents=True)
        var.chmod(0o700)
    with open(var / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnableToStart(f"Trustdesk is already running with the state in {var}.") from error
        yield


@contextmanager
def _step(name: str) -> Iterator[None]:
    print(f"· {name} …", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def _fail(message: str) -> int:
    print(f"\nTrustdesk did not start.\n{message}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
