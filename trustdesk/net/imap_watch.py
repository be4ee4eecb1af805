"""Follow a mailbox for ever: everything above the cursor, then wait for more, whatever breaks on the way.

Exactly once is a matter of two: `take` stores a batch and its cursor in one transaction, and this loop begins again from
the stored cursor after every cut. Where UIDs lose their meaning (another UIDVALIDITY, a mailbox restored from a backup)
everything is read again, and whoever stores knows a mail by its content."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from trustdesk.net.imap import Fetched, ImapFailed, ImapSettings, Mailbox, State, Stopped

log = logging.getLogger(__name__)

_TRIES = 3  # cuts in the middle of one and the same mail, then it is given up and said so
_SLICE = 0.25
_AGAIN = 20  # mails asked for again before the next look for new ones


@dataclass(frozen=True)
class Cursor:
    """How far a mailbox is stored: everything up to `uid`. The default is the beginning of any mailbox."""

    uidvalidity: int = 0
    uid: int = 0


@dataclass(frozen=True)
class Batch:
    """Mails to store, in order; `cursor` is to be stored with them. There is an entry for every UID in between, with the
    reason where there is no mail (`Fetched.problem`)."""

    cursor: Cursor
    mails: tuple[Fetched, ...]


@dataclass(frozen=True)
class Report:
    """How it goes: `state` after the folder was opened, or the `reason` code of a failure (``take`` where storing
    failed; ``read_only`` where only marking did; ``full`` where there is hardly room for more; ``stuck`` where the thread
    was replaced), whether a person must act, and in how many seconds the next try is."""

    state: State | None = None
    reason: str = ""
    permanent: bool = False
    pause: float = 0.0


@dataclass(frozen=True)
class Pauses:
    """Seconds before the next try: the first, doubled each time up to the longest, less up to half by chance. After a
    permanent failure at once the longest: a wrong password tried again and again locks the account."""

    first: float = 1.0
    longest: float = 300.0

    def after(self, failures: int, *, permanent: bool) -> float:
        """Return the pause after so many failures in a row."""
        full = self.longest if permanent else min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        return full * (0.5 + secrets.randbelow(501) / 1000)


def follow(
    settings: ImapSettings,
    *,
    cursor: Callable[[], Cursor],
    take: Callable[[Batch], None],
    stop: threading.Event,
    report: Callable[[Report], None] = lambda report: None,
    beat: Callable[[], None] = lambda: None,
    pauses: Pauses | None = None,
    owed: Callable[[int], int | None] = lambda uidvalidity: None,
    repay: Callable[[int, Fetched], None] = lambda uidvalidity, mail: None,
    called: Callable[[], bool] = lambda: False,
) -> None:
    """Read a mailbox until `stop` is set. `cursor` returns what is stored, `take` stores more; both are called in this
    thread, and what they raise is a failure like any other: reported as ``take``, then tried again. `beat` is called
    several times a second while waiting, and never while `take` works.

    `owed` names, one at a time, mails below the cursor that could not be given and are to be asked for again, and `repay`
    is told what became of each; where one breaks the connection, it is not. `called` ends the wait for news."""
    pauses = pauses or Pauses()
    doubts = _Doubts()
    failures = 0

    def store(batch: Batch) -> None:
        nonlocal failures
        take(batch)
        if any(mail.problem != "given_up" for mail in batch.mails):
            failures = 0  # while all of a server is ill, ever fewer mails are given up

    def tell(one: Report) -> None:
        try:
            report(one)
        except Exception as error:  # noqa: BLE001  the database may be away, which is no reason to end
            log.warning("IMAP: a report was not taken: %s", type(error).__name__)

    def go_on() -> bool:
        beat()
        return not stop.is_set()

    while go_on():
        mailbox = Mailbox(settings, tick=go_on)
        try:
            mailbox.open()
            while go_on():
                state = mailbox.state()
                tell(Report(state=state, reason="full" if mailbox.full() else ""))
                _drain(mailbox, state, cursor=cursor, take=store, report=tell, doubts=doubts)
                failures = 0
                _ask_again(mailbox, state, owed=owed, repay=repay, go_on=go_on)
                if not mailbox.news:
                    mailbox.wait(called=called)
            continue
        except Stopped:
            continue
        except ImapFailed as failure:
            reason, permanent = failure.reason, failure.permanent
            if reason != "later":
                doubts.add(mailbox.asking)
        except Exception as error:  # noqa: BLE001  a thread that ends silently would lose mail; its text may hold some
            reason, permanent = "take", False
            log.warning("IMAP: what was fetched could not be stored: %s", type(error).__name__)
        finally:
            mailbox.close()
        failures += 1
        pause = pauses.after(failures, permanent=permanent)
        log.info("IMAP: %s, next try in %.0f s", reason, pause)
        tell(Report(reason=reason, permanent=permanent, pause=pause))
        until = time.monotonic() + pause
        while go_on() and (left := until - time.monotonic()) > 0:
            stop.wait(min(left, _SLICE))


class _Doubts:
    """Finds the mail that breaks the connection when it is asked for, so that it does not stop the others."""

    def __init__(self) -> None:
        self.uidvalidity = 0
        self.alone: set[int] = set()  # one of these was asked for when the connection broke
        self.cuts: Counter[int] = Counter()  # how often it broke over this one alone

    def add(self, asking: list[int]) -> None:
        """Note what had been asked for and had not come."""
        self.alone.update(asking)
        if len(asking) == 1:
            self.cuts[asking[0]] += 1

    @property
    def given_up(self) -> frozenset[int]:
        """Return those that are not asked for any more."""
        return frozenset(uid for uid, cuts in self.cuts.items() if cuts >= _TRIES)

    def forget(self) -> None:
        """Begin anew: everything has been handed over."""
        self.alone.clear()
        self.cuts.clear()


def _drain(
    mailbox: Mailbox,
    state: State,
    *,
    cursor: Callable[[], Cursor],
    take: Callable[[Batch], None],
    report: Callable[[Report], None],
    doubts: _Doubts,
) -> None:
    """Hand over everything between the cursor and the UIDNEXT of `state`, in batches."""
    at = cursor()
    # A cursor above all there has ever been: restored from a backup, and the server forgot to say so.
    known = at.uidvalidity == state.uidvalidity and at.uid < state.uidnext
    if doubts.uidvalidity != state.uidvalidity:
        doubts.forget()  # those were other mails
        doubts.uidvalidity = state.uidvalidity
    settings = mailbox.settings
    for page in mailbox.uids_after(at.uid if known else 0):
        batch: list[Fetched] = []
        size = 0
        try:
            for mail in mailbox.fetch(page, alone=frozenset(doubts.alone), give_up=doubts.given_up):
                if batch and (len(batch) == settings.batch or size + len(mail.content) > settings.batch_bytes):
                    take(_batch(state, batch))
                    batch, size = [], 0
                batch.append(mail)
                size += len(mail.content)
        except ImapFailed:
            if batch:  # whole mails, and none missing before them: the next connection need not fetch them again
                take(_batch(state, batch))
            raise
        take(_batch(state, batch))
        if settings.mark_seen:
            try:
                mailbox.mark_seen([uid for uid in page if uid not in doubts.given_up])
            except ImapFailed as failure:
                if failure.reason != "read_only":
                    raise
                report(Report(reason=failure.reason, permanent=failure.permanent))  # nothing is lost by it
    doubts.forget()


def _ask_again(
    mailbox: Mailbox,
    state: State,
    *,
    owed: Callable[[int], int | None],
    repay: Callable[[int, Fetched], None],
    go_on: Callable[[], bool],
) -> None:
    for _ in range(_AGAIN):
        uid = owed(state.uidvalidity) if go_on() else None
        if uid is None:
            return
        for mail in mailbox.fetch([uid]):
            repay(state.uidvalidity, mail)


def _batch(state: State, mails: list[Fetched]) -> Batch:
    return Batch(Cursor(state.uidvalidity, mails[-1].uid), tuple(mails))


class Watcher:
    """`follow` in a thread of its own, and an eye on it. `check` is to be called now and then, by another thread."""

    def __init__(
        self,
        settings: ImapSettings,
        *,
        cursor: Callable[[], Cursor],
        take: Callable[[Batch], None],
        report: Callable[[Report], None] = lambda report: None,
        pauses: Pauses | None = None,
        owed: Callable[[int], int | None] = lambda uidvalidity: None,
        repay: Callable[[int, Fetched], None] = lambda uidvalidity, mail: None,
        patience: float = 300.0,
    ) -> None:
        """`patience` is how many seconds the thread may show no sign of life, storing a batch included."""
        self._settings = settings
        self._cursor = cursor
        self._take = take
        self._report = report
        self._pauses = pauses
        self._owed = owed
        self._repay = repay
        self._patience = patience
        self._called = threading.Event()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._beaten = 0.0

    def start(self) -> None:
        """Begin."""
        self._stop = stop = threading.Event()
        self._beaten = time.monotonic()

        def beat() -> None:
            if not stop.is_set():  # one that was replaced does not speak for the new one
                self._beaten = time.monotonic()

        def report(one: Report) -> None:
            if not stop.is_set():
                self._report(one)

        def owed(uidvalidity: int) -> int | None:
            self._called.clear()
            return self._owed(uidvalidity)

        def run() -> None:
            follow(
                self._settings, cursor=self._cursor, take=self._take, stop=stop, report=report, beat=beat,
                pauses=self._pauses, owed=owed, repay=self._repay, called=self._called.is_set,
            )  # fmt: skip

        self._thread = threading.Thread(target=run, daemon=True, name="imap")
        self._thread.start()

    def call(self) -> None:
        """End the wait for news: there is something to ask for again."""
        self._called.set()

    def check(self) -> bool:
        """Replace a thread that is stuck or dead, report that (``stuck``), and say whether it was necessary. A stuck one ends
        when it wakes up; should it be storing just then, `take` sees the same mails twice, as after any cut."""
        thread = self._thread
        if thread is None or self._stop.is_set():
            return False
        if thread.is_alive() and time.monotonic() - self._beaten < self._patience:
            return False
        log.warning("IMAP: no sign of life, starting again")
        self._stop.set()
        try:  # before it begins: what the new one reports says that it goes on
            self._report(Report(reason="stuck"))
        except Exception as error:  # noqa: BLE001  the database may be what it hangs on
            log.warning("IMAP: a report was not taken: %s", type(error).__name__)
        self.start()
        return True

    def stop(self, *, timeout: float = 20.0) -> bool:
        """End, within `timeout` seconds; says whether it has ended."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout)
        return not (self._thread and self._thread.is_alive())
