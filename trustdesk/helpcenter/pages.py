"""The pages: the first one, sections and articles. Each says the same to everybody, so no page is given the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.contrib.redirects.models import Redirect

from trustdesk.conversations import public
from trustdesk.helpcenter import heads, shelves
from trustdesk.helpcenter.cache import CACHE_CONTROL, Public
from trustdesk.knowledge import library, rendering
from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.models import PREFIX, Article
from trustdesk.seams import clock
from trustdesk.ui import security

PLAYER = "https://www.youtube-nocookie.com"


@require_safe
def start(_request: HttpRequest) -> HttpResponse:
    """Lead to the help center in the reader's language."""
    return HttpResponseRedirect(f"{PREFIX}{get_language()}/")


@require_safe
def home(request: HttpRequest, language: str) -> HttpResponse:
    """Show the first page of a language."""
    shelf = library.current()
    if (elsewhere := _elsewhere(request, language)) or language not in shelf.homes:
        return elsewhere or missing(request, language)
    return first_page(shelf, language)


@require_safe
def page(request: HttpRequest, language: str, path: str) -> HttpResponse:
    """Show a section or an article at its address; what has moved is sent after."""
    if elsewhere := _elsewhere(request, language):
        return elsewhere
    shelf = library.current()
    node = shelf.found(language, path)
    if node is None:
        return moved(request, language) or missing(request, language)
    if node.path != path.strip("/"):  # asked for under the name it has in another language
        return HttpResponseRedirect(node.url_in(language))
    if not node.article:
        return section_page(node, shelf, language)
    article = Article.objects.filter(pk=node.id, live=True).only("body", "guide", "videos").first()
    if article is None:  # taken back this second
        return missing(request, language)
    return article_page(article, node, shelf, language)


def first_page(shelf: Library, language: str) -> Public:
    """Draw the first page of a language."""
    section, news = shelves.announcements(shelf, language)
    title = _("%(exchange)s help center") % {"exchange": settings.EXCHANGE_NAME}
    intro = shelf.fill(shelf.intros.get(language, ""), language)
    return _public("helpcenter/home.html", language, {
        "head": heads.of_home(shelf, language, title=title, description=intro or title),
        "intro": intro,
        "sections": shelves.lines(shelves.plain_sections(shelf, language), shelf, language, counted=True),
        "most_read": shelves.most_read(shelf, language, now=clock.now()),
        "newest": shelves.newest(shelf, language),
        "news_section": section,
        "news": news,
        "languages": _languages(lambda code: f"{PREFIX}{code}/"),
    })  # fmt: skip


def section_page(node: Node, shelf: Library, language: str) -> Public:
    """Draw a section."""
    return _public("helpcenter/section.html", language, _frame(node, shelf, language) | {
        "sections": shelves.lines(shelf.sections(language, node), shelf, language),
        "articles": shelves.lines(shelf.articles(node, language), shelf, language),
        "siblings": shelves.lines(shelves.plain_sections(shelf, language), shelf, language),
    })  # fmt: skip


def article_page(article: Article, node: Node, shelf: Library, language: str) -> Public:
    """Draw an article for a reader of this language."""
    with translation.override(node.language):
        rendered = rendering.render(article, shelf, node.language, reader=language)
    before, after = shelf.beside(node, language)
    response = _public("helpcenter/article.html", language, _frame(node, shelf, language) | {
        "text": rendered,
        "forms": [form for form, there in (("text", article.body), ("guide", rendered.guide), ("video", rendered.films)) if there],
        "updated_on": node.updated_on,
        "related": shelves.lines(shelf.related(node, language), shelf, language),
        "before": shelves.line(before, shelf, language) if before else None,
        "after": shelves.line(after, shelf, language) if after else None,
        "form_of": form_of(node, language),
        "player": PLAYER,
        "ways": contact_ways(),
    })  # fmt: skip
    if any(film.youtube for film in rendered.films):
        response.headers["Content-Security-Policy"] = security.with_frames_of(PLAYER)
    return response


