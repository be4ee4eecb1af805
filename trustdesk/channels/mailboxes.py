"""Mailboxes at a provider, fetched over IMAP: how each is reached, how far it is stored, and what is missing.

What was fetched and how far we are is one transaction, so a process that dies has either both or neither. The ledger compares
both sides: every UID the server shows is stored, or named as missing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import orjson
from django.db import close_old_connections, transaction

from trustdesk.channels import missing, post, sealing
from trustdesk.channels.models import HookPayload, Inbox, MailboxState, MissingMail
from trustdesk.net import oauth
from trustdesk.net.addresses import Guard, is_loopback
from trustdesk.net.http import Http
from trustdesk.net.imap import Fetched, ImapSettings
from trustdesk.net.imap_watch import Batch, Cursor, Report, Watcher
from trustdesk.realtime.threads import DatabaseThreads
from trustdesk.seams import clock, failpoints

LOOK_EVERY = 5.0  # seconds between two looks at which mailboxes there are, and whether their fetchers live
SILENT = timedelta(minutes=10)  # without a sign of life: staff are told, and /health/ready says so

log = logging.getLogger(__name__)


def connect(*, inbox_id: int, url: str) -> None:
    """Note, sealed, how an address's mailbox is reached; blank stops fetching it. Raises ValueError (see `settings_of`)."""
    if url:
        settings_of(url)
    secrets = _sealed(url) if url else None
    before = next((one for one in accounts() if one.inbox_id == inbox_id), None)
    with transaction.atomic():
        Inbox.objects.filter(pk=inbox_id).update(secrets=secrets)
        if before is None or _place(before.url) != _place(url):  # another mailbox, whose numbers mean other mails
            MailboxState.objects.filter(inbox_id=inbox_id).update(uid_validity=0, last_uid=0, problem="", stuck_at=None)
            MissingMail.objects.filter(inbox_id=inbox_id).delete()


def _sealed(url: str) -> bytes:
    return orjson.dumps([part.hex() for part in sealing.seal(url.encode())])


def _place(url: str) -> tuple[str | None, str | None, str]:
    parts = urlsplit(url)
    return parts.hostname, parts.username, parts.path


def settings_of(url: str, *, renewed: Callable[[str], None] | None = None) -> ImapSettings:
    """Read ``imaps://user:password@host:993/INBOX?seen=1`` (TLS), ``imap://…:143`` (STARTTLS; plain on loopback), or with
    OAuth2 instead of a password ``?oauth=google&client_id=…&client_secret=…&refresh_token=…`` (``oauth=microsoft&tenant=…``).

    `seen=1` marks what is stored as seen; `renewed` is told of a refresh token that takes the place of the given one. Raises
    ValueError.
    """
    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise ValueError("not an address such as imaps://user:password@mail.example.com")
    tls = parts.scheme == "imaps"
    return ImapSettings(
        host=parts.hostname,
        port=parts.port or (993 if tls else 143),
        security="tls" if tls else "plain" if is_loopback(parts.hostname) else "starttls",
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        tokens=_tokens(given, renewed),
        folder=unquote(parts.path.lstrip("/")) or "INBOX",
        mark_seen=given.get("seen") == "1",
        guard=Guard.allowing(parts.hostname),  # an administrator names this one server
    )


