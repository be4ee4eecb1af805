"""Check that nobody changed the audit."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trustdesk.staff import audit


class Command(BaseCommand):
    """Prints the head of the chain, to be kept elsewhere and passed back with --head at the next check."""

    help = "Verify the hash chain of the audit; exits with an error naming the first bad row."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the head noted at an earlier check."""
        parser.add_argument("--head", help="hash printed by an earlier check; finds a cut or rewritten tail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and say what was found."""
        verdict = audit.verify(head=options["head"])
        if verdict.first_bad_id is not None:
            raise CommandError(f"The audit was changed: row {verdict.first_bad_id} does not fit ({verdict.rows} do).")
        self.stdout.write(f"{verdict.rows} rows, head {verdict.head}")
