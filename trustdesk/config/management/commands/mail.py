import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from trustdesk.channels import mailboxes, receiving
from trustdesk.channels.listening import listen
from trustdesk.config import checks, lifeline


class Command(BaseCommand):
    help = "Take mail in this process: from servers that bring it (MAIL_LISTEN), and from mailboxes that are fetched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the lifeline."""
        parser.add_argument("--lifeline", type=int, dest="lifeline_end", help="set by bin/up: stop when it ends")

    def handle(self, *args: Any, lifeline_end: int | None, **options: Any) -> None:
        """Take mail until SIGTERM or Ctrl-C; what is being received is finished first."""
        checks.refuse_unsafe_database()
        lifeline.end_with_parent(lifeline_end)
        asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    where = listen(settings.MAIL_LISTEN)
    mailroom = receiving.Mailroom(where) if where else None
    fetching = mailboxes.Fetching()
    try:
        if mailroom:
            await mailroom.start()
        await fetching.run_until(stop)
    finally:
        await fetching.stop()
        if mailroom:
            await mailroom.stop()
