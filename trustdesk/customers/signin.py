"""Signing in without a password: a code to a mail address. Nobody learns whether an address is known here."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from trustdesk.channels import outbox
from trustdesk.customers import visitors
from trustdesk.customers.identify import handle_for, masked_mail
from trustdesk.customers.models import Handle, MailCode
from trustdesk.customers.visitors import Visitor
from trustdesk.net.addresses import network
from trustdesk.policy.proof import Proof

LASTS = timedelta(minutes=10)
TRIES = 5  # at one code
HOUR = timedelta(hours=1)
AN_HOUR = {"mail": 5, "address": 30}  # codes for one mail address, from one network
GUESSES = 15  # wrong codes for one mail address in an hour, over all its codes
_SALT = "trustdesk.customers.signin"
_LOCK = 0x7D_516E


class BadMail(ValueError):
    """That is no mail address."""


class TooMany(Exception):
    """Too many codes or guesses: try again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(str(retry_after))
        self.retry_after = retry_after


def send_code(*, mail: str, locale: str, address: str, now: datetime) -> str:
    """Mail a code, and return the address masked. `address`: whose browser asks. Raises BadMail, TooMany."""
    mail = tidy(mail)
    place = network(address)[:64]
    code = f"{secrets.randbelow(1_000_000):06}"
    with transaction.atomic():
        with connection.cursor() as cursor:  # of two at the same moment the second counts the first
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, mail))
        recent = MailCode.objects.filter(created_at__gt=now - HOUR)
        if recent.filter(mail=mail).count() >= AN_HOUR["mail"] or recent.filter(address=place).count() >= AN_HOUR["address"]:
            raise TooMany(int(HOUR.total_seconds()))
        MailCode.objects.filter(mail=mail).exclude(code_hash="").update(code_hash="")
        row = MailCode.objects.create(mail=mail, code_hash="-", address=place, expires_at=now + LASTS, created_at=now)
        MailCode.objects.filter(pk=row.pk).update(code_hash=_hash(row.pk, code))
        with override(locale):
            outbox.queue(
                key=f"signin:{row.pk}",
                inbox_id=outbox.mail_inbox(),
                conversation_id=None,
                purpose="code",
                recipient=mail,
                subject=_("Your code for %(exchange)s support") % {"exchange": settings.EXCHANGE_NAME},
                text=_letter(code),
                now=now,
            )
    return masked_mail(mail)


def check_code(*, mail: str, code: str, address: str, now: datetime) -> Visitor | None:
    """Return who now has shown that the address is his; None for a wrong, used or old code. Raises BadMail, TooMany."""
    mail = tidy(mail)
    recent = MailCode.objects.filter(mail=mail, created_at__gt=now - HOUR)
    if sum(recent.values_list("tries", flat=True)) >= GUESSES:
        raise TooMany(int(HOUR.total_seconds()))
    row = recent.exclude(code_hash="").order_by("-created_at", "-pk").first()
    # Counted before it is looked at, so that guesses sent at the same moment are all counted.
    if (
        row is None
        or row.expires_at <= now
        or not MailCode.objects.filter(pk=row.pk, tries__lt=TRIES).update(tries=F("tries") + 1)
    ):
        return None
    typed = re.sub(r"\s", "", code)
    if not constant_time_compare(row.code_hash, _hash(row.pk, typed)):
        return None
    if not MailCode.objects.filter(pk=row.pk, code_hash=row.code_hash).update(code_hash=""):
        return None  # the same code, sent twice at once: one of them counted
    handle = handle_for(kind=Handle.Kind.MAIL, value=mail, now=now, proof=Proof.CONTACT)
    Handle.objects.filter(pk=handle.pk).update(proof=Proof.CONTACT, proved_at=now)
    return visitors.addressed(mail=mail, now=now)


def tidy(mail: str) -> str:
    """Return an address as it is kept: trimmed, in small letters. Raises BadMail."""
    mail = mail.strip().lower()
    try:
        validate_email(mail)
    except ValidationError:
        raise BadMail from None
    if len(mail) > 254:  # RFC 5321
        raise BadMail
    return mail


def _letter(code: str) -> str:
    lines = [
        _("Your code: %(code)s") % {"code": code},
        _("It is good for ten minutes. Type it only on %(url)s; nobody from support will ever ask you for it.")
        % {"url": settings.PUBLIC_URL},
        _("You did not ask for a code? Then somebody typed your address; you need not do anything."),
    ]
    return "\n\n".join(lines)


def _hash(identity: int, code: str) -> str:
    return salted_hmac(_SALT, f"{identity}:{code}", algorithm="sha256").hexdigest()
