"""The help center's jobs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from trustdesk.knowledge import scheduling
from trustdesk.seams import clock


@app.periodic(cron="* * * * *", periodic_id="knowledge.run_due")
@app.task(name="knowledge.run_due")
def run_due(timestamp: int, **_: object) -> None:
    """Publish and take back what is due, every minute."""
    scheduling.run_due(now=clock.now())
