"""A provider whose hooks anybody could forge has none; whoever starts Trustdesk is told so."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from trustdesk.channels import provider_hooks


def hooks_are_proved(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Fail where a secret is given and is none; warn where a provider has no way to tell us what became of our mail."""
    found: list[CheckMessage] = []
    for provider, reason, meant in provider_hooks.problems(settings.MAIL_HOOKS):
        if meant:
            found.append(Error(f"MAIL_URL: {provider} {reason}; its web hooks are off.", id="trustdesk.E002"))
        else:
            hint = "docs/operating.md, “Mail by a provider”"
            found.append(
                Warning(f"MAIL_URL: {provider} {reason}; its web hooks are off.", hint=hint, id="trustdesk.W002")
            )
    return found
