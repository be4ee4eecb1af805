"""DKIM: the examples of the RFCs, every way a signature fails, and the same answers as dkimpy's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dkim as dkimpy
import pytest

from tests.net.keys import pem
from tests.net.smtp import NOON
from tests.net.zone import SERVFAIL, SILENT, Zone, serve
from trustdesk.net.dkim import DkimKey, canonical_body, canonical_field, verify
from trustdesk.net.dns import Resolver
from trustdesk.net.fields import cut

# RFC 8463, appendix A: the keys published, a message, and its two signatures.
RFC_ZONE: Zone = {
    "brisbane._domainkey.football.example.com": {
        "TXT": ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]
    },
    "test._domainkey.football.example.com": {
        "TXT": [
            "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
            "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
            "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
            "Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
        ]
    },
}
RFC_SIGNATURES = """\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
"""
RFC_MESSAGE = """\
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""
RFC_KEY = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----"""

MESSAGE = (
    b"From: Alice <alice@ok.test>\r\nTo: desk@desk.example\r\nSubject: Where is\r\n my withdrawal?\r\n"
    b"Date: Mon, 02 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@ok.test>\r\n\r\nHello,\r\nis it   lost? \r\n\r\n\r\n"
)


def results(content: bytes, zone: Zone, *, now: datetime = NOON, timeout: float = 2) -> list[str]:
    with serve(zone) as address:
        lookups = Resolver(nameservers=[address], timeout=timeout)
        checked = verify(cut(content), wanted=lambda name: True, lookups=lookups, now=now)
    return [one.reason or one.result for one in checked]


def signed(message: bytes = MESSAGE, *, kind: str = "ed25519") -> tuple[bytes, dict[str, dict[str, list[str] | str]]]:
    key = DkimKey("ok.test", "s1", pem(kind))
    name, text = key.record
    return key.sign(message, now=NOON), {name: {"TXT": [text]}}


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("ascii")


def test_the_examples_of_rfc_8463() -> None:
    assert results(crlf(RFC_SIGNATURES + RFC_MESSAGE), RFC_ZONE) == ["pass", "pass"]
    # The same with the line ends that a mailbox on disk has.
    assert results((RFC_SIGNATURES + RFC_MESSAGE).encode(), RFC_ZONE) == ["pass", "pass"]
    changed = RFC_SIGNATURES + RFC_MESSAGE.replace("dinner", "supper")
    assert results(crlf(changed), RFC_ZONE) == ["dkim_signature"] * 2
    changed = RFC_SIGNATURES + RFC_MESSAGE.replace("lost", "won")
    assert results(crlf(changed), RFC_ZONE) == ["dkim_body_changed"] * 2


def test_the_example_of_rfc_6376() -> None:
    """Appendix A.2, with errata 3192 and 4926 (blanks that the RFC's layout changed)."""
    signature = """\
DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
"""
    key = (
        "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcT"
        "Nh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
    )
    zone: Zone = {"brisbane._domainkey.example.com": {"TXT": [key]}}
    message = RFC_MESSAGE.replace("game.  Are", "game. Are")
    assert results(crlf(signature + message), zone) == ["pass"]
    # The simple form forgives no blank, neither in the head nor in the body.
    assert results(crlf(signature + RFC_MESSAGE), zone) == ["dkim_body_changed"]
    assert results(crlf(signature + message.replace("Subject: Is", "Subject:  Is")), zone) == ["dkim_signature"]
    strict: Zone = {"brisbane._domainkey.example.com": {"TXT": [key.replace("; p", "; t=s; p")]}}
    assert results(crlf(signature + message), strict) == ["dkim_key"]  # i= is below d=


def test_the_key_of_rfc_8463_is_published_as_there() -> None:
    key = DkimKey("football.example.com", "brisbane", RFC_KEY)
    name, text = key.record
    assert {name: {"TXT": [text]}} == {name: RFC_ZONE[name]}
    assert results(key.sign(crlf(RFC_MESSAGE), now=NOON), RFC_ZONE) == ["pass"]


def test_the_canonical_forms_of_rfc_6376() -> None:
    """Section 3.4.5: the example, both ways."""
    fields = ((b"A", b" X\r\n"), (b"B ", b" Y\t\r\n\tZ  \r\n"))
    body = b" C \r\nD \t E\r\n\r\n\r\n"
    assert canonical_field(*fields[0], relaxed=True) == b"a:X\r\n"
    assert canonical_field(b"B", fields[1][1], relaxed=True) == b"b:Y Z\r\n"
    assert canonical_body(body, relaxed=True) == b" C\r\nD E\r\n"
    assert b"".join(canonical_field(*one, relaxed=False) for one in fields) == b"A: X\r\nB : Y\t\r\n\tZ  \r\n"
    assert canonical_body(body, relaxed=False) == b" C \r\nD \t E\r\n"
    assert (canonical_body(b"", relaxed=False), canonical_body(b"", relaxed=True)) == (b"\r\n", b"")
    assert (canonical_body(b"\r\n\r\n", relaxed=False), canonical_body(b"\r\n", relaxed=True)) == (b"\r\n", b"")
    assert canonical_body(b"a", relaxed=False) == canonical_body(b"a ", relaxed=True) == b"a\r\n"
    assert canonical_body(b"a\r\r\n\r\n", relaxed=False) == b"a\r\r\n"  # a CR on its own is no line end


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_what_we_sign_verifies_and_a_change_shows(kind: str) -> None:
    content, zone = signed(kind=kind)
    assert results(content, zone) == ["pass"]
    assert all(len(line) <= 78 for line in content.split(b"\r\n"))
    for old, new, reason in (
        (b"alice@ok.test", b"mallory@ok.test", "dkim_signature"),
        (b"To: desk@", b"To: help@", "dkim_signature"),
        (b"lost?", b"found?", "dkim_body_changed"),
        (b"\r\n\r\nHello", b"\r\n\r\nPS\r\nHello", "dkim_body_changed"),
        (b"\r\n\r\nHello", b"\r\nReply-To: <m@evil.test>\r\n\r\nHello", "pass"),  # was not there to be signed
        (b"Subject: Where", b"Subject: Other\r\nSubject: Where", "dkim_field_repeated"),
        (b"To: desk", b"To: <x@evil.test>\r\nTo: desk", "dkim_field_repeated"),
        (b"is it   lost? ", b"is it lost?", "pass"),
        (b"Subject: Where is\r\n my", b"SUBJECT:  Where is my", "pass"),
    ):
        assert results(content.replace(old, new, 1), zone) == [reason], new


def test_names_signed_once_more_than_present_cannot_be_added() -> None:
    content, _ = signed(MESSAGE.replace(b"To: desk@desk.example\r\n", b""))
    zone = signed()[1]
    assert results(content, zone) == ["pass"]
    for added in (b"To: x@evil.test\r\n", b"TO: x@evil.test\r\n"):
        assert results(content.replace(b"From: A", added + b"From: A", 1), zone) == ["dkim_signature"]


@pytest.mark.parametrize(
    "way", [b"simple/simple", b"relaxed/simple", b"simple/relaxed", b"relaxed/relaxed", b"relaxed"]
)
def test_what_dkimpy_signs_verifies(way: bytes) -> None:
    head, _, body = way.partition(b"/")
    key = DkimKey("ok.test", "s1", pem("rsa"))
    signature = dkimpy.sign(
        MESSAGE, b"s1", b"ok.test", pem("rsa").encode(), canonicalize=(head, body or b"simple"), include_headers=None
    )
    name, text = key.record
    today = datetime.now(UTC)  # dkimpy reads the clock
    assert results(signature + MESSAGE, {name: {"TXT": [text]}}, now=today) == ["pass"]
    changed = MESSAGE.replace(b"is it   lost? ", b"is it lost?")
    expected = "pass" if body == b"relaxed" else "dkim_body_changed"
    assert results(signature + changed, {name: {"TXT": [text]}}, now=today) == [expected]


def test_what_we_sign_verifies_with_dkimpy() -> None:
    content, zone = signed(kind="rsa")
    with serve(zone) as address:
        lookups = Resolver(nameservers=[address])

        def ask(name: bytes, timeout: int = 5) -> bytes:
            return lookups.txt(name.decode().rstrip(".")).records[0]

        assert dkimpy.verify(content, dnsfunc=ask) is True
        assert dkimpy.verify(content.replace(b"Alice", b"Alicia"), dnsfunc=ask) is False


# What a signature must not say. Each is signed anew, so that only the thing under test is wrong.


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"a=ed25519-sha256", b"a=ed25519-sha1", "dkim_algorithm"),
        (b"a=ed25519-sha256", b"a=rsa-sha256", "dkim_key"),
        (b"a=ed25519-sha256", b"a=none", "dkim_algorithm"),
        (b"v=1", b"v=2", "dkim_malformed"),
        (b"v=1; ", b"", "dkim_malformed"),
        (b"s=s1;", b"s=s1; l=10;", "dkim_body_length"),
        (b"s=s1;", b"s=s1; l=0;", "dkim_body_length"),
        (b"h=From:From", b"h=Sender:X", "dkim_from_unsigned"),
        (b"s=s1;", b"s=s1; x=1793534400;", "dkim_malformed"),  # before t
        (b"s=s1;", b"s=s1; x=9999999999999;", "dkim_malformed"),
        (b"s=s1;", b"s=s1; i=alice@evil.test;", "dkim_malformed"),
        (b"s=s1;", b"s=s1; i=alice@notok.test;", "dkim_malformed"),
        (b"s=s1;", b"s=s1; q=dns/other;", "dkim_malformed"),
        (b"s=s1;", b"s=s1; s=s2;", "dkim_malformed"),
        (b"s=s1;", b"s=s1; d=evil.test;", "dkim_malformed"),
        (b"c=relaxed/relaxed", b"c=nofws/relaxed", "dkim_malformed"),
        (b"bh=", b"bh=!", "dkim_malformed"),
        (b"d=ok.test", b"d=ok.test.", "dkim_malformed"),
        (b"d=ok.test", b"d=test", "dkim_malformed"),
        (b"d=ok.test", b"d=ok.test(.evil.test", "dkim_malformed"),
        (b"d=ok.test", b"d=ok.test'a.evil.test", "dkim_malformed"),
        (b"d=ok.test", b"d=ok.test\"=(.evil.test", "dkim_malformed"),
        (b"d=ok.test", b"d=ok.test, evil.test", "dkim_malformed"),
        (b"d=ok.test", b"d=s1._domainkey.ok.test", "dkim_malformed"),
        (b"d=ok.test", b"d=", "dkim_malformed"),
        (b"s=s1", b"s=s1._domainkey.evil.test.\x01.any", "dkim_malformed"),
        (b"s=s1", b"s=s1 s1", "dkim_malformed"),
        (b"s=s1", b"s=..", "dkim_malformed"),
        (b"s=s1", b"s=", "dkim_malformed"),
        (b"s=s1", b"s=other", "dkim_no_key"),
        (b"s=s1;", b"s=s1; nonsense;", "dkim_malformed"),
    ],
)  # fmt: skip
def test_a_signature_that_says_odd_things_fails(old: bytes, new: bytes, reason: str) -> None:
    content, zone = signed()
    assert content.count(old) >= 1
    assert results(content.replace(old, new, 1), zone) == [reason]


