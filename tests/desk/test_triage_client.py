"""Another team, topic or priority in a real browser: by key, live for a colleague, on a phone, and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import world
from tests.desk.desks import case_of
from tests.desk.town import PHONE, Town, is_sound
from trustdesk.conversations import assignment
from trustdesk.seams import clock
from trustdesk.staff.models import Role

pytestmark = pytest.mark.browser


def test_a_case_is_moved_by_key_and_a_colleague_sees_it_come(town: Town) -> None:
    mei, tom = town.do(world.agent, "Mei", "funds"), town.do(world.agent, "Tom", "trading", role=Role.LEAD)
    case = town.say("my order hangs")
    page, other = town.window(mei), town.window(tom)
    other.goto("/desk/?view=unassigned")
    expect(other.locator("#rows .row")).to_have_count(0)
    page.goto(f"/desk/{case.reference}/")
    expect(page.locator("desk-case")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_role("heading", name="Change team, topic, priority")).to_be_visible()
    is_sound(page)
    page.get_by_label("Priority", exact=True).select_option("1")
    page.get_by_label("Why").fill("an order, no deposit")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator("#joining")).not_to_be_visible()
    expect(page.locator(".event").last).to_contain_text("an order, no deposit")
    expect(page.locator(".head .badge--high")).to_be_visible()
    page.keyboard.press("t")
    page.get_by_label("Team", exact=True).select_option("trading")
    page.get_by_role("button", name="Change", exact=True).click()
    page.wait_for_url("**/desk/")
    # What was on its way for the case meanwhile is not his to see any more.
    town.complaints[:] = [one for one in town.complaints if "404" not in one]
    expect(other.locator("#rows .row")).to_have_count(1)


def test_who_takes_a_chat_over_reads_who_had_it_and_why(town: Town) -> None:
    lea = town.do(world.agent, "Lea", "funds", "trading")
    case = town.say("hello?")
    phone = town.window(lea, size=PHONE, dark=True)
    phone.goto(f"/desk/{case.reference}/")
    phone.locator(".head__tools details.menu summary").click()
    phone.get_by_role("link", name="Change team, topic, priority").click()
    expect(phone.get_by_role("heading", name="Change team, topic, priority")).to_be_visible()
    is_sound(phone)
    phone.get_by_label("Team", exact=True).select_option("trading")
    phone.get_by_role("button", name="Change", exact=True).click()
    expect(phone.locator(".event", has_text="moved the case from")).to_be_visible()
    expect(phone.locator(".event", has_text="The customer was told")).to_be_visible()
    town.do(lambda: assignment.take(conversation_id=case.conversation_id, seat=lea, now=clock.now()))
    town.do(_gone, case.conversation_id)
    phone.reload()
    expect(phone.locator(".event", has_text="Taken back from Lea Surname")).to_be_visible()


def _gone(identity: int) -> None:
    from trustdesk.conversations import acting

    with acting.on(identity, now=clock.now()) as act:
        assignment.hand_back(act, because={"code": "away", "agent": act.row.assignee_id, "name": "Lea Surname"})


def test_it_works_without_scripts(town: Town) -> None:
    mei = town.do(world.agent, "Mei", "funds")
    town.do(world.agent, "Tom", "trading")
    case = town.say("my order hangs")
    page = town.window(mei)
    key = page.context.cookies()
    bare = town.browser.new_context(java_script_enabled=False, base_url=town.server.address)
    bare.add_cookies(key)  # type: ignore[arg-type]  # what it gave it takes
    plain = bare.new_page()
    plain.goto(f"/desk/{case.reference}/")
    plain.locator(".head__tools details.menu summary").click()
    plain.get_by_role("link", name="Change team, topic, priority").click()
    plain.wait_for_url("**/triage/")
    plain.get_by_label("Priority", exact=True).select_option("0")
    plain.get_by_role("button", name="Change", exact=True).click()
    plain.wait_for_url(f"**/desk/{case.reference}/")
    assert town.do(lambda: case_of(case).priority) == 0
