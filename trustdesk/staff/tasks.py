"""Staff's jobs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from trustdesk.staff import accounts, sessions


@app.periodic(cron="41 * * * *", periodic_id="staff.forget_expired")
@app.task(name="staff.forget_expired")
def forget_expired(timestamp: int, **_: object) -> None:
    """Delete sessions and password links that have ended: they do nothing any more but fill the table."""
    sessions.SessionStore.clear_expired()
    accounts.forget_expired_links()
