"""The ticket form in a real browser: what scripts add to it, and that it needs none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.portal.browsing import PHONE, RED, TX, eventually_kept, fill, is_for_everybody, posted, send, typed_bodies
from tests.portal.browsing import browser as browser
from tests.portal.browsing import page as page
from tests.portal.browsing import screenshot as screenshot
from tests.portal.browsing import site as site
from tests.portal.browsing import site_files as site_files
from trustdesk.customers import visitors
from trustdesk.seams import clock

pytestmark = pytest.mark.browser

PHRASE = "abandon " * 11 + "about"


# Fields


def test_a_field_that_does_not_apply_is_not_shown(page: Page) -> None:
    page.goto("/tickets/new/two_factor/")
    phone = page.locator('[data-field="new_phone"]')
    expect(phone).to_be_hidden()
    expect(page.locator(".ticket-field__applies").first).to_be_hidden()
    page.check('input[name="f.factor"][value="phone"]')
    expect(phone).to_be_visible()
    page.goto("/tickets/new/deposit_missing/")
    memo = page.locator('[data-field="memo"]')
    expect(memo).to_be_hidden()
    fill(page, coin="XRP", network="XRP Ledger")
    expect(memo).to_be_visible()


def test_what_is_typed_is_judged_when_one_goes_on(page: Page) -> None:
    page.goto("/tickets/new/deposit_missing/")
    fill(page, tx_id="0x742d35Cc6634C0532925a3b844Bc454e4438f44e", amount="")
    page.press("#f-tx_id", "Tab")
    expect(page.locator("#f-tx_id-says")).to_contain_text("This is an address.")
    expect(page.locator("#f-tx_id")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-amount-says")).to_be_empty()  # not reached yet
    page.fill("#f-tx_id", f"https://etherscan.io/tx/{TX}")
    page.press("#f-tx_id", "Tab")
    expect(page.locator("#f-tx_id-says")).to_contain_text("we took the id out of your link")
    expect(page.locator("#f-tx_id")).not_to_have_attribute("aria-invalid", "true")
    assert page.input_value('[name="when.zone"]') == "+08:00"


def test_a_secret_is_taken_off_the_page_and_out_of_the_draft(page: Page) -> None:
    page.goto("/tickets/new/withdrawal_delayed/")
    page.fill("#f-tx_id", "L1aW4aubDFB7yfras2S1mN3bqg9nwySY8nkoLmJebSLD5BWv3ENZ")
    page.press("#f-tx_id", "Tab")
    expect(page.locator("#f-tx_id-says")).to_contain_text("looks like a secret")
    expect(page.locator("#f-tx_id")).to_have_value("")
    eventually_kept(page, "L1aW4", gone=True)
    page.goto("/tickets/new/promotion/")
    page.fill("#f-campaign", f"It is {PHRASE}")
    page.press("#f-campaign", "Tab")
    expect(page.locator("#f-campaign")).to_have_value("It is [••• seed_phrase]")


# Drafts


def test_what_is_not_sent_survives_a_reload_and_goes_when_it_is_sent(page: Page) -> None:
    page.goto("/tickets/new/complaint/")
    page.check("#f-represented")
    page.fill("#f-representative", "Li Hua")
    page.fill("#text", "You closed my case")
    eventually_kept(page, "closed my case")
    sheet = page.input_value('[name="sheet"]')
    page.reload()
    expect(page.locator("#kept")).to_be_visible()
    assert page.input_value("#text") == "You closed my case"
    assert page.input_value("#f-representative") == "Li Hua"
    assert page.input_value('[name="sheet"]') == sheet  # sent twice it would be one case
    assert page.evaluate("JSON.stringify(Object.entries(localStorage))") == "[]"
    page.click("#start-over")
    expect(page.locator("#kept")).to_be_hidden()
    assert page.input_value("#text") == ""
    send(page, tx_id=TX[:-4] + "0001")
    eventually_kept(page, "trustdesk", gone=True)


def test_signing_out_forgets_what_was_typed(page: Page, site: str) -> None:
    lin = visitors.identified(uid="10000100", mail="lin.wei@mail.example", now=clock.now())
    page.context.add_cookies([{"name": visitors.COOKIE, "value": visitors.token(lin), "url": site}])
    page.goto("/tickets/new/suggestion/")
    page.fill("#text", "Please add dark mode")
    eventually_kept(page, "dark mode")
    page.get_by_role("button", name="Sign out").click()
    eventually_kept(page, "dark mode", gone=True)


def test_half_typed_words_leave_the_browser_only_to_be_compared(page: Page) -> None:
    page.goto("/tickets/new/suggestion/")
    bodies = typed_bodies(page)
    page.type("#text", "My words are abandon")
    page.wait_for_timeout(300)
    assert [body for body in bodies if "abandon" in body] == []


# Files


def test_what_is_blacked_out_never_leaves_the_browser(page: Page, screenshot: Path, site_files: Path) -> None:
    before = set(site_files.rglob("*"))
    page.goto("/tickets/new/deposit_missing/")
    page.set_input_files("#files-pick", screenshot)
    canvas = page.locator("black-out canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box
    scale = box["width"] / 400
    page.mouse.move(box["x"] + 30 * scale, box["y"] + 190 * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + 370 * scale, box["y"] + 270 * scale, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator(".ticket-file[data-state=ready]")).to_have_count(1)
    [stored] = [path for path in set(site_files.rglob("*")) - before if path.is_file()]
    image = Image.open(stored).convert("RGB")
    assert image.size == (400, 600)
    assert image.getpixel((200, 230)) == (0, 0, 0)
    assert image.getpixel((200, 400)) == (240, 240, 240)
    colours = {colour for _count, colour in image.getcolors(100_000) or []}
    assert RED not in colours
    expect(page.locator('input[name="file"]')).to_have_count(1)


def test_the_black_out_tool_works_by_keyboard(page: Page, screenshot: Path) -> None:
    page.goto("/tickets/new/deposit_missing/")
    page.set_input_files("#files-pick", screenshot)
    canvas = page.locator("black-out canvas")
    expect(canvas).to_be_focused()
    rects = "document.querySelector('black-out').rects"
    for _ in range(2):
        canvas.press("Enter")
    canvas.press("Control+z")
    assert page.evaluate(f"{rects}.length") == 1
    before = page.evaluate(f"{rects}[0]")
    canvas.press("ArrowLeft")
    canvas.press("Shift+ArrowDown")
    after = page.evaluate(f"{rects}[0]")
    assert (after["x"] < before["x"], after["h"] > before["h"]) == (True, True)
    expect(page.locator("black-out [role=status]")).to_contain_text("Rectangle 1:")
    canvas.press("Delete")
    assert page.evaluate(f"{rects}.length") == 0
    canvas.press("Escape")
    expect(page.locator("#blackout")).to_be_hidden()
    expect(page.locator(".ticket-file")).to_have_count(0)


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_a_finger_draws_and_the_camera_is_offered(page: Page, screenshot: Path) -> None:
    page.goto("/tickets/new/deposit_missing/")
    expect(page.get_by_text("Take a photo")).to_be_visible()
    page.set_input_files("#files-pick", screenshot)
    canvas = page.locator("black-out canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box
    finger = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [(60, 60)]), ("touchMove", [(160, 120)]), ("touchEnd", [])):
        at = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    assert page.evaluate("document.querySelector('black-out').rects.length") == 1


def test_a_pasted_picture_goes_up_and_a_reload_keeps_it(page: Page) -> None:
    page.goto("/tickets/new/deposit_missing/")
    page.fill("#f-sender", "My wallet")
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(30, 20);
            canvas.getContext("2d").fillRect(0, 0, 30, 20);
            const data = new DataTransfer();
            data.items.add(new File([await canvas.convertToBlob()], "image.png", { type: "image/png" }));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator(".ticket-file[data-state=ready]")).to_have_count(1)
    eventually_kept(page, "image.png")
    page.reload()
    expect(page.locator(".ticket-file[data-state=ready] b")).to_have_text("image.png")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator('input[name="file"]')).to_have_count(0)


def test_an_upload_goes_on_after_a_lost_connection_and_the_form_waits_for_it(page: Page, tmp_path: Path) -> None:
    tries: list[bytes] = []

    def cut(route: Any) -> None:
        tries.append(posted(route.request)["id"])
        route.abort() if len(tries) == 1 else route.continue_()

    page.route("**/tickets/files/", cut)
    page.goto("/tickets/new/deposit_missing/")
    fill(page, tx_id=TX[:-4] + "0002")
    page.fill("#text", "The log is attached")
    page.fill("#mail", "anna@mail.example")
    log = tmp_path / "client.log"
    log.write_text("2026-11-23 error 10003")
    page.set_input_files("#files-pick", log)
    expect(page.locator(".ticket-file[data-state=waiting]")).to_have_count(1)
    page.click("#send")
    expect(page.locator("#send-says")).to_contain_text("as soon as the upload is done")
    page.wait_for_url("**/tickets/sent/**")
    assert len(tries) == 2
    assert tries[0] == tries[1]


def test_offline_nothing_is_sent_and_nothing_lost(page: Page) -> None:
    page.goto("/tickets/new/deposit_missing/")
    page.fill("#text", "Where is it")
    page.context.set_offline(True)
    page.click("#send")
    expect(page.locator("#send-says")).to_contain_text("You are offline")
    page.context.set_offline(False)
    expect(page.locator("#send-says")).to_contain_text("You are connected again")
    assert page.input_value("#text") == "Where is it"


# A case on the same matter


def test_a_case_on_the_same_transaction_is_offered_while_one_writes(page: Page) -> None:
    number = send(page)
    page.goto("/tickets/new/deposit_missing/")
    fill(page)
    page.press("#f-amount", "Tab")
    notice = page.locator("#similar")
    expect(notice).to_contain_text(number)
    notice.get_by_role("button", name="No, this is something else", exact=True).click()
    expect(notice).to_have_count(0)
    expect(page.locator("#ticket")).to_be_visible()  # nothing was sent
    page.reload()
    page.fill("#text", "Still nothing, please look!")
    expect(notice).to_contain_text(number)
    notice.get_by_role("button", name="Add it there").click()
    page.wait_for_url(f"**/tickets/sent/{number}/?added=1")
    expect(page.get_by_role("heading", name="Added to your case")).to_be_visible()


# Everybody


@pytest.mark.parametrize("page", [{"java_script_enabled": False, **PHONE}], indirect=True)
def test_it_needs_no_scripts(page: Page, screenshot: Path) -> None:
    page.goto("/tickets/new/deposit_missing/")
    expect(page.get_by_text("Only for coins whose deposits carry one")).to_be_visible()
    fill(page, amount="-1", tx_id=TX[:-4] + "0003")
    page.fill("#mail", "anna@mail.example")
    page.set_input_files("#files-pick", screenshot)
    page.click("#send")
    expect(page.get_by_role("alert")).to_contain_text("One thing needs your attention")
    expect(page.get_by_role("checkbox", name=re.compile("screen.png"))).to_be_checked()
    page.fill("#f-amount", "1")
    page.click("#send")
    expect(page.get_by_role("heading", name="We have your case")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everybody_can_use_it(page: Page, scheme: Any, language: str, screenshot: Path) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 700})
    for path in ("/tickets/new/", "/tickets/new/deposit_missing/", "/tickets/new/two_factor/"):
        page.goto(f"{path}?lang={language}")
        is_for_everybody(page)
    page.click("#send")
    expect(page.locator("#summary")).to_be_focused()
    is_for_everybody(page)
    page.set_input_files("#files-pick", screenshot)
    expect(page.locator("black-out canvas")).to_be_visible()
    is_for_everybody(page)
    page.keyboard.press("Escape")
    page.goto(f"/tickets/sent/{send(page, tx_id=TX[:-6] + f'{len(scheme)}{len(language):02}aaa')}/")
    is_for_everybody(page)
