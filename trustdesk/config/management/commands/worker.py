from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trustdesk.config import checks, lifeline
from trustdesk.realtime import jobs


class Command(BaseCommand):
    help = "Run queued jobs in this process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the lifeline."""
        parser.add_argument("--lifeline", type=int, dest="lifeline_end", help="set by bin/up: stop when it ends")

    def handle(self, *args: Any, lifeline_end: int | None, **options: Any) -> None:
        """Work until SIGTERM or Ctrl-C; jobs that were begun are finished first."""
        checks.refuse_unsafe_database()
        lifeline.end_with_parent(lifeline_end)
        self.stdout.write(f"Working at the queues {', '.join(settings.WORKER_THREADS)}.")
        try:
            jobs.work(threads=settings.WORKER_THREADS)
        except jobs.WorkEnded as ended:
            raise CommandError(f"The worker has ended by itself: {ended}") from ended
