"""The outbox: sent once, tried again, and never forgotten, whatever dies in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from tests.world import NOON
from trustdesk.channels import letters, outbox, registry
from trustdesk.channels.contract import Channel, Limits, Outbound, SendFailed
from trustdesk.channels.models import Delivery, Inbox
from trustdesk.realtime import jobs
from trustdesk.seams import clock, failpoints

MINUTE = timedelta(minutes=1)


class Recorder(Channel):
    """A channel that keeps what it was to send, and fails on demand."""

    kind, label, limits = "email", "Recorder", Limits(1, 1, 1)

    def __init__(self) -> None:
        self.sent: list[Outbound] = []
        self.failures: list[Exception] = []

    def send(self, message: Outbound) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
        return "id"


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(registry, "channel", lambda kind, **_facts: made)
    return made


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def queue(key: str = "one", *, now: datetime = NOON, **more: Any) -> None:
    facts = {
        "conversation_id": None,
        "purpose": "answer",
        "recipient": "anna@mail.example",
        "subject": "Hello",
        "text": "Hi",
    }
    outbox.queue(key=key, now=now, **({"inbox_id": outbox.mail_inbox()} | facts | more))


def said(message: Outbound) -> str:
    """What a mail says, without what stands below everything we send."""
    return message.text.partition("\n\n-- \n")[0]


def row(key: str = "one") -> Delivery:
    return Delivery.objects.get(key=key)


@pytest.mark.django_db
def test_what_is_queued_is_sent_and_on_record(recorder: Recorder) -> None:
    queue()
    assert outbox.send_due(now=NOON) == 1
    [message] = recorder.sent
    assert (message.key, message.recipient, message.subject, said(message)) == ("one", "anna@mail.example", "Hello", "Hi")
    assert (row().state, row().attempts, row().claimed_at, row().text) == ("sent", 1, None, "Hi")
    assert abs((row().sent_at or NOON + MINUTE) - NOON) < MINUTE
    assert outbox.send_due(now=NOON + timedelta(days=2)) == 0, "sent is sent"


@pytest.mark.django_db
def test_only_mail_is_made_a_letter(recorder: Recorder) -> None:
    queue(inbox_id=Inbox.objects.filter(kind="chat").values_list("pk", flat=True)[0], conversation_id=7)
    outbox.send_due(now=NOON)
    assert recorder.sent == [Outbound("one", "anna@mail.example", "Hello", "Hi")]
    assert row().message_id == ""


@pytest.mark.django_db
def test_the_same_key_is_sent_once(recorder: Recorder) -> None:
    queue(text="first")
    queue(text="second")
    outbox.send_due(now=NOON)
    queue(text="third")
    outbox.send_due(now=NOON)
    assert [said(message) for message in recorder.sent] == ["first"]


@pytest.mark.django_db
def test_a_job_is_queued_with_the_row_and_goes_with_it() -> None:
    def jobs() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'channels.send_due'")
            return int(cursor.fetchone()[0])

    before = jobs()
    with transaction.atomic():
        queue()
        assert jobs() == before + 1
        transaction.set_rollback(True)
    assert jobs() == before
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_nothing_is_sent_before_its_time(recorder: Recorder) -> None:
    queue(now=NOON + MINUTE)
    assert outbox.send_due(now=NOON) == 0
    assert outbox.send_due(now=NOON + MINUTE) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "automatic"), [("answer", False), ("reply", False), ("transcript", True), ("code", True)]
)
def test_what_no_person_wrote_is_sent_as_automatic(recorder: Recorder, purpose: str, automatic: bool) -> None:
    queue(purpose=purpose)
    outbox.send_due(now=NOON)
    assert recorder.sent[0].automatic is automatic


@pytest.mark.django_db
def test_a_code_is_forgotten_once_it_is_out(recorder: Recorder) -> None:
    queue(purpose="code", text="123456")
    recorder.failures = [SendFailed("timeout")]
    outbox.send_due(now=NOON)
    assert row().text == "123456", "it is still to be sent"
    outbox.send_due(now=NOON + MINUTE)
    assert said(recorder.sent[0]) == "123456"
    assert row().text == ""


@pytest.mark.django_db
def test_a_failure_waits_longer_each_time_and_in_the_end_gives_up(recorder: Recorder) -> None:
    queue()
    waits, now = [], NOON
    for _ in range(outbox.ATTEMPTS - 1):
        recorder.failures = [SendFailed("timeout")]
        assert outbox.send_due(now=now) == 1
        assert (row().state, row().reason) == ("queued", "timeout")
        waits.append(row().not_before - now)
        assert outbox.send_due(now=row().not_before - timedelta(seconds=1)) == 0
        now = row().not_before
    assert timedelta(seconds=22) < waits[0] < timedelta(seconds=38)
    assert all(waits[at + 2] > waits[at] for at in range(7))
    assert max(waits) <= outbox.LONGEST_WAIT * 1.25 + MINUTE
    recorder.failures = [SendFailed("timeout")]
    outbox.send_due(now=now)
    assert (row().state, row().attempts) == ("failed", outbox.ATTEMPTS)


@pytest.mark.django_db
def test_a_permanent_failure_is_not_tried_again(recorder: Recorder) -> None:
    queue(purpose="code", text="123456")
    recorder.failures = [SendFailed("recipient_refused", permanent=True)]
    outbox.send_due(now=NOON)
    assert (row().state, row().reason, row().text) == ("failed", "recipient_refused", "")
    assert outbox.send_due(now=NOON + timedelta(days=1)) == 0


@pytest.mark.django_db
def test_one_that_fails_does_not_hold_up_the_others(recorder: Recorder) -> None:
    queue("one")
    queue("two")
    recorder.failures = [SendFailed("recipient_refused", permanent=True)]
    assert outbox.send_due(now=NOON) == 2
    assert [message.key for message in recorder.sent] == ["two"]


@pytest.mark.django_db
def test_a_fault_of_ours_before_it_is_handed_over_holds_up_nobody_and_is_tried_again(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue("one", subject="odd")
    queue("two")
    render = letters.render

    def broken(*, subject: str, **more: Any) -> Any:
        if subject == "odd":
            raise ValueError(more)
        return render(subject=subject, **more)

    monkeypatch.setattr(letters, "render", broken)
    assert outbox.send_due(now=NOON) == 2
    assert [message.key for message in recorder.sent] == ["two"]
    assert (row().state, row().reason) == ("queued", "fault: ValueError")
    monkeypatch.undo()
    monkeypatch.setattr(registry, "channel", lambda kind, **_facts: recorder)
    outbox.send_due(now=row().not_before)
    assert (row().state, row().reason) == ("sent", "fault: ValueError")


@pytest.mark.django_db
def test_what_a_fault_may_have_sent_is_sent_once_more_and_never_a_third_time(recorder: Recorder) -> None:
    queue()
    recorder.failures = [ValueError("text of a mail")]
    outbox.send_due(now=NOON)
    assert (row().state, row().reason) == ("queued", "repeat: fault: ValueError")
    recorder.failures = [ValueError("text of a mail")]
    outbox.send_due(now=row().not_before)
    assert (row().state, row().reason) == ("failed", "repeat: fault: ValueError")


@pytest.mark.django_db
def test_a_way_out_that_is_shut_is_known_though_no_mail_is_overdue(recorder: Recorder) -> None:
    """S-44: each try puts the next one off, so that none is ever late."""
    for key in ("one", "two", "three"):
        queue(key)
    recorder.failures = [SendFailed("auth"), SendFailed("tls"), SendFailed("recipient_refused")]
    outbox.send_due(now=NOON)
    assert outbox.halted(now=NOON + MINUTE) == ("", 0), "once is nothing"
    now = NOON + 6 * MINUTE
    assert outbox.halted(now=now)[1] == 2
    assert outbox.halted(now=now)[0] in ("auth", "tls")
    assert outbox.halted(now=NOON + timedelta(days=1))[1] == 2, "that nobody tried since makes nothing better"
    Delivery.objects.filter(key="three").update(state="sent", sent_at=now)
    assert outbox.halted(now=now) == ("", 0), "mail goes out again, and what waits has its next try"


@pytest.mark.django_db
def test_one_mail_that_never_gets_through_is_no_way_out_that_is_shut(recorder: Recorder) -> None:
    queue()
    recorder.failures = [SendFailed("timeout")]
    outbox.send_due(now=NOON)
    assert outbox.halted(now=NOON + 30 * MINUTE) == ("", 0)


@pytest.mark.django_db
def test_no_more_than_asked_are_tried(recorder: Recorder) -> None:
    for number in range(3):
        queue(str(number))
    assert outbox.send_due(now=NOON, most=2) == 2
    assert [message.key for message in recorder.sent] == ["0", "1"]


@pytest.mark.django_db
def test_a_worker_that_is_to_stop_begins_no_other(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be killed in the middle of one, which then is sent a second time."""
    for number in range(3):
        queue(str(number))
    monkeypatch.setattr(jobs, "stopping", lambda: bool(recorder.sent))
    app.tasks["channels.send_due"]()
    assert [message.key for message in recorder.sent] == ["0"]
    assert set(Delivery.objects.values_list("key", "state")) == {("0", "sent"), ("1", "queued"), ("2", "queued")}


