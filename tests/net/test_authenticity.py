"""Who vouches for a sender: the table of S-55, the tricks of E-11 and E-12, and DNS in trouble."""

from __future__ import annotations

import time
from email import message_from_bytes, policy
from functools import lru_cache

import pytest

from tests.net.keys import pem
from tests.net.smtp import NOON
from tests.net.zone import SERVFAIL, SILENT, Records, Zone, serve
from trustdesk.net.authenticity import Verdict, evaluate
from trustdesk.net.dkim import DkimKey
from trustdesk.net.dns import Resolver

OURS, THEIRS = "192.0.2.10", "203.0.113.66"  # where ok.test sends from, and where evil.test does
BODY = b"To: desk@desk.example\r\nSubject: Hello\r\nDate: Mon, 02 Nov 2026 12:00:00 +0000\r\n\r\nHello.\r\n"


@lru_cache(maxsize=16)
def key(name: str, selector: str = "s1") -> DkimKey:
    return DkimKey(name, selector, pem())


def world(policy_text: str = "v=DMARC1; p=reject", **more: Records) -> dict[str, Records]:
    """ok.test and evil.test both send with everything in order; `more` names take `_` for `.`."""
    zone: dict[str, Records] = {}
    for name, ip in (("ok.test", OURS), ("mail.ok.test", OURS), ("evil.test", THEIRS), ("mail.evil.test", THEIRS)):
        zone[name] = {"TXT": [f"v=spf1 ip4:{ip} -all"], "A": [ip]}
        at, text = key(name).record
        zone[at] = {"TXT": [text]}
    zone["_dmarc.ok.test"] = {"TXT": [policy_text]}
    zone["_dmarc.evil.test"] = {"TXT": ["v=DMARC1; p=none"]}
    return zone | more


def mail(sender: bytes = b"From: Alice <alice@ok.test>\r\n", *, by: str = "") -> bytes:
    content = sender + BODY
    return key(by).sign(content, now=NOON) if by else content


def judge(
    content: bytes,
    zone: Zone | None = None,
    *,
    ip: str = THEIRS,
    helo: str = "mail.evil.test",
    mail_from: str | None = "m@evil.test",
    shown: str | None = None,
    timeout: float = 2,
) -> Verdict:
    with serve(world() if zone is None else zone) as address:
        resolver = Resolver(nameservers=[address], timeout=timeout)
        return evaluate(content, ip=ip, helo=helo, mail_from=mail_from, resolver=resolver, now=NOON, shown=shown)


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
        "v=spf1 " + "a" * 5_000 + " +all", "v=spf1 %{s}%{q} +all", "v=spf1 exists:%{i}.%{zz}.test +all",
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


# E-11, E-12: what a mail shows as its sender. Mallory owns evil.test, from which everything passes.

