"""What we mail about tickets: whole to a proved address, and to any other one neutral letter now and then."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests import world
from tests.conversations.filed import file, letters, received, teams
from trustdesk.channels.models import Delivery
from trustdesk.conversations import expectations, notices, proving, public, requests, resolution
from trustdesk.conversations.models import Conversation, Entry, Letter
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def _fresh(committed_db: str) -> None:
    world.fresh()
    expectations.forget()


@pytest.fixture
def anna() -> Visitor:
    """Somebody nobody knows."""
    return visitors.anonymous()


@pytest.fixture
def lin() -> Visitor:
    """A customer for whom the exchange vouches."""
    return visitors.identified(uid="100001", mail="lin.wei@mail.example", now=clock.now())


def test_an_address_that_was_only_typed_gets_one_neutral_letter_with_a_link(anna: Visitor) -> None:
    opened = file(anna, text="CNRY my own words", subject="CNRY")
    for _ in range(2):
        notices.tell(what="opened", conversation_ids=[opened.id], now=clock.now())
    [letter] = letters()
    assert (letter.recipient, letter.purpose) == ("anna@mail.example", "confirm")
    assert opened.reference not in letter.subject + letter.text
    assert "CNRY" not in letter.subject + letter.text
    token = link_in(letter)
    assert requests.confirm_mail(token + "x", now=clock.now()) is None
    assert requests.confirm_mail(token, now=clock.now()) == "a•••@mail.example"
    assert requests.confirm_mail(token, now=clock.now()) == "a•••@mail.example"
    assert Entry.objects.filter(conversation=opened.id, event="mail_confirmed").count() == 1
    mailed = visitors.addressed(mail="anna@mail.example", now=clock.now())
    assert [one.reference for one in public.cases_of(mailed, locale="en")] == [opened.reference]


def link_in(letter: Delivery) -> str:
    """What the link of a neutral letter carries."""
    return letter.text.split("/confirm/")[1].split("/")[0]


def test_what_waited_for_the_confirmation_is_mailed_then(anna: Visitor) -> None:
    first, second = file(anna), file(anna, text="And another matter, about fees.")
    maya = world.agent("Maya", *teams())
    notices.tell(what="opened", conversation_ids=[first.id, second.id], now=clock.now())
    world.answer(maya, received(first), "It was credited, CNRY", now=clock.now())
    notices.mail_unread(conversation_id=first.id, now=clock.now() + timedelta(hours=2))
    assert {letter.purpose for letter in letters()} == {"confirm"}
    requests.confirm_mail(link_in(letters()[0]), now=clock.now())
    queued = {(one["task_name"], str(one["args"])) for one in jobs("conversations.%")}
    for case in (first, second):  # one click for all that he sent under this address
        assert ("conversations.tell", str({"what": "opened", "conversation_ids": [case.id]})) in queued
        notices.tell(what="opened", conversation_ids=[case.id], now=clock.now())
        notices.mail_unread(conversation_id=case.id, now=clock.now())
    told = [letter for letter in letters() if letter.purpose != "confirm"]
    assert [letter.purpose for letter in told] == ["opened", "answer", "opened"]
    assert first.reference in told[0].subject
    assert "CNRY" in told[1].text


def jobs(pattern: str) -> list[dict[str, Any]]:
    """The jobs that wait."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    rows = ProcrastinateJob.objects.filter(task_name__startswith=pattern.rstrip("%"))
    return list(rows.values("task_name", "args"))


def test_signing_in_with_the_address_in_the_same_browser_confirms_it_too(anna: Visitor) -> None:
    opened, other = file(anna), file(visitors.anonymous())
    requests.claim_mail(visitor=anna, mail="Anna@mail.example", now=clock.now())
    proved = dict(Conversation.objects.values_list("reference", "answer_proved"))
    assert proved == {opened.reference: True, other.reference: False}


def test_who_proves_an_address_sees_no_case_that_only_names_it(anna: Visitor) -> None:
    opened = file(anna)
    mailed = visitors.addressed(mail="anna@mail.example", now=clock.now())
    assert public.find_case(mailed, opened.reference, locale="en", now=clock.now()) is None


