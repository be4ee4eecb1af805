from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from trustdesk.conversations.models import Conversation
from trustdesk.demo import staging
from trustdesk.seams import clock

STEPS = 8  # lines of progress where the terminal cannot rewrite one


class Command(BaseCommand):
    help = "Load the demo world: agents, and two weeks of Chinese and English cases. Loading it twice adds nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is not there yet."""
        if not settings.DEMO:
            raise CommandError("The demo world is for trying out; this is production.")
        hired = staging.hire()
        staging.list_channels()
        played = staging.perform(now=clock.now(), progress=self._progress)
        if not played:
            self.stdout.write(f"The demo world is there already ({hired} agents were missing).")
            return
        counts = Conversation.objects.values_list("status").annotate(n=Count("pk")).order_by("status")
        parts = ", ".join(f"{count} {status}" for status, count in counts)
        self.stdout.write(f"\r  {hired} agents, {played} cases: {parts}")

    def _progress(self, done: int, of: int) -> None:
        if self.stdout.isatty():
            if done % 20 == 0 or done == of:
                self.stdout.write(f"\r  {done:,} of {of:,} messages and acts", ending="")
                self.stdout.flush()
        elif done % (of // STEPS) == 0:
            self.stdout.write(f"  {done:,} of {of:,} messages and acts")
