"""The ledger of our mailboxes, and the mail that became part of no case: what staff see of it, and what they decide.

A mailbox belongs to its team, and one without a team to whoever leads: `permissions.Action.MAIL` says who looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser

from django.db.models import Q, QuerySet

from trustdesk.channels import addresses, mail_reader, missing, outbox, post
from trustdesk.channels.mailboxes import SILENT
from trustdesk.channels.models import HookPayload, Inbox, MailboxState, MissingMail
from trustdesk.conversations import mailroom
from trustdesk.policy import guard
from trustdesk.staff import permissions
from trustdesk.staff.models import Team
from trustdesk.staff.permissions import Action, Seat

PAGE = 50  # mails of one page
_HEAD = 64_000  # bytes at the beginning of a mail in which its head is looked for
_FIELD = 300  # characters of one field that are shown
_TEXT = 20_000  # characters of a text that are shown
_FILES = 50
MOST_MISSING = 10_000  # that are counted, of all mailboxes together

State = HookPayload.State
_FOR_STAFF = (State.UNREADABLE, State.HELD)


class NotFound(Exception):
    """There is no such mail, it is not for this agent to see, or it has been dealt with: which of them is not said."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox of ours. Every mail we ever stored is in one of the four states; `missing` names the gaps by UID."""

    id: int
    address: str
    team: Team | None
    enabled: bool
    fetched: bool  # by us, from a server of others; False: mail is handed to us
    on_server: int
    processed: int
    waiting: int
    unreadable: int
    held: int
    missing: tuple[int, ...]
    problem: str  # a code; "": it works
    stuck_at: datetime | None  # last time that fetching hung and was begun anew
    alive_at: datetime | None
    looked_at: datetime | None

    @property
    def stored(self) -> int:
        """How many mails we have or had."""
        return self.processed + self.waiting + self.unreadable + self.held


@dataclass(frozen=True, slots=True)
class Halt:
    """What keeps our mail from leaving (a code, blank: nothing), and how many mails wait for that."""

    reason: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """One mail that waits for a person: no reader could make sense of it, or nobody vouches for it."""

    id: int
    address: str
    state: str
    reason: str  # a code
    size: int  # bytes
    attempts: int
    received_at: datetime
    readable: bool  # its bytes are still there
    cut: bool = False  # of its bytes only the head ever came: there is nothing to read again


@dataclass(frozen=True, slots=True)
class Page:
    """Mails, latest first; `after`: where the next page begins, 0 at the end."""

    rows: tuple[Stuck, ...]
    after: int


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a mail says about itself: nobody has checked any of it."""

    sender: str
    to: str
    subject: str
    sent: str


@dataclass(frozen=True, slots=True)
class Opened:
    """One mail, read for a person who looks at it; secrets are taken out, as everywhere."""

    head: Head
    read: bool  # False: no reader makes sense of it, and what follows is blank
    verdict: str = ""  # proved, claimed or failed
    said: str = ""
    quoted: str = ""
    files: tuple[str, ...] = ()  # their names


def may_look(seat: Seat) -> bool:
    """Decide whether the agent has any business with the mailboxes."""
    return permissions.RULES[seat.role][Action.MAIL] is not permissions.Reach.NONE


def mailboxes(seat: Seat, *, now: datetime) -> list[Mailbox]:
    """List the mailboxes that this agent looks after, with four statements."""
    rows = list(Inbox.objects.filter(_own(seat), kind="email").select_related("team").order_by("id"))
    states = {row.inbox_id: row for row in MailboxState.objects.filter(inbox__in=rows)}
    counts = post.counts()
    gaps: dict[int, list[int]] = {}
    for inbox, uid in MissingMail.objects.filter(inbox__in=rows).order_by("uid").values_list("inbox_id", "uid")[:MOST_MISSING]:
        gaps.setdefault(inbox, []).append(uid)
    return [_mailbox(row, states.get(row.pk), counts.get(row.pk, {}), gaps.get(row.pk, []), now) for row in rows]


def ask_again(seat: Seat, inbox_id: int, *, now: datetime) -> int:
    """Have a mailbox's server asked again for what it could not give; return for how many. Raises NotFound."""
    if not Inbox.objects.filter(_own(seat), pk=inbox_id, kind="email").exists():
        raise NotFound
    return missing.ask_again(inbox_id, now=now)


def stuck(seat: Seat, *, after: int = 0) -> Page:
    """List what waits for a person, latest first; `after` is where the page before ended."""
    rows = _stuck(seat).order_by("-received_at", "-pk")
    if after and (last := HookPayload.objects.filter(pk=after).first()):
        at = last.received_at
        rows = rows.filter(Q(received_at__lt=at) | Q(received_at=at, pk__lt=after))
    found = list(rows.select_related("inbox").defer("sealed")[: PAGE + 1])
    shown = tuple(_row(row) for row in found[:PAGE])
    return Page(shown, shown[-1].id if len(found) > PAGE else 0)


