"""Reports of the content security policy: one line each, of words we know, and not more than anybody reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from trustdesk.config import reports


@pytest.fixture(autouse=True)
def _new_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_lines", 0)


def report(client: Client, **fields: str) -> int:
    """Report as browsers do, with these fields instead of the usual ones; returns the status."""
    told: dict[str, Any] = {
        "document-uri": "https://support.example.com/chat/?case=777",
        "violated-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/x.js?CNRY",
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    return client.post("/csp-report", json.dumps({"csp-report": told}), content_type="application/csp-report").status_code


def test_a_report_is_a_line_without_addresses(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert report(client) == 204
    assert report(client, document_uri="https://support.example.com/confirm/CNRY-token/", blocked_uri="inline") == 204
    assert report(client, effective_directive="img-src", blocked_uri="data") == 204
    assert [record.getMessage() for record in caplog.records] == [
        "csp: script-src-elem stopped evil.example on /chat/",
        "csp: script-src-elem stopped inline on /confirm/<str:token>/",
        "csp: img-src stopped data on /chat/",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"violated_directive": "script-src\n2026-11-23T00:00:00Z ERROR forged"},
        {"violated_directive": "CNRY my words"},
        {"document_uri": "https://elsewhere.example/CNRY"},
        {"document_uri": "http://[CNRY"},
    ],
)
def test_what_is_no_report_of_ours_is_answered_alike_and_not_written_down(
    client: Client, caplog: pytest.LogCaptureFixture, fields: dict[str, str]
) -> None:
    assert report(client, **fields) == 204
    assert caplog.records == [] or "CNRY" not in caplog.text
    assert "forged" not in caplog.text


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'{"csp-report": []}', b"\xff", b"[" * 9_000, b"x" * 20_000])
def test_nonsense_is_answered_alike(client: Client, caplog: pytest.LogCaptureFixture, body: bytes) -> None:
    assert client.post("/csp-report", body, content_type="application/csp-report").status_code == 204
    assert caplog.records == []


def test_what_was_stopped_is_named_by_words_we_know(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    for blocked in ("CNRY words", "https://us:CNRY@evil.example/", "CNRY:x", "javascript:CNRY"):
        assert report(client, blocked_uri=blocked) == 204
    assert len(caplog.records) == 4
    assert "CNRY" not in caplog.text


def test_a_flood_leaves_the_log_readable(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3 * reports.MOST_A_MINUTE):
        assert report(client) == 204
    assert len(caplog.records) <= 2 * reports.MOST_A_MINUTE  # a minute may end meanwhile
