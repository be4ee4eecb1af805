"""S-25, S-26, A-19, A-20 for proofs inside a chat: a code is good in one case, for a while, a few times, once."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import world
from tests.world import NOON
from trustdesk.conversations import assignment, proving, requests
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.models import Conversation, Entry, Proving
from trustdesk.conversations.proving import A_DAY, CODE_LASTS, TRIES, Step
from trustdesk.customers import accounts
from trustdesk.exchange import demo
from trustdesk.exchange.contract import ExchangeRefused, ExchangeUnavailable
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock

ALICE, ALICES_MAIL = "100002", "alice.morgan@post.example.test"
AWKWARD = "100004"  # a customer without mail address and second factor
WRONG = "000000"


class Codes:
    """The pretend exchange, with the codes it mailed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, str]] = []
        self.asked: list[str] = []
        self.fails: Exception | None = None
        self._came = threading.Event()
        real = demo.DemoExchange(secret="x", mailer=lambda message: None, clock=clock.now)
        self.exchange = real
        find, send = real.find, real.send_code

        def noting_find(**names: str) -> Any:
            self.asked.append(next(iter(names.values())))
            return find(**names)

        def noting_send(*, uid: str, code: str, locale: str, purpose: str) -> None:
            self._came.set()
            if self.fails:
                raise self.fails
            send(uid=uid, code=code, locale=locale, purpose=purpose)
            self.sent.append((uid, code))

        monkeypatch.setattr(real, "find", noting_find)
        monkeypatch.setattr(real, "send_code", noting_send)
        monkeypatch.setattr(accounts, "exchange", lambda: real)

    def settle(self) -> None:
        """Wait for what is sent unseen: two threads do it, so both have to come by."""
        gate = threading.Barrier(3)
        for _ in range(2):
            proving._unseen.submit(gate.wait, 10)
        gate.wait(10)

    def last(self) -> str:
        """Return the code mailed last; never the wrong one the tests type."""
        self.settle()
        return self.sent[-1][1]


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> Codes:
    # A code that is the wrong one of these tests would make one in a million of their runs fail.
    monkeypatch.setattr(secrets, "randbelow", lambda most: 1 + _random(most - 1))
    return Codes(monkeypatch)


_random = secrets.randbelow


@pytest.fixture
def plain(db: None) -> Iterator[None]:
    world.fresh()
    yield
    world.fresh()


def start(case: int, *, claimed: str = ALICE, uid: str = "", how: str = "mail_code", now: Any = NOON) -> Step:
    return proving.start(conversation_id=case, how=how, uid=uid, claimed=claimed, locale="en", now=now)


def check(case: int, code: str, *, now: Any = NOON) -> Step:
    return proving.check(conversation_id=case, code=code, now=now)


def case_of(visitor: str) -> int:
    return world.chat("hello", visitor=visitor).conversation_id


# S-25: one case, ten minutes, once ---------------------------------------------------------------------------------


def test_the_right_code_proves_in_its_own_case_only(plain: None, codes: Codes) -> None:
    one, other = case_of("anna"), case_of("boris")
    start(one)
    code = codes.last()
    assert re.fullmatch(r"\d{6}", code)
    assert check(other, code).state == "none"
    start(other, claimed=AWKWARD)
    assert check(other, code).state == "wrong"
    codes.settle()
    assert check(one, code) == Step("proved", "mail_code", level=1, expires_at=NOON + timedelta(minutes=30))
    assert Conversation.objects.get(pk=one).proof_level == Proof.CONTACT
    assert Conversation.objects.get(pk=other).proof_level == Proof.NOBODY


def test_a_code_works_once_and_a_newer_one_ends_the_older(plain: None, codes: Codes) -> None:
    case = case_of("anna")
    start(case)
    first = codes.last()
    start(case)
    second = codes.last()
    if first != second:
        assert check(case, first).state == "wrong"
    assert check(case, second).state == "proved"
    assert check(case, second).state == "none"
    assert Entry.objects.filter(conversation=case, event="proved").count() == 1


@pytest.mark.parametrize(("after", "state"), [(CODE_LASTS - timedelta(seconds=1), "proved"), (CODE_LASTS, "none")])
def test_a_code_ends_after_ten_minutes(plain: None, codes: Codes, after: timedelta, state: str) -> None:
    assert timedelta(minutes=10) >= CODE_LASTS
    case = case_of("anna")
    start(case)
    assert check(case, codes.last(), now=NOON + after).state == state


def test_the_database_keeps_no_code(plain: None, codes: Codes) -> None:
    case = case_of("anna")
    start(case)
    code, row = codes.last(), Proving.objects.get()
    assert code not in repr(Proving.objects.values().get()).replace(row.code_hash, "")
    assert len(row.code_hash) == 64
    check(case, code)
    assert Proving.objects.get().code_hash == ""


