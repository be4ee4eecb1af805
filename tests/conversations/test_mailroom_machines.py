"""Mail that no customer wrote: machines, bounces, services, our own; and what staff do with it."""

from __future__ import annotations

import pytest
from django.db import connection

from tests import world
from tests.conversations.mails import bounce, case_of, events, held, mailed, said, token_of, we_wrote
from tests.letters import ANNA, SUPPORT, bring, letter
from tests.world import NOON
from trustdesk.channels import addresses, post
from trustdesk.channels.models import Delivery, ReplyAddress
from trustdesk.conversations import asides, mailroom, notices, public
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.mail_models import MailPart, SideConversation
from trustdesk.conversations.models import Attachment, Conversation, Entry, Evidence
from trustdesk.customers.models import Handle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailroom_open")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"Precedence": "list", "List-Id": "<news.example>"},
        {"X-Autoreply": "yes"},
    ],
)
def test_machines_are_noted_in_their_case_never_answered_and_reopen_nothing(headers: dict[str, str]) -> None:
    """E-16."""
    case = case_of(bring(letter())[0])
    Conversation.objects.filter(pk=case.pk).update(status="resolved", resolved_at=NOON)
    sent = Delivery.objects.count()
    [row] = bring(letter("I am away until Monday", headers=headers), to=token_of(case))
    assert row.conversation_id == case.pk
    case.refresh_from_db()
    assert case.status == "resolved"
    assert case.entries.get(kind="note").data == {"from": ANNA, "why": "automatic"}
    [row] = bring(letter("Weekly news", sender="news@list.example", headers=headers))
    assert held(row) in ("automatic", "list")
    assert Delivery.objects.count() == sent
    assert Conversation.objects.count() == 1


def released(*mails: bytes) -> list[Conversation]:
    """Have staff release mails that are held for want of a sender; returns their cases."""
    rows = bring(*mails)
    assert [held(row) for row in rows] == ["no_sender"] * len(rows)
    for row in rows:
        assert post.again(row.pk, now=NOON, release=True)
    while mailroom.read_due(now=NOON):
        pass
    for row in rows:
        row.refresh_from_db()
    return [case_of(row) for row in rows]


def test_released_mails_whose_mailer_forgot_the_quotes_are_answered_at_the_address_each_says() -> None:
    """An unquoted comma makes two mailboxes of one, the first without an address: nobody's together."""
    mails = [
        letter(text, vouched="").replace(f"From: {ANNA}".encode(), f"From: {sender}".encode())
        for text, sender in (("one", "Smith, Alice <Alice@ok.example>"), ("two", "Jones, Bob <bob@other.example>"))
    ]
    one, two = released(*mails)
    assert (one.answer_to, two.answer_to) == ("alice@ok.example", "bob@other.example")
    assert one.customer != two.customer
    assert MailPart.objects.get(conversation=one).sender == "alice@ok.example"
    assert [one.answer_proved, two.answer_proved] == [False, False]


@pytest.mark.parametrize("sender", ["", "From: Anonymous\n", "From: <>\n", "From: Smith, Bob\n"])
def test_released_mails_without_any_sender_have_nothing_in_common(sender: str) -> None:
    pdf = ("a.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n")
    mails = [
        letter(text, vouched="", files=[pdf]).replace(f"From: {ANNA}\n".encode(), sender.encode())
        for text in ("one", "two")
    ]
    one, two = released(*mails)
    assert one.customer != two.customer
    assert (one.answer_to, two.answer_to) == ("", "")
    owners = [Attachment.objects.values_list("handle__customer", flat=True).get(conversation=case) for case in (one, two)]
    assert owners == [one.customer_id, two.customer_id]
    assert not Handle.objects.filter(value="").exists()
    notices.tell(what="opened", conversation_ids=[one.pk, two.pk], now=NOON)
    assert mailed() == []


def test_our_own_mail_that_comes_back_is_held() -> None:
    case = case_of(bring(letter())[0])
    ours = we_wrote(case)
    [row] = bring(letter(sender=SUPPORT, message_id=ours))
    assert held(row) == "own"
    assert Conversation.objects.count() == 1


def test_a_service_that_confirms_our_address_is_shown_to_no_agent() -> None:
    """E-08: the ticket trick."""
    mail = letter("Your verification code is 123456", sender="no-reply@chat.example", subject="Verify your email address")
    [row] = bring(mail)
    assert held(row) == "account_mail"
    assert not Entry.objects.exists()


