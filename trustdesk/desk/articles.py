"""Articles for a reply: those that fit what the customer wrote first, and those an agent looks for."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from trustdesk.conversations import articles, queries
from trustdesk.conversations.articles import Card
from trustdesk.conversations.models import Conversation
from trustdesk.desk.views import seated
from trustdesk.knowledge import measuring
from trustdesk.seams import clock
from trustdesk.staff.permissions import Seat

LONGEST = 200  # characters that are looked for
FOUND = 8


@require_GET
@seated
def search_part(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show the articles an agent looks for (`q`) in the customer's language; without words those that fit the case."""
    case = queries.find(seat, reference)
    words = request.GET.get("q", "")[:LONGEST].replace("\0", " ").strip()
    found = articles.sought(words, case=case, limit=FOUND) if words else articles.proposed(case)
    if words:
        _note(words, case, found, seat)
    return render(request, "desk/_articles.html", {"articles": found, "words": words})


@require_GET
@seated
def suggested_part(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show the articles that fit a case, to be put into a reply by one click."""
    found = articles.proposed(queries.find(seat, reference))
    return render(request, "desk/_suggested.html", {"articles": found})


def read(request: HttpRequest) -> tuple[int, ...]:
    """Return the articles that a reply names. Raises BadRequest where only a broken page can be the cause."""
    named = request.POST.getlist("articles")
    if len(named) > articles.MOST or not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in named):
        raise BadRequest("not from our composer")
    return tuple(dict.fromkeys(int(one) for one in named))


def _note(words: str, case: Conversation, found: tuple[Card, ...], seat: Seat) -> None:
    measuring.searched(
        place="desk",
        text=words,
        language=case.locale,
        reader=measuring.reader(f"agent:{seat.agent_id}"),
        hits=len(found),
        shown=[one.id for one in found],
        request_type=case.type.code if case.type else "",
        now=clock.now(),
    )
