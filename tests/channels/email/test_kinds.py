"""People's mail and machines' mail told apart; what delivery reports say."""

from __future__ import annotations

import json

import pytest

from trustdesk.channels.adapters.email.kinds import Kind, classify
from trustdesk.channels.adapters.email.parsing import read

PERSON = "From: Lin <lin@home.example>\nTo: help@desk.example\nMessage-ID: <1@home.example>\n"
DAEMON = "Return-Path: <>\nFrom: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nTo: help@desk.example\n"
BOUNCE_TEXT = "This is the mail system.\n\n<gone@x.example>: host mx.x.example said: 550 5.1.1 User unknown (in reply to RCPT TO command)"


def kind(raw: str, **options: str) -> Kind:
    content = raw.replace("\n", "\r\n").encode()
    return classify(read(content), content, **options)


@pytest.mark.parametrize(
    "raw",
    [
        PERSON + "Subject: withdrawal\n\nWhere is it?",
        PERSON + "Subject: Re: [Desk] your case\nIn-Reply-To: <c@desk.example>\nReferences: <c@desk.example>\n\nthanks",
        PERSON + f"Subject: Fwd: Undelivered Mail Returned to Sender\n\nI got this:\n{BOUNCE_TEXT}",
        PERSON + f"Subject: Undelivered Mail Returned to Sender\n\nwhat does this mean?\n{BOUNCE_TEXT}",
        PERSON + f"Subject: failure notice\n\n{BOUNCE_TEXT}",
        PERSON + "Subject: Mail delivery failed\n\nYour mails never reach me, mailbox is full you say",
        PERSON + "Subject: Re: Automatic reply: your case\n\nplease answer",
        PERSON + "Subject: Out of office hours, no answer?\n\nhello",
        PERSON + "Subject: delivery problem\n\nthe card could not be delivered",
        PERSON + "Subject: 退信问题\n\n我收到退信：550 User unknown",
        PERSON + "Subject: 自动充值失败\n\n请看",
        PERSON + "Auto-Submitted: no\nSubject: x\n\nhello",
        PERSON + "Precedence: normal\nSubject: x\n\nhello",
        PERSON + "X-Auto-Response-Suppress: DR, OOF\nSubject: x\n\nfrom Outlook",
        PERSON + "X-Autoreply: no\nSubject: x\n\nhello",
        PERSON + "Return-Path: <lin@home.example>\nList-Unsubscribe: <mailto:x@y.example>\nSubject: x\n\nhello",
        PERSON
        + "Content-Type: multipart/mixed; boundary=z\nSubject: look\n\n--z\n\nplease explain\n--z\nContent-Type: message/rfc822\n\n"
        f"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n{BOUNCE_TEXT}\n--z--\n",
        PERSON + "Content-Type: multipart/mixed; boundary=z\nSubject: Fwd: report\n\n--z\n\nplease "
        "explain\n--z\nContent-Type: message/delivery-status\n\n"
        "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n--z--\n",
        "From: mail@mueller.example\nSubject: System error when withdrawing\n\nIt failed. The message could not be delivered, it says.",
        "From: Root Canal <root@dentist.example>\nSubject: Delivery problem\n\nmy mail was not delivered",
        "From: postmaster@company.example\nSubject: Our account\n\nI am the postmaster and need help with SMTP 550 errors from you.",
        "From: postmaster@company.example\nSubject: Re: your case\n\nyes, please go on",
        "From: Bounce Lin <bouncelin@home.example>\nSubject: bounced payment\n\nmy payment bounced",
        "From: support@shop.example\nSubject: error in mail\n\nunable to deliver your verification mail to our users",
        "From: no-reply@forms.example\nReply-To: lin@home.example\nSubject: contact form\n\nplease call me",
        "From: Mailer Daemonic <band@metal.example>\nSubject: ticket\n\nhello",
    ],
)
def test_people_stay_people(raw: str) -> None:
    assert kind(raw).name == "person"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("Auto-Submitted: auto-replied", "auto"),
        ("Auto-Submitted: auto-generated; owner=x", "auto"),
        ("Auto-Submitted: AUTO-NOTIFIED", "auto"),
        ("X-Autoreply: yes", "auto"),
        ("X-Autorespond: vacation", "auto"),
        ("Precedence: bulk", "auto"),
        ("Precedence: junk", "auto"),
        ("Precedence: auto_reply", "auto"),
        ("Return-Path: <>", "auto"),
        ("Subject: Automatic reply: your case", "auto"),
        ("Subject: Out of Office: away", "auto"),
        ("Subject: Abwesenheitsnotiz", "auto"),
        ("Subject: 自动回复: 收到", "auto"),
        ("Subject: 自動返信", "auto"),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", "auto"),
        ("Precedence: list", "list"),
        ("List-Id: <news.example>", "list"),
        ("Mailing-List: contact x", "list"),
        ("Precedence: bulk\nSender: owner-talk@lists.example", "list"),
        ("X-Loop-Desk: 1", "own"),
    ],
)
def test_machines_are_known_by_what_only_they_write(head: str, name: str) -> None:
    assert kind(f"{PERSON}{head}\n\nhello", loop_header="X-Loop-Desk").name == name


