"""The jobs of the channels. Each may run twice or late and calls one use-case."""

from __future__ import annotations

from procrastinate.contrib.django import app

from trustdesk.channels import outbox
from trustdesk.seams import clock


@app.task(name="channels.send_due")
def send_due(**_: object) -> None:
    """Send what waits in the outbox."""
    _send_all()


@app.periodic(cron="* * * * *", periodic_id="channels.send_due")
@app.task(name="channels.send_due_again")
def send_due_again(timestamp: int, **_: object) -> None:
    """Look every minute: for what is to be tried again, and for what a dead process left behind."""
    _send_all()


def _send_all() -> None:
    while outbox.send_due(now=clock.now(), most=50) == 50:
        pass  # the next fifty
