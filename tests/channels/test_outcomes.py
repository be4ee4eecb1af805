"""What becomes of our mail: where answers and bounces come back to, and what they change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.channels.test_outbox import Recorder, queue, recorder, row
from tests.world import NOON
from trustdesk.channels import addresses, outbox
from trustdesk.channels.contract import SendFailed
from trustdesk.channels.models import Delivery, Inbox, ReplyAddress
from trustdesk.conversations import correspondence

__all__ = ["recorder"]
pytestmark = pytest.mark.django_db
OURS = addresses.default()


def sent(recorder: Recorder, key: str = "one", **more: Any) -> Delivery:
    queue(key, **({"conversation_id": 7} | more))
    outbox.send_due(now=NOON)
    return row(key)


def token(recorder: Recorder, at: int = -1) -> str:
    """The token in the return path of a mail that was sent."""
    route = addresses.route(recorder.sent[at].bounce_to)
    assert route is not None
    assert route.bounce
    return route.token


def test_the_message_id_is_known_before_sending_the_same_each_time_and_not_to_be_guessed(recorder: Recorder) -> None:
    queue("case:7:1")
    recorder.failures = [SendFailed("timeout")]
    outbox.send_due(now=NOON)
    before = row("case:7:1").message_id
    outbox.send_due(now=NOON + timedelta(minutes=1))
    assert recorder.sent[0].message_id == before == row("case:7:1").message_id
    assert before.endswith(f"@{OURS.rpartition('@')[2]}>")
    assert len(before) > 26
    assert before != sent(recorder, "case:7:2").message_id


def test_a_mail_leaves_as_the_address_it_is_from(recorder: Recorder) -> None:
    legal = Inbox.objects.create(kind="email", name="Legal", address="legal@firm.example")
    addresses.forget()
    outbox.queue(
        key="one", inbox_id=legal.pk, conversation_id=7, purpose="reply", recipient="anna@mail.example", subject="s", text="t",
        now=NOON,
    )  # fmt: skip
    outbox.send_due(now=NOON)
    message = recorder.sent[0]
    assert message.message_id.endswith("@firm.example>")
    assert message.reply_to.startswith("legal+r")
    assert message.bounce_to.startswith("legal+b")
    addresses.forget()


def test_an_answer_finds_its_case_and_its_recipient(recorder: Recorder) -> None:
    sent(recorder, purpose="reply")
    route = addresses.route(recorder.sent[0].reply_to)
    assert route is not None
    owner = correspondence.owners_of_tokens([route.token])[route.token]
    assert (owner.conversation_id, owner.recipient, owner.side) == (7, "anna@mail.example", False)
    assert recorder.sent[0].reply_to == recorder.sent[0].reply_to.lower()


def test_what_a_department_answers_is_told_from_what_the_customer_answers(recorder: Recorder) -> None:
    sent(recorder, purpose="side")
    route = addresses.route(recorder.sent[0].reply_to)
    assert route is not None
    assert correspondence.owners_of_tokens([route.token])[route.token].side
    assert not recorder.sent[0].automatic


@pytest.mark.parametrize(("purpose", "case"), [("code", None), ("code", 7), ("confirm", 7), ("phrase", None), ("reply", None)])
def test_no_answer_address_is_made_for_who_may_be_anybody(recorder: Recorder, purpose: str, case: int | None) -> None:
    sent(recorder, purpose=purpose, conversation_id=case)
    assert recorder.sent[0].reply_to == ""
    assert not ReplyAddress.objects.exists()


@pytest.mark.parametrize(("purpose", "returns"), [("reply", True), ("answer", True), ("opened", False), ("code", False)])
def test_only_what_people_wrote_has_a_return_path(recorder: Recorder, purpose: str, returns: bool) -> None:
    found = sent(recorder, purpose=purpose)
    assert bool(recorder.sent[0].bounce_to) is returns
    assert (found.bounce_hash is not None) is returns


def test_what_it_answers_is_said(recorder: Recorder) -> None:
    sent(recorder, about={"in_reply_to": "<b@x.example>", "references": ["<a@x.example>", "<b@x.example>"]})
    assert recorder.sent[0].in_reply_to == "<b@x.example>"
    assert recorder.sent[0].references == ("<a@x.example>", "<b@x.example>")


def test_a_bounce_is_noted_once_and_only_by_its_token(recorder: Recorder) -> None:
    """E-17: whoever makes a bounce up knows the Message-ID at most."""
    found = sent(recorder, purpose="reply")
    for wrong in ("", "a" * 26, found.message_id, "one"):
        assert outbox.bounced(token=wrong, hard=True, status="5.1.1", now=NOON) is None
    assert row().state == "sent"
    noted = outbox.bounced(token=token(recorder), hard=True, status="5.1.1", now=NOON)
    assert noted is not None
    assert (noted.state, noted.reason, noted.conversation_id) == ("bounced", "hard: 5.1.1", 7)
    assert outbox.bounced(token=token(recorder), hard=True, status="5.1.1", now=NOON) is None, "once"


def test_after_a_bounce_for_good_nothing_more_goes_there_about_this_case(recorder: Recorder) -> None:
    sent(recorder, purpose="reply")
    outbox.bounced(token=token(recorder), hard=True, status="5.1.1", now=NOON)
    assert (sent(recorder, "two", purpose="reply").state, row("two").reason) == ("failed", "suppressed")
    assert sent(recorder, "three", recipient="ANNA@mail.example").state == "failed", "the same mailbox"
    assert sent(recorder, "four", recipient="boris@mail.example").state == "sent", "another address of the case"
    assert sent(recorder, "five", conversation_id=8).state == "sent", "another case of the address"
    assert sent(recorder, "six", conversation_id=None, purpose="code").state == "sent", "signing in"
    assert [message.key for message in recorder.sent] == ["one", "four", "five", "six"]


def test_a_full_mailbox_is_seen_and_tried_again(recorder: Recorder) -> None:
    sent(recorder, purpose="reply")
    outbox.bounced(token=token(recorder), hard=False, status="4.2.2", now=NOON)
    assert (row().state, row().reason) == ("bounced", "soft: 4.2.2")
    assert sent(recorder, "two", purpose="reply").state == "sent"


def test_what_is_given_up_after_a_delay_is_given_up(recorder: Recorder) -> None:
    """A server says "delayed" first, and days later "failed": the second is news, whatever comes in between."""
    sent(recorder, purpose="reply")
    delayed = outbox.bounced(token=token(recorder), hard=False, status="4.4.7", now=NOON)
    assert delayed is not None
    assert outbox.bounced(token=token(recorder), hard=False, status="4.4.7", now=NOON) is None, "one delay is one line"
    given_up = outbox.bounced(token=token(recorder), hard=True, status="5.4.7", now=NOON)
    assert given_up is not None
    assert (given_up.state, given_up.reason) == ("bounced", "hard: 5.4.7")
    assert outbox.bounced(token=token(recorder), hard=False, status="4.4.7", now=NOON) is None, "and stays so"
    assert outbox.delivered(token=token(recorder), now=NOON) is None
    assert (row().state, row().reason) == ("bounced", "hard: 5.4.7")
    assert sent(recorder, "two", purpose="reply").reason == "suppressed"


def test_what_was_delayed_and_arrives_has_arrived(recorder: Recorder) -> None:
    sent(recorder, purpose="reply")
    outbox.bounced(token=token(recorder), hard=False, status="4.4.7", now=NOON)
    assert outbox.delivered(token=token(recorder), now=NOON) is not None
    assert row().state == "delivered"


def test_a_provider_says_what_became_of_a_mail(recorder: Recorder) -> None:
    """The recorder calls every mail "id", as a provider would that sends one."""
    sent(recorder, purpose="opened")
    assert row().provider_id == "id"
    assert outbox.delivered(provider_id="other", now=NOON) is None
    arrived = outbox.delivered(provider_id="id", now=NOON)
    assert arrived is not None
    assert arrived.state == "delivered"
    assert outbox.delivered(provider_id="id", now=NOON) is None
    back = outbox.bounced(provider_id="id", hard=True, status="5.0.0", now=NOON)
    assert back is not None
    assert back.state == "bounced"
    assert outbox.delivered(provider_id="id", now=NOON) is None, "what came back did not arrive"


def test_who_calls_our_mail_spam_gets_nothing_automatic_about_this_case(recorder: Recorder) -> None:
    found = sent(recorder, purpose="opened")
    assert outbox.complained(message_ids=["<made@up.example>"], now=NOON) is None
    assert outbox.complained(message_ids=[], now=NOON) is None
    noted = outbox.complained(message_ids=[found.message_id], now=NOON)
    assert noted is not None
    assert (noted.state, noted.reason) == ("delivered", "complaint")
    assert outbox.complained(message_ids=[found.message_id], now=NOON) is None
    assert sent(recorder, "two", purpose="resolved").reason == "suppressed"
    assert sent(recorder, "three", purpose="reply").state == "sent"
    assert sent(recorder, "four", purpose="resolved", conversation_id=8).state == "sent"


def test_a_bounce_that_is_faster_than_we_are_stands(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can come back while the server's "250" is still on its way to us."""

    def send(message: object) -> str:
        recorder.sent.append(message)  # type: ignore[arg-type]
        assert outbox.bounced(token=token(recorder), hard=True, status="5.1.1", now=NOON) is not None
        return "id"

    monkeypatch.setattr(recorder, "send", send)
    assert sent(recorder, purpose="reply").state == "bounced"


def test_one_mailbox_has_one_name(recorder: Recorder) -> None:
    sent(recorder, recipient="Anna+Tag@Mail.example")
    assert row().mailbox == "anna@mail.example"
    assert addresses.folded("+x@mail.example") == "+x@mail.example"
