"""A real SMTP server on loopback, settings to reach it, and a letter to send."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.net.servers import certificate
from trustdesk.net.addresses import Guard
from trustdesk.net.mail import SmtpSettings, compose, mailbox

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class Sink:
    """Keeps what arrives; answers recipients as told."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.arrived: list[Envelope] = []
        self.encrypted: list[bool] = []

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        answer = self.answers.get(address.partition("@")[0], "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.arrived.append(envelope)
        self.encrypted.append(
            server.transport is not None and server.transport.get_extra_info("ssl_object") is not None
        )
        return self.answers.get("DATA", "250 OK")


@contextmanager
def smtp_server(sink: Sink, **options: Any) -> Iterator[int]:
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def plain(port: int, **options: Any) -> SmtpSettings:
    return SmtpSettings(
        host="127.0.0.1",
        port=port,
        security="plain",
        guard=Guard.allowing(f"127.0.0.1:{port}"),
        **({"timeout": 2.0} | options),
    )


def letter(
    *, name: str = "Lin Wei", to: str = "lin.wei@example.test", subject: str = "Case", headers: Any = None
) -> EmailMessage:
    return compose(
        sender=mailbox("support@desk.example", name="Trustdesk"),
        to=mailbox(to, name=name),
        subject=subject,
        text="你好,\nHello.\n.\nA dot above.",
        html="<p>你好</p>",
        now=NOON,
        message_id="<case-1@desk.example>",
        headers=headers,
    )


@contextmanager
def tls_server(sink: Sink, security: str, folder: Path, **options: Any) -> Iterator[tuple[int, ssl.SSLContext]]:
    ours, trusting = certificate(folder, "mail.test")
    how = {"ssl_context": ours} if security == "tls" else {"tls_context": ours, "require_starttls": True}
    with smtp_server(sink, **how, **options) as port:
        yield port, trusting


def named(host: str, port: int, security: Any, tls: ssl.SSLContext | None, **options: Any) -> SmtpSettings:
    guard = Guard.allowing(f"{host}:{port}", resolve=lambda name, number: ["127.0.0.1"])
    return SmtpSettings(host=host, port=port, security=security, guard=guard, tls=tls, **({"timeout": 2.0} | options))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
