"""S-56: what is published for a domain of ours, and what is not."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.net.keys import pem
from tests.net.zone import SERVFAIL, SILENT, Records, serve
from trustdesk.net.dkim import DkimKey
from trustdesk.net.dns import Resolver
from trustdesk.net.http import Http, HttpFailed, Limits, Response
from trustdesk.net.sending_domain import check

POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.ours.test\r\nmx: *.backup.test\r\nmax_age: 1209600\r\n"
KEY = DkimKey("ours.test", "td1", pem("rsa"))


class Web:
    """Stands in for the door to the web."""

    def __init__(self, answer: Response | HttpFailed) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def request(self, method: str, url: str, *, limits: Limits) -> Response:
        assert method == "GET"
        assert limits.redirects == 0
        assert limits.max_bytes <= 64 * 1024
        self.asked.append(url)
        if isinstance(self.answer, HttpFailed):
            raise self.answer
        return self.answer


def page(text: str = POLICY, *, status: int = 200, kind: str = "text/plain; charset=utf-8") -> Response:
    return Response(status, {"content-type": kind}, text.encode())


def zone(**more: Records) -> dict[str, Records]:
    """Everything as it should be; `more` by record."""
    name, key = KEY.record
    good: dict[str, tuple[str, Records]] = {
        "spf": ("ours.test", {"TXT": ["other=1", "v=spf1 ip4:198.51.100.7 include:relay.test -all"], "MX": ["10 mx.ours.test."]}),
        "relay": ("relay.test", {"TXT": ["v=spf1 ip4:203.0.113.0/24 -all"]}),
        "dkim": (name, {"TXT": [key]}),
        "dmarc": ("_dmarc.ours.test", {"TXT": ["v=DMARC1; p=reject; rua=mailto:d@ours.test"]}),
        "mta_sts": ("_mta-sts.ours.test", {"TXT": ["v=STSv1; id=20261123T120000;"]}),
        "tls_rpt": ("_smtp._tls.ours.test", {"TXT": ["v=TLSRPTv1; rua=mailto:t@ours.test,https://reports.ours.test/tls"]}),
    }
    return {at: more.get(record, records) for record, (at, records) in good.items() if more.get(record, records)}


def look(
    records: dict[str, Records], *, web: Any = None, domain: str = "ours.test", dkim: DkimKey | None = KEY
) -> dict[str, tuple[str, str]]:
    with serve(records) as address:
        lookups = Resolver(nameservers=[address], timeout=1)
        found = check(domain, dkim=dkim, lookups=lookups, http=cast(Http, web or Web(page())))
    assert [one.domain for one in found] == [domain] * 5
    return {one.record: (one.result, one.code) for one in found}


def test_a_domain_in_order() -> None:
    web = Web(page())
    assert set(look(zone(), web=web).values()) == {("ok", "")}
    assert web.asked == ["https://mta-sts.ours.test/.well-known/mta-sts.txt"]


ED = DkimKey("ours.test", "td1", pem("ed25519"))
P = KEY.record[1].partition("p=")[2]


@pytest.mark.parametrize(
    ("record", "texts", "code"),
    [
        ("spf", ["other=1"], "spf_missing"),
        ("spf", ["v=spf1 ip4:198.51.100.7 ~all"], ""),
        ("spf", ["v=spf1 +all"], "spf_open"),
        ("spf", ["v=spf1 ?all"], "spf_open"),
        ("spf", ["v=spf1 ip4:198.51.100.7"], "spf_open"),
        ("spf", ["v=spf1 ip4:0.0.0.0/0 -all"], "spf_open"),
        ("spf", ["v=spf1 -all", "v=spf1 ip4:198.51.100.7 -all"], "spf_broken"),
        ("spf", ["v=spf1 ip4:nonsense -all"], "spf_broken"),
        ("spf", ["v=spf1 include:nobody.test -all"], "spf_broken"),
        ("spf", ["v=spf1 redirect=relay.test"], ""),
        ("dkim", [], "dkim_missing"),
        ("dkim", [ED.record[1]], "dkim_other_key"),
        ("dkim", ["v=DKIM1; k=rsa; p="], "dkim_other_key"),
        ("dkim", [f"v=DKIM1; k=rsa; t=y; p={P}"], "dkim_testing"),
        ("dkim", [f"v=DKIM1; k=rsa; t=y:s; p={P}"], "dkim_testing"),
        ("dkim", [f"v=DKIM1; k=ed25519; p={P}"], "dkim_other_key"),
        ("dkim", [f"p={P[:60]} {P[60:]}"], ""),
        ("dkim", [KEY.record[1], ED.record[1]], "dkim_several"),
        ("dmarc", [], "dmarc_missing"),
        ("dmarc", ["v=DMARC1; p=none"], "dmarc_none"),
        ("dmarc", ["v=DMARC1; p=quarantine"], ""),
        ("dmarc", ["v=DMARC1; p=quarantine; t=y"], "dmarc_testing"),
        ("dmarc", ["v=DMARC1; p=reject; adkim=s; aspf=s"], ""),
        ("dmarc", ["v=DMARC1; p=reject", "v=DMARC1; p=quarantine"], "dmarc_missing"),
        ("dmarc", ["v=DMARC1; p=rejct"], "dmarc_missing"),
        ("mta_sts", [], "sts_missing"),
        ("mta_sts", ["v=STSv1; id=1", "v=STSv1; id=2"], "sts_several"),
        ("mta_sts", ["v=STSv1"], "sts_broken"),
        ("mta_sts", ["v=STSv1; id=not-that"], "sts_broken"),
        ("tls_rpt", [], "tls_rpt_missing"),
        ("tls_rpt", ["v=TLSRPTv1;rua=mailto:t@ours.test"], ""),
        ("tls_rpt", ["v=TLSRPTv1; rua=mailto:t@ours.test", "v=TLSRPTv1; rua=mailto:u@ours.test"], "tls_rpt_several"),
        ("tls_rpt", ["v=TLSRPTv1; rua=http://reports.ours.test/"], "tls_rpt_broken"),
        ("tls_rpt", ["v=TLSRPTv1; "], "tls_rpt_broken"),
    ],
)
def test_what_is_wrong_with_one_record_is_said_of_that_one(record: str, texts: list[str], code: str) -> None:
    mx = {"MX": ["10 mx.ours.test."]} if record == "spf" else {}
    found = look(zone(**{record: {"TXT": texts} | mx}))
    assert found.pop(record) == ("wrong" if code else "ok", code)
    assert set(found.values()) == {("ok", "")}


@pytest.mark.parametrize(
    ("answer", "result", "code"),
    [
        (page(status=404), "wrong", "sts_no_policy"),
        (page(status=302), "wrong", "sts_no_policy"),
        (HttpFailed("address_private", permanent=True), "wrong", "sts_no_policy"),
        (HttpFailed("status_503", permanent=False, status=503), "wrong", "sts_no_policy"),
        (HttpFailed("timeout", permanent=False), "unknown", "sts_no_policy"),
        (page(kind="text/html"), "wrong", "sts_policy_broken"),
        (page(""), "wrong", "sts_policy_broken"),
        (page(POLICY.replace("STSv1", "STSv2")), "wrong", "sts_policy_broken"),
        (page(POLICY.replace("1209600", "-1")), "wrong", "sts_policy_broken"),
        (page(POLICY.replace("enforce", "testing")), "wrong", "sts_not_enforced"),
        (page(POLICY.replace("mx.ours", "mx.other")), "wrong", "sts_other_servers"),
        (page(POLICY.replace("mx: mx.ours.test", "mx: *.test")), "wrong", "sts_other_servers"),
        (page(POLICY.replace("mx: mx.ours.test", "mx: *.ours.test")), "ok", ""),
        (page(POLICY.replace("1209600", "86400")), "wrong", "sts_short"),
        (page(POLICY.replace("\r\n", "\n")), "ok", ""),
    ],
)
def test_the_policy_of_mta_sts(answer: Any, result: str, code: str) -> None:
    assert look(zone(), web=Web(answer))["mta_sts"] == (result, code)


def test_alignment_and_inheritance_are_those_of_dmarc() -> None:
    records = zone() | {"support.ours.test": {"TXT": ["v=spf1 -all"], "MX": ["10 mx.ours.test."]}}
    assert look(records, domain="support.ours.test")["dmarc"] == ("ok", "")
    assert look(records, domain="support.ours.test")["dkim"] == ("ok", "")
    strict = records | {"_dmarc.ours.test": {"TXT": ["v=DMARC1; p=reject; adkim=s"]}}
    assert look(strict, domain="support.ours.test")["dmarc"] == ("wrong", "dmarc_not_aligned")
    assert look(strict, domain="support.ours.test", dkim=None)["dmarc"] == ("ok", "")
    lax = records | {"_dmarc.ours.test": {"TXT": ["v=DMARC1; p=reject; sp=none"]}}
    assert look(lax, domain="support.ours.test")["dmarc"] == ("wrong", "dmarc_none")
    assert look(zone(), domain="other.test")["dkim"] == ("wrong", "dkim_other_domain")


def test_who_signs_elsewhere_is_not_asked_for_our_key() -> None:
    assert look(zone(), dkim=None)["dkim"] == ("skipped", "dkim_by_others")


@pytest.mark.parametrize("trouble", [SERVFAIL, SILENT])
def test_a_silent_name_server_is_no_fault_of_the_domain(trouble: str) -> None:
    found = look(zone(spf=trouble, dkim=trouble, dmarc=trouble, mta_sts=trouble, tls_rpt=trouble))
    assert set(found.values()) == {("unknown", "dns_silent")}
