"""The anti-phishing phrase that the customer's own mails carry: he sets it here, and sees it nowhere but in his mailbox."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trustdesk.conversations import requests
from trustdesk.customers import phrases, visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.portal import signin, wording
from trustdesk.seams import clock

HERE = "/cases/phrase/"


@require_http_methods(["GET", "HEAD", "POST"])
def phrase(request: HttpRequest) -> HttpResponse:
    """Set or change the phrase of the address one is signed in with."""
    visitor = visitors.from_request(request)
    if visitor is None or not visitor.proved:
        return redirect(signin.to_sign_in(HERE))
    if request.method != "POST":
        return _page(request, visitor)
    if seconds := signin.too_fast(request, visitor):
        response = _page(request, visitor, error=wording.too_fast(), status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    try:
        phrases.keep(visitor=visitor, phrase=request.POST.get("phrase", "")[:200], now=clock.now())
    except phrases.UnableToKeep as refused:
        status = 403 if refused.code in ("proof", "no_mail") else 422
        return _page(request, visitor, error=_worded(refused.code), status=status)
    messages.success(request, _("Your phrase is set. A mail that says so is on its way to you, with the phrase in it."))
    return redirect("portal:phrase")


def _worded(code: str) -> str:
    words = {
        "short": _("Please take at least {n} characters.").format(n=phrases.SHORTEST),
        "long": _("Please take at most {n} characters.").format(n=phrases.LONGEST),
        "characters": _("Please take letters, digits, signs and blanks only."),
        "secret": _("This looks like a password, key or seed phrase. Take words that open nothing."),
        "proof": _("Confirm first that it is you."),
        "no_mail": _("We know no mail address of yours."),
    }
    return words[code]


def _page(request: HttpRequest, visitor: Visitor, *, error: str = "", status: int = 200) -> HttpResponse:
    now = clock.now()
    context = {
        "to": requests.masked_mail(visitor.mail),
        "set_at": phrases.set_at(visitor),
        "may_set": phrases.may_set(visitor, now=now),
        "shortest": phrases.SHORTEST,
        "longest": phrases.LONGEST,
        "again": signin.to_sign_in(HERE),
        "error": error,
    }
    return signin.page(request, "portal/phrase.html", context, status=status)
