"""The root application: sockets go to async code, everything else to Django.

Django runs as WSGI in a thread pool, five times faster than behind its own ASGI handler.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.conf import settings

from trustdesk.config.wsgi import application as pages
from trustdesk.desk import live as desk
from trustdesk.widget import chat

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HEADERS, HEADER_BYTES = 100, 32 * 1024
BODY_BYTES = 2 * 1024 * 1024
UPLOAD_BYTES = 26 * 1024 * 1024
BODY_PAUSE = 30.0           # seconds between two parts of a body

_pages: Any = WSGIMiddleware(cast(Any, pages), workers=settings.WEB_THREADS)
_SOCKETS: dict[str, Callable[[Any, Any, Any], Awaitable[None]]] = {
    "/live/chat": chat.application,
    "/live/desk": desk.application,
}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await _SOCKETS.get(scope["path"], _no_socket)(scope, receive, send)
    elif (
        len(scope["headers"]) > HEADERS
        or sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES
    ):
        await _answer(send, 431, b"Too many header fields")
    else:
        await _page(scope, receive, send)


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    """Pass a request to Django with its body bounded, whether or not it says its length."""
    most = UPLOAD_BYTES if scope["path"].startswith("/chat/uploads/") else BODY_BYTES
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if len(lengths) > 1 or (lengths and not lengths[0].isdigit()):
        return await _answer(send, 400, b"Bad Content-Length")
    if lengths and int(lengths[0]) > most:
        return await _answer(send, 413, b"Too large")
    seen = 0

    async def bounded() -> dict[str, Any]:
        nonlocal seen
        try:
            message = await asyncio.wait_for(receive(), BODY_PAUSE)
        except TimeoutError:        # a body that stops in the middle would hold a thread for good
            return {"type": "http.disconnect"}
        seen += len(message.get("body", b""))
        # A body that goes on past the bound looks like a client that went away: Django reads no further.
        return {"type": "http.disconnect"} if seen > most else message

    return await _pages(scope, bounded, send)  # type: ignore[no-any-return]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await chat.start()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _no_socket(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"connection", b"close"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
