"""Find or make the customer behind an address."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from trustdesk.customers.models import Customer, Handle
from trustdesk.policy.proof import Proof


def handle_for(
    *, kind: str, value: str, now: datetime, name: str = "", locale: str = "en", proof: Proof = Proof.NOBODY
) -> Handle:
    """Return the handle of this kind and value; nobody has seen it before: make it, and a customer for it.

    `name`, `locale` and `proof` describe somebody new and change nothing about somebody known.
    """
    found = Handle.objects.filter(kind=kind, value=value).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():  # one process wins; the others' customer goes with the savepoint
            customer = Customer.objects.create(name=name[:200], locale=locale, created_at=now)
            return Handle.objects.create(
                customer=customer, kind=kind, value=value, proof=proof, proved_at=now if proof else None, created_at=now
            )
    except IntegrityError:
        return Handle.objects.get(kind=kind, value=value)


def masked_mail(mail: str) -> str:
    """Show an address so that its owner knows it and nobody else learns it: a•••@example.test; "" for no address."""
    name, _, host = mail.rpartition("@")
    return f"{name[:1]}•••@{host}" if name else ""
