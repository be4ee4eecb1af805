"""What the reports count, from rows of searches and votes; and that a reader's words do nothing there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.knowledge import editors
from trustdesk.knowledge import reports
from trustdesk.knowledge.models import Article, Figure, Search, Vote
from trustdesk.seams import clock

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('CNRY')</script>"


def search(text: str = "late deposit", *, ago: int = 60, asked: int | None = None, **facts: Any) -> Search:
    """Add a search, so many minutes ago, after which the reader asked people `asked` minutes later."""
    at = clock.now() - timedelta(minutes=ago)
    usual: dict[str, Any] = {"place": "help", "language": "en", "visitor": b"v" * 16, "hits": 1}
    asked_at = at + timedelta(minutes=asked) if asked is not None else None
    return Search.objects.create(text=text, at=at, asked_at=asked_at, **(usual | facts))


def span(days: int = 1) -> dict[str, Any]:
    return {"since": clock.now() - timedelta(days=days), "until": clock.now()}


def test_searches_without_a_hit_are_counted_in_any_case_of_letters() -> None:
    search("Dogecoin", hits=0)
    search("dogecoin", hits=0, visitor=b"w" * 16)
    search("狗狗币", hits=0, language="zh-hans")
    search("found")
    search("old", hits=0, ago=3 * 24 * 60)
    found = reports.nothing_found(**span())
    assert [(row.text, row.language, row.times, row.people) for row in found] == [("dogecoin", "en", 2, 2), ("狗狗币", "zh-hans", 1, 1)]
    assert [row.text for row in reports.nothing_found(**span(), language="zh-hans")] == ["狗狗币"]
    assert len(reports.nothing_found(**span(9))) == 3


def test_searches_that_ended_in_a_ticket() -> None:
    search("frozen", asked=5, opened=[1])
    search("frozen", asked=90)
    search("calm")
    [row] = reports.then_asked(**span())
    assert (row.text, row.times, row.opened) == ("frozen", 2, 1)


def test_each_article_with_what_became_of_it() -> None:
    section = editors.section()
    late, fees = editors.article(section), editors.article(section, "fees", title="Fees")
    editors.article(section, "draft", title="Draft", live=False)
    search(shown=[late.pk, fees.pk], opened=[late.pk])
    search(shown=[late.pk], opened=[late.pk, late.pk], asked=29)
    search(shown=[late.pk], opened=[late.pk], asked=31)
    search(shown=[late.pk], ago=9 * 24 * 60)
    now = clock.now() - timedelta(minutes=1)
    for number, helpful in enumerate((True, True, False)):
        missing = "" if helpful else "The networks"
        Vote.objects.create(article=late, visitor=bytes([number]) * 16, helpful=helpful, missing=missing, reason="", at=now)
    first, second = reports.articles(**span())
    assert (first.id, first.offered, first.opened, first.answered, first.answered_share) == (late.pk, 3, 3, 2, "67\u00a0%")
    assert (first.votes, first.helpful, first.comments, first.helpful_share) == (3, 2, 1, "67\u00a0%")
    assert (second.id, second.offered, second.opened, second.answered_share, second.helpful_share) == (fees.pk, 1, 0, "", "")
    [comment] = reports.comments(**span())
    assert (comment.title, comment.missing) == ("Late deposit", "The networks")
    assert reports.articles(**span(), language="zh-hans") == []


def test_suggestions_by_request_type() -> None:
    search(place="ticket", request_type="deposit_missing", shown=[1], opened=[1])
    search(place="ticket", request_type="deposit_missing", shown=[1], opened=[1], asked=3)
    search(place="chat", request_type="deposit_missing", shown=[1, 2])
    search(place="ticket", request_type="deposit_missing")  # nothing to show
    search(shown=[1])
    [row] = reports.deflection(**span())
    assert (row.request_type, row.suggested, row.opened, row.deflected, row.deflected_share) == ("deposit_missing", 3, 2, 1, "33\u00a0%")


def test_what_agents_look_for_is_in_no_report_of_readers() -> None:
    late = editors.article(editors.section())
    search("late", place="ticket", request_type="deposit_missing", shown=[late.pk], opened=[late.pk])
    search("late deposit", place="desk", request_type="deposit_missing", shown=[late.pk])
    search("gone", place="desk", hits=0)
    [row] = reports.deflection(**span())
    assert (row.suggested, row.deflected) == (1, 1)
    assert [read.offered for read in reports.articles(**span())] == [1]
    assert reports.nothing_found(**span()) == []


def test_the_oldest_articles_come_first() -> None:
    section = editors.section()
    editors.article(section, "new", title="New")
    editors.article(section, "old", title="Old", updated_on="2020-02-02")
    found = reports.oldest()
    assert [row.title for row in found] == ["Old", "New"]
    assert str(found[0].updated_on) == "2020-02-02"


def test_figures_without_a_value_and_where_they_are_named() -> None:
    import json

    section = editors.section()
    article = editors.article(section, title="{{hours}} hours at {{exchange}}")
    article.body = json.dumps([{"type": "text", "value": "<p>{{ hours }} and {{no_such_key}}</p>"}])
    article.save_revision().publish()
    hours = Figure.objects.create(key="hours", about="Hours")
    Figure.objects.create(key="fee", about="Fee", value="1 %")
    Figure.objects.create(key="unused", about="Unused")
    rows = {row.key: row for row in reports.figures(blank=True)}
    assert set(rows) == {"hours", "no_such_key", "unused"}
    assert (rows["hours"].id, rows["hours"].articles) == (hours.pk, [article.title])
    assert (rows["no_such_key"].id, rows["unused"].articles) == (None, [])
    assert "fee" in {row.key for row in reports.figures(blank=False)}
    page = editors.publisher().get("/back-office/help-reports/figures/").content.decode()
    assert f"/back-office/figures/edit/{hours.pk}/" in page
    assert "There is no such figure" in page


def test_reports_show_readers_words_and_run_nothing() -> None:
    article = editors.article(editors.section())
    search(HOSTILE, hits=0, asked=1, request_type="deposit_missing", shown=[article.pk])
    search("=HYPERLINK(1)", hits=0)
    Vote.objects.create(article=article, visitor=b"v" * 16, helpful=False, missing=HOSTILE, reason="wrong", at=clock.now())
    edie = editors.editor()
    for name in ("nothing-found", "then-asked", "articles", "comments", "suggestions", "oldest", "figures", "translations"):
        for path in (f"{name}/", f"{name}/results/", f"{name}/?at_from=2020-01-01&at_to=2030-01-01&language=en", f"{name}/?at_from=x"):
            answer = edie.get(f"/back-office/help-reports/{path}")
            assert answer.status_code == 200, path
            assert HOSTILE not in answer.content.decode(), path
        for kind in ("csv", "xlsx"):
            answer = edie.get(f"/back-office/help-reports/{name}/?export={kind}")
            assert editors.whole(answer), (name, kind)
    text = editors.whole(edie.get("/back-office/help-reports/nothing-found/?export=csv")).decode()
    assert "'=hyperlink" in text  # a spreadsheet does not take it for a formula
    assert "&lt;script&gt;" in edie.get("/back-office/help-reports/comments/").content.decode()


def test_a_range_of_dates_ends_with_its_last_day() -> None:
    search("today", hits=0, ago=0)
    today = clock.now().date().isoformat()
    edie = editors.editor()
    page = edie.get(f"/back-office/help-reports/nothing-found/?at_from={today}&at_to={today}").content.decode()
    assert "today" in page.split("<main")[1]
    before = edie.get("/back-office/help-reports/nothing-found/?at_from=2020-01-01&at_to=2020-01-02").content.decode()
    assert "There are no results" in before.split("<main")[1]
    assert Article.objects.count() == 0
