"""Files of a ticket that come in pieces, and pictures that are hard to read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import world
from tests.conversations import pictures
from tests.portal.ticket_sheets import hidden, look, picture, send
from trustdesk.conversations import attachments, requests, tasks
from trustdesk.conversations.models import Attachment
from trustdesk.seams import clock

pytestmark = pytest.mark.usefixtures("ticket_office")


def piece(client: Client, data: bytes, *, at: int, of: int, identity: str = "b" * 32, name: str = "log.txt") -> Any:
    token = hidden(look(client))["csrfmiddlewaretoken"]
    sent = {
        "csrfmiddlewaretoken": token,
        "id": identity,
        "at": at,
        "of": of,
        "files": SimpleUploadedFile(name, data, "text/plain"),
    }
    return client.post("/tickets/files/", sent)


TEXT = b"2026-11-23 14:05:01 HTTP 10003\n" * 100


def test_a_file_that_comes_in_pieces_goes_on_where_it_was(stranger: Client) -> None:
    size = len(TEXT)
    assert piece(stranger, TEXT[:700], at=0, of=size).json() == {"have": 700}
    lost = piece(stranger, TEXT[700:1500], at=700, of=size)  # it arrived, and its answer did not
    assert (lost.status_code, lost.json()) == (202, {"have": 1500})
    again = piece(stranger, TEXT[700:1500], at=700, of=size)
    assert (again.status_code, again.json()) == (202, {"have": 1500})
    assert piece(stranger, TEXT[2000:], at=2000, of=size).json() == {"have": 1500}, "nothing is left out in between"
    whole = piece(stranger, TEXT[1500:], at=1500, of=size)
    assert (whole.status_code, whole.json()["size"], whole.json()["state"]) == (201, size, "ready")
    row = Attachment.objects.get()
    with default_storage.open(f"attachments/{row.key[:2]}/{row.key}") as file:
        assert file.read() == TEXT
    assert not default_storage.exists(f"coming/{row.key}"), "the pieces are gone"
    same = piece(stranger, TEXT[1500:], at=1500, of=size)
    assert (same.status_code, same.json()["file"]) == (201, row.key)


def test_pieces_are_of_who_began_and_never_more_than_was_announced(stranger: Client, ticket_office: None) -> None:
    """A-03, S-38: nobody goes on with somebody else's file, and nothing grows past its size."""
    size = len(TEXT)
    piece(stranger, TEXT[:700], at=0, of=size)
    other = Client(enforce_csrf_checks=True)
    assert piece(other, TEXT[700:], at=700, of=size).json() == {"have": 0}, "his own file of that name has nothing yet"
    assert piece(stranger, TEXT, at=700, of=size).status_code == 413
    assert (
        piece(stranger, b"x" * (requests.PIECE + 1), at=0, of=requests.PIECE + 1, identity="c" * 32).status_code == 413
    )
    assert piece(stranger, b"x", at=0, of=attachments.FILE_BYTES + 1, identity="d" * 32).status_code == 413
    assert piece(stranger, TEXT[:9], at=0, of=0, identity="e" * 32).status_code == 415
    assert {row.state for row in Attachment.objects.all()} <= {"coming", "refused"}


def test_pieces_that_make_nothing_we_take_are_deleted(stranger: Client) -> None:
    answer = piece(stranger, pictures.EXE, at=0, of=len(pictures.EXE))
    assert answer.status_code == 415
    row = Attachment.objects.get()
    assert not default_storage.exists(f"coming/{row.key}")


def test_pieces_that_were_left_behind_go_with_their_file(stranger: Client) -> None:
    piece(stranger, TEXT[:700], at=0, of=len(TEXT))
    key = Attachment.objects.get().key
    assert default_storage.exists(f"coming/{key}")
    with clock.frozen(world.NOON + timedelta(days=2)):
        tasks.sweep_uploads(timestamp=0)
    assert not default_storage.exists(f"coming/{key}")


def test_a_picture_that_is_hard_to_read_is_taken_and_said(stranger: Client) -> None:
    token = hidden(look(stranger))["csrfmiddlewaretoken"]
    answer = stranger.post("/tickets/files/", {"csrfmiddlewaretoken": token, "files": picture()})
    assert (answer.status_code, answer.json()["state"]) == (201, "ready")
    assert "very small" in answer.json()["notice"]
    assert Attachment.objects.get().reason == "too_small"
    page = send(stranger, files=picture("b.png"), mail="").content.decode()
    assert "This picture is very small" in page
