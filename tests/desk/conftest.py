"""The desk in a real browser, for the tests that need one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import sync_playwright

from tests.processes import CHROMIUM_ARGUMENTS, Process, chromium


@pytest.fixture
def town(committed_db: str, live_server_process: Callable[..., Process]) -> Iterator[Any]:
    from tests import world  # imports models, as the one below: too early for this file
    from tests.desk.town import Town

    world.fresh()
    server = live_server_process(url=committed_db)
    complaints: list[str] = []
    with ThreadPoolExecutor(1) as hall:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
            yield Town(server, browser, hall, complaints)
            browser.close()
        hall.submit(connections.close_all).result(10)
    assert complaints == []
