"""The long journey: a customer on a phone, in Chinese, and an agent at a desk, in English, from queue to transcript."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.journeys.people import MAKER, Agent, Customer, fetched, photograph, visit
from tests.journeys.town import Person, Town, eventually
from tests.journeys.windows import Window

LIN_WEI, MAIL = "100001", "lin.wei@mail.example.test"
PROMPT = 1.0  # seconds until the other side sees what was written
Open = Callable[..., Window]


@dataclass
class Scene:
    """Lin Wei in the chat, Mei at the desk."""

    town: Town
    lin: Customer
    mei: Agent
    reference: str


def come_in(window: Open) -> Customer:
    """Let Lin Wei sign in on the exchange's site with her phone, and press the chat button there."""
    phone = window(phone=True, language="zh")
    phone.go("/demo/exchange/")
    phone.page.locator(f'button[value="{LIN_WEI}"]').click()
    lin = visit(phone, "zh-hans")
    lin.is_welcome()
    return lin


@pytest.fixture
def scene(town: Town, window: Open) -> Scene:
    """A chat that Mei has been given and answered."""
    person = town.hire("Mei", "funds")
    lin = come_in(window)
    lin.choose("充值未到账")
    lin.say("我的充值还没有到账")
    lin.is_sent()
    reference = lin.reference()
    mei = Agent(window(), person)
    mei.sign_in()
    mei.open(reference)
    mei.reads("我的充值还没有到账")
    return Scene(town, lin, mei, reference)


def test_waiting_in_the_queue_and_being_given_to_an_agent(town: Town, window: Open) -> None:
    town.stranger("I was here first")
    person: Person = town.hire("Jun", "funds")
    lin = come_in(window)
    lin.window.sound("home")
    lin.choose("充值未到账")
    lin.say("我的充值还没有到账")
    lin.is_sent()
    place = lin.root.get_by_role("heading", name=lin.text("You are number {position} in the queue").format(position=2))
    expect(place).to_be_visible()
    reference = lin.reference()
    lin.window.sound("queue")

    lin.page.reload()  # the place survives it
    lin = visit(lin.window, "zh-hans")
    expect(place).to_be_visible()
    lin.hears("我的充值还没有到账")

    jun = Agent(window(), person)
    jun.sign_in()
    expect(lin.root.get_by_text(lin.text("{name} joined the chat").format(name="Jun"))).to_be_visible()
    expect(place).to_be_hidden()
    expect(jun.row(reference)).to_be_visible()
    jun.open(reference)
    jun.reads("我的充值还没有到账")
    expect(jun.page.get_by_text("In the chat now")).to_be_visible()
    expect(jun.page.locator("desk-case aside")).to_contain_text("Signed in")

    # The number is shown, and copied as it is shown.
    lin.root.locator("#log .chat__number-line button").click()
    eventually(lambda: lin.page.evaluate("navigator.clipboard.readText()") == reference)


def test_each_sees_the_other_write_and_notes_stay_inside(scene: Scene) -> None:
    lin, mei = scene.lin, scene.mei
    mei.page.locator("desk-composer").get_by_text("Reply", exact=True).click()
    mei.field().press_sequentially("Let me look")
    expect(lin.root.locator("#typing")).to_be_visible()
    quickest = 99.0
    for text in ("Let me look", "One moment", "It is there"):
        mei.field().fill(text)
        since = time.monotonic()
        mei.page.get_by_role("button", name="Send", exact=True).click()
        lin.hears(text)
        quickest = min(quickest, time.monotonic() - since)
        mei.reads(text)
    assert quickest <= PROMPT
    expect(lin.root.locator("#typing")).to_be_hidden()
    expect(mei.page.locator("desk-case .entry__read").last).to_be_visible()

    lin.root.locator("#draft").press_sequentially("谢")
    expect(mei.page.get_by_text("The customer is typing")).to_be_visible()

    frames: list[str] = []
    lin.page.on("websocket", lambda socket: socket.on("framereceived", lambda body: frames.append(str(body))))
    lin.page.reload()
    visit(lin.window, "zh-hans")
    lin.hears("It is there")
    mei.note("Wallet team says block 8812: internal")
    mei.answer("All done")
    lin.hears("All done")
    lin.page.reload()
    lin.hears("All done")
    assert len([body for body in frames if "All done" in body]) >= 2
    assert not [body for body in frames if "8812" in body or "Wallet team" in body]
    assert "8812" not in lin.page.content()
    assert ("note", "Wallet team says block 8812: internal") in scene.town.texts(scene.reference)
    assert lin.root.locator("#draft").input_value() == "谢"


