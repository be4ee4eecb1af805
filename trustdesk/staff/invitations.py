"""A password link on its way to its agent: its address, and the mail that brings it. It is kept nowhere but in that mail."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from trustdesk.net.mail import MailFailed
from trustdesk.staff.models import Agent

log = logging.getLogger(__name__)


def address(token: str) -> str:
    """Return where the link leads."""
    return str(settings.PUBLIC_URL) + reverse("staff_password_link", args=[token])


def until(at: datetime) -> str:
    """Word a time in UTC, which is the same for whoever sends and whoever reads."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def mail(agent: Agent, *, token: str, expires_at: datetime) -> bool:
    """Mail the link in the first of the agent's languages; return whether the mail server took it. Call it after the commit."""
    first = agent.languages[0] if agent.languages else "en"
    with override("zh-hans" if first.startswith("zh") else "en"):
        exchange = {"exchange": settings.EXCHANGE_NAME}
        if agent.has_usable_password():
            subject = _("Choose a new password for the support desk")
            why = (
                _("An administrator sends you a link to choose a new password for the support desk of %(exchange)s.")
                % exchange
            )
        else:
            subject = _("Your access to the support desk")
            why = _("You work at the support desk of %(exchange)s from now on. Choose a password here.") % exchange
        works = _("The link works once, until %(time)s. When you sign in, a second factor is asked for as well.")
        unexpected = _("If you did not expect this mail, tell your administrator and leave the link alone.")
        text = "\n\n".join([why, address(token), works % {"time": until(expires_at)}, unexpected])
        try:
            send_mail(subject, text, None, [agent.email])
        except (OSError, MailFailed):  # the link is shown to the administrator, who can hand it over
            log.exception("password link of agent %d not mailed", agent.pk)
            return False
    return True
