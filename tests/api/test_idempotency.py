"""The same request sent again: in a row, at once, after a crash, and with something else in it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection

from tests.api import callers
from tests.api.callers import case, code, deposit, post, session, token
from tests.counting import statements
from tests.processes import Process
from trustdesk.api import idempotency
from trustdesk.api.models import AnsweredRequest, OpenedCase
from trustdesk.conversations import tickets
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.seams import clock, failpoints


@pytest.fixture
def exchange(committed_db: str) -> str:
    callers.fresh()
    return token()


def said() -> int:
    """Count what customers said."""
    return Entry.objects.filter(kind="message", author="customer").count()


def test_the_same_again_is_answered_alike_and_makes_nothing(exchange: str) -> None:
    answers = [post("conversations", case(), token=exchange, key="k-1") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Conversation.objects.count() == said() == 1
    reference = json.loads(answers[0].content)["reference"]
    added = [post(f"conversations/{reference}/messages", {"text": "ok"}, token=exchange, key="k-2") for _ in range(3)]
    assert len({answer.content for answer in added}) == 1
    assert said() == 2
    post(f"conversations/{reference}/messages", {"text": "ok"}, token=exchange, key="k-3")
    post(f"conversations/{reference}/messages", {"text": "ok"}, token=exchange)
    assert said() == 4, "another key, or none, is another message"


def test_the_order_of_names_and_spaces_do_not_matter(exchange: str) -> None:
    first = post("conversations", case(), token=exchange, key="k")
    turned = json.dumps(dict(reversed(case().items())), indent=3).encode()
    assert post("conversations", turned, token=exchange, key="k").content == first.content


def test_a_key_is_good_for_one_request(exchange: str) -> None:
    first = post("conversations", case(), token=exchange, key="k")
    reference = json.loads(first.content)["reference"]
    for path, other in (
        ("conversations", case(text="Something else.")),
        ("conversations", case(customer={"mail": "boris@example.test"})),
        ("conversations", case(customer={"uid": "1"})),
        ("conversations", case(locale="zh-hans")),
        (f"conversations/{reference}/messages", {"text": case()["text"]}),
    ):
        answer = post(path, other, token=exchange, key="k")
        assert answer.status_code == 422
        assert code(answer) == "key_reused"
    assert Conversation.objects.count() == said() == 1


def test_keys_of_two_callers_have_nothing_to_do_with_each_other(exchange: str) -> None:
    first = json.loads(post("conversations", case(), token=exchange, key="k").content)
    other = json.loads(post("conversations", case(), token=token("shop"), key="k").content)
    assert first["reference"] != other["reference"]


def test_what_was_refused_may_be_corrected_under_the_same_key(exchange: str) -> None:
    assert code(post("conversations", deposit(fields={}), token=exchange, key="k")) == "form_refused"
    assert post("conversations", deposit(), token=exchange, key="k").status_code == 201
    assert AnsweredRequest.objects.count() == 1


def test_a_fresh_session_of_the_same_customer_is_the_same_request(exchange: str) -> None:
    first = post("conversations", deposit(customer={"session": session("7")}), token=exchange, key="k")
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        again = post("conversations", deposit(customer={"session": session("7")}), token=exchange, key="k")
        assert again.content == first.content
        other = post("conversations", deposit(customer={"session": session("8")}), token=exchange, key="k")
        assert code(other) == "key_reused"


@pytest.mark.parametrize("what", ["case", "message"])
def test_many_at_once_make_one(exchange: str, what: str) -> None:
    path, sent = "conversations", case()
    if what == "message":
        path = f"conversations/{json.loads(post(path, case(), token=exchange).content)['reference']}/messages"
        sent = {"text": "Any news?"}
    before, barrier = said(), threading.Barrier(8)
    answers: list[tuple[int, bytes]] = []

    def send() -> None:
        try:
            barrier.wait(10)
            answer = post(path, sent, token=exchange, key="at-once")
            answers.append((answer.status_code, answer.content))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert said() == before + 1
    assert Conversation.objects.count() == 1


def test_two_requests_under_one_key_at_once_make_one_of_them(exchange: str) -> None:
    barrier = threading.Barrier(6)
    statuses: list[int] = []

    def send(number: int) -> None:
        try:
            barrier.wait(10)
            statuses.append(
                post("conversations", case(text=f"Question {number % 2}"), token=exchange, key="k").status_code
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [201, 201, 201, 422, 422, 422]
    assert Conversation.objects.count() == 1


@pytest.fixture
def broken() -> Any:
    """Let the core fail right after its commit, and leave it in order."""
    failpoints.arm("after_commit=error")
    yield
    failpoints.arm("")


@pytest.mark.parametrize("what", ["case", "message"])
def test_what_broke_off_after_the_commit_is_found_again(exchange: str, what: str, broken: None) -> None:
    """S-18: nothing is half-done for good; the repeat writes down what the first one could not."""
    path, sent = "conversations", case()
    if what == "message":
        failpoints.arm("")
        path = f"conversations/{json.loads(post(path, case(), token=exchange).content)['reference']}/messages"
        sent = {"text": "Any news?"}
        failpoints.arm("after_commit=error")
    before = said()
    assert code(post(path, sent, token=exchange, key="k")) == "failed"
    assert said() == before + 1
    failpoints.arm("")
    answer = post(path, sent, token=exchange, key="k")
    assert answer.status_code == 201
    assert said() == before + 1
    assert OpenedCase.objects.filter(reference=json.loads(answer.content)["reference"]).count() == 1
    assert post(path, sent, token=exchange, key="k").content == answer.content
    assert code(post("conversations", case(text="Else."), token=exchange, key="k")) == "key_reused"


@pytest.mark.faults
def test_a_server_killed_between_commit_and_answer(
    committed_db: str, live_server_process: Callable[..., Process]
) -> None:
    callers.fresh()
    headers = {"Authorization": f"Bearer {token()}", "Idempotency-Key": "k"}
    doomed = live_server_process(url=committed_db, env={"TRUSTDESK_FAILPOINTS": "after_commit=crash"})
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{doomed.address}/api/v1/conversations", json=case(), headers=headers, timeout=30)
    assert doomed.wait() == 137
    assert Conversation.objects.count() == 1
    server = live_server_process(url=committed_db)
    answers = [
        httpx.post(f"{server.address}/api/v1/conversations", json=case(), headers=headers, timeout=30) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert answers[0].json()["reference"] == Conversation.objects.get().reference


def test_opening_a_case_asks_the_database_nothing_but_through_the_writer(exchange: str) -> None:
    """The token is looked up once a second; everything else is in the batch, whose size its cost does not depend on."""
    post("conversations", deposit(), token=exchange, key="warm")
    own = threading.current_thread().name
    answers: list[Any] = []

    def send(key: str) -> None:
        answers.append(post("conversations", deposit(customer={"uid": key}), token=exchange, key=key))

    assert statements(lambda: send("k1"), thread=own) == 0
    assert statements(lambda: send("k1"), thread=own) == 0, "nor does the same again"
    assert len({answer.content for answer in answers}) == 1
    assert OpenedCase.objects.count() == 2


def test_what_a_form_does_not_let_in_any_more_is_answered_as_it_was(
    exchange: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = post("conversations", deposit(), token=exchange, key="k")
    monkeypatch.setattr(tickets, "TEXT", 3)
    assert post("conversations", deposit(), token=exchange, key="k").content == first.content
    assert code(post("conversations", deposit(text="Else."), token=exchange, key="k")) == "key_reused"
    assert code(post("conversations", deposit(), token=exchange, key="new")) == "form_refused"


def test_a_row_that_an_earlier_release_left_without_an_answer_is_filled(exchange: str) -> None:
    first = post("conversations", deposit(), token=exchange, key="k")
    AnsweredRequest.objects.update(status=None, answer="")
    again = post("conversations", deposit(), token=exchange, key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert AnsweredRequest.objects.get().status == 201
    assert Conversation.objects.count() == 1


def test_answers_are_kept_for_a_month(exchange: str) -> None:
    post("conversations", case(), token=exchange, key="k")
    idempotency.forget_old(now=clock.now() + timedelta(days=29))
    assert AnsweredRequest.objects.count() == 1
    idempotency.forget_old(now=clock.now() + timedelta(days=31))
    assert AnsweredRequest.objects.count() == 0


def test_neither_the_key_nor_what_was_said_is_kept_beside_the_case(exchange: str) -> None:
    post("conversations", case(text="My very own words"), token=exchange, key="my-very-own-key")
    row = AnsweredRequest.objects.get()
    kept = repr(vars(row))
    assert "very" not in kept
    assert "anna" not in kept
