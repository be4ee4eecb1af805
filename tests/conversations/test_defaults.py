"""The request types of a fresh install: all there, sound, in both languages, and none asks for a secret."""

import re
from collections.abc import Iterator
from importlib import import_module

import pytest

from trustdesk.conversations.defaults import AREAS, TEAMS, TYPES, FieldDefault, TypeDefault, form_of
from trustdesk.policy import forms
from trustdesk.policy.proof import Proof

# code: (priority, minutes to the first reply, minutes to the resolution, level of proof, papers beside it, team)
EXPECTED = {
    "hacked": (0, 2, 0, 1, False, "accounts"),
    "login": (2, 10, 1440, 1, False, "accounts"),
    "two_factor": (2, 30, 4320, 1, True, "accounts"),
    "account_frozen": (1, 30, 4320, 1, True, "accounts"),
    "kyc": (3, 240, 1440, 2, True, "accounts"),
    "phishing": (1, 5, 0, 0, False, "accounts"),
    "deposit_missing": (2, 15, 1440, 2, False, "funds"),
    "withdrawal_delayed": (2, 15, 720, 3, False, "funds"),
    "wrong_memo": (3, 240, 14400, 3, True, "funds"),
    "wrong_network": (4, 1440, 21600, 2, False, "funds"),
    "unusual_movement": (2, 30, 1440, 2, False, "funds"),
    "fees": (4, 1440, 4320, 2, False, "funds"),
    "order": (3, 10, 1440, 2, False, "trading"),
    "contract_dispute": (2, 30, 4320, 2, False, "trading"),
    "p2p": (1, 10, 1440, 2, False, "trading"),
    "promotion": (4, 1440, 7200, 2, False, "trading"),
    "site_down": (1, 5, 0, 0, False, "technical"),
    "bug": (3, 240, 0, 0, False, "technical"),
    "api": (2, 60, 2880, 2, False, "technical"),
    "vulnerability": (1, 1440, 0, 0, False, "technical"),
    "partner_apply": (4, 1440, 7200, 0, False, "partners"),
    "agreement": (4, 2880, 14400, 0, False, "partners"),
    "commission": (3, 240, 7200, 2, False, "partners"),
    "marketing": (4, 2880, 14400, 0, False, "partners"),
    "how_to": (4, 10, 1440, 0, False, "trading"),
    "suggestion": (4, 7200, 0, 0, False, "technical"),
    "complaint": (3, 1440, 86400, 1, False, "compliance"),
    "privacy": (3, 4320, 43200, 3, True, "compliance"),
    "law_enforcement": (3, 1440, 4320, 0, False, "compliance"),
    "press": (4, 1440, 0, 0, False, "compliance"),
    "other": (3, 240, 2880, 0, False, "accounts"),
}
# What may never be asked for. "authenticator", "API Key ID" and "error code" are none of it.
FORBIDDEN = re.compile(
    r"pass-?\s?(?:word|phrase|code)|seed|mnemonic|private|secret|recovery|backup|one-time|\botp\b|\bpin\b|\bcvv\b"
    r"|verification|2fa code|(?:sms|mail|login|device|approval) code|master key|keystore|remote"
    r"|密码|密碼|口令|助记|助記|私钥|私鑰|密钥|密鑰|秘钥|验证码|驗證碼|动态码|校验码|恢复|备份|安全码|远程",
    re.IGNORECASE,
)
CHINESE = re.compile("[\u4e00-\u9fff]")
BY_CODE = {kind.code: kind for kind in TYPES}

everywhere = pytest.mark.parametrize("kind", TYPES, ids=[kind.code for kind in TYPES])


def words(field: FieldDefault) -> Iterator[str]:
    yield from (field.label, field.label_zh, field.help, field.help_zh)
    for _, label, label_zh in field.options:
        yield from (label, label_zh)


def test_every_request_type_is_there_with_what_it_promises() -> None:
    assert len(BY_CODE) == len(TYPES)
    assert {
        kind.code: (kind.priority, kind.first_reply, kind.resolve, kind.needs, kind.documents, kind.team)
        for kind in TYPES
    } == EXPECTED


def test_the_types_of_the_first_release_keep_their_codes_labels_and_proof() -> None:
    first = import_module("trustdesk.conversations.migrations.0002_set_up")
    assert len(first.TYPES) > 10
    for code, label, label_zh, _, priority, needs in first.TYPES:
        kind = BY_CODE[code]
        assert (kind.label, kind.label_zh, kind.priority, kind.needs) == (label, label_zh, priority, needs)
        assert kind.in_chat
    assert {(slug, name, name_zh) for slug, name, name_zh in first.TEAMS} <= set(TEAMS)


@everywhere
def test_a_type_is_sound(kind: TypeDefault) -> None:
    assert re.fullmatch(r"[a-z0-9_]{2,50}", kind.code)
    assert kind.area in {code for code, _, _ in AREAS}
    assert kind.team in {slug for slug, _, _ in TEAMS}
    assert 0 <= kind.priority <= 4
    assert kind.needs in set(Proof)
    assert kind.first_reply > 0
    assert kind.resolve == 0 or kind.resolve >= kind.first_reply
    assert len(kind.label) <= 80
    assert len(kind.label_zh) <= 80


