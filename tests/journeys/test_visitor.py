"""A stranger at a desktop, in English: no dead end at night, an answer by mail, secrets taken out, clear words for what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.journeys.people import Agent, Customer, photograph, visit
from tests.journeys.town import Town
from tests.journeys.windows import Window

# A published test vector of BIP-39.
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
MAIL = "sam@post.example.test"
Open = Callable[..., Window]


def come_in(window: Open, *, language: str = "en", topic: str = "") -> Customer:
    """Let a stranger open the chat on the exchange's site."""
    desktop = window(language=language)
    desktop.go(f"/demo/exchange/?lang={language}")
    sam = visit(desktop, language)
    sam.is_welcome()
    if topic:
        sam.choose(topic)
    return sam


def test_an_early_press_loses_nothing(town: Town, window: Open) -> None:
    desktop = window()
    held: list[Route] = []
    desktop.page.route("**/widget/main.js", lambda route: held.append(route))
    page = desktop.page
    page.goto(f"{desktop.desk}/chat/", wait_until="commit")
    early = Customer(desktop, page)
    page.locator("#draft").fill("My withdrawal is late")
    expect(page.locator("#send")).to_be_disabled()
    page.locator("#draft").press("Control+Enter")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.locator("#send")).to_be_enabled()
    expect(page.locator("#draft")).to_have_value("My withdrawal is late")
    page.locator("#send").click()
    early.is_sent()
    expect(early.bubble("My withdrawal is late")).to_be_visible()


def test_nobody_on_shift_is_no_dead_end_and_the_answer_is_mailed(town: Town, window: Open) -> None:
    person = town.hire("Kai", "trading", on_shift=False, demo=True)
    sam = come_in(window, topic="An order or trade")
    sam.window.sound("home")
    sam.say("Why was my order rejected?")
    sam.is_sent()
    reference = sam.reference()
    card = sam.root.locator(".chat__queue")
    expect(card).to_contain_text("Nobody is on shift right now")
    sam.window.sound("nobody")
    card.get_by_role("button", name=re.compile("mail")).click()

    field = card.get_by_label("Your mail address")
    field.fill("sam@")
    card.get_by_role("button", name="Save").click()
    expect(card.locator("#mail-me-error")).not_to_be_empty()
    assert field.input_value() == "sam@"
    field.fill(MAIL)
    card.get_by_role("button", name="Save").click()
    expect(card).to_contain_text("We answer you by mail")
    expect(card).not_to_contain_text(MAIL)  # masked where anybody may look over a shoulder
    sam.window.sound("by-mail")
    sam.window.context.close()  # and is gone

    kai = Agent(window(), person)  # a demo login: no second factor
    kai.sign_in()
    kai.window.go(f"/desk/{reference}/")
    kai.reads("Why was my order rejected?")
    kai.act("Take")
    expect(kai.page.locator("desk-case .head__who")).to_contain_text("Yours")
    kai.note("internal: risk engine 7")
    kai.answer("Its price was too far from the market.")
    town.pass_the_time("conversations.mail_unread")
    asking = town.letter(MAIL, having="/confirm/")  # the address is not proved: nothing of the chat goes there yet
    assert "too far from the market" not in asking.text
    assert "Why was my order" not in asking.text + asking.subject
    mailbox = window()
    mailbox.go(re.findall(r"/confirm/\S+", asking.text)[0])
    mailbox.page.locator("form[action^='/confirm/'] button").click()
    letter = town.letter(MAIL, having="too far from the market")
    assert reference in letter.subject + letter.text
    assert "risk engine" not in letter.text


