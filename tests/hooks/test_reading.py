"""What providers posted, read: mails as they came, with what only the provider knows, and nothing of it believed."""

from __future__ import annotations

import base64
import json
from email import message_from_bytes
from email import policy as email_policy
from email.message import EmailMessage
from typing import Any
from unittest import mock

import pytest
from pytest_django import Settings

from tests.hooks import posts
from tests.hooks.posts import HOOKS, MIME, Post, basic
from tests.hooks.storing import claimed, rows
from tests.world import NOON
from trustdesk.channels import mail_reader, post, provider_mail, provider_views
from trustdesk.channels.models import HookPayload
from trustdesk.channels.provider_mail import HookUnreadable, ProviderMail
from trustdesk.net import authenticity
from trustdesk.net.http import HttpFailed, Response

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("hooks", "at_once"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]

OURS = "support@northlight.example.test"


def mails(sent: Post) -> list[ProviderMail]:
    found = provider_mail.events(claimed(sent))
    assert all(isinstance(one, ProviderMail) for one in found)
    return [one for one in found if isinstance(one, ProviderMail)]


def parsed(mail: ProviderMail) -> EmailMessage:
    message = message_from_bytes(mail.content, policy=email_policy.default)
    assert isinstance(message, EmailMessage)
    return message


def sparkpost(content: bytes) -> Post:
    held = {"email_rfc822": base64.b64encode(content).decode(), "email_rfc822_is_base64": True}
    event = {"protocol": "smtp", "content": held, "msg_from": "bounce@mail.example", "rcpt_to": OURS}
    body = json.dumps([{"msys": {"relay_message": event}}, {"msys": {}}]).encode()
    return Post("/hooks/mail/sparkpost/inbound/", body, headers=basic())


@pytest.mark.parametrize(
    "sent",
    [
        posts.mailgun_mime(),
        posts.mailgun_mime(urlencoded=True),
        posts.sendgrid_inbound(),
        posts.ses_inbound(),
        sparkpost(MIME),
    ],
    ids=["mailgun", "mailgun urlencoded", "sendgrid", "ses", "sparkpost"],
)
def test_a_mail_is_read_as_it_came_to_the_byte(sent: Post) -> None:
    (mail,) = mails(sent)
    assert mail.content == MIME
    assert mail.as_given
    assert (mail.recipients, mail.sender) == ((OURS,), "bounce@mail.example")


def test_postmark_gives_its_mail_as_text() -> None:
    text = MIME.decode("latin-1").encode().replace(b"iso-8859-1", b"utf-8")
    (mail,) = mails(posts.postmark_inbound(raw=text.decode()))
    assert mail == ProviderMail(text, True, ("support+rabc@northlight.example.test",), "bounce@mail.example", False)


def test_a_mail_that_was_taken_apart_is_put_together() -> None:
    files = [
        {
            "Name": "存款.pdf",
            "Content": base64.b64encode(bytes(range(256)) * 40).decode(),
            "ContentType": "application/pdf",
        },
        {"Name": "a.eml", "Content": base64.b64encode(MIME).decode(), "ContentType": "message/rfc822"},
        {"Name": "logo.png", "Content": "iVBORw==", "ContentType": "image/png", "ContentID": "logo@x"},
    ]
    (mail,) = mails(posts.postmark_inbound(Subject="Deposit\r\nX-Forged: yes 存款", Attachments=files))
    assert not mail.as_given
    message = parsed(mail)
    assert message["From"].addresses[0].addr_spec == "anna@mail.example"
    assert str(message["Subject"]) == "Deposit X-Forged: yes 存款"
    assert message["X-Forged"] is None
    assert message["Return-Path"] is None
    assert message["Message-ID"] == "<one@mail.example>"
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "Grüße, where is my deposit?"
    found = {part.get_filename(): part for part in message.walk() if part.get_filename()}
    assert set(found) == {"存款.pdf", "a.eml", "logo.png"}
    assert found["存款.pdf"].get_payload(decode=True) == bytes(range(256)) * 40
    assert found["logo.png"]["Content-ID"] == "<logo@x>"
    assert MIME.partition(b"\r\n\r\n")[2].strip() in mail.content


def test_putting_together_makes_the_same_bytes_each_time() -> None:
    """A job may run twice, and a provider may post the same mail in another form: one mail all the same."""
    files = [("attachment-1", "a.bin", "application/octet-stream", b"\x00\r\n\n\r\xff" * 100)]
    first, second = (mails(posts.mailgun_parsed(files))[0] for _ in range(2))
    assert first.content == second.content
    (attachment,) = list(parsed(first).iter_attachments())
    assert attachment.get_payload(decode=True) == b"\x00\r\n\n\r\xff" * 100
    assert str(parsed(first)["Subject"]) == "存款 deposit"


@pytest.mark.parametrize("name", ["", ".", "..", "/", "../../etc/passwd", "a\\b.txt", "ä" * 300, "x.exe"])
def test_no_file_is_lost_for_its_name(name: str) -> None:
    (mail,) = mails(posts.mailgun_parsed([("attachment-1", name, "text/plain", b"kept")]))
    assert b"a2VwdA==" in mail.content


