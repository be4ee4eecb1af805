"""Attacks on tickets and the customer's pages, by their numbers in the list of security checks."""

from __future__ import annotations

import re
import time
import zipfile
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from procrastinate.contrib.django.models import ProcrastinateJob

from tests import world
from tests.portal.own_cases import ALICE, ANNA, BORIS, browser, noon, page, reply, ticket
from tests.portal.ticket_sheets import FIELDS, hidden, look, picture, send
from trustdesk.channels.models import Delivery
from trustdesk.conversations import intake, notices, threads, timeline
from trustdesk.conversations.models import Attachment, Conversation, Entry, Evidence, Promise, Proving, Thread
from trustdesk.customers import limits
from trustdesk.customers.models import Customer, Handle
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import reference as case_number
from trustdesk.seams import clock

__all__ = ["noon"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

MAILED = Visitor("mail", "mallory@mail.example.test", mail="mallory@mail.example.test")


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "limiter", limits.Limiter())


def with_file() -> tuple[str, str]:
    """A ticket of Anna's with a file; returns its number and the key of the file."""
    client = browser()
    reference = ticket().reference
    client.post(f"/cases/{reference}/replies/", {"text": "see", "files": picture()})
    return reference, Attachment.objects.get().key


def served(client: Client, reference: str, key: str) -> Any:
    """Fetch a file of a case to its end."""
    answer: Any = client.get(f"/cases/{reference}/files/{key}")
    if answer.streaming:
        b"".join(answer)
        for close in answer._resource_closers:  # closing the answer would close this test's connection, too
            close()
    return answer


@pytest.mark.parametrize("who", [None, BORIS, ALICE, MAILED])
def test_files_and_transcripts_of_others_look_like_none(who: Visitor | None) -> None:
    """A-02: for nobody, another stranger, a signed-in customer and one with a mailed code."""
    reference, key = with_file()
    client = browser(who) if who else Client()
    none = case_number.new(b"\x02" * 8)
    for path in (f"files/{key}", "transcript.txt", "", "proof/", "_live.html"):
        foreign, unknown = client.get(f"/cases/{reference}/{path}"), client.get(f"/cases/{none}/{path}")
        assert foreign.status_code == unknown.status_code == 404
        same = [
            re.sub(r'value="\w{64}"', "", one.content.decode().replace(reference, none)) for one in (foreign, unknown)
        ]
        assert same[0] == same[1]
    assert served(browser(), reference, key).status_code == 200
    assert key not in {str(Attachment.objects.get().pk), reference}


def test_files_of_others_go_into_no_case_of_mine() -> None:
    """A-03: neither into a new ticket nor into a reply, and the file stays where it was."""
    browser().post("/tickets/files/", {"id": "a" * 32, "files": picture()})
    key = Attachment.objects.get().key
    boris, own = browser(BORIS), ticket(BORIS)
    answer = reply(boris, own.reference, "mine", file=f"{key} 10 shot.png")
    assert answer.status_code == 422
    assert send(boris, file=[f"{key} 10 shot.png"]).status_code == 422
    assert Attachment.objects.get().entry is None
    assert Attachment.objects.get().handle.value == ANNA.value  # type: ignore[union-attr]


ASSIGNED = {
    "author": "agent", "is_internal": "1", "visible": "0", "customer_id": "1", "customer": "1", "account_id": "1",
    "role": "admin", "verified": "1", "answer_proved": "1", "proof_level": "3", "proof": "3", "created_at": "2001-01-01",
    "team": "1", "team_id": "1", "assignee": "1", "priority": "0", "status": "closed", "reference": "AAA-AAA-AAAA",
    "kind": "note", "uid": "100002", "handle": "uid:100002", "seq": "99",
}  # fmt: skip


def test_fields_that_are_not_the_customers_change_nothing() -> None:
    """A-04: of the form, of a reply, of the acts on a case."""
    plain, loaded = Client(), Client()
    for client, more in ((plain, {}), (loaded, ASSIGNED)):
        answer = send(client, **more)
        assert answer.status_code == 302
        number = answer.headers["Location"].split("/")[3]
        assert client.post(f"/cases/{number}/replies/", more | {"text": "and this"}).status_code == 302
    first, second = Conversation.objects.order_by("pk")
    names = "status team_id assignee_id priority proof_level answer_proved locale subject follows_id".split()
    assert [getattr(first, name) for name in names] == [getattr(second, name) for name in names]
    assert second.reference != ASSIGNED["reference"]
    assert second.created_at == world.NOON
    lines = [
        list(one.entries.order_by("seq").values_list("seq", "kind", "author", "visible", "agent"))
        for one in (first, second)
    ]
    assert lines[0] == lines[1]
    assert not Handle.objects.filter(value="100002").exists()


