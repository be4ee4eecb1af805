"""A small invented exchange, for trying Trustdesk out and for tests: four customers, their orders and transfers, a
second factor that really is checked, and a mailbox wherever the caller points it. It plays the exchange's part in
full: it also signs the sessions of its customers. Nothing here is for real money; settings refuse it anywhere but on
loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage

import jwt

from trustdesk.exchange.contract import (
    Account,
    Challenge,
    ExchangeRefused,
    FactorResult,
    Order,
    Transfer,
    demand,
    lookup,
    mask_mail,
    mask_name,
    mask_phone,
)
from trustdesk.exchange.sessions import Key
from trustdesk.net.mail import compose, mailbox
from trustdesk.policy.proof import Proof

NAME = "Northlight"
MAIL = "no-reply@northlight.example.test"
_STEP = 30  # seconds a code counts (RFC 6238)
_CHALLENGE_LASTS = timedelta(minutes=5)
_TRIES = 5

Mailer = Callable[[EmailMessage], object]


@dataclass(frozen=True)
class Customer:
    """One invented customer. `seed` is the secret of the authenticator app, "" for none; `phrase` the anti-phishing
    phrase every genuine mail carries."""

    uid: str
    name: str
    mail: str
    phone: str
    tier: str
    locale: str
    seed: str
    phrase: str


CUSTOMERS = (
    Customer(
        uid="100001",
        name="林薇 Lin Wei",
        mail="lin.wei@mail.example.test",
        phone="+8613800138001",
        tier="standard",
        locale="zh-hans",
        seed="JBSWY3DPEHPK3PXPLINWEI2345672345",
        phrase="茉莉花茶",
    ),
    Customer(
        uid="100002",
        name="Alice Morgan",
        mail="alice.morgan@post.example.test",
        phone="+447700900102",
        tier="vip",
        locale="en",
        seed="KRUGKIDROVUWG2ZAMJZG653OEBTG66BA",
        phrase="blue kettle",
    ),
    Customer(
        uid="100003",
        name="陈宇 Chen Yu",
        mail="chen.yu@inbox.example.test",
        phone="+6590001003",
        tier="standard",
        locale="zh-hans",
        seed="MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U",
        phrase="north star",
    ),
    Customer(  # the awkward one: neither mail nor second factor
        uid="100004",
        name="Noor Haddad",
        mail="",
        phone="+971500001004",
        tier="standard",
        locale="en",
        seed="",
        phrase="",
    ),
)
_BY_UID = {customer.uid: customer for customer in CUSTOMERS}

_LETTERS = {  # subject and text: the exchange's own words, which is why they are not ours to translate
    "zh": (
        "{name} 验证码：{code}",
        "您的验证码是 {code}，10 分钟内有效，仅可在您刚才请求验证码的客服页面输入。\n\n"
        "请勿把验证码告诉任何通过电话或社交媒体联系您的人。如果不是您本人操作，请忽略本邮件。\n\n"
        "您的防钓鱼码：{phrase}\n{name}",
    ),
    "en": (
        "{name} code: {code}",
        "Your code is {code}. It is valid for 10 minutes, and only on the support page where you asked for it.\n\n"
        "Give it to nobody who calls or writes to you. If you did not ask for it, ignore this mail.\n\n"
        "Your anti-phishing phrase: {phrase}\n{name}",
    ),
}


class DemoExchange:
    """`contract.Exchange` in memory. Challenges are signed with `secret` and so hold in every process that knows it;
    tries and used codes are counted per process."""

    def __init__(self, *, secret: str, mailer: Mailer, clock: Callable[[], datetime]) -> None:
        if not secret:
            raise ValueError("the demo exchange needs a secret to sign challenges with")
        self._secret = hashlib.sha256(b"demo exchange challenges\0" + secret.encode()).digest()
        self._mailer = mailer
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: dict[str, tuple[int, datetime]] = {}  # challenge -> tries, when it may be forgotten
        self._used: dict[str, int] = {}  # uid -> last time step a code was taken from

    def find(self, *, uid: str = "", mail: str = "", phone: str = "") -> Account | None:
        name, value = lookup(uid=uid, mail=mail, phone=phone)
        if name == "phone":
            value = "+" + value.lstrip("+")
        return next((_account(customer) for customer in CUSTOMERS if getattr(customer, name) == value), None)

    def start_factor(self, *, uid: str, factor: str = "") -> Challenge:
        customer = _customer(uid)
        if not customer.seed or factor not in ("", "totp"):
            raise ExchangeRefused("no_factor")
        expires = self._clock() + _CHALLENGE_LASTS
        body = f"{uid}.{int(expires.timestamp() * 1000)}.{secrets.token_urlsafe(16)}"
        return Challenge(id=f"{body}.{self._seal(body)}", factor="totp", expires_at=expires)

    def check_factor(self, *, uid: str, challenge: str, code: str) -> FactorResult:
        customer = _customer(uid)
        body, _, seal = challenge.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(body).encode()) or body.split(".")[0] != uid:
            return FactorResult.EXPIRED  # not a challenge of ours, or of somebody else
        now = self._clock()
        expires = datetime.fromtimestamp(int(body.split(".")[1]) / 1000, UTC)
        if now >= expires:
            return FactorResult.EXPIRED
        with self._lock:
            self._tries = {one: kept for one, kept in self._tries.items() if now < kept[1]}
            tries, _ = self._tries.get(challenge, (0, expires))
            if tries >= _TRIES:
                return FactorResult.LOCKED
            self._tries[challenge] = (tries + 1, expires)
            step = _matching_step(customer.seed, code, now=now)
            if step is None or step <= self._used.get(uid, -1):  # a code counts once, and no older one after it
                return FactorResult.WRONG
            self._used[uid] = step
            self._tries[challenge] = (_TRIES, expires)  # a challenge passes once
            return FactorResult.PASSED

    def send_code(self, *, uid: str, code: str, locale: str, purpose: str) -> None:
        customer = _customer(uid)
        if not customer.mail:
            raise ExchangeRefused("no_mail")
        subject, text = _LETTERS["zh" if (locale or customer.locale).startswith("zh") else "en"]
        words = {"name": NAME, "code": code, "phrase": customer.phrase}
        self._mailer(
            compose(
                sender=mailbox(MAIL, name=NAME),
                to=mailbox(customer.mail, name=customer.name),
                subject=subject.format(**words),
                text=text.format(**words),
                now=self._clock(),
                headers={"Auto-Submitted": "auto-generated"},
            )
        )

    def orders(self, *, uid: str, proof: Proof) -> tuple[Order, ...]:
        demand("order_status", proof=proof)
        return orders(_customer(uid).uid, now=self._clock())

    def deposits(self, *, uid: str, proof: Proof) -> tuple[Transfer, ...]:
        demand("deposit_status", proof=proof)
        return deposits(_customer(uid).uid, now=self._clock())

    def withdrawals(self, *, uid: str, proof: Proof) -> tuple[Transfer, ...]:
        demand("withdrawal_status", proof=proof)
        return withdrawals(_customer(uid).uid, now=self._clock())

    def check(self) -> None:
        return None  # it lives in this process

    def _seal(self, body: str) -> str:
        return hmac.digest(self._secret, body.encode(), "sha256").hex()


def sign_session(
    uid: str, *, now: datetime, key: Key, audience: str, lifetime: timedelta = timedelta(minutes=5)
) -> str:
    """Sign a session for one of the customers with an HS256 key, as the exchange's own site would; raises
    ExchangeRefused."""
    customer = _customer(uid)
    if key.algorithm != "HS256":
        raise ValueError("the demo exchange signs with HS256")
    claims = {
        "uid": customer.uid,
        "mail": customer.mail,
        "locale": customer.locale,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    } | ({"iss": key.issuer} if key.issuer else {})
    return jwt.encode(claims, key.secret, algorithm="HS256", headers={"kid": key.kid} if key.kid else None)


def current_code(uid: str, *, now: datetime) -> str:
    """Return what the customer's authenticator app shows now ("" for one without): the demo site plays the phone
    too."""
    seed = _customer(uid).seed
    return totp(seed, step=int(now.timestamp()) // _STEP) if seed else ""


def totp(seed: str, *, step: int) -> str:
    """Compute the six digits of a time step from a base32 seed (RFC 6238 with SHA-1, RFC 4226 section 5.3)."""
    digest = hmac.digest(base64.b32decode(seed), step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def _matching_step(seed: str, code: str, *, now: datetime) -> int | None:
    """Return the time step a code belongs to: this one or a neighbour, for clocks that are a little off."""
    given = "".join(code.split()).encode()
    here = int(now.timestamp()) // _STEP
    for step in (here, here - 1, here + 1):
        if hmac.compare_digest(totp(seed, step=step).encode(), given):
            return step
    return None


def orders(uid: str, *, now: datetime) -> tuple[Order, ...]:
    """List a customer's orders, newest first: the same ones every day, dated by that day."""
    return tuple(replace(order, created_at=_day(now) - age) for age, order in _ORDERS.get(uid, ()))


