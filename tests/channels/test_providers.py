"""Sending by a provider's web interface: what goes over the wire, and what its answers mean. The provider is a server of ours."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest
from pytest_django import Settings

from tests.channels.test_outbox import queue, row
from tests.world import NOON
from trustdesk.channels import outbox, registry
from trustdesk.channels.contract import Outbound, SendFailed
from trustdesk.config import checks

OUT = Outbound(
    "one",
    "anna@mail.example",
    "您的工单",
    "Hello 您好",
    html="<p>Hello 您好</p>",
    automatic=True,
    message_id="<unguessable@northlight.example>",
    reply_to="support+rabc@northlight.example",
    in_reply_to="<a@mail.example>",
    references=("<b@mail.example>", "<a@mail.example>"),
)

INACTIVE = "Found inactive addresses: anna@mail.example.\nInactive recipients are ones that have generated a hard bounce."


class Provider(BaseHTTPRequestHandler):
    """Answers as told, and keeps what it was sent."""

    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
    status, answer, wait = 200, {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": "anna@mail.example"}, 0.0

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).requests.append((self.path, dict(self.headers.items()), body))
        time.sleep(self.wait)
        if self.status == 302:
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        text = json.dumps(self.answer).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Provider, "requests", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join(timeout=5)


def send(api: str, settings: Settings, *, more: str = "", message: Outbound = OUT) -> str:
    settings.MAIL = f"anymail+postmark://?server_token=secret-token&api_url={quote(api, safe='')}{more}"
    return registry.channel("email", address="support@northlight.example").send(message)


def test_our_message_goes_to_the_provider_as_it_is(provider: str, settings: Settings) -> None:
    assert send(provider, settings) == "pm-1", "what it calls the mail, for its web hooks"
    [(path, headers, body)] = Provider.requests
    assert path == "/email"
    assert headers["X-Postmark-Server-Token"] == "secret-token"
    assert body["From"] == "Northlight <support@northlight.example>"
    assert (body["To"], body["Subject"]) == ("anna@mail.example", "您的工单")
    assert body["TextBody"].strip() == "Hello 您好"
    assert body["HtmlBody"].strip() == "<p>Hello 您好</p>"
    assert body["ReplyTo"] == "support+rabc@northlight.example"
    named = {one["Name"].lower(): one["Value"] for one in body["Headers"]}
    assert named["message-id"] == "<unguessable@northlight.example>"
    assert named["x-pm-keepid"] == "true"
    assert named["in-reply-to"] == "<a@mail.example>"
    assert named["references"] == "<b@mail.example> <a@mail.example>"
    assert named["auto-submitted"] == "auto-replied"
    assert not {"content-type", "mime-version", "to", "from", "bcc"} & set(named)
    assert not {"TrackOpens", "TrackLinks"} & set(body)


@pytest.mark.parametrize(
    ("status", "answer", "reason", "permanent"),
    [
        (422, {"ErrorCode": 406, "Message": INACTIVE}, "recipient_refused", True),
        (422, {"ErrorCode": 406, "Message": "in words of tomorrow"}, "message_refused", True),
        (422, {"ErrorCode": 300, "Message": "Invalid 'From' address"}, "message_refused", True),
        (413, {"ErrorCode": 1, "Message": "too large"}, "message_refused", True),
        (401, {"ErrorCode": 10, "Message": "Bad token"}, "auth", False),
        (429, {"ErrorCode": 429, "Message": "slow down"}, "message_refused", False),
        (500, {"ErrorCode": 0, "Message": "oops"}, "message_refused", False),
        (503, {}, "message_refused", False),
    ],
)  # fmt: skip
def test_the_answer_decides_whether_to_try_again(
    provider: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, status: int, answer: Any, reason: str, permanent: bool
) -> None:
    monkeypatch.setattr(Provider, "status", status)
    monkeypatch.setattr(Provider, "answer", answer)
    with pytest.raises(SendFailed) as failed:
        send(provider, settings)
    assert (str(failed.value), failed.value.permanent) == (reason, permanent)


def test_a_provider_that_does_not_answer_is_tried_again(
    provider: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Provider, "wait", 1.0)
    with pytest.raises(SendFailed, match="timeout") as failed:
        send(provider, settings, more="&timeout=0.2")
    assert not failed.value.permanent
    with pytest.raises(SendFailed, match="connect") as failed:
        send("http://127.0.0.1:9/", settings)
    assert not failed.value.permanent


def test_the_key_follows_nobody_elsewhere(provider: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Provider, "status", 302)
    with pytest.raises(SendFailed) as failed:
        send(provider, settings)
    assert not failed.value.permanent
    assert [path for path, _, _ in Provider.requests] == ["/email"]


def test_no_header_can_be_made_up(provider: str, settings: Settings) -> None:
    nasty = Outbound("k", "anna@mail.example", "Hi\r\nBcc: all@victim.example", "t", message_id="<a@b.example>")
    send(provider, settings, message=nasty)
    [(_, _, body)] = Provider.requests
    assert "\n" not in body["Subject"]
    assert not {"Bcc", "Cc"} & set(body)


@pytest.mark.parametrize(
    "where",
    [
        "anymail+postmark://",  # no token
        "anymail+nosuchprovider://?a=b",
        "anymail+postmark://host/?server_token=x",
        "anymail+..backends.postmark://?server_token=x",
        "anymail+postmark://?server_token=x&timeout=soon",
    ],
)
def test_a_provider_that_cannot_be_used_is_said_before_the_first_mail(where: str, settings: Settings) -> None:
    with pytest.raises(ValueError, match="provider"):
        registry.transport(where)
    settings.MAIL = where
    [error] = checks.mail_can_leave(None)
    assert error.id == "trustdesk.E002"
    settings.MAIL = "anymail+postmark://?server_token=x"
    assert checks.mail_can_leave(None) == []


@pytest.mark.django_db
def test_the_outbox_knows_the_mail_by_the_providers_id(provider: str, settings: Settings) -> None:
    settings.MAIL = f"anymail+postmark://?server_token=x&api_url={quote(provider, safe='')}"
    queue(conversation_id=7, purpose="reply")
    outbox.send_due(now=NOON)
    assert (row().state, row().provider_id) == ("sent", "pm-1")
    back = outbox.bounced(provider_id="pm-1", hard=True, status="5.1.1", now=NOON)
    assert back is not None
    assert back.conversation_id == 7
