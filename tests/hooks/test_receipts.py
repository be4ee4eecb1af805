"""What became of mails of ours, in the words of six providers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.hooks import posts
from tests.hooks.posts import BOUNCED, DELIVERED, Post
from tests.hooks.storing import claimed
from trustdesk.channels import provider_mail
from trustdesk.channels.provider_mail import ProviderReceipt

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("hooks", "at_once"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]

ANNA = "anna@mail.example"


def receipts(sent: Post) -> list[ProviderReceipt]:
    found = provider_mail.unpack(claimed(sent))
    assert {one.recipient for one in found} <= {ANNA}
    return found


def ses(kind: str, **about: Any) -> Post:
    mail = {"messageId": "ses-1", "destination": [ANNA], "timestamp": "2026-11-23T12:00:00.000Z"}
    return posts.sns("tracking", {"eventType": kind, "mail": mail, kind.lower(): about})


def resend(kind: str, **more: Any) -> Post:
    return posts.resend("tracking", {"type": kind, "data": {"email_id": "re-1", "to": [ANNA]} | more})


MAILGUN_FAILED = {
    "event": "failed",
    "reason": "bounce",
    "delivery-status": {"code": 550, "message": "5.1.1 no such user"},
}


@pytest.mark.parametrize(
    ("sent", "state", "hard", "status"),
    [
        (posts.postmark_event(**DELIVERED), "delivered", False, ""),
        (posts.postmark_event(**BOUNCED), "bounced", True, "5.1.1"),
        (posts.postmark_event(**BOUNCED | {"Type": "SoftBounce", "Details": "5.2.2 full"}), "bounced", False, "5.2.2"),
        (posts.postmark_event(**BOUNCED | {"Type": "Transient", "Details": "4.7.1 later"}), "deferred", False, "4.7.1"),
        (posts.postmark_event(**BOUNCED | {"Type": "Blocked", "Details": ""}), "rejected", True, "blocked"),
        (
            posts.postmark_event(**BOUNCED | {"RecordType": "SpamComplaint", "Type": "SpamComplaint"}),
            "complained",
            False,
            "5.1.1",
        ),
        (posts.mailgun_event(), "delivered", False, ""),
        (posts.mailgun_event(**MAILGUN_FAILED, severity="permanent"), "bounced", True, "5.1.1"),
        (posts.mailgun_event(**MAILGUN_FAILED, severity="temporary"), "deferred", False, "5.1.1"),
        (posts.mailgun_event(event="complained"), "complained", False, ""),
        (posts.sendgrid_events({"event": "bounce", "status": "5.0.0", "reason": "550 no"}), "bounced", True, "5.0.0"),
        (posts.sendgrid_events({"event": "deferred", "response": "451 4.7.1 later"}), "deferred", False, "4.7.1"),
        (posts.sendgrid_events({"event": "dropped", "reason": "Bounced Address"}), "rejected", True, "bounced"),
        (posts.sendgrid_events({"event": "spamreport"}), "complained", False, ""),
        (ses("Delivery", recipients=[ANNA], smtpResponse="250 2.6.0 ok"), "delivered", False, "2.6.0"),
        (
            ses(
                "Bounce",
                bounceType="Permanent",
                bounceSubType="General",
                bouncedRecipients=[{"emailAddress": ANNA, "diagnosticCode": "smtp; 550 5.1.1 unknown"}],
            ),
            "bounced",
            True,
            "5.1.1",
        ),
        (
            ses(
                "Bounce",
                bounceType="Transient",
                bounceSubType="MailboxFull",
                bouncedRecipients=[{"emailAddress": ANNA}],
            ),
            "bounced",
            False,
            "bounced",
        ),
        (ses("Complaint", complainedRecipients=[{"emailAddress": ANNA}]), "complained", False, "spam"),
        (resend("email.delivered"), "delivered", False, ""),
        (
            resend("email.bounced", bounce={"message": "sent a hard bounce message", "type": "Permanent"}),
            "bounced",
            True,
            "bounced",
        ),
        (resend("email.bounced", bounce={"message": "x", "type": "Transient"}), "bounced", False, "other"),
        (posts.brevo_event(event="delivered"), "delivered", False, ""),
        (posts.brevo_event(event="hard_bounce", reason="550 5.5.0"), "bounced", True, "5.5.0"),
        (posts.brevo_event(event="soft_bounce", reason="full"), "bounced", False, "bounced"),
        (posts.brevo_event(event="spam"), "complained", False, "spam"),
        (posts.brevo_event(event="blocked"), "rejected", True, "blocked"),
    ],
)
def test_each_provider_says_it_in_its_own_words(sent: Post, state: str, hard: bool, status: str) -> None:
    (receipt,) = receipts(sent)
    assert (receipt.state, receipt.hard, receipt.status) == (state, hard, status)
    assert receipt.message_id


@pytest.mark.parametrize(
    "sent",
    [
        posts.postmark_event(RecordType="Open", Recipient=ANNA),
        posts.postmark_event(RecordType="Click", Recipient=ANNA),
        posts.postmark_event(RecordType="Unheard"),
        posts.mailgun_event(event="opened"),
        posts.sendgrid_events({"event": "processed"}, {"event": "click", "url": "https://x.example"}),
        posts.brevo_event(event="request"),
        resend("email.sent"),
    ],
)
def test_nobody_wants_to_know_who_opened_what(sent: Post) -> None:
    assert receipts(sent) == []


def test_a_batch_says_the_same_in_any_order() -> None:
    """What a mail finally is follows from what is said of it (`outbox`), not from what is said last."""
    said: list[dict[str, Any]] = [
        {"event": "delivered"},
        {"event": "bounce", "status": "5.1.1"},
        {"event": "spamreport"},
        {"event": "deferred"},
    ]
    found = {
        frozenset(
            (one.message_id, one.state, one.hard) for one in receipts(posts.sendgrid_events(*order, at=posts.AT + n))
        )
        for n, order in enumerate(itertools.permutations(said))
    }
    assert len(found) == 1
    (states,) = found
    assert {state for _, state, _ in states} == {"delivered", "bounced", "complained", "deferred"}


def test_what_is_said_of_a_mail_cannot_be_long_or_break_a_line() -> None:
    event = BOUNCED | {"Email": "A" * 5000 + "\n@x", "MessageID": "m\r\n" * 500, "Details": "x" * 100_000}
    (receipt,) = provider_mail.unpack(claimed(posts.postmark_event(**event)))
    assert len(receipt.recipient) <= 320
    assert "\n" not in receipt.recipient + receipt.message_id
    assert receipt.status == "bounced"
