"""Files: how many, by whose ticket, and who may have them back."""

from __future__ import annotations

import io
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests import world
from tests.conversations import pictures
from tests.conversations.uploads import announce, fetch, kept, send
from tests.world import NOON
from trustdesk.conversations import attachments, intake, public
from trustdesk.conversations.attachments import NotServed, Stored, UploadRefused
from trustdesk.conversations.models import Attachment, Entry
from trustdesk.customers.models import Customer, Handle

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def _fresh() -> None:
    world.fresh()


# Limits


def test_a_file_over_25_mb_is_refused() -> None:
    announce(size=25 * MB)
    with pytest.raises(UploadRefused, match="too_big"):
        announce(size=25 * MB + 1)


def test_a_customer_may_send_100_mb_in_a_day_and_then_again_the_next() -> None:
    for _ in range(4):
        announce(size=25 * MB)
    with pytest.raises(UploadRefused, match="quota"):
        announce(size=1)
    announce(size=25 * MB, visitor="boris")
    announce(size=25 * MB, now=NOON + timedelta(days=1, seconds=1))


def test_a_customer_may_send_a_bounded_number_of_files() -> None:
    owner = _handle("anna")
    Attachment.objects.bulk_create(
        Attachment(key=str(n), handle=owner, client_id=str(n), name="a.png", size=1, created_at=NOON)
        for n in range(attachments.DAY_FILES)
    )
    with pytest.raises(UploadRefused, match="quota"):
        announce()


def test_more_bytes_than_announced_are_refused_and_none_kept() -> None:
    place = announce(size=10)
    with pytest.raises(UploadRefused, match="too_big"):
        attachments.store(key=place.key, ticket=place.ticket, stream=_Endless(), declared_type="", now=NOON)
    assert place.key not in kept()


class _Endless:
    """A sender that does not stop; the test fails by running out of patience, not of memory."""

    def __init__(self) -> None:
        self.sent = 0

    def read(self, size: int, /) -> bytes:
        self.sent += size
        assert self.sent < MB, "read on although it was too big"
        return b"x" * size


# Tickets


def test_announcing_again_gives_the_same_key_and_makes_the_old_ticket_worthless() -> None:
    data = pictures.PDF
    first = announce("a.pdf", len(data), client_id="one")
    second = announce("a.pdf", len(data), client_id="one")
    assert first.key == second.key
    with pytest.raises(UploadRefused, match="ticket_used"):
        _store(first, data)
    assert _store(second, data).state == "ready"


def test_a_ticket_works_once() -> None:
    place = announce("a.pdf", len(pictures.PDF))
    _store(place, pictures.PDF)
    with pytest.raises(UploadRefused, match="ticket_used"):
        _store(place, pictures.PDF)


def test_who_missed_the_answer_announces_again_and_gets_it() -> None:
    place = announce("a.pdf", len(pictures.PDF), client_id="one")
    stored = _store(place, pictures.PDF)
    again = announce("a.pdf", len(pictures.PDF), client_id="one")
    assert again.key == place.key
    assert _store(again, b"other bytes are not even read") == stored


def test_a_refused_file_stays_refused_under_its_id() -> None:
    with pytest.raises(UploadRefused):
        _store(announce("a.png", len(pictures.EXE), client_id="one"), pictures.EXE)
    with pytest.raises(UploadRefused, match="type_refused"):
        announce("a.png", len(pictures.EXE), client_id="one")


def test_a_ticket_ends_after_a_minute() -> None:
    place = announce("a.pdf", len(pictures.PDF))
    with pytest.raises(UploadRefused, match="bad_ticket"):
        _store(place, pictures.PDF, later=timedelta(seconds=61))
    assert _store(place, pictures.PDF, later=timedelta(seconds=59)).state == "ready"


def test_a_ticket_is_for_one_file_and_cannot_be_made_up() -> None:
    mine, other = announce("a.pdf", len(pictures.PDF)), announce("a.pdf", len(pictures.PDF), visitor="boris")
    for ticket in (other.ticket, "", mine.ticket[:-2], "x" * 9_000, "é"):
        with pytest.raises(UploadRefused, match="bad_ticket"):
            _store(attachments.Announced(mine.key, ticket), pictures.PDF)
    with pytest.raises(UploadRefused, match="bad_ticket"):
        _store(attachments.Announced("no-such-key", mine.ticket), pictures.PDF)


@pytest.mark.parametrize("broken", [True, False], ids=["the line breaks", "the stream just ends"])
def test_half_an_upload_leaves_room_for_another_try(broken: bool) -> None:
    place = announce("a.pdf", len(pictures.PDF), client_id="one")
    with pytest.raises(UploadRefused, match="incomplete"):
        attachments.store(
            key=place.key, ticket=place.ticket, stream=_Torn(pictures.PDF[:20], broken), declared_type="", now=NOON
        )
    assert place.key not in kept()
    assert _store(announce("a.pdf", len(pictures.PDF), client_id="one"), pictures.PDF).state == "ready"


