"""Opening a ticket: choosing what it is about, the form, and what one is told after sending.

Every page works without JavaScript. Files are stored as soon as they come, so that a form sent back for correction has
lost nothing; the case is made last, in one step, or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trustdesk.conversations import public, requests
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.knowledge.offering import NOTHING, Offer
from trustdesk.policy import reference as case_number
from trustdesk.policy.forms import Problem
from trustdesk.portal import answers, filling, signin, uploads, wording
from trustdesk.portal.filling import Filling
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.seams import clock

EMERGENCY = "hacked"  # the type that goes before all others
_TO_MEND = (409, 422)  # a form that comes back to be looked at once more
_UPLOAD_STATUS = {"ticket_used": 409, "too_big": 413, "type_refused": 415, "quota": 429, "busy": 503}


@require_safe
def types(request: HttpRequest) -> HttpResponse:
    """Let the visitor choose what it is about."""
    offered = public.request_types(locale=_locale())
    code = request.GET.get("type", "")
    if any(one.code == code for one in offered):
        return redirect("portal:ticket_new", code=code)
    urgent = next((one for one in offered if one.code == EMERGENCY), None)
    return signin.page(request, "portal/ticket_types.html", {"areas": _areas(offered), "urgent": urgent})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Show the form of a type, and take it in."""
    form = _form(code)
    known = visitors.from_request(request)
    visitor = known or visitors.anonymous()
    posted = request.method == "POST"
    came = None if posted else answers.come_from(request)
    blank = filling.blank(form, visitor, about=came.title if came else "")
    response = _take(request, form, visitor) if posted else _sheet(request, blank)
    if known is None:
        visitors.remember(response, visitor)
    return response


