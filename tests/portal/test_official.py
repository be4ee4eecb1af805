"""The page on which one learns whether something is really us."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from django.test import Client

from tests import world
from tests.attacks.payloads import SCRIPTS
from trustdesk.channels import addresses, official
from trustdesk.channels.models import OfficialChannel
from trustdesk.customers import limits
from trustdesk.portal import official as page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _listed(monkeypatch: pytest.MonkeyPatch) -> None:
    world.fresh()
    addresses.forget()
    official.forget()
    monkeypatch.setattr(limits, "limiter", limits.Limiter())
    OfficialChannel.objects.create(
        kind="x", value="northlight", link="https://x.com/northlight", about="News", about_zh="公告"
    )


def asked(text: str, *, language: str = "en", status: int = 200) -> str:
    answer = Client(headers={"Accept-Language": language}).post("/official/", {"what": text})
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_list_is_there_in_both_languages_and_without_script() -> None:
    for language, words in (("en", ("News", "We have no phone number")), ("zh-hans", ("公告", "我们没有电话客服"))):
        shown = Client(headers={"Accept-Language": language}).get("/official/").content.decode()
        for word in (*words, "https://x.com/northlight", "support@northlight.example.test"):
            assert word in shown
        assert "<script>" not in shown


def test_each_thing_of_a_message_gets_its_answer() -> None:
    shown = asked("https://northlight-help.example, x.com/northlight, +44 20 7946 0000")
    assert [tone[0] for tone in re.findall(r"official-result--(danger|success|warning)()", shown)] == [
        "danger",
        "success",
        "warning",
    ]
    assert "It puts our name together with other words." in shown
    assert "This account is ours." in shown
    assert "This number is not ours." in shown
    assert "What to do now" in shown
    assert 'href="/tickets/new/phishing/"' in shown


def test_it_answers_in_the_readers_language() -> None:
    shown = asked("northlight-help.example", language="zh-hans")
    assert "不是我们的，而且是刻意仿冒的。" in shown
    assert "举报" in shown


def test_where_all_is_ours_nobody_is_alarmed() -> None:
    shown = asked("https://x.com/northlight")
    assert "This account is ours." in shown
    assert "What to do now" not in shown


def test_what_cannot_be_checked_gets_a_clear_word() -> None:
    assert "Paste what you want to check." in asked("  ", status=422)
    assert "That is too long." in asked("x" * 2_001, status=422)
    assert "We found nothing in it that can be checked." in asked("hello to you all")


def test_the_real_end_of_a_host_is_marked() -> None:
    shown = asked("https://northlight.example.test.evil.ru/login")
    assert "northlight.example.test.<strong>evil.ru</strong>" in shown


@pytest.mark.parametrize("payload", SCRIPTS)
def test_markup_is_text(payload: str) -> None:
    for text in (payload, f"https://northlight.{payload}.ru", f"x@{payload}", f"telegram: {payload}"):
        answer = Client().post("/official/", {"what": text})
        shown = answer.content.decode()
        if payload.startswith("<"):
            assert payload not in shown


def test_a_secret_is_neither_shown_again_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    words = "abandon " * 11 + "about"
    with caplog.at_level(logging.DEBUG):
        shown = asked(f"northlight-help.example {words}")
    assert "That was a secret." in shown
    assert "abandon" not in shown
    assert "abandon" not in caplog.text


def test_what_was_typed_stands_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        asked("CNRY-typed.example")
    assert "CNRY" not in caplog.text


def test_too_many_checks_have_to_wait() -> None:
    for _ in range(limits.CHECKS):
        asked("northlight.io")
    answer = Client().post("/official/", {"what": "northlight.io"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


def test_programs_get_the_list_and_are_told_when_it_is_the_same() -> None:
    answer = Client().get("/official.json")
    rows: list[dict[str, Any]] = json.loads(answer.content)["channels"]
    assert rows[0] == {
        "kind": "account",
        "platform": "x",
        "value": "northlight",
        "link": "https://x.com/northlight",
        "about": {"en": "News", "zh-hans": "公告"},
    }
    assert {row["kind"] for row in rows} == {"account", "site", "mail"}
    assert Client(headers={"If-None-Match": answer.headers["ETag"]}).get("/official.json").status_code == 304
    OfficialChannel.objects.create(kind="telegram", value="northlight_news")
    official.forget()
    assert Client(headers={"If-None-Match": answer.headers["ETag"]}).get("/official.json").status_code == 200


def test_the_hub_names_our_accounts() -> None:
    shown = Client().get("/contact/").content.decode()
    assert "X (Twitter): northlight" in shown
    OfficialChannel.objects.all().delete()
    official.forget()
    assert "We have no accounts there at the moment" in Client().get("/contact/").content.decode()


def test_every_code_has_its_words() -> None:
    """What policy says in codes is worded here; a new code without words would break the page of who asks for it."""
    for how in ("within", "letters", "ending", "words", "typo", "elsewhere"):
        assert page._HOW[how]
    for trick in ("name_before_at", "alphabet", "hidden", "number", "script", "broken", "invite", "post"):
        assert page._TRICKS[trick]
    for note in ("our_domain", "shared", "shortened", "on"):
        assert page._NOTES[note]
