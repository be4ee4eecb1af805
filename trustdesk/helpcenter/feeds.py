"""What programs fetch: the feed of announcements, the map of all pages, and where crawlers may go."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Rss201rev2Feed
from django.views.decorators.http import require_safe

from trustdesk.helpcenter import heads, pages
from trustdesk.helpcenter.cache import CACHE_CONTROL, Public
from trustdesk.knowledge import library
from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.models import PREFIX

MOST_NEWS = 50
MOST_PAGES = 50_000  # sitemaps.org allows no more in one file
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Only what is for everybody; what lies behind a sign-in is not named here.
_ROBOTS = """User-agent: *
Allow: /help/
Allow: /contact/
Allow: /official/
Allow: /static/
Disallow: /help/*/search
Disallow: /help/*/_
Disallow: /

Sitemap: {sitemap}
"""


@require_safe
def feed(request: HttpRequest, language: str, path: str) -> HttpResponse:
    """Give a section's announcements as RSS, the newest first."""
    shelf = library.current()
    node = shelf.at(language, path)
    if node is None or node.article or not node.news:
        return pages.missing(request, language)
    made = Rss201rev2Feed(
        title=_plain(f"{settings.EXCHANGE_NAME}: {shelf.fill(node.title, language)}"),
        link=heads.absolute(node.url),
        description=_plain(shelf.fill(node.summary, language)),
        language=heads.hreflang(language),
        feed_url=heads.absolute(f"{node.url}feed.xml"),
    )
    for one in list(shelf.all_articles(node, language))[:MOST_NEWS]:
        made.add_item(
            title=_plain(shelf.fill(one.title, one.language)),
            link=heads.absolute(one.url),
            description=_plain(shelf.fill(one.summary, one.language)),
            pubdate=one.published_at,
            updateddate=datetime.combine(one.updated_on, time(), UTC),
            unique_id=f"{settings.PUBLIC_URL}#{one.key}",
            unique_id_is_permalink=False,
        )
    return _kept(made.writeString("utf-8"), "application/rss+xml; charset=utf-8")


@require_safe
def sitemap(_request: HttpRequest) -> HttpResponse:
    """List every page with its translations."""
    shelf = library.current()
    homes = {code: heads.absolute(f"{PREFIX}{code}/") for code in shelf.homes}
    rows = [_row(url, homes, "") for url in homes.values()]
    rows += [_page(shelf.nodes[id], shelf) for id in shelf.order[: MOST_PAGES - len(rows)]]
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
    )
    return _kept(head + "\n".join(rows) + "\n</urlset>\n", "application/xml; charset=utf-8")


@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """Tell crawlers where they may go."""
    text = _ROBOTS.format(sitemap=heads.absolute(f"{PREFIX}sitemap.xml"))
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"})


def _page(node: Node, shelf: Library) -> str:
    urls = {code: heads.absolute(other.url) for code, other in shelf.translations(node).items()}
    return _row(heads.absolute(node.url), urls, node.updated_on.isoformat())


def _row(url: str, urls: dict[str, str], changed: str) -> str:
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang={quoteattr(heads.hreflang(code))} href={quoteattr(other)}/>'
        for code, other in sorted(urls.items())
        if len(urls) > 1
    )
    since = f"<lastmod>{changed}</lastmod>" if changed else ""
    return f"<url><loc>{escape(url)}</loc>{since}{others}</url>"


def _plain(text: str) -> str:
    return _NOT_IN_XML.sub("", text)


def _kept(text: str, kind: str) -> Public:
    return Public(text, content_type=kind, headers={"Cache-Control": CACHE_CONTROL})
