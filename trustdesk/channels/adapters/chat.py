"""The live chat. Nothing is sent through it: an open page follows the timeline by itself (docs/live-protocol.md)."""

from __future__ import annotations

from typing import ClassVar

from trustdesk.channels.contract import Channel, Limits


class Chat(Channel):
    """The chat on our own pages and on the exchange's."""

    kind: ClassVar[str] = "chat"
    label: ClassVar[str] = "Live chat"
    limits: ClassVar[Limits] = Limits(max_text=4_000, files=10, file_bytes=25 * 1024 * 1024)