def test_chat_in_english_at_a_desktop(town: Town, window: Open) -> None:
    person = town.hire("Nina", "funds", demo=True)
    sam = come_in(window, topic="Deposit has not arrived")
    sam.say("Hello, is anybody there?")
    sam.is_sent()
    expect(sam.root.get_by_role("heading", name="You are next")).to_be_visible()
    nina = Agent(window(), person)
    nina.sign_in()
    reference = sam.reference()
    nina.open(reference)
    nina.reads("Hello, is anybody there?")
    expect(nina.page.locator("desk-case aside")).to_contain_text("Not proved")
    nina.answer("Yes, hello!")
    sam.hears("Yes, hello!")
    sam.window.sound("chat-open")

    # A closed chat says on its button how many messages wait.
    sam.root.get_by_role("button", name="Close chat").click()
    nina.answer("Are you there?")
    launcher = sam.page.get_by_role("button", name="Open support chat, 1 unread")
    expect(launcher).to_be_visible()
    sam.window.shot("launcher-unread")
    launcher.click()
    sam.hears("Are you there?")
    expect(sam.page.get_by_role("button", name="Close support chat")).to_be_visible()

    sam.menu("End chat")
    sam.root.locator("#end-yes").click()
    expect(sam.root.locator("#end-title")).to_have_text("This chat has ended")
    sam.window.sound("ended")
    expect(nina.page.locator("desk-case .badge--closed")).to_be_visible()
    nina.window.excuse("status of 409")
    nina.field().fill("One more thing")
    nina.page.get_by_role("button", name="Send", exact=True).click()
    expect(nina.page.locator("desk-composer .unsent")).to_contain_text("This case is closed")
    assert nina.field().input_value() == "One more thing"
    sam.root.locator('#below [data-do="anew"]').click()
    expect(sam.root.locator("#topics button").first).to_be_visible()
    sam.say("Another thing")
    sam.is_sent()
    assert sam.reference() != reference


def test_a_seed_phrase_is_taken_out_on_both_sides(town: Town, window: Open) -> None:
    person = town.hire("Nina", "funds", demo=True)
    sam = come_in(window, topic="Deposit has not arrived")
    sam.say(f"my phrase is {PHRASE}, help")
    warning = sam.root.get_by_role("heading", name="We removed a seed phrase from your message")
    expect(warning).to_be_visible()
    expect(sam.root.locator("#log")).not_to_contain_text("sausage")
    sam.window.sound("masked")
    reference = sam.reference()
    nina = Agent(window(), person)
    nina.sign_in()
    nina.open(reference)
    expect(nina.page.locator("desk-case .entry .bubble").first).to_contain_text("my phrase is")
    assert "sausage" not in nina.page.content()
    assert all("sausage" not in text for _, text in town.texts(reference))
    nina.window.sound("desk-masked")
    # An agent who pastes one is protected as well.
    nina.field().fill(f"do not send {PHRASE}")
    nina.page.get_by_role("button", name="Send", exact=True).click()
    expect(nina.page.locator("desk-case .entry--own")).to_be_visible()
    expect(sam.root.locator("#log .entry:not(.entry--own) .bubble")).to_contain_text("do not send")
    assert all("sausage" not in text for _, text in town.texts(reference))
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    assert "sausage" not in nina.page.evaluate(kept)
    assert "sausage" not in sam.page.evaluate(kept)


def test_bad_input_is_said_where_it_was_made_and_nothing_typed_is_lost(window: Open, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(26 * 1024 * 1024))
    for language in ("en", "zh-hans"):
        sam = come_in(window, language=language)
        draft = sam.root.locator("#draft")
        long = "word " * 801
        draft.fill(long)
        expect(sam.root.locator("#count")).to_have_text("4005 / 4000")
        expect(sam.root.locator("#send")).to_have_attribute("aria-disabled", "true")
        draft.press("Enter")
        assert draft.input_value() == long
        sam.window.sound("too-long")

        draft.fill("see the file")
        tray = sam.root.locator("#tray")
        pick = sam.root.locator("#pick")
        pick.set_input_files({"name": "tool.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ" + bytes(5000)})
        failed = tray.locator(".chat__tray--failed")
        expect(failed).to_have_count(1)
        expect(failed).to_contain_text(sam.text("This kind of file cannot be sent. Pictures, PDF and video can."))
        sam.window.excuse("status of 415")
        # What it claims to be counts for nothing.
        pick.set_input_files({"name": "cat.png", "mimeType": "image/png", "buffer": b"MZ" + bytes(5000)})
        pick.set_input_files(film)
        expect(failed).to_have_count(3)
        expect(failed.last).to_contain_text(sam.text("Too big: files can have up to {limit}.").split("{")[0].strip())
        sam.window.sound("bad-files")
        assert draft.input_value() == "see the file"
        for _ in range(3):
            failed.first.get_by_role("button").last.click()
        expect(tray).to_be_hidden()
        pick.set_input_files({"name": "fine.png", "mimeType": "image/png", "buffer": photograph()})
        sam.root.locator("#send").click()
        sam.is_sent()
        sam.hears("see the file")
