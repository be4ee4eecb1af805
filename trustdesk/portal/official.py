"""Which channels are ours, and the check: paste a link, an address, an account or a number and learn whether it is."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise as Lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_http_methods, require_safe

from trustdesk.channels import official as channels
from trustdesk.channels.models import OfficialChannel
from trustdesk.customers import limits, places
from trustdesk.policy.official import LONGEST, Answer, Kind, Verdict
from trustdesk.portal import signin, wording

_KIND: Mapping[str, Lazy] = {
    Kind.SITE: _("Web site"),
    Kind.MAIL: _("Mail address"),
    Kind.PHONE: _("Phone number"),
    Kind.ACCOUNT: _("Account"),
    Kind.WALLET: _("Wallet address"),
}
_OURS: Mapping[str, Lazy] = {
    Kind.SITE: _("This site is ours."),
    Kind.MAIL: _("This is our address: what you write there reaches us."),
    Kind.PHONE: _("This is our number."),
    Kind.ACCOUNT: _("This account is ours."),
}
_NOT_OURS: Mapping[str, Lazy] = {
    Kind.SITE: _("This site is not ours."),
    Kind.MAIL: _("This address is not ours."),
    Kind.PHONE: _("This number is not ours."),
    Kind.ACCOUNT: _("This account is not ours."),
    Kind.WALLET: _("This is a wallet address, and no channel of ours."),
}
# How a look-alike deceives: the codes of `policy.official`.
_HOW: Mapping[str, Lazy] = {
    "within": _("Our address stands in it, but only its end counts: it belongs to whoever owns {owner}."),
    "letters": _("Its letters or digits are chosen to look like those of {like}."),
    "ending": _("It has the same name as {like} with another ending, and another owner."),
    "words": _("It puts our name together with other words. {like} is ours, this is not."),
    "typo": _("It is {like} with a misspelling that is easily overlooked."),
    "elsewhere": _("We have an account of this name on {platforms}, but not here."),
}
_TRICKS: Mapping[str, Lazy] = {
    "name_before_at": _("What stands before the @ is only there to be read: the link leads to {owner}."),
    "alphabet": _("It holds letters of another alphabet. Its real name is {owner}."),
    "hidden": _("It holds characters that cannot be seen."),
    "number": _("It is a bare number instead of a name. We never send such links."),
    "broken": _("No browser can read it as an address, and no address of ours looks like that."),
    "script": _("This is no address but a program for your browser. Do not open it."),
    "invite": _("It is an invitation to a group. Groups of ours are listed below, or do not exist."),
    "post": _("A single post or video does not say whose it is. Check the account it stands under."),
}
_NOTES: Mapping[str, Lazy] = {
    "our_domain": _("It ends like our addresses, but we do not write from it. A sender can be forged."),
    "shared": _("Anybody can put up a page there: the address does not say whose it is."),
    "shortened": _("A short link hides where it leads. Ours are never shortened."),
    "on": _("It is ours on {platforms}. Anywhere else an account of this name is not."),
}
_FORGEABLE: Mapping[str, Lazy] = {
    Kind.MAIL: _("A sender can be forged: trust a mail only if what it says also stands in your chat or case."),
    Kind.PHONE: _("A number on your screen can be forged: if it calls you, hang up and call it yourself."),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What the page says of one thing. `tone`: of its banner; `value` and `end`: the part that counts stands in the end."""

    tone: str
    icon: str
    kind: str
    value: str
    end: str
    title: str
    lines: tuple[str, ...]


@require_http_methods(["GET", "HEAD", "POST"])
def official(request: HttpRequest) -> HttpResponse:
    """List our genuine channels, and judge what was pasted. It is posted, since what stands in an address is logged."""
    if request.method != "POST":
        return _page(request, {})
    if seconds := limits.limiter.check(address=places.address(request), at=time.monotonic()):
        return signin.slowed(_page(request, {"error": wording.too_fast()}), seconds)
    text = request.POST.get("what", "").strip()
    if not text:
        return _page(request, {"error": _t("Paste what you want to check.")}, status=422)
    if len(text) > LONGEST:
        error = _t("That is too long. Paste only the link, the address or the number.")
        return _page(request, {"error": error}, status=422)
    checked = channels.check(text)
    results = [_result(one) for one in checked.verdicts]
    # A secret is not shown again, not even to whoever typed it: he may be sharing his screen.
    typed = "" if checked.secret else text
    shown = {"results": results, "asked": True, "typed": typed, "secret": checked.secret}
    return _page(request, shown | {"doubtful": any(one.tone != "success" for one in results) or checked.secret})


