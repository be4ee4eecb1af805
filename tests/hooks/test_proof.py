"""N-03, N-04: what is not proved to be a provider's leaves no row, and nothing says why."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core.checks import Error
from django.test import Client
from pytest_django import Settings

from tests.hooks import posts
from tests.hooks.posts import HOOKS, KEY, LOGIN, SVIX, Post
from tests.hooks.storing import rows
from tests.world import NOON
from trustdesk.channels import provider_hooks, providers
from trustdesk.channels.provider_views import PROVIDERS
from trustdesk.hooks.checks import hooks_are_proved
from trustdesk.seams import clock

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("hooks", "at_once"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]

SENT = {
    "postmark": posts.postmark_inbound(),
    "postmark_event": posts.postmark_event(**posts.DELIVERED),
    "mailgun_mime": posts.mailgun_mime(),
    "mailgun_parsed": posts.mailgun_parsed([("attachment-1", "a.txt", "text/plain", b"a")]),
    "mailgun_event": posts.mailgun_event(),
    "sendgrid": posts.sendgrid_inbound(),
    "sendgrid_events": posts.sendgrid_events({"event": "delivered"}),
    "ses": posts.ses_inbound(),
    "resend": posts.resend("tracking", {"type": "email.delivered", "data": {"email_id": "1", "to": ["a@b.example"]}}),
    "resend_inbound": posts.resend("inbound", {"type": "email.received", "data": {"email_id": "1"}}),
    "brevo": posts.brevo_inbound(),
    "brevo_event": posts.brevo_event(event="delivered"),
    "mandrill": posts.mandrill([], url="http://localhost:8000/hooks/mail/mandrill/tracking/"),
}


@pytest.mark.parametrize("name", SENT)
def test_what_is_proved_is_taken_once(name: str) -> None:
    assert [SENT[name].send().status_code for _ in range(3)] == [200] * 3
    assert rows() == 1


def forged(sent: Post) -> dict[str, Post]:
    """Ways to post what is not the provider's."""
    ways = {
        "without any": replace(sent, headers={}),
        "empty": replace(sent, body=b"{}"),
        "no JSON": replace(sent, body=b"\xff"),
    }
    for name, value in sent.headers.items():
        if name.startswith("svix-t") or name.endswith("Timestamp"):
            ways[f"{name} ahead"] = replace(sent, headers=sent.headers | {name: str(int(value) + 1)})
        elif "sns" not in name and name != "svix-id":
            ways[f"{name} truncated"] = replace(sent, headers=sent.headers | {name: value[:-4]})
            if "ignature" not in name or "andrill" in name:  # the others are a list, or end at the first "="
                ways[f"{name} doubled"] = replace(sent, headers=sent.headers | {name: f"{value},{value}"})
            ways[f"{name} blank"] = replace(sent, headers=sent.headers | {name: ""})
    if any("ignature" in name for name in sent.headers) and sent.body.startswith((b"{", b"[")):
        ways["written anew"] = replace(sent, body=json.dumps(json.loads(sent.body), indent=1).encode())
        ways["with a blank"] = replace(sent, body=sent.body + b" ")
    if "Authorization" in sent.headers:
        for login in ("hooks:", ":", "hooks:wrong-horse-battery-stap", LOGIN + "x", LOGIN[:-1], LOGIN.upper()):
            ways[f"as {login}"] = replace(sent, headers=sent.headers | posts.basic(login))
        ways["as bearer"] = replace(sent, headers={"Authorization": f"Bearer {LOGIN}"})
    return ways


def cases() -> list[tuple[str, str, Post]]:
    """List all of those, with names; a body that is not signed may be any."""
    found = []
    for name, sent in SENT.items():
        unsigned = "Authorization" in sent.headers and "X-Twilio-Email-Event-Webhook-Signature" not in sent.headers
        for way, post in forged(sent).items():
            if way in ("empty", "no JSON") and unsigned and name != "ses":
                continue
            if way == "without any" and not sent.headers:
                continue  # its signature stands in the body
            found.append((name, way, post))
    return found


CASES = cases()


