"""Our mail addresses, and the ones made for one recipient of one case.

`support+r<token>@…` is where his answers come to, `support+b<token>@…` where a mail that could not be delivered comes back to.
A token holds 130 bits that follow from our secret; the database keeps only its hash, so neither a guess nor a look into the
database opens a case. Local parts are compared in lower case: some servers change it on the way.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import salted_hmac

from trustdesk.channels.models import Inbox, ReplyAddress

FRESH = 5.0  # seconds that the list of our addresses may be old
REVOKED_AFTER = timedelta(days=30)  # since the case was closed: `revoke`
_SALT = "trustdesk.channels.addresses"
_TOKEN = 26  # characters of base32: 130 bits
_MADE = re.compile(r"(?P<local>.+)\+(?P<kind>[rb])(?P<token>[a-z2-7]{26})")

Purpose = ReplyAddress.Purpose


@dataclass(frozen=True, slots=True)
class Ours:
    """One address of ours, and what arrives there is about."""

    inbox_id: int
    address: str  # in lower case
    team_id: int | None
    type_code: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where a recipient leads: our address; `token` if one was made for somebody, `bounce`: for what came back."""

    ours: Ours
    token: str = ""
    bounce: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """All addresses that are or were ours, as read at one moment (monotonic seconds)."""

    at: float
    used: dict[str, Ours]
    retired: dict[str, Ours]  # switched off: open cases are still answered at what was made of them


_read: _Known | None = None


def ours() -> dict[str, Ours]:
    """Return our mail addresses by themselves, a few seconds old at the most; the default one first."""
    return _known().used


def _known() -> _Known:
    return _read if _read is not None and time.monotonic() - _read.at < FRESH else _reread()


def reread() -> dict[str, Ours]:
    """Read our addresses anew; a process that does so every few seconds is never kept waiting by `ours`."""
    return _reread().used


def _reread() -> _Known:
    global _read
    used: dict[str, Ours] = {}
    retired: dict[str, Ours] = {}
    for row in Inbox.objects.filter(kind="email").order_by("id"):
        one = Ours(row.pk, (row.address or default()).lower(), row.team_id, row.type_code)
        (used if row.enabled else retired)[one.address] = one
    _read = _Known(time.monotonic(), used, retired)
    return _read


def of_inbox(inbox_id: int) -> Ours | None:
    """Return the address of an inbox, in use or not; None for one that is no mail address."""
    known = _known()
    return next((one for one in (*known.used.values(), *known.retired.values()) if one.inbox_id == inbox_id), None)


def forget() -> None:
    """Read our addresses anew at the next use."""
    global _read
    _read = None


def default() -> str:
    """Return the address that our own mail comes from unless an inbox says otherwise."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def route(recipient: str) -> Route | None:
    """Say where a recipient leads; None when the address is not ours. Postmaster is, at each of our domains (RFC 5321, 4.5.1).

    Of an address that is switched off, what was made for one recipient goes on: open cases are answered there.
    """
    all_ours, wanted = _known(), recipient.strip().lower()
    known = all_ours.used
    if wanted in known:
        return Route(known[wanted])
    local, _, domain = wanted.rpartition("@")
    made = _MADE.fullmatch(local)
    if made:
        plain = f"{made['local']}@{domain}"
        if found := known.get(plain) or all_ours.retired.get(plain):
            return Route(found, made["token"], bounce=made["kind"] == "b")
    plain = local.partition("+")[0]
    if found := known.get(f"{plain}@{domain}"):
        return Route(found)
    if plain in ("postmaster", "abuse"):
        return next((Route(one) for one in known.values() if one.address.endswith(f"@{domain}")), None)
    return None


def reply_address(
    *, conversation_id: int, recipient: str, ours: str, now: datetime, purpose: Purpose = Purpose.CASE
) -> str:
    """Make (once) the address at which this recipient answers about this case; `ours` is the plain address it belongs to."""
    token = _token(f"{purpose}:{conversation_id}:{recipient.lower()}")
    row = ReplyAddress(
        token_hash=digest(token),
        conversation_id=conversation_id,
        recipient=recipient.lower(),
        purpose=purpose,
        created_at=now,
    )
    ReplyAddress.objects.bulk_create([row], ignore_conflicts=True)
    return _with(ours, f"r{token}")


def bounce_address(*, key: str, ours: str) -> tuple[str, bytes]:
    """Return the return path of the delivery with this key, and the hash by which it is recognised."""
    token = _token(f"bounce:{key}")
    return _with(ours, f"b{token}"), digest(token)


def message_id(*, key: str, ours: str) -> str:
    """Return the Message-ID of the delivery with this key: the same each time, and nobody else's to guess."""
    return f"<{_token(f'message:{key}')}@{ours.rpartition('@')[2]}>"


def folded(mail: str) -> str:
    """Return what all spellings have in common that one mailbox is reached by: no capitals, no tag after a plus sign."""
    local, _, domain = mail.strip().lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def digest(token: str) -> bytes:
    """Return by what a token is found."""
    return hashlib.sha256(token.encode()).digest()


def revoke(*, conversation_ids: list[int], now: datetime) -> int:
    """Make the addresses of these cases worthless: what comes there opens a new case; return how many."""
    return ReplyAddress.objects.filter(conversation_id__in=conversation_ids, revoked_at=None).update(revoked_at=now)


def hand_over(*, of: int, to: int) -> None:
    """Let what comes to the answer addresses of one case go to another: the two became one."""
    ReplyAddress.objects.filter(conversation_id=of, revoked_at=None).update(conversation_id=to)


def _token(name: str) -> str:
    whole = salted_hmac(_SALT, name, algorithm="sha256").digest()
    return base64.b32encode(whole).decode().lower()[:_TOKEN]


def _with(address: str, tag: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}+{tag}@{domain}"
