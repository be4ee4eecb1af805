"""From where a request comes."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from trustdesk.realtime.socket import client_address


def address(request: HttpRequest) -> str:
    """Return the client's network address, as far as our own proxies vouch for it."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    scope = {
        "client": (request.META.get("REMOTE_ADDR", ""), 0),
        "headers": [(b"x-forwarded-for", forwarded.encode("latin-1", "replace"))] if forwarded else [],
    }
    return client_address(scope, trusted_proxies=settings.TRUSTED_PROXY_COUNT)
