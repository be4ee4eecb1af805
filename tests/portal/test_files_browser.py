"""Files in a real browser: they survive a reload on their way, and a reply sends them as a ticket does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.portal.browsing import PHONE, TX, eventually_kept, fill, is_for_everybody, posted, send
from tests.portal.browsing import browser as browser
from tests.portal.browsing import page as page
from tests.portal.browsing import screenshot as screenshot
from tests.portal.browsing import site as site
from tests.portal.browsing import site_files as site_files
from trustdesk.customers import visitors
from trustdesk.seams import clock

pytestmark = pytest.mark.browser

PIECE = 1024 * 1024  # bytes
LOG = (b"2026-11-23 14:05:01 GET /v5/market/time 200\n" * 80_000)[: 3 * PIECE]
MISSING, READY = ".ticket-file[data-state=missing]", ".ticket-file[data-state=ready]"


@dataclass
class Line:
    """The way to the server: what went over it, and whether it is cut."""

    sent: list[tuple[bytes, int]] = field(default_factory=list)  # id of the file, where the piece begins
    carries: int = 99  # pieces until it is cut

    def take(self, route: Route) -> None:
        """Let a piece through, or lose it."""
        if self.carries <= 0:
            return route.abort()
        self.carries -= 1
        parts = posted(route.request)
        self.sent.append((parts["id"], int(parts["at"])))
        return route.continue_()


@pytest.fixture
def line(page: Page) -> Iterator[Line]:
    line = Line()
    page.route("**/tickets/files/", line.take)
    yield line
    page.unroute("**/tickets/files/")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "client.log"
    path.write_bytes(LOG)
    return path


def cut_off(page: Page, line: Line, path: Path) -> None:
    """Choose a file, lose the line after its first piece, and load the page anew."""
    line.carries = 1
    page.set_input_files("#files-pick", path)
    if path.suffix == ".png":
        page.get_by_role("button", name="Use this picture").click()
    expect(page.locator(".ticket-file[data-state=waiting]")).to_have_count(1)
    eventually_kept(page, f'\\"at\\":{PIECE}')
    page.reload()
    line.carries = 99


def noisy(path: Path) -> Path:
    """A picture that does not fit into one piece."""
    Image.frombytes("RGB", (800, 800), os.urandom(3 * 800 * 800)).save(path)
    assert path.stat().st_size > PIECE
    return path


def test_after_a_reload_only_what_is_missing_is_sent(page: Page, line: Line, log: Path, site_files: Path) -> None:
    page.goto("/tickets/new/deposit_missing/")
    fill(page, tx_id=TX[:-4] + "0011")
    page.fill("#text", "The log is attached")
    page.fill("#mail", "anna@mail.example")
    cut_off(page, line, log)
    expect(page.locator(MISSING)).to_contain_text("client.log")
    expect(page.locator(MISSING)).to_contain_text("Choose it again to go on (33%)")
    page.click("#send")
    expect(page.locator("#send-says")).to_contain_text("A file has not arrived yet")
    page.reload()  # however often
    page.set_input_files("#files-pick", log)
    expect(page.locator(READY)).to_have_count(1)
    expect(page.locator(".ticket-file")).to_have_count(1)
    expect(page.locator("#send-says")).to_contain_text("First answer")
    assert [at for _, at in line.sent] == [0, PIECE, 2 * PIECE]
    assert len({name for name, _ in line.sent}) == 1
    assert LOG in [path.read_bytes() for path in site_files.rglob("attachments/*/*")]
    page.click("#send")
    page.wait_for_url("**/tickets/sent/**")
    eventually_kept(page, "trustdesk", gone=True)
    page.goto("/tickets/new/deposit_missing/")
    page.set_input_files("#files-pick", log)
    expect(page.locator(READY)).to_have_count(1)
    assert line.sent[-1][0] != line.sent[0][0], "what went in one message is not taken for another"


def test_another_file_of_that_name_begins_anew_and_the_missing_one_can_be_taken_off(
    page: Page, line: Line, log: Path
) -> None:
    page.goto("/tickets/new/deposit_missing/")
    cut_off(page, line, log)
    log.write_bytes(LOG[: 2 * PIECE])
    page.set_input_files("#files-pick", log)
    expect(page.locator(READY)).to_have_count(1)
    assert [at for _, at in line.sent] == [0, 0, PIECE]
    assert line.sent[0][0] != line.sent[1][0]
    page.locator(MISSING).get_by_role("button", name="Remove").click()
    expect(page.locator(MISSING)).to_have_count(0)
    eventually_kept(page, "modified", gone=True)


def test_a_picture_that_is_covered_the_second_time_shares_nothing_with_the_first(
    page: Page, line: Line, tmp_path: Path
) -> None:
    page.goto("/tickets/new/deposit_missing/")
    picture = noisy(tmp_path / "screen.png")
    cut_off(page, line, picture)
    page.set_input_files("#files-pick", picture)
    canvas = page.locator("black-out canvas")
    expect(canvas).to_be_focused()
    canvas.press("Enter")
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator(READY)).to_have_count(1)
    expect(page.locator(".ticket-file")).to_have_count(1)
    assert line.sent[1][1] == 0
    assert line.sent[0][0] != line.sent[1][0]


def test_signing_out_forgets_files_on_their_way(page: Page, line: Line, log: Path, site: str) -> None:
    lin = visitors.identified(uid="10000100", mail="lin.wei@mail.example", now=clock.now())
    page.context.add_cookies([{"name": visitors.COOKIE, "value": visitors.token(lin), "url": site}])
    page.goto("/tickets/new/suggestion/")
    cut_off(page, line, log)
    eventually_kept(page, "client.log")
    page.get_by_role("button", name="Sign out").click()
    eventually_kept(page, "client.log", gone=True)


def test_a_reply_sends_files_in_pieces_and_carries_them(
    page: Page, line: Line, log: Path, screenshot: Path, tmp_path: Path
) -> None:
    number = send(page, tx_id=TX[:-4] + "0012")
    page.goto(f"/cases/{number}/")
    page.fill("#reply-text", "Here is the log")
    cut_off(page, line, log)
    assert page.input_value("#reply-text") == "Here is the log"
    page.set_input_files("#files-pick", log)
    expect(page.locator(READY)).to_have_count(1)
    assert [at for _, at in line.sent] == [0, PIECE, 2 * PIECE]
    Image.new("RGB", (90, 60), (200, 200, 200)).save(tmp_path / "tiny.png")
    page.set_input_files("#files-pick", [screenshot, tmp_path / "tiny.png"])
    for _ in range(2):
        page.get_by_role("button", name="Use this picture").click()
    expect(page.locator(READY)).to_have_count(3)
    expect(page.locator(".ticket-file--unclear", has_text="tiny.png")).to_contain_text("very small")
    page.reload()
    expect(page.locator(READY)).to_have_count(3)  # what is stored is kept by its key
    with page.expect_request("**/replies/") as asked:
        page.click("#send")
    assert asked.value.headers["content-type"] == "application/x-www-form-urlencoded"
    live = page.locator("#live")
    expect(live).to_contain_text("Here is the log")
    expect(live).to_contain_text("client.log")
    expect(live.locator('img[src*="/files/"]')).to_have_count(2)
    expect(page.locator(".ticket-file")).to_have_count(0)
    eventually_kept(page, "trustdesk", gone=True)


@pytest.mark.parametrize("page", [{"java_script_enabled": False, **PHONE}], indirect=True)
def test_a_reply_needs_no_scripts(page: Page, screenshot: Path) -> None:
    number = send(page, tx_id=TX[:-4] + "0013")
    page.goto(f"/cases/{number}/")
    page.set_input_files("#files-pick", [screenshot, Path(__file__)])
    page.fill("#reply-text", "See the picture")
    page.click("#send")
    expect(page.get_by_role("checkbox", name="screen.png")).to_be_checked()  # the other is refused
    page.click("#send")
    expect(page.locator("#live")).to_contain_text("See the picture")
    expect(page.locator('#live img[src*="/files/"]')).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everybody_can_send_files_with_a_reply(
    page: Page, line: Line, log: Path, scheme: Any, language: str, screenshot: Path
) -> None:
    number = send(page, tx_id=TX[:-6] + f"{len(scheme)}{len(language):02}bbb")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"/cases/{number}/?lang={language}")
    cut_off(page, line, log)
    expect(page.locator(MISSING)).to_contain_text("33%")
    is_for_everybody(page)
    page.set_input_files("#files-pick", screenshot)
    expect(page.locator("black-out canvas")).to_be_visible()
    is_for_everybody(page)