SPOOFS = {
    "a8 two fields": b"From: <first@evil.test>\r\nFrom: <admin@ok.test>\r\n",
    "two fields, other order": b"From: <admin@ok.test>\r\nFrom: <first@evil.test>\r\n",
    "two fields, other case": b"From: <first@evil.test>\r\nfrOM: <admin@ok.test>\r\n",
    "two fields, the same": b"From: <admin@ok.test>\r\nFrom: <admin@ok.test>\r\n",
    "a9 blank before": b" From: <first@evil.test>\r\nFrom: <admin@ok.test>\r\n",
    "a10 blank behind": b"From: <first@evil.test>\r\nFrom : <admin@ok.test>\r\n",
    "a11 folded name": b"From\r\n : <first@evil.test>\r\nFrom: <admin@ok.test>\r\n",
    "a12 Sender": b"From\r\n : <first@evil.test>\r\nSender: <admin@ok.test>\r\n",
    "a13 Resent-From": b"From\r\n : <first@evil.test>\r\nResent-From: <admin@ok.test>\r\n",
    "a14 two addresses": b"From: <first@evil.test>, <admin@ok.test>\r\n",
    "two addresses, other order": b"From: <admin@ok.test>, <first@evil.test>\r\n",
    "a15 encoded address": b"From: =?utf-8?B?PGFkbWluQG9rLnRlc3Q+?=,<second@evil.test>\r\n",
    "a16 route": b"From: <@evil.test,@any.test:admin@ok.test>\r\n",
    "a17 quoted pair": b"From: <admin@ok.test>\\,<second@evil.test>\r\n",
    "a18 precedence": b"From: admin@ok.test,<second@evil.test>\r\n",
    "a19 behind the address": b"From: <any@evil.test>admin@ok.test\r\n",
    "NUL": b"From: <admin@ok.test\x00@evil.test>\r\n",
    "NUL before": b"From: \x00<admin@ok.test>,<m@evil.test>\r\n",
    "control": b"From: <admin@ok.test>\x0b<m@evil.test>\r\n",
    "bare CR": b"From: <m@evil.test>\rFrom: <admin@ok.test>\r\n",
    "bare LF": b"From: <m@evil.test>\nFrom: <admin@ok.test>\r\n",
    "blank line with blanks": b"From: <m@evil.test>\r\n \t\r\nFrom: <admin@ok.test>\r\n",
    "no colon ends a head for some": b"From: <m@evil.test>\r\nnonsense\r\nFrom: <admin@ok.test>\r\n",
    "empty name": b": x\r\nFrom: <admin@ok.test>\r\n",
    "mbox line": b"From admin@ok.test Mon Nov  2 12:00:00 2026\r\nFrom: <admin@ok.test>\r\n",
    "only Sender": b"Sender: <admin@ok.test>\r\n",
    "only Resent-From": b"Resent-From: <admin@ok.test>\r\n",
    "empty": b"From: \r\n",
    "empty address": b"From: Admin <>\r\n",
    "group": b"From: admins: admin@ok.test;\r\n",
    "empty group": b"From: <admin@ok.test>:;\r\n",
    "name is an address": b"From: admin@ok.test <m@evil.test>\r\n",
    "comment is an address": b"From: m@evil.test (admin@ok.test)\r\n",
    "E-12 comment": b"From: admin@ok.test(<m@evil.test>\r\n",
    "E-12 comment closed": b"From: admin@ok.test(<m@evil.test>)\r\n",
    "comment inside": b"From: admin@(x)ok.test\r\n",
    "comment before": b"From: (<admin@ok.test>) m@evil.test\r\n",
    "E-12 two at": b"From: admin@ok.test@evil.test\r\n",
    "two at in brackets": b"From: <admin@ok.test@evil.test>\r\n",
    "two brackets": b"From: <<admin@ok.test>>\r\n",
    "two bracketed": b"From: <admin@ok.test> <m@evil.test>\r\n",
    "quoted local part": b'From: "admin@ok.test"@evil.test\r\n',
    "quoted local part in brackets": b'From: <"admin@ok.test> <x"@evil.test>\r\n',
    "open quotation": b'From: "Admin <admin@ok.test>\r\n',
    "encoded local part": b"From: <=?utf-8?q?admin=40ok.test?=@evil.test>\r\n",
    "encoded local part with a bracket": b"From: =?utf-8?q?admin=40ok.test=3E=00?=@evil.test\r\n",
    "final dot": b"From: <admin@ok.test.>\r\n",
    "no domain": b"From: <admin>\r\n",
    "literal": b"From: <admin@[192.0.2.10]>\r\n",
    "one label": b"From: <admin@test>\r\n",
    "blank in the address": b"From: <admin@ok.test >\r\n",
    "underscore": b"From: <admin@o_k.test>\r\n",
    "very long": b"From: " + b"x" * 5_000 + b" <admin@ok.test>\r\n",
    "escape": b"From: <admin\\@ok.test@evil.test>\r\n",
    "semicolon": b"From: <m@evil.test>; <admin@ok.test>\r\n",
    "8 bit before the bracket": b"From: <admin@ok.test\xe2\x80\x8b,m@evil.test>\r\n",
}  # fmt: skip


@pytest.mark.parametrize("sender", SPOOFS.values(), ids=SPOOFS.keys())
def test_a_head_that_can_be_read_in_two_ways_proves_nothing(sender: bytes) -> None:
    """Even where the real sender of it is beyond doubt (SPF passes for him) and where he signs for ok.test's server."""
    for ip, mail_from in ((THEIRS, "m@evil.test"), (OURS, "a@ok.test")):
        verdict = judge(sender + BODY, ip=ip, mail_from=mail_from)
        assert (verdict.result, verdict.policy) == ("fail", "quarantine")
        assert (verdict.address, verdict.domain, verdict.mechanisms) == ("", "", ())
        assert verdict.reasons[0] in ("head_malformed", "from_missing", "from_repeated", "from_unreadable")


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        (b"From: <m@evil.test>\r\n", "m@evil.test"),
        (b"from:m@Evil.TEST\r\n", "m@evil.test"),
        (b"FROM: \"admin@ok.test\" <m@evil.test>\r\n", "m@evil.test"),
        (b"From: \"<admin@ok.test>, \" <m@evil.test>\r\n", "m@evil.test"),
        (b"From: =?utf-8?B?PGFkbWluQG9rLnRlc3Q+?= <m@evil.test>\r\n", "m@evil.test"),
        (b"From: =?utf-8?q?admin=40ok.test?=\r\n <m@evil.test>\r\n", "m@evil.test"),
        (b"From: \xe6\x9e\x97\xe8\x96\x87 <m@evil.test>\r\n", "m@evil.test"),
        (b"From: J. R. O'Neil <m@evil.test> (home)\r\n", "m@evil.test"),
        (b"From: m@evil.test (Mallory \\( Jones)\r\n", "m@evil.test"),
        (b"From:\r\n\t<m@evil.test>\r\nSender: <admin@ok.test>\r\nResent-From: <admin@ok.test>\r\n", "m@evil.test"),
    ],
)  # fmt: skip
def test_what_is_shown_is_what_was_evaluated(sender: bytes, address: str) -> None:
    verdict = judge(sender + BODY, shown=address)
    assert (verdict.result, verdict.address) == ("pass", address)
    for other in ("admin@ok.test", "", "M@evil.test", "m@evil.test.", "m@mail.evil.test"):
        verdict = judge(sender + BODY, shown=other)
        assert (verdict.result, verdict.reasons) == ("fail", ("from_other_than_shown",)), other
    read = message_from_bytes(sender + BODY, policy=policy.default)
    assert [str(one.addr_spec).lower() for one in read["From"].addresses] == [address]


