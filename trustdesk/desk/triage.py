"""Giving a case another team, topic or priority: in a dialog, and without scripts on a page of its own."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from trustdesk.conversations import queries, rulebook, triage
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.models import Conversation
from trustdesk.desk import acts, pages, wording
from trustdesk.desk.views import seated
from trustdesk.policy.priority import LOWEST
from trustdesk.seams import clock
from trustdesk.staff import audit, signin
from trustdesk.staff.models import Team
from trustdesk.staff.permissions import Seat

TYPED = 2_000  # characters of a reason that are looked at
_FIELDS = ("team", "code", "priority")


@require_http_methods(["GET", "POST"])
@seated
def page(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show what the case is and could be, or make it that."""
    case = queries.find(seat, reference)
    if request.method != "POST":
        part = "HX-Request" in request.headers
        return render(request, "desk/_triage.html" if part else "desk/triage.html", _shown(seat, case))
    try:
        wanted = _wanted(request)
        with transaction.atomic():
            reason = request.POST.get("reason", "")[:TYPED]
            triage.change(conversation_id=case.pk, seat=seat, now=clock.now(), reason=reason, **wanted)
            if wanted:
                audit.record(
                    actor=signin.actor(request), action="case_triaged", target=f"case:{case.reference}", data=wanted
                )
    except UnableToAct as error:
        if "HX-Request" in request.headers:
            return acts.refused(request, case, error.code)
        context = _shown(seat, case) | {"error": wording.refusal(error.code), "typed": request.POST.get("reason", "")}
        return render(request, "desk/triage.html", context, status=409)
    return acts.shown(request, seat, reference)


def _wanted(request: HttpRequest) -> dict[str, Any]:
    """Read what is to change: only what was chosen anew, for what stands in the other fields a colleague may have changed since."""
    chosen = {name: request.POST.get(name, "")[:64] for name in _FIELDS}
    wanted: dict[str, Any] = {
        name: value for name, value in chosen.items() if value and value != request.POST.get(f"was_{name}", "")
    }
    if "priority" in wanted:
        level = wanted["priority"]
        wanted["priority"] = int(level) if level in map(str, range(LOWEST + 1)) else -1
    return wanted


def _shown(seat: Seat, case: Conversation) -> dict[str, Any]:
    at = int((get_language() or "en").startswith("zh"))
    teams = list(Team.objects.order_by("slug"))
    topics: dict[int, list[tuple[str, str]]] = {team.pk: [] for team in teams}
    for rule in rulebook.types().values():
        topics[rule.team_id].append((rule.code, (rule.label, rule.label_zh)[at]))
    return pages.head(seat, case) | {
        "teams": teams,
        "topics": [(team, topics[team.pk]) for team in teams if topics[team.pk]],
        "levels": range(LOWEST + 1),
        "most": triage.REASON,
    }
