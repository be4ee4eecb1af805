"""What the DNS of a domain that we send from says about its mail (S-56): SPF, DKIM, DMARC, MTA-STS, TLS reports.

Each record is read by the rules by which others read it: SPF and DMARC by what judges strangers' mail here. A server that
cannot say is `unknown` and no fault of the domain's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trustdesk.net import dmarc, spf
from trustdesk.net.dkim import DkimKey
from trustdesk.net.dns import DnsFailed, Lookups
from trustdesk.net.http import Http, HttpFailed, Limits

NOBODY = "192.0.2.1"  # of a range that no host has (RFC 5737): whoever lets it send lets everybody
_POLICY = 64 * 1024  # bytes of an MTA-STS policy (RFC 8461, 3.3)
_WEEK = 604_800  # seconds; policies that are forgotten sooner protect little
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)
_STS_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_REPORTS = re.compile(r"\s*(mailto:[^@\s]+@[^@\s]+|https://\S+)\s*")


@dataclass(frozen=True, slots=True)
class Finding:
    """One record of one domain. `result`: ok, wrong, unknown (DNS or web server did not say) or skipped; `code` says what
    is wrong, blank where nothing is."""

    domain: str
    record: str  # spf | dkim | dmarc | mta_sts | tls_rpt
    name: str  # where it is looked for
    result: str
    code: str = ""


def check(domain: str, *, dkim: DkimKey | None, lookups: Lookups, http: Http) -> list[Finding]:
    """Look at each record of one domain. `dkim` is what we sign with, None where others do it. Raises nothing."""
    names: dict[str, tuple[str, Callable[[], str]]] = {
        "spf": (domain, lambda: _spf(domain, lookups)),
        "dkim": (dkim.record[0] if dkim else f"_domainkey.{domain}", lambda: _dkim(domain, dkim, lookups)),
        "dmarc": (f"_dmarc.{domain}", lambda: _dmarc(domain, dkim, lookups)),
        "mta_sts": (f"_mta-sts.{domain}", lambda: _mta_sts(domain, lookups, http)),
        "tls_rpt": (f"_smtp._tls.{domain}", lambda: _tls_rpt(domain, lookups)),
    }
    return [_finding(domain, record, name, look) for record, (name, look) in names.items()]


def _finding(domain: str, record: str, name: str, look: Callable[[], str]) -> Finding:
    try:
        code = look()
    except DnsFailed:
        return Finding(domain, record, name, "unknown", "dns_silent")
    except HttpFailed as failure:
        silent = not failure.permanent and not failure.status
        return Finding(domain, record, name, "unknown" if silent else "wrong", "sts_no_policy")
    result = "skipped" if code == "dkim_by_others" else "wrong" if code else "ok"
    return Finding(domain, record, name, result, code)


def _spf(domain: str, lookups: Lookups) -> str:
    """Ask whether somebody who sends for nobody may send for this domain (RFC 7208): only "no" is right."""
    found = spf.verify(
        ip=NOBODY, helo="nobody.invalid", mail_from=f"postmaster@{domain}", wanted=lambda _: True, lookups=lookups
    )
    if found.result == "temperror":
        raise DnsFailed("servfail")
    return {"fail": "", "softfail": "", "none": "spf_missing", "permerror": "spf_broken"}.get(found.result, "spf_open")


def _dkim(domain: str, dkim: DkimKey | None, lookups: Lookups) -> str:
    """Compare the published key with ours (RFC 6376, 3.6.1)."""
    if dkim is None:
        return "dkim_by_others"
    if not dkim.covers(domain):
        return "dkim_other_domain"
    name, ours = dkim.record
    records = lookups.txt(name).records
    if len(records) != 1:
        return "dkim_several" if records else "dkim_missing"
    published, wanted = _tags(_text(records[0])), _tags(ours)
    if "y" in published.get("t", "").split(":"):
        return "dkim_testing"
    same = _solid(published.get("p", "")) == wanted["p"] and published.get("k", "rsa") == wanted["k"]
    return "" if same else "dkim_other_key"


def _dmarc(domain: str, dkim: DkimKey | None, lookups: Lookups) -> str:
    """Find the policy that holds (RFC 9989) and whether our signature is aligned under it. Our return paths are addresses of
    the domain itself, so SPF is aligned whatever the mode."""
    above = dmarc.walk(domain, lookups=lookups)
    record, asked = dmarc.policy(domain, above, lookups=lookups)
    if record is None:
        return "dmarc_missing"
    if asked == "none":
        return "dmarc_testing" if record.testing else "dmarc_none"
    aligned = dkim is None or dmarc.aligned(
        dkim.domain, domain, strict=record.strict_dkim, organization=above.organization, lookups=lookups
    )
    return "" if aligned else "dmarc_not_aligned"


def _mta_sts(domain: str, lookups: Lookups, http: Http) -> str:
    """Read the record and the policy it announces (RFC 8461), and whether that names the mail servers there are."""
    records = [text for text in map(_text, lookups.txt(f"_mta-sts.{domain}").records) if text.startswith("v=STSv1")]
    if len(records) != 1:  # several are as good as none (3.1)
        return "sts_several" if records else "sts_missing"
    if not _STS_ID.fullmatch(_tags(records[0]).get("id", "")):
        return "sts_broken"
    answer = http.request("GET", f"https://mta-sts.{domain}/.well-known/mta-sts.txt", limits=Limits(max_bytes=_POLICY))
    if answer.status != 200:  # a redirect must not be followed (3.3)
        return "sts_no_policy"
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/plain":
        return "sts_policy_broken"
    policy = list(_lines(_text(answer.body)))
    fields = dict(reversed(policy))  # of several the first counts
    age = fields.get("max_age", "")
    if fields.get("version") != "STSv1" or not age.isdecimal() or len(age) > 10:
        return "sts_policy_broken"
    if fields.get("mode") != "enforce":
        return "sts_not_enforced"
    patterns = [value.lower() for name, value in policy if name == "mx"]
    servers = [name for _, name in lookups.mx(domain).records]
    if not servers or not all(any(_fits(name, pattern) for pattern in patterns) for name in servers):
        return "sts_other_servers"
    return "" if int(age) >= _WEEK else "sts_short"


def _tls_rpt(domain: str, lookups: Lookups) -> str:
    """Read where reports of failed encryption go (RFC 8460)."""
    texts = map(_text, lookups.txt(f"_smtp._tls.{domain}").records)
    records = [text for text in texts if text.startswith("v=TLSRPTv1;")]
    if len(records) != 1:
        return "tls_rpt_several" if records else "tls_rpt_missing"
    places = _tags(records[0]).get("rua", "").split(",")
    return "" if all(_REPORTS.fullmatch(place) for place in places) else "tls_rpt_broken"


def _text(record: bytes) -> str:
    return record.decode("utf-8", "replace")


def _tags(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(";"):
        if tag := _TAG.fullmatch(part):
            found.setdefault(tag[1].lower(), tag[2].strip())
    return found


def _solid(text: str) -> str:
    return "".join(text.split())


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, value = line.partition(":")
        yield name.strip(), value.strip()


def _fits(server: str, pattern: str) -> bool:
    """Say whether a pattern names a server (RFC 8461, 4.1): the star stands for one label."""
    if pattern.startswith("*."):
        return server.partition(".")[2] == pattern[2:]
    return server == pattern