def test_signing_in_tells_nobody_which_addresses_are_known() -> None:
    """A-20: the same status, headers, body and statements for an address with cases and for one nobody ever named."""
    ticket(ANNA)
    Conversation.objects.update(answer_to="known@mail.example.test", answer_proved=True)
    answers = []
    for mail in ("known@mail.example.test", "never@mail.example.test"):
        with CaptureQueriesContext(connection) as queries:
            answer = Client().post("/signin/", {"mail": mail})
        asked = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in queries]
        answers.append((answer.status_code, answer.headers["Location"], answer.content, asked))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "name",
    [
        "../../x.png", "..\\..\\x.png", "/etc/x.png", "C:\\x.png", "a\0.png", "a\r\nSet-Cookie: x=1.png", "\u202egnp.x.png",
        "\u200b.htaccess.png", "x" * 4096 + ".png", "CON.png", 'a"b.png', "a'; filename=b.png",
    ],
)  # fmt: skip
def test_names_of_files_name_nothing_of_ours(name: str) -> None:
    """X-06: stored under a random key, the name made harmless before anything looks at it."""
    client, reference = browser(), ticket().reference
    file = SimpleUploadedFile("x.png", picture().read(), content_type="image/png")
    file._name = name  # type: ignore[attr-defined]  # a browser may send anything, and so does this
    client.post(f"/cases/{reference}/replies/", {"text": "see", "files": file})
    row = Attachment.objects.first()
    if row is None:  # refused for its name
        return
    assert re.fullmatch(r"[\w-]{43}", row.key)
    assert default_storage.exists(f"attachments/{row.key[:2]}/{row.key}")
    assert len(row.name) <= 200
    assert not re.search(r"[\x00-\x1f/\\\u202e\u200b]", row.name)
    answer = served(client, reference, row.key)
    assert "\n" not in answer.headers["Content-Disposition"]
    assert "Set-Cookie" not in answer.headers


def bombs() -> dict[str, tuple[str, bytes, str]]:
    def saved(image: Image.Image, kind: str, **more: Any) -> bytes:
        file = BytesIO()
        image.save(file, kind, **more)
        return file.getvalue()

    header = saved(Image.new("1", (8, 8)), "PNG")
    huge = header[:16] + (50_000).to_bytes(4, "big") * 2 + header[24:]
    frames = [Image.new("L", (16, 16), number * 37 % 256) for number in range(1_000)]
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(20_000_000))
    return {
        "50,000 pixels square": ("a.png", huge, "image/png"),
        "a thousand frames": ("a.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), "image/gif"),
        "an archive of zeros": ("a.zip", packed.getvalue(), "application/zip"),
        "an archive of archives": ("b.zip", packed.getvalue() * 2, "application/zip"),
    }


@pytest.mark.parametrize("what", list(bombs()))
def test_what_would_burst_is_held_or_refused_at_once(what: str) -> None:
    """X-07: nothing is unpacked by us; pictures are decoded where they can do no harm, and in time."""
    name, data, kind = bombs()[what]
    begun = time.monotonic()
    answer = browser().post("/tickets/files/", {"id": "a" * 32, "files": SimpleUploadedFile(name, data, kind)})
    assert time.monotonic() - begun < 20, "ten seconds, on a machine that does other things too"
    assert answer.status_code in (201, 415)
    assert {row.state for row in Attachment.objects.all()} <= {"held", "refused"}


def test_where_a_picture_was_taken_is_gone() -> None:
    """X-07: what phones write into pictures."""
    from tests.conversations import pictures

    browser().post(
        "/tickets/files/", {"id": "a" * 32, "files": SimpleUploadedFile("a.jpg", pictures.jpeg(), "image/jpeg")}
    )
    key = Attachment.objects.get().key
    with default_storage.open(f"attachments/{key[:2]}/{key}") as file:
        assert pictures.WHERE_IT_WAS_TAKEN.encode() not in file.read()


@pytest.mark.parametrize(
    "query",
    ["?after=1000000", "?page_size=1000000", "?have=" + "9" * 5000, "?type=" + "x" * 5000, "?what=" + "x" * 5000],
)
def test_large_and_deep_questions_are_answered_at_once(query: str) -> None:
    """S-14: no page takes a size from its reader."""
    reference, client = ticket().reference, browser()
    begun = time.monotonic()
    for path in (f"/cases/{reference}/", f"/cases/{reference}/_live.html", "/cases/", "/tickets/new/", "/contact/"):
        assert client.get(path + query).status_code in (200, 204, 302)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "typed",
    [
        {"f.amount": ["0.5", "9"]}, {"f.amount": "1e9"}, {"f.amount": "true"}, {"f.coin[]": "ETH"}, {"f.amount": "NaN"},
        {"f.amount": "Infinity"}, {"f.amount": "-1"}, {"f.amount": "0x10"},
    ],
)  # fmt: skip
def test_values_of_another_shape_are_judged_as_text(typed: dict[str, Any]) -> None:
    """S-16: the last of two values counts everywhere alike; nothing is converted on the way."""
    client = Client()
    answer = client.post(
        "/tickets/new/deposit_missing/", hidden(look(client)) | FIELDS | {"text": "x", "mail": "a@b.example"} | typed
    )
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        first = Entry.objects.get(seq=1)
        amount = dict(first.data["fields"])["amount"]
        assert amount in ("9", "0.5", "1000000000"), amount


