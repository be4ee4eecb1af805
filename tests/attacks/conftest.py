"""A house to attack: one migrated database and the real server before it, plain as in a try-out and behind https."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection, connections
from playwright.sync_api import Browser, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from tests.attacks.wire import Socket, close_all
from tests.processes import CHROMIUM_ARGUMENTS, Process, chromium, start_server
from trustdesk.config import database, embedded

HOST = "support.example.test"
EMBEDDER = "shop.example.test"


@dataclass
class House:
    """A running server and the address of its database, for the role that serves."""

    server: Process
    url: str
    var: Path

    @property
    def port(self) -> int:
        """Return where it listens."""
        return self.server.port

    def chat(self, **fields: object) -> tuple[Socket, dict[str, Any]]:
        """Open a chat and be welcomed."""
        socket = Socket(self.port)
        return socket, socket.hello(**fields)

    def memory(self) -> int:
        """Return the bytes the server holds in memory."""
        return int(psutil.Process(self.server.pid).memory_info().rss)


@pytest.fixture(scope="session")
def _attacked(_template: embedded.EmbeddedServer) -> Iterator[tuple[str, Path]]:
    superuser = _template.url(role=database.SUPERUSER, name="postgres")
    database.create_database(superuser_url=superuser, name="t_attacked", template="trustdesk_template")
    # The folder of this session: what a test stores as a file, the house serves.
    yield _template.url(role=database.APPLICATION, name="t_attacked"), Path(os.environ["TRUSTDESK_VAR"])
    database.drop_database(superuser_url=superuser, name="t_attacked")


@pytest.fixture(scope="session")
def house(_attacked: tuple[str, Path]) -> Iterator[House]:
    """The server of a try-out on this machine; nobody is slowed down by the number of new chats."""
    url, var = _attacked
    env = {"NEW_CHATS_PER_10_MINUTES": "100000", "CHAT_MESSAGES_PER_MINUTE": "100000", "LOG_LEVEL": "INFO"}
    server = start_server(url=url, env=env, command=("serve",), var=var)
    yield House(server, url, var)
    server.kill()


@pytest.fixture(scope="session")
def secure(_attacked: tuple[str, Path]) -> Iterator[House]:
    """The server behind one proxy of ours that ends https, with the limits of production."""
    url, var = _attacked
    env = {
        "TRUSTDESK_URL": f"https://{HOST}",
        "TRUSTDESK_HOSTS": HOST,
        "TRUSTED_PROXY_COUNT": "1",
        "EMBED_ORIGINS": f"https://{EMBEDDER}",
        "NEW_CHATS_PER_10_MINUTES": "2",
    }
    server = start_server(url=url, env=env, command=("serve",), var=var)
    yield House(server, url, var)
    server.kill()


@pytest.fixture
def no_proxy(_attacked: tuple[str, Path]) -> Iterator[House]:
    """The server of a try-out with the limits of production, and no proxy to believe."""
    url, var = _attacked
    server = start_server(url=url, env={"NEW_CHATS_PER_10_MINUTES": "2"}, command=("serve",), var=var)
    yield House(server, url, var)
    server.kill()


@pytest.fixture
def inside(_attacked: tuple[str, Path], django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Django's own connection on the database of the houses, to plant what is to be protected and to look at it."""
    from tests import world  # imports models: too early for this file, which is read before Django is set up

    settings = connection.settings_dict
    before = settings["NAME"]
    with django_db_blocker.unblock():
        _close()
        settings["NAME"] = _attacked[0].rsplit("/", 1)[1]
        world.fresh()
        try:
            yield
        finally:
            _close()
            settings["NAME"] = before
            world.fresh()


def _close() -> None:
    connection.close()
    connections["default"].close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's backend only


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that finds this machine and nothing else."""
    # Playwright keeps an event loop in this thread, and Django would rather not be called beside one.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*CHROMIUM_ARGUMENTS, rules])
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def watch(browser: Browser, house: House) -> Iterator[Any]:
    """A page that is watched, without its content security policy: a second line, and the first must hold alone."""
    from tests.attacks.watching import Watch  # imports models, as above

    context = browser.new_context(bypass_csp=True)
    yield Watch(context, house)
    context.close()
