"""Write the help center into a folder of Markdown files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trustdesk.knowledge import exporting


class Command(BaseCommand):
    """Write what is published; `help_import` reads it again."""

    help = "Export the help center into a folder of Markdown files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the folder."""
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder: Path, **options: Any) -> None:
        """Export, and print how much there was."""
        try:
            number = exporting.write(folder)
        except FileExistsError as error:
            raise CommandError(f"{folder} is not empty.") from error
        self.stdout.write(f"{number} texts written to {folder}")
