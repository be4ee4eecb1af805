"""Who sits at a chat window: a signed token that names one handle, given out by us and brought back by the page."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from trustdesk.customers.models import Handle
from trustdesk.policy import proof
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock

ANONYMOUS_LASTS = timedelta(days=30)
SESSION_LASTS = timedelta(hours=12)  # reading one's own chat; the proof for account matters ends much earlier
COOKIE = "trustdesk_customer"
_SALT = "trustdesk.customers.visitors"
_PROVES: Mapping[str, Proof] = {Handle.Kind.UID: Proof.SESSION, Handle.Kind.MAIL: Proof.CONTACT}
_HOW: Mapping[str, str] = {Handle.Kind.UID: "session", Handle.Kind.MAIL: "mail_code"}


@dataclass(frozen=True, slots=True)
class Visitor:
    """One customer at a chat window. `known`: the exchange's signed session said who it is."""

    kind: str
    value: str
    name: str = ""
    proof_until: datetime | None = None  # what he proved counts until then
    mail: str = ""  # the address he proved, or the registered one as the exchange's session named it

    @property
    def known(self) -> bool:
        """Whether the exchange vouched for this visitor."""
        return self.kind == Handle.Kind.UID

    @property
    def proved(self) -> bool:
        """Whether we know that the address or account is his, rather than only typed."""
        return self.kind in _PROVES

    @property
    def proof_how(self) -> str:
        """How he proved it."""
        return _HOW.get(self.kind, "")

    @property
    def thread(self) -> str:
        """The outside thread of the chat inbox: one current chat for each visitor."""
        return f"{self.kind}:{self.value}"

    def proof_at(self, now: datetime) -> Proof:
        """The level this visitor brings along by himself."""
        fresh = self.proof_until is not None and now < self.proof_until
        return _PROVES.get(self.kind, Proof.NOBODY) if fresh else Proof.NOBODY


def anonymous() -> Visitor:
    """Make a visitor nobody has seen before, with 192 random bits for a name."""
    return Visitor(Handle.Kind.VISITOR, secrets.token_urlsafe(24))


def identified(*, uid: str, mail: str, now: datetime) -> Visitor:
    """Make the visitor for a signed session of the exchange that was verified at `now`."""
    return Visitor(Handle.Kind.UID, uid, "", now + proof.lasts(Proof.SESSION), mail)


def addressed(*, mail: str, now: datetime) -> Visitor:
    """Make the visitor who typed a code at `now` that was mailed to this address."""
    return Visitor(Handle.Kind.MAIL, mail, "", now + proof.lasts(Proof.CONTACT), mail)


def from_request(request: HttpRequest) -> Visitor | None:
    """Return who our cookie says is at this page; None without one, or with one that is not ours or too old."""
    found = request.COOKIES.get(COOKIE)
    return read(found) if found else None


def remember(response: HttpResponseBase, visitor: Visitor) -> None:
    """Let the browser bring this visitor along from now on."""
    lasts = SESSION_LASTS if visitor.proved else ANONYMOUS_LASTS
    response.set_cookie(
        COOKIE,
        token(visitor),
        max_age=int(lasts.total_seconds()),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def forget(response: HttpResponseBase) -> None:
    """Sign the visitor out of this browser."""
    response.delete_cookie(COOKIE, samesite="Lax")


def token(visitor: Visitor) -> str:
    """Sign a token for this visitor; that of a known one runs from the signed session on, however often renewed."""
    until = int(visitor.proof_until.timestamp()) if visitor.proof_until else 0
    issued = int(clock.now().timestamp())
    if visitor.proved and until:
        issued = until - int(proof.lasts(_PROVES[visitor.kind]).total_seconds())
    return signing.dumps(
        [visitor.kind, visitor.value, visitor.name, until, visitor.mail, issued], salt=_SALT, compress=False
    )


def read(text: str) -> Visitor | None:
    """Read a token; None when it is not ours or too old."""
    if not 20 <= len(text) <= 2_000:
        return None
    try:
        kind, value, name, until, mail, issued = _fields(signing.loads(text, salt=_SALT))
    except (signing.BadSignature, ValueError):
        return None
    now = clock.now()
    age = now.timestamp() - issued
    if not -60 <= age <= (SESSION_LASTS if kind in _PROVES else ANONYMOUS_LASTS).total_seconds():
        return None
    return Visitor(kind, value, name, datetime.fromtimestamp(until, now.tzinfo) if until else None, mail)


def _fields(value: Any) -> tuple[str, str, str, int, str, int]:
    kind, handle, name, until, mail, issued = value
    if kind not in (Handle.Kind.VISITOR, *_PROVES):
        raise ValueError(kind)
    return str(kind), str(handle), str(name), int(until), str(mail), int(issued)
