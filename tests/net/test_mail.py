"""Sending mail, through real SMTP servers on loopback."""

from __future__ import annotations

import socket
import threading
import time
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.net.servers import listener
from tests.net.smtp import NOON, Sink, free_port, letter, named, plain, smtp_server, tls_server
from trustdesk.net.mail import MailFailed, SmtpSettings, mailbox, send


def test_a_message_arrives_as_it_was_written() -> None:
    sink = Sink()
    with smtp_server(sink) as port:
        send(letter(name="林薇", subject="工单 TD-1 已收到"), smtp=plain(port))
    [envelope] = sink.arrived
    assert (envelope.mail_from, envelope.rcpt_tos) == ("support@desk.example", ["lin.wei@example.test"])
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii()
    again = message_from_bytes(envelope.content, policy=policy.default)
    assert str(again["Subject"]) == "工单 TD-1 已收到"
    assert str(again["To"]) == "林薇 <lin.wei@example.test>"
    assert again["Message-ID"] == "<case-1@desk.example>"
    assert again["Date"].datetime == NOON
    text = again.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == "你好,\nHello.\n.\nA dot above.\n"


def test_automatic_mail_has_no_return_path_and_says_what_it_is() -> None:
    sink = Sink()
    with smtp_server(sink) as port:
        send(letter(headers={"Auto-Submitted": "auto-replied"}), smtp=plain(port), envelope_sender="")
    assert sink.arrived[0].mail_from == "<>"  # as the server was told it
    assert b"Auto-Submitted: auto-replied\r\n" in (sink.arrived[0].content or b"")


def test_copies_and_blind_copies_are_sent_and_blind_ones_not_shown() -> None:
    sink = Sink()
    message = letter()
    message["Cc"] = [mailbox("cc@example.test")]
    message["Bcc"] = [mailbox(f"{'b' * 50}{n}@example.test", name="nobody should read this") for n in range(5)]
    with smtp_server(sink) as port:
        send(message, smtp=plain(port))
    assert len(sink.arrived[0].rcpt_tos) == 7
    assert b"bbbb" not in (sink.arrived[0].content or b"")
    assert message["Bcc"] is not None  # the caller's message is as it was


# Encryption: verified, and never silently left out (S-44).


def test_plain_text_is_for_loopback_only() -> None:
    for host in ("mail.example.com", "10.0.0.5", "localhost.example.com"):
        with pytest.raises(ValueError, match="loopback"):
            SmtpSettings(host=host, security="plain")
    assert SmtpSettings(host="localhost", security="plain").port == 587


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_out_encrypted_to_a_server_whose_certificate_fits(security: Any, tmp_path: Path) -> None:
    sink = Sink()
    with tls_server(sink, security, tmp_path) as (port, trusting):
        send(letter(), smtp=named("mail.test", port, security, trusting))
    assert sink.encrypted == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["name", "issuer"])
def test_a_certificate_that_does_not_fit_stops_the_mail(security: Any, wrong: str, tmp_path: Path) -> None:
    sink = Sink()
    with tls_server(sink, security, tmp_path) as (port, trusting):
        smtp = named("other.test" if wrong == "name" else "mail.test", port, security, trusting)
        if wrong == "issuer":
            smtp = named("mail.test", port, security, None)
        with pytest.raises(MailFailed) as failed:
            send(letter(), smtp=smtp)
    assert (failed.value.reason, failed.value.permanent) == ("tls", False)
    assert not sink.arrived


def test_a_server_without_starttls_gets_no_mail_and_no_password(tmp_path: Path) -> None:
    sink = Sink()
    with smtp_server(sink) as port:
        smtp = named("mail.test", port, "starttls", None, user="desk", password="secret")
        with pytest.raises(MailFailed) as failed:
            send(letter(), smtp=smtp)
    assert (failed.value.reason, failed.value.permanent) == ("no_starttls", False)
    assert not sink.arrived


def test_signing_in(tmp_path: Path) -> None:
    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"desk", b"secret"), handled=False)

    sink = Sink()
    with tls_server(sink, "starttls", tmp_path, authenticator=authenticate, auth_required=True) as (port, trusting):
        send(letter(), smtp=named("mail.test", port, "starttls", trusting, user="desk", password="secret"))
        with pytest.raises(MailFailed) as failed:
            send(letter(), smtp=named("mail.test", port, "starttls", trusting, user="desk", password="wrong"))
    assert (failed.value.reason, failed.value.permanent, failed.value.status) == ("auth", False, 535)
    assert len(sink.arrived) == 1
    assert "secret" not in repr(SmtpSettings(host="mail.test", password="secret"))


# What goes wrong, and whether to try again.


@pytest.mark.parametrize(
    ("answers", "reason", "permanent", "status"),
    [
        ({"lin.wei": "550 5.1.1 unknown"}, "recipient_refused", True, 550),
        ({"lin.wei": "451 4.7.1 greylisted"}, "recipient_refused", False, 451),
        ({"DATA": "554 5.7.1 spam"}, "message_refused", True, 554),
        ({"DATA": "452 4.2.2 full"}, "message_refused", False, 452),
    ],
)
def test_a_refusal_carries_the_retry_decision(
    answers: dict[str, str], reason: str, permanent: bool, status: int
) -> None:
    with smtp_server(Sink(**answers)) as port, pytest.raises(MailFailed) as failed:
        send(letter(), smtp=plain(port))
    assert (failed.value.reason, failed.value.permanent, failed.value.status) == (reason, permanent, status)


