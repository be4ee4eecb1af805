"""The secure page: what documents staff ask for, handing them in, and who has opened them."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trustdesk.conversations import public, requests
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.proof import Proof
from trustdesk.portal import lines, signin, wording
from trustdesk.portal.cases import owned
from trustdesk.seams import clock

PICTURES = "image/jpeg,image/png,image/webp"


@require_http_methods(["GET", "HEAD", "POST"])
@owned
def documents(request: HttpRequest, visitor: Visitor, view: public.CaseView) -> HttpResponse:
    """Show the page; put pictures of one kind there (`kind`), take them back (`remove`), or hand all in (`hand_in`)."""
    if request.method != "POST":
        return _page(request, visitor, view)
    if seconds := signin.too_fast(request, visitor):
        return signin.slowed(_page(request, visitor, view, error=wording.too_fast()), seconds)
    kind = request.POST.get("kind", "")
    try:
        return _done(request, visitor, view, kind)
    except requests.NotTaken as refused:
        error = _refused(refused.code)
        status = 503 if refused.code == "busy" else 422
        return _page(request, visitor, view, error=error, wrong=kind, status=status)
    except requests.UnableToAct as refused:
        if refused.code == "proof":
            return redirect(_proof_page(view))
        return _page(request, visitor, view, error=_unable(refused.code), status=409)


def _done(request: HttpRequest, visitor: Visitor, view: public.CaseView, kind: str) -> HttpResponse:
    here, now = redirect("portal:documents", reference=view.case.reference), clock.now()
    if "hand_in" in request.POST:
        requests.hand_in_documents(visitor=visitor, reference=view.case.reference, now=now)
        messages.success(request, _("Thank you: your documents are handed in."))
        return here
    if "remove" in request.POST:
        requests.remove_document(visitor=visitor, reference=view.case.reference, kind=kind, now=now)
        return here
    files = [one for one in request.FILES.getlist("files") if isinstance(one, UploadedFile)]
    if not files:
        return _page(request, visitor, view, error=_("Please choose a picture first."), wrong=kind, status=422)
    requests.keep_document(visitor=visitor, reference=view.case.reference, kind=kind, files=files, now=now)
    return here


def _page(
    request: HttpRequest,
    visitor: Visitor,
    view: public.CaseView,
    *,
    error: str = "",
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    papers = public.papers(visitor=visitor, case_id=view.case.id, locale=get_language() or "en", now=now)
    asked = papers.open if view.case.status != "closed" else None
    context = {
        "case": view.case,
        "asked": asked,
        "complete": asked is not None and all(one.received for one in asked.wanted),
        "earlier": [one for one in papers.asked if one is not asked],
        "proved": papers.held >= papers.needed,
        # A signed session or second factor is needed, and only who comes from the exchange can have either.
        "from_exchange": papers.needed > Proof.CONTACT and not visitor.known,
        "level": lines.level(int(papers.needed)),
        "proof_page": _proof_page(view),
        "error": error,
        "wrong": wrong,
        "pictures": PICTURES,
        "limit": filesizeformat(requests.DOCUMENT_BYTES),
        "most": requests.MOST_DOCUMENTS,
        "kept_days": requests.DOCUMENTS_KEPT.days,
        "unfinished_days": requests.DOCUMENTS_UNFINISHED.days,
    }
    return signin.page(request, "portal/documents.html", context, status=status)


def _proof_page(view: public.CaseView) -> str:
    return f"{reverse('portal:proof', args=[view.case.reference])}?then=documents"


def _refused(code: str) -> str:
    words = {
        "too_big": _("This file is too large: at most {limit}. Nothing of it was kept."),
        "no_picture": _("This is no JPEG, PNG or WebP picture that we can open. Nothing of it was kept."),
        "too_complex": _("This picture is too large to be made safe. Take a smaller one. Nothing of it was kept."),
        "too_many": _("These are too many files: at most {most} in all. Nothing of them was kept."),
        "busy": _("Many pictures come in at this moment. Please try again in a minute."),
    }
    return words[code].format(limit=filesizeformat(requests.DOCUMENT_BYTES), most=requests.MOST_DOCUMENTS)


def _unable(code: str) -> str:
    words = {
        "incomplete": _("Something is still missing. Add a picture of each kind first."),
        "closed": _("This case is closed, so nothing can be handed in any more."),
        "not_asked": _("We are not waiting for documents here: they were handed in already, or are not needed any more."),
    }
    return words.get(code) or _("That did not work. Please try again.")
