"""docs/exchange-api.md as a real HTTP server, written from that page alone: an exchange for the REST tests to talk
to.

Its data comes from the demo exchange; its signature check is its own, so that both sides cannot be wrong together.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tests.net.servers import Handler, HttpServer, http_server
from trustdesk.exchange.contract import ExchangeRefused, Order, Transfer
from trustdesk.exchange.demo import DemoExchange
from trustdesk.policy.proof import Proof

KEYS = {"trustdesk": "a-secret-of-the-tests-0123456789abcdef"}
STATUS = {"unknown_uid": 404, "no_factor": 409, "no_mail": 409, "proof_too_low": 403, "bad_request": 400}
PREFIX = "/support/"


class Exchange:
    """The exchange's side: checks signatures, does each thing once, answers as documented."""

    def __init__(self, demo: DemoExchange, *, clock: Callable[[], datetime]) -> None:
        self.demo = demo
        self.clock = clock
        self.seen: dict[str, tuple[int, bytes]] = {}
        self.acted: list[tuple[str, dict[str, Any]]] = []
        self.break_next: list[Callable[[Handler], None]] = []  # answers to give instead, before or after acting

    def answer(self, request: Handler) -> None:
        status, body = self._answer(request)
        if self.break_next:
            self.break_next.pop(0)(request)
            return
        request.reply(status, body, Content_Type="application/json")

    def _answer(self, request: Handler) -> tuple[int, bytes]:
        if not self._genuine(request):
            return 401, _error("bad_signature")
        id = request.asked.headers["Trustdesk-Request"]
        if id not in self.seen:
            self.seen[id] = self._act(request.path.removeprefix(PREFIX), json.loads(request.asked.body))
        return self.seen[id]

    def _genuine(self, request: Handler) -> bool:
        headers = request.asked.headers
        secret = KEYS.get(headers.get("Trustdesk-Key", ""))
        time = headers.get("Trustdesk-Time", "")
        if secret is None or not time.isdigit() or abs(int(time) - self.clock().timestamp()) > 300:
            return False
        text = "v1\n{}\n{}\n{}\n{}\n{}".format(
            request.command,
            request.path,
            time,
            headers["Trustdesk-Request"],
            hashlib.sha256(request.asked.body).hexdigest(),
        )
        expected = "v1=" + hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, headers.get("Trustdesk-Signature", ""))

    def _act(self, path: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        self.acted.append((path, asked))
        try:
            return 200, json.dumps(self._found(path, asked), ensure_ascii=False).encode()
        except ExchangeRefused as refusal:
            return STATUS[refusal.reason], _error(refusal.reason)

    def _found(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        match path:
            case "v1/status":
                return {"status": "ok"}
            case "v1/customers/find":
                account = self.demo.find(**asked)
                if account is None:
                    return {"customer": None}
                return {"customer": {**vars(account), "factors": list(account.factors), "balance": "99999"}}
            case "v1/factors/start":
                challenge = self.demo.start_factor(**asked)
                return {"challenge": {**vars(challenge), "expires_at": challenge.expires_at.isoformat()}}
            case "v1/factors/check":
                return {"result": str(self.demo.check_factor(**asked))}
            case "v1/codes/send":
                self.demo.send_code(**asked)
                return {}
            case "v1/orders/list":
                return {
                    "orders": [_row(row) for row in self.demo.orders(uid=asked["uid"], proof=Proof(asked["proof"]))]
                }
            case "v1/deposits/list":
                rows = self.demo.deposits(uid=asked["uid"], proof=Proof(asked["proof"]))
                return {"deposits": [_row(row) for row in rows]}
            case "v1/withdrawals/list":
                rows = self.demo.withdrawals(uid=asked["uid"], proof=Proof(asked["proof"]))
                return {"withdrawals": [_row(row) for row in rows]}
            case _:
                raise ExchangeRefused("bad_request")


def _row(row: Order | Transfer) -> dict[str, Any]:
    """Amounts as texts, times in ISO 8601, the rest as it is – and a field of the exchange's own that nobody asked
    for."""
    plain = {name: value for name, value in vars(row).items() if value is None or isinstance(value, str | int)}
    amounts = {name: f"{value:f}" for name, value in vars(row).items() if name not in plain and name != "created_at"}
    return {**plain, **amounts, "created_at": row.created_at.isoformat(), "internal_note": "not for support"}


def _error(code: str) -> bytes:
    return json.dumps({"error": {"code": code}}).encode()


@contextmanager
def exchange_server(exchange: Exchange) -> Iterator[HttpServer]:
    with http_server(exchange.answer) as server:
        yield server
