"""Where browsers tell what a page of ours tried and the content security policy forbade: a script somebody got in."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = logging.getLogger(__name__)

MOST_BYTES = 16 * 1024  # of a report; browsers send one of a few hundred
MOST_A_MINUTE = 20  # lines in the log: anybody may report, and one bad page is opened by many
_DIRECTIVE = re.compile(r"[a-z-]{1,40}")
_WORD = re.compile(r"[a-z-]{1,20}")  # "inline", "eval": what has no address
_HOST = re.compile(r"[a-z0-9.:\[\]-]{1,253}")

_minute, _lines = 0, 0


@never_cache
@csrf_exempt  # browsers send reports by themselves, and nothing changes by one
@require_POST
def policy(request: HttpRequest) -> HttpResponse:
    """Log one report: rule, page and host. Whatever else stands in it is a stranger's text, and may hold tokens."""
    told = _read(request.body) if len(request.body) <= MOST_BYTES else None
    if told is not None and _room():
        log.warning("csp: %s stopped %s on %s", *told)
    return HttpResponse(status=204)


def _read(body: bytes) -> tuple[str, str, str] | None:
    """Return which rule stopped what on which page of ours; None for what is no report."""
    try:
        report: Any = json.loads(body)["csp-report"]
        directive = str(report.get("effective-directive") or report["violated-directive"]).split(" ")[0]
        blocked, page = _origin(str(report["blocked-uri"])), _route(urlsplit(str(report["document-uri"])).path)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return (directive, blocked, page) if _DIRECTIVE.fullmatch(directive) and page else None


def _origin(address: str) -> str:
    """Name a host, a word such as inline, or a scheme; an address may hold anything behind that."""
    parts = urlsplit(address)
    if not parts.scheme:
        return address if _WORD.fullmatch(address) else "?"
    return parts.netloc if _HOST.fullmatch(parts.netloc) else f"{parts.scheme}:" if _WORD.fullmatch(parts.scheme) else "?"


def _route(path: str) -> str:
    """Name the page by its pattern, never by its address; "" for one that is not ours."""
    try:
        return f"/{resolve(path).route}"
    except Resolver404:
        return ""


def _room() -> bool:
    """Count one line; False when this minute has had enough."""
    global _minute, _lines
    minute = int(time.monotonic() / 60)
    if minute != _minute:
        _minute, _lines = minute, 0
    _lines += 1
    return _lines <= MOST_A_MINUTE
