"""A real exchange, over the API of docs/exchange-api.md.

Requests are signed, not accompanied by a password: whoever reads one learns no credential and can replay nothing but
it. Nothing personal stands in an address, since addresses are logged. Of the answers only the documented fields are
read, each checked for form and length, because what comes from outside is somebody else's input, even from a friend.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from trustdesk.exchange.contract import (
    Account,
    Challenge,
    ExchangeRefused,
    ExchangeUnavailable,
    FactorResult,
    Order,
    Transfer,
    demand,
    language,
    lookup,
    mask_mail,
    mask_name,
    mask_phone,
)
from trustdesk.net.addresses import Guard, is_loopback, parse
from trustdesk.net.http import Http, HttpFailed, Limits
from trustdesk.policy.proof import Proof

T = TypeVar("T")

_LIMITS = Limits(connect=3.0, read=5.0, total=8.0, max_bytes=1_000_000, attempts=2)
_MOST_ROWS = 100
_CODE = re.compile(r"[a-z0-9_-]{1,32}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)


@dataclass(frozen=True)
class RestSettings:
    """Where the exchange's support API is and how we sign. `base_url` is https except on loopback; it comes from
    whoever runs Trustdesk, so it may lie in a private network. `secret` has at least 32 characters. Raises
    ValueError, AddressRefused."""

    base_url: str
    key_id: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        address = parse(self.base_url)
        if "?" in address.target:
            raise ValueError("the exchange's address cannot hold a query")
        if address.scheme != "https" and not is_loopback(address.host):
            raise ValueError("the exchange's address must be https")
        if len(self.secret) < 32 or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.key_id, re.ASCII):
            raise ValueError(
                "the exchange's key needs an id (letters, digits, - and _) and a secret of 32 characters or more"
            )


def sign(*, secret: str, method: str, path: str, time: int, request: str, body: bytes) -> str:
    """Return the value of Trustdesk-Signature for a request, as docs/exchange-api.md defines it."""
    lines = ["v1", method, path, str(time), request, hashlib.sha256(body).hexdigest()]
    return "v1=" + hmac.digest(secret.encode(), "\n".join(lines).encode(), "sha256").hex()


class RestExchange:
    """`contract.Exchange` over HTTP."""

    def __init__(self, settings: RestSettings, *, clock: Callable[[], datetime], http: Http | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._base = parse(settings.base_url.rstrip("/") + "/")
        own = f"[{self._base.host}]" if ":" in self._base.host else self._base.host
        self._http = http or Http(guard=Guard.allowing(f"{own}:{self._base.port}"), limits=_LIMITS)

    def find(self, *, uid: str = "", mail: str = "", phone: str = "") -> Account | None:
        name, value = lookup(uid=uid, mail=mail, phone=phone)
        customer = self._ask("v1/customers/find", {name: value}).get("customer")
        if customer is None:
            return None
        account = _account(_object(customer))
        if name == "uid" and account.uid != value:
            raise ExchangeUnavailable("bad_answer")  # somebody else's account must not appear under this uid
        return account

    def start_factor(self, *, uid: str, factor: str = "") -> Challenge:
        asked = {"uid": uid} | ({"factor": factor} if factor else {})
        found = _object(self._ask("v1/factors/start", asked).get("challenge"))
        return Challenge(
            id=_text(found, "id", 512), factor=_code(found, "factor"), expires_at=_time(found, "expires_at")
        )

    def check_factor(self, *, uid: str, challenge: str, code: str) -> FactorResult:
        found = self._ask("v1/factors/check", {"uid": uid, "challenge": challenge, "code": code})
        try:
            return FactorResult(_code(found, "result"))
        except ValueError:
            raise ExchangeUnavailable("bad_answer") from None

    def send_code(self, *, uid: str, code: str, locale: str, purpose: str) -> None:
        self._ask("v1/codes/send", {"uid": uid, "code": code, "locale": locale, "purpose": purpose})

    def orders(self, *, uid: str, proof: Proof) -> tuple[Order, ...]:
        demand("order_status", proof=proof)
        return self._list("orders", uid=uid, proof=proof, read=_order)

    def deposits(self, *, uid: str, proof: Proof) -> tuple[Transfer, ...]:
        demand("deposit_status", proof=proof)
        return self._list("deposits", uid=uid, proof=proof, read=_transfer)

    def withdrawals(self, *, uid: str, proof: Proof) -> tuple[Transfer, ...]:
        demand("withdrawal_status", proof=proof)
        return self._list("withdrawals", uid=uid, proof=proof, read=_transfer)

    def check(self) -> None:
        self._ask("v1/status", {})

    def close(self) -> None:
        """Close every connection; a process keeps one client for as long as it lives."""
        self._http.close()

    def _list(self, what: str, *, uid: str, proof: Proof, read: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
        rows = self._ask(f"v1/{what}/list", {"uid": uid, "proof": int(proof)}).get(what)
        if not isinstance(rows, list):
            raise ExchangeUnavailable("bad_answer")
        return tuple(read(_object(row)) for row in rows[:_MOST_ROWS])

    def _ask(self, path: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Post one signed question and return the answer's object. Repeated at most once, with the same request id:
        the exchange does a thing once per id."""
        target = self._base.target + path
        body = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
        time, request = int(self._clock().timestamp()), secrets.token_urlsafe(24)
        signature = sign(
            secret=self._settings.secret, method="POST", path=target, time=time, request=request, body=body
        )
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Trustdesk-Key": self._settings.key_id,
            "Trustdesk-Time": str(time),
            "Trustdesk-Request": request,
            "Trustdesk-Signature": signature,
        }
        try:
            answer = self._http.request(
                "POST", self._base.origin + target, content=body, headers=headers, idempotent=True
            )
            found = answer.json() if answer.body else {}
        except HttpFailed as failure:
            raise ExchangeUnavailable(failure.reason, retry_after=failure.retry_after) from None
        if not 200 <= answer.status < 300:
            raise _refused(found, status=answer.status)
        return _object(found)


