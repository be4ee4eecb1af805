"""The interface as a whole: its endpoints, and what failures of every kind are answered with."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.renderers import BaseRenderer

from trustdesk.api import problems
from trustdesk.api.endpoints import router
from trustdesk.api.problems import Flaw, Refused
from trustdesk.api.reading import BODY, StrictParser
from trustdesk.realtime.group_commit import Unavailable

log = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds, while the database is away


class _Json(BaseRenderer):
    """Chinese is sent as it is, not as six characters each."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data)


class _Api(NinjaAPI):
    def get_content_type(self) -> str:
        return "application/json"  # which has no charset (RFC 8259, 11)


api = _Api(
    title="Trustdesk",
    version="1",
    description="Cases opened, read and continued by other systems.",
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
    parser=StrictParser(),
    renderer=_Json(),
)
api.add_router("", router)

# What pydantic calls it -> what we call it, and the parameter of the limit.
_FLAWS = {
    "missing": ("required", ""),
    "extra_forbidden": ("unknown_field", ""),
    "string_too_long": ("too_long", "max_length"),
    "string_too_short": ("too_short", "min_length"),
    "too_long": ("too_many", "max_length"),
    "string_pattern_mismatch": ("bad_format", ""),
    "literal_error": ("not_an_option", ""),
    "union_tag_not_found": ("not_an_option", ""),
    "union_tag_invalid": ("not_an_option", ""),
    "greater_than_equal": ("out_of_range", "ge"),
    "less_than_equal": ("out_of_range", "le"),
}
# Names of ours; whatever else an error points at is the caller's own and is not repeated.
_NAMES = {
    "type",
    "customer",
    "text",
    "fields",
    "subject",
    "locale",
    "mail",
    "uid",
    "session",
    "after",
    "Idempotency-Key",
    "Customer-Uid",
}


@api.exception_handler(Refused)
def _refused(_request: HttpRequest, refused: Refused) -> HttpResponse:
    return problems.response(refused.code, flaws=refused.flaws, retry_after=refused.retry_after, params=refused.params)


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.response("invalid_request", flaws=[_flaw(one) for one in error.errors][:20])


@api.exception_handler(AuthenticationError)
def _nobody(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    return problems.response("unauthorized")


@api.exception_handler(HttpError)
def _unread(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja wraps what the parser raises."""
    if isinstance(error.__cause__, Refused):
        return _refused(request, error.__cause__)
    return _failed(request, error)


@api.exception_handler(RequestDataTooBig)
def _too_big(_request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    return problems.response("too_large", params={"most": str(BODY)})


@api.exception_handler(UnreadablePostError)
def _broken_off(_request: HttpRequest, _error: UnreadablePostError) -> HttpResponse:
    return problems.response("malformed_json")


@api.exception_handler(Unavailable)
@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _away(_request: HttpRequest, _error: Exception) -> HttpResponse:
    return problems.response("unavailable", retry_after=RETRY_AFTER)


@api.exception_handler(Exception)
def _failed(_request: HttpRequest, error: Exception) -> HttpResponse:
    """Note where it happened and not what it says: messages of exceptions may hold what customers wrote."""
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
    log.error("a request failed: %s in %s", type(error).__name__, " > ".join(places))
    return problems.response("failed")


def _flaw(error: dict[str, object]) -> Flaw:
    place = error["loc"] if isinstance(error["loc"], tuple) else ()
    kind, context = str(error["type"]), error.get("ctx")
    code, limit = _FLAWS.get(kind, ("wrong_type", ""))
    # The last part of such a place is the name the caller made up.
    names = [str(part) for part in (place[1:-1] if kind == "extra_forbidden" else place[1:]) if part in _NAMES]
    if names[:1] == ["customer"]:
        del names[1:2]  # by which member the way to name him was told
    params = {"limit": str(context[limit])} if limit and isinstance(context, dict) and limit in context else {}
    return Flaw(".".join(names), code, params)