@pytest.mark.django_db
def test_a_sender_that_dies_after_the_server_said_yes_makes_one_flagged_copy_and_no_more(recorder: Recorder) -> None:
    queue()
    failpoints.arm("after_smtp=error")
    with pytest.raises(failpoints.Injected):
        outbox.send_due(now=NOON)
    assert row().state == "sending"
    assert outbox.send_due(now=NOON + 9 * MINUTE) == 0, "it may still be under way"

    with pytest.raises(failpoints.Injected):
        outbox.send_due(now=NOON + 11 * MINUTE)
    assert [message.key for message in recorder.sent] == ["one", "one"], "the same key: the same Message-ID"
    assert row().reason == outbox.REPEAT

    failpoints.arm("")
    outbox.send_due(now=NOON + 22 * MINUTE)
    assert len(recorder.sent) == 2
    assert (row().state, row().reason) == ("failed", "repeat: interrupted twice")


@pytest.mark.django_db
def test_a_code_is_forgotten_also_where_its_sending_was_interrupted_twice(recorder: Recorder) -> None:
    queue(purpose="code")
    failpoints.arm("after_smtp=error")
    for minute in (0, 11):
        with pytest.raises(failpoints.Injected):
            outbox.send_due(now=NOON + minute * MINUTE)
    failpoints.arm("")
    outbox.send_due(now=NOON + 22 * MINUTE)
    assert (row().state, row().text) == ("failed", "")


