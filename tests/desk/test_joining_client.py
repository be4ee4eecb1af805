"""Merging and splitting at the desk in a real browser: by key, by mouse, and on a narrow screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests import world
from tests.conversations import merges
from tests.desk.town import PHONE, Town, is_sound
from trustdesk.conversations import replies
from trustdesk.conversations.models import Conversation
from trustdesk.seams import clock

pytestmark = pytest.mark.browser


def pair(town: Town, seat: Any, **who: str) -> tuple[Conversation, Conversation]:
    """Two cases of one customer, the first with a note."""
    first = town.do(merges.ticket, "the older matter", now=clock.now(), name="Lin Wei", **who)
    second = town.do(merges.ticket, "any news?", now=clock.now(), name="Lin Wei", **who)
    said = replies.Reply(second.pk, seat.agent_id, "a-note-1", "a note of ours", True)
    town.do(replies.send, replies=[said], now=clock.now())
    return first, second


def test_a_case_is_merged_by_key_and_what_was_said_unfolds(town: Town) -> None:
    seat = town.do(world.agent, "Mei", "funds")
    first, second = pair(town, seat)
    page = town.window(seat)
    page.goto(f"/desk/{second.reference}/")
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Merge with another case")).to_be_visible()
    is_sound(page)
    page.locator("#joining").get_by_role("radio").check()
    page.get_by_role("button", name="Merge", exact=True).click()
    page.wait_for_url(f"**/desk/{first.reference}/")
    said = page.locator("[data-merged]")
    expect(page.locator(".thread").get_by_text("any news?")).to_have_count(0)
    said.locator("summary").click()
    expect(said.get_by_text("any news?")).to_be_visible()
    expect(said.locator(".bubble--note")).to_have_text("a note of ours")
    is_sound(page)


def test_what_is_refused_is_said_in_the_dialog_and_a_colleague_decides_on_a_phone(town: Town) -> None:
    seat, other = town.do(world.agent, "Mei", "funds"), town.do(world.agent, "Noor", "funds")
    first, second = pair(town, seat, visitor="anna")
    page = town.window(seat)
    page.goto(f"/desk/{second.reference}/")
    page.keyboard.press("m")
    page.locator("#joining").get_by_role("radio").check()
    town.complaints.clear()
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator("#joining [data-refused]")).to_contain_text("a colleague has to agree")
    town.complaints.clear()  # a 409 is an error to the browser
    page.get_by_label("Why they belong together").fill("one browser")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator(".asked")).to_contain_text("A colleague has to agree.")
    phone = town.window(other, size=PHONE)
    phone.goto(f"/desk/{first.reference}/")
    expect(phone.locator(".asked")).to_contain_text("one browser")
    is_sound(phone)
    phone.get_by_role("button", name="Agree and merge").click()
    expect(phone.locator(".asked")).to_have_count(0)
    expect(phone.locator("[data-merged]")).to_be_visible()
    expect(page.locator(".head__gone")).to_contain_text(first.reference)


def test_a_message_becomes_a_case(town: Town) -> None:
    seat = town.do(world.agent, "Mei", "funds")
    first, _ = pair(town, seat)
    page = town.window(seat)
    page.goto(f"/desk/{first.reference}/")
    page.locator(".entry").first.hover()
    page.get_by_role("button", name="Make a new case of this message").click()
    page.get_by_label("What it is about").select_option("kyc")
    page.get_by_label("Subject").fill("Papers")
    is_sound(page)
    page.get_by_role("button", name="Make the case").click()
    expect(page.locator(".event__case")).to_be_visible()
    new = town.do(lambda: Conversation.objects.get(split_from=first).reference)
    expect(page.locator(".event__case")).to_have_text(new)
