"""While a ticket is written: a case on the same matter, checks, files, and the words for all of it."""

from __future__ import annotations

import re
from concurrent.futures import Future

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.conversations import pictures
from tests.counting import statements
from tests.portal.ticket_sheets import DEPOSIT, FIELDS, PHRASE, TX, hidden, look, picture, post, send, value
from trustdesk.conversations import intake
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.knowledge import library
from trustdesk.policy import forms
from trustdesk.portal import filling, wording

pytestmark = pytest.mark.usefixtures("ticket_office")


# A case on the same matter


def test_a_second_ticket_on_the_same_transaction_is_noticed_and_can_be_added(stranger: Client) -> None:
    first = send(stranger).headers["Location"]
    number = first.split("/")[-2]
    answer = send(stranger, text="Still nothing, please look!", files=[picture()])
    page = answer.content.decode()
    assert answer.status_code == 409
    assert number in page
    assert "It is about the same transaction." in page
    assert value(page, "text") == "Still nothing, please look!"
    added = post(stranger, page, text="Still nothing, please look!", add=number)
    assert added.headers["Location"] == f"/tickets/sent/{number}/?added=1"
    assert Conversation.objects.count() == 1
    last = Entry.objects.filter(kind="message").order_by("-seq")[0]
    assert last.text.startswith("Still nothing, please look!\n\nCoin: ETH\n")
    assert Attachment.objects.get().entry == last
    assert "Added to your case" in look(stranger, added.headers["Location"])


def test_what_is_something_else_becomes_a_case_of_its_own(stranger: Client) -> None:
    send(stranger)
    page = send(stranger, text="Another one").content.decode()
    assert post(stranger, page, text="Another one", anew="1").status_code == 302
    assert Conversation.objects.count() == 2


def test_who_was_never_seen_is_asked_about_in_the_batch_and_nowhere_else(
    stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "LOOK_EVERY", 3600.0)  # once a second each process looks whether articles are new
    send(Client(enforce_csrf_checks=True))  # warms up what is remembered
    page, at_once = look(stranger), intake.submit
    in_batch: list[int] = []

    def submit(arrival: intake.Arrival) -> Future[intake.Received]:
        found: list[Future[intake.Received]] = []
        in_batch.append(statements(lambda: found.append(at_once(arrival))))
        return found[0]

    monkeypatch.setattr(intake, "submit", submit)
    assert [statements(lambda: post(stranger, page))] == in_batch
    assert Conversation.objects.count() == 2


def test_nobody_learns_of_or_adds_to_somebody_elses_case(stranger: Client) -> None:
    number = send(Client()).headers["Location"].split("/")[-2]
    page = look(stranger)
    answer = stranger.post("/tickets/similar/", hidden(page) | FIELDS)
    assert answer.status_code == 204
    assert post(stranger, page, add=number).status_code == 404
    assert Entry.objects.filter(kind="message").count() == 1
    assert post(stranger, page).status_code == 302


def test_the_notice_while_writing_holds_no_secret(stranger: Client) -> None:
    send(stranger)
    answer = stranger.post("/tickets/similar/", hidden(look(stranger)) | FIELDS | {"text": PHRASE})
    part = answer.content.decode()
    assert answer.status_code == 200
    assert "Add it there" in part
    assert "abandon" not in part


# What the page asks while one writes


def test_a_check_words_problems_and_hints_in_the_readers_language(stranger: Client) -> None:
    typed = hidden(look(stranger)) | FIELDS | {
        "f.tx_id": f"https://etherscan.io/tx/{TX}", "f.amount": "no", "f.coin": "XRP", "f.network": "XRP",
    }  # fmt: skip
    found = stranger.post("/tickets/check/", typed).json()
    assert "memo" in found["asked"]
    assert found["fields"]["amount"]["code"] == "not_an_amount"
    assert found["fields"]["amount"]["problem"] == "Please give a number, for example 0.25."
    found = stranger.post("/tickets/check/", typed | {"f.coin": "ETH", "f.network": "ERC20"}).json()
    assert found["fields"]["tx_id"] == {
        "problem": "", "hint": "Understood; we took the id out of your link.", "code": "",
    }  # fmt: skip
    assert "memo" not in found["asked"]
    assert stranger.post("/tickets/check/", hidden(look(stranger)) | {"type": "nonsense"}).status_code == 404
    assert not Conversation.objects.exists()