@pytest.mark.parametrize(
    "mail_from",
    [
        "any@mailfrom.notexist.ok.test",  # a1
        "(any@ok.test",  # a2
        "any@ok.test(a.evil.test",  # a5
        "any@ok.test'@any.evil.test",  # a6
        "@ok.test,@any.com:'any@evil.test",  # a7
        "any@ok.test@evil.test", "\"any@ok.test\"@evil.test", "any@ok.test\x00.evil.test", "a@ok.test.", "<a@ok.test>",
        "a@ok.test ", "@ok.test", "ok.test", "a@[192.0.2.10]", "a@192.0.2.10", "%{d}@evil.test", "a@evil.test",
    ],
)  # fmt: skip
def test_no_mail_from_of_a_stranger_vouches_for_another(mail_from: str) -> None:
    for sender in (b"From: <admin@ok.test>\r\n", b"From: <admin@mail.ok.test>\r\n"):
        verdict = judge(sender + BODY, ip=THEIRS, helo="evil.test", mail_from=mail_from)
        assert (verdict.result, verdict.policy) == ("fail", "reject"), mail_from


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"d=evil.test; s=s1", b"d=ok.test; s=s1._domainkey.evil.test.\x00.any"),  # a3
        (b"d=evil.test; s=s1", b"d=ok.test; s=s1._domainkey.evil.test"),
        (b"d=evil.test", b"d=ok.test'a.evil.test"),  # a4
        (b"d=evil.test", b'd=ok.test"=(.evil.test'),
        (b"d=evil.test", b"d=ok.test\x01.evil.test"),
        (b"d=evil.test", b"d=ok.test.evil.test"),
        (b"d=evil.test", b"d=OK.test; d=evil.test"),
        (b"d=evil.test", b"d=evil.test; i=admin@ok.test"),
        (b"d=evil.test", b"d=test"),
        (b"d=evil.test", b"d=s1._domainkey.evil.test"),
    ],
)
def test_no_signature_of_a_stranger_vouches_for_another(old: bytes, new: bytes) -> None:
    content = mail(b"From: <admin@ok.test>\r\n", by="evil.test")
    assert old in content
    zone = world()
    zone["s1._domainkey.evil.test.any"] = zone["s1._domainkey.evil.test"]
    verdict = judge(content.replace(old, new, 1), zone)
    assert not verdict.proved
    assert verdict.mechanisms == ()


def test_a_real_signature_does_not_cover_what_was_put_around_it() -> None:
    """A mail of Alice's, sent on with more: the signature of the whole no longer counts for anybody."""
    genuine = mail(by="ok.test")
    assert judge(genuine).mechanisms == ("dkim",)
    for changed in (
        b"From: <m@evil.test>\r\n" + genuine,
        genuine.replace(b"From: Alice", b"From: <m@evil.test>\r\nFrom: Alice"),
        genuine.replace(b"From: Alice <alice@ok.test>", b"From: Admin <admin@ok.test>"),
        genuine.replace(b"Subject:", b"Subject: Pay me\r\nSubject:", 1),
        genuine + b"\r\nand pay me",
    ):
        assert not judge(changed).proved


def test_similar_domains_are_other_domains() -> None:
    for name in (
        b"xn--k-bpb.test",
        "оk.test".encode(),
        b"ok.test.evil.test",
        b"notok.test",
        b"o-k.test",
        b"ok-test.evil.test",
    ):
        verdict = judge(b"From: <admin@" + name + b">\r\n" + BODY, ip=OURS, mail_from="a@ok.test")
        assert not verdict.proved
        assert verdict.domain != "ok.test"


def test_an_international_domain_is_evaluated_as_it_is_registered() -> None:
    zone = world()
    zone["_dmarc.xn--tlqx19b5xc.test"] = {"TXT": ["v=DMARC1; p=reject"]}
    zone["xn--tlqx19b5xc.test"] = {"TXT": [f"v=spf1 ip4:{OURS} -all"]}
    content = "From: 林 <lin@交易所.test>\r\n".encode() + BODY
    verdict = judge(content, zone, ip=OURS, mail_from="lin@交易所.test", shown="lin@交易所.test")
    assert (verdict.result, verdict.domain) == ("pass", "xn--tlqx19b5xc.test")


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
