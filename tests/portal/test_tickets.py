"""Opening a ticket without JavaScript: what is asked, what is refused and kept, and that nothing is half made."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests import world
from tests.attacks.payloads import HANDLERS, SCRIPTS
from tests.conversations import pictures
from tests.world import NOON
from trustdesk.conversations import expectations, intake, public
from trustdesk.conversations.intake import Received
from trustdesk.conversations.models import Attachment, Conversation, Entry
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import forms
from trustdesk.portal import filling, uploads, wording
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.seams import clock

pytestmark = pytest.mark.django_db

DEPOSIT = "/tickets/new/deposit_missing/"
TX = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"
ADDRESS = "0x742d35Cc6634C0532925a3b844Bc454e4438f44e"
PHRASE = "abandon " * 11 + "about"
FIELDS = {"f.coin": "ETH", "f.network": "ERC20", "f.tx_id": TX, "f.amount": "0.5"}
LIN = visitors.identified(uid="10000100", mail="lin.wei@mail.example", now=NOON)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def at_once(arrival: intake.Arrival) -> Future[Received]:
        """Store it in this test's own transaction; the writer thread has another."""
        future: Future[Received] = Future()
        future.set_result(intake.receive(messages=[arrival], now=clock.now())[0])
        return future

    monkeypatch.setattr(intake, "submit", at_once)
    world.fresh()
    expectations.forget()
    with clock.frozen(NOON):
        yield


@pytest.fixture
def browser() -> Client:
    """A browser nobody knows, checked for cross-site posts as a real one is."""
    return Client(enforce_csrf_checks=True)


def signed_in(visitor: Visitor = LIN) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.cookies[visitors.COOKIE] = visitors.token(visitor)
    return client


def hidden(page: str) -> dict[str, Any]:
    """The fields a page carries without showing them; the files are a list."""
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    files = re.findall(r'name="file" value="([^"]+)" checked', page)
    return {name: html.unescape(value) for name, value in found.items()} | {
        "file": [html.unescape(one) for one in files]
    }


def look(client: Client, address: str = DEPOSIT) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, page: str, address: str = DEPOSIT, **typed: Any) -> HttpResponse:
    """Fill the form of a page in and send it, as a browser would."""
    fields = FIELDS | {"text": "It left my wallet two hours ago.", "mail": "anna@mail.example"}
    return client.post(address, hidden(page) | fields | typed)  # type: ignore[return-value]


def send(client: Client, **typed: Any) -> HttpResponse:
    return post(client, look(client), **typed)


def beside(page: str, key: str) -> str:
    """What is said beside a field, as text."""
    found = re.search(rf'id="{re.escape(key)}-says">(.*?)</div>', page, re.DOTALL)
    assert found, key
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip()


def value(page: str, name: str) -> str:
    """What stands in a field."""
    found = re.search(rf'name="{re.escape(name)}"(?: \w+="[^"]*")*? value="([^"]*)"', page) or re.search(
        rf'name="{re.escape(name)}"[^>]*>([^<]*)</textarea>', page
    )
    assert found, name
    return html.unescape(found[1])