def test_an_answer_goes_whole_to_a_proved_address_and_not_at_all_to_any_other(anna: Visitor, lin: Visitor) -> None:
    maya = world.agent("Maya", *teams())
    for opened in (file(lin), file(anna)):
        world.answer(maya, received(opened), "It was credited, CNRY", now=clock.now())
        notices.mail_unread(conversation_id=opened.id, now=clock.now())
    proved, typed = letters()
    assert (proved.recipient, typed.recipient) == ("lin.wei@mail.example", "anna@mail.example")
    assert "CNRY" in proved.text
    assert "CNRY" not in typed.text
    assert "/confirm/" in typed.text


def test_proof_needed_and_resolved_are_told_by_mail_each_time_once(lin: Visitor) -> None:
    opened, maya = file(lin), world.agent("Maya", *teams())
    proving.ask(conversation_id=opened.id, seat=maya, now=clock.now())
    for _ in range(2):
        notices.tell(what="proof", conversation_ids=[opened.id], now=clock.now())
    resolution.resolve(conversation_id=opened.id, seat=maya, now=clock.now())
    notices.tell(what="resolved", conversation_ids=[opened.id], now=clock.now())
    assert [letter.purpose for letter in letters()] == ["proof", "resolved"]


def test_nobody_can_have_us_flood_an_address() -> None:
    """E-15: one neutral letter an hour and three a day, whoever names it however often, in whatever spelling."""
    begun, victim = clock.now(), "victim@mail.example"
    spellings = (victim, "Victim@MAIL.example", "victim+1@mail.example", "victim+two@mail.example")
    cases = [
        file(visitors.anonymous(), text=f"CNRY {number}", subject="CNRY", mail=spellings[number % 4])
        for number in range(24)
    ]
    for hour in range(30):
        for opened in cases:
            now = begun + timedelta(hours=hour, minutes=1)
            notices.tell(what=("opened", "proof", "resolved")[hour % 3], conversation_ids=[opened.id], now=now)
            requests_for_progress(opened.reference, spellings[0], now)
        sent = Delivery.objects.filter(created_at__gt=begun + timedelta(hours=hour))
        assert sent.count() <= 1, "one an hour"
    assert Delivery.objects.filter(created_at__lt=begun + timedelta(hours=24)).count() == 3
    assert {letter.purpose for letter in letters()} == {"confirm"}
    words = {letter.text.split("http")[0] + letter.subject for letter in letters()}
    assert len(words) == 1, "nothing in it was chosen by whoever typed the address"
    assert not any("CNRY" in letter.text + letter.subject for letter in letters())


def requests_for_progress(reference: str, mail: str, now: datetime) -> None:
    notices.mail_progress(reference=reference, mail=mail, now=now)


def test_a_thousand_tickets_that_name_one_address_at_once_are_one_letter() -> None:
    """E-15: as jobs in several threads take them."""
    opened = [file(visitors.anonymous(), text=f"Number {number}", mail="victim@mail.example").id for number in range(8)]
    now, failed = clock.now(), []

    def work() -> None:
        try:
            for number in range(250):
                what = ("opened", "proof", "resolved")[number % 3]
                notices.tell(what=what, conversation_ids=[opened[number % 8]], now=now)
        except Exception as error:  # noqa: BLE001  reported below
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(letters()) == 1


def test_letters_are_counted_for_a_day(anna: Visitor) -> None:
    opened = file(anna)
    notices.tell(what="opened", conversation_ids=[opened.id], now=clock.now())
    notices.forget_old(now=clock.now() + timedelta(hours=23))
    assert Letter.objects.count() == 1
    notices.forget_old(now=clock.now() + timedelta(hours=25))
    assert not Letter.objects.exists()


def test_progress_is_mailed_to_who_knows_number_and_address_and_nobody_learns_more(anna: Visitor, lin: Visitor) -> None:
    typed, proved = file(anna), file(lin)
    for reference, mail in ((proved.reference, "other@mail.example"), ("ABC-DEF-GHJK", "lin.wei@mail.example")):
        notices.mail_progress(reference=reference, mail=mail, now=clock.now())
    assert letters() == []
    for _ in range(2):
        notices.mail_progress(reference=proved.reference, mail=" LIN.wei@mail.example ", now=clock.now())
        notices.mail_progress(reference=typed.reference, mail="anna@mail.example", now=clock.now())
    assert [(letter.recipient, letter.purpose) for letter in letters()] == [
        ("lin.wei@mail.example", "progress"),
        ("anna@mail.example", "confirm"),
    ]
