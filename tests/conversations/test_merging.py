"""E-18: two cases become one only where that puts nobody's words before somebody else, and nothing on the way is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import world
from tests.conversations import merges
from tests.conversations.merges import asked, lines, merge, of, ticket
from tests.world import NOON
from trustdesk.channels import addresses
from trustdesk.conversations import merging, replies, requests, resolution, spam
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.merge_models import MergeRequest
from trustdesk.conversations.models import Conversation, Proving, Wait
from trustdesk.customers.visitors import Visitor
from trustdesk.policy.merging import Fate
from trustdesk.staff.models import Membership, Role
from trustdesk.staff.permissions import Seat
from trustdesk.staff.permissions import seat as seat_now

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=9)
ANNA = Visitor("uid", merges.UID)


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def state(*cases: Conversation) -> list[object]:
    """Everything of these cases that a merge could touch."""
    found: list[object] = [MergeRequest.objects.count()]
    for case in cases:
        found += [Conversation.objects.filter(pk=case.pk).values().get(), lines(case)]
    return found


# At once ---------------------------------------------------------------------------------------------------------------


def test_a_customer_who_signed_in_twice_is_merged_at_once_and_no_line_moves() -> None:
    mei, _ = merges.cast()
    source, target = ticket("first words"), ticket("second words")
    before = lines(source), lines(target)
    assert merge(source, target, by=mei, now=LATER) is Fate.AT_ONCE
    source.refresh_from_db()
    target.refresh_from_db()
    assert (source.status, source.merged_into_id, source.waiting_since) == ("closed", target.pk, None)
    assert (target.status, target.merged_into_id) == ("waiting", None)
    assert lines(source) == [*before[0], ("event", "merged")]
    assert lines(target) == [*before[1], ("event", "merged_from")]
    for case, other in ((source, target), (target, source)):
        event = case.entries.get(event__startswith="merged")
        assert event.data == {"case": other.reference, "because": {"code": "same_identity"}}
        assert event.agent_id == mei.agent_id


def test_the_target_is_as_urgent_and_as_old_as_either_and_keeps_its_agent() -> None:
    mei, noor = merges.cast()
    source = ticket("long ago")
    target = ticket("now", now=LATER)
    Conversation.objects.filter(pk=source.pk).update(priority=1, assignee=mei.agent_id, status="open")
    Conversation.objects.filter(pk=target.pk).update(priority=3, assignee=noor.agent_id, status="open")
    merge(source, target, by=mei, now=LATER)
    target.refresh_from_db()
    assert (target.priority, target.waiting_since, target.assignee_id) == (1, NOON, noor.agent_id)


def test_a_less_urgent_case_makes_nothing_less_urgent() -> None:
    mei, _ = merges.cast()
    source, target = ticket(now=LATER), ticket("now")
    Conversation.objects.filter(pk=target.pk).update(priority=0)
    merge(source, target, by=mei, now=LATER)
    target.refresh_from_db()
    assert (target.priority, target.waiting_since) == (0, NOON)


@pytest.mark.parametrize("over", ["pending", "resolved"])
def test_who_waited_in_the_source_waits_in_the_target(over: str) -> None:
    mei, _ = merges.cast()
    source, target = ticket(), ticket()
    act = resolution.pend if over == "pending" else resolution.resolve
    act(conversation_id=target.pk, seat=mei, now=NOON)
    merge(source, target, by=mei, now=LATER)
    target.refresh_from_db()
    assert target.status == ("open" if target.assignee_id else "waiting")
    assert (target.waiting_since, target.resolved_at) == (NOON, None)
    assert ("reopened" in [text for _, text in lines(target)]) is (over == "resolved")


def test_a_source_that_is_over_wakes_nobody() -> None:
    mei, _ = merges.cast()
    source, target = ticket(), ticket()
    for case in (source, target):
        resolution.resolve(conversation_id=case.pk, seat=mei, now=NOON)
    requests.close(visitor=ANNA, reference=source.reference, now=NOON)
    merge(source, target, by=mei, now=LATER)
    target.refresh_from_db()
    assert (target.status, target.waiting_since) == ("resolved", None)


def test_a_source_in_the_chat_queue_leaves_it() -> None:
    mei, _ = merges.cast()
    source, target = of(merges.chat()), ticket()
    assert Conversation.objects.filter(pk=source.pk, queued_at__isnull=False).exists()
    merge(source, target, by=mei, now=LATER)
    source.refresh_from_db()
    assert source.queued_at is None
    assert Wait.objects.get(conversation=source).ended_at == LATER


# What counts as verified -----------------------------------------------------------------------------------------------


def proved_in(case: Conversation, uid: str) -> None:
    Proving.objects.create(conversation=case, uid=uid, how="mail_code", state="proved", created_at=NOON)


def test_a_proof_passed_in_both_cases_counts_and_one_of_another_account_does_not() -> None:
    mei, _ = merges.cast()
    for mine, theirs, fate in (
        ("7001", "7001", Fate.AT_ONCE),
        ("7001", "7002", Fate.FOUR_EYES),
        ("7001", "", Fate.FOUR_EYES),
    ):
        source, target = ticket(visitor="anna"), ticket(visitor="anna")
        proved_in(source, mine)
        proved_in(target, theirs)
        assert merging.judge(source, [target])[0].fate is fate
        assert merge(source, target, by=mei, reason="x") is fate


def test_an_address_counts_where_it_is_proved_and_not_where_it_was_typed() -> None:
    mail = "anna@mail.example"
    for mine, theirs, fate in (
        (True, True, Fate.AT_ONCE),
        (True, False, Fate.FOUR_EYES),
        (False, False, Fate.FOUR_EYES),
    ):
        source = ticket(visitor="anna", answer_to=mail, answer_proved=mine)
        target = ticket(visitor="anna", answer_to=mail.title(), answer_proved=theirs)
        assert merging.judge(source, [target])[0].fate is fate


def test_who_only_owns_the_mail_address_of_a_case_is_not_its_customer() -> None:
    """A signed session of somebody else's, who wrote there because its mail is his, verifies nothing about its customer."""
    source, target = ticket(visitor="anna"), ticket(visitor="anna")
    for case in (source, target):
        stranger = ticket(uid="9999")
        stranger.entries.filter(kind="message").update(conversation=case, seq=90)
    assert merging.judge(source, [target])[0].fate is Fate.FOUR_EYES


