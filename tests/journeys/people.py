"""What a customer does in the chat and an agent at the desk, in their own words."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from io import BytesIO

from PIL import Image
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.journeys.town import Person, words
from tests.journeys.windows import Window
from tests.staff import people as staff

GPS = 0x8825  # the tag of EXIF that points to where a picture was taken
MAKER = "Northlight Test Phone"


@dataclass
class Customer:
    """Somebody in the chat, on its own page or in the frame on a site; `language` is that of the chat."""

    window: Window
    root: Page | FrameLocator
    language: str = "en"

    @property
    def page(self) -> Page:
        return self.window.page if isinstance(self.root, FrameLocator) else self.root

    def text(self, english: str) -> str:
        """Say one of our texts in this chat's language."""
        return words(english, self.language)

    def is_welcome(self) -> None:
        """Wait until the chat can begin, leaving behind one that is over."""
        topics = self.root.locator("#topics button").first
        anew = self.root.locator('#below [data-do="anew"]')
        expect(topics.or_(anew).filter(visible=True)).to_be_visible()
        if anew.is_visible():
            anew.click()
        expect(topics).to_be_visible()

    def choose(self, topic: str) -> None:
        """Choose a topic by what is written on it."""
        chip = self.root.locator("#topics").get_by_role("button", name=topic, exact=True)
        chip.click()
        expect(chip).to_have_attribute("aria-pressed", "true")

    def say(self, text: str) -> None:
        """Write and send."""
        self.root.locator("#draft").fill(text)
        self.root.locator("#send").click()

    def bubble(self, text: str) -> Locator:
        """Find what was said, by anybody."""
        return self.root.locator("#log .bubble").filter(has_text=re.compile(f"^{re.escape(text)}$"))

    def bubbles(self) -> Locator:
        """All that was said, oldest first."""
        return self.root.locator("#log .bubble:visible")

    def is_sent(self) -> None:
        """Wait until the newest of one's messages is stored."""
        marks = [self.text("Sent"), self.text("Read")]
        expect(self.root.locator("#log .entry--own .entry__meta").last).to_contain_text(re.compile("|".join(marks)))

    def hears(self, text: str, *, within: float = 15) -> None:
        """Wait for somebody's words, at most some seconds."""
        expect(self.bubble(text)).to_be_visible(timeout=within * 1000)

    def menu(self, entry: str) -> None:
        """Choose something from the menu."""
        self.root.locator("#menu > summary").click()
        self.root.locator("#menu").get_by_text(self.text(entry), exact=True).click()

    def reference(self) -> str:
        """Read the case number as it is shown."""
        shown = self.root.locator("#log .chat__number-line [data-label]")
        expect(shown).to_have_text(re.compile(r"^[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{4}$"))
        return shown.inner_text()


@dataclass
class Agent:
    """Somebody at the desk."""

    window: Window
    person: Person

    @property
    def page(self) -> Page:
        return self.window.page

    def sign_in(self) -> None:
        """Sign in with the password and, where there is one, the authenticator app."""
        language = "zh-hans" if self.window.language.startswith("zh") else "en"
        self.window.go(f"/desk/?lang={language}")
        self.page.locator('[name="login"]').fill(self.person.mail)
        self.page.locator('[name="password"]').fill(self.person.password)
        self.page.get_by_role("button", name=words("Sign in", language), exact=True).click()
        if self.person.secret:
            self._give_code()
        expect(self.page.locator("desk-list")).to_be_visible()

    def _give_code(self) -> None:
        wrong = self.page.get_by_text("Incorrect code.")
        for _ in range(2):  # a code may have run out between reading and typing it
            expect(self.page.get_by_role("heading", name="Second factor")).to_be_visible()
            self.page.get_by_label("Code").fill(staff.totp_code(self.person.secret))
            self.page.get_by_role("button", name="Sign in", exact=True).click()
            expect(self.page.locator("desk-list").or_(wrong)).to_be_visible()
            if not wrong.is_visible():
                return

    def row(self, reference: str) -> Locator:
        """Find a case in the list."""
        return self.page.locator(f'#rows > li[data-case="{reference}"] > a')

    def open(self, reference: str) -> None:
        """Open a case from the list."""
        self.row(reference).click()
        expect(self.case(reference)).to_be_visible()

    def case(self, reference: str) -> Locator:
        """Find the open case."""
        return self.page.locator(f'desk-case[data-case="{reference}"]')

    def line(self, text: str) -> Locator:
        """Find what was said in the open case."""
        return self.page.locator("desk-case .entry .bubble").filter(has_text=re.compile(f"^{re.escape(text)}$"))

    def reads(self, text: str) -> None:
        """Wait until a message is shown in the open case."""
        expect(self.line(text)).to_be_visible()

    def field(self) -> Locator:
        """The place where one writes."""
        return self.page.locator("desk-composer textarea")

    def answer(self, text: str) -> None:
        """Reply to the customer."""
        self.page.locator("desk-composer").get_by_text("Reply", exact=True).click()
        self.field().fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()
        self.reads(text)

    def note(self, text: str) -> None:
        """Leave a private note."""
        self.page.locator("desk-composer").get_by_text("Private note", exact=True).click()
        self.field().fill(text)
        self.page.get_by_role("button", name="Add note", exact=True).click()
        self.reads(text)

    def act(self, name: str) -> None:
        """Press one of the buttons of the case's head."""
        self.page.locator("desk-case .head__acts").get_by_role("button", name=name, exact=True).click()


def visit(window: Window, language: str = "en") -> Customer:
    """Open the chat with the button on the site that is shown."""
    name = {"en": "Open support chat", "zh-hans": "打开客服聊天"}[language]
    window.page.get_by_role("button", name=re.compile(f"^{name}")).click()
    return Customer(window, window.page.frame_locator("iframe"), language)


def photograph() -> bytes:
    """Make a picture such as a phone makes: with its maker, and where it was taken."""
    picture = Image.new("RGB", (900, 1600), (24, 60, 90))
    for step in range(0, 1600, 40):
        picture.paste((24 + step // 12, 120, 200 - step // 12), (60, step, 840, step + 20))
    exif = Image.Exif()
    exif[0x010F] = MAKER
    exif[0x9286] = "taken at home"
    exif.get_ifd(GPS).update({1: "N", 2: (1.0, 17.0, 24.5), 3: "E", 4: (103.0, 51.0, 2.0)})
    body = BytesIO()
    picture.save(body, "PNG", exif=exif)
    return body.getvalue()


def fetched(page: Page, picture: Locator) -> bytes:
    """Return the bytes of a picture as this page shows it."""
    source = picture.get_attribute("src")
    read = "async (url) => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer()))"
    return bytes(page.evaluate(read, source))


def quickly(since: float, *, within: float, what: str) -> None:
    """Insist that something took no longer than `within` seconds since a monotonic time."""
    took = time.monotonic() - since
    assert took <= within, f"{what} took {took:.2f} s"