def missing(request: HttpRequest, language: str) -> HttpResponse:
    """Say that there is nothing, and offer a search for the words of the address."""
    known = language if language in dict(settings.LANGUAGES) else str(get_language())
    words = request.path_info.rstrip("/").rpartition("/")[2].replace("-", " ").replace("_", " ")[:80]
    shelf = library.current()
    context = {
        "words": words,
        "sections": shelves.lines(shelves.plain_sections(shelf, known), shelf, known),
        "languages": _languages(lambda code: f"{PREFIX}{code}/"),
    }
    return HttpResponse(render_to_string("helpcenter/missing.html", _basis(known) | context), status=404)


def moved(request: HttpRequest, language: str) -> HttpResponse | None:
    """Send to where a page went, if it stood here once. The rows are Wagtail's, made when a page is renamed or moved.

    What is not translated was read below this language too, and has a row for its own alone.
    """
    shelf = library.current()
    for code in dict.fromkeys([language, *shelf.homes]):
        there = request.path_info.replace(f"{PREFIX}{language}/", f"{PREFIX}{code}/", 1)
        found = get_redirect(request, Redirect.normalise_path(there, decode_unicode=False))
        if found is None:
            continue
        node = shelf.nodes.get(found.redirect_page_id or 0)
        shown = shelf.by_key(node.key, language) if node else None
        if link := shown.url_in(language) if shown else found.redirect_link:
            kind = HttpResponsePermanentRedirect if found.is_permanent else HttpResponseRedirect
            return kind(link, headers={"Cache-Control": CACHE_CONTROL})
    return None


def contact_ways() -> Mapping[str, str]:
    """Return what the choices below a page need that does not change by the minute."""
    return {"mail": settings.DEFAULT_FROM_EMAIL}


def plain_frame(node: Node | None, language: str) -> dict[str, Any]:
    """Return what a small page beside an article or section needs."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    shelf = library.current()
    frame: dict[str, Any] = _basis(language) | {"languages": []}
    if node is not None:
        frame |= {
            "node": node,
            "title": shelf.fill(node.title, node.language),
            "back": node.url_in(language),
            "mail": settings.DEFAULT_FROM_EMAIL,
        }
    return frame


def _frame(node: Node, shelf: Library, language: str) -> dict[str, Any]:
    """Return what section and article share: where one is, and in which language."""
    return {
        "head": heads.of_node(node, shelf),
        "node": node,
        "title": shelf.fill(node.title, node.language),
        "summary": shelf.fill(node.summary, node.language),
        "foreign": shelves.named(node.language) if node.language != language else "",
        "way": shelves.lines([shelf.by_key(one.key, language) or one for one in shelf.way(node)], shelf, language),
        "languages": _languages(lambda code: shelf.translations(node).get(code, node).url_in(code)),
        "form_names": {"text": _("Text"), "guide": _("Picture guide"), "video": _("Video")},
    }


def _public(template: str, language: str, context: Mapping[str, Any]) -> Public:
    response = Public(render_to_string(template, _basis(language) | dict(context)))
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["Content-Language"] = language
    return response


def _basis(language: str) -> dict[str, Any]:
    return {"exchange": settings.EXCHANGE_NAME, "language_code": language, "home": f"{PREFIX}{language}/"}


def _languages(url: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {"code": code, "name": translation.get_language_info(code)["name_local"], "url": url(code)}
        for code in dict(settings.LANGUAGES)
    ]


def _elsewhere(request: HttpRequest, language: str) -> HttpResponse | None:
    """Send `?lang=`, whose choice is remembered by now, and other spellings of a language to the plain address."""
    known = dict(settings.LANGUAGES)
    if language in known:
        return HttpResponseRedirect(request.path) if "lang" in request.GET else None
    try:
        meant = translation.get_supported_language_variant(language.lower())
    except LookupError:
        return None
    return HttpResponsePermanentRedirect(request.path.replace(f"{PREFIX}{language}/", f"{PREFIX}{meant}/", 1))


def form_of(node: Node, language: str) -> public.TypeInfo | None:
    """Return the form that suits an article, if it is offered."""
    if not node.request_type:
        return None
    return next((one for one in public.request_types(locale=language) if one.code == node.request_type), None)