# Refused ---------------------------------------------------------------------------------------------------------------


def refused(code: str, source: Conversation, target: Conversation, *, by: Seat, reason: str = "please") -> None:
    before = state(source, target)
    with pytest.raises(UnableToAct) as error:
        merge(source, target, by=by, reason=reason)
    assert error.value.code == code
    assert state(source, target) == before


def test_two_customers_are_refused_whoever_asks_and_whatever_was_proved() -> None:
    mei, _ = merges.cast()
    refused("other_customer", ticket(), ticket(uid="7002"), by=mei)
    refused(
        "other_customer",
        ticket(visitor="anna"),
        ticket(visitor="boris"),
        by=world.agent("Ada", "funds", role=Role.ADMIN),
    )
    one, other = ticket(visitor="anna"), ticket(visitor="boris")
    proved_in(one, "7001")
    proved_in(other, "7001")
    refused("other_customer", one, other, by=mei)


def test_each_other_refusal() -> None:
    mei, _ = merges.cast()
    source, target, third = ticket(), ticket(), ticket()
    refused("itself", source, source, by=mei)
    requests.close(visitor=ANNA, reference=third.reference, now=NOON)
    refused("target_closed", source, third, by=mei)
    spam.mark(conversation_id=target.pk, seat=mei, now=NOON)
    refused("merge_spam", source, target, by=mei)
    refused("merge_spam", target, source, by=mei)
    spam.unmark(conversation_id=target.pk, seat=mei, now=NOON)
    merge(source, target, by=mei)
    refused("merged", source, ticket(), by=mei)
    refused("merged", source, target, by=mei)
    refused("target_merged", ticket(), source, by=mei)
    refused("target_merged", target, source, by=mei)  # no circle


