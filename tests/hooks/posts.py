"""What providers post, in the shape of their public documentation, and signed with secrets of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.http import HttpResponseBase
from django.test import Client

from tests.hooks import authority
from tests.world import NOON
from trustdesk.net.http import HttpFailed

LOGIN = "hooks:correct-horse-battery"
KEY = "key-0123456789abcdef0123456789abcdef"
SVIX = "whsec_" + base64.b64encode(b"resend-secret-of-the-tests").decode()
AT = int(NOON.timestamp())
EC_KEY = ec.generate_private_key(ec.SECP256R1())
EC_PUBLIC = base64.b64encode(
    EC_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()

HOOKS = [
    f"anymail+postmark://?webhook_secret={LOGIN}",
    f"anymail+mailgun://?webhook_signing_key={KEY}",
    f"anymail+sendgrid://?webhook_secret={LOGIN}&tracking_webhook_verification_key={quote(EC_PUBLIC, safe='')}",
    f"anymail+amazon_ses://?webhook_secret={LOGIN}",
    f"anymail+resend://?api_key=re_key&signing_secret={quote(SVIX)}&inbound_secret={quote(SVIX)}",
    f"anymail+brevo://?api_key=xkeysib&webhook_secret={LOGIN}",
    f"anymail+sparkpost://?webhook_secret={LOGIN}",
    f"anymail+mandrill://?webhook_key={KEY}",
]

# Latin-1 in the body and a signature over the whole: what must not be changed by one byte.
MIME = (
    b"DKIM-Signature: v=1; a=rsa-sha256; d=mail.example; s=s; h=from; bh=x; b=y\r\n"
    b"From: Anna <anna@mail.example>\r\nTo: support@northlight.example.test\r\nSubject: Deposit\r\n"
    b"Message-ID: <one@mail.example>\r\nX-Spam-Status: No\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"Gr\xfc\xdfe, where is my deposit?\r\n.\r\n"
)


@dataclass
class Post:
    """One request of a provider, to be changed by a test before it goes off."""

    path: str
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, **headers: str) -> HttpResponseBase:
        """Post it to us, with other headers than its own where they are given."""
        return Client(enforce_csrf_checks=True).generic(
            "POST", self.path, data=self.body, content_type=self.content_type, headers=self.headers | headers
        )


def basic(login: str = LOGIN) -> dict[str, str]:
    """Return the header that shows a name and a password."""
    return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


def form(fields: dict[str, Any], files: list[tuple[str, str, str, bytes]] = ()) -> tuple[bytes, str]:  # type: ignore[assignment]
    """Make a multipart form; values are text or bytes, files are field, name, type and content."""
    mark = secrets.token_hex(16)
    parts = [
        b'Content-Disposition: form-data; name="%b"\r\n\r\n%b'
        % (name.encode(), value if isinstance(value, bytes) else str(value).encode())
        for name, value in fields.items()
    ]
    parts += [
        b'Content-Disposition: form-data; name="%b"; filename="%b"\r\nContent-Type: %b\r\n\r\n%b'
        % (name.encode(), filename.encode(), kind.encode(), content)
        for name, filename, kind, content in files
    ]
    body = b"".join(b"--%b\r\n%b\r\n" % (mark.encode(), part) for part in parts)
    return body + b"--%b--\r\n" % mark.encode(), f"multipart/form-data; boundary={mark}"


# Postmark (postmarkapp.com/developer/webhooks) -------------------------------------------------------------------------


def postmark_inbound(*, raw: str | None = None, **more: Any) -> Post:
    """A mail, taken apart; with `raw` as it came, too."""
    event: dict[str, Any] = {
        "FromName": "Anna",
        "From": "anna@mail.example",
        "FromFull": {"Email": "anna@mail.example", "Name": "Anna", "MailboxHash": ""},
        "ToFull": [{"Email": "support@northlight.example.test", "Name": "", "MailboxHash": ""}],
        "OriginalRecipient": "support+rabc@northlight.example.test",
        "Subject": "Deposit",
        "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
        "Date": "Mon, 23 Nov 2026 12:00:00 +0000",
        "TextBody": "Grüße, where is my deposit?",
        "HtmlBody": "<p>Grüße, where is my deposit?</p>",
        "Headers": [
            {"Name": "Return-Path", "Value": "<bounce@mail.example>"},
            {"Name": "X-Spam-Status", "Value": "No"},
            {"Name": "Message-ID", "Value": "<one@mail.example>"},
        ],
        "Attachments": [],
    }
    if raw is not None:
        event["RawEmail"] = raw
    return Post("/hooks/mail/postmark/inbound/", json.dumps(event | more).encode(), headers=basic())


def postmark_event(**event: Any) -> Post:
    """What became of a mail."""
    common = {"MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "ServerID": 23, "Tag": ""}
    return Post("/hooks/mail/postmark/tracking/", json.dumps(common | event).encode(), headers=basic())


DELIVERED = {"RecordType": "Delivery", "Recipient": "anna@mail.example", "DeliveredAt": "2026-11-23T12:00:01Z"}
BOUNCED = {
    "RecordType": "Bounce",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist",
    "Email": "anna@mail.example",
    "BouncedAt": "2026-11-23T12:00:02Z",
    "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
}


# Mailgun (documentation.mailgun.com, "Receiving Messages via HTTP", "Securing Webhooks") ---------------------------------


def mailgun_signature(*, at: int = AT, key: str = KEY, token: str = "") -> dict[str, str]:
    """Sign as Mailgun does: a time and a word, and not the content."""
    token = token or secrets.token_hex(25)
    signed = hmac.new(key.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": str(at), "token": token, "signature": signed}


def mailgun_mime(content: bytes = MIME, *, urlencoded: bool = False, **signature: Any) -> Post:
    """A mail as it came."""
    fields = {
        "recipient": "support@northlight.example.test",
        "sender": "bounce@mail.example",
        "from": "Anna <anna@mail.example>",
        "subject": "Deposit",
        "body-mime": content,
        **mailgun_signature(**signature),
    }
    if urlencoded:
        return Post(
            "/hooks/mail/mailgun/inbound_mime/", urlencode(fields).encode(), "application/x-www-form-urlencoded"
        )
    return Post("/hooks/mail/mailgun/inbound_mime/", *form(fields))


def mailgun_parsed(files: list[tuple[str, str, str, bytes]], **signature: Any) -> Post:
    """A mail, taken apart, with files."""
    headers = [
        ["From", "Anna <anna@mail.example>"],
        ["To", "support@northlight.example.test"],
        ["Subject", "存款 deposit"],
        ["Message-Id", "<two@mail.example>"],
    ]
    fields = {
        "recipient": "support@northlight.example.test",
        "sender": "bounce@mail.example",
        "message-headers": json.dumps(headers),
        "body-plain": "Where is my deposit? 谢谢",
        "body-html": "<b>Where is my deposit?</b>",
        "attachment-count": str(len(files)),
        "content-id-map": "{}",
        **mailgun_signature(**signature),
    }
    return Post("/hooks/mail/mailgun/inbound/", *form(fields, files))


def mailgun_event(*, signature: Any = None, **event: Any) -> Post:
    """What became of a mail."""
    whole = {
        "signature": signature or mailgun_signature(),
        "event-data": {
            "event": "delivered",
            "id": "CPgfbmQMTCKtHW6uIWtuVe",
            "timestamp": AT + 0.5,
            "recipient": "anna@mail.example",
            "message": {"headers": {"message-id": "20261123.1@mg.example.test"}},
        }
        | event,
    }
    return Post("/hooks/mail/mailgun/tracking/", json.dumps(whole).encode())


# SendGrid (sendgrid.com/docs, "Inbound Parse", "Event Webhook Security") -------------------------------------------------


def sendgrid_inbound(content: bytes = MIME) -> Post:
    """A mail as it came: "Send Raw"."""
    envelope = json.dumps({"to": ["support@northlight.example.test"], "from": "bounce@mail.example"})
    fields = {
        "email": content,
        "envelope": envelope,
        "dkim": "{@mail.example : pass}",
        "SPF": "pass",
        "spam_score": "0.1",
    }
    return Post("/hooks/mail/sendgrid/inbound/", *form(fields), basic())


def sendgrid_events(*events: dict[str, Any], at: int = AT, signed: bool = True) -> Post:
    """What became of mails, several in one."""
    body = json.dumps(
        [{"email": "anna@mail.example", "timestamp": AT, "smtp-id": "<14c5d75ce93@example>"} | one for one in events]
    )
    headers = dict(basic())
    if signed:
        signature = EC_KEY.sign(str(at).encode() + body.encode(), ec.ECDSA(hashes.SHA256()))
        headers["X-Twilio-Email-Event-Webhook-Signature"] = base64.b64encode(signature).decode()
        headers["X-Twilio-Email-Event-Webhook-Timestamp"] = str(at)
    return Post("/hooks/mail/sendgrid/tracking/", body.encode(), headers=headers)


# Amazon SES by SNS (docs.aws.amazon.com/ses, "Notification contents") ----------------------------------------------------


class Amazon:
    """Stands in for the door to Amazon: certificates by address, and what was asked for."""

    def __init__(self, files: dict[str, bytes | Exception]) -> None:
        self.files = files
        self.asked: list[str] = []

    def download(self, url: str) -> bytes:
        self.asked.append(url)
        found = self.files.get(url, HttpFailed("status_404", permanent=True, status=404))
        if isinstance(found, Exception):
            raise found
        return found


TOPIC = "arn:aws:sns:us-west-2:123456789012:hooks"
CERTIFICATE_URL = f"https://sns.us-west-2.amazonaws.com/SimpleNotificationService-{'0a' * 16}.pem"
RSA_KEY = authority.SIGNING


def sns_signed(message: dict[str, Any], *, key: rsa.RSAPrivateKey = RSA_KEY) -> dict[str, Any]:
    """Sign as Amazon's guide says: names and values, each on a line, in the order of the alphabet."""
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    subscribing = message["Type"] != "Notification"
    wanted = [name for name in names if name in message and (name != "Subject" if subscribing else name not in ("SubscribeURL", "Token"))]
    text = "".join(f"{name}\n{message[name]}\n" for name in wanted).encode()
    digest: hashes.HashAlgorithm = hashes.SHA256() if message["SignatureVersion"] == "2" else hashes.SHA1()  # noqa: S303
    return message | {"Signature": base64.b64encode(key.sign(text, padding.PKCS1v15(), digest)).decode()}


