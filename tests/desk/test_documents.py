"""B-25 at the desk: who sees what of documents, audit before bytes, a picture once in one session, deciding."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from PIL import Image

from tests import world
from tests.conversations import papers
from tests.desk import desks
from tests.world import NOON
from trustdesk.conversations import assignment, documents
from trustdesk.conversations.document_models import DocumentLook, DocumentRequest
from trustdesk.conversations.intake import Received
from trustdesk.customers import visitors
from trustdesk.seams import clock
from trustdesk.staff.models import Audit, Membership, Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    world.fresh()
    with clock.frozen(NOON):
        yield


def _at(case: Received) -> str:
    return f"/desk/{case.reference}/documents/"


def _open(client: Client, case: Received, reason: str = "check_identity") -> tuple[int, str]:
    (document, *_) = papers.kept(case)
    answer = client.post(f"{_at(case)}{document.pk}/opening/", {"reason": reason})
    found = re.search(r'<img src="(/desk/documents/[^"]+)"', answer.content.decode())
    return answer.status_code, found[1] if found else ""


def test_asked_at_the_desk() -> None:
    _seat, client = desks.person("Mei", "funds")
    case = world.chat("hello")
    assert 'name="kinds"' in client.get(_at(case)).content.decode()
    answer = client.post(_at(case), {"kinds": ["selfie", "id_front", "made_up"], "note": "Why: a large withdrawal."})
    assert answer.status_code == 302
    row = DocumentRequest.objects.get()
    assert (row.kinds, row.note) == (["id_front", "selfie"], "Why: a large withdrawal.")
    noted = Audit.objects.get(action="documents_asked")
    assert (noted.target, noted.data) == (f"case:{case.reference}", {"kinds": ["selfie", "id_front"]})
    text = client.get(_at(case)).content.decode()
    assert 'name="kinds"' not in text
    assert "Nothing has come yet." in text
    again = client.post(_at(case), {"kinds": ["other"], "note": "typed already"})
    assert again.status_code == 409
    assert "Documents are asked for already" in again.content.decode()
    assert client.post(f"{_at(case)}{row.pk}/withdrawal/").status_code == 302
    assert DocumentRequest.objects.get().state == "withdrawn"


def test_the_matrix() -> None:
    """An agent of the team learns how many; another team nothing; lead and administrator open."""
    case, mei, lin = papers.handed_in()
    pk = papers.request_of(case).pk
    people = {
        "agent": (desks.signed_in(mei), 200, 404),
        "colleague": (desks.person("Tom", "funds")[1], 200, 404),
        "other team": (desks.person("Ole", "accounts")[1], 404, 404),
        "other lead": (desks.person("Pia", "accounts", role=Role.LEAD)[1], 404, 404),
        "lead": (desks.signed_in(lin), 200, 200),
        "admin": (desks.person("Ada", role=Role.ADMIN)[1], 200, 200),
        "anonymous": (Client(), 302, 401),
    }
    customer = Client()
    customer.cookies[visitors.COOKIE] = visitors.token(papers.ANNA)
    people["customer"] = (customer, 302, 401)
    for who, (client, reads, opens) in people.items():
        answer = client.get(_at(case))
        assert answer.status_code == reads, who
        if reads == 200:
            assert "received (2)" in answer.content.decode(), who
            assert ("/opening/" in answer.content.decode()) is (opens == 200), who
        status, picture = _open(client, case)
        assert status == opens, who
        assert bool(picture) is (opens == 200), who
        if opens != 200:
            assert client.post(f"{_at(case)}{pk}/decision/", {"to": "accept"}).status_code == opens, who
    assert DocumentLook.objects.count() == Audit.objects.filter(action="document_opened").count() == 2
    assert papers.request_of(case).state == "handed_in"


def test_an_agent_with_the_right_opens_what_is_of_a_case_at_hand() -> None:
    case, mei, _lin = papers.handed_in("id_front")
    client = desks.signed_in(mei)
    call_command("agent_access", "documents", "mei@staff.example", reason="identity desk")
    assert Audit.objects.get(action="documents_right_set").reason == "identity desk"
    assert _open(client, case)[0] == 404  # nobody has the case
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    status, picture = _open(client, case)
    assert (status, client.get(picture).status_code) == (200, 200)
    call_command("agent_access", "no-documents", "mei@staff.example", reason="left the identity desk")
    assert _open(client, case)[0] == 404


def test_on_record_before_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    case, _mei, lin = papers.handed_in("id_front")
    client = desks.signed_in(lin)
    assert _open(client, case, reason="")[0] == 409
    assert _open(client, case, reason="curious")[0] == 409
    assert not DocumentLook.objects.exists()
    status, picture = _open(client, case, reason="second_look")
    assert status == 200
    noted = Audit.objects.get(action="document_opened")
    assert (noted.agent_id, noted.reason, noted.data) == (lin.agent_id, "second_look", {"case": case.reference})
    seen: list[int] = []
    show = documents.show

    def watched(**given: object) -> bytes:
        seen.append(Audit.objects.filter(action="document_opened").count())
        return show(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(documents, "show", watched)
    assert client.get(picture).status_code == 200
    assert seen == [1]


def test_the_picture_is_marked_and_kept_nowhere() -> None:
    case, _mei, lin = papers.handed_in("id_front")
    client = desks.signed_in(lin)
    answer = client.get(_open(client, case)[1])
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.format == "JPEG"
        assert max(image.size) <= 1_700


def test_a_replay_anywhere_looks_like_what_is_not_there() -> None:
    case, _mei, lin = papers.handed_in("id_front")
    client = desks.signed_in(lin)
    unknown = client.get("/desk/documents/made-up").content
    _, picture = _open(client, case)
    elsewhere = {"another agent": desks.person("Ada", role=Role.ADMIN)[1], "another session": desks.signed_in(lin)}
    for who, other in elsewhere.items():
        answer = other.get(picture)
        assert (answer.status_code, answer.content) == (404, unknown), who
    assert client.get(picture).status_code == 200
    answer = client.get(picture)
    assert (answer.status_code, answer.content) == (404, unknown)
    _, late = _open(client, case)
    with clock.frozen(NOON + timedelta(seconds=61)):
        answer = client.get(late)
    assert (answer.status_code, answer.content) == (404, unknown)
    assert client.get(late[:-1] + ("a" if late[-1] != "a" else "b")).status_code == 404


def test_who_may_no_longer_open_gets_nothing_with_an_address_made_before() -> None:
    case, _mei, lin = papers.handed_in("id_front")
    client = desks.signed_in(lin)
    _, picture = _open(client, case)
    Membership.objects.filter(agent=lin.agent_id).delete()
    assert client.get(picture).status_code == 404


def test_a_document_of_another_case_is_not_opened_through_this_one() -> None:
    case, _mei, lin = papers.handed_in("id_front")
    other = world.chat("hello", visitor="boris")
    (document,) = papers.kept(case)
    answer = desks.signed_in(lin).post(f"{_at(other)}{document.pk}/opening/", {"reason": "compare"})
    assert answer.status_code == 404
    assert not DocumentLook.objects.exists()


def test_declined_with_a_reason_and_accepted() -> None:
    case, _mei, lin = papers.handed_in("id_front")
    client = desks.signed_in(lin)
    pk = papers.request_of(case).pk
    assert client.post(f"{_at(case)}{pk}/decision/", {"to": "decline", "reason": ""}).status_code == 409
    assert client.post(
        f"{_at(case)}{pk}/decision/", {"to": "decline", "reason": "expired", "note": "It ended in May."}
    ).status_code == 302  # fmt: skip
    row = papers.request_of(case)
    assert (row.state, row.reason, row.answer, papers.kept(case)) == ("declined", "expired", "It ended in May.", [])
    assert client.post(f"{_at(case)}{pk}/decision/", {"to": "accept"}).status_code == 409
    noted = Audit.objects.get(action="documents_declined")
    assert noted.data == {"request_id": pk, "reason": "expired", "again": False}


def test_the_panel_says_how_many_and_the_timeline_no_more() -> None:
    case, mei, _lin = papers.handed_in()
    text = desks.signed_in(mei).get(f"/desk/{case.reference}/").content.decode()
    assert "received (2)" in text
    assert "Documents handed in (2)" in text
    for word in ("Photo ID", "Proof of address", "id_front"):
        assert word not in text
