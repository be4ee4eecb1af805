"""Mail in cases, as the way in leaves it: lines, what stands beside them, and mail that became part of no case."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from tests.world import NOON
from trustdesk.channels import outbox, post
from trustdesk.channels.contract import Inbound
from trustdesk.channels.models import Delivery, HookPayload, Inbox
from trustdesk.conversations import acting, intake, mail_html, timeline
from trustdesk.conversations.intake import Arrival, Received
from trustdesk.conversations.mail_models import MailPart

LIN = "lin.wei@customer.example"
RAW = (
    b"From: =?utf-8?b?5p6X6JSa?= <lin.wei@customer.example>\r\nTo: support@example.test\r\n"
    b"Subject: =?utf-8?q?Deposit_=E6=9C=AA=E5=88=B0=E8=B4=A6?=\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\n"
    b"\r\nMy deposit is missing\r\n"
)


def mail(
    text: str = "My deposit is missing",
    *,
    sender: str = LIN,
    verdict: str = "proved",
    html: str = "",
    now: datetime = NOON,
    uploads: tuple[str, ...] = (),
    **part: Any,
) -> Received:
    """Let a customer write a mail; returns what became of it."""
    inbound = Inbound(
        external_id=f"mail:{secrets.token_hex(16)}",
        thread=f"mail:{sender}",
        handle_kind="mail",
        handle=sender,
        text=text,
        sent_at=now,
        name="Lin Wei",
        topic="deposit_missing",
        answer_to=sender,
        answer_proved=verdict == "proved",
        uploads=uploads,
    )
    received = intake.receive(messages=[Arrival(outbox.mail_inbox(), inbound)], now=now)[-1]
    beside(received.conversation_id, received.seq, sender=sender, verdict=verdict, html=html, **part)
    return received


def beside(case: int, seq: int, *, sender: str, verdict: str, html: str = "", **part: Any) -> MailPart:
    """Put a mail beside a line."""
    return MailPart.objects.create(
        conversation_id=case,
        seq=seq,
        sender=sender,
        verdict=verdict,
        html=mail_html.clean(html) if html else "",
        **part,
    )


def aside(received: Received, text: str, *, sender: str, why: str, now: datetime = NOON) -> int:
    """Let somebody who is not the customer write into a case; returns the seq of the note."""
    with acting.on(received.conversation_id, now=now) as act:
        data = {"from": sender, "why": why}
        act.add(timeline.Draft(act.row.id, outbox.mail_inbox(), "note", "customer", False, text=text, data=data))
        seq = int(act.row.last_seq) + 1
    beside(received.conversation_id, seq, sender=sender, verdict="claimed")
    return seq


def sending(received: Received, *, state: str, recipient: str = LIN, reason: str = "", **more: Any) -> Delivery:
    """Let something be sent about a case, with what became of it."""
    values = {"purpose": "reply", "subject": "x", "not_before": NOON, "created_at": NOON} | more
    return Delivery.objects.create(
        key=secrets.token_hex(8),
        inbox_id=outbox.mail_inbox(),
        conversation_id=received.conversation_id,
        recipient=recipient,
        state=state,
        reason=reason,
        **values,
    )


def mailbox(address: str, team: int | None = None) -> Inbox:
    """Open one more mailbox."""
    return Inbox.objects.create(kind="email", name=address, address=address, team_id=team)


def stuck(
    *, state: str = "held", reason: str = "unverified_sender", raw: bytes = RAW, inbox: int = 0, now: datetime = NOON
) -> int:
    """Let a mail come in that becomes part of no case."""
    inbox = inbox or outbox.mail_inbox()
    source = secrets.token_hex(8)
    assert post.store([post.Raw(inbox, "mail", source, raw, {}, now)]) == [True]
    row = HookPayload.objects.get(source=source)
    HookPayload.objects.filter(pk=row.pk).update(state=state, reason=reason, processed_at=now)
    return row.pk
