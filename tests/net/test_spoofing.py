"""The tricks by which a mail shows another's address (E-10, E-11 with espoofer's a1 to a19, E-12).

Mallory owns evil.test, from which everything passes; none of it may pass for ok.test."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.net.senders import BODY, OURS, THEIRS, judge, mail, world
from trustdesk.net.fields import Unclear, author, cut, domain

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
    "sender", [b"From: MAILER-DAEMON <>\r\n", b"From: \r\n", b"From: <>\r\n", b"From: <admin>\r\n"]
)
def test_a_sender_without_any_address_poses_as_nobody(sender: bytes) -> None:
    verdict = judge(sender + BODY)
    assert (verdict.result, verdict.policy, verdict.address) == ("fail", "none", "")
    assert verdict.reasons == ("from_no_address",)


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


PIECES = st.sampled_from([
    *("a@ok.test", "m@evil.test", "<m@evil.test>", "<", ">", '"', "\\", "(", ")", " ", ",", ";", ":", "@", ".", "'", "%", "!"),
    *("=?utf-8?q?a=40ok.test?=", "=?utf-8?b?PGFAb2sudGVzdD4=?=", "=?", "?=", "\r\n ", "\t", "Alice", "林", "é", "\u200b"),
    *("\xa0", "\u2028", "[", "]", "a.b", "\x85"),
])  # fmt: skip


@settings(max_examples=1_500, deadline=None)
@given(st.lists(PIECES, max_size=9).map("".join))
def test_a_sender_we_can_read_is_read_alike_by_another_parser(text: str) -> None:
    content = f"From: {text}\r\n".encode() + BODY
    try:
        address, _ = author(cut(content))
    except Unclear:
        return
    try:
        others = [registered(one.addr_spec) for one in message_from_bytes(content, policy=policy.default)["From"].addresses]
    except (AttributeError, IndexError):  # Python's falls over some names, as Alice. right before the <, and reads nothing
        others = [address]
    assert others == [address]
    if text.isascii():
        assert [registered(found) for _, found in getaddresses([message_from_bytes(content)["From"]])] == [address]


def registered(address: str) -> str:
    """Python leaves a domain in 8 bits as it is; we write it as it is registered."""
    local, _, name = address.encode("utf-8", "surrogateescape").decode("utf-8").rpartition("@")
    return f"{local}@{domain(name)}"


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


@pytest.mark.parametrize("local", ["any@ok.test", '"m"', "@ok.test,@any.com:m", "m(x)", "", "m m", "<m", "m" * 65])
def test_a_mail_from_with_two_readings_has_no_domain(local: str) -> None:
    """Not even for the domain that its last @ names, and that would pass."""
    content = b"From: <m@evil.test>\r\n" + BODY
    assert judge(content, mail_from="m@evil.test").proved
    verdict = judge(content, mail_from=f"{local}@evil.test")
    assert (verdict.result, verdict.reasons) == ("fail", ("dkim_none", "spf_none"))


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


def test_what_a_mail_says_about_itself_counts_for_nothing() -> None:
    """E-10: here the mail comes straight from a stranger, so nobody of ours has written any of it."""
    claims = (
        b"Authentication-Results: mx.desk.example; dmarc=pass header.from=ok.test; spf=pass; dkim=pass header.d=ok.test\r\n"
        b"Received-SPF: pass (mx.desk.example: domain of ok.test designates 203.0.113.66)\r\n"
        b"ARC-Authentication-Results: i=1; mx.desk.example; dmarc=pass header.from=ok.test\r\n"
        b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=desk.example; s=s1; b=AAAA\r\n"
        b"X-Trustdesk-Verified: yes\r\nX-Spam-Status: No\r\nReturn-Path: <alice@ok.test>\r\n"
        b"Received: from mail.ok.test (mail.ok.test [192.0.2.10]) by mx.desk.example; Mon, 2 Nov 2026 12:00:00 +0000\r\n"
    )
    verdict = judge(claims + mail())
    assert (verdict.result, verdict.policy) == ("fail", "reject")
    assert verdict.reasons == ("dkim_none", "spf_not_aligned")


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
        "ok.test\u200b".encode(),
        "o\u00adk.test".encode(),
        "ok\u3002test".encode(),
        "\uff4fk.test".encode(),
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
