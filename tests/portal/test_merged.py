"""E-18 on the customer's pages: a merged case says where it goes on, and what is written or sent there arrives there."""

from __future__ import annotations

from typing import Any

import pytest

from tests import world
from tests.conversations import merges
from tests.portal.own_cases import ANNA, BORIS, browser, page, reply, upload
from tests.portal.own_cases import noon as noon  # a fixture
from tests.world import NOON
from trustdesk.conversations import merging, replies, splitting
from trustdesk.conversations.models import Attachment, Conversation
from trustdesk.customers.visitors import Visitor
from trustdesk.staff.models import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
MAIL = "owner@mail.example"
PICTURE = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def merged(**more: Any) -> tuple[Conversation, Conversation]:
    """Two cases of Anna's browser, with notes in both, merged by four eyes."""
    mei, noor = world.agent("Mei", role=Role.ADMIN), world.agent("Noor", role=Role.ADMIN)
    source = merges.ticket("source words", visitor="anna", **more)
    target = merges.ticket("target words", visitor="anna")
    for case in (source, target):
        replies.send(replies=[replies.Reply(case.pk, mei.agent_id, "a-note-1", "CNRY-note", True)], now=NOON)
    request = merges.asked(source, target, by=mei, reason="CNRY-reason")
    merging.approve(request_id=request.pk, seat=noor, now=NOON)
    return source, target


def test_the_source_leads_on_and_the_target_leads_back() -> None:
    source, target = merged()
    client = browser(ANNA)
    here, there = page(client, source.reference), page(client, target.reference)
    assert f'href="/cases/{target.reference}/#reply"' in here
    assert 'id="reply"' not in here
    assert "case_reply.js" not in here
    assert 'name="score"' not in here
    assert "source words" in here
    assert "target words" not in here
    assert f'href="/cases/{source.reference}/"' in there
    assert 'id="reply"' in there
    assert "source words" not in there
    assert "CNRY" not in here + there


def test_every_other_way_out_of_a_merged_case_shows_no_note() -> None:
    source, target = merged()
    client = browser(ANNA)
    for case in (source, target):
        for part in ("_live.html", "transcript.txt"):
            answer = client.get(f"/cases/{case.reference}/{part}")
            assert answer.status_code == 200
            assert "CNRY" not in answer.content.decode()


def test_what_is_sent_to_the_source_is_in_the_target_with_its_file() -> None:
    source, target = merged()
    client = browser(ANNA)
    answer = reply(client, source.reference, "from an old page", files=[upload("proof.pdf", PICTURE)])
    assert answer.headers["Location"] == f"/cases/{target.reference}/"
    line = target.entries.get(text="from an old page")
    assert list(Attachment.objects.filter(entry=line).values_list("conversation_id", flat=True)) == [target.pk]
    assert "This case was closed" not in page(client, target.reference)


@pytest.mark.parametrize("act", ["reopening", "chat", "closing", "withdrawal", "rating"])
def test_nothing_else_can_be_done_to_the_source(act: str) -> None:
    source, target = merged()
    before = source.last_seq, merges.lines(source)
    answer = browser(ANNA).post(f"/cases/{source.reference}/{act}/", {"score": "5"})
    assert answer.status_code == 302
    source.refresh_from_db()
    assert (source.status, source.merged_into_id) == ("closed", target.pk)
    assert merges.lines(source) == before[1]


def test_who_has_only_the_mail_address_of_the_source_is_not_led_into_the_target() -> None:
    source, target = merged(answer_to=MAIL, answer_proved=True)
    owner = browser(Visitor("mail", MAIL, mail=MAIL))
    here = page(owner, source.reference)
    assert 'id="reply"' in here
    assert f'href="/cases/{target.reference}/#reply"' not in here
    foreign, unknown = owner.get(f"/cases/{target.reference}/"), owner.get("/cases/777-777-7777/")
    assert foreign.status_code == unknown.status_code == 404
    assert "target words" not in foreign.content.decode()
    answer = reply(owner, source.reference, "mine alone")
    begun = Conversation.objects.get(entries__text="mine alone")
    assert begun.pk not in (source.pk, target.pk)
    assert answer.headers["Location"] == f"/cases/{begun.reference}/"


def test_a_stranger_sees_neither() -> None:
    source, target = merged()
    for case in (source, target):
        answer = browser(BORIS).get(f"/cases/{case.reference}/")
        assert answer.status_code == 404
        assert "words" not in answer.content.decode()


def test_a_split_case_names_the_one_it_came_from() -> None:
    mei = world.agent("Mei", role=Role.ADMIN)
    old = merges.ticket("two matters", visitor="anna")
    replies.send(replies=[replies.Reply(old.pk, mei.agent_id, "a-note-1", "CNRY-note", True)], now=NOON)
    new = splitting.split(conversation_id=old.pk, seq=1, code="kyc", subject="Papers", seat=mei, now=NOON)
    client = browser(ANNA)
    here, there = page(client, old.reference), page(client, new)
    assert f'href="/cases/{new}/"' in here
    assert f'href="/cases/{old.reference}/"' in there
    assert "two matters" in there
    assert "CNRY" not in here + there
