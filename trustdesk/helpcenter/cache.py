"""Pages that are the same for everybody, kept whole and packed: a hit is answered before anything else of ours runs.

What is kept is of one version of the library, so publishing, and every other save in the back office, clears all of it; and
of the last ten minutes, for what a page says besides (what is read most). A page's address is all that tells it from others:
no cookie, no query. Browsers keep pages too, and ask each time whether theirs is still the one.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from trustdesk.knowledge import library
from trustdesk.knowledge.models import PREFIX

MOST_BYTES: Final = 64 * 1024 * 1024  # packed, in each process
LASTS: Final = 600.0  # seconds
SETTLES: Final = 15.0  # seconds after a change in which other things that a page names may still be read as they were
AT_ONCE: Final = 2  # pages that are drawn; one may be waiting for the database
# A limit or a warning that was put right is read at once: asking costs a reader 304 and us a look into memory. What stands
# between (a content network) asks for everybody, every few seconds.
CACHE_CONTROL: Final = "public, max-age=0, s-maxage=10"
# Headers that are made anew with every answer, or are about one reader.
_NOT_KEPT: Final = frozenset({"vary", "set-cookie", "content-length", "content-encoding", "etag"})


class Public(HttpResponse):
    """An answer that says the same to everybody who asks at this address, and may be kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer: its headers and its body, packed. `size`: in bytes, unpacked."""

    headers: Mapping[str, str]
    packed: bytes
    size: int
    etag: str
    at: float


class Store:
    """The answers of one version, the least asked for going first when there are too many."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._bytes = 0
        self._version = ""
        self._since = 0.0

    def get(self, path: str, version: str, *, at: float) -> Kept | None:
        """Return what is kept of this version and young enough."""
        with self._lock:
            found = self._kept.get(path) if version == self._version else None
            if found is None or at - found.at > LASTS or (found.at < self._since + SETTLES <= at):
                return None
            self._kept.move_to_end(path)
            return found

    def put(self, path: str, version: str, kept: Kept) -> None:
        """Keep an answer; the first of a new version drops all others."""
        with self._lock:
            if version != self._version:
                self._kept.clear()
                self._bytes, self._version, self._since = 0, version, kept.at
            if before := self._kept.pop(path, None):
                self._bytes -= len(before.packed)
            self._kept[path] = kept
            self._bytes += len(kept.packed)
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1].packed)

    def clear(self) -> None:
        """Drop everything: for tests."""
        with self._lock:
            self._kept.clear()
            self._bytes, self._version = 0, ""


class Turns:
    """Lets so many in at a time, in the order they came: a semaphore lets who comes last go first."""

    def __init__(self, count: int) -> None:
        self._lock = threading.Lock()
        self._free = count
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        """Let the next one in."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


store = Store()
_drawing = Turns(AT_ONCE)


class PublicPages:
    """Answers from what is kept, and keeps what may be. The outermost middleware: nothing it passes by costs a hit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if not _may_be_kept(request):
            return self.get_response(request)
        try:
            version = library.current().version
        except library.AWAY:
            return self.get_response(request)  # which says so
        # Ticks of this process: what is measured is an age, not the time of day.
        kept = store.get(request.path_info, version, at=time.monotonic())
        if kept is not None:
            return _answer(request, kept)
        # Drawing is work for the one core this process has: many at once only wait for each other, all of them to the end.
        with _drawing:
            kept = store.get(request.path_info, version, at=time.monotonic())  # somebody may have drawn it meanwhile
            if kept is None:
                response = self.get_response(request)
                if not isinstance(response, Public) or response.status_code != 200:
                    return response
                kept = _packed(response, at=time.monotonic())
                store.put(request.path_info, version, kept)
        return _answer(request, kept)


def _may_be_kept(request: HttpRequest) -> bool:
    if request.method not in ("GET", "HEAD") or not request.path_info.startswith(PREFIX):
        return False
    # Wagtail draws a draft by a request it makes up, at the address of what is published.
    if getattr(request, "is_dummy", False) or "lang" in request.GET or (settings.HTTPS and not request.is_secure()):
        return False
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def _packed(response: Public, *, at: float) -> Kept:
    body = response.content
    headers = {name: value for name, value in response.items() if name.lower() not in _NOT_KEPT}
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    headers["Vary"] = "Accept-Encoding"
    headers["ETag"] = f'W/"{digest}"'  # weak: the same page packed and not
    return Kept(headers, gzip.compress(body, 6, mtime=0), len(body), headers["ETag"], at)


def _answer(request: HttpRequest, kept: Kept) -> HttpResponse:
    asked = request.META.get("HTTP_IF_NONE_MATCH", "")
    if asked and kept.etag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in asked.split(",")}:
        unchanged = ("ETag", "Cache-Control", "Vary")
        more = {name: value for name, value in kept.headers.items() if name.startswith(("X-", "Content-Sec", "Strict"))}
        return HttpResponseNotModified(headers=more | {name: kept.headers[name] for name in unchanged})
    packs = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    length = str(len(kept.packed) if packs else kept.size)
    headers = {**kept.headers, "Content-Length": length} | ({"Content-Encoding": "gzip"} if packs else {})
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    return HttpResponse(kept.packed if packs else gzip.decompress(kept.packed), headers=headers)
