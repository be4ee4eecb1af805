"""What goes back to who wrote a mail: one acknowledgement, and every answer at once, in the thread of his mail."""

from __future__ import annotations

import secrets
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from tests import world
from tests.net.keys import pem
from tests.net.smtp import Sink, smtp_server
from tests.world import NOON
from trustdesk.channels import addresses, letters, mailbox, outbox
from trustdesk.channels.contract import Inbound
from trustdesk.channels.models import Delivery, Inbox
from trustdesk.conversations import asides, intake, notices, rulebook, transcript
from trustdesk.conversations.intake import Arrival, Received
from trustdesk.conversations.mail_models import MailPart
from trustdesk.conversations.models import Conversation, Promise, Thread
from trustdesk.customers.identify import handle_for
from trustdesk.net.dkim import DkimKey
from trustdesk.policy.proof import Proof
from trustdesk.staff.models import Team

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SUBJECT, TEXT = "Deposit missing", "my deposit of 5 BTC is missing"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    world.fresh()
    rulebook.inbox_kinds.forget()
    addresses.forget()


def mail(
    text: str = TEXT,
    *,
    sender: str = "anna@mail.example",
    proved: bool = True,
    message_id: str = "",
    thread: str = "",
    now: Any = NOON,
    inbox: int = 0,
    **more: Any,
) -> Received:
    """Let a mail arrive, as the mailroom hands it over."""
    inbox, identity = inbox or outbox.mail_inbox(), secrets.token_hex(8)
    inbound = Inbound(
        external_id=f"mail:{identity}",
        thread=thread or f"mail:{identity}",
        handle_kind="mail",
        handle=sender,
        text=text,
        sent_at=now,
        subject=SUBJECT,
        topic="deposit_missing",
        answer_to=sender,
        answer_proved=proved,
        **more,
    )
    got = intake.receive(messages=[Arrival(inbox, inbound)], now=now)[0]
    MailPart.objects.create(
        conversation_id=got.conversation_id, seq=got.seq, sender=sender, verdict="proved" if proved else "claimed",
        message_id=message_id or f"<{identity}@mail.example>",
    )  # fmt: skip
    return got


def opened(got: Received, *, now: Any = NOON) -> Delivery | None:
    """Acknowledge a case, and return the letter if there is one."""
    notices.tell(what="opened", conversation_ids=[got.conversation_id], now=now)
    return Delivery.objects.filter(conversation_id=got.conversation_id, purpose="opened").first()


def jobs(name: str) -> list[tuple[int, bool]]:
    """The cases of waiting jobs of this name, and whether each may run at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (args->>'conversation_id')::int, scheduled_at IS NULL FROM procrastinate_jobs WHERE task_name = %s ORDER BY id",
            [name],
        )
        return list(cursor.fetchall())


# Answers


def test_an_answer_to_a_mail_is_mailed_at_once_and_one_in_a_chat_is_not() -> None:
    mei = world.agent("Mei", "funds")
    world.answer(mei, mail(), "We look at it.")
    [(case, at_once)] = jobs("conversations.mail_unread")
    assert at_once
    notices.mail_unread(conversation_id=case, now=NOON)
    assert Delivery.objects.get().purpose == "reply"
    world.answer(mei, world.chat("hi", answer_to="anna@mail.example"), "Hello")
    assert [at_once for _, at_once in jobs("conversations.mail_unread")] == [True, False]


def answered(got: Received, *texts: str) -> list[Delivery]:
    mei = world.agent(f"Mei{secrets.token_hex(3)}", "funds")
    for text in texts or ("We look at it.",):
        world.answer(mei, got, text)
        notices.mail_unread(conversation_id=got.conversation_id, now=NOON)
    return list(Delivery.objects.filter(conversation_id=got.conversation_id, purpose="reply").order_by("id"))


def test_it_is_an_answer_to_that_mail_whole_and_once() -> None:
    got = mail(message_id="<first@mail.example>")
    long = "\n\n".join(f"Paragraph {n} " + "x" * 400 for n in range(20))
    [row] = answered(got, long)
    assert row.subject == f"Re: {SUBJECT}"
    assert row.text.startswith(long)
    assert got.reference in row.text
    assert row.about == {"in_reply_to": "<first@mail.example>", "references": ["<first@mail.example>"]}
    assert (row.recipient, row.inbox_id) == ("anna@mail.example", outbox.mail_inbox())
    for _ in range(3):
        notices.mail_unread(conversation_id=got.conversation_id, now=NOON + HOUR)
    assert Delivery.objects.filter(purpose="reply").count() == 1


def test_each_answer_is_a_mail_of_its_own_to_the_last_mail_before_it() -> None:
    got = mail(message_id="<1@mail.example>")
    answered(got)
    Thread.objects.create(inbox_id=outbox.mail_inbox(), external="case", conversation_id=got.conversation_id)
    assert mail("more", thread="case", message_id="<2@mail.example>").conversation_id == got.conversation_id
    rows = answered(got, "one", "two")
    assert [row.text.partition("\n")[0] for row in rows] == ["We look at it.", "one", "two"]
    assert [row.about["in_reply_to"] for row in rows] == ["<1@mail.example>", "<2@mail.example>", "<2@mail.example>"]
    assert rows[-1].about["references"] == ["<1@mail.example>", "<2@mail.example>"]
    assert len({row.key for row in rows}) == 3


def test_what_was_read_on_a_page_is_mailed_all_the_same() -> None:
    got = mail()
    world.answer(world.agent("Mei", "funds"), got, "We look at it.")
    Conversation.objects.filter(pk=got.conversation_id).update(customer_seq=99)
    notices.mail_unread(conversation_id=got.conversation_id, now=NOON)
    assert Delivery.objects.filter(purpose="reply").count() == 1


def test_a_note_is_never_mailed() -> None:
    got = mail()
    world.answer(world.agent("Mei", "funds"), got, "he sounds nervous", note=True)
    notices.mail_unread(conversation_id=got.conversation_id, now=NOON)
    assert not Delivery.objects.exists()


def test_to_a_claimed_address_goes_what_the_agent_wrote_and_nothing_of_the_sender() -> None:
    """E-15: whoever typed somebody else's address into From has us send him no word of his."""
    [row] = answered(mail("BUY http://evil.example NOW", proved=False))
    made = letters.render(subject=row.subject, text=row.text, locale=row.locale, recipient=row.recipient)
    whole = row.subject + made.text + made.html
    assert "We look at it." in whole
    for word in (SUBJECT, "BUY", "evil.example"):
        assert word not in whole
    assert row.about["in_reply_to"], "it is in the thread of his mail all the same"


