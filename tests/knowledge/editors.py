"""People who write the help center, and pages for them to write."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from wagtail.models import Locale
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from tests.staff import people
from trustdesk.knowledge.models import Article, HelpHome, Section
from trustdesk.staff import accounts, audit
from trustdesk.staff.models import Agent, Role, Writing


def writer(writing: Writing | None, email: str = "") -> Agent:
    """Create an agent who writes (None: who does not)."""
    made = people.agent(email or f"{writing or 'reader'}@example.com")
    if writing:
        accounts.set_writing(agent_id=made.pk, writing=writing, actor=audit.Actor(name="test"))
    return made


def editor(email: str = "edie@example.com") -> Client:
    """Return an editor's client, past the second factor."""
    return people.signed_in(writer(Writing.EDITOR, email))


def publisher(email: str = "paul@example.com") -> Client:
    """Return a publisher's client, past the second factor."""
    return people.signed_in(writer(Writing.PUBLISHER, email))


def admin(email: str = "ada@example.com") -> Client:
    """Return an administrator's client, past the second factor."""
    return people.signed_in(people.agent(email, role=Role.ADMIN))


def home(language: str = "en") -> HelpHome:
    """Return the root of a language's tree."""
    found: HelpHome = HelpHome.objects.get(locale__language_code=language)
    return found


def section(slug: str = "deposits", *, language: str = "en", of: Section | None = None) -> Section:
    """Publish a section; `of`: the section it translates."""
    made = Section(title=slug.capitalize(), slug=slug, locale=Locale.objects.get(language_code=language))
    if of:
        made.translation_key = of.translation_key
    home(language).add_child(instance=made)
    made.save_revision().publish()
    made.refresh_from_db()
    return made


def article(
    below: Section, slug: str = "late", *, title: str = "Late deposit", live: bool = True, of: Article | None = None, **facts: Any
) -> Article:
    """Write an article; `of`: the article it translates."""
    made = Article(title=title, slug=slug, summary="What to do.", locale=below.locale, live=False, **facts)
    made.body = json.dumps([{"type": "text", "value": "<p>Wait a little.</p>"}])
    if of:
        made.translation_key = of.translation_key
    below.add_child(instance=made)
    revision = made.save_revision()
    if live:
        revision.publish()
    found: Article = Article.objects.get(pk=made.pk)
    return found


def whole(answer: Any) -> bytes:
    """Return an answer that is sent as it is made."""
    return b"".join(answer.streaming_content)


def sheet(**changed: Any) -> dict[str, Any]:
    """Return the edit form of an article as a browser sends it."""
    empty = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000}
    filled = {
        "title": "Late deposit",
        "slug": "late",
        "summary": "What to do.",
        "body": streamfield([("text", rich_text("<p>Wait a little.</p>"))]),
        "guide": streamfield([]),
        "videos": streamfield([]),
        "search_words": "",
        "related": empty,
        "comments": empty,
        "request_type": "",
        "updated_on": "",
        "change": "content",
        "seo_title": "",
        "search_description": "",
        "go_live_at": "",
        "expire_at": "",
    }
    return dict(nested_form_data(filled | changed))
