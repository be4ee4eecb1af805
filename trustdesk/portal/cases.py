"""A customer's own cases: the list, one case and what he may do with it.

Whoever a case does not belong to gets one answer, whether there is such a case or not, and is offered to sign in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from trustdesk.conversations import public, requests
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import reference as case_number
from trustdesk.portal import lines, signin, uploads, wording
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.seams import clock

P = ParamSpec("P")

TEXT = 4_000  # characters of one message
CHAT = "/chat/?continue=1"  # where the chat page takes over who is signed in here
_IDENTITY = re.compile(r"[A-Za-z0-9_-]{8,64}")


def owned(
    view: Callable[Concatenate[HttpRequest, Visitor, public.CaseView, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Give a view the case, if it is this visitor's; everybody else's and none are answered alike."""

    @wraps(view)
    def inner(request: HttpRequest, reference: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        visitor = visitors.from_request(request)
        number = case_number.parse(reference)
        found = (
            public.find_case(visitor, number, locale=_locale(), now=clock.now())
            if visitor is not None and number
            else None
        )
        if visitor is None or found is None:
            return _missing(request, number or "")
        return view(request, visitor, found, *args, **kwargs)

    return inner


def posted(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a view be posted to; who comes back to its address by himself, as after a refusal, is led to the case."""

    @wraps(view)
    @require_http_methods(["GET", "HEAD", "POST"])
    def inner(request: HttpRequest, reference: str) -> HttpResponseBase:
        if request.method != "POST":
            return redirect("portal:case", reference=reference)
        return view(request, reference)

    return inner


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the visitor's cases on all channels."""
    visitor = visitors.from_request(request)
    if visitor is None:
        return redirect(signin.to_sign_in("/cases/"))
    found = public.cases_of(visitor, locale=_locale())
    over = ("resolved", "closed")
    context = {
        "running": [_row(one) for one in found if one.status not in over],
        "over": [_row(one) for one in found if one.status in over],
    }
    return signin.page(request, "portal/cases.html", context)


@require_safe
@owned
def case(request: HttpRequest, _visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Show a case; what is in it counts as read."""
    return _case_page(request, view)


@require_safe
@owned
def live(request: HttpRequest, _visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Show the part of a case that changes; 204 if it is still what the page has."""
    if request.GET.get("have") == _state(view):
        return HttpResponse(status=204)
    return render(request, "portal/_case_live.html", _shown(view))


@posted
@owned
def replies(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Add a message and files to a case; a closed one is followed by a new one, and that is shown then."""
    typed = _typed(request, visitor)
    if seconds := signin.too_fast(request, visitor):
        response = _case_page(request, view, typed | {"error": wording.too_fast()}, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    if typed["refused_files"]:
        return _case_page(request, view, typed, status=422)
    try:
        added = _add(visitor, view, typed)
    except requests.FormRefused as refused:
        return _case_page(request, view, typed | {"error": _text_error(refused)}, status=422)
    except requests.UnknownFile:
        return _case_page(request, view, typed | {"files": [], "file_error": _refusal("file")}, status=422)
    except Unavailable as refused:
        response = _case_page(request, view, typed | {"error": _refusal("unavailable")}, status=503)
        response.headers["Retry-After"] = str(refused.retry_after)
        return response
    said = _("This case was closed, so your message began a new one.") if added.opened else _("Your message was sent.")
    messages.success(request, said)
    return redirect("portal:case", reference=added.reference)


@posted
@owned
def withdrawal(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Withdraw a case nobody has answered yet."""
    return _act(request, visitor, view, requests.withdraw, _("You withdrew this case."))


@posted
@owned
def closing(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Close a case: it is settled."""
    return _act(request, visitor, view, requests.close, _("The case is closed. Thank you for telling us."))


@posted
@owned
def reopening(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Take a solved case up again; of a closed one the page says that a message begins a new one."""
    return _act(request, visitor, view, requests.reopen, _("The case is open again."))


@posted
@owned
def to_chat(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Go on with this case in the live chat."""
    try:
        requests.to_chat(visitor=visitor, reference=view.case.reference, now=clock.now())
    except requests.UnableToAct as refused:
        return _refuse(request, view, refused.code)
    return redirect(CHAT)


@posted
@owned
def rating(request: HttpRequest, _visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Rate the help with a solved case."""
    score, comment = request.POST.get("score", ""), request.POST.get("comment", "")
    try:
        requests.rate(
            conversation_id=view.case.id,
            score=int(score) if score in ("1", "2", "3", "4", "5") else 0,
            comment=comment[:2_000],
            now=clock.now(),
        )
    except requests.UnableToAct as refused:
        return _refuse(request, view, refused.code)
    messages.success(request, _("Thank you for rating us."))
    return redirect("portal:case", reference=view.case.reference)


@require_safe
@owned
def transcript(_request: HttpRequest, _visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Hand out what was said as a text file."""
    text = requests.render_text(page=public.whole(view.case.id), case=view.case, locale=_locale())
    name = f'attachment; filename="transcript-{view.case.reference}.txt"'
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": name})


@posted
@owned
def transcript_by_mail(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Mail what was said to the address the visitor has proved."""
    registered = visitor.mail if visitor.proof_at(clock.now()) else ""
    try:
        to = requests.mail_transcript(conversation_id=view.case.id, now=clock.now(), registered=registered)
    except requests.UnableToMail:
        messages.warning(request, _("First confirm your mail address: sign in with it again."))
    else:
        messages.success(request, _("Sent to {to}.").format(to=to))
    return redirect("portal:case", reference=view.case.reference)


@require_safe
@owned
def file(request: HttpRequest, visitor: Visitor, view: public.CaseView, key: str) -> HttpResponseBase:
    """Hand out a file of a case: our own pictures for showing, everything else for saving."""
    try:
        found = requests.open_file_in(key=key, conversation_id=view.case.id)
    except requests.NotServed:
        found = None
    if found is None:
        return _missing(request, view.case.reference)
    response = FileResponse(
        found.file, as_attachment=not found.inline, filename=found.name, content_type=found.media_type
    )
    # Were it ever opened as a page, it would be one without scripts, forms and an origin.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _typed(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    """Read a reply that came in. Its files are stored, so that a page shown again has lost nothing."""
    identity = request.POST.get("identity", "")
    before = uploads.carried(request.POST.getlist("file"))
    kept, refused = uploads.keep(request, visitor=visitor, before=before, locale=_locale(), now=clock.now())
    return {
        "text": request.POST.get("text", "").replace("\r\n", "\n"),
        "identity": identity if _IDENTITY.fullmatch(identity) else secrets.token_urlsafe(12),
        "files": kept,
        "refused_files": refused,
    }


def _add(visitor: Visitor, view: public.CaseView, typed: dict[str, Any]) -> requests.Added:
    return requests.add_message(
        visitor=visitor,
        reference=view.case.reference,
        text=typed["text"],
        uploads=tuple(file.key for file in typed["files"]),
        identity=typed["identity"],
        locale=_locale(),
        now=clock.now(),
    )


def _text_error(refused: requests.FormRefused) -> str:
    problem = refused.problems.get("text")
    if problem is None or problem.code == "required":
        return _("Please write something or add a file.")
    return wording.problem(problem)


def _refusal(code: str) -> str:
    words = {
        "file": _("The file is no longer there. Please add it again."),
        "unavailable": _("We cannot do that right now. Please try again in a moment."),
        "answered": _("This case has been answered already, so it cannot be withdrawn. You can close it."),
        "closed": _("This case is closed. Write below to begin a new one."),
        "merged": _("This case goes on in another one. Please write there."),
        "not_yet": _("You can rate our help once the case is solved."),
        "bad_score": _("Please choose 1 to 5 stars."),
    }
    return words.get(code) or _("That did not work. Please try again.")


def _act(
    request: HttpRequest, visitor: Visitor, view: public.CaseView, act: Callable[..., object], said: str
) -> HttpResponse:
    try:
        act(visitor=visitor, reference=view.case.reference, now=clock.now())
    except requests.UnableToAct as refused:
        return _refuse(request, view, refused.code)
    messages.success(request, said)
    return redirect("portal:case", reference=view.case.reference)


def _refuse(request: HttpRequest, view: public.CaseView, code: str) -> HttpResponse:
    messages.warning(request, _refusal(code))
    return redirect("portal:case", reference=view.case.reference)


def _missing(request: HttpRequest, number: str) -> HttpResponse:
    """Answer for a case that is not the visitor's or not there; what he had typed comes along."""
    then = f"/cases/{number}/" if number else "/cases/"
    context = {"then": then, "kept": request.POST.get("text", "")[:TEXT]}
    return signin.page(request, "portal/case_missing.html", context, status=404)


def _case_page(
    request: HttpRequest, view: public.CaseView, typed: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    blank = {"identity": secrets.token_urlsafe(12), "fresh": typed is None}
    context = blank | uploads.limits() | _shown(view) | (typed or {})
    return signin.page(request, "portal/case.html", context, status=status)


def _shown(view: public.CaseView) -> dict[str, Any]:
    now, one = clock.now(), view.case
    page = public.whole(one.id)
    requests.mark_read(conversation_id=one.id, seq=page.upto)
    answered = view.facts.answered_at is not None
    over = one.status in ("resolved", "closed")
    proving = public.open_proving(one.id)
    papers = [line.event for line in page.lines if line.event.startswith("documents_")]
    return {
        "facts": view.facts,
        "case": one,
        "title": view.facts.subject or one.topic_label or one.reference,
        "status": lines.status(one.status),
        "tone": lines.tone(one.status),
        "channel": lines.channel(view.facts.channel),
        "channel_icon": lines.channel_icon(view.facts.channel),
        "steps": lines.progress(one.status, answered=answered),
        "lines": lines.shown(page, unread_after=one.customer_seq),
        "due": lines.due(view, now=now),
        "state": _state(view),
        "over": over,
        "answered": answered,
        "asked": proving is not None and not over,
        "papers": papers[-1:] == ["documents_asked"] and one.status != "closed",
        "vault": bool(papers),
        "answer_to": requests.masked_mail(view.facts.mail),
        "may_withdraw": not (over or answered),
        "level": lines.level(int(one.proof_level)) if one.proof_level else "",
        "scores": range(1, 6),
    }


def _state(view: public.CaseView) -> str:
    one = view.case
    return f"{one.last_seq}.{one.status}.{one.agent != ''}.{_locale()}"


def _row(one: public.CaseLine) -> dict[str, Any]:
    return {
        "case": one,
        "title": one.subject or one.topic_label or one.reference,
        "status": lines.status(one.status),
        "tone": lines.tone(one.status),
        "channel": lines.channel(one.channel),
        "icon": lines.channel_icon(one.channel),
    }


def _locale() -> str:
    return get_language() or "en"