def test_what_a_service_mails_to_a_cases_own_address_is_in_no_case_either() -> None:
    """E-08: its customer would sign up somewhere with the address we made for him, and have us read the code out."""
    case = case_of(bring(letter())[0])
    mail = letter("Confirmation code: 482913", sender="forwarding-noreply@google.com", subject="Gmail Forwarding Confirmation")
    for to in (SUPPORT, token_of(case)):
        assert held(bring(mail, to=to)[0]) == "account_mail"
    assert len(said(case)) == 1


def test_a_released_confirmation_shows_no_code_and_no_link() -> None:
    link = "https://accounts.tool.example/verify?t=abcdef"
    mail = letter(
        f"Enter 482913 or open {link}", sender="appleid@id.apple.com", subject="482913 is your code",
        html=f"<p>Enter <b>482913</b> or <a href='{link}'>verify</a></p>",
    )  # fmt: skip
    [row] = bring(mail)
    assert held(row) == "account_mail"
    assert post.again(row.pk, now=NOON, release=True)
    assert mailroom.read_due(now=NOON) == 1
    row.refresh_from_db()
    case = case_of(row)
    with connection.cursor() as cursor:
        for table in ("conversations_conversation", "conversations_entry", "conversations_mailpart", "conversations_evidence"):
            cursor.execute(f"SELECT string_agg(to_jsonb(t)::text, ' ') FROM {table} t")
            shown = cursor.fetchone()[0] or ""
            assert "482913" not in shown
            assert "tool.example" not in shown
    assert said(case) == [("customer", "Enter ••• or open •••", True)]


def test_a_bounce_counts_only_at_the_return_path_of_the_mail_it_is_about() -> None:
    """E-17: a forged one with a valid Message-ID changes nothing."""
    case = case_of(bring(letter())[0])
    ours = we_wrote(case)
    delivery = Delivery.objects.get(message_id=ours)
    path, digest = addresses.bounce_address(key=delivery.key, ours=SUPPORT)
    Delivery.objects.filter(pk=delivery.pk).update(bounce_hash=digest, state="sent")
    dsn = bounce(ANNA, "5.1.1", ours)
    [forged] = bring(dsn, sender="")
    assert held(forged) == "bounce"
    delivery.refresh_from_db()
    assert delivery.state == "sent"
    [real] = bring(dsn, to=path, sender="")
    delivery.refresh_from_db()
    assert (real.state, delivery.state) == ("processed", "bounced")
    assert "mail_bounced" in events(case)
    case.refresh_from_db()
    assert case.status == "waiting"


def returnable(case: Conversation) -> tuple[str, str]:
    """Send the customer a mail of ours; return its Message-ID and where it comes back to."""
    ours = we_wrote(case)
    delivery = Delivery.objects.get(message_id=ours)
    path, digest = addresses.bounce_address(key=delivery.key, ours=SUPPORT)
    Delivery.objects.filter(pk=delivery.pk).update(bounce_hash=digest, state="sent")
    return ours, path


def test_a_mail_that_was_delayed_and_then_given_up_is_said_to_be_both() -> None:
    case = case_of(bring(letter())[0])
    ours, path = returnable(case)
    delayed = bounce(ANNA, "4.4.7", ours).replace(b"Action: failed", b"Action: delayed").replace(b"550 4", b"450 4")
    bring(delayed, delayed + b"\r\n", to=path, sender="")
    bring(bounce(ANNA, "5.4.7", ours), to=path, sender="")
    said = case.entries.filter(event="mail_bounced").order_by("seq").values_list("data__hard", "data__status")
    assert list(said) == [(False, "4.4.7"), (True, "5.4.7")]
    assert Delivery.objects.get(message_id=ours).reason == "hard: 5.4.7"


def several(original: str, *failures: tuple[str, str]) -> bytes:
    """A bounce that names several recipients, each with its status."""
    blocks = "".join(
        f"Final-Recipient: rfc822; {who}\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {'550' if status[0] == '5' else '450'} {status} no\r\n\r\n"
        for who, status in failures
    )
    whole = bounce("x@x.example", "5.1.1", original).decode()
    first, rest = whole.index("Final-Recipient"), whole.index("--b\r\nContent-Type: text/rfc822-headers")
    return (whole[:first] + blocks + whole[rest:]).encode()


