"""The anti-phishing phrase: who forges a mail of ours does not know it.

It belongs to an address, not to a person: whoever has shown that the address is his sets it, and only mail to that address
carries it. It is stored sealed, and shown to nobody else, staff and the page it was typed on included.
"""

from __future__ import annotations

import html
import logging
import unicodedata
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trustdesk.channels import outbox, sealing
from trustdesk.customers.identify import handle_for
from trustdesk.customers.models import Handle, Phrase
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import guard, proof
from trustdesk.policy.proof import Proof

SHORTEST, LONGEST = 4, 40  # characters
HIDDEN = "••••"

log = logging.getLogger(__name__)


class UnableToKeep(Exception):
    """`code`: no_mail, proof, short, long, characters or secret. With `proof`, proving again helps; otherwise other words do."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def set_at(visitor: Visitor) -> datetime | None:
    """Return when the phrase of this visitor's address was set; None: never."""
    return (
        Phrase.objects.filter(handle__kind=Handle.Kind.MAIL, handle__value=_mail(visitor))
        .values_list("set_at", flat=True)
        .first()
    )


def may_set(visitor: Visitor, *, now: datetime) -> bool:
    """Say whether the visitor's proof is fresh; to change a phrase it must be younger than the phrase."""
    if not _mail(visitor) or visitor.proof_at(now) < Proof.CONTACT:
        return False
    before, proved_at = set_at(visitor), _proved_at(visitor, now)
    return before is None or (proved_at is not None and proved_at > before)


def keep(*, visitor: Visitor, phrase: str, now: datetime) -> None:
    """Set or change the phrase of the address that this visitor proved, and mail there that it was done; raises UnableToKeep."""
    mail, proved_at = _mail(visitor), _proved_at(visitor, now)
    if not mail:
        raise UnableToKeep("no_mail")
    if proved_at is None:
        raise UnableToKeep("proof")
    sealed, key = sealing.seal(_checked(phrase).encode())
    columns = {"sealed": sealed, "key": key, "set_at": now}
    with transaction.atomic():
        handle = handle_for(kind=Handle.Kind.MAIL, value=mail, now=now, proof=Proof.CONTACT)
        Handle.objects.filter(pk=handle.pk, proof__lt=Proof.CONTACT).update(proof=Proof.CONTACT, proved_at=now)
        # One proof, one change: who finds the browser open afterwards needs the mailbox, too.
        if not Phrase.objects.filter(handle=handle, set_at__lt=proved_at).update(**columns):
            try:
                with transaction.atomic():
                    Phrase.objects.create(handle=handle, **columns)
            except IntegrityError:
                raise UnableToKeep("proof") from None
        _tell(handle, now)


def of(mail: str) -> str:
    """Return the phrase for a mail to this address; "" where none was set or nobody has shown that the address is his."""
    row = Phrase.objects.filter(
        handle__kind=Handle.Kind.MAIL, handle__value=mail.strip().lower(), handle__proof__gte=int(Proof.CONTACT)
    ).first()
    if row is None:
        return ""
    try:
        return sealing.unseal(bytes(row.sealed), bytes(row.key)).decode()
    except sealing.Unsealable:  # a mail without the phrase is better than none
        log.exception("the phrase of handle %s cannot be opened", row.handle_id)
        return ""


def hide(text: str, *, phrase: str) -> str:
    """Take a phrase out of what came from its owner, plain or HTML: answers quote the mail they answer, and staff read them."""
    for shape in {phrase, html.escape(phrase), html.escape(phrase, quote=False)} - {""}:
        text = text.replace(shape, HIDDEN)
    return text


def _checked(phrase: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp") for char in phrase.strip()):
        raise UnableToKeep("characters")  # invisible ones would let two phrases look alike
    tidy = " ".join(unicodedata.normalize("NFC", phrase).split())
    if len(tidy) < SHORTEST:
        raise UnableToKeep("short")
    if len(tidy) > LONGEST:
        raise UnableToKeep("long")
    if guard.mask(tidy).found:
        raise UnableToKeep("secret")
    return tidy


def _mail(visitor: Visitor) -> str:
    return visitor.mail.strip().lower() if visitor.proved else ""


def _proved_at(visitor: Visitor, now: datetime) -> datetime | None:
    level = visitor.proof_at(now)
    if level < Proof.CONTACT or visitor.proof_until is None:
        return None
    return visitor.proof_until - proof.lasts(level)


def _tell(handle: Handle, now: datetime) -> None:
    outbox.queue(
        key=f"phrase:{handle.pk}:{now.timestamp():.3f}",
        inbox_id=outbox.mail_inbox(),
        conversation_id=None,
        purpose="phrase",
        recipient=handle.value,
        subject=_("Your anti-phishing phrase for %(exchange)s support") % {"exchange": settings.EXCHANGE_NAME},
        text="\n\n".join(
            [
                _("Your anti-phishing phrase was set. From now on it stands in every mail that we send to this address."),
                _("A mail without it, or with another one, is not from us."),
                _("It was not you? Then somebody can read your mail: change the password of your mailbox, and tell us: %(url)s")
                % {"url": f"{settings.PUBLIC_URL}/contact/"},
            ]
        ),
        now=now,
        locale=get_language() or "en",
    )
