"""What agents do to a case: load it through the seat, make one call into the core, show what is now."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import TimeoutError as NotInTime
from contextlib import suppress
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from trustdesk.conversations import asides, assignment, presence, proving, queries, replies, resolution, spam, stopping
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.models import Conversation
from trustdesk.desk import articles, pages, wording
from trustdesk.desk.views import seated
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.seams import clock
from trustdesk.staff import audit, permissions, shifts, signin
from trustdesk.staff.permissions import Seat

TEXT = 10_000  # characters of a reply or note
ADDRESS = 320  # characters of a mail address that are looked at
SOON = 5.0  # seconds a reply may take to be stored
_STATES: dict[str, tuple[str, Callable[..., None]]] = {
    "resolved": ("case_resolved", resolution.resolve),
    "pending": ("case_pending", resolution.pend),
    "open": ("case_reopened", resolution.reopen),
}


class ReplyForm(forms.Form):
    """What the composer sends. `client_id` is made by the page: sending again is harmless. `seen` is the last line read."""

    client_id = forms.RegexField(regex=r"\A[A-Za-z0-9_-]{8,64}\Z")
    kind = forms.ChoiceField(choices=[("reply", _("Reply")), ("note", _("Private note"))])
    text = forms.CharField(strip=False, max_length=TEXT, required=False)
    seen = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    anyway = forms.BooleanField(required=False)

    def clean_text(self) -> str:
        """Refuse what is nothing but blanks, unless articles come with it."""
        text = str(self.cleaned_data["text"])
        if not text.strip() and not self.data.get("articles"):
            raise forms.ValidationError("", code="required")
        return text

    def refusal(self) -> str:
        """Say what is wrong with the text. Raises BadRequest where only a broken page can be the cause."""
        codes = {name: {error.code for error in errors} for name, errors in self.errors.as_data().items()}
        if codes == {"text": {"required"}}:
            return wording.refusal("empty")
        if codes == {"text": {"max_length"}}:
            return wording.refusal("too_long", most=TEXT)
        raise BadRequest("not from our composer")


@require_POST
@seated
def reply(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Send a reply or keep a private note; asks first where somebody wrote what the agent may not have read."""
    case = queries.find(seat, reference)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _unsent(request, seat, case, form.refusal(), status=422)
    said = form.cleaned_data
    note = said["kind"] == "note"
    if not note and not said["anyway"] and (newer := queries.said_since(case, seq=said["seen"], besides=seat.agent_id)):
        return _unsent(request, seat, case, "", newer=newer, status=409)
    try:
        one = replies.Reply(case.pk, seat.agent_id, said["client_id"], said["text"], note, articles.read(request))
        replies.submit(one).result(timeout=SOON)
    except replies.UnableToReply as error:
        return _unsent(request, seat, case, wording.refusal(error.code), status=409)
    except (Unavailable, DatabaseError, NotInTime):
        return _unsent(request, seat, case, wording.refusal("unavailable"), status=503)
    return shown(request, seat, reference)


