"""Which translations are missing, drafts, outdated or current; and how an editor says that one is current again."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.knowledge import editors
from trustdesk.knowledge import translations
from trustdesk.knowledge.models import Article, Section

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> tuple[Article, Section]:
    """An English article, and the Chinese section it would stand in."""
    english = editors.section()
    chinese = editors.section(language="zh-hans", of=english)
    return editors.article(english), chinese


def state(article: Article) -> str:
    [row] = [row for row in translations.states() if row.original_id == article.pk]
    assert row.language == "zh-hans"
    return row.state


def save(client: Client, article: Article, *, publish: bool = True, **changed: object) -> None:
    action = {"action-publish": "1"} if publish else {}
    data = editors.sheet(title=article.title, slug=article.slug, **changed) | action
    answer = client.post(f"/back-office/pages/{article.pk}/edit/", data)
    assert answer.status_code == 302, answer.context["form"].errors


def test_a_translation_from_none_to_current_and_outdated_again(pair: tuple[Article, Section]) -> None:
    english, _section = pair
    paul = editors.publisher()
    assert state(english) == "missing"
    assert "Translate" in paul.get(f"/back-office/pages/{english.pk}/edit/").content.decode()

    answer = paul.post(f"/back-office/translation/submit/page/{english.pk}/", {"locales": [_locale()]})
    assert answer.status_code == 302
    chinese = Article.objects.get(translation_key=english.translation_key, locale__language_code="zh-hans")
    assert (chinese.live, chinese.slug, state(english)) == (False, "late", "draft")
    chinese.title = "延迟的充值"

    save(paul, chinese)
    assert state(english) == "outdated"  # published, and nobody said that it says the same
    edit = f"/back-office/pages/{chinese.pk}/edit/"
    assert "says_the_original" in paul.get(edit).content.decode()
    assert "says_the_original" not in paul.get(f"/back-office/pages/{english.pk}/edit/").content.decode()

    save(paul, chinese, publish=False, says_the_original="on")
    assert state(english) == "outdated"  # a draft is not read by anybody
    save(paul, chinese, says_the_original="on")
    assert state(english) == "current"
    assert Article.objects.get(pk=chinese.pk).translated_from == Article.objects.get(pk=english.pk).live_revision_id

    save(paul, english, publish=False)
    assert state(english) == "current"  # nor is a draft of the original
    save(paul, english)
    assert state(english) == "outdated"
    save(paul, chinese)  # a comma mended, without the tick
    assert state(english) == "outdated"
    save(paul, chinese, says_the_original="on")
    assert state(english) == "current"


def test_what_an_import_said_survives_an_edit_that_does_not_touch_it(pair: tuple[Article, Section]) -> None:
    english, below = pair
    chinese = editors.article(below, of=english, title="延迟的充值")
    Article.objects.filter(pk=chinese.pk).update(translated_from=english.live_revision_id)
    assert state(english) == "current"
    paul = editors.publisher()
    page = paul.get(f"/back-office/pages/{chinese.pk}/edit/").content.decode()
    box = page.split('name="says_the_original"')[1].split(">")[0]
    assert "checked" in box
    save(paul, chinese, says_the_original="on")
    assert state(english) == "current"


def test_what_was_published_while_the_translation_was_looked_through_is_not_vouched_for(pair: tuple[Article, Section]) -> None:
    english, below = pair
    chinese, paul = editors.article(below, of=english, title="延迟的充值"), editors.publisher()
    page = paul.get(f"/back-office/pages/{chinese.pk}/edit/").content.decode()
    assert f'value="{english.live_revision_id}"' in page.split('name="says_the_original"')[1].split(">")[0]
    save(paul, english)
    save(paul, chinese, says_the_original=str(english.live_revision_id))
    assert state(english) == "outdated"


def test_the_report_shows_and_narrows(pair: tuple[Article, Section]) -> None:
    english, below = pair
    missing = editors.article(Section.objects.get(pk=english.get_parent().pk), "fees", title="Fees")
    editors.article(below, of=english, title="延迟的充值")
    edie = editors.editor()
    page = edie.get("/back-office/help-reports/translations/").content.decode()
    main = page.split("<main")[1]
    assert main.index("Late deposit") < main.index("Fees")  # what is outdated first
    assert f"/back-office/translation/submit/page/{missing.pk}/" in page
    only = edie.get("/back-office/help-reports/translations/results/?state=missing&language=zh-hans").content.decode()
    assert "Fees" in only
    assert "Late deposit" not in only
    sheet = edie.get("/back-office/help-reports/translations/?export=csv")
    text = editors.whole(sheet).decode()
    assert text.splitlines()[0] == "Article,Language,State,Translation"
    assert "Late deposit,简体中文,Outdated,延迟的充值" in text


def _locale() -> int:
    return int(editors.home("zh-hans").locale_id)