@require_safe
def sent(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what happens now with a case that was just sent."""
    visitor, number = visitors.from_request(request), case_number.parse(reference)
    found = public.find_case(visitor, number, locale=_locale(), now=clock.now()) if visitor and number else None
    if found is None:
        raise Http404
    answers.asked(request)  # here and not where it was sent: taking a ticket in waits for nothing else
    facts = found.facts
    context = {
        "facts": facts,
        "case": found.case,
        "title": facts.subject or found.case.topic_label,
        "expected": wording.expected(facts.expected) if facts.expected else "",
        "until": found.case.created_at + facts.expected.high if facts.expected else None,
        "to": requests.masked_mail(facts.mail) if facts.mail else "",
        "added": request.GET.get("added") == "1",
    }
    return signin.page(request, "portal/ticket_sent.html", context)


@require_POST
def check(request: HttpRequest) -> JsonResponse:
    """Judge what is typed so far: problems and hints by field, worded, and which fields apply. Nothing is kept."""
    visitor = _visitor(request)
    if seconds := signin.typed_too_fast(request, visitor):
        return JsonResponse({"error": "rate_limited"}, status=429, headers={"Retry-After": str(seconds)})
    filled = filling.read(request.POST, form=_form(request.POST.get("type", "")), visitor=visitor)
    checked = requests.check_form(filled.form.type.code, filled.answers)
    judged = replace(filled, problems=checked.problems, hints=checked.hints)
    words = {row.field.key: _said(row, checked.problems.get(row.field.key)) for row in filling.rows(judged)}
    return JsonResponse({"asked": list(checked.asked), "fields": words, "text": wording.warning(filled.text)})


@require_POST
def similar(request: HttpRequest) -> HttpResponse:
    """Show the visitor's unfinished cases on the same matter, as a part of the page; 204 where there are none."""
    visitor = _visitor(request)
    if seconds := signin.typed_too_fast(request, visitor):
        return _later(HttpResponse(status=429), seconds)
    filled = filling.read(request.POST, form=_form(request.POST.get("type", "")), visitor=visitor)
    found = _similar(filled)
    return (
        render(request, "portal/_ticket_similar.html", {"similar": found, "early": True})
        if found
        else HttpResponse(status=204)
    )


@require_POST
def files(request: HttpRequest) -> JsonResponse:
    """Store one file of a form that is being written, or a piece of it; answers its key, how much of it is here, or why
    it was not taken."""
    file, known = request.FILES.get("files"), visitors.from_request(request)
    visitor = known or visitors.anonymous()
    at, size = _whole_number(request, "at"), _whole_number(request, "of")
    if not at and (seconds := signin.too_fast(request, visitor, opens=known is None)):
        refusal = {"error": "rate_limited", "text": wording.too_fast()}
        return JsonResponse(refusal, status=429, headers={"Retry-After": str(seconds)})
    whose: dict[str, Any] = {"visitor": visitor, "client_id": request.POST.get("id", "")}
    try:
        if not isinstance(file, UploadedFile):
            raise requests.UploadRefused("incomplete")
        if size is None:
            kept: uploads.Kept | int = uploads.store(file, **whose, locale=_locale(), now=clock.now())
        else:
            kept = uploads.store_piece(file, at=at or 0, size=size, **whose, locale=_locale(), now=clock.now())
    except requests.UploadRefused as refused:
        words = wording.file_refusal(refused.code, most=uploads.MOST)
        return JsonResponse({"error": refused.code, "text": words}, status=_UPLOAD_STATUS.get(refused.code, 400))
    response = JsonResponse({"have": kept}, status=202) if isinstance(kept, int) else _stored(kept)
    if known is None:
        visitors.remember(response, visitor)
    return response


def _stored(kept: uploads.Kept) -> JsonResponse:
    answer = {"file": kept.key, "name": kept.name, "size": kept.size, "state": kept.state, "value": kept.value}
    return JsonResponse(answer | {"notice": kept.notice}, status=201)


def _whole_number(request: HttpRequest, name: str) -> int | None:
    typed = request.POST.get(name, "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 9 else None


def _take(request: HttpRequest, form: public.RequestForm, visitor: Visitor) -> HttpResponse:
    kept, refused = uploads.keep(
        request,
        visitor=visitor,
        before=uploads.carried(request.POST.getlist("file")),
        locale=_locale(),
        now=clock.now(),
    )
    filled = replace(filling.read(request.POST, form=form, visitor=visitor, files=kept), refused_files=refused)
    if refused:
        return _sheet(request, _judged(filled), status=422)
    add = case_number.parse(request.POST.get("add", ""))
    if seconds := signin.too_fast(request, visitor, opens=not add):
        return _later(_sheet(request, _judged(filled), status=429, trouble=wording.too_fast()), seconds)
    try:
        return _add(filled, add) if add else _open(request, filled)
    except requests.FormRefused as reason:
        return _sheet(request, filled.refused(reason.problems), status=422)
    except requests.UnknownFile:
        return _sheet(request, replace(filled, files=()).refused({"files": Problem("unknown_file")}), status=422)
    except Unavailable as reason:
        return _later(_sheet(request, filled, status=503, trouble=wording.unavailable()), reason.retry_after)


def _open(request: HttpRequest, filled: Filling) -> HttpResponse:
    anew = "anew" in request.POST
    try:
        opened = _opened(request, filled, only_new=not anew)
    except requests.SeenBefore:
        found = _similar(filled)
        if found:
            return _sheet(request, filled, status=409, similar=found)
        opened = _opened(request, filled, only_new=False)
    return redirect("portal:ticket_sent", reference=opened.reference)


def _opened(request: HttpRequest, filled: Filling, *, only_new: bool) -> requests.Opened:
    came = answers.come_from(request)
    return requests.open_case(
        visitor=filled.visitor,
        code=filled.form.type.code,
        given=filled.answers,
        text=filled.text,
        subject=filled.subject,
        mail=filled.mail,
        uploads=filled.keys,
        locale=_locale(),
        now=clock.now(),
        identity=filled.identity,
        only_new=only_new,
        read_before=(came.id,) if came else (),
    )


def _add(filled: Filling, reference: str) -> HttpResponse:
    """Add what is on the sheet to a case that exists already."""
    try:
        added = requests.add_message(
            visitor=filled.visitor,
            reference=reference,
            text=filling.as_message(filled),
            uploads=filled.keys,
            identity=filled.identity,
            locale=_locale(),
            now=clock.now(),
        )
    except LookupError:
        raise Http404 from None
    response = redirect("portal:ticket_sent", reference=added.reference)
    response.headers["Location"] += "?added=1"
    return response


def _similar(filled: Filling) -> list[dict[str, Any]]:
    """Find unfinished cases on the same matter – but not the one that this very sheet has become already."""
    found = public.similar_cases(
        filled.visitor,
        code=filled.form.type.code,
        subject=filled.subject,
        text=filled.text,
        given=filled.answers,
    )
    if any(_became(filled, one.reference) for one in found):
        return []
    return [{"case": one, "why": wording.similar(one.why)} for one in found]


def _became(filled: Filling, reference: str) -> bool:
    view = public.find_case(filled.visitor, reference, locale=_locale(), now=clock.now())
    lines = public.entries_after({view.case.id: 0})[view.case.id].lines if view else ()
    return any(line.client_id.endswith(filled.identity) for line in lines)


def _judged(filled: Filling) -> Filling:
    checked = requests.check_form(filled.form.type.code, filled.answers)
    return replace(filled, problems=checked.problems, hints=checked.hints)


def _sheet(
    request: HttpRequest,
    filled: Filling,
    *,
    status: int = 200,
    similar: list[dict[str, Any]] | None = None,
    trouble: str = "",
) -> HttpResponse:
    """Show the form with what was typed."""
    found = public.expected_reply(filled.form.type.code, now=clock.now())
    context = uploads.limits() | {
        "answers": _answers(request, filled) if status in _TO_MEND else NOTHING,
        "came_from": answers.come_from(request),
        "type": filled.form.type,
        "filled": filled,
        "text": filling.shown_text(filled.text),
        "asks": filled.form.text,
        "subject": filling.shown_text(filled.subject),
        "rows": filling.rows(filled),
        "zones": filling.zones(),
        "summary": filling.summary(filled),
        "problems": {key: filling.word(filled, key) for key in ("text", "subject", "mail", "files")},
        "expected": wording.expected(found),
        "expected_why": wording.expected_why(found),
        "similar": similar or [],
        "anew": "anew" in request.POST,
        "emergency": filled.form.type.code == EMERGENCY,
        "trouble": trouble,
        "fresh": request.method != "POST",
    }
    return signin.page(request, "portal/ticket_new.html", context, status=status)


def _answers(request: HttpRequest, filled: Filling) -> Offer:
    """Offer articles with a form that comes back: without scripts that is when there is something to look for."""
    kind = filled.form.type
    return answers.offered(request, code=kind.code, text=filled.text, subject=filled.subject, label=kind.label)


def _later(response: HttpResponse, seconds: int) -> HttpResponse:
    response.headers["Retry-After"] = str(seconds)
    return response


def _areas(offered: list[public.TypeInfo]) -> list[dict[str, Any]]:
    now = clock.now()
    areas: dict[str, list[dict[str, Any]]] = {}
    for one in (one for one in offered if one.code != EMERGENCY):
        expected = wording.expected(public.expected_reply(one.code, now=now))
        areas.setdefault(one.area, []).append({"type": one, "expected": expected})
    return [
        {"code": code, "label": wording.area(code), "icon": wording.area_icon(code), "types": found}
        for code, found in areas.items()
    ]


def _form(code: str) -> public.RequestForm:
    try:
        return public.request_form(code, locale=_locale())
    except LookupError:
        raise Http404 from None


def _visitor(request: HttpRequest) -> Visitor:
    return visitors.from_request(request) or visitors.anonymous()


def _said(row: filling.Row, problem: Problem | None) -> dict[str, str]:
    """Say what a check found of a field; where that is a secret, also what may stay of what was typed."""
    said = {"problem": row.problem, "hint": row.hint, "code": problem.code if problem else ""}
    return said | ({"value": row.value} if said["code"] == "secret" else {})


def _locale() -> str:
    return get_language() or "en"
