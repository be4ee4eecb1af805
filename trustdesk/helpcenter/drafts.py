"""A draft as readers will see it, in the frame beside the form an editor writes it in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from wagtail.models import Page

from trustdesk.helpcenter import pages
from trustdesk.knowledge import library
from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.models import Article, HelpHome, Section
from trustdesk.seams import clock
from trustdesk.ui import security


def show(page: Page, _request: HttpRequest) -> HttpResponse:
    """Draw a draft. It may be framed by our own back office and is kept by nobody."""
    shelf = library.current()
    language = page.locale.language_code
    with translation.override(language):
        if isinstance(page, HelpHome):
            response: HttpResponse = pages.first_page(shelf, language)
        elif isinstance(page, Article):
            response = pages.article_page(page, _node(page, shelf), shelf, language)
        else:
            response = pages.section_page(_node(page, shelf), shelf, language)
    # A copy: what says that it may be kept by everybody must not reach anybody.
    shown = HttpResponse(response.content)
    shown.headers["Cache-Control"] = "no-store"
    shown.headers["X-Frame-Options"] = "SAMEORIGIN"
    shown.headers["Content-Security-Policy"] = security.with_frames_of(pages.PLAYER, ancestors="'self'")
    return shown


def _node(page: Section | Article, shelf: Library) -> Node:
    """Return what the page will be in the library once it is published as it is now."""
    parent = page.get_parent() if page.depth else None  # depth: None for what was never put anywhere
    above = tuple(one.pk for one in parent.get_ancestors(inclusive=True) if one.depth > 2) if parent else ()
    slugs = [shelf.nodes[id].path for id in above[-1:] if id in shelf.nodes]
    now = clock.now()
    article = page if isinstance(page, Article) else None
    forms = ("text", *(("guide",) if article and article.guide else ()), *(("video",) if article and article.videos else ()))
    return Node(
        id=page.pk or 0,
        key=str(page.translation_key),
        language=page.locale.language_code,
        path="/".join([*slugs, page.slug]),
        title=page.title,
        summary=page.summary,
        above=above,
        revision=0,
        published_at=page.first_published_at or now,
        changed_at=now,
        updated_on=(article.updated_on if article else None) or now.date(),
        icon="" if article else page.icon,
        news=False if article else page.news,
        article=article is not None,
        request_type=article.request_type if article else "",
        forms=forms,
        related=tuple(str(one.other.translation_key) for one in article.related.all()) if article else (),
        seo_title=page.seo_title,
        description=page.search_description,
    )
