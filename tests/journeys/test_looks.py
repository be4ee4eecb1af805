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
ENGLISH = re.compile(r"[A-Za-z]{3,}")
# Names, coins, keys and case numbers are nobody's to translate, nor what is written the same in Chinese.
NAMES = """Northlight Trustdesk Nina Surname Lin Wei Alice Morgan Chen Noor Haddad Bitcoin Ethereum Solana Toncoin Chainlink
BTC ETH SOL XRP TON LINK USDT API UID VIP PDF Ctrl Esc English""".split()
ATTRIBUTES = """all => all.filter(one => one.offsetParent)
    .flatMap(one => ["aria-label", "title", "placeholder"].map(name => one.getAttribute(name) ?? ""))"""
NOT_OURS = re.compile(rf"[0-9A-Z]{{3}}-[0-9A-Z]{{3}}-[0-9A-Z]{{4}}|https?://\S+|localhost(?::\d+)?|\S+@\S+|\b({'|'.join(NAMES)})\b")


# With the other journeys (English at a desktop and Chinese on a phone, both light) every pair of these occurs.
@pytest.mark.parametrize(("language", "dark", "phone"), [("en", True, True), ("zh-hans", False, True), ("zh-hans", True, False)])
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
    check_a_message(browser, language)
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


def check_a_message(browser: Window, language: str) -> None:
    """Paste a swindler's message where one checks whether something is ours, and look at every kind of answer."""
    browser.go(f"/official/?lang={language}")
    browser.page.locator("#what").fill(
        "https://northlight.example.test.verify-id.example @northlight_help +86 400 820 1234 support@northlight.example.test"
    )
    browser.page.locator(".official-check button").click()
    for tone in ("danger", "warning", "success"):
        expect(browser.page.locator(f".official-result--{tone}").first).to_be_visible()
    browser.sound("page-official-answer")


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
            named = frame.locator("[aria-label], [title], [placeholder]").evaluate_all(ATTRIBUTES)
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
    assert not found, "\n".join(f"{name}: {line}" for name, lines in found.items() for line in lines)


def test_the_chat_weighs_little(window: Open, record_property: Callable[[str, object], None]) -> None:
    browser = window()
    browser.go("/demo/exchange/?lang=en")
    visit(browser).is_welcome()
    weights = {urlsplit(url).path: len(gzip.compress(body, 9, mtime=0)) for url, body in browser.weight().items()}
    # What only the exchange's own page loads lies elsewhere; what both load counts.
    chat = {path: size for path, size in weights.items() if re.match(r"/chat/|/static/[^/]+/(widget|ui)/", path)}
    assert len(chat) > 30, "the chat page loads more than this"
    record_property("first chat page, bytes gzipped", sum(chat.values()))
    assert weights["/widget.js"] <= LOADER
    assert sum(chat.values()) <= FIRST_PAGE
