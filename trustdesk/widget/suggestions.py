"""Articles beside the chat's first message. What is typed for them is a search, no message: it is looked for, kept only
with its secrets masked, and nobody at the desk sees it."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from trustdesk.conversations import public
from trustdesk.customers import places, visitors
from trustdesk.customers.limits import limiter
from trustdesk.customers.visitors import Visitor
from trustdesk.knowledge import library, measuring, offering, suggest
from trustdesk.seams import clock


@csrf_exempt  # the token in the header says who asks: no other site can send it
@require_POST  # text in an address would stand in every log on the way
def suggestions(request: HttpRequest) -> JsonResponse:
    """Offer up to three articles for what is typed (`text`), or for the topic alone."""
    visitor = _bearer(request)
    if visitor is None:
        return _answer({"error": "unknown_visitor"}, status=401)
    if wait := limiter.search(visitor=visitor, address=places.address(request), at=time.monotonic()):
        return _answer({"error": "rate_limited", "retry_after": wait}, status=429)
    now, locale = clock.now(), _locale(request)
    topic = request.POST.get("topic", "")[:50]
    offer = offering.offer(
        place="chat",
        text=request.POST.get("text", "")[: offering.LONGEST],
        language=locale,
        reader=measuring.reader(visitor.thread),
        request_type=topic,
        matter=dict(public.topics(locale=locale)).get(topic, ""),
        now=now,
    )
    cards = [{"article": one.id, "title": one.title, "summary": one.summary, "url": one.href} for one in offer.articles]
    return _answer({"search": offer.mark, "articles": cards})


@csrf_exempt  # as above
@require_POST
def outcome(request: HttpRequest) -> JsonResponse:
    """Note what became of it: people were asked all the same (`asked`), or an article (of `search`) answered it."""
    visitor = _bearer(request)
    if visitor is None:
        return _answer({"error": "unknown_visitor"}, status=401)
    if wait := limiter.search(visitor=visitor, address=places.address(request), at=time.monotonic()):
        return _answer({"error": "rate_limited", "retry_after": wait}, status=429)
    now, reader = clock.now(), measuring.reader(visitor.thread)
    if request.POST.get("asked") == "1":
        measuring.asked(readers=(reader, *measuring.readers_of(request)), now=now)
    elif (article := _article(request.POST.get("article", ""))) is not None:
        measuring.opened(mark=request.POST.get("search", ""), article=article, now=now)
        measuring.voted(article=article, reader=reader, helpful=True, now=now)
    return _answer({})


def _article(number: str) -> int | None:
    known = number.isascii() and number.isdecimal() and len(number) <= 12
    return int(number) if known and suggest.published([int(number)], among=library.current()) else None


def _bearer(request: HttpRequest) -> Visitor | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return visitors.read(token.strip()) if scheme.lower() == "bearer" else None


def _locale(request: HttpRequest) -> str:
    wanted = request.POST.get("locale", "")
    return wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _answer(content: dict[str, object], *, status: int = 200) -> JsonResponse:
    response = JsonResponse(content, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
