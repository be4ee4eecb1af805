"""Systems that call, and what they send."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from tests import world
from trustdesk.api import tokens
from trustdesk.api.models import Scope
from trustdesk.conversations import expectations
from trustdesk.seams import clock

BASE = "/api/v1/"
EVERYTHING = tuple(Scope.values)


def token(name: str = "exchange", *scopes: str, now: datetime | None = None, **more: Any) -> str:
    """Make a token of a system, with all scopes unless told otherwise."""
    made = tokens.create(name=name, scopes=scopes or EVERYTHING, now=now or clock.now(), **more)
    return made[1]


def fresh() -> None:
    """Forget what this process remembers of another database or test."""
    world.fresh()
    expectations.forget()
    tokens.pace.forget()


def case(**more: Any) -> dict[str, Any]:
    """Word a request that opens a case, of somebody who says an address is his unless told otherwise."""
    return {
        "type": "how_to",
        "customer": {"mail": "anna@example.test"},
        "text": "Where do I find the statement of last year?",
        "fields": {"feature": "Statements"},
        "subject": "Yearly statement",
    } | more


def deposit(**more: Any) -> dict[str, Any]:
    """Word the request of a known account about a deposit."""
    said = {
        "type": "deposit_missing",
        "customer": {"uid": "20417703"},
        "text": "It was sent yesterday evening.",
        "fields": {"coin": "USDT", "network": "TRC20", "tx_id": "9f2c" * 16, "amount": "250.00"},
    }
    return case() | said | more


def session(uid: str = "20417703", *, age: timedelta = timedelta(0), **more: Any) -> str:
    """Sign a session as the exchange does."""
    at = clock.now() - age
    claims = {"uid": uid, "aud": settings.EXCHANGE_AUDIENCE, "iat": at, "exp": at + timedelta(minutes=5)} | more
    return jwt.encode(claims, settings.EXCHANGE_SESSION_KEY, algorithm="HS256")


def post(
    path: str, body: Any, *, token: str = "", key: str = "", client: Client | None = None, **more: Any
) -> HttpResponse:
    """Send JSON (or bytes, as they are)."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if key:
        headers["Idempotency-Key"] = key
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers |= more.pop("headers", {})
    return (client or Client()).post(
        BASE + path, data, content_type=more.pop("content_type", "application/json"), headers=headers, **more
    )  # type: ignore[return-value]


def get(path: str, *, token: str = "", uid: str = "", **query: str) -> HttpResponse:
    """Ask for something, for the customer of an account where `uid` is given."""
    headers = ({"Authorization": f"Bearer {token}"} if token else {}) | ({"Customer-Uid": uid} if uid else {})
    return Client().get(BASE + path, query, headers=headers)  # type: ignore[return-value]


def code(answer: HttpResponse) -> str:
    """Return the code of a problem, after looking that it is one."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:trustdesk:problem:{body['code']}"
    return str(body["code"])


def flaws(answer: HttpResponse) -> dict[str, str]:
    """Return the code of each field that is wrong."""
    return {one["field"]: one["code"] for one in json.loads(answer.content).get("errors", ())}
