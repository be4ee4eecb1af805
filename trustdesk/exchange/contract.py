"""What Trustdesk asks of an exchange's own systems, and nothing more: read a few facts, check a second factor, mail a
code.

Trustdesk never learns a customer's full mail address or phone number from here and never moves anything. Every call
that returns account data takes the proof held in the conversation and refuses below the bar of `policy.proof`, so
that account data cannot reach an unproved chat by oversight. `exchange.rest` speaks to a real exchange
(docs/exchange-api.md), `exchange.demo` is a small invented one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from trustdesk.policy.proof import Proof, allows, needed

_UID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_MAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,64}@[^\s@<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,253}")
_PHONE = re.compile(r"\+?[0-9]{5,20}", re.ASCII)


class ExchangeFailed(Exception):
    """A call that brought no answer. `reason` is a code; `permanent` says that asking again does not help."""

    permanent = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ExchangeUnavailable(ExchangeFailed):
    """The exchange did not answer, or not in a form we understand; later it may. `retry_after` is in seconds."""

    permanent = False

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ExchangeRefused(ExchangeFailed):
    """The exchange (or this contract) says no: ``unknown_uid``, ``no_factor``, ``no_mail``, ``proof_too_low``,
    ``too_many``, ``unauthorised`` …"""


class ProofTooLow(ExchangeRefused):
    """Account data was asked for with less proof than it needs. `needed` is the level to ask the customer for."""

    def __init__(self, *, needed: Proof, held: Proof) -> None:
        super().__init__("proof_too_low")
        self.needed = needed
        self.held = held


@dataclass(frozen=True)
class Account:
    """A customer as support may see one before any proof. For staff and for routing: a page must not show it to a
    visitor who has proved nothing, or it tells strangers which addresses are customers."""

    uid: str
    name_masked: str
    mail_masked: str  # "" where none is registered: no code can be sent
    phone_masked: str
    tier: str
    locale: str  # lower case, zh-hans / zh-hant / en / …, "" unknown
    factors: tuple[str, ...]  # second factors that can be asked for, best first: totp, sms, …


@dataclass(frozen=True)
class Challenge:
    """A second factor that was asked for. `id` is opaque; keep it on the server, beside the conversation."""

    id: str
    factor: str
    expires_at: datetime


class FactorResult(StrEnum):
    """What became of a code. True only when it passed, so that `if check_factor(…)` means what it says."""

    PASSED = "passed"
    WRONG = "wrong"  # also a code that was used before
    EXPIRED = "expired"
    LOCKED = "locked"  # too many tries: a new challenge is needed

    def __bool__(self) -> bool:
        return self is FactorResult.PASSED


@dataclass(frozen=True)
class Order:
    """One trading order. `status`: open, partly_filled, filled, cancelled, rejected; prices in the quote currency."""

    id: str
    pair: str
    side: str  # buy | sell
    kind: str  # limit | market | …
    price: Decimal | None  # None for market orders
    quantity: Decimal
    filled: Decimal
    status: str
    created_at: datetime


@dataclass(frozen=True)
class Transfer:
    """One deposit or withdrawal. `status`: pending, confirming, credited, review, sent, failed."""

    id: str
    coin: str
    network: str
    amount: Decimal
    txid: str  # "" while there is none
    status: str
    confirmations: int
    confirmations_needed: int
    created_at: datetime


class Exchange(Protocol):
    """The exchange. Every method raises ExchangeUnavailable or ExchangeRefused; methods that name a uid refuse one
    that does not exist (``unknown_uid``) – whoever answers a visitor must not let that show."""

    def find(self, *, uid: str = "", mail: str = "", phone: str = "") -> Account | None:
        """Look a customer up by exactly one of these; raises ValueError for none, several or nonsense."""

    def start_factor(self, *, uid: str, factor: str = "") -> Challenge:
        """Ask for a second factor (the customer's best one unless named); sends what has to be sent, such as an
        SMS."""

    def check_factor(self, *, uid: str, challenge: str, code: str) -> FactorResult:
        """Check the code a customer gave for a challenge of this uid. The exchange limits tries; so does the
        caller."""

    def send_code(self, *, uid: str, code: str, locale: str, purpose: str) -> None:
        """Mail a code of ours to the registered address. We make it (so we can bind it to one conversation and keep
        only a hash); the exchange delivers it (so we never hold the address) in its own name, with the customer's own
        anti-phishing phrase. `purpose` is a code the exchange words: ``chat_proof``, ``case_access``."""

    def orders(self, *, uid: str, proof: Proof) -> tuple[Order, ...]:
        """List recent orders, newest first; needs the proof of ``order_status``."""

    def deposits(self, *, uid: str, proof: Proof) -> tuple[Transfer, ...]:
        """List recent deposits, newest first; needs the proof of ``deposit_status``."""

    def withdrawals(self, *, uid: str, proof: Proof) -> tuple[Transfer, ...]:
        """List recent withdrawals, newest first; needs the proof of ``withdrawal_status``."""

    def check(self) -> None:
        """Return when the exchange answers and accepts our credentials (for readiness)."""


def demand(intent: str, *, proof: Proof) -> None:
    """Raise ProofTooLow unless the proof opens the intent. Every implementation calls it first in each data call."""
    if not allows(intent, proof):
        raise ProofTooLow(needed=needed(intent), held=proof)


def lookup(*, uid: str, mail: str, phone: str) -> tuple[str, str]:
    """Return the one field to search by and its value, tidied; raises ValueError."""
    given = [(name, value.strip()) for name, value in (("uid", uid), ("mail", mail), ("phone", phone)) if value.strip()]
    if len(given) != 1:
        raise ValueError("give exactly one of uid, mail and phone")
    [(name, value)] = given
    if name == "phone":
        value = re.sub(r"[\s().-]", "", value)
    if not {"uid": _UID, "mail": _MAIL, "phone": _PHONE}[name].fullmatch(value):
        raise ValueError(f"not a {name}")
    return name, value.lower() if name == "mail" else value


def is_uid(value: str) -> bool:
    """Say whether a text has the form of an exchange UID."""
    return _UID.fullmatch(value) is not None


def is_mail(value: str) -> bool:
    """Say whether a text has the form of one mail address."""
    return _MAIL.fullmatch(value) is not None


def language(locale: str) -> str:
    """Bring what exchanges call a locale (zh_CN, zh-Hant-HK, en-US) to the form we use; "" for nonsense."""
    parts = locale.strip().lower().replace("_", "-").split("-")
    if not all(re.fullmatch(r"[a-z0-9]{1,8}", part, re.ASCII) for part in parts) or not 2 <= len(parts[0]) <= 3:
        return ""
    if parts[0] == "zh":
        return "zh-hant" if {"hant", "tw", "hk", "mo"} & set(parts[1:]) and "hans" not in parts else "zh-hans"
    return parts[0]


def mask_mail(address: str) -> str:
    """a***@example.test"""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else mask_name(address)


def mask_phone(number: str) -> str:
    """+86***78"""
    return f"{number[:3]}***{number[-2:]}" if len(number) >= 8 else "***" if number else ""


def mask_name(name: str) -> str:
    """林***"""
    return f"{name[:1]}***" if name else ""