def sns(about: str, message: dict[str, Any] | str, *, kind: str = "Notification", **more: Any) -> Post:
    """What Amazon SNS posts, signed."""
    identity = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"
    whole = {
        "Type": kind,
        "MessageId": identity,
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-23T12:00:00.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
    } | more
    if "Signature" not in more:
        whole = sns_signed(whole)
    headers = basic() | {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": identity}
    return Post(f"/hooks/mail/amazon_ses/{about}/", json.dumps(whole).encode(), "text/plain; charset=UTF-8", headers)


def ses_inbound(content: bytes = MIME) -> Post:
    """A mail as it came, in the notification itself."""
    message = {
        "notificationType": "Received",
        "mail": {
            "timestamp": "2026-11-23T12:00:00.000Z",
            "source": "bounce@mail.example",
            "messageId": "d6iitobk75ur44p8",
        },
        "receipt": {
            "recipients": ["support@northlight.example.test"],
            "spamVerdict": {"status": "FAIL"},
            "dmarcVerdict": {"status": "PASS"},
            "action": {"type": "SNS", "topicArn": "arn:aws:sns:us-west-2:123456789012:hooks", "encoding": "BASE64"},
        },
        "content": base64.b64encode(content).decode(),
    }
    return sns("inbound", message)


# Resend (resend.com/docs/webhooks), signed as Standard Webhooks has it ----------------------------------------------------


def resend(about: str, event: dict[str, Any], *, at: int = AT, secret: str = SVIX) -> Post:
    """What Resend posts."""
    body = json.dumps({"created_at": "2026-11-23T12:00:00.000Z"} | event).encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, b"msg_1.%d." % at + body, hashlib.sha256).digest()
    headers = {
        "svix-id": "msg_1",
        "svix-timestamp": str(at),
        "svix-signature": f"v1,AAAA v1,{base64.b64encode(signed).decode()}",
    }
    return Post(f"/hooks/mail/resend/{about}/", body, headers=headers)


