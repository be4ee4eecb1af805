"""A real PostgreSQL for the tests: one server a session, one migrated template, clones in a tenth of a second.

Nothing is ever flushed: an ordinary test runs in a transaction that is rolled back, as the application role; a test
that needs commits, threads or a real server gets a clone of its own.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import django
import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from pytest_django.plugin import DjangoDbBlocker

from tests import processes
from tests.mail import servers
from tests.processes import Process, start_server
from trustdesk.config import database, embedded, translations

# Settings are read at django.setup(), later: by then this is in place.
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
_var = tempfile.TemporaryDirectory(prefix="trustdesk-tests-")
os.environ["TRUSTDESK_VAR"] = _var.name

TEMPLATE = "trustdesk_template"
MAIN = "trustdesk_test"


def pytest_configure() -> None:
    """Compile what this machine has not yet: here, because in a process of pytest-xdist Django may be set up by now."""
    translations.compile_changed(processes.ROOT / "locale")


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Set Django up before a test module imports models; the lowest layers must be testable without."""
    if not {"policy", "net", "seams"} & set(module_path.parts) and not apps.ready:
        django.setup()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip journeys, with the reason in the summary, where there is no browser; refuse tests that would flush."""
    browser = processes.chromium()
    for item in items:
        if item.path.parent.name == "journeys":
            item.add_marker("browser")
        mark = item.get_closest_marker("django_db")
        if mark and (mark.kwargs.get("transaction") or mark.args):
            raise pytest.UsageError(f"{item.nodeid}: flushing meets the append-only audit; use committed_db instead")
        if item.get_closest_marker("browser") and not browser:
            if os.environ.get("TRUSTDESK_BROWSER") == "required":
                raise pytest.UsageError("A browser is required (TRUSTDESK_BROWSER), and no Chromium was found.")
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine; .ci/run shows how to install one"))
        _skip_without_mail_servers(item)


def _skip_without_mail_servers(item: pytest.Item) -> None:
    """Skip a test that asks for a mail server which this machine cannot have, unless they are required."""
    for fixture, missing in (("dovecot", servers.dovecot_missing()), ("postfix", servers.postfix_missing())):
        if missing and fixture in getattr(item, "fixturenames", ()):
            if os.environ.get("TRUSTDESK_MAIL_SERVERS") == "required":
                raise pytest.UsageError(f"Mail servers are required (TRUSTDESK_MAIL_SERVERS): {missing}.")
            item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture(scope="session")
def dovecot() -> Iterator[servers.Dovecot]:
    """A real IMAP server of this session; a test takes a user of its own."""
    with servers.dovecot() as server:
        yield server


@pytest.fixture
def postfix() -> Callable[..., AbstractContextManager[servers.Postfix]]:
    """`with postfix(relay_to=…) as mta:` starts a real mail transfer agent (see `tests.mail.servers.postfix`)."""
    return servers.postfix


@pytest.fixture(scope="session")
def postgres() -> Iterator[embedded.EmbeddedServer]:
    """A PostgreSQL of this session, durable like a real one, with the two roles."""
    server = embedded.EmbeddedServer(Path(_var.name))
    server.start()
    try:
        yield server
    finally:
        server.destroy()


@pytest.fixture(scope="session")
def _template(postgres: embedded.EmbeddedServer, django_db_blocker: DjangoDbBlocker) -> embedded.EmbeddedServer:
    """The database every other one is copied from: migrated by the owner, empty, without connections."""
    postgres.prepare(TEMPLATE)
    with django_db_blocker.unblock():
        _point_connection(postgres, name=TEMPLATE, role=database.OWNER)
        call_command("upgrade", verbosity=0)
        _close()
    with psycopg.connect(_superuser(postgres), autocommit=True) as link:
        # A pool may be opening one more connection at the moment it is closed: then nothing could be copied any more.
        link.execute(f"ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false")
        link.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [TEMPLATE])
    return postgres


@pytest.fixture(scope="session")
def django_db_setup(_template: embedded.EmbeddedServer, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Replace pytest-django's own: the test database is a clone, and tests run as the application role."""
    database.create_database(superuser_url=_superuser(_template), name=MAIN, template=TEMPLATE)
    with django_db_blocker.unblock():
        _point_connection(_template, name=MAIN, role=database.APPLICATION)
    connection_created.connect(_keep_clean)
    yield
    with django_db_blocker.unblock():
        _close()


def _keep_clean(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Let no thread but the test's own write into the database whose tests are rolled back: what it writes is committed, and
    found by every test that follows. Such a test takes committed_db."""
    if connection.settings_dict["NAME"] == MAIN and threading.current_thread() is not threading.main_thread():
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")


@pytest.fixture
def clone_database(_template: embedded.EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """A function that makes a migrated, empty database and returns its URL for the application role."""
    made: list[str] = []

    def clone() -> str:
        test = re.sub(r"\W+", "_", request.node.name)[:40].lower()
        name = f"t_{test}_{len(made)}"
        database.create_database(superuser_url=_superuser(_template), name=name, template=TEMPLATE)
        made.append(name)
        return _template.url(role=database.APPLICATION, name=name)

    yield clone
    for name in made:
        database.drop_database(superuser_url=_superuser(_template), name=name)


@pytest.fixture
def committed_db(
    clone_database: Callable[[], str], django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """Django's own connections on a clone, for tests whose threads must see each other's commits; yields its URL."""
    url = clone_database()
    settings = connection.settings_dict
    before = dict(settings)
    with django_db_blocker.unblock():
        _close()
        settings["NAME"] = url.rsplit("/", 1)[1]
        try:
            yield url
        finally:
            _close()
            settings.update(before)


@pytest.fixture
def live_server_process() -> Iterator[Callable[..., Process]]:
    """`live_server_process(url=…, env={…})` starts the real server on a free port against the database at `url`."""
    started: list[Process] = []

    def start(*, url: str, env: dict[str, str] | None = None, command: tuple[str, ...] = ("serve",)) -> Process:
        process = start_server(url=url, env=env or {}, command=command, var=Path(_var.name))
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


def _superuser(server: embedded.EmbeddedServer) -> str:
    return server.url(role=database.SUPERUSER, name="postgres")


def _point_connection(server: embedded.EmbeddedServer, *, name: str, role: str) -> None:
    entry = database.django_settings(url=server.url(role=role, name=name), pool_size=0)
    connection.settings_dict.update({key: entry[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})


def _close() -> None:
    """Close this thread's connection and the pool behind it, which keeps the address it was made with."""
    connection.close()
    connections["default"].close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's backend only
