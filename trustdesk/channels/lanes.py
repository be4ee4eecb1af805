"""What may be sent beside what is under way: a slow mail server keeps only those waiting who write to it (F-36).

A domain is prompt or slow by how its last mail went, and unknown where that is a day ago. Of everything that is not known
to be prompt so much is under way at a time that half of a worker's senders stay free for prompt domains; and of that, slow
ones take no more than half, so that an unknown one's turn comes. Within its kind the oldest mail is next, and no sending
lasts for ever, so nothing waits for ever. What was prompt and is not any more holds a sender for one sending, once.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, F, Func, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Lower

from trustdesk.channels.models import Delivery, DomainPace

# Of one domain so much is under way at a time, and only one once that one takes longer than usual. What a dead process left
# behind stops counting after longer than a sending takes.
PER_DOMAIN = 2
USUAL, LONGEST = timedelta(seconds=5), timedelta(minutes=2)
# Of all workers together; one worker has twice as many senders.
UNPROVEN_AT_ONCE = 4
SLOW_AT_ONCE = 2
REMEMBERED = timedelta(days=1)
_FRESH = timedelta(hours=1)  # what is known is not written down anew with every mail

_DOMAIN = Func(Lower(F("recipient")), Value("@"), Value(-1), function="split_part", output_field=CharField())


def allowed(due: QuerySet[Delivery], *, now: datetime) -> QuerySet[Delivery]:
    """Return those of `due` that may be begun at this moment."""
    under_way = (
        Delivery.objects.filter(state=Delivery.State.SENDING, claimed_at__gt=now - LONGEST)
        .annotate(domain=_DOMAIN)
        .annotate(slow=Subquery(_known(now).values("slow")))
    )
    of_one: Counter[str] = Counter()
    unproven = slow_ones = 0
    for domain, claimed_at, slow in under_way.values_list("domain", "claimed_at", "slow"):
        late = claimed_at is not None and claimed_at < now - USUAL
        of_one[domain] += PER_DOMAIN if late else 1
        unproven += late or slow is not False
        slow_ones += slow is True
    due = due.annotate(domain=_DOMAIN).exclude(domain__in=[domain for domain, n in of_one.items() if n >= PER_DOMAIN])
    if unproven >= UNPROVEN_AT_ONCE:
        return due.filter(Exists(_known(now).filter(slow=False)))
    if slow_ones >= SLOW_AT_ONCE:
        return due.exclude(Exists(_known(now).filter(slow=True)))
    return due


def _known(now: datetime) -> QuerySet[DomainPace]:
    """Return what is known of the domain of an outer query's row."""
    return DomainPace.objects.filter(domain=OuterRef("domain"), seen_at__gt=now - REMEMBERED)


def note(*, recipient: str, took: timedelta, now: datetime) -> None:
    """Note how long a mail kept its sender; whether it was taken or refused makes no difference."""
    _, at, domain = recipient.rpartition("@")
    if not at:
        return
    row = DomainPace(domain=domain.lower(), slow=took > USUAL, seen_at=now)
    if not DomainPace.objects.filter(domain=row.domain, slow=row.slow, seen_at__gt=now - _FRESH).exists():
        DomainPace.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["domain"], update_fields=["slow", "seen_at"]
        )


def forget_old(*, now: datetime) -> None:
    """Delete what is no longer looked at."""
    DomainPace.objects.filter(seen_at__lte=now - REMEMBERED).delete()
