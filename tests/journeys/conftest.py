"""One town for all journeys, a browser, and windows that notice every complaint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from tests.journeys.windows import Window, Windows
from tests.processes import CHROMIUM_ARGUMENTS, chromium, free_port, start_server
from trustdesk.config import database, embedded

if TYPE_CHECKING:  # its models can be imported only once Django is set up, which is after this file
    from tests.journeys.town import Town

DATABASE = "t_journeys"
# A journey writes faster than a person does.
PACE = {"CHAT_MESSAGES_PER_MINUTE": "600", "NEW_CHATS_PER_10_MINUTES": "10000", "LOG_LEVEL": "WARNING"}
TROUBLE = re.compile(r"\bERROR\b|Traceback|\bCRITICAL\b")


@pytest.fixture(scope="package")
def town(
    _template: embedded.EmbeddedServer, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """The real server and worker on a database of their own."""
    from tests.journeys.town import WATCH, Town, close_hall, open_hall

    superuser = _template.url(role=database.SUPERUSER, name="postgres")
    database.create_database(superuser_url=superuser, name=DATABASE, template="trustdesk_template")
    url = _template.url(role=database.APPLICATION, name=DATABASE)
    var: Path = tmp_path_factory.mktemp("town")
    port = free_port()
    # localhost by name: browsers trust it as they trust https.
    env = {**PACE, "TRUSTDESK_URL": f"http://localhost:{port}"}
    with django_db_blocker.unblock():
        worker = start_server(url=url, env=env, command=("worker",), var=var)
        server = start_server(url=url, env=env, command=("serve",), var=var, port=port)
        hall = open_hall(url)
        town = Town(url=env["TRUSTDESK_URL"], database=url, var=var, processes=(server, worker), hall=hall)
        town.hire(WATCH, "funds", "accounts")
        yield town
        close_hall(hall)
        for process in (server, worker):
            process.kill()
    database.drop_database(superuser_url=superuser, name=DATABASE)


@pytest.fixture(autouse=True)
def _new_morning(town: Town) -> Iterator[None]:
    """Begin without the agents and chats of the last journey; end with nothing gone wrong behind the pages."""
    town.clear()
    before = len(town.output())
    yield
    said = town.output()[before:]
    assert not TROUBLE.search(said), said[-6000:]


@pytest.fixture(scope="package")
def browser(town: Town) -> Iterator[Browser]:
    """A Chromium; after the town, so that nothing of Django's set-up runs beside it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def window(browser: Browser, town: Town) -> Iterator[Callable[..., Window]]:
    """`window(phone=True, language="zh-CN", dark=True)` opens a browser of its own (cookies, storage); nothing may complain."""
    windows = Windows(browser, town.url)
    yield windows.open
    windows.close()
