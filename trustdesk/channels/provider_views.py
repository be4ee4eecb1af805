"""django-anymail's views of web hooks, one provider a row, put to our use: they verify and translate, and never answer.

Three things in their modules are replaced by ours: the mail they make (`provider_bytes`), the way they fetch what a hook only
names (through `net.http`, with its limits and its guard), and where a library is not installed, what they would need of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import orjson
from anymail.exceptions import _LazyError
from anymail.webhooks import amazon_ses
from anymail.webhooks.base import AnymailBaseWebhookView
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.datastructures import CaseInsensitiveMapping

from trustdesk.channels import amazon_sns, provider_bytes
from trustdesk.net.http import Http, HttpFailed, Limits
from trustdesk.seams import clock

FETCHED = 40 * 1024 * 1024  # bytes of a mail or a file that a hook only names
INBOUND, TRACKING = "inbound", "tracking"
_MINUTES = 60.0

Stamp = Callable[[HttpRequest], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: its views, and which settings beside `webhook_secret` prove that a hook is his.

    `stamp` returns what a signature covers besides the content: its time in seconds since 1970, and a word that is signed in
    the content's place and used once, else blank. `patience`: seconds that the time may be old.
    """

    views: str  # what their names begin with
    inbound: tuple[str, ...] | None = ()
    tracking: tuple[str, ...] = ()
    combined: bool = False  # one view for both
    stamp: Stamp | None = None
    stamped: tuple[str, ...] = (INBOUND, TRACKING)
    patience: float = 5 * _MINUTES


def _mailgun_stamp(request: HttpRequest) -> tuple[str, str]:
    signed = orjson.loads(request.body)["signature"] if request.content_type == "application/json" else request.POST
    return str(signed["timestamp"]), str(signed["token"])


def _header_stamp(name: str) -> Stamp:
    return lambda request: (request.headers[name], "")


PROVIDERS: Mapping[str, Provider] = {
    # Signed by Amazon, which signs for anybody: the name of our topic, or the secret, says that it is meant for us.
    "amazon_ses": Provider("AmazonSES", ("topic_arn",), ("topic_arn",)),
    "brevo": Provider("Brevo"),
    "mailersend": Provider("MailerSend", ("inbound_secret",), ("signing_secret",)),
    # It tries again for eight hours, with the first signature as far as anybody knows, and delivers late when it is busy.
    # Its signature covers no content, so each of its words counts once.
    "mailgun": Provider(
        "Mailgun",
        ("webhook_signing_key",),
        ("webhook_signing_key",),
        stamp=_mailgun_stamp,
        patience=9 * 60 * _MINUTES,
    ),
    "mailjet": Provider("Mailjet"),
    "mailtrap": Provider("Mailtrap", ("inbound_secret",), ("tracking_secret",)),
    "mandrill": Provider("Mandrill", ("webhook_key",), ("webhook_key",), combined=True),
    "postal": Provider("Postal", ("webhook_key",), ("webhook_key",)),
    "postmark": Provider("Postmark"),
    "resend": Provider("Resend", ("inbound_secret",), ("signing_secret",), stamp=_header_stamp("svix-timestamp")),
    "sendgrid": Provider(
        "SendGrid",
        (),
        ("tracking_webhook_verification_key",),
        stamp=_header_stamp("X-Twilio-Email-Event-Webhook-Timestamp"),
        stamped=(TRACKING,),
    ),
    "sparkpost": Provider("SparkPost"),
    "unisender_go": Provider("UnisenderGo", None, ("api_key",)),
}


def secrets_of(provider: str, about: str) -> tuple[str, ...] | None:
    """Name the settings that prove a provider's hooks, beside `webhook_secret`; None: it has no such hooks."""
    found = PROVIDERS[provider]
    return found.inbound if about == INBOUND else found.tracking