@pytest.mark.parametrize(
    ("failures", "reason"),
    [
        ([("a@list.example", "5.1.1"), ("b@list.example", "5.1.10"), ("c@list.example", "4.2.2")], "soft"),
        ([("a@list.example", "5.1.1"), ("b@list.example", "5.1.10")], "hard"),
        ([("a@list.example", "4.2.2"), (ANNA, "5.1.1")], "hard"),
        ([(ANNA.upper(), "4.2.2"), ("a@list.example", "5.1.1")], "soft"),
    ],
)
def test_a_bounce_that_names_several_notes_each(failures: list[tuple[str, str]], reason: str) -> None:
    """Who hands mail on to others answers for them; the address is given up where all of them, or it itself, came back."""
    case = case_of(bring(letter())[0])
    ours, path = returnable(case)
    dsn = several(ours, *failures)
    [row] = bring(dsn, to=path, sender="")
    assert (row.state, row.conversation_id) == ("processed", case.pk)
    said = case.entries.filter(event="mail_bounced").order_by("seq").values_list("data__to", "data__status", "data__hard")
    assert list(said) == [(who.lower(), status, status[0] == "5") for who, status in failures]
    assert Delivery.objects.get(message_id=ours).reason.partition(":")[0] == reason
    bring(dsn + b"\r\nagain", to=path, sender="")
    assert case.entries.filter(event="mail_bounced").count() == len(failures), "each once"


def test_bounces_of_several_that_come_one_by_one_are_each_noted() -> None:
    case = case_of(bring(letter())[0])
    ours, path = returnable(case)
    for who in ("a@list.example", "b@list.example", "a@list.example"):
        bring(several(ours, (who, "5.1.1")), to=path, sender="")
    assert list(case.entries.filter(event="mail_bounced").order_by("seq").values_list("data__to", flat=True)) == [
        "a@list.example", "b@list.example"
    ]  # fmt: skip


def test_what_was_held_can_be_released_as_a_case_and_never_into_another() -> None:
    case = case_of(bring(letter())[0])
    [row] = bring(letter("it is really me", vouched="fail", policy="reject"), to=token_of(case))
    assert held(row) == "unverified_sender"
    assert post.again(row.pk, now=NOON, release=True)
    assert mailroom.read_due(now=NOON) == 1
    row.refresh_from_db()
    released = case_of(row)
    assert released != case
    assert released.answer_proved is False
    assert MailPart.objects.get(conversation=released).verdict == "failed"


def test_a_department_is_asked_and_answers_beside_the_customer() -> None:
    """EM-10."""
    seat = world.agent("Mei", "accounts")
    case = case_of(bring(letter())[0])
    asides.ask(conversation_id=case.pk, seat=seat, recipient="Desk@bank.example", text="Did it arrive?", now=NOON)
    side = SideConversation.objects.get()
    [delivery] = mailed("side")
    assert (delivery.recipient, delivery.text, side.recipient) == ("desk@bank.example", "Did it arrive?", "desk@bank.example")
    address = addresses.reply_address(
        conversation_id=case.pk, recipient=side.recipient, ours=SUPPORT, now=NOON, purpose=ReplyAddress.Purpose.SIDE
    )
    bring(letter("Yes, on Monday", sender="desk@bank.example"), to=address)
    assert [(text, visible) for _, text, visible in said(case)][1:] == [("Did it arrive?", False), ("Yes, on Monday", False)]
    shown = [line.text for line in public.entries_after({case.pk: 0})[case.pk].lines]
    assert "Did it arrive?" not in shown
    assert "Yes, on Monday" not in shown
    for address, code in ((ANNA, "customer"), ("nonsense", "not_a_mail")):
        with pytest.raises(UnableToAct, match=code):
            asides.ask(conversation_id=case.pk, seat=seat, recipient=address, text="x", now=NOON)


def test_the_account_behind_an_address_is_a_fact_and_no_proof() -> None:
    """EM-5."""
    [row] = bring(letter(sender="lin.wei@mail.example.test", vouched=""))
    case = case_of(row)
    assert Evidence.objects.get(conversation=case, kind="uid").value == "100001"
    assert case.proof_level == 0
