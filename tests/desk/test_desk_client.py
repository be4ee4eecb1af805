"""The desk in a real browser: live, by keyboard, with drafts, under our content security policy, for axe."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import world
from tests.desk.desks import case_of
from tests.desk.town import DESKTOP, PHONE, Town, is_sound
from trustdesk.conversations import assignment
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Entry
from trustdesk.seams import clock
from trustdesk.staff.models import Session
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.browser


def scene(town: Town, *texts: str) -> tuple[Seat, Received]:
    """Mei with a case of hers."""
    seat: Seat = town.do(world.agent, "Mei", "funds")
    case = town.say(*(texts or ("My deposit is missing",)))
    town.do(assignment.take, conversation_id=case.conversation_id, seat=seat, now=clock.now())
    return seat, case


def lines(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("[data-lines] .bubble").all_inner_texts()]


def test_what_comes_in_is_added_without_touching_what_one_does(town: Town) -> None:
    seat, case = scene(town, *(f"line {number}" for number in range(40)))
    page = town.window(seat)
    page.goto(f"/desk/{case.reference}/")
    field, scroller = page.locator("textarea"), page.locator("[data-scroll]")
    expect(page.locator("[data-unread]")).to_be_in_viewport()  # what is new begins here
    scroller.evaluate("box => box.scrollTop = box.scrollHeight")
    field.fill("half a sent")
    page.evaluate("document.querySelector('textarea').setSelectionRange(4, 4)")
    town.say("and another")
    expect(page.locator(".bubble", has_text="and another")).to_be_in_viewport()  # at the end: it follows
    assert field.input_value() == "half a sent"
    assert page.evaluate("[document.activeElement.name, document.activeElement.selectionStart]") == ["text", 4]
    scroller.evaluate("box => box.scrollTop = 100")
    town.say("third")
    expect(page.get_by_role("button", name="New messages")).to_be_visible()  # reading above: it stays
    assert scroller.evaluate("box => box.scrollTop") == 100
    page.get_by_role("button", name="New messages").click()
    expect(page.locator(".bubble", has_text="third")).to_be_in_viewport()
    assert lines(page) == [*(f"line {number}" for number in range(40)), "and another", "third"]


def test_a_reply_over_something_unread_asks_first_and_loses_nothing(town: Town) -> None:
    seat, case = scene(town, *(f"line {number}" for number in range(40)))
    page = town.window(seat)
    page.goto(f"/desk/{case.reference}/")
    page.locator("[data-scroll]").evaluate("box => box.scrollTop = 0")
    page.locator("textarea").fill("Please send it")
    town.say("I have found it!")
    expect(page.get_by_role("button", name="New messages")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("A newer message came in")).to_be_visible()
    assert page.locator("textarea").input_value() == "Please send it"
    page.get_by_role("button", name="Read first").click()
    expect(page.locator(".bubble", has_text="I have found it!")).to_be_in_viewport()
    page.locator("textarea").fill("Good!")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--own")).to_have_text("Good!")
    assert page.locator("textarea").input_value() == ""
    town.complaints[:] = [one for one in town.complaints if "409" not in one]  # the refusal that was asked for


def test_a_draft_outlives_a_reload_another_case_and_a_lost_connection(town: Town) -> None:
    seat, case = scene(town)
    other = town.say("a second matter", visitor="bert")
    page = town.window(seat)
    page.goto(f"/desk/{case.reference}/?view=teams")
    page.locator("textarea").fill("a long answer")
    page.locator("desk-composer").get_by_text("Private note", exact=True).click()
    page.locator(f'[data-case="{other.reference}"] > a').click()
    expect(page.locator(f'desk-case[data-case="{other.reference}"]')).to_be_visible()
    assert page.locator("textarea").input_value() == ""
    page.go_back()
    expect(page.locator("textarea")).to_have_value("a long answer")
    page.reload()
    expect(page.locator("textarea")).to_have_value("a long answer")
    assert page.locator('[name="kind"][value="note"]').is_checked()
    page.context.set_offline(True)
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("sending again is safe")).to_be_visible()
    assert page.locator("textarea").input_value() == "a long answer"
    page.context.set_offline(False)
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".bubble--note")).to_have_text("a long answer")
    assert town.do(lambda: Entry.objects.filter(kind="note").count()) == 1
    town.complaints[:] = [one for one in town.complaints if "ERR_INTERNET" not in one and "WebSocket" not in one]


def test_an_answer_whose_ack_was_lost_is_not_doubled(town: Town) -> None:
    seat, case = scene(town)
    page = town.window(seat)
    page.goto(f"/desk/{case.reference}/")
    swallowed = []

    def swallow(route: Any) -> None:
        route.fetch()  # it arrives, and the answer to it does not
        swallowed.append(route.request.post_data)
        route.abort()

    page.route("**/replies/", swallow, times=1)
    page.locator("textarea").fill("One moment")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("sending again is safe")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("textarea")).to_have_value("")
    expect(page.locator(".bubble--own")).to_have_count(1)
    assert len(swallowed) == 1
    assert town.do(lambda: Entry.objects.filter(kind="message", author="agent").count()) == 1
    town.complaints[:] = [one for one in town.complaints if "ERR_FAILED" not in one]


def test_keys_walk_open_take_and_solve_and_leave_fields_alone(town: Town) -> None:
    seat: Seat = town.do(world.agent, "Mei", "funds")
    first, second = town.say("first", visitor="a"), town.say("second", visitor="b")
    page = town.window(seat)
    page.goto("/desk/?view=unassigned")
    expect(page.locator("#rows > li")).to_have_count(2)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator(f'desk-case[data-case="{first.reference}"]')).to_be_visible()
    assert page.url.endswith(f"/desk/{first.reference}/?view=unassigned")
    page.keyboard.press("a")
    expect(page.locator(".event", has_text="took the case")).to_be_visible()
    expect(page.locator("#rows > li")).to_have_count(1)
    page.keyboard.press("r")
    page.keyboard.type("area? /je kn")
    assert page.locator("textarea").input_value() == "area? /je kn"
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert page.locator('[name="kind"][value="note"]').is_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    assert town.do(case_of, first).status == "open"
    page.evaluate("localStorage.clear()")
    page.keyboard.press("e")
    expect(page.locator(".head .badge--resolved")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(second.reference)
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-case="{second.reference}"]')).to_be_visible()


def test_lists_follow_what_happens_and_keep_place_and_focus(town: Town) -> None:
    seat: Seat = town.do(world.agent, "Mei", "funds")
    for number in range(20):
        town.say(f"case {number}", visitor=f"v{number}")
    page = town.window(seat)
    page.goto("/desk/?view=unassigned")
    expect(page.locator("#rows > li")).to_have_count(20)
    page.locator("#rows > li > a").nth(12).focus()
    page.locator("#cases-scroll").evaluate("box => box.scrollTop = 300")
    page.evaluate("document.querySelector('#rows > li').marked = true")
    focused = page.evaluate("document.activeElement.parentElement.dataset.case")
    town.say("newest", visitor="new")
    expect(page.locator("#rows > li")).to_have_count(21)
    expect(page.locator("#view-unassigned [data-count]")).to_have_text("21")
    assert page.locator("#cases-scroll").evaluate("box => box.scrollTop") == 300
    assert page.evaluate("document.activeElement.parentElement?.dataset.case") == focused
    assert page.evaluate("document.querySelector('#rows > li').marked"), "rows that did not change stay what they were"


def test_signing_out_forgets_drafts_and_an_ended_session_leads_to_the_entrance(town: Town) -> None:
    seat, case = scene(town)
    page = town.window(seat)
    page.goto(f"/desk/{case.reference}/")
    page.locator("textarea").fill("about his balance")
    expect(page.locator(".panel__here")).to_be_visible()
    page.wait_for_timeout(500)
    assert "balance" in page.evaluate("JSON.stringify(sessionStorage)")
    town.do(lambda: Session.objects.all().delete())
    expect(page).to_have_url(re.compile("/staff/login/"))
    assert f"next=/desk/{case.reference}/" in page.url.replace("%2F", "/")
    again = town.window(seat)
    again.goto(f"/desk/{case.reference}/")
    again.locator("textarea").fill("about his balance")
    again.wait_for_timeout(500)
    again.locator(".me__who").click()
    again.get_by_role("button", name="Sign out").click()
    expect(again).to_have_url(re.compile("/staff/login/"))
    assert "balance" not in again.evaluate("JSON.stringify(sessionStorage)")
    town.complaints[:] = [one for one in town.complaints if "40" not in one]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_are_accessible_and_fit(town: Town, dark: bool) -> None:
    seat, case = scene(town, "see https://nоrthlight.example/claim", "tx " + "ab" * 32)
    for size in (DESKTOP, PHONE):
        page = town.window(seat, size=size, dark=dark)
        for path in ("/desk/", f"/desk/{case.reference}/", "/desk/?q=nothing", "/desk/leave/?to=http://a@b.example"):
            page.goto(path)
            page.wait_for_timeout(300)
            is_sound(page)
        page.goto(f"/desk/{case.reference}/")
        page.get_by_role("button", name="Customer").first.click()
        is_sound(page)
        page.goto(f"/desk/{case.reference}/")
        page.get_by_text("Assign", exact=True).click()
        expect(page.locator(".colleagues")).to_be_visible()
        is_sound(page)


def test_the_page_is_as_long_as_the_window_however_long_its_lists_are(town: Town) -> None:
    seat, case = scene(town, *(f"line {number}" for number in range(40)))
    omar: Seat = town.do(world.agent, "Omar", "funds")
    for number in range(25):
        other = town.say("Where is it?", visitor=f"visitor{number}")
        town.do(assignment.take, conversation_id=other.conversation_id, seat=omar, now=clock.now())
    for size in (DESKTOP, PHONE):
        page = town.window(seat, size=size)
        for path in ("/desk/?view=all", f"/desk/{case.reference}/?view=all"):
            page.goto(path)
            expect(page.locator("#rows > li").or_(page.locator(".bubble")).first).to_be_attached()
            assert page.evaluate("document.scrollingElement.scrollHeight - innerHeight") <= 0, path
