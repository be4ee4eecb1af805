"""A deposit that is missing, from the form on a phone to the chat: filed, noticed twice, proved, solved, opened again."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, Route, expect

from tests.journeys.people import Agent
from tests.journeys.town import Town, eventually, words
from tests.journeys.windows import Window, is_accessible
from trustdesk.conversations.models import Attachment, Conversation, Evidence

LIN_WEI, MAIL = "100001", "lin.wei@mail.example.test"
SECRET_RED = (200, 30, 30)
Open = Callable[..., Window]


@dataclass
class Told:
    """What the customer writes, in one language."""

    language: str
    what: str
    again: str
    more: str
    last: str


STORIES = {
    "zh-hans": Told(
        "zh-hans",
        "昨天晚上从另一个交易所转出，区块浏览器显示成功，但我的余额没有变化。",
        "还是没有到账，请帮我看看。",
        "还有问题，手续费扣了两次。",
        "我在聊天里了",
    ),
    "en": Told(
        "en",
        "I sent it last night from another exchange. The explorer says success, my balance did not change.",
        "Still nothing there, please have a look.",
        "One more thing: the fee was taken twice.",
        "I am in the chat now",
    ),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=list(STORIES))
def test_deposit_missing(town: Town, window: Open, tmp_path: Path, story: Told) -> None:
    tx, mei = f"0x{secrets.token_hex(32)}", town.hire("Mei", "funds", capacity=0)
    phone = window(phone=story.language == "zh-hans", language=story.language[:2])
    phone.page.set_default_timeout(20_000)
    sign_in(town, phone)
    lin = phone.page

    # Filed on the phone, with what nobody needs to see blacked out and a lost connection on the way.
    fill(phone, story, tx, story.what)
    black_out(lin, picture(tmp_path))
    upload_with_a_gap(lin, tmp_path)
    phone.complaints[:] = [one for one in phone.complaints if "/tickets/files/" not in one]  # the line we cut ourselves
    is_accessible(lin, f"form-{story.language}")
    lin.click("#send")
    lin.wait_for_url("**/tickets/sent/**")
    reference = lin.url.rstrip("/").rpartition("/")[2]
    expect(lin.locator("#number-label + button")).to_contain_text(reference)
    is_accessible(lin, f"sent-{story.language}")
    assert red_pixels(town, reference) == 0, "what was covered has left the phone"
    number = town.letter(MAIL, having=reference)
    assert number.subject == words("Your case number: %(reference)s", story.language) % {"reference": reference}
    assert story.what not in number.text

    # The same again is noticed while it is written, and becomes a line of the first case.
    fill(phone, story, tx, story.again)
    notice = lin.locator("#similar")
    expect(notice).to_contain_text(reference)
    notice.get_by_role("button", name=words("Add it there", story.language)).click()
    lin.wait_for_url(f"**/tickets/sent/{reference}/?added=1")
    assert town.do(lambda: Conversation.objects.filter(evidence__value=tx).distinct().count()) == 1

    # The agent sees facts, asks for a proof; the customer gives it on the secure page, by the code from the mail.
    agent = Agent(window(), mei)
    agent.sign_in()
    agent.window.go(f"/desk/{reference}/")
    agent.reads(story.what)
    expect(agent.page.locator("desk-case aside")).to_contain_text(tx[:10])
    assert town.do(lambda: Evidence.objects.filter(conversation__reference=reference, kind="tx_id", value=tx).exists())
    agent.act("Take")
    expect(agent.page.locator("desk-case .head__who")).to_contain_text("Yours")
    agent.page.locator("desk-case aside .proof form button").click()
    asked = town.letter(MAIL, having=f"/cases/{reference}/", besides=frozenset({number.name}))
    assert "#" not in asked.subject
    phone.go(f"/cases/{reference}/")
    lin.get_by_role("link", name=words("Confirm now", story.language)).click()
    is_accessible(lin, f"proof-{story.language}")
    before = frozenset(one.name for one in town.letters(MAIL))
    lin.locator('button[value="mail_code"]').click()
    lin.fill("#code", town.code_for(LIN_WEI, besides=before))
    lin.locator("form:has(#code) button").click()
    lin.wait_for_url(f"**/cases/{reference}/")
    expect(lin.locator(".banner--success, .messages, [role=status]").first).to_contain_text(
        words("Thank you: we know now that it is you.", story.language)
    )
    expect(agent.page.locator("desk-case aside .proof")).not_to_have_class(re.compile("proof--0"))

    # Answered and solved; not solved after all, and then in the chat, under the same number.
    agent.answer("It was credited to your account just now.")
    solve(agent)
    lin.reload()
    expect(lin.locator("#live")).to_contain_text("It was credited to your account just now.")
    lin.get_by_role("button", name=words("Not solved: open it again", story.language)).click()
    expect(lin.locator("#live")).to_contain_text(words("The case is open again.", story.language)[:4])
    lin.fill("#reply-text", story.more)
    lin.locator("#reply button.button--primary").click()
    agent.reads(story.more)
    lin.locator(f'form[action="/cases/{reference}/chat/"] button').click()
    lin.wait_for_url("**/chat/**")
    expect(lin.locator("#log")).to_contain_text(story.more)
    lin.fill("#draft", story.last)
    lin.click("#send")
    agent.reads(story.last)
    references = town.do(lambda: set(Conversation.objects.filter(evidence__value=tx).values_list("reference", flat=True)))
    assert references == {reference}, "it was one case all along"


def sign_in(town: Town, window: Window) -> None:
    """Come from the exchange's app with its signed session, as its web view does."""
    window.go("/signin/")
    session = town.session(LIN_WEI)
    window.page.evaluate(
        """(session) => {
          const form = Object.assign(document.createElement("form"), { method: "post", action: "/signin/session/" });
          const field = Object.assign(document.createElement("input"), { name: "session", value: session });
          form.append(field);
          document.body.append(form);
          form.submit();
        }""",
        session,
    )
    window.page.wait_for_url("**/cases/")


