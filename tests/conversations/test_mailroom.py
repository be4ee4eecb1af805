"""Mail becomes lines of cases: nothing lost, nothing doubled, nobody fooled."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from mnemonic import Mnemonic

from tests import letters, world
from tests.letters import ANNA, MX, SUPPORT, bring, letter
from tests.world import NOON
from trustdesk.channels import addresses, outbox, post, sealing
from trustdesk.channels.models import Delivery, HookPayload, Inbox, ReplyAddress
from trustdesk.conversations import asides, mailroom, public
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.models import Attachment, Conversation, Entry, Evidence, MailPart, SideConversation
from trustdesk.customers.models import Handle
from trustdesk.seams import failpoints
from trustdesk.staff.models import Agent, Team

pytestmark = pytest.mark.django_db

EVE = "eve@evil.example"
TX = "0x" + "ab" * 32
WROTE = "On Mon, 23 Nov 2026 at 10:00, Support <support@northlight.example.test> wrote:"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> Iterator[None]:
    world.fresh()
    addresses.forget()
    with override_settings(MAIL_AUTHSERV_ID=MX):
        yield
    failpoints.arm("")


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


def test_a_first_mail_opens_a_case_with_all_that_is_known() -> None:
    text = f"Hello,\n\nmy deposit has not arrived: {TX}\n\n-- \nAnna Example\nSome Street"
    [row] = bring(letter(text, sender="Anna Example <Anna@mail.example>", subject="Deposit missing: 300 USDT"))
    case = case_of(row)
    assert (case.type and case.type.code, case.inbox.kind, case.status, case.locale) == (
        "deposit_missing", "email", "waiting", "en",
    )  # fmt: skip
    assert (case.subject, case.answer_to, case.answer_proved) == ("Deposit missing: 300 USDT", ANNA, True)
    assert (case.proof_level, case.proof_how) == (1, "dmarc")
    assert case.customer.name == "Anna Example"
    assert said(case) == [("customer", f"Hello,\n\nmy deposit has not arrived: {TX}", True)]
    part = MailPart.objects.get(conversation=case)
    assert (part.sender, part.verdict, part.to) == (ANNA, "proved", [SUPPORT])
    assert "Some Street" in part.quoted
    assert Evidence.objects.filter(conversation=case, kind="tx_id", value=TX).exists()
    assert case.promise.high > 0


def test_a_mail_nobody_vouches_for_opens_a_case_and_proves_nothing() -> None:
    [row] = bring(letter(vouched=""))
    case = case_of(row)
    assert (case.answer_proved, case.proof_level) == (False, 0)
    assert MailPart.objects.get().verdict == "claimed"
    assert Handle.objects.get(value=ANNA).proof == 0


@pytest.mark.parametrize(
    ("subject", "code", "locale"),
    [
        ("账户申诉:[zhangsan]", "account_frozen", "zh-hans"),
        ("技术问题咨询:K线不刷新", "bug", "zh-hans"),
        ("合作咨询:[某公司] – [项目]", "agreement", "zh-hans"),
        ("Complaint: fee charged twice", "complaint", "en"),
        ("Hello there", "other", "en"),
    ],
)
def test_the_subject_line_sets_the_type(subject: str, code: str, locale: str) -> None:
    [row] = bring(letter("请帮忙处理，谢谢" if locale == "zh-hans" else "please help", subject=subject))
    case = case_of(row)
    assert (case.type and case.type.code, case.locale) == (code, locale)


def test_an_address_of_ours_has_its_own_team_and_type() -> None:
    team = Team.objects.get(slug="partners")
    Inbox.objects.create(kind="email", name="Partners", address="partners@northlight.example.test", team=team, type_code="agreement")
    addresses.forget()
    [row] = bring(letter(subject="Hello"), to="partners@northlight.example.test")
    case = case_of(row)
    assert (case.team, case.type and case.type.code) == (team, "agreement")
    [row] = bring(letter(subject="Complaint: slow", sender="bob@mail.example"), to="partners@northlight.example.test")
    assert case_of(row).type.code == "complaint"  # type: ignore[union-attr]


# How an answer finds its case.


def test_an_answer_to_the_address_made_for_its_sender_is_a_message_of_the_case() -> None:
    case = case_of(bring(letter())[0])
    [row] = bring(letter(f"Here is more\n\n{WROTE}\n> hello\n", subject="Re: anything"), to=token_of(case))
    assert case_of(row) == case
    assert said(case)[1] == ("customer", "Here is more", True)


def test_an_answer_to_the_plain_address_is_found_by_the_mail_of_ours_that_it_answers() -> None:
    case = case_of(bring(letter())[0])
    ours = _we_wrote(case)
    [row] = bring(letter("And this?", headers={"In-Reply-To": ours}))
    assert case_of(row) == case


@pytest.mark.parametrize("how", ["number", "references", "own_message_id", "text"])
def test_a_stranger_never_gets_into_a_case_however_much_he_knows(how: str) -> None:
    """E-02: subject number, References of ours, the customer's own Message-ID, the case number in the text."""
    case = case_of(bring(letter(message_id="<hers@mail.example>"))[0])
    ours = _we_wrote(case)
    knows: dict[str, dict[str, Any]] = {
        "number": {"subject": f"Re: [{case.reference}] Question"},
        "references": {"headers": {"In-Reply-To": ours, "References": ours}},
        "own_message_id": {"headers": {"In-Reply-To": "<hers@mail.example>"}},
        "text": {"text": f"about {case.reference}"},
    }
    [row] = bring(letter(sender=EVE, **knows[how]))
    other = case_of(row)
    assert other != case
    assert len(said(case)) == 1
    assert other.customer != case.customer