def test_senders_that_are_no_people() -> None:
    assert kind("From: MAILER-DAEMON@x.example\nSubject: hi\n\nhello").name == "auto"
    for local in ("noreply", "forwarding-noreply", "account-security-noreply", "mail_no_reply+7", "x.donotreply"):
        assert kind(f"From: {local}@bank.example\nSubject: your news\n\n123456").name == "auto"
    assert kind("From: casino-reply@home.example\nSubject: hello\n\nplease call me").name == "person"
    assert kind(PERSON + "Subject: x\n\nhello", envelope_sender="").name == "auto"
    assert kind(PERSON + "Subject: x\n\nhello", envelope_sender="lin@home.example").name == "person"
    assert kind(PERSON + "Subject: x\n\nhello", own_domain="Home.example").name == "own"


def test_a_complaint_is_feedback_and_names_the_mail() -> None:
    found = kind(
        "From: fbl@isp.example\nSubject: complaint\nContent-Type: multipart/report; report-type=feedback-report; boundary=z\n\n"
        "--z\n\nThis is an abuse report.\n--z\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n"
        "--z\nContent-Type: message/rfc822\n\nMessage-ID: <ours@desk.example>\nSubject: hi\n\nx\n--z--\n"
    )
    assert (found.name, found.original_id, found.failures) == ("feedback", "<ours@desk.example>", ())


def dsn(status: str, diagnostic: str, *, action: str = "failed", words: str = "Your mail was not delivered.") -> str:
    return (
        f"{DAEMON}Subject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=z\n\n"
        f"--z\n\n{words}\n--z\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; gone@x.example\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n\n"
        "--z\nContent-Type: text/rfc822-headers\n\nMessage-ID: <ours@desk.example>\nSubject: hi\n\n--z--\n"
    )


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.1.1", "smtp; 550 5.1.1 <gone@x.example>: Recipient address rejected: User unknown", ("5.1.1", "550", "userunknown", True)),
        ("5.0.0", "smtp; 550 No such user here", ("5.0.0", "550", "userunknown", True)),
        ("5.1.1", "smtp; 552 5.2.2 Mailbox full", ("5.2.2", "552", "mailboxfull", False)),
        ("5.0.0", "smtp; 550-5.7.26 Unauthenticated email from desk.example is not accepted due to domain's DMARC policy",
         ("5.7.26", "550", "authfailure", False)),
        ("4.4.1", "smtp; connect to mx.x.example: Connection timed out", ("4.4.1", "", "expired", False)),
        ("5.4.4", "x-unix; Host or domain name not found. Name service error", ("5.4.4", "", "hostunknown", True)),
        ("5.7.1", "smtp; 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
        ("5.7.1", "554", "blocked", False)),
        ("5.3.4", "smtp; 552 5.3.4 Message size exceeds fixed limit", ("5.3.4", "552", "mesgtoobig", False)),
        ("5.0.0", "smtp; 550 Mail content denied, looks like spam", ("5.0.0", "550", "spamdetected", False)),
        ("4.2.1", "smtp; 450 4.2.1 The user you are trying to contact is receiving mail at a rate that", ("4.2.1",
        "450", "speeding", False)),
        ("5.1.10", "smtp; 556 5.1.10 Recipient domain has a null MX", ("5.1.10", "556", "notaccept", True)),
    ],
)  # fmt: skip
def test_standard_reports(status: str, diagnostic: str, expected: tuple[str, str, str, bool]) -> None:
    found = kind(dsn(status, diagnostic))
    [failure] = found.failures
    assert found.name == "bounce"
    assert (failure.status, failure.code, failure.reason, failure.hard) == expected
    assert failure.address == "gone@x.example"
    assert found.original_id == "<ours@desk.example>"
    assert ("Subject", "hi") in found.original