def _tokens(given: dict[str, str], renewed: Callable[[str], None] | None) -> oauth.OAuth2 | None:
    kind = given.get("oauth", "")
    if not kind:
        return None
    try:
        if kind == "google":
            grant = oauth.google(
                client_id=given["client_id"], client_secret=given["client_secret"], refresh_token=given["refresh_token"]
            )
        elif kind == "microsoft":
            grant = oauth.microsoft(
                tenant=given["tenant"],
                client_id=given["client_id"],
                client_secret=given["client_secret"],
                refresh_token=given.get("refresh_token", ""),
            )
        else:
            raise ValueError("oauth is google or microsoft")
    except KeyError as missing:
        raise ValueError(f"oauth={kind} needs {missing.args[0]}") from None
    return oauth.OAuth2(grant, http=Http(), renewed=renewed)


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox to be fetched, as the database has it."""

    inbox_id: int
    secrets: bytes

    @property
    def url(self) -> str:
        """How it is reached; raises sealing.Unsealable."""
        sealed, key = (bytes.fromhex(part) for part in orjson.loads(self.secrets))
        return sealing.unseal(sealed, key).decode()


@dataclass(frozen=True, slots=True)
class _Running:
    """A mailbox that is being fetched, and all the secrets it has had: refresh tokens replace each other."""

    watcher: Watcher
    known: set[bytes]


class Fetching:
    """The fetchers of this process: one thread for each mailbox. Run it in one process only; a second one costs traffic,
    no mail."""

    def __init__(self) -> None:
        self._running: dict[int, _Running] = {}  # by inbox
        self._threads = DatabaseThreads(1, name="mailboxes")

    async def run_until(self, stop: asyncio.Event) -> None:
        """Fetch what there is to fetch, and keep the fetchers alive, until `stop`."""
        while not stop.is_set():
            try:
                await self._keep(await self._threads(accounts))
                for inbox in await self._threads(missing.waiting, now=clock.now()):
                    if inbox in self._running:
                        self._running[inbox].watcher.call()
            except Exception as error:  # noqa: BLE001  the database is away: what runs goes on, the next look comes
                log.warning("mailboxes could not be looked up: %s", type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), LOOK_EVERY)
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """Stop fetching; a batch that is being stored is finished."""
        for running in self._running.values():
            await asyncio.to_thread(running.watcher.stop)
        self._running.clear()

    async def _keep(self, wanted: Sequence[Account]) -> None:
        secrets = {account.inbox_id: account.secrets for account in wanted}
        for inbox, running in list(self._running.items()):
            if secrets.get(inbox) not in running.known:
                await asyncio.to_thread(self._running.pop(inbox).watcher.stop)
        for account in wanted:
            if account.inbox_id in self._running:
                await self._threads(self._running[account.inbox_id].watcher.check)
            elif (begun := await self._threads(_begun, account)) is not None:
                self._running[account.inbox_id] = begun
                begun.watcher.start()


def accounts() -> list[Account]:
    """List the mailboxes that are to be fetched."""
    rows = Inbox.objects.filter(kind="email", enabled=True, secrets__isnull=False).order_by("id")
    return [Account(row.pk, bytes(row.secrets)) for row in rows if row.secrets is not None]


def _begun(account: Account) -> _Running | None:
    inbox, known = account.inbox_id, {account.secrets}
    MailboxState.objects.get_or_create(inbox_id=inbox)
    try:
        url = account.url
        settings = settings_of(url, renewed=lambda token: _in_connection(_keep_token, inbox, url, token, known))
    except (ValueError, sealing.Unsealable) as error:
        log.warning("mailbox %s cannot be fetched: %s", inbox, type(error).__name__)
        MailboxState.objects.filter(inbox_id=inbox).update(problem="settings", alive_at=clock.now())
        return None
    watcher = Watcher(
        settings,
        cursor=lambda: _in_connection(cursor, inbox),
        take=lambda batch: _in_connection(take, inbox, batch),
        report=lambda told: _in_connection(note, inbox, told),
        owed=lambda validity: _in_connection(owed, inbox, validity),
        repay=lambda validity, mail: _in_connection(repay, inbox, validity, mail),
    )
    return _Running(watcher, known)


def _keep_token(inbox_id: int, url: str, token: str, known: set[bytes]) -> None:
    """Write down the refresh token that replaced the one in `url`, unless the mailbox is another by now: Microsoft's are good
    for one time."""
    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()} | {"refresh_token": token}
    renewed, before = _sealed(parts._replace(query=urlencode(given)).geturl()), list(known)
    known.add(renewed)  # before it is written, or it would be taken for another mailbox
    if not Inbox.objects.filter(pk=inbox_id, secrets__in=before).update(secrets=renewed):
        log.info("mailbox %s has been set up anew: a refresh token of before is not kept", inbox_id)


def _in_connection(act: Any, *arguments: Any) -> Any:
    """Run one unit of work in a fetcher's thread: a connection that was lost must not stay lost."""
    close_old_connections()
    try:
        return act(*arguments)
    finally:
        close_old_connections()