def test_proving_who_one_is_by_mail_and_by_second_factor(scene: Scene) -> None:
    town, lin, mei = scene.town, scene.lin, scene.mei
    panel = mei.page.locator("desk-case aside .proof")
    panel.get_by_role("button", name="Ask for a proof").click()
    card = lin.root.locator("#proof section")
    expect(card).to_be_visible()
    expect(panel).to_contain_text("Waiting for the customer")
    lin.window.sound("proof")

    old = frozenset(one.name for one in town.letters(MAIL))
    card.locator('[data-how="mail_code"]').click()
    expect(card.locator("#proof-code")).to_be_visible()
    expect(card).to_contain_text("l***@")  # where the code went, masked
    code = town.code_for(LIN_WEI, besides=old)
    card.locator("#proof-code").fill(f"{(int(code) + 1) % 1_000_000:06}")
    card.locator("form button").first.click()
    expect(card.locator("#proof-error")).to_have_text(lin.text("That code is not right. Tries left: {left}").format(left=4))
    lin.window.sound("proof-wrong")
    card.locator("#proof-code").fill(code)
    card.locator("form button").first.click()
    expect(card).to_be_hidden()
    # The signed session says more than a mail does, so that is what counts.
    expect(panel).to_contain_text("Signed in")
    expect(mei.page.locator("desk-case .event", has_text=re.compile("mail", re.I)).first).to_be_visible()

    panel.get_by_role("button", name="Ask for a proof").click()
    expect(card).to_be_visible()
    card.locator('[data-how="second_factor"]').click()
    expect(card.locator("#proof-code")).to_be_visible()
    card.locator("#proof-code").fill(town.factor(LIN_WEI))
    card.locator("form button").first.click()
    expect(card).to_be_hidden()
    expect(panel).to_contain_text("Second factor")
    expect(panel.locator("time[data-until]")).to_contain_text(re.compile(r"1[0-9]"))  # minutes left
    badge = lin.root.locator("#proof-badge")
    expect(badge).to_have_text(re.compile(f"^{lin.text('Identity confirmed')} · 1[0-9]"))  # the minutes left
    lin.window.shot("proved")
    mei.window.sound("desk-proved")


def test_a_screenshot_arrives_without_what_the_phone_wrote_into_it(scene: Scene) -> None:
    lin, mei = scene.lin, scene.mei
    original = photograph()
    assert MAKER.encode() in original
    lin.root.locator("#pick").set_input_files({"name": "screenshot.png", "mimeType": "image/png", "buffer": original})
    lin.say("这是截图")
    expect(lin.root.locator("#log .picture img")).to_be_visible()
    seen = mei.page.locator("desk-case .picture img")
    expect(seen).to_be_visible()
    expect(seen).to_have_js_property("complete", True)
    body = fetched(mei.page, seen)
    assert MAKER.encode() not in body
    picture = Image.open(io.BytesIO(body))
    picture.load()
    assert picture.size == (900, 1600)
    assert len(picture.getexif()) == 0
    assert not {"exif", "XML:com.adobe.xmp", "comment"} & set(picture.info)
    mei.window.shot("desk-picture")
    lin.window.sound("chat-picture")
    mei.page.locator("desk-case .picture").click()
    expect(mei.page.locator("#lightbox img")).to_be_visible()
    mei.page.keyboard.press("Escape")
    expect(mei.page.locator("#lightbox")).to_be_hidden()


