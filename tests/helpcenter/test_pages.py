"""What readers get at each address: first page, sections, articles; in their language, with everything around it."""

from __future__ import annotations

import json
import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from trustdesk.helpcenter import cache
from trustdesk.knowledge.models import Figure
from trustdesk.knowledge.models import Related as Named


def shown(path: str, *, status: int = 200) -> str:
    answer = Client().get(path)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.content.decode())


class TestFirstPage:
    @pytest.mark.parametrize(("accepts", "leads"), [("en-GB", "/help/en/"), ("zh-CN,zh;q=0.9", "/help/zh-hans/"), ("fr", "/help/en/")])
    def test_the_bare_address_leads_to_the_readers_language(self, accepts: str, leads: str) -> None:
        answer = Client(headers={"Accept-Language": accepts}).get("/help/")
        assert (answer.status_code, answer.headers["Location"]) == (302, leads)

    def test_search_comes_first_then_topics_and_lists(self, shelf: Shelf) -> None:
        page = shown("/help/en/")
        order = ('role="search"', "Topics", "Often read", "Just updated", "Announcements", "What we never ask")
        places = [page.index(words) for words in order]
        assert places == sorted(places)
        assert 'href="/help/en/deposits/"' in page
        assert "ui/icons.svg#arrow-down" in page
        assert 'href="/contact/"' in page

    def test_an_empty_help_center_says_so(self) -> None:
        assert "The articles are being written" in shown("/help/en/")

    def test_each_language_has_its_own(self, shelf: Shelf) -> None:
        page = shown("/help/zh-hans/")
        assert '<html lang="zh-hans"' in page
        assert "充值未到账" in page


class TestLanguage:
    def test_the_address_wins_over_cookie_and_browser(self, shelf: Shelf) -> None:
        client = Client(headers={"Accept-Language": "en"})
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        assert 'lang="zh-hans"' in client.get("/help/zh-hans/deposits/late/").content.decode()

    def test_the_switch_leads_to_the_translation_and_is_remembered(self, shelf: Shelf) -> None:
        page = shown("/help/en/deposits/late/")
        assert 'href="/help/zh-hans/deposits/late/?lang=zh-hans"' in page
        client = Client()
        answer = client.get("/help/zh-hans/deposits/late/?lang=zh-hans")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/help/zh-hans/deposits/late/")
        assert client.get("/help/").headers["Location"] == "/help/zh-hans/"

    def test_a_visit_is_remembered_by_what_is_fetched_after_it(self, shelf: Shelf) -> None:
        client = Client()
        client.get("/help/zh-hans/deposits/late/")
        assert settings.LANGUAGE_COOKIE_NAME not in client.cookies
        client.get(f"/help/zh-hans/_beside.html?page={shelf.late_zh.pk}")
        assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"

    def test_what_is_not_translated_is_shown_with_a_note(self, shelf: Shelf) -> None:
        page = shown("/help/zh-hans/deposits/fees/")
        assert "They differ a lot." in page
        assert 'class="foreign"' in page
        assert f'<link rel="canonical" href="{settings.PUBLIC_URL}/help/en/deposits/fees/">' in page
        assert 'hreflang="zh-Hans"' not in page
        assert "/help/zh-hans/deposits/fees/" in shown("/help/zh-hans/deposits/")

    @pytest.mark.parametrize("code", ["zh-CN", "ZH-HANS", "zh-cn"])
    def test_other_spellings_of_a_language_lead_to_ours(self, shelf: Shelf, code: str) -> None:
        answer = Client().get(f"/help/{code}/deposits/late/")
        assert (answer.status_code, answer.headers["Location"]) == (301, "/help/zh-hans/deposits/late/")

    def test_a_name_of_another_language_leads_to_the_translation(self, shelf: Shelf) -> None:
        shelf.late_zh.slug = "meiyou"
        shelves.publish(shelf.late_zh)
        answer = Client().get("/help/zh-hans/deposits/late/")
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/help/zh-hans/deposits/meiyou/"