def test_both_cases_are_asked_for_by_the_agent_s_own_right() -> None:
    """E-18: whichever of the two is another team's, the answer is that of a case that is not there."""
    mei = world.agent("Mei", "funds")
    mine, theirs = ticket(), ticket(topic="hacked")
    gone = Conversation(pk=999_999)
    for source, target in ((mine, theirs), (theirs, mine)):
        refused("not_found", source, target, by=mei)
    for source, target in ((mine, gone), (gone, mine)):
        with pytest.raises(UnableToAct, match="not_found"):
            merge(source, target, by=mei)
    assert merge(mine, theirs, by=world.agent("Ada", "funds", "accounts")) is Fate.AT_ONCE


def test_a_right_that_was_taken_away_a_moment_ago_is_none() -> None:
    mei, noor = merges.cast()
    source, target = ticket(visitor="anna"), ticket(visitor="anna")
    request = asked(source, target, by=mei)
    Membership.objects.filter(agent=noor.agent_id).delete()
    moved = seat_now(noor.agent_id)
    assert moved is not None
    with pytest.raises(UnableToAct, match="not_found"):
        merging.approve(request_id=request.pk, seat=moved, now=NOON)
    with pytest.raises(UnableToAct, match="not_found"):
        merging.decline(request_id=request.pk, seat=moved, now=NOON)