def test_a_mailed_code_proves_less_than_a_session_and_takes_none_away(plain: None, codes: Codes) -> None:
    """S-27: mail is no second factor."""
    case = case_of("anna")
    Conversation.objects.filter(pk=case).update(
        proof_level=3, proof_until=NOON + timedelta(minutes=5), proof_how="second_factor"
    )
    start(case)
    assert check(case, codes.last()).level == Proof.CONTACT
    kept = Conversation.objects.get(pk=case)
    assert (kept.proof_level, kept.proof_how) == (3, "second_factor")


def test_a_stranger_cannot_ask_for_somebodys_second_factor(plain: None, codes: Codes) -> None:
    assert start(case_of("anna"), claimed=ALICE, how="second_factor").state == "unavailable"
    assert start(case_of("anna"), claimed=ALICE, how="recovery_code").state == "unavailable"
    assert codes.asked == []
    assert not Proving.objects.exists()


def test_a_second_factor_counts_once_and_only_for_its_owner(plain: None, codes: Codes) -> None:
    case, other = case_of("anna"), case_of("boris")
    with clock.frozen(NOON):
        code = demo.current_code(ALICE, now=NOON)
        start(case, uid=ALICE, how="second_factor")
        start(other, uid="100001", how="second_factor")
        assert check(other, code).state == "wrong", "another customer's app"
        assert check(case, WRONG).state == "wrong"
        assert check(case, code).level == Proof.STRONG
        start(case, uid=ALICE, how="second_factor")
        assert check(case, code).state == "wrong", "the same code again"


def test_nothing_is_proved_in_a_closed_case(plain: None, codes: Codes) -> None:
    case = case_of("anna")
    Conversation.objects.filter(pk=case).update(status="closed")
    with pytest.raises(UnableToAct, match="closed"):
        start(case)
    codes.settle()
    assert codes.sent == []


# S-26: five tries, ten codes ---------------------------------------------------------------------------------------


def test_the_sixth_try_is_refused_even_if_right(plain: None, codes: Codes) -> None:
    case = case_of("anna")
    start(case)
    code = codes.last()
    assert TRIES == 5
    states = [check(case, WRONG) for _ in range(TRIES)]
    assert [(one.state, one.left) for one in states] == [
        ("wrong", 4),
        ("wrong", 3),
        ("wrong", 2),
        ("wrong", 1),
        ("locked", None),
    ]
    assert check(case, code).state == "locked"
    assert Conversation.objects.get(pk=case).proof_level == 0


def test_the_eleventh_code_of_a_day_is_not_sent_wherever_it_is_asked_for(plain: None, codes: Codes) -> None:
    """Ten for one account from many cases, and ten in one case for many accounts."""
    assert A_DAY == 10
    cases = [case_of(f"visitor{number}") for number in range(A_DAY + 2)]
    for case in cases:
        start(case)
    codes.settle()
    assert len(codes.sent) == A_DAY
    last = case_of("boris")
    states = [start(last, claimed=f"nobody{number}@example.test").state for number in range(A_DAY + 1)]
    assert states == ["code_sent"] * A_DAY + ["locked"]
    signed_in = start(case_of("alice"), uid=ALICE)
    assert (signed_in.state, signed_in.retry_after) == ("locked", 3600)
    assert start(last, now=NOON + timedelta(days=1, seconds=1)).state == "code_sent"
    codes.settle()
    assert len(codes.sent) == A_DAY + 1