def test_it_leaves_from_the_address_that_was_written_to() -> None:
    legal = Inbox.objects.create(kind="email", name="Legal", address="legal@northlight.example")
    rulebook.inbox_kinds.forget()
    [row] = answered(mail(inbox=legal.pk))
    assert row.inbox_id == legal.pk


def test_an_answer_speaks_the_language_of_its_case() -> None:
    [row] = answered(mail(locale="zh-hans"), "我们正在处理。")
    assert "直接回复此邮件" in row.text
    assert row.locale == "zh-hans"


def test_no_mail_of_a_department_is_answered_to_the_customer() -> None:
    """A side conversation's mails are notes: they are no mail of his."""
    got = mail(message_id="<his@mail.example>")
    world.answer(world.agent("Nia", "funds"), got, "from the department", note=True)
    seq = Conversation.objects.get(pk=got.conversation_id).last_seq
    MailPart.objects.create(conversation_id=got.conversation_id, seq=seq, sender="x@y.example", message_id="<theirs@y.example>")
    [row] = answered(got)
    assert row.about["in_reply_to"] == "<his@mail.example>"


# Acknowledgement


def test_a_proved_sender_learns_his_number_and_when_he_is_answered() -> None:
    got = mail(message_id="<first@mail.example>")
    Promise.objects.create(
        conversation_id=got.conversation_id, type_code="deposit_missing", low=900, high=7200, learned=False, made_at=NOON
    )
    row = opened(got)
    assert row is not None
    assert got.reference in row.subject + row.text
    assert "2 hours" in row.text
    assert f"/cases/{got.reference}/" in row.text
    assert row.about["in_reply_to"] == "<first@mail.example>"


def test_a_claimed_sender_gets_a_neutral_line_and_a_way_to_confirm() -> None:
    got = mail("BUY http://evil.example NOW", proved=False)
    row = opened(got)
    assert row is not None
    assert "/confirm/" in row.text
    for word in (SUBJECT, "BUY", "evil.example", got.reference):
        assert word not in row.subject + row.text


def test_a_claimed_address_that_is_known_here_learns_its_number_and_no_word_of_the_sender() -> None:
    handle_for(kind="mail", value="anna@mail.example", now=NOON, proof=Proof.CONTACT)
    got = mail("BUY http://evil.example NOW", proved=False)
    row = opened(got)
    assert row is not None
    assert got.reference in row.text
    for word in (SUBJECT, "BUY", "evil.example", "/confirm/"):
        assert word not in row.subject + row.text


def test_one_address_gets_one_a_day_however_it_is_spelled() -> None:
    """E-16: two desks that answer each other's mails stop after the first."""
    assert opened(mail(sender="desk@other.example"))
    for n in range(5):
        again = mail(sender=f"Desk+r{n}@other.example", now=NOON + n * HOUR)
        assert opened(again, now=NOON + n * HOUR) is None
    assert opened(mail(sender="boris@other.example"))
    late = NOON + timedelta(hours=25)
    assert opened(mail(sender="desk@other.example", now=late), now=late)


