"""Files in and out, entries for clients that poll, and the transcript: plain requests beside the chat's socket.

None of them looks at a cookie. An upload carries its ticket, everything else the visitor's token, so that no other
site can make a browser do it (no CSRF), and a link alone opens nothing.
"""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from trustdesk.conversations import public, requests
from trustdesk.customers import visitors
from trustdesk.realtime.socket import encoded
from trustdesk.seams import clock
from trustdesk.widget import frames

_STATUS = {
    "bad_ticket": 403,
    "ticket_used": 409,
    "incomplete": 400,
    "too_big": 413,
    "type_refused": 415,
    "busy": 429,
}


@csrf_exempt
@require_http_methods(["PUT"])
def upload(request: HttpRequest, key: str) -> HttpResponse:
    """Take the bytes of an announced file, with its ticket."""
    try:
        stored = requests.store_upload(
            key=key,
            ticket=_bearer(request),
            stream=request,
            declared_type=request.content_type or "",
            now=clock.now(),
        )
    except requests.UploadRefused as refused:
        return JsonResponse({"error": refused.code}, status=_STATUS[refused.code])
    return JsonResponse(
        {
            "file": stored.key,
            "state": stored.state,
            "name": stored.name,
            "type": stored.media_type,
            "size": stored.size,
            "width": stored.width,
            "height": stored.height,
        },
        status=201,
    )


@require_GET
def file(request: HttpRequest, key: str) -> HttpResponseBase:
    """Hand out a file to its visitor: our own pictures for showing, everything else for saving."""
    visitor = visitors.read(_bearer(request))
    try:
        found = visitor and requests.open_file(key=key, handle_kind=visitor.kind, handle=visitor.value)
    except requests.NotServed as reason:
        return JsonResponse({"error": reason.code}, status=409)
    if not found:
        return JsonResponse({"error": "unknown_file"}, status=404)
    response = FileResponse(
        found.file, as_attachment=not found.inline, filename=found.name, content_type=found.media_type
    )
    # Were it ever opened as a page, it would be one without scripts, forms and an origin.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """Answer what came after a position, for clients that poll: the same entries as on the socket."""
    visitor = visitors.read(_bearer(request))
    after = request.GET.get("after", "0")
    if visitor is None:
        return JsonResponse({"error": "unknown_visitor"}, status=401)
    if not after.isdecimal() or len(after) > 9:
        return JsonResponse({"error": "bad_frame"}, status=400)
    case = public.current(
        inbox_id=public.chat_inbox(), thread=visitor.thread, locale=get_language() or "en", now=clock.now()
    )
    if case is None:
        return JsonResponse({"error": "no_case"}, status=404)
    page = public.entries_after({case.id: int(after)})[case.id]
    lines = [frames.entry(line) for line in page.lines]
    frame = {"case": case.reference, "epoch": public.epoch(), "after": page.after, "upto": page.upto, "entries": lines}
    return HttpResponse(encoded(frame), content_type="application/json")


@csrf_exempt
@require_POST
def write_down(request: HttpRequest) -> HttpResponse:
    """Show the transcript of the visitor's case, or hand it out as a text file."""
    visitor = visitors.read(request.POST.get("token", ""))
    locale, wanted = get_language() or "en", request.POST.get("case", "")
    case = visitor and requests.find_transcript(
        handle_kind=visitor.kind,
        handle=visitor.value,
        thread=visitor.thread,
        wanted=wanted,
        locale=locale,
        now=clock.now(),
    )
    if not case:
        raise Http404
    page = public.whole(case.id)
    if request.POST.get("as") == "text":
        text = requests.render_text(page=page, case=case, locale=locale)
        name = f'attachment; filename="transcript-{case.reference}.txt"'
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": name})
    return render(
        request, "widget/transcript.html", {"case": case, "rows": requests.transcript_rows(page=page, locale=locale)}
    )


def _bearer(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