@pytest.mark.django_db
def test_a_sender_that_dies_before_the_server_hears_of_it_loses_nothing(recorder: Recorder) -> None:
    queue()
    failpoints.arm("before_smtp=error")
    with pytest.raises(failpoints.Injected):
        outbox.send_due(now=NOON)
    failpoints.arm("")
    outbox.send_due(now=NOON + 11 * MINUTE)
    assert len(recorder.sent) == 1
    assert (row().state, row().reason) == ("sent", outbox.REPEAT)


@pytest.mark.django_db
def test_a_repeat_that_then_fails_stays_marked(recorder: Recorder) -> None:
    queue()
    failpoints.arm("after_smtp=error")
    with pytest.raises(failpoints.Injected):
        outbox.send_due(now=NOON)
    failpoints.arm("")
    recorder.failures = [SendFailed("timeout")]
    outbox.send_due(now=NOON + 11 * MINUTE)
    assert (row().state, row().reason) == ("queued", "repeat: timeout")


@pytest.mark.django_db
def test_who_was_thought_dead_does_not_undo_what_was_done_since(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sending that takes longer than ten minutes comes back when somebody else has sent the row."""
    queue()
    slow = Recorder()

    def send(message: Outbound) -> str:
        monkeypatch.setattr(registry, "channel", lambda kind, **_facts: Recorder())
        outbox.send_due(now=NOON + 11 * MINUTE)
        raise SendFailed("timeout")

    monkeypatch.setattr(slow, "send", send)
    monkeypatch.setattr(registry, "channel", lambda kind, **_facts: slow)
    outbox.send_due(now=NOON, most=1)
    assert (row().state, row().reason) == ("sent", outbox.REPEAT)


def test_many_workers_send_each_thing_once(committed_db: str, recorder: Recorder) -> None:
    for number in range(30):
        queue(str(number))
    gate = threading.Barrier(5)
    tried: list[int] = []

    def work() -> None:
        gate.wait(timeout=10)
        try:
            tried.append(outbox.send_due(now=NOON))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sum(tried) == 30
    assert sorted(message.key for message in recorder.sent) == sorted(str(number) for number in range(30))
    assert Delivery.objects.filter(state="sent").count() == 30


@pytest.mark.django_db
def test_our_own_mail_leaves_through_the_first_enabled_mail_inbox() -> None:
    first = Inbox.objects.get(kind="email")
    second = Inbox.objects.create(kind="email", name="Second", address="second@support.example")
    assert outbox.mail_inbox() == first.pk
    assert outbox.mail_inbox(of_case=second.pk) == second.pk, "what belongs to a mail leaves from where it came to"
    assert outbox.mail_inbox(of_case=Inbox.objects.get(kind="chat").pk) == first.pk
    Inbox.objects.filter(pk=first.pk).update(enabled=False)
    assert outbox.mail_inbox() == second.pk
    Inbox.objects.filter(kind="email").update(enabled=False)
    with pytest.raises(LookupError):
        outbox.mail_inbox()


@pytest.mark.parametrize("job", ["channels.send_due", "channels.send_due_again"])
def test_the_jobs_empty_the_outbox(committed_db: str, recorder: Recorder, job: str) -> None:
    for number in range(60):
        queue(str(number), now=clock.now(), recipient=f"anna@mail{number % 7}.example")
    app.tasks[job](timestamp=0)
    assert sorted(message.key for message in recorder.sent) == sorted(str(number) for number in range(60))
