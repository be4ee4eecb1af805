"""Pictures and films of articles, for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from wagtail.documents import get_document_model
from wagtail.models import ReferenceIndex

from trustdesk.knowledge import library

FOR_EVER = "public, max-age=31536000, immutable"  # another picture gets another name
# A drawing may hold scripts: opened by itself it runs none and fetches nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
KINDS = {
    "avif": "image/avif", "gif": "image/gif", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png",
    "svg": "image/svg+xml", "webp": "image/webp",
}  # fmt: skip
FILMS = {"mp4": "video/mp4", "webm": "video/webm"}
PIECE = 2 * 1024 * 1024  # bytes given of a film to who names no end: the rest is asked for when it is needed
_BLOCK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@require_safe
def picture(_request: HttpRequest, name: str) -> HttpResponseBase:
    """Give a picture in one of the sizes that pages show."""
    kind = KINDS.get(name.rpartition(".")[2].lower())
    if kind is None:
        raise Http404
    try:
        file = storages["pictures"].open(name)
    except (OSError, SuspiciousFileOperation, ValueError):
        raise Http404 from None
    headers = {"Cache-Control": FOR_EVER, "Content-Security-Policy": POLICY}
    return FileResponse(file, content_type=kind, headers=headers)


@require_safe
def film(request: HttpRequest, id: int) -> HttpResponseBase:
    """Give a film of a published article, or the part of it that is asked for (RFC 9110, 14)."""
    document = get_document_model().objects.filter(pk=id).first()
    kind = FILMS.get(document.file_extension.lower()) if document else None
    if document is None or kind is None or not _published(document):
        raise Http404
    try:
        file = document.file.open("rb")
        size = file.size
    except (OSError, SuspiciousFileOperation):
        raise Http404 from None
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "public, max-age=86400", "ETag": f'"{document.file_hash or id}"'}
    span = _span(request, size, headers["ETag"])
    if span == ():
        file.close()
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    first, last = span or (0, size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if span:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    parts = _read(file, first, last - first + 1)
    return StreamingHttpResponse(parts, status=206 if span else 200, content_type=kind, headers=headers)


def _span(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | tuple[()] | None:
    """Return first and last byte asked for; None: all of it; (): a part that is not there."""
    asked = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or not (asked[1] or asked[2]) or request.headers.get("If-Range", etag) != etag:
        return None
    if not asked[1]:  # so many at the end
        return (max(0, size - int(asked[2])), size - 1) if int(asked[2]) and size else ()
    first = int(asked[1])
    last = min(int(asked[2]), size - 1) if asked[2] else min(first + PIECE, size) - 1
    return (first, last) if first <= last else ()


def _read(file: BinaryIO | Any, start: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while length > 0 and (block := file.read(min(_BLOCK, length))):
            length -= len(block)
            yield block


def _published(document: Any) -> bool:
    """Say whether a published article shows it: a number is easily guessed."""
    shelf = library.current()
    used = ReferenceIndex.get_references_to(document).values_list("base_content_type__model", "object_id")
    return any(model == "page" and int(id) in shelf.nodes for model, id in used)
