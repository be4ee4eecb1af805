"""What was to be published or taken back at a certain time, done when that time has come."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from wagtail.models import Page, Revision

log = logging.getLogger(__name__)


def run_due(*, now: datetime) -> tuple[int, int]:
    """Take back pages whose time is over and publish revisions that are due; return how many of each.

    Each in a transaction of its own, so that one that fails (its id is logged) is tried again and holds up no other.
    """
    expired = _each(Page.objects.filter(live=True, expire_at__lt=now).order_by("expire_at"), _take_back, now)
    revisions = Revision.objects.filter(approved_go_live_at__lt=now).order_by("approved_go_live_at")
    return expired, _each(revisions, _publish, now)


def _each(rows: Any, do: Callable[[int, datetime], bool], now: datetime) -> int:
    done = 0
    for pk in list(rows.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                done += do(pk, now)
        except Exception:
            log.exception("not done at its time: %s %s", do.__name__, pk)
    return done


def _take_back(pk: int, now: datetime) -> bool:
    page = Page.objects.select_for_update().filter(pk=pk, live=True, expire_at__lt=now).first()
    if page is None:
        return False  # another worker was first
    page.specific.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
    return True


def _publish(pk: int, now: datetime) -> bool:
    revision = Revision.objects.select_for_update().filter(pk=pk, approved_go_live_at__lt=now).first()
    if revision is None:
        return False
    revision.publish(log_action="wagtail.publish.scheduled")
    return True
