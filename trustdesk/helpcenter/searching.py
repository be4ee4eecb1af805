"""Searching: a page that works by itself, and the same hits as a fragment while one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import get_language_info
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from trustdesk.helpcenter import shelves
from trustdesk.knowledge import library, measuring, search
from trustdesk.knowledge.library import Library
from trustdesk.knowledge.models import PREFIX
from trustdesk.knowledge.models import Search as Noted
from trustdesk.knowledge.snippets import Piece
from trustdesk.seams import clock

A_PAGE, AS_TYPED = 10, 6  # hits shown
MOST_PAGES = 20
_ENDS = (".", "!", "?", "…", "。", "！", "？")
# Where the same box stands on other pages of ours.
PLACES = frozenset({Noted.Place.HELP.value, Noted.Place.HUB.value, Noted.Place.CHAT.value, Noted.Place.TICKET.value})


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found, as it is shown."""

    title: Sequence[Piece]
    snippet: Sequence[Piece]
    url: str
    way: str
    language: str
    foreign: str
    video: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search shows. `everywhere`: other languages were looked through, too."""

    text: str
    hits: list[Hit]
    total: int
    corrected: str
    everywhere: bool


@require_safe
def results(request: HttpRequest, language: str) -> HttpResponse:
    """Show what was found, on a page of its own."""
    _known(language)
    text = request.GET.get("q", "").strip()[: search.LONGEST]
    page = _page(request)
    answer = _ask(request, language, text, limit=A_PAGE, page=page)
    shelf = library.current()
    context = {
        "answer": answer,
        "text": text,
        "page": page,
        "earlier": page - 1 if page > 1 else 0,
        "later": page + 1 if page * A_PAGE < answer.total and page < MOST_PAGES else 0,
        "everywhere": request.GET.get("all") == "1",
        "sections": shelves.lines(shelves.plain_sections(shelf, language), shelf, language),
        "languages": [_other(code, text) for code in dict(settings.LANGUAGES)],
    }
    return render(request, "helpcenter/search.html", _basis(language) | context)


@require_safe
def hits(request: HttpRequest, language: str) -> HttpResponse:
    """Show the first hits below the box one types in."""
    _known(language)
    text = request.GET.get("q", "").strip()[: search.LONGEST]
    answer = _ask(request, language, text, limit=AS_TYPED, page=1, as_typed=True)
    return render(request, "helpcenter/_hits.html", _basis(language) | {"answer": answer, "text": text})


@csrf_exempt  # nothing is done with anybody's authority: it counts what was opened
@require_POST
def opened(request: HttpRequest, language: str) -> HttpResponse:
    """Note that a hit was opened; the same answer whatever was sent."""
    _known(language)
    article = request.POST.get("page", "")
    if article.isascii() and article.isdecimal() and len(article) <= 12 and not measuring.too_many(request):
        measuring.opened(mark=request.POST.get("s", ""), article=int(article), now=clock.now())
    return HttpResponse(status=204)


def _ask(
    request: HttpRequest, language: str, text: str, *, limit: int, page: int, as_typed: bool = False
) -> Answer:
    """Search, first in the reader's language, and note it."""
    everywhere = request.GET.get("all") == "1"
    asked: dict[str, Any] = {"language": language, "limit": limit, "offset": (page - 1) * limit, "as_typed": as_typed}
    found = search.find(text, everywhere=everywhere, **asked)
    if text and not found.results and not everywhere and page == 1:
        found, everywhere = search.find(text, everywhere=True, **asked), True
    place = request.GET.get("place", "help")
    number = 0
    if text and page == 1 and not measuring.too_many(request):
        number = measuring.searched(
            place=place if place in PLACES else "help",
            text=text,
            language=language,
            reader=measuring.readers_of(request)[0],
            hits=found.total,
            shown=[one.node.id for one in found.results],
            now=clock.now(),
        )
    shelf = library.current()
    shown = [_hit(one, shelf, language, measuring.mark(number)) for one in found.results]
    return Answer(text, shown, found.total, found.corrected, everywhere)


def _hit(one: search.Result, shelf: Library, language: str, mark: str) -> Hit:
    node = one.node
    way = [shelf.by_key(above.key, language) or above for above in shelf.way(node)]
    return Hit(
        title=one.title,
        snippet=_with_dots(one.snippet),
        url=f"{node.url_in(language)}?{urlencode({'s': mark})}" if mark else node.url_in(language),
        way=" › ".join(shelf.fill(above.title, above.language) for above in way),
        language=node.language,
        foreign=shelves.named(node.language) if node.language != language else "",
        video="video" in node.forms,
    )


def _with_dots(snippet: Sequence[Piece]) -> Sequence[Piece]:
    """Say of a stretch of text that it goes on."""
    ends = not snippet or snippet[-1].text.rstrip().endswith(_ENDS)
    return snippet if ends else (*snippet, Piece(" …", False))


def _page(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    return min(max(int(asked), 1), MOST_PAGES) if asked.isascii() and asked.isdecimal() and len(asked) < 5 else 1


def _known(language: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise Http404


def _basis(language: str) -> dict[str, Any]:
    return {"exchange": settings.EXCHANGE_NAME, "language_code": language, "home": f"{PREFIX}{language}/"}


def _other(code: str, text: str) -> dict[str, str]:
    url = f"{PREFIX}{code}/search?{urlencode({'q': text})}"
    return {"code": code, "name": get_language_info(code)["name_local"], "url": url}
