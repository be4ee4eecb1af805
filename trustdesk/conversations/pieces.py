"""Large files that come in pieces, so that after a lost connection only what is missing is sent again.

Each piece is a file of its own, named by where it begins. What has arrived is what they hold one after the other: a
piece that was cut off is simply a shorter one, and the next begins where it ends.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage

from trustdesk.conversations import attachments
from trustdesk.conversations.attachments import Announced, Stored, UploadRefused

PIECE = 2 * 1024 * 1024  # bytes of one at most


def receive(
    *, place: Announced, size: int, at: int, piece: File[Any], declared_type: str, now: datetime
) -> Stored | int:
    """Take the piece that begins `at` of an announced file of `size` bytes; returns the file once it is whole, else how
    many bytes are here. A piece that does not begin there is left out. Raises UploadRefused."""
    if stored := attachments.arrived(key=place.key, ticket=place.ticket, now=now):
        return stored
    if (piece.size or 0) > PIECE or at + (piece.size or 0) > size:
        raise UploadRefused("too_big")
    have = _have(place.key)
    if at == have and piece.size:
        default_storage.save(_name(place.key, at), piece)
        have = _have(place.key)
    if have < size:
        return have
    try:
        with _Whole(place.key) as stream:
            stored = attachments.store(
                key=place.key, ticket=place.ticket, stream=stream, declared_type=declared_type, now=now
            )
    except UploadRefused as refused:
        if refused.code not in ("busy", "ticket_used"):
            forget(place.key)
        raise
    forget(place.key)
    return stored


def forget(key: str) -> None:
    """Delete the pieces of a file, if there are any."""
    if default_storage.exists(_folder(key)):
        for name in default_storage.listdir(_folder(key))[1]:
            default_storage.delete(f"{_folder(key)}/{name}")
        default_storage.delete(_folder(key))


class _Whole:
    """The pieces of a file, read as one."""

    def __init__(self, key: str) -> None:
        self._key, self._at = key, 0
        self._open: IO[bytes] | None = None

    def __enter__(self) -> _Whole:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""
        while True:
            if self._open is None:
                name = _name(self._key, self._at)
                if not default_storage.exists(name):
                    return b""
                self._open = default_storage.open(name)
            if found := self._open.read(size):
                self._at += len(found)
                return found
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _have(key: str) -> int:
    at = 0
    while default_storage.exists(name := _name(key, at)) and (size := default_storage.size(name)):
        at += size
    return at


def _folder(key: str) -> str:
    return os.path.join("coming", key)


def _name(key: str, at: int) -> str:
    return f"{_folder(key)}/{at:010}"
