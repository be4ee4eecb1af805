"""What readers looked for: one row a search, no secrets, nobody's name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.world import NOON
from trustdesk.knowledge import measuring
from trustdesk.knowledge.models import Search

pytestmark = pytest.mark.django_db

ANNA = measuring.visitor("anna", now=NOON)
BORIS = measuring.visitor("boris", now=NOON)


def _search(
    text: str, *, visitor: bytes = ANNA, place: str = "chat", shown: tuple[int, ...] = (), after: float = 0
) -> int:
    return measuring.searched(
        place=place,
        text=text,
        language="en",
        visitor=visitor,
        hits=len(shown),
        shown=shown,
        now=NOON + timedelta(seconds=after),
    )


def test_words_typed_one_after_the_other_are_one_search() -> None:
    first = _search("my dep", shown=(3,))
    assert _search("My deposit", shown=(3, 4), after=2) == first
    assert _search("my depo", shown=(5,), after=3) == first
    row = Search.objects.get()
    assert (row.text, row.hits, row.shown) == ("My deposit", 2, [3, 4, 5])


def test_other_words_another_reader_another_place_and_a_pause_are_searches_of_their_own() -> None:
    ids = {
        _search("deposit"),
        _search("withdrawal", after=1),
        _search("deposit", visitor=BORIS, after=1),
        _search("deposit", place="ticket", after=1),
        _search("deposit late", after=400),
    }
    assert len(ids) == 5


def test_secrets_and_nul_are_never_kept() -> None:
    seed = "abandon " * 11 + "about"
    _search(f"my phrase is {seed}\0 help")
    kept = Search.objects.get().text
    assert "abandon" not in kept
    assert "\0" not in kept


def test_a_secret_at_the_edge_of_what_is_kept_is_masked_before_it_is_cut() -> None:
    seed = "abandon " * 11 + "about"
    _search("x" * 180 + " " + seed)
    assert "abandon" not in Search.objects.get().text


def test_opening_counts_once_and_only_what_was_offered_to_this_reader() -> None:
    search = _search("deposit", shown=(3, 4))
    for article, visitor in ((3, ANNA), (3, ANNA), (9, ANNA), (4, BORIS)):
        measuring.opened(search_id=search, article_id=article, visitor=visitor, now=NOON)
    assert Search.objects.get().opened == [3]


def test_a_case_marks_the_searches_of_the_last_half_hour() -> None:
    old, lately, others = _search("fees"), _search("deposit", after=1200), _search("deposit", visitor=BORIS, after=1200)
    measuring.asked(visitor=ANNA, now=NOON + timedelta(minutes=40))
    marked = set(Search.objects.exclude(asked_at=None).values_list("pk", flat=True))
    assert marked == {lately}
    assert {old, others} & marked == set()


def test_a_reader_is_another_one_tomorrow_and_his_name_is_nowhere() -> None:
    assert len(ANNA) == 16
    assert measuring.visitor("anna", now=NOON + timedelta(hours=1)) == ANNA
    assert measuring.visitor("anna", now=NOON + timedelta(days=1)) != ANNA
    assert b"anna" not in ANNA