def test_what_is_refused_after_data_is_a_filter_not_a_dead_address() -> None:
    words = "<gone@x.example>: host mx said: 550 Unknown user (in reply to end of DATA command)"
    [failure] = kind(dsn("5.0.0", "smtp; 550 Unknown user", words=words)).failures
    assert (failure.reason, failure.hard) == ("filtered", False)


def test_a_success_and_a_delay_are_no_dead_addresses() -> None:
    [failure] = kind(dsn("2.0.0", "smtp; 250 ok", action="delivered")).failures
    assert (failure.reason, failure.hard) == ("delivered", False)
    [failure] = kind(dsn("4.0.0", "smtp; 450 try later", action="delayed")).failures
    assert failure.hard is False


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (  # qmail
            f"{DAEMON}Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver "
            "your message to the following addresses.\nThis is a permanent error; I've given "
            "up.\n\n<gone@x.example>:\n192.0.2.1 does not like "
            "recipient.\nRemote host said: 550 5.1.1 no such mailbox\nGiving up on "
            "192.0.2.1.\n\n<full@x.example>:\nRemote host said: 552 5.2.2 "
            "Quota exceeded\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <ours@desk.example>\nSubject: hi\n\nx",
            [("gone@x.example", "5.1.1", "550", "userunknown"), ("full@x.example", "5.2.2", "552", "mailboxfull")],
        ),
        (  # Exim
            f"{DAEMON}X-Failed-Recipients: gone@x.example\nSubject: Mail delivery failed: returning message to sender\n\nThis message was "
            "created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n"
            "recipients. This is a permanent error. The following address(es) failed:\n\n  gone@x.example\n    SMTP "
            "error from remote mail "
            "server after RCPT TO:<gone@x.example>:\n    host mx.x.example [192.0.2.1]: 550 Unrouteable "
            "address\n\n------ This is a copy of the "
            "message, including all the headers. ------\n\nMessage-ID: <ours@desk.example>\n\nx",
            [("gone@x.example", "5.1.1", "550", "userunknown")],
        ),
        (  # a Chinese provider
            "From: PostMaster@qq.example\nSubject: 系统退信/The email is returned\n\n您发送的邮件被退回\n收件人：<gone@qq.example>\n"
            "退信原因：550 收件人不存在 Mailbox not found\nMessage-ID: <ours@desk.example>\n",
            [("gone@qq.example", "5.1.1", "550", "userunknown")],
        ),
        (  # Exchange of old
            "From: System Administrator <postmaster@x.example>\nSubject: Undeliverable: hi\n\nYour message\n\n  To: gone@x.example\n"
            "  Subject: hi\n\ndid not reach the following recipient(s):\n\ngone@x.example on Tue\n    The recipient "
            "name is not recognized\n"
            "Message-ID: <ours@desk.example>\n",
            [("gone@x.example", "5.1.1", "", "userunknown")],
        ),
    ],
)
def test_reports_in_prose(raw: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = kind(raw)
    assert found.name == "bounce"
    assert [(one.address, one.status, one.code, one.reason) for one in found.failures] == expected
    assert found.original_id in ("<ours@desk.example>", "")


def test_a_report_of_very_many_recipients_is_read_in_part() -> None:
    many = "".join(f"<a{number}@x.example>:\n550 5.1.1 User unknown\n" for number in range(1_000))
    assert len(kind(f"{DAEMON}Subject: failure notice\n\n{many}").failures) == 100


def test_a_notice_of_amazon_is_a_bounce() -> None:
    notice = (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"gone@x.example",'
        '"status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]}}'
    )
    found = kind(f"From: no-reply@sns.example\nSubject: AWS Notification Message\n\n{notice}\n--\nto stop, click")
    assert [(one.address, one.hard) for one in found.failures] == [("gone@x.example", True)]
    wrapped = json.dumps({"Type": "Notification", "Message": notice})
    again = kind(f"From: no-reply@sns.example\nSubject: x\n\n{wrapped}")
    assert (again.name, again.failures) == ("bounce", found.failures)
    assert kind(f"From: no-reply@sns.example\nSubject: x\n\n{notice[:60]}").name == "auto"
    assert kind(f"{PERSON}Subject: what is this?\n\n{notice}").name == "person"
