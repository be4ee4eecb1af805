"""Say how well the promised reply times held."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from trustdesk.conversations import expectations
from trustdesk.seams import clock


class Command(BaseCommand):
    """`manage.py promises --days 28`: one line a type, those learned from history apart from mere targets."""

    help = "Print, by request type, how many promised first replies came in time and within the range that was told."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how far back to look."""
        parser.add_argument("--days", type=int, default=28)

    def handle(self, *_: Any, **options: Any) -> None:
        """Print the table."""
        now = clock.now()
        for one in expectations.accuracy(since=now - timedelta(days=options["days"]), now=now):
            claimed = f"{one.claimed:.0%} claimed" if one.claimed else "the target"
            self.stdout.write(
                f"{one.code:24} {one.due:6} due  {one.kept / one.due:4.0%} in time ({claimed})  "
                f"{one.in_range / one.due:4.0%} within the range"
            )
