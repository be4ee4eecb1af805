"""Makes the pictures of docs/images: TRUSTDESK_PICTURES=docs/images bin/test tests/journeys/test_pictures.py"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.people import Agent, visit
from tests.journeys.town import Person, Town
from tests.journeys.windows import Window
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.demo import staging
from trustdesk.demo.cast import PASSWORD, STAFF, sent_from_wallet
from trustdesk.seams import clock
from trustdesk.staff import permissions
from trustdesk.staff.models import Agent as AgentRow

FOLDER = os.environ.get("TRUSTDESK_PICTURES", "")
MOST = 300 * 1024  # bytes a picture may have
ALICE = "100002"

pytestmark = pytest.mark.skipif(not FOLDER, reason="TRUSTDESK_PICTURES names no folder for new pictures")


def keep(page: Page, name: str) -> None:
    """Save what is on the screen, in few enough colours to be small."""
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    path = Path(FOLDER) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shot.quantize(colors=255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size <= MOST


def load(town: Town) -> tuple[Person, str]:
    """Load the demo world; return a lead of the deposits' team and one of her cases worth looking at."""
    mei = next(one for one in STAFF if one.key == "mei")

    def play() -> tuple[Person, str]:
        staging.hire()
        staging.perform(now=clock.now())
        row = AgentRow.objects.get(email=mei.mail)
        seat = permissions.seat(row.pk)
        assert seat is not None
        noted = Entry.objects.filter(kind="note").values("conversation")
        case = (Conversation.objects.filter(team__slug="funds", status="open", locale="en", pk__in=noted)
                .order_by("-last_seq").first())
        assert case is not None
        return Person(seat, mei.mail, mei.name, PASSWORD, ""), case.reference

    return town.do(play)


def test_the_pictures_of_the_documentation(town: Town, window: Callable[..., Window]) -> None:
    person, reference = load(town)
    desk = window()
    mei = Agent(desk, person)
    mei.sign_in()
    desk.go(f"/desk/{reference}/?view=teams&lang=en")
    expect(mei.case(reference)).to_be_visible()
    expect(desk.page.locator("desk-list #rows > li").nth(5)).to_be_visible()
    keep(desk.page, "desk.png")

    phone = window(phone=True)
    phone.go("/demo/exchange/?lang=en")
    phone.page.locator(f'button[value="{ALICE}"]').click()
    alice = visit(phone)
    alice.is_welcome()
    alice.choose("Deposit has not arrived")
    wallet = sent_from_wallet(ALICE, now=clock.now())
    assert wallet is not None
    alice.say("Hi! I sent 0.75 ETH from my wallet two hours ago, and it is not in my list.")
    alice.say(wallet.txid)
    alice.is_sent()
    desk.go(f"/desk/{alice.reference()}/?lang=en")
    take = desk.page.locator(".head__acts").get_by_role("button", name="Take", exact=True)
    mine = desk.page.locator(".head__who", has_text="Yours")
    expect(take.or_(mine)).to_be_visible()
    if take.is_visible():
        take.click()
    mei.answer("Hello Alice, thank you. I can see it: 30 of 32 confirmations. It will be credited in about a minute.")
    alice.hears("Hello Alice, thank you. I can see it: 30 of 32 confirmations. It will be credited in about a minute.")
    alice.say("That was quick, thank you!")
    alice.is_sent()
    expect(alice.root.locator("#typing")).to_be_hidden()
    keep(phone.page, "chat.png")
