"""TK-8: asking for documents and handing them in; what of it is where others read."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from PIL import Image

from tests import world
from tests.conversations import papers, pictures
from tests.conversations.papers import ANNA, BORIS
from tests.world import NOON
from trustdesk.api import wording
from trustdesk.channels import sealing
from trustdesk.channels.models import Delivery
from trustdesk.conversations import documents, handing_in, notices, public, resolution, transcript
from trustdesk.conversations.acting import UnableToAct
from trustdesk.conversations.document_models import Document, DocumentRequest
from trustdesk.conversations.handing_in import NotTaken
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.customers import visitors
from trustdesk.customers.models import Handle
from trustdesk.policy.proof import Proof
from trustdesk.seams import clock
from trustdesk.widget import frames

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    world.fresh()
    with clock.frozen(NOON):
        yield


# Asking ------------------------------------------------------------------------------------------------------------


def test_an_agent_asks_and_the_customer_sees_what_is_wanted() -> None:
    case, _mei = papers.asked("id_front", "selfie")
    page = handing_in.papers(visitor=ANNA, case_id=case.conversation_id, locale="en", now=NOON)
    assert page.open is not None
    assert [one.kind for one in page.open.wanted] == ["id_front", "selfie"]
    assert page.open.note == "To see that it is you."
    assert papers.events_of(case) == [("documents_asked", True, {})]


def test_the_note_passes_the_guard() -> None:
    mei = world.agent("Mei", "funds")
    case = world.chat("hello")
    note = "send it with xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
    documents.ask(conversation_id=case.conversation_id, seat=mei, now=NOON, kinds=["other"], note=note)
    assert "xprv9" not in papers.request_of(case).note


@pytest.mark.parametrize(
    ("kinds", "note", "code"),
    [([], "", "no_kinds"), (["passport"], "", "no_kinds"), (["other"], "x" * 501, "note_too_long")],
)
def test_what_cannot_be_asked(kinds: list[str], note: str, code: str) -> None:
    mei = world.agent("Mei", "funds")
    case = world.chat("hello")
    with pytest.raises(UnableToAct) as refused:
        documents.ask(conversation_id=case.conversation_id, seat=mei, now=NOON, kinds=kinds, note=note)
    assert refused.value.code == code
    assert not DocumentRequest.objects.exists()


def test_one_request_is_open_at_a_time_and_only_who_may_answer_asks() -> None:
    case, mei = papers.asked()
    with pytest.raises(UnableToAct, match="documents_asked"):
        documents.ask(conversation_id=case.conversation_id, seat=mei, now=NOON, kinds=["other"], note="")
    stranger = world.agent("Tom", "accounts")
    with pytest.raises(UnableToAct, match="not_found"):
        documents.ask(conversation_id=case.conversation_id, seat=stranger, now=NOON, kinds=["other"], note="")
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentRequest.objects.create(
            conversation_id=case.conversation_id, kinds=["other"], asked_by_id=mei.agent_id, asked_at=NOON
        )


# Handing in --------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_written_anew_sealed_and_nameless() -> None:
    case, _mei = papers.asked("id_front")
    photo = pictures.jpeg(3000, 2000)
    papers.put(case, "id_front", photo)
    (kept,) = papers.kept(case)
    sealed, key = bytes(kept.sealed or b""), bytes(kept.key or b"")
    assert b"\xff\xd8\xff" not in sealed
    content = sealing.unseal(sealed, key)
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "JPEG"
        assert image.size == (1600, 2400)  # upright, and no larger than it has to be
        assert not image.getexif()
    assert pictures.WHERE_IT_WAS_TAKEN.encode() not in content
    assert not Attachment.objects.exists()


def test_every_key_is_another() -> None:
    case, _mei = papers.asked()
    papers.put(case, "id_front")
    papers.put(case, "address")
    first, second = papers.kept(case)
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(bytes(first.sealed or b""), bytes(second.key or b""))


def test_handing_in_says_how_many_and_makes_it_our_turn() -> None:
    case, mei = papers.asked()
    resolution.pend(conversation_id=case.conversation_id, seat=mei, now=NOON)
    papers.put(case, "id_front")
    with pytest.raises(UnableToAct, match="incomplete"):
        handing_in.hand_in(visitor=ANNA, reference=case.reference, now=NOON)
    papers.put(case, "address")
    papers.put(case, "address")
    handing_in.hand_in(visitor=ANNA, reference=case.reference, now=NOON)
    assert papers.events_of(case)[1:] == [("documents_handed_in", True, {"count": 3})]
    row = papers.row_of(case)
    assert (row.status, row.waiting_since) == ("open", NOON)
    assert papers.request_of(case).state == "handed_in"
    again: list[Callable[[], None]] = [
        lambda: papers.put(case, "address"),
        lambda: handing_in.hand_in(visitor=ANNA, reference=case.reference, now=NOON),
        lambda: handing_in.remove(visitor=ANNA, reference=case.reference, kind="address", now=NOON),
    ]
    for act in again:
        with pytest.raises(UnableToAct, match="not_asked"):
            act()
    assert len(papers.kept(case)) == 3


def test_one_picture_replaces_another_and_pages_are_added_and_taken_back() -> None:
    case, _mei = papers.asked()
    papers.put(case, "id_front")
    papers.put(case, "id_front", pictures.png())
    papers.put(case, "address")
    papers.put(case, "address")
    assert sorted(one.kind for one in papers.kept(case)) == ["address", "address", "id_front"]
    handing_in.remove(visitor=ANNA, reference=case.reference, kind="address", now=NOON)
    assert [one.kind for one in papers.kept(case)] == ["id_front"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pictures.PDF, "no_picture"),
        (pictures.HEIC, "no_picture"),
        (pictures.SVG, "no_picture"),
        (pictures.EXE, "no_picture"),
        (pictures.gif(), "no_picture"),
        (pictures.png()[:60], "no_picture"),
        (b"", "no_picture"),
        (pictures.png_bomb(), "too_complex"),
        (pictures.jpeg() + bytes(handing_in.FILE_BYTES), "too_big"),
    ],
    ids=["pdf", "heic", "svg", "exe", "gif", "broken", "empty", "bomb", "oversize"],
)
def test_what_is_no_picture_is_refused_and_nothing_of_it_kept(content: bytes, code: str) -> None:
    case, _mei = papers.asked("id_front")
    papers.put(case, "id_front")
    before = [one.pk for one in papers.kept(case)]
    with pytest.raises(NotTaken) as refused:
        papers.put(case, "id_front", content)
    assert refused.value.code == code
    assert [one.pk for one in papers.kept(case)] == before  # what was there is still there
    assert Document.objects.count() == 1


def test_ten_files_are_the_most() -> None:
    case, _mei = papers.asked()
    for _ in range(9):  # one place is kept for the other kind
        papers.put(case, "address")
    with pytest.raises(NotTaken, match="too_many"):
        papers.put(case, "address")
    papers.put(case, "id_front")
    two = [io.BytesIO(pictures.png()), io.BytesIO(pictures.png())]
    with pytest.raises(NotTaken, match="too_many"):
        handing_in.keep(visitor=ANNA, reference=case.reference, kind="id_front", files=two, now=NOON)
    assert len(papers.kept(case)) == 10


@pytest.mark.parametrize(
    ("needs", "level", "may"),
    [(0, Proof.NOBODY, False), (0, Proof.CONTACT, True), (2, Proof.CONTACT, False), (3, Proof.SESSION, False), (3, Proof.STRONG, True)],
)
def test_the_proof_that_the_type_needs_and_never_none(needs: int, level: Proof, may: bool) -> None:
    case, _mei = papers.asked("id_front", level=level)
    kind = papers.row_of(case).type
    assert kind is not None
    type(kind).objects.filter(pk=kind.pk).update(needs=needs)
    if may:
        papers.put(case, "id_front")
    else:
        with pytest.raises(UnableToAct, match="proof"):
            papers.put(case, "id_front")
    assert len(papers.kept(case)) == may


def test_a_proof_that_is_over_counts_no_more() -> None:
    case, _mei = papers.asked("id_front")
    papers.put(case, "id_front")
    late = NOON + timedelta(hours=1)
    acts: list[Callable[[], None]] = [
        lambda: papers.put(case, "id_front", now=late),
        lambda: handing_in.hand_in(visitor=ANNA, reference=case.reference, now=late),
    ]
    for act in acts:
        with pytest.raises(UnableToAct, match="proof"):
            act()


def test_a_fresh_session_of_the_exchange_is_a_proof_for_the_cases_of_its_account() -> None:
    case, _mei = papers.asked("id_front", level=Proof.NOBODY)
    alice = visitors.identified(uid="100002", mail="", now=NOON)
    with pytest.raises(LookupError):
        papers.put(case, "id_front", visitor=alice)
    Handle.objects.create(customer=papers.row_of(case).customer, kind="uid", value="100002", proof=2, proved_at=NOON, created_at=NOON)
    papers.put(case, "id_front", visitor=alice)
    with clock.frozen(NOON + timedelta(hours=1)), pytest.raises(UnableToAct, match="proof"):
        papers.put(case, "id_front", visitor=alice, now=clock.now())


def test_nobody_hands_in_for_somebody_else() -> None:
    case, _mei = papers.asked("id_front")
    other = world.chat("hello", visitor="boris")
    papers.prove(other)
    with pytest.raises(LookupError):
        papers.put(case, "id_front", visitor=BORIS)
    with pytest.raises(UnableToAct, match="not_asked"):
        papers.put(other, "id_front", visitor=BORIS)
    assert not Document.objects.exists()


# Nowhere else ------------------------------------------------------------------------------------------------------


def test_neither_kind_nor_byte_is_in_what_customers_and_interfaces_read() -> None:
    case, _mei, lin = papers.handed_in()
    documents.accept(conversation_id=case.conversation_id, seat=lin, now=NOON, request_id=papers.request_of(case).pk)
    page = public.whole(case.conversation_id)
    shown = public.by_id(case.conversation_id, locale="en", now=NOON)
    assert shown is not None
    text = transcript.render_text(page=page, case=shown, locale="en")
    assert "You handed in documents (2)" in text
    for word in ("id_front", "address", "Photo ID", "Proof of address", "To see that it is you"):
        assert word not in text.replace("the secure page", "")
        assert word not in repr([line for line in page.lines if line.event])
        assert word not in repr(list(Entry.objects.values_list("text", "data")))
    live = repr([frames.entry(line) for line in page.lines])
    view = public.find_case(ANNA, case.reference, locale="en", now=NOON)
    assert view is not None
    called = wording.conversation(view, page).model_dump_json()
    Conversation.objects.filter(pk=case.conversation_id).update(answer_to="anna@mail.example.test", answer_proved=True)
    notices.tell(what="documents", conversation_ids=[case.conversation_id], now=NOON)
    letter = Delivery.objects.get()
    assert f"/cases/{case.reference}/documents/" in letter.text
    for told in (live, called, letter.text, letter.subject):
        for word in ("id_front", "Photo ID", "Proof of address", "To see that it is you"):
            assert word not in told
    assert all(not line.files for line in page.lines)
    assert not Attachment.objects.exists()
