"""Jobs that a worker began and did not end, and jobs that failed: each is done, by somebody, at some time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.periodic import PeriodicRegistry

from trustdesk.channels import outbox, tasks
from trustdesk.conversations import notices
from trustdesk.conversations import tasks as core
from trustdesk.realtime import jobs

TELL: dict[str, Any] = {"what": "opened", "conversation_ids": [7]}


def begun_by(heartbeat: str) -> int:
    """Have a job begun by a worker whose last sign of life is so old; "" for one that was cleared away since."""
    jobs.defer("conversations.tell", **TELL)
    with connection.cursor() as cursor:
        worker = None
        if heartbeat:
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
            worker = cursor.fetchone()[0]
            cursor.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - %s::interval WHERE id = %s", [heartbeat, worker]
            )
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = (SELECT max(id) FROM procrastinate_jobs) "
            "RETURNING id",
            [worker],
        )
        return int(cursor.fetchone()[0])


def states() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status::text FROM procrastinate_jobs WHERE task_name = 'conversations.tell'")
        return dict(cursor.fetchall())


def work() -> None:
    """Run what is due in a worker of our own, as `manage.py worker` does."""

    async def run() -> None:
        own = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        own.periodic_registry = PeriodicRegistry()  # type: ignore[no-untyped-call]  # what comes round by itself is not what is looked at here
        async with own.open_async():
            await own.run_worker_async(
                wait=False, listen_notify=False, install_signal_handlers=False, delete_jobs="successful"
            )

    asyncio.run(run())


def test_what_a_dead_worker_had_begun_is_taken_up_again_and_what_a_living_one_does_is_not(committed_db: str) -> None:
    silent, gone, living = begun_by("2 minutes"), begun_by(""), begun_by("5 seconds")

    async def look() -> None:
        own = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        async with own.open_async():
            await tasks.take_up_again.func(SimpleNamespace(app=own), timestamp=0)  # type: ignore[arg-type]

    asyncio.run(look())
    assert states() == {silent: "todo", gone: "todo", living: "doing"}


@pytest.mark.parametrize(("name", "act"), [("tell", "tell"), ("mail_unread", "mail_unread")])
def test_a_letter_that_could_not_be_made_is_tried_again(
    name: str, act: str, committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is only in its job – an answer to be mailed – would be lost with it."""
    calls: list[dict[str, Any]] = []

    def fail_once(**arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            raise OperationalError("the database is away")

    monkeypatch.setattr(notices, act, fail_once)
    arguments = TELL if name == "tell" else {"conversation_id": 7}
    jobs.defer(f"conversations.{name}", **arguments)
    work()
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, attempts, scheduled_at > now() FROM procrastinate_jobs")
        assert cursor.fetchall() == [("todo", 1, True)], "later, and not at once"
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    work()
    assert len(calls) == 2
    assert {key: calls[1][key] for key in arguments} == arguments
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == (0,)


def test_every_job_is_of_a_queue_that_workers_work_at_and_only_sending_is_of_its_own() -> None:
    queues = {name: task.queue for name, task in app.tasks.items() if task.queue != "builtin"}  # nobody asks for those
    assert set(queues.values()) == set(settings.WORKER_THREADS)
    assert {name for name, queue in queues.items() if queue == outbox.QUEUE} == {"channels.send_due", "channels.send_due_again"}


@pytest.mark.parametrize("task", [core.tell, core.mail_unread])
def test_it_is_tried_for_a_good_hour_and_then_stays_for_somebody_to_look_at(task: Any) -> None:
    waited = 0.0
    for attempts in range(100):
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name=task.name, attempts=attempts)
        again = task.get_retry_exception(OperationalError(), job)
        if again is None:
            break
        waited += (again.retry_decision.retry_at - datetime.now(UTC)).total_seconds()
    assert 3 < attempts < 20
    assert 3_600 < waited < 4 * 3_600


