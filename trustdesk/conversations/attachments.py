"""Files of customers: announced, received once, looked at, and only then there for anyone.

What is taken, held and refused is decided in `filetypes`. States: COMING (announced) → READY (may be fetched) | HELD
(kept, never served) | REFUSED (not kept). The bytes are in place before the row says READY: no link is ever broken.

The storage name is the random key and nothing else. A ticket (60 s, one use) lets the bytes in; its number stands in
`reason` while a file is COMING, so that a newer ticket or the first use makes every other worthless.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Protocol

from django.core import signing
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum

from trustdesk.conversations import filetypes, imaging
from trustdesk.conversations.filetypes import KINDS, Verdict
from trustdesk.conversations.models import Attachment, Entry
from trustdesk.customers.identify import handle_for
from trustdesk.customers.models import Handle
from trustdesk.policy import guard, legibility
from trustdesk.policy.proof import Proof

FILE_BYTES = 25 * 1024 * 1024
DAY_BYTES = 100 * 1024 * 1024  # of one handle in 24 hours, whatever became of the files
DAY_FILES = 200
TEXT_BYTES = 5 * 1024 * 1024  # a longer text is held: nobody would wait until it is searched for secrets
TICKET_LASTS = timedelta(seconds=60)
COMING_LASTS = timedelta(days=1)
UNSENT_LASTS = timedelta(days=7)

_SALT = "trustdesk.conversations.attachments"
_PIECE = 64 * 1024
_State = Attachment.State


class UploadRefused(Exception):
    """`code`: too_big, type_refused, quota: this file will not do. bad_ticket, ticket_used, incomplete, busy: announce
    it again under the same client id and send it with the new ticket."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotServed(Exception):
    """The file belongs to who asks but is not handed out; `code` says why: coming, held or refused."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Stream(Protocol):
    """Where bytes come from: an HTTP request, an open file."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


@dataclass(frozen=True, slots=True)
class Announced:
    """Where a file goes: its key, and the ticket that lets its bytes in."""

    key: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as we keep it. Size in bytes; width and height in pixels, 0 for what is no picture; `reason` may say why it
    is held, or what of a picture makes it hard to read (see `policy.legibility`)."""

    key: str
    state: str
    name: str
    media_type: str
    size: int
    width: int
    height: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file to hand out. `inline`: we wrote it ourselves, so a page may show it; anything else is a download."""

    file: IO[bytes]
    name: str
    media_type: str
    inline: bool


def announce(
    *,
    handle_kind: str,
    handle: str,
    client_id: str,
    name: str,
    size: int,
    media_type: str,
    now: datetime,
    proof: Proof = Proof.NOBODY,
    locale: str = "en",
) -> Announced:
    """Make room for a file of this handle and hand out a ticket for it; the same client id gets the same key.

    `proof` and `locale` describe a handle nobody has seen before. Raises UploadRefused (too_big, type_refused, quota).
    """
    stem, ending = os.path.splitext(filetypes.tidy_name(name))
    name = guard.mask(stem).text + ending  # a phrase is pasted there as well
    kind = filetypes.announced(name, media_type)
    if size > FILE_BYTES:
        raise UploadRefused("too_big")
    if size < 1 or not kind:
        raise UploadRefused("type_refused")
    with transaction.atomic():
        owner = handle_for(kind=handle_kind, value=handle, now=now, proof=proof, locale=locale)
        Handle.objects.select_for_update(no_key=True).get(pk=owner.pk)  # one at a time: the sums below must hold
        row = Attachment.objects.filter(handle=owner, client_id=client_id).first()
        if row is None:
            _check_quota(owner, size, now)
            row = Attachment(key=secrets.token_urlsafe(32), handle=owner, client_id=client_id, created_at=now)
        if row.state == _State.REFUSED:
            raise UploadRefused(row.reason)
        number = ""
        if row.state == _State.COMING:
            number = secrets.token_urlsafe(12)
            row.name, row.media_type = filetypes.with_ending(name, kind), KINDS[kind].media_type
            row.size, row.reason = size, f"ticket:{number}"
            row.save()
    return Announced(row.key, signing.dumps([row.key, owner.pk, number, int(now.timestamp())], salt=_SALT))


def _check_quota(owner: Handle, size: int, now: datetime) -> None:
    day = Attachment.objects.filter(handle=owner, created_at__gt=now - timedelta(days=1))
    if day.count() >= DAY_FILES or (day.aggregate(sum=Sum("size"))["sum"] or 0) + size > DAY_BYTES:
        raise UploadRefused("quota")


