"""The answer before the question: articles in the chat's first step and in the ticket form, one put into a reply with "??"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.journeys.people import Agent, Customer, visit
from tests.journeys.town import Town, eventually
from tests.journeys.windows import Window
from tests.knowledge import shelf
from trustdesk.knowledge.models import Search, Section

Open = Callable[..., Window]


@dataclass(frozen=True)
class Said:
    """What is typed and read in one language."""

    typed: str
    late: str
    fees: str
    answer: str
    part_of_a_title: str


SAID = {
    "en": Said("my deposit has not arrived", "My deposit has not arrived", "Trading fees",
               "Please look at this.", "trading fe"),
    "zh-hans": Said("我的充值还没有到账", "充值未到账", "交易手续费", "请看这篇。", "手续费"),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _articles(town: Town) -> Iterator[None]:
    """A help center, which the other journeys do not know."""
    town.do(shelf.fill)
    yield
    town.do(lambda: [section.delete() for section in Section.objects.filter(slug="basics")])


def opened_lately(town: Town, place: str) -> Search:
    """Wait until the newest search of a place has led to an article."""

    def newest() -> Search | None:
        return town.do(lambda: Search.objects.filter(place=place).exclude(opened=[]).order_by("-pk").first())

    return eventually(newest)


@pytest.mark.parametrize(("language", "phone", "dark"), [("en", False, False), ("zh-hans", True, True)])
def test_a_customer_finds_the_answer_in_the_chat(
    town: Town, window: Open, language: str, phone: bool, dark: bool
) -> None:
    said = SAID[language]
    browser = window(phone=phone, dark=dark, language=language)
    browser.go(f"/demo/exchange/?lang={language}")
    lin = visit(browser, language)
    lin.is_welcome()
    lin.root.locator("#draft").press_sequentially(said.typed, delay=20)
    card = lin.root.locator("#answers").get_by_role("link", name=re.compile(said.late))
    expect(card).to_be_visible()
    expect(lin.root.locator("#draft")).to_be_focused()
    browser.sound("chat-answers")
    with browser.context.expect_page() as opened:
        card.click()
    article = opened.value
    expect(article.get_by_role("heading", name=said.late, exact=True)).to_be_visible()
    expect(article).to_have_url(re.compile(r"/deposit-missing/$"))  # the mark is gone from the address
    assert opened_lately(town, "chat").asked_at is None  # he opened it and has left: an answer found


@pytest.mark.parametrize(("language", "phone", "dark"), [("en", True, True), ("zh-hans", False, False)])
def test_an_agent_sends_an_article_that_the_customer_sees(
    town: Town, window: Open, language: str, phone: bool, dark: bool
) -> None:
    said = SAID[language]
    person = town.hire("Nina", "funds", demo=True)
    browser = window(phone=phone, language=language)
    browser.go(f"/demo/exchange/?lang={language}")
    lin: Customer = visit(browser, language)
    lin.is_welcome()
    lin.root.locator("#topics button").nth(1).click()
    expect(lin.root.locator("#answers")).to_be_visible()
    lin.say(said.typed)
    lin.is_sent()
    reference = lin.reference()
    eventually(lambda: town.do(lambda: Search.objects.filter(place="chat", hits__gt=0).exclude(asked_at=None).count()))

    nina = Agent(window(language=language, dark=dark), person)
    nina.sign_in()
    nina.window.go(f"/desk/{reference}/?lang={language}")
    nina.reads(said.typed)
    proposed = nina.page.locator("[data-suggested] button").first
    expect(proposed).to_contain_text(said.late)
    nina.window.sound("desk-proposed")
    proposed.click()
    nina.field().press_sequentially("??")
    finder = nina.page.get_by_role("combobox")
    expect(finder).to_be_focused()
    expect(nina.field()).to_have_value("")
    finder.press_sequentially(said.part_of_a_title, delay=30)
    expect(nina.page.get_by_role("option", selected=True)).to_contain_text(said.fees)
    nina.window.sound("desk-finder")
    finder.press("Enter")
    expect(nina.page.locator("[data-chosen] li")).to_have_text([said.late, said.fees])
    expect(nina.field()).to_be_focused()
    nina.field().press_sequentially(said.answer)
    nina.window.sound("desk-chosen")
    nina.field().press("Control+Enter")
    nina.reads(said.answer)
    expect(nina.page.locator("[data-chosen]")).to_be_hidden()
    expect(nina.page.locator("desk-case .entry .article-card")).to_have_count(2)
    nina.window.shot("desk-sent")

    lin.hears(said.answer)
    card = lin.root.locator("#log").get_by_role("link", name=re.compile(said.late))
    expect(card).to_be_visible()
    browser.sound("chat-card")
    with browser.context.expect_page() as opened:
        card.click()
    expect(opened.value.get_by_role("heading", name=said.late, exact=True)).to_be_visible()


@pytest.mark.parametrize(("language", "phone", "dark"), [("en", False, True), ("zh-hans", True, False)])
def test_an_article_beside_a_ticket(town: Town, window: Open, language: str, phone: bool, dark: bool) -> None:
    said = SAID[language]
    browser = window(phone=phone, dark=dark, language=language)
    browser.go(f"/tickets/new/deposit_missing/?lang={language}")
    field = browser.page.locator('textarea[name="text"]')
    field.press_sequentially(said.typed, delay=20)
    card = browser.page.locator("#answers-place").get_by_role("link", name=re.compile(said.late))
    expect(card).to_be_visible()
    expect(field).to_be_focused()
    browser.page.locator("#answers-place").scroll_into_view_if_needed()
    browser.sound("ticket-answers")
    with browser.context.expect_page() as opened:
        card.click()
    expect(opened.value.get_by_role("heading", name=said.late, exact=True)).to_be_visible()
    search = opened_lately(town, "ticket")
    assert (search.asked_at, search.request_type) == (None, "deposit_missing")
