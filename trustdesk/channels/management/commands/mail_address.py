from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from trustdesk.channels import mailboxes
from trustdesk.channels.models import Inbox
from trustdesk.staff.models import Team


class Command(BaseCommand):
    help = "Add or change a mail address of ours: its team, what arrives there is about, and the mailbox it is fetched from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address and what is to be set."""
        parser.add_argument("address", help="such as partners@support.example.com")
        parser.add_argument("--name", help="as customers read it")
        parser.add_argument("--team", help="slug of the team that takes its mail; blank: the team of the request type")
        parser.add_argument("--type", dest="type_code", help="code of the request type, where the subject names none")
        parser.add_argument(
            "--fetch", metavar="URL", help="imaps://user:password@host/INBOX; blank stops; - reads it from standard input"
        )
        parser.add_argument("--off", action="store_true", help="take no more mail for it")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        """Add or change the address."""
        validate_email(address)
        row, made = Inbox.objects.get_or_create(kind="email", address=address.lower(), defaults={"name": address})
        if options["name"]:
            row.name = options["name"]
        if options["team"] is not None:
            row.team = _team(options["team"])
        if options["type_code"] is not None:
            row.type_code = options["type_code"]
        row.enabled = not options["off"]
        row.save()
        if options["fetch"] is not None:
            url = input() if options["fetch"] == "-" else options["fetch"]
            try:
                mailboxes.connect(inbox_id=row.pk, url=url.strip())
            except ValueError as error:
                raise CommandError(str(error)) from None
        self.stdout.write(f"{'Added' if made else 'Changed'} {row.address}.")


def _team(slug: str) -> Team | None:
    if not slug:
        return None
    found = Team.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Team.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(f"There is no team {slug}. Teams: {known}")
    return found
