"""uvicorn's HTTP protocol with an end to request heads: it would gather header fields for as long as they come."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trustdesk.ui.security import headers_before_django

HEAD_BYTES = 128 * 1024     # gathered before the parser says that a head is complete; what a page may get is less
HEAD_SECONDS = 10.0         # from the first byte of a request, or of a connection, to the end of its head


class BoundedHead(HttpToolsProtocol):
    """Answers 400 to a head that is too long, and hangs up on one that takes too long."""

    _gathered = 0
    _in_head = True
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for a head anew."""
        super().on_message_begin()
        self._in_head, self._gathered = True, 0
        self._wait()

    def on_headers_complete(self) -> None:
        """Stop waiting: what follows is bounded where it is read."""
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Count what is gathered of a head that is not yet complete."""
        super().data_received(data)
        if self._in_head:
            self._gathered += len(data)
            if self._gathered > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("Too many header fields")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, with the headers every answer carries, and hang up."""
        own = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(msg)), "Connection": "close"}
        lines = [f"{name}: {value}" for name, value in (own | headers_before_django("/")).items()]
        self.transport.write("\r\n".join(["HTTP/1.1 400 Bad Request", *lines, "", msg]).encode("ascii"))
        self.transport.close()

    def _wait(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
