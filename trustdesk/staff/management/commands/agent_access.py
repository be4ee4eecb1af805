"""Give or take an agent's access from the command line, where nobody can sign in to do it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from trustdesk.staff import accounts, audit
from trustdesk.staff.models import Agent, Writing

WRITING = {"editor": Writing.EDITOR, "publisher": Writing.PUBLISHER, "no-editor": None}

DOCUMENTS = {"documents": True, "no-documents": False}


class Command(BaseCommand):
    """link: set or reset a password · reset-factors: a lost phone · deactivate, activate · editor, publisher, no-editor ·
    documents, no-documents: open those of cases at hand."""

    help = "Give or take an agent's access: a password link, lost second factors, deactivation, writing the help center, documents."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do, for whom, and why."""
        parser.add_argument("what", choices=["link", "reset-factors", "deactivate", "activate", *WRITING, *DOCUMENTS])
        parser.add_argument("email")
        parser.add_argument("--reason", default="", help="kept in the audit; required for all but link")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so; the link is printed, because handing it over is the point."""
        agent_id = Agent.objects.filter(email=options["email"].strip().lower()).values_list("pk", flat=True).first()
        if agent_id is None:
            raise CommandError("There is no agent with this address.")
        what, reason = options["what"], options["reason"].strip()
        if what != "link" and not reason:
            raise CommandError("Say why, with --reason: it is kept in the audit.")
        actor = audit.Actor(name="agent_access")
        if what == "link":
            token = accounts.issue_password_link(agent_id=agent_id, actor=actor)
            self.stdout.write(settings.PUBLIC_URL + reverse("staff_password_link", args=[token]))
        elif what == "reset-factors":
            accounts.reset_second_factor(agent_id=agent_id, actor=actor, reason=reason)
            self.stdout.write("Their second factors are removed; the next sign-in asks for a new one.")
        elif what in WRITING:
            changed = accounts.set_writing(agent_id=agent_id, writing=WRITING[what], actor=actor, reason=reason)
            self.stdout.write("Done." if changed else "Nothing to change.")
        elif what in DOCUMENTS:
            changed = accounts.set_documents(agent_id=agent_id, allowed=DOCUMENTS[what], actor=actor, reason=reason)
            self.stdout.write("Done." if changed else "Nothing to change.")
        else:
            try:
                changed = accounts.set_active(agent_id=agent_id, active=what == "activate", actor=actor, reason=reason)
            except accounts.UnableToChangeAccess as error:
                raise CommandError(
                    "Nobody else could manage then. Make another administrator first: create_admin."
                ) from error
            self.stdout.write("Done." if changed else "Nothing to change.")
