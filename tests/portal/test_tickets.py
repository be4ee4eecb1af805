"""Opening a ticket without JavaScript: choosing, what is asked and what is not, and that sending makes one case."""

from __future__ import annotations

import html
import re

import pytest
from django.conf import settings as configured
from django.test import Client

from tests.portal.ticket_sheets import DEPOSIT, FIELDS, TX, hidden, look, post, send, signed_in
from tests.world import NOON
from trustdesk.conversations import public
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.policy import forms

pytestmark = pytest.mark.usefixtures("ticket_office")


# Choosing


def test_all_types_are_there_under_their_areas_with_their_times(stranger: Client) -> None:
    page = look(stranger, "/tickets/new/")
    offered = public.request_types(locale="en")
    assert len(offered) > 25, "the types of a fresh install"
    for one in offered:
        assert f'href="/tickets/new/{one.code}/"' in page
        assert html.escape(one.label) in page
    assert page.count("within ") >= len(offered) - 1
    assert "We never ask for your password" in page


def test_a_type_in_the_address_goes_straight_on(stranger: Client) -> None:
    assert stranger.get("/tickets/new/?type=deposit_missing").headers["Location"] == DEPOSIT
    assert stranger.get("/tickets/new/?type=//evil.example").status_code == 200
    assert stranger.get("/tickets/new/nonsense/").status_code == 404


# Asking


def test_the_form_of_every_type_is_shown_in_both_languages_and_asks_no_secret(stranger: Client) -> None:
    for one in public.request_types(locale="en"):
        for language in ("en", "zh-hans"):
            page = look(stranger, f"/tickets/new/{one.code}/?lang={language}")
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


def test_a_field_with_a_condition_says_in_words_when_it_applies(stranger: Client) -> None:
    page = look(stranger, "/tickets/new/two_factor/")
    label = next(f.label for f in public.request_form("two_factor", locale="en").fields if f.key == "factor")
    assert re.search(rf"Only if you chose “[^”]+” at “{re.escape(html.escape(label))}”", page)
    assert "Only if you ticked “" in look(stranger, "/tickets/new/complaint/")
    assert "Only for coins whose deposits carry one" in look(stranger)


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


def test_a_stranger_is_asked_for_both(stranger: Client) -> None:
    page = look(stranger, "/tickets/new/hacked/")
    assert 'name="f.uid"' in page
    assert 'name="mail"' in page
    assert "We first send a link" in page


# Sending


def test_a_ticket_is_sent_and_its_page_says_what_happens(stranger: Client) -> None:
    answer = send(stranger, **{"f.memo": "", "f.sender": "My wallet"})
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
    page = look(stranger, answer.headers["Location"])
    assert case.reference in page
    assert "within 15 minutes" in page
    assert configured.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">") in page
    assert "spam folder" in page
    assert "allow list" in page
    assert "a•••@mail.example" in page
    assert "anna@mail.example" not in page


def test_sending_the_same_sheet_again_makes_one_case(stranger: Client) -> None:
    page = look(stranger)
    first, again = post(stranger, page), post(stranger, page)
    assert first.headers["Location"] == again.headers["Location"]
    assert Conversation.objects.count() == 1


def test_nobody_else_sees_the_page_after_sending(stranger: Client) -> None:
    address = send(stranger).headers["Location"]
    assert stranger.get(address).status_code == 200
    for stranger in (Client(), signed_in()):
        assert stranger.get(address).status_code == 404
    unknown = stranger.get("/tickets/sent/ABC-DEF-GHJK/")
    assert unknown.status_code == 404
    assert Client().get(address).content == Client().get("/tickets/sent/000-000-0000/").content


def test_another_site_cannot_send_a_ticket(stranger: Client) -> None:
    page = look(stranger)
    typed = hidden(page) | FIELDS | {"text": "x", "mail": "anna@mail.example"}
    del typed["csrfmiddlewaretoken"]
    assert stranger.post(DEPOSIT, typed).status_code == 403
    for address in ("/tickets/check/", "/tickets/similar/", "/tickets/files/"):
        assert stranger.post(address, {"type": "deposit_missing"}).status_code == 403
        assert stranger.get(address).status_code == 405
    assert not Conversation.objects.exists()


def test_what_a_form_does_not_ask_is_ignored(stranger: Client) -> None:
    more = {"status": "closed", "priority": "0", "team": "1", "customer_id": "1", "verified": "1", "author": "agent",
            "reference": "X", "f.status": "closed", "f.proof_level": "3", "created_at": "2020-01-01"}  # fmt: skip
    assert send(stranger, **more).status_code == 302
    case = Conversation.objects.get()
    assert (case.status, case.proof_level, case.answer_proved, case.created_at) == ("waiting", 0, False, NOON)
    fields = dict(Entry.objects.get(conversation=case, kind="message").data["fields"])
    assert set(fields) == {"coin", "network", "tx_id", "amount"}