def picture(name: str = "shot.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pictures.png(), content_type="image/png")


# Choosing


def test_all_types_are_there_under_their_areas_with_their_times(browser: Client) -> None:
    page = look(browser, "/tickets/new/")
    offered = public.request_types(locale="en")
    assert len(offered) > 25, "the types of a fresh install"
    for one in offered:
        assert f'href="/tickets/new/{one.code}/"' in page
        assert html.escape(one.label) in page
    assert page.count("within ") >= len(offered) - 1
    assert "We never ask for your password" in page


def test_a_type_in_the_address_goes_straight_on(browser: Client) -> None:
    assert browser.get("/tickets/new/?type=deposit_missing").headers["Location"] == DEPOSIT
    assert browser.get("/tickets/new/?type=//evil.example").status_code == 200
    assert browser.get("/tickets/new/nonsense/").status_code == 404


# Asking


def test_the_form_of_every_type_is_shown_in_both_languages_and_asks_no_secret(browser: Client) -> None:
    for one in public.request_types(locale="en"):
        for language in ("en", "zh-hans"):
            page = look(browser, f"/tickets/new/{one.code}/?lang={language}")
            form = public.request_form(one.code, locale=language)
            assert html.escape(form.text.label) in page
            for field in form.fields:
                assert f'name="f.{field.key}"' in page
                assert html.escape(field.label) in page
            ids = re.findall(r'\bid="([^"]+)"', page)
            assert len(ids) == len(set(ids))
            labels = [html.unescape(text) for text in re.findall(r"<label[^>]*>([^<]+)", page)]
            assert [label for label in labels if forms.asks_for_secret(label)] == []
            assert 'type="password"' not in page
            assert "within" in page or language != "en"


def test_a_field_with_a_condition_says_in_words_when_it_applies(browser: Client) -> None:
    page = look(browser, "/tickets/new/two_factor/")
    label = next(f.label for f in public.request_form("two_factor", locale="en").fields if f.key == "factor")
    assert re.search(rf"Only if you chose “[^”]+” at “{re.escape(html.escape(label))}”", page)
    assert "Only if you ticked “" in look(browser, "/tickets/new/complaint/")
    assert "Only for coins whose deposits carry one" in look(browser)


def test_what_is_known_of_a_signed_in_visitor_is_not_asked() -> None:
    client = signed_in()
    page = look(client, "/tickets/new/hacked/")
    assert 'name="f.uid"' not in page
    assert 'name="mail"' not in page
    answer = client.post(
        "/tickets/new/hacked/", hidden(page) | {"text": "I see a device that is not mine.", "f.uid": "666666"}
    )
    assert answer.status_code == 302
    case = Conversation.objects.get()
    assert case.answer_to == "lin.wei@mail.example"
    assert dict(Entry.objects.get(conversation=case, kind="message").data["fields"])["uid"] == "10000100"


def test_a_stranger_is_asked_for_both(browser: Client) -> None:
    page = look(browser, "/tickets/new/hacked/")
    assert 'name="f.uid"' in page
    assert 'name="mail"' in page
    assert "We first send a link" in page


# Sending


def test_a_ticket_is_sent_and_its_page_says_what_happens(browser: Client) -> None:
    answer = send(browser, **{"f.memo": "", "f.sender": "My wallet"})
    assert answer.status_code == 302
    case = Conversation.objects.get()
    assert answer.headers["Location"] == f"/tickets/sent/{case.reference}/"
    assert (case.type and case.type.code, case.inbox.kind, case.answer_to) == (
        "deposit_missing",
        "form",
        "anna@mail.example",
    )
    first = Entry.objects.get(conversation=case, kind="message")
    assert first.text == "It left my wallet two hours ago."
    assert dict(first.data["fields"]) == {
        "coin": "ETH", "network": "ERC20", "tx_id": TX, "amount": "0.5", "sender": "My wallet",
    }  # fmt: skip
    page = look(browser, answer.headers["Location"])
    assert case.reference in page
    assert "within 15 minutes" in page
    assert settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">") in page
    assert "spam folder" in page
    assert "allow list" in page
    assert "a•••@mail.example" in page
    assert "anna@mail.example" not in page


def test_sending_the_same_sheet_again_makes_one_case(browser: Client) -> None:
    page = look(browser)
    first, again = post(browser, page), post(browser, page)
    assert first.headers["Location"] == again.headers["Location"]
    assert Conversation.objects.count() == 1


def test_nobody_else_sees_the_page_after_sending(browser: Client) -> None:
    address = send(browser).headers["Location"]
    assert browser.get(address).status_code == 200
    for stranger in (Client(), signed_in()):
        assert stranger.get(address).status_code == 404
    unknown = browser.get("/tickets/sent/ABC-DEF-GHJK/")
    assert unknown.status_code == 404
    assert Client().get(address).content == Client().get("/tickets/sent/000-000-0000/").content


