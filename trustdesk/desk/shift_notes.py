"""The page between two shifts: what the last one left, and what one has at hand when one goes."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from trustdesk.conversations import assignment, queries, shift_notes
from trustdesk.conversations.acting import UnableToAct
from trustdesk.desk import wording
from trustdesk.desk.views import seated
from trustdesk.seams import clock
from trustdesk.staff import audit, signin
from trustdesk.staff.permissions import Seat

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


@require_http_methods(["GET", "POST"])
@seated
def page(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Show the notes of the agent's teams and his own cases, or leave a note."""
    if request.method != "POST":
        return _render(request, seat)
    key, text = request.POST.get("key", ""), request.POST.get("text", "")
    if not _KEY.fullmatch(key):
        raise BadRequest("not from our form")
    try:
        shift_notes.write(seat=seat, team=request.POST.get("team", "")[:64], text=text, key=key, now=clock.now())
    except UnableToAct as error:
        refused = wording.refusal(error.code, most=shift_notes.TEXT)
        return _render(request, seat, status=422, error=refused, typed=text, chosen=request.POST.get("team", ""))
    return redirect("desk_shift_notes")


@require_POST
@seated
def done(_request: HttpRequest, seat: Seat, pk: int) -> HttpResponseBase:
    """Mark a note as done."""
    try:
        shift_notes.finish(seat=seat, note_id=pk, now=clock.now())
    except UnableToAct:
        raise queries.NotFound from None
    return redirect("desk_shift_notes")


@require_POST
@seated
def hand_over(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Hand all own cases whose customers wait to a colleague (`to`, an agent's id), or back to their teams (nobody)."""
    to = request.POST.get("to", "")
    if to != "nobody" and not (to.isascii() and to.isdigit() and len(to) < 10):
        raise BadRequest("nobody of that name")
    receiver = None if to == "nobody" else int(to)
    handed = kept = 0
    for case in shift_notes.held(seat):
        if case.waiting_since is None:
            continue
        try:
            with transaction.atomic():
                assignment.assign(conversation_id=case.pk, to=receiver, seat=seat, now=clock.now())
                target, data = f"case:{case.reference}", {"to": receiver}
                audit.record(actor=signin.actor(request), action="case_assigned", target=target, data=data)
            handed += 1
        except UnableToAct:  # of a team the colleague is not in, or over meanwhile
            kept += 1
    said = ngettext("%(n)s case handed over.", "%(n)s cases handed over.", handed) % {"n": handed}
    if kept:
        said += " " + gettext("Still with you: %(n)s. They are over meanwhile, or of teams your colleague is not in.") % {"n": kept}
    messages.add_message(request, messages.WARNING if kept else messages.SUCCESS, said)
    return redirect("desk_shift_notes")


def _render(request: HttpRequest, seat: Seat, *, status: int = 200, **more: Any) -> HttpResponseBase:
    shown, read, cases = shift_notes.notes(seat, now=clock.now()), shift_notes.read_upto(seat), shift_notes.held(seat)
    context = {
        "me": seat,
        "teams": shift_notes.teams(seat),
        "notes": [(note, note.pk > read and note.author_id != seat.agent_id and note.done_at is None) for note in shown],
        "cases": cases,
        "waiting": sum(case.waiting_since is not None for case in cases),
        "colleagues": shift_notes.colleagues(cases, seat=seat),
        "key": secrets.token_hex(8),
        "most": shift_notes.TEXT,
    }
    answer = render(request, "desk/shift_notes.html", context | more, status=status)
    if shown:
        shift_notes.mark_read(seat, upto=shown[0].pk)
    return answer
