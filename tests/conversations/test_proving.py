"""Proving who the customer is, inside one case."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.db import connection

from tests import world
from tests.world import NOON
from trustdesk.conversations import proving, public
from trustdesk.conversations.models import Conversation, Proving
from trustdesk.customers import accounts
from trustdesk.exchange import demo
from trustdesk.exchange.connection import ExchangeSettings, connect

ALICE = "100002"


class Post:
    """The demo exchange's mail, kept for the test."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    def code(self) -> str:
        found = re.search(r"\b\d{6}\b", self.letters[-1].get_content())
        assert found
        return found[0]


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """The exchange of these tests, with a mailbox and a clock that stands at noon."""
    world.fresh()
    kept = Post()
    exchange = connect(ExchangeSettings(secret="s" * 40, mailer=kept.letters.append, clock=lambda: NOON))
    monkeypatch.setattr(accounts, "exchange", lambda: exchange)
    return kept


def start(case: int, how: str = "mail_code", *, uid: str = ALICE, claimed: str = "") -> proving.Step:
    return proving.start(conversation_id=case, how=how, uid=uid, claimed=claimed, locale="en", now=NOON)


def check(case: int, code: str, *, after: timedelta = timedelta(0)) -> proving.Step:
    return proving.check(conversation_id=case, code=code, now=NOON + after)


@pytest.mark.django_db
class TestProving:
    def test_a_mailed_code_proves_a_contact_for_this_case_and_a_while(self, post: Post) -> None:
        case = world.chat("hello").conversation_id
        sent = start(case)
        assert (sent.state, sent.to) == ("code_sent", "a***@post.example.test")
        proved = check(case, post.code())
        assert (proved.state, proved.level) == ("proved", 1)
        seen = public.by_id(case, locale="en", now=NOON + timedelta(minutes=29))
        later = public.by_id(case, locale="en", now=NOON + timedelta(minutes=31))
        assert seen
        assert later
        assert (int(seen.proof_level), int(later.proof_level)) == (1, 0)
        events = Conversation.objects.get(pk=case).entries.filter(event="proved")
        assert [(event.visible, event.data["level"], event.data["how"]) for event in events] == [(True, 1, "mail_code")]

    def test_the_second_factor_proves_the_most(self, post: Post) -> None:
        case = world.chat("hello").conversation_id
        assert start(case, "second_factor").state == "enter_factor"
        assert check(case, demo.current_code(ALICE, now=NOON)).level == 3

    def test_a_code_counts_once(self, post: Post) -> None:
        case = world.chat("hello").conversation_id
        start(case)
        code = post.code()
        assert check(case, code).state == "proved"
        assert check(case, code).state == "none"

    def test_a_code_of_one_case_is_nothing_in_another(self, post: Post) -> None:
        mine, other = world.chat("hello").conversation_id, world.chat("hi", visitor="bert").conversation_id
        start(mine)
        code = post.code()
        start(other)
        assert check(other, code).state == "wrong"

    def test_a_code_ends_after_ten_minutes(self, post: Post) -> None:
        case = world.chat("hello").conversation_id
        start(case)
        assert check(case, post.code(), after=timedelta(minutes=10)).state == "none"

    def test_the_sixth_try_is_refused_even_if_right(self, post: Post) -> None:
        case = world.chat("hello").conversation_id
        start(case)
        wrong = "000000" if post.code() != "000000" else "000001"
        assert [check(case, wrong).left for _ in range(4)] == [4, 3, 2, 1]
        assert check(case, wrong).state == "locked"
        assert check(case, post.code()).state == "locked"
        assert Conversation.objects.get(pk=case).proof_level == 0

    def test_the_eleventh_code_of_a_day_for_an_account_is_not_sent_from_whatever_case(self, post: Post) -> None:
        cases = [world.chat("hello", visitor=f"v{n}").conversation_id for n in range(11)]
        states = [start(case).state for case in cases]
        assert states == ["code_sent"] * 10 + ["locked"]
        assert len(post.letters) == 10

    def test_only_the_hash_of_a_code_is_stored(self, post: Post) -> None:
        case = world.chat("hello").conversation_id
        start(case)
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(p)::text FROM conversations_proving p")
            assert post.code() not in cursor.fetchone()[0].replace(str(case), "")

    def test_a_stranger_cannot_learn_whether_an_account_exists(self, post: Post) -> None:
        known, unknown = world.chat("hello").conversation_id, world.chat("hi", visitor="bert").conversation_id
        answers = [start(known, uid="", claimed=ALICE), start(unknown, uid="", claimed="999999")]
        assert answers[0] == answers[1]
        assert len(post.letters) == 1
        assert check(unknown, "123456").state == check(known, "x").state == "wrong"

    def test_a_stranger_cannot_ask_for_somebodys_second_factor(self, post: Post) -> None:
        case = world.chat("hello").conversation_id
        assert start(case, "second_factor", uid="", claimed=ALICE).state == "unavailable"

    def test_an_agent_asks_and_the_customer_sees_it(self, post: Post) -> None:
        maya, case = world.agent("Maya", "funds"), world.chat("hello").conversation_id
        for _ in range(2):
            proving.ask(conversation_id=case, seat=maya, now=NOON)
        page = public.entries_after({case: 0})[case]
        assert [line.event for line in page.lines if line.kind == "event"] == ["proof_asked"]
        asked = public.open_proving(case)
        assert asked
        assert asked.state == Proving.State.ASKED

    def test_a_weaker_proof_does_not_end_a_stronger_one(self, post: Post) -> None:
        case = world.chat("hello").conversation_id
        start(case, "second_factor")
        check(case, demo.current_code(ALICE, now=NOON))
        start(case)
        check(case, post.code())
        assert Conversation.objects.get(pk=case).proof_level == 3


def test_one_code_sent_fifty_times_at_once_counts_once(committed_db: str, post: Post) -> None:
    """A-19."""
    case = world.chat("hello").conversation_id
    start(case)
    Proving.objects.update(tries=-100)  # what is tested is the single use, not the number of tries
    code, barrier = post.code(), threading.Barrier(10)
    outcomes: list[str] = []

    def redeem() -> None:
        barrier.wait(10)
        try:
            outcomes.extend(check(case, code).state for _ in range(5))
        finally:
            connection.close()

    threads = [threading.Thread(target=redeem) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["none"] * 49 + ["proved"]
    assert Conversation.objects.get(pk=case).entries.filter(event="proved").count() == 1