def fill(window: Window, story: Told, tx: str, text: str) -> None:
    page = window.go(f"/tickets/new/deposit_missing/?lang={story.language}")
    expect(page.locator("#f-uid")).to_have_count(0)  # who is signed in is not asked what is known
    for key, value in {"coin": "ETH", "network": "ERC20", "tx_id": f"https://etherscan.io/tx/{tx}", "amount": "0.5"}.items():
        page.fill(f"#f-{key}", value)
    page.fill("#text", text)


def picture(folder: Path) -> Path:
    """A screenshot with a balance in red that nobody needs to see."""
    image = Image.new("RGB", (400, 700), (244, 244, 246))
    draw = ImageDraw.Draw(image)
    for line in range(12):
        draw.text((20, 40 + line * 50), "Deposit 0.5 ETH confirmed", font=ImageFont.load_default(22), fill=(20, 20, 25))
    draw.rectangle((40, 330, 360, 380), fill=SECRET_RED)
    image.save(folder / "shot.png")
    return folder / "shot.png"


def black_out(page: Page, file: Path) -> None:
    page.set_input_files("#files-pick", file)
    canvas = page.locator("black-out canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.05, box["y"] + box["height"] * 0.44)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] * 0.58, steps=4)
    page.mouse.up()
    page.locator('black-out [data-do="done"]').click()
    expect(page.locator(".ticket-file[data-state=ready]")).to_have_count(1)


def upload_with_a_gap(page: Page, folder: Path) -> None:
    """Send three megabytes; the line is cut in the middle, and only what is missing is sent again."""
    log = folder / "client.log"
    log.write_text("".join(f"{number:08} GET /v5/market/time 200\n" for number in range(100_000)))
    begins: list[int] = []

    def cut(route: Route) -> None:
        found = re.search(rb'name="at"\r\n\r\n(\d+)', route.request.post_data_buffer or b"")
        assert found
        begins.append(int(found[1]))
        route.abort() if len(begins) == 2 else route.continue_()

    page.route("**/tickets/files/", cut)
    page.set_input_files("#files-pick", log)
    expect(page.locator(".ticket-file[data-state=ready]")).to_have_count(2, timeout=30_000)
    page.unroute("**/tickets/files/")
    assert begins[1] > 0
    assert begins[2] == begins[1], "it goes on where it was"
    assert begins.count(0) == 1, "nothing is sent twice from the beginning"


def red_pixels(town: Town, reference: str) -> int:
    """Count what is left of the balance in the picture as it is stored."""
    def key() -> str:
        return Attachment.objects.get(conversation__reference=reference, width__gt=0).key

    found = eventually(lambda: town.do(key))
    stored = town.var / "files" / "attachments" / found[:2] / found
    colours = Image.open(io.BytesIO(stored.read_bytes())).convert("RGB").getcolors(2**24) or []
    return sum(int(count) for count, (red, green, blue) in colours if red > 150 and max(green, blue) < 90)  # type: ignore[misc]


def solve(agent: Agent) -> None:
    """Mark the case as solved."""
    agent.page.locator("desk-case .head__acts").get_by_role("button", name="Solve", exact=True).click()
    expect(agent.page.locator("desk-case .head__acts").get_by_role("button", name="Open again")).to_be_visible()
