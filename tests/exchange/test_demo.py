"""The invented exchange's own part: its numbers, its authenticator, its sessions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from trustdesk.exchange import demo
from trustdesk.exchange.contract import ExchangeRefused
from trustdesk.exchange.demo import CUSTOMERS, DemoExchange, current_code, sign_session, totp
from trustdesk.exchange.sessions import Key, SessionRefused, verify

NOON = datetime(2026, 11, 2, 12, 0, 10, tzinfo=UTC)
KEY = Key("HS256", "demo-session-secret-0123456789abcdef", kid="demo-1", issuer="northlight")


@pytest.mark.parametrize(
    ("seconds", "digits"),
    # RFC 6238, appendix B, SHA-1, the last six of eight digits
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(seconds: int, digits: str) -> None:
    assert totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", step=seconds // 30) == digits


def test_the_phone_of_each_customer_shows_its_own_code() -> None:
    codes = {current_code(customer.uid, now=NOON) for customer in CUSTOMERS if customer.seed}
    assert len(codes) == 3
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in codes)
    assert current_code("100004", now=NOON) == ""
    assert current_code("100001", now=NOON) != current_code("100001", now=NOON + timedelta(seconds=30))


def test_its_data_is_the_same_all_day_and_in_form() -> None:
    for customer in CUSTOMERS:
        for listed in (demo.orders, demo.deposits, demo.withdrawals):
            rows = listed(customer.uid, now=NOON)
            assert rows == listed(customer.uid, now=NOON + timedelta(hours=11))
            assert all(row.created_at < NOON for row in rows)
    ids = [order.id for customer in CUSTOMERS for order in demo.orders(customer.uid, now=NOON)]
    ids += [row.id for customer in CUSTOMERS for row in demo.deposits(customer.uid, now=NOON)]
    ids += [row.id for customer in CUSTOMERS for row in demo.withdrawals(customer.uid, now=NOON)]
    assert len(set(ids)) == len(ids) == 12
    hashes = [row.txid for customer in CUSTOMERS for row in demo.deposits(customer.uid, now=NOON) if row.txid]
    assert hashes
    assert all(re.fullmatch(r"(0x)?[0-9a-f]{64}", txid) for txid in hashes)


def test_its_customers_live_on_domains_that_cannot_exist() -> None:
    assert all(customer.mail.endswith(".example.test") for customer in CUSTOMERS if customer.mail)
    assert len({customer.uid for customer in CUSTOMERS}) == len(CUSTOMERS) == 4


def test_it_signs_sessions_that_verify() -> None:
    token = sign_session("100001", now=NOON, key=KEY, audience="trustdesk")
    session = verify(token, keys=[KEY], audience="trustdesk", now=NOON)
    assert (session.uid, session.mail, session.locale) == ("100001", "lin.wei@mail.example.test", "zh-hans")
    assert session.expires_at - session.issued_at == timedelta(minutes=5)
    with pytest.raises(SessionRefused, match="expired"):
        verify(token, keys=[KEY], audience="trustdesk", now=NOON + timedelta(minutes=5))
    with pytest.raises(ExchangeRefused, match="unknown_uid"):
        sign_session("1", now=NOON, key=KEY, audience="trustdesk")


def test_challenges_hold_in_every_process_that_knows_the_secret_and_in_no_other() -> None:
    def exchange(secret: str) -> DemoExchange:
        return DemoExchange(secret=secret, mailer=lambda mail: None, clock=lambda: NOON)

    challenge = exchange("one").start_factor(uid="100001")
    code = current_code("100001", now=NOON)
    assert not exchange("two").check_factor(uid="100001", challenge=challenge.id, code=code)
    assert exchange("one").check_factor(uid="100001", challenge=challenge.id, code=code)
