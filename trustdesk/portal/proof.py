"""Proving something to us on a page of ours, never in a message: who one is, and that an address is one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trustdesk.conversations import public, requests
from trustdesk.customers.visitors import Visitor
from trustdesk.portal import lines, signin, wording
from trustdesk.portal.cases import owned
from trustdesk.seams import clock
from trustdesk.ui import durations

MAIL_CODE, SECOND_FACTOR = requests.WAYS


@require_http_methods(["GET", "HEAD", "POST"])
@owned
def proof(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Let the customer prove who he is: start it (`how`), or give the `code`."""
    if request.method != "POST":
        return _page(request, visitor, view)
    if "code" in request.POST:
        return _check(request, visitor, view)
    return _start(request, visitor, view)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm the address a case is answered at. Mail scanners follow links, so it takes a press of a button."""
    if request.method != "POST":
        return signin.page(request, "portal/proof_mail.html", {"token": token})
    address = requests.confirm_mail(token, now=clock.now())
    context = {"address": address or "", "refused": address is None}
    return signin.page(request, "portal/proof_mail.html", context, status=200 if address else 410)


def _start(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    if seconds := signin.too_many_proofs(visitor):
        return signin.slowed(_page(request, visitor, view, error=wording.too_fast()), seconds)
    how, claimed = request.POST.get("how", ""), request.POST.get("account", "").strip()
    uid, claimed = (visitor.value, "") if visitor.known else ("", visitor.mail or claimed)
    if not uid and not claimed:
        error = _("Please enter your registered mail address or UID.")
        return _page(request, visitor, view, error=error, status=422)
    try:
        step = requests.start_proof(
            conversation_id=view.case.id,
            how=how,
            uid=uid,
            claimed=claimed[:320],
            locale=get_language() or "en",
            now=clock.now(),
        )
    except requests.UnableToAct:
        return redirect("portal:case", reference=view.case.reference)  # closed meanwhile
    if step.state in ("code_sent", "enter_factor"):
        return redirect(request.get_full_path())  # with where it leads to
    return _page(request, visitor, view, error=_worded(step), status=429 if step.state == "locked" else 503)


def _check(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    code = "".join(request.POST.get("code", "").split())[:20]
    if not code:
        return _page(request, visitor, view, error=_("Please enter the code."), status=422)
    if seconds := signin.too_many_proofs(visitor):
        return signin.slowed(_page(request, visitor, view, error=wording.too_fast()), seconds)
    step = requests.check_proof(conversation_id=view.case.id, code=code, now=clock.now())
    if step.state == "proved":
        messages.success(request, _("Thank you: we know now that it is you."))
        then = "portal:documents" if request.GET.get("then") == "documents" else "portal:case"
        return redirect(then, reference=view.case.reference)
    return _page(
        request, visitor, view, error=_worded(step), status={"locked": 429, "unavailable": 503}.get(step.state, 422)
    )


def _worded(step: requests.Step) -> str:
    """Say why a step did not succeed."""
    if step.state == "wrong":
        return _("That code is not right. Tries left: {left}").format(left=step.left)
    if step.state == "none":
        return _("This code is no longer valid. Ask for a new one.")
    if step.state == "locked":
        wait = durations.lasting(timedelta(seconds=step.retry_after or 60))
        return _("Too many tries. You can try again in {time}.").format(time=wait)
    return _("We cannot check this right now. Please try again in a few minutes.")


def _page(
    request: HttpRequest, visitor: Visitor, view: public.CaseView, *, error: str = "", status: int = 200
) -> HttpResponse:
    return signin.page(
        request, "portal/proof.html", {"case": view.case, "error": error} | _where(visitor, view.case), status=status
    )


def _where(visitor: Visitor, case: public.Case) -> dict[str, Any]:
    """Say where the proof stands: what was sent, how long it is good, and what is proved already."""
    proving, now = public.open_proving(case.id), clock.now()
    sent = proving is not None and proving.expires_at is not None and proving.expires_at > now
    return {
        "asked": proving is not None and proving.state == "asked",
        "sent": proving if sent else None,
        "factor": sent and proving is not None and proving.how == SECOND_FACTOR,
        "known": visitor.known,
        "claims": not (visitor.known or visitor.mail),  # we have nothing to send a code by: ask for it
        "level": lines.level(int(case.proof_level)) if case.proof_level else "",
        "until": case.proof_until,
        "over": case.status == "closed",
    }
