"""The root application: sockets go to async code, everything else to Django.

Django runs as WSGI in a thread pool, five times faster than behind its own ASGI handler.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.core.validators import validate_email
from django.urls import get_resolver

from trustdesk.config.pages import Receive, Scope, Send, Threads
from trustdesk.config.wsgi import application as pages
from trustdesk.desk import live as desk
from trustdesk.knowledge import search
from trustdesk.ui.security import headers_before_django
from trustdesk.widget import chat

log = logging.getLogger(__name__)

HEADERS, HEADER_BYTES = 100, 32 * 1024
BODY_BYTES = 256 * 1024     # a form; read before a thread is taken, so that a slow sender holds none
UPLOAD_BYTES = 26 * 1024 * 1024
HOOK_BYTES = 40 * 1024 * 1024  # a provider's mail: 25 MB in base64, or 35 MB
FILM_BYTES = 105 * 1024 * 1024  # an article's film of 100 MB
ARTICLE_BYTES = 1024 * 1024  # a long article, as its editor holds it
SLOWEST = 20_000            # bytes a second an upload must bring on the whole
BODY_PAUSE = 30.0           # seconds between two parts of an upload, and for all of a form
# Paths whose bytes pass through a thread as fast as the other side sends or reads. Half of the threads stay for pages.
HOOKS = "/hooks/mail/"
UPLOADS = ("/chat/uploads/", "/tickets/files/", HOOKS)
OFFICE, FILMS = "/back-office/", "/back-office/documents/"
FORMS_WITH_FILES = ("/tickets/new/", "/cases/", "/back-office/images/", FILMS)  # where the body is multipart
TRANSFERS = (*UPLOADS, "/chat/files/", "/desk/files/", "/back-office/films/")
VIDEOS = "/help/videos/"        # for everybody: however many look at them slowly, they keep nobody's files waiting

_pages = Threads(pages, count=settings.WEB_THREADS)
_transfers = asyncio.Semaphore(max(1, settings.WEB_THREADS // 2))
_videos = asyncio.Semaphore(max(1, settings.WEB_THREADS // 4))
_SOCKETS: dict[str, Callable[[Any, Any, Any], Awaitable[None]]] = {
    "/live/chat": chat.application,
    "/live/desk": desk.application,
}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        serve = _SOCKETS.get(scope["path"], _no_socket) if _encrypted(scope) else _no_socket
        await serve(scope, receive, send)
    elif (
        len(scope["headers"]) > HEADERS
        or sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES
    ):
        await _answer(scope, send, 431, b"Too many header fields")
    else:
        await _page(scope, receive, send)


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    """Pass a request to Django with its body bounded, whether or not it says its length."""
    path: str = scope["path"]
    if "\0" in path:            # PostgreSQL knows no such text: asked for it, it fails
        return await _answer(scope, send, 400, b"Bad path")
    files = path.startswith(UPLOADS) or (path.startswith(FORMS_WITH_FILES) and _multipart(scope))
    most = _most(path, files=files)
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if len(lengths) > 1 or (lengths and not lengths[0].isdigit()):
        return await _answer(scope, send, 400, b"Bad Content-Length")
    if lengths and int(lengths[0]) > most:
        return await _answer(scope, send, 413, b"Too large")
    # WSGI cannot tell X_Forwarded_For, which a proxy lets through, from X-Forwarded-For, which it wrote.
    scope = scope | {"headers": [(name, value) for name, value in scope["headers"] if b"_" not in name]}
    small = bool(lengths) and int(lengths[0]) <= BODY_BYTES and path.startswith(FORMS_WITH_FILES)  # most have no file
    if (files or path.startswith(TRANSFERS)) and not small:
        async with _transfers:
            return await _in_thread(scope, _bounded(receive, most), send)
    if path.startswith(VIDEOS):
        async with _videos:
            return await _in_thread(scope, _bounded(receive, most), send)
    try:
        async with asyncio.timeout(BODY_PAUSE):
            body = await _whole(receive, most)
    except TimeoutError:
        return await _answer(scope, send, 408, b"Too slow")
    except ConnectionError:     # gone in the middle of it: half a form is no form
        return None
    if len(body) > most:
        return await _answer(scope, send, 413, b"Too large")
    return await _in_thread(scope, body, send)


def _most(path: str, *, files: bool) -> int:
    """Return the bytes a body may have; `files`: it is written to the disk as it comes."""
    if path.startswith(HOOKS):
        return HOOK_BYTES
    if files:
        return FILM_BYTES if path.startswith(FILMS) else UPLOAD_BYTES
    return ARTICLE_BYTES if path.startswith(OFFICE) else BODY_BYTES


def _multipart(scope: Scope) -> bool:
    return any(name == b"content-type" and value.startswith(b"multipart/") for name, value in scope["headers"])


async def _in_thread(scope: Scope, body: bytes | Receive, send: Send) -> None:
    """Let Django answer; what fails around Django is answered here, with our headers."""
    begun = False

    async def noting(message: dict[str, Any]) -> None:
        nonlocal begun
        begun = True
        await send(message)

    try:
        await _pages(scope, body, noting)
    except Exception:
        log.exception("a request failed outside Django")
        if not begun:
            await _answer(scope, send, 500, b"Server error")


async def _whole(receive: Receive, most: int) -> bytes:
    """Read a body, all of it or just more than `most` bytes; raises ConnectionError when the client goes."""
    body, more = bytearray(), True
    while more and len(body) <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _bounded(receive: Receive, most: int) -> Receive:
    """Read a body part by part; one that goes on past `most`, or stops, looks like a client that went away."""
    seen, loop = 0, asyncio.get_running_loop()
    begun = loop.time()

    async def read() -> dict[str, Any]:
        nonlocal seen
        try:
            message = await asyncio.wait_for(receive(), BODY_PAUSE)
        except TimeoutError:
            return {"type": "http.disconnect"}
        seen += len(message.get("body", b""))
        late = loop.time() - begun > BODY_PAUSE + seen / SLOWEST
        return {"type": "http.disconnect"} if seen > most or late else message

    return read


def _encrypted(scope: Scope) -> bool:
    """Say whether a socket came over https, as far as the installation has it: our proxy says so, as for pages."""
    if not settings.HTTPS:
        return True
    return [value for name, value in scope["headers"] if name == b"x-forwarded-proto"] == [b"https"]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await chat.start()
            await desk.start()
            _settle()
            search.warm_aside()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _settle() -> None:
    """Load what the first request would, and make garbage collections short and rare: a full one stops everybody, 0.1 s for
    what was loaded and as much for each 5,000 open sockets."""
    get_resolver().url_patterns  # noqa: B018  imports all pages
    validate_email("a@example.com")  # its patterns take a quarter of a second to compile
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 100)


async def _no_socket(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})


async def _answer(scope: Scope, send: Send, status: int, body: bytes) -> None:
    own = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), "Connection": "close"}
    whole = own | headers_before_django(scope["path"])
    headers = [(name.lower().encode(), value.encode()) for name, value in whole.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