@pytest.mark.parametrize(("name", "way", "post"), CASES, ids=[f"{name}-{way}" for name, way, _ in CASES])
def test_what_is_not_proved_leaves_no_row(name: str, way: str, post: Post, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = post.send()
    assert (answer.status_code, getattr(answer, "content", None)) == (401, b"")
    assert rows() == 0
    assert "WWW-Authenticate" in answer.headers
    assert not answer.cookies
    assert not [word for word in ("anna@", LOGIN, KEY, "deposit") if word in caplog.text]


@pytest.mark.parametrize(
    "signature",
    [
        posts.mailgun_signature(key="key-of-somebody-else-0123456789"),
        posts.mailgun_signature() | {"signature": ""},
        posts.mailgun_signature() | {"signature": posts.mailgun_signature()["signature"]},
        posts.mailgun_signature() | {"token": "other"},
        posts.mailgun_signature() | {"timestamp": str(posts.AT + 1)},
        posts.mailgun_signature(at=posts.AT + 301),
        posts.mailgun_signature(at=posts.AT - 9 * 3600 - 1),
        {key: value[:-1] for key, value in posts.mailgun_signature().items()},
        {"timestamp": ["1"], "token": {"a": 1}, "signature": None},
        {"timestamp": "é", "token": "é", "signature": "é"},
        {},
    ],
)
def test_a_signature_of_mailgun_that_is_not_right_is_refused(signature: dict[str, str]) -> None:
    sent = posts.mailgun_event(signature=signature or {"none": ""})
    assert sent.send().status_code == 401
    if all(isinstance(value, str) for value in signature.values()):
        mime = {"recipient": "support@northlight.example.test", "body-mime": posts.MIME} | signature
        assert Post("/hooks/mail/mailgun/inbound/", *posts.form(mime)).send().status_code == 401
    assert rows() == 0


def test_a_signed_word_counts_once_whatever_it_is_sent_with() -> None:
    """Mailgun signs no content: whoever saw one signature could put anything below it."""
    assert posts.mailgun_mime(token="a" * 50).send().status_code == 200
    assert posts.mailgun_mime(posts.MIME.replace(b"deposit", b"refund!"), token="a" * 50).send().status_code == 200
    assert rows() == 1


@pytest.mark.parametrize("hours", [1, 8])
def test_what_mailgun_brings_hours_late_is_taken(hours: int) -> None:
    sent = posts.mailgun_mime()
    with clock.frozen(NOON + timedelta(hours=hours)):
        assert sent.send().status_code == 200
    assert rows() == 1


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_signed_at_another_time_is_refused(minutes: int) -> None:
    """N-05, of signatures that are made anew for each attempt."""
    with clock.frozen(NOON + timedelta(minutes=minutes)):
        for name in ("resend", "resend_inbound", "sendgrid_events"):
            assert SENT[name].send().status_code == 401, name
    assert rows() == 0


def test_one_providers_proof_is_none_at_another(settings: Settings) -> None:
    settings.MAIL_HOOKS = [HOOKS[0], "anymail+brevo://?api_key=x&webhook_secret=brevo:another-secret-of-ours"]
    for provider, sent in (("brevo", SENT["postmark"]), ("brevo", SENT["postmark_event"])):
        about = sent.path.split("/")[-2]
        assert replace(sent, path=f"/hooks/mail/{provider}/{about}/").send().status_code == 401
    assert rows() == 0


def test_while_a_secret_changes_both_are_good(settings: Settings) -> None:
    new = "hooks:a-new-password-of-ours"
    settings.MAIL_HOOKS = [HOOKS[0], f"anymail+postmark://?webhook_secret={new}"]
    assert posts.postmark_event(**posts.DELIVERED).send().status_code == 200
    assert posts.postmark_event(**posts.BOUNCED).send(**posts.basic(new)).status_code == 200
    assert posts.postmark_event(**posts.BOUNCED).send(**posts.basic("hooks:neither-of-the-two")).status_code == 401
    assert rows() == 2


def test_unknown_and_disabled_look_the_same(settings: Settings) -> None:
    settings.MAIL_HOOKS = ["anymail+postmark://?server_token=x", "anymail+resend://?api_key=x&signing_secret="]
    answers = set()
    for provider in ("postmark", "resend", "mailgun", "unheard_of", "sendinblue", "base"):
        for about in ("inbound", "tracking", "inbound_mime", "other"):
            answer = replace(SENT["postmark"], path=f"/hooks/mail/{provider}/{about}/").send()
            answers.add((answer.status_code, getattr(answer, "content", b""), str(sorted(answer.headers.items()))))
    assert [status for status, _, _ in answers] == [404]
    assert rows() == 0


def test_head_finds_somebody_and_get_nobody() -> None:
    assert Client().head("/hooks/mail/postmark/inbound/").status_code == 200
    assert Client().head("/hooks/mail/mailjet/inbound/").status_code == 404
    assert Client().get("/hooks/mail/postmark/inbound/").status_code == 405
    assert rows() == 0


def test_json_made_to_be_expensive_is_refused_before_it_is_read() -> None:
    for body in (b"[" * 100_000, b'{"a":' * 5000, b"[" + b"[]," * 150_000 + b"[]]", b'"' + b'\\"' * 2_000_000):
        sent = Post("/hooks/mail/mailgun/tracking/", body)
        assert sent.send().status_code == 401
    assert rows() == 0
    bomb = provider_hooks.Hook(
        "unisender_go", "tracking", "/x/", "", "multipart/form-data", {}, b" [" + b"[]," * 100_000
    )
    with pytest.raises(ValueError, match="too much"):
        provider_hooks.sane_json(bomb)


# What is set up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "anymail+postmark://?webhook_secret=",
        "anymail+postmark://?webhook_secret=short:one",
        "anymail+postmark://?webhook_secret=no-colon-in-this-one",
        "anymail+postmark://?webhook_secret=:password-without-a-name",
        "anymail+mailgun://?webhook_signing_key=",
        "anymail+mailgun://?webhook_signing_key=&webhook_secret=hooks:correct-horse-battery",
        "anymail+sendgrid://?tracking_webhook_verification_key=no-key-at-all-of-any-kind",
        "anymail+resend://?api_key=x&inbound_secret=whsec_no*base64*at*all*",
        "anymail+unheard_of://?webhook_secret=hooks:correct-horse-battery",
    ],
)
def test_a_secret_that_is_none_switches_the_endpoint_off_and_start_up_fails(address: str, settings: Settings) -> None:
    """N-04: closed, and red."""
    settings.MAIL_HOOKS = [address]
    provider = address.partition("+")[2].partition(":")[0]
    found = hooks_are_proved(None)
    assert [one.id for one in found if isinstance(one, Error)]
    assert "correct-horse" not in str(found)
    off = {about for about in ("inbound", "tracking") if provider_hooks.find(provider, about) is None}
    assert off >= ({"tracking"} if provider == "sendgrid" else {"inbound"})


