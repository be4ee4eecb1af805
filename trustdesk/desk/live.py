"""The desk's sockets: hints without content, presence, typing, chat replies. Permissions are re-checked while open."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from trustdesk.conversations import presence, queries, replies
from trustdesk.conversations.queries import Whereabouts
from trustdesk.desk.viewers import Viewers
from trustdesk.realtime.bus import bus
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.realtime.hub import Hub
from trustdesk.realtime.socket import (
    PROTOCOL_BROKEN,
    TOO_BUSY,
    Broken,
    Frame,
    Gone,
    Pace,
    Receive,
    Scope,
    Send,
    Socket,
    own_origin,
)
from trustdesk.realtime.threads import DatabaseThreads
from trustdesk.seams import clock
from trustdesk.staff import permissions, sessions
from trustdesk.staff.models import Team
from trustdesk.staff.permissions import Action, Seat

log = logging.getLogger(__name__)

RECHECK_EVERY = 0.5  # seconds between two looks at sessions and permissions
RECHECK_WITHIN = 0.7  # seconds such a look may take: one that began too early, the pause and the next stay below the two seconds we promise
PRESENT_EVERY = 20.0  # seconds between two notes that an agent is at the desk
COALESCE = 0.005  # seconds that hints gather before they are sent
LIST_EVERY = 1.0  # seconds between two hints that a list changed
CASES = 200  # cases one socket may watch
FRAMES = 120  # frames a page may send within ten seconds: walking through a list opens and closes cases
TEXT = 10_000  # characters of a reply
WATCHED = ("case", "typing", "customer")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Rights:
    """What is allowed at this moment: living sessions, seats by agent, whose each case is."""

    sessions: Collection[str]
    seats: Mapping[int, Seat]
    cases: Mapping[int, Whereabouts]


class Desks:
    """All desk sockets of this process."""

    def __init__(self) -> None:
        self.hub = Hub(bus)
        self.viewers = Viewers(self.hub)
        self.sockets: set[Desk] = set()
        self.db = DatabaseThreads(2, name="desk-live")
        self._checks = DatabaseThreads(1, name="desk-rights")  # its own: no slow question may delay it
        self._came: dict[int, int] = {}  # how far the watched cases had come at the last look
        self._watching = [asyncio.create_task(self._recheck()), asyncio.create_task(self._be_present())]

    async def _recheck(self) -> None:
        """End sockets whose session, agent, role or teams are no longer what they were; runs for ever."""
        while True:
            await asyncio.sleep(RECHECK_EVERY)
            desks = list(self.sockets)
            if not desks:
                continue
            try:
                now = await asyncio.wait_for(self._checks(_rights, *_asked(desks)), RECHECK_WITHIN)
            except Exception as error:  # noqa: BLE001  whatever it is: what cannot be checked is not kept
                log.warning("desk: permissions could not be checked: %s", type(error).__name__)
                for desk in desks:
                    desk.drop()
                continue
            for desk in desks:
                desk.check(now)
            # What a lost hint did not tell: each case that moved since the last round is hinted once more.
            came = {conversation: where.last_seq for conversation, where in now.cases.items()}
            self.hub.deliver({f"case:{one}": str(seq) for one, seq in came.items() if self._came.get(one) != seq})
            self._came = came

    async def _be_present(self) -> None:
        """Note who is at the desk; runs for ever."""
        while True:
            agents = {desk.seat.agent_id for desk in self.sockets}
            try:
                self.viewers.say_again()
                await self.db(presence.watch, agent_ids=agents, now=clock.now())
            except Exception as error:  # noqa: BLE001  the next round comes; ended, it would not
                log.warning("desk: presence not noted: %s", type(error).__name__)
            await asyncio.sleep(PRESENT_EVERY)


class Desk:
    """One socket of one agent."""

    def __init__(
        self, socket: Socket, desks: Desks, *, session: str, seat: Seat, teams: Collection[int | None]
    ) -> None:
        self.socket, self.desks, self.session, self.seat = socket, desks, session, seat
        self.cases: dict[int, str] = {}  # watched: id → reference
        self._lists = [f"team:{team}" for team in teams]
        self._seen: dict[int, int] = {}  # up to where the customer has read, as told
        self._writing: set[int] = set()  # cases whose customer sees this agent typing
        self._gathered: dict[str, int] = {}
        self._list_changed = False
        self._list_at = 0.0

    async def run(self) -> None:
        """Talk until the page goes."""
        await self.socket.accept()
        self.desks.sockets.add(self)
        for topic in self._lists:
            self.desks.hub.join(topic, self)
        pace, loop = Pace(FRAMES), asyncio.get_running_loop()
        try:
            await self.desks.db(presence.arrived, agent_id=self.seat.agent_id, now=clock.now())
            while True:
                frame = await self.socket.receive()
                if not pace.kept(loop.time()):
                    raise Broken
                await self._take(frame)
        except Gone:
            pass
        except Broken:
            self.socket.close(PROTOCOL_BROKEN)
        except DatabaseError:
            self.socket.close(TOO_BUSY)
        finally:
            self._leave()

    def check(self, now: Rights) -> None:
        """Keep what this agent is still allowed; tell the page to load anew where that is less, or more."""
        seat = now.seats.get(self.seat.agent_id)
        if self.session not in now.sessions or seat is None:
            self.dismiss("signed_out")
        elif (seat.role, seat.team_ids) != (self.seat.role, self.seat.team_ids):
            self.dismiss("changed")
        else:
            for conversation, reference in list(self.cases.items()):
                if (case := now.cases.get(conversation)) is None:
                    continue  # opened after the question was asked
                if not permissions.may(seat, Action.SEE, team_id=case.team_id, assignee_id=case.assignee_id):
                    self._unwatch(conversation)
                    self.socket.send({"t": "error", "code": "not_found", "id": None, "case": reference})
                elif self._seen.get(conversation) != case.customer_seq:
                    self._seen[conversation] = case.customer_seq
                    self.socket.send({"t": "seen", "case": reference, "seq": case.customer_seq})

    def dismiss(self, reason: str) -> None:
        """Tell the page to load anew, and stop telling it anything else."""
        self._leave()
        self.socket.send({"t": "bye", "reason": reason})
        self.socket.close(1000)

    def drop(self) -> None:
        """Break off for now: the page comes back and is let in again if it may."""
        self._leave()
        self.socket.close(TOO_BUSY)

    def _leave(self) -> None:
        self.desks.sockets.discard(self)
        for topic in self._lists:
            self.desks.hub.leave(topic, self)
        for conversation in list(self.cases):
            self._unwatch(conversation)

    # Hints.

    def hinted(self, topic: str, value: str) -> None:
        """Take note of a hint."""
        kind, _, rest = topic.partition(":")
        if kind == "team":
            self._hint_list()
            return
        reference = self.cases.get(int(rest))
        if reference is None:
            return
        if kind == "case":
            if not self._gathered:
                asyncio.get_running_loop().call_later(COALESCE, self._send_gathered)
            self._gathered[reference] = max(int(value), self._gathered.get(reference, 0))
        elif kind == "typing" and value.startswith("customer"):
            self.socket.send({"t": "typing", "case": reference, "who": "customer", "on": value == "customer"})
        elif kind == "customer":
            self.socket.send({"t": "presence", "case": reference, "customer": value == "on"})
            if value != "on":  # one of his windows has closed: another may be open
                bus.publish({f"ask:{rest}": ""})

    def show_viewers(self, conversation: int, viewers: list[dict[str, Any]]) -> None:
        """Tell which colleagues look at a watched case."""
        self.socket.send({"t": "presence", "case": self.cases[conversation], "viewers": viewers})

    def missed(self) -> None:
        """Hints may have been lost: let the page fetch everything it shows."""
        self.socket.send({"t": "refresh"})

    def _send_gathered(self) -> None:
        gathered, self._gathered = self._gathered, {}
        self.socket.send({"t": "cases", "at": gathered})

    def _hint_list(self) -> None:
        if not self._list_changed:
            self._list_changed = True
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time() + COALESCE, self._list_at + LIST_EVERY), self._send_list)

    def _send_list(self) -> None:
        self._list_changed, self._list_at = False, asyncio.get_running_loop().time()
        self.socket.send({"t": "list"})

    # What the page asks for.

    async def _take(self, frame: Frame) -> None:
        act = _ACTS.get(frame["t"])
        if act is None:
            raise Broken
        try:
            await act(self, frame)
        except queries.NotFound:
            self._error("not_found", frame)
        except (DatabaseError, Unavailable):
            self._error("unavailable", frame)

    def _error(self, code: str, frame: Frame) -> None:
        self.socket.send({"t": "error", "code": code, "id": frame.get("id"), "case": frame.get("case")})

    async def _find(self, frame: Frame) -> tuple[int, str]:
        """Return id and number of the case a frame names: a watched one, or looked up through the permissions."""
        reference = frame.get("case")
        if not isinstance(reference, str):
            raise Broken
        for conversation, watched in self.cases.items():
            if watched == reference:
                return conversation, watched
        found = await self.desks.db(queries.find, self.seat, reference)
        return found.pk, found.reference

    async def _open(self, frame: Frame) -> None:
        conversation, reference = await self._find(frame)
        if self not in self.desks.sockets or (len(self.cases) >= CASES and conversation not in self.cases):
            raise queries.NotFound  # dismissed meanwhile, or watching everything
        self.cases[conversation] = reference
        for kind in WATCHED:
            self.desks.hub.join(f"{kind}:{conversation}", self)
        self.desks.viewers.enter(conversation, self)
        bus.publish({f"ask:{conversation}": ""})

    async def _close(self, frame: Frame) -> None:
        self._unwatch((await self._find(frame))[0])

    def _unwatch(self, conversation: int) -> None:
        if conversation in self.cases:
            self._stop_writing(conversation)
            self.desks.viewers.leave(conversation, self)
            for kind in WATCHED:
                self.desks.hub.leave(f"{kind}:{conversation}", self)
            del self.cases[conversation]
            self._seen.pop(conversation, None)

    async def _typing(self, frame: Frame) -> None:
        conversation, _ = await self._find(frame)
        on = frame.get("on") is True
        self.desks.viewers.writes(conversation, self, on=on)
        if on and frame.get("note") is not True:  # that a note is being written is nobody's business outside
            self._writing.add(conversation)
            bus.publish({f"typing:{conversation}": f"agent:{self.seat.public_name}"})
        else:
            self._stop_writing(conversation)

    def _stop_writing(self, conversation: int) -> None:
        if conversation in self._writing:
            self._writing.discard(conversation)
            bus.publish({f"typing:{conversation}": f"agent-stopped:{self.seat.public_name}"})

    async def _read(self, frame: Frame) -> None:
        conversation, _ = await self._find(frame)
        seq = frame.get("seq")
        if isinstance(seq, bool) or not isinstance(seq, int) or not 0 < seq < 2**31:
            raise Broken
        # Only what its assignee has read is told to the customer as read.
        if await self.desks.db(queries.mark_read, self.seat, conversation_id=conversation, seq=seq):
            bus.publish({f"read:{conversation}": str(seq)})
            self._hint_list()  # what has been read is no longer new there

    async def _reply(self, frame: Frame) -> None:
        conversation, _ = await self._find(frame)
        identity, text = frame.get("id"), frame.get("text")
        if not isinstance(identity, str) or not _ID.fullmatch(identity) or not isinstance(text, str) or "\0" in text:
            raise Broken
        if not text.strip() or len(text) > TEXT:
            self._error("too_long" if text.strip() else "empty", frame)
            return
        stored = replies.put(replies.Reply(conversation, self.seat.agent_id, identity, text))
        stored.add_done_callback(partial(self._stored, frame))

    def _stored(self, frame: Frame, future: asyncio.Future[replies.Sent]) -> None:
        error = None if future.cancelled() else future.exception()
        if error is None and not future.cancelled():
            sent = future.result()
            self.socket.send({"t": "ack", "id": frame["id"], "seq": sent.seq, "masked": sent.masked})
        elif isinstance(error, replies.UnableToReply):
            self._error(error.code, frame)
        else:
            if error is not None and not isinstance(error, (Unavailable, DatabaseError)):
                log.error("desk: a reply was not stored", exc_info=error)
            self._error("unavailable", frame)

    async def _ping(self, frame: Frame) -> None:
        self.socket.send({"t": "pong"})


_ACTS = {
    "open": Desk._open,
    "close": Desk._close,
    "typing": Desk._typing,
    "read": Desk._read,
    "reply": Desk._reply,
    "ping": Desk._ping,
}
_desks: Desks | None = None


async def start() -> None:
    """Watch the desks of this process from now on: while none is open here, that is known, too."""
    global _desks
    _desks = _desks or Desks()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one desk socket (ASGI): only for a signed-in agent, from the desk's own pages."""
    socket = Socket(scope, receive, send, trusted_proxies=settings.TRUSTED_PROXY_COUNT)
    key = _session_key(scope)
    if not own_origin(scope, public_url=settings.PUBLIC_URL) or not key:
        await socket.refuse()
        return
    await start()
    assert _desks is not None  # noqa: S101  for the type checker
    try:
        found = await _desks.db(_seat_of, key)
    except DatabaseError:
        found = None
    if found is None:
        await socket.refuse()
        return
    await Desk(socket, _desks, session=key, seat=found[0], teams=found[1]).run()
    await socket.ended()


def _seat_of(session_key: str) -> tuple[Seat, list[int | None]] | None:
    """Return the seat of a session's agent and the teams whose lists he sees; None is the team of cases without one."""
    agent = sessions.login_session_agent(session_key)
    seat = permissions.seat(agent) if agent is not None else None
    if seat is None:
        return None
    visible = permissions.visible_team_ids(seat)
    teams: list[int | None] = list(Team.objects.values_list("pk", flat=True) if visible is None else visible)
    return seat, [*teams, None] if permissions.may(seat, Action.SEE) else teams


def _asked(desks: Collection[Desk]) -> tuple[list[str], set[int], set[int]]:
    cases = {conversation for desk in desks for conversation in desk.cases}
    return [desk.session for desk in desks], {desk.seat.agent_id for desk in desks}, cases


def _rights(keys: Collection[str], agents: Collection[int], cases: Collection[int]) -> Rights:
    where = queries.whereabouts(cases) if cases else {}
    return Rights(sessions.sessions_alive(keys), permissions.seats(agents), where)


def _session_key(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookie = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                return ""
            if cookie is not None:
                return cookie.value
    return ""
