"""Mail becomes lines of cases: who gets into which, and who does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tests import world
from tests.conversations.mails import EVE, TX, WROTE, case_of, held, mailed, recipients, said, token_of, we_wrote
from tests.letters import ANNA, SUPPORT, bring, letter
from tests.world import NOON
from trustdesk.channels import addresses, post
from trustdesk.channels.models import Delivery, Inbox
from trustdesk.conversations import mailroom, notices, public, replies, requests
from trustdesk.conversations.mail_models import MailPart
from trustdesk.conversations.models import Conversation, Entry, Evidence
from trustdesk.conversations.replies import Reply
from trustdesk.customers import visitors
from trustdesk.customers.models import Handle
from trustdesk.staff.models import Agent, Team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailroom_open")]


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


@pytest.mark.parametrize("to", ["friends@northlight.example.test", "undisclosed-recipients:;"])
def test_a_mailbox_has_its_team_and_type_however_its_mail_was_addressed(to: str) -> None:
    """It is fetched through an alias or from a Bcc as well: nothing in the mail names the address then."""
    team = Team.objects.get(slug="partners")
    box = Inbox.objects.create(kind="email", name="Partners", address="partners@northlight.example.test", team=team, type_code="agreement")
    addresses.forget()
    raw = post.Raw(box.pk, "mail", "imap:7:1:x", letter(subject="Hello", to=to), {"uid": 1}, NOON)
    post.store([raw])
    assert mailroom.read_due(now=NOON) == 1
    case = Conversation.objects.get()
    assert (case.team, case.type and case.type.code) == (team, "agreement")


# How an answer finds its case.


def test_an_address_that_is_switched_off_goes_on_for_who_answers_an_open_case() -> None:
    case = case_of(bring(letter())[0])
    address = token_of(case)
    path, _ = addresses.bounce_address(key="test:1", ours=SUPPORT)
    Inbox.objects.create(kind="email", name="New", address="desk@northlight.example.test")
    Inbox.objects.filter(pk=case.inbox_id).update(enabled=False)
    addresses.forget()
    assert addresses.route(SUPPORT) is None
    assert addresses.route("support+spam@northlight.example.test") is None
    assert [route.bounce for one in (address, path) if (route := addresses.route(one))] == [False, True]
    [row] = bring(letter("still there?"), to=address)
    assert case_of(row) == case
    assert SUPPORT not in addresses.ours()


def test_an_answer_to_the_address_made_for_its_sender_is_a_message_of_the_case() -> None:
    case = case_of(bring(letter())[0])
    [row] = bring(letter(f"Here is more\n\n{WROTE}\n> hello\n", subject="Re: anything"), to=token_of(case))
    assert case_of(row) == case
    assert said(case)[1] == ("customer", "Here is more", True)


def test_an_answer_to_the_plain_address_is_found_by_the_mail_of_ours_that_it_answers() -> None:
    case = case_of(bring(letter())[0])
    ours = we_wrote(case)
    [row] = bring(letter("And this?", headers={"In-Reply-To": ours}))
    assert case_of(row) == case


@pytest.mark.parametrize("how", ["number", "references", "own_message_id", "text"])
def test_a_stranger_never_gets_into_a_case_however_much_he_knows(how: str) -> None:
    """E-02: subject number, References of ours, the customer's own Message-ID, the case number in the text."""
    case = case_of(bring(letter(message_id="<hers@mail.example>"))[0])
    ours = we_wrote(case)
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
    file = ("a.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n")
    [row] = bring(letter("I am her friend", sender=EVE, files=[file]), to=token_of(case))
    assert row.conversation_id == case.pk
    entry = case.entries.get(author="customer", kind="note")
    assert (entry.text, entry.visible, entry.data) == ("I am her friend", False, {"from": EVE, "why": "third_party"})
    assert [(one.name, one.state, one.conversation_id) for one in entry.attachments.all()] == [("a.pdf", "ready", case.pk)]
    case.refresh_from_db()
    assert (case.customer_id, case.answer_to, case.status) == before
    assert MailPart.objects.get(sender=EVE).conversation == case
    answer(case, "We look into it.")
    sent = recipients()
    assert set(sent) == {ANNA}
    assert len(sent) == 2, "acknowledgement and answer"


def answer(case: Conversation, text: str) -> None:
    """Have an agent of the case's team answer."""
    assert case.team is not None
    mei = world.agent("Mei", case.team.slug)
    one = Reply(case.pk, mei.agent_id, "mei:1", text)
    replies.send(replies=[one], now=NOON)


def test_cc_adds_nobody() -> None:
    """E-04."""
    case = case_of(bring(letter(headers={"Cc": EVE}))[0])
    bring(letter("more", headers={"Cc": f"{EVE}, bob@mail.example"}), to=token_of(case))
    assert MailPart.objects.filter(cc__contains=[EVE]).count() == 2
    answer(case, "We look into it.")
    sent = recipients()
    assert set(sent) == {ANNA}
    assert len(sent) == 2, "acknowledgement and answer"
    assert not Handle.objects.filter(value=EVE).exists()