def store(*, key: str, ticket: str, stream: Stream, declared_type: str, now: datetime) -> Stored:
    """Receive the bytes of an announced file, decide what it is, keep it and say what became of it.

    A ticket handed out after the file had arrived is answered alike, without reading. Raises UploadRefused; of a
    refused file nothing is kept.
    """
    row, number = _redeem(key, ticket, now)
    if not number:
        return _stored(row)
    claim = f"taking:{number}"
    coming = Attachment.objects.filter(pk=row.pk, state=_State.COMING)
    if not coming.filter(reason=f"ticket:{number}").update(reason=claim):
        raise UploadRefused("ticket_used")
    kind = filetypes.announced(row.name, declared_type)
    with tempfile.TemporaryFile() as received:
        try:
            seen = _receive(stream, received, row.size)
            with _judged(received, seen, kind) as fate:
                return _keep(row, claim, fate)
        except UploadRefused as refused:
            if refused.code in ("too_big", "type_refused"):
                coming.filter(reason=claim).update(state=_State.REFUSED, reason=refused.code)
            raise


def arrived(*, key: str, ticket: str, now: datetime) -> Stored | None:
    """Return the file if it had arrived when this ticket for it was handed out, else None. Raises UploadRefused."""
    row, number = _redeem(key, ticket, now)
    return None if number else _stored(row)


def _redeem(key: str, ticket: str, now: datetime) -> tuple[Attachment, str]:
    """Return the row a ticket is for and the ticket's number; "" when the file was there already."""
    try:
        ticket_key, owner, number, issued = signing.loads(ticket, salt=_SALT)
    except (signing.BadSignature, ValueError):
        raise UploadRefused("bad_ticket") from None
    row = Attachment.objects.filter(key=key, handle=owner).first()
    late = now.timestamp() - issued > TICKET_LASTS.total_seconds()
    if row is None or ticket_key != key or late:
        raise UploadRefused("bad_ticket")
    return row, number


@dataclass(slots=True)
class _Seen:
    """What was noticed while a file came in."""

    size: int = 0
    head: bytes = b""
    infected: bool = False
    scripted: bool = False


def _receive(stream: Stream, target: IO[bytes], announced: int) -> _Seen:
    """Write the stream to disk, never more than was announced, and look through it on the way."""
    seen, tail = _Seen(), b""
    while piece := _read(stream):
        seen.size += len(piece)
        if seen.size > announced:
            raise UploadRefused("too_big")
        target.write(piece)
        if len(seen.head) < filetypes.HEAD:
            seen.head = (seen.head + piece)[: filetypes.HEAD]
        window = tail + piece  # a signature may lie across two pieces
        seen.infected = seen.infected or filetypes.EICAR in window
        seen.scripted = seen.scripted or filetypes.is_scripted(window)
        tail = window[-len(filetypes.EICAR) :]
    if seen.size < announced:
        raise UploadRefused("incomplete")
    return seen


def _read(stream: Stream) -> bytes:
    try:
        return stream.read(_PIECE)
    except OSError:  # the sender hung up; Django's UnreadablePostError is one of these
        raise UploadRefused("incomplete") from None


@dataclass(frozen=True, slots=True)
class _Fate:
    """What is kept of a file, and how."""

    file: IO[bytes]
    state: str
    reason: str = ""
    media_type: str = "application/octet-stream"
    width: int = 0
    height: int = 0


@contextmanager
def _judged(received: IO[bytes], seen: _Seen, announced: str) -> Iterator[_Fate]:
    """Decide what becomes of a file; raises UploadRefused (type_refused, busy)."""
    kind = filetypes.sniff(seen.head, announced=announced)
    if seen.infected:
        yield _Fate(received, _State.HELD, "virus")
    elif not kind or kind != announced:
        raise UploadRefused("type_refused")
    elif KINDS[kind].verdict is Verdict.HELD or (kind == "pdf" and seen.scripted):
        yield _Fate(received, _State.HELD, "active")
    elif kind == "text":
        yield _text(received, seen.size)
    elif KINDS[kind].verdict is Verdict.PICTURE:
        try:
            picture = imaging.rewrite(received, kind=kind)
        except imaging.UnableToDecode as unable:
            if unable.code != "too_complex":
                raise UploadRefused("busy" if unable.code == "busy" else "type_refused") from None
            yield _Fate(received, _State.HELD, unable.code)
            return
        with picture.file:
            look = picture.look
            hard = legibility.judge(look)
            yield _Fate(picture.file, _State.READY, hard, KINDS[kind].media_type, look.width, look.height)
    else:
        yield _Fate(received, _State.READY, "", KINDS[kind].media_type)


