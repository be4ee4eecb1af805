"""N-05: taken is stored, once; and nothing is called taken that is not."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from email.message import Message
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import OperationalError
from django.http import HttpResponseBase

from tests.faults.proxy import Proxy
from tests.hooks import posts
from tests.hooks.posts import HOOKS, MIME, Post, basic
from tests.hooks.storing import at_the_same_time, claimed, rows
from tests.processes import Process
from trustdesk.channels import addresses, outbox, post, provider_mail
from trustdesk.channels.models import HookPayload, Inbox
from trustdesk.channels.provider_mail import ProviderMail
from trustdesk.hooks import mail
from trustdesk.realtime.group_commit import Unavailable

LARGE = bytes(range(256)) * 4 * 1024 * 10  # 10 MB of no text


@pytest.mark.usefixtures("hooks")
def test_the_same_delivery_twenty_times_at_once_and_again_is_one_row(committed_db: str) -> None:
    assert addresses.ours()  # so that no thread has to ask for them
    for sent in (
        posts.postmark_inbound(),
        posts.mailgun_mime(),
        posts.resend("tracking", {"type": "email.sent", "data": {}}),
    ):
        before = rows()
        answers = at_the_same_time(lambda _: sent.send().status_code, 20)  # noqa: B023
        assert answers == [200] * 20
        assert rows() == before + 1
        assert sent.send().status_code == 200
        assert rows() == before + 1


@pytest.mark.usefixtures("hooks")
def test_twenty_deliveries_at_once_are_twenty_rows(committed_db: str) -> None:
    assert addresses.ours()
    answers = at_the_same_time(lambda n: posts.postmark_inbound(MessageID=str(n)).send().status_code, 20)
    assert answers == [200] * 20
    assert rows() == 20


@pytest.mark.django_db
@pytest.mark.usefixtures("hooks", "at_once")
def test_what_is_stored_is_sealed_and_says_how_to_read_it() -> None:
    one = claimed(posts.postmark_inbound())
    assert (one.kind, one.envelope["path"]) == ("anymail:postmark", "/hooks/mail/postmark/inbound/")
    assert "authorization" not in one.envelope["headers"]
    row = HookPayload.objects.get()
    assert row.inbox_id == outbox.mail_inbox()
    assert row.source.startswith("postmark:inbound:")
    assert b"anna" not in bytes(row.sealed or b"")


@pytest.mark.django_db
@pytest.mark.usefixtures("hooks", "at_once")
def test_ten_megabytes_and_their_files_come_through() -> None:
    files = [
        ("attachment-1", "proof.bin", "application/octet-stream", LARGE),
        ("attachment-2", "b.txt", "text/plain", b"b"),
    ]
    (found,) = provider_mail.events(claimed(posts.mailgun_parsed(files)))
    assert isinstance(found, ProviderMail)
    assert len(found.content) > len(LARGE) * 4 // 3
    big = MIME + LARGE.replace(b"\r\n", b"__")
    (found,) = provider_mail.events(claimed(posts.mailgun_mime(big)))
    assert isinstance(found, ProviderMail)
    assert found.content == big


@pytest.mark.django_db
@pytest.mark.usefixtures("hooks", "at_once")
def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mail.MOST, "inbound", 1000)
    assert posts.postmark_inbound(TextBody="x" * 1000).send().status_code == 413
    assert posts.postmark_event(**posts.DELIVERED, Tag="x" * 1000).send().status_code == 200
    assert rows() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("hooks")
@pytest.mark.parametrize("failure", [Unavailable("away"), OperationalError("away"), TimeoutError()])
def test_what_could_not_be_stored_is_not_called_taken(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_raw: post.Raw) -> None:
        raise failure

    monkeypatch.setattr(post, "submit", fail)
    refused(posts.postmark_inbound().send())
    assert rows() == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("hooks", "at_once")
def test_without_a_mail_inbox_providers_keep_their_mail() -> None:
    Inbox.objects.filter(kind="email").update(enabled=False)
    addresses.forget()
    refused(posts.postmark_inbound().send())
    assert rows() == 0


def refused(answer: HttpResponseBase) -> None:
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


@pytest.mark.django_db
@pytest.mark.usefixtures("hooks", "at_once")
def test_not_too_many_large_ones_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_large", threading.BoundedSemaphore(1))
    monkeypatch.setattr(mail, "WAIT", 0.01)
    large = posts.postmark_inbound(TextBody="x" * mail.LARGE)
    with mail._large:
        refused(large.send())
        assert posts.postmark_inbound().send().status_code == 200
    assert large.send().status_code == 200
    assert rows() == 2


# Through the real server ------------------------------------------------------------------------------------------------


@pytest.fixture
def serving(
    clone_database: Callable[[], str], live_server_process: Callable[..., Process]
) -> Iterator[tuple[Process, Proxy, str]]:
    """The server with its hooks, the way from it to its database, and where that is."""
    url = clone_database()
    parts = urlsplit(url)
    assert parts.port
    with Proxy(parts.port) as proxy:
        through = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{proxy.port}")))
        hooks = " ".join(one for one in HOOKS if "sendgrid" not in one)
        yield live_server_process(url=through, env={"MAIL_URL": f"folder:/nowhere {hooks}"}), proxy, url


def send(process: Process, sent: Post, *, chunked: bool = False) -> tuple[int, Message]:
    """Post to the server; returns the status and the headers of the answer."""
    headers = sent.headers | {"Content-Type": sent.content_type}
    if not chunked:
        headers["Content-Length"] = str(len(sent.body))
    with closing(http.client.HTTPConnection("127.0.0.1", process.port, timeout=60)) as connection:
        body = iter([sent.body]) if chunked else sent.body
        connection.request("POST", sent.path, body=body, headers=headers, encode_chunked=chunked)
        with connection.getresponse() as answer:
            return answer.status, answer.headers


def stored(url: str) -> int:
    with psycopg.connect(url) as link:
        (number,) = link.execute("SELECT count(*) FROM channels_hookpayload").fetchone() or (0,)
    return int(number)


def test_the_server_takes_large_mail_and_nothing_of_it_is_in_its_log(serving: tuple[Process, Proxy, str]) -> None:
    process, _proxy, url = serving
    whole = Post(
        "/hooks/mail/postmark/inbound/", b'{"TextBody": "' + b"secretword " * 3_000_000 + b'"}', headers=basic()
    )
    assert [send(process, whole)[0] for _ in range(2)] == [200, 200]
    whole.body += b" " * 10 * 1024 * 1024
    with suppress(BrokenPipeError, ConnectionResetError):  # it may be refused while it is still being sent
        assert send(process, whole)[0] == 413
    small = posts.postmark_inbound(TextBody="secretword")
    assert send(process, small, chunked=True)[0] == 411
    small.headers = basic("hooks:secretword-that-is-wrong")
    status, headers = send(process, small)
    assert (status, headers["Set-Cookie"]) == (401, None)
    assert stored(url) == 1
    assert "secretword" not in process.output()
    assert "anna@" not in process.output()


def test_while_the_database_is_away_nothing_is_called_taken(serving: tuple[Process, Proxy, str]) -> None:
    process, proxy, url = serving
    assert send(process, posts.postmark_inbound(MessageID="before"))[0] == 200
    proxy.reset()
    status, headers = send(process, posts.postmark_inbound(MessageID="during"))
    assert (status, headers["Retry-After"]) == (503, "60")
    proxy.heal()
    assert send(process, posts.postmark_inbound(MessageID="during"))[0] == 200
    assert stored(url) == 2