def cursor(inbox_id: int) -> Cursor:
    """Return how far a mailbox is stored."""
    row = MailboxState.objects.filter(inbox_id=inbox_id).first()
    return Cursor(row.uid_validity, row.last_uid) if row else Cursor()


def take(inbox_id: int, batch: Batch) -> None:
    """Store what was fetched and how far that is, in one transaction. Every UID is stored, named as missing, or gone. Of what the
    server could not give, and of what is too large, the header is stored, unreadable, for staff to see."""
    now = clock.now()
    validity = batch.cursor.uidvalidity
    raws = [_raw(inbox_id, validity, mail, now) for mail in batch.mails if mail.content]
    lost = [mail for mail in batch.mails if mail.problem != "gone" and not (mail.content and mail.problem in ("", "too_large"))]
    cut = {raw.source: mail.problem for raw, mail in zip(raws, (one for one in batch.mails if one.content), strict=True) if mail.problem}
    with transaction.atomic():
        state = MailboxState.objects.select_for_update().get(inbox_id=inbox_id)
        if state.uid_validity != validity:
            state.uid_validity = validity
            missing.forget_others(inbox_id, validity=validity)
        if raws:
            post.store(raws)
        for reason in set(cut.values()):
            named = [source for source, problem in cut.items() if problem == reason]
            HookPayload.objects.filter(inbox_id=inbox_id, source__in=named).update(
                state=HookPayload.State.UNREADABLE, reason=reason, processed_at=now
            )
        state.last_uid, state.alive_at = batch.cursor.uid, now
        state.save(update_fields=["uid_validity", "last_uid", "alive_at"])
        missing.note(inbox_id, validity=validity, mails=lost, now=now)
    failpoints.hit("before_imap_flag")


def _raw(inbox_id: int, validity: int, mail: Fetched, now: datetime) -> post.Raw:
    # With a mark of the content: a server that was restored, or another one, gives the same numbers to other mails.
    mark = hashlib.sha256(mail.content).hexdigest()[:16]
    envelope = {"uid": mail.uid, "internal_date": mail.internal_date.isoformat() if mail.internal_date else None}
    return post.Raw(inbox_id, "mail", f"imap:{validity}:{mail.uid}:{mark}", mail.content, envelope, now)


def owed(inbox_id: int, validity: int) -> int | None:
    """Return the UID of a mail that the server could not give and is to be asked for again; None: of none at this moment."""
    return missing.owed(inbox_id, validity=validity, now=clock.now())


def repay(inbox_id: int, validity: int, mail: Fetched) -> None:
    """Take what became of asking again: the mail, or that it is no more. What is still not given stays on the list."""
    now = clock.now()
    if mail.content and mail.problem in ("", "too_large"):
        raw = _raw(inbox_id, validity, mail, now)
        missing.found(inbox_id, validity=validity, uid=mail.uid, raw=raw, cut=bool(mail.problem), now=now)
    elif mail.problem == "gone":
        missing.gone(inbox_id, uid=mail.uid)


def note(inbox_id: int, told: Report) -> None:
    """Note how fetching goes: a sign of life, what is on the server, or what stands in the way; ``stuck`` stands there until
    it goes on."""
    now = clock.now()
    columns: dict[str, Any] = {"problem": told.reason[:64]}
    columns["stuck_at" if told.reason == "stuck" else "alive_at"] = now
    if told.state is not None:
        columns |= {"on_server": told.state.exists, "looked_at": now}
    MailboxState.objects.filter(inbox_id=inbox_id).update(**columns)
