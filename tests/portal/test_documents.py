"""TK-8: the secure page. What is asked, the proof first, handing in without scripts, refusals in words, who looked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests import world
from tests.conversations import papers, pictures
from tests.portal.own_cases import ANNA, BORIS, browser, noon, page, upload
from tests.world import NOON
from trustdesk.conversations import documents, handing_in
from trustdesk.conversations.document_models import Document
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Conversation, RequestType
from trustdesk.customers import limits
from trustdesk.policy import reference
from trustdesk.policy.proof import Proof
from trustdesk.staff.models import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
__all__ = ["noon"]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "limiter", limits.Limiter())


NOBODYS = reference.new(bytes(8))


def _bare(content: bytes, number: str) -> bytes:
    """A page without the number it was asked for by and without its form's token."""
    return re.sub(rb'value="\w{64}"', b"", content.replace(number.encode(), b""))


def _at(case: Received) -> str:
    return f"/cases/{case.reference}/documents/"


def _text(client: Client, case: Received) -> str:
    answer = client.get(_at(case))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.content.decode())


def _send(client: Client, case: Received, kind: str, content: bytes, name: str = "passport of anna.jpg") -> tuple[int, str]:
    answer = client.post(_at(case), {"kind": kind, "files": upload(name, content)})
    return answer.status_code, answer.content.decode()


def test_the_case_leads_there_and_the_page_says_what_it_is_for() -> None:
    case, _mei = papers.asked("id_front", "address", level=Proof.NOBODY)
    client = browser(ANNA)
    assert _at(case) in page(client, case.reference)
    text = _text(client, case)
    for said in ("Photo ID, front", "Proof of address", "To see that it is you.", "30 days after our decision", "your password"):
        assert said in text
    assert 'type="file"' not in text  # the proof comes first
    assert f"/cases/{case.reference}/proof/?then=documents" in text
    answer = client.post(_at(case), {"kind": "id_front", "files": upload("a.jpg", pictures.jpeg())})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/cases/{case.reference}/proof/?then=documents")
    assert not Document.objects.exists()


def test_who_cannot_reach_the_level_by_mail_is_told_the_way() -> None:
    case, _mei = papers.asked("id_front", level=Proof.CONTACT)
    way = "Open support from your signed-in account"
    assert way in _text(browser(ANNA), case)  # a missing deposit needs a signed session
    RequestType.objects.filter(code="deposit_missing").update(needs=1)
    assert way not in _text(browser(ANNA), case)


def test_handed_in_kind_by_kind_without_scripts() -> None:
    case, _mei = papers.asked()
    client = browser(ANNA, strict=True)
    text = _text(client, case)
    assert text.count('type="file"') == 2
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text)
    assert token

    def post(**fields: object) -> int:
        return client.post(_at(case), {"csrfmiddlewaretoken": token[1], **fields}).status_code

    assert client.post(_at(case), {"hand_in": "1"}).status_code == 403
    assert post(hand_in="1") == 409
    for kind in papers.BOTH:
        assert post(kind=kind, files=upload("passport of anna.png", pictures.png())) == 302
    assert post(kind="address", remove="1") == 302
    assert post(hand_in="1") == 409
    assert post(kind="address", files=upload("bill.webp", pictures.webp())) == 302
    assert post(hand_in="1") == 302
    assert len(papers.kept(case)) == 2
    text = _text(client, case)
    assert "Handed in" in text
    assert "Nobody so far." in text
    shown = page(client, case.reference)
    assert "You handed in documents (2)" in shown
    for kept_out in ("passport of anna", "Photo ID", f"{case.reference}/files/", "To see that it is you"):
        assert kept_out not in shown
    assert post(hand_in="1") == 409  # a second time


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pictures.PDF, "no JPEG, PNG or WebP"),
        (pictures.SVG, "no JPEG, PNG or WebP"),
        (pictures.png_bomb(), "too large to be made safe"),
        (pictures.jpeg() + bytes(handing_in.FILE_BYTES), "too large: at most"),
    ],
    ids=["pdf", "svg", "bomb", "oversize"],
)
def test_refusals_say_what_is_wrong_and_keep_nothing(content: bytes, said: str) -> None:
    case, _mei = papers.asked("id_front")
    status, text = _send(browser(ANNA), case, "id_front", content)
    assert status == 422
    assert said in text
    assert "Nothing of it was kept." in text
    assert not Document.objects.exists()


