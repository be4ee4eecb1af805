"""A ticket that is not taken: it is said where and why, nothing typed is lost, and nothing is half made."""

from __future__ import annotations

import re
from concurrent.futures import Future
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.attacks.payloads import HANDLERS, SCRIPTS
from tests.conversations import pictures
from tests.portal.ticket_sheets import (
    ADDRESS,
    DEPOSIT,
    FIELDS,
    PHRASE,
    TX,
    beside,
    hidden,
    look,
    picture,
    post,
    send,
    signed_in,
    value,
)
from tests.world import NOON
from trustdesk.conversations import intake
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.customers import limits, visitors
from trustdesk.portal import uploads
from trustdesk.realtime.group_commit import Unavailable

pytestmark = pytest.mark.usefixtures("ticket_office")


# Refusing


def test_errors_stand_beside_their_fields_and_on_top_and_nothing_is_lost(stranger: Client) -> None:
    typed = {"f.tx_id": ADDRESS, "f.amount": "-5", "f.sender": "My wallet", "mail": "anna", "subject": "Where is it",
             "text": "It left\n  my wallet", "f.when": "2026-11-23T09:05", "when.zone": "+08:00"}  # fmt: skip
    answer = send(stranger, **typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not Conversation.objects.exists()
    assert "This is an address." in beside(page, "f-tx_id")
    assert beside(page, "f-amount") == "The amount must be more than zero."
    assert beside(page, "mail").startswith("This is not a mail address.")
    top = page[page.index('id="summary"') : page.index("Nothing was sent yet")]
    assert re.findall(r'href="#([^"]+)"', top) == ["f-tx_id", "f-amount", "mail"]
    for place in ("f-tx_id", "f-amount", "mail"):
        assert f'id="{place}"' in page
    for name, text in (FIELDS | typed).items():
        if name != "when.zone":
            assert value(page, name) == text
    assert '<option value="+08:00" selected>' in page
    mended = post(stranger, page, **typed | {"f.tx_id": TX, "f.amount": "5", "mail": "anna@mail.example"})
    assert mended.status_code == 302
    assert dict(Entry.objects.get(kind="message").data["fields"])["when"] == "2026-11-23T09:05+08:00"


def test_choices_and_ticks_come_back_as_they_were(stranger: Client) -> None:
    address = "/tickets/new/complaint/"
    page = look(stranger, address)
    answer = stranger.post(address, hidden(page) | {"f.represented": "yes", "text": ""})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'name="f.represented" value="yes" checked', shown)
    assert beside(shown, "text") == beside(shown, "f-representative") == "Please fill this in."


def test_files_are_stored_first_and_survive_a_refused_form(stranger: Client) -> None:
    answer = send(
        stranger, **{"f.amount": "", "files": [picture(), SimpleUploadedFile("a.pdf", pictures.PDF, "application/pdf")]}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert Attachment.objects.filter(state="ready").count() == 2
    carried = hidden(page)["file"]
    assert [one.name for one in uploads.carried(carried)] == ["shot.png", "a.pdf"]
    assert post(stranger, page, **{"file": carried[:1]}).status_code == 302
    sent = Attachment.objects.filter(entry__isnull=False)
    assert [one.name for one in sent] == ["shot.png"]


def test_a_file_that_will_not_do_is_said_and_the_others_stay(stranger: Client) -> None:
    bad = SimpleUploadedFile("tool.exe", pictures.EXE, content_type="application/octet-stream")
    answer = send(stranger, files=[picture(), bad])
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "tool.exe" in beside(page, "files")
    assert [one.name for one in uploads.carried(hidden(page)["file"])] == ["shot.png"]
    assert value(page, "f.tx_id") == TX
    assert not Conversation.objects.exists()


def test_too_many_files_are_refused_and_the_first_ones_kept(stranger: Client) -> None:
    page = look(stranger)
    first = post(stranger, page, files=[picture(f"{n}.png") for n in range(9)], **{"f.amount": ""}).content.decode()
    answer = post(stranger, first, files=[picture("10.png"), picture("11.png")])
    assert answer.status_code == 422
    assert len(uploads.carried(hidden(answer.content.decode())["file"])) == uploads.MOST
    assert "11.png" in beside(answer.content.decode(), "files")


def test_a_file_of_somebody_else_cannot_be_sent(stranger: Client) -> None:
    theirs = uploads.carried(hidden(send(Client(), **{"f.amount": "", "files": [picture()]}).content.decode())["file"])
    answer = send(stranger, file=[theirs[0].value])
    page = answer.content.decode()
    assert answer.status_code == 422
    assert beside(page, "files") == "The files are no longer there. Please add them again."
    assert hidden(page)["file"] == []
    assert value(page, "text") == "It left my wallet two hours ago."
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("name", "secret"),
    [("f.sender", PHRASE), ("f.tx_id", "L1aW4aubDFB7yfras2S1mN3bqg9nwySY8nkoLmJebSLD5BWv3ENZ"), ("subject", PHRASE)],
)
def test_a_secret_is_refused_and_never_shown_again(stranger: Client, name: str, secret: str) -> None:
    answer = send(stranger, **{name: secret})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert secret not in page
    assert secret.split()[-1] not in value(page, name)
    assert "looks like a secret" in beside(page, name.replace("f.", "f-"))
    assert not Conversation.objects.exists()