@pytest.mark.parametrize("policy", ["reject", "quarantine"])
@pytest.mark.parametrize("knows", ["nothing", "reference", "token"])
def test_a_forged_sender_reaches_no_case(policy: str, knows: str) -> None:
    """E-01: no message, nothing sent, held with its reason."""
    case = case_of(bring(letter())[0])
    ours = we_wrote(case)
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
def test_one_flipped_character_of_a_token_opens_a_new_case_and_is_logged(
    flip: int, caplog: pytest.LogCaptureFixture
) -> None:
    """E-05."""
    case = case_of(bring(letter(vouched=""))[0])
    local, _, domain = token_of(case).partition("@")
    at = len(local) - 26 + flip
    wrong = local[:at] + ("a" if local[at] != "a" else "b") + local[at + 1 :]
    caplog.set_level("WARNING", "trustdesk")
    [row] = bring(letter("more", vouched=""), to=f"{wrong}@{domain}")
    assert case_of(row) != case
    assert [record.message for record in caplog.records] == [f"mail {row.pk} came to an answer address of no case"]


def test_a_token_is_worthless_a_month_after_its_case_was_closed(caplog: pytest.LogCaptureFixture) -> None:
    case = case_of(bring(letter())[0])
    address = token_of(case)
    Conversation.objects.filter(pk=case.pk).update(status="closed", resolved_at=NOON)
    bring(letter("still there?", headers={"Auto-Submitted": "auto-replied"}), to=address)  # nobody keeps it alive by writing
    assert mailroom.revoke_addresses(now=NOON + timedelta(days=29)) == 0
    assert mailroom.revoke_addresses(now=NOON + timedelta(days=31)) == 1
    caplog.set_level("WARNING", "trustdesk")
    [row] = bring(letter("still there?"), to=address)
    other = case_of(row)
    assert other != case
    assert other.follows is None
    assert [record.message for record in caplog.records] == [f"mail {row.pk} came to an answer address of no case"]


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


def test_a_mail_is_not_swallowed_by_a_chat_that_began_with_the_same_word() -> None:
    """What signed-in customers say in a chat is answered at their address too; "Hello, I have a question" is no matter."""
    greeting = "Hello, I have a question"
    chat = world.chat(greeting, answer_to=ANNA, answer_proved=True)
    [row] = bring(letter(greeting, subject=greeting))
    assert case_of(row).pk != chat.conversation_id
    about = world.chat(f"Where is {TX}?", visitor="anna2", answer_to=ANNA, answer_proved=True)
    [named] = bring(letter(f"It is {TX}", subject="urgent"))
    assert case_of(named).pk == about.conversation_id


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


@pytest.mark.parametrize("standing", ["active", "disabled", "moved"])
def test_no_mail_is_ever_an_agents_reply(standing: str) -> None:
    """E-06, E-07: answering a notification does not speak in the desk's name, whoever the agent is by now."""
    seat = world.agent("Mei", "accounts")
    agent = Agent.objects.get(pk=seat.agent_id)
    case = case_of(bring(letter())[0])
    if standing == "moved":
        agent.teams.set(Team.objects.filter(slug="trading"))
    Agent.objects.filter(pk=agent.pk).update(is_active=standing != "disabled")
    bring(letter("send your coins here", sender=agent.email), to=token_of(case))
    assert not case.entries.filter(author="agent").exists()
    assert case.entries.get(kind="note").data["why"] == "third_party"
    guessed = f"<notify-{case.pk}-{agent.pk}@northlight.example.test>"
    [row] = bring(letter("and here", sender=agent.email, headers={"In-Reply-To": guessed, "References": guessed}))
    assert case_of(row) != case
    assert not Entry.objects.filter(author="agent").exists()


@pytest.mark.parametrize("vouched", ["pass", ""])
def test_who_only_ever_wrote_from_an_address_sees_nothing_of_it(vouched: str) -> None:
    """E-09: cases of an address are listed for who has typed the code that was mailed there, and for nobody else."""
    case = case_of(bring(letter(vouched=vouched))[0])
    other = visitors.addressed(mail="eve@elsewhere.example", now=NOON)
    for visitor in (visitors.anonymous(), other, visitors.identified(uid="7001", mail="", now=NOON)):
        assert public.cases_of(visitor, locale="en") == []
    own = public.cases_of(visitors.addressed(mail=ANNA, now=NOON), locale="en")
    assert [one.reference for one in own] == [case.reference]


def test_who_answers_a_letter_that_a_stranger_had_us_send_is_not_drawn_into_his_case() -> None:
    """A stranger names her address in his chat; she answers our letter: nothing of hers is shown to him, nothing proved."""
    chat = world.chat("hello", visitor="mallory")
    requests.leave_mail(conversation_id=chat.conversation_id, mail=ANNA, now=NOON)
    notices.tell(what="proof", conversation_ids=[chat.conversation_id], now=NOON)
    [letter_of_ours] = mailed()
    message_id = addresses.message_id(key=letter_of_ours.key, ours=SUPPORT)
    Delivery.objects.update(message_id=message_id, state="sent")
    [row] = bring(letter("That was not me! Anna, 1 Some Street", headers={"In-Reply-To": message_id}))
    his = Conversation.objects.get(pk=chat.conversation_id)
    assert case_of(row) != his
    assert "Some Street" not in str(said(his))
    assert his.proof_level == 0


def test_a_mail_proves_its_sender_in_no_case_that_is_not_his() -> None:
    chat = world.chat("hello", visitor="mallory")
    Conversation.objects.filter(pk=chat.conversation_id).update(answer_to=ANNA, answer_proved=False)
    his = Conversation.objects.get(pk=chat.conversation_id)
    bring(letter("what is this?"), to=token_of(his))
    his.refresh_from_db()
    assert his.proof_level == 0
