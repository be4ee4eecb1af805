"""Who sent a mail: one address that nobody reads as another, or nobody (security checks E-11, E-12)."""

from __future__ import annotations

import pytest

from trustdesk.channels.adapters.email.letter import Mailbox
from trustdesk.channels.adapters.email.parsing import read


@pytest.mark.parametrize(
    ("header", "name", "address"),
    [
        (b"From: alice@ok.example", "", "alice@ok.example"),
        (b"From: <alice@ok.example>", "", "alice@ok.example"),
        (b"from:alice@OK.Example", "", "alice@ok.example"),
        (b"From: Alice <alice@ok.example>", "Alice", "alice@ok.example"),
        (b'From: "Smith, Alice (Home)" <alice@ok.example>', "Smith, Alice (Home)", "alice@ok.example"),
        (b'From: "alice@ok.example" <alice@ok.example>', "alice@ok.example", "alice@ok.example"),
        (b"From: alice@ok.example <alice@ok.example>", "alice@ok.example", "alice@ok.example"),
        (b"From:\r\n =?utf-8?q?Alice_Sm=C3=AFth?=\r\n <alice@ok.example>", "Alice Smïth", "alice@ok.example"),
        (b"From: \xe5\xbc\xa0\xe4\xb8\x89 <alice@ok.example>", "张三", "alice@ok.example"),
        (b"From: J. O'Neil Jr. <j.o'neil+x=y@ok.example>", "J. O'Neil Jr.", "j.o'neil+x=y@ok.example"),
        ("From: a@中国.example".encode(), "", "a@xn--fiqs8s.example"),
        (
            b"From: Alice <alice@ok.example>\r\nSender: m@evil.example\r\nReply-To: m@evil.example",
            "Alice",
            "alice@ok.example",
        ),
    ],
)
def test_one_plain_sender(header: bytes, name: str, address: str) -> None:
    assert read(header + b"\r\nSubject: x\r\n\r\nhi").sender == Mailbox(name, address)


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: none",
        b"From:",
        b"From: Alice",
        b"From: alice",
        b"From: alice@ok",
        b"Sender: alice@ok.example",
        b"Resent-From: alice@ok.example",
        b"From: m@evil.example\r\nFrom: alice@ok.example",
        b"From: alice@ok.example\r\nX-A: b\r\nfrom: m@evil.example",
        b"From: m@evil.example\r\njunk\r\nFrom: alice@ok.example",
        b"From : alice@ok.example",
        b"From\0: alice@ok.example",
        b"From: m@evil.example\r\nFrom : alice@ok.example",
        b" From: alice@ok.example\r\nFrom: m@evil.example",
        b"From: m@evil.example\r\nX-A: b\r\n From: alice@ok.example",
        b"From\r\n : alice@ok.example",
        b"From: alice@ok.example\0",
        b"From: alice@ok.example\0, m@evil.example",
        b"From: alice@ok.example\rm@evil.example",
        b"From: alice@ok.example, m@evil.example",
        b"From: <alice@ok.example>, <m@evil.example>",
        b"From: alice@ok.example;m@evil.example",
        b"From: <alice@ok.example> <m@evil.example>",
        b"From: <alice@ok.example>m@evil.example",
        b"From: alice@ok.example <m@evil.example>",
        b'From: "alice@ok.example" <m@evil.example>',
        b'From: "Alice alice@ok.example" <m@evil.example>',
        b'From: "alice@ok.example\\" <m@evil.example>',
        b'From: "alice@ok.example"\r\n <m@evil.example>',
        b"From: =?utf-8?q?alice=40ok=2Eexample?= <m@evil.example>",
        b"From: =?utf-8?q?alice=40ok=2Eexample=3E=00?= <m@evil.example>",
        b"From: =?utf-8?b?YWxpY2VAb2suZXhhbXBsZQ==?=",
        b"From: <=?utf-8?q?alice?=@ok.example>",
        "From: alice＠ok.example <m@evil.example>".encode(),
        b"From: alice@ok.example(<m@evil.example>",
        b"From: alice@ok.example (comment)",
        b"From: (comment) alice@ok.example",
        b"From: Alice <alice@ok.example> (m@evil.example)",
        b"From: al(comment)ice@ok.example",
        b"From: alice@ok.example@evil.example",
        b"From: <alice@ok.example@evil.example>",
        b"From: <@evil.example:alice@ok.example>",
        b"From: <@evil.example,@b.example:alice@ok.example>",
        b"From: friends: alice@ok.example;",
        b'From: "alice"@ok.example',
        b'From: <"alice@ok.example"@evil.example>',
        b"From: ali\\ce@ok.example",
        b"From: \\<alice@ok.example\\> <m@evil.example>",
        b"From: <alice@[192.0.2.1]>",
        b"From: alice@ok.example.",
        b"From: <alice @ok.example>",
        b"From: Smith, Alice <alice@ok.example>",
        b"From: " + b"a" * 70 + b"@ok.example",
        b"From: " + b"(" * 5_000 + b"alice@ok.example",
    ],
)
def test_any_doubt_means_nobody(header: bytes) -> None:
    assert read(header + b"\r\nTo: x@desk.example\r\n\r\nhi").sender is None


def test_a_look_alike_domain_is_itself() -> None:
    letter = read("From: Alice <alice@оk.example>\r\n\r\nhi".encode())  # a Cyrillic o
    assert letter.sender is not None
    assert letter.sender.address.startswith("alice@xn--")


def test_everything_that_from_names_is_kept_for_staff_to_see() -> None:
    letter = read(b"From: a@one.example, Bob <b@two.example>\r\nFrom: Nobody\r\n\r\nhi")
    assert letter.senders == (Mailbox("", "a@one.example"), Mailbox("Bob", "b@two.example"), Mailbox("Nobody", ""))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a@x.example (Ann)", [("Ann", "a@x.example")]),
        (b"a@x.example; b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        (
            b"team: Ann <a@x.example>, b@x.example;, c@x.example",
            [("Ann", "a@x.example"), ("", "b@x.example"), ("", "c@x.example")],
        ),
        (b'"A, B" <a@X.Example>', [("A, B", "a@x.example")]),
        (b"undisclosed-recipients:;", []),
        (b"<a@x.example", [("", "a@x.example")]),
        (b'"open <a@x.example>', [("open <a@x.example>", "")]),
        (b"=?utf-8?q?A=2C_B?= <a@x.example>", [("A, B", "a@x.example")]),
    ],
)
def test_other_address_fields_are_read_generously(value: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(box.name, box.address) for box in read(b"To: " + value + b"\r\n\r\nhi").to] == expected
