"""The chat inside another site and whom it believes; and that everybody can use it: keyboard, screen reader, touch."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.widget.conftest import Desk

pytestmark = pytest.mark.browser

# Identity and the embedding page -----------------------------------------------------------------------------------


def test_a_web_views_session_leaves_the_address_at_once(desk: Desk) -> None:
    page = desk.start("#session=header.claims.signature")
    assert desk.live.sent("hello")[0]["session"] == "header.claims.signature"
    assert page.url == f"{desk.url}/chat/"
    desk.live.cut()
    desk.eventually(lambda: len(desk.live.sent("hello")) == 2)
    assert "session" not in desk.live.sent("hello")[1]
    assert "signature" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_the_token_alone_outlives_the_tab(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    expect(page.locator("#log").get_by_text("Sent")).to_be_visible()
    assert page.evaluate("({...localStorage})") == {"trustdesk.token": "token-1"}


def test_the_widget_on_a_strict_page(desk: Desk) -> None:
    page, live = desk.page, desk.live
    page.goto(desk.shop)
    launcher = page.get_by_role("button", name="Open support chat")
    expect(launcher).to_be_visible()
    assert len(page.frames) == 1, "the frame is made on the first opening, not before"
    page.evaluate("Trustdesk.identify(async () => 'signed')")
    page.evaluate("Trustdesk.on('unread', (count) => (window.unread = count))")
    launcher.focus()
    page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    expect(frame.locator("#topics button").first).to_be_visible()
    assert live.sent("hello")[0]["session"] == "signed"
    expect(frame.locator("#draft")).to_be_focused()
    page.keyboard.type("from the shop")
    page.keyboard.press("Enter")
    desk.eventually(lambda: live.messages() == ["from the shop"])
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open support chat")).to_be_focused()
    live.say("are you there?")
    expect(page.get_by_role("button", name="Open support chat, 1 unread")).to_be_visible()
    desk.eventually(lambda: page.evaluate("window.unread") == 1)
    page.get_by_role("button", name="Open support chat, 1 unread").click()
    expect(frame.get_by_text("New messages")).to_be_visible()
    desk.eventually(lambda: page.evaluate("window.unread") == 0)
    page.evaluate("Trustdesk.logout()")
    expect(page.locator("iframe")).to_have_count(0)


def test_an_open_case_is_watched_on_the_next_page(desk: Desk) -> None:
    page = desk.page
    page.goto(desk.shop)
    page.get_by_role("button", name="Open support chat").click()
    frame = page.frame_locator("iframe")
    expect(frame.locator("#topics button").first).to_be_visible()
    frame.locator("#draft").fill("hello")
    page.keyboard.press("Enter")
    desk.eventually(lambda: desk.live.messages() == ["hello"])
    desk.eventually(lambda: page.evaluate("localStorage['trustdesk.case']") == "1")
    page.reload()
    desk.eventually(lambda: len(desk.live.sent("hello")) == 2)
    assert page.evaluate("localStorage.length") == 1


def test_calls_made_before_the_script_came_are_kept(desk: Desk) -> None:
    page = desk.page
    page.add_init_script("window.Trustdesk = { q: [['identify', 'early'], ['open', 'topic_2']] }")
    page.goto(desk.shop)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("button", name="Identity verification")).to_have_attribute("aria-pressed", "true")
    assert desk.live.sent("hello")[0]["session"] == "early"


def test_the_frame_listens_to_its_parent_alone(desk: Desk) -> None:
    """S-06: a message from another window, or in the name of one, changes nothing."""
    page = desk.page
    page.goto(desk.shop)
    page.get_by_role("button", name="Open support chat").click()
    frame = page.frame_locator("iframe")
    expect(frame.locator("#topics button").first).to_be_visible()
    inside = page.frames[1]
    inside.evaluate("postMessage({ trustdesk: 'identify', session: 'stolen' }, '*')")
    forged = "{ data: { trustdesk: 'logout' }, origin: 'https://evil.example', source: parent }"
    inside.evaluate(f"dispatchEvent(new MessageEvent('message', {forged}))")
    page.evaluate("postMessage({ trustdesk: 'close' }, '*')")
    page.wait_for_timeout(300)
    expect(frame.locator("#draft")).to_be_visible()
    assert page.get_by_role("button", name="Close support chat").is_visible()
    assert all(hello.get("session") is None for hello in desk.live.sent("hello"))


# For everybody ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "desk",
    [
        {
            "viewport": {"width": width, "height": height},
            "color_scheme": scheme,
            "bypass_csp": True,
            "has_touch": width < 400,
        }
        for width, height, scheme in [(320, 640, "light"), (640, 360, "dark"), (320, 256, "light")]
    ],
    indirect=True,
)
def test_axe_finds_nothing_and_nothing_overflows(desk: Desk) -> None:
    desk.live.who = {"known": True, "name": "Mei"}
    desk.live.mask = lambda text: (text + " [••• wif]", ["wif"])
    page = desk.start("?lang=zh-hans")

    def check(moment: str) -> None:
        page.wait_for_timeout(300)  # what fades in has its colour only then
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], moment
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), moment
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, summary, .chip, .composer label, .menu__item")]
            .filter((one) => one.checkVisibility() && !one.matches(".button--link, .visually-hidden"))
            .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.width < 44 || box.height < 44)).map(([name]) => name)"""
        )
        assert not small or page.evaluate("matchMedia('(pointer: fine)').matches"), (moment, small)

    check("home")
    desk.send("my key " + "x" * 90)
    expect(page.locator(".chat__queue")).to_be_visible()
    check("queue")
    page.locator(".chat__queue [data-part=offer]").click()
    page.locator(".chat__queue form button").first.click()
    check("mail")
    desk.live.assign("陈美")
    desk.live.say("您好 " + "长" * 80)
    desk.live.happen("proof_asked", how=["mail_code", "second_factor"])
    check("proof asked")
    page.locator("#proof [data-how=second_factor]").click()
    page.locator("#proof-code").wait_for()
    check("code")
    page.locator("#menu summary").click()
    check("menu")
    page.keyboard.press("Escape")
    desk.live.happen("closed")
    page.locator(".stars").wait_for()
    check("ended")


def test_new_messages_are_announced_and_history_is_not(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    desk.live.say("hi")
    expect(page.get_by_text("hi", exact=True)).to_be_visible()
    log = page.get_by_role("log")
    assert log.get_attribute("aria-live") == "polite"
    expect(log).not_to_have_attribute("aria-busy", "true")
    assert log.locator(".entry__name").all_inner_texts() == ["You", "Mei Lin"]
