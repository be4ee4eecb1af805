"""Forms, kind by kind: what each takes, what it refuses, and that none keeps a secret."""

import time

import pytest

from tests.policy.test_evidence_check import BITCOIN_TX, EVM
from tests.policy.test_forms import SEED, WIF, alone, code, deposit
from trustdesk.policy.forms import KINDS, Checked, Field, Problem, asks_for_secret, check

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n-----END PRIVATE KEY-----"


# Amounts and coins


@pytest.mark.parametrize(
    ("coin", "typed", "value", "said"),
    [
        ("USDT", "1,000.50", "1000.50", ("1000.50", "USDT")),
        ("usdt", "100 USDT", "100", ("100", "USDT")),
        ("泰达币", "2万U", "20000", ("20000", "USDT")),
        ("FOO", "5 foo", "5", ("5", "FOO")),
        ("", "100U", "100 USDT", ("100", "USDT")),
        ("", "￥500", "500 CNY", ("500", "CNY")),
        ("", "500", "500", ("500", "")),
        ("BTC", "0.5 ETH", "0.5 ETH", ("0.5", "ETH")),
    ],
)
def test_an_amount_keeps_its_coin(coin: str, typed: str, value: str, said: tuple[str, str]) -> None:
    result = deposit(coin=coin, amount=typed)
    assert result.values["amount"] == value
    assert [(fact.value, fact.coin) for fact in result.facts] == [said]
    assert code(result.hints, "amount") == ("other_coin" if coin == "BTC" else "" if said[1] else "coin_missing")


@pytest.mark.parametrize(
    ("typed", "problem"),
    [("0", "not_positive"), ("-5", "not_positive"), ("five", "not_an_amount"), ("5 apples", "not_an_amount"),
     ("1e9", "not_an_amount"), ("NaN", "not_an_amount"), ("", "required"), ("1" * 30, "not_an_amount")],
)  # fmt: skip
def test_an_amount_is_a_number_above_nought(typed: str, problem: str) -> None:
    assert code(deposit(coin="BTC", amount=typed).problems, "amount") == problem


@pytest.mark.parametrize(
    ("typed", "value", "problem"),
    [
        ("btc", "BTC", ""), ("$sol", "SOL", ""), ("比特币", "BTC", ""), ("tether", "USDT", ""), ("1inch", "1INCH", ""),
        ("ＵＳＤＴ", "USDT", ""), ("BTC/USDT", "BTC/USDT", "not_a_coin"), ("100", "100", "not_a_coin"),
        ("USDT TRC20", "USDT TRC20", "not_a_coin"), (EVM, EVM, "too_long"), ("A" * 21, "A" * 21, "too_long"),
        ("wrap.near", "wrap.near", "looks_like_address"), ("币安人生", "币安人生", ""), ("nil", "NIL", ""),
    ],
)  # fmt: skip
def test_coins(typed: str, value: str, problem: str) -> None:
    result = alone("coin", typed)
    assert (result.values["it"], code(result.problems)) == (value, problem)


# The other kinds


