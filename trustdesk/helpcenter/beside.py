"""What stands below an article and is fetched after it, because it changes by the minute or by the reader: whether the
article helped, and how to reach people. Without scripts the vote is a small page, and the choices are plain links."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from trustdesk.conversations import public
from trustdesk.helpcenter import pages
from trustdesk.knowledge import library, measuring
from trustdesk.knowledge.library import Node
from trustdesk.knowledge.models import Vote
from trustdesk.seams import clock
from trustdesk.ui import durations

FRESH = 5.0  # seconds that the state of the channels may be old: every reader of every article asks for it


class _Standing:
    """How the channels stand, read once for many readers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: tuple[float, public.Hub] | None = None

    def now(self) -> public.Hub:
        with self._lock:
            if self._read is None or time.monotonic() - self._read[0] > FRESH:
                self._read = (time.monotonic(), public.hub(now=clock.now()))
            return self._read[1]

    def forget(self) -> None:
        with self._lock:
            self._read = None


standing = _Standing()
SAID = {"thanks": _("Thank you. The editors read this."), "yes": _("Thank you, good to know.")}


@require_safe
def part(request: HttpRequest, language: str) -> HttpResponse:
    """Show the vote and the ways to people below an article."""
    node = _article(request.GET.get("page", ""))
    frame = pages.plain_frame(node, language) | {"live": True, "form_of": pages.form_of(node, language)}
    return render(request, "helpcenter/_beside.html", frame | _choices())


@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, language: str, article: int) -> HttpResponse:
    """Ask whether an article helped, and take in what is said; why not is asked second."""
    node = _article(str(article))
    context: dict[str, Any] = {"node": node, "language_code": language, "reasons": Vote.Reason.choices}
    if request.method != "POST":
        said = SAID.get(request.GET.get("said", ""), "")
        shown = pages.plain_frame(node, language) | context | {"said": said, "helpful": request.GET.get("helpful", "")}
        return render(request, "helpcenter/vote.html", shown)
    part, answer = request.POST.get("part") == "1", request.POST.get("helpful")
    if answer not in ("yes", "no"):
        return HttpResponse(status=400) if part else HttpResponseRedirect("?")  # nothing was said: ask again
    helpful = answer == "yes"
    if not measuring.too_many(request):
        _note(request, node, helpful=helpful)
    asks_why = not helpful and "reason" not in request.POST and "missing" not in request.POST
    if part:
        said = "" if asks_why else SAID["yes" if helpful else "thanks"]
        return render(request, "helpcenter/_vote.html", context | {"asks_why": asks_why, "said": said})
    return HttpResponseRedirect("?helpful=no" if asks_why else f"?said={'yes' if helpful else 'thanks'}")


def _note(request: HttpRequest, node: Node, *, helpful: bool) -> None:
    measuring.voted(
        article=node.id,
        reader=measuring.readers_of(request)[0],
        helpful=helpful,
        reason=request.POST.get("reason", ""),
        missing=request.POST.get("missing", "")[: measuring.LONGEST_MISSING],
        now=clock.now(),
    )


def _choices() -> dict[str, Any]:
    now = standing.now()
    reply = now.reply
    return {
        "open": now.chat_open,
        "waiting": now.chat_waiting,
        "wait": durations.lasting(now.chat_wait) if now.chat_wait is not None else "",
        "reply": durations.between(reply.low, reply.high) if reply is not None else "",
        "learned": reply is not None and reply.learned,
        "ways": pages.contact_ways(),
    }


def _article(number: str) -> Node:
    node = library.current().nodes.get(int(number)) if number.isascii() and number.isdecimal() and len(number) < 19 else None
    if node is None or not node.article:
        raise Http404
    return node