def test_a_stranger_with_the_customers_token_is_a_third_party() -> None:
    """E-03: stored for agents, the case stays the customer's, answers go to the customer only."""
    case = case_of(bring(letter())[0])
    before = (case.customer_id, case.answer_to, case.status)
    [row] = bring(letter("I am her friend", sender=EVE), to=token_of(case))
    assert row.conversation_id == case.pk
    entry = case.entries.get(author="customer", kind="note")
    assert (entry.text, entry.visible, entry.data) == ("I am her friend", False, {"from": EVE, "why": "third_party"})
    case.refresh_from_db()
    assert (case.customer_id, case.answer_to, case.status) == before
    assert not [delivery for delivery in mailed() if delivery.recipient == EVE]
    assert MailPart.objects.get(sender=EVE).conversation == case


def test_cc_adds_nobody() -> None:
    """E-04."""
    case = case_of(bring(letter(headers={"Cc": EVE}))[0])
    bring(letter("more", headers={"Cc": f"{EVE}, bob@mail.example"}), to=token_of(case))
    assert {delivery.recipient for delivery in mailed()} <= {ANNA}
    assert MailPart.objects.filter(cc__contains=[EVE]).count() == 2
    assert not Handle.objects.filter(value=EVE).exists()


@pytest.mark.parametrize("policy", ["reject", "quarantine"])
@pytest.mark.parametrize("knows", ["nothing", "reference", "token"])
def test_a_forged_sender_reaches_no_case(policy: str, knows: str) -> None:
    """E-01: no message, nothing sent, held with its reason."""
    case = case_of(bring(letter())[0])
    ours = _we_wrote(case)
    sent = Delivery.objects.count()
    headers = {"In-Reply-To": ours} if knows == "reference" else {}
    forged = letter("send it to me", vouched="fail", policy=policy, headers=headers)
    [row] = bring(forged, to=token_of(case) if knows == "token" else SUPPORT)
    assert held(row) == "unverified_sender"
    assert Conversation.objects.count() == 1
    assert len(said(case)) == 1
    assert Delivery.objects.count() == sent


def test_what_a_mail_says_of_itself_vouches_for_nobody() -> None:
    """E-10."""
    headers = {
        "Authentication-Results": "mx.evil.example; dmarc=pass header.from=mail.example",
        "Received-SPF": "pass",
        "X-Spam-Status": "No",
        "X-Trustdesk-Verified": "yes",
    }
    [row] = bring(letter(vouched="", headers=headers))
    assert MailPart.objects.get(conversation=case_of(row)).verdict == "claimed"


@pytest.mark.parametrize("flip", [0, 12, 25])
def test_one_flipped_character_of_a_token_opens_a_new_case(flip: int) -> None:
    """E-05."""
    case = case_of(bring(letter())[0])
    local, _, domain = token_of(case).partition("@")
    at = len(local) - 26 + flip
    wrong = local[:at] + ("a" if local[at] != "a" else "b") + local[at + 1 :]
    [row] = bring(letter("more", sender="bob@mail.example"), to=f"{wrong}@{domain}")
    assert case_of(row) != case


def test_a_token_is_worthless_a_month_after_its_case_was_closed() -> None:
    case = case_of(bring(letter())[0])
    address = token_of(case)
    Conversation.objects.filter(pk=case.pk).update(status="closed", updated_at=NOON)
    assert mailroom.revoke_addresses(now=NOON + timedelta(days=29)) == 0
    assert mailroom.revoke_addresses(now=NOON + timedelta(days=31)) == 1
    [row] = bring(letter("still there?"), to=address)
    other = case_of(row)
    assert other != case
    assert other.follows is None


def test_an_answer_to_a_closed_case_begins_the_next_one() -> None:
    case = case_of(bring(letter())[0])
    address = token_of(case)
    Conversation.objects.filter(pk=case.pk).update(status="closed")
    [row] = bring(letter("it happened again"), to=address)
    assert case_of(row).follows == case


