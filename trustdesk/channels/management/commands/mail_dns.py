from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trustdesk.channels import sending_dns

_MARKS = {"ok": "ok     ", "wrong": "WRONG  ", "unknown": "unknown", "skipped": "–      "}


class Command(BaseCommand):
    help = (
        "Say what the DNS of our mail addresses' domains should publish, so that our mail is believed and nobody else's; "
        "with --check, whether it does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to look."""
        parser.add_argument(
            "--check", action="store_true", help="look at what is published: 1 where something is wrong, 2 where DNS is silent"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Print records as a zone file has them, or what is published, a line for each."""
        if check:
            self._check()
        else:
            self._say()

    def _say(self) -> None:
        if settings.MAIL_DKIM:
            name, text = settings.MAIL_DKIM.record
            parts = " ".join(f'"{text[start : start + 250]}"' for start in range(0, len(text), 250))
            self.stdout.write(f"{name}. TXT {parts}")
        else:
            self.stdout.write("; MAIL_DKIM_KEY is not set: the mail server that MAIL_URL names has to sign")
        for domain in sending_dns.domains():
            self.stdout.write(f"_dmarc.{domain}. TXT \"v=DMARC1; p=reject; rua=mailto:postmaster@{domain}\"")
            self.stdout.write(f'; {domain}. TXT "v=spf1 … -all", with the servers that send for it (RFC 7208)')
            self.stdout.write(f'_smtp._tls.{domain}. TXT "v=TLSRPTv1; rua=mailto:postmaster@{domain}"')
            self.stdout.write(
                f'; _mta-sts.{domain}. TXT "v=STSv1; id=1", and https://mta-sts.{domain}/.well-known/mta-sts.txt with "version: '
                'STSv1", "mode: enforce", "max_age: 1209600" and a line "mx: …" for each mail server (RFC 8461)'
            )

    def _check(self) -> None:
        found = sending_dns.look(sending_dns.domains())
        for one in found:
            line = f"{_MARKS[one.result]} {sending_dns.RECORDS[one.record]:8}{one.name}: {sending_dns.word(one)}"
            self.stdout.write(line)
        results = [one.result for one in found]
        if "wrong" in results:
            raise CommandError(f"{results.count('wrong')} of {len(found)} records are not as they should be.", returncode=1)
        if "unknown" in results:
            raise CommandError(f"{results.count('unknown')} of {len(found)} records could not be looked at.", returncode=2)