def test_a_way_out_without_hooks_only_warns(settings: Settings) -> None:
    settings.MAIL_HOOKS = ["anymail+postmark://?server_token=x"]
    assert [one.id for one in hooks_are_proved(None)] == ["trustdesk.W002"] * 2
    settings.MAIL_HOOKS = HOOKS[:2]
    assert hooks_are_proved(None) == []
    settings.MAIL_HOOKS = []
    assert hooks_are_proved(None) == []


def test_every_provider_of_the_table_can_be_set_up() -> None:
    options = {
        "webhook_secret": LOGIN,
        "api_key": KEY,
        "api_token": KEY,
        "webhook_key": KEY,
        "webhook_signing_key": KEY,
        "signing_secret": SVIX,
        "inbound_secret": SVIX,
        "tracking_secret": KEY,
        "tracking_webhook_verification_key": posts.EC_PUBLIC,
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
    addresses = [f"anymail+{provider}://?{query}" for provider in PROVIDERS]
    assert provider_hooks.problems(addresses) == []
    assert len(PROVIDERS) == 13


def test_what_is_kept_holds_no_password() -> None:
    hook = provider_hooks.Hook(
        "postmark", "inbound", "/x/", "", "application/json", {"authorization": LOGIN, "a": "b"}, b""
    )
    assert "horse" not in json.dumps(hook.envelope())


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("anymail+amazon_ses://?a=b", ("amazon_ses", {"a": "b"})),
        ("anymail+resend://?key=a+b%2F/=&x=", ("resend", {"key": "a+b//=", "x": ""})),
    ],
)
def test_a_providers_address_is_taken_apart_as_it_was_written(address: str, found: tuple[str, dict[str, str]]) -> None:
    assert providers.taken_apart(address) == found
    for wrong in ("anymail+://?a=b", "anymail+x", "anymail+x://host?a=b", "x://?a=b"):
        with pytest.raises(ValueError, match="anymail"):
            providers.taken_apart(wrong)
