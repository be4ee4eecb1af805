"""Files of customers at the desk: through a case one may see, our own pictures inline, the rest saved (A-02, X-05)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from tests import world
from tests.desk.desks import person, signed_in
from tests.world import NOON
from trustdesk.conversations import assignment, attachments
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Attachment
from trustdesk.staff.models import Audit, Role

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _fresh(db: None, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    world.fresh()


def upload(body: bytes, name: str, media_type: str, *, visitor: str = "anna") -> str:
    announced = attachments.announce(
        handle_kind="visitor",
        handle=visitor,
        client_id=name,
        name=name,
        size=len(body),
        media_type=media_type,
        now=NOON,
    )
    attachments.store(
        key=announced.key, ticket=announced.ticket, stream=io.BytesIO(body), declared_type=media_type, now=NOON
    )
    return announced.key


def picture() -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (40, 30), (10, 120, 140)).save(body, "PNG")
    return body.getvalue()


def fetch(client: Client, key: str) -> Any:
    answer: Any = client.get(reverse("desk_file", args=[key]))
    answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


@pytest.fixture
def sent() -> tuple[Received, str, str]:
    """A case with a picture and a PDF; returns it with their keys."""
    keys = upload(picture(), "screen.png", "image/png"), upload(PDF, "state\u202efdp.pdf", "application/pdf")
    return world.chat("see here", uploads=keys), *keys


def test_pictures_are_shown_and_the_rest_is_saved(sent: tuple[Received, str, str]) -> None:
    _, image, document = sent
    _, client = person("Mei", "funds")
    shown, saved = fetch(client, image), fetch(client, document)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/png")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert shown.body[:4] == b"\x89PNG"
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.body == PDF
    for answer in (shown, saved):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "\u202e" not in answer.headers["Content-Disposition"]


def test_a_file_is_there_for_those_who_see_the_case_and_for_nobody_else(sent: tuple[Received, str, str]) -> None:
    _, image, _ = sent
    unsent = upload(picture(), "never-sent.png", "image/png")
    for _, client in (person("Mei", "funds"), person("Ada", role=Role.ADMIN)):
        assert fetch(client, image).status_code == 200
        assert fetch(client, unsent).status_code == 404
    _, outsider = person("Tom", "trading")
    foreign, unknown = fetch(outsider, image), fetch(outsider, "no-such-key")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.body == unknown.body
    assert fetch(Client(), image).status_code == 302


@pytest.mark.parametrize("state", ["held", "refused", "coming"])
def test_what_is_held_is_shown_as_held_and_never_handed_out(sent: tuple[Received, str, str], state: str) -> None:
    case, image, _ = sent
    Attachment.objects.filter(key=image).update(state=state, reason="virus" if state == "held" else "")
    _, client = person("Mei", "funds")
    assert fetch(client, image).status_code == 404
    page = client.get(reverse("desk_case", args=[case.reference])).content.decode()
    assert image not in page
    assert "screen.png" in page
    assert ("A virus was found" in page) is (state == "held")


def test_opening_a_file_of_somebody_elses_case_is_written_down(sent: tuple[Received, str, str]) -> None:
    case, image, _ = sent
    mei, _ = person("Mei", "funds")
    omar, client = person("Omar", "funds")
    assignment.take(conversation_id=case.conversation_id, seat=mei, now=NOON)
    fetch(signed_in(mei), image)
    assert not Audit.objects.filter(action="file_opened").exists()
    fetch(client, image)
    fetch(client, image)
    row = Audit.objects.get(action="file_opened")
    assert (row.agent_id, row.data) == (omar.agent_id, {"case": case.reference})


DOCX = b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml" + b"\0" * 60


@pytest.fixture
def held() -> tuple[Received, str]:
    """A case with an office document, which nobody may simply open."""
    key = upload(DOCX, "proposal.docx", "application/octet-stream")
    assert Attachment.objects.get(key=key).state == "held"
    return world.chat("our proposal", uploads=(key,)), key


def test_a_held_file_is_handed_out_to_who_examines_it_under_a_name_no_program_opens(held: tuple[Received, str]) -> None:
    case, key = held
    path = reverse("desk_held_file", args=[key])
    lead, client = person("Lena", "funds", role=Role.LEAD)
    assert path in client.get(reverse("desk_case", args=[case.reference])).content.decode()
    asked = client.get(path)
    assert "Nobody has checked this file." in asked.content.decode()
    assert not Audit.objects.filter(action="held_file_opened").exists(), "looking at the warning hands nothing out"
    answer: Any = client.post(path)
    assert b"".join(answer.streaming_content) == DOCX
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="proposal.docx.held"'
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    row = Audit.objects.get(action="held_file_opened")
    assert (row.agent_id, row.data) == (lead.agent_id, {"case": case.reference, "why": "active"})


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_else_examines_and_a_virus_goes_to_nobody(held: tuple[Received, str], method: str) -> None:
    case, key = held
    path = reverse("desk_held_file", args=[key])
    _, agent = person("Mei", "funds")
    _, other = person("Tom", "trading", role=Role.LEAD)
    for client in (agent, other):
        assert getattr(client, method)(path).status_code == 404
    assert path not in agent.get(reverse("desk_case", args=[case.reference])).content.decode()
    _, lead = person("Lena", "funds", role=Role.LEAD)
    for change in ({"reason": "virus"}, {"state": "ready", "reason": ""}, {"state": "refused"}):
        Attachment.objects.filter(key=key).update(**change)
        assert getattr(lead, method)(path).status_code == 404
        assert path not in lead.get(reverse("desk_case", args=[case.reference])).content.decode()
    assert not Audit.objects.filter(action="held_file_opened").exists()
