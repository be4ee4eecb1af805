"""Mail that a provider brings, and what it tells of ours: proved, stored sealed, and only then called taken.

Nothing is read here but what proves it. Whatever is not proved leaves no row, and nothing of what was posted is logged.
"""

from __future__ import annotations

import logging
from concurrent.futures import TimeoutError as TooSlow
from threading import BoundedSemaphore

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from trustdesk.channels import addresses, amazon_sns, post, provider_hooks
from trustdesk.channels.provider_hooks import Endpoint, Hook
from trustdesk.channels.provider_views import INBOUND, TRACKING
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.seams import clock

# Mailgun posts mail as it came only to an address that ends so.
_ABOUT = {INBOUND: INBOUND, f"{INBOUND}_mime": INBOUND, TRACKING: TRACKING}
MOST = {INBOUND: 40 * 1024 * 1024, TRACKING: 4 * 1024 * 1024}  # bytes; 35 MB is what Postmark may send
LARGE = 2 * 1024 * 1024
_large = BoundedSemaphore(2)  # each is in memory several times until it is stored
WAIT = 10.0  # seconds for one of those
PATIENCE = 25.0  # seconds for the database; providers wait for 15 to 60
_AWAY = (Unavailable, TooSlow, OperationalError, InterfaceError)

log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def take(request: HttpRequest, provider: str, about: str) -> HttpResponse:
    """Take one request of a provider; HEAD is how some look whether there is anybody."""
    endpoint = provider_hooks.find(provider, _ABOUT.get(about, ""))
    if endpoint is None:  # unknown or not set up: the same answer
        return _answer(404)
    if request.method == "HEAD":
        return _answer(200)
    if not endpoint.may_be_theirs(request):
        return _not_theirs(endpoint)
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():  # its end could not be told from the sender's going away
        return _answer(411)
    if int(length) > MOST[endpoint.about]:
        return _answer(413)
    try:
        content = request.read(int(length))
    except UnreadablePostError:  # gone in the middle of it: nobody is left to be told
        return _answer(400)
    if not content or len(content) != int(length):
        return _answer(400)
    hook = Hook(
        provider=provider,
        about=endpoint.about,
        path=request.path_info,
        query=request.META.get("QUERY_STRING", ""),
        content_type=request.META.get("CONTENT_TYPE", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        content=content,
    )
    if len(content) <= LARGE:
        return _store(endpoint, hook)
    if not _large.acquire(timeout=WAIT):
        return _later()
    try:
        return _store(endpoint, hook)
    finally:
        _large.release()


def _store(endpoint: Endpoint, hook: Hook) -> HttpResponse:
    """Answer 200 once a request is stored, or was before."""
    now = clock.now()
    try:
        source = endpoint.source(hook, now=now.timestamp())
    except provider_hooks.NotTheirs:
        return _not_theirs(endpoint)
    except amazon_sns.CannotTell:
        log.warning("hook of %s put off: who signed it cannot be told now", hook.provider)
        return _later()
    try:
        # Whom a mail is for stands in it. Asked like this no connection is taken, which the writer might be waiting for.
        default = next(iter(addresses.ours().values()), None)
        if default is None:
            log.error("hook of %s put off: no mail address is in use", hook.provider)
            return _later()
        raw = post.Raw(
            inbox_id=default.inbox_id,
            kind=f"anymail:{hook.provider}",
            source=source,
            content=hook.content,
            envelope=hook.envelope(),
            received_at=now,
        )
        post.submit(raw).result(timeout=PATIENCE)
    except _AWAY as error:
        log.warning("hook of %s put off: %s", hook.provider, type(error).__name__)
        return _later()
    return _answer(200)


def _not_theirs(endpoint: Endpoint) -> HttpResponse:
    """Refuse with 401 and not 403: Postmark takes that for a farewell, and a wrong secret can be mended."""
    response = _answer(401)
    # Amazon shows a password only when it was asked for one (RFC 9110, 11.6.1).
    response.headers["WWW-Authenticate"] = 'Basic realm="hooks"'
    return response


def _later() -> HttpResponse:
    response = _answer(503)
    response.headers["Retry-After"] = "60"
    return response


def _answer(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain; charset=utf-8")
