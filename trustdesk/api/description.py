"""The OpenAPI description: what ninja reads from the endpoints, and all that they answer when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils.cache import get_conditional_response

from trustdesk.api import problems
from trustdesk.api.interface import api
from trustdesk.api.models import Scope

MAX_AGE = 300  # seconds

_ALWAYS = (
    "repeated_parameter",
    "unauthorized",
    "not_found",
    "invalid_request",
    "too_many_requests",
    "failed",
    "unavailable",
)
_WITH_BODY = (
    "malformed_json",
    "missing_scope",
    "too_large",
    "not_json",
    "form_refused",
    "session_refused",
    "key_reused",
)
# What the server itself answers in plain text, before a request gets to us.
_PLAIN = {400: "Or a path or header that no server takes.", 413: "Or, in plain text, above 256 KB."}

_CASE = "K7M-4Q2-X9H2"
_EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "openConversation": {
        "by_mail": {
            "type": "how_to",
            "customer": {"mail": "customer@example.test"},
            "text": "Where do I find the statement of last year?",
            "fields": {"feature": "Statements"},
            "subject": "Yearly statement",
            "locale": "en",
        },
        "by_account": {
            "type": "deposit_missing",
            "customer": {"uid": "20417703", "mail": "customer@example.test"},
            "text": "It was sent yesterday evening and has 40 confirmations.",
            "fields": {
                "coin": "USDT",
                "network": "TRC20",
                "tx_id": "9f2c" * 16,
                "amount": "250.00",
            },
        },
    },
    "addMessage": {"message": {"text": "It has arrived now, thank you.", "locale": "en"}},
}
_SCOPES: Mapping[str, tuple[Scope, ...]] = {
    "openConversation": (Scope.WRITE,),
    "addMessage": (Scope.WRITE,),
    "readConversation": (Scope.READ,),
}
_LINKS = {
    "read": {"operationId": "readConversation", "parameters": {"reference": "$response.body#/reference"}},
    "addMessage": {"operationId": "addMessage", "parameters": {"reference": "$response.body#/reference"}},
}


def serve(request: HttpRequest) -> HttpResponse:
    """Serve the description: the same for everybody, no token needed, may be kept for some minutes."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    text, etag = _text()
    whole = HttpResponse(text, content_type="application/json")
    answer = get_conditional_response(request, etag=etag, response=whole) or whole
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
    return answer


@cache
def _text() -> tuple[bytes, str]:
    text = json.dumps(describe(), ensure_ascii=False, separators=(",", ":")).encode()
    return text, f'"{sha256(text).hexdigest()[:20]}"'


def describe() -> dict[str, Any]:
    """Return the description as JSON data."""
    root = reverse("api:openapi").removesuffix("openapi.json")
    whole: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=root)))
    whole["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    whole["servers"] = [{"url": "/"}]
    parts = whole["components"]
    parts["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "td_…",
            "description": f"Scopes: {', '.join(Scope.values)}. A vouched `uid` needs {Scope.VOUCH.value} as well.",
        }
    }
    parts["schemas"]["Problem"] = _PROBLEM
    for methods in whole["paths"].values():
        for operation in methods.values():
            _complete(operation)
    return whole


def _complete(operation: dict[str, Any]) -> None:
    name, body = operation["operationId"], operation.get("requestBody")
    operation["security"] = [{"token": [scope.value for scope in _SCOPES.get(name, ())]}]
    for parameter in operation["parameters"]:
        _tidy(parameter)
    codes = (*_ALWAYS, *(_WITH_BODY if body else ("missing_scope",)))
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(problems.KINDS[code][0], []).append(code)
    for status, of_it in sorted(by_status.items()):
        operation["responses"][str(status)] = _wrong(status, of_it)
    if body:
        content = body["content"]["application/json"]
        content["examples"] = {key: {"value": value} for key, value in _EXAMPLES[name].items()}
        for success in {"200", "201"} & set(operation["responses"]):
            operation["responses"][success]["links"] = _LINKS


def _tidy(parameter: dict[str, Any]) -> None:
    """An optional parameter is left out, never null."""
    schema = parameter["schema"]
    if "anyOf" in schema:
        [given] = [one for one in schema.pop("anyOf") if one != {"type": "null"}]
        schema |= given
    if parameter["name"] == "reference":
        parameter["description"] = "case number, as customers write it"
        parameter["example"] = _CASE


def _wrong(status: int, codes: list[str]) -> dict[str, Any]:
    titles = " ".join(f"`{code}`: {problems.KINDS[code][1]}" for code in codes)
    answer: dict[str, Any] = {
        "description": f"{titles} {_PLAIN.get(status, '')}".strip(),
        "content": {
            problems.CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"value": _example(code)} for code in codes},
            }
        },
    }
    if status in _PLAIN:
        answer["content"]["text/plain"] = {"schema": {"type": "string"}}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}}
    if status in (429, 503):
        seconds = {"description": "seconds", "required": True, "schema": {"type": "integer", "minimum": 1}}
        answer["headers"] = {"Retry-After": seconds}
    return answer


def _example(code: str) -> dict[str, Any]:
    flaws = {
        "form_refused": [problems.Flaw("fields.tx_id", "looks_like_address")],
        "invalid_request": [problems.Flaw("text", "too_long", {"limit": "4000"})],
        "session_refused": [problems.Flaw("customer.session", "session_refused")],
    }
    params = {"missing_scope": {"scope": Scope.VOUCH.value}}
    whole: dict[str, Any] = json.loads(
        problems.response(code, flaws=flaws.get(code, ()), params=params.get(code)).content
    )
    return whole


_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457). `code` stays the same, `title` may be worded anew.",
    "additionalProperties": False,
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(problems.KINDS)},
        "params": {"type": "object", "additionalProperties": {"type": "string"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["field", "code", "params"],
                "properties": {
                    "field": {"type": "string", "description": "dotted path; blank: the whole of it"},
                    "code": {"type": "string"},
                    "params": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
        },
    },
}
