"""Who vouches for a sender: the table of S-55, and DNS in trouble."""

from __future__ import annotations

import time

import pytest

from tests.net.senders import OURS, THEIRS, judge, mail, world
from tests.net.smtp import NOON
from tests.net.zone import SERVFAIL, SILENT, serve
from trustdesk.net.authenticity import evaluate
from trustdesk.net.dns import Resolver

# S-55


@pytest.mark.parametrize("asked", ["none", "quarantine", "reject"])
@pytest.mark.parametrize("spf", ["aligned", "other", "fails"])
@pytest.mark.parametrize("dkim", ["aligned", "other", "broken", "absent"])
def test_only_a_pass_for_the_author_s_own_domain_counts(asked: str, spf: str, dkim: str) -> None:
    mail_from, ip = {"aligned": ("a@ok.test", OURS), "other": ("m@evil.test", THEIRS), "fails": ("a@ok.test", THEIRS)}[
        spf
    ]
    content = mail(by={"aligned": "ok.test", "broken": "ok.test", "other": "evil.test", "absent": ""}[dkim])
    if dkim == "broken":
        content = content.replace(b"Hello.", b"Goodbye.")
    verdict = judge(content, world(f"v=DMARC1; p={asked}"), ip=ip, mail_from=mail_from)
    mechanisms = [name for name, how in (("dkim", dkim), ("spf", spf)) if how == "aligned"]
    assert verdict.result == ("pass" if mechanisms else "fail")
    assert verdict.proved is bool(mechanisms)
    assert verdict.mechanisms == tuple(mechanisms)
    assert verdict.policy == asked
    assert (verdict.address, verdict.domain) == ("alice@ok.test", "ok.test")


@pytest.mark.parametrize(
    ("policy_text", "spf_from", "signed_by", "expected"),
    [
        ("v=DMARC1; p=reject", "a@mail.ok.test", "", "pass"),
        ("v=DMARC1; p=reject; aspf=s", "a@mail.ok.test", "", "fail"),
        ("v=DMARC1; p=reject; aspf=s", "a@ok.test", "", "pass"),
        ("v=DMARC1; p=reject; adkim=s", "a@mail.ok.test", "", "pass"),
        ("v=DMARC1; p=reject", "", "mail.ok.test", "pass"),
        ("v=DMARC1; p=reject; adkim=s", "", "mail.ok.test", "fail"),
        ("v=DMARC1; p=reject; adkim=s", "", "ok.test", "pass"),
    ],
)
def test_alignment_is_relaxed_or_strict(policy_text: str, spf_from: str, signed_by: str, expected: str) -> None:
    verdict = judge(mail(by=signed_by), world(policy_text), ip=OURS, mail_from=spf_from, helo="relay.example")
    assert verdict.result == expected


def test_without_a_policy_nothing_is_proved() -> None:
    zone = world()
    del zone["_dmarc.ok.test"]
    verdict = judge(mail(by="ok.test"), zone, ip=OURS, mail_from="a@ok.test")
    assert (verdict.result, verdict.policy, verdict.reasons) == ("none", "none", ("dmarc_no_policy",))
    assert not verdict.proved


