"""Writing the help center in a real browser: a draft with steps, its review, its reader, and a new address."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys import people
from tests.journeys.town import Town, eventually
from tests.journeys.windows import Window, is_accessible
from trustdesk.knowledge.models import Article, Section
from trustdesk.staff import accounts, audit
from trustdesk.staff.models import Writing

Open = Callable[..., Window]
# Wagtail's own: the text field of its rich text editor (Draftail) has its label above it and no name of its own; its list of
# contents beside the form scrolls and is folded away.
WAGTAILS_OWN = (
    r'aria-input-field-name: <div [^>]*class="notranslate public-DraftEditor-content"'
    r'|scrollable-region-focusable: <ol class="w-minimap__list">'
)


def writer(town: Town, window: Window, name: str, writing: Writing) -> Page:
    """Take somebody on who writes, and sign him in."""
    hired = town.hire(name, on_shift=False)
    actor = audit.Actor(name="test")
    town.do(lambda: accounts.set_writing(agent_id=hired.seat.agent_id, writing=writing, actor=actor))
    people.Agent(window, hired).sign_in()
    return window.page


def section(town: Town) -> int:
    """Return the section that the article goes into."""

    def write() -> int:
        from tests.knowledge import editors

        found = Section.objects.filter(slug="journeys", locale__language_code="en").first()
        return int((found or editors.section("journeys")).pk)

    return town.do(write)


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Choose one of the folded actions at the foot of the page."""
    foot = page.get_by_role("navigation", name="Actions (footer)")
    foot.get_by_role("button", name="More actions").click()
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click()


def test_from_a_draft_to_a_reader_and_a_new_address(town: Town, window: Open) -> None:
    below = section(town)
    edie = window()
    page = writer(town, edie, "Edie", Writing.EDITOR)
    edie.go(f"/back-office/pages/add/knowledge/article/{below}/")
    page.locator("#id_title").fill("Quokka withdrawals")
    page.locator("#id_summary").fill("How a quokka withdraws.")
    page.get_by_role("button", name="Insert a block").first.click()
    page.get_by_role("option", name="Steps").click()
    page.get_by_role("region", name="Step", exact=False).get_by_role("textbox").last.press_sequentially("Open the pouch.")
    # The editor puts what was typed into the form a moment later.
    expect(page.locator('input[name="body-0-value-0-value"]')).to_have_value(re.compile("Open the pouch"))
    edie.shot("editor-draft")
    press(page, "Submit for review")
    expect(page.locator(".messages")).to_contain_text("Quokka withdrawals")
    article = town.do(lambda: Article.objects.get(title="Quokka withdrawals"))
    assert not article.live
    edit = f"/back-office/pages/{article.pk}/edit/"

    paul = window()
    page = writer(town, paul, "Paul", Writing.PUBLISHER)
    paul.go(edit)
    expect(page.get_by_text("Open the pouch.").last).to_be_visible()
    paul.shot("editor-review")
    press(page, re.compile(r"^\s*Approve( and publish)?\s*$", re.IGNORECASE))
    eventually(lambda: town.do(lambda: Article.objects.filter(pk=article.pk, live=True).exists()))

    reader = window(phone=True)
    shown = reader.go("/help/en/search?q=quokka+pouch")
    shown.get_by_role("link", name=re.compile("Quokka withdrawals")).click()
    expect(shown.get_by_role("heading", level=1)).to_have_text("Quokka withdrawals")
    expect(shown.locator("ol li").filter(has_text="Open the pouch.")).to_be_visible()
    reader.sound("help-written")

    # Another address: nothing that readers read has changed, so nobody is asked whom to tell.
    paul.go(edit)
    page.get_by_role("tab", name="Address").click()
    page.locator("#id_slug").fill("pouches")
    press(page, "Publish")
    eventually(lambda: town.do(lambda: Article.objects.filter(pk=article.pk, slug="pouches", live=True).exists()))
    reader.go("/help/en/journeys/quokka-withdrawals/")
    expect(shown).to_have_url(f"{town.url}/help/en/journeys/pouches/")

    # Other words: whether followers are told is asked before they go out.
    paul.go(edit)
    page.locator("#id_summary").fill("How a quokka withdraws what it saved.")
    press(page, "Publish")
    expect(page.get_by_text("Say whether what it says has changed")).to_be_visible()
    paul.shot("editor-asked")
    is_accessible(page, "editor", besides=WAGTAILS_OWN)
    page.get_by_label("Only the wording").check()
    press(page, "Publish")
    eventually(lambda: town.do(lambda: Article.objects.filter(pk=article.pk, summary__contains="saved").exists()))
