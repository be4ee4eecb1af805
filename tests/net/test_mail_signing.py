"""What we send: signed over its final bytes, threaded, in lines every server takes, and read again as it was meant."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import dkim as dkimpy
import pytest

from tests.config.test_settings import COMPLETE, read, start
from tests.net.keys import pem
from tests.net.smtp import NOON, Sink, letter, plain, smtp_server
from tests.net.zone import serve
from trustdesk.net.authenticity import evaluate
from trustdesk.net.dkim import DkimKey
from trustdesk.net.dns import Resolver
from trustdesk.net.fields import cut
from trustdesk.net.mail import MailFailed, compose, is_message_id, mailbox, send, wire

EVERYTHING = {
    "Auto-Submitted": "auto-replied",
    "List-Unsubscribe": "<https://desk.example/u/" + "a" * 300 + ">, <mailto:u@desk.example>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


def full(**options: Any) -> EmailMessage:
    more: dict[str, Any] = {
        "headers": EVERYTHING,
        "reply_to": mailbox("reply+abc@desk.example", name="北极光"),
    } | options
    return compose(
        sender=mailbox("support@desk.example", name="北极光 Support"),
        to=mailbox("lin.wei@example.test", name="林薇"),
        subject="工单 TD-1: 你的提现 – where is it?" + " 很长" * 60,
        text="你好,\nHello.\n.\n" + "x" * 3_000 + "\nFrom the desk\n",
        html="<p>你好</p>" + "<i>y</i>" * 500,
        now=NOON,
        message_id="<case-1@desk.example>",
        **more,
    )


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_signed_mail_arrives_as_it_was_signed(kind: str) -> None:
    key = DkimKey("desk.example", "s1", pem(kind))
    sink = Sink()
    message = full(in_reply_to="<q@ok.test>", references=["<p@ok.test>", "<q@ok.test>"])
    with smtp_server(sink) as port:
        send(message, smtp=plain(port), dkim=key, envelope_sender="")
    content = sink.arrived[0].content
    assert isinstance(content, bytes)
    name, text = key.record
    with serve({name: {"TXT": [text]}, "_dmarc.desk.example": {"TXT": ["v=DMARC1; p=reject; adkim=s"]}}) as address:
        resolver = Resolver(nameservers=[address])
        verdict = evaluate(
            content, ip="127.0.0.1", helo="x", mail_from="", resolver=resolver, now=NOON, shown="support@desk.example"
        )
        if kind == "rsa":
            assert dkimpy.verify(content, dnsfunc=lambda name, timeout=5: text.encode()) is True
    assert (verdict.result, verdict.mechanisms) == ("pass", ("dkim",))
    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    # Read again, by other eyes, it says the same.
    again = message_from_bytes(content, policy=policy.default)
    assert again.keys() == ["DKIM-Signature", *message.keys()]
    plain_reader = message_from_bytes(content)  # undecoded: these are no text, and an encoded word in them is of no use
    for field in ("In-Reply-To", "References", "Message-ID", *EVERYTHING):
        assert "".join(plain_reader[field].split()) == "".join(str(message[field]).split()), field
    assert str(again["Subject"]) == str(message["Subject"])
    for field in ("From", "To", "Reply-To", "Message-ID", "In-Reply-To", "References", *EVERYTHING):
        assert str(again[field]) == str(message[field]), field
    bodies = [again.get_body((kind,)) for kind in ("plain", "html")]
    assert again.get_content_type() == "multipart/alternative"
    assert [body.get_content().replace("\r\n", "\n").strip()[:2] for body in bodies if body] == ["你好", "<p"]


def test_every_field_that_matters_is_signed_and_three_cannot_be_added() -> None:
    content, _ = wire(
        full(in_reply_to="<q@ok.test>", references=["<q@ok.test>"]), dkim=DkimKey("desk.example", "s1", pem())
    )
    tags = dict(part.strip().split("=", 1) for part in cut(content).fields[0].text.split(";"))
    named = [name.strip().lower() for name in tags["h"].split(":")]
    assert set(named) >= {
        *("from", "to", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "mime-version"),
        *("content-type", "list-unsubscribe", "list-unsubscribe-post", "auto-submitted"),
    }
    assert [named.count(name) for name in ("from", "to", "subject", "date")] == [2, 2, 2, 1]
    assert tags["d"] == "desk.example"
    assert "l" not in tags


def test_only_our_domain_is_signed() -> None:
    key = DkimKey("desk.example", "s1", pem())
    for domain in ("other.example", "sub.desk.example"):
        assert not wire(full(), dkim=DkimKey(domain, "s1", pem()))[0].startswith(b"DKIM")
    message = full()
    message.replace_header("From", mailbox("vip@sub.desk.example"))
    assert wire(message, dkim=key)[0].startswith(b"DKIM-Signature:")
    assert not wire(message)[0].startswith(b"DKIM")


@pytest.mark.parametrize(
    "subject",
    [
        "a",
        "Re: 你好",
        "你好 " * 60,
        "x" * 400,
        "a 你 b",
        "é" * 200,
        "word " * 70,
        "😀" * 90,
        "a  b",
        ("y" * 70 + " ") * 5,
        "",
    ],
)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    content, _ = wire(letter(subject=subject))
    expected = " ".join(subject.split())
    assert str(message_from_bytes(content, policy=policy.default)["Subject"]) == expected
    other = decode_header(message_from_bytes(content)["Subject"])
    text = "".join(part.decode(charset or "ascii") if isinstance(part, bytes) else part for part, charset in other)
    assert text.replace("\r\n", "") == expected
    head = content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(line) <= 78 or line.count(b" ") <= 2 for line in head)


def test_without_a_date_nothing_is_signed_and_nothing_leaves() -> None:
    message = full()
    del message["Date"]
    with pytest.raises(MailFailed, match="header"):
        wire(message, dkim=DkimKey("desk.example", "s1", pem()))


# Threading, with ids that strangers wrote


@pytest.mark.parametrize(
    "text",
    [
        "<a@b>", "<CAF+x=_y-9@mail.gmail.com>", "<20030712040037.46341.5F8J@football.example.com>", "<a.b$c@[192.0.2.1]>",
        "<" + "a" * 120 + "@" + "b" * 120 + ">", "<A1B2@HOST>", "<x/y@exch.local>",
    ],
)  # fmt: skip
def test_what_is_a_message_id(text: str) -> None:
    assert is_message_id(text)
    message = full(in_reply_to=text, references=[text])
    content, _ = wire(message, dkim=DkimKey("desk.example", "s1", pem()))
    again = message_from_bytes(content, policy=policy.compat32)
    assert "".join(again["In-Reply-To"].split()) == text
    assert "".join(again["References"].split()) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "a@b", "<>", "<a>", "<@b>", "<a@>", "<a b@c>", "<a@b> ", "<a@b><c@d>", "<a@b>\r\nBcc: <v@example.org>", "<a\n@b>",
        "<a@b\x00>", "<a@b\u2028>", "<交易@b>", "<a@b@c>", "<<a@b>>", "<" + "a" * 300 + "@b>", "<a@b>\n", '<"a b"@c>', "<a,b@c>",
        "=?utf-8?q?=3Ca=40b=3E?=",
    ],
)  # fmt: skip
def test_what_is_none_is_left_out_and_the_answer_still_goes(text: str) -> None:
    assert not is_message_id(text)
    message = full(in_reply_to=text, references=[text, "<good@ok.test>", text])
    assert message["In-Reply-To"] is None
    assert str(message["References"]) == "<good@ok.test>"
    wire(message)
    if text:
        with pytest.raises(MailFailed, match="header"):
            letter_with_id(text)


def letter_with_id(text: str) -> None:
    compose(sender=mailbox("a@desk.example"), to=mailbox("b@ok.test"), subject="", text="", now=NOON, message_id=text)


def test_a_long_thread_keeps_its_root_and_its_newest() -> None:
    chain = [f"<{n}-{'x' * 150}@{'y' * 60}.test>" for n in range(200)]
    content, _ = wire(full(references=chain + chain[-3:]))
    found = str(message_from_bytes(content)["References"]).split()
    assert found == [chain[0], *chain[-19:]]
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


# Lines, and where they end (E-14, S-56, SMTP smuggling)


def test_no_line_is_too_long_whatever_it_holds() -> None:
    for text in ("x" * 20_000, "林" * 8_000, " " * 5_000 + "x", "a b " * 5_000, "<" + "u" * 4_000 + ">"):
        message = letter(subject=text, name=text, headers={"X-Long": text, "List-Unsubscribe": text})
        for line in wire(message)[0].split(b"\r\n"):
            assert len(line) <= 998


@pytest.mark.parametrize("end", ["\r", "\n.\r\n", "\r\n.\n", "\x00", "\r\n.\r\n"])
def test_a_body_ends_no_message_early(end: str) -> None:
    content, _ = wire(compose_with(f"before{end}MAIL FROM:<m@evil.test>"))
    body = content.partition(b"\r\n\r\n")[2]
    assert b"\r" not in body.replace(b"\r\n", b"")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert b"\x00" not in body


def compose_with(text: str) -> EmailMessage:
    return compose(
        sender=mailbox("a@desk.example"), to=mailbox("b@ok.test"), subject="s", text=text, html=text, now=NOON
    )


def test_a_message_built_elsewhere_with_bad_lines_does_not_leave() -> None:
    for body in ("x" * 999, "a\x00b"):
        message = letter()
        message.clear_content()
        message["Content-Transfer-Encoding"] = "7bit"
        message.set_payload(body)
        with pytest.raises(MailFailed) as failed:
            send(message, smtp=plain(1), dkim=DkimKey("desk.example", "s1", pem()))
        assert (failed.value.reason, failed.value.permanent) == ("line", True), body[:5]


# Settings


def test_the_key_is_read_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    file.write_text(pem("rsa"))
    for key in (
        {"MAIL_DKIM_KEY": pem("rsa")},
        {"MAIL_DKIM_KEY": pem("rsa").replace("\n", "\\n")},
        {"MAIL_DKIM_KEY_FILE": str(file)},
    ):
        found = read(
            COMPLETE | key | {"MAIL_FROM": "Example Support <support@Example.com>"},
            *("MAIL_DKIM", "DEFAULT_FROM_EMAIL"),
        )
        # The selector follows from the key, so that all three are published alike and another key elsewhere.
        assert re.fullmatch(r"DkimKey\(domain='example.com', selector='td[0-9a-f]{10}'\)", str(found["MAIL_DKIM"]))
        assert DkimKey("example.com", "", pem("rsa")).selector in str(found["MAIL_DKIM"])
        assert found["DEFAULT_FROM_EMAIL"] == "support@Example.com"
    assert read(COMPLETE, "MAIL_DKIM", "DNS_SERVERS") == {"MAIL_DKIM": None, "DNS_SERVERS": []}


def test_start_up_names_each_bad_key_and_tells_no_secret() -> None:
    weak = pem("rsa", 1024)
    for bad, named in (
        ({"MAIL_DKIM_KEY": "swordfish"}, ("MAIL_DKIM_KEY is of no use",)),
        ({"MAIL_DKIM_KEY": weak}, ("MAIL_DKIM_KEY is of no use: an RSA key needs 2048",)),
        (
            {"MAIL_FROM": "nobody", "DNS_SERVERS": "127.0.0.1:53,dns.example.com"},
            ("MAIL_FROM is not an address", "DNS_SERVERS holds 'dns.example.com'"),
        ),
    ):
        result = start(COMPLETE | bad)
        assert result.returncode != 0
        for each in named:
            assert each in result.stderr
        for secret in ("swordfish", weak.splitlines()[3], pem().splitlines()[1]):
            assert secret not in result.stderr
