"""Who vouches for the sender of a mail.

One thing counts as proof: DMARC passes for the one domain the mail shows as its author's (RFC 9989). Either we checked
that ourselves, for mail our own receiver took (`evaluate`), or the operator's own mail server did and wrote it into
Authentication-Results under its name (`trusted_results`). Everything else a mail says about itself – Received-SPF, ARC,
X-headers, Authentication-Results of others – anybody can write, and none of it is looked at (E-10).

What the operator's server must do for `trusted_results` (RFC 8601, 5): remove every Authentication-Results field with
its own name from mail that comes in, and add its own to every mail it takes. A server that does not lets strangers
write in its name, and nobody behind it could tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Literal, cast

from trustdesk.net import authentication_results, dkim, dmarc, spf
from trustdesk.net.dns import DnsFailed, Resolver
from trustdesk.net.fields import Field, Mail, Unclear, author, cut, domain

_SECONDS, _QUESTIONS = 8.0, 100  # what DNS may cost for one mail; RFC 7208, 4.6.4 gives SPF alone 20 s


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a mail's sender is worth.

    `result`: ``pass`` is proof; ``fail`` and ``none`` (no DMARC policy anywhere) are not; ``temperror`` is not either,
    but the same mail may pass later. `policy` is what the domain asks to be done with mail that does not pass.
    `address` and `domain` are the author's as evaluated, blank when the head names none that all readers agree on: who
    shows another address must not show it as proved. `mechanisms`: which of ``spf`` and ``dkim`` passed for that
    domain, or ``mx``. `reasons` are codes."""

    result: Literal["pass", "fail", "none", "temperror"]
    policy: dmarc.Policy
    address: str
    domain: str
    mechanisms: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        """Say whether the address is the sender's beyond doubt."""
        return self.result == "pass"


def evaluate(
    content: bytes,
    *,
    ip: str,
    helo: str,
    mail_from: str | None,
    resolver: Resolver,
    now: datetime,
    shown: str | None = None,
) -> Verdict:
    """Check a mail our own receiver took from `ip`. `shown` is the address the parser shows as the sender's; with
    another than the one evaluated nothing is proved. `mail_from` is blank for the null sender and None when unknown.
    At most 20 seconds; raises nothing for any content."""
    try:
        mail = cut(content)
        address, name = author(mail)
    except Unclear as unclear:
        return _unclear(unclear)
    lookups = resolver.budget(seconds=_SECONDS, questions=_QUESTIONS)
    try:
        above = dmarc.walk(name, lookups=lookups)
        record, policy = dmarc.policy(name, above, lookups=lookups)
    except DnsFailed as failure:
        return Verdict("temperror", "none", address, name, reasons=("dmarc_dns", f"dns_{failure.reason}"))
    if record is None:
        return Verdict("none", "none", address, name, reasons=("dmarc_no_policy",))

    def aligned(by: str, *, strict: bool) -> bool:
        return dmarc.aligned(by, name, strict=strict, organization=above.organization, lookups=lookups)

    checked = [
        ("dkim", one.result, one.reason)
        for one in dkim.verify(mail, wanted=partial(aligned, strict=record.strict_dkim), lookups=lookups, now=now)
    ] or [("dkim", "none", "dkim_none")]
    if mail_from is not None:
        wanted = partial(aligned, strict=record.strict_spf)
        client = spf.verify(ip=ip, helo=helo, mail_from=mail_from, wanted=wanted, lookups=lookups)
        checked.append(("spf", client.result, f"spf_{client.result}"))
    passed = tuple(dict.fromkeys(mechanism for mechanism, result, _ in checked if result == "pass"))
    reasons = tuple(dict.fromkeys(reason for _, result, reason in checked if result != "pass"))
    if passed and shown is not None and not _same(shown, address):
        return Verdict("fail", policy, address, name, reasons=("from_other_than_shown",))
    result: Literal["pass", "fail", "temperror"] = "pass" if passed else "fail"
    if not passed and any(each == "temperror" for _, each, _ in checked):
        result = "temperror"  # one might have passed but for DNS (RFC 9989, 5.3.6)
    return Verdict(result, policy, address, name, mechanisms=passed, reasons=reasons)