def test_another_site_cannot_send_a_ticket(browser: Client) -> None:
    page = look(browser)
    typed = hidden(page) | FIELDS | {"text": "x", "mail": "anna@mail.example"}
    del typed["csrfmiddlewaretoken"]
    assert browser.post(DEPOSIT, typed).status_code == 403
    for address in ("/tickets/check/", "/tickets/similar/", "/tickets/files/"):
        assert browser.post(address, {"type": "deposit_missing"}).status_code == 403
        assert browser.get(address).status_code == 405
    assert not Conversation.objects.exists()


def test_what_a_form_does_not_ask_is_ignored(browser: Client) -> None:
    more = {"status": "closed", "priority": "0", "team": "1", "customer_id": "1", "verified": "1", "author": "agent",
            "reference": "X", "f.status": "closed", "f.proof_level": "3", "created_at": "2020-01-01"}  # fmt: skip
    assert send(browser, **more).status_code == 302
    case = Conversation.objects.get()
    assert (case.status, case.proof_level, case.answer_proved, case.created_at) == ("waiting", 0, False, NOON)
    fields = dict(Entry.objects.get(conversation=case, kind="message").data["fields"])
    assert set(fields) == {"coin", "network", "tx_id", "amount"}


# Refusing


def test_errors_stand_beside_their_fields_and_on_top_and_nothing_is_lost(browser: Client) -> None:
    typed = {"f.tx_id": ADDRESS, "f.amount": "-5", "f.sender": "My wallet", "mail": "anna", "subject": "Where is it",
             "text": "It left\n  my wallet", "f.when": "2026-11-23T09:05", "when.zone": "+08:00"}  # fmt: skip
    answer = send(browser, **typed)
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
    mended = post(browser, page, **typed | {"f.tx_id": TX, "f.amount": "5", "mail": "anna@mail.example"})
    assert mended.status_code == 302
    assert dict(Entry.objects.get(kind="message").data["fields"])["when"] == "2026-11-23T09:05+08:00"


def test_choices_and_ticks_come_back_as_they_were(browser: Client) -> None:
    address = "/tickets/new/complaint/"
    page = look(browser, address)
    answer = browser.post(address, hidden(page) | {"f.represented": "yes", "text": ""})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'name="f.represented" value="yes" checked', shown)
    assert beside(shown, "text") == beside(shown, "f-representative") == "Please fill this in."


