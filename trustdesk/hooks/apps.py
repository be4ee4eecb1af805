from django.apps import AppConfig
from django.core.checks import Tags, register

from trustdesk.hooks import checks


class HooksConfig(AppConfig):
    """Where providers post, and a check of what proves that it is they."""

    name = "trustdesk.hooks"

    def ready(self) -> None:
        """Register the check."""
        register(checks.hooks_are_proved, Tags.security)