def test_what_a_provider_thinks_of_a_mail_is_no_part_of_it() -> None:
    """Its DMARC verdict proves nobody: the same field could be in anybody's mail."""
    (mail,) = mails(posts.ses_inbound())
    assert mail.spam is True
    assert b"dmarc" not in mail.content.lower()
    assert set(ProviderMail.__dataclass_fields__) == {
        "content",
        "as_given",
        "recipients",
        "sender",
        "spam",
        "authserv_id",
    }


def test_brevo_brings_several_mails_at_once() -> None:
    first, second = mails(posts.brevo_inbound())
    assert b"Where is my deposit?" in base64.b64decode(parsed(first).get_body(("plain",)).get_payload())  # type: ignore[union-attr,arg-type]
    assert (first.recipients, first.sender) == ((OURS,), "bounce@mail.example")
    assert parsed(second).get_all("Received") == ["by mx1.example", "by mx2.example"]


def test_mandrill_signs_the_address_it_was_told_and_posts_both_kinds(settings: Settings) -> None:
    url = f"{settings.PUBLIC_URL}/hooks/mail/mandrill/tracking/"
    message = {"raw_msg": MIME.decode("latin-1"), "email": OURS, "sender": "bounce@mail.example", "spf": {}, "dkim": {}}
    sent = posts.mandrill([{"event": "inbound", "ts": posts.AT, "msg": message}], url=url)
    (mail,) = mails(sent)
    assert mail.recipients == (OURS,)


# What a hook only names ------------------------------------------------------------------------------------------------


class Net:
    """The internet: answers by address."""

    def __init__(self, **answers: bytes | int | HttpFailed) -> None:
        self.answers, self.asked = answers, []  # type: ignore[var-annotated]

    def request(self, method: str, url: str, *, headers: Any = None) -> Response:
        self.asked.append((url, headers))
        found = next(answer for part, answer in self.answers.items() if part in url)
        if isinstance(found, HttpFailed):
            raise found
        return (
            Response(found, {}, b"") if isinstance(found, int) else Response(200, {"content-type": "text/plain"}, found)
        )


def test_resend_names_a_mail_and_we_fetch_it() -> None:
    raw = json.dumps({"raw": {"download_url": "https://cdn.example/signed"}}).encode()
    net = Net(receiving=raw, signed=MIME)
    with mock.patch.object(provider_views, "_http", return_value=net):
        (mail,) = mails(posts.resend("inbound", {"type": "email.received", "data": {"email_id": "1"}}))
    assert mail.content == MIME
    assert net.asked == [
        ("https://api.resend.com/emails/receiving/1", {"Authorization": "Bearer re_key"}),
        ("https://cdn.example/signed", None),
    ]


@pytest.mark.parametrize("permanent", [True, False])
def test_what_cannot_be_fetched_is_tried_again_where_that_helps(permanent: bool) -> None:
    attachment = {"DownloadToken": "t/../x", "ContentType": "text/plain", "Name": "a.txt"}
    one = claimed(posts.brevo_inbound(Attachments=[attachment]))
    net = Net(inbound=HttpFailed("status_410" if permanent else "timeout", permanent=permanent))
    with mock.patch.object(provider_views, "_http", return_value=net):
        if permanent:
            with pytest.raises(HookUnreadable) as caught:
                provider_mail.events(one)
            assert caught.value.code == "fetch_status_410"
        else:
            with pytest.raises(HttpFailed):
                provider_mail.events(one)
    assert net.asked[0][0] == "https://api.brevo.com/v3/inbound/attachments/t%2F..%2Fx"


def test_amazon_is_told_that_the_topic_may_post_and_nobody_else_is_asked() -> None:
    net = Net(**{"sns.us-west-2.amazonaws.com": b"<ok/>"})
    good = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    sent = posts.sns(
        "tracking", "You have chosen to subscribe", kind="SubscriptionConfirmation", SubscribeURL=good, Token="t"
    )
    with mock.patch.object(provider_views, "_http", return_value=net):
        assert provider_mail.events(claimed(sent)) == []
        for bad in ("https://169.254.169.254/?x", "https://sns.evil.example/?x.amazonaws.com", "http" + good[5:]):
            sent = posts.sns("tracking", "x", kind="SubscriptionConfirmation", SubscribeURL=bad, Token="t")
            with pytest.raises(HookUnreadable):
                provider_mail.events(claimed(sent))
    assert [url for url, _ in net.asked] == [good]


