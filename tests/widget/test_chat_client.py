"""The chat page in a real browser against a pretend server: the client's side of what the protocol promises."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.widget.conftest import Desk

pytestmark = pytest.mark.browser

FORM = "[('as', ['text']), ('case', ['K7M4-Q2XD-1']), ('token', ['token-1'])]"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def png() -> bytes:
    body = BytesIO()
    Image.new("RGB", (600, 1200), (30, 60, 80)).save(body, "PNG")
    return body.getvalue()


# Sending ----------------------------------------------------------------------------------------------------------


def test_the_first_message_carries_the_topic_and_shows_the_queue(desk: Desk) -> None:
    page = desk.start()
    page.get_by_role("button", name="Withdrawal").click()
    desk.send("My withdrawal is pending")
    expect(page.get_by_role("heading", name="You are number 3 in the queue")).to_be_visible()
    expect(page.get_by_text("8 of 10 people wait less than 4 minutes.")).to_be_visible()
    assert desk.live.sent("send")[0]["topic"] == "topic_1"
    desk.live.tell({"t": "queue", "state": "waiting", "position": 1, "estimate": None, "mail": None})
    expect(page.get_by_role("heading", name="You are next")).to_be_visible()
    expect(page.get_by_text("We cannot say yet how long it takes.")).to_be_visible()


def test_a_lost_ack_doubles_nothing(desk: Desk) -> None:
    page = desk.start()
    desk.live.drop_acks = 1
    desk.send("once")
    desk.eventually(lambda: len(desk.live.sent("hello")) == 2)
    expect(page.locator("#log").get_by_text("Sent")).to_be_visible()
    assert len({frame["id"] for frame in desk.live.sent("send")}) == 1
    assert desk.live.messages() == desk.bubbles() == ["once"]


def test_what_was_written_offline_goes_out_once_and_in_order(desk: Desk) -> None:
    page = desk.start()
    desk.send("first")
    expect(page.locator("#log").get_by_text("Sent")).to_be_visible()
    desk.live.refuse_connections = True
    desk.live.cut()
    expect(page.locator("#connection")).to_be_visible(timeout=8000)
    desk.send("second")
    desk.send("third")
    expect(page.locator("#log").get_by_text("Not sent yet")).to_be_visible()
    page.reload()  # they survive it
    assert desk.bubbles() == ["second", "third"]
    desk.live.refuse_connections = False
    desk.eventually(lambda: desk.live.messages() == ["first", "second", "third"], seconds=20)
    desk.eventually(lambda: desk.bubbles() == ["first", "second", "third"])
    desk.eventually(lambda: page.evaluate("sessionStorage['trustdesk.tab.outbox']") == "[]")


def test_a_refused_message_can_be_taken_back(desk: Desk) -> None:
    page = desk.start()
    desk.live.answers["send"] = {"t": "error", "code": "too_long"}
    desk.send("far too long")
    expect(page.get_by_text("Too long: please send it in several messages.")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    assert page.input_value("#draft") == "far too long"
    assert desk.bubbles() == []


def test_a_message_that_came_too_fast_is_sent_again(desk: Desk) -> None:
    page = desk.start()
    desk.live.answers["send"] = {"t": "error", "code": "rate_limited", "retry_after": 1}
    desk.send("quick")
    desk.eventually(lambda: len(desk.live.sent("send")) == 1)
    desk.live.answers.clear()
    desk.eventually(lambda: desk.live.messages() == ["quick"])
    expect(page.locator("#log").get_by_text("Sent")).to_be_visible()


def test_enter_sends_shift_enter_does_not_nor_enter_while_composing(desk: Desk) -> None:
    page = desk.start()
    page.fill("#draft", "one")
    page.press("#draft", "Shift+Enter")
    page.type("#draft", "two")
    page.dispatch_event("#draft", "keydown", {"key": "Enter", "isComposing": True})
    assert desk.live.sent("send") == []
    page.press("#draft", "Enter")
    desk.eventually(lambda: desk.live.messages() == ["one\ntwo"])


@pytest.mark.parametrize("desk", [PHONE], indirect=True)
def test_enter_makes_a_new_line_on_a_phone(desk: Desk) -> None:
    page = desk.start()
    page.fill("#draft", "one")
    page.press("#draft", "Enter")
    assert page.input_value("#draft") == "one\n"


def test_half_typed_text_stays_in_the_browser(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    expect(page.locator("#log").get_by_text("Sent")).to_be_visible()
    page.type("#draft", "my phrase is abandon")
    desk.eventually(lambda: bool(desk.live.sent("typing")))
    assert desk.live.sent("typing") == [{"t": "typing", "on": True}]
    assert all("abandon" not in str(frame) for frame in desk.live.heard)
    page.reload()
    assert page.input_value("#draft") == "my phrase is abandon"


# Receiving --------------------------------------------------------------------------------------------------------


def test_a_gap_is_noticed_and_hidden_seqs_are_not_counted(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    expect(page.locator("#log").get_by_text("Sent")).to_be_visible()
    case = desk.live.case
    assert case
    desk.live.happen("note", hidden=True)
    missed = {
        "seq": 4,
        "at": "2030-01-01T10:00:00Z",
        "kind": "message",
        "from": "agent",
        "name": "Mei",
        "text": "missed",
        "files": [],
    }
    case.entries.append(missed)
    case.last_seq = 4
    desk.live.say("seen")
    expect(page.get_by_text("missed", exact=True)).to_be_visible()
    assert desk.bubbles() == ["hello", "missed", "seen"]
    assert [frame["after"] for frame in desk.live.sent("resume")] == [2]


def test_a_reconnect_asks_for_the_rest_only(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    desk.live.assign("Mei Lin")
    expect(page.get_by_text("Mei Lin joined the chat")).to_be_visible()
    desk.live.cut(4408)
    desk.eventually(lambda: len(desk.live.sent("hello")) == 2)
    again = desk.live.sent("hello")[1]
    assert (again["case"], again["after"], again["epoch"]) == ("K7M4-Q2XD-1", 3, "epoch-1")
    assert again["token"] == "token-1"
    assert desk.bubbles() == ["hello"]


def test_another_epoch_replaces_everything(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    desk.live.say("will be gone")
    expect(page.get_by_text("will be gone")).to_be_visible()
    assert desk.live.case
    desk.live.case.entries.pop()
    desk.live.epoch = "epoch-2"
    desk.live.cut()
    expect(page.get_by_text("will be gone")).to_have_count(0, timeout=10_000)
    assert desk.bubbles() == ["hello"]


def test_a_refused_hello_is_not_repeated_for_ever(desk: Desk) -> None:
    page = desk.start()
    desk.live.cut(1008)
    expect(page.get_by_role("button", name="Connect again")).to_be_visible()
    page.wait_for_timeout(1500)
    assert len(desk.live.sent("hello")) == 1
    page.get_by_role("button", name="Connect again").click()
    desk.eventually(lambda: len(desk.live.sent("hello")) == 2)
    expect(page.locator("#connection")).to_be_hidden()


def test_links_of_agents_are_links_and_markup_is_text(desk: Desk) -> None:
    page = desk.start()
    desk.send("<b>bold</b> https://evil.example/")
    desk.live.say("<img src=x onerror=alert(1)> see https://help.example/a?b=1. javascript:alert(1)")
    link = page.locator("#log a")
    expect(link).to_have_count(1)
    assert link.get_attribute("href") == "https://help.example/a?b=1"
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert desk.bubbles()[0] == "<b>bold</b> https://evil.example/"
    assert page.locator("#log img").count() == 0


def test_a_removed_secret_is_said_and_still_said_after_a_reload(desk: Desk) -> None:
    desk.live.mask = lambda text: ("phrase: [••• seed_phrase]", ["seed_phrase"])
    page = desk.start()
    desk.send("phrase: abandon abandon")
    for _ in range(2):
        expect(page.get_by_role("heading", name="We removed a seed phrase from your message")).to_be_visible()
        expect(page.get_by_text("move your funds to a new wallet now")).to_be_visible()
        assert desk.bubbles() == ["phrase: a seed phrase, removed"]
        assert "abandon" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        page.reload()


# Files ------------------------------------------------------------------------------------------------------------


def test_a_picture_goes_out_with_its_ticket_and_comes_back_with_the_token(desk: Desk) -> None:
    page = desk.start()
    page.set_input_files("#pick", {"name": "screenshot.png", "mimeType": "image/png", "buffer": png()})
    expect(page.locator("#tray").get_by_text("kB")).to_be_visible()
    desk.send("look")
    picture = page.locator("#log .picture img")
    expect(picture).to_be_visible()
    assert list(desk.live.files.values()) == [("image/png", png())]
    assert desk.live.sent("send")[0]["files"] == list(desk.live.files)
    page.reload()
    expect(picture).to_be_visible()
    page.locator("#log .picture").click()
    expect(page.locator("#lightbox img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#lightbox")).to_be_hidden()


def test_a_refused_file_says_why_and_keeps_the_text(desk: Desk) -> None:
    page = desk.start()
    desk.live.answers["upload"] = {"t": "error", "code": "type_refused"}
    page.fill("#draft", "what I wrote")
    page.set_input_files("#pick", {"name": "tool.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})
    expect(page.get_by_text("This kind of file cannot be sent.")).to_be_visible()
    assert page.input_value("#draft") == "what I wrote"
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#tray")).to_be_hidden()


# Proof, mail, end -------------------------------------------------------------------------------------------------


def test_proof_asked_by_the_agent(desk: Desk) -> None:
    desk.live.who = {"known": True, "name": "Mei"}
    page = desk.start()
    desk.send("hello")
    desk.live.happen("proof_asked", how=["mail_code", "second_factor"])
    page.get_by_role("button", name="Send me a code by mail").click()
    expect(page.get_by_text("We sent a code to m•••@example.com.")).to_be_visible()
    page.get_by_label("Code from the mail").fill("000000")
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text("That code is not right. Tries left: 4")).to_be_visible()
    page.get_by_label("Code from the mail").fill("123 456")
    page.keyboard.press("Enter")
    expect(page.locator("#proof-badge")).to_have_text(re.compile(r"^Mail confirmed · \d+ min$"))
    expect(page.locator("#proof")).to_be_hidden()
    assert [frame for frame in desk.live.sent("prove") if "code" in frame][-1] == {"t": "prove", "code": "123456"}


def test_a_stranger_names_an_account_to_prove(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    page.locator("#menu summary").click()
    page.get_by_role("button", name="Confirm that it is me").click()
    page.get_by_role("button", name="Send me a code by mail").click()
    expect(page.get_by_text("Please enter your registered mail address or UID.")).to_be_visible()
    page.get_by_label("Registered mail address or UID").fill("mei@example.com")
    page.get_by_role("button", name="Send me a code by mail").click()
    expect(page.get_by_text("If such an account exists")).to_be_visible()
    assert desk.live.sent("prove") == [{"t": "prove", "how": "mail_code", "account": "mei@example.com"}]


def test_leaving_a_mail_address_keeps_the_place(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    page.get_by_role("button", name="Also answer me by mail").click()
    page.get_by_label("Your mail address").fill("not a mail")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This is not a mail address.")).to_be_visible()
    assert page.get_by_label("Your mail address").input_value() == "not a mail"
    page.get_by_label("Your mail address").fill("mei@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("We have mailed a link to m•••@example.com.")).to_be_visible()
    expect(page.get_by_role("heading", name="You are number 3 in the queue")).to_be_visible()
    desk.live.tell({"t": "queue", **desk.live.queue, "confirmed": True})
    expect(page.get_by_text("We can also answer to m•••@example.com")).to_be_visible()


def test_ending_rating_and_starting_anew(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    expect(page.locator("#log").get_by_text("Sent")).to_be_visible()
    page.locator("#menu summary").click()
    page.get_by_role("button", name="End chat").click()
    page.locator("#end-yes").click()
    expect(page.get_by_role("heading", name="This chat has ended")).to_be_visible()
    page.get_by_role("radio", name="4 of 5").check(force=True)
    page.get_by_label("Anything to add?").fill("thanks")
    page.get_by_role("button", name="Send rating").click()
    expect(page.get_by_text("Thank you for rating us.")).to_be_visible()
    assert desk.live.sent("rate") == [{"t": "rate", "score": 4, "comment": "thanks"}]
    page.locator("#below").get_by_role("button", name="Start a new chat").click()
    page.get_by_role("button", name="Security").click()
    desk.send("something else")
    expect(page.locator("#log").get_by_text("K7M4-Q2XD-2")).to_be_visible()
    assert desk.bubbles() == ["something else"]
    assert desk.live.sent("send")[1]["topic"] == "topic_4"


def test_a_solved_case_is_closed_before_a_new_one_begins(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    desk.live.happen("resolved")
    expect(page.get_by_role("heading", name="Marked as solved")).to_be_visible()
    page.locator("#below").get_by_role("button", name="Start a new chat").click()
    desk.send("another matter")
    expect(page.locator("#log").get_by_text("K7M4-Q2XD-2")).to_be_visible()
    kinds = [frame["t"] for frame in desk.live.heard if frame["t"] in ("send", "end")]
    assert kinds == ["send", "end", "send"]


def test_the_transcript_is_asked_for_with_token_and_case(desk: Desk) -> None:
    page = desk.start()
    desk.send("hello")
    expect(page.locator("#log").get_by_text("Sent")).to_be_visible()
    page.locator("#menu summary").click()
    page.get_by_role("button", name="Transcript").click()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Download as text").click()
    expect(opened.value.locator("body")).to_contain_text(FORM)
    assert page.evaluate("document.forms['transcript-form'].elements.token.value") == ""
    page.get_by_role("button", name="Send it to my mail").click()
    expect(page.get_by_text("First confirm your mail address")).to_be_visible()


def test_a_merged_case_gives_way_to_the_one_it_goes_on_in_even_if_that_was_left_before(desk: Desk) -> None:
    """E-18: nothing ends, nothing is lost, and one writes on; also where this window has shown the other case already."""
    page = desk.start()
    desk.send("the first case")
    desk.eventually(lambda: desk.live.messages() == ["the first case"])
    first, desk.live.case = desk.live.case, None  # as if another window had turned to another case, which is merged back
    desk.send("another one")
    desk.eventually(lambda: desk.bubbles() == ["another one"])
    assert first is not None
    desk.live.happen("merged", case=first.reference)
    desk.live.case = first
    desk.live.tell(
        {"t": "entries", "case": first.reference, "after": 0, "upto": first.last_seq, "entries": first.entries}
    )
    desk.eventually(lambda: desk.bubbles() == ["the first case"])
    desk.send("and on")
    desk.eventually(lambda: desk.bubbles() == ["the first case", "and on"])
    assert desk.live.messages() == ["the first case", "and on"]
    assert page.locator("#draft").is_enabled()
