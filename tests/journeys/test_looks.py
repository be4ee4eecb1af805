"""Every page at its most awkward: narrow, dark, the other language; its weight; and no word left untranslated."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.journeys.people import Agent, Customer, visit
from tests.journeys.town import Town
from tests.journeys.windows import Window

Open = Callable[..., Window]
KB = 1024
LOADER, FIRST_PAGE = 6 * KB, 60 * KB
ENGLISH = re.compile(r"\b[a-z]{3,}\b")
# Names, addresses and what customers wrote are nobody's to translate.
NOT_OURS = re.compile(r"https?://\S+|\S+@\S+|localhost|kbd")


@pytest.mark.parametrize(("language", "dark", "phone"), [("en", True, True), ("zh-hans", False, False), ("zh-hans", True, True), ("en", True, False)])
def test_every_page_can_be_read(town: Town, window: Open, language: str, dark: bool, phone: bool) -> None:
    person = town.hire("Nina", "funds", demo=True)
    browser = window(phone=phone, dark=dark, language=language)
    browser.go(f"/demo/exchange/?lang={language}")
    browser.sound("exchange")
    browser.page.locator('button[value="100003"]').click()
    for path in ("", "orders/", "transfers/"):
        browser.go(f"/demo/exchange/{path}?lang={language}")
        browser.sound(f"exchange-{path.strip('/') or 'signed-in'}")
    chen = visit(browser, language)
    chen.is_welcome()
    browser.sound("frame-home")
    chen.root.locator("#topics button").nth(1).click()
    chen.say("XRP 860")
    chen.is_sent()
    reference = chen.reference()
    browser.sound("frame-queue")
    for path in ("/", "/demo/mailbox/", "/official/", "/staff/login/"):
        browser.go(f"{path}?lang={language}")
        browser.sound(f"page{path.replace('/', '-')}")
    desk = window(phone=phone, dark=dark, language=language)
    nina = Agent(desk, person)
    nina.sign_in()
    desk.go(f"/desk/?lang={language}")
    expect(nina.row(reference)).to_be_visible()
    desk.sound("desk-list")
    nina.open(reference)
    desk.sound("desk-case")
    nina.page.locator("desk-composer label").last.click()
    nina.field().fill("note")
    desk.sound("desk-note")


def test_nothing_scrolls_sideways_on_the_narrowest_phone(town: Town, window: Open) -> None:
    person = town.hire("Nina", "funds", demo=True)
    sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    browser = window(phone=True, width=320)
    browser.go("/chat/?lang=en")
    sam = Customer(browser, browser.page)
    sam.is_welcome()
    assert browser.page.evaluate(sideways) <= 0
    sam.choose("Deposit has not arrived")
    sam.say("https://tronscan.org/#/transaction/" + "a1b2c3d4" * 8)
    sam.is_sent()
    reference = sam.reference()
    assert browser.page.evaluate(sideways) <= 0
    browser.shot("narrow-chat")
    for path in ("/", "/demo/exchange/", "/demo/mailbox/", "/official/", "/staff/login/"):
        browser.go(f"{path}?lang=en")
        assert browser.page.evaluate(sideways) <= 0, path
        browser.shot(f"narrow{path.replace('/', '-')}")
    desk = window(phone=True, width=320)
    nina = Agent(desk, person)
    nina.sign_in()
    assert desk.page.evaluate(sideways) <= 0
    desk.shot("narrow-desk")
    desk.go(f"/desk/{reference}/")
    expect(nina.case(reference)).to_be_visible()
    assert desk.page.evaluate(sideways) <= 0
    desk.shot("narrow-desk-case")


def test_chinese_pages_hold_no_english(town: Town, window: Open) -> None:
    """What is visible on a Chinese page has no English words of ours; what people wrote is written without any here."""
    person = town.hire("Nina", "funds", demo=True)
    browser = window(language="zh-hans")
    found: dict[str, list[str]] = {}

    def look(name: str, one: Window) -> None:
        for frame in one.page.frames:
            texts = frame.locator("body").inner_text()
            named = frame.locator("[aria-label], [title], [placeholder]").evaluate_all(
                "all => all.filter(one => one.offsetParent).flatMap(one => ['aria-label', 'title', 'placeholder'].map(name => one.getAttribute(name) ?? ''))")
            for line in (*texts.splitlines(), *named):
                if ENGLISH.search(NOT_OURS.sub("", line)):
                    found.setdefault(name, []).append(line)

    browser.go("/chat/?lang=zh-hans")
    lin = Customer(browser, browser.page, "zh-hans")
    lin.is_welcome()
    look("home", browser)
    lin.root.locator("#topics button").nth(1).click()
    lin.say("充值未到")
    lin.is_sent()
    reference = lin.reference()
    look("queue", browser)
    lin.menu("Confirm that it is me")
    expect(lin.root.locator("#proof section")).to_be_visible()
    look("proof", browser)
    for path in ("/demo/exchange/", "/official/", "/staff/login/"):
        browser.go(f"{path}?lang=zh-hans")
        look(path, browser)
    desk = window(language="zh-hans")
    nina = Agent(desk, person)
    nina.sign_in()
    desk.go(f"/desk/{reference}/?lang=zh-hans")
    expect(nina.case(reference)).to_be_visible()
    look("desk", desk)
    desk.page.keyboard.press("?")
    look("keys", desk)
    assert found == {}


def test_the_chat_weighs_little(window: Open) -> None:
    browser = window()
    browser.go("/demo/exchange/?lang=en")
    visit(browser).is_welcome()
    weights = {urlsplit(url).path + ("?" if "/chat/?" in url else ""): len(gzip.compress(body, 9, mtime=0)) for url, body in browser.weight().items()}
    loader = weights["/widget.js"]
    chat = {path: size for path, size in weights.items() if "/widget/" in path or "/ui/" in path or path.startswith("/chat/")}
    assert len(chat) > 30, "the chat page loads more than this"
    print(f"widget script {loader} B, first chat page {sum(chat.values())} B in {len(chat)} files, gzipped")
    assert loader <= LOADER
    assert sum(chat.values()) <= FIRST_PAGE