def view(provider: str, about: str, options: Mapping[str, str]) -> Any:
    """Return the provider's view. Raises what django-anymail raises where a setting is missing or of no use."""
    row = PROVIDERS[provider]
    own = _OWN.get((provider, about))
    kind = "Combined" if row.combined else about.capitalize()
    module = _module(provider)
    return (own or getattr(module, f"{row.views}{kind}WebhookView"))(**options)


@cache
def _module(provider: str) -> Any:
    module = import_module(f"anymail.webhooks.{provider}")
    module.AnymailInboundMessage = provider_bytes.ProviderMessage  # type: ignore[attr-defined]
    if hasattr(module, "requests"):
        module.requests = Door()  # type: ignore[attr-defined]
    if provider in ("sparkpost", "postal"):  # they take a mail's bytes for UTF-8
        module.b64decode = provider_bytes.from_base64  # type: ignore[attr-defined]
    if isinstance(getattr(module, "SvixWebhook", None), _LazyError):
        module.SvixWebhook, module.WebhookVerificationError = StandardWebhook, Unsigned  # type: ignore[attr-defined]
    return module


class Door:
    """What the views know as `requests`."""

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, stream: bool = False) -> Answer:
        """Fetch; whether it is streamed makes no difference: it is bounded. Raises HttpFailed."""
        return Answer(_http().request("GET", url, headers=headers))


@lru_cache(maxsize=1)
def _http() -> Http:
    return Http(limits=Limits(max_bytes=FETCHED, redirects=3))


class Answer:
    """What they know as its response."""

    def __init__(self, response: Any) -> None:
        self.content: bytes = response.body
        self.headers = CaseInsensitiveMapping(response.headers)
        self._response = response

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def raise_for_status(self) -> None:
        """Raise HttpFailed for any status but 2xx."""
        if not 200 <= self._response.status < 300:
            raise HttpFailed(f"status_{self._response.status}", permanent=True, status=self._response.status)

    def json(self) -> Any:
        """Read the answer as JSON; raises HttpFailed."""
        return self._response.json()

    def iter_content(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Yield the answer."""
        yield self.content


class Unsigned(Exception):
    """A hook without a signature of the secret."""


class StandardWebhook:
    """Signatures as Standard Webhooks has them, which Svix and so Resend use (standardwebhooks.com, "Signature scheme")."""

    def __init__(self, secret: str) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)

    def verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Raise Unsigned unless one of the signatures is right; how old it is, is looked at elsewhere."""
        signed = f"{headers.get('svix-id')}.{headers.get('svix-timestamp')}.".encode() + body
        right = "v1," + base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        # Not any(…): every one is compared, whichever is right.
        if not [one for one in headers.get("svix-signature", "").split() if constant_time_compare(one, right)]:
            raise Unsigned


class _Sns:
    """Amazon's hooks without Amazon's library, which only mail kept in S3 would need."""

    warn_if_no_basic_auth = False  # the topic will do
    topic_arn = ""

    def __init__(self, **options: str) -> None:
        AnymailBaseWebhookView.__init__(self, **options)
        if self.topic_arn and not amazon_sns.is_topic(self.topic_arn):
            raise ValueError("topic_arn")

    def validate_request(self, request: HttpRequest) -> None:
        """Raise NotSigned unless Amazon SNS signed it, for our topic where one is set; CannotTell where that is not known now."""
        message = orjson.loads(request.body)
        amazon_sns.verify(message, topic=self.topic_arn, now=clock.now())

    def auto_confirm_sns_subscription(self, message: Mapping[str, Any]) -> None:
        """Confirm that the topic may post to us: it is the one that is set, or whoever asks has shown the secret that only its
        owner was given."""
        Door().get(amazon_sns.confirms(message)).raise_for_status()


class _SesInbound(_Sns, amazon_ses.AmazonSESInboundWebhookView):  # type: ignore[misc]  # untyped
    pass


class _SesTracking(_Sns, amazon_ses.AmazonSESTrackingWebhookView):  # type: ignore[misc]  # untyped
    pass


_OWN = {("amazon_ses", INBOUND): _SesInbound, ("amazon_ses", TRACKING): _SesTracking}