def test_the_network_drops_and_nothing_is_lost_or_doubled(scene: Scene) -> None:
    lin, mei = scene.lin, scene.mei
    with lin.window.offline():
        expect(lin.root.locator("#connection")).to_be_visible()
        lin.say("第一条")
        lin.say("第二条")
        lin.root.locator("#draft").press_sequentially("还没写完")
        expect(lin.root.locator("#log").get_by_text(lin.text("Not sent yet"))).to_be_visible()
        lin.window.shot("offline")
        # The agent goes on meanwhile.
        mei.answer("Are you still there?")
    lin.hears("Are you still there?", within=30)
    expect(lin.root.locator("#connection")).to_be_hidden()
    mei.reads("第二条")
    expect(lin.root.locator("#log").get_by_text(lin.text("Not sent yet"))).to_have_count(0)
    texts = [text for kind, text in scene.town.texts(scene.reference)]
    assert texts == ["我的充值还没有到账", "Are you still there?", "第一条", "第二条"]
    assert lin.root.locator("#draft").input_value() == "还没写完"
    expect(lin.bubbles()).to_have_text(texts)


def test_what_the_agent_types_is_not_lost_when_messages_arrive(scene: Scene) -> None:
    lin, mei = scene.lin, scene.mei
    half = "I have checked with the wallet team and"
    mei.field().press_sequentially(half)
    lin.say("还有一个问题")
    mei.reads("还有一个问题")
    lin.say("在吗")
    mei.reads("在吗")
    assert mei.field().input_value() == half
    mei.field().press_sequentially(" it is there")
    assert mei.field().input_value() == f"{half} it is there"
    expect(mei.field()).to_be_focused()
    mei.page.get_by_role("button", name="Send", exact=True).click()
    lin.hears(f"{half} it is there")


def test_solved_rated_and_written_down(scene: Scene) -> None:
    town, lin, mei = scene.town, scene.lin, scene.mei
    mei.answer("It has been credited")
    mei.note("internal: was a slow node")
    mei.act("Solve")
    end = lin.root.locator("#end-title")
    expect(end).to_have_text(lin.text("Marked as solved"))
    lin.window.sound("solved")
    lin.root.locator('.stars label[title="5"]').click()
    lin.root.locator("#comment").fill("很快")
    lin.root.locator('#below [data-part="submit"] button').click()
    expect(lin.root.get_by_text(lin.text("Thank you for rating us."))).to_be_visible()
    expect(mei.page.locator("desk-case aside")).to_contain_text("很快")

    # As a page, as text, and by mail.
    lin.menu("Transcript")
    dialog = lin.root.locator("#transcript-dialog")
    lin.window.sound("transcript")
    with lin.window.context.expect_page() as opened:
        dialog.locator('button[value="page"]').click()
    transcript = opened.value
    expect(transcript.locator("main")).to_contain_text("It has been credited")
    expect(transcript.locator("main")).to_contain_text(scene.reference)
    lin.window.sound("transcript-page", page=transcript)
    assert "slow node" not in transcript.content()
    transcript.close()
    with lin.window.context.expect_event("page") as tab, lin.page.expect_download() as download:
        dialog.locator('button[value="text"]').click()
    del tab
    text = download.value.path().read_text()
    assert scene.reference in text
    assert "我的充值还没有到账" in text
    assert "slow node" not in text
    dialog.locator("#transcript-mail").click()
    expect(dialog.locator("#transcript-note")).to_contain_text("l•••@")
    # What she wrote herself stands in no other letter about her case.
    letter = eventually(lambda: next((one for one in town.letters(MAIL) if "我的充值还没有到账" in one.text), None))
    assert scene.reference in letter.subject + letter.text
    assert "It has been credited" in letter.text
    assert "slow node" not in letter.text


@pytest.mark.parametrize("phone", [True, False])
def test_the_apps_menu_opens_our_pages_with_the_customer_signed_in(window: Open, phone: bool) -> None:
    """HB-3: the signed session is posted, as a web view does, and stands in no address."""
    app = window(phone=phone)
    page = app.go("/demo/exchange/?lang=en")
    page.locator(f'button[value="{LIN_WEI}"]').click()
    page.locator(".phone summary").click()
    app.sound("app-menu")
    page.locator('.phone__menu a[href="/cases/"]').click()
    expect(page).to_have_url(re.compile("/cases/$"))
    expect(page.locator('form[action="/signout/"]')).to_be_attached()
    app.go("/demo/exchange/")
    page.locator(".phone summary").click()
    page.locator('.phone__menu a[href^="/help/"]').click()
    expect(page).to_have_url(re.compile("/help/"))
