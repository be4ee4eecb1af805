"""DMARC records, the walk up the DNS (RFC 9989, 4.10), and what a domain asks for."""

from __future__ import annotations

import pytest

from tests.net.zone import Records, Zone, serve
from trustdesk.net import dmarc
from trustdesk.net.dns import Resolver


def zone(**records: str) -> dict[str, Records]:
    """Policies by domain; `_` stands for a dot."""
    return {f"_dmarc.{name.replace('_', '.')}": {"TXT": [text]} for name, text in records.items()}


def walked(name: str, served: Zone) -> tuple[list[str], str]:
    with serve(served) as address:
        above = dmarc.walk(name, lookups=Resolver(nameservers=[address]))
    return [at for at, _ in above.records], above.organization


def asked_for(name: str, served: Zone) -> str | None:
    with serve(served) as address:
        lookups = Resolver(nameservers=[address])
        record, policy = dmarc.policy(name, dmarc.walk(name, lookups=lookups), lookups=lookups)
    return policy if record else None


@pytest.mark.parametrize(
    ("name", "records", "organization"),
    [
        ("a.mail.example.test", {"mail_example_test": "v=DMARC1", "example_test": "v=DMARC1"}, "example.test"),
        ("a.mail.example.test", {"test": "v=DMARC1; psd=y"}, "example.test"),
        ("example.test", {"test": "v=DMARC1; psd=y"}, "example.test"),
        ("a.b.example.test", {"b_example_test": "v=DMARC1; psd=n", "example_test": "v=DMARC1"}, "b.example.test"),
        ("a.b.example.test", {"b_example_test": "v=DMARC1; psd=y", "example_test": "v=DMARC1"}, "a.b.example.test"),
        ("b.example.test", {"b_example_test": "v=DMARC1; psd=y", "example_test": "v=DMARC1"}, "b.example.test"),
        ("a.example.test", {"a_example_test": "v=DMARC1", "test": "v=DMARC1; psd=y"}, "example.test"),
        ("a.example.test", {"test": "v=DMARC1"}, "test"),  # a suffix that does not say so: the fewest labels
        ("a.example.test", {}, "a.example.test"),
        ("a.example.test", {"a_example_test": "v=DMARC1; psd=n", "test": "v=DMARC1; psd=y"}, "a.example.test"),
        ("a.example.test", {"example_test": "v=DMARC2", "test": "dmarc"}, "a.example.test"),
    ],
)
def test_where_an_organisation_ends(name: str, records: dict[str, str], organization: str) -> None:
    assert walked(name, zone(**records))[1] == organization


def test_a_walk_asks_at_most_eight_times() -> None:
    for name, expected in (
        ("a.b.c.d.e.f.g.h.i.j.mail.example.test", ["g.h.i.j.mail.example.test", "h.i.j.mail.example.test"]),
        ("a.b.c.d.e.mail.example.test", ["b.c.d.e.mail.example.test", "c.d.e.mail.example.test"]),
        ("a.b.mail.example.test", ["b.mail.example.test", "mail.example.test"]),
    ):
        asked: list[tuple[str, str]] = []
        with serve({}, asked=asked) as address:
            dmarc.walk(name, lookups=Resolver(nameservers=[address]))
        names = [each.removeprefix("_dmarc.") for each, _ in asked]
        assert names[:3] == [name, *expected]
        assert names[-1] == "test"
        assert len(names) == min(8, name.count(".") + 1)


def test_several_records_at_one_name_are_none() -> None:
    served = zone(example_test="v=DMARC1; p=reject")
    served["_dmarc.example.test"] = {"TXT": ["v=DMARC1; p=reject", "v=DMARC1; p=none"]}
    assert walked("example.test", served) == ([], "example.test")
    served["_dmarc.example.test"] = {"TXT": ["v=DMARC1; p=reject", "something else"]}
    assert walked("example.test", served) == (["example.test"], "example.test")