def test_a_signature_holds_for_its_time_only() -> None:
    content, zone = signed()
    assert results(content, zone, now=NOON - timedelta(minutes=50)) == ["pass"]
    assert results(content, zone, now=NOON - timedelta(hours=2)) == ["dkim_malformed"]
    expiring = content.replace(b"s=s1;", b"s=s1; x=%d;" % (int(NOON.timestamp()) + 60), 1)
    assert results(expiring, zone, now=NOON + timedelta(seconds=61)) == ["dkim_expired"]
    assert results(expiring, zone, now=NOON) == ["dkim_signature"]  # x= was added afterwards


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("v=DKIM1; k=ed25519; p=", "dkim_key_revoked"),
        ("v=DKIM2; k=ed25519; p={}", "dkim_key"),
        ("k=ed25519; v=DKIM1; p={}", "dkim_key"),
        ("v=DKIM1; p={}", "dkim_key"),
        ("v=DKIM1; k=ed25519; h=sha1; p={}", "dkim_key"),
        ("v=DKIM1; k=ed25519; s=tlsrpt; p={}", "dkim_key"),
        ("v=DKIM1; k=ed25519; t=y; p={}", "dkim_key_testing"),
        ("v=DKIM1; k=ed25519; p=AAAA", "dkim_key"),
        ("v=DKIM1; k=ed25519; p=交易", "dkim_key"),
        ("v=DKIM1; k=ed25519; s=email:x; t=s; h=sha1:sha256; n=hi; p={}", "pass"),
        ("k=ed25519; p={}", "pass"),
    ],
)
def test_a_key_is_used_as_it_is_published(text: str, reason: str) -> None:
    content, zone = signed()
    [(name, records)] = zone.items()
    published = str(records["TXT"][0]).rpartition("p=")[2]
    assert results(content, {name: {"TXT": [text.format(published)]}}) == [reason]


