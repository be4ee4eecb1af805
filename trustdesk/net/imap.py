"""The way in for mail from a mailbox of ours at a provider: an IMAP client (RFC 9051 and 3501) that reads and never
changes anything unless told.

Nothing is chosen by date or flag: a mail is read when its UID is above the cursor (RFC 9051, 2.3.1.1), so nobody who
reads the same mailbox can make us miss one. Every UID that is asked for is answered for: with the mail, or with why not.
There is no fallback from an encrypted connection to a plain one, and certificates are always checked."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from trustdesk.net.imap_session import LATER, ImapSettings, Session, Tokens
from trustdesk.net.imap_wire import (
    ImapFailed,
    Response,
    Stopped,
    folder_name,
    integer,
    internal_date,
    quoted,
    sequence_set,
)

__all__ = ["Fetched", "ImapFailed", "ImapSettings", "Mailbox", "State", "Stopped", "Tokens"]

log = logging.getLogger(__name__)

_HEADERS = 262_144  # bytes of a header that are read of a mail too large
_PAGE = 500  # UIDs that are looked for at once
_WIDEST = 100_000  # UIDs that one answer to SEARCH may list
_QUOTA = re.compile(rb"\b(?:STORAGE|MESSAGE) (\d{1,15}) (\d{1,15})\b")
_FULL = 0.95  # of what a mailbox may hold
_GLANCE = 1.0  # seconds between two looks at whether somebody calls


@dataclass(frozen=True)
class State:
    """A mailbox at one moment: below `uidnext` is all that has ever been in it, `exists` mails are in it now. Another
    `uidvalidity` means that every UID from before is worthless."""

    uidvalidity: int
    uidnext: int
    exists: int


@dataclass(frozen=True)
class Fetched:
    """One UID that was asked for. `problem` is blank, or a code: ``too_large`` (`content` is its header), ``refused`` (the
    server cannot give it, or not even the header of one too large; `content` is its header where it gives that), ``given_up``
    (asking for it broke the connection again and again), ``gone`` (somebody removed it meanwhile). `size` is what the server
    says, in bytes."""

    uid: int
    content: bytes
    internal_date: datetime | None  # when the server got it
    size: int
    problem: str = ""


class Mailbox(Session):
    """One connection to one folder: `open` it, ask for its `state`, read what is above a UID, `wait` for more."""

    def __init__(self, settings: ImapSettings, *, tick: Callable[[], bool] = lambda: True) -> None:
        super().__init__(settings, tick=tick)
        self._state: State | None = None
        self.asking: list[int] = []  # UIDs asked for and not yet come: what to suspect when the connection breaks

    def state(self) -> State:
        """Open the folder (again), read-only unless seen mails are to be marked, and say how it stands."""
        found: dict[bytes, int] = {}

        def note(response: Response) -> None:
            if response.name == b"EXISTS":
                found[b"EXISTS"] = response.number
            elif response.name == b"OK" and response.argument.isdigit():
                found[response.code] = int(response.argument)

        verb = b"SELECT " if self.settings.mark_seen else b"EXAMINE "
        answer = self.do(verb + quoted(folder_name(self.settings.folder)), note)
        if answer.name != b"OK":
            raise ImapFailed("folder", permanent=answer.code not in LATER)
        if self.settings.mark_seen and answer.code == b"READ-ONLY":
            log.info("IMAP folder is read-only: nothing will be marked")
        self.news = False
        uidnext = found.get(b"UIDNEXT") or self._highest() + 1
        if b"UIDVALIDITY" not in found:
            raise ImapFailed("no_uids", permanent=True)
        self._state = State(found[b"UIDVALIDITY"], uidnext, found.get(b"EXISTS", 0))
        return self._state

    def full(self) -> bool:
        """Say whether there is hardly room for more mail (QUOTA, RFC 9208): the server will soon refuse what customers send.
        False where the server does not say."""
        used: list[tuple[int, int]] = []

        def note(response: Response) -> None:
            if response.name == b"QUOTA":
                resources = b" ".join(response.texts).upper().rpartition(b"(")[2]  # behind the name of the root
                used.extend((int(now), int(most)) for now, most in _QUOTA.findall(resources))

        if b"QUOTA" in self.capabilities:
            self.do(b"GETQUOTAROOT " + quoted(folder_name(self.settings.folder)), note)
        return any(most and now >= most * _FULL for now, most in used)

    def uids_after(self, uid: int) -> Iterator[list[int]]:
        """Yield what is in the folder above `uid` and below the UIDNEXT that `state` said, ascending, in pages of at most
        500. The server is asked about ranges, so that no answer is as long as the backlog."""
        state = self._state or self.state()
        # A gap is crossed in ever wider steps; more than _WIDEST mails cannot be in a step as long as there are no more.
        widest = _WIDEST if state.exists > _WIDEST else state.uidnext
        start, width = uid + 1, _PAGE
        while start < state.uidnext:
            end = min(start + width - 1, state.uidnext - 1)
            found = self._search(start, end)
            width = _PAGE if found else min(width * 4, widest)
            for index in range(0, len(found), _PAGE):
                yield found[index : index + _PAGE]
            start = end + 1

    def fetch(
        self, uids: Sequence[int], *, alone: frozenset[int] = frozenset(), give_up: frozenset[int] = frozenset()
    ) -> Iterator[Fetched]:
        """Yield one Fetched for every UID, in the order given, as they come; those in `give_up` are not asked for, those
        `alone` one at a time. At most `batch_bytes` and one mail are held in memory. Not to be left before its end,
        except to close."""
        for together in _together(uids, most=self.settings.batch, alone=alone | give_up):
            if together[0] in give_up:
                yield Fetched(together[0], b"", None, 0, "given_up")
                continue
            sizes = self._sizes(together)
            group: list[int] = []
            total = 0
            for uid in together:
                size = sizes.get(uid, 0)
                large = size > self.settings.max_bytes
                if group and (large or total + size > self.settings.batch_bytes):
                    yield from self._bodies(group, sizes)
                    group, total = [], 0
                if large:
                    yield self._header(uid, size, "too_large")
                else:
                    group.append(uid)
                    total += size
            if group:
                yield from self._bodies(group, sizes)

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Set \\Seen on mails that are stored. Needs `mark_seen` in the settings."""
        if uids:
            answer = self.do(b"UID STORE " + sequence_set(uids) + b" +FLAGS.SILENT (\\Seen)")
            if answer.name != b"OK":
                raise ImapFailed("read_only", permanent=answer.code not in LATER)

    def wait(self, *, called: Callable[[], bool] = lambda: False) -> None:
        """Return when something may be new: at once when the server says so (IDLE, RFC 2177), within a second when `called`
        does, else after `idle` seconds, or `poll` where the server cannot say."""
        wire = self.wire
        if b"IDLE" not in self.capabilities:
            if self._heard(time.monotonic() + self.settings.poll, called):
                self._note(wire.response())
            return
        tag = wire.command(b"IDLE")
        while (response := self.next()).tag != b"+":
            if response.tag == tag:  # offered, and refused: a proxy in between
                self.capabilities -= {b"IDLE"}
                return
        deadline = time.monotonic() + self.settings.idle
        while not self.news and self._heard(deadline, called):
            self.next()
        wire.send(b"DONE\r\n")
        while self.next().tag != tag:
            pass

    def _heard(self, deadline: float, called: Callable[[], bool]) -> bool:
        """Wait for a word of the server's; False when there is none before `deadline`, or before `called` says True."""
        while not called() and (left := deadline - time.monotonic()) > 0:
            if self.wire.wait(min(left, _GLANCE)):
                return True
        return False

    # Reading.

    def _highest(self) -> int:
        """Return the highest UID, for servers that do not say UIDNEXT; 0 in an empty folder."""
        found = [0]

        def note(response: Response) -> None:
            if response.name == b"FETCH":
                found.append(integer(response.items(), b"UID"))

        self.do(b"UID FETCH * (UID)", note)
        return max(found)

    def _search(self, first: int, last: int) -> list[int]:
        found: list[int] = []

        def note(response: Response) -> None:
            if response.name == b"SEARCH":
                found.extend(int(word) for word in response.texts[0].split() if word.isdigit())

        if self.do(b"UID SEARCH UID %d:%d" % (first, last), note).name != b"OK":
            raise ImapFailed("refused", permanent=False)
        return sorted({uid for uid in found if first <= uid <= last})

    def _sizes(self, uids: list[int]) -> dict[int, int]:
        sizes: dict[int, int] = {}
        self.asking = list(uids)  # a mail that is broken on the server can break even this

        def note(response: Response) -> None:
            items = response.items() if response.name == b"FETCH" else {}
            uid = integer(items, b"UID")
            if b"RFC822.SIZE" in items and uid in self.asking:
                self.asking.remove(uid)
                sizes[uid] = integer(items, b"RFC822.SIZE")

        self.do(b"UID FETCH " + sequence_set(uids) + b" (UID RFC822.SIZE)", note)
        self.asking = []
        return sizes

    def _bodies(self, uids: list[int], sizes: dict[int, int]) -> Iterator[Fetched]:
        """Yield these mails in order. What comes out of order is held back, so that whoever stores them one by one never
        has the later without the earlier."""
        most = self.settings.max_bytes
        self.asking = list(uids)
        held: dict[int, Fetched] = {}
        # A part of at most so many bytes: some servers guess sizes, and none may fill our memory.
        wire = self.wire
        tag = wire.command(b"UID FETCH " + sequence_set(uids) + b" (UID INTERNALDATE BODY.PEEK[]<0.%d>)" % (most + 1))
        while (response := self.next(largest=most + 1)).tag != tag:
            items = response.items() if response.name == b"FETCH" else {}
            uid, content = integer(items, b"UID"), items.get(b"BODY[]<0>", items.get(b"BODY[]"))
            if not content or uid not in self.asking or uid in held:
                continue  # flags that somebody changed, or a mail that somebody removed (RFC 2180, 4.1.2: NIL or nothing)
            problem = "too_large" if len(content) > most else ""
            kept = content[:_HEADERS].partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if problem else content
            held[uid] = Fetched(uid, kept, internal_date(items), sizes.get(uid, len(content)), problem)
            while self.asking and self.asking[0] in held:
                yield held.pop(self.asking.pop(0))
        missing = [uid for uid in self.asking if uid not in held]
        if missing and response.code == b"SERVERBUG":  # one mail that the server cannot digest, or all of it is ill
            raise ImapFailed("refused", permanent=False)
        if missing and response.code in LATER:
            raise ImapFailed("later", permanent=False)
        there = set(self._search(missing[0], missing[-1])) if missing else set()
        for uid in list(self.asking):
            if uid in held:
                yield held[uid]
            elif uid not in there:
                yield Fetched(uid, b"", None, 0, "gone")
            elif len(uids) > 1:  # one that cannot be given may have spoiled the whole answer
                yield from self._bodies([uid], sizes)
            else:
                yield self._header(uid, sizes.get(uid, 0), "refused")
        self.asking = []

    def _header(self, uid: int, size: int, problem: str) -> Fetched:
        self.asking = [uid]
        found: list[Fetched] = []

        def note(response: Response) -> None:
            items = response.items() if response.name == b"FETCH" else {}
            content = items.get(b"BODY[HEADER]<0>", items.get(b"BODY[HEADER]"))
            if content is not None and integer(items, b"UID") == uid:
                found.append(Fetched(uid, content, internal_date(items), size, problem))

        line = b"UID FETCH %d (UID INTERNALDATE BODY.PEEK[HEADER]<0.%d>)" % (uid, _HEADERS)
        answer = self.do(line, note, largest=_HEADERS)
        self.asking = []
        if found:
            return found[0]
        if answer.code in LATER - {b"SERVERBUG"}:
            raise ImapFailed("later", permanent=False)
        # Without even a header nothing is known of it: whoever keeps count has to name it, whatever its size.
        return Fetched(uid, b"", None, size, "refused" if uid in self._search(uid, uid) else "gone")


def _together(uids: Sequence[int], *, most: int, alone: frozenset[int]) -> Iterator[list[int]]:
    """Divide UIDs into groups of at most so many, those in `alone` by themselves."""
    group: list[int] = []
    for uid in uids:
        if group and (len(group) == most or uid in alone or group[0] in alone):
            yield group
            group = []
        group.append(uid)
    if group:
        yield group
