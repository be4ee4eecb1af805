"""Who vouches for a sender where DNS does not say: asked again for a while, and then never believed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.letters import letter
from tests.net.zone import SERVFAIL, Zone, serve
from trustdesk.channels import mail_reader
from trustdesk.policy.mail import Verdict

SIGNED = {"DKIM-Signature": "v=1; a=rsa-sha256; d=mail.example; s=s1; h=from; bh=aaaa; b=aaaa"}
ENVELOPE = {"ip": "192.0.2.7", "helo": "client.example", "sender": "anna@mail.example"}


def zone(policy: str) -> Zone:
    """A domain whose policy is known at once, and whose keys and senders nobody can be told."""
    return {"_dmarc.mail.example": {"TXT": [f"v=DMARC1; p={policy}"]}, "mail.example": SERVFAIL, "s1._domainkey.mail.example": SERVFAIL}


@pytest.fixture(autouse=True)
def _asked_anew(settings: Settings) -> Iterator[None]:
    settings.MAIL_AUTHSERV_ID = ""
    mail_reader._resolver.cache_clear()
    yield
    mail_reader._resolver.cache_clear()


@pytest.mark.parametrize(("policy", "verdict"), [("reject", Verdict.FAILED), ("quarantine", Verdict.FAILED), ("none", Verdict.CLAIMED)])
def test_who_keeps_dns_silent_gains_nothing(settings: Settings, policy: str, verdict: Verdict) -> None:
    """E-01: a forgery that nobody can check is what its domain says of mail that does not pass."""
    mail = letter(vouched="", headers=SIGNED)
    with serve(zone(policy)) as address:
        settings.DNS_SERVERS = [address]
        with pytest.raises(mail_reader.NotNow):
            mail_reader.read(mail, ENVELOPE)
        assert mail_reader.read(mail, ENVELOPE, patient=False).verdict is verdict