def test_two_keys_under_one_name_are_none() -> None:
    content, zone = signed()
    [(name, records)] = zone.items()
    assert results(content, {name: {"TXT": [str(records["TXT"][0]), "v=DKIM1; k=ed25519; p=AAAA"]}}) == [
        "dkim_key_ambiguous"
    ]


def test_short_keys_prove_nothing() -> None:
    content = signed(kind="rsa")[0]
    text = (  # 768 bits; nothing makes such a key any more
        "v=DKIM1; k=rsa; p=MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhALVI635dLK4cJJAH3Lx6upo3X/Lm1tQz3mezcWTA3BUBnyIsdnRf57aD5BtN"
        "mhPrYYDlWlzw3UgnKisIxktkk5+iMQMlFtAS10JB8L3YadXNJY+JBcbeSi5TgJe4WFzNgQIDAQAB"
    )
    assert results(content, {"s1._domainkey.ok.test": {"TXT": [text]}}) == ["dkim_key_size"]


def test_dns_in_trouble_is_neither_pass_nor_fail() -> None:
    content, zone = signed()
    [name] = zone
    for trouble in (SERVFAIL, SILENT):
        assert results(content, {name: trouble}, timeout=0.2) == ["dkim_dns"]


def test_only_so_many_signatures_are_looked_at_whoever_made_them() -> None:
    """To learn that one is somebody else's may take eight questions: junk must not use up what is asked for the author."""
    content, zone = signed()
    field, _, rest = content.partition(b"\r\nFrom:")
    [name] = zone
    asked: list[tuple[str, str]] = []
    with serve(zone, asked=asked) as address:
        lookups = Resolver(nameservers=[address])
        others = (field.replace(b"d=ok.test", b"d=evil.test") + b"\r\n") * 3
        many = cut(others + (field + b"\r\n") * 12 + b"From:" + rest)
        found = verify(many, wanted=lambda by: by == "ok.test", lookups=lookups, now=NOON)
    assert [one.reason or one.result for one in found] == (
        ["dkim_not_aligned"] * 3 + ["pass"] * 7 + ["dkim_too_many"] * 5
    )
    assert asked == [(name, "TXT")]


