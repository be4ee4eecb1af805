"""Signing in to one's cases: by a code to one's mail address, or with the session the exchange signed."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from trustdesk.conversations import requests
from trustdesk.customers import limits, places, sessions, signin, visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock
from trustdesk.ui import durations

log = logging.getLogger(__name__)

# Where one goes afterwards: pages of ours by their shape, so that no address can lead elsewhere.
_PAGES = re.compile(r"/(?:cases|tickets|contact|follow)/[A-Za-z0-9_/-]{0,120}")
_STARTED = f"{'__Host-' if settings.HTTPS else ''}trustdesk-signin"  # the address a code was sent to, meanwhile
_STARTED_LASTS = timedelta(minutes=15)
_SALT = "trustdesk.portal.signin"
_WEB_VIEW = ("", "none", "same-origin")  # Sec-Fetch-Site of a page an app opened by itself


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask for the mail address and send a code there; known and unknown addresses are answered alike."""
    then = _page(request.POST.get("then", request.GET.get("then", "")))
    if request.method == "POST":
        return _send(request, mail=request.POST.get("mail", "").strip(), then=then)
    return page(request, "portal/signin.html", {"then": then})


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that was mailed, and sign in with it."""
    begun = _begun(request)
    if begun is None:
        return redirect("portal:signin")
    mail, then = begun
    if request.method != "POST":
        return _code_page(request, mail)
    if "again" in request.POST:
        return _send(request, mail=mail, then=then)
    try:
        visitor = signin.check_code(
            mail=mail, code=request.POST.get("code", "")[:20], address=places.address(request), now=clock.now()
        )
    except signin.TooMany as refused:
        return _too_many(_code_page(request, mail, error=_wait(refused.retry_after)), refused.retry_after)
    if visitor is None:
        return _code_page(request, mail, error=_("That code is not right, or no longer valid."), status=422)
    before = visitors.from_request(request)
    if before is not None and not before.proved:
        requests.claim_mail(visitor=before, mail=visitor.mail, now=clock.now())
    return _signed_in(visitor, then)


@csrf_exempt  # it comes from the exchange's app; the signature is what is checked
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Sign in with a session the exchange signed, as its app posts it when it opens a page of ours."""
    if request.method != "POST":
        return redirect("portal:signin")
    if not _from_exchange(request):
        log.warning("signin: a session was posted from another site")
        return page(request, "portal/signin.html", {"then": "/cases/", "refused": True}, status=403)
    try:
        visitor = sessions.visitor(request.POST.get("session", ""), now=clock.now())
    except sessions.SessionRefused as refused:
        log.info("signin: session refused: %s", refused.reason)
        return page(request, "portal/signin.html", {"then": "/cases/", "refused": True}, status=403)
    return _signed_in(visitor, _page(request.POST.get("then", "")))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out of this browser."""
    response = redirect("portal:contact")
    visitors.forget(response)
    response.delete_cookie(_STARTED)
    return response


def page(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page of the portal: with the exchange's name and who is signed in."""
    visitor = visitors.from_request(request)
    frame = {
        "exchange": settings.EXCHANGE_NAME,
        "mail": settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">"),
        "visitor": visitor,
        "me": named(visitor) if visitor is not None and visitor.proved else "",
    }
    return render(request, template, frame | dict(context), status=status)


def named(visitor: Visitor) -> str:
    """Say who is signed in, without writing out the address."""
    return visitor.name or requests.masked_mail(visitor.mail) or f"UID {visitor.value}"


def to_sign_in(then: str) -> str:
    """Return the address of the sign-in page that leads back to a page of ours."""
    return f"/signin/?{urlencode({'then': then})}"


def too_fast(request: HttpRequest, visitor: Visitor, *, opens: bool = False) -> int:
    """Count what this visitor sends, and what strangers of his network open; returns 0, or the seconds to wait."""
    return limits.limiter.wait(visitor=visitor, address=places.address(request), opens=opens, at=time.monotonic())


def typed_too_fast(request: HttpRequest, visitor: Visitor) -> int:
    """Count a look at what this visitor has not sent yet; returns 0, or the seconds to wait."""
    return limits.limiter.type(visitor=visitor, address=places.address(request), at=time.monotonic())


def too_curious(request: HttpRequest) -> int:
    """Count what is asked from one network about cases by number and address; returns 0, or the seconds to wait."""
    return limits.limiter.ask(address=places.address(request), at=time.monotonic())


def too_many_proofs(visitor: Visitor) -> int:
    """Count a step of a proof, which asks the exchange; returns 0, or the seconds to wait."""
    return limits.limiter.prove(visitor=visitor, at=time.monotonic())


def slowed(response: HttpResponse, seconds: float) -> HttpResponse:
    """Return the answer as it is, or, where there are seconds to wait, as one that says so."""
    return _too_many(response, seconds) if seconds else response


def _send(request: HttpRequest, *, mail: str, then: str) -> HttpResponse:
    typed = {"then": then, "typed": mail}
    try:
        signin.send_code(mail=mail[:320], locale=get_language() or "en", address=places.address(request), now=clock.now())
    except signin.BadMail:
        error = _("This is not a mail address. It looks like name@example.com.")
        return page(request, "portal/signin.html", typed | {"error": error}, status=422)
    except signin.TooMany as refused:
        refusal = page(request, "portal/signin.html", typed | {"error": _wait(refused.retry_after)})
        return _too_many(refusal, refused.retry_after)
    response = redirect("portal:signin_code")
    # Not the session: strangers make no rows.
    response.set_cookie(
        _STARTED,
        signing.dumps([mail, then], salt=_SALT),
        max_age=_STARTED_LASTS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def _code_page(request: HttpRequest, mail: str, *, error: str = "", status: int = 200) -> HttpResponse:
    return page(request, "portal/signin_code.html", {"to": requests.masked_mail(mail), "error": error}, status=status)


def _signed_in(visitor: Visitor, then: str) -> HttpResponse:
    response = redirect(then)
    visitors.remember(response, visitor)
    response.delete_cookie(_STARTED)
    return response


def _begun(request: HttpRequest) -> tuple[str, str] | None:
    try:
        mail, then = signing.loads(request.COOKIES.get(_STARTED, ""), salt=_SALT, max_age=_STARTED_LASTS)
    except (signing.BadSignature, ValueError):
        return None
    return str(mail), _page(str(then))


def _page(then: str) -> str:
    return then if _PAGES.fullmatch(then) else "/cases/"


def _from_exchange(request: HttpRequest) -> bool:
    """Say whether the exchange's site or app sent this: another site could sign people in as somebody else."""
    origin = request.headers.get("Origin", "null")
    if origin == "null":
        return request.headers.get("Sec-Fetch-Site", "") in _WEB_VIEW
    own = urlsplit(origin).netloc == request.get_host() or origin == settings.PUBLIC_URL
    return own or origin in settings.EMBED_ORIGINS


def _wait(seconds: float) -> str:
    return _("Too many tries. You can try again in {time}.").format(time=durations.lasting(timedelta(seconds=seconds)))


def _too_many(response: HttpResponse, seconds: float) -> HttpResponse:
    response.status_code = 429
    response.headers["Retry-After"] = str(max(1, round(seconds)))
    return response
