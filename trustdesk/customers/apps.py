from django.apps import AppConfig

from trustdesk.channels import letters


class CustomersConfig(AppConfig):
    name = "trustdesk.customers"

    def ready(self) -> None:
        """Let mail carry its recipient's phrase: the channels lie below and cannot ask for it."""
        from trustdesk.customers import phrases  # only now: it needs the models

        letters.use_phrases(phrases.of)
