"""Words that several kinds of mail need: how long something takes, where a case is read."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import ngettext


def lasting(seconds: int) -> str:
    """Say how long something takes, rounded as people say it."""
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = round(hours / 24)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def case_page(reference: str) -> str:
    """Return where the customer reads a case."""
    return f"{settings.PUBLIC_URL}/cases/{reference}/"
