"""uvicorn's WebSocket, with the one thing it lacks: a way to cut a peer that takes no data any more."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER = 5.0  # seconds a peer that answers no ping has left to take what was sent


class WebSocket(WebSocketsSansIOProtocol):
    """`scope["state"]["abort"]()` drops the connection with everything still buffered for it.

    Closing waits until the buffer is sent, and to somebody who does not read it is never sent.
    """

    def handle_connect(self, event: Any) -> None:
        """Hand the application the way out together with the rest of the scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["state"]["abort"] = self.transport.abort

    def keepalive_timeout(self) -> None:
        """Close, and do not wait for ever that the close is taken."""
        super().keepalive_timeout()
        self.loop.call_later(LINGER, self.transport.abort)
