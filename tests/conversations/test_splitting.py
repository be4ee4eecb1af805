"""One message of a case becomes a case of its own: its text and nothing else goes along."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import world
from tests.conversations import merges, uploads
from tests.conversations.mails import case_of, mailed, said, token_of
from tests.conversations.merges import lines, ticket
from tests.letters import ANNA, bring, letter
from tests.world import NOON
from trustdesk.conversations import notices, public, replies, requests, rulebook, splitting
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.models import Conversation, Evidence, Promise, Thread
from trustdesk.customers.visitors import Visitor
from trustdesk.staff.permissions import Seat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailroom_open")]
LATER = NOON + timedelta(minutes=9)
TX = "0x" + "ab" * 32


def split(
    case: Conversation, *, by: Seat, seq: int = 1, code: str = "kyc", subject: str = "Identity", **more: object
) -> Conversation:
    made = splitting.split(conversation_id=case.pk, seq=seq, code=code, subject=subject, seat=by, now=LATER)
    return Conversation.objects.get(reference=made)


def test_the_text_goes_along_and_both_cases_name_the_other() -> None:
    mei, _ = merges.cast()
    old = ticket(f"Two things: my papers, and {TX}")
    new = split(old, by=mei)
    assert (new.customer_id, new.split_from_id, new.subject) == (old.customer_id, old.pk, "Identity")
    assert new.type is not None
    assert (new.type.code, new.team_id, new.status) == ("kyc", rulebook.rule("kyc").team_id, "waiting")
    assert (new.waiting_since, new.created_at, new.assignee_id) == (NOON, LATER, None)
    assert lines(new) == [
        ("message", f"Two things: my papers, and {TX}"),
        ("event", "split_from"),
        ("event", "triaged"),
    ]
    first = new.entries.get(seq=1)
    assert (first.author, first.visible, first.handle_id) == ("customer", True, old.entries.get(seq=1).handle_id)
    here, there = old.entries.get(event="split"), new.entries.get(event="split_from")
    assert (here.data["case"], there.data["case"]) == (new.reference, old.reference)
    assert here.agent_id == there.agent_id == mei.agent_id
    assert list(Evidence.objects.filter(conversation=new).values_list("kind", "value")) == [("tx_id", TX)]
    assert Promise.objects.filter(conversation=new, type_code="kyc").exists()


def test_neither_notes_nor_files_nor_a_proof_nor_threads_go_along() -> None:
    mei, _ = merges.cast()
    key = uploads.send(b"my statement", "CNRY-name.txt").key
    case = merges.of(world.chat("CNRY-not-this"))
    world.chat("this one", uploads=(key,))
    replies.send(replies=[replies.Reply(case.pk, mei.agent_id, "a-note-1", "CNRY-note", True)], now=NOON)
    Conversation.objects.filter(pk=case.pk).update(
        proof_level=2, proof_until=LATER + timedelta(hours=1), proof_how="session"
    )
    seq = case.entries.get(text="this one").seq
    new = split(case, by=mei, seq=seq)
    assert "CNRY" not in merges.customer_sees(new) + repr(lines(new))
    assert (new.proof_level, new.proof_until) == (0, None)
    assert not new.attachments.exists()
    assert case.attachments.count() == 1
    assert list(Thread.objects.filter(conversation=new)) == []
    assert merges.of(world.chat("and this stays")) == case
    assert new.inbox_id == rulebook.form_inbox()  # no chat window shows it
    assert new.queued_at is None


def test_a_mail_becomes_a_mail_case_that_is_answered_as_one_and_opens_nothing_else() -> None:
    """E-19: what opens the old case is in no line of the new one, and the new one has an address of its own."""
    mei = world.agent("Mei", "funds", "accounts")
    old = case_of(bring(letter("first"))[0])
    address = token_of(old)
    bring(letter(f"and my papers? I write to {address}"), to=address)
    seq = old.entries.get(text__startswith="and my papers").seq
    # As if it had been stored before what hides tokens knew this one.
    old.entries.filter(seq=seq).update(text=f"and my papers? {address}")
    new = split(old, by=mei, seq=seq, subject=f"Papers {address}")
    token = address.partition("@")[0].partition("+")[2]
    for where in (new.subject, *(text for _, text in lines(new)), *(text for _, text, _ in said(new))):
        assert token not in where
    assert (new.inbox_id, new.answer_to, new.answer_proved) == (old.inbox_id, ANNA, True)
    replies.send(replies=[replies.Reply(new.pk, mei.agent_id, "a-reply-1", "Send them here")], now=LATER)
    notices.mail_unread(conversation_id=new.pk, now=LATER)
    [answer] = mailed("reply")
    assert answer.conversation_id == new.pk
    assert token_of(new) != address
    bring(letter("here they are"), to=token_of(new))
    bring(letter("and more on the first"), to=address)
    assert said(new)[-1][1] == "here they are"
    assert said(old)[-1][1] == "and more on the first"


def test_the_same_again_is_the_same_case_and_another_type_is_another() -> None:
    mei, _ = merges.cast()
    old = ticket("three things at once")
    assert split(old, by=mei) == split(old, by=mei, subject="again")
    assert split(old, by=mei, code="withdrawal_delayed") != split(old, by=mei)
    assert Conversation.objects.filter(split_from=old).count() == 2
    assert [text for _, text in lines(old)].count("split") == 2


def test_a_secret_in_the_subject_is_masked() -> None:
    mei, _ = merges.cast()
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    assert "sausage" not in split(ticket(), by=mei, subject=f"phrase {phrase}").subject


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"seq": 2}, "no_message"),  # an event
        ({"seq": 99}, "no_message"),
        ({"code": "no-such-type"}, "no_type"),
        ({"code": ""}, "no_type"),
        ({"subject": " \n"}, "no_subject"),
    ],
)
def test_what_cannot_be_split(changed: dict[str, object], code: str) -> None:
    mei, _ = merges.cast()
    case = ticket()
    with pytest.raises(UnableToAct) as error:
        split(case, by=mei, **changed)  # type: ignore[arg-type]
    assert error.value.code == code
    assert Conversation.objects.count() == 1


def test_neither_a_note_nor_an_answer_of_ours_becomes_a_case() -> None:
    mei, _ = merges.cast()
    case = ticket()
    for note in (True, False):
        replies.send(replies=[replies.Reply(case.pk, mei.agent_id, f"a-line-{note}", "CNRY", note)], now=NOON)
        last = case.entries.filter(text="CNRY").latest("seq")
        with pytest.raises(UnableToAct, match="no_message"):
            split(case, by=mei, seq=last.seq)


def test_only_who_may_act_in_the_case_splits_it_and_only_while_it_is_open() -> None:
    mei = world.agent("Mei", "funds")
    theirs, mine = ticket(topic="hacked"), ticket()
    with pytest.raises(UnableToAct, match="not_found"):
        split(theirs, by=mei)
    requests.close(visitor=Visitor("uid", merges.UID), reference=mine.reference, now=NOON)
    with pytest.raises(UnableToAct, match="closed"):
        split(mine, by=mei)
    one, other = ticket(), ticket()
    merges.merge(one, other, by=mei)
    with pytest.raises(UnableToAct, match="merged"):
        split(one, by=mei)


def test_the_customer_finds_the_new_case_among_his_own_and_is_told_by_mail() -> None:
    mei, _ = merges.cast()
    mail = "anna@mail.example"
    old = ticket(visitor="anna", answer_to=mail, answer_proved=True)
    new = split(old, by=mei)
    anna, owner = Visitor("visitor", "anna"), Visitor("mail", mail, mail=mail)
    for visitor in (anna, owner):
        view = public.find_case(visitor, new.reference, locale="en", now=LATER)
        assert view is not None
        assert view.facts.split_from == old.reference
        assert new.reference in {one.reference for one in public.cases_of(visitor, locale="en")}
    here = public.find_case(anna, old.reference, locale="en", now=LATER)
    assert here is not None
    assert here.facts.followed_by == ""  # it goes on by itself
    notices.tell(what="opened", conversation_ids=[new.pk], now=LATER)
    [told] = mailed("opened")
    assert new.reference in told.text
