"""Jobs by name, in the transaction of the data they belong to."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app


def defer(name: str, **arguments: object) -> None:
    """Queue the job `name` with JSON arguments; it exists if and only if the surrounding transaction commits."""
    app.configure_task(name=name).defer(**arguments)  # type: ignore[arg-type]


def defer_in(wait: timedelta, name: str, **arguments: object) -> None:
    """Queue the job `name` to run no earlier than `wait` from now."""
    app.configure_task(name=name, schedule_in={"seconds": int(wait.total_seconds())}).defer(**arguments)  # type: ignore[arg-type]