@pytest.mark.parametrize(
    ("kind", "typed", "value", "problem", "hint"),
    [
        ("text", "  a\tb \n c ", "a b c", "", ""),
        ("text", "x" * 301, "x" * 301, "too_long", ""),
        ("text", "none", "none", "", ""),
        ("long", " one\r\ntwo\rthree\u2028four\n\n\n\n\n\nfive ", "one\ntwo\nthree\nfour\n\n\nfive", "", ""),
        ("long", "x" * 10_001, "x" * 10_001, "too_long", ""),
        ("long", "a\0b\x1b[31mc\ud800d\u202ee\x7ff\ufffeg", "ab[31mcdefg", "", ""),
        ("uid", "UID: 247 200 692", "247200692", "", ""),
        ("uid", "13800138000", "13800138000", "", "maybe_phone"),
        ("uid", "alice", "alice", "digits_expected", ""),
        ("uid", "n/a", "", "", ""),
        ("order_id", "#1897240551832064001", "1897240551832064001", "", ""),
        ("order_id", BITCOIN_TX, BITCOIN_TX, "looks_like_tx_id", ""),
        ("pair", "btcusdt", "BTC/USDT", "", ""),
        ("pair", "btc", "btc", "quote_missing", ""),
        ("time", "2026-03-02T14:05", "2026-03-02T14:05", "", "zone_missing"),
        ("time", "2026-03-02 14:05 UTC+8", "2026-03-02T14:05+08:00", "", ""),
        ("time", "yesterday", "yesterday", "time_expected", ""),
        ("error_code", "retCode: 10003", "10003", "", ""),
        ("error_code", "没有", "", "", ""),
        ("mail", " Mia.Lin+x@Example.COM ", "Mia.Lin+x@example.com", "", ""),
        ("mail", "ｍｉａ＠example.com", "mia@example.com", "", ""),
        ("mail", "mailto:mia@example.com", "mia@example.com", "", ""),
        ("mail", "mia@bücher.example", "mia@bücher.example", "", ""),
        ("mail", "mia@gmial.com", "mia@gmial.com", "", "mail_typo"),
        ("mail", "mia@example", "mia@example", "not_a_mail", ""),
        ("mail", "mia@@example.com", "mia@@example.com", "not_a_mail", ""),
        ("mail", "mia..lin@example.com", "mia..lin@example.com", "not_a_mail", ""),
        ("mail", '"a b"@example.com', '"a b"@example.com', "not_a_mail", ""),
        ("mail", "a@example.com, b@example.com", "a@example.com, b@example.com", "not_a_mail", ""),
        ("mail", "a@ok.example(<m@evil.example>", "a@ok.example(<m@evil.example>", "not_a_mail", ""),
        ("mail", "a@1.2.3.4", "a@1.2.3.4", "not_a_mail", ""),
        ("mail", "a" * 65 + "@example.com", "a" * 65 + "@example.com", "not_a_mail", ""),
        ("work_mail", "insp.wong@police.gov.hk", "insp.wong@police.gov.hk", "", ""),
        ("work_mail", "a.b@met.police.uk", "a.b@met.police.uk", "", ""),
        ("work_mail", "agent@ic.fbi.gov", "agent@ic.fbi.gov", "", ""),
        ("work_mail", "x@europol.europa.eu", "x@europol.europa.eu", "", ""),
        ("work_mail", "li@mps.gov.cn", "li@mps.gov.cn", "", ""),
        ("work_mail", "li@notgov.cn", "li@notgov.cn", "", "not_official"),
        ("work_mail", "a@fbi.gov.example.com", "a@fbi.gov.example.com", "", "not_official"),
        ("work_mail", "police.chief@gmail.com", "police.chief@gmail.com", "free_mail", ""),
        ("work_mail", "police@163.com", "police@163.com", "free_mail", ""),
        ("work_mail", "police", "police", "not_a_mail", ""),
        ("url", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d", "", ""),
        ("url", "hxxps://evil[.]example[.]com/login", "https://evil.example.com/login", "", ""),
        ("url", "t.me/help_desk", "https://t.me/help_desk", "", ""),
        ("url", "bücher.example/x", "https://bücher.example/x", "", ""),
        ("url", "http://203.0.113.7:8080/x", "http://203.0.113.7:8080/x", "", ""),
        ("url", "javascript:alert(1)", "javascript:alert(1)", "not_a_url", ""),
        ("url", "data:text/html,x", "data:text/html,x", "not_a_url", ""),
        ("url", "https://[::1", "https://[::1", "not_a_url", ""),
        ("url", "https://example.com:port/", "https://example.com:port/", "not_a_url", ""),
        ("url", "hello", "hello", "not_a_url", ""),
        ("url", "two words.com", "two words.com", "not_a_url", ""),
        ("api_key_id", "aBcD1234", "aBcD1234", "", ""),
        ("api_key_id", "aBcD1234…", "aBcD1234...", "", ""),
        ("api_key_id", "6a1f0d94-3c5e-4b8a-9d27-51e0c7b2f683", "6a1f0d94-3c5e-4b8a-9d27-51e0c7b2f683", "", ""),
        ("api_key_id", "bg_0123456789abcdef0123456789abcdef", "bg_0123456789abcdef0123456789abcdef", "", ""),
        ("api_key_id", "my key!", "my key!", "not_a_key_id", ""),
        ("flag", "on", "yes", "", ""),
        ("flag", "是", "yes", "", ""),
        ("flag", "no", "", "", ""),
        ("flag", "false", "", "", ""),
        ("flag", "maybe", "maybe", "not_an_option", ""),
    ],
)
def test_kinds(kind: str, typed: str, value: str, problem: str, hint: str) -> None:
    result = alone(kind, typed)
    assert (result.values.get("it", ""), code(result.problems), code(result.hints)) == (value, problem, hint)


def test_a_choice_is_one_of_its_options_and_none_may_be_one() -> None:
    options = ("spot", "none")
    assert alone("choice", "spot", options=options).values == {"it": "spot"}
    assert alone("choice", "none", options=options).values == {"it": "none"}
    assert code(alone("choice", "Spot", options=options).problems) == "not_an_option"
    assert code(alone("choice", "spot").problems) == "not_an_option"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "memo"])
