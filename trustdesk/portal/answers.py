"""Articles beside a ticket that is being written."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from trustdesk.customers import places, visitors
from trustdesk.customers.limits import limiter
from trustdesk.knowledge import library, measuring, offering, suggest
from trustdesk.knowledge.offering import LONGEST, NOTHING, Offer
from trustdesk.knowledge.suggest import Suggestion
from trustdesk.seams import clock


@require_POST
def part(request: HttpRequest) -> HttpResponse:
    """Show articles for what is typed so far, as a part of the page; 204 where none fits."""
    typed = {name: request.POST.get(name, "")[:LONGEST] for name in ("type", "text", "subject")}
    found = offered(request, code=typed["type"], text=typed["text"], subject=typed["subject"])
    if not found.articles:
        return HttpResponse(status=204)
    return render(request, "portal/_ticket_answers.html", {"answers": found})


def offered(request: HttpRequest, *, code: str, text: str, subject: str, label: str = "") -> Offer:
    """Offer articles for a ticket as far as it is written; `label`: what its type is called, where little is written."""
    visitor = visitors.from_request(request)
    if visitor is None or limiter.search(visitor=visitor, address=places.address(request), at=time.monotonic()):
        return NOTHING
    return offering.offer(
        place="ticket",
        text=f"{text[:LONGEST].strip()}\n{subject[:LONGEST].strip()}",
        language=get_language() or "en",
        reader=measuring.readers_of(request)[0],
        request_type=code,
        matter=label,
        without=came.id if (came := come_from(request)) else 0,
        now=clock.now(),
    )


def come_from(request: HttpRequest) -> Suggestion | None:
    """Return the article whose "Still stuck?" led here, in the reader's language; None for anything else that is named."""
    named = request.POST.get("from", "") if request.method == "POST" else request.GET.get("from", "")
    if not (named.isascii() and named.isdecimal() and len(named) < 19):
        return None
    return next(iter(suggest.in_language([int(named)], among=library.current(), language=get_language() or "en")), None)


def asked(request: HttpRequest) -> None:
    """Note that this visitor sent a ticket after all."""
    measuring.asked(readers=measuring.readers_of(request), now=clock.now())