@pytest.mark.parametrize(
    "key",
    ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "rsa1024", "ec", "public"],
)
def test_a_key_that_is_of_no_use_is_refused_without_being_quoted(key: str) -> None:
    text = pem("rsa", 1024) if key == "rsa1024" else pem("ec") if key == "ec" else key
    if key == "public":
        text = pem().replace("PRIVATE", "PUBLIC")
    with pytest.raises(ValueError, match="key") as refused:
        DkimKey("ok.test", "s1", text)
    assert "secret" not in str(refused.value)
    assert "AAAA" not in str(refused.value)


@pytest.mark.parametrize(("name", "selector"), [("", "s1"), ("test", "s1"), ("ok.test", "a b;x=")])
def test_a_key_needs_a_domain_and_a_selector_that_are_some(name: str, selector: str) -> None:
    with pytest.raises(ValueError, match="is none"):
        DkimKey(name, selector, pem())


def test_a_selector_follows_from_its_key() -> None:
    one = DkimKey("ok.test", "", pem())
    assert one.selector == DkimKey("other.test", "", one.private_key).selector
    assert one.record[0] == f"{one.selector}._domainkey.ok.test"
    assert one.selector != DkimKey("ok.test", "", pem("rsa")).selector


def test_a_key_does_not_show_itself() -> None:
    key = DkimKey("OK.test", "s1", pem())
    assert "PRIVATE" not in repr(key)
    assert [key.covers(name) for name in ("ok.test", "mail.ok.test", "notok.test", "test")] == [
        True,
        True,
        False,
        False,
    ]
    assert key.sign(MESSAGE, now=NOON) == key.sign(MESSAGE, now=datetime(2026, 11, 2, 12, tzinfo=UTC))