def test_what_was_not_sent_cannot_be_guessed(plain: None, codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt for nobody is wrong even with the code that was never mailed."""
    monkeypatch.setattr(secrets, "randbelow", lambda most: 123_456)
    case = case_of("anna")
    start(case, claimed="nobody@example.test")
    assert check(case, "123456").state == "wrong"
    start(case, claimed=AWKWARD)
    codes.settle()
    assert check(case, "654321").state == "wrong"


# who is a customer is not told -------------------------------------------------------------------------------

UNKNOWN = "nobody@example.test"


@pytest.mark.parametrize(
    "claimed", [ALICE, ALICES_MAIL, "+447700900102", AWKWARD, "999999", "+4915112345678", "", "a@b@c", "\0", "x" * 320]
)
def test_a_claimed_account_is_answered_like_one_that_does_not_exist(plain: None, codes: Codes, claimed: str) -> None:
    """The same step, the same number of statements, for one that exists, has no address, or is nonsense."""

    def all_of_it(visitor: str, claimed: str) -> list[Any]:
        case = case_of(visitor)
        seen: list[Any] = []
        for act in ("start", "check", "check", "start", *["check"] * 6):
            with CaptureQueriesContext(connection) as queries:
                step = start(case, claimed=claimed) if act == "start" else check(case, WRONG)
            seen.append((step, len(queries)))
        return seen

    assert all_of_it("anna", claimed) == all_of_it("boris", UNKNOWN)
    codes.settle()
    assert len(codes.sent) == (2 if claimed in (ALICE, ALICES_MAIL, "+447700900102") else 0)


@pytest.mark.parametrize("fails", [ExchangeRefused("no_mail"), ExchangeUnavailable("timeout"), RuntimeError("broken")])
def test_a_code_that_could_not_be_sent_does_not_show(
    plain: None, codes: Codes, fails: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    codes.fails = fails
    known, unknown = start(case_of("anna")), start(case_of("boris"), claimed=UNKNOWN)
    codes.settle()
    assert known == unknown == Step("code_sent", "mail_code", expires_at=NOON + CODE_LASTS)
    assert "was not sent" in caplog.text
    assert ALICES_MAIL not in caplog.text


def test_an_account_that_had_its_codes_for_today_is_answered_like_any_other(plain: None, codes: Codes) -> None:
    for number in range(A_DAY):
        start(case_of(f"visitor{number}"))
    assert start(case_of("boris")) == start(case_of("carol"), claimed=UNKNOWN)
    assert start(case_of("dora")).state == "code_sent"


def test_the_exchange_taking_its_time_does_not_show(plain: None, codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail to a claimed account leaves by itself: however long it takes, the answer is there."""
    gate = threading.Event()
    send = codes.exchange.send_code

    def late(**one: str) -> None:
        assert gate.wait(10)
        send(**one)

    monkeypatch.setattr(codes.exchange, "send_code", late)
    assert start(case_of("anna")).state == "code_sent"
    assert codes.sent == []
    gate.set()
    codes.settle()
    assert len(codes.sent) == 1


# all at the same moment --------------------------------------------------------------------------------------


def at_once(number: int, act: Callable[[int], str]) -> list[str]:
    """Do it in so many threads, each with a connection of its own; returns what each got."""
    results: list[str] = []
    gate = threading.Barrier(number)

    def one(number: int) -> None:
        gate.wait(timeout=20)
        try:
            results.append(act(number))
        except UnableToAct as refused:
            results.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == number, "every thread must have come back"
    return results


@pytest.fixture
def committed(committed_db: str) -> Iterator[None]:
    world.fresh()
    yield
    world.fresh()


def test_fifty_times_the_right_code_at_once_prove_once(committed: None, codes: Codes) -> None:
    case = case_of("anna")
    start(case)
    code = codes.last()
    states = at_once(50, lambda number: check(case, code).state)
    assert states.count("proved") == 1
    assert set(states) <= {"proved", "none", "locked"}
    assert Entry.objects.filter(conversation=case, event="proved").count() == 1


def test_fifty_guesses_at_once_are_five(committed: None, codes: Codes) -> None:
    case = case_of("anna")
    start(case)
    codes.settle()
    states = at_once(50, lambda number: check(case, f"{number:06}").state)
    row = Proving.objects.get()
    assert row.tries <= TRIES
    assert states.count("wrong") <= TRIES


def test_codes_asked_for_one_account_from_thirty_cases_at_once_are_ten(committed: None, codes: Codes) -> None:
    cases = [case_of(f"visitor{number}") for number in range(30)]
    assert at_once(30, lambda number: start(cases[number]).state) == ["code_sent"] * 30
    codes.settle()
    assert len(codes.sent) == A_DAY


def test_fifty_takes_at_once_give_the_case_to_one(committed: None) -> None:
    """Claimed by two agents, twenty-five times each."""
    seats = [world.agent("Mei", "funds"), world.agent("Ben", "funds")]
    case = case_of("anna")

    def take(number: int) -> str:
        assignment.take(conversation_id=case, seat=seats[number % 2], now=NOON)
        return str(seats[number % 2].agent_id)

    results = at_once(50, take)
    owner = Conversation.objects.get(pk=case).assignee_id
    assert set(results) == {str(owner), "taken"}
    assert results.count("taken") == 25
    assert Entry.objects.filter(conversation=case, event="assigned").count() == 1


def test_fifty_ends_and_ratings_at_once_happen_once(committed: None) -> None:
    case = case_of("anna")

    def end(number: int) -> str:
        requests.end(conversation_id=case, now=NOON)
        return "done"

    def rate(number: int) -> str:
        requests.rate(conversation_id=case, score=5, comment="", now=NOON)
        return "done"

    assert at_once(25, end) + at_once(25, rate) == ["done"] * 50
    assert Entry.objects.filter(conversation=case, event="ended_by_customer").count() == 1
    assert Entry.objects.filter(conversation=case, event="rated").count() == 1
    seqs = list(Entry.objects.filter(conversation=case).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
