"""Mailboxes that their owners throw away: who writes from one may not be there when he is answered."""

from __future__ import annotations

from disposable_email_domains import blocklist


def is_throw_away(mail: str) -> bool:
    """Say whether an address belongs to a service of throw-away mailboxes, or to a part of its domain."""
    labels = mail.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[n:]) in blocklist for n in range(len(labels) - 1))