@require_POST
@seated
def assign(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Take a case (`to` = me), give it to a colleague (an agent's id), or back to the team (nobody)."""
    to = request.POST.get("to", "")
    if to == "me":
        return _do(request, seat, reference, "case_taken", assignment.take)
    if to != "nobody" and not (to.isascii() and to.isdigit() and len(to) < 10):
        raise BadRequest("nobody of that name")
    receiver = None if to == "nobody" else int(to)
    return _do(request, seat, reference, "case_assigned", assignment.assign, to=receiver)


@require_POST
@seated
def state(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Resolve a case, wait for its customer, or open it again."""
    to = request.POST.get("to", "")
    if to not in _STATES:
        raise BadRequest("no such state")
    action, act = _STATES[to]
    return _do(request, seat, reference, action, act)


@require_POST
@seated
def proof(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Ask the customer to prove who they are."""
    return _do(request, seat, reference, "proof_asked", proving.ask)


@require_POST
@seated
def mark_spam(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Put a case with the spam, or bring it back."""
    on = request.POST.get("on", "")
    if on not in ("0", "1"):
        raise BadRequest("neither")
    return _do(
        request, seat, reference, "case_spam" if on == "1" else "case_not_spam", spam.mark if on == "1" else spam.unmark
    )


@require_POST
@seated
def aside(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Ask an outside department by mail; the customer learns nothing of it."""
    recipient = request.POST.get("recipient", "")[:ADDRESS]
    act = partial(asides.ask, recipient=recipient, text=request.POST.get("text", ""))
    # To whom is written down, for it leaves the house; what, is in the timeline.
    return _do(request, seat, reference, "aside_asked", act, noted={"recipient": recipient.strip().lower()})


@require_POST
@seated
def availability(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Take new chats, or be away."""
    available = request.POST.get("on") == "1"
    with transaction.atomic():
        if shifts.set_available(agent_id=seat.agent_id, available=available):
            action = "available" if available else "away"
            audit.record(actor=signin.actor(request), action=action, target=f"agent:{seat.agent_id}")
    if available:
        presence.arrived(agent_id=seat.agent_id, now=clock.now())
    return redirect("desk") if "HX-Request" not in request.headers else HttpResponse(status=204)


def _do(
    request: HttpRequest,
    seat: Seat,
    reference: str,
    action: str,
    act: Callable[..., None],
    *,
    noted: dict[str, object] | None = None,
    **to: Any,
) -> HttpResponseBase:
    """Do one act and write it down (`noted`: with this instead of `to`), in one transaction; show the case as it is then, or
    say why it was refused."""
    case = queries.find(seat, reference)
    try:
        with transaction.atomic():
            act(conversation_id=case.pk, seat=seat, now=clock.now(), **to)
            audit.record(actor=signin.actor(request), action=action, target=f"case:{case.reference}", data=noted or to)
    except UnableToAct as error:
        return refused(request, case, error.code)
    return shown(request, seat, reference)


def refused(request: HttpRequest, case: Conversation, code: str) -> HttpResponseBase:
    """Say why an act was refused."""
    note_stopped(request, case, code)
    context = {"reason": wording.refusal(code, most=TEXT), "case": case}
    return render(request, "desk/_refused.html", context, status=409)


def note_stopped(request: HttpRequest, case: Conversation, code: str) -> None:
    """Where an act was refused because its text asks the customer for a secret, have it on record and told to who leads."""
    seat = permissions.seat(signin.agent_of(request).pk) if stopping.is_reason(code) else None
    if seat is not None:
        with suppress(UnableToAct):  # the case was taken from the agent meanwhile
            stopping.record(conversation_id=case.pk, seat=seat, code=code, now=clock.now(), actor=signin.actor(request))


def shown(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """Show what came after the line the page has, with the head of the case; a page without scripts is loaded anew."""
    scripted = "HX-Request" in request.headers
    try:
        case = queries.find(seat, reference)
    except queries.NotFound:  # handed to where this agent does not look
        return HttpResponse(status=204, headers={"HX-Location": "/desk/"}) if scripted else redirect("desk")
    if not scripted:
        return redirect("desk_case", reference)
    after = request.POST.get("after", "")
    has = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else case.last_seq
    return render(request, "desk/_timeline.html", pages.timeline(seat, case, after=has))


def _unsent(
    request: HttpRequest, seat: Seat, case: Conversation, error: str, *, newer: int = 0, status: int
) -> HttpResponseBase:
    """Say beside the composer why nothing was sent, with everything that was typed."""
    context = {"error": error, "newer": newer, "case": case}
    if "HX-Request" in request.headers:
        return render(request, "desk/_unsent.html", context, status=status)
    typed = {"typed": request.POST.get("text", ""), "typed_kind": request.POST.get("kind", "reply")}
    return render(
        request,
        "desk/page.html",
        pages.shell(request, seat) | pages.one_case(seat, case) | context | typed,
        status=status,
    )
