"""The desk's sockets: hints without content, presence, typing, and chat replies. Permissions are re-checked while open."""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial
from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.db import DatabaseError

from trustdesk.conversations import presence, queries, replies
from trustdesk.realtime.bus import bus
from trustdesk.realtime.group_commit import Unavailable
from trustdesk.realtime.hub import Hub
from trustdesk.realtime.socket import PROTOCOL_BROKEN, Broken, Frame, Gone, Receive, Scope, Send, Socket, own_origin
from trustdesk.realtime.threads import DatabaseThreads
from trustdesk.seams import clock
from trustdesk.staff import permissions, sessions
from trustdesk.staff.permissions import Seat

log = logging.getLogger(__name__)

RECHECK_EVERY = 1.5  # seconds between two looks at sessions and permissions
PRESENT_EVERY = 20.0  # seconds between two notes that an agent is at the desk
COALESCE = 0.01  # seconds that hints gather before they are sent
LIST_EVERY = 1.0  # seconds between two hints that a list changed
CASES = 200  # cases one socket may watch
TEXT = 10_000  # characters of a reply
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Desks:
    """All desk sockets of this process."""

    def __init__(self) -> None:
        self.hub = Hub(bus)
        self.sockets: set[Desk] = set()
        self.db = DatabaseThreads(2, name="desk-live")
        self._watching = [asyncio.create_task(self._recheck()), asyncio.create_task(self._be_present())]

    async def _recheck(self) -> None:
        """End sockets whose session, agent, role or teams are no longer what they were; runs for ever."""
        while True:
            await asyncio.sleep(RECHECK_EVERY)
            desks = list(self.sockets)
            if not desks:
                continue
            try:
                alive = await self.db(sessions.sessions_alive, [desk.session for desk in desks])
                seats = await self.db(permissions.seats, {desk.seat.agent_id for desk in desks})
            except Exception as error:  # cannot be checked: nobody keeps what he may no longer have
                log.warning("desk: permissions could not be checked: %s", type(error).__name__)
                alive, seats = set(), {}
            for desk in desks:
                now = seats.get(desk.seat.agent_id)
                if desk.session not in alive or now is None:
                    desk.dismiss("signed_out")
                elif (now.role, now.team_ids) != (desk.seat.role, desk.seat.team_ids):
                    desk.dismiss("changed")

    async def _be_present(self) -> None:
        """Note who is at the desk; runs for ever."""
        while True:
            await asyncio.sleep(PRESENT_EVERY)
            agents = {desk.seat.agent_id for desk in self.sockets}
            try:
                await self.db(presence.seen, agent_ids=agents, now=clock.now())
            except Exception as error:
                log.warning("desk: presence not noted: %s", type(error).__name__)


