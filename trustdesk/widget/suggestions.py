"""Articles beside the chat's first message. What is typed for them is a search, no message: it is looked for, kept only
with its secrets masked, and nobody at the desk sees it."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from trustdesk.conversations import public
from trustdesk.customers import visitors
from trustdesk.customers.limits import address_of, limiter
from trustdesk.customers.visitors import Visitor
from trustdesk.knowledge import measuring, offering
from trustdesk.seams import clock

LONGEST = 4_000  # characters, as of a message
_LARGEST_ID = 2**63 - 1


@csrf_exempt  # the token in the header says who asks: no other site can send it
@require_POST  # text in an address would stand in every log on the way
def suggestions(request: HttpRequest) -> JsonResponse:
    """Offer up to three articles for what is typed (`text`), or for the topic alone."""
    visitor = _bearer(request)
    if visitor is None:
        return _answer({"error": "unknown_visitor"}, status=401)
    if wait := limiter.search(visitor=visitor, address=address_of(request), at=time.monotonic()):
        return _answer({"error": "rate_limited", "retry_after": wait}, status=429)
    now, locale = clock.now(), _locale(request)
    topic = request.POST.get("topic", "")[:50]
    offer = offering.offer(
        place="chat",
        text=request.POST.get("text", "")[:LONGEST],
        language=locale,
        visitor=measuring.visitor(visitor.thread, now=now),
        request_type=topic,
        matter=dict(public.topics(locale=locale)).get(topic, ""),
        now=now,
    )
    cards = [{"article": one.id, "title": one.title, "summary": one.summary, "url": one.url} for one in offer.articles]
    return _answer({"search": offer.search, "articles": cards})


@csrf_exempt  # as above
@require_POST
def outcome(request: HttpRequest) -> JsonResponse:
    """Note what became of it: an article was opened (`search`, `article`), or people were asked all the same (`asked`)."""
    visitor = _bearer(request)
    if visitor is None:
        return _answer({"error": "unknown_visitor"}, status=401)
    if wait := limiter.search(visitor=visitor, address=address_of(request), at=time.monotonic()):
        return _answer({"error": "rate_limited", "retry_after": wait}, status=429)
    now = clock.now()
    reader = measuring.visitor(visitor.thread, now=now)
    if request.POST.get("asked") == "1":
        measuring.asked(visitor=reader, now=now)
    search, article = _number(request, "search"), _number(request, "article")
    if search and article:
        measuring.opened(search_id=search, article_id=article, visitor=reader, now=now)
    return _answer({})


def _bearer(request: HttpRequest) -> Visitor | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return visitors.read(token.strip()) if scheme.lower() == "bearer" else None


def _locale(request: HttpRequest) -> str:
    wanted = request.POST.get("locale", "")
    return wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _number(request: HttpRequest, name: str) -> int:
    typed = request.POST.get(name, "")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 20 else 0
    return number if number <= _LARGEST_ID else 0


def _answer(content: dict[str, object], *, status: int = 200) -> JsonResponse:
    response = JsonResponse(content, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
