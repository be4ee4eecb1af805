"""Files of a ticket or a reply that is being written: stored as soon as they come, and known to the form by their keys."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from trustdesk.conversations import requests
from trustdesk.customers.visitors import Visitor
from trustdesk.portal import wording

MOST = 10  # in one message
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_KEPT = re.compile(r"([A-Za-z0-9_-]{20,64}) (\d{1,9}) (.{1,200})")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is stored and waits to be sent. Only the key is believed, and only for who stored it; size (bytes) and
    name are what his own page said."""

    key: str
    size: int
    name: str
    state: str = "ready"
    reason: str = ""  # why it is held, or hard to read

    @property
    def value(self) -> str:
        """Return how a form carries it from page to page."""
        return f"{self.key} {self.size} {self.name}"

    @property
    def notice(self) -> str:
        """Return what makes a picture hard to read, in the reader's language; "" for most."""
        return wording.hard_to_read(self.reason)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not taken, and why, in the reader's language."""

    name: str
    text: str


def limits() -> dict[str, Any]:
    """Return what a page must know to take files in: how many there may be, and bytes of one and of a piece."""
    return {"most_files": MOST, "file_bytes": wording.FILE_BYTES, "piece_bytes": requests.PIECE // 2}


def carried(values: Iterable[str]) -> list[Kept]:
    """Read the files a form carries, each once; what no form of ours wrote is left out."""
    found: dict[str, Kept] = {}
    for value in values:
        if match := _KEPT.fullmatch(value):
            found.setdefault(match[1], Kept(match[1], int(match[2]), match[3]))
    return list(found.values())[:MOST]


def keep(
    request: HttpRequest, *, visitor: Visitor, before: Sequence[Kept], locale: str, now: datetime
) -> tuple[list[Kept], list[Refusal]]:
    """Store the files that came with a form after those it carried; returns all that are kept, and what was refused."""
    kept, refused = list(before), []
    for one in (one for one in request.FILES.getlist("files") if isinstance(one, UploadedFile)):
        name = one.name or "file"
        if len(kept) >= MOST:
            refused.append(Refusal(name, wording.file_refusal("too_many_files", most=MOST)))
            continue
        try:
            stored = store(one, visitor=visitor, client_id="", locale=locale, now=now)
        except requests.UploadRefused as reason:
            refused.append(Refusal(name, wording.file_refusal(reason.code, most=MOST)))
        else:
            kept.append(stored)
    return kept, refused


def store(file: UploadedFile[Any], *, visitor: Visitor, client_id: str, locale: str, now: datetime) -> Kept:
    """Store a file of this visitor; the same `client_id` again is the same file. Raises UploadRefused."""
    media_type = file.content_type or ""
    place = _announce(file, file.size or 0, visitor=visitor, client_id=client_id, locale=locale, now=now)
    stored = requests.store_upload(key=place.key, ticket=place.ticket, stream=file, declared_type=media_type, now=now)
    return Kept(stored.key, stored.size, stored.name, stored.state, stored.reason)


def store_piece(
    piece: UploadedFile[Any], *, at: int, size: int, visitor: Visitor, client_id: str, locale: str, now: datetime
) -> Kept | int:
    """Store what begins `at` of a file of `size` bytes; returns the file once it is whole, else how many bytes of it are
    here. Raises UploadRefused."""
    place = _announce(piece, size, visitor=visitor, client_id=client_id, locale=locale, now=now)
    found = requests.store_piece(
        place=place, size=size, at=at, piece=piece, declared_type=piece.content_type or "", now=now
    )
    return found if isinstance(found, int) else Kept(found.key, found.size, found.name, found.state, found.reason)


def _announce(
    file: UploadedFile[Any], size: int, *, visitor: Visitor, client_id: str, locale: str, now: datetime
) -> requests.Announced:
    return requests.announce_upload(
        handle_kind=visitor.kind,
        handle=visitor.value,
        client_id=client_id if _CLIENT_ID.fullmatch(client_id) else secrets.token_urlsafe(12),
        name=file.name or "file",
        size=size,
        media_type=file.content_type or "",
        now=now,
        proof=visitor.proof_at(now),
        locale=locale,
    )
