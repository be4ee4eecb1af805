"""The REST client: what it sends, and what it makes of answers that are not as documented."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.conftest import Clock
from tests.exchange.server import KEYS, Exchange
from tests.net.servers import Handler, http_server
from trustdesk.exchange.connection import ExchangeSettings, connect
from trustdesk.exchange.contract import Account, ExchangeFailed, ExchangeRefused, ExchangeUnavailable
from trustdesk.exchange.demo import DemoExchange
from trustdesk.exchange.rest import RestExchange, RestSettings, sign
from trustdesk.net.addresses import Guard
from trustdesk.net.http import Http, Limits
from trustdesk.policy.proof import Proof

DOCUMENT = Path(__file__).parents[2] / "docs" / "exchange-api.md"
SECRET = KEYS["trustdesk"]


def asking(
    answer: Callable[[Handler], None] | dict[str, Any] | bytes, *, status: int = 200, ask: Callable[[RestExchange], Any]
) -> Any:
    """Put one question to a server that gives this answer."""

    def reply(request: Handler) -> None:
        if callable(answer):
            answer(request)
        else:
            request.reply(status, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    with http_server(reply) as server:
        http = Http(
            guard=Guard.allowing(f"127.0.0.1:{server.port}"),
            limits=Limits(connect=1, read=0.5, total=1, attempts=2, backoff=0.01, max_bytes=50_000),
        )
        settings = RestSettings(base_url=f"http://127.0.0.1:{server.port}", key_id="k", secret=SECRET)
        try:
            return ask(RestExchange(settings, clock=Clock(), http=http))
        finally:
            http.close()


def find(exchange: RestExchange) -> Account | None:
    return exchange.find(uid="100001")


def test_the_documented_example_of_a_signature_is_right() -> None:
    text = DOCUMENT.read_text()
    secret = re.search(r"with the secret `([^`]+)`", text)
    example = re.search(r"```\nv1\n(\S+)\n(\S+)\n(\d+)\n(\S+)\n([0-9a-f]{64})\n```\n\nfor the body `([^`]+)`", text)
    signature = re.search(r"Trustdesk-Signature: (v1=[0-9a-f]{64})", text)
    assert secret
    assert example
    assert signature
    method, path, at, request, _, body = example.groups()
    made = sign(secret=secret[1], method=method, path=path, time=int(at), request=request, body=body.encode())
    assert made == signature[1]


def test_every_call_of_the_document_is_made_and_no_other(rest: RestExchange, server: Exchange) -> None:
    rest.check()
    rest.find(mail="lin.wei@mail.example.test")
    challenge = rest.start_factor(uid="100001")
    rest.check_factor(uid="100001", challenge=challenge.id, code="000000")
    rest.send_code(uid="100001", code="482913", locale="zh-hans", purpose="chat_proof")
    rest.orders(uid="100001", proof=Proof.SESSION)
    rest.deposits(uid="100001", proof=Proof.STRONG)
    rest.withdrawals(uid="100001", proof=Proof.STRONG)
    headings = re.findall(r"^### (POST .+)$", DOCUMENT.read_text(), re.MULTILINE)
    documented = [call for heading in headings for call in re.findall(r"POST (\S+?)(?:,|$)", heading)]
    assert [path for path, _ in server.acted] == documented
    sent = dict(server.acted)
    assert sent["v1/customers/find"] == {"mail": "lin.wei@mail.example.test"}
    assert sent["v1/orders/list"] == {"uid": "100001", "proof": 2}
    assert sent["v1/codes/send"] == {"uid": "100001", "code": "482913", "locale": "zh-hans", "purpose": "chat_proof"}


def test_nothing_personal_stands_in_an_address() -> None:
    paths: list[str] = []

    def answer(request: Handler) -> None:
        paths.append(request.path)
        request.reply(200, b'{"customer": null}')

    asking(answer, ask=lambda exchange: exchange.find(mail="lin.wei@mail.example.test"))
    assert paths == ["/v1/customers/find"]


def test_account_data_below_the_bar_is_not_even_asked_for(rest: RestExchange, server: Exchange) -> None:
    for held in (Proof.NOBODY, Proof.CONTACT):
        with pytest.raises(ExchangeRefused, match="proof_too_low"):
            rest.orders(uid="100001", proof=held)
    assert server.acted == []


def test_a_wrong_key_or_clock_is_refused(rest: RestExchange, server: Exchange, clock: Clock) -> None:
    real = server.clock()
    server.clock = lambda: real.replace(hour=real.hour - 1)
    with pytest.raises(ExchangeRefused) as refused:
        rest.check()
    assert (refused.value.reason, refused.value.permanent) == ("unauthorised", True)
    assert server.acted == []


def test_a_lost_answer_is_asked_for_again_and_the_thing_done_once(rest: RestExchange, server: Exchange) -> None:
    def lose(request: Handler) -> None:
        request.close_connection = True

    server.break_next = [lose]
    rest.send_code(uid="100001", code="482913", locale="en", purpose="chat_proof")
    assert [path for path, _ in server.acted] == ["v1/codes/send"]
    assert server.break_next == []


def test_an_exchange_that_is_down_is_temporary(rest: RestExchange, server: Exchange) -> None:
    server.break_next = [lambda request: request.reply(503, b"", Retry_After="9")]
    with pytest.raises(ExchangeUnavailable) as failed:
        rest.find(uid="100001")
    assert (failed.value.reason, failed.value.permanent, failed.value.retry_after) == ("status_503", False, 9.0)
    assert rest.find(uid="100001") is not None


@pytest.mark.parametrize("status", [500, 502, 429])
def test_answers_that_mean_later_are_temporary(status: int) -> None:
    with pytest.raises(ExchangeUnavailable, match=f"status_{status}"):
        asking(b"", status=status, ask=find)


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (404, {"error": {"code": "unknown_uid"}}, ExchangeRefused, "unknown_uid"),
        (409, {"error": {"code": "no_mail", "detail": "x"}}, ExchangeRefused, "no_mail"),
        (403, {"error": {"code": "proof_too_low"}}, ExchangeRefused, "proof_too_low"),
        (401, {"error": {"code": "bad_signature"}}, ExchangeRefused, "unauthorised"),
        (403, {}, ExchangeRefused, "unauthorised"),
        (404, {}, ExchangeUnavailable, "status_404"),
        (404, b"<h1>Not Found</h1>", ExchangeUnavailable, "bad_json"),
        (400, {"error": {"code": "<script>"}}, ExchangeUnavailable, "status_400"),
        (400, {"error": "no"}, ExchangeUnavailable, "status_400"),
        (400, ["no"], ExchangeUnavailable, "status_400"),
        (302, b"{}", ExchangeUnavailable, "status_302"),
    ],
)
def test_errors_say_whether_asking_again_helps(status: int, body: Any, kind: type[ExchangeFailed], reason: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(kind) as failed:
        asking(raw, status=status, ask=find)
    assert failed.value.reason == reason
    assert failed.value.permanent is (kind is ExchangeRefused)


# What comes from outside is somebody else's input (S-43).

GOOD = {"uid": "100001", "name_masked": "林***", "mail_masked": "l***@x.test", "phone_masked": "+86***01"}


@pytest.mark.parametrize(
    "customer",
    [
        "100001",
        [],
        {},
        {"uid": 100001},
        {"uid": ""},
        {"uid": "100002"},  # somebody else
        {"uid": "x" * 65},
        GOOD | {"factors": "totp"},
        GOOD | {"name_masked": 7},
        GOOD | {"mail_masked": "x" * 300},
        GOOD | {"tier": "<b>"},
        GOOD | {"tier": None},
    ],
)
def test_a_customer_in_another_form_is_not_believed(customer: Any) -> None:
    with pytest.raises(ExchangeUnavailable, match="bad_answer"):
        asking({"customer": customer}, ask=find)


def test_what_an_exchange_forgot_to_mask_is_masked_and_the_rest_is_dropped() -> None:
    account = asking(
        {
            "customer": {
                "uid": "100001",
                "name_masked": "林薇\u202e\u200b",
                "mail_masked": "lin.wei@mail.example.test",
                "phone_masked": "+8613800138001",
                "locale": "zh_CN",
                "factors": ["totp", 5, "<x>", "sms"],
                "balance": "12.5",
                "password_hash": "x",
            }
        },
        ask=find,
    )
    assert account == Account(
        uid="100001",
        name_masked="林***",
        mail_masked="l***@mail.example.test",
        phone_masked="+86***01",
        tier="",
        locale="zh-hans",
        factors=("totp", "sms"),
    )


ORDER = {
    "id": "1",
    "pair": "BTC/USDT",
    "side": "buy",
    "kind": "limit",
    "price": "1.5",
    "quantity": "2",
    "filled": "0",
    "status": "open",
    "created_at": "2026-11-02T09:14:05Z",
}


def test_the_documented_examples_are_read() -> None:
    text = DOCUMENT.read_text()
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    by_name = {next(iter(block)): block for block in blocks}
    assert asking(by_name["customer"], ask=find).locale == "zh-hans"
    assert asking(by_name["challenge"], ask=lambda exchange: exchange.start_factor(uid="100001")).factor == "totp"
    [order] = asking(by_name["orders"], ask=lambda exchange: exchange.orders(uid="100001", proof=Proof.SESSION))
    assert (order.pair, str(order.price), order.status) == ("BTC/USDT", "61250.00", "partly_filled")
    [deposit] = asking(by_name["deposits"], ask=lambda exchange: exchange.deposits(uid="100001", proof=Proof.SESSION))
    assert (deposit.coin, deposit.txid, deposit.confirmations_needed) == ("USDT", "", 19)


@pytest.mark.parametrize(
    "change",
    [
        {"price": 1.5},
        {"price": "1e9999999"},
        {"price": "NaN"},
        {"price": "-1"},
        {"price": "1" * 50},
        {"quantity": None},
        {"quantity": "٣"},
        {"created_at": "2026-11-02T09:14:05"},  # where?
        {"created_at": "yesterday"},
        {"created_at": 1793620800},
        {"status": "OPEN; DROP"},
        {"pair": "BTC\u2028USDT"},
        {"pair": ""},
        {"id": "x" * 65},
        {"side": None},
    ],
)
def test_an_order_in_another_form_is_not_believed(change: dict[str, Any]) -> None:
    with pytest.raises(ExchangeUnavailable, match="bad_answer"):
        asking({"orders": [ORDER | change]}, ask=lambda exchange: exchange.orders(uid="1", proof=Proof.SESSION))


@pytest.mark.parametrize("answer", [{}, {"orders": None}, {"orders": {}}, {"orders": ["x"]}])
def test_a_list_in_another_form_is_not_believed(answer: dict[str, Any]) -> None:
    with pytest.raises(ExchangeUnavailable, match="bad_answer"):
        asking(answer, ask=lambda exchange: exchange.orders(uid="1", proof=Proof.SESSION))


@pytest.mark.parametrize("result", ["PASSED!", "", None, True, 1, "ok"])
def test_only_the_word_passed_passes(result: Any) -> None:
    with pytest.raises(ExchangeUnavailable, match="bad_answer"):
        asking({"result": result}, ask=lambda exchange: exchange.check_factor(uid="1", challenge="c", code="1"))


def test_more_than_a_hundred_rows_are_cut() -> None:
    orders = asking({"orders": [ORDER] * 150}, ask=lambda exchange: exchange.orders(uid="1", proof=Proof.SESSION))
    assert len(orders) == 100


def test_a_body_that_is_too_big_or_too_slow_is_cut_off() -> None:
    with pytest.raises(ExchangeUnavailable, match="too_large"):
        asking(b" " * 60_000, ask=find)
    started = time.monotonic()
    with pytest.raises(ExchangeUnavailable, match="timeout"):
        asking(lambda request: time.sleep(1.2), ask=find)
    assert time.monotonic() - started < 3


# Settings.


@pytest.mark.parametrize(
    ("url", "key", "secret"),
    [
        ("http://exchange.example.com", "k", SECRET),
        ("http://10.0.0.5/", "k", SECRET),
        ("ftp://exchange.example.com", "k", SECRET),
        ("https://exchange.example.com/?a=b", "k", SECRET),
        ("https://u:p@exchange.example.com/", "k", SECRET),
        ("https://exchange.example.com", "k", "short"),
        ("https://exchange.example.com", "k k", SECRET),
        ("https://exchange.example.com", "", SECRET),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(url: str, key: str, secret: str) -> None:
    with pytest.raises(Exception, match=r"https|key|query|address_"):
        RestSettings(base_url=url, key_id=key, secret=secret)


def test_secrets_are_not_shown() -> None:
    assert SECRET not in repr(RestSettings(base_url="https://exchange.example.com", key_id="k", secret=SECRET))
    assert SECRET not in repr(ExchangeSettings(url="https://exchange.example.com", secret=SECRET))


def test_the_settings_choose_the_exchange(rest: RestExchange, server: Exchange) -> None:
    with http_server(server.answer) as http:
        real = connect(ExchangeSettings(url=f"http://127.0.0.1:{http.port}/support", secret=SECRET, clock=server.clock))
        assert isinstance(real, RestExchange)
        found = real.find(uid="100001")  # its own address is allowed though it is private
        assert found is not None
        assert found.uid == "100001"
        real.close()
    assert isinstance(connect(ExchangeSettings(secret="s", mailer=print)), DemoExchange)
    with pytest.raises(ValueError, match="mail"):
        connect(ExchangeSettings(secret="s"))
    with pytest.raises(ValueError, match="secret"):
        connect(ExchangeSettings(mailer=print))
