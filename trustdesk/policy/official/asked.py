"""One thing somebody wants to have checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of channels."""

    SITE = "site"
    MAIL = "mail"
    ACCOUNT = "account"
    PHONE = "phone"
    WALLET = "wallet"  # an address on a chain: no channel, and the first thing swindlers hand out


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing to check. `value`: host (in punycode), address, account name or number in the form in which equal ones are equal;
    `platform`: of an account, a code of `accounts.PLATFORMS`, blank where it was not said. `tricks`: codes of what is odd about how
    it is written: ``name_before_at``, ``alphabet``, ``hidden``, ``plain_http``, ``number``, ``script``, ``broken``, ``invite``,
    ``post``."""

    kind: Kind
    value: str
    platform: str = ""
    tricks: tuple[str, ...] = ()