def _refused(answer: Any, *, status: int) -> ExchangeRefused | ExchangeUnavailable:
    """Read an error. Only the exchange's own words make it a refusal: a bare 404 is a wrong address, not a
    customer."""
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if status in (401, 403) and code != "proof_too_low":
        return ExchangeRefused("unauthorised")
    if isinstance(code, str) and _CODE.fullmatch(code) and 400 <= status < 500:
        return ExchangeRefused(code)
    return ExchangeUnavailable(f"status_{status}")


def _account(found: Mapping[str, Any]) -> Account:
    factors = found.get("factors", [])
    if not isinstance(factors, list):
        raise ExchangeUnavailable("bad_answer")
    return Account(
        uid=_text(found, "uid", 64),
        name_masked=_masked(found, "name_masked", mask_name),
        mail_masked=_masked(found, "mail_masked", mask_mail),
        phone_masked=_masked(found, "phone_masked", mask_phone),
        tier=_code(found, "tier", default=""),
        locale=language(_text(found, "locale", 35, default="")),
        factors=tuple(factor for factor in factors[:10] if isinstance(factor, str) and _CODE.fullmatch(factor)),
    )


def _masked(found: Mapping[str, Any], name: str, mask: Callable[[str], str]) -> str:
    """Read a masked contact; mask once more what an exchange forgot to mask."""
    value = found.get(name, "")
    if not isinstance(value, str) or len(value) > 254:
        raise ExchangeUnavailable("bad_answer")
    value = "".join(char if char.isprintable() else " " for char in value).strip()
    return value if not value or "*" in value or "•" in value else mask(value)


def _order(found: Mapping[str, Any]) -> Order:
    return Order(
        id=_text(found, "id", 64),
        pair=_text(found, "pair", 32),
        side=_code(found, "side"),
        kind=_code(found, "kind"),
        price=None if found.get("price") is None else _decimal(found, "price"),
        quantity=_decimal(found, "quantity"),
        filled=_decimal(found, "filled"),
        status=_code(found, "status"),
        created_at=_time(found, "created_at"),
    )


def _transfer(found: Mapping[str, Any]) -> Transfer:
    return Transfer(
        id=_text(found, "id", 64),
        coin=_text(found, "coin", 20),
        network=_text(found, "network", 40),
        amount=_decimal(found, "amount"),
        txid=_text(found, "txid", 128, default=""),
        status=_code(found, "status"),
        confirmations=_count(found, "confirmations"),
        confirmations_needed=_count(found, "confirmations_needed"),
        created_at=_time(found, "created_at"),
    )


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ExchangeUnavailable("bad_answer")
    return value


def _text(found: Mapping[str, Any], name: str, longest: int, *, default: str | None = None) -> str:
    value = found.get(name, default)
    if not isinstance(value, str) or len(value) > longest or not value.isprintable() or (default is None and not value):
        raise ExchangeUnavailable("bad_answer")
    return value


def _code(found: Mapping[str, Any], name: str, *, default: str | None = None) -> str:
    value = _text(found, name, 32, default=default)
    if value != default and not _CODE.fullmatch(value):
        raise ExchangeUnavailable("bad_answer")
    return value


def _decimal(found: Mapping[str, Any], name: str) -> Decimal:
    """Read an amount: plain digits, written as text so that no reader turns it into a float."""
    value = _text(found, name, 41)
    if not _AMOUNT.fullmatch(value):
        raise ExchangeUnavailable("bad_answer")
    return Decimal(value)


def _count(found: Mapping[str, Any], name: str) -> int:
    value = found.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1_000_000_000:
        raise ExchangeUnavailable("bad_answer")
    return value


def _time(found: Mapping[str, Any], name: str) -> datetime:
    """Read an ISO 8601 time that says its offset."""
    try:
        value = datetime.fromisoformat(_text(found, name, 40))
    except ValueError:
        raise ExchangeUnavailable("bad_answer") from None
    if value.tzinfo is None:
        raise ExchangeUnavailable("bad_answer")
    return value
