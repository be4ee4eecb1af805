"""What tests of mail look at: cases, lines, events, what was held and what was sent."""

from __future__ import annotations

import json

from django.db import connection
from django.test import override_settings

from tests.letters import ANNA, SUPPORT
from tests.net.smtp import Sink, smtp_server
from tests.world import NOON
from trustdesk.channels import addresses, outbox
from trustdesk.channels.models import Delivery, HookPayload
from trustdesk.conversations import notices
from trustdesk.conversations.models import Conversation

EVE = "eve@evil.example"
TX = "0x" + "ab" * 32
WROTE = "On Mon, 23 Nov 2026 at 10:00, Support <support@northlight.example.test> wrote:"


def case_of(row: HookPayload) -> Conversation:
    assert row.state == "processed" and row.conversation_id is not None, (row.state, row.reason)  # noqa: PT018
    return Conversation.objects.get(pk=row.conversation_id)


def said(case: Conversation) -> list[tuple[str, str, bool]]:
    rows = case.entries.exclude(kind="event").order_by("seq")
    return [(row.author, row.text, row.visible) for row in rows]


def events(case: Conversation) -> list[str]:
    return list(case.entries.filter(kind="event").order_by("seq").values_list("event", flat=True))


def held(row: HookPayload) -> str:
    assert row.state == "held", (row.state, row.reason)
    return row.reason


def token_of(case: Conversation, recipient: str = ANNA) -> str:
    return addresses.reply_address(conversation_id=case.pk, recipient=recipient, ours=SUPPORT, now=NOON)


def mailed(purpose: str = "") -> list[Delivery]:
    rows = Delivery.objects.order_by("pk")
    return list(rows.filter(purpose=purpose) if purpose else rows)


def recipients() -> list[str]:
    """Run every job that mails something, send what is queued to a real server, and return whom it was told to deliver to."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE status = 'todo' RETURNING task_name, args")
        waiting = [(name, args if isinstance(args, dict) else json.loads(args)) for name, args in cursor.fetchall()]
    for name, args in waiting:
        if name == "conversations.tell":
            notices.tell(what=args["what"], conversation_ids=args["conversation_ids"], now=NOON)
        elif name == "conversations.mail_unread":
            notices.mail_unread(conversation_id=args["conversation_id"], now=NOON)
    sink = Sink()
    with smtp_server(sink) as port, override_settings(MAIL=f"smtp://127.0.0.1:{port}"):
        while outbox.send_due(now=NOON):
            pass
    return [one for envelope in sink.arrived for one in envelope.rcpt_tos]


def we_wrote(case: Conversation) -> str:
    """Send the customer a mail of ours about the case; return its Message-ID."""
    key = f"test:{case.pk}"
    outbox.queue(
        key=key, inbox_id=outbox.mail_inbox(), conversation_id=case.pk, purpose="answer",
        recipient=ANNA, subject="Re: Question", text="Hello", now=NOON,
    )  # fmt: skip
    message_id = addresses.message_id(key=key, ours=SUPPORT)
    Delivery.objects.filter(key=key).update(message_id=message_id, state="sent")
    return message_id


def bounce(recipient: str, status: str, original: str) -> bytes:
    return (
        f"From: Mail Delivery System <mailer-daemon@mail.example>\r\nTo: {SUPPORT}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\nThe mail could not be delivered.\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.mail.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} User unknown\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original}\r\n\r\n--b--\r\n"
    ).encode()
