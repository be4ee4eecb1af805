"""Mails to who follows an article or a section. An address that was only typed gets one letter: it asks to confirm.

That letter holds nothing that whoever typed the address could have chosen but the name of one of our pages, and comes once
an hour and three times a day at most, whatever is followed. Every letter ends with the address that stops such letters.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from trustdesk.channels import addresses, outbox
from trustdesk.channels.models import Delivery
from trustdesk.customers.signin import tidy
from trustdesk.knowledge import library
from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.models import PREFIX, Follow

AN_HOUR, A_DAY = 1, 3  # letters that ask to confirm, to an address that confirmed none yet
AN_HOUR_KNOWN, A_DAY_KNOWN = 5, 20  # to one that did
CONFIRMABLE = timedelta(days=7)
LOOKS_BACK = timedelta(days=3)  # what was published earlier has been told, or nobody was there to tell it
MOST_TOLD = 10  # pages named in one letter
PURPOSE = "follow"
_SALT = "trustdesk.knowledge.following"
_LOCK = 0x7D_F011


def ask(*, page: int, mail: str, locale: str, now: datetime) -> None:
    """Mail a request to confirm, unless this address follows the page already or had enough letters. Raises BadMail.

    Who asks learns nothing of that.
    """
    mail = tidy(mail)
    node = library.current().nodes[page]
    with transaction.atomic():
        with connection.cursor() as cursor:  # of two at the same moment the second counts the first
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, addresses.folded(mail)))
        if not _may_send(mail, now=now):
            return
        row = Follow.objects.filter(address=mail, page_id=page).first()
        if row is not None and row.confirmed_at is not None:
            return
        if row is None or row.created_at < now - CONFIRMABLE:
            Follow.objects.filter(address=mail, page_id=page).delete()
            hashed = _digest(_token(mail, page, now))
            row = Follow.objects.create(address=mail, page_id=page, locale=locale[:16], token_hash=hashed, created_at=now)
        _request(row, node, now)


def find(token: str) -> Follow | None:
    """Return whose links carry this token."""
    return Follow.objects.filter(token_hash=_digest(token)).first() if 20 <= len(token) <= 80 else None


def confirm(token: str, *, now: datetime) -> Follow | None:
    """Begin to send what is published from now on; None for a token that is not ours or too old."""
    row = find(token)
    if row is None or (row.confirmed_at is None and row.created_at < now - CONFIRMABLE):
        return None
    Follow.objects.filter(pk=row.pk, confirmed_at=None).update(confirmed_at=now, told_at=now)
    return row


def stop(token: str) -> None:
    """Send nothing more about what this token is of; the same twice is no error."""
    Follow.objects.filter(token_hash=_digest(token)).delete()


def tell(*, now: datetime) -> int:
    """Mail what was published since they were told last to who follows it; return how many letters were queued.

    What is new always counts, a change where an editor said that it is one and no slip of the pen put right.
    """
    shelf = library.current()
    changed = _changed(shelf, since=now - LOOKS_BACK)
    queued = 0
    rows = Follow.objects.filter(page_id__in=list(changed), told_at__isnull=False).order_by("pk")
    for row in rows.iterator(chunk_size=500):
        told = row.told_at or now
        news = [node for node in changed[row.page_id] if node.changed_at > told and (node.tells or node.published_at > told)]
        if news:
            _send(row, news, shelf, now)
            queued += 1
    return queued


def forget_old(*, now: datetime) -> None:
    """Delete what nobody confirmed in time."""
    Follow.objects.filter(confirmed_at=None, created_at__lt=now - CONFIRMABLE).delete()


def _changed(shelf: Library, *, since: datetime) -> dict[int, list[Node]]:
    """Return what was published since then, for each page that can be followed: an article and the sections around it."""
    found: dict[int, list[Node]] = {}
    for node in shelf.nodes.values():
        if node.article and node.changed_at > since:
            for page in (node.id, *node.above):
                found.setdefault(page, []).append(node)
    return found


def _request(row: Follow, node: Node, now: datetime) -> None:
    shelf = library.current()
    with override(row.locale):
        _queue(
            row,
            key=f"follow:{row.pk}:{now.timestamp():.3f}",
            purpose=PURPOSE,
            subject=_("Please confirm: news about “%(title)s”") % {"title": shelf.fill(node.title, node.language)[:80]},
            lines=[
                _("Somebody asked us to write to this address whenever this page of our help center changes: %(url)s")
                % {"url": f"{settings.PUBLIC_URL}{node.url}"},
                _("Was it you? Confirm it here: %(url)s") % {"url": _url(row, "_following")},
                _("It was not you? Then you need not do anything: without your confirmation nothing else is sent here."),
            ],
            now=now,
        )


def _send(row: Follow, news: Iterable[Node], shelf: Library, now: datetime) -> None:
    newest = sorted(news, key=lambda node: node.changed_at, reverse=True)
    with transaction.atomic(), override(row.locale):
        if not Follow.objects.filter(pk=row.pk, told_at=row.told_at).update(told_at=now):
            return  # somebody else tells, or it was stopped
        named = [f"{shelf.fill(node.title, node.language)}\n{settings.PUBLIC_URL}{node.url}" for node in newest[:MOST_TOLD]]
        title = shelf.fill(shelf.nodes[row.page_id].title, shelf.nodes[row.page_id].language)
        _queue(
            row,
            key=f"followed:{row.pk}:{newest[0].changed_at.timestamp():.3f}",
            purpose="news",
            subject=_("News about “%(title)s”") % {"title": title[:120]},
            lines=[
                _("What you follow in the help center of %(exchange)s has changed:") % {"exchange": settings.EXCHANGE_NAME},
                *named,
                _("You no longer want these mails? Stop them here: %(url)s") % {"url": _url(row, "_unfollow")},
            ],
            now=now,
        )


def _queue(row: Follow, *, key: str, purpose: str, subject: str, lines: list[str], now: datetime) -> None:
    outbox.queue(
        key=key,
        inbox_id=outbox.mail_inbox(),
        conversation_id=None,
        purpose=purpose,
        recipient=row.address,
        subject=subject,
        text="\n\n".join(lines),
        now=now,
        locale=row.locale,
        about={"unsubscribe": _url(row, "_unfollow")},
    )


def _url(row: Follow, what: str) -> str:
    token = _token(row.address, row.page_id, row.created_at)
    hashed = _digest(token)
    if hashed != bytes(row.token_hash):  # our secret was changed since
        Follow.objects.filter(pk=row.pk).update(token_hash=hashed)
        row.token_hash = hashed
    return f"{settings.PUBLIC_URL}{PREFIX}{row.locale}/{what}/{token}/"


def _may_send(mail: str, *, now: datetime) -> bool:
    known = Follow.objects.filter(address=mail, confirmed_at__isnull=False).exists()
    an_hour, a_day = (AN_HOUR_KNOWN, A_DAY_KNOWN) if known else (AN_HOUR, A_DAY)
    sent = Delivery.objects.filter(mailbox=addresses.folded(mail)[:320], purpose=PURPOSE, created_at__gt=now - timedelta(days=1))
    return sent.count() < a_day and sent.filter(created_at__gt=now - timedelta(hours=1)).count() < an_hour


def _token(mail: str, page: int, at: datetime) -> str:
    """Make the same token every time: the database keeps its hash alone."""
    made = salted_hmac(_SALT, f"{mail}\n{page}\n{at.timestamp():.6f}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(made[:24]).decode()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