def _text(received: IO[bytes], size: int) -> _Fate:
    """Take secrets out of a text, as out of every message; without any it stays byte for byte."""
    if size > TEXT_BYTES:
        return _Fate(received, _State.HELD, "too_long")
    received.seek(0)
    text = filetypes.read_text(received.read())
    if text is None:
        raise UploadRefused("type_refused")
    masked = guard.mask(text)
    if masked.found:
        received.seek(0)
        received.truncate()
        received.write(masked.text.encode())
    return _Fate(received, _State.READY, "secret_masked" if masked.found else "", "text/plain")


def _keep(row: Attachment, claim: str, fate: _Fate) -> Stored:
    """Put the bytes in place, then say so. A newer ticket may have been handed out meanwhile: then not this one."""
    with transaction.atomic():
        row = Attachment.objects.select_for_update().get(pk=row.pk)
        if row.state != _State.COMING or row.reason != claim:
            raise UploadRefused("ticket_used")
        name = _storage_name(row)
        default_storage.delete(name)  # what an earlier attempt left whose commit failed
        fate.file.seek(0)
        default_storage.save(name, File(fate.file))
        _settle(name)
        row.state, row.reason, row.media_type = fate.state, fate.reason, fate.media_type
        row.size, row.width, row.height = default_storage.size(name), fate.width, fate.height
        row.save()
    return _stored(row)


def _storage_name(row: Attachment) -> str:
    return f"attachments/{row.key[:2]}/{row.key}"


def _settle(name: str) -> None:
    """Have the disk hold the file before anyone is told that it is stored; other stores do so by themselves."""
    try:
        path = default_storage.path(name)
    except NotImplementedError:
        return
    for each in (path, os.path.dirname(path)):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _stored(row: Attachment) -> Stored:
    return Stored(row.key, row.state, row.name, row.media_type, row.size, row.width, row.height, row.reason)


def open_for(*, key: str, handle_kind: str, handle: str) -> Opened | None:
    """Open a file that this handle sent, or that was sent visibly in a case it takes part in.

    None for anybody else's and for unknown keys alike; raises NotServed for one's own that may not be fetched.
    """
    own = Q(handle__kind=handle_kind, handle__value=handle)
    took_part = Entry.objects.filter(
        conversation=OuterRef("conversation"), handle__kind=handle_kind, handle__value=handle
    )
    row = Attachment.objects.filter(own | Q(Exists(took_part), entry__visible=True), key=key).first()
    return None if row is None else open_stored(row)


def open_in(*, key: str, conversation_id: int) -> Opened | None:
    """Open a file that was sent visibly in a case, for somebody whose case it is; raises NotServed as `open_for` does."""
    row = Attachment.objects.filter(key=key, conversation=conversation_id, entry__visible=True).first()
    return None if row is None else open_stored(row)


def open_stored(row: Attachment) -> Opened:
    """Open a file for somebody who has been found to be allowed to; raises NotServed unless it is READY."""
    if row.state != _State.READY:
        raise NotServed(row.state)
    return Opened(default_storage.open(_storage_name(row)), row.name, row.media_type, inline=row.width > 0)


def open_held(row: Attachment) -> Opened:
    """Open a HELD file for examining it, under a name that no program takes for its own; raises NotServed for any other.

    What a virus signature was found in is never handed out.
    """
    if row.state != _State.HELD or row.reason == "virus":
        raise NotServed(row.state)
    return Opened(default_storage.open(_storage_name(row)), f"{row.name}.held", "application/octet-stream", inline=False)


def sweep(*, now: datetime, most: int = 500) -> list[str]:
    """Remove files that were announced and never came, or came and were never sent in a message; return their keys."""
    forgotten = Q(state=_State.COMING, created_at__lt=now - COMING_LASTS) | Q(created_at__lt=now - UNSENT_LASTS)
    with transaction.atomic():
        rows = list(
            Attachment.objects.select_for_update(skip_locked=True).filter(forgotten, entry=None).order_by("pk")[:most]
        )
        Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:  # rows first: what is left over after a crash is a file without a link, not a link without a file
        default_storage.delete(_storage_name(row))
    return [row.key for row in rows]
