"""Handing in, deciding and opening that meet: each happens exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from tests import world
from tests.conversations import papers
from tests.conversations.papers import ANNA
from tests.world import NOON
from trustdesk.conversations import documents, handing_in, queries
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.document_models import DocumentLook
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.staff.models import Role


@pytest.fixture(autouse=True)
def _fresh(committed_db: str) -> None:
    world.fresh()


def test_handed_in_decided_and_opened_at_once_happens_exactly_once() -> None:
    case, _mei = papers.asked("id_front")
    papers.put(case, "id_front")
    number, lin = case.conversation_id, world.agent("Lin", "funds", role=Role.LEAD)

    def hand_in() -> None:
        handing_in.hand_in(visitor=ANNA, reference=case.reference, now=NOON)

    assert _at_once(*[hand_in] * 4) == ["done", "not_asked", "not_asked", "not_asked"]

    row, (document,) = Conversation.objects.get(pk=number), papers.kept(case)
    look = documents.look(seat=lin, case=row, document_id=document.pk, reason="compare", now=NOON).pk
    assert _at_once(*[lambda: documents.show(seat=lin, look_id=look, now=NOON)] * 3) == ["done", "gone", "gone"]
    assert DocumentLook.objects.get().shown_at == NOON

    pk = papers.request_of(case).pk

    def accept() -> None:
        documents.accept(conversation_id=number, seat=lin, now=NOON, request_id=pk)

    def decline() -> None:
        documents.decline(
            conversation_id=number, seat=lin, now=NOON, request_id=pk, reason="expired", answer="", again=False
        )

    assert _at_once(accept, decline, accept, decline) == ["decided", "decided", "decided", "done"]
    assert bool(papers.kept(case)) is (papers.request_of(case).state == "accepted")
    assert Entry.objects.filter(conversation=number, event__startswith="documents").count() == 3


def test_asked_at_once_is_asked_once() -> None:
    mei, case = world.agent("Mei", "funds"), world.chat("hello")

    def ask() -> None:
        documents.ask(conversation_id=case.conversation_id, seat=mei, now=NOON, kinds=["other"], note="")

    assert _at_once(*[ask] * 4) == ["documents_asked", "documents_asked", "documents_asked", "done"]


def _at_once(*acts: Callable[[], object]) -> list[str]:
    outcomes: list[str] = []
    together = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            together.wait()
            act()
            outcomes.append("done")
        except UnableToAct as refused:
            outcomes.append(refused.code)
        except queries.NotFound:
            outcomes.append("gone")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)
