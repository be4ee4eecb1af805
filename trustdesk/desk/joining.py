"""Cases that become one, and one that becomes two: what is offered, what is asked, what a colleague decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from trustdesk.conversations import merging, queries, rulebook, splitting
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.models import Conversation
from trustdesk.desk import acts, pages
from trustdesk.desk.views import note_look, seated
from trustdesk.policy.merging import Fate
from trustdesk.seams import clock
from trustdesk.staff import audit, signin
from trustdesk.staff.permissions import Seat

TYPED = 100  # characters of a case number that are looked at


@dataclass(frozen=True, slots=True)
class Target:
    """A case that this one could go on in; `at_once`: nobody else has to agree."""

    case: Conversation
    at_once: bool


@require_GET
@seated
def merge_part(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show which of the customer's other cases this one could go on in."""
    case = queries.find(seat, reference)
    others = queries.targets(seat=seat, case=case)
    offered = [
        Target(other, decision.fate is Fate.AT_ONCE)
        for other, decision in zip(others, merging.judge(case, others), strict=True)
        if decision.fate is not Fate.REFUSED
    ]
    return render(request, "desk/_merge.html", {"case": case, "targets": offered, "most": merging.REASON})


@require_POST
@seated
def merge(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Merge a case into the chosen one, or ask a colleague to agree; a number that is not the agent's to see is as good as none."""
    case = queries.find(seat, reference)
    wanted = request.POST.get("typed", "").strip() or request.POST.get("target", "")
    try:
        target = queries.find(seat, wanted[:TYPED])
    except queries.NotFound:
        return acts.refused(request, case, "no_such_case")
    try:
        fate = _merge(request, seat, case, target)
    except UnableToAct as error:
        return acts.refused(request, case, error.code)
    return _led_to(request, target) if fate is Fate.AT_ONCE else acts.shown(request, seat, reference)


@require_POST
@seated
def decide(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Agree to a merge that a colleague asked for, or not."""
    case = queries.find(seat, reference)
    on, asked = request.POST.get("on", ""), request.POST.get("request", "")
    if on not in ("0", "1"):
        raise BadRequest("neither")
    standing = next((one for one in merging.standing(case) if str(one.pk) == asked), None)
    act, action = (merging.approve, "merge_approved") if on == "1" else (merging.decline, "merge_declined")
    try:
        if standing is None:
            raise UnableToAct("decided")
        with transaction.atomic():
            act(request_id=standing.pk, seat=seat, now=clock.now())
            _write_down(request, standing.source, action, into=standing.target.reference, asked=standing.pk)
    except UnableToAct as error:
        return acts.refused(request, case, error.code)
    return acts.shown(request, seat, reference)


@require_GET
@seated
def merged_part(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show what was said in a case that was merged, inside the one it went into: to who may see it, as if it were opened."""
    case = queries.find(seat, reference)
    note_look(request, seat, case)
    return render(request, "desk/_merged.html", pages.merged(seat, case))


@require_GET
@seated
def split_part(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show the message that is to become a case, and ask what that is about."""
    case = queries.find(seat, reference)
    seq = _seq(request.GET.get("seq", ""))
    at = int((get_language() or "en").startswith("zh"))
    context = {
        "case": case,
        "seq": seq,
        "said": queries.said_at(case, seq=seq),
        "types": [(rule.code, (rule.label, rule.label_zh)[at]) for rule in rulebook.types().values()],
        "most": splitting.SUBJECT,
    }
    return render(request, "desk/_split.html", context)


@require_POST
@seated
def split(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Make a case of one message."""
    case = queries.find(seat, reference)
    seq, code = _seq(request.POST.get("seq", "")), request.POST.get("code", "")
    subject = request.POST.get("subject", "")[: 2 * splitting.SUBJECT]
    try:
        with transaction.atomic():
            begun = splitting.split(
                conversation_id=case.pk, seq=seq, code=code, subject=subject, seat=seat, now=clock.now()
            )
            _write_down(request, case, "case_split", into=begun, seq=seq)
    except UnableToAct as error:
        return acts.refused(request, case, error.code)
    return acts.shown(request, seat, reference)


def _merge(request: HttpRequest, seat: Seat, case: Conversation, target: Conversation) -> Fate:
    reason = request.POST.get("reason", "")[: 2 * merging.REASON]
    with transaction.atomic():
        fate = merging.merge(source_id=case.pk, target_id=target.pk, seat=seat, reason=reason, now=clock.now())
        _write_down(request, case, "case_merged" if fate is Fate.AT_ONCE else "merge_asked", into=target.reference)
    return fate


def _write_down(request: HttpRequest, case: Conversation, action: str, **data: Any) -> None:
    audit.record(actor=signin.actor(request), action=action, target=f"case:{case.reference}", data=data)


def _led_to(request: HttpRequest, case: Conversation) -> HttpResponseBase:
    """Lead the agent to where the case goes on."""
    if "HX-Request" not in request.headers:
        return redirect("desk_case", case.reference)
    return HttpResponse(status=204, headers={"HX-Location": reverse("desk_case", args=[case.reference])})


def _seq(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise BadRequest("not a place in a timeline")
    return int(value)
