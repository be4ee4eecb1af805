"""Searching: the page and the fragment, in both languages; and what is noted of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from tests.world import NOON
from trustdesk.customers import limits
from trustdesk.helpcenter import cache
from trustdesk.knowledge import measuring
from trustdesk.knowledge.models import Search, Section
from trustdesk.seams import clock


def page(query: str, language: str = "en", part: str = "search", client: Client | None = None) -> str:
    answer = (client or Client()).get(f"/help/{language}/{part}?{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


class TestPage:
    def test_it_finds_and_marks(self, shelf: Shelf) -> None:
        shown = page("q=deposit")
        assert "<mark>deposit</mark>" in shown
        assert '/help/en/deposits/late/?s=' in shown
        assert 'value="deposit"' in shown
        assert "1 article found" in shown

    def test_words_an_editor_gave_lead_there(self, shelf: Shelf) -> None:
        assert "My deposit has not arrived" in re.sub("</?mark>", "", page("q=where+is+my+money"))

    def test_chinese_is_found_in_chinese(self, shelf: Shelf) -> None:
        assert "/help/zh-hans/deposits/late/?s=" in page("q=充值", "zh-hans")

    def test_in_all_languages_each_article_is_found_once_as_the_reader_reads_it(self, shelf: Shelf) -> None:
        chinese = Section.objects.get(slug="deposits", locale__language_code="zh-hans")
        for number in range(12):
            english = shelves.article(shelf.deposits, f"usdt-{number}", f"USDT way {number}", summary="USDT.", body=shelves.text("USDT"))
            shelves.article(chinese, f"usdt-{number}", f"USDT 之路 {number}", summary="USDT。", body=shelves.text("USDT"), key=english)
        shelves.article(chinese, "usdt-only", "USDT 专文", summary="USDT。", body=shelves.text("USDT"))
        for language, own in (("en", "/help/en/deposits/usdt-"), ("zh-hans", "/help/zh-hans/deposits/usdt-")):
            pages = [page(f"q=USDT&all=1&page={number}", language) for number in (1, 2)]
            found = [re.findall(rf'href="({own}[a-z0-9]+/)', one) for one in pages]
            assert [len(one) for one in found] == [10, 3]
            assert len({*found[0], *found[1]}) == 13
            assert ("13 articles found" if language == "en" else "找到 13 篇文章") in pages[0]
            assert "page=3" not in pages[1]
        assert "USDT 专文" in re.sub("</?mark>", "", page("q=USDT&all=1&page=1") + page("q=USDT&all=1&page=2"))

    def test_another_language_is_looked_through_when_this_one_has_nothing(self, shelf: Shelf) -> None:
        shown = page("q=differ", "zh-hans")
        assert "/help/zh-hans/deposits/fees/?s=" in shown
        assert 'lang="en"' in shown

    def test_all_languages_show_the_readers_translation(self, shelf: Shelf) -> None:
        shown = page("q=arrived&all=1", "zh-hans")
        assert "充值未到账" in shown
        assert "/help/zh-hans/deposits/late/" in shown

    def test_nothing_found_leads_to_people(self, shelf: Shelf) -> None:
        shown = page("q=zzzqqqxxx")
        assert "Nothing found" in shown
        assert 'href="/contact/"' in shown

    @pytest.mark.parametrize(
        "query",
        ["", "q=", "q=+", "q=a&page=x", "q=deposit&page=-1", "q=deposit&page=99999", "q=%00", "q=%F0%9F%98%80", "q=" + "x" * 3000],
    )
    def test_nothing_typed_and_nonsense_are_no_error(self, shelf: Shelf, query: str) -> None:
        page(query)
        page(query, part="_hits.html")

    def test_no_program_keeps_it(self, shelf: Shelf) -> None:
        assert '<meta name="robots" content="noindex">' in page("q=deposit")


class TestFragment:
    def test_hits_while_one_types(self, shelf: Shelf) -> None:
        shown = page("q=depos", part="_hits.html")
        assert shown.startswith('<div class="hits" data-said="1 article found">')
        assert "<html" not in shown
        assert 'href="/help/en/search?q=depos"' in shown

    def test_nothing_typed_is_an_empty_fragment(self, shelf: Shelf) -> None:
        assert page("q=", part="_hits.html").strip() == '<div class="hits" data-said=""></div>'


class TestNoted:
    def test_words_typed_one_after_the_other_are_one_search(self, shelf: Shelf) -> None:
        for words in ("de", "depo", "deposit", "depos", "deposit late"):
            page(f"q={words}", part="_hits.html")
        row = Search.objects.get()
        assert (row.text, row.place, row.language) == ("deposit late", "help", "en")
        assert shelf.late.pk in row.shown

    def test_other_words_another_place_and_later_are_others(self, shelf: Shelf) -> None:
        page("q=deposit")
        page("q=network")
        page("q=deposit&place=hub", part="_hits.html")
        with clock.frozen(NOON + timedelta(minutes=6)):
            page("q=deposit")
        assert sorted(Search.objects.values_list("text", "place")) == [
            ("deposit", "help"), ("deposit", "help"), ("deposit", "hub"), ("network", "help"),
        ]  # fmt: skip

    def test_what_found_nothing_is_there_for_the_editors(self, shelf: Shelf) -> None:
        page("q=zzzqqqxxx")
        assert Search.objects.get().hits == 0

    def test_secrets_are_masked(self, shelf: Shelf) -> None:
        page("q=abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about")
        assert "abandon" not in Search.objects.get().text

    def test_nobody_can_tell_who_searched(self, shelf: Shelf) -> None:
        first, other = (Client(headers={"User-Agent": name}) for name in ("a", "b"))
        page("q=deposit", client=first)
        page("q=deposit", client=other)
        with clock.frozen(NOON + timedelta(days=1)):
            page("q=deposit", client=first)
        readers = [bytes(one) for one in Search.objects.values_list("visitor", flat=True)]
        assert len(set(readers)) == 3
        assert {len(one) for one in readers} == {16}

    def test_one_network_fills_no_table(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "NOTES", 2)
        for words in ("deposit", "network", "fees", "news"):
            assert "hits" in page(f"q={words}", part="_hits.html")
        assert Search.objects.count() == 2


class TestOpened:
    def mark(self, shelf: Shelf) -> str:
        found = re.search(r"/help/en/deposits/late/\?s=([0-9a-f-]+)", page("q=deposit"))
        assert found
        return found[1]

    def send(self, **said: object) -> None:
        answer = Client(enforce_csrf_checks=True).post("/help/en/_opened", {name: str(value) for name, value in said.items()})
        assert (answer.status_code, answer.content) == (204, b"")

    def test_opening_a_hit_is_noted_once(self, shelf: Shelf) -> None:
        mark = self.mark(shelf)
        self.send(s=mark, page=shelf.late.pk)
        self.send(s=mark, page=shelf.late.pk)
        assert Search.objects.get().opened == [shelf.late.pk]
        assert measuring.most_opened(since=NOON - timedelta(days=1), most=5) == [shelf.late.pk]

    def test_a_new_search_after_it_is_another(self, shelf: Shelf) -> None:
        self.send(s=self.mark(shelf), page=shelf.late.pk)
        page("q=deposits")
        assert Search.objects.count() == 2

    @pytest.mark.parametrize("mark", ["", "1", "1-000000000000", "x-y", "-", "999999999999999999999-1", "1-" + "é" * 12])
    def test_made_up_marks_are_nothing(self, shelf: Shelf, mark: str) -> None:
        page("q=deposit")
        self.send(s=mark, page=shelf.late.pk)
        assert Search.objects.get().opened == []

    def test_only_what_was_offered_counts(self, shelf: Shelf) -> None:
        mark = self.mark(shelf)
        for number in (shelf.listing.pk, "x", "-1", "9" * 30):
            self.send(s=mark, page=number)
        assert Search.objects.get().opened == []

    def test_asking_people_after_it_is_noted(self, shelf: Shelf) -> None:
        page("q=deposit")
        readers = [bytes(Search.objects.get().visitor)]
        assert measuring.asked(readers=readers, now=NOON + timedelta(minutes=5)) == 1
        assert measuring.asked(readers=readers, now=NOON + timedelta(minutes=6)) == 0
        assert Search.objects.get().asked_at == NOON + timedelta(minutes=5)


def test_often_read_is_what_searches_led_to(shelf: Shelf) -> None:
    Search.objects.create(
        place="help", text="x", language="en", visitor=b"x" * 16, hits=1, shown=[shelf.fees.pk], opened=[shelf.fees.pk], at=NOON
    )
    cache.store.clear()
    shown = Client().get("/help/en/").content.decode()
    assert shown.index("Often read") < shown.index("/help/en/deposits/fees/") < shown.index("Just updated")