def test_the_database_itself_knows_no_open_case_that_is_merged_and_none_into_itself() -> None:
    source, target = ticket(), ticket()
    for values in ({"merged_into": target}, {"merged_into": source.pk, "status": "closed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Conversation.objects.filter(pk=source.pk).update(**values)


# Four eyes -------------------------------------------------------------------------------------------------------------


def test_one_browser_is_asked_about_and_a_colleague_agrees() -> None:
    mei, noor = merges.cast()
    source, target = ticket("one", visitor="anna"), ticket("two", visitor="anna")
    request = asked(source, target, by=mei)
    assert Conversation.objects.get(pk=source.pk).merged_into_id is None
    for case, other in ((source, target), (target, source)):
        event = case.entries.get(event="merge_asked")
        assert (event.visible, event.agent_id, event.data["case"]) == (False, mei.agent_id, other.reference)
        assert merging.standing(case) == [request]
    merging.approve(request_id=request.pk, seat=noor, now=LATER)
    source.refresh_from_db()
    request.refresh_from_db()
    assert source.merged_into_id == target.pk
    assert (request.state, request.decided_by_id, request.decided_at) == ("approved", noor.agent_id, LATER)
    event = target.entries.get(event="merged_from")
    because = {"code": "four_eyes", "agent": noor.agent_id, "name": noor.display_name}
    assert (event.agent_id, event.data["because"]) == (mei.agent_id, because)
    assert merging.standing(target) == []


def test_nobody_agrees_with_himself_and_nobody_decides_twice() -> None:
    mei, noor = merges.cast()
    source, target = ticket(visitor="anna"), ticket(visitor="anna")
    request = asked(source, target, by=mei)
    before = state(source, target)
    for act in (merging.approve, merging.decline):
        with pytest.raises(UnableToAct, match="own"):
            act(request_id=request.pk, seat=mei, now=NOON)
    assert state(source, target) == before
    with pytest.raises(IntegrityError), transaction.atomic():
        MergeRequest.objects.filter(pk=request.pk).update(decided_by=mei.agent_id)
    merging.decline(request_id=request.pk, seat=noor, now=NOON)
    for act in (merging.approve, merging.decline):
        with pytest.raises(UnableToAct, match="decided"):
            act(request_id=request.pk, seat=noor, now=NOON)
    source.refresh_from_db()
    assert (source.status, source.merged_into_id) == ("waiting", None)
    assert [text for kind, text in lines(source) if kind == "event"][-1] == "merge_declined"


def test_a_request_needs_a_reason_and_stands_once() -> None:
    mei, noor = merges.cast()
    source, target = ticket(visitor="anna"), ticket(visitor="anna")
    refused("no_reason", source, target, by=mei, reason=" \n ")
    asked(source, target, by=mei)
    refused("asked", source, target, by=noor)
    refused("asked", source, ticket(visitor="anna"), by=noor)


def test_what_has_come_up_since_is_looked_at_again() -> None:
    mei, noor = merges.cast()
    source, target = ticket(visitor="anna"), ticket(visitor="anna")
    request = asked(source, target, by=mei)
    requests.close(visitor=Visitor("visitor", "anna"), reference=target.reference, now=NOON)
    with pytest.raises(UnableToAct, match="target_closed"):
        merging.approve(request_id=request.pk, seat=noor, now=NOON)
    request.refresh_from_db()
    assert request.state == "asked"


def test_a_request_about_a_case_that_went_elsewhere_is_void() -> None:
    mei, noor = merges.cast()
    first, second, third = (ticket(visitor="anna") for _ in range(3))
    one = asked(first, second, by=mei)
    other = asked(second, third, by=mei)
    merging.approve(request_id=other.pk, seat=noor, now=NOON)
    one.refresh_from_db()
    assert one.state == "void"
    with pytest.raises(UnableToAct, match="decided"):
        merging.approve(request_id=one.pk, seat=noor, now=NOON)


# Afterwards ------------------------------------------------------------------------------------------------------------


def test_nothing_can_be_done_to_a_case_that_went_elsewhere() -> None:
    mei, _ = merges.cast()
    source, target = ticket(), ticket()
    merge(source, target, by=mei)
    for act in (resolution.resolve, resolution.pend, resolution.reopen):
        with pytest.raises(UnableToAct, match="merged"):
            act(conversation_id=source.pk, seat=mei, now=NOON)
    with pytest.raises(UnableToAct, match="merged"):
        spam.mark(conversation_id=source.pk, seat=mei, now=NOON)
    with pytest.raises(replies.UnableToReply, match="merged"):
        replies.send(replies=[replies.Reply(source.pk, mei.agent_id, "a-reply-1", "hello")], now=NOON)
    with pytest.raises(UnableToAct, match="merged"):
        requests.reopen(visitor=ANNA, reference=source.reference, now=NOON)
    with pytest.raises(UnableToAct, match="not_yet"):
        requests.rate(conversation_id=source.pk, score=5, comment="", now=NOON)
    requests.close(visitor=ANNA, reference=source.reference, now=NOON)
    assert lines(source)[-1] == ("event", "merged")


def test_an_address_comes_along_only_where_both_are_known_to_be_one_person_s() -> None:
    mei, noor = merges.cast()
    mail = "anna@mail.example"
    source, target = ticket(answer_to=mail, answer_proved=True), ticket()
    merge(source, target, by=mei)
    target.refresh_from_db()
    assert (target.answer_to, target.answer_proved) == (mail, True)
    shared, mine = ticket(visitor="anna", answer_to=mail, answer_proved=True), ticket(visitor="anna")
    merges.approved(shared, mine, by=mei, also=noor)
    mine.refresh_from_db()
    assert (mine.answer_to, mine.answer_proved) == ("", False)


def test_what_opens_a_case_is_in_no_reason() -> None:
    """E-19: an agent quotes a mail in which the customer's answer address stands."""
    mei, _ = merges.cast()
    address = addresses.reply_address(conversation_id=1, recipient="a@b.example", ours="support@x.example", now=NOON)
    request = asked(ticket(visitor="anna"), ticket(visitor="anna"), by=mei, reason=f"both wrote to {address}")
    token = address.partition("@")[0].partition("+")[2]
    assert request.reason == "both wrote to support@x.example"
    for case in (request.source, request.target):
        assert token not in repr(list(case.entries.values_list("data", flat=True)))