class _Torn(io.BytesIO):
    def __init__(self, data: bytes, broken: bool) -> None:
        super().__init__(data)
        self.broken = broken

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data and self.broken:
            raise OSError("connection reset")
        return data


def test_a_crash_before_the_commit_leaves_no_link_and_the_next_try_works(monkeypatch: pytest.MonkeyPatch) -> None:
    place = announce("a.pdf", len(pictures.PDF), client_id="one")
    with monkeypatch.context() as patch:
        patch.setattr(attachments, "_settle", _fail)
        with pytest.raises(OSError, match="power cut"):
            _store(place, pictures.PDF)
    assert Attachment.objects.get(key=place.key).state == "coming"
    with pytest.raises(NotServed, match="coming"):
        fetch(place.key)
    _store(announce("a.pdf", len(pictures.PDF), client_id="one"), pictures.PDF)
    assert fetch(place.key) == pictures.PDF


def _fail(name: str) -> None:
    assert default_storage.exists(name), "the file comes before the row"
    raise OSError("power cut")


def _store(place: attachments.Announced, data: bytes, *, later: timedelta = timedelta(0)) -> Stored:
    return attachments.store(
        key=place.key, ticket=place.ticket, stream=io.BytesIO(data), declared_type="", now=NOON + later
    )


# Who may have it


def test_only_the_sender_and_the_case_get_a_file() -> None:
    stored = send(pictures.PDF, "a.pdf")
    assert fetch(stored.key) == pictures.PDF
    assert fetch(stored.key, visitor="boris") is None
    assert fetch("unknown") is None
    world.chat("hello", visitor="boris")
    assert fetch(stored.key, visitor="boris") is None


def test_a_file_of_an_agent_is_for_the_customer_of_the_case_unless_it_is_in_a_note() -> None:
    seat = world.agent("Mei", "funds")
    case = world.chat("hello")
    world.chat("hello", visitor="boris")
    answer, note = world.answer(seat, case, "see this"), world.answer(seat, case, "between us", note=True)
    shown, hidden = _of_agent(seat.agent_id, case, answer.seq), _of_agent(seat.agent_id, case, note.seq)
    assert fetch(shown) == b"%PDF-"
    assert fetch(hidden) is None
    assert fetch(shown, visitor="boris") is None


def test_another_address_of_the_same_customer_gets_only_files_of_its_own_cases() -> None:
    """An unproved address next to a proved one must not inherit what the proved one may see."""
    seat = world.agent("Mei", "funds")
    case = world.chat("hello")
    shown = _of_agent(seat.agent_id, case, world.answer(seat, case, "see this").seq)
    Handle.objects.create(
        customer=Handle.objects.get(value="anna").customer, kind="visitor", value="anna-elsewhere", created_at=NOON
    )
    assert fetch(shown) is not None
    assert fetch(shown, visitor="anna-elsewhere") is None


def _of_agent(agent_id: int, case: Any, seq: int) -> str:
    key = secrets.token_urlsafe(32)
    default_storage.save(f"attachments/{key[:2]}/{key}", ContentFile(b"%PDF-"))
    entry = Entry.objects.get(conversation=case.conversation_id, seq=seq)
    Attachment.objects.create(
        key=key,
        agent_id=agent_id,
        client_id=key[:20],
        conversation_id=case.conversation_id,
        entry=entry,
        name="a.pdf",
        media_type="application/pdf",
        state="ready",
        size=5,
        created_at=NOON,
    )
    return key


def test_a_message_carries_the_files_of_its_sender_only() -> None:
    mine, theirs = send(pictures.png(), "a.png"), send(pictures.png(), "b.png", visitor="boris")
    with pytest.raises(intake.UnknownFile):
        world.chat("look", uploads=(theirs.key,))
    received = world.chat("look", uploads=(mine.key,))
    page = public.entries_after({received.conversation_id: 0})[received.conversation_id]
    assert [file.key for line in page.lines for file in line.files] == [mine.key]


# Housekeeping


def test_what_was_never_sent_goes_and_what_was_sent_stays() -> None:
    sent, forgotten = send(pictures.png(), "a.png"), send(pictures.png(), "b.png")
    never_came = announce("c.png")
    world.chat("look", uploads=(sent.key,))
    assert attachments.sweep(now=NOON + timedelta(hours=23)) == []
    assert len(attachments.sweep(now=NOON + timedelta(days=2))) == 1
    assert not Attachment.objects.filter(key=never_came.key).exists()
    assert len(attachments.sweep(now=NOON + timedelta(days=8))) == 1
    assert fetch(forgotten.key) is None
    assert forgotten.key not in kept()
    assert fetch(sent.key) is not None


def _handle(value: str) -> Handle:
    customer = Customer.objects.create(created_at=NOON)
    return Handle.objects.create(customer=customer, kind="visitor", value=value, created_at=NOON)
