"""B-25, S-60: who opens documents and how, deciding on them, and forgetting them in time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from PIL import Image

from tests import world
from tests.conversations import papers
from tests.conversations.papers import ANNA
from tests.world import NOON
from trustdesk.channels import sealing
from trustdesk.conversations import documents, handing_in, imaging, queries, resolution
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.document_models import Document, DocumentLook
from trustdesk.seams import clock
from trustdesk.staff import audit
from trustdesk.staff.models import Audit, Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    world.fresh()
    with clock.frozen(NOON):
        yield


# Opening -----------------------------------------------------------------------------------------------------------


def test_who_may_open() -> None:
    case, mei, lin = papers.handed_in()
    row, (document, *_) = papers.row_of(case), papers.kept(case)
    other = world.agent("Ole", "accounts", role=Role.LEAD)
    admin = world.agent("Ada", role=Role.ADMIN)
    colleague = world.agent("Tom", "funds")
    for seat, may in ((mei, False), (colleague, False), (other, False), (lin, True), (admin, True)):
        assert documents.may_open(seat, row) is may
        folder = documents.folders(seat=seat, case=row)[0]
        assert folder.received == 2
        assert len(folder.documents) == (2 if may else 0)
        if may:
            documents.look(seat=seat, case=row, document_id=document.pk, reason="check_identity", now=NOON)
        else:
            with pytest.raises(queries.NotFound):
                documents.look(seat=seat, case=row, document_id=document.pk, reason="check_identity", now=NOON)
    assert DocumentLook.objects.count() == 2


def test_shown_once_within_a_minute_to_the_same_agent_and_marked() -> None:
    case, _mei, lin = papers.handed_in("id_front")
    row, (document,) = papers.row_of(case), papers.kept(case)
    admin = world.agent("Ada", role=Role.ADMIN)

    def look() -> int:
        return documents.look(seat=lin, case=row, document_id=document.pk, reason="compare", now=NOON).pk

    first = look()
    with pytest.raises(queries.NotFound):
        documents.show(seat=admin, look_id=first, now=NOON)
    shown = documents.show(seat=lin, look_id=first, now=NOON)
    plain = sealing.unseal(bytes(document.sealed or b""), bytes(document.key or b""))
    with Image.open(io.BytesIO(shown)) as marked, Image.open(io.BytesIO(plain)) as kept:
        assert marked.width == kept.width
        assert marked.height > kept.height  # the line below
    with pytest.raises(queries.NotFound):
        documents.show(seat=lin, look_id=first, now=NOON)
    second = look()
    with pytest.raises(queries.NotFound):
        documents.show(seat=lin, look_id=second, now=NOON + timedelta(minutes=1))


def test_the_mark_covers_the_picture() -> None:
    blank = imaging.paper(_white(1200, 800), kind="png")
    shown = imaging.marked(blank, mark="Lin #7  2026-11-23 12:00 UTC  123-456-7890")
    with Image.open(io.BytesIO(shown)) as image:
        grey = image.convert("L")
        for x in range(0, 1200, 300):
            for y in range(0, 800, 200):
                part = grey.crop((x, y, x + 300, y + 200))
                assert min(part.tobytes()) < 225, (x, y)


def _white(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "PNG")
    return out.getvalue()


def test_what_is_not_handed_in_yet_is_not_opened() -> None:
    case, _mei = papers.asked()
    papers.put(case, "id_front")
    lin = world.agent("Lin", "funds", role=Role.LEAD)
    (document,) = papers.kept(case)
    assert documents.folders(seat=lin, case=papers.row_of(case))[0].documents == ()
    with pytest.raises(queries.NotFound):
        documents.look(seat=lin, case=papers.row_of(case), document_id=document.pk, reason="compare", now=NOON)


# Deciding and forgetting -------------------------------------------------------------------------------------------


def test_only_who_may_open_decides() -> None:
    case, mei, lin = papers.handed_in()
    pk = papers.request_of(case).pk
    acts: list[Callable[[], None]] = [
        lambda: documents.accept(conversation_id=case.conversation_id, seat=mei, now=NOON, request_id=pk),
        lambda: documents.withdraw(conversation_id=case.conversation_id, seat=mei, now=NOON, request_id=pk),
    ]
    for act in acts:
        with pytest.raises(UnableToAct, match="not_found"):
            act()
    documents.accept(conversation_id=case.conversation_id, seat=lin, now=NOON, request_id=pk)
    with pytest.raises(UnableToAct, match="decided"):
        documents.accept(conversation_id=case.conversation_id, seat=lin, now=NOON, request_id=pk)
    assert [event for event, _, _ in papers.events_of(case)] == ["documents_asked", "documents_handed_in", "documents_accepted"]


def test_declined_is_forgotten_at_once_and_asked_for_anew() -> None:
    case, _mei, lin = papers.handed_in()
    first = papers.request_of(case)
    documents.decline(
        conversation_id=case.conversation_id, seat=lin, now=NOON, request_id=first.pk,
        reason="unreadable", answer="Too dark, sorry.", again=True,
    )  # fmt: skip
    assert papers.kept(case) == []
    assert Document.objects.filter(sealed__isnull=True, shredded_at=NOON).count() == 2
    page = handing_in.papers(visitor=ANNA, case_id=case.conversation_id, locale="en", now=NOON)
    assert page.open is not None
    assert page.open.id != first.pk
    assert (page.asked[1].state, page.asked[1].reason, page.asked[1].answer) == ("declined", "unreadable", "Too dark, sorry.")
    papers.put(case, "id_front")


def test_withdrawn_is_forgotten_at_once() -> None:
    case, mei = papers.asked()
    papers.put(case, "id_front")
    documents.withdraw(conversation_id=case.conversation_id, seat=mei, now=NOON, request_id=papers.request_of(case).pk)
    assert papers.kept(case) == []


@pytest.mark.parametrize("how", ["accepted", "resolved", "unfinished"])
def test_keys_are_forgotten_on_time(how: str) -> None:
    """S-60: a moment before they are there, at the moment they are gone, with a row of the audit."""
    if how == "unfinished":
        case, _mei = papers.asked()
        papers.put(case, "id_front")
        ends = NOON + timedelta(days=7)
    else:
        case, mei, lin = papers.handed_in()
        ends = NOON + timedelta(days=30)
        if how == "accepted":
            documents.accept(
                conversation_id=case.conversation_id, seat=lin, now=NOON, request_id=papers.request_of(case).pk
            )
        else:
            resolution.resolve(conversation_id=case.conversation_id, seat=mei, now=NOON)
    there = len(papers.kept(case))
    assert there
    assert documents.shred_due(now=ends - timedelta(seconds=1)) == 0
    assert len(papers.kept(case)) == there
    assert documents.shred_due(now=ends) == there
    assert papers.kept(case) == []
    assert not Document.objects.exclude(sealed=None).exists()
    row = Audit.objects.get(action="documents_shredded")
    assert (row.target, row.data) == (f"case:{case.reference}", {"count": there})
    assert documents.shred_due(now=ends) == 0
    assert audit.verify().first_bad_id is None