def _unclear(unclear: Unclear) -> Verdict:
    """Such a mail is rare and broken on purpose, and no domain in it can be asked for its policy: it is set apart,
    unless it poses as nobody, as bounces do."""
    policy: dmarc.Policy = "none" if unclear.reason == "from_no_address" else "quarantine"
    return Verdict("fail", policy, "", "", reasons=(unclear.reason,))


def trusted_results(content: bytes, *, authserv_id: str, shown: str | None = None) -> Verdict | None:
    """Read what our own mail server found, under the name `authserv_id` it signs with; None when it says nothing about
    DMARC where its word can be told from a stranger's. Raises nothing for any content.

    Of the fields under exactly this name only the topmost are read, those of one block between two Received lines, and
    none below the place where our servers took the mail from another's. In that block all must agree: two that differ
    are no pass."""
    ours = authserv_id.strip().lower()
    try:
        mail = cut(content)
        address, name = author(mail)
    except Unclear as unclear:
        return _unclear(unclear) if ours else None
    found = [one for field in _written_by_ours(mail, ours) for one in field.results if one.method == "dmarc"]
    if not ours or not found:
        return None
    published = [value.lower() for one in found for value in one.values("policy.dmarc")]
    policy = cast(dmarc.Policy, published[0] if published and published[0] in ("quarantine", "reject") else "none")
    results = {one.result for one in found}
    if results != {"pass"}:
        result: Literal["fail", "none", "temperror"] = "fail"
        if results == {"none"}:
            result = "none"
        elif results == {"temperror"}:
            result = "temperror"
        return Verdict(result, policy, address, name, reasons=("mx_dmarc",))
    if any([domain(value) for value in one.values("header.from")] != [name] for one in found):
        return Verdict("fail", policy, address, name, reasons=("mx_other_from",))
    if shown is not None and not _same(shown, address):
        return Verdict("fail", policy, address, name, reasons=("from_other_than_shown",))
    return Verdict("pass", policy, address, name, mechanisms=("mx",))


def _written_by_ours(mail: Mail, ours: str) -> list[authentication_results.Results]:
    block: list[authentication_results.Results] = []
    taken_over = False  # above this point every Received line was ours
    for field in mail.fields:
        if field.name == "received":
            client, by = _hop(field)
            if block or taken_over or (client and not _ours(by, ours)):
                break
            taken_over = bool(client) and not _ours(client, ours)
        elif field.name == "authentication-results":
            read = authentication_results.parse(field.text)
            if read and read.authserv_id == ours:
                block.append(read)
    return block


def _hop(received: Field) -> tuple[str, str]:
    """Who handed a mail over and who took it (RFC 5321, 4.4); no client in a line of one system about itself."""
    words = re.sub(r"\([^()]*\)", " ", received.text.partition(";")[0]).lower().split()
    if not words or words[0] != "from":
        return "", ""
    by = next((after for word, after in pairwise(words[1:]) if word == "by"), "")
    return (words[1] if len(words) > 1 else "?"), by


def _ours(host: str, authserv_id: str) -> bool:
    """Say whether a host is the one that writes under `authserv_id`, or stands beside or below it."""
    beside = authserv_id.partition(".")[2] if authserv_id.count(".") > 1 else authserv_id
    return host in (authserv_id, beside) or host.endswith((f".{authserv_id}", f".{beside}"))


def _same(shown: str, address: str) -> bool:
    """Compare two spellings of an address: the domain in any case or script, the local part to the letter."""
    local, _, name = shown.rpartition("@")
    return f"{local}@{domain(name)}" == address
