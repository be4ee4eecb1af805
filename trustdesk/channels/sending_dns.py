"""Whether the DNS of our own domains says what our mail needs (S-56): looked at by a job, kept, and shown to staff."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trustdesk.channels import addresses
from trustdesk.channels.models import DomainCheck
from trustdesk.net import sending_domain
from trustdesk.net.dns import Resolver
from trustdesk.net.http import Http
from trustdesk.net.sending_domain import Finding

AGAIN = timedelta(hours=6)  # until a domain is looked at again; what DNS did not say is asked for at the next round
_SECONDS, _QUESTIONS = 30.0, 60  # what one domain may cost
# Nobody can publish anything there (RFC 2606, RFC 6761): addresses of trials and of tests.
_RESERVED = ("test", "example", "invalid", "localhost", "example.com", "example.net", "example.org")

log = logging.getLogger(__name__)

RECORDS: Mapping[str, str] = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "mta_sts": "MTA-STS", "tls_rpt": "TLS-RPT"}
WORDS: Mapping[str, Promise] = {
    "": _("It is published as it should be."),
    "dns_silent": _("The name servers do not answer."),
    "spf_missing": _("No SPF record says which servers send for the domain."),
    "spf_broken": _("There are several SPF records, or one that cannot be read: it counts for nothing."),
    "spf_open": _("The SPF record lets anybody send for the domain; it has to end in -all or ~all."),
    "dkim_by_others": _("We sign nothing (MAIL_DKIM_KEY is not set): the mail server that MAIL_URL names has to."),
    "dkim_other_domain": _("Our key belongs to another domain: mail from this one is not signed."),
    "dkim_missing": _("The key that we sign with is not published: our signatures are worth nothing."),
    "dkim_several": _("Several keys are published at one name: none of them counts."),
    "dkim_testing": _("The published key says that it is only tried out (t=y)."),
    "dkim_other_key": _("Another key is published than the one we sign with: our signatures fail."),
    "dmarc_missing": _("No DMARC policy: anybody can write in our name."),
    "dmarc_none": _("The DMARC policy asks for nothing (p=none): forged mail in our name arrives."),
    "dmarc_testing": _("The DMARC policy is only tried out (t=y)."),
    "dmarc_not_aligned": _("Our signature is by another domain than the DMARC policy demands (adkim=s)."),
    "sts_missing": _("No MTA-STS record: mail to us can be read on the way by who strips its encryption."),
    "sts_several": _("Several MTA-STS records: none of them counts."),
    "sts_broken": _("The MTA-STS record cannot be read."),
    "sts_no_policy": _("The MTA-STS policy cannot be fetched."),
    "sts_policy_broken": _("The MTA-STS policy cannot be read."),
    "sts_not_enforced": _("The MTA-STS policy is not enforced (mode)."),
    "sts_other_servers": _("The MTA-STS policy does not name all our mail servers (MX)."),
    "sts_short": _("The MTA-STS policy is forgotten within a week (max_age)."),
    "tls_rpt_missing": _("No TLS-RPT record: nobody tells us when mail to us cannot be encrypted."),
    "tls_rpt_several": _("Several TLS-RPT records: none of them counts."),
    "tls_rpt_broken": _("The TLS-RPT record names no place for reports."),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What one domain publishes, as it was seen some time ago."""

    domain: str
    findings: tuple[Finding, ...]
    at: datetime

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """What has to be mended."""
        return tuple(one for one in self.findings if one.result == "wrong")


def domains() -> list[str]:
    """List the domains of our mail addresses."""
    return sorted({address.rpartition("@")[2] for address in addresses.ours()})


def look(wanted: Iterable[str]) -> list[Finding]:
    """Look at domains now; takes some seconds for each."""
    resolver, http = Resolver(nameservers=settings.DNS_SERVERS), Http()
    found: list[Finding] = []
    try:
        for domain in wanted:
            lookups = resolver.budget(seconds=_SECONDS, questions=_QUESTIONS)
            found += sending_domain.check(domain, dkim=settings.MAIL_DKIM, lookups=lookups, http=http)
    finally:
        http.close()
    return found


def look_again(*, now: datetime) -> int:
    """Look at domains that nobody looked at lately, keep what is found, forget domains that are ours no more; return how many
    were looked at."""
    ours = [one for one in domains() if not any(one == end or one.endswith(f".{end}") for end in _RESERVED)]
    DomainCheck.objects.exclude(domain__in=ours).delete()
    fresh = set(
        DomainCheck.objects.filter(checked_at__gt=now - AGAIN, complete=True).values_list("domain", flat=True)
    )
    due = [one for one in ours if one not in fresh]
    for domain in due:
        found = look([domain])
        wrong = [one.code for one in found if one.result == "wrong"]
        if wrong:
            log.warning("the DNS of a domain of ours is not as it should be: %s", ", ".join(wrong))
        DomainCheck.objects.update_or_create(
            domain=domain,
            defaults={
                "findings": [asdict(one) for one in found],
                "complete": not any(one.result == "unknown" for one in found),
                "checked_at": now,
            },
        )
    return len(due)


def latest() -> list[Checked]:
    """Return what was found last about each domain, with one statement and without asking anybody."""
    rows = DomainCheck.objects.order_by("domain")
    return [Checked(row.domain, tuple(Finding(**one) for one in row.findings), row.checked_at) for row in rows]


def word(finding: Finding) -> str:
    """Say what a finding means."""
    return str(WORDS.get(finding.code, finding.code))
