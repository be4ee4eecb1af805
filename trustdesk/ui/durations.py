"""How long something takes, as people say it."""

from __future__ import annotations

import math
from datetime import timedelta

from django.utils.translation import gettext, ngettext


def lasting(time: timedelta) -> str:
    """Say a duration in the unit that suits it, rounded up."""
    return between(time, time)


def between(low: timedelta, high: timedelta) -> str:
    """Say a range of durations in the unit that suits its end: "10–30 minutes", "up to 2 hours"."""
    seconds = max(high.total_seconds(), 60)
    unit = 60 if seconds <= 90 * 60 else 3600 if seconds <= 48 * 3600 else 86400
    least, most = int(low.total_seconds() // unit), math.ceil(seconds / unit)
    span = f"{least}–{most}" if 0 < least < most else str(most)
    words = {
        60: ngettext("%(range)s minute", "%(range)s minutes", most),
        3600: ngettext("%(range)s hour", "%(range)s hours", most),
        86400: ngettext("%(range)s day", "%(range)s days", most),
    }[unit] % {"range": span}
    return gettext("up to %(time)s") % {"time": words} if least == 0 and low != high else words
