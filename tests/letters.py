"""Mails of the tests: written as people's programs write them, handed over as a bearer does."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from tests.world import NOON
from trustdesk.channels import addresses, post
from trustdesk.channels.models import HookPayload
from trustdesk.conversations import mailroom

SUPPORT = "support@northlight.example.test"
MX = "mx.northlight.example.test"  # our own mail server, which notes who vouches for a sender
ANNA = "anna@mail.example"
_number = itertools.count(1)


def letter(
    text: str = "My deposit is missing",
    *,
    sender: str = ANNA,
    subject: str = "Question",
    to: str = SUPPORT,
    message_id: str | None = None,
    vouched: str = "pass",
    policy: str = "none",
    headers: Mapping[str, str] | None = None,
    html: str = "",
    files: Sequence[tuple[str, str, bytes]] = (),
    now: datetime = NOON,
) -> bytes:
    """Write a mail; `vouched` is what our mail server found out by DMARC ("" for nothing), `files` name, type and bytes."""
    made = EmailMessage()
    address = sender.rpartition("<")[2].rstrip(">")
    if vouched:
        domain = address.rpartition("@")[2]
        made["Authentication-Results"] = f"{MX}; dmarc={vouched} policy.dmarc={policy} header.from={domain}"
    made["From"] = sender
    made["To"] = to
    made["Subject"] = subject
    made["Date"] = format_datetime(now)
    if message_id != "":
        made["Message-ID"] = message_id or f"<{next(_number)}.test@mail.example>"
    for name, value in (headers or {}).items():
        made[name] = value
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    for name, media_type, content in files:
        maintype, _, subtype = media_type.partition("/")
        made.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    return made.as_bytes()


def store(*contents: bytes, to: str = SUPPORT, sender: str | None = None, source: str = "") -> list[HookPayload]:
    """Have mails stored, as a bearer does that knows their envelope."""
    found = addresses.route(to)
    assert found is not None, to
    envelope = {"recipients": [to]} | ({"sender": sender} if sender is not None else {})
    raws = [
        post.Raw(found.ours.inbox_id, "mail", source or f"test:{next(_number)}", content, envelope, NOON)
        for content in contents
    ]
    post.store(raws)
    return list(HookPayload.objects.filter(source__in=[raw.source for raw in raws]).order_by("pk"))


def bring(*contents: bytes, to: str = SUPPORT, sender: str | None = None, now: datetime = NOON) -> list[HookPayload]:
    """Have mails stored and read; returns what became of each."""
    rows = store(*contents, to=to, sender=sender)
    while mailroom.read_due(now=now):
        pass
    return list(HookPayload.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk"))
