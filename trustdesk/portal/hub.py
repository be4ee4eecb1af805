"""客服中心: every way to reach us, what each is for and how it stands right now, and the way that suits what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise as Lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from trustdesk.conversations import public, requests
from trustdesk.customers import visitors
from trustdesk.policy import reference as case_number
from trustdesk.portal import official, signin, wording
from trustdesk.seams import clock
from trustdesk.ui import durations


@dataclass(frozen=True, slots=True)
class Matter:
    """One answer to "What happened?". `ways`, best first: help, chat, mail, official, or the code of a ticket type."""

    choice: Lazy
    heading: Lazy
    text: Lazy
    ways: tuple[str, ...]
    icon: str = "info"
    steps: tuple[Lazy, ...] = ()
    topic: str = ""  # of the chat


MATTERS: Mapping[str, Matter] = {
    "hacked": Matter(
        _("Somebody is in my account"),
        _("Stop it first, then tell us"),
        _("Do these in this order. Each takes a minute, and nobody has to answer you for the first two."),
        ("chat", "hacked"),
        "alert",
        (
            _("Freeze your account: open the exchange's site or app by typing its address yourself, then Security."),
            _("Change your password there, and sign out all other devices."),
            _("Then open the live chat. Such cases go before all others."),
        ),
        "hacked",
    ),
    "deposit": Matter(
        _("A deposit has not arrived"),
        _("Send a ticket with the transaction id"),
        _("With the transaction id, the coin and the network we can look for it at once; the form asks for them."),
        ("deposit_missing", "chat"),
        "download",
        topic="deposit_missing",
    ),
    "withdrawal": Matter(
        _("A withdrawal is late"),
        _("Send a ticket with the withdrawal"),
        _("The form asks for what we need to find it. If it is very urgent, use the live chat."),
        ("withdrawal_delayed", "chat"),
        "upload",
        topic="withdrawal_delayed",
    ),
    "sign_in": Matter(
        _("I cannot sign in"),
        _("Ask in the live chat"),
        _(
            "Most sign-in problems are solved in a few messages. If a proof of identity is needed, you get a secure page."
        ),
        ("chat", "login", "two_factor", "account_frozen"),
        "key",
        topic="login",
    ),
    "order": Matter(
        _("A question about an order"),
        _("Ask in the live chat"),
        _("Have the pair, the order number and the time ready."),
        ("chat", "order"),
        "tag",
        topic="order",
    ),
    "how_to": Matter(
        _("How do I …?"),
        _("Look into the help center"),
        _("It shows step by step how everything is done, with pictures and videos. Not found? Ask in the live chat."),
        ("help", "chat", "how_to"),
        "book",
        topic="how_to",
    ),
    "scam": Matter(
        _("A message or site looks false"),
        _("Check it, then report it"),
        _("Compare it with the list of our channels, and do not answer it. Tell us about it with what you have."),
        ("official", "phishing"),
        "flag",
    ),
    "broken": Matter(
        _("Something does not work"),
        _("Send a ticket with what you saw"),
        _("What you did, what you expected and what happened instead: the form asks for one after the other."),
        ("bug", "api", "site_down", "chat"),
        "settings",
    ),
    "business": Matter(
        _("Partnership, legal, press"),
        _("Write to us in full"),
        _("Each has its own form; with many documents an e-mail is as good. You get a case number either way."),
        ("partner_apply", "agreement", "law_enforcement", "mail"),
        "users",
    ),
    "complaint": Matter(
        _("A complaint or a suggestion"),
        _("Send a ticket"),
        _("Name the earlier case number if there is one. You get a case number and a written answer."),
        ("complaint", "suggestion"),
        "edit",
    ),
}


_PAGES = frozenset({"help", "chat", "mail", "official"})  # ways that always exist


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """Show all channels, and, once the question is answered, the one that suits best."""
    # Who is signed in here is the same person there; a stranger begins as one.
    chat = {"chat": f"{reverse('widget:chat')}?{'continue=1&' if visitors.from_request(request) else ''}"}
    home = {"home": f"/help/{get_language()}/"}
    return signin.page(request, "portal/hub.html", chat | home | _channels() | _steered(request.GET.get("what", "")))


@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Mail how a case stands to the address it is answered at; the answer here is the same for every number and address."""
    if request.method != "POST":
        return signin.page(request, "portal/hub_follow.html", {"sent": request.GET.get("sent") == "1"})
    typed, mail = request.POST.get("reference", ""), request.POST.get("mail", "").strip()
    number, errors = case_number.parse(typed), {}
    if number is None:  # said of the number alone: it does not tell whether there is such a case
        errors["reference"] = _t("This is not a case number. It looks like {example}.").format(example="K7M-4Q2-X9H2")
    if not _is_mail(mail):
        errors["mail"] = _t("This is not a mail address. It looks like name@example.com.")
    if seconds := signin.too_curious(request):
        errors = {"reference": wording.too_fast()}
    if number is None or errors:
        context = {"errors": errors, "typed": typed, "mail_typed": mail}
        return signin.slowed(signin.page(request, "portal/hub_follow.html", context, status=422), seconds)
    requests.ask_progress(reference=number, mail=mail)
    return redirect("/follow/?sent=1")


def _channels() -> dict[str, Any]:
    """Read how the channels stand. What is not known is left out, and the page says so."""
    now = public.hub(now=clock.now())
    reply = now.reply
    return {
        "open": now.chat_open,
        "waiting": now.chat_waiting,
        "wait": durations.lasting(now.chat_wait) if now.chat_wait is not None else "",
        "reply": durations.between(reply.low, reply.high) if reply is not None else "",
        "learned": reply is not None and reply.learned,
        "sites": [urlsplit(origin).netloc for origin in settings.EMBED_ORIGINS],
        "accounts": official.accounts(),
        "matters": [{"code": code, "matter": one} for code, one in MATTERS.items() if code != "hacked"],
    }


def _steered(code: str) -> dict[str, Any]:
    matter = MATTERS.get(code)
    if matter is None:
        return {"chosen": ""}
    known = {one.code: one.label for one in public.request_types(locale=get_language() or "en")}
    ways = [way for way in matter.ways if way in _PAGES or way in known]
    return {
        "chosen": code,
        "matter": matter,
        "ways": [{"way": way, "ticket": known.get(way, "")} for way in ways],
        "emergency": code == "hacked",
    }


def _is_mail(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
