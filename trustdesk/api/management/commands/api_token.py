"""Make, list and revoke the tokens of other systems."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trustdesk.api import tokens
from trustdesk.api.models import ApiToken, Scope
from trustdesk.seams import clock


class Command(BaseCommand):
    """Shows a new token once; the list never shows one."""

    help = "Make, list and revoke tokens of the API (docs/api.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of three actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a token and show it, once")
        create.add_argument("name", help="the system it is for; tokens of one name see what each other opened")
        create.add_argument(
            "--scope", action="append", required=True, choices=Scope.values, help="may be given several times"
        )
        create.add_argument("--days", type=int, default=tokens.LASTS.days, help="how long it lasts")
        create.add_argument("--per-minute", type=int, default=tokens.PER_MINUTE, help="requests it may make")
        actions.add_parser("list", help="show what tokens there are, without their secrets")
        revoke = actions.add_parser("revoke", help="end a token at once")
        revoke.add_argument("prefix", help="the twelve characters after td_")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked for."""
        if options["action"] == "create":
            self._create(options)
        elif options["action"] == "list":
            self._list()
        elif not tokens.revoke(options["prefix"].removeprefix("td_")[:12], now=clock.now()):
            raise CommandError("There is no such token.")

    def _create(self, options: dict[str, Any]) -> None:
        others = ApiToken.objects.filter(name=options["name"].strip(), revoked_at=None).count()
        try:
            row, token = tokens.create(
                name=options["name"],
                scopes=options["scope"],
                lasts=timedelta(days=options["days"]),
                per_minute=options["per_minute"],
                now=clock.now(),
            )
        except (ValueError, OverflowError) as error:
            raise CommandError(f"No token was made: {error}.") from error
        self.stdout.write(token)
        self.stderr.write(f"Keep it now: it cannot be shown again. It lasts until {row.expires_at:%Y-%m-%d}.")
        if others:
            self.stderr.write(f"It sees what {others} other token(s) of this name opened, and they what it opens.")

    def _list(self) -> None:
        now = clock.now()
        for row in ApiToken.objects.order_by("name", "created_at"):
            state = "revoked" if row.revoked_at else "expired" if row.expires_at <= now else "valid"
            used = f"{row.last_used_at:%Y-%m-%d %H}h" if row.last_used_at else "never used"
            self.stdout.write(
                f"{row.prefix}  {state:8}  until {row.expires_at:%Y-%m-%d}  {used:15}  {','.join(row.scopes)}  {row.name}"
            )