def test_files_are_stored_first_and_survive_a_refused_form(browser: Client) -> None:
    answer = send(
        browser, **{"f.amount": "", "files": [picture(), SimpleUploadedFile("a.pdf", pictures.PDF, "application/pdf")]}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert Attachment.objects.filter(state="ready").count() == 2
    carried = hidden(page)["file"]
    assert [one.name for one in uploads.carried(carried)] == ["shot.png", "a.pdf"]
    assert post(browser, page, **{"file": carried[:1]}).status_code == 302
    sent = Attachment.objects.filter(entry__isnull=False)
    assert [one.name for one in sent] == ["shot.png"]


def test_a_file_that_will_not_do_is_said_and_the_others_stay(browser: Client) -> None:
    bad = SimpleUploadedFile("tool.exe", pictures.EXE, content_type="application/octet-stream")
    answer = send(browser, files=[picture(), bad])
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "tool.exe" in beside(page, "files")
    assert [one.name for one in uploads.carried(hidden(page)["file"])] == ["shot.png"]
    assert value(page, "f.tx_id") == TX
    assert not Conversation.objects.exists()


def test_too_many_files_are_refused_and_the_first_ones_kept(browser: Client) -> None:
    page = look(browser)
    first = post(browser, page, **{"f.amount": "", "files": [picture(f"{n}.png") for n in range(9)]}).content.decode()
    answer = post(browser, first, files=[picture("10.png"), picture("11.png")])
    assert answer.status_code == 422
    assert len(uploads.carried(hidden(answer.content.decode())["file"])) == uploads.MOST
    assert "11.png" in beside(answer.content.decode(), "files")


def test_a_file_of_somebody_else_cannot_be_sent(browser: Client) -> None:
    theirs = uploads.carried(hidden(send(Client(), **{"f.amount": "", "files": [picture()]}).content.decode())["file"])
    answer = send(browser, file=[theirs[0].value])
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
def test_a_secret_is_refused_and_never_shown_again(browser: Client, name: str, secret: str) -> None:
    answer = send(browser, **{name: secret})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert secret not in page
    assert secret.split()[-1] not in value(page, name)
    assert "looks like a secret" in beside(page, name.replace("f.", "f-"))
    assert not Conversation.objects.exists()


def test_a_secret_in_the_text_is_taken_out_wherever_it_is_shown(browser: Client) -> None:
    refused = send(browser, **{"text": f"My words are {PHRASE}", "f.amount": ""}).content.decode()
    assert PHRASE not in refused
    assert "[••• seed_phrase]" in refused
    assert send(browser, text=f"My words are {PHRASE}").status_code == 302
    assert PHRASE not in str(list(Entry.objects.values_list("text", "data")))
    judged = browser.post("/tickets/check/", hidden(look(browser)) | {"text": PHRASE})
    assert "looks like a secret" in judged.json()["text"]
    assert "abandon" not in judged.content.decode()


@pytest.mark.parametrize(
    "hostile", [*SCRIPTS[:12], *HANDLERS[:8], '" autofocus onfocus=hit() x="', "{{ 7*7 }}", "{% now 'Y' %}"]
)
def test_hostile_values_are_shown_as_what_they_are(browser: Client, hostile: str) -> None:
    typed = {"f.sender": hostile, "f.amount": "", "text": hostile, "subject": hostile, "mail": hostile,
             "file": f"{'k' * 43} 12 {hostile}", "f.network": hostile}  # fmt: skip
    page = send(browser, **typed).content.decode()
    assert value(page, "f.sender") == value(page, "text") == value(page, "subject") == hostile
    body = page[page.index('id="summary"') :]
    for opened in re.findall(r"<(script|svg|img|iframe|body|math)\b[^>]*>", body):
        assert opened == "svg", opened  # our own icons
    assert not re.search(r"<[^>\"']*(\"[^\"]*\"[^>\"']*)*\son\w+=", re.sub(r"<svg class=\"icon\".*?</svg>", "", body))


def test_while_the_database_does_not_take_it_in_nothing_typed_is_lost(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = look(browser)

    def away(arrival: intake.Arrival) -> Future[Received]:
        raise Unavailable

    monkeypatch.setattr(intake, "submit", away)
    answer = post(browser, page, files=[picture()])
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


# A case on the same matter


def test_a_second_ticket_on_the_same_transaction_is_noticed_and_can_be_added(browser: Client) -> None:
    first = send(browser).headers["Location"]
    number = first.split("/")[-2]
    answer = send(browser, text="Still nothing, please look!", files=[picture()])
    page = answer.content.decode()
    assert answer.status_code == 409
    assert number in page
    assert "It is about the same transaction." in page
    assert value(page, "text") == "Still nothing, please look!"
    added = post(browser, page, text="Still nothing, please look!", add=number)
    assert added.headers["Location"] == f"/tickets/sent/{number}/?added=1"
    assert Conversation.objects.count() == 1
    last = Entry.objects.filter(kind="message").order_by("-seq")[0]
    assert last.text.startswith("Still nothing, please look!\n\nCoin: ETH\n")
    assert Attachment.objects.get().entry == last
    assert "Added to your case" in look(browser, added.headers["Location"])


def test_what_is_something_else_becomes_a_case_of_its_own(browser: Client) -> None:
    send(browser)
    page = send(browser, text="Another one").content.decode()
    assert post(browser, page, text="Another one", anew="1").status_code == 302
    assert Conversation.objects.count() == 2


def test_nobody_learns_of_or_adds_to_somebody_elses_case(browser: Client) -> None:
    number = send(Client()).headers["Location"].split("/")[-2]
    page = look(browser)
    answer = browser.post("/tickets/similar/", hidden(page) | FIELDS)
    assert answer.status_code == 204
    assert post(browser, page, add=number).status_code == 404
    assert Entry.objects.filter(kind="message").count() == 1
    assert post(browser, page).status_code == 302


def test_the_notice_while_writing_holds_no_secret(browser: Client) -> None:
    send(browser)
    answer = browser.post("/tickets/similar/", hidden(look(browser)) | FIELDS | {"text": PHRASE})
    part = answer.content.decode()
    assert answer.status_code == 200
    assert "Add it there" in part
    assert "abandon" not in part


# What the page asks while one writes


def test_a_check_words_problems_and_hints_in_the_readers_language(browser: Client) -> None:
    typed = hidden(look(browser)) | FIELDS | {
        "f.tx_id": f"https://etherscan.io/tx/{TX}", "f.amount": "no", "f.coin": "XRP", "f.network": "XRP",
    }  # fmt: skip
    found = browser.post("/tickets/check/", typed).json()
    assert "memo" in found["asked"]
    assert found["fields"]["amount"]["code"] == "not_an_amount"
    assert found["fields"]["amount"]["problem"] == "Please give a number, for example 0.25."
    found = browser.post("/tickets/check/", typed | {"f.coin": "ETH", "f.network": "ERC20"}).json()
    assert found["fields"]["tx_id"] == {
        "problem": "", "hint": "Understood; we took the id out of your link.", "code": "",
    }  # fmt: skip
    assert "memo" not in found["asked"]
    assert browser.post("/tickets/check/", hidden(look(browser)) | {"type": "nonsense"}).status_code == 404
    assert not Conversation.objects.exists()


def test_a_secret_is_not_sent_back_by_a_check(browser: Client) -> None:
    answer = browser.post("/tickets/check/", hidden(look(browser)) | FIELDS | {"f.sender": PHRASE})
    assert answer.json()["fields"]["sender"]["code"] == "secret"
    assert "abandon" not in answer.content.decode()


def test_a_file_goes_up_once_whatever_happens_to_the_answer(browser: Client) -> None:
    token = hidden(look(browser))["csrfmiddlewaretoken"]
    for _ in range(2):
        answer = browser.post("/tickets/files/", {"csrfmiddlewaretoken": token, "id": "a" * 32, "files": picture()})
        assert answer.status_code == 201
    found = answer.json()
    assert (found["name"], found["state"]) == ("shot.png", "ready")
    assert Attachment.objects.count() == 1
    assert send(browser, file=[found["value"]]).status_code == 302
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
    browser: Client, name: str, data: bytes, status: int, code: str
) -> None:
    token = hidden(look(browser))["csrfmiddlewaretoken"]
    answer = browser.post("/tickets/files/", {"csrfmiddlewaretoken": token, "files": SimpleUploadedFile(name, data)})
    assert answer.status_code == status
    assert answer.json() == {"error": code, "text": "This kind of file cannot be sent. Pictures, PDF and video can."}
    assert browser.post("/tickets/files/", {"csrfmiddlewaretoken": token}).json()["error"] == "incomplete"


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


def test_a_sheet_read_from_nothing_is_a_sheet(browser: Client) -> None:
    page = look(browser)
    answer = browser.post(DEPOSIT, {"csrfmiddlewaretoken": hidden(page)["csrfmiddlewaretoken"], "sheet": "x\r\ny"})
    assert answer.status_code == 422
    assert re.fullmatch(r"[\w-]{24}", hidden(answer.content.decode())["sheet"])


def test_the_page_in_chinese_asks_in_chinese(browser: Client) -> None:
    page = look(browser, f"{DEPOSIT}?lang=zh-hans")
    assert "充值未到账" in page
    assert "交易哈希" in page
    with translation.override("zh-hans"):
        assert reverse("portal:ticket_types") == "/tickets/new/"
    assert filling.zones()[0] == ("-12:00", "UTC-12:00")
