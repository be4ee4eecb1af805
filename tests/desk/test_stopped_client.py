"""B-14 in a real browser: the draft stays, the reason stands beside it, the lead's list grows an alert by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import world
from tests.desk.town import DESKTOP, PHONE, Town, is_sound
from trustdesk.conversations import assignment
from trustdesk.conversations.models import Entry
from trustdesk.seams import clock
from trustdesk.staff.models import Role

pytestmark = pytest.mark.browser
ASKS = "Please send me the 2FA code."


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop", "phone"])
def test_the_draft_stays_and_the_lead_sees_it_at_once(town: Town, size: dict[str, int], dark: bool) -> None:
    mei, lena = town.do(world.agent, "Mei", "funds"), town.do(world.agent, "Lena", "funds", role=Role.LEAD)
    case = town.say("My deposit is missing")
    town.do(assignment.take, conversation_id=case.conversation_id, seat=mei, now=clock.now())
    lead = town.window(lena, size=size, dark=dark)
    lead.goto("/desk/")
    alert = lead.get_by_role("link", name="Stopped")
    expect(lead.locator("#list")).to_be_attached()
    expect(alert).to_have_count(0)
    page = town.window(mei, size=size, dark=dark)
    page.goto(f"/desk/{case.reference}/")
    page.locator("textarea").fill(ASKS)
    page.locator("textarea").press("Control+Enter")
    expect(page.locator("desk-composer .unsent")).to_contain_text("asks the customer for a one-time code")
    assert page.locator("textarea").input_value() == ASKS
    is_sound(page)
    expect(alert).to_be_visible()
    is_sound(lead)
    page.reload()
    expect(page.locator("textarea")).to_have_value(ASKS)
    alert.click()
    expect(lead.get_by_text(case.reference)).to_be_visible()
    is_sound(lead)
    lead.get_by_role("button", name="Seen to").click()
    expect(lead.get_by_text("Nothing was stopped")).to_be_visible()
    is_sound(lead)
    assert town.do(lambda: Entry.objects.filter(author="agent", kind="message").count()) == 0
    town.complaints[:] = [one for one in town.complaints if "409" not in one]  # the refusal that was asked for
