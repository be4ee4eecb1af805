"""Following a page by mail: the form, confirming, and stopping. Everybody gets the same answer for every address."""

from __future__ import annotations

import time

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from trustdesk.customers import limits, places
from trustdesk.customers.signin import BadMail
from trustdesk.helpcenter import pages
from trustdesk.knowledge import following, library
from trustdesk.knowledge.library import Node
from trustdesk.knowledge.models import Follow
from trustdesk.seams import clock


@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, language: str, page: int) -> HttpResponse:
    """Ask for the address, and mail a request to confirm there."""
    node = library.current().nodes.get(page)
    if node is None:
        raise Http404
    if request.method != "POST":
        return _sheet(request, node, language, sent=request.GET.get("sent") == "1")
    mail = request.POST.get("mail", "").strip()[:320]
    if seconds := limits.limiter.ask(address=places.address(request), at=time.monotonic()):
        response = _sheet(request, node, language, typed=mail, error=_("Too many tries. Please wait a few minutes."), status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    try:
        following.ask(page=page, mail=mail, locale=language, now=clock.now())
    except BadMail:
        error = _("This is not a mail address. It looks like name@example.com.")
        return _sheet(request, node, language, typed=mail, error=error, status=422)
    return HttpResponseRedirect("?sent=1")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, language: str, token: str) -> HttpResponse:
    """Show one button, and begin to send when it is pressed: a look at a link by a mail server is no confirmation."""
    row = following.confirm(token, now=clock.now()) if request.method == "POST" else following.find(token)
    return _letter_page(request, row, language, what="confirm", done=request.method == "POST" and row is not None)


@csrf_exempt  # a mail program posts here by itself (RFC 8058): the token is all the authority there is
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, language: str, token: str) -> HttpResponse:
    """Show one button, and stop when it, or that of a mail program, is pressed."""
    row = following.find(token)
    if request.method == "POST":
        following.stop(token)
    # The same for a token that is used up: whoever wanted no more mails gets none.
    return _letter_page(request, row, language, what="stop", done=request.method == "POST")


def _sheet(
    request: HttpRequest, node: Node, language: str, *, sent: bool = False, typed: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    context = pages.plain_frame(node, language) | {"sent": sent, "typed": typed, "error": error}
    return render(request, "helpcenter/follow.html", context, status=status)


def _letter_page(request: HttpRequest, row: Follow | None, language: str, *, what: str, done: bool) -> HttpResponse:
    node = library.current().nodes.get(row.page_id) if row else None
    lost = row is None and not done
    context = pages.plain_frame(node, language) | {"what": what, "done": done, "lost": lost}
    return render(request, "helpcenter/letter.html", context, status=410 if lost else 200)
