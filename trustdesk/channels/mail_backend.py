"""Django's own mail, through the same door as everything else we send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage as DjangoMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import get_language

from trustdesk.channels import letters, registry
from trustdesk.net import mail
from trustdesk.seams import clock


class Outgoing(BaseEmailBackend):
    """Sends what allauth tells staff about their own sign-in."""

    def send_messages(self, email_messages: Sequence[DjangoMessage]) -> int:
        """Send messages; return how many went. Failures are raised unless told to be silent."""
        sent = 0
        for message in email_messages:
            try:
                for recipient in message.recipients():
                    letter = letters.render(
                        subject=str(message.subject),
                        text=cast(str, message.body),
                        locale=get_language() or "en",
                        recipient=recipient,
                    )
                    registry.transport(settings.MAIL)(
                        mail.compose(
                            sender=mail.mailbox(settings.DEFAULT_FROM_EMAIL),
                            to=mail.mailbox(recipient),
                            subject=str(message.subject),
                            text=letter.text,
                            html=letter.html,
                            now=clock.now(),
                        )
                    )
                sent += 1
            except mail.MailFailed:
                if not self.fail_silently:
                    raise
        return sent
