"""The help center's jobs. Each may run twice or late and calls one use-case."""

from __future__ import annotations

from procrastinate.contrib.django import app

from trustdesk.knowledge import following, scheduling
from trustdesk.seams import clock


@app.periodic(cron="* * * * *", periodic_id="knowledge.run_due")
@app.task(name="knowledge.run_due")
def run_due(timestamp: int, **_: object) -> None:
    """Publish and take back what is due, every minute."""
    scheduling.run_due(now=clock.now())


@app.periodic(cron="*/10 * * * *", periodic_id="knowledge.tell_followers")
@app.task(name="knowledge.tell_followers")
def tell_followers(timestamp: int, **_: object) -> None:
    """Mail what was published to who follows it."""
    following.tell(now=clock.now())


@app.periodic(cron="37 4 * * *", periodic_id="knowledge.forget_follows")
@app.task(name="knowledge.forget_follows")
def forget_follows(timestamp: int, **_: object) -> None:
    """Delete what nobody confirmed in time."""
    following.forget_old(now=clock.now())