class TestArticle:
    def test_everything_around_the_text(self, shelf: Shelf) -> None:
        page = shown("/help/en/deposits/late/")
        for part in (
            "<h1>My deposit has not arrived</h1>", "Where it can be, and what to do.", "Updated on", 'aria-label="Where you are"',
            'href="#find-it"', '<h2 id="find-it">', 'class="steps"', "callout--danger", "<code>GET /deposits</code>",
            "Was this helpful?", f'href="/tickets/new/deposit_missing/?from={shelf.late.pk}"', 'href="/chat/"',
            f"mailto:{settings.DEFAULT_FROM_EMAIL}", 'rel="next"', f'href="/help/en/_follow/{shelf.late.pk}/"',
        ):  # fmt: skip
            assert part in page, part
        assert "csrfmiddlewaretoken" not in page

    def test_the_head_is_for_programs(self, shelf: Shelf) -> None:
        page = shown("/help/en/deposits/late/")
        ours = f"{settings.PUBLIC_URL}/help"
        assert f'<link rel="canonical" href="{ours}/en/deposits/late/">' in page
        assert f'hreflang="zh-Hans" href="{ours}/zh-hans/deposits/late/"' in page
        assert f'hreflang="x-default" href="{ours}/en/deposits/late/"' in page
        assert '<meta property="og:type" content="article">' in page
        data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page)[1])  # type: ignore[index]
        crumbs, about = data["@graph"]
        assert [one["name"] for one in crumbs["itemListElement"]][1:] == ["Deposits", "My deposit has not arrived"]
        assert about["inLanguage"] == "en"

    def test_figures_stand_in_titles_and_texts(self, shelf: Shelf) -> None:
        Figure.objects.create(key="hours", about="x", value="24 <b>")
        shelf.fees.title = "Fees within {{hours}} hours"
        shelves.publish(shelf.fees)
        page = shown("/help/en/deposits/fees/")
        assert "<h1>Fees within 24 &lt;b&gt; hours</h1>" in page

    def test_a_reader_chooses_between_forms(self, shelf: Shelf) -> None:
        shelf.fees.videos = [("video", {"title": "See it", "youtube": shelves.YOUTUBE, "file": None, "poster": None, "minutes": "2.5"})]
        shelf.fees.guide = [("panel", {"image": shelves.picture(), "alt": "The page", "text": "<p>Press here.</p>"})]
        shelves.publish(shelf.fees)
        answer = Client().get("/help/en/deposits/fees/")
        page = answer.content.decode()
        for form in ("text", "guide", "video"):
            assert f'href="#form-{form}"' in page
            assert f'id="form-{form}"' in page
        assert "https://www.youtube.com/watch?v=dQw4w9WgXcQ" in page
        assert "<iframe" not in page
        assert "frame-src 'self' https://www.youtube-nocookie.com;" in answer.headers["Content-Security-Policy"]
        assert "youtube" not in Client().get("/help/en/deposits/late/").headers["Content-Security-Policy"]

    def test_what_an_editor_named_is_related(self, shelf: Shelf) -> None:
        Named.objects.create(article=shelf.late, other=shelf.listing)
        shelves.publish(shelf.late)
        page = shown("/help/en/deposits/late/")
        assert page.index("Related") < page.index("XRP is listed")

    def test_a_form_that_is_not_offered_is_not_named(self, shelf: Shelf) -> None:
        shelf.late.request_type = "gone"
        shelves.publish(shelf.late)
        assert "/tickets/new/gone/" not in shown("/help/en/deposits/late/")


class TestMissing:
    def test_it_offers_a_search_for_the_words_of_the_address(self, shelf: Shelf) -> None:
        page = shown("/help/en/deposits/late-deposit_missing/", status=404)
        assert 'value="late deposit missing"' in page

    @pytest.mark.parametrize("path", ["/help/xx/", "/help/xx/a/", "/help/en/nothing/", "/help/en/deposits/late/more/", "/help/en/%00/"])
    def test_anything_else_is_not_there(self, shelf: Shelf, path: str) -> None:
        assert Client().get(path).status_code == 404

    def test_drafts_are_not_there(self, shelf: Shelf) -> None:
        shelf.fees.unpublish()
        assert Client().get("/help/en/deposits/fees/").status_code == 404
        assert "Fees" not in shown("/help/en/deposits/")


def test_a_page_made_anew_costs_few_statements(shelf: Shelf) -> None:
    Client().get("/help/en/deposits/networks/")
    counted = {}
    for path in ("/help/en/deposits/late/", "/help/en/deposits/", "/help/en/"):
        cache.store.clear()
        with CaptureQueriesContext(connection) as asked:
            Client().get(path)
        counted[path] = len(asked)
    assert counted["/help/en/deposits/late/"] <= 5
    assert counted["/help/en/deposits/"] <= 4
    assert counted["/help/en/"] <= 5