def deposits(uid: str, *, now: datetime) -> tuple[Transfer, ...]:
    """List a customer's deposits, newest first: the same ones every day, dated by that day."""
    return tuple(replace(transfer, created_at=_day(now) - age) for age, transfer in _DEPOSITS.get(uid, ()))


def withdrawals(uid: str, *, now: datetime) -> tuple[Transfer, ...]:
    """List a customer's withdrawals, newest first: the same ones every day, dated by that day."""
    return tuple(replace(transfer, created_at=_day(now) - age) for age, transfer in _WITHDRAWALS.get(uid, ()))


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _customer(uid: str) -> Customer:
    try:
        return _BY_UID[uid]
    except KeyError:
        raise ExchangeRefused("unknown_uid") from None


def _account(customer: Customer) -> Account:
    return Account(
        uid=customer.uid,
        name_masked=mask_name(customer.name),
        mail_masked=mask_mail(customer.mail) if customer.mail else "",
        phone_masked=mask_phone(customer.phone),
        tier=customer.tier,
        locale=customer.locale,
        factors=("totp",) if customer.seed else (),
    )


def _order(
    age: timedelta, id: str, pair: str, side: str, price: str, quantity: str, filled: str, status: str
) -> tuple[timedelta, Order]:
    return age, Order(
        id=id,
        pair=pair,
        side=side,
        kind="limit" if price else "market",
        price=Decimal(price) if price else None,
        quantity=Decimal(quantity),
        filled=Decimal(filled),
        status=status,
        created_at=_EPOCH,
    )


