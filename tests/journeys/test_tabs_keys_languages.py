"""Two tabs, two agents, no mouse, two languages, and nothing left behind after signing out."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.people import Agent, Customer, visit
from tests.journeys.town import Town, words
from tests.journeys.windows import Window

Open = Callable[..., Window]
KEPT = "JSON.stringify([{...localStorage}, {...sessionStorage}])"


def begin(window: Open, town: Town, text: str = "Hello") -> tuple[Customer, Agent, str]:
    """Open a chat on its own page and have it dealt to Nina, who has it before her."""
    person = town.hire("Nina", "funds", demo=True)
    browser = window()
    browser.go("/chat/?lang=en")
    sam = Customer(browser, browser.page)
    sam.is_welcome()
    sam.choose("Deposit has not arrived")
    sam.say(text)
    sam.is_sent()
    reference = sam.reference()
    nina = Agent(window(), person)
    nina.sign_in()
    nina.open(reference)
    nina.reads(text)
    expect(nina.row(reference)).not_to_have_class(re.compile("row--unread"))  # what is being read is no news
    return sam, nina, reference


def test_two_tabs_stay_the_same_and_a_reload_keeps_the_place(town: Town, window: Open) -> None:
    sam, nina, reference = begin(window, town)
    other = Customer(sam.window, sam.window.tab("/chat/?lang=en"))
    other.hears("Hello")
    assert other.reference() == reference
    other.say("From the other tab")
    sam.hears("From the other tab")
    nina.reads("From the other tab")
    nina.answer("I see both")
    sam.hears("I see both")
    other.hears("I see both")
    sam.root.locator("#draft").press_sequentially("half")
    sam.page.reload()
    said = ["Hello", "From the other tab", "I see both"]
    for tab in (sam, other):
        expect(tab.bubbles()).to_have_text(said)
    assert sam.root.locator("#draft").input_value() == "half"
    assert other.root.locator("#draft").input_value() == ""
    assert [text for _, text in town.texts(reference)] == said
    assert "Hello" not in sam.page.evaluate("JSON.stringify(localStorage)")  # messages are never kept there
    # Nina leaves and comes back: the same case, the same half sentence.
    nina.field().press_sequentially("I was about to say")
    nina.page.reload()
    expect(nina.case(reference)).to_be_visible()
    expect(nina.field()).to_have_value("I was about to say")


def test_a_colleague_cannot_steal_a_case_and_sees_who_is_there(town: Town, window: Open) -> None:
    first = town.hire("Ada", "accounts", on_shift=False, demo=True)
    second = town.hire("Ben", "accounts", on_shift=False, demo=True)
    reference = town.stranger("My account is locked", topic="login")
    ada, ben = Agent(window(), first), Agent(window(), second)
    for agent in (ada, ben):
        agent.sign_in()
        agent.window.go(f"/desk/{reference}/")
        agent.reads("My account is locked")
    expect(ada.page.locator("[data-viewers]")).to_contain_text("Ben")
    ben.page.route("**/_timeline.html*", lambda route: route.abort())  # he does not hear of it
    ben.window.excuse("ERR_FAILED|status of 409")
    ada.act("Take")
    expect(ada.page.locator(".head__who")).to_contain_text("Yours")
    ben.act("Take")
    expect(ben.page.locator(".toast")).to_contain_text("A colleague was faster")
    ben.page.unroute("**/_timeline.html*")
    ben.page.reload()
    expect(ben.page.locator(".head__who")).to_contain_text("With Ada")
    expect(ben.page.locator(".head__acts").get_by_role("button", name="Take", exact=True)).to_have_count(0)
    ada.field().press_sequentially("I am")
    expect(ben.page.locator("[data-colleague-typing]")).to_contain_text("Ada")

    # A note has a colour of its own, and only colleagues get it.
    ada.note("Looks like a stolen phone")
    ben.reads("Looks like a stolen phone")
    ada.answer("We are looking into it")
    colour = "node => getComputedStyle(node).backgroundColor"
    note, reply = ben.line("Looks like a stolen phone"), ben.line("We are looking into it")
    expect(reply).to_be_visible()
    assert note.evaluate(colour) != reply.evaluate(colour)
    expect(ben.page.locator(".entry--note")).to_contain_text("colleagues only")
    ben.window.shot("desk-note")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on an element."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard never came to {selector}")


def test_without_a_mouse(town: Town, window: Open) -> None:
    person = town.hire("Nina", "funds", demo=True)
    elsewhere = town.stranger("Another question")
    browser = window()
    page = browser.go("/chat/?lang=en")
    sam = Customer(browser, page)
    sam.is_welcome()
    tab_to(page, "#topics button:nth-child(2)")
    page.keyboard.press("Enter")
    expect(page.locator("#draft")).to_be_focused()
    page.keyboard.type("No mouse here")
    page.keyboard.press("Enter")
    sam.is_sent()
    reference = sam.reference()

    nina = Agent(window(), person)
    nina.sign_in()
    keys = nina.page.keyboard
    for case in (elsewhere, reference):
        expect(nina.row(case)).to_be_visible()
    keys.press("?")
    expect(nina.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    nina.window.shot("desk-keys")
    keys.press("Escape")
    keys.press("j")
    expect(nina.page.locator("#rows a").nth(0)).to_be_focused()
    keys.press("j")
    expect(nina.page.locator("#rows a").nth(1)).to_be_focused()
    keys.press("k")
    expect(nina.page.locator("#rows a").nth(0)).to_be_focused()
    first = nina.page.locator("#rows > li").nth(0).get_attribute("data-case")
    if first != reference:
        keys.press("j")
    keys.press("Enter")
    nina.reads("No mouse here")
    keys.press("r")
    expect(nina.field()).to_be_focused()
    keys.type("Nor here: r, n and j are letters now")
    keys.press("Control+Enter")
    sam.hears("Nor here: r, n and j are letters now")
    keys.press("Escape")
    expect(nina.row(reference)).to_be_focused()
    keys.press("n")
    keys.type("written by hand")
    keys.press("Control+Enter")
    nina.reads("written by hand")
    expect(nina.page.locator(".entry--note")).to_contain_text("written by hand")
    keys.press("Escape")
    keys.press("/")
    expect(nina.page.locator("#search")).to_be_focused()
    keys.type(reference)
    keys.press("Enter")
    expect(nina.page.get_by_role("heading", name="Found")).to_be_visible()
    expect(nina.row(reference)).to_be_visible()
    keys.press("Escape")
    keys.press("e")
    expect(nina.page.locator("desk-case .badge--resolved")).to_be_visible()
    expect(sam.root.locator("#end-title")).to_have_text("Marked as solved")
    # Rate it, still without a mouse.
    tab_to(page, '.stars input[name="score"]')
    page.keyboard.press("ArrowRight")
    tab_to(page, '[data-part="submit"] button')
    page.keyboard.press("Enter")
    expect(sam.root.get_by_text("Thank you for rating us.")).to_be_visible()


def test_the_language_follows_the_address_and_the_switch(town: Town, window: Open) -> None:
    sam, nina, reference = begin(window, town, "Do you speak Chinese?")
    sam.root.locator("#draft").fill("half a word")
    sam.root.locator("#menu > summary").click()
    sam.root.locator("#menu").get_by_text("简体中文").click()
    sam = Customer(sam.window, sam.page, "zh-hans")
    sam.hears("Do you speak Chinese?")
    assert sam.reference() == reference
    assert sam.root.locator("#draft").input_value() == "half a word"
    expect(sam.page.locator("html")).to_have_attribute("lang", re.compile("^zh"))
    expect(sam.page.locator("#draft")).to_have_attribute("placeholder", words("Write a message", "zh-hans"))
    sam.window.go("/chat/")  # remembered
    sam.hears("Do you speak Chinese?")
    expect(sam.page.locator("html")).to_have_attribute("lang", re.compile("^zh"))

    nina.field().press_sequentially("Yes, I")
    nina.page.locator(".me__menu > summary").click()
    nina.page.locator(".me__menu").get_by_text("简体中文").click()
    expect(nina.page.locator("html")).to_have_attribute("lang", re.compile("^zh"))
    expect(nina.case(reference)).to_be_visible()
    expect(nina.field()).to_have_value("Yes, I")
    nina.window.language = "zh"
    nina.window.sound("desk")
    nina.window.go(f"/desk/{reference}/?lang=en")
    expect(nina.page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_signing_out_leaves_nothing_behind(town: Town, window: Open) -> None:
    person = town.hire("Nina", "accounts", demo=True)
    browser = window()
    browser.go("/demo/exchange/?lang=en")
    browser.page.locator('button[value="100002"]').click()
    alice = visit(browser)
    alice.is_welcome()
    alice.choose("Identity verification")
    alice.say("Please cancel my order")
    alice.is_sent()
    reference = alice.reference()
    alice.root.locator("#draft").fill("and another thing")
    nina = Agent(window(), person)
    nina.sign_in()
    nina.open(reference)
    nina.answer("Which one?")
    alice.hears("Which one?")
    assert "trustdesk" in browser.page.evaluate(KEPT)

    alice.root.get_by_role("button", name="Close chat").click()
    browser.page.get_by_role("button", name="Sign out").click()
    expect(browser.page.get_by_role("link", name="Sign in").first).to_be_visible()
    expect(browser.page.locator("iframe")).to_have_count(0)
    browser.page.wait_for_function("() => !Object.keys({...localStorage, ...sessionStorage}).some((key) => key.startsWith('trustdesk'))")
    assert "order" not in browser.page.evaluate(KEPT)
    stranger = visit(browser)
    stranger.is_welcome()
    expect(stranger.bubbles()).to_have_count(0)
    assert stranger.root.locator("#draft").input_value() == ""

    # The desk: a half-written reply goes with the agent.
    nina.field().press_sequentially("a secret plan")
    nina.page.locator(".me__menu > summary").click()
    nina.page.get_by_role("button", name="Sign out").click()
    nina.page.wait_for_url("**/staff/login/**")
    assert "secret plan" not in nina.page.evaluate(KEPT)
    nina.page.go_back()
    expect(nina.page.locator("body")).not_to_contain_text("Please cancel my order")
