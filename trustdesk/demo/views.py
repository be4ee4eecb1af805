"""The start page of a try-out, and the mailbox that shows what the product mailed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trustdesk.channels import mailbox
from trustdesk.channels.listening import listen
from trustdesk.demo import letters as where
from trustdesk.demo.cast import PASSWORD, STAFF
from trustdesk.demo.doors import local_only
from trustdesk.staff.models import Team


@local_only
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show what there is to click."""
    roles = {"admin": _("Administrator"), "lead": _("Team lead"), "agent": _("Agent")}
    teams = {team.slug: team.label(get_language() or "en") for team in Team.objects.all()}
    logins = [
        {
            "name": one.name,
            "mail": one.mail,
            "role": roles[one.role],
            "team": _("All teams") if one.role == "admin" else _(", ").join(teams[team] for team in one.teams),
            "chinese": "zh-hans" in one.languages,
        }
        for one in STAFF
    ]
    return render(
        request,
        "demo/start.html",
        {
            "logins": logins,
            "password": PASSWORD,
            "exchange": settings.EXCHANGE_NAME,
            "mail_in": listen(settings.MAIL_LISTEN),
            "support": settings.DEFAULT_FROM_EMAIL,
        },
    )


@local_only
@require_safe
def exchange_site(request: HttpRequest) -> HttpResponse:
    """Lead to the exchange."""
    return redirect("demo:home")


@local_only
@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    """List the letters, newest first."""
    return render(request, "demo/mailbox.html", _context())


@local_only
@require_safe
def letters_part(request: HttpRequest) -> HttpResponse:
    """Return the list alone, for a page that is open."""
    return render(request, "demo/_letters.html", _context(request.GET.get("open", "")))


@local_only
@require_safe
def letter(request: HttpRequest, name: str) -> HttpResponse:
    """Show one letter beside the list. The name is looked for among the letters there are, never opened as a path."""
    context = _context(name)
    if context["letter"] is None:
        raise Http404
    return render(request, "demo/mailbox.html", context)


def _context(name: str = "") -> dict[str, Any]:
    folder = where.folder()
    found = mailbox.read(folder) if folder else []
    return {
        "letters": found,
        "letter": next((one for one in found if one.name == name), None),
        "real_mail": folder is None,
    }
