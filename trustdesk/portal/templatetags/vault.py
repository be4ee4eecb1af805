"""The words of the secure page for what is a code below: kinds, reasons, who looked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

register = template.Library()

_KINDS: Mapping[str, tuple[Lazy, Lazy]] = {
    "id_front": (
        _("Photo ID, front"),
        _("Passport, identity card or driving licence; all four corners in the picture. Of a passport, the page with the photo."),
    ),
    "id_back": (_("Photo ID, back"), _("The back of the same card.")),
    "selfie": (_("Picture of yourself"), _("Your face in good light, without sunglasses, with the document in your hand.")),
    "address": (_("Proof of address"), _("A bill or bank letter with your name and address, at most 90 days old.")),
    "funds": (_("Source of funds"), _("For example a payslip, a bank statement or a contract of sale. Send the pages one by one.")),
    "other": (_("Something else"), _("What your agent describes above.")),
}
_REASONS: Mapping[str, Lazy] = {
    "unreadable": _("It cannot be read"),
    "incomplete": _("Something is missing or cut off"),
    "expired": _("It is out of date"),
    "other_person": _("It does not fit the account"),
    "altered": _("It could not be confirmed as genuine"),
    "not_asked": _("It is not what we asked for"),
}


@register.filter
def document_kind(code: str) -> str:
    """Name a kind of document."""
    return str(_KINDS[code][0]) if code in _KINDS else code


@register.filter
def document_hint(code: str) -> str:
    """Say what a good picture of a kind shows."""
    return str(_KINDS[code][1]) if code in _KINDS else ""


@register.filter
def document_reason(code: str) -> str:
    """Say why documents were not accepted."""
    return str(_REASONS[code]) if code in _REASONS else code


@register.filter
def document_look(look: Any) -> str:
    """Say who opened what, by role and team, never by name."""
    words = {"kind": document_kind(look.kind), "team": look.team}
    if look.role == "admin":
        return gettext("An administrator opened: %(kind)s") % words
    if look.role == "agent":
        return gettext("An agent of the team %(team)s opened: %(kind)s") % words
    if not look.team:
        return gettext("A team lead opened: %(kind)s") % words
    return gettext("A lead of the team %(team)s opened: %(kind)s") % words
