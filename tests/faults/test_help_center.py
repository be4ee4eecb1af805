"""What is published is found by every process within two seconds, and what was taken back is gone as soon.

Two servers on one database, and a third process that publishes: none of them tells the others anything.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import Server, kill_postgres
from tests.faults.scale import hard
from tests.knowledge import pack
from tests.processes import ROOT
from trustdesk.config.embedded import EmbeddedServer

pytestmark = pytest.mark.faults
WITHIN = hard(6.0, 2.0)  # seconds; a machine that runs other tests beside it is slow

TEXT = "---\ntitle: {title}\nsummary: What it is.\n---\n## About\n\n{body}\n"


def manage(url: str, var: Path, *arguments: str) -> None:
    """Run a command of another process to its end."""
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={
            **os.environ, "DATABASE_URL": url, "TRUSTDESK_VAR": str(var), "TRUSTDESK_MODE": "test",
            "DJANGO_SETTINGS_MODULE": "trustdesk.config.settings",
        },
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def test_a_new_and_a_changed_article_are_found_everywhere_within_two_seconds(
    clone_database: Callable[[], str], server: Callable[..., Server], tmp_path: Path
) -> None:
    url = clone_database()
    servers = [server(url), server(url)]
    folder = pack.small(tmp_path / "articles")
    manage(url, tmp_path, "help_import", str(folder))

    def found(word: str, path: str) -> bool:
        pages = [httpx.get(f"http://127.0.0.1:{one.port}/help/en/search", params={"q": word}) for one in servers]
        assert all(page.status_code == 200 for page in pages)
        return all(path in page.text for page in pages)

    def read(words: str, path: str) -> bool:
        return all(words in httpx.get(f"http://127.0.0.1:{one.port}{path}").text for one in servers)

    assert until_true(lambda: found("deposit", "/help/en/deposits/late/"), WITHIN)
    assert not found("zeppelin", "/help/en/deposits/balloons/")

    pack.write(folder, {"deposits/balloons.en.md": TEXT.format(title="Balloons", body="How a zeppelin flies.")})
    manage(url, tmp_path, "help_import", str(folder))
    assert until_true(lambda: found("zeppelin", "/help/en/deposits/balloons/"), WITHIN)
    assert read("How a zeppelin flies.", "/help/en/deposits/balloons/"), "and the page itself says it"

    pack.write(folder, {"deposits/balloons.en.md": TEXT.format(title="Balloons", body="How a dirigible flies.")})
    manage(url, tmp_path, "help_import", str(folder))
    assert until_true(lambda: found("dirigible", "/help/en/deposits/balloons/"), WITHIN)
    # From the cache nobody reads what was said before.
    assert read("How a dirigible flies.", "/help/en/deposits/balloons/")
    assert not found("zeppelin", "/help/en/deposits/balloons/")


def test_a_server_that_was_killed_finds_everything_again(
    clone_database: Callable[[], str], server: Callable[..., Server], tmp_path: Path
) -> None:
    """There is no index file that could be left half written: a start makes it from the database."""
    url = clone_database()
    serving = server(url)
    manage(url, tmp_path, "help_import", str(pack.small(tmp_path / "articles")))
    for _ in range(3):
        assert until_true(
            lambda: "/help/en/deposits/late/" in httpx.get(f"http://127.0.0.1:{serving.port}/help/en/search?q=deposit").text, WITHIN
        )  # fmt: skip
        serving.kill()
        serving.start()


def test_who_reads_goes_on_reading_while_the_database_is_away(
    mortal: EmbeddedServer, clone_database: Callable[[], str], server: Callable[..., Server], tmp_path: Path
) -> None:
    url = clone_database()
    serving = server(url)
    manage(url, tmp_path, "help_import", str(pack.small(tmp_path / "articles")))
    root = f"http://127.0.0.1:{serving.port}/help/en/"
    assert until_true(lambda: httpx.get(f"{root}deposits/late/").status_code == 200, WITHIN)
    assert until_true(lambda: "deposits/late" in httpx.get(f"{root}search?q=deposit").text, WITHIN)
    kill_postgres(mortal)
    time.sleep(1.5)  # longer than what is known counts as new
    page = httpx.get(f"{root}deposits/late/", timeout=20)
    assert (page.status_code, "My deposit has not arrived" in page.text) == (200, True)
    assert httpx.get(f"{root}deposits/networks/", timeout=20).status_code == 503, "what nobody read is not there"
    mortal.start()
    assert until_true(lambda: httpx.get(f"{root}deposits/networks/", timeout=20).status_code == 200, 30)


def until_true(condition: Callable[[], bool], within: float) -> bool:
    """Wait until it holds, `within` seconds at most; say whether it does."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