def test_when_some_got_it_the_message_is_not_to_be_sent_again() -> None:
    sink = Sink(cc="550 unknown")
    message = letter()
    message["Cc"] = [mailbox("cc@example.test")]
    with smtp_server(sink) as port, pytest.raises(MailFailed) as failed:
        send(message, smtp=plain(port))
    assert (failed.value.reason, failed.value.permanent) == ("recipient_refused_partly", True)
    assert sink.arrived[0].rcpt_tos == ["lin.wei@example.test"]


def test_private_servers_need_to_be_allowed_by_name() -> None:
    with listener() as canary:
        smtp = SmtpSettings(host="127.0.0.1", port=canary.port, security="plain")
        with pytest.raises(MailFailed) as failed:
            send(letter(), smtp=smtp)
        assert canary.visits == 0
    assert (failed.value.reason, failed.value.permanent) == ("address_private", True)


def test_a_server_that_is_gone_is_temporary() -> None:
    with pytest.raises(MailFailed) as failed:
        send(letter(), smtp=plain(free_port()))
    assert (failed.value.reason, failed.value.permanent) == ("connect", False)


def test_a_silent_server_costs_the_timeout_and_a_dripping_one_the_total() -> None:
    with listener(lambda peer: time.sleep(1)) as silent, pytest.raises(MailFailed) as failed:
        send(letter(), smtp=plain(silent.port, timeout=0.2))
    assert (failed.value.reason, failed.value.permanent) == ("timeout", False)

    def drip(peer: socket.socket) -> None:
        for _ in range(100):
            peer.sendall(b"2")
            time.sleep(0.05)

    started = time.monotonic()
    with listener(drip) as slow, pytest.raises(MailFailed) as failed:
        send(letter(), smtp=plain(slow.port, timeout=1.0, total=0.4))
    assert (failed.value.reason, failed.value.permanent) == ("timeout", False)
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_handshake_that_drips_costs_the_total(security: Any) -> None:
    left = threading.Event()

    def drip(peer: socket.socket) -> None:
        if security == "starttls":
            peer.sendall(b"220 slow\r\n")
            peer.recv(1_000)
            peer.sendall(b"250-slow\r\n250 STARTTLS\r\n")
            peer.recv(1_000)
            peer.sendall(b"220 go\r\n")
        peer.sendall(b"\x16\x03\x03\x40\x00")  # of TLS: 16 KB will follow
        drip_until_left(peer, left)

    with listener(drip) as slow:
        with pytest.raises(MailFailed) as failed:
            send(letter(), smtp=named("mail.test", slow.port, security, None, timeout=1.0, total=0.4))
        assert left.wait(5), "it listened to all of it"
    assert (failed.value.reason, failed.value.permanent) == ("timeout", False)


def test_a_goodbye_that_drips_costs_the_total_and_the_message_stays_accepted() -> None:
    left = threading.Event()

    def talk(peer: socket.socket) -> None:
        peer.sendall(b"220 slow\r\n")
        lines = peer.makefile("rb")
        for line in lines:
            if line.upper().startswith(b"DATA"):
                peer.sendall(b"354 go\r\n")
                while lines.readline() != b".\r\n":
                    continue
            if line.upper().startswith(b"QUIT"):
                break
            peer.sendall(b"250 fine\r\n")
        drip_until_left(peer, left)

    with listener(talk) as slow:
        send(letter(), smtp=plain(slow.port, timeout=1.0, total=0.4))
        assert left.wait(5), "it listened to all of it"


def drip_until_left(peer: socket.socket, left: threading.Event) -> None:
    try:
        for _ in range(400):
            peer.sendall(b"2")
            time.sleep(0.05)
    except OSError:
        left.set()


def test_an_accepted_message_stays_accepted_when_the_goodbye_fails() -> None:
    def rude(peer: socket.socket) -> None:
        peer.sendall(b"220 rude\r\n")
        lines = peer.makefile("rb")
        for line in lines:
            verb = line[:4].upper()
            if verb == b"DATA":
                peer.sendall(b"354 go\r\n")
                while lines.readline() != b".\r\n":
                    continue
                peer.sendall(b"250 accepted\r\n")
            elif verb == b"QUIT":
                time.sleep(0.5)  # longer than the client waits
                return
            else:
                peer.sendall(b"250 fine\r\n")

    with listener(rude) as server:
        send(letter(), smtp=plain(server.port, timeout=0.2))
        assert server.visits == 1


def test_a_server_that_breaks_off_is_temporary() -> None:
    for words in (b"", b"220 hi\r\n", b"554 no\r\n", b"nonsense\r\n", b"220 " + b"x" * 10_000 + b"\r\n"):

        def talk(peer: socket.socket, words: bytes = words) -> None:
            peer.sendall(words)

        with listener(talk) as server, pytest.raises(MailFailed) as failed:
            send(letter(), smtp=plain(server.port))
        assert not failed.value.permanent, words