def test_what_somebody_forged_in_his_name_does_not_cost_him_his_number() -> None:
    forged = opened(mail(proved=False))
    assert forged is not None
    assert "Your case number" not in forged.subject
    own = opened(mail(), now=NOON + HOUR)
    assert own is not None
    assert "Your case number" in own.subject
    for proved in (True, False):
        assert opened(mail(proved=proved, thread=f"again {proved}"), now=NOON + 2 * HOUR) is None, "two a day end every loop"


def test_what_else_is_mailed_about_it_leaves_from_the_address_that_was_written_to() -> None:
    second = Inbox.objects.create(kind="email", name="Legal", address="legal@northlight.example")
    got = mail(inbox=second.pk)
    notices.tell(what="resolved", conversation_ids=[got.conversation_id], now=NOON)
    assert Delivery.objects.get(purpose="resolved").inbox_id == second.pk
    transcript.mail(conversation_id=got.conversation_id, now=NOON, registered="anna@mail.example")
    assert Delivery.objects.get(purpose="transcript").inbox_id == second.pk
    seat = world.agent("Maya", *Team.objects.values_list("slug", flat=True))
    asides.ask(conversation_id=got.conversation_id, seat=seat, recipient="risk@bank.example", text="Is it so?", now=NOON)
    assert Delivery.objects.get(purpose="side").inbox_id == second.pk


def test_who_opened_a_ticket_today_is_acknowledged_when_he_writes_a_mail() -> None:
    chat = world.chat("hi", visitor="anna", answer_to="anna@mail.example", answer_proved=True)
    assert opened(chat)
    assert opened(mail())


def test_it_is_sent_once() -> None:
    got = mail()
    opened(got)
    opened(got)
    assert Delivery.objects.count() == 1


def test_spam_is_not_acknowledged() -> None:
    got = mail()
    Conversation.objects.filter(pk=got.conversation_id).update(spam_at=NOON)
    assert opened(got) is None


# Over the wire


def test_on_the_wire(settings: Settings) -> None:
    """E-14, E-16, S-56: acknowledgement and answer as a mail server gets them."""
    key = DkimKey("northlight.example.test", "desk", pem())
    settings.MAIL_DKIM = key
    nasty = "Deposit\r\nBcc: all@victim.example\u2028X: y =?utf-8?q?=0D=0ABcc:_x@y?="
    got = mail(message_id="<first@mail.example>")
    Conversation.objects.filter(pk=got.conversation_id).update(subject=nasty)
    sink = Sink()
    with smtp_server(sink) as port:
        settings.MAIL = f"smtp://127.0.0.1:{port}"
        opened(got)
        answered(got, "<script>alert(1)</script> see https://northlight.example/help")
        outbox.send_due(now=NOON)
    assert [one.rcpt_tos for one in sink.arrived] == [["anna@mail.example"]] * 2
    automatic, answer = sink.arrived
    assert automatic.mail_from in ("", "<>")
    assert b"\nAuto-Submitted: auto-replied" in _bytes(automatic.content)
    route = addresses.route(answer.mail_from or "")
    assert route is not None
    assert route.bounce
    raw = _bytes(answer.content)
    assert b"Auto-Submitted" not in raw
    for content in (raw, _bytes(automatic.content)):
        assert b"\nIn-Reply-To: <first@mail.example>" in content
        assert b"\nReferences: <first@mail.example>" in content
        assert b"DKIM-Signature: v=1" in content
        head = content.partition(b"\r\n\r\n")[0].lower()
        assert b"\nbcc:" not in head
        assert b"\nx:" not in head
        assert b"\nreply-to: support+r" in head
        assert max(map(len, content.split(b"\r\n"))) <= 998
    parsed = BytesParser(policy=policy.default).parsebytes(raw)
    answers = addresses.route(str(parsed["Reply-To"]))
    assert answers is not None
    shown = "".join(str(part.get_content()) for part in parsed.iter_parts()) + str(parsed["Subject"])
    assert answers.token not in shown, "E-19: who is shown the mail is not given the case"
    assert "<script>" not in str(parsed.get_body(("html",)))
    row = Delivery.objects.get(purpose="reply")
    assert f"\nMessage-ID: {row.message_id}".encode() in raw
    noted = outbox.bounced(token=route.token, hard=True, status="5.1.1", now=NOON)
    assert noted is not None
    assert noted.pk == row.pk


def _bytes(content: bytes | str | None) -> bytes:
    assert isinstance(content, bytes)
    return content


def test_the_folder_of_the_demo_shows_the_text(settings: Settings, tmp_path: Any) -> None:
    settings.MAIL = f"folder:{tmp_path}"
    got = mail()
    answered(got)
    outbox.send_due(now=NOON)
    [letter] = mailbox.read(tmp_path)
    assert letter.text.startswith("We look at it.")
    assert "<p" not in letter.text
    assert letter.automatic is False
