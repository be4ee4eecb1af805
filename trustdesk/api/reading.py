"""From the bytes of a body to plain data, with everything refused that two readers could read differently."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from trustdesk.api.problems import Flaw, Refused

BODY = 128 * 1024  # bytes
DEPTH = 6  # objects and lists in one another; ours need three


class StrictParser(Parser):
    """Reads JSON as RFC 8259 writes it, in UTF-8, each name once, of a size and depth that real requests have."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body's data; raises Refused."""
        if request.content_type != "application/json":
            raise Refused("not_json")
        if request.content_params and request.content_params.get("charset", "utf-8").lower() != "utf-8":
            raise Refused("not_json")
        if len(request.body) > BODY:
            raise Refused("too_large", most=str(BODY))
        try:
            data = json.loads(request.body.decode(), object_pairs_hook=_once, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise Refused("malformed_json") from None  # the message of the error would repeat the body
        _look_through(data, 0)
        return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse(_name: str) -> None:
    raise ValueError  # NaN and Infinity are no JSON


def _look_through(data: Any, depth: int) -> None:
    """Refuse texts that PostgreSQL cannot hold (a NUL, half of a surrogate pair), and what is nested deeply."""
    if isinstance(data, str):
        try:
            data.encode()
        except UnicodeEncodeError:
            raise Refused("invalid_request", Flaw("", "not_text")) from None
        if "\0" in data:
            raise Refused("invalid_request", Flaw("", "not_text"))
    elif isinstance(data, dict | list):
        if depth >= DEPTH:
            raise Refused("malformed_json")
        for value in data.values() if isinstance(data, dict) else data:
            _look_through(value, depth + 1)
        for name in data if isinstance(data, dict) else ():
            _look_through(name, depth + 1)