def count(seat: Seat, *, now: datetime) -> int:
    """Count what waits for a person: mails, mailboxes that nobody can fetch or that lack mails, and mail that cannot leave."""
    rows = Inbox.objects.filter(_own(seat), kind="email", enabled=True)
    states = MailboxState.objects.filter(inbox__in=rows).select_related("inbox")
    failing = {state.inbox_id for state in states if _problem(state.inbox, state, now)}
    lacking = set(MissingMail.objects.filter(inbox__in=rows).values_list("inbox_id", flat=True).distinct())
    return _stuck(seat).count() + len(failing | lacking) + bool(halted(seat, now=now).waiting)


def halted(seat: Seat, *, now: datetime) -> Halt:
    """Say whether mail of ours cannot leave at all: one way out serves all teams, so it is told to everybody who looks."""
    reason, waiting = outbox.halted(now=now) if may_look(seat) else ("", 0)
    return Halt(reason, waiting)


def find(seat: Seat, identity: int) -> Stuck:
    """Return one mail that waits for a person; raises NotFound."""
    row = _stuck(seat).filter(pk=identity).select_related("inbox").defer("sealed").first()
    if row is None:
        raise NotFound
    return _row(row)


def opened(identity: int) -> Opened:
    """Read one mail in a confined process; raises LookupError and sealing.Unsealable as `post.content` does."""
    said = head(identity)
    try:
        mail = mailroom.preview(identity)
    except mail_reader.Unreadable:
        return Opened(said, read=False)
    return Opened(
        head=said,
        read=True,
        verdict=mail.verdict,
        said=guard.mask(mail.said[:_TEXT]).text,
        quoted=guard.mask(mail.quoted[:_TEXT]).text,
        files=tuple(guard.mask(file.name).text[:_FIELD] for file in mail.letter.files[:_FILES]),
    )


def head(identity: int) -> Head:
    """Read what a mail says about itself; raises LookupError and sealing.Unsealable as `post.content` does.

    Only the fields of its beginning are read, as text: whatever made the whole unreadable is not gone through again.
    """
    whole: Message[str, str] = BytesHeaderParser(policy=policy.compat32).parsebytes(post.content(identity)[:_HEAD])
    return Head(_field(whole, "From"), _field(whole, "To"), _field(whole, "Subject"), _field(whole, "Date"))


def _own(seat: Seat, prefix: str = "") -> Q:
    reach = permissions.RULES[seat.role][Action.MAIL]
    if reach is permissions.Reach.NONE:
        return Q(pk__in=())
    if reach is permissions.Reach.ALL:
        return Q()
    return Q(**{f"{prefix}team__in": sorted(seat.team_ids)}) | Q(**{f"{prefix}team__isnull": True})


def _stuck(seat: Seat) -> QuerySet[HookPayload]:
    return HookPayload.objects.filter(_own(seat, "inbox__"), state__in=_FOR_STAFF)


def _mailbox(row: Inbox, state: MailboxState | None, counted: dict[str, int], gaps: list[int], now: datetime) -> Mailbox:
    return Mailbox(
        id=row.pk,
        address=row.address or addresses.default(),
        team=row.team,
        enabled=row.enabled,
        fetched=state is not None,
        on_server=state.on_server if state else 0,
        processed=counted.get(State.PROCESSED, 0),
        waiting=counted.get(State.STORED, 0),
        unreadable=counted.get(State.UNREADABLE, 0),
        held=counted.get(State.HELD, 0),
        missing=tuple(gaps),
        problem=_problem(row, state, now) if state else "",
        stuck_at=state.stuck_at if state else None,
        alive_at=state.alive_at if state else None,
        looked_at=state.looked_at if state else None,
    )


def _problem(row: Inbox, state: MailboxState, now: datetime) -> str:
    """Say by code what is wrong with a mailbox; one that is fetched and has been silent for long has stopped."""
    if state.problem or not row.enabled or not row.secrets:
        return state.problem
    return "silent" if state.alive_at is None or now - state.alive_at > SILENT else ""


def _row(row: HookPayload) -> Stuck:
    return Stuck(
        id=row.pk,
        address=row.inbox.address or addresses.default(),
        state=row.state,
        reason=row.reason,
        size=row.size,
        attempts=row.attempts,
        received_at=row.received_at,
        readable=row.key is not None,
        cut=row.state == State.UNREADABLE and row.reason in post.CUT,
    )


def _field(whole: Message[str, str], name: str) -> str:
    raw = str(whole.get(name, ""))[: _FIELD * 10]
    try:
        said = str(make_header(decode_header(raw)))
    except (MessageError, LookupError, ValueError):  # a charset or an encoding that is none: as it stands, then
        said = raw
    said = said.encode("utf-8", "replace").decode()  # bytes that are no text come as halves of characters
    plain = " ".join("".join(char if char.isprintable() else " " for char in said).split())
    return guard.mask(plain[:_FIELD]).text