class Desk:
    """One socket of one agent."""

    def __init__(self, socket: Socket, desks: Desks, *, session: str, seat: Seat) -> None:
        self.socket, self.desks, self.session, self.seat = socket, desks, session, seat
        self._cases: dict[int, str] = {}  # watched: id → reference
        self._gathered: dict[str, int] = {}
        self._list_changed = False
        self._list_at = 0.0

    async def run(self) -> None:
        """Talk until the page goes."""
        await self.socket.accept()
        self.desks.sockets.add(self)
        for team in self.seat.team_ids:
            self.desks.hub.join(f"team:{team}", self)
        await self.desks.db(presence.arrived, agent_id=self.seat.agent_id, now=clock.now())
        try:
            while True:
                await self._take(await self.socket.receive())
        except Gone:
            pass
        except Broken:
            self.socket.close(PROTOCOL_BROKEN)
        finally:
            self._leave()

    def dismiss(self, reason: str) -> None:
        """Tell the page to load anew, and stop telling it anything else."""
        self._leave()
        self.socket.send({"t": "bye", "reason": reason})
        self.socket.close(1000)

    def _leave(self) -> None:
        self.desks.sockets.discard(self)
        for team in self.seat.team_ids:
            self.desks.hub.leave(f"team:{team}", self)
        for conversation in list(self._cases):
            self._unwatch(conversation)

    # Hints.

    def hinted(self, topic: str, value: str) -> None:
        """Take note of a hint."""
        kind, _, rest = topic.partition(":")
        if kind == "team":
            self._hint_list()
            return
        reference = self._cases.get(int(rest))
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
        elif kind == "viewing":
            agent, state, name = value.split(":", 2)
            if int(agent) != self.seat.agent_id:
                self.socket.send(
                    {"t": "presence", "case": reference, "viewer": {"id": int(agent), "name": name, "state": state}}
                )

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
        except replies.UnableToReply as refusal:
            self._error(refusal.code, frame)
        except (DatabaseError, Unavailable):
            self._error("unavailable", frame)

    def _error(self, code: str, frame: Frame) -> None:
        self.socket.send({"t": "error", "code": code, "id": frame.get("id"), "case": frame.get("case")})

    async def _find(self, frame: Frame) -> int:
        """Return the id of the case a frame names: one that is watched, or looked up through this agent's permissions."""
        reference = frame.get("case")
        if not isinstance(reference, str):
            raise Broken
        for conversation, watched in self._cases.items():
            if watched == reference:
                return conversation
        return (await self.desks.db(queries.find, self.seat, reference)).pk

    async def _open(self, frame: Frame) -> None:
        conversation = await self._find(frame)
        if len(self._cases) >= CASES and conversation not in self._cases:
            raise queries.NotFound
        self._cases[conversation] = frame["case"]
        for kind in ("case", "typing", "customer", "viewing"):
            self.desks.hub.join(f"{kind}:{conversation}", self)
        bus.publish({f"ask:{conversation}": ""})
        self._show_myself(conversation, "viewing")

    async def _close(self, frame: Frame) -> None:
        self._unwatch(await self._find(frame))

    def _unwatch(self, conversation: int) -> None:
        if self._cases.pop(conversation, None) is not None:
            for kind in ("case", "typing", "customer", "viewing"):
                self.desks.hub.leave(f"{kind}:{conversation}", self)
            self._show_myself(conversation, "gone")

    def _show_myself(self, conversation: int, state: str) -> None:
        bus.publish({f"viewing:{conversation}": f"{self.seat.agent_id}:{state}:{self.seat.display_name}"})

    async def _typing(self, frame: Frame) -> None:
        conversation, on = await self._find(frame), frame.get("on") is True
        if frame.get("note") is not True:  # that a note is being written is nobody's business outside
            bus.publish({f"typing:{conversation}": f"{'agent' if on else 'agent-stopped'}:{self.seat.public_name}"})
        self._show_myself(conversation, "typing" if on else "viewing")

    async def _read(self, frame: Frame) -> None:
        conversation, seq = await self._find(frame), frame.get("seq")
        if isinstance(seq, int) and 0 < seq < 2**31:
            await self.desks.db(queries.mark_read, self.seat, conversation_id=conversation, seq=seq)
            bus.publish({f"read:{conversation}": str(seq)})

    async def _reply(self, frame: Frame) -> None:
        conversation, identity, text = await self._find(frame), frame.get("id"), frame.get("text")
        if not isinstance(identity, str) or not _ID.fullmatch(identity) or not isinstance(text, str) or "\0" in text:
            raise Broken
        if not text.strip() or len(text) > TEXT:
            self._error("too_long" if text.strip() else "empty", frame)
            return
        stored = replies.put(replies.Reply(conversation, self.seat.agent_id, identity, text))
        stored.add_done_callback(partial(self._stored, frame))

    def _stored(self, frame: Frame, future: asyncio.Future[replies.Sent]) -> None:
        error = future.exception()
        if error is None:
            sent = future.result()
            self.socket.send({"t": "ack", "id": frame["id"], "seq": sent.seq, "masked": sent.masked})
        elif isinstance(error, replies.UnableToReply):
            self._error(error.code, frame)
        else:
            if not isinstance(error, (Unavailable, DatabaseError)):
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


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one desk socket (ASGI): only for a signed-in agent, from the desk's own pages."""
    global _desks
    socket = Socket(scope, receive, send, trusted_proxies=settings.TRUSTED_PROXY_COUNT)
    key = _session_key(scope)
    if not own_origin(scope, public_url=settings.PUBLIC_URL) or not key:
        await socket.refuse()
        return
    _desks = _desks or Desks()
    try:
        seat = await _desks.db(_seat_of, key)
    except DatabaseError:
        seat = None
    if seat is None:
        await socket.refuse()
        return
    await Desk(socket, _desks, session=key, seat=seat).run()


def _seat_of(session_key: str) -> Seat | None:
    agent = sessions.login_session_agent(session_key)
    return permissions.seat(agent) if agent is not None else None


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
