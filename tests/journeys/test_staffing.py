"""From an empty installation to the first agent on duty: by create_admin and pages only, those of the back office without scripts."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect
from pytest_django.plugin import DjangoDbBlocker

from tests.journeys.people import visit
from tests.journeys.town import Town, close_hall, eventually, open_hall
from tests.journeys.windows import Windows
from tests.processes import free_port, start_server
from tests.staff import people
from trustdesk.staff.models import Audit

ROOT, NINA = "root@exchange.example.test", "nina@exchange.example.test"
PASSWORD = "granite-fiddle-2207"


@pytest.fixture
def empty(clone_database: Callable[[], str], django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Iterator[Town]:
    """A server and a worker on a database that holds nothing but what `upgrade` makes."""
    url, port = clone_database(), free_port()
    env = {"TRUSTDESK_URL": f"http://localhost:{port}", "LOG_LEVEL": "WARNING"}
    with django_db_blocker.unblock():
        worker = start_server(url=url, env=env, command=("worker",), var=tmp_path)
        server = start_server(url=url, env=env, command=("serve",), var=tmp_path, port=port)
        hall = open_hall(url)
        yield Town(url=env["TRUSTDESK_URL"], database=url, var=tmp_path, processes=(server, worker), hall=hall)
        close_hall(hall)
        for process in (server, worker):
            process.kill()


@pytest.fixture
def windows(browser: Browser, empty: Town) -> Iterator[Windows]:
    """Windows onto the empty installation."""
    found = Windows(browser, empty.url)
    yield found
    found.close()


def sign_in(page: Page, mail: str, password: str) -> None:
    """Give the password, set up an authenticator app as it is demanded, and pass."""
    page.locator('[name="login"]').fill(mail)
    page.locator('[name="password"]').fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_role("link", name="Set up").click()
    secret = page.locator("code").text_content() or ""  # folded away
    page.get_by_label("Authenticator code").fill(people.totp_code(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def create_admin() -> None:
    with mock.patch("getpass.getpass", return_value=PASSWORD):
        call_command("create_admin", email=ROOT, name="Rosa Diaz", first_name="Rosa", stdout=io.StringIO())


def test_from_an_empty_installation_to_the_first_chat_dealt(empty: Town, windows: Windows) -> None:
    customer = windows.open()
    customer.go("/demo/exchange/?lang=en")
    sam = visit(customer)
    sam.is_welcome()
    sam.choose("Deposit has not arrived")
    sam.say("Is anybody there?")
    sam.is_sent()
    expect(sam.root.locator(".chat__queue")).to_contain_text("Nobody is on shift")
    reference = sam.reference()

    empty.do(create_admin)
    office = windows.open()
    office.go("/desk/?lang=en")
    sign_in(office.page, ROOT, PASSWORD)
    cookies = office.context.cookies()
    quiet = windows.browser.new_context(java_script_enabled=False, locale="en-GB")
    quiet.add_cookies(cookies)  # type: ignore[arg-type]  # what came from a browser fits into one
    form = quiet.new_page()
    form.goto(f"{empty.url}/back-office/agents/new/")
    form.get_by_label("Name", exact=False).first.fill("Nina Ortiz")
    form.locator('[name="public_name"]').fill("Nina")
    form.locator('[name="email"]').fill("Nina@Exchange.example.test")
    form.get_by_label("Deposits and withdrawals").check()
    form.locator('[name="zone"]').fill("asia/singapore")
    for day in range(7):
        form.locator(f'[name="week-{day}-0-from"]').fill("0:00")
        form.locator(f'[name="week-{day}-0-to"]').fill("24:00")
    form.get_by_role("button", name="Create").click()
    link = form.get_by_label("Link").input_value()
    quiet.close()

    desk = windows.open()
    desk.page.goto(link)
    desk.sound("choose-password")
    for name in ("new_password1", "new_password2"):
        desk.page.locator(f'[name="{name}"]').fill(PASSWORD)
    desk.page.get_by_role("button", name="Save").click()
    sign_in(desk.page, NINA, PASSWORD)
    desk.go("/desk/")
    desk.page.locator("#availability button").click()
    begun = time.monotonic()
    row = desk.page.locator(f'#rows > li[data-case="{reference}"] > a')
    expect(row).to_be_visible(timeout=30_000)
    row.click()
    expect(desk.page.locator("desk-case .head__who")).to_contain_text("Yours", timeout=30_000)
    expect(sam.root.locator("#log")).to_contain_text("Nina", timeout=30_000)
    assert time.monotonic() - begun < 30, "it was dealt, not found by chance"
    desk.shot("first-chat")

    done = eventually(lambda: empty.do(lambda: list(Audit.objects.order_by("id").values_list("action", flat=True))))
    assert [one for one in done if one in {"role_set", "teams_set", "shifts_set", "password_link_issued", "password_set"}] == [
        "role_set", "teams_set", "shifts_set", "password_link_issued", "password_set",
    ]  # fmt: skip
