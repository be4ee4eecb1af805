"""The desk's pages and their parts. Each is loaded through the seat of who asks, read anew with every request."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from trustdesk.conversations import attachments, presence, queries
from trustdesk.conversations.models import Conversation
from trustdesk.desk import pages, writing
from trustdesk.seams import clock
from trustdesk.staff import audit, permissions, signin
from trustdesk.staff.permissions import Seat

P = ParamSpec("P")


def seated(view: Callable[Concatenate[HttpRequest, Seat, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give a view the seat of the agent who asks; what he may not see and what does not exist are answered alike."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        seat = permissions.seat(signin.agent_of(request).pk)
        if seat is None:
            raise PermissionDenied
        try:
            return view(request, seat, *args, **kwargs)
        except queries.NotFound:
            return render(request, "desk/not_found.html", status=404)

    return inner


@require_GET
@seated
def desk(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Show the desk without a case, or (to htmx) one of its parts: the list, the empty place of a case."""
    part = _part(request)
    if part == "case":
        return render(request, "desk/_nothing.html")
    if part == "list":
        return render(request, "desk/_list.html", pages.case_list(request, seat))
    return render(request, "desk/page.html", pages.shell(request, seat))


@require_GET
@seated
def case(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show a case beside the list, or (to htmx) one of the two."""
    found = queries.find(seat, reference)
    part = _part(request)
    if part == "list":
        return render(request, "desk/_list.html", pages.case_list(request, seat) | {"case": found})
    note_look(request, seat, found)
    if part == "case":
        return render(request, "desk/_case.html", pages.one_case(seat, found))
    return render(request, "desk/page.html", pages.shell(request, seat) | pages.one_case(seat, found))


@require_GET
@seated
def list_part(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Show the list anew, as far as it had grown, or its next page."""
    return render(request, "desk/_list.html", pages.case_list(request, seat))


@require_GET
@seated
def timeline_part(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show the lines after a seq (with the head of the case as it is now), or those before one."""
    found, place = queries.find(seat, reference), _place(request)
    context = pages.timeline(seat, found, after=place.get("after", 0), before=place.get("before"))
    return render(request, "desk/_timeline.html", context)


@require_GET
@seated
def panel_part(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show the customer of a case."""
    found = queries.find(seat, reference)
    note_look(request, seat, found)
    return render(request, "desk/_panel.html", pages.panel(seat, found))


@require_GET
@seated
def colleagues_part(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show whom the case can be given to."""
    found = queries.find(seat, reference)
    return render(
        request, "desk/_colleagues.html", {**pages.head(seat, found), "colleagues": queries.colleagues(found)}
    )


@require_GET
@seated
def file(request: HttpRequest, seat: Seat, key: str) -> HttpResponseBase:
    """Hand out a file of a case: our own re-encoded pictures for showing, everything else for saving."""
    try:
        row, opened = queries.open_file(seat=seat, key=key)
    except attachments.NotServed:
        raise queries.NotFound from None
    if row.conversation is not None and row.conversation.assignee_id != seat.agent_id:
        pages.note_look(
            request, target=f"file:{row.pk}", action="file_opened", data={"case": row.conversation.reference}
        )
    return _handed_out(opened)


@require_http_methods(["GET", "POST"])
@seated
def held_file(request: HttpRequest, seat: Seat, key: str) -> HttpResponseBase:
    """Say what is dangerous about a held file, and hand it out to who will examine it all the same: that is on record."""
    row = queries.held_file(seat=seat, key=key)
    case = row.conversation
    if request.method != "POST":
        return render(request, "desk/held_file.html", {"file": row, "case": case})
    with transaction.atomic():  # before the first byte goes
        audit.record(
            actor=signin.actor(request),
            action="held_file_opened",
            target=f"file:{row.pk}",
            data={"case": case.reference if case else "", "why": row.reason},
        )
    return _handed_out(attachments.open_held(row))


def _handed_out(opened: attachments.Opened) -> FileResponse:
    response = FileResponse(
        opened.file, as_attachment=not opened.inline, filename=opened.name, content_type=opened.media_type
    )
    # Were it ever opened as a page, it would be one without scripts, forms and an origin.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@seated
def here(_request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Note that a page of the agent's desk is open which has no connection of its own."""
    presence.seen(agent_ids=[seat.agent_id], now=clock.now())
    return HttpResponse(status=204)


@require_GET
@seated
def leave(request: HttpRequest, _seat: Seat) -> HttpResponseBase:
    """Show where a link in a case really leads, before anybody follows it."""
    to = writing.destination(request.GET.get("to", ""))
    return render(request, "desk/leave.html", {"to": to}, status=200 if to else 400)


def _part(request: HttpRequest) -> str:
    """Return the part of the page that htmx asks for; "" for a page, also when a page left is come back to."""
    target = request.headers.get("HX-Target", "")
    return "" if "HX-History-Restore-Request" in request.headers or target not in ("list", "case") else target


def note_look(request: HttpRequest, seat: Seat, case: Conversation) -> None:
    """Write down that somebody looks at a case that is not his."""
    if case.assignee_id != seat.agent_id:
        pages.note_look(request, target=f"case:{case.reference}", action="customer_viewed")


def _place(request: HttpRequest) -> dict[str, int]:
    """Read `after` or `before` of a timeline; raises BadRequest for what is no seq."""
    for name in ("after", "before"):
        value = request.GET.get(name, "")
        if value:
            if not (value.isascii() and value.isdigit() and len(value) < 10):
                raise BadRequest("not a place in a timeline")
            return {name: int(value)}
    return {}
