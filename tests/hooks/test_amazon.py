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

from tests.hooks import authority, posts
from tests.hooks.posts import CERTIFICATE_URL, LOGIN, TOPIC, Amazon, Post
from tests.hooks.storing import claimed, rows
from tests.world import NOON
from trustdesk.channels import amazon_certificates, amazon_sns, provider_hooks, provider_mail, provider_views
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
ROOTS = amazon_certificates.roots  # before the fixture puts the tests' own in its place
NOT_SNS = (
    "sns.amazonaws.com.evil.example", "sqs.amazonaws.com", "sns.eu-west-1.amazonaws.com", "sns.us-west-2.amazonaws.com.cn",
    "*.amazonaws.com", "bucket.s3.amazonaws.com",
)  # fmt: skip
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
    made = Amazon({CERTIFICATE_URL: authority.certificate(), authority.ISSUER_URL: authority.between()})
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
    assert amazon.asked == [CERTIFICATE_URL, authority.ISSUER_URL]
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
    amazon.files[url] = authority.certificate(OTHER_KEY)
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
    ("certificate", "key"),
    [
        (authority.certificate(begins=NOON - timedelta(days=400)), posts.RSA_KEY),
        (authority.certificate(begins=NOON + timedelta(seconds=1)), posts.RSA_KEY),
        (authority.certificate(SMALL_KEY), SMALL_KEY),
        (authority.certificate(OTHER_KEY), posts.RSA_KEY),
        (b"", posts.RSA_KEY),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", posts.RSA_KEY),
        (authority.certificate() * 5, posts.RSA_KEY),
        *((authority.certificate(name=name), posts.RSA_KEY) for name in NOT_SNS),
        (authority.certificate(issuer_at=""), posts.RSA_KEY),
        (authority.certificate(issuer=OTHER_KEY), posts.RSA_KEY),  # it names the right issuer, who knows nothing of it
        (authority.certificate(issuer=OTHER_KEY) + authority.pem(authority.between(key=OTHER_KEY, by=OTHER_KEY)), posts.RSA_KEY),
        (authority.self_signed(), posts.RSA_KEY),
        (authority.self_signed() + authority.self_signed(), posts.RSA_KEY),
        (HttpFailed("status_404", permanent=True, status=404), posts.RSA_KEY),
    ],
)
def test_a_certificate_that_is_no_good(
    certificate: bytes | Exception, key: rsa.RSAPrivateKey, amazon: Amazon
) -> None:
    amazon.files[CERTIFICATE_URL] = certificate
    assert sent(WHOLE, key=key).send().status_code == 401
    assert rows() == 0


@pytest.mark.parametrize("url", [CERTIFICATE_URL, authority.ISSUER_URL])
@pytest.mark.parametrize(
    "failure", [HttpFailed("timeout", permanent=False), HttpFailed("status_503", permanent=False, status=503)]
)
def test_where_a_certificate_cannot_be_fetched_amazon_is_told_to_come_again(
    url: str, failure: HttpFailed, amazon: Amazon
) -> None:
    """401 would be for good."""
    good, amazon.files[url] = amazon.files[url], failure
    assert sent(WHOLE).send().status_code == 503
    assert rows() == 0
    amazon.files[url] = good
    assert sent(WHOLE).send().status_code == 200


@pytest.mark.parametrize(
    "issuer",
    [
        authority.between(by=OTHER_KEY),  # of somebody who calls himself as our root does
        authority.between(days=59),  # that has ended
        authority.between(key=OTHER_KEY),
        b"<html>",
    ],
)
def test_an_issuer_for_whom_no_root_vouches_is_none(issuer: bytes, amazon: Amazon) -> None:
    amazon.files[authority.ISSUER_URL] = issuer
    assert sent(WHOLE).send().status_code == 401


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/r2m01.cer",
        "http://crt.r2m01.amazontrust.com.evil.example/r2m01.cer",
        "http://evil.example/crt.r2m01.amazontrust.com/r2m01.cer",
        "http://crt.r2m01.amazontrust.com@evil.example/r2m01.cer",
        "http://crt.r2m01.amazontrust.com:8080/r2m01.cer",
        "http://169.254.169.254/r2m01.cer",
        "ldap://crt.r2m01.amazontrust.com/r2m01.cer",
    ],
)
def test_an_issuer_is_asked_for_nowhere_else(url: str, amazon: Amazon) -> None:
    amazon.files |= {CERTIFICATE_URL: authority.certificate(issuer_at=url), url: authority.between()}
    assert sent(WHOLE).send().status_code == 401
    assert amazon.asked == [CERTIFICATE_URL]


def test_a_file_may_hold_the_issuers_certificate_too(amazon: Amazon) -> None:
    amazon.files = {CERTIFICATE_URL: authority.certificate(issuer_at="") + authority.pem(authority.between())}
    assert sent(WHOLE).send().status_code == 200


def test_the_names_of_sns_are_those_of_the_topics_region() -> None:
    """As Amazon's own library has them (aws-sdk-java-v2, sns-message-manager)."""
    for region, name in (
        ("us-west-2", "sns.amazonaws.com"),
        ("eu-south-1", "sns-signing.eu-south-1.amazonaws.com"),
        ("us-gov-east-1", "sns-us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "sns-cn-north-1.amazonaws.com.cn"),
    ):
        assert name in amazon_certificates.names(region)
        good = authority.certificate(name=name)
        found = amazon_certificates.checked(good, region=region, now=NOON, fetch=lambda url: authority.between())
        assert found.key.public_numbers() == posts.RSA_KEY.public_key().public_numbers()
    assert "sns.amazonaws.com" not in amazon_certificates.names("cn-north-1") | amazon_certificates.names("us-gov-west-1")


def test_the_roots_are_amazons_and_of_our_own_trust_store() -> None:
    assert ROOTS()  # there are some, and all can be read


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
