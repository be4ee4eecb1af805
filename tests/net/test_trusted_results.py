"""What our own mail server found, and what others write in its name (E-10)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustdesk.net.authentication_results import parse
from trustdesk.net.authenticity import Verdict, trusted_results

REST = "From: Alice <alice@ok.test>\r\nSubject: Hello\r\n\r\nHello.\r\n"
PASS = "Authentication-Results: mx.desk.example; dmarc=pass header.from=ok.test\r\n"
FAIL = "Authentication-Results: mx.desk.example; dmarc=fail (p=reject) header.from=ok.test\r\n"
TAKEN = "Received: from mail.ok.test (mail.ok.test [192.0.2.10])\r\n\tby mx.desk.example with ESMTPS id 1;\r\n\tMon, 2 Nov 2026\r\n"
INSIDE = "Received: from mx.desk.example by imap.desk.example with LMTP id 2; Mon, 2 Nov 2026\r\n"
FOREIGN = "Received: from alice-pc by mail.ok.test with ESMTPA id 3; Mon, 2 Nov 2026\r\n"


def read(head: str, *, authserv_id: str = "mx.desk.example", shown: str | None = None) -> Verdict | None:
    return trusted_results((head + REST).encode(), authserv_id=authserv_id, shown=shown)


def result(head: str) -> str | None:
    verdict = read(head)
    return verdict.result if verdict else None


@pytest.mark.parametrize(
    "head",
    [
        PASS,
        PASS + TAKEN + FOREIGN,
        TAKEN + PASS + FOREIGN,
        INSIDE + PASS + TAKEN + FOREIGN,
        INSIDE + TAKEN + PASS + FOREIGN,
        "Delivered-To: desk\r\nReceived: by 2002:a05:6a10:1234 with SMTP id 9;\r\n Mon, 2 Nov 2026\r\n" + TAKEN + PASS,
        "Return-Path: <a@ok.test>\r\n" + PASS.replace("mx.desk.example", "MX.desk.Example 1"),
        PASS.replace("dmarc=pass", "dkim=pass header.d=ok.test;\r\n\tspf=pass smtp.mailfrom=a@ok.test;\r\n dmarc=pass (p=none)"),
        PASS.replace("dmarc=pass", "dmarc/1 = PASS reason=\"it; is=fine\" policy.dmarc=reject"),
        PASS.replace("ok.test", "OK.test"),
        PASS.replace("Authentication-Results", "authentication-results"),
        PASS.replace("mx.desk.example", '"mx.desk.example" (a (nested) comment)'),
        "Authentication-Results: mx.desk.example; dkim=pass header.d=ok.test\r\n" + PASS + TAKEN,
    ],
)  # fmt: skip
def test_our_own_server_is_believed(head: str) -> None:
    verdict = read(head, shown="alice@ok.test")
    assert verdict is not None
    assert (verdict.result, verdict.address, verdict.mechanisms) == ("pass", "alice@ok.test", ("mx",))
    assert verdict.policy == ("reject" if "policy.dmarc=reject" in head else "none")


@pytest.mark.parametrize(
    "head",
    [
        "",
        PASS.replace("mx.desk.example", "mx.ok.test"),
        PASS.replace("mx.desk.example", "mx.desk.example.evil.test"),
        PASS.replace("mx.desk.example", "x.mx.desk.example"),
        PASS.replace("mx.desk.example", "desk.example"),
        PASS.replace("mx.desk.example", "mx.desk.example 2"),
        PASS.replace("mx.desk.example", "mx.desk.example 1 1"),
        PASS.replace("mx.desk.example;", "evil.test (mx.desk.example);"),
        PASS.replace("mx.desk.example;", "mx.desk.example"),
        PASS.replace("mx.desk.example;", "; mx.desk.example;"),
        PASS.replace("Authentication-Results", "X-Authentication-Results"),
        PASS.replace("Authentication-Results", "ARC-Authentication-Results").replace("mx.", "i=1; mx."),
        PASS.replace("Authentication-Results", "X-Original-Authentication-Results"),
        "Received-SPF: pass (mx.desk.example: domain of a@ok.test) receiver=mx.desk.example\r\n",
        "ARC-Seal: i=1; cv=pass; d=desk.example; s=a; b=AAAA\r\nX-Trustdesk-Verified: alice@ok.test\r\n",
        FOREIGN + PASS,  # written before our server took the mail
        TAKEN + FOREIGN + PASS,
        INSIDE + TAKEN + FOREIGN + PASS,
        TAKEN + INSIDE + PASS,  # a forged line of our own inside
        TAKEN + TAKEN + PASS,
        TAKEN + "Received: by 2002:a05:6a10:1234 with SMTP id 9; Mon\r\n" + PASS,
        TAKEN.replace("by mx.desk.example", "by mx.evil.test") + PASS,
        TAKEN.replace("by mx.desk.example", "(by mx.desk.example ) by mx.evil.test") + PASS,
        "Authentication-Results: mx.desk.example; none\r\n",
        "Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=ok.test; dkim=pass header.d=ok.test\r\n",
    ],
)
def test_nobody_else_is(head: str) -> None:
    assert read(head) is None


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=fail header.from=ok.test", "fail"),
        ("dmarc=none header.from=ok.test", "none"),
        ("dmarc=bestguesspass header.from=ok.test", "fail"),
        ("dmarc=temperror header.from=ok.test", "temperror"),
        ("dmarc=permerror header.from=ok.test", "fail"),
        ("dmarc=pass", "fail"),  # for whom?
        ("dmarc==pass header.from=ok.test", "fail"),
        ("dmarc=pass header.from=evil.test", "fail"),
        ("dmarc=pass header.from=ok.test.evil.test", "fail"),
        ("dmarc=pass header.from=ok.test header.from=evil.test", "fail"),
        ("dmarc=pass header.from=evil.test (header.from=ok.test)", "fail"),
        ("dmarc=pass smtp.from=ok.test", "fail"),
        ("dmarc=fail (dmarc=pass header.from=ok.test) header.from=ok.test", "fail"),
        ('dmarc=fail reason="x; dmarc=pass header.from=ok.test" header.from=ok.test', "fail"),
        ('spf=pass smtp.mailfrom="x; dmarc=pass header.from=ok.test"; dmarc=fail header.from=ok.test', "fail"),
        ("dmarc=pass header.from=ok.test; dmarc=fail header.from=ok.test", "fail"),
        ("dmarc=fail header.from=ok.test; dmarc=pass header.from=ok.test", "fail"),  # as if injected
        ("dmarc=pass header.from=ok.test; dmarc=pass header.from=evil.test", "fail"),
    ],
)
def test_our_server_is_read_to_the_letter(results: str, expected: str) -> None:
    assert result(f"Authentication-Results: mx.desk.example; {results}\r\n") == expected


@pytest.mark.parametrize(
    "results",
    [
        "spf=pass smtp.mailfrom=any@ok.test(a.evil.test; dmarc=pass header.from=ok.test",  # a5: a comment without end
        'dkim=pass header.d=ok.test"=(.evil.test; dmarc=pass header.from=ok.test',
        "dmarc=pass header.from=ok.test)",
        "dmarc=pass header.from=ok.test\\",
        "dmarc header.from=ok.test",
        "dmarc=pass header.from=",
        "=pass",
        "dmarc=pass ok.test",
        "dmarc=pass from=ok.test",
        "dmarc/2=pass header.from=ok.test",
        '"dmarc"=pass header.from=ok.test',
        "none; dmarc=pass header.from=ok.test",
        "dmarc=pass header.from=ok.test\x0b",
        "; ".join(f"dkim=pass header.d=d{n}.test" for n in range(200)),
        "dmarc=pass header.from=ok.test (" + "x" * 20_000 + ")",
    ],
)  # fmt: skip
def test_a_field_outside_the_grammar_says_nothing(results: str) -> None:
    assert result(f"Authentication-Results: mx.desk.example; {results}\r\n") is None


def test_the_topmost_is_ours_and_a_forged_one_below_changes_nothing() -> None:
    forged = PASS.replace("header.from", "policy.dmarc=none header.from")
    for head in (
        FAIL + TAKEN + forged,
        TAKEN + FAIL + FOREIGN + forged,
        INSIDE + FAIL + TAKEN + forged + FOREIGN + forged,
    ):
        assert result(head) == "fail"
    assert result(FAIL + forged) == result(forged + FAIL) == "fail"  # in one block they contradict each other


@pytest.mark.parametrize(
    "second", ["From: <m@evil.test>\r\n", "from: Alice <alice@ok.test>\r\n", "From : x@evil.test\r\n"]
)
def test_with_two_authors_our_server_cannot_have_meant_both(second: str) -> None:
    verdict = read(PASS + second)
    assert verdict is not None
    assert (verdict.result, verdict.address) == ("fail", "")


def test_what_is_shown_must_be_what_our_server_evaluated() -> None:
    verdict = read(PASS, shown="admin@ok.test")
    assert verdict is not None
    assert (verdict.result, verdict.reasons) == ("fail", ("from_other_than_shown",))


def test_without_a_name_nobody_is_ours() -> None:
    for head in ("", PASS.replace("mx.desk.example", ""), PASS.replace("mx.desk.example", '""')):
        assert read(head, authserv_id="") is None
        assert read(head, authserv_id="  ") is None


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='dmarc=ps;()"\\ .x/\t-header.from1', max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    found = parse("mx.desk.example; " + text)
    assert found is None or found.authserv_id == "mx.desk.example"


def test_hostile_fields_cost_little() -> None:
    started = time.monotonic()
    for text in (
        "(" * 16_000,
        '"' + "\\" * 15_999,
        "a=" * 8_000,
        " " * 16_000,
        "mx;" * 5_000,
        "mx;a=b " + "c.d=e " * 2_500,
    ):
        parse(text)
    assert time.monotonic() - started < 2
