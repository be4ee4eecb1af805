"""Northlight's own site: a foreign page that carries the chat.

Its customers are no users of ours. It signs them in with a cookie of its own and hands the chat a signed session, as a
real exchange does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from trustdesk.demo import market
from trustdesk.demo.cast import sent_from_wallet
from trustdesk.demo.doors import local_only
from trustdesk.exchange import demo as northlight
from trustdesk.exchange.sessions import Key, read_keys
from trustdesk.seams import clock

COOKIE = "northlight"
SIGNED_IN_FOR = timedelta(hours=12)
SESSION_LIFE = timedelta(minutes=5)
_SALT = "trustdesk.demo.exchange"
_LANGUAGES = {"en", "zh-hans"}

# With a context of their own: the desk's "pending" is another one.
STATUSES = {
    "open": (pgettext_lazy("exchange", "Open"), "calm"),
    "partly_filled": (pgettext_lazy("exchange", "Partly filled"), "calm"),
    "filled": (pgettext_lazy("exchange", "Filled"), "good"),
    "cancelled": (pgettext_lazy("exchange", "Cancelled"), "plain"),
    "rejected": (pgettext_lazy("exchange", "Rejected"), "bad"),
    "pending": (pgettext_lazy("exchange", "Pending"), "warn"),
    "confirming": (pgettext_lazy("exchange", "Confirming"), "calm"),
    "credited": (pgettext_lazy("exchange", "Credited"), "good"),
    "review": (pgettext_lazy("exchange", "In review"), "warn"),
    "sent": (pgettext_lazy("exchange", "Sent"), "good"),
    "failed": (pgettext_lazy("exchange", "Failed"), "bad"),
}
SIDES = {"buy": pgettext_lazy("exchange", "Buy"), "sell": pgettext_lazy("exchange", "Sell")}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in on Northlight's site, and the language he reads it in."""

    customer: northlight.Customer
    language: str


@local_only
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the markets; to somebody signed in his assets, to everybody else who he may be."""
    who = _signed_in(request)
    context: dict[str, Any] = {"markets": market.markets()}
    if who:
        context |= {"assets": market.assets(who.customer.uid), "total": market.total(who.customer.uid)}
    else:
        context["customers"] = northlight.CUSTOMERS
    return _page(request, "demo/exchange/home.html", context, who)


@local_only
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """List the customer's orders."""
    who = _signed_in(request)
    if who is None:
        return redirect("demo:home")
    rows = [
        {
            "order": order,
            "side": SIDES[order.side],
            "status": STATUSES[order.status],
            "share": int(100 * order.filled / order.quantity),
        }
        for order in northlight.orders(who.customer.uid, now=clock.now())
    ]
    return _page(request, "demo/exchange/orders.html", {"rows": rows}, who)


@local_only
@require_safe
def transfers(request: HttpRequest) -> HttpResponse:
    """List the customer's deposits and withdrawals, and what his own wallet says it sent."""
    who = _signed_in(request)
    if who is None:
        return redirect("demo:home")
    uid, now = who.customer.uid, clock.now()
    context = {
        "deposits": [{"transfer": one, "status": STATUSES[one.status]} for one in northlight.deposits(uid, now=now)],
        "withdrawals": [
            {"transfer": one, "status": STATUSES[one.status]} for one in northlight.withdrawals(uid, now=now)
        ],
        "wallet": sent_from_wallet(uid, now=now),
    }
    return _page(request, "demo/exchange/transfers.html", context, who)


@local_only
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the invented customers; his language comes along."""
    customer = _customer(request.POST.get("uid", ""))
    response = redirect("demo:home")
    if customer:
        _remember(response, SignedIn(customer, customer.locale))
    return response


@local_only
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out; the page that follows tells the chat to forget the customer too."""
    response = redirect("demo:home")
    response.delete_cookie(COOKIE, path="/demo/exchange/")
    return response


@local_only
@require_safe
def session(request: HttpRequest) -> HttpResponse:
    """Hand out a fresh signed session for the chat: {token, seconds}; 401 to nobody signed in."""
    who, key = _signed_in(request), _signing_key()
    if who is None:
        return JsonResponse({"error": "signed_out"}, status=401)
    if key is None:
        return JsonResponse({"error": "no_signing_key"}, status=503)
    token = northlight.sign_session(
        who.customer.uid, now=clock.now(), key=key, audience=settings.EXCHANGE_AUDIENCE, lifetime=SESSION_LIFE
    )
    return JsonResponse({"token": token, "seconds": int(SESSION_LIFE.total_seconds())})


@local_only
@require_safe
def code(request: HttpRequest) -> HttpResponse:
    """Play the customer's phone: {code, seconds} of the authenticator, code "" for one who has none."""
    who = _signed_in(request)
    if who is None:
        return JsonResponse({"error": "signed_out"}, status=401)
    return JsonResponse(_phone(who))


def _page(request: HttpRequest, template: str, context: Mapping[str, Any], who: SignedIn | None) -> HttpResponse:
    """Render in the customer's own language, unless he has just chosen another one."""
    chosen = request.GET.get("lang", "") in _LANGUAGES
    language = who.language if who and not chosen else translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        response = render(
            request,
            template,
            {
                **context,
                "who": who.customer if who else None,
                "phone": _phone(who) if who else None,
                "exchange": northlight.NAME,
            },
        )
    response.headers["Content-Language"] = language
    if who and chosen:
        _remember(response, SignedIn(who.customer, language))
    return response


def _phone(who: SignedIn) -> dict[str, object]:
    now = clock.now()
    return {"code": northlight.current_code(who.customer.uid, now=now), "seconds": 30 - int(now.timestamp()) % 30}


def _signed_in(request: HttpRequest) -> SignedIn | None:
    try:
        value = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=SIGNED_IN_FOR)
    except signing.BadSignature:  # too old, or not ours
        return None
    uid, _colon, language = str(value).partition(":")
    customer = _customer(uid)
    return SignedIn(customer, language if language in _LANGUAGES else customer.locale) if customer else None


def _remember(response: HttpResponse, who: SignedIn) -> None:
    response.set_signed_cookie(
        COOKIE,
        f"{who.customer.uid}:{who.language}",
        salt=_SALT,
        max_age=SIGNED_IN_FOR,
        path="/demo/exchange/",
        httponly=True,
        samesite="Lax",
    )


def _customer(uid: str) -> northlight.Customer | None:
    return next((customer for customer in northlight.CUSTOMERS if customer.uid == uid), None)


def _signing_key() -> Key | None:
    """Return the shared secret sessions are signed with; None where only public keys are set."""
    return next((key for key in read_keys(settings.EXCHANGE_SESSION_KEY) if key.algorithm == "HS256"), None)