# Brevo (developers.brevo.com/docs/transactional-webhooks, "Inbound parse webhooks") ---------------------------------------


def brevo_event(**event: Any) -> Post:
    """What became of a mail."""
    common = {"email": "anna@mail.example", "message-id": "<2026@smtp-relay.example>", "ts_epoch": AT * 1000}
    return Post("/hooks/mail/brevo/tracking/", json.dumps(common | event).encode(), headers=basic())


def brevo_inbound(**more: Any) -> Post:
    """Two mails, taken apart."""
    item = {
        "Uuid": ["bd5ed7d5-b6b0-4b1c-9a22-0d1ff6b35f7d"],
        "Headers": {
            "From": "Anna <anna@mail.example>",
            "To": "support@northlight.example.test",
            "Subject": "Deposit",
            "Return-Path": "<bounce@mail.example>",
            "Delivered-To": "<support@northlight.example.test>",
            "Received": ["by mx1.example", "by mx2.example"],
        },
        "RawTextBody": "Where is my deposit?",
        "RawHtmlBody": "<p>Where?</p>",
        "SpamScore": 0.5,
        "Attachments": [],
    } | more
    return Post(
        "/hooks/mail/brevo/inbound/",
        json.dumps({"items": [item, item | {"RawTextBody": "And?"}]}).encode(),
        headers=basic(),
    )


# Mandrill (mailchimp.com/developer/transactional, "Authenticating webhook requests") --------------------------------------


def mandrill(events: list[dict[str, Any]], *, url: str, key: str = KEY) -> Post:
    """A batch, signed over the address it is posted to."""
    value = json.dumps(events)
    signed = hmac.new(key.encode(), f"{url}mandrill_events{value}".encode(), hashlib.sha1).digest()
    return Post(
        "/hooks/mail/mandrill/tracking/",
        urlencode({"mandrill_events": value}).encode(),
        "application/x-www-form-urlencoded",
        {"X-Mandrill-Signature": base64.b64encode(signed).decode()},
    )
