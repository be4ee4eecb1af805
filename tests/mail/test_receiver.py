"""The SMTP receiver's dialogue: what it takes, from whom, and what it answers."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import pytest

from tests.mail.receiving import LETTER, OURS, Client, Core, body, receiving
from tests.net.servers import certificate
from trustdesk.net.smtp_server import Receiver, Refused, TryLater, server_tls
from trustdesk.net.smtp_session import plain_ip


def test_a_letter_arrives_whole_with_our_trace_above_it() -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        client.begin(OURS, "billing@desk.test", OURS)
        answer = client.ask(LETTER + b"..\r\n...\r\nend\r\n.")
        assert answer.startswith("250 ")
        assert client.code("QUIT") == "221"
    [mail] = core.calls
    assert body(mail) == LETTER + b".\r\n..\r\nend\r\n"
    trace = mail.content[: -len(body(mail))].decode()
    assert re.fullmatch(
        r"Return-Path: <lin@mail\.test>\r\n"
        rf"Received: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mx\.test with ESMTP id {mail.id};\r\n\t.* \+0000\r\n",
        trace,
    )
    assert mail.id in answer
    assert (mail.mail_from, mail.recipients) == ("lin@mail.test", (OURS, "billing@desk.test"))
    assert (mail.ip, mail.helo, mail.tls) == ("127.0.0.1", "client.test", False)


@pytest.mark.parametrize("sent", [b"", b"\r\n", b".\r\n\r\n", b"a\r\n", b"\r\n.\r\r\n", b"\0\xff\r\n", b"x" * 70_000 + b"\r\n"])
def test_odd_contents_arrive_as_they_are(sent: bytes) -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        client.begin()
        assert client.code((b"." if sent.startswith(b".") else b"") + sent.replace(b"\r\n.", b"\r\n..") + b".") == "250"
        assert client.code("NOOP") == "250"
    assert [body(mail) for mail in core.calls] == [sent]


@pytest.mark.parametrize(
    "recipient",
    [
        "someone@mail.test", "someone%mail.test@other.test", "desk.test!someone@mail.test", "@desk.test:someone@mail.test",
        '"someone@mail.test"@mail.test', "support@desk.test@mail.test", "support@[127.0.0.1]", "postmaster", "support",
        "support@desk.test.mail.test", "a b@desk.test", "(x)support@desk.test", "support@desk.test\x00@mail.test",
    ],
)  # fmt: skip
def test_nothing_is_relayed(recipient: str) -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        client.ask("EHLO client.test")
        client.ask("MAIL FROM:<lin@mail.test>")
        assert client.code(f"RCPT TO:<{recipient}>") in ("550", "553", "555", "501")
        assert client.code("DATA") == "503"
        assert client.code(f"RCPT TO:<{OURS}>") == "250"  # the refusal costs nobody else anything


def test_commands_that_only_help_strangers_are_not_offered() -> None:
    with receiving(Core()) as running, Client(running.port) as client:
        offered = client.ask("EHLO client.test")
        assert offered.splitlines()[1:] == ["250-SIZE 25000000", "250-8BITMIME", "250 SMTPUTF8"]
        for line in ("VRFY support", "EXPN all", "AUTH PLAIN AGEAYg==", "HELP", "STARTTLS", "BDAT 4 LAST", "TURN"):
            assert client.code(line) in ("500", "502", "454")


@pytest.mark.parametrize("lines", [["MAIL FROM:<a@b.test>"], ["EHLO x", f"RCPT TO:<{OURS}>"], ["EHLO x", "MAIL FROM:<a@b.test>", "DATA"]])
def test_the_order_of_commands_is_kept(lines: list[str]) -> None:
    with receiving(Core()) as running, Client(running.port) as client:
        assert [client.code(line) for line in lines][-1] == "503"


def test_the_null_sender_and_other_alphabets() -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        client.begin(sender="")
        assert client.code(LETTER + b".") == "250"
        assert client.code("MAIL FROM:<林伟@邮件.test> BODY=8BITMIME SMTPUTF8 SIZE=100") == "250"
        assert client.code("RCPT TO:<客服@desk.test>") == "250"
        assert client.code("DATA") == "354"
        assert client.code("Subject: 账户申诉\r\n\r\n你好\r\n.".encode()) == "250"
        assert client.code(b"MAIL FROM:<\xff\xfe@mail.test>") == "553"
    bounce, chinese = core.calls
    assert bounce.mail_from == ""
    assert bounce.content.startswith(b"Return-Path: <>\r\n")
    assert (chinese.mail_from, chinese.recipients) == ("林伟@邮件.test", ("客服@desk.test",))
    assert body(chinese).decode() == "Subject: 账户申诉\r\n\r\n你好\r\n"
    assert b"with UTF8SMTP id" in chinese.content


@pytest.mark.parametrize("helo", ["x\ty", "\0", "[127.0.0.1](comment)", "a;b", "x" * 300, "名字"])
def test_a_strange_helo_cannot_write_our_trace(helo: str) -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        assert client.code(f"EHLO {helo}") == "250"
        client.ask("MAIL FROM:<lin@mail.test>")
        client.ask(f"RCPT TO:<{OURS}>")
        client.ask("DATA")
        assert client.code(LETTER + b".") == "250"
    [mail] = core.calls
    assert b"Received: from unknown ([127.0.0.1])" in mail.content
    assert mail.helo == helo.replace("\t", "?").replace("\0", "?")[:256]


def test_what_cannot_be_stored_is_not_acknowledged() -> None:
    core = Core()
    core.errors = [TryLater(), RuntimeError("the text of a mail"), Refused(554), Refused(550)]
    with receiving(core) as running, Client(running.port) as client:
        client.begin()
        codes = [client.code(LETTER + b".")]
        for _ in range(4):
            client.ask("MAIL FROM:<lin@mail.test>")
            client.ask(f"RCPT TO:<{OURS}>")
            client.ask("DATA")
            codes.append(client.code(LETTER + b"."))
    assert codes == ["451", "451", "554", "550", "250"]
    assert len(core.stored) == 1


def test_storing_that_takes_too_long_is_put_off() -> None:
    core = Core()
    core.slowly = 5.0
    with receiving(core, limits={"storing": 0.1}) as running, Client(running.port) as client:
        client.begin()
        assert client.code(LETTER + b".") == "451"


def test_an_error_of_ours_is_no_refusal() -> None:
    def broken(address: str) -> bool:
        raise RuntimeError("lin@mail.test")

    with receiving(Core(), accepts=broken) as running, Client(running.port) as client:
        client.ask("EHLO client.test")
        client.ask("MAIL FROM:<lin@mail.test>")
        assert client.ask(f"RCPT TO:<{OURS}>").startswith("451 4.3.0 Something failed here")
        assert client.code("NOOP") == "250"


def test_a_client_of_the_old_kind() -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        assert client.code("HELO client.test") == "250"
        client.ask("MAIL FROM:<lin@mail.test>")
        client.ask(f"RCPT TO:<{OURS}>")
        client.ask("DATA")
        assert client.code(LETTER + b".") == "250"
    assert b"by mx.test with SMTP id" in core.calls[0].content


@pytest.mark.parametrize(
    ("seen", "ip"), [("::ffff:192.0.2.1", "192.0.2.1"), ("192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("", "")]
)
def test_an_ipv4_client_is_one_wherever_we_listen(seen: str, ip: str) -> None:
    assert plain_ip(seen) == ip


def test_logs_name_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    core = Core()
    core.errors = [RuntimeError("the text of a mail")]
    with receiving(core) as running, Client(running.port) as client:
        client.begin()
        client.ask(LETTER + b".")
        client.ask("RCPT TO:<lin@mail.test>")
    assert "RuntimeError" in caplog.text
    assert not re.search("mail.test|desk.test|text of a mail|Hello", caplog.text)


def test_starttls(tmp_path: Path) -> None:
    core = Core()
    _, trusting = certificate(tmp_path, "mx.test")
    ours = server_tls(certificate=tmp_path / "mx.test.pem", key=tmp_path / "mx.test.pem")
    with receiving(core, tls=ours) as running, Client(running.port) as client:
        assert "STARTTLS" in client.ask("EHLO client.test")
        assert client.code("STARTTLS") == "220"
        client.starttls(trusting)
        assert client.code("MAIL FROM:<lin@mail.test>") == "503"  # what was said before is forgotten
        assert "STARTTLS" not in client.ask("EHLO inside.test")
        client.begin()
        assert client.code(LETTER + b".") == "250"
    [mail] = core.calls
    assert mail.tls
    assert b"with ESMTPS id" in mail.content


def test_commands_smuggled_before_tls_are_dropped(tmp_path: Path) -> None:
    # CVE-2011-0411 and its kin: what the attacker sends in the clear must not be obeyed inside TLS.
    core = Core()
    ours, trusting = certificate(tmp_path, "mx.test")
    ours.minimum_version = ssl.TLSVersion.TLSv1_2
    with receiving(core, tls=ours) as running, Client(running.port) as client:
        client.ask("EHLO client.test")
        client.send(f"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@mail.test>\r\nRCPT TO:<{OURS}>\r\n".encode())
        assert client.reply().startswith("220")
        client.starttls(trusting)
        assert client.code("NOOP") == "250"
        assert client.code("DATA") == "503"
        assert client.code(f"RCPT TO:<{OURS}>") == "503"
    assert core.calls == []


def test_old_tls_is_refused(tmp_path: Path) -> None:
    ours, _ = certificate(tmp_path, "mx.test")
    ours.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.raises(ValueError, match=r"1\.2"):
        Receiver(take=Core().take, accepts=bool, hostname="mx.test", tls=ours)


def test_a_failed_handshake_ends_that_connection_only(tmp_path: Path) -> None:
    ours, _ = certificate(tmp_path, "mx.test")
    ours.minimum_version = ssl.TLSVersion.TLSv1_2
    core = Core()
    with receiving(core, tls=ours) as running:
        with Client(running.port) as client:
            client.ask("EHLO client.test")
            client.ask("STARTTLS")
            client.send(b"this is no TLS\r\n" * 20)
            client.rest()
        with Client(running.port) as client:
            client.begin()
            assert client.code(LETTER + b".") == "250"
        running.errors.clear()  # the loop reports the broken handshake
