"""E-18: what comes after a merge, on whatever channel and however late, is in the target once, and in front of nobody else."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import close_old_connections, connection

from tests import world
from tests.conversations import merges
from tests.conversations.mails import case_of, mailed, said, token_of, we_wrote
from tests.conversations.merges import merge, of, ticket
from tests.letters import ANNA, SUPPORT, bring, letter
from tests.world import NOON
from trustdesk.channels import addresses
from trustdesk.channels.contract import Inbound
from trustdesk.channels.models import ReplyAddress
from trustdesk.conversations import (
    asides,
    intake,
    merging,
    notices,
    public,
    replies,
    requests,
    returned_mail,
    transcript,
)
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.intake import Arrival
from trustdesk.conversations.mailroom import revoke_addresses
from trustdesk.conversations.merge_models import MergeRequest
from trustdesk.conversations.models import Conversation, Entry, Thread
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.merging import Fate
from trustdesk.staff.permissions import Seat

BANK = "desk@bank.example"
VISITOR = Visitor("uid", merges.UID)


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "committed_db" in request.fixturenames:
        return
    request.getfixturevalue("mailroom_open")
    world.store_at_once(monkeypatch)


def seat() -> Seat:
    return world.agent("Mei", "funds", "accounts")


def texts(case: Conversation) -> list[str]:
    return [text for author, text, _ in said(case) if author == "customer"]


def two_mails() -> tuple[Conversation, Conversation]:
    """Two cases that one proved address opened."""
    first = case_of(bring(letter("first matter", subject="One"))[0])
    second = case_of(bring(letter("another thing altogether", subject="Second question"))[0])
    assert first.pk != second.pk
    return first, second


# Mail ------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_two_mail_cases_of_one_proved_address_and_every_way_an_answer_comes() -> None:
    """The answer address of the source, a mail of ours about it, and what was decided before and arrives after."""
    source, target = two_mails()
    to_source, ours = token_of(source), we_wrote(source)
    assert merge(source, target, by=seat()) is Fate.AT_ONCE
    before = texts(source)
    for number, (more, to) in enumerate((({}, to_source), ({"In-Reply-To": ours, "References": ours}, SUPPORT))):
        [row] = bring(letter(f"answer {number}", headers=more), to=to)
        assert row.state == "processed"
    late = token_of(source)  # a mail of the source that goes out now names the same address, and it leads on
    bring(letter("answer 2"), to=late)
    assert texts(target)[-3:] == ["answer 0", "answer 1", "answer 2"]
    assert texts(source) == before
    assert Conversation.objects.count() == 2


@pytest.mark.django_db
def test_the_answer_addresses_of_a_source_live_as_long_as_the_target() -> None:
    source, target = two_mails()
    to_source = token_of(source)
    merge(source, target, by=seat())
    assert revoke_addresses(now=NOON + timedelta(days=90)) == 0
    bring(letter("months later"), to=to_source)
    assert texts(target)[-1] == "months later"
    assert not ReplyAddress.objects.filter(conversation_id=source.pk).exists()


@pytest.mark.django_db
def test_a_chain_of_merges_is_followed_to_its_end() -> None:
    source, middle = two_mails()
    last = case_of(bring(letter("a third subject, quite different", subject="Withdrawal of yesterday"))[0])
    ours = we_wrote(source)
    mei = seat()
    merge(source, middle, by=mei)
    merge(middle, last, by=mei)
    bring(letter("to the end", headers={"In-Reply-To": ours, "References": ours}))
    assert texts(last)[-1] == "to the end"
    assert Conversation.objects.count() == 3


@pytest.mark.django_db
def test_what_a_department_answers_about_the_source_is_a_note_of_the_target() -> None:
    source, target = two_mails()
    mei = seat()
    asides.ask(conversation_id=source.pk, seat=mei, recipient=BANK, text="Did it arrive?", now=NOON)
    side = addresses.reply_address(
        conversation_id=source.pk, recipient=BANK, ours=SUPPORT, now=NOON, purpose=ReplyAddress.Purpose.SIDE
    )
    merge(source, target, by=mei)
    bring(letter("CNRY it did", sender=BANK), to=side)
    assert ("customer", "CNRY it did", False) in said(target)
    assert "CNRY" not in merges.customer_sees(target) + merges.customer_sees(source)


@pytest.mark.django_db
def test_a_mail_of_the_source_that_comes_back_is_told_where_somebody_looks() -> None:
    source, target = two_mails()
    we_wrote(source)
    merge(source, target, by=seat())
    [delivery] = mailed("answer")
    returned_mail.say_bounced(delivery, hard=True, status="5.1.1", reason="", now=NOON)
    assert merges.lines(target)[-1] == ("event", "mail_bounced")
    delivery.refresh_from_db()
    assert delivery.conversation_id == source.pk  # what was sent about it stays what it was


@pytest.mark.django_db
def test_a_stranger_finds_no_way_into_the_target_that_he_had_not_into_the_source() -> None:
    source, target = two_mails()
    to_source = token_of(source)
    merge(source, target, by=seat())
    bring(letter("I found this address", sender="eve@evil.example"), to=to_source)
    assert ("customer", "I found this address", False) in said(target)  # a note, as before
    bring(letter("forged", vouched="fail", policy="reject"), to=to_source)
    assert "forged" not in [text for _, text, _ in said(target)]


# Chat, form ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_chat_goes_on_in_the_target_and_its_window_shows_that() -> None:
    """However the two are numbered: the target may be the older one."""
    mei = seat()
    older, source, newer = ticket("my ticket"), of(merges.chat("in the chat")), ticket("another")
    merge(source, older, by=mei)
    shown = public.current(inbox_id=public.chat_inbox(), thread=f"uid:{merges.UID}", locale="en", now=NOON)
    assert shown is not None
    assert shown.id == older.pk
    assert of(merges.chat("and more")) == older
    merge(older, newer, by=mei)
    assert of(merges.chat("still here")) == newer
    assert Conversation.objects.count() == 3


@pytest.mark.django_db
def test_what_is_written_on_the_page_of_the_source_is_in_the_target() -> None:
    source, target = ticket("one"), ticket("two")

    def write(text: str, identity: str) -> requests.Added:
        return requests.add_message(
            visitor=VISITOR, reference=source.reference, text=text, identity=identity, locale="en", now=NOON
        )

    before = write("before", "identity-1")
    merge(source, target, by=seat())
    again = write("before", "identity-1")  # its answer was lost on the way
    assert (again.reference, again.seq) == (before.reference, before.seq)
    after = write("after", "identity-2")
    assert (after.reference, after.opened) == (target.reference, False)
    assert [texts(source), texts(target)] == [["one", "before"], ["two", "after"]]


@pytest.mark.django_db
def test_a_chat_message_sent_again_after_the_merge_is_still_one() -> None:
    source = of(merges.chat("one", identity="same"))
    target = ticket()
    merge(source, target, by=seat())
    again = merges.chat("one", identity="same")
    assert (again.known, again.conversation_id) == (True, source.pk)
    assert texts(target) == ["My deposit is missing"]


@pytest.mark.django_db
def test_who_reads_the_source_by_its_mail_address_alone_gets_to_read_nothing_of_the_target() -> None:
    """E-18: the owner of an address that one case is answered at is not the customer, and the target was never his."""
    mei, noor = merges.cast()
    source = ticket("CNRY-source", visitor="anna", answer_to=ANNA, answer_proved=True)
    target = ticket("CNRY-target", visitor="anna")
    owner = Visitor("mail", ANNA, mail=ANNA)
    requests.to_chat(visitor=owner, reference=source.reference, now=NOON)  # his chat window shows it
    merges.approved(source, target, by=mei, also=noor)
    assert public.find_case(owner, target.reference, locale="en", now=NOON) is None
    view = public.find_case(owner, source.reference, locale="en", now=NOON)
    assert view is not None
    assert (view.facts.merged_into, view.facts.merged) == ("", ())
    window = public.current(inbox_id=public.chat_inbox(), thread=owner.thread, locale="en", now=NOON)
    assert window is not None
    assert window.id == source.pk
    added = requests.add_message(
        visitor=owner, reference=source.reference, text="mine", identity="identity-1", locale="en", now=NOON
    )
    assert added.opened  # a case of his own, linked, and nothing is lost
    assert "mine" not in merges.customer_sees(target)
    inbound = Inbound(
        external_id="mail:anna:1", thread=owner.thread, handle_kind="mail", handle=ANNA, text="chat", sent_at=NOON
    )
    [stored] = intake.receive(messages=[Arrival(public.chat_inbox(), inbound)], now=NOON)
    assert stored.conversation_id not in (source.pk, target.pk)
    customer = Visitor("visitor", "anna")
    his = requests.add_message(
        visitor=customer,
        reference=source.reference,
        text="from the customer",
        identity="identity-2",
        locale="en",
        now=NOON,
    )
    assert his.reference == target.reference


# What customers see ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_each_page_leads_to_the_other_and_no_note_or_reason_is_on_either() -> None:
    mei, noor = merges.cast()
    source, target = ticket("one", visitor="anna"), ticket("two", visitor="anna")
    for case in (source, target):
        replies.send(replies=[replies.Reply(case.pk, mei.agent_id, "a-note-1", "CNRY-note", True)], now=NOON)
    request = merges.asked(source, target, by=mei, reason="CNRY-reason")
    merging.approve(request_id=request.pk, seat=noor, now=NOON)
    seen = merges.customer_sees(source) + merges.customer_sees(target)
    assert "CNRY" not in seen
    for hidden in ("merge_asked", "four_eyes", "because", "reason"):
        assert hidden not in seen
    customer = Visitor("visitor", "anna")
    here = public.find_case(customer, source.reference, locale="en", now=NOON)
    there = public.find_case(customer, target.reference, locale="en", now=NOON)
    assert here is not None
    assert there is not None
    assert (here.facts.merged_into, there.facts.merged) == (target.reference, (source.reference,))
    assert here.case.merged
    last = public.whole(source.pk).lines[-1]
    assert (last.event, dict(last.params)) == ("merged", {"case": target.reference})
    written = transcript.render_text(page=public.whole(source.pk), case=here.case, locale="en")
    assert target.reference in written
    assert "CNRY" not in written


@pytest.mark.django_db
def test_what_is_mailed_after_a_merge_holds_nothing_of_the_other_case() -> None:
    """E-18: an answer in the target carries its own thread and words only."""
    source, target = two_mails()
    mei = seat()
    replies.send(replies=[replies.Reply(source.pk, mei.agent_id, "a-note-1", "CNRY-note", True)], now=NOON)
    own = source.mail_parts.get().message_id
    merge(source, target, by=mei)
    replies.send(replies=[replies.Reply(target.pk, mei.agent_id, "a-reply-1", "Here it is")], now=NOON)
    notices.mail_unread(conversation_id=target.pk, now=NOON)
    notices.mail_unread(conversation_id=source.pk, now=NOON)
    [answer] = mailed("reply")
    assert answer.conversation_id == target.pk
    assert own not in repr(answer.about)
    for hidden in ("first matter", "CNRY", source.reference):
        assert hidden not in answer.text + answer.subject


# At the same moment ----------------------------------------------------------------------------------------------------


def together(*acts: Callable[[], Any]) -> list[Exception | None]:
    """Do these at one moment, each in a thread and with a connection of its own; return what each raised."""
    barrier = threading.Barrier(len(acts))
    outcomes: list[Exception | None] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait(20)
            act()
        except Exception as error:  # noqa: BLE001  it is asserted on
            outcomes[number] = error
        finally:
            connection.close()

    running = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for one in running:
        one.start()
    for one in running:
        one.join(60)
    close_old_connections()
    return outcomes


@pytest.mark.parametrize("seed", range(4))
def test_a_message_that_races_with_the_merge_is_in_one_of_the_two_once(committed_db: str, seed: int) -> None:
    """The row lock decides: chat, page and the same message sent twice, before, while and after the merge."""
    world.fresh()
    mei, chance = seat(), random.Random(seed)
    pair = [of(merges.chat("chat")), ticket("ticket")]
    chance.shuffle(pair)
    source, target = pair
    sent = [f"m{number}" for number in range(8)]

    def write(text: str) -> None:
        for _ in range(2):
            if text[-1] in "02468":
                merges.chat(text, identity=f"id-{text}")
            else:
                requests.add_message(
                    visitor=VISITOR, reference=source.reference, text=text, identity=f"id-{text}", locale="en", now=NOON
                )

    acts: list[Callable[[], Any]] = [partial(write, text) for text in sent]
    acts.insert(chance.randrange(len(acts)), partial(merge, source, target, by=mei))
    assert together(*acts) == [None] * 9
    source.refresh_from_db()
    assert source.merged_into_id == target.pk
    stored = texts(source) + texts(target)
    assert sorted(stored) == sorted(["chat", "ticket", *sent])
    assert Conversation.objects.count() == 2
    for case in (source, target):
        numbers = list(case.entries.order_by("seq").values_list("seq", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
    assert Entry.objects.filter(conversation=source).latest("seq").event == "merged"
    assert Thread.objects.get(external=f"uid:{merges.UID}").conversation_id == target.pk


def test_of_fifty_who_agree_at_once_one_merges(committed_db: str) -> None:
    """A-19, E-18."""
    world.fresh()
    mei = seat()
    colleagues = [world.agent(f"Noor{number}", "funds") for number in range(5)]
    source, target = ticket(visitor="anna"), ticket(visitor="anna")
    request = merges.asked(source, target, by=mei)
    acts = [
        partial(merging.approve, request_id=request.pk, seat=one, now=NOON)
        for one, _ in itertools.product(colleagues, range(10))
    ]
    outcomes = together(*acts)
    assert outcomes.count(None) == 1
    assert {error.code for error in outcomes if isinstance(error, UnableToAct)} == {"decided"}
    assert [text for _, text in merges.lines(target)].count("merged_from") == 1
    assert MergeRequest.objects.get().state == "approved"


def test_two_who_merge_each_into_the_other_make_no_circle(committed_db: str) -> None:
    world.fresh()
    mei, one, other = seat(), ticket(), ticket()
    outcomes = together(*[partial(merge, *pair, by=mei) for pair in [(one, other), (other, one)] * 3])
    assert outcomes.count(None) == 1
    assert all(isinstance(error, UnableToAct) for error in outcomes if error)
    assert Conversation.objects.filter(merged_into=None).count() == 1


def test_an_agent_s_answer_that_races_with_the_merge_is_stored_or_refused(committed_db: str) -> None:
    world.fresh()
    mei, source, target = seat(), ticket(), ticket()
    said_there = [replies.Reply(source.pk, mei.agent_id, f"a-reply-{number}", "hello") for number in range(5)]
    acts: list[Callable[[], Any]] = [partial(replies.send, replies=[one], now=NOON) for one in said_there]
    outcomes = together(*acts, lambda: merge(source, target, by=mei))
    stored = source.entries.filter(kind="message", author="agent").count()
    assert stored == outcomes[:5].count(None)
    assert all(getattr(error, "code", "") == "merged" for error in outcomes[:5] if error)
