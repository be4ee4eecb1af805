"""What every exchange must do, held against the demo one and against the REST client with a real server behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes, policy

import pytest

from tests.exchange.conftest import World
from trustdesk.exchange import demo
from trustdesk.exchange.contract import (
    Account,
    Exchange,
    ExchangeRefused,
    FactorResult,
    ProofTooLow,
    demand,
    language,
    lookup,
    mask_mail,
    mask_name,
    mask_phone,
)
from trustdesk.policy.proof import Proof

LIN_WEI = Account(
    uid="100001",
    name_masked="林***",
    mail_masked="l***@mail.example.test",
    phone_masked="+86***01",
    tier="standard",
    locale="zh-hans",
    factors=("totp",),
)
DATA: list[tuple[str, Callable[..., object]]] = [
    ("order_status", Exchange.orders),
    ("deposit_status", Exchange.deposits),
    ("withdrawal_status", Exchange.withdrawals),
]


@pytest.mark.parametrize(
    "by",
    [
        {"uid": "100001"},
        {"uid": " 100001 "},
        {"mail": "lin.wei@mail.example.test"},
        {"mail": "Lin.Wei@Mail.Example.Test"},
        {"phone": "+8613800138001"},
        {"phone": "+86 138-0013 8001"},
        {"phone": "8613800138001"},
    ],
)
def test_a_customer_is_found_by_uid_mail_or_phone_with_masked_contacts(world: World, by: dict[str, str]) -> None:
    assert world.exchange.find(**by) == LIN_WEI


def test_nobody_is_found_by_what_nobody_has(world: World) -> None:
    assert world.exchange.find(uid="999999") is None
    assert world.exchange.find(mail="nobody@example.test") is None
    assert world.exchange.find(phone="+4912345678") is None


def test_the_full_contacts_of_nobody_are_handed_out(world: World) -> None:
    for customer in demo.CUSTOMERS:
        shown = repr(world.exchange.find(uid=customer.uid))
        for secret in (customer.name, customer.mail, customer.phone, customer.seed, customer.phrase):
            assert not secret or secret not in shown


@pytest.mark.parametrize(
    "by",
    [
        *({}, {"uid": ""}, {"uid": "1", "mail": "a@b.c"}, {"uid": "1\n2"}, {"uid": "a b"}, {"uid": "x" * 65}),
        *({"mail": "a"}, {"mail": "a@b@c"}, {"mail": "<a@b.c>"}, {"mail": "a@b.c, d@e.f"}),
        *({"phone": "abc"}, {"phone": "1"}),
    ],
)
def test_nonsense_is_not_searched_for(world: World, by: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"exactly one|not a"):
        world.exchange.find(**by)


# The second factor.


def test_the_right_code_passes_once(world: World) -> None:
    challenge = world.exchange.start_factor(uid="100002")
    assert (challenge.factor, challenge.expires_at - world.clock()) == ("totp", timedelta(minutes=5))
    code = demo.current_code("100002", now=world.clock())
    result = world.exchange.check_factor(uid="100002", challenge=challenge.id, code=f" {code[:3]} {code[3:]} ")
    assert result is FactorResult.PASSED
    assert result
    again = world.exchange.check_factor(uid="100002", challenge=challenge.id, code=code)
    assert not again
    fresh = world.exchange.start_factor(uid="100002")
    replayed = world.exchange.check_factor(uid="100002", challenge=fresh.id, code=code)
    assert replayed is FactorResult.WRONG  # a code counts once, whatever the challenge


def test_a_wrong_code_is_wrong_and_the_fifth_locks(world: World) -> None:
    challenge = world.exchange.start_factor(uid="100001")
    right = demo.current_code("100001", now=world.clock())
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        result = world.exchange.check_factor(uid="100001", challenge=challenge.id, code=wrong)
        assert result is FactorResult.WRONG
        assert not result
    assert world.exchange.check_factor(uid="100001", challenge=challenge.id, code=right) is FactorResult.LOCKED


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 10_000])
def test_what_is_no_code_is_wrong(world: World, code: str) -> None:
    challenge = world.exchange.start_factor(uid="100001")
    assert world.exchange.check_factor(uid="100001", challenge=challenge.id, code=code) is FactorResult.WRONG


def test_a_challenge_expires(world: World) -> None:
    challenge = world.exchange.start_factor(uid="100001")
    world.clock.advance(minutes=5)
    code = demo.current_code("100001", now=world.clock())
    assert world.exchange.check_factor(uid="100001", challenge=challenge.id, code=code) is FactorResult.EXPIRED


def test_a_challenge_belongs_to_one_customer_and_cannot_be_made_up(world: World) -> None:
    """An attacker who proves himself must not prove somebody else."""
    own = world.exchange.start_factor(uid="100002")
    code = demo.current_code("100002", now=world.clock())
    assert not world.exchange.check_factor(uid="100001", challenge=own.id, code=code)
    victims = demo.current_code("100001", now=world.clock())
    assert not world.exchange.check_factor(uid="100001", challenge=own.id, code=victims)
    forged = own.id.replace("100002", "100001")
    assert not world.exchange.check_factor(uid="100001", challenge=forged, code=victims)
    for nonsense in ("", ".", "x", "100001.totp.99999999999999.", "100001.totp.x.y", "é"):
        assert not world.exchange.check_factor(uid="100001", challenge=nonsense, code=code)


def test_codes_of_the_neighbouring_steps_pass_and_no_others(world: World) -> None:
    for minutes, passes in ((-1.0, False), (-0.5, True), (0.5, True), (1.0, False)):
        world.clock.advance(hours=1)
        challenge = world.exchange.start_factor(uid="100003")
        code = demo.current_code("100003", now=world.clock() + timedelta(minutes=minutes))
        assert bool(world.exchange.check_factor(uid="100003", challenge=challenge.id, code=code)) is passes


def test_who_has_no_second_factor_cannot_be_asked_for_one(world: World) -> None:
    for uid, factor in (("100004", ""), ("100001", "sms")):
        with pytest.raises(ExchangeRefused) as refused:
            world.exchange.start_factor(uid=uid, factor=factor)
        assert (refused.value.reason, refused.value.permanent) == ("no_factor", True)


# Mailed codes.


@pytest.mark.parametrize(
    ("uid", "locale", "words"),
    [
        ("100001", "zh-hans", ["验证码", "482913", "茉莉花茶"]),
        ("100001", "en", ["Your code is", "482913", "茉莉花茶"]),
        ("100001", "", ["验证码", "482913"]),
        ("100002", "", ["Your code is", "482913", "blue kettle"]),
    ],
)
def test_a_code_goes_to_the_registered_mail(world: World, uid: str, locale: str, words: list[str]) -> None:
    world.exchange.send_code(uid=uid, code="482913", locale=locale, purpose="chat_proof")
    [mail] = world.mails
    again = message_from_bytes(mail.as_bytes(), policy=policy.default)
    [customer] = [customer for customer in demo.CUSTOMERS if customer.uid == uid]
    assert [one.addr_spec for one in again["To"].addresses] == [customer.mail]
    body = again.get_body()
    assert body is not None
    for word in words:
        assert word in body.get_content()


def test_who_has_no_mail_cannot_be_sent_a_code(world: World) -> None:
    with pytest.raises(ExchangeRefused, match="no_mail"):
        world.exchange.send_code(uid="100004", code="482913", locale="en", purpose="chat_proof")
    assert not world.mails


def test_an_unknown_uid_is_refused_everywhere(world: World) -> None:
    exchange = world.exchange
    calls: list[Callable[[], object]] = [
        lambda: exchange.start_factor(uid="999999"),
        lambda: exchange.check_factor(uid="999999", challenge="x", code="1"),
        lambda: exchange.send_code(uid="999999", code="1", locale="", purpose="chat_proof"),
        lambda: exchange.orders(uid="999999", proof=Proof.STRONG),
        lambda: exchange.deposits(uid="999999", proof=Proof.STRONG),
        lambda: exchange.withdrawals(uid="999999", proof=Proof.STRONG),
    ]
    for call in calls:
        with pytest.raises(ExchangeRefused, match="unknown_uid"):
            call()


# Account data.


@pytest.mark.parametrize("method", ["orders", "deposits", "withdrawals"])
def test_account_data_opens_with_a_session_and_never_below(world: World, method: str) -> None:
    call = getattr(world.exchange, method)
    for held in (Proof.NOBODY, Proof.CONTACT):
        with pytest.raises(ProofTooLow) as refused:
            call(uid="100001", proof=held)
        assert (refused.value.needed, refused.value.held) == (Proof.SESSION, held)
    for held in (Proof.SESSION, Proof.STRONG):
        assert call(uid="100001", proof=held)


def test_orders_and_transfers_are_read_in_full(world: World) -> None:
    orders = world.exchange.orders(uid="100001", proof=Proof.SESSION)
    assert orders == demo.orders("100001", now=world.clock())
    newest = orders[0]
    assert (newest.pair, newest.status, newest.price) == ("BTC/USDT", "partly_filled", Decimal("61250.00"))
    assert orders[1].price is None
    assert [order.created_at for order in orders] == sorted((order.created_at for order in orders), reverse=True)
    deposits = world.exchange.deposits(uid="100001", proof=Proof.SESSION)
    assert deposits == demo.deposits("100001", now=world.clock())
    assert (deposits[0].network, deposits[0].confirmations, deposits[0].confirmations_needed) == ("TRON", 11, 19)
    assert world.exchange.withdrawals(uid="100001", proof=Proof.SESSION) == demo.withdrawals(
        "100001", now=world.clock()
    )
    assert world.exchange.withdrawals(uid="100004", proof=Proof.SESSION) == ()


def test_the_exchange_can_be_asked_whether_it_is_there(world: World) -> None:
    world.exchange.check()


# The parts everybody uses.


def test_demand_is_the_bar_of_the_policy() -> None:
    demand("order_status", proof=Proof.SESSION)
    with pytest.raises(ProofTooLow):
        demand("order_status", proof=Proof.CONTACT)
    with pytest.raises(ProofTooLow):
        demand("2fa_reset", proof=Proof.SESSION)


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        *(("zh", "zh-hans"), ("zh-CN", "zh-hans"), ("zh_Hans_SG", "zh-hans"), ("zh-Hans-HK", "zh-hans")),
        *(("zh-TW", "zh-hant"), ("ZH-HANT", "zh-hant"), ("en", "en"), ("en-GB", "en"), (" fr_FR ", "fr")),
        *(("fil", "fil"), ("", ""), ("-", ""), ("e", ""), ("english", ""), ("zh-", ""), ("中文", "")),
        ("en<script>", ""),
    ],
)
def test_locales_are_brought_to_one_form(given: str, ours: str) -> None:
    assert language(given) == ours


def test_masks_show_who_it_is_to_the_owner_only() -> None:
    assert mask_mail("alice@example.test") == "a***@example.test"
    assert mask_mail("alice") == "a***"
    assert mask_phone("+8613800138001") == "+86***01"
    assert mask_phone("1234567") == "***"
    assert mask_name("林薇") == "林***"
    assert (mask_mail(""), mask_phone(""), mask_name("")) == ("", "", "")


def test_lookup_tidies_what_people_type() -> None:
    assert lookup(uid="", mail="", phone=" +86 (138) 0013-8001 ") == ("phone", "+8613800138001")
    assert lookup(uid="", mail=" A@B.C ", phone="") == ("mail", "a@b.c")