def test_steps_that_were_skipped_lead_nowhere() -> None:
    """S-17: a code before it was asked for, a proof in a closed case, opening again what is closed, rating what runs."""
    reference, client = ticket().reference, browser()
    assert client.post(f"/cases/{reference}/proof/", {"code": "123456"}).status_code == 422
    assert not Proving.objects.filter(state="proved").exists()
    assert client.get("/signin/code/").status_code == 302
    assert client.post("/signin/code/", {"code": "123456"}).status_code == 302
    client.post(f"/cases/{reference}/rating/", {"score": "5"})
    assert Conversation.objects.get().rating is None
    client.post(f"/cases/{reference}/closing/")
    for act in ("reopening", "chat"):
        client.post(f"/cases/{reference}/{act}/")
        assert Conversation.objects.get().status == "closed"
    assert "closed" in page(client, reference)
    assert client.get("/confirm/made-up/").status_code == 200
    assert client.post("/confirm/made-up/").status_code == 410


@pytest.mark.parametrize(
    "where",
    [
        (timeline, "append"),
        (threads, "_open_cases"),
        (intake, "_note_facts"),
        (intake, "_promise"),
        (intake, "_received"),
    ],
    ids=lambda place: place[1],
)
def test_what_fails_in_the_middle_leaves_nothing_half_done(
    where: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-18: customer, case, thread, line, facts and promise are there together or not at all."""

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("in the middle")

    before = {model: model._default_manager.count() for model in MADE}
    monkeypatch.setattr(*where, broken)
    with pytest.raises(RuntimeError, match="in the middle"):
        ticket(text=f"about 0x{7:064x}")
    assert {model: model._default_manager.count() for model in MADE} == before


MADE: tuple[Any, ...] = (Conversation, Thread, Entry, Evidence, Promise, Customer, Handle)


def test_scripts_are_held_back_and_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-20: tickets, codes and questions at machine speed."""
    client, codes, tickets, questions = Client(), [], [], []
    for number in range(40):
        codes.append(client.post("/signin/", {"mail": "anna@mail.example.test"}))
        questions.append(client.post("/follow/", {"reference": "K7M-4Q2-X9H2", "mail": "anna@mail.example.test"}))
        tickets.append(send(client, text=f"Number {number}", **{"f.tx_id": f"0x{number:064x}"}))
    for answers in (codes, questions, tickets):
        held = [one for one in answers if one.status_code == 429]
        assert held
        assert all(int(one.headers["Retry-After"]) > 0 for one in held)
        assert answers[-1].status_code == 429


def test_what_is_not_what_it_says_and_what_is_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-38: ending against content; one more than a day's worth; nothing of it is kept."""
    from tests.conversations import pictures
    from trustdesk.conversations import attachments

    client = browser()
    answer = client.post(
        "/tickets/files/", {"id": "a" * 32, "files": SimpleUploadedFile("a.png", pictures.PDF, "image/png")}
    )
    assert answer.status_code == 415
    key = Attachment.objects.get().key
    assert not default_storage.exists(f"attachments/{key[:2]}/{key}")
    monkeypatch.setattr(attachments, "DAY_FILES", 2)
    assert client.post("/tickets/files/", {"id": "b" * 32, "files": picture()}).status_code == 201
    assert client.post("/tickets/files/", {"id": "c" * 32, "files": picture()}).status_code == 429
    assert Attachment.objects.count() == 2


# E-15


def test_tickets_from_many_networks_that_name_one_address_are_one_letter() -> None:
    """Each is a browser and an address of its own, with words of its own; none of them reach the victim."""
    for number in range(100):
        browser = Client(enforce_csrf_checks=True, REMOTE_ADDR=f"203.0.{number}.{number}")
        mail = ("victim@mail.example", "Victim+1@Mail.example")[number % 2]
        typed = {"f.tx_id": f"0x{number:064x}", "text": f"CNRY {number}", "mail": mail}
        assert send(browser, **typed).status_code == 302
        following = {"reference": Conversation.objects.latest("pk").reference, "mail": "victim@mail.example"}
        assert Client(REMOTE_ADDR=f"198.51.{number}.7").post("/follow/", following).status_code == 302
    jobs: dict[str, Any] = {"conversations.tell": notices.tell, "conversations.mail_progress": notices.mail_progress}
    for job in ProcrastinateJob.objects.filter(task_name__in=jobs).order_by("pk"):
        jobs[job.task_name](**job.args, now=clock.now())
    assert Conversation.objects.count() == 100
    [letter] = Delivery.objects.all()
    assert letter.purpose == "confirm"
    assert "CNRY" not in letter.subject + letter.text