def test_nothing_chosen_and_a_kind_nobody_asked_for() -> None:
    case, _mei = papers.asked("id_front")
    client = browser(ANNA)
    assert client.post(_at(case), {"kind": "id_front"}).status_code == 422
    assert _send(client, case, "selfie", pictures.jpeg())[0] == 409
    assert not Document.objects.exists()


def test_nobody_else_gets_there() -> None:
    case, _mei = papers.asked("id_front")
    world.chat("hello", visitor="boris")
    for client in (Client(), browser(BORIS)):
        foreign, none = client.get(_at(case)), client.get(f"/cases/{NOBODYS}/documents/")
        assert foreign.status_code == none.status_code == 404
        assert _bare(foreign.content, case.reference) == _bare(none.content, NOBODYS)
        answer = client.post(_at(case), {"kind": "id_front", "files": upload("a.jpg", pictures.jpeg())})
        assert answer.status_code == 404
    assert not Document.objects.exists()


def test_the_customer_reads_who_looked_by_role_and_never_by_name() -> None:
    case, _mei, lin = papers.handed_in("id_front")
    row, (document,) = Conversation.objects.get(pk=case.conversation_id), papers.kept(case)
    documents.look(seat=lin, case=row, document_id=document.pk, reason="compare", now=NOON + timedelta(minutes=2))
    ada = world.agent("Ada", role=Role.ADMIN)
    documents.look(seat=ada, case=row, document_id=document.pk, reason="complaint", now=NOON + timedelta(minutes=3))
    text = _text(browser(ANNA), case)
    team = row.team
    assert team is not None
    assert f"A lead of the team {team.name} opened: Photo ID, front" in text
    assert "2026-11-23 12:02 UTC" in text
    assert "An administrator opened: Photo ID, front" in text
    for name in ("Lin", "Ada", "Surname", "compare", "complaint"):
        assert name not in text


def test_the_customer_reads_when_they_go_and_why_they_were_declined() -> None:
    case, _mei, lin = papers.handed_in("id_front")
    pk = papers.request_of(case).pk
    documents.decline(
        conversation_id=case.conversation_id, seat=lin, now=NOON, request_id=pk, reason="unreadable", answer="Too <dark>.", again=True
    )
    text = _text(browser(ANNA), case)
    assert "It cannot be read" in text
    assert "Too &lt;dark&gt;." in text
    assert "They are deleted." in text
    assert 'type="file"' in text  # asked for anew
    papers.put(case, "id_front")
    handing_in.hand_in(visitor=ANNA, reference=case.reference, now=NOON)
    documents.accept(
        conversation_id=case.conversation_id, seat=lin, now=NOON, request_id=papers.request_of(case).pk
    )
    assert "2026-12-23" in _text(browser(ANNA), case)


def test_a_proof_leads_back_to_the_page() -> None:
    case, _mei = papers.asked("id_front", level=Proof.NOBODY)
    client = browser(ANNA)
    at = f"/cases/{case.reference}/proof/?then=documents"
    answer = client.post(at, {"how": "mail_code", "account": "nobody@mail.example.test"})
    assert answer.headers["Location"] == at


def test_a_closed_case_takes_nothing() -> None:
    case, _mei = papers.asked("id_front")
    Conversation.objects.filter(pk=case.conversation_id).update(status="closed", resolved_at=NOON)
    assert _send(browser(ANNA), case, "id_front", pictures.jpeg())[0] == 409
    assert not Document.objects.exists()
