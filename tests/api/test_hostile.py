"""Bodies, headers and addresses nobody sends in earnest: always a clear 4xx, nothing stored, nothing repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from tests.api import callers
from tests.api.callers import BASE, case, code, flaws, get, post, token
from trustdesk.api.models import AnsweredRequest
from trustdesk.api.reading import BODY
from trustdesk.conversations import requests
from trustdesk.conversations.models import Conversation
from trustdesk.realtime.group_commit import Unavailable

pytestmark = pytest.mark.django_db
CANARY = "correct-horse-battery"


@pytest.fixture
def exchange() -> str:
    callers.fresh()
    return token()


def whole(**more: Any) -> bytes:
    return json.dumps(case(**more)).encode()


MALFORMED = {
    "nothing else": b"{",
    "no JSON": b"type=how_to",
    "two documents": b"{}{}",
    "NaN": b'{"text": NaN}',
    "Infinity": b'{"text": -Infinity}',
    "a name twice": b'{"type": "how_to", "type": "hacked"}',
    "a name twice inside": b'{"customer": {"uid": "1", "uid": "2"}}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 20_000,
    "a little too deep": b"[[[[[[[]]]]]]]",
    "UTF-16": json.dumps({"text": "a"}).encode("utf-16"),
    "UTF-32": json.dumps({"text": "a"}).encode("utf-32-be"),
    "Latin-1": b'{"text": "\xe9\xe8"}',
    "a mark of byte order": b"\xef\xbb\xbf{}",
    "overlong UTF-8": b'{"text": "\xc0\x80"}',
    "a raw NUL": b'{"text": "a\x00b"}',
    "a raw line break": b'{"text": "a\nb"}',
    "digits without end": b'{"text": ' + b"9" * 50_000 + b"}",
    "an exponent": b'{"text": 1e99999999999999}' + b"x",
    "a comment": b'{"text": "a" /* b */}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_sound_json_is_400(exchange: str, body: bytes) -> None:
    answer = post("conversations", body, token=exchange)
    assert answer.status_code == 400
    assert code(answer) == "malformed_json"


INVALID: dict[str, tuple[bytes, dict[str, str]]] = {
    "empty": (b"", {"": "required"}),
    "a list": (b"[]", {"": "wrong_type"}),
    "a text": (b'"x"', {"": "wrong_type"}),
    "null": (b"null", {"": "wrong_type"}),
    "a number": (b"1e9", {"": "wrong_type"}),
    "NUL": (whole(text="a\0b"), {"": "not_text"}),
    "NUL in a name": (whole(fields={"a\0": "b"}), {"": "not_text"}),
    "NUL in the subject": (whole(subject="\0"), {"": "not_text"}),
    "half a character": (b'{"text": "\\ud83d"}', {"": "not_text"}),
    "a type that is a number": (whole(type=1), {"type": "wrong_type"}),
    "a type that is true": (whole(type=True), {"type": "wrong_type"}),
    "a type that is a list": (whole(type=["how_to"]), {"type": "wrong_type"}),
    "a type with spaces": (whole(type="how to"), {"type": "bad_format"}),
    "a text that is an object": (whole(text={"$ne": ""}), {"text": "wrong_type"}),
    "a text that is null": (whole(text=None), {"text": "wrong_type"}),
    "a long text": (whole(text="x" * 4_001), {"text": "too_long"}),
    "a long subject": (whole(subject="x" * 201), {"subject": "too_long"}),
    "answers that are a list": (whole(fields=[["a", "b"]]), {"fields": "wrong_type"}),
    "an answer that is a number": (whole(fields={"feature": 1}), {"fields": "wrong_type"}),
    "an answer that is a list": (whole(fields={"feature": ["a"]}), {"fields": "wrong_type"}),
    "a long answer": (whole(fields={"feature": "x" * 10_001}), {"fields": "too_long"}),
    "many answers": (whole(fields={str(n): "x" for n in range(61)}), {"fields": "too_many"}),
    "another language": (whole(locale="fr"), {"locale": "not_an_option"}),
    "no customer": (whole(customer={}), {"customer": "not_an_option"}),
    "a customer that is a text": (whole(customer="anna"), {"customer": "not_an_option"}),
    "a customer in two ways": (whole(customer={"session": "x", "uid": "1"}), {"customer": "unknown_field"}),
    "a UID that is a number": (whole(customer={"uid": 20417703}), {"customer.uid": "wrong_type"}),
    "a UID with an end of line": (whole(customer={"uid": "1\n"}), {"customer.uid": "bad_format"}),
    "a UID of another script": (whole(customer={"uid": "１２"}), {"customer.uid": "bad_format"}),
    "no registered address": (whole(customer={"uid": "1", "mail": "x"}), {"customer.mail": "not_a_mail"}),
    "a member of ours": (whole(priority=0), {"": "unknown_field"}),
    "a member of the core's": (whole(answer_proved=True), {"": "unknown_field"}),
    "a secret for a name": (whole(**{CANARY: 1}), {"": "unknown_field"}),
    "a secret for a question": (whole(fields={CANARY: "x"}), {"fields": "unknown_field"}),
    "a secret for a type": (whole(type=CANARY), {"type": "not_an_option"}),
}


@pytest.mark.parametrize(("body", "wrong"), INVALID.values(), ids=INVALID.keys())
def test_what_has_another_form_is_422_at_its_place(exchange: str, body: bytes, wrong: dict[str, str]) -> None:
    """S-16: nothing is converted; A-15: nothing that is not declared is taken."""
    answer = post("conversations", body, token=exchange, key="k")
    assert answer.status_code == 422, answer.content
    assert code(answer) == "invalid_request"
    assert flaws(answer) == wrong
    assert CANARY.encode() not in answer.content
    assert not Conversation.objects.exists()
    assert not AnsweredRequest.objects.exists()


def test_the_customer_of_a_message_has_a_form(exchange: str) -> None:
    for customer, wrong in (
        ({"uid": 1}, {"customer.uid": "wrong_type"}),
        ({"uid": "1", "mail": "a@example.test"}, {"customer": "unknown_field"}),
        ({"mail": "a@example.test"}, {"customer": "not_an_option"}),
        ([], {"customer": "not_an_option"}),
    ):
        answer = post("conversations/777-777-7777/messages", {"text": "a", "customer": customer}, token=exchange)
        assert flaws(answer) == wrong


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/problem+json",
        "application/jsonp",
        "",
    ],
)
def test_another_kind_of_body_is_415(exchange: str, kind: str) -> None:
    assert code(post("conversations", case(), token=exchange, content_type=kind)) == "not_json"


def test_a_kind_in_capitals_or_with_its_charset_will_do(exchange: str) -> None:
    for kind in ("Application/JSON", "application/json; charset=UTF-8"):
        assert code(post("conversations", case(type="x"), token=exchange, content_type=kind)) == "invalid_request"


@pytest.mark.parametrize("size", [BODY + 1, 1024 * 1024 + 1, 3 * 1024 * 1024])
def test_a_large_body_is_413(exchange: str, size: int) -> None:
    padded = whole() + b" " * (size - len(whole()))
    answer = post("conversations", padded, token=exchange)
    assert answer.status_code == 413
    assert code(answer) == "too_large"


def test_the_largest_body_that_may_be_needed_is_read(exchange: str) -> None:
    chinese = whole(type="none", text="案" * 4_000, fields={"feature": "案" * 10_000, "other": "案" * 5_000})
    assert len(chinese) > 100_000
    assert flaws(post("conversations", chinese, token=exchange)) == {"type": "not_an_option"}


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "schlüssel".encode().decode("latin-1"), "\x7f"])
def test_a_key_has_a_form(exchange: str, key: str) -> None:
    answer = post("conversations", case(), token=exchange, headers={"Idempotency-Key": key})
    assert flaws(answer) == {"Idempotency-Key": "bad_format"}
    assert not AnsweredRequest.objects.exists()


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=1e9", "after=x", "after=99999999999999999999", "after=", "after[]=1&after="],
)
def test_parameters_of_the_address_have_a_form(exchange: str, query: str) -> None:
    answer = Client().get(f"{BASE}conversations/777-777-7777?{query}", headers={"Authorization": f"Bearer {exchange}"})
    assert answer.status_code == 422, answer.content
    assert code(answer) == "invalid_request"  # type: ignore[arg-type]


@pytest.mark.parametrize("uid", ["", "a b", "1,2", "x" * 65])
def test_the_account_in_a_header_has_a_form(exchange: str, uid: str) -> None:
    headers = {"Authorization": f"Bearer {exchange}", "Customer-Uid": uid}
    answer = Client().get(f"{BASE}conversations/777-777-7777", headers=headers)
    assert flaws(answer) == {"Customer-Uid": "bad_format"}  # type: ignore[arg-type]


@pytest.mark.parametrize("query", ["locale=en&locale=zh-hans", "locale=en&locale=en", "x=1&x=2"])
def test_a_parameter_stands_once(exchange: str, query: str) -> None:
    answer = Client().get(f"{BASE}request-types?{query}", headers={"Authorization": f"Bearer {exchange}"})
    assert code(answer) == "repeated_parameter"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path", ["nowhere", "conversations/", "conversations/x/y", "request-types/a/b", "openapi.json/", "../staff/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_addresses_that_do_not_exist(exchange: str, path: str, method: str) -> None:
    answer = Client().generic(method, f"{BASE}{path}", headers={"Authorization": f"Bearer {exchange}"})
    assert code(answer) == "not_found"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("conversations", "POST"),
        ("conversations/777-777-7777", "GET, HEAD"),
        ("conversations/777-777-7777/messages", "POST"),
        ("request-types", "GET, HEAD"),
        ("request-types/other", "GET, HEAD"),
        ("openapi.json", "GET, HEAD"),
    ],
)
def test_methods_that_are_not_taken(path: str, allowed: str) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} - set(allowed.split(", ")):
        answer = Client().generic(method, f"{BASE}{path}")
        assert code(answer) == "method_not_allowed"  # type: ignore[arg-type]
        assert answer.headers["Allow"] == allowed


def test_head_answers_as_get(exchange: str) -> None:
    headers = {"Authorization": f"Bearer {exchange}"}
    asked, got = (getattr(Client(), way)(f"{BASE}request-types", headers=headers) for way in ("head", "get"))
    assert asked.status_code == got.status_code == 200
    assert asked.headers["Content-Type"] == got.headers["Content-Type"]
    assert asked.content == b""


@pytest.mark.parametrize("away", [OperationalError("gone"), Unavailable("slow")])
def test_a_database_that_is_away_is_503(exchange: str, away: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise away

    monkeypatch.setattr(requests, "open_case", fail)
    answer = post("conversations", case(), token=exchange, key="k")
    assert answer.status_code == 503
    assert code(answer) == "unavailable"
    assert int(answer.headers["Retry-After"]) > 0


def test_a_failure_of_ours_says_nothing_to_anybody(
    exchange: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*, text: str, **_: object) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(requests, "open_case", fail)
    answer = post("conversations", case(text=CANARY), token=exchange)
    assert answer.status_code == 500
    assert code(answer) == "failed"
    assert CANARY not in answer.content.decode() + caplog.text
    assert "RuntimeError in" in caplog.text
    assert get("request-types", token=exchange).status_code == 200
