from datetime import timedelta

from django.apps import AppConfig
from django.conf import settings

from trustdesk.config import checks
from trustdesk.seams import clock, failpoints


class ConfigConfig(AppConfig):
    """The commands that run Trustdesk, its start-up checks, and the faults a test asks for."""

    name = "trustdesk.config"
    label = "config"

    def ready(self) -> None:
        """Register the checks, and arm what only tests may arm (settings refuse it elsewhere)."""
        checks.register_all()
        if settings.FAILPOINTS:
            failpoints.arm(settings.FAILPOINTS)
        if settings.CLOCK_OFFSET:
            clock.shift(timedelta(seconds=settings.CLOCK_OFFSET))
