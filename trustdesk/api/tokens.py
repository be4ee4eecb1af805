"""Bearer tokens: made, recognised, limited in pace, revoked.

A token reads `td_<prefix>_<secret>`: twelve characters to find it by, and 256 random bits of which a hash is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from trustdesk.api import statements
from trustdesk.api.models import ApiToken, Scope

PER_MINUTE = 600  # requests of one token, counted by each process for itself
LASTS = timedelta(days=365)
RECOGNISED_FOR, MOST_RECOGNISED = 1.0, 1_000  # seconds; tokens
NOTED_EVERY = timedelta(hours=1)  # how exactly it is known when a token was last used

_TOKEN = re.compile(r"td_([0-9a-z]{12})_([0-9A-Za-z_-]{43})", re.ASCII)
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NOBODYS = hashlib.sha256(secrets.token_bytes(32)).hexdigest()


@dataclass(frozen=True, slots=True)
class Caller:
    """The system behind a token."""

    token: int
    name: str
    scopes: frozenset[str]
    per_minute: int

    def may(self, scope: Scope) -> bool:
        """Say whether its token has the scope."""
        return scope in self.scopes


_recognised: dict[str, tuple[Caller, float]] = {}  # by the hash of the whole token: until when


def create(
    *, name: str, scopes: Sequence[str], now: datetime, lasts: timedelta = LASTS, per_minute: int = PER_MINUTE
) -> tuple[ApiToken, str]:
    """Make a token; returns its row and the whole token, which nobody can show again. Raises ValueError for bad input."""
    unknown = set(scopes) - set(Scope.values)
    if unknown or not scopes:
        raise ValueError(f"scopes are {', '.join(Scope.values)}")
    if not 1 <= len(name.strip()) <= 80 or not name.isprintable():
        raise ValueError("a name has 1 to 80 characters")
    if lasts <= timedelta(0) or per_minute < 1:
        raise ValueError("a token lasts for some time and may be used now and then")
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        name=name.strip(),
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        per_minute=per_minute,
        created_at=now,
        expires_at=now + lasts,
    )
    return row, f"td_{prefix}_{secret}"


def revoke(prefix: str, *, now: datetime) -> bool:
    """End a token at once; returns whether there is one of this prefix. Doing it again changes nothing."""
    ApiToken.objects.filter(prefix=prefix, revoked_at=None).update(revoked_at=now)
    _recognised.clear()
    return ApiToken.objects.filter(prefix=prefix).exists()


def recognise_soon(token: str, *, now: datetime) -> Caller | None:
    """Return whose token it is, or was within the last second; whoever stores anything for it looks again."""
    name, at = _hash(token), time.monotonic()
    caller, until = _recognised.get(name, (None, 0.0))
    if caller is None or at > until:
        caller = recognise(token, now=now)
        if len(_recognised) >= MOST_RECOGNISED:
            _recognised.clear()
        if caller is not None:
            _recognised[name] = (caller, at + RECOGNISED_FOR)
    return caller


def recognise(token: str, *, now: datetime) -> Caller | None:
    """Return whose token it is; None for an unknown, an expired and a revoked one alike."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    row = statements.one(statements.FIND, (parts[1],))
    genuine = hmac.compare_digest(row.secret_hash if row else _NOBODYS, _hash(parts[2]))
    if row is None or not genuine or row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.last_used_at is None or row.last_used_at < now - NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=row.id).update(last_used_at=now)
    return Caller(row.id, row.name, frozenset(row.scopes), row.per_minute)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Pace:
    """A bucket of requests for each token, refilled all the time; a minute's worth fits in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[int, tuple[float, float]] = {}  # token -> requests left, at

    def wait(self, caller: Caller, *, at: float | None = None) -> int:
        """Take one request out of the bucket at monotonic time `at`; returns 0, or the seconds to wait."""
        at = time.monotonic() if at is None else at
        with self._lock:
            left, since = self._buckets.get(caller.token, (float(caller.per_minute), at))
            left = min(float(caller.per_minute), left + max(0.0, at - since) * caller.per_minute / 60)
            enough = left >= 1
            self._buckets[caller.token] = (left - 1 if enough else left, at)
        return 0 if enough else max(1, round((1 - left) * 60 / caller.per_minute))

    def forget(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._buckets.clear()


pace = Pace()
