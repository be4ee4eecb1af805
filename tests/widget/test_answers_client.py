"""Articles beside the first message, in a real browser: when they are looked for, and what becomes of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.widget.conftest import Desk

pytestmark = pytest.mark.browser

LATE = {
    "article": 3,
    "title": "My deposit has not arrived",
    "summary": "Where it can be.",
    "url": "/help/en/deposits/late/?s=7-abc",
}
HOSTILE = {
    "article": 4,
    "title": "<img src=x onerror=alert(1)>",
    "summary": "<b>no</b>",
    "url": "/help/en/deposits/x/?s=7-abc",
}


def test_what_is_typed_is_looked_for_after_a_pause_and_shown_as_cards(desk: Desk) -> None:
    desk.live.articles = [LATE, HOSTILE]
    page = desk.start()
    page.locator("#draft").press_sequentially("my deposit has not arrived", delay=15)
    expect(page.locator(".answers .article-card")).to_have_count(2)
    assert [one["text"] for one in desk.live.searches] == ["my deposit has not arrived"]
    assert desk.live.searches[0]["locale"] == "en"
    card = page.get_by_role("link", name="My deposit has not arrived")
    expect(card).to_have_attribute("target", "_blank")
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()  # as text
    assert page.locator(".answers img").count() == 0
    expect(page.locator("#draft")).to_be_focused()
    assert desk.live.sent("typing") == []
    with page.expect_popup() as opened:
        card.click()
    assert opened.value.url.endswith("/help/en/deposits/late/?s=7-abc")


def test_too_little_is_not_looked_for_and_the_same_not_twice(desk: Desk) -> None:
    page = desk.start()
    page.fill("#draft", "my")
    page.wait_for_timeout(1200)
    assert desk.live.searches == []
    page.fill("#draft", "充值")
    desk.eventually(lambda: len(desk.live.searches) == 1)
    page.fill("#draft", "充值 ")
    page.wait_for_timeout(1200)
    assert len(desk.live.searches) == 1


def test_a_topic_alone_is_looked_for(desk: Desk) -> None:
    desk.live.articles = [LATE]
    page = desk.start()
    page.get_by_role("button", name="Withdrawal").click()
    expect(page.locator(".answers .article-card")).to_have_count(1)
    assert desk.live.searches == [{"text": "", "topic": "topic_1", "locale": "en"}]
    page.get_by_role("button", name="Withdrawal").click()
    expect(page.locator("#answers")).to_be_hidden()


def test_this_answered_it_closes_and_counts(desk: Desk) -> None:
    desk.live.articles = [LATE]
    page = desk.start()
    page.fill("#draft", "my deposit has not arrived")
    page.get_by_role("button", name="This answered it").click()
    expect(page.locator("#answers")).to_be_hidden()
    expect(page.get_by_text("Glad that helped.")).to_be_visible()
    expect(page.locator("#draft")).to_have_value("")
    desk.eventually(lambda: desk.live.outcomes == [{"search": "7-abc", "article": "3"}])
    assert desk.live.messages() == []


def test_who_writes_after_all_is_counted_once_and_sees_no_cards_any_more(desk: Desk) -> None:
    desk.live.articles = [LATE]
    page = desk.start()
    page.fill("#draft", "my deposit has not arrived")
    expect(page.locator("#answers")).to_be_visible()
    desk.send("my deposit has not arrived")
    expect(page.locator("#answers")).to_be_hidden()
    desk.eventually(lambda: desk.live.outcomes == [{"asked": "1"}])
    desk.send("are you there?")
    page.wait_for_timeout(1200)
    assert (len(desk.live.searches), len(desk.live.outcomes)) == (1, 1)


def test_an_article_of_an_answer_is_a_card(desk: Desk) -> None:
    page = desk.start()
    desk.send("my deposit is late")
    cards = [{key: one[key] for key in ("article", "title", "summary", "url")} for one in (LATE, HOSTILE)]
    desk.live.say("", articles=cards)
    expect(page.locator("#log .article-card")).to_have_count(2)
    expect(page.locator("#log .article-card").first).to_contain_text("My deposit has not arrived")
    assert page.locator("#log img").count() == 0
