"""A mail as it was sent: in a frame that can run nothing and load nothing, its pictures through us, its bytes for leads."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from trustdesk.channels import post
from trustdesk.channels.sealing import Unsealable
from trustdesk.conversations import attachments, mail_html, mail_pictures, queries
from trustdesk.conversations.models import Conversation
from trustdesk.desk import pages
from trustdesk.desk.views import seated
from trustdesk.seams import clock
from trustdesk.staff import audit, permissions, signin
from trustdesk.staff.permissions import Action, Seat

PICTURES_LAST = timedelta(minutes=10)  # an address of a picture, once the frame was made
MOST_PICTURES = 60  # of one mail
_SALT = "trustdesk.desk.mail"
# No script, no form, no origin, whatever is in it; links open a page of ours, outside the sandbox.
_FRAME = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self'; "
    "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_FILE = "default-src 'none'; sandbox"


@require_GET
@seated
@xframe_options_sameorigin
def as_sent(request: HttpRequest, seat: Seat, reference: str, seq: int) -> HttpResponseBase:
    """Show a mail with its own looks; with `pictures=1` also what lies on other people's servers, fetched by us."""
    case = queries.find(seat, reference)
    part = queries.mail_part(case, seq=seq)
    if case.assignee_id != seat.agent_id:
        pages.note_look(request, target=f"case:{case.reference}", action="customer_viewed")
    own = frozenset(file.key for file in queries.files_of(case, seq=seq) if file.state == "ready" and file.width)
    pictures = _Pictures(seat, case, own, remote=request.GET.get("pictures") == "1")
    response = render(request, "desk/mail_frame.html", {"mail": mail_html.shown(part.html, at=pictures.at)})
    response.headers["Content-Security-Policy"] = _FRAME
    return response


@require_GET
def picture(request: HttpRequest, token: str) -> HttpResponseBase:
    """Hand out one picture of a mail to the frame it was named for. The frame has no origin, so its requests carry no
    cookie: what lets them in is a name that only we can make, for one agent, one case and a few minutes."""
    try:
        response = _named(token)
    except mail_pictures.UnableToFetch:
        response = HttpResponseNotFound()
    except (queries.NotFound, attachments.NotServed):
        return HttpResponseNotFound()
    response.headers["Content-Security-Policy"] = _FILE
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a frame without an origin is never the same one
    return response


@require_GET
@seated
def original(request: HttpRequest, seat: Seat, reference: str, seq: int) -> HttpResponseBase:
    """Hand out the bytes of a mail as they came, to who leads the case's team. Written down before the first of them goes."""
    case = queries.find(seat, reference)
    part = queries.mail_part(case, seq=seq)
    allowed = permissions.may(seat, Action.MAIL, team_id=case.team_id, assignee_id=case.assignee_id)
    if not allowed or part.payload_id is None:
        raise queries.NotFound
    return download(request, part.payload_id, name=f"{case.reference}-{seq}", case=case.reference)


def download(request: HttpRequest, payload_id: int, *, name: str, **about: str) -> HttpResponse:
    """Write down that somebody fetches the bytes of a mail, then hand them out; raises NotFound where they were shredded."""
    with transaction.atomic():
        target = f"mail:{payload_id}"
        audit.record(actor=signin.actor(request), action="mail_downloaded", target=target, data=about)
    try:
        content = post.content(payload_id)
    except (LookupError, Unsealable):
        raise queries.NotFound from None
    response = HttpResponse(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.eml"'
    response.headers["Content-Security-Policy"] = _FILE
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


class _Pictures:
    """Says from where the pictures of one mail are loaded."""

    def __init__(self, seat: Seat, case: Conversation, own: frozenset[str], *, remote: bool) -> None:
        self._seat, self._case, self._own, self._remote = seat, case, own, remote
        self._named = 0

    def at(self, kind: str, value: str) -> str:
        """Return the address of a picture; "" for one that is not loaded."""
        wanted = (kind == "file" and value in self._own) or (kind == "remote" and self._remote)
        if not wanted or self._named >= MOST_PICTURES:
            return ""
        self._named += 1
        made = int(clock.now().timestamp())
        token = signing.dumps([self._seat.agent_id, self._case.pk, kind, value, made], salt=_SALT, compress=True)
        return reverse("desk_mail_picture", args=[token])


def _named(token: str) -> HttpResponseBase:
    """Return what a name stands for; raises NotFound for one that we did not make, that is old, or whose agent may no
    longer see the case."""
    try:
        agent_id, case_id, kind, value, made = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise queries.NotFound from None
    seat = permissions.seat(agent_id)
    late = clock.now().timestamp() - made > PICTURES_LAST.total_seconds()
    if late or seat is None or not queries.for_agent(seat).filter(pk=case_id).exists():
        raise queries.NotFound
    return _file(seat, value) if kind == "file" else _fetched(value)


def _file(seat: Seat, key: str) -> HttpResponseBase:
    _row, opened = queries.open_file(seat=seat, key=key)
    if not opened.inline:
        opened.file.close()
        raise queries.NotFound
    return FileResponse(opened.file, content_type=opened.media_type)


def _fetched(url: str) -> HttpResponseBase:
    fetched = mail_pictures.fetch(url)
    return HttpResponse(fetched.content, content_type=fetched.media_type)
