"""One stored mail, read: in a confined process, with who vouches for its sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from trustdesk.channels import registry
from trustdesk.net import authenticity
from trustdesk.net.dns import Resolver
from trustdesk.policy.mail import Kind, Verdict
from trustdesk.seams import clock

Unreadable = registry.MailUnreadable


class NotNow(Exception):
    """DNS does not say who sent it; asking again later may help."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """What became of a mail of ours for one recipient. `status` by RFC 3463, such as 5.1.1; `reason` is a code."""

    recipient: str
    status: str
    hard: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, read: `said` is what its sender wrote this time, `quoted` the history and signature below it."""

    letter: registry.Letter
    kind: Kind
    said: str
    quoted: str
    verdict: Verdict
    bounces: tuple[Bounce, ...] = ()
    returned: tuple[str, ...] = ()  # of a bounce or complaint: Message-ID of the mail of ours it is about


def read(content: bytes, envelope: Mapping[str, Any], *, patient: bool = True) -> Mail:
    """Read one mail as it came. `envelope` may name sender, ip and helo of the client that brought it; of a provider's also
    whether it is as_given, and the authserv_id that is believed in place of our own mail server's.

    Raises Unreadable; and NotNow where `patient` and DNS is silent. Not patient, such a sender counts as claimed.
    """
    found = registry.mail_pool().read(content, envelope_sender=envelope.get("sender"))
    kind = Kind(found.kind.name)
    verdict = Verdict.CLAIMED
    if kind in (Kind.PERSON, Kind.AUTO, Kind.LIST) and found.letter.sender is not None:
        verdict = _vouched(content, envelope, shown=found.letter.sender.address, patient=patient)
    return Mail(
        letter=found.letter,
        kind=kind,
        said=found.said.said,
        quoted=found.said.folded,
        verdict=verdict,
        bounces=tuple(Bounce(one.address, one.status, one.hard, one.reason) for one in found.kind.failures),
        returned=(found.kind.original_id,) if found.kind.original_id else (),
    )


def _vouched(content: bytes, envelope: Mapping[str, Any], *, shown: str, patient: bool) -> Verdict:
    """Ask our own mail server's note where one is configured, otherwise the sender's domain itself; nobody else."""
    found: authenticity.Verdict | None
    # A provider that the operator trusts writes under a name of its own. What another one posted did not pass our own mail
    # server: blank there means nobody, since anybody may have written our server's name.
    # What a stranger's server brought to our receiver did not pass it either.
    own = settings.MAIL_AUTHSERV_ID if envelope.get("trusted", True) else ""
    authserv_id = str(envelope.get("authserv_id", own))
    if authserv_id:
        found = authenticity.trusted_results(content, authserv_id=authserv_id, shown=shown)
    elif not envelope.get("as_given", True):
        return Verdict.CLAIMED  # put together again: that no signature holds says nothing against its sender
    else:
        found = authenticity.evaluate(
            content,
            ip=str(envelope.get("ip", "")),
            helo=str(envelope.get("helo", "")),
            mail_from=envelope.get("sender") if envelope.get("ip") else None,
            resolver=_resolver(),
            now=clock.now(),
            shown=shown,
        )
    if found is None or found.result == "none":
        return Verdict.CLAIMED
    if found.proved:
        return Verdict.PROVED
    if found.result == "temperror" and patient:
        raise NotNow
    return Verdict.FAILED if found.policy in ("quarantine", "reject") else Verdict.CLAIMED


@cache
def _resolver() -> Resolver:
    """Return the way to DNS: the system's servers, or those that are configured."""
    return Resolver(nameservers=settings.DNS_SERVERS)