# Hostile ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", None),
        (b"[]", "AttributeError"),
        (b"null", "AttributeError"),
        (b"\xff\xfe", "UnicodeDecodeError"),
        (b'{"FromFull": 3, "Headers": 4}', "TypeError"),
        (b"[" * 100_000, "ValueError"),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, "ValueError"),
        (b'{"TextBody": "\\ud800"}', ""),
        (b'{"RawEmail": "' + b"a" * 1_000_000 + b'"}', ""),
        (b'{"RawEmail": "From: ' + b"(" * 500_000 + b'"}', ""),
        (b'{"Headers": [{"Name": "a\\u0000\\r\\nX-B", "Value": "c\\r\\nFrom: d\\r\\n\\r\\ne"}]}', ""),
        (b'{"RecordType": "Bounce"}', "AnymailConfigurationError"),
        (b'{"n": ' + b"9" * 10_000 + b"}", "ValueError"),
    ],
)
def test_what_nobody_can_read_has_a_code_and_what_can_be_read_is(body: bytes, code: str | None) -> None:
    sent = Post("/hooks/mail/postmark/inbound/", body, headers=basic())
    if code is None:
        assert sent.send().status_code == 411
    elif code:
        with pytest.raises(HookUnreadable) as caught:
            provider_mail.events(claimed(sent))
        assert caught.value.code == code
    else:
        (mail,) = mails(sent)
        assert mail.content
        assert b"\r\nFrom: d" not in mail.content


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:-30],
        lambda body: body.replace(b'name="email"', b"nameless"),
        lambda body: body.split(b"\r\n", 1)[0] + b"\r\n" + b"x" * 20_000 + body[50:],
        lambda body: (
            b"".join(body[:34] + b'\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n' for _ in range(600))
            + body
        ),
        lambda body: b"no form",
    ],
    ids=["cut off", "no name", "long head", "600 parts", "no form"],
)
def test_a_broken_form_is_never_read_in_part(change: Any) -> None:
    sent = posts.sendgrid_inbound()
    sent.body = change(sent.body)
    with pytest.raises(HookUnreadable):
        provider_mail.events(claimed(sent))


def test_a_provider_whose_settings_are_gone_waits_for_them(settings: Settings) -> None:
    one = claimed(posts.postmark_inbound())
    before, settings.MAIL_HOOKS = settings.MAIL_HOOKS, []
    with pytest.raises(HookUnreadable) as caught:
        provider_mail.events(one)
    assert caught.value.code == "provider_off"
    settings.MAIL_HOOKS = before
    assert len(provider_mail.events(one)) == 1


# As mail of its own ------------------------------------------------------------------------------------------------------


def test_unpacked_each_mail_is_stored_once_however_often() -> None:
    one = claimed(posts.brevo_inbound())
    for _ in range(3):
        assert provider_mail.unpack(one) == []
    assert rows() == 3  # the hook and its two mails
    first, second = post.claim(now=NOON, most=10)
    assert {first.kind, second.kind} == {"mail"}
    assert first.envelope == {
        "recipients": [OURS],
        "sender": "bounce@mail.example",
        "provider": "brevo",
        "as_given": False,
        "spam": None,
        "authserv_id": "",
    }
    assert HookPayload.objects.filter(kind="mail", source__startswith="brevo:").count() == 2


def test_one_mail_posted_by_two_attempts_is_one_and_to_two_addresses_two() -> None:
    for sent in (posts.mailgun_mime(), posts.mailgun_mime()):
        provider_mail.unpack(claimed(sent))
    assert HookPayload.objects.filter(kind="mail").count() == 1
    other = posts.mailgun_mime()
    other.body = other.body.replace(b"support@northlight", b"billing@northlight", 1)
    provider_mail.unpack(next(one for one in [claimed_again(other)]))
    assert HookPayload.objects.filter(kind="mail").count() == 2


def claimed_again(sent: Post) -> post.Claimed:
    """Take the hook, leaving the mails of earlier ones where they are."""
    assert sent.send().status_code == 200
    return next(one for one in post.claim(now=NOON, most=10) if provider_mail.is_hook(one.kind))


# Who sent it -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("believed", "verdict"), [("", "claimed"), ("mx.provider.example", "proved")])
def test_whether_a_sender_is_proved_a_provider_says_only_where_the_operator_believes_it(
    believed: str, verdict: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-55: the name of our own mail server proves nothing in what did not pass it."""
    monkeypatch.setattr(authenticity, "evaluate", lambda *_args, **_more: None)  # it would ask DNS
    settings.MAIL_AUTHSERV_ID = "mx.northlight.example.test"
    settings.MAIL_HOOKS = [HOOKS[1] + (f"&authserv_id={believed}" if believed else "")]
    passed = b"Authentication-Results: %b; dmarc=pass (p=reject) header.from=mail.example\r\n"
    content = MIME.split(b"\r\n", 1)[1]
    for name, expected in ((b"mx.northlight.example.test", "claimed"), (b"mx.provider.example", verdict)):
        provider_mail.unpack(claimed(posts.mailgun_mime(passed % name + content)))
        (mail,) = post.claim(now=NOON, most=10)
        assert mail_reader.read(mail.content, mail.envelope).verdict == expected
        post.processed({mail.id: None}, now=NOON)


def test_a_mail_that_was_taken_apart_is_not_held_against_its_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        authenticity, "evaluate", lambda *_args, **_more: pytest.fail("its signature was not looked at")
    )
    provider_mail.unpack(claimed(posts.postmark_inbound()))
    (mail,) = post.claim(now=NOON, most=10)
    assert mail_reader.read(mail.content, mail.envelope).verdict == "claimed"
