"""Nothing of a mail is kept that must not be, nothing is lost, nothing doubled."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from mnemonic import Mnemonic

from tests import letters
from tests.conversations.mails import EVE, WROTE, case_of, events, mailed, said, token_of
from tests.letters import SUPPORT, bring, letter
from tests.world import NOON
from trustdesk.channels import addresses, mailboxes, outbox, post, sealing
from trustdesk.channels.models import HookPayload, Inbox, MailboxState
from trustdesk.conversations import mailroom, notices, rulebook
from trustdesk.conversations.mail_models import MailPart
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.net.imap import Fetched
from trustdesk.net.imap_watch import Batch, Cursor
from trustdesk.seams import clock, failpoints
from trustdesk.staff.models import Team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailroom_open")]


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
    case = case_of(bring(letter(sender="carl@mail.example"))[0])
    [aside] = bring(letter(f"look: {phrase}", sender="dora@mail.example"), to=token_of(case, "carl@mail.example"))
    with pytest.raises(sealing.Unsealable):
        post.content(aside.pk)
    [quoted] = bring(letter(f"see below\n\n{WROTE}\n> {phrase}\n", sender="bob@mail.example"))
    assert " ".join(words[3:8]) not in MailPart.objects.get(conversation=case_of(quoted)).quoted
    with pytest.raises(sealing.Unsealable):
        post.content(quoted.pk)


def test_files_are_kept_and_what_is_not_is_named() -> None:
    files = [("a.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n"), ("run.exe", "application/octet-stream", b"MZ\x00\x01" * 20)]
    [row] = bring(letter(files=files))
    case = case_of(row)
    assert list(Attachment.objects.filter(conversation=case).values_list("name", "state")) == [("a.pdf", "ready")]
    assert MailPart.objects.get(conversation=case).refused_files == [["run.exe", "type_refused"]]


def test_signatures_and_calendars_that_are_said_are_not_called_refused() -> None:
    """Nobody misses them, and "not taken" would have staff ask the customer for them again."""
    calendar = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Call\r\nEND:VEVENT\r\nEND:VCALENDAR"
    files = [
        ("smime.p7s", "application/pkcs7-signature", b"0\x80"),
        ("signature.asc", "application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----"),
        ("invite.ics", "text/calendar", calendar),
        ("run.exe", "application/octet-stream", b"MZ\x00\x01" * 20),
    ]
    case = case_of(bring(letter("hello", files=files))[0])
    assert MailPart.objects.get(conversation=case).refused_files == [["run.exe", "type_refused"]]
    assert said(case) == [("customer", "hello\n\nCalendar: Call", True)]


def test_mail_from_a_throw_away_address_is_taken_and_marked() -> None:
    """EM-8."""
    [row] = bring(letter(sender="x@mailinator.com", vouched=""))
    case = case_of(row)
    assert "throw_away_mail" in events(case)
    notices.tell(what="opened", conversation_ids=[case.pk], now=NOON)
    [ack] = mailed("opened")
    assert "lasting address" in ack.text


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


def test_what_ends_its_reader_is_put_aside_after_three_tries() -> None:
    """F-37, F-44: a busy machine may have been to blame; and no other mail waits for it."""
    poison = b"From: a@b.example\r\n\r\n" + "😀".encode() * 8_000_000
    rows = bring(letter("one"), poison, letter("two", sender="bob@mail.example"))
    now, tries = NOON, [(rows[1].state, rows[1].attempts)]
    while tries[-1][0] == "stored":
        now += post.LONGEST
        assert mailroom.read_due(now=now) == 1
        rows[1].refresh_from_db()
        tries.append((rows[1].state, rows[1].attempts))
    assert tries == [("stored", 1), ("stored", 2), ("unreadable", 3)]
    assert (rows[1].reason, rows[0].state, rows[2].state) == ("too_complex", "processed", "processed")


def test_the_same_mail_is_one_line_whichever_way_it_comes_and_however_often() -> None:
    mail = letter("only once", message_id="<same@mail.example>")
    other_way = b"Received: from elsewhere by mx.northlight.example.test\r\n" + mail.replace(b"\n", b"\r\n")
    rows = bring(mail, mail, other_way)
    assert len({case_of(row).pk for row in rows}) == 1
    assert Entry.objects.filter(kind="message").count() == 1


@pytest.fixture
def partners() -> str:
    """A second address of ours, with a team of its own."""
    address = "partners@northlight.example.test"
    Inbox.objects.create(kind="email", name="Partners", address=address, team=Team.objects.get(slug="partners"))
    addresses.forget()
    rulebook.forget()
    return address


@pytest.mark.parametrize("vouched", ["pass", ""], ids=["proved", "claimed"])
@pytest.mark.parametrize("together", [True, False])
def test_one_mail_to_two_of_our_addresses_is_one_line_where_it_came_first(
    partners: str, vouched: str, together: bool
) -> None:
    file = ("a.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n")
    mail = letter("to both of you", to=f"{SUPPORT}, {partners}", vouched=vouched, files=[file])
    if together:
        letters.store(mail, to=partners)
        bring(mail)
    else:
        bring(mail, to=partners)
        bring(mail)
    first, second = HookPayload.objects.order_by("pk")
    case = case_of(first)
    assert case_of(second) == case
    assert [text for _, text, _ in said(case)] == ["to both of you"]
    assert case.team == Team.objects.get(slug="partners")
    assert Attachment.objects.count() == 1
    assert bring(letter("another mail", message_id="<one@mail.example>", vouched=vouched), to=partners)
    assert bring(letter("and not the same", message_id="<one@mail.example>", vouched=vouched))
    assert Entry.objects.filter(kind="message").count() == 3


def test_an_answer_that_goes_to_another_address_as_well_is_said_in_its_case(partners: str) -> None:
    """Whichever copy is read first; and what a third party writes to both is one note."""
    case = case_of(bring(letter(vouched=""))[0])
    token = token_of(case)
    mail = letter("once", to=f"{token}, {partners}", vouched="")
    rows = [*bring(mail, to=partners), *bring(mail, to=token)]
    assert {case_of(row) for row in rows} == {case}
    assert [text for _, text, _ in said(case)] == ["My deposit is missing", "once"]
    other = letter("a friend", sender=EVE, to=f"{token}, {partners}")
    rows = [*bring(other, to=partners), *bring(other, to=token)]
    assert {case_of(row) for row in rows} == {case}
    assert [text for _, text, _ in said(case)] == ["My deposit is missing", "once", "a friend"]


def test_a_secret_in_a_mail_to_two_addresses_is_left_in_neither_copy(partners: str) -> None:
    mail = letter(f"My phrase is {Mnemonic('english').generate(128)}", to=f"{SUPPORT}, {partners}")
    for row in (*bring(mail), *bring(mail, to=partners)):
        with pytest.raises(sealing.Unsealable):
            post.content(row.pk)


def test_a_mail_that_is_fetched_and_pushed_by_a_provider_is_one_line(partners: str) -> None:
    mail = letter("twice", vouched="").replace(b"\n", b"\r\n")
    inbox = outbox.mail_inbox()
    MailboxState.objects.create(inbox_id=inbox)
    with clock.frozen(NOON):
        mails = (Fetched(1, b"Received: by imap.example\r\n" + mail, NOON, len(mail)),)
        mailboxes.take(inbox, Batch(Cursor(7, 1), mails))
    [pushed] = bring(b"Received: by provider.example\r\n" + mail, to=partners)
    fetched = HookPayload.objects.exclude(pk=pushed.pk).get()
    assert case_of(fetched) == case_of(pushed)
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
    later = NOON + post.LEASE + timedelta(seconds=1)
    assert [mailroom.read_due(now=later) for _ in range(3)] == [1, 1, 0]  # what was left behind is taken alone
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