@everywhere
def test_a_form_can_be_filled_in(kind: TypeDefault) -> None:
    form = form_of(kind)
    assert forms.flaws(form) == {}
    for field, default in zip(form, kind.fields, strict=True):
        assert field.kind in forms.KINDS
        assert re.fullmatch(r"[a-z_]{2,30}", field.key)
        assert bool(field.options) == (field.kind == "choice")
        assert len({value for value, _, _ in default.options}) == len(default.options)
        assert all(0 < len(value) <= forms.LIMITS["choice"] for value in field.options)
        assert len(default.label) <= 80
    assert not forms.check(form, {}).ok, "it can be sent empty"


@everywhere
def test_a_form_is_short_and_leaves_room_for_the_customers_own_words(kind: TypeDefault) -> None:
    assert [field.kind for field in kind.fields if field.key == "what"] in (["long"], ["text"])
    assert len(kind.fields) <= 10
    assert sum(field.required and not field.when for field in kind.fields) <= 8


@everywhere
def test_it_reads_in_both_languages(kind: TypeDefault) -> None:
    pairs = [(kind.label, kind.label_zh), (kind.about, kind.about_zh), (kind.evidence, kind.evidence_zh)]
    for field in kind.fields:
        pairs += [(field.label, field.label_zh), (field.help, field.help_zh)]
        pairs += [(label, label_zh) for _, label, label_zh in field.options]
        assert field.label
    assert kind.label
    assert kind.about
    for english, chinese in pairs:
        assert bool(english) == bool(chinese), (english, chinese)
        assert not CHINESE.search(english)
        if chinese:
            assert CHINESE.search(chinese), chinese
        assert not re.search(r"[，。？] | [，。？]|[\u4e00-\u9fff][,?!;]", chinese), chinese


@everywhere
def test_no_field_asks_for_a_secret(kind: TypeDefault) -> None:
    for field in kind.fields:
        for text in words(field):
            assert not FORBIDDEN.search(text), (field.key, text)
            assert not forms.asks_for_secret(text), (field.key, text)
        assert not FORBIDDEN.search(field.key.replace("_", " "))


def test_the_forbidden_words_would_be_noticed() -> None:
    for text in ("Your password", "Seed phrase", "2FA code", "助记词", "登录密码", "短信验证码", "私钥", "API secret"):
        assert FORBIDDEN.search(text), text
        assert forms.asks_for_secret(text), text


def test_what_when_steps_expected_and_actual_are_asked_separately() -> None:
    assert {"what", "when", "steps", "expected", "actual"} <= {field.key for field in BY_CODE["bug"].fields}
    for code in ("order", "contract_dispute"):
        assert {"what", "when", "expected", "actual"} <= {field.key for field in BY_CODE[code].fields}
    assert {"what", "when", "platform", "country", "version"} <= {field.key for field in BY_CODE["site_down"].fields}


@pytest.mark.parametrize(
    ("code", "keys"),
    [
        ("order", "symbol order_id side when expected actual"),
        ("deposit_missing", "coin network tx_id amount to_address memo when sender"),
        ("wrong_memo", "coin network tx_id amount to_address memo memo_used when sender"),
        ("wrong_network", "coin network tx_id amount contract to_address when sender"),
        ("withdrawal_delayed", "withdrawal_id coin network address amount when tx_id"),
        ("account_frozen", "uid when message before"),
        ("hacked", "uid moved tx_ids when loss_now"),
        ("two_factor", "uid factor new_phone new_mail"),
        ("kyc", "country document error_text when"),
        ("login", "account error_code country"),
        ("api", "uid api_key_id endpoint method error_code when trace_id ip host"),
        ("bug", "platform version system steps expected actual when"),
        ("vulnerability", "weakness steps impact"),
        ("phishing", "medium sender link loss tx_ids"),
        ("fees", "period product amount"),
        ("p2p", "order_id counterparty payment"),
        ("promotion", "campaign when rule reward"),
        ("partner_apply", "company region channels followers countries"),
        ("commission", "affiliate_id period expected paid"),
        ("suggestion", "part why"),
        ("agreement", "company country contact clause"),
        ("marketing", "company channels audience budget dates"),
        ("site_down", "platform version country when error_code"),
        ("unusual_movement", "period product entries expected actual"),
        ("contract_dispute", "symbol order_id when expected actual rule"),
        ("how_to", "feature tried"),
        ("complaint", "previous dates damage remedy representative"),
        ("law_enforcement", "agency officer officer_id official_mail case_number basis subjects exigent"),
        ("press", "organisation mandate"),
        ("privacy", "uid right"),
    ],
)
def test_each_type_asks_for_what_its_case_needs(code: str, keys: str) -> None:
    assert set(keys.split()) <= {field.key for field in BY_CODE[code].fields}


def test_a_deposit_is_filed_in_a_few_lines_and_a_lone_loss_opens_its_own_field() -> None:
    deposit = forms.check(
        form_of(BY_CODE["deposit_missing"]),
        {"coin": "xrp", "network": "XRP", "tx_id": "ab" * 32, "amount": "100 XRP", "memo": "12345"},
    )
    assert deposit.ok
    assert deposit.values == {
        "coin": "XRP", "network": "XRP", "tx_id": "AB" * 32, "amount": "100", "memo": "12345",
    }  # fmt: skip
    phishing = form_of(BY_CODE["phishing"])
    assert "tx_ids" not in forms.check(phishing, {"loss": "no"}).asked
    assert "tx_ids" in forms.check(phishing, {"loss": "yes"}).asked
    authority = forms.check(form_of(BY_CODE["law_enforcement"]), {"official_mail": "a@gmail.com", "exigent": "on"})
    assert authority.problems["official_mail"].code == "free_mail"
    assert authority.problems["danger"].code == "required"
