"""The DNS of our own domains: on the command line, kept for the ledger, and never asked by a page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.net.keys import pem
from tests.net.zone import Records, serve
from tests.world import NOON
from trustdesk.channels import addresses, outbox, sending_dns
from trustdesk.channels.models import DomainCheck, Inbox
from trustdesk.net import sending_domain
from trustdesk.net.dkim import DkimKey

pytestmark = pytest.mark.django_db
DOMAIN = "support.northlight.exchange"
KEY = DkimKey(DOMAIN, "", pem("rsa"))


@pytest.fixture
def zone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Records]]:
    """A domain of ours with everything in order, and a name server that says so."""
    name, key = KEY.record
    records: dict[str, Records] = {
        DOMAIN: {"TXT": ["v=spf1 ip4:198.51.100.7 -all"], "MX": [f"10 mx.{DOMAIN}."]},
        name: {"TXT": [key]},
        f"_dmarc.{DOMAIN}": {"TXT": ["v=DMARC1; p=reject"]},
        f"_smtp._tls.{DOMAIN}": {"TXT": ["v=TLSRPTv1; rua=mailto:t@northlight.exchange"]},
    }
    monkeypatch.setattr(sending_domain, "_mta_sts", lambda *_: "")  # its web server is another test's
    Inbox.objects.filter(pk=outbox.mail_inbox()).update(address=f"help@{DOMAIN}")
    addresses.forget()
    settings.MAIL_DKIM = KEY
    with serve(records, ttl=0) as server:
        settings.DNS_SERVERS = (server,)
        yield records
    addresses.forget()


def checked() -> tuple[int, str]:
    """Run `mail_dns --check`; return its exit code and what it printed."""
    out = StringIO()
    try:
        call_command("mail_dns", "--check", stdout=out)
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


def test_the_command_says_a_line_for_each_record_and_ends_well_where_all_is_well(zone: dict[str, Records]) -> None:
    code, said = checked()
    assert code == 0
    assert [line.split()[:2] for line in said.splitlines()] == [
        ["ok", "SPF"], ["ok", "DKIM"], ["ok", "DMARC"], ["ok", "MTA-STS"], ["ok", "TLS-RPT"]
    ]  # fmt: skip


def test_the_command_fails_where_something_is_wrong_and_says_what(zone: dict[str, Records]) -> None:
    zone[f"_dmarc.{DOMAIN}"] = {"TXT": ["v=DMARC1; p=none"]}
    del zone[KEY.record[0]]
    code, said = checked()
    assert code == 1
    lines = said.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("WRONG")] == ["DKIM", "DMARC"]
    assert f"_dmarc.{DOMAIN}: The DMARC policy asks for nothing (p=none)" in said
    assert "2 of 5 records" in lines[-1]


def test_a_silent_name_server_is_neither(zone: dict[str, Records]) -> None:
    zone[f"_smtp._tls.{DOMAIN}"] = "SERVFAIL"
    code, said = checked()
    assert code == 2
    assert "unknown TLS-RPT" in said


def test_what_to_publish_is_printed_and_is_what_the_check_wants(zone: dict[str, Records]) -> None:
    out = StringIO()
    call_command("mail_dns", stdout=out)
    said = out.getvalue()
    zone[f"_smtp._tls.{DOMAIN}"] = {"TXT": [said.partition(f'_smtp._tls.{DOMAIN}. TXT "')[2].partition('"')[0]]}
    zone[f"_dmarc.{DOMAIN}"] = {"TXT": [said.partition(f'_dmarc.{DOMAIN}. TXT "')[2].partition('"')[0]]}
    key = said.partition(f"{KEY.record[0]}. TXT ")[2].partition("\n")[0]
    zone[KEY.record[0]] = {"TXT": ["".join(key.split('"')[1::2])]}
    assert checked()[0] == 0


def test_a_domain_is_looked_at_a_few_times_a_day_and_kept(zone: dict[str, Records]) -> None:
    assert sending_dns.look_again(now=NOON) == 1
    [one] = sending_dns.latest()
    assert (one.domain, one.wrong, one.at) == (DOMAIN, (), NOON)
    zone[f"_dmarc.{DOMAIN}"] = {"TXT": ["v=DMARC1; p=none"]}
    assert sending_dns.look_again(now=NOON + timedelta(hours=5)) == 0
    assert sending_dns.look_again(now=NOON + timedelta(hours=7)) == 1
    assert [finding.code for finding in sending_dns.latest()[0].wrong] == ["dmarc_none"]


def test_what_dns_did_not_say_is_asked_for_again_soon(zone: dict[str, Records]) -> None:
    zone[DOMAIN] = "SERVFAIL"
    assert sending_dns.look_again(now=NOON) == 1
    assert not sending_dns.latest()[0].wrong
    assert sending_dns.look_again(now=NOON + timedelta(minutes=10)) == 1


def test_reserved_domains_are_asked_of_nobody_and_those_of_before_are_forgotten(zone: dict[str, Records]) -> None:
    sending_dns.look_again(now=NOON)
    Inbox.objects.filter(pk=outbox.mail_inbox()).update(address="support@northlight.example.test")
    addresses.forget()
    assert sending_dns.look_again(now=NOON + timedelta(days=1)) == 0
    assert not DomainCheck.objects.exists()


def test_every_code_has_words() -> None:
    source = inspect.getsource(sending_domain)
    codes = set(re.findall(r'"((?:spf|dkim|dmarc|sts|tls_rpt)_[a-z_]+)"', source))
    assert len(codes) > 20
    assert codes <= set(sending_dns.WORDS)