def test_a_walk_stops_where_a_record_says_what_it_is() -> None:
    served = zone(b_example_test="v=DMARC1; psd=n", example_test="v=DMARC1", test="v=DMARC1; psd=y")
    assert walked("a.b.example.test", served)[0] == ["b.example.test"]


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        ("example.test", {"example_test": "v=DMARC1; p=reject"}, "reject"),
        ("example.test", {"example_test": "v=DMARC1; p=none; sp=reject; np=reject"}, "none"),
        ("mail.example.test", {"example_test": "v=DMARC1; p=none; sp=reject"}, "reject"),
        ("mail.example.test", {"example_test": "v=DMARC1; p=quarantine"}, "quarantine"),
        ("mail.example.test", {"mail_example_test": "v=DMARC1; p=none", "example_test": "v=DMARC1; p=reject"}, "none"),
        # A record between the domain and its organisation's has no say.
        (
            "a.mail.example.test",
            {"mail_example_test": "v=DMARC1; p=none", "example_test": "v=DMARC1; sp=reject"},
            "reject",
        ),
        ("example.test", {"test": "v=DMARC1; psd=y; p=none; np=reject; sp=quarantine"}, "quarantine"),
        ("gone.example.test", {"example_test": "v=DMARC1; p=none; np=reject"}, "reject"),
        ("gone.example.test", {"example_test": "v=DMARC1; p=none; sp=quarantine"}, "quarantine"),
        ("mail.example.test", {"example_test": "v=DMARC1; p=none; np=reject"}, "none"),
        ("example.test", {"example_test": "v=DMARC1; p=reject; t=y"}, "quarantine"),
        ("example.test", {"example_test": "v=DMARC1; p=quarantine; t=y"}, "none"),
        ("example.test", {"example_test": "v=DMARC1; p=reject; pct=0"}, "reject"),  # pct is history
        ("example.test", {"example_test": "v=DMARC1"}, "none"),
        ("example.test", {"example_test": "v=DMARC1; p=everything"}, None),
        ("example.test", {"example_test": "v=DMARC1; p=everything; rua=mailto:d@example.test"}, "none"),
        ("example.test", {"example_test": "v=DMARC1; p=reject; sp=bogus"}, None),
        ("example.test", {"example_test": "v=DMARC1; p=reject; np=bogus; rua=mailto:d@example.test"}, "none"),
        ("example.test", {}, None),
        ("mail.example.test", {"other_test": "v=DMARC1; p=reject"}, None),
    ],
)
def test_what_a_domain_asks_for(name: str, records: dict[str, str], expected: str | None) -> None:
    served = zone(**records) | {"mail.example.test": {"A": ["192.0.2.1"]}, "example.test": {"A": ["192.0.2.1"]}}
    assert asked_for(name, served) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "DMARC1", "v=DMARC", "v=DMARC11; p=reject", "v=dmarc1; p=reject", "p=reject; v=DMARC1", "v=spf1 -all"),
        *("v=DMARC1, p=reject", "; v=DMARC1", '"v=DMARC1"', "v:DMARC1"),
    ],
)
def test_what_is_no_record(text: str) -> None:
    assert dmarc.parse(text) is None


def test_a_record_is_read_generously_after_its_version() -> None:
    read = dmarc.parse(" V = DMARC1 ;P=Reject;; junk ; sp = QUARANTINE; adkim=S; aspf=x; psd=maybe; T=Y; p=none; é=1;")
    assert read is not None
    assert (read.policy, read.subdomains, read.nonexistent) == ("reject", "quarantine", None)
    assert (read.strict_dkim, read.strict_spf, read.psd, read.testing) == (True, False, "u", True)


@pytest.mark.parametrize(
    ("by", "author", "expected"),
    [
        ("example.test", "example.test", True),
        ("mail.example.test", "example.test", True),
        ("example.test", "mail.example.test", True),
        ("a.example.test", "b.example.test", True),
        ("example2.test", "example.test", False),
        ("test", "example.test", False),
        ("ownshop.host.test", "other.host.test", False),  # host.test is a public suffix
        ("host.test", "other.host.test", False),
        ("www.other.host.test", "other.host.test", True),
        ("unit.example.test", "example.test", False),  # psd=n: on its own
        ("example.test", "unit.example.test", False),
        ("a.unit.example.test", "unit.example.test", True),
    ],
)
def test_which_domains_belong_together(by: str, author: str, expected: bool) -> None:
    served = zone(
        example_test="v=DMARC1; p=none",
        unit_example_test="v=DMARC1; p=none; psd=n",
        host_test="v=DMARC1; psd=y; p=none",
    )
    with serve(served) as address:
        lookups = Resolver(nameservers=[address])
        organization = dmarc.walk(author, lookups=lookups).organization
        for strict in (False, True):
            found = dmarc.aligned(by, author, strict=strict, organization=organization, lookups=lookups)
            assert found is (expected and (not strict or by == author))
