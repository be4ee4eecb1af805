"""Amazon SNS: only what it signed, for our topic or with our secret, is taken; its certificate comes from itself or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_django import Settings

from tests.hooks import posts
from tests.hooks.posts import CERTIFICATE_URL, LOGIN, TOPIC, Amazon, Post
from tests.hooks.storing import claimed, rows
from tests.world import NOON
from trustdesk.channels import amazon_sns, provider_hooks, provider_mail, provider_views
from trustdesk.hooks.checks import hooks_are_proved
from trustdesk.net.addresses import Guard
from trustdesk.net.http import Http, HttpFailed
from trustdesk.seams import clock

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("hooks", "at_once"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]
WHOLE: dict[str, Any] = json.loads(posts.ses_inbound().body)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  too small on purpose


def sent(message: dict[str, Any], *, sign: bool = True, key: rsa.RSAPrivateKey = posts.RSA_KEY) -> Post:
    """Post a message of SNS, signed as it is unless told otherwise."""
    whole = posts.sns_signed(message, key=key) if sign else message
    headers = posts.basic() | {
        "x-amz-sns-message-type": str(message["Type"]), "x-amz-sns-message-id": str(message["MessageId"])
    }  # fmt: skip
    return Post("/hooks/mail/amazon_ses/inbound/", json.dumps(whole).encode(), "text/plain; charset=UTF-8", headers)


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Amazon:
    made = Amazon({CERTIFICATE_URL: posts.certificate()})
    monkeypatch.setattr(amazon_sns, "_http", lambda: made)
    amazon_sns.forget()
    return made


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Receipt Notification"}, {"Subject": "主题\nx"}])
def test_what_amazon_signed_is_taken_and_its_certificate_fetched_once(
    version: str, more: dict[str, str], amazon: Amazon
) -> None:
    assert sent(WHOLE | more | {"SignatureVersion": version}).send().status_code == 200
    assert sent(WHOLE | {"MessageId": "another", "SignatureVersion": version}).send().status_code == 200
    assert amazon.asked == [CERTIFICATE_URL]
    assert rows() == 2


@pytest.mark.parametrize("field", ["Message", "MessageId", "Timestamp", "TopicArn", "Type", "Subject"])
def test_one_changed_word_is_enough(field: str, amazon: Amazon) -> None:
    signed = posts.sns_signed(WHOLE | {"Subject": "x"})
    changed = {"Type": "UnsubscribeConfirmation", "TopicArn": TOPIC + "2"}.get(field, f"{signed[field]} ")
    assert sent(signed | {field: changed}, sign=False).send().status_code == 401
    assert rows() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"Signature": ""}, {"Signature": "EXAMPLE"}, {"Signature": "A" * 344}, {"Signature": 7}, {"Signature": None},
        {"SignatureVersion": "3"}, {"SignatureVersion": ""}, {"SignatureVersion": "1"}, {"SignatureVersion": None},
        {"SigningCertURL": ""}, {"SigningCertURL": None}, {"TopicArn": "arn:aws:sns:us-west-2:123456789012:hooks:x"},
    ],
)  # fmt: skip
def test_what_is_not_signed_as_amazon_does_is_refused(change: dict[str, Any], amazon: Amazon) -> None:
    assert sent(posts.sns_signed(WHOLE) | change, sign=False).send().status_code == 401
    assert sent(WHOLE, key=OTHER_KEY).send().status_code == 401
    assert rows() == 0


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace("us-west-2", "eu-west-1"),  # another region than the topic's
        CERTIFICATE_URL.replace("sns.us-west-2", "s3.us-west-2"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE_URL.replace("sns.us-west-2.amazonaws.com", "evil.example"),
        CERTIFICATE_URL.replace("sns.us-west-2.amazonaws.com", "sns.us-west-2.amazonaws.com@evil.example"),
        CERTIFICATE_URL.replace("sns.us-west-2.amazonaws.com", "sns.us-west-2.amazonaws.com:8443"),
        CERTIFICATE_URL.replace("sns.us-west-2.amazonaws.com", "evil.example/sns.us-west-2.amazonaws.com"),
        CERTIFICATE_URL.replace("SimpleNotificationService-", "../bucket/SimpleNotificationService-"),
        CERTIFICATE_URL.replace(".pem", ".pem?x=1"),
        CERTIFICATE_URL.replace(".pem", ".pem#x"),
        CERTIFICATE_URL + "\n",
        "https://169.254.169.254/SimpleNotificationService-" + "0a" * 16 + ".pem",
        "file:///SimpleNotificationService-" + "0a" * 16 + ".pem",
    ],
)
def test_no_certificate_is_fetched_from_anywhere_else(url: str, amazon: Amazon) -> None:
    amazon.files[url] = posts.certificate(OTHER_KEY)
    assert sent(WHOLE | {"SigningCertURL": url}, key=OTHER_KEY).send().status_code == 401
    assert amazon.asked == []


def test_the_door_reaches_no_inside_even_where_amazons_name_leads_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for inside in ("127.0.0.1", "169.254.169.254", "10.0.0.7"):
        http = Http(guard=Guard(resolve=lambda host, port, to=inside: [to]))  # type: ignore[misc]
        monkeypatch.setattr(amazon_sns, "_http", lambda http=http: http)
        amazon_sns.forget()
        assert sent(WHOLE).send().status_code == 401
        http.close()


@pytest.mark.parametrize(
    ("certificate", "status"),
    [
        (posts.certificate(begins=NOON - timedelta(days=400)), 401),
        (posts.certificate(begins=NOON + timedelta(days=1)), 401),
        (posts.certificate(SMALL_KEY), 401),
        (posts.certificate(OTHER_KEY), 401),
        (b"", 401),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 401),
        (HttpFailed("status_404", permanent=True, status=404), 401),
        (HttpFailed("timeout", permanent=False), 503),
        (HttpFailed("status_503", permanent=False, status=503), 503),
    ],
)
def test_a_certificate_that_is_no_good(certificate: bytes | Exception, status: int, amazon: Amazon) -> None:
    """Where it cannot be fetched just now, Amazon is told to come again: 401 would be for good."""
    amazon.files[CERTIFICATE_URL] = certificate
    key = SMALL_KEY if certificate == posts.certificate(SMALL_KEY) else posts.RSA_KEY
    answer = sent(WHOLE, key=key).send()
    assert answer.status_code == status
    assert rows() == 0
    amazon.files[CERTIFICATE_URL] = posts.certificate()
    if isinstance(certificate, Exception):
        assert sent(WHOLE).send().status_code == 200


def test_a_certificate_is_asked_for_again_after_a_day(amazon: Amazon) -> None:
    assert sent(WHOLE).send().status_code == 200
    amazon.files[CERTIFICATE_URL] = HttpFailed("status_404", permanent=True, status=404)
    with clock.frozen(NOON + timedelta(hours=23)):
        assert sent(WHOLE).send().status_code == 200
    with clock.frozen(NOON + timedelta(hours=25)):
        assert sent(WHOLE).send().status_code == 401


def test_who_does_not_know_the_secret_makes_us_fetch_nothing(amazon: Amazon) -> None:
    post = sent(WHOLE)
    assert replace(post, headers=post.headers | posts.basic("hooks:wrong")).send().status_code == 401
    assert amazon.asked == []


def test_the_topic_stands_in_place_of_a_secret(settings: Settings, amazon: Amazon) -> None:
    settings.MAIL_HOOKS = [f"anymail+amazon_ses://?topic_arn={TOPIC}"]
    assert hooks_are_proved(None) == []
    post = sent(WHOLE)
    bare = {name: value for name, value in post.headers.items() if name != "Authorization"}
    assert replace(post, headers=bare).send().status_code == 200
    other = TOPIC.replace("123456789012", "210987654321")  # somebody else's, signed by Amazon as well
    assert replace(sent(WHOLE | {"TopicArn": other}), headers=bare).send().status_code == 401
    assert rows() == 1


def test_a_secret_and_a_topic_are_both_asked_for(settings: Settings, amazon: Amazon) -> None:
    settings.MAIL_HOOKS = [f"anymail+amazon_ses://?topic_arn={TOPIC}&webhook_secret={LOGIN}"]
    post = sent(WHOLE)
    assert replace(post, headers=post.headers | {"Authorization": ""}).send().status_code == 401
    assert sent(WHOLE | {"TopicArn": TOPIC + "2"}).send().status_code == 401
    assert post.send().status_code == 200


@pytest.mark.parametrize("topic", ["hooks-without-a-region", "arn:aws:sqs:us-west-2:123456789012:hooks", TOPIC + ":x"])
def test_a_topic_that_is_none_switches_the_endpoint_off(topic: str, settings: Settings) -> None:
    settings.MAIL_HOOKS = [f"anymail+amazon_ses://?topic_arn={topic}"]
    assert provider_hooks.find("amazon_ses", "inbound") is None
    assert [one.id for one in hooks_are_proved(None)] == ["trustdesk.E002"] * 2


def confirmation(url: str, **more: Any) -> dict[str, Any]:
    whole = {name: value for name, value in WHOLE.items() if name != "Signature"}
    return whole | {"Type": "SubscriptionConfirmation", "Message": "x", "SubscribeURL": url, "Token": "t"} | more


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_subscription_is_confirmed_where_amazon_asks_for_it(version: str, amazon: Amazon) -> None:
    asked: list[str] = []

    class Net:
        def request(self, method: str, url: str, *, headers: object = None) -> Any:
            asked.append(url)
            return mock.Mock(body=b"<ok/>", headers={}, status=200)

    good = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=t"
    with mock.patch.object(provider_views, "_http", return_value=Net()):
        assert provider_mail.events(claimed(sent(confirmation(good, SignatureVersion=version)))) == []
        assert asked == [good]
        for part in ("SubscribeURL", "Token"):
            changed = posts.sns_signed(confirmation(good)) | {part: good + "x"}
            assert sent(changed, sign=False).send().status_code == 401
        for bad in (good.replace("us-west-2", "eu-west-1"), good.replace("sns.", "sqs."), "https://evil.example/?x"):
            with pytest.raises(provider_mail.HookUnreadable):
                provider_mail.events(claimed(sent(confirmation(bad, MessageId=bad[-20:]))))
    assert asked == [good]


def test_the_end_of_a_subscription_changes_nothing(amazon: Amazon) -> None:
    message = confirmation("https://sns.us-west-2.amazonaws.com/?x") | {"Type": "UnsubscribeConfirmation"}
    assert provider_mail.events(claimed(sent(message))) == []
