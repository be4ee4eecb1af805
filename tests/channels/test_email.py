"""Mail on its way out: what it says of itself, and what nobody can put into it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from pytest_django import Settings

from tests.world import NOON
from trustdesk.channels import mailbox, registry
from trustdesk.channels.adapters.email import Email
from trustdesk.channels.contract import Outbound, SendFailed
from trustdesk.net.mail import MailFailed


class Wire(list[EmailMessage]):
    """A transport that keeps what it carries."""

    def __init__(self) -> None:
        super().__init__()
        self.senders: list[str | None] = []

    def __call__(self, message: EmailMessage, *, envelope_sender: str | None = None) -> None:
        self.append(message)
        self.senders.append(envelope_sender)


def send(wire: Wire, **more: object) -> str:
    facts = {"key": "transcript:1:7", "recipient": "anna@mail.example", "subject": "Your case", "text": "Hello"} | more
    return Email(transport=wire, sender="support@northlight.example", name="Northlight").send(Outbound(**facts))  # type: ignore[arg-type]


def test_the_message_id_is_the_outboxs_or_one_nobody_can_guess() -> None:
    wire = Wire()
    given = send(wire, message_id="<made@northlight.example>")
    assert given == wire[0]["Message-ID"] == "<made@northlight.example>"
    assert send(wire) != send(wire), "what follows from the key alone could be guessed"
    assert wire[1]["Message-ID"].endswith("@northlight.example>")
    assert "transcript" not in wire[1]["Message-ID"], "a case number in a header would travel to every relay"


def test_what_no_person_wrote_says_so() -> None:
    wire = Wire()
    send(wire, automatic=True)
    send(wire, automatic=False)
    assert [message["Auto-Submitted"] for message in wire] == ["auto-generated", None]


def test_what_answers_a_mail_says_which_and_that_nothing_may_answer_it() -> None:
    """RFC 3834: `auto-replied`, and no return path, so that not even a bounce comes back."""
    wire = Wire()
    send(wire, automatic=True, in_reply_to="<a@mail.example>", references=("<b@mail.example>", "<a@mail.example>"))
    assert wire[0]["Auto-Submitted"] == "auto-replied"
    assert wire[0]["X-Auto-Response-Suppress"] == "All"
    assert wire[0]["In-Reply-To"] == "<a@mail.example>"
    assert wire[0]["References"] == "<b@mail.example> <a@mail.example>"
    assert wire.senders == [""]


def test_what_is_sent_to_followers_can_be_ended_by_their_program() -> None:
    """S-57, RFC 8058; what answers or tells somebody about his own case cannot be unsubscribed from."""
    wire = Wire()
    send(wire, automatic=True, unsubscribe="https://desk.example/help/en/_unfollow/abc/")
    send(wire, automatic=True)
    send(wire, unsubscribe="https://desk.example/help/en/_unfollow/abc/")
    assert wire[0]["List-Unsubscribe"] == "<https://desk.example/help/en/_unfollow/abc/>"
    assert wire[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for other in wire[1:]:
        assert (other["List-Unsubscribe"], other["List-Unsubscribe-Post"]) == (None, None)


def test_an_answer_and_a_bounce_come_back_to_addresses_of_their_own() -> None:
    wire = Wire()
    send(wire, reply_to="support+rabc@northlight.example", bounce_to="support+bxyz@northlight.example")
    assert wire[0]["Reply-To"] == "support+rabc@northlight.example"
    assert wire.senders == ["support+bxyz@northlight.example"]
    assert "xyz" not in wire[0].as_string(), "the return path is the envelope's alone"


def test_a_mail_is_text_and_html() -> None:
    wire = Wire()
    send(wire, text="您好", html="<p>您好</p>")
    assert wire[0].get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in wire[0].iter_parts()] == ["text/plain", "text/html"]


def test_a_chinese_text_arrives_as_it_was_written() -> None:
    wire = Wire()
    send(wire, subject="您的工单 K7M-4Q2-X9H2", text="您好，\n提现已到账。\n")
    assert wire[0]["Subject"] == "您的工单 K7M-4Q2-X9H2"
    assert wire[0].get_content() == "您好，\n提现已到账。\n"
    assert str(wire[0]["From"]) == "Northlight <support@northlight.example>"


@pytest.mark.parametrize("nasty", ["Hi\r\nBcc: all@victim.example", "Hi\nX: y", "Hi\x00\u2028Bcc: all@victim.example"])
def test_a_subject_cannot_become_another_header(nasty: str) -> None:
    wire = Wire()
    send(wire, subject=nasty)
    assert wire[0]["Bcc"] is None
    assert wire[0]["X"] is None
    assert "\n" not in wire[0]["Subject"]


@pytest.mark.parametrize(
    "recipient", ["", "anna", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "<a@b.example>"]
)
def test_an_address_that_is_not_one_address_is_refused_for_good(recipient: str) -> None:
    wire = Wire()
    with pytest.raises(SendFailed) as failed:
        send(wire, recipient=recipient)
    assert failed.value.permanent
    assert not wire


@pytest.mark.parametrize("permanent", [True, False])
def test_the_server_decides_whether_to_try_again(permanent: bool) -> None:
    def refuse(message: EmailMessage, *, envelope_sender: str | None = None) -> None:
        raise MailFailed("message_refused", permanent=permanent, status=554)

    with pytest.raises(SendFailed, match="message_refused") as failed:
        Email(transport=refuse, sender="support@northlight.example").send(Outbound("k", "anna@mail.example", "s", "t"))
    assert failed.value.permanent is permanent


# Where it goes


def test_a_folder_holds_the_mail_for_who_tries_it_out(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "mail box"
    settings.MAIL = f"folder:{quote(str(folder))}"
    assert mailbox.read(folder) == []
    channel = registry.channel("email", address="help@northlight.example")
    first = channel.send(Outbound("one", "anna@mail.example", "第一", "您好", automatic=True))
    channel.send(Outbound("two", "boris@mail.example", "Second", "Hello"))
    letters = {letter.subject: letter for letter in mailbox.read(folder)}
    assert set(letters) == {"第一", "Second"}
    one = letters["第一"]
    assert (one.to, one.text.strip(), one.message_id, one.automatic) == ("anna@mail.example", "您好", first, True)
    assert "help@northlight.example" in one.sender
    assert letters["Second"].automatic is False
    assert all(path.suffix == ".eml" for path in folder.iterdir()), "no half-written letters are left"
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_the_mailbox_shows_the_newest_first(tmp_path: Path) -> None:
    for minute in (5, 9, 7):
        message = EmailMessage()
        message["Date"] = NOON.replace(minute=minute)
        message["From"], message["To"], message["Subject"], message["Message-ID"] = (
            "a@b.example",
            "c@d.example",
            str(minute),
            "<x@y>",
        )
        message.set_content("hello")
        mailbox.deliver(message, folder=tmp_path)
    assert [letter.subject for letter in mailbox.read(tmp_path)] == ["9", "7", "5"]
    assert mailbox.read(tmp_path)[0].at == NOON.replace(minute=9)


def test_without_a_server_mail_waits(settings: Settings) -> None:
    settings.MAIL = ""
    with pytest.raises(SendFailed, match="no_mail_server") as failed:
        registry.channel("email").send(Outbound("k", "anna@mail.example", "s", "t"))
    assert not failed.value.permanent


@pytest.mark.parametrize("where", ["mail.example", "https://mail.example", "smtp://", "folder:", "smtp:host"])
def test_an_address_of_no_mail_server_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="mail server"):
        registry.transport(where)


def test_mail_goes_to_the_server_the_settings_name(settings: Settings, smtp_port: int) -> None:
    settings.MAIL = f"smtp://127.0.0.1:{smtp_port}"
    registry.channel("email").send(Outbound("one", "anna@mail.example", "Hello", "Hi there"))
    assert _Smtp.recipients == ["<anna@mail.example>"]
    assert "Subject: Hello" in _Smtp.letter


class _Smtp(socketserver.StreamRequestHandler):
    """As little of a mail server as accepts one letter (RFC 5321)."""

    recipients: list[str] = []
    letter = ""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split(" ")[0].upper()
            if verb == "RCPT":
                type(self).recipients.append(line.partition(":")[2].split(" ")[0])
            if verb == "DATA":
                self._say("354 go on")
                while (text := self.rfile.readline()) != b".\r\n":
                    type(self).letter += text.decode()
            self._say("221 bye" if verb == "QUIT" else "250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def smtp_port() -> Iterator[int]:
    _Smtp.recipients, _Smtp.letter = [], ""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(timeout=5)