def test_a_secret_in_the_text_is_taken_out_wherever_it_is_shown(stranger: Client) -> None:
    refused = send(stranger, **{"text": f"My words are {PHRASE}", "f.amount": ""}).content.decode()
    assert PHRASE not in refused
    assert "[••• seed_phrase]" in refused
    assert send(stranger, text=f"My words are {PHRASE}").status_code == 302
    assert PHRASE not in str(list(Entry.objects.values_list("text", "data")))
    judged = stranger.post("/tickets/check/", hidden(look(stranger)) | {"text": PHRASE})
    assert "looks like a secret" in judged.json()["text"]
    assert "abandon" not in judged.content.decode()


@pytest.mark.parametrize(
    "hostile", [*SCRIPTS[:12], *HANDLERS[:8], '" autofocus onfocus=hit() x="', "{{ 7*7 }}", "{% now 'Y' %}"]
)
def test_hostile_values_are_shown_as_what_they_are(stranger: Client, hostile: str) -> None:
    typed = {"f.sender": hostile, "f.amount": "", "text": hostile, "subject": hostile, "mail": hostile,
             "file": f"{'k' * 43} 12 {hostile}", "f.network": hostile}  # fmt: skip
    page = send(stranger, **typed).content.decode()
    assert value(page, "f.sender") == value(page, "text") == value(page, "subject") == hostile
    body = page[page.index('id="summary"') :]
    for opened in re.findall(r"<(script|svg|img|iframe|body|math)\b[^>]*>", body):
        assert opened == "svg", opened  # our own icons
    assert not re.search(r"<[^>\"']*(\"[^\"]*\"[^>\"']*)*\son\w+=", re.sub(r"<svg class=\"icon\".*?</svg>", "", body))


def test_while_the_database_does_not_take_it_in_nothing_typed_is_lost(
    stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = look(stranger)

    def away(arrival: intake.Arrival) -> Future[Received]:
        raise Unavailable

    monkeypatch.setattr(intake, "submit", away)
    answer = post(stranger, page, files=[picture()])
    shown = answer.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(Unavailable().retry_after))
    assert "Nothing you typed is lost" in shown
    assert value(shown, "f.tx_id") == TX
    assert len(hidden(shown)["file"]) == 1
    assert hidden(shown)["sheet"] == hidden(page)["sheet"]


def test_a_lost_session_loses_nothing_that_was_typed() -> None:
    client = signed_in()
    page = look(client)
    del client.cookies[visitors.COOKIE]
    answer = client.post(DEPOSIT, hidden(page) | FIELDS | {"text": "It left my wallet."})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert beside(shown, "mail") == "Please fill this in."
    assert value(shown, "text") == "It left my wallet."


def test_tickets_at_the_speed_of_a_script_are_held_back_and_nothing_is_lost(stranger: Client, settings: Any) -> None:
    settings.NEW_CHATS_PER_10_MINUTES = 2
    for number in range(2):
        assert send(Client(), text=f"Number {number}").status_code == 302
    answer = send(stranger)
    page = answer.content.decode()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60
    assert "Please wait a moment" in page
    assert value(page, "f.tx_id") == TX
    assert send(signed_in()).status_code == 302  # the exchange vouches for him
    settings.CHAT_MESSAGES_PER_MINUTE = 1
    client = signed_in(visitors.identified(uid="10000200", mail="bo@mail.example", now=NOON))
    token = hidden(look(client))["csrfmiddlewaretoken"]
    answers = [client.post("/tickets/files/", {"csrfmiddlewaretoken": token, "files": picture()}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 429]
    assert answers[1].json()["error"] == "rate_limited"


def test_who_proved_his_address_does_not_wait_for_strangers_of_his_network(stranger: Client, settings: Any) -> None:
    settings.NEW_CHATS_PER_10_MINUTES = 1
    assert send(stranger).status_code == 302
    assert send(Client(enforce_csrf_checks=True)).status_code == 429
    assert send(signed_in(visitors.addressed(mail="bo@mail.example", now=NOON))).status_code == 302


def test_what_is_typed_is_judged_at_the_speed_of_hands(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TYPED", 3)
    monkeypatch.setattr(limits, "TYPED_NEARBY", 5)
    client = signed_in()
    typed = hidden(look(client)) | FIELDS
    asked = [client.post(path, typed) for path in ("/tickets/check/", "/tickets/similar/") * 2]
    assert [one.status_code for one in asked] == [200, 204, 200, 429]
    assert int(asked[-1].headers["Retry-After"]) >= 1
    # A stranger without a cookie is somebody new each time, but his network is not.
    typed = hidden(look(stranger)) | FIELDS
    assert [stranger.post("/tickets/check/", typed).status_code for _ in range(3)] == [200, 200, 429]


def test_a_character_no_database_keeps_does_no_harm(stranger: Client) -> None:
    typed = dict.fromkeys(("f.sender", "subject", "mail", "add", "sheet", "file", "when.zone"), "a\x00b")
    assert send(stranger, **typed).status_code == 422  # the mail address
    assert send(stranger, **typed | {"mail": "anna@mail.example"}).status_code == 302
    assert send(stranger, text="a\0b", anew="1").status_code == 422
