"""The jobs of the channels. Each may run twice or late and calls one use-case."""

from __future__ import annotations

from django.conf import settings
from procrastinate import JobContext
from procrastinate.contrib.django import app

from trustdesk.channels import lanes, outbox, sending_dns
from trustdesk.realtime import jobs
from trustdesk.seams import clock

SILENT = 60.0  # seconds without a sign of life after which a worker is no more


@app.periodic(cron="*/2 * * * *", periodic_id="channels.take_up_again")
@app.task(name="channels.take_up_again", pass_context=True)
async def take_up_again(context: JobContext, /, timestamp: int, **_: object) -> None:
    """Run again what a worker had begun that is no more: every job may run twice."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT):
        await manager.retry_job(job)


@app.task(name=outbox.JOB, queue=outbox.QUEUE)
def send_due(**_: object) -> None:
    """Send what waits in the outbox."""
    _send_all()


@app.periodic(cron="* * * * *", periodic_id="channels.send_due")
@app.task(name="channels.send_due_again", queue=outbox.QUEUE)
def send_due_again(timestamp: int, **_: object) -> None:
    """Look every minute: for what is to be tried again, and for what a dead process left behind.

    As many as can be at a time, so that whoever shares this minute with a slow server does not wait for it.
    """
    lanes.forget_old(now=clock.now())
    for _one in range(1, outbox.waiting(now=clock.now(), most=settings.WORKER_THREADS[outbox.QUEUE])):
        jobs.defer(outbox.JOB)
    _send_all()


def _send_all() -> None:
    while outbox.send_due(now=clock.now(), most=50) == 50:
        pass  # the next fifty


@app.periodic(cron="*/10 * * * *", periodic_id="channels.check_dns")
@app.task(name="channels.check_dns")
def check_dns(timestamp: int, **_: object) -> None:
    """Look at what our domains publish, each a few times a day."""
    sending_dns.look_again(now=clock.now())