def test_the_null_sender_stands_for_helo_and_only_it_does() -> None:
    assert judge(mail(), ip=OURS, helo="mail.ok.test", mail_from="").mechanisms == ("spf",)
    for helo in ("mail.evil.test", "ok", "[192.0.2.10]", "ok.test.", "mail.ok.test evil.test", ""):
        assert judge(mail(), ip=OURS, helo=helo, mail_from="").result == "fail", helo
    # A good HELO does not help a MAIL FROM that fails, nor one that is somebody else's.
    for mail_from in ("a@evil.test", "m@nobody.test"):
        assert judge(mail(), ip=OURS, helo="mail.ok.test", mail_from=mail_from).result == "fail"
    assert judge(mail(), ip=OURS, helo="mail.ok.test", mail_from=None).result == "fail"


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 ?all", "v=spf1 ~all", "v=spf1", "v=spf1 ip4:192.0.2.0/33 -all", "v=spf1 include:nobody.test -all", "v=spf2 +all",
        "v=spf1 include:loop.test -all", "v=spf1 redirect=ok.test", "v=spf1 a:n1.test a:n2.test a:n3.test +all",
        "v=spf1 " + " ".join(f"a:mail{n}.ok.test" for n in range(11)) + " +all",
        "v=spf1 " + "ip4:192.0.2.10 " * 400 + "-all", "v=spf1 %{s}%{q} +all", "v=spf1 exists:%{i}.%{zz}.test +all",
    ],
)  # fmt: skip
def test_spf_that_is_no_clear_pass_is_none(record: str) -> None:
    zone = world()
    zone["ok.test"] = {"TXT": [record]}
    zone["loop.test"] = {"TXT": ["v=spf1 include:loop.test"]}
    for n in range(11):
        zone[f"mail{n}.ok.test"] = {"A": ["192.0.2.77"]}
    started = time.monotonic()
    verdict = judge(mail(), zone, ip=OURS, mail_from="a@ok.test")
    assert verdict.result == "fail", verdict
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("record", "ip"),
    [
        ("v=spf1 a mx -all", "192.0.2.44"),
        ("v=spf1 include:_spf.ok.test -all", "2001:db8::9"),
        ("v=spf1 exists:%{ir}.%{l}.%{v}.ok.test -all", "192.0.2.45"),
        ("v=spf1 redirect=_spf.ok.test", "2001:db8::9"),
        ("v=spf1 ip4:192.0.2.46 -all", "::ffff:192.0.2.46"),
        ("v=spf1 ptr -all", "192.0.2.44"),
    ],
)
def test_spf_in_all_its_forms(record: str, ip: str) -> None:
    zone = world()
    zone["ok.test"] = {"TXT": ["unrelated", record], "MX": ["10 mx.ok.test."]}
    zone["mx.ok.test"] = {"A": ["192.0.2.44"]}
    zone["_spf.ok.test"] = {"TXT": ["v=spf1 ip6:2001:db8::/32 -all"]}
    zone["45.2.0.192.a.in-addr.ok.test"] = {"A": ["127.0.0.2"]}
    zone["44.2.0.192.in-addr.arpa"] = {"PTR": ["mx.ok.test."]}
    assert judge(mail(), zone, ip=ip, mail_from="a@ok.test").mechanisms == ("spf",)


# DNS in trouble (F-46): never a pass, and never a verdict that stays


@pytest.mark.parametrize("trouble", [SERVFAIL, SILENT])
@pytest.mark.parametrize("name", ["_dmarc.ok.test", "_dmarc.test", "s1._domainkey.ok.test"])
def test_dns_in_trouble_is_temporary(trouble: str, name: str) -> None:
    zone = world()
    zone[name] = trouble
    verdict = judge(mail(by="ok.test"), zone, timeout=0.2)
    assert verdict.result == "temperror"
    assert not verdict.proved


def test_spf_in_trouble_is_temporary_unless_a_signature_passes() -> None:
    zone = world()
    zone["ok.test"] = SERVFAIL
    assert judge(mail(), zone, ip=OURS, mail_from="a@ok.test").result == "temperror"
    assert judge(mail(by="ok.test"), zone, ip=OURS, mail_from="a@ok.test").result == "pass"
    zone = world()
    zone["evil.test"] = SERVFAIL  # nobody asks for it
    assert judge(mail(), zone).result == "fail"


def test_a_stranger_cannot_make_us_ask_and_wait() -> None:
    """Neither his SPF record nor his keys are looked up for a mail that shows another's domain."""
    asked: list[tuple[str, str]] = []
    content = mail(b"From: <admin@ok.test>\r\n", by="evil.test")
    with serve(world(), asked=asked) as address:
        resolver = Resolver(nameservers=[address])
        evaluate(content, ip=THEIRS, helo="evil.test", mail_from="m@evil.test", resolver=resolver, now=NOON)
    assert [name for name, _ in asked if "evil" in name] == []


@pytest.mark.parametrize(
    "content", [b"", b"\r\n", b"\x00" * 100, b"\r\n\r\nhello", b"a" * 300_000, b"X: y\r\n" * 2_000]
)
def test_no_content_raises(content: bytes) -> None:
    assert judge(content).result == "fail"


def test_hostile_content_costs_little() -> None:
    blanks = b" " * 200_000
    for content in (
        b"From: <a@ok.test>\r\nDKIM-Signature: v=1; d=ok.test; b" + blanks + b"x\r\n\r\n",
        b"From: " + b'"' * 4_000 + b"<a@ok.test>\r\n\r\n",
        b"From: " + b"a" * 4_000 + b"\r\n\r\n",
        b"From: " + b"(" * 4_000 + b"\r\n\r\n",
        b"From: <a@ok.test>\r\n" + b"DKIM-Signature: v=1; d=ok.test; s=s1; a=rsa-sha256; h=from; bh=AAAA; b=AAAA\r\n" * 900
        + b"\r\n" + b"\r\n" * 1_000_000 + b"x" + blanks,
    ):  # fmt: skip
        started = time.monotonic()
        assert not judge(content).proved
        assert time.monotonic() - started < 3
