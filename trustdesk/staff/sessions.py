"""Staff sessions: Django's database sessions with columns, so that many can be checked in one query.

Set as SESSION_ENGINE. A session ends after half an hour without use or twelve hours after signing in, whichever is
first (ASVS 5.0 7.3; NIST SP 800-63B AAL2): both are in `expire_date`, so every reader of the table agrees.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import constant_time_compare

from trustdesk.seams import clock
from trustdesk.staff.models import Factor, Session

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SIGNED_IN_AT = "staff_signed_in_at"  # session key: Unix time of the sign-in
DEMO = "staff_demo"  # session key: signed in as a demo agent on a loopback address
ENROLLED = "staff_enrolled"  # session key: set up a second factor in this session, and so proved to hold it


class SessionStore(DatabaseStore):
    """The session engine."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return our table instead of Django's."""
        return Session

    def _validate_session_key(self, key: str) -> bool:
        """Take only what could be a key of ours: a quoted cookie may hold what PostgreSQL cannot even look for."""
        return super()._validate_session_key(key) and key.isascii() and key.isalnum()  # type: ignore[misc]

    def get_session_cookie_age(self) -> int:
        """Return the seconds this session may still live from now."""
        signed_in = signed_in_at(self)
        if signed_in is None:
            return int(IDLE.total_seconds())
        left = signed_in + LONGEST - clock.now()
        return max(0, int(min(IDLE, left).total_seconds()))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Make the row, with the columns repeated from `data`."""
        row = cast(Session, super().create_model_instance(data))
        agent_id = data.get(SESSION_KEY)
        row.agent_id = int(agent_id) if agent_id else None
        row.factor = factor_of(data)
        row.auth_hash = data.get(HASH_SESSION_KEY, "")
        row.signed_in_at = signed_in_at(data)
        return row


def signed_in_at(data: Mapping[str, Any] | SessionStore) -> datetime | None:
    """Return when the session's agent signed in; None for somebody who has not."""
    stamp = data.get(SIGNED_IN_AT)
    return datetime.fromtimestamp(stamp, UTC) if stamp else None


def factor_of(data: Mapping[str, Any] | SessionStore) -> Factor:
    """Return which second factor the session's own records show; they are written by allauth at each step."""
    if not data.get(SESSION_KEY) or not data.get(SIGNED_IN_AT):
        return Factor.NONE
    records = data.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
    if data.get(ENROLLED) or any(record.get("method") == "mfa" for record in records):
        return Factor.MFA
    return Factor.DEMO if data.get(DEMO) else Factor.NONE


def login_session_agent(session_key: str) -> int | None:
    """Return the agent signed in with this session, past the second factor and still active; otherwise None."""
    return _signed_in([session_key]).get(session_key)


def sessions_alive(session_keys: Collection[str]) -> set[str]:
    """Return those of the sessions that `login_session_agent` would still accept, in one query."""
    return set(_signed_in(session_keys))


def end_sessions(*, agent_id: int, keep: str | None = None) -> int:
    """End all sessions of an agent, but for the key `keep`; return how many. They stop working at once."""
    rows = Session.objects.filter(agent_id=agent_id)
    return (rows.exclude(session_key=keep) if keep else rows).delete()[0]


def _signed_in(session_keys: Collection[str]) -> dict[str, int]:
    factors = [Factor.MFA, Factor.DEMO] if settings.DEMO else [Factor.MFA]
    rows = Session.objects.filter(
        session_key__in=[key for key in session_keys if key],
        expire_date__gt=clock.now(),
        factor__in=factors,
        agent__is_active=True,
    ).select_related("agent")
    found = {}
    for row in rows:
        agent = row.agent
        if agent is None or (row.factor == Factor.DEMO and not agent.is_demo):
            continue
        # Changes with the password: what Django checks on every request has to hold for a socket too.
        hashes = [agent.get_session_auth_hash(), *agent.get_session_auth_fallback_hash()]
        if any(constant_time_compare(row.auth_hash, known) for known in hashes):
            found[row.session_key] = agent.pk
    return found
