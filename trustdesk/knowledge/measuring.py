"""What readers look for, open and say, so that editors see what is missing. Nothing here tells who a reader was.

A reader is a keyed hash of what his browser shows us, another one each day.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Func, Value
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from trustdesk.customers import limits, places, visitors
from trustdesk.knowledge.models import Search, Vote
from trustdesk.net.addresses import network
from trustdesk.policy import guard
from trustdesk.seams import clock

ONE_SEARCH = timedelta(minutes=5)  # words typed within this are one search
OPENED_WITHIN = timedelta(days=1)  # what is opened later came not of the search
ASKED_WITHIN = timedelta(minutes=30)
WRITTEN_WITHIN = timedelta(days=1)  # the same for what a mail named: nobody reads and answers those at once
SHORTEST = 2  # characters
LONGEST, LONGEST_MISSING = 200, 1000
_SALT = "trustdesk.knowledge.measuring"
_LOCK = 0x7D_5EA2

_MOST_OPENED = """
SELECT article FROM knowledge_search, unnest(opened) AS article WHERE at >= %s
GROUP BY article ORDER BY count(*) DESC, article LIMIT %s
"""


def readers_of(request: HttpRequest) -> tuple[bytes, ...]:
    """Return who reads, best known first: by his cookie if he has one, and by network and browser."""
    visitor = visitors.from_request(request)
    facts = f"{network(places.address(request))}\n{request.headers.get('User-Agent', '')[:300]}"
    return tuple(_hashed(one) for one in ((visitor.thread,) if visitor else ()) + (facts,))


def reader(key: str) -> bytes:
    """Return who reads, by whatever tells him from others where there is no page of ours."""
    return _hashed(key)


def reader_lately(key: str) -> tuple[bytes, ...]:
    """Return who reads, by such a key, today and yesterday."""
    return tuple(_hashed(key, day=clock.now() - ago) for ago in (timedelta(), timedelta(days=1)))


def too_many(request: HttpRequest) -> bool:
    """Count what one network's readers leave here; from a certain number on nothing more is noted."""
    return limits.limiter.note(address=places.address(request), at=time.monotonic()) > 0


def searched(
    *,
    place: str,
    text: str,
    language: str,
    reader: bytes,
    hits: int,
    shown: Sequence[int],
    now: datetime,
    request_type: str = "",
) -> int:
    """Note what somebody looked for and what was offered; return the search's id, 0 for too little to note."""
    text = " ".join(_clean(text).split())[:LONGEST]
    if len(text) < SHORTEST:
        return 0
    found = {"hits": hits, "shown": list(shown), "at": now}
    with transaction.atomic():
        with connection.cursor() as cursor:  # of two keystrokes at the same moment the second sees the first's row
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, reader.hex()))
        last = (
            Search.objects.filter(visitor=reader, place=place, at__gt=now - ONE_SEARCH).order_by("-at", "-pk").first()
        )
        if last is not None and not last.opened and _goes_on(last.text, text):
            # Who takes letters away again has not looked for less.
            words = {"text": text} if len(text) >= len(last.text) else {}
            Search.objects.filter(pk=last.pk).update(**found, **words)
            return int(last.pk)
        row = Search.objects.create(
            place=place, text=text, language=language[:16], visitor=reader, request_type=request_type[:40], **found
        )
    return int(row.pk)


def mark(search: int) -> str:
    """Return what a link to a hit carries, by which opening it is noted; nothing without a search."""
    return f"{search}-{_signed(search)}" if search else ""


def opened(*, mark: str, article: int, now: datetime) -> bool:
    """Note that an article was opened from a search that offered it; say whether it was the first time."""
    number, _, signed = mark[:40].partition("-")
    if not (number.isascii() and number.isdecimal() and constant_time_compare(signed, _signed(int(number)))):
        return False
    append = Func(F("opened"), Value(article), function="array_append", output_field=Search._meta.get_field("opened"))
    offered = Search.objects.filter(pk=int(number), shown__contains=[article], at__gt=now - OPENED_WITHIN)
    return bool(offered.exclude(opened__contains=[article]).update(opened=append))


def asked(*, readers: Sequence[bytes], now: datetime, within: timedelta = ASKED_WITHIN) -> int:
    """Note that a reader asked people after all; return how many of his searches had not helped."""
    lately = Search.objects.filter(visitor__in=list(readers), at__gt=now - within, at__lte=now, asked_at=None)
    return lately.update(asked_at=now)


def voted(*, article: int, reader: bytes, helpful: bool, reason: str = "", missing: str = "", now: datetime) -> None:
    """Keep what a reader says of an article; his last word counts."""
    reason = reason if not helpful and reason in Vote.Reason.values else ""
    missing = _clean(missing).strip()[:LONGEST_MISSING] if not helpful else ""
    row = Vote(article_id=article, visitor=reader, helpful=helpful, reason=reason, missing=missing, at=now)
    Vote.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["article", "visitor"],
        update_fields=["helpful", "reason", "missing", "at"],
    )


def most_opened(*, since: datetime, most: int) -> list[int]:
    """List the articles that searches led to most."""
    with connection.cursor() as cursor:
        cursor.execute(_MOST_OPENED, (since, most))
        return [int(row[0]) for row in cursor.fetchall()]


def _goes_on(before: str, text: str) -> bool:
    """Say whether one is the beginning of the other: the same words, still being typed or taken back."""
    old, new = before.casefold(), text.casefold()
    return new.startswith(old) or old.startswith(new)


def _clean(text: str) -> str:
    return guard.mask(text.replace("\0", "")).text


def _hashed(facts: str, day: datetime | None = None) -> bytes:
    on = (day or clock.now()).date().isoformat()
    return salted_hmac(_SALT, f"{on}\n{facts}", algorithm="sha256").digest()[:16]


def _signed(number: int) -> str:
    return salted_hmac(_SALT, f"search:{number}", algorithm="sha256").hexdigest()[:12]
