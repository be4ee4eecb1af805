"""The help center in a real browser: search as you type, reading, voting, following; what a page weighs; nobody else is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.test import override_settings
from playwright.sync_api import Route, expect

from tests.journeys.town import Town, eventually, words
from tests.journeys.windows import Window
from trustdesk.knowledge.models import Follow, Search, Vote

Open = Callable[..., Window]
KB = 1024
# Lighthouse's own ideas of "good" for a page of text, and fewer.
MOST_BYTES, MOST_REQUESTS = 80 * KB, 32
SHIFTS = """() => new Promise((done) => {
    let total = 0;
    new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) total += one.value; })
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(total), 700);
})"""


@dataclass(frozen=True)
class Pages:
    """Where the journeys read; `film` is an article with text, picture guide and video."""

    late: int
    film: int


@pytest.fixture(scope="module")
def pages(town: Town) -> Pages:
    """Write a few articles, once for all journeys."""

    def write() -> Pages:
        from tests.helpcenter import shelves
        from trustdesk.knowledge.models import Section

        if found := Section.objects.filter(slug="deposits", locale__language_code="en").first():
            late, film = (found.get_children().get(slug=slug).pk for slug in ("late", "fees"))
            return Pages(late, film)
        shelf = shelves.build()
        image = shelves.drawing(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 36"><rect width="72" height="36" fill="teal"/></svg>'
        )
        shelf.fees.guide = [("panel", {"image": image, "alt": "The page of fees", "text": "Press <b>Fees</b>."})]
        shelf.fees.videos = [
            ("video", {"title": "Fees in two minutes", "youtube": shelves.YOUTUBE, "file": None, "poster": None, "minutes": "2"})
        ]
        shelves.publish(shelf.fees)
        shelf.late.body = [*shelves.body(), ("picture", {"image": image, "alt": "The way of a deposit", "caption": "The way"})]
        shelves.publish(shelf.late)
        return Pages(shelf.late.pk, shelf.fees.pk)

    with override_settings(MEDIA_ROOT=town.var / "files"):  # where the server looks
        return town.do(write)


@pytest.mark.parametrize(
    ("language", "phone", "dark"),
    [("en", False, False), ("zh-hans", True, False), ("en", True, True), ("zh-hans", False, True)],
)
def test_every_page_is_sound(pages: Pages, window: Open, language: str, phone: bool, dark: bool) -> None:
    reader = window(language=language, phone=phone, dark=dark)
    reader.excuse("404")
    for name, path in {
        "home": "", "section": "deposits/", "article": "deposits/late/", "news": "news/", "results": "search?q=XRP",
        "nothing": "search?q=zzzqqq", "missing": "nowhere/", "vote": f"_vote/{pages.late}/?helpful=no",
        "follow": f"_follow/{pages.late}/", "untranslated": "deposits/fees/",
    }.items():  # fmt: skip
        reader.go(f"/help/{language}/{path}")
        reader.sound(f"help-{name}")
    reader.go(f"/contact/?lang={language}")
    reader.sound("help-contact")


def test_from_a_question_to_an_answer_and_a_vote(town: Town, pages: Pages, window: Open) -> None:
    reader = window()
    page = reader.go("/help/en/")
    page.get_by_role("searchbox").press_sequentially("my depositt has not", delay=20)
    hit = page.locator(".hit").first
    expect(hit).to_contain_text("My deposit has not arrived")
    expect(page.locator("live-search [role=status]")).to_have_text(re.compile("found"))
    page.keyboard.press("ArrowDown")
    expect(hit).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".live-search__hits")).to_be_hidden()
    page.get_by_role("searchbox").press("End")
    page.keyboard.type(" a")
    expect(hit).to_be_visible()
    hit.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My deposit has not arrived")
    expect(page).to_have_url(f"{town.url}/help/en/deposits/late/")
    eventually(lambda: town.do(lambda: Search.objects.filter(opened__contains=[pages.late]).exists()))
    expect(page.locator(".way__now").first).not_to_have_text("Quick questions")
    page.locator("help-vote").get_by_role("button", name="No").click()
    page.get_by_label("Something is missing").check()
    page.get_by_label("What were you looking for?").fill("How long with ETH?")
    reader.sound("help-why")
    page.locator("help-vote").get_by_role("button", name="Send").click()
    expect(page.locator("help-vote")).to_contain_text("Thank you.")
    vote = town.do(lambda: Vote.objects.get(article=pages.late))
    assert (vote.helpful, vote.reason, vote.missing) == (False, "missing", "How long with ETH?")
    page.get_by_role("link", name="Deposit has not arrived").click()
    expect(page).to_have_url(re.compile(f"/tickets/new/deposit_missing/.from={pages.late}"))
    expect(page.locator("#subject")).to_have_value("My deposit has not arrived")
    expect(page.get_by_text("You come from:").get_by_role("link")).to_have_attribute("href", "/help/en/deposits/late/")
    reader.sound("help-form")


def test_a_vote_that_cannot_be_sent_in_place_is_the_same_vote_on_a_page(town: Town, pages: Pages, window: Open) -> None:
    reader = window()
    reader.excuse("ERR_FAILED")
    page = reader.go("/help/en/deposits/late/")
    page.route("**/_vote/**", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
    page.locator("help-vote").get_by_role("button", name="Yes").click()
    expect(page).to_have_url(re.compile(r"/_vote/\d+/\?said=yes$"))
    assert town.do(lambda: Vote.objects.latest("pk").helpful)


def test_the_reader_chooses_the_form_and_it_is_remembered(pages: Pages, window: Open) -> None:
    reader = window(phone=True)
    page = reader.go("/help/en/deposits/fees/")
    expect(page.get_by_text("They differ a lot.")).to_be_visible()
    page.get_by_role("link", name="Picture guide").click()
    expect(page.get_by_alt_text("The page of fees")).to_be_visible()
    expect(page.get_by_text("They differ a lot.")).to_be_hidden()
    reader.sound("help-guide")
    page.get_by_role("link", name="Video").click()
    reader.sound("help-film")
    reader.go("/help/en/deposits/networks/")
    reader.go("/help/en/deposits/fees/")
    expect(page.get_by_text("Fees in two minutes")).to_be_visible()


def test_nobody_else_is_asked_before_the_press(pages: Pages, window: Open) -> None:
    reader = window()  # complains of every address that is not ours
    page = reader.go("/help/en/deposits/fees/#form-video")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []

    def player(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body="<p>player</p>", content_type="text/html")

    reader.context.route("https://www.youtube-nocookie.com/**", player)
    reader.excuse("asked somebody else: https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ")
    page.locator(".film__start").click()
    expect(page.locator("help-film iframe")).to_be_attached()
    for _ in range(100):
        if not asked:
            page.wait_for_timeout(50)
    assert asked == ["https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1&rel=0"]


def test_a_picture_opens_large_and_code_is_copied(pages: Pages, window: Open) -> None:
    page = window().go("/help/en/deposits/late/")
    page.locator(".picture__open").click()
    expect(page.locator("dialog.figure-large")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.figure-large")).to_have_count(0)
    expect(page.locator(".picture__open")).to_be_focused()
    page.locator(".code__copy").click()
    expect(page.locator(".code__copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "GET /deposits"
    page.get_by_role("button", name="Copy link").click()
    assert page.evaluate("navigator.clipboard.readText()").endswith("/help/en/deposits/late/")


def test_following_by_mail(town: Town, pages: Pages, window: Open) -> None:
    reader = window(language="zh-hans", phone=True)
    page = reader.go("/help/zh-hans/deposits/late/")
    page.locator(".tools").get_by_role("link").click()
    page.locator("#mail").fill("follower@mail.example")
    page.locator(".small-form button").click()
    expect(page.get_by_role("status")).to_be_visible()
    reader.sound("help-followed")
    letter = town.letter("follower@mail.example", having="/_following/")
    path = re.search(r"/help/zh-hans/_following/[\w=-]+/", letter.text)
    assert path
    reader.go(path[0])
    page.get_by_role("button", name=words("Yes, follow it", "zh-hans")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words("You follow it now", "zh-hans"))
    assert town.do(lambda: Follow.objects.filter(address="follower@mail.example", confirmed_at__isnull=False).exists())
    reader.go(path[0].replace("_following", "_unfollow"))
    page.locator("form button").click()
    reader.sound("help-stopped")
    assert not town.do(lambda: Follow.objects.filter(address="follower@mail.example").exists())


def test_everything_works_without_scripts(town: Town, pages: Pages, window: Open) -> None:
    reader = window()
    context = reader.context.browser.new_context(java_script_enabled=False, locale="en-GB")  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(f"{town.url}/help/en/")
    page.get_by_role("searchbox").fill("fees")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=re.compile("Fees")).first.click()
    expect(page.get_by_text("They differ a lot.")).to_be_visible()
    page.get_by_role("link", name="Picture guide").click()
    expect(page.get_by_alt_text("The page of fees")).to_be_visible()
    expect(page.get_by_text("They differ a lot.")).to_be_hidden()
    page.get_by_role("link", name="Video").click()
    expect(page.get_by_role("link", name="Fees in two minutes")).to_have_attribute("href", re.compile("youtube.com/watch"))
    page.get_by_role("link", name="Yes").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    page.goto(f"{town.url}/help/en/deposits/fees/")
    page.get_by_role("link", name="简体中文").click()
    expect(page).to_have_url(f"{town.url}/help/zh-hans/deposits/fees/")
    page.goto(f"{town.url}/help/")
    expect(page).to_have_url(f"{town.url}/help/zh-hans/")
    context.close()


@pytest.mark.parametrize("phone", [False, True])
def test_what_an_article_weighs(
    pages: Pages, window: Open, phone: bool, record_property: Callable[[str, object], None]
) -> None:
    """What Lighthouse would count: bytes over the wire, requests, and how much moves while it loads (nothing)."""
    window().go("/help/en/deposits/late/")
    reader = window(phone=phone)
    page = reader.go("/help/en/deposits/late/")
    page.wait_for_load_state("networkidle")
    shifted = page.evaluate(SHIFTS)
    bodies = reader.weight()
    sizes = {urlsplit(answer.url).path: answer.request.sizes()["responseBodySize"] for answer in reader.loaded}
    record_property("article page, bytes", sum(sizes.values()))
    record_property("article page, requests", len(bodies))
    record_property("article page, layout shift", shifted)
    print(f"\n{sum(sizes.values())} bytes, {len(bodies)} requests, layout shift {shifted:.4f}")  # noqa: T201
    assert sum(sizes.values()) <= MOST_BYTES
    assert len(bodies) <= MOST_REQUESTS
    assert shifted == 0