def test_a_secret_is_not_sent_back_by_a_check(stranger: Client) -> None:
    answer = stranger.post("/tickets/check/", hidden(look(stranger)) | FIELDS | {"f.sender": PHRASE})
    assert answer.json()["fields"]["sender"]["code"] == "secret"
    assert "abandon" not in answer.content.decode()


def test_a_file_goes_up_once_whatever_happens_to_the_answer(stranger: Client) -> None:
    token = hidden(look(stranger))["csrfmiddlewaretoken"]
    for _ in range(2):
        answer = stranger.post("/tickets/files/", {"csrfmiddlewaretoken": token, "id": "a" * 32, "files": picture()})
        assert answer.status_code == 201
    found = answer.json()
    assert (found["name"], found["state"]) == ("shot.png", "ready")
    assert Attachment.objects.count() == 1
    assert send(stranger, file=[found["value"]]).status_code == 302
    assert Attachment.objects.get().entry is not None


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("a.exe", pictures.EXE, 415, "type_refused"),
        ("a.png", pictures.PDF, 415, "type_refused"),
        ("a.txt", b"", 415, "type_refused"),
    ],
)
def test_a_file_that_will_not_do_is_refused_in_words(
    stranger: Client, name: str, data: bytes, status: int, code: str
) -> None:
    token = hidden(look(stranger))["csrfmiddlewaretoken"]
    answer = stranger.post("/tickets/files/", {"csrfmiddlewaretoken": token, "files": SimpleUploadedFile(name, data)})
    assert answer.status_code == status
    assert answer.json() == {"error": code, "text": "This kind of file cannot be sent. Pictures, PDF and video can."}
    assert stranger.post("/tickets/files/", {"csrfmiddlewaretoken": token}).json()["error"] == "incomplete"


# Words


def test_every_code_of_the_forms_has_its_words() -> None:
    said = forms.__doc__ or ""
    codes = set(
        re.findall(r"\b[a-z]+(?:_[a-z]+)+\b|\b(?:required|secret|unchecked)\b", said[said.index("Problem codes:") :])
    )
    assert len(codes) > 40, "the codes are listed in the docstring of policy.forms"
    dull = wording.problem(forms.Problem("no_such_code"))
    params = {
        "chain": "bitcoin-cash",
        "expected": "evm",
        "found": "3",
        "coin": "XYZ",
        "domain": "a.example",
        "suggestion": "s",
    }
    for code in codes:
        words = wording.problem(forms.Problem(code, params))
        assert words != dull, code
        assert "{" not in words


def test_hints_name_chains_as_people_do() -> None:
    words = wording.problem(forms.Problem("wrong_chain", {"chain": "tron", "expected": "bsc"}), kind="tx_id")
    assert words == "This belongs to TRON, not to BNB Smart Chain. Please check the network."


def test_a_sheet_read_from_nothing_is_a_sheet(stranger: Client) -> None:
    page = look(stranger)
    answer = stranger.post(DEPOSIT, {"csrfmiddlewaretoken": hidden(page)["csrfmiddlewaretoken"], "sheet": "x\r\ny"})
    assert answer.status_code == 422
    assert re.fullmatch(r"[\w-]{24}", hidden(answer.content.decode())["sheet"])


def test_the_page_in_chinese_asks_in_chinese(stranger: Client) -> None:
    page = look(stranger, f"{DEPOSIT}?lang=zh-hans")
    assert "充值未到账" in page
    assert "交易哈希" in page
    with translation.override("zh-hans"):
        assert reverse("portal:ticket_types") == "/tickets/new/"
    assert filling.zones()[0] == ("-12:00", "UTC-12:00")
