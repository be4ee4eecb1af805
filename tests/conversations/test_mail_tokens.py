"""E-18, E-19: what is passed on opens nothing, and shows the other side nothing it was not meant to see.

Nothing is posted to others by web hook; questions to outside departments (`asides`) take words of a case elsewhere. How cases are
merged and split: test_merging.py, test_merging_arrivals.py, test_splitting.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from django.db import connection

from tests import world
from tests.conversations.mails import case_of, events, held, mailed, said, token_of
from tests.letters import ANNA, SUPPORT, bring, letter
from tests.world import NOON
from trustdesk.channels import addresses, outbox, post, registry
from trustdesk.channels.adapters.email import Email
from trustdesk.channels.models import Delivery, ReplyAddress
from trustdesk.conversations import asides, mailroom, notices, public, replies, transcript
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.mail_models import SideConversation
from trustdesk.conversations.models import Conversation
from trustdesk.staff import permissions
from trustdesk.staff.models import Membership

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailroom_open")]
BANK = "desk@bank.example"
KEPT = (
    "conversations_conversation", "conversations_entry", "conversations_mailpart", "conversations_evidence",
    "conversations_attachment", "customers_customer", "customers_handle", "channels_delivery",
)  # fmt: skip


def stored(tables: Iterable[str] = KEPT) -> str:
    """Everything that these tables hold."""
    found = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT string_agg(to_jsonb(t)::text, ' ') FROM {table} t")
            found.append(cursor.fetchone()[0] or "")
    return " ".join(found)


def secrets_of(case: Conversation) -> tuple[str, str]:
    """Two things that open something: the customer's answer address, and a link that confirms his address."""
    return token_of(case), f"https://desk.example/confirm/{notices.confirmation(case)}/"


def bare(address: str, link: str) -> tuple[str, str]:
    """The part of each that must be nowhere."""
    return address.partition("@")[0].partition("+")[2], link.rstrip("/").rpartition("/")[2].rpartition(":")[2]


def absent(where: str, *marks: str) -> None:
    assert where, "nothing to look through"
    for mark in marks:
        assert mark.lower() not in where.lower()


def mei() -> Any:
    return world.agent("Mei", "accounts", "funds")


def test_whatever_part_of_a_mail_holds_what_opens_a_case_it_is_not_kept() -> None:
    """E-19: subject, names, quoted history, links in HTML, names of files, Cc, in any case and escaped."""
    case = case_of(bring(letter())[0])
    address, link = secrets_of(case)
    local = address.partition("@")[0]
    html = (
        f'<p>see <a href="{link}">this</a> or <a href="mailto:{address.replace("+", "%2B")}">write</a></p>'
        f"<blockquote>{address.upper()} {link.replace(':', '&#58;').replace('https&#58;', 'https:')}</blockquote>"
    )
    text = f"it is {address} and {link}\n\nOn Mon, 23 Nov 2026 at 10:00, Support <{address}> wrote:\n> {link}\n"
    files = [(f"{local}@x.txt", "text/plain", b"hello"), (f"{local}@y.exe", "application/octet-stream", b"MZ\x90\x00")]
    for to in (address, SUPPORT):
        [row] = bring(
            letter(
                text, sender=f"Anna {local} <{ANNA}>", subject=f"Deposit of {address} {link}", html=html, files=files,
                headers={"Cc": f"{address.upper()}, bob@mail.example"},
            ),
            to=to,
        )  # fmt: skip
        assert row.state == "processed"
    absent(stored(), *bare(address, link))


def test_a_transcript_holds_nothing_that_opens_a_case() -> None:
    case = case_of(bring(letter())[0])
    address, link = secrets_of(case)
    bring(letter(f"look: {address} {link}"), to=address)
    view = public.by_id(case.pk, locale="en", now=NOON)
    assert view is not None
    written = transcript.render_text(page=public.whole(case.pk), case=view, locale="en")
    assert "look:" in written
    absent(written, *bare(address, link))
    transcript.mail(conversation_id=case.pk, now=NOON)
    [delivery] = mailed("transcript")
    absent(delivery.text + delivery.subject, *bare(address, link))


