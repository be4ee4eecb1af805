"""Create the first administrator."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from trustdesk.staff import audit
from trustdesk.staff.models import Agent, Role


class Command(BaseCommand):
    """Asks for what is not given; the password is only ever asked for, and nothing secret is printed."""

    help = "Create an administrator. They set up a second factor when they first sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the names from the command line where it is more convenient."""
        parser.add_argument("--email")
        parser.add_argument("--name", help="full name, shown to colleagues")
        parser.add_argument("--first-name", help="shown to customers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the agent, or say what is wrong with the answers."""
        email = (options["email"] or input("E-mail address: ")).strip().lower()
        name = (options["name"] or input("Name: ")).strip()
        first_name = (options["first_name"] or input("First name, shown to customers: ")).strip()
        if Agent.objects.filter(email=email).exists():
            raise CommandError("There is an agent with this address already.")
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Password again: "):
            raise CommandError("The two passwords differ.")
        try:
            validate_password(password, Agent(email=email, display_name=name, public_name=first_name))
            with transaction.atomic():
                agent = Agent.objects.create_user(
                    email, password, display_name=name, public_name=first_name, role=Role.ADMIN
                )
                audit.record(actor=audit.Actor(name="create_admin"), action="created", target=f"agent:{agent.pk}")
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{name} can sign in now and will be asked to set up a second factor.")
