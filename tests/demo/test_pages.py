"""The exchange's site, the mailbox and the start page, as a browser on this machine asks for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.test import Client

from trustdesk.channels import mailbox
from trustdesk.customers import sessions
from trustdesk.demo import cast
from trustdesk.exchange import demo as northlight
from trustdesk.net.mail import compose
from trustdesk.net.mail import mailbox as address
from trustdesk.seams import clock

# Made for this test; nobody has the private half.
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----"""
PAGES = ["/", "/demo/exchange/", "/demo/exchange/orders/", "/demo/exchange/transfers/", "/demo/mailbox/"]
OTHERS = [
    "/demo/",
    "/demo/exchange/session",
    "/demo/exchange/code",
    "/demo/mailbox/_letters.html",
    "/demo/mailbox/x.eml/",
]


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"host": "localhost:8000"})


def sign_in(visitor: Client, uid: str) -> None:
    assert visitor.post("/demo/exchange/sign-in/", {"uid": uid}).status_code == 302


def letter(subject: str, text: str, *, at: datetime) -> EmailMessage:
    sender, to = address("support@northlight.example.test"), address("lin@mail.example.test", name="林薇")
    return compose(sender=sender, to=to, subject=subject, text=text, now=at)


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_pages_speak_both_languages(visitor: Client, page: str) -> None:
    sign_in(visitor, "100002")
    english = visitor.get(page, {"lang": "en"})
    chinese = visitor.get(page, {"lang": "zh-hans"})
    assert (english.status_code, chinese.status_code) == (200, 200)
    assert '<html lang="en"' in english.content.decode()
    text = re.sub(r"<[^>]+>", " ", chinese.content.decode())
    assert '<html lang="zh-hans"' in chinese.content.decode()
    left = set(re.findall(r"\b(?:[A-Z][a-z]+ [a-z]+ [a-z]+)", text))
    assert left == set(), "English sentences on the Chinese page"


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_nothing_inline(visitor: Client, page: str) -> None:
    sign_in(visitor, "100001")
    html = visitor.get(page).content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("uid", [customer.uid for customer in northlight.CUSTOMERS])
def test_a_session_is_one_the_chat_accepts(visitor: Client, uid: str) -> None:
    assert visitor.get("/demo/exchange/session").status_code == 401
    sign_in(visitor, uid)
    answer = visitor.get("/demo/exchange/session").json()
    assert answer["seconds"] <= 300
    found = sessions.visitor(answer["token"], now=clock.now())
    assert (found.kind, found.value, found.known) == ("uid", uid, True)
    with pytest.raises(sessions.SessionRefused):
        sessions.visitor(answer["token"], now=clock.now() + timedelta(seconds=answer["seconds"] + 1))
    visitor.post("/demo/exchange/sign-out/")
    assert visitor.get("/demo/exchange/session").status_code == 401


def test_without_a_shared_secret_there_is_no_session(visitor: Client, settings: LazySettings) -> None:
    settings.EXCHANGE_SESSION_KEY = PUBLIC_KEY
    sign_in(visitor, "100001")
    assert visitor.get("/demo/exchange/session").status_code == 503


def test_nobody_becomes_a_customer_by_a_cookie_of_his_own(visitor: Client) -> None:
    visitor.cookies["northlight"] = "100001:en"
    assert visitor.get("/demo/exchange/session").status_code == 401
    sign_in(visitor, "999999")
    assert visitor.get("/demo/exchange/session").status_code == 401
    assert visitor.get("/demo/exchange/orders/").status_code == 302


def test_the_site_reads_in_the_customers_language_until_another_is_chosen(visitor: Client) -> None:
    sign_in(visitor, "100001")
    assert visitor.get("/demo/exchange/").headers["Content-Language"] == "zh-hans"
    assert visitor.get("/demo/exchange/", {"lang": "en"}).headers["Content-Language"] == "en"
    assert visitor.get("/demo/exchange/").headers["Content-Language"] == "en"


def test_the_phone_shows_the_code_that_counts(visitor: Client) -> None:
    sign_in(visitor, "100002")
    with clock.frozen(datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)):
        answer = visitor.get("/demo/exchange/code").json()
        assert answer == {"code": northlight.current_code("100002", now=clock.now()), "seconds": 20}
    visitor.post("/demo/exchange/sign-out/")
    sign_in(visitor, "100004")
    assert visitor.get("/demo/exchange/code").json()["code"] == ""


def test_the_wallet_shows_a_transfer_the_exchange_does_not_have(visitor: Client) -> None:
    sign_in(visitor, "100001")
    sent = cast.sent_from_wallet("100001", now=clock.now())
    assert sent is not None
    html = visitor.get("/demo/exchange/transfers/").content.decode()
    assert sent.txid in html
    assert sent.txid not in {one.txid for one in northlight.deposits("100001", now=clock.now())}


def test_the_mailbox_shows_text_as_text_newest_first(visitor: Client, settings: LazySettings, tmp_path: Path) -> None:
    settings.MAIL = f"folder:{quote(str(tmp_path))}"
    assert visitor.get("/demo/mailbox/_letters.html").status_code == 200
    for hour, subject in ((9, "Older"), (11, "Newer <b>")):
        mailbox.deliver(
            letter(subject, "<script>alert(1)</script>\nhello", at=datetime(2026, 11, 23, hour, tzinfo=UTC)),
            folder=tmp_path,
        )
    listed = visitor.get("/demo/mailbox/_letters.html").content.decode()
    assert listed.index("Newer &lt;b&gt;") < listed.index("Older")
    name = mailbox.read(tmp_path)[0].name
    shown = visitor.get(f"/demo/mailbox/{name}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown


@pytest.mark.parametrize("name", ["nothing.eml", "..", "%2e%2e%2fsecret-key", ".draft"])
def test_the_mailbox_opens_letters_and_nothing_else(
    visitor: Client, settings: LazySettings, tmp_path: Path, name: str
) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "secret-key").write_text("secret")
    settings.MAIL = f"folder:{quote(str(tmp_path / 'mail'))}"
    assert visitor.get(f"/demo/mailbox/{name}/").status_code == 404


@pytest.mark.parametrize("page", PAGES + OTHERS)
@pytest.mark.parametrize("where", ["production", "host", "peer"])
def test_nothing_answers_anywhere_else(visitor: Client, settings: LazySettings, page: str, where: str) -> None:
    sign_in(visitor, "100001")
    headers, peer = {"host": "localhost"}, "127.0.0.1"
    if where == "production":
        settings.DEMO = False
    elif where == "host":
        settings.ALLOWED_HOSTS = ["desk.example.test"]
        headers = {"host": "desk.example.test"}
    else:
        peer = "192.0.2.7"
    assert visitor.get(page, headers=headers, REMOTE_ADDR=peer).status_code == 404
    assert (
        visitor.post("/demo/exchange/sign-in/", {"uid": "100001"}, headers=headers, REMOTE_ADDR=peer).status_code == 404
    )