def test_writing_again_because_no_answer_came_lands_in_the_same_case() -> None:
    """EM-7."""
    case = case_of(bring(letter("My deposit is missing", subject="Missing deposit"))[0])
    [again] = bring(letter("Hello? Any news?", subject="Re: Missing deposit"))
    [same_tx] = bring(letter(f"It is {TX}", to=SUPPORT, subject="Missing deposit"), letter("x", sender=EVE))[:1]
    [third] = bring(letter(f"the transaction was {TX}", subject="urgent!!"))
    assert case_of(again) == case_of(same_tx) == case_of(third) == case
    [other] = bring(letter("How do I change my phone number?", subject="Phone number"))
    assert case_of(other) != case
    [claimed] = bring(letter("Any news?", subject="Missing deposit", vouched=""))
    assert case_of(claimed) != case  # anyone can write that


def test_two_mails_on_one_matter_in_one_batch_are_one_case() -> None:
    rows = bring(letter("first", subject="Missing deposit"), letter("second", subject="Missing deposit"))
    assert case_of(rows[0]) == case_of(rows[1])
    assert [text for _, text, _ in said(case_of(rows[0]))] == ["first", "second"]


def test_what_is_kept_of_a_mail_opens_no_case() -> None:
    """E-19: programs quote whom they answer."""
    case = case_of(bring(letter())[0])
    address = token_of(case)
    text = f"yes\n\nOn Mon, 23 Nov 2026 at 10:00, Support <{address}> wrote:\n> hello\n\n"
    html = f"<p>yes</p><blockquote>{address}</blockquote>"
    bring(letter(text + f"my helper is cc'd: {address}", html=html, headers={"Cc": address.upper()}), to=address)
    with connection.cursor() as cursor:
        for table in ("conversations_entry", "conversations_mailpart", "conversations_evidence"):
            cursor.execute(f"SELECT string_agg(to_jsonb(t)::text, ' ') FROM {table} t")
            assert address.partition("@")[0].partition("+")[2] not in (cursor.fetchone()[0] or "").lower()


def test_no_mail_is_ever_an_agents_reply() -> None:
    """E-06, E-07: answering a notification does not speak in the desk's name."""
    seat = world.agent("Mei", "accounts")
    agent = Agent.objects.get(pk=seat.agent_id)
    case = case_of(bring(letter())[0])
    bring(letter("send your coins here", sender=agent.email), to=token_of(case))
    assert not case.entries.filter(author="agent").exists()
    assert case.entries.get(kind="note").data["why"] == "third_party"


# Machines.


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


def test_our_own_mail_that_comes_back_is_held() -> None:
    case = case_of(bring(letter())[0])
    ours = _we_wrote(case)
    [row] = bring(letter(sender=SUPPORT, message_id=ours))
    assert held(row) == "own"
    assert Conversation.objects.count() == 1


def test_a_service_that_confirms_our_address_is_shown_to_no_agent() -> None:
    """E-08: the ticket trick."""
    mail = letter("Your verification code is 123456", sender="no-reply@chat.example", subject="Verify your email address")
    [row] = bring(mail)
    assert held(row) == "account_mail"
    assert not Entry.objects.exists()


def test_a_bounce_counts_only_at_the_return_path_of_the_mail_it_is_about() -> None:
    """E-17: a forged one with a valid Message-ID changes nothing."""
    case = case_of(bring(letter())[0])
    ours = _we_wrote(case)
    delivery = Delivery.objects.get(message_id=ours)
    path, digest = addresses.bounce_address(key=delivery.key, ours=SUPPORT)
    Delivery.objects.filter(pk=delivery.pk).update(bounce_hash=digest, state="sent")
    dsn = _bounce(ANNA, "5.1.1", ours)
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


# What must not be kept, and what must not be lost.


def test_a_secret_in_a_mail_is_stored_nowhere() -> None:
    """X-10, EM-9: not in the text, the history, the HTML, nor the mail as it came."""
    phrase = Mnemonic("english").generate(128)
    mail = letter(f"My phrase is {phrase}", html=f"<p>My phrase is <b>{phrase}</b></p>", subject="Help")
    [row] = bring(mail)
    case = case_of(row)
    words = phrase.split()
    assert " ".join(words[3:8]) not in said(case)[0][1]
    part = MailPart.objects.get(conversation=case)
    assert part.html == ""
    assert "secret_masked" in events(case)
    with pytest.raises(sealing.Unsealable):
        post.content(row.pk)
    [quoted] = bring(letter(f"see below\n\n{WROTE}\n> {phrase}\n", sender="bob@mail.example"))
    assert " ".join(words[3:8]) not in MailPart.objects.get(conversation=case_of(quoted)).quoted