def _transfer(
    age: timedelta, id: str, coin: str, network: str, amount: str, status: str, confirmed: int, needed: int
) -> tuple[timedelta, Transfer]:
    txid = hashlib.sha256(f"demo transfer {id}".encode()).hexdigest() if status not in ("pending", "review") else ""
    return age, Transfer(
        id=id,
        coin=coin,
        network=network,
        amount=Decimal(amount),
        txid="0x" + txid if txid and network == "Ethereum" else txid,
        status=status,
        confirmations=confirmed,
        confirmations_needed=needed,
        created_at=_EPOCH,
    )


_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # stands for "not dated yet"


def _ago(hours: float) -> timedelta:
    return timedelta(hours=hours)


_ORDERS = {
    "100001": (
        _order(_ago(1.2), "8240917366012", "BTC/USDT", "buy", "61250.00", "0.0400", "0.0150", "partly_filled"),
        _order(_ago(26), "8240916904418", "ETH/USDT", "sell", "", "1.5000", "1.5000", "filled"),
        _order(_ago(75), "8240915531207", "SOL/USDT", "buy", "132.40", "20.00", "0", "cancelled"),
    ),
    "100002": (
        _order(_ago(3.5), "8240917361977", "ETH/USDT", "buy", "2480.00", "10.0000", "0", "open"),
        _order(_ago(49), "8240916112305", "BTC/USDT", "sell", "", "0.2500", "0.2500", "filled"),
    ),
    "100003": (_order(_ago(8), "8240917340055", "XRP/USDT", "buy", "0.5200", "5000", "0", "rejected"),),
}
_DEPOSITS = {
    "100001": (
        _transfer(_ago(0.7), "D-2200041", "USDT", "TRON", "1500.00", "confirming", 11, 19),
        _transfer(_ago(120), "D-2199120", "BTC", "Bitcoin", "0.05000000", "credited", 6, 2),
    ),
    "100002": (_transfer(_ago(30), "D-2199987", "ETH", "Ethereum", "4.2000", "credited", 64, 32),),
    "100003": (_transfer(_ago(52), "D-2199561", "XRP", "XRP Ledger", "5000", "review", 0, 1),),
}
_WITHDRAWALS = {
    "100001": (_transfer(_ago(5), "W-3300719", "ETH", "Ethereum", "0.8000", "pending", 0, 32),),
    "100002": (_transfer(_ago(200), "W-3299004", "BTC", "Bitcoin", "0.10000000", "sent", 3, 3),),
}
