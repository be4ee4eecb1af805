"""Jobs of the interface."""

from __future__ import annotations

from procrastinate.contrib.django import app

from trustdesk.api import idempotency
from trustdesk.seams import clock


@app.periodic(cron="23 4 * * *", periodic_id="api.forget_answers")
@app.task(name="api.forget_answers")
def forget_answers(timestamp: int, **_: object) -> None:
    """Delete answers that nobody asks for again."""
    idempotency.forget_old(now=clock.now())