def accounts() -> list[tuple[str, channels.Listed, str]]:
    """Return our accounts on other platforms: the platform's name, the account, what it is for in the reader's language."""
    return [(_platform(one.code), one, _about(one)) for one in channels.listed() if one.channel.platform]


def _etag(request: HttpRequest) -> str:
    return f'"{hashlib.sha256(repr(channels.listed()).encode()).hexdigest()[:32]}"'  # the same in every process


@require_safe
@cache_control(public=True, max_age=60)
@condition(etag_func=_etag)
def machine_readable(request: HttpRequest) -> HttpResponse:
    """List our channels for programs, such as the exchange's own servers and apps."""
    rows = [
        {
            "kind": one.channel.kind,
            "platform": one.channel.platform,
            "value": one.channel.value,
            "link": one.link,
            "about": {"en": one.about, "zh-hans": one.about_zh},
        }
        for one in channels.listed()
    ]
    return JsonResponse({"exchange": settings.EXCHANGE_NAME, "channels": rows})


def _page(request: HttpRequest, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    listed = channels.listed()
    lists = {
        "sites": [one for one in listed if one.code == Kind.SITE],
        "mails": [one for one in listed if one.code == Kind.MAIL],
        "phones": [one for one in listed if one.code == Kind.PHONE],
        "accounts": accounts(),
        "host": urlsplit(settings.PUBLIC_URL).netloc,
        "longest": LONGEST,
    }
    return signin.page(request, "portal/official.html", lists | dict(context), status=status)


def _about(one: channels.Listed) -> str:
    return one.about_zh if (get_language() or "").startswith("zh") else one.about


def _platform(code: str) -> str:
    return str(OfficialChannel.Kind(code).label)


def _result(verdict: Verdict) -> Result:
    asked = verdict.asked
    kind = _platform(asked.platform) if asked.platform else str(_KIND[asked.kind])
    value = verdict.shown or asked.value
    end = verdict.owner if verdict.answer != Answer.OURS and verdict.owner and value.endswith(verdict.owner) else ""
    if verdict.answer == Answer.OURS:
        tone, title = "success", _OURS[asked.kind]
    elif verdict.answer == Answer.LOOKALIKE:
        tone, title = "danger", _("Not ours, and made to look as if it were.")
    else:
        tone, title = "warning", _NOT_OURS[asked.kind]
    icon = "shield-check" if tone == "success" else "alert"
    return Result(tone, icon, kind, value.removesuffix(end), end, str(title), tuple(_lines(verdict)))


def _lines(verdict: Verdict) -> Iterable[str]:
    """Say why, the most telling first."""
    asked = verdict.asked
    words = {
        "like": verdict.like or settings.EXCHANGE_NAME,
        "owner": verdict.owner,
        "platforms": " · ".join(map(_platform, verdict.platforms)),
    }
    how = "elsewhere" if "elsewhere" in verdict.notes else verdict.how
    if how and not (how == "within" and "name_before_at" in asked.tricks):
        yield str(_HOW[how]).format(**words)
    if verdict.answer != Answer.OURS:
        yield from (str(_TRICKS[trick]).format(**words) for trick in asked.tricks if trick in _TRICKS)
    elif "plain_http" in asked.tricks:
        yield _t("But it begins with http://, which anybody on the way can change: open it with https://.")
    yield from (str(_NOTES[note]).format(**words) for note in verdict.notes if note in _NOTES)
    if "forgeable" in verdict.notes:
        yield str(_FORGEABLE[asked.kind])
    if asked.kind == Kind.WALLET:
        yield _t("We send nobody an address to pay to. Yours stand on the deposit page, once you have signed in yourself.")