def test_files_are_kept_and_what_is_not_is_named() -> None:
    files = [("a.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n"), ("run.exe", "application/octet-stream", b"MZ\x00\x01" * 20)]
    [row] = bring(letter(files=files))
    case = case_of(row)
    assert list(Attachment.objects.filter(conversation=case).values_list("name", "state")) == [("a.pdf", "ready")]
    assert MailPart.objects.get(conversation=case).refused_files == [["run.exe", "type_refused"]]


def test_mail_from_a_throw_away_address_is_taken_and_marked() -> None:
    """EM-8."""
    [row] = bring(letter(sender="x@mailinator.com", vouched=""))
    assert "throw_away_mail" in events(case_of(row))


def test_spam_opens_a_case_that_is_in_no_list_and_is_not_answered() -> None:
    """B-07."""
    from trustdesk.policy.mail import GTUBE

    [row] = bring(letter(f"buy now {GTUBE}"))
    case = case_of(row)
    assert case.spam_at == NOON
    assert "spam" in events(case)
    assert mailed() == []


def test_a_poison_mail_stops_nobody() -> None:
    """F-37."""
    head = b"From: a@b.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
    poison = head + b"--q\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 30_000
    rows = bring(letter("one"), poison, letter("two", sender="bob@mail.example"))
    assert [row.state for row in rows] == ["processed", "unreadable", "processed"]
    assert post.content(rows[1].pk) == poison
    assert post.again(rows[1].pk, now=NOON)
    assert mailroom.read_due(now=NOON) == 1


def test_the_same_mail_is_one_line_whichever_way_it_comes_and_however_often() -> None:
    mail = letter("only once", message_id="<same@mail.example>")
    other_way = b"Received: from elsewhere by mx.northlight.example.test\r\n" + mail.replace(b"\n", b"\r\n")
    rows = bring(mail, mail, other_way)
    assert len({case_of(row).pk for row in rows}) == 1
    assert Entry.objects.filter(kind="message").count() == 1


def test_the_same_message_id_with_other_content_is_another_mail() -> None:
    rows = bring(
        letter("one", message_id="<same@mail.example>"), letter("two", sender=EVE, message_id="<same@mail.example>")
    )
    assert case_of(rows[0]) != case_of(rows[1])


def test_a_mail_without_message_id_date_or_subject_is_a_mail() -> None:
    bare = b"From: anna@mail.example\nTo: support@northlight.example.test\n\nhello"
    [row] = bring(bare)
    assert said(case_of(row)) == [("customer", "hello", True)]


def test_a_process_that_dies_after_storing_is_made_up_for() -> None:
    """Between the lines and the note that the mail is read: read again, recognised."""
    rows = letters.store(letter("only once"), letter("and this", sender="bob@mail.example"))
    failpoints.arm("mail_stored=error")
    with pytest.raises(failpoints.Injected):
        mailroom.read_due(now=NOON)
    failpoints.arm("")
    assert mailroom.read_due(now=NOON + post.LEASE + timedelta(seconds=1)) == 2
    assert {row.state for row in HookPayload.objects.all()} == {"processed"}
    assert Entry.objects.filter(kind="message").count() == len(rows) == 2


@pytest.mark.parametrize("seed", range(5))
def test_any_order_and_repetition_gives_each_mail_once(seed: int) -> None:
    dice = random.Random(seed)
    people = [f"p{number}@mail.example" for number in range(6)]
    mails = [letter(f"mail {number}", sender=dice.choice(people), subject=f"s{number}") for number in range(20)]
    handed = [*mails, *dice.choices(mails, k=15)]
    dice.shuffle(handed)
    for start in range(0, len(handed), 7):
        bring(*handed[start : start + 7])
    texts = sorted(Entry.objects.filter(kind="message").values_list("text", flat=True))
    assert texts == sorted(f"mail {number}" for number in range(20))
    for case in Conversation.objects.all():
        assert list(case.entries.order_by("seq").values_list("seq", flat=True)) == list(range(1, case.last_seq + 1))


# Staff.


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


def _we_wrote(case: Conversation) -> str:
    """Send the customer a mail of ours about the case; return its Message-ID."""
    key = f"test:{case.pk}"
    outbox.queue(
        key=key, inbox_id=outbox.mail_inbox(), conversation_id=case.pk, purpose="answer",
        recipient=ANNA, subject="Re: Question", text="Hello", now=NOON,
    )  # fmt: skip
    message_id = addresses.message_id(key=key, ours=SUPPORT)
    Delivery.objects.filter(key=key).update(message_id=message_id, state="sent")
    return message_id


def _bounce(recipient: str, status: str, original: str) -> bytes:
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
