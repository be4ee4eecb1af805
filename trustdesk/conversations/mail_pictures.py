"""Pictures of other people's servers, fetched for staff: the sender learns that somebody looked, and not who or from where."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass
from functools import cache

from trustdesk.conversations import filetypes, imaging
from trustdesk.net import http
from trustdesk.net.http import HttpFailed

LIMITS = http.Limits(connect=3.0, read=5.0, total=8.0, max_bytes=5_000_000, attempts=1, redirects=3)
_WAIT = 5.0  # seconds for a place
# So many at a time: somebody else's slow server holds a thread of ours for each.
_places = threading.BoundedSemaphore(6)


class UnableToFetch(Exception):
    """`code` says why: that of net.http, or not_a_picture, too_complex, busy."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Fetched:
    """A picture, written anew by us."""

    content: bytes
    media_type: str


def fetch(url: str) -> Fetched:
    """Fetch a picture from wherever it lies and write it anew; raises UnableToFetch.

    No cookie and no referrer goes with the request, and it leads nowhere inside our network (net.addresses).
    """
    if not _places.acquire(timeout=_WAIT):
        raise UnableToFetch("busy")
    try:
        content = _client().request("GET", url, headers={"Accept": "image/*"}, limits=LIMITS)
    except HttpFailed as failure:
        raise UnableToFetch(failure.reason) from None
    finally:
        _places.release()
    if content.status != 200:
        raise UnableToFetch(f"status_{content.status}")
    return _rewritten(content.body)


def _rewritten(content: bytes) -> Fetched:
    kind = filetypes.sniff(content[: filetypes.HEAD], announced="png")
    if not kind or filetypes.KINDS[kind].verdict is not filetypes.Verdict.PICTURE:
        raise UnableToFetch("not_a_picture")
    with tempfile.TemporaryFile() as source:
        source.write(content)
        try:
            picture = imaging.rewrite(source, kind=kind)
        except imaging.UnableToDecode as unable:
            raise UnableToFetch("not_a_picture" if unable.code == "broken" else unable.code) from None
    with picture.file:
        return Fetched(picture.file.read(), filetypes.KINDS[kind].media_type)


@cache
def _client() -> http.Http:
    return http.Http(limits=LIMITS)
