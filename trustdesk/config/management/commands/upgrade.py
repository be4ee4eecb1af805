from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from trustdesk.config import database


class Command(BaseCommand):
    help = "Bring the database up to this release, as its owner (TRUSTDESK_DATABASE_ROLE=owner)."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        """Grant, migrate, and make the table of the shared cache; doing it twice changes nothing."""
        if connection.settings_dict["USER"] == settings.DATABASE_APP_ROLE:
            raise CommandError("This is the serving role, which owns no table. Set TRUSTDESK_DATABASE_ROLE=owner.")
        with connection.cursor() as cursor:
            for statement in database.default_grants(settings.DATABASE_APP_ROLE):
                cursor.execute(statement)
        call_command("migrate", verbosity=verbosity, interactive=False)
        call_command("createcachetable", verbosity=verbosity)
