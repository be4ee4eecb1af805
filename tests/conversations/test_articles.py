"""Articles in a case: in a reply, in its mail and transcript, and in the acknowledgement, but never to somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import world
from tests.conversations.filed import file, letters
from tests.conversations.mails import case_of
from tests.conversations.test_mail_answers import mail
from tests.knowledge import shelf
from tests.knowledge.shelf import Told
from tests.letters import bring, letter
from tests.world import NOON
from trustdesk.channels import addresses
from trustdesk.channels.models import Delivery
from trustdesk.conversations import articles, notices, public, replies, requests, rulebook, transcript
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.customers import visitors
from trustdesk.knowledge import measuring, reports, search
from trustdesk.knowledge.models import Article, Search
from trustdesk.seams import clock
from trustdesk.staff.permissions import Seat

pytestmark = pytest.mark.django_db

LATE = "My deposit has not arrived"


@pytest.fixture
def help_center(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], Article]]:
    world.fresh()
    world.store_at_once(monkeypatch)
    rulebook.inbox_kinds.forget()
    addresses.forget()
    with clock.frozen(NOON):
        yield shelf.fill()
    search.forget()


@pytest.fixture
def maya(help_center: object) -> Seat:
    return world.agent("Maya", "funds")


def reply(
    seat: Seat, case: Received, text: str, *ids: int, identity: str = "reply-1", note: bool = False
) -> replies.Sent:
    one = replies.Reply(case.conversation_id, seat.agent_id, identity, text, note, ids)
    return replies.send(replies=[one], now=NOON)[0]


def test_a_reply_carries_its_articles_as_the_customer_reads_them(
    maya: Seat, help_center: dict[tuple[str, str], Article]
) -> None:
    case = world.chat("我的充值没有到账", locale="zh-hans")
    english, fees = help_center["deposit-missing", "en"], help_center["trading-fees", "en"]
    first = reply(maya, case, "请看", english.pk, fees.pk)
    assert reply(maya, case, "请看", english.pk, fees.pk) == first  # sent again is the same
    [line] = [
        one for one in public.whole(case.conversation_id).lines if one.author == "agent" and one.kind == "message"
    ]
    assert [(card.title, card.path) for card in line.articles] == [
        ("充值未到账", "/help/zh-hans/basics/deposit-missing/"),
        ("交易手续费", "/help/zh-hans/basics/trading-fees/"),
    ]
    assert line.params == {}


def test_a_reply_may_be_an_article_and_no_word(maya: Seat, help_center: dict[tuple[str, str], Article]) -> None:
    case = world.chat("my deposit is late")
    reply(maya, case, "", help_center["deposit-missing", "en"].pk)
    assert Entry.objects.get(conversation=case.conversation_id, author="agent", kind="message").text == ""


def test_what_is_not_published_or_too_much_is_refused(maya: Seat, help_center: dict[tuple[str, str], Article]) -> None:
    case = world.chat("my deposit is late")
    draft = shelf.publish(Told("Draft", "A draft.", "draft"), slug="draft", live=False)
    search.forget()
    section = help_center["stop-loss", "en"].get_parent()
    for wrong in (draft.pk, section.pk, 10**15):
        with pytest.raises(replies.UnableToReply, match="article_gone"):
            reply(maya, case, "see", help_center["deposit-missing", "en"].pk, wrong)
    with pytest.raises(replies.UnableToReply, match="too_many_articles"):
        reply(maya, case, "see", *(help_center[slug, "en"].pk for slug in list(shelf.ARTICLES)[:4]))
    assert not Entry.objects.filter(conversation=case.conversation_id, author="agent").exists()


def test_a_note_with_an_article_stays_inside(maya: Seat, help_center: dict[tuple[str, str], Article]) -> None:
    case = world.chat("my deposit is late")
    reply(maya, case, "read this first", help_center["deposit-missing", "en"].pk, note=True)
    assert all(not line.articles for line in public.whole(case.conversation_id).lines)


def test_a_reply_without_articles_costs_not_one_statement_more(
    maya: Seat, help_center: dict[tuple[str, str], Article]
) -> None:
    case = world.chat("my deposit is late")
    reply(maya, case, "warm", identity="warm")
    search.forget()
    with CaptureQueriesContext(connection) as asked:
        reply(maya, case, "no article here", identity="second")
        public.whole(case.conversation_id)
    assert not [one for one in asked.captured_queries if "wagtailcore" in one["sql"] or "knowledge_" in one["sql"]]


def test_what_is_read_later_is_what_was_sent(maya: Seat, help_center: dict[tuple[str, str], Article]) -> None:
    case = world.chat("my deposit is late")
    late = help_center["deposit-missing", "en"]
    reply(maya, case, "see", late.pk)
    late.unpublish()
    search.forget()
    [line] = [one for one in public.whole(case.conversation_id).lines if one.articles]
    assert line.articles[0].title == LATE


def test_a_transcript_names_them_with_their_address(maya: Seat, help_center: dict[tuple[str, str], Article]) -> None:
    case = world.chat("my deposit is late")
    reply(maya, case, "", help_center["deposit-missing", "en"].pk)
    shown = public.by_id(case.conversation_id, locale="en", now=NOON)
    assert shown is not None
    text = transcript.render_text(page=public.whole(case.conversation_id), case=shown, locale="en")
    assert f"{LATE}: {settings.PUBLIC_URL}/help/en/basics/deposit-missing/" in text


def test_the_mail_of_an_answer_holds_titled_links(maya: Seat, help_center: dict[tuple[str, str], Article]) -> None:
    got = mail()
    reply(maya, got, "Please look here.", help_center["deposit-missing", "en"].pk)
    notices.mail_unread(conversation_id=got.conversation_id, now=NOON)
    [sent] = Delivery.objects.filter(purpose="reply")
    assert f"Please look here.\n\n{LATE}: {settings.PUBLIC_URL}/help/en/basics/deposit-missing/" in sent.text


def test_an_acknowledged_mail_names_articles_to_a_proved_address(help_center: dict[tuple[str, str], Article]) -> None:
    got = mail("my deposit has not arrived")
    notices.tell(what="opened", conversation_ids=[got.conversation_id], now=NOON)
    [sent] = Delivery.objects.filter(purpose="opened")
    assert f"{LATE}: {settings.PUBLIC_URL}/help/en/basics/deposit-missing/" in sent.text
    row = Search.objects.get()
    assert (row.place, row.request_type) == ("mail", "deposit_missing")
    assert help_center["deposit-missing", "en"].pk in row.shown


def mark_in(sent: Delivery) -> str:
    found = re.search(r"/deposit-missing/\?s=(\S+)", sent.text)
    assert found, sent.text
    return found[1]


def deflected() -> tuple[int, int, int]:
    [row] = reports.deflection(since=NOON - timedelta(days=1), until=NOON + timedelta(days=3))
    return row.suggested, row.opened, row.deflected


@pytest.mark.usefixtures("mailroom_open")
@pytest.mark.parametrize(("hours", "counted"), [(2, 0), (13, 0), (30, 1)])
def test_what_a_mail_named_helped_if_it_was_opened_and_he_does_not_write_again(
    help_center: dict[tuple[str, str], Article], hours: int, counted: int
) -> None:
    late = help_center["deposit-missing", "en"].pk
    [row] = bring(letter("my deposit has not arrived"))
    notices.tell(what="opened", conversation_ids=[case_of(row).pk], now=NOON)
    mark = mark_in(Delivery.objects.get(purpose="opened"))
    assert deflected() == (1, 0, 0)
    assert measuring.opened(mark=mark, article=late, now=NOON + timedelta(minutes=5))
    assert deflected() == (1, 1, 1)
    with clock.frozen(NOON + timedelta(hours=hours)):
        bring(letter("Still nothing there.", sender="Somebody Else <other@mail.example>"), now=clock.now())
        assert Search.objects.filter(asked_at=None).exists()
        bring(letter("It is still not there."), now=clock.now())
    assert deflected() == (1, 1, counted)


def test_who_answers_on_the_page_of_his_case_has_written_again(help_center: dict[tuple[str, str], Article]) -> None:
    lin = visitors.identified(uid="100001", mail="lin.wei@mail.example", now=NOON)
    case = file(lin, text="my deposit has not arrived")
    notices.tell(what="opened", conversation_ids=[case.id], now=NOON)
    measuring.opened(
        mark=mark_in(Delivery.objects.get(purpose="opened")), article=help_center["deposit-missing", "en"].pk, now=NOON
    )
    assert deflected()[2] == 1
    with clock.frozen(NOON + timedelta(hours=3)):
        requests.add_message(
            visitor=lin, reference=case.reference, text="It did not help.", identity="again-1", locale="en", now=clock.now()
        )
    assert deflected() == (1, 1, 0)


def test_a_claimed_address_learns_nothing_of_what_was_asked(help_center: dict[tuple[str, str], Article]) -> None:
    got = mail("my deposit has not arrived", proved=False, sender="stranger@mail.example")
    notices.tell(what="opened", conversation_ids=[got.conversation_id], now=NOON)
    [sent] = Delivery.objects.filter(purpose="opened")
    assert "/help/" not in sent.text
    assert "deposit" not in sent.text.lower()
    assert Search.objects.count() == 0


def test_a_ticket_is_acknowledged_with_articles_once_its_address_is_proved(
    help_center: dict[tuple[str, str], Article],
) -> None:
    lin = visitors.identified(uid="100001", mail="lin.wei@mail.example", now=NOON)
    known, claimed = file(lin, text="提现一直处理中"), file(visitors.anonymous(), text="withdrawal pending", subject="")
    Conversation.objects.filter(pk=known.id).update(locale="zh-hans")
    notices.tell(what="opened", conversation_ids=[known.id, claimed.id], now=NOON + timedelta(minutes=1))
    by_purpose = {sent.purpose: sent.text for sent in letters()}
    assert "提现一直处理中: http" in by_purpose["opened"] or "提现一直处理中：http" in by_purpose["opened"]
    assert "/help/" not in by_purpose["confirm"]


def test_where_nothing_fits_nothing_is_said(help_center: dict[tuple[str, str], Article]) -> None:
    got = mail("hello")
    case = Conversation.objects.get(pk=got.conversation_id)
    Conversation.objects.filter(pk=case.pk).update(subject="Hi")
    case.refresh_from_db()
    assert articles.proposed(case) == ()
    assert articles.acknowledged(case, now=NOON) == []
