"""What is answered when something is wrong: problem details (RFC 9457) with codes that stay the same.

Nothing a caller sent is ever repeated in one, so that no secret comes back or into somebody's log.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import orjson
from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"

# code -> status and title
KINDS: Mapping[str, tuple[int, str]] = {
    "malformed_json": (400, "The body is not one well-formed JSON document."),
    "repeated_parameter": (400, "A parameter of the address stands there twice."),
    "unauthorized": (401, "A valid bearer token is needed."),
    "missing_scope": (403, "The token does not have the scope that this needs."),
    "not_found": (404, "There is no such thing, or it is not yours to see."),
    "method_not_allowed": (405, "This address does not take that method."),
    "too_large": (413, "The body is too large."),
    "not_json": (415, "The body must be application/json in UTF-8."),
    "invalid_request": (422, "The request does not have the form that the description asks for."),
    "form_refused": (422, "Answers cannot be taken as they are."),
    "session_refused": (422, "The signed session proves nothing: it is not genuine, too old or not meant for us."),
    "key_reused": (422, "This Idempotency-Key was used for another request."),
    "too_many_requests": (429, "The token has used up its requests for now."),
    "failed": (500, "Something failed here; it was noted."),
    "unavailable": (503, "Nothing was stored that was not acknowledged; send the same again a little later."),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one field: a dotted path of names of ours, a code, and what a sentence about it needs."""

    field: str
    code: str
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Refused(Exception):
    """A request that is answered with a problem of this code."""

    def __init__(self, code: str, *flaws: Flaw, retry_after: int = 0, **params: str) -> None:
        super().__init__(code)
        self.code, self.flaws, self.retry_after, self.params = code, flaws, retry_after, params


def response(
    code: str, *, flaws: Sequence[Flaw] = (), retry_after: int = 0, params: Mapping[str, str] | None = None
) -> HttpResponse:
    """Make the answer for a code of KINDS; `retry_after` is in seconds, 0 for none."""
    status, title = KINDS[code]
    body: dict[str, object] = {"type": f"urn:trustdesk:problem:{code}", "title": title, "status": status, "code": code}
    if params:
        body["params"] = dict(params)
    if flaws:
        body["errors"] = [{"field": one.field, "code": one.code, "params": dict(one.params)} for one in flaws]
    answer = HttpResponse(orjson.dumps(body), status=status, content_type=CONTENT_TYPE)
    if retry_after:
        answer.headers["Retry-After"] = str(retry_after)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
