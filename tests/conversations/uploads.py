"""Sending a file and asking for it back, in one line each."""

from __future__ import annotations

import io
import secrets
from typing import Any

from django.core.files.storage import default_storage

from tests.world import NOON
from trustdesk.conversations import attachments
from trustdesk.conversations.attachments import Stored


def announce(
    name: str = "shot.png", size: int = 100, *, visitor: str = "anna", client_id: str = "", **more: Any
) -> attachments.Announced:
    return attachments.announce(
        handle_kind="visitor",
        handle=visitor,
        client_id=client_id or secrets.token_hex(8),
        name=name,
        size=size,
        media_type=more.pop("media_type", ""),
        now=more.pop("now", NOON),
        **more,
    )


def send(data: bytes, name: str, *, visitor: str = "anna", declared: str = "") -> Stored:
    place = announce(name, len(data), visitor=visitor)
    return attachments.store(
        key=place.key, ticket=place.ticket, stream=io.BytesIO(data), declared_type=declared, now=NOON
    )


def fetch(key: str, *, visitor: str = "anna") -> bytes | None:
    opened = attachments.open_for(key=key, handle_kind="visitor", handle=visitor)
    if opened is None:
        return None
    with opened.file as file:
        return file.read()


def kept() -> set[str]:
    """The names of all files on disk."""
    found = set()
    if default_storage.exists("attachments"):
        for folder in default_storage.listdir("attachments")[0]:
            found |= set(default_storage.listdir(f"attachments/{folder}")[1])
    return found
