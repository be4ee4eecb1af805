"""How sure we are who is writing, how long that lasts, and what it opens.

Pure: no clock, no database. A level belongs to one conversation; whoever stores it binds it there.

======== ============================================ ======== =======================================================
level    how it is reached                            lasts    why that long
======== ============================================ ======== =======================================================
NOBODY   –                                            0        nothing to last
CONTACT  code to the registered mail, DMARC-passed    30 min   one sitting with an agent; opens no account data
         mail from it
SESSION  signed session of the exchange               30 min   the signature itself lives ≤ 10 min; a page that stays
                                                               open identifies again and so renews it
STRONG   fresh second factor                          15 min   "fresh" has to mean something: a phone left on a table
======== ============================================ ======== =======================================================

A mailed code never opens account data: mail is no second factor (NIST SP 800-63B, section 5.1.3.1), and a stolen
mailbox is the usual first step of a stolen exchange account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from types import MappingProxyType


class Proof(IntEnum):
    """How sure we are; compare with ``<`` and ``>=``."""

    NOBODY = 0
    CONTACT = 1
    SESSION = 2
    STRONG = 3


@dataclass(frozen=True)
class Held:
    """A level that was reached: when, until when (first instant it no longer counts), and how (``mail_code``,
    ``session``, ``second_factor``, ``dmarc``: a code for the surfaces to translate)."""

    level: Proof
    at: datetime
    expires_at: datetime
    how: str


class UnknownIntent(LookupError):
    """Nobody decided what this intent needs. Asking again does not help; nothing is opened meanwhile."""


_LASTS: Mapping[Proof, timedelta] = MappingProxyType(
    {
        Proof.NOBODY: timedelta(0),
        Proof.CONTACT: timedelta(minutes=30),
        Proof.SESSION: timedelta(minutes=30),
        Proof.STRONG: timedelta(minutes=15),
    }
)

INTENTS: Mapping[str, Proof] = MappingProxyType(
    {
        # Said to anyone: nothing here is about one person's account.
        "how_to": Proof.NOBODY,
        "open_case": Proof.NOBODY,
        "report_phishing": Proof.NOBODY,
        "report_bug": Proof.NOBODY,
        # About the case, not about the account behind it.
        "case_status": Proof.CONTACT,
        "next_steps": Proof.CONTACT,
        "transcript": Proof.CONTACT,
        "reopen_case": Proof.CONTACT,
        "documents": Proof.CONTACT,  # handed in on the secure page; a request type may need more, none needs less
        "freeze_account": Proof.CONTACT,  # a freeze can be undone, a theft cannot: the bar is low on purpose
        "account_recovery": Proof.CONTACT,  # talk about it and take documents; the reset itself is further down
        # Account data, read only.
        "order_status": Proof.SESSION,
        "deposit_status": Proof.SESSION,
        "withdrawal_status": Proof.SESSION,
        "balance": Proof.SESSION,
        "personal_data": Proof.SESSION,
        "kyc_status": Proof.SESSION,
        "fees_statement": Proof.SESSION,
        "api_problem": Proof.SESSION,
        "p2p_dispute": Proof.SESSION,
        # Changes who controls the account or where money goes.
        "order_change": Proof.STRONG,
        "withdrawal_release": Proof.STRONG,
        "wrong_memo_recovery": Proof.STRONG,
        "contact_change": Proof.STRONG,
        "password_reset": Proof.STRONG,
        "2fa_reset": Proof.STRONG,  # by a remaining factor; with none left it is account_recovery, with documents
        "unfreeze_account": Proof.STRONG,
        "data_export": Proof.STRONG,
        "data_erasure": Proof.STRONG,
    }
)


def lasts(level: Proof) -> timedelta:
    """Say how long a level counts after it was reached."""
    return _LASTS[level]


def hold(level: Proof, *, at: datetime, how: str) -> Held:
    """Record a level reached at ``at`` with the time it lasts by default."""
    return Held(level=level, at=at, expires_at=at + lasts(level), how=how)


def current(held: Iterable[Held], *, now: datetime) -> Held | None:
    """Pick the strongest level that still counts at ``now`` (of equals, the one that lasts longest), or None."""
    alive = [one for one in held if now < one.expires_at]
    return max(alive, key=lambda one: (one.level, one.expires_at), default=None)


def needed(intent: str) -> Proof:
    """Say what level an intent needs; raises UnknownIntent, so that a misspelt intent opens nothing."""
    try:
        return INTENTS[intent]
    except KeyError:
        raise UnknownIntent(intent) from None


def allows(intent: str, level: Proof) -> bool:
    """Say whether this level opens this intent; raises UnknownIntent."""
    return level >= needed(intent)
