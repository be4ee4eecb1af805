"""Put a folder of Markdown files into the help center, or the starting pack that comes with the product."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trustdesk.knowledge import folder, importing

PACK = Path(folder.__file__).parent / "starting_pack"


class Command(BaseCommand):
    """Read all, say what is wrong with it, and write all of it or nothing."""

    help = "Import a folder of Markdown files into the help center."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the folder and how to read it."""
        parser.add_argument("folder", nargs="?", type=Path, help="blank: the starting pack")
        parser.add_argument("--language", default=settings.LANGUAGE_CODE, choices=[code for code, _name in settings.LANGUAGES])
        parser.add_argument("--check", action="store_true", help="say what is wrong and write nothing")
        parser.add_argument("--examples", action="store_true", help="fill figures without a value with the folder's examples")
        parser.add_argument("--overwrite", action="store_true", help="the folder wins over what editors wrote, took back or deleted")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there are articles")

    def handle(self, *, folder: Path | None, **options: Any) -> None:
        """Import, and print what was done."""
        if options["if_empty"] and not importing.empty():
            return
        root = folder or PACK
        try:
            found = _read(root, options["language"])
        except NotADirectoryError as error:
            raise CommandError(f"{root} is no folder.") from error
        for problem in found.problems:
            (self.stderr if problem.fatal else self.stdout).write(f"{'error' if problem.fatal else 'note'}: {problem}")
        texts = sum(len(by_language) for by_language in found.articles.values())
        if found.fatal():
            raise CommandError(f"{len(found.fatal())} errors in {texts} texts: nothing was imported.")
        if options["check"]:
            self.stdout.write(f"{texts} texts, {len(found.sections)} sections: all of it can be imported.")
            return
        try:
            done = importing.put(
                found, root=root, examples=options["examples"], overwrite=options["overwrite"], progress=self._progress
            )
        except importing.UnableToImport as error:
            for problem in error.problems:
                self.stderr.write(f"error: {problem}")
            raise CommandError("Nothing was imported.") from error
        for conflict in done.conflicts:
            self.stderr.write(f"conflict: {conflict}")
        self.stdout.write(", ".join(f"{what}: {number}" for what, number in sorted(done.counts.items())))
        if done.conflicts:
            self.stdout.write("Conflicts were left as editors have them; --overwrite takes the folder's texts.")

    def _progress(self, text: str) -> None:
        self.stdout.write(text, ending="\r" if self.stdout.isatty() else "\n")
        self.stdout.flush()


def _read(root: Path, language: str) -> folder.Folder:
    return folder.read(root, language=language)
