"""What becomes of a mail: who gets into a case, and who does not however much he knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.policy import mail
from trustdesk.policy.mail import Facts, Fate, Kind, Owner, Verdict

ANNA, EVE, BANK = "anna@mail.example", "eve@evil.example", "desk@bank.example"
CASE = 7
HERS = Owner(CASE, ANNA)
SIDE = Owner(CASE, BANK, side=True)
PLAIN = Facts(Kind.PERSON, ANNA, Verdict.PROVED)

CASES: list[tuple[str, Facts, Fate, str, int | None]] = [
    ("a first mail", PLAIN, Fate.OPEN, "new", None),
    ("one nobody vouches for", replace(PLAIN, verdict=Verdict.CLAIMED), Fate.OPEN, "new", None),
    ("an answer", replace(PLAIN, token=HERS), Fate.APPEND, "answer_address", CASE),
    ("an answer, claimed", replace(PLAIN, verdict=Verdict.CLAIMED, token=HERS), Fate.APPEND, "answer_address", CASE),
    ("an answer to the plain address", replace(PLAIN, answers=HERS), Fate.APPEND, "answers_our_mail", CASE),
    ("E-01 forged, with a real In-Reply-To", replace(PLAIN, verdict=Verdict.FAILED, answers=HERS), Fate.HOLD, "unverified_sender", None),
    ("E-01 forged, with the token", replace(PLAIN, verdict=Verdict.FAILED, token=HERS), Fate.HOLD, "unverified_sender", None),
    ("E-02 a stranger with References of hers", replace(PLAIN, sender=EVE, answers=HERS), Fate.OPEN, "new", None),
    ("E-03 a stranger with her token", replace(PLAIN, sender=EVE, token=HERS), Fate.ASIDE, "third_party", CASE),
    ("E-06 no From that names one", replace(PLAIN, sender="", token=HERS), Fate.HOLD, "no_sender", None),
    ("E-08 a service confirms our address", replace(PLAIN, account_mail=True), Fate.HOLD, "account_mail", None),
    ("E-16 a machine, new", replace(PLAIN, kind=Kind.AUTO), Fate.HOLD, "automatic", None),
    ("E-16 a list", replace(PLAIN, kind=Kind.LIST), Fate.HOLD, "list", None),
    ("E-16 our own mail", replace(PLAIN, kind=Kind.OWN, token=HERS), Fate.HOLD, "own", None),
    ("a vacation note to her case", replace(PLAIN, kind=Kind.AUTO, token=HERS), Fate.ASIDE, "automatic", CASE),
    ("a vacation note that refers to our mail", replace(PLAIN, kind=Kind.AUTO, answers=HERS), Fate.ASIDE, "automatic", CASE),
    ("a bounce", replace(PLAIN, kind=Kind.BOUNCE, sender=""), Fate.BOUNCE, "bounce", None),
    ("a complaint", replace(PLAIN, kind=Kind.FEEDBACK), Fate.FEEDBACK, "feedback", None),
    ("a department answers", replace(PLAIN, sender=BANK, token=SIDE), Fate.ASIDE, "side", CASE),
    ("a department answers our mail", replace(PLAIN, sender=BANK, answers=SIDE), Fate.ASIDE, "side", CASE),
    ("somebody else has the department's token", replace(PLAIN, sender=EVE, token=SIDE), Fate.ASIDE, "third_party", CASE),
    ("EM-7 again, proved", replace(PLAIN, continues=CASE), Fate.APPEND, "same_matter", CASE),
    ("EM-7 again, only claimed", replace(PLAIN, continues=CASE, verdict=Verdict.CLAIMED), Fate.OPEN, "new", None),
    ("spam", replace(PLAIN, spam=True), Fate.OPEN, "spam", None),
    ("spam is not put into her case", replace(PLAIN, spam=True, continues=CASE), Fate.OPEN, "spam", None),
    ("released: never into the case", replace(PLAIN, verdict=Verdict.FAILED, token=HERS, released=True), Fate.OPEN, "released", None),
    ("released machine mail", replace(PLAIN, kind=Kind.AUTO, released=True), Fate.OPEN, "released", None),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "fate", "because", "case"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_becomes_of_a_mail(facts: Facts, fate: Fate, because: str, case: int | None) -> None:
    decision = mail.decide(facts)
    assert (decision.fate, decision.because, decision.conversation_id) == (fate, because, case)


addresses = st.sampled_from(["", ANNA, EVE, BANK])
owners = st.none() | st.builds(Owner, st.just(CASE), addresses.filter(bool), st.booleans())


@given(
    st.builds(
        Facts, st.sampled_from(Kind), addresses, st.sampled_from(Verdict), owners, owners,
        st.sampled_from([None, 9]), st.booleans(), st.booleans(), st.booleans(),
    )
)  # fmt: skip
def test_only_whom_our_mail_went_to_speaks_in_a_case(facts: Facts) -> None:
    """Whatever else is true: a message of a case comes from the address that its mail goes to, or is proved and a person's."""
    decision = mail.decide(facts)
    if decision.fate is Fate.APPEND:
        assert facts.verdict is not Verdict.FAILED
        assert facts.kind is Kind.PERSON
        assert not facts.released
        by_token = facts.token is not None and (facts.token.recipient, facts.token.side) == (facts.sender, False)
        by_mail = facts.answers is not None and (facts.answers.recipient, facts.answers.side) == (facts.sender, False)
        again = facts.verdict is Verdict.PROVED and decision.conversation_id == facts.continues
        assert by_token or by_mail or again
    if facts.verdict is Verdict.FAILED and facts.kind in (Kind.PERSON, Kind.AUTO, Kind.LIST) and not facts.released:
        assert decision.fate is Fate.HOLD


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("账户申诉:[zhangsan]", "account_frozen"),
        ("回复: 账户申诉：张三", "account_frozen"),
        ("【账户申诉】 用户名", "account_frozen"),
        ("技术问题咨询: API 报错 10003", "bug"),
        ("合作咨询:[某某科技] – [上币]", "agreement"),
        ("合作咨询：某某", "agreement"),
        ("转发: Re: 投诉: 处理太慢", "complaint"),
        ("Account appeal: john", "account_frozen"),
        ("RE: FW: Technical question: charts", "bug"),
        ("Partnership inquiry: ACME – listing", "agreement"),
        ("[Complaint] three weeks", "complaint"),
        ("API problem: retCode 10003", "api"),
        ("Legal request: case 4711", "law_enforcement"),
        ("提现未到账: 1.2 BTC", "withdrawal_delayed"),
        ("Deposit missing", "deposit_missing"),
        ("My order of yesterday", ""),
        ("I appeal to you to answer", ""),
        ("apiary", ""),
        ("", ""),
    ],
)
def test_a_subject_names_the_type_before_its_colon(subject: str, code: str) -> None:
    assert mail.type_of(subject) == code


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("你好，我的充值没有到账", "zh-hans"),
        ("My deposit is missing", "en"),
        ("txid 0xabc 我的 USDT 充值没有到账", "zh-hans"),
        ("Hi 你好, my deposit of 300 USDT has not arrived yet", "en"),
        ("", "en"),
    ],
)
def test_the_language_to_answer_in(text: str, language: str) -> None:
    assert mail.language_of(text) == language


@pytest.mark.parametrize(
    ("sender", "subject", "text", "expected"),
    [
        ("no-reply@slack.example", "Confirm your email address on Slack", "", True),
        ("noreply@github.example", "Please verify your email address", "", True),
        ("notifications@x.example", "Your login code is 123456", "", True),
        ("security@tool.example", "验证码", "您的验证码是 123456", True),
        ("no-reply@service.example", "Welcome", "Click to verify your email: https://…", True),
        ("anna@mail.example", "I cannot verify your email", "the verification code never comes", False),
        ("no-reply@news.example", "Weekly market report", "Prices rose.", False),
    ],
)
def test_mail_that_confirms_our_address_elsewhere(sender: str, subject: str, text: str, expected: bool) -> None:
    assert mail.is_account_mail(sender=sender, subject=subject, text=text) is expected