def test_what_is_required_is_missed_when_blank_and_what_is_not_is_not(kind: str) -> None:
    for blank in ("", " \t\r\n", "\u200b\u2003\u200b", "\0"):
        assert alone(kind, blank, required=True).problems == {"it": Problem("required")}
        assert alone(kind, blank) == Checked({}, (), {}, {}, ("it",))
    assert check([Field("it", kind, required=True)], {}).problems == {"it": Problem("required")}


def test_a_kind_no_form_has_is_an_error_of_whoever_wrote_the_form() -> None:
    with pytest.raises(ValueError, match="no form has fields of kind 'password'"):
        Field("it", "password")


# Secrets


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "secret",
    [
        SEED,
        SEED.upper(),
        WIF,
        PEM,
        "my private key is " + "ab" * 32,
        "私钥 " + "ab" * 32,
        "sn259rEFXrQrWyx3Q7XneWcwV6dfL",
    ],
)
def test_a_secret_is_refused_in_every_field_and_kept_in_none(kind: str, secret: str) -> None:
    result = alone(kind, secret)
    assert code(result.problems) == "secret", result
    assert result.problems["it"].params["kind"]
    kept = repr(result)
    assert secret not in kept
    assert "abandon" not in kept.lower()
    assert "ab" * 32 not in kept


@pytest.mark.parametrize(
    "secret",
    [
        "vPpm3Kh0xZq5sYw1TnE8rJd4LcUa7GbXo2Ri",  # as long as several exchanges make their secrets
        "ab" * 32,
        "0123456789ABCDEF0123456789ABCDEF",
        "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==",
    ],
)
def test_the_id_of_an_api_key_is_not_its_secret(secret: str) -> None:
    result = alone("api_key_id", secret)
    assert result.problems == {"it": Problem("secret", {"kind": "api_secret"})}
    assert result.values == {}


def test_a_whole_account_is_not_lost_for_the_key_in_it() -> None:
    result = alone("long", f"It broke.\nmy private key: {'ab' * 32}\nOrder 1897240551832064120 is open")
    assert code(result.problems) == "secret"
    assert result.values["it"] == "It broke.\nmy private key: [••• private_key]\nOrder 1897240551832064120 is open"
    assert [(fact.kind, fact.value) for fact in result.facts] == [("order_id", "1897240551832064120")]
    again = alone("long", result.values["it"])
    assert (again.ok, again.values) == (True, result.values)


def test_sixty_four_digits_are_a_transaction_until_something_beside_them_says_key() -> None:
    assert deposit(coin="BTC", tx_id=BITCOIN_TX).values["tx_id"] == BITCOIN_TX
    assert alone("long", f"see {BITCOIN_TX}").ok


@pytest.mark.parametrize(
    "label",
    [
        "Password", "Your new pass-word", "Passphrase", "PIN", "Seed phrase", "24 words", "Private key", "Secret key",
        "API secret", "2FA code", "Two-factor code", "Verification code", "Code from your app", "One-time code",
        "Google Authenticator code", "E-mail code", "SMS code", "Recovery key", "Master key", "CVV", "OTP",
        "Device approval code", "Keystore file", "密码", "登录密码", "资金密 码", "助记词", "私钥", "密钥", "秘钥",
        "验证码", "動態碼", "谷歌码", "恢复短语", "口令", "ＰＡＳＳＷＯＲＤ",
    ],
)  # fmt: skip
def test_labels_that_ask_for_a_secret_are_known(label: str) -> None:
    assert asks_for_secret(label)


@pytest.mark.parametrize(
    "label",
    ["Error code", "API Key ID", "Contract address", "Shipping", "Return code", "Case number", "Two steps", "错误代码",
     "Transaction ID", "Seeded rows", "用户编号", "Authenticator app", "Code of conduct", "Promo code"],
)  # fmt: skip
def test_labels_that_ask_for_none_are_left_alone(label: str) -> None:
    assert not asks_for_secret(label)


def test_labels_are_read_in_time() -> None:
    for pattern in "abc -_":
        started = time.process_time()
        asks_for_secret(pattern * 200_000)
        assert time.process_time() - started < 2
