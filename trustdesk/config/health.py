"""Is this process alive, and is everything it depends on there. No secrets and no names of hosts."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from trustdesk.channels import mailboxes, outbox, sending_dns
from trustdesk.channels.models import Delivery, HookPayload, MailboxState
from trustdesk.config import database, env
from trustdesk.customers import accounts
from trustdesk.realtime.bus import bus
from trustdesk.seams import clock

FRESH = 2.0  # seconds
LATE = timedelta(minutes=5)  # a job or mail waiting longer means nobody works


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer as long as this process does."""
    return JsonResponse({"status": "ok", "version": settings.VERSION})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when customers can be served, 503 otherwise; one entry for each dependency, a few seconds old at most."""
    entries = _look()
    fit = all(entry["ok"] for name, entry in entries.items() if name in _NEEDED)
    return JsonResponse({"status": "ok" if fit else "unavailable", "checks": entries}, status=200 if fit else 503)


_one = Lock()
_seen: tuple[float, dict[str, dict[str, Any]]] = (0.0, {})


def _look() -> dict[str, dict[str, Any]]:
    """Look at everything, one caller at a time and not more often than anybody needs: anyone may ask."""
    global _seen
    with _one:
        at, entries = _seen
        if not entries or time.monotonic() - at > FRESH:
            entries = {name: _try(check) for name, check in _CHECKS.items()}
            _seen = (time.monotonic(), entries)
        return entries


def _try(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"ok": True} | check()
    except Exception as error:  # noqa: BLE001  whatever it is, it is an answer to the question asked
        return {"ok": False, "error": type(error).__name__}


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    problems = database.durability_problems(env.secret("DATABASE_URL"))
    return {"ok": not problems, "durable": not problems}


def _live() -> dict[str, Any]:
    return {"ok": bus.connected(), "listening": bus.connected()}


def _jobs() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'failed'), "
            "count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, now()) < now() - make_interval(secs => %s)) "
            "FROM procrastinate_jobs",
            [LATE.total_seconds()],
        )
        waiting, failed, late = cursor.fetchone()
    return {"ok": not late, "waiting": waiting, "late": late, "failed": failed}


def _mail() -> dict[str, Any]:
    due = Delivery.objects.filter(state__in=("queued", "sending"))
    late = due.filter(not_before__lt=clock.now() - LATE).count()
    halted, _many = outbox.halted(now=clock.now())
    return {
        "ok": not late and not halted,
        "halted": halted,
        "waiting": due.count(),
        "late": late,
        "failed": Delivery.objects.filter(state="failed", created_at__gt=clock.now() - timedelta(days=1)).count(),
    }


def _post() -> dict[str, Any]:
    """Mail that has come: what waits to be read, what no reader could read, mailboxes that nobody fetches."""
    open_ = HookPayload.objects.filter(state__in=("stored", "unreadable", "held"))
    counts = dict(open_.order_by().values_list("state").annotate(n=Count("id")))
    due = HookPayload.objects.filter(state="stored", not_before__lt=clock.now() - LATE)
    late = due.count()
    silent = [
        row.problem or "silent"
        for row in MailboxState.objects.filter(inbox__enabled=True, inbox__secrets__isnull=False)
        if row.problem or row.alive_at is None or row.alive_at < clock.now() - mailboxes.SILENT
    ]
    return {
        "ok": not late and not silent,
        "waiting": counts.get("stored", 0),
        "late": late,
        "unreadable": counts.get("unreadable", 0),
        "held": counts.get("held", 0),
        "mailboxes": silent,
    }


def _sending() -> dict[str, Any]:
    """What the DNS of our domains publishes, as a job saw it within the last hours; codes only."""
    wrong = sorted({finding.code for one in sending_dns.latest() for finding in one.wrong})
    return {"ok": not wrong, "wrong": wrong}


def _exchange() -> dict[str, Any]:
    accounts.exchange().check()
    return {}


_CHECKS: dict[str, Callable[[], dict[str, Any]]] = {
    "database": _database,
    "live": _live,
    "jobs": _jobs,
    "mail": _mail,
    "post": _post,
    "mail_dns": _sending,
    "exchange": _exchange,
}
_NEEDED = frozenset({"database"})  # without the others customers are still served, and the page says what is missing
