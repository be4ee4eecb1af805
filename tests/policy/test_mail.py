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


FORWARDING = (
    "anna@gmail.com has requested to automatically forward mail to your email address support@northlight.example.\n"
    "Confirmation code: 482913\n\nTo allow it, please click the link below: https://mail-settings.google.com/mail/vf-x"
)


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("forwarding-noreply@google.com", "(#482913) Gmail Forwarding Confirmation - Receive Mail from anna@gmail.com", FORWARDING),
        ("forwarding-noreply@google.com", "(#482913) Gmail 转发确认 - 接收来自 anna@gmail.com 的邮件", "确认码：482913"),
        ("mail-noreply@google.com", "Gmail Confirmation - Send Mail as a@x.example", "You asked to add a@x.example to your Gmail account."),
        ("workspace-noreply@google.com", "Verify your domain", ""),
        ("appleid@id.apple.com", "Verify your Apple ID email address.", "Enter this code: 482913"),
        ("appleid@id.apple.com", "验证您的 Apple ID 电子邮件地址。", ""),
        ("registration@facebookmail.com", "48291 is your Facebook confirmation code", ""),
        ("registration@facebookmail.com", "你的 Facebook 确认码是 48291", ""),
        ("security@facebookmail.com", "48291 is your Facebook account recovery code", "Your code is 48291"),
        ("account-security-noreply@accountprotection.microsoft.com", "Microsoft account security code", ""),
        ("msonlineservicesteam@microsoftonline.com", "Your Contoso verification code", ""),
        ("feedback@slack.com", "Slack confirmation code: ABC-DEF", ""),
        ("notify@mail.notion.so", "Your temporary Notion login code is sugar-fox", ""),
        ("hey@trello.com", "Verify your Trello email", ""),
        ("service@intl.paypal.com", "Confirm your email address", ""),
        ("info@x.com", "Confirm your email", "Please enter this code"),
        ("jira@team.atlassian.net", "You have been invited to join", "Join the team"),
        ("no-reply@slack.com", "Bob has invited you to join a Slack workspace", "Join Now"),
        ("noreply@telegram.org", "您的验证码", ""),
        ("hello@tool.example", "Welcome to Tool", "Please click the button below to verify your email address."),
        ("support@tool.example", "欢迎", "请点击下面的链接验证您的邮箱。"),
        ("no_reply+u1@mail.tool.example", "Set up your new password", ""),
        ("donotreply@tool.example", "Log in", "Here is your magic link https://tool.example/x"),
    ],
)
def test_services_that_confirm_an_address_are_known_by_who_they_are_and_what_they_say(
    sender: str, subject: str, text: str
) -> None:
    """E-08."""
    assert mail.is_account_mail(sender=sender, subject=subject, text=text)


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("anna@gmail.com", "Verification code", "The verification code never comes, I tried to verify my email three times."),
        ("lin@qq.com", "验证码收不到", "我一直收不到验证码，无法登录，请帮我确认我的邮箱。"),
        ("security.lin@gmail.com", "Verify your email address", "I press verify your email address and nothing happens."),
        ("noreply.john@outlook.com", "Login code", "my login code does not work"),
        ("info88@163.com", "登录", "点了验证链接没有反应，验证码是空的"),
        ("appleid.fan@icloud.com", "KYC", "Please confirm the email on my account"),
        ("info@acme.example", "Deposit missing", "Please verify the transaction 482913 and confirm your address for payments."),
        ("info@acme.example", "Re: Verify your email address", "It worked. Click here to verify your account did nothing at first."),
        ("support@partner.example", "API error", "We get error code: 10003 when we confirm an order with your API."),
        ("team@fund.example", "Partnership", "We invite you to join our conference in May. Please confirm your attendance."),
        ("hello@studio.example", "Security code", "I never got the security code on my phone, what is your number?"),
        ("contact@broker.example", "返佣", "请确认您的佣金比例，我们的推荐码是 482913。"),
        ("john@stripe.com", "Meeting", "Could you confirm the date? The access code of our office is on the door."),
        ("mei.chen@google.com", "Security report", "Your login code can be guessed: it has four digits only."),
        ("accounts@supplier.example", "Invoice 482913", "Please confirm the amount of invoice 482913."),
        ("admin@exchange-fan.example", "忘记密码", "我忘记密码了，重置密码的邮件没有收到，验证码也没有。"),
        ("notary@law.example", "Account appeal", "We confirm your account holder's identity before a notary."),
        ("reply-to-me@person.example", "Login", "Please reset my password, the login link has expired."),
    ],
)  # fmt: skip
def test_people_who_write_about_codes_and_accounts_are_people(sender: str, subject: str, text: str) -> None:
    assert not mail.is_account_mail(sender=sender, subject=subject, text=text)


def test_a_name_at_a_services_domain_counts_only_where_dmarc_vouches_for_it() -> None:
    known = {"sender": "jill@trello.com", "subject": "Verify your Trello email", "text": ""}
    assert mail.is_account_mail(**known, proved=True)
    assert not mail.is_account_mail(**known, proved=False)
    assert mail.is_account_mail(sender="noreply@trello.com", subject="Hi", text="", quoted="Your login code is 1234", proved=False)


def test_what_opens_an_account_is_taken_out_of_such_a_mail() -> None:
    text = "Your code is 482913, ABC-DEF or G-123456. Open https://x.example/v?t=abc (www.x.example/y). 验证码：4 8 2 9 1 3"
    left = mail.without_codes(text)
    assert not any(one in left for one in ("482913", "ABC", "123456", "http", "x.example", "4 8 2"))
    assert left.startswith("Your code is •••")
    for own_line in ("482913", "**482 913**".replace(" ", ""), "ABC-DEF", "> 4 8 2 9 1 3"):
        assert "•••" in mail.without_codes(f"Your verification code is\n{own_line}\nNorthlight")


def test_what_a_customer_told_us_stays_where_his_mail_was_taken_for_one() -> None:
    told = "I click on the link and nothing happens.\nUID 12345678, sent 1.5 BTC, order 8839201, 200 USDT.\n账户 88123 提现 3300809"
    assert mail.without_codes(told) == told