def sent_bytes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Send what waits; return each mail as it goes over the wire."""
    gone: list[bytes] = []

    def take(message: Any, *, envelope_sender: str | None = None) -> None:
        gone.append(message.as_bytes())

    monkeypatch.setattr(registry, "channel", lambda kind, **_: Email(transport=take, sender=SUPPORT))
    while outbox.send_due(now=NOON):
        pass
    return gone


def parsed(raw: bytes) -> tuple[str, str]:
    """Head without the fields that carry tokens on purpose, and all that a reader is shown."""
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    shown = "".join(str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text")
    return "\n".join(f"{name}: {value}" for name, value in mail.items() if name != "Reply-To"), shown


def test_what_an_agent_passes_on_opens_nothing_and_carries_no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """E-18, E-19: a question to a department is what the agent wrote, without links, addresses, subject or thread of the case."""
    case = case_of(bring(letter("CNRY-private words", subject="CNRY-subject", sender=f"Anna CNRY-name <{ANNA}>"))[0])
    address, link = secrets_of(case)
    marks = bare(address, link)
    replies.send(replies=[replies.Reply(case.pk, mei().agent_id, "note-1", "CNRY-note", True)], now=NOON)
    Delivery.objects.all().delete()
    quoting = f"She wrote:\n> From: Support <{address}>\n> {link}\n> {address.upper().replace('@', '%40').replace('+', '%2B')}"
    asides.ask(conversation_id=case.pk, seat=world.agent("Noor", "accounts", "funds"), recipient=BANK, text=quoting, now=NOON)
    [raw] = sent_bytes(monkeypatch)
    head, shown = parsed(raw)
    assert "She wrote:" in shown
    for where in (head, shown, stored(("channels_delivery", "conversations_entry"))):
        absent(where, *marks)
    for where in (head, shown):
        absent(where, "CNRY", "In-Reply-To", "References", ANNA)


def test_an_answer_to_the_customer_holds_no_address_of_a_department(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(bring(letter())[0])
    seat = mei()
    asides.ask(conversation_id=case.pk, seat=seat, recipient=BANK, text="Did it arrive?", now=NOON)
    side = addresses.reply_address(
        conversation_id=case.pk, recipient=BANK, ours=SUPPORT, now=NOON, purpose=ReplyAddress.Purpose.SIDE
    )
    said_there = f"They say yes; write to {side}"
    replies.send(replies=[replies.Reply(case.pk, seat.agent_id, "reply-1", said_there)], now=NOON)
    notices.mail_unread(conversation_id=case.pk, now=NOON)
    [answer] = [raw for raw in sent_bytes(monkeypatch) if b"They say" in raw]
    absent("".join(parsed(answer)), side.partition("@")[0].partition("+")[2])


def test_a_department_is_asked_only_by_who_may_speak_in_the_case() -> None:
    """E-18: permission is looked up at the moment of asking, for this case; what cannot be seen cannot be passed on."""
    case = case_of(bring(letter())[0])
    stranger = world.agent("Otto", "trading")
    with pytest.raises(UnableToAct, match="not_found"):
        asides.ask(conversation_id=case.pk, seat=stranger, recipient=BANK, text="x", now=NOON)
    seat = mei()
    Membership.objects.filter(agent=seat.agent_id).delete()
    moved = permissions.seat(seat.agent_id)
    assert moved is not None
    with pytest.raises(UnableToAct, match="not_found"):
        asides.ask(conversation_id=case.pk, seat=moved, recipient=BANK, text="x", now=NOON)
    assert not SideConversation.objects.exists()
    assert not mailed("side")


@pytest.mark.parametrize("spelling", [ANNA, ANNA.upper(), f" {ANNA} ", "anna+bank@mail.example"])
def test_the_customer_is_no_department_however_his_address_is_written(spelling: str) -> None:
    case = case_of(bring(letter())[0])
    with pytest.raises(UnableToAct, match="customer"):
        asides.ask(conversation_id=case.pk, seat=mei(), recipient=spelling, text="x", now=NOON)


@pytest.mark.parametrize(
    "ours", [SUPPORT, SUPPORT.upper(), SUPPORT.replace("@", "+x@"), SUPPORT.replace("@", f"+r{'a' * 26}@")]
)
def test_no_address_of_ours_is_a_department(ours: str) -> None:
    case = case_of(bring(letter())[0])
    with pytest.raises(UnableToAct, match="own_address"):
        asides.ask(conversation_id=case.pk, seat=mei(), recipient=ours, text="x", now=NOON)


def test_what_a_department_answers_stays_in_the_case_it_was_asked_about_and_beside_its_customer() -> None:
    """E-18: neither side sees the other's words, whichever address they write to."""
    first = case_of(bring(letter("first"))[0])
    second = case_of(bring(letter("second", sender="bob@mail.example"))[0])
    seat = mei()
    for case in (first, second):
        asides.ask(conversation_id=case.pk, seat=seat, recipient=BANK, text="Did it arrive?", now=NOON)
    side = {
        case.pk: addresses.reply_address(
            conversation_id=case.pk, recipient=BANK, ours=SUPPORT, now=NOON, purpose=ReplyAddress.Purpose.SIDE
        )
        for case in (first, second)
    }
    assert len(set(side.values())) == 2
    bring(letter("about the first", sender=BANK), to=side[first.pk])
    bring(letter("to the customer's own address", sender=BANK), to=token_of(second, "bob@mail.example"))
    bring(letter("I found this address", sender="bob@mail.example"), to=side[first.pk])
    lines = {case.pk: [(text, visible) for _, text, visible in said(case)] for case in (first, second)}
    assert ("about the first", False) in lines[first.pk]
    assert ("I found this address", False) in lines[first.pk]
    assert ("to the customer's own address", False) in lines[second.pk]
    assert not any("about the first" in text for text, _ in lines[second.pk])
    for case in (first, second):
        shown = [line.text for line in public.entries_after({case.pk: 0})[case.pk].lines if line.kind == "message"]
        assert shown == [lines[case.pk][0][0]]
        case.refresh_from_db()
        assert case.answer_to in (ANNA, "bob@mail.example")
        assert "reopened" not in events(case)


def test_a_forged_or_revoked_department_gets_into_no_case() -> None:
    case = case_of(bring(letter())[0])
    asides.ask(conversation_id=case.pk, seat=mei(), recipient=BANK, text="Did it arrive?", now=NOON)
    side = addresses.reply_address(
        conversation_id=case.pk, recipient=BANK, ours=SUPPORT, now=NOON, purpose=ReplyAddress.Purpose.SIDE
    )
    [forged] = bring(letter("pay him", sender=BANK, vouched="fail", policy="reject"), to=side)
    assert held(forged) == "unverified_sender"
    addresses.revoke(conversation_ids=[case.pk], now=NOON)
    [late] = bring(letter("late", sender=BANK), to=side)
    assert case_of(late) != case
    assert [text for _, text, _ in said(case)] == ["My deposit is missing", "Did it arrive?"]


def test_what_staff_release_never_joins_a_case() -> None:
    """E-18: four eyes or not, a held mail opens a case of its own."""
    case = case_of(bring(letter())[0])
    [row] = bring(letter("again", vouched="fail", policy="reject", subject="Question"), to=token_of(case))
    assert post.again(row.pk, now=NOON, release=True)
    mailroom.read_due(now=NOON)
    row.refresh_from_db()
    assert case_of(row) != case
