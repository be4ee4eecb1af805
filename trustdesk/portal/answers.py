"""Articles beside a ticket that is being written, and what came of them."""

from __future__ import annotations

import time

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from trustdesk.customers import visitors
from trustdesk.customers.limits import limiter
from trustdesk.customers.visitors import Visitor
from trustdesk.knowledge import library, measuring, offering, suggest
from trustdesk.knowledge.offering import Offer
from trustdesk.portal import signin
from trustdesk.seams import clock

LONGEST = 4_000  # characters of a description that are looked at
NOTHING = Offer(0, ())


@require_POST
def part(request: HttpRequest) -> HttpResponse:
    """Show articles for what is typed so far, as a part of the page; 204 where none fits."""
    typed = {name: request.POST.get(name, "")[:LONGEST] for name in ("type", "text", "subject")}
    found = offered(request, code=typed["type"], text=typed["text"], subject=typed["subject"])
    if not found.articles:
        return HttpResponse(status=204)
    return render(request, "portal/_ticket_answers.html", {"answers": found})


@require_safe
@never_cache
def opened(request: HttpRequest, search: int, article: int) -> HttpResponse:
    """Note that an article was opened from a form, and lead on to it."""
    [found] = suggest.published([article], among=library.current()) or [None]
    if found is None:
        raise Http404
    if (visitor := visitors.from_request(request)) is not None and search < 2**63:
        measuring.opened(search_id=search, article_id=article, visitor=_reader(visitor), now=clock.now())
    return redirect(found.url)


def offered(request: HttpRequest, *, code: str, text: str, subject: str, label: str = "") -> Offer:
    """Offer articles for a ticket as far as it is written; `label`: what its type is called, where little is written."""
    visitor = visitors.from_request(request)
    if visitor is None or limiter.search(visitor=visitor, address=signin.address(request), at=time.monotonic()):
        return NOTHING
    return offering.offer(
        place="ticket",
        text=f"{text[:LONGEST].strip()}\n{subject[:LONGEST].strip()}",
        language=get_language() or "en",
        visitor=_reader(visitor),
        request_type=code[:40],
        matter=label,
        now=clock.now(),
    )


def asked(visitor: Visitor) -> None:
    """Note that this visitor sent a ticket after all."""
    measuring.asked(visitor=_reader(visitor), now=clock.now())


def _reader(visitor: Visitor) -> bytes:
    return measuring.visitor(visitor.thread, now=clock.now())
