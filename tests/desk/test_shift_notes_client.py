"""Shift notes in a real browser: the hint comes while the desk is open, and goes once they are read."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import world
from tests.desk.town import PHONE, Town, is_sound

pytestmark = pytest.mark.browser


def test_a_note_is_announced_at_open_desks_until_it_is_read(town: Town) -> None:
    mei, bo = town.do(world.agent, "Mei", "funds"), town.do(world.agent, "Bo", "funds")
    desk, page = town.window(bo, size=PHONE), town.window(mei)
    desk.goto("/desk/")
    expect(desk.locator("#rows")).to_be_visible()
    page.goto("/desk/shift-notes/")
    is_sound(page)
    page.get_by_label("Note", exact=True).fill("ETH withdrawals are paused")
    page.get_by_role("button", name="Leave the note").click()
    expect(page.get_by_text("ETH withdrawals are paused")).to_be_visible()
    hint = desk.locator(".cases__hint")
    expect(hint).to_have_text("A note from the last shift")
    is_sound(desk)
    hint.click()
    expect(desk.get_by_text("ETH withdrawals are paused")).to_be_visible()
    is_sound(desk)
    desk.goto("/desk/")
    expect(desk.locator("#rows")).to_be_visible()
    expect(hint).to_have_count(0)
