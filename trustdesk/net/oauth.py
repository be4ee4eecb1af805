"""Tokens for mail servers that take no password (RFC 6749): fetched when needed, kept until shortly before they end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trustdesk.net.http import Http, HttpFailed

_EARLY = 120.0  # seconds before its end that a token is not used any more
_SHORTEST = 30.0  # seconds a token is kept whatever its end, or an odd answer would make us ask for every connection
_CODE = re.compile(r"[a-z_]{1,40}")


class OAuthFailed(Exception):
    """No token. `reason` is a code: ``oauth_`` and the server's own (``invalid_grant``: consent was withdrawn or has
    ended; ``invalid_client``: wrong or expired secret), or one of `HttpFailed`. `permanent`: a person must act."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


@dataclass(frozen=True)
class Grant:
    """What a token is asked for with: a refresh token where there is one (RFC 6749, 6), else the client's own
    credentials (4.4)."""

    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    scope: str = ""


def google(
    *, client_id: str, client_secret: str, refresh_token: str, authority: str = "https://oauth2.googleapis.com"
) -> Grant:
    """Return the grant for Gmail (https://developers.google.com/workspace/gmail/imap/xoauth2-protocol); the scope was
    given when the refresh token was."""
    return Grant(f"{authority}/token", client_id, client_secret, refresh_token)


def microsoft(
    *,
    tenant: str,
    client_id: str,
    client_secret: str,
    refresh_token: str = "",
    authority: str = "https://login.microsoftonline.com",
) -> Grant:
    """Return the grant for Exchange Online, with a person's consent (`refresh_token`) or the application's own rights
    (https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth)."""
    scope = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access" if refresh_token else "https://outlook.office365.com/.default"
    return Grant(f"{authority}/{tenant}/oauth2/v2.0/token", client_id, client_secret, refresh_token, scope)


class OAuth2:
    """A source of access tokens, to be shared by threads. `renewed` is told when the server replaced the refresh token:
    whoever keeps it must keep the new one."""

    def __init__(
        self,
        grant: Grant,
        *,
        http: Http,
        renewed: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grant = grant
        self._http = http
        self._renewed = renewed
        self._clock = clock
        self._refresh = grant.refresh_token
        self._untold = False  # whether nobody keeps the newest refresh token yet
        self._token = ""
        self._until = 0.0
        self._lock = threading.Lock()

    def token(self, *, fresh: bool = False) -> str:
        """Return a token; a new one when `fresh`, because the mail server did not like the last. Raises OAuthFailed, and what
        `renewed` raises."""
        with self._lock:
            if fresh or self._clock() >= self._until:
                self._ask()
            if self._untold and self._renewed:  # tried again where it failed: the one that is kept is good no more
                self._renewed(self._refresh)
                self._untold = False
            return self._token

    def _ask(self) -> None:
        fields = {"client_id": self._grant.client_id, "client_secret": self._grant.client_secret, "scope": self._grant.scope}
        if self._refresh:
            fields |= {"grant_type": "refresh_token", "refresh_token": self._refresh}
        else:
            fields["grant_type"] = "client_credentials"
        try:
            answer = self._http.request(
                "POST", self._grant.token_url, data={name: value for name, value in fields.items() if value}, idempotent=True
            )
            told: Any = answer.json()
        except HttpFailed as failure:
            raise OAuthFailed(f"oauth_{failure.reason}", permanent=failure.permanent) from None
        if answer.status != 200:
            raise OAuthFailed(f"oauth_{_error(told) or answer.status}", permanent=answer.status < 500)
        if not isinstance(told, dict) or not isinstance(told.get("access_token"), str) or not told["access_token"].isprintable():
            raise OAuthFailed("oauth_answer", permanent=False)
        lasts = told.get("expires_in", 3600)
        seconds = float(lasts) if str(lasts).isdigit() else 3600.0  # some servers send it as text
        self._token = told["access_token"]
        self._until = self._clock() + max(seconds - _EARLY, _SHORTEST)
        replaced = told.get("refresh_token")
        if self._refresh and isinstance(replaced, str) and replaced != self._refresh:
            self._refresh, self._untold = replaced, True


def _error(told: Any) -> str:
    """Return the server's error code (RFC 6749, 5.2), or nothing when it is not shaped like one."""
    code = told.get("error") if isinstance(told, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
