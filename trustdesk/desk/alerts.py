"""The page of alerts, for leads and administrators: which texts of colleagues were stopped, and that somebody sees to it."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from trustdesk.conversations import queries, stopping
from trustdesk.conversations.acting import UnableToAct
from trustdesk.desk import stopped_wording, wording
from trustdesk.desk.views import seated
from trustdesk.seams import clock
from trustdesk.staff import audit, signin
from trustdesk.staff.permissions import Seat


@require_GET
@seated
def page(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """List what was stopped in cases one leads, and nobody has seen to; for everybody else there is nothing here."""
    if not stopping.may_look(seat):
        raise queries.NotFound
    rows = [(row, stopped_wording.asked(row.asked), row.agent_id == seat.agent_id) for row in stopping.alerts(seat)]
    return render(request, "desk/alerts.html", {"rows": rows})


@require_POST
@seated
def seen(request: HttpRequest, seat: Seat, pk: int) -> HttpResponseBase:
    """Take one alert off the list; who did is on record."""
    try:
        with transaction.atomic():
            row = stopping.see_to(stopped_id=pk, seat=seat, now=clock.now())
            audit.record(
                actor=signin.actor(request),
                action="reply_stopped_seen",
                target=f"case:{row.conversation.reference}",
                data={"asked": row.asked, "agent": row.agent_id},
            )
    except UnableToAct as refused:
        if refused.code == "not_found":
            raise queries.NotFound from None
        messages.error(request, wording.refusal(refused.code))
    return redirect("desk_alerts")
