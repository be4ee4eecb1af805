"""An edit of what is published: whether it is news to its readers is asked once, and goes with the draft until it is out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from wagtail.test.utils.form_data import rich_text, streamfield

from tests.knowledge import editors
from trustdesk.knowledge import library
from trustdesk.knowledge.models import Article
from trustdesk.seams import clock

pytestmark = pytest.mark.django_db

BEFORE = date(2020, 2, 2)
NEW_TEXT = {"body": streamfield([("text", rich_text("<p>Wait a day.</p>"))])}
PUBLISH = {"action-publish": "1"}


@pytest.fixture
def article() -> Article:
    """An article that was published a while ago and carries a date."""
    made = editors.article(editors.section(), updated_on=BEFORE)
    Article.objects.filter(pk=made.pk).update(last_published_at=clock.now() - timedelta(days=9))
    return made


@pytest.fixture
def paul(db: None) -> Client:
    return editors.publisher()


def save(client: Client, article: Article, action: dict[str, str], **changed: Any) -> Any:
    return client.post(f"/back-office/pages/{article.pk}/edit/", editors.sheet(**{"updated_on": str(BEFORE)} | changed) | action)


def now(article: Article) -> tuple[date | None, bool | None]:
    row = Article.objects.get(pk=article.pk)
    return row.updated_on, row.tells_followers


def test_a_changed_text_goes_out_once_somebody_has_said_what_the_change_is(article: Article, paul: Client) -> None:
    for action in (PUBLISH, {"action-submit": "1"}):
        answer = save(paul, article, action, change="", **NEW_TEXT)
        assert answer.status_code == 200
        assert "Say whether what it says has changed" in answer.content.decode()
    assert save(paul, article, PUBLISH, change="content", **NEW_TEXT).status_code == 302
    assert now(article) == (clock.now().date(), True)


def test_only_the_wording_leaves_the_date_and_tells_nobody(article: Article, paul: Client) -> None:
    assert save(paul, article, PUBLISH, change="wording", **NEW_TEXT).status_code == 302
    assert now(article) == (BEFORE, False)
    node = library.current().nodes[article.pk]
    assert not node.tells


def test_a_blank_date_stays_that_of_the_last_publishing(article: Article, paul: Client) -> None:
    Article.objects.filter(pk=article.pk).update(updated_on=None)
    shown = (clock.now() - timedelta(days=9)).date()
    assert save(paul, article, PUBLISH, change="wording", updated_on="", **NEW_TEXT).status_code == 302
    assert now(article) == (shown, False)


def test_a_date_that_the_editor_sets_says_it_by_itself(article: Article, paul: Client) -> None:
    assert save(paul, article, PUBLISH, change="", updated_on="2026-03-04", **NEW_TEXT).status_code == 302
    assert now(article) == (date(2026, 3, 4), True)


def test_what_readers_do_not_read_is_asked_for_by_nobody(article: Article, paul: Client) -> None:
    same = streamfield([("text", rich_text("<p>Wait  a <b>little</b>.</p>"))])  # other tags, the same words
    assert save(paul, article, PUBLISH, change="", body=same, search_words="slow").status_code == 302
    assert now(article) == (BEFORE, False)


def test_the_answer_goes_with_the_draft_and_is_asked_anew_after_publishing(article: Article, paul: Client) -> None:
    assert save(paul, article, {}, change="", **NEW_TEXT).status_code == 302  # a draft may wait for it
    assert now(article) == (BEFORE, None)
    edit = f"/back-office/pages/{article.pk}/edit/"
    assert save(paul, article, {}, change="content", **NEW_TEXT).status_code == 302
    assert 'value="content"' in paul.get(edit).content.decode()
    assert paul.get(edit).context["form"].initial["change"] == "content"
    # Taken back before it was published: the date as well.
    today = str(clock.now().date())
    assert save(paul, article, PUBLISH, change="wording", updated_on=today, **NEW_TEXT).status_code == 302
    assert now(article) == (BEFORE, False)
    assert "change" not in paul.get(edit).context["form"].initial


def test_a_slip_put_right_at_once_does_not_swallow_the_news(article: Article, paul: Client) -> None:
    save(paul, article, PUBLISH, change="content", **NEW_TEXT)
    later = streamfield([("text", rich_text("<p>Wait a day!</p>"))])
    save(paul, article, PUBLISH, change="wording", updated_on=str(clock.now().date()), body=later)
    assert now(article) == (clock.now().date(), True)


def test_what_was_told_is_not_told_again_for_a_slip(article: Article, paul: Client) -> None:
    save(paul, article, PUBLISH, change="content", **NEW_TEXT)
    Article.objects.filter(pk=article.pk).update(last_published_at=clock.now() - timedelta(minutes=12))
    later = streamfield([("text", rich_text("<p>Wait a day!</p>"))])
    save(paul, article, PUBLISH, change="wording", updated_on=str(clock.now().date()), body=later)
    assert now(article) == (clock.now().date(), False)


def test_a_publishing_that_is_planned_carries_its_own_day(article: Article, paul: Client) -> None:
    due = clock.now() + timedelta(days=3)
    planned = {"go_live_at": due.strftime("%Y-%m-%d %H:%M")}
    assert save(paul, article, PUBLISH, change="content", **NEW_TEXT, **planned).status_code == 302
    draft = Article.objects.get(pk=article.pk).get_latest_revision_as_object()
    assert draft.updated_on in (due.date(), due.date() + timedelta(days=1), due.date() - timedelta(days=1))  # of his time zone
    assert draft.updated_on > clock.now().date()


def test_what_is_new_is_not_asked(paul: Client) -> None:
    article = editors.article(editors.section(), live=False)
    assert "change" not in paul.get(f"/back-office/pages/{article.pk}/edit/").context["form"].fields
    assert save(paul, article, PUBLISH, **NEW_TEXT).status_code == 302
