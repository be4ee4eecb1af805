from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from trustdesk.channels import addresses


class Command(BaseCommand):
    help = "Say what the DNS of our mail addresses' domains should publish, so that our mail is believed and nobody else's."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print records as a zone file has them."""
        if settings.MAIL_DKIM:
            name, text = settings.MAIL_DKIM.record
            parts = " ".join(f'"{text[start : start + 250]}"' for start in range(0, len(text), 250))
            self.stdout.write(f"{name}. TXT {parts}")
        else:
            self.stdout.write("; MAIL_DKIM_KEY is not set: the mail server that MAIL_URL names has to sign")
        for domain in sorted({address.rpartition("@")[2] for address in addresses.ours()}):
            self.stdout.write(f"_dmarc.{domain}. TXT \"v=DMARC1; p=reject; rua=mailto:postmaster@{domain}\"")
            self.stdout.write(f'; {domain}. TXT "v=spf1 … -all", with the servers that send for it (RFC 7208)')
