"""The page of the mailboxes, for leads and administrators: the ledger, and the mail that waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from trustdesk.channels import post, sending_dns
from trustdesk.channels.sealing import Unsealable
from trustdesk.conversations import ledger, queries
from trustdesk.desk import mail, mail_lines, mail_wording, writing
from trustdesk.desk.views import seated
from trustdesk.seams import clock
from trustdesk.staff import audit, signin
from trustdesk.staff.permissions import Seat

P = ParamSpec("P")


def looked_after(
    view: Callable[Concatenate[HttpRequest, Seat, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Give a view the seat of who looks after mailboxes; for everybody else there is nothing here."""

    @seated
    @wraps(view)
    def inner(request: HttpRequest, seat: Seat, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not ledger.may_look(seat):
            raise queries.NotFound
        try:
            return view(request, seat, *args, **kwargs)
        except ledger.NotFound:
            raise queries.NotFound from None

    return inner


@require_GET
@looked_after
def page(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Show every mailbox with what became of its mail, and below it what waits for somebody."""
    after = request.GET.get("after", "")
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    now = clock.now()
    return render(
        request,
        "desk/mailboxes.html",
        {
            "boxes": ledger.mailboxes(seat, now=now) if not place else [],
            "halted": ledger.halted(seat, now=now),
            "page": ledger.stuck(seat, after=place),
            "domains": sending_dns.latest() if not place else [],
            "now": now,
        },
    )


@require_POST
@looked_after
def opening(request: HttpRequest, seat: Seat, pk: int) -> HttpResponseBase:
    """Show a mail that is in no case: who looks at it is written down first."""
    one = ledger.find(seat, pk)
    with transaction.atomic():
        audit.record(actor=signin.actor(request), action="mail_opened", target=f"mail:{pk}", data={"why": one.reason})
    try:
        opened = ledger.opened(pk)
    except (LookupError, Unsealable):
        return render(request, "desk/mail_opened.html", {"one": one})
    said = {"said": writing.rich(opened.said), "quoted": writing.rich(opened.quoted)}
    word, why = mail_wording.verdict(opened.verdict)
    vouched = {"verdict": word, "why": why, "tone": mail_lines.TONES.get(opened.verdict, "warning")}
    return render(
        request, "desk/mail_opened.html", {"one": one, "opened": opened, "head": opened.head, **said, **vouched}
    )


@require_GET
@looked_after
def original(request: HttpRequest, seat: Seat, pk: int) -> HttpResponseBase:
    """Hand out the bytes of a mail that waits for somebody."""
    return mail.download(request, ledger.find(seat, pk).id, name=f"mail-{pk}")


@require_POST
@looked_after
def fate(request: HttpRequest, seat: Seat, pk: int) -> HttpResponseBase:
    """Decide what becomes of a mail: read it again, let it become a case, or nothing."""
    to = request.POST.get("to", "")
    if to not in _FATES:
        raise BadRequest("no such fate")
    action, act, done = _FATES[to]
    with transaction.atomic():
        one = ledger.find(seat, pk)
        changed = act(pk)
        if changed:
            audit.record(actor=signin.actor(request), action=action, target=f"mail:{pk}", data={"why": one.reason})
    if changed:
        messages.success(request, done())
    elif one.cut:
        messages.warning(request, _("Only the head of this mail is here: read again, it would be an empty case."))
    else:
        messages.warning(request, _("A colleague has dealt with this mail, or its bytes are gone."))
    return redirect("desk_mailboxes")


@require_POST
@looked_after
def missing(request: HttpRequest, seat: Seat, pk: int) -> HttpResponseBase:
    """Ask a mailbox's server again for what it could not give."""
    with transaction.atomic():
        asked = ledger.ask_again(seat, pk, now=clock.now())
        audit.record(actor=signin.actor(request), action="mail_asked_again", target=f"inbox:{pk}", data={"mails": asked})
    messages.success(request, _("The server is asked for them again now. What it gives appears here within a minute or two."))
    return redirect("desk_mailboxes")


# What can become of it: for the audit, the act, and what is said once it is done.
_FATES: dict[str, tuple[str, Callable[[int], bool], Callable[[], str]]] = {
    "retry": (
        "mail_retried",
        lambda pk: post.again(pk, now=clock.now()),
        lambda: _("The mail is read again now."),
    ),
    "release": (
        "mail_released",
        lambda pk: post.again(pk, now=clock.now(), release=True),
        lambda: _("The mail becomes a case now. Its sender stays unproved."),
    ),
    "dismiss": (
        "mail_dismissed",
        lambda pk: post.dismiss(pk, now=clock.now()),
        lambda: _("The mail is put away and kept for thirty days."),
    ),
}


