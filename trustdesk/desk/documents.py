"""Documents of a case, for staff: asking, how many came, and for who may: one at a time, marked, for a reason; deciding."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from trustdesk.conversations import documents, imaging, queries
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.models import Conversation
from trustdesk.desk import acts, wording
from trustdesk.desk.views import seated
from trustdesk.seams import clock
from trustdesk.staff import audit, permissions, signin
from trustdesk.staff.permissions import Action, Seat

_SALT = "trustdesk.desk.documents"
_TYPED = 2_000  # characters of a note that are looked at


@require_http_methods(["GET", "POST"])
@seated
def page(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show what was asked for and what came of it, or ask for documents."""
    case = queries.find(seat, reference)
    if request.method != "POST":
        return render(request, "desk/documents.html", _shown(seat, case))
    kinds = [kind for kind in request.POST.getlist("kinds") if kind in documents.KINDS]
    act = partial(documents.ask, note=request.POST.get("note", "")[:_TYPED])
    return _do(request, seat, case, "documents_asked", act, kinds=kinds)


@require_POST
@seated
def withdrawal(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponseBase:
    """Take a request back."""
    return _do(
        request, seat, queries.find(seat, reference), "documents_withdrawn", documents.withdraw, request_id=pk
    )


@require_POST
@seated
def decision(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponseBase:
    """Accept what was handed in, or decline it with a reason and a note."""
    case = queries.find(seat, reference)
    if not documents.may_open(seat, case):
        raise queries.NotFound
    if request.POST.get("to") == "accept":
        return _do(request, seat, case, "documents_accepted", documents.accept, request_id=pk)
    reason, again = request.POST.get("reason", "")[:16], request.POST.get("again") == "1"
    act = partial(documents.decline, answer=request.POST.get("note", "")[:_TYPED])
    return _do(request, seat, case, "documents_declined", act, request_id=pk, reason=reason, again=again)


@require_POST
@seated
def opening(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponseBase:
    """Open a document: who, which and why is on record, for the audit and for the customer, before the first byte goes."""
    case, now = queries.find(seat, reference), clock.now()
    reason = request.POST.get("reason", "")[:16]
    try:
        with transaction.atomic():
            look = documents.look(seat=seat, case=case, document_id=pk, reason=reason, now=now)
            audit.record(
                actor=signin.actor(request),
                action="document_opened",
                target=f"document:{pk}",
                reason=reason,
                data={"case": case.reference},
            )
    except UnableToAct as refused:
        return _refused(request, seat, case, refused.code)
    token = signing.dumps([look.pk, seat.agent_id, _session(request)], salt=_SALT)
    return render(request, "desk/document.html", {"case": case, "token": token, "kind": look.document.kind})


@require_GET
@seated
def picture(request: HttpRequest, seat: Seat, token: str) -> HttpResponseBase:
    """Hand out the picture of one opening: once, within a minute, to the same agent in the same session."""
    try:
        look_id, agent_id, session = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise queries.NotFound from None
    if (agent_id, session) != (seat.agent_id, _session(request)):
        raise queries.NotFound
    try:
        content = documents.show(seat=seat, look_id=look_id, now=clock.now())
    except imaging.UnableToDecode:  # too much to do at this moment
        return HttpResponse(status=503)
    response = HttpResponse(content, content_type="image/jpeg")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = "inline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _session(request: HttpRequest) -> str:
    return audit.session_mark(request.session.session_key or "")


def _do(
    request: HttpRequest,
    seat: Seat,
    case: Conversation,
    action: str,
    act: Callable[..., None],
    **to: object,
) -> HttpResponseBase:
    """Do one act and write it down, in one transaction; show the page as it is then, or say why it was refused."""
    try:
        with transaction.atomic():
            act(conversation_id=case.pk, seat=seat, now=clock.now(), **to)
            audit.record(actor=signin.actor(request), action=action, target=f"case:{case.reference}", data=to)
    except UnableToAct as refused:
        return _refused(request, seat, case, refused.code)
    messages.success(request, wording.documents_done(action))
    return redirect("desk_documents", case.reference)


def _refused(request: HttpRequest, seat: Seat, case: Conversation, code: str) -> HttpResponseBase:
    acts.note_stopped(request, case, code)
    context = _shown(seat, case) | {"error": wording.refusal(code), "typed": request.POST.get("note", "")[:_TYPED]}
    return render(request, "desk/documents.html", context, status=409)


def _shown(seat: Seat, case: Conversation) -> dict[str, object]:
    found = documents.folders(seat=seat, case=case)
    opens = documents.may_open(seat, case)
    over = case.status == Conversation.Status.CLOSED or case.spam_at is not None
    replies = permissions.may(seat, Action.REPLY, team_id=case.team_id, assignee_id=case.assignee_id)
    return {
        "case": case,
        "folders": found,
        "opens": opens,
        "can_ask": replies and not over and not any(one.open for one in found),
        "can_reply": replies,
        "kinds": documents.KINDS,
        "reasons": documents.REASONS,
        "look_reasons": documents.LOOK_REASONS,
        "most": documents.NOTE,
        "kept_days": documents.KEPT.days,
    }
