"""The chat's sockets in this process: what they share, and how one hint becomes one query for all who care."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.db import Error

from trustdesk.conversations import public
from trustdesk.realtime.bus import bus
from trustdesk.realtime.gathering import Gathered
from trustdesk.realtime.hub import Hub
from trustdesk.realtime.threads import DatabaseThreads
from trustdesk.seams import clock

if TYPE_CHECKING:
    from trustdesk.widget.chat import Chat

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

DATABASE_THREADS = 4        # reading on behalf of sockets
AT_ONCE = 400               # sockets served by one query
GATHER = 0.002              # seconds: who only hears of his own message is told by its acknowledgement meanwhile
PRESENCE_EVERY = 5.0        # seconds between two looks at which agents are at their desks
POSITIONS_EVERY = 1.0       # seconds between two looks at the queue
SWEEP_EVERY = 2.5           # seconds between two looks for what a lost hint did not tell
SWEEP_BACK = timedelta(seconds=30)
RETRY = 1.0                 # seconds before a database that did not answer is asked again
RESTARTING = 1012           # close code: come back
BACK_EACH_SECOND = 100      # of idle chats that lost their connection without a word
SOONEST_SPREAD = 3          # seconds
SILENT = 60.0               # seconds without a frame, then the client is gone
FRESH = 30.0                # seconds that opening hours and topics may be old


class Live:
    """All chats of this process."""

    def __init__(self) -> None:
        self.hub = Hub(bus)
        self.chats: set[Chat] = set()
        self.epoch = ""
        self.db = DatabaseThreads(DATABASE_THREADS, name="live")
        self.exchange = DatabaseThreads(DATABASE_THREADS, name="live-exchange")    # waits for others, so it has threads of its own
        self._behind: dict[Chat, None] = {}
        self._changed: dict[Chat, None] = {}
        self._queued: set[Chat] = set()
        self._flushing = False
        self._moving = False
        self._swept_at = clock.now()
        self._known: dict[tuple[Any, ...], tuple[float, asyncio.Task[Any]]] = {}
        # What everybody who comes in asks; after a restart or a lost network that is everybody at once.
        self.case_of = Gathered(self._cases, most=AT_ONCE)
        self.page_after = Gathered(lambda asked: self.db(public.pages_after, asked), most=AT_ONCE)
        self.proving_in = Gathered(lambda cases: self.db(public.open_provings, cases), most=AT_ONCE)
        self.agent_is_in = Gathered(self._attended, most=AT_ONCE)
        self._background = [asyncio.create_task(task) for task in (self._sweep(), self._watch(), self._see())]

    @property
    def spread(self) -> int:
        """The seconds over which chats that lost their connection without a word, and are idle, should come back."""
        return max(SOONEST_SPREAD, len(self.chats) // BACK_EACH_SECOND)

    async def remembered(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a reading use-case unless the same was asked within the last half minute (`now` aside)."""
        key = (act.__name__, args, *sorted((name, value) for name, value in kwargs.items() if name != "now"))
        at, asked = self._known.get(key, (0.0, None))
        if asked is None or time.monotonic() - at > FRESH or (asked.done() and (asked.cancelled() or asked.exception())):
            # Kept before it is answered: of a thousand who come in at once one asks.
            asked = asyncio.create_task(self.db(act, *args, **kwargs))
            self._known[key] = (time.monotonic(), asked)
        value: R = await asyncio.shield(asked)
        return value

    async def _cases(self, threads: list[str]) -> dict[str, public.Case]:
        inbox = await self.remembered(public.chat_inbox)
        return await self.db(public.currents, threads, inbox_id=inbox, locale="en", now=clock.now())

    async def _attended(self, conversation_ids: list[int]) -> dict[int, bool]:
        return dict.fromkeys(await self.attended(conversation_ids), True)

    # Entries: hints are gathered while a query is under way, then one query serves all sockets that are behind.

    def behind(self, chat: Chat) -> None:
        """Bring this chat up to date soon, if it then `wants` it."""
        self._behind[chat] = None
        if not self._flushing:
            self._flushing = True
            self.start(self._flush())

    async def _flush(self) -> None:
        try:
            while self._behind:
                await asyncio.sleep(GATHER)
                waiting = list(self._behind)[:AT_ONCE]
                for chat in waiting:
                    del self._behind[chat]
                chats = [chat for chat in waiting if chat.wants()]
                try:
                    await self._bring_up(chats)
                except Error as error:
                    log.warning("live: %d chats stay behind: %s", len(chats), type(error).__name__)
                    for chat in chats:
                        chat.behind()
                    await asyncio.sleep(RETRY)
        finally:
            self._flushing = False

    async def _bring_up(self, chats: Iterable[Chat]) -> None:
        positions: dict[int, int] = {}
        for chat in chats:
            if chat.case is not None:
                positions[chat.case.id] = min(chat.told, positions.get(chat.case.id, chat.told))
        pages = await self.db(public.entries_after, positions) if positions else {}
        self._changed |= {chat: None for chat in chats if chat.case is not None and chat.take(pages.get(chat.case.id))}
        changed = list(self._changed)       # with those of an earlier round whose state could not be read
        if changed:
            await self.refresh(changed)
            for chat in changed:
                self._changed.pop(chat, None)

    async def refresh(self, chats: Iterable[Chat]) -> None:
        """Show these chats the state of their case anew."""
        by_id: dict[int, list[Chat]] = {}
        for chat in chats:
            if chat.case is not None:
                by_id.setdefault(chat.case.id, []).append(chat)
        cases = await self.db(public.statuses, list(by_id), locale="en", now=clock.now())
        attended = await self.attended([identity for identity, case in cases.items() if case.agent])
        for identity, case in cases.items():
            for chat in by_id[identity]:
                chat.show(case, attended=identity in attended)
        self.requeue([chat for identity, case in cases.items() if case.queued for chat in by_id[identity]])

    async def attended(self, conversation_ids: list[int]) -> frozenset[int]:
        """Say in which of these cases the agent is at the desk."""
        return await self.db(public.attended, conversation_ids, now=clock.now()) if conversation_ids else frozenset()

    # The queue: at most one look a second, for all who wait.

    def requeue(self, chats: Iterable[Chat]) -> None:
        """Tell these chats their place soon."""
        self._queued.update(chats)
        if self._queued and not self._moving:
            self._moving = True
            self.start(self._move())

    async def _move(self) -> None:
        try:
            while self._queued:
                chats, self._queued = self._queued, set()
                ids = sorted({chat.case.id for chat in chats if chat.case is not None})
                try:
                    places = await self.db(public.places, ids, now=clock.now())
                except Error as error:
                    log.warning("live: places of %d chats not read: %s", len(ids), type(error).__name__)
                    self._queued |= chats & self.chats
                else:
                    for chat in chats:
                        if chat.case is not None and chat.case.id in places:
                            chat.show_place(places[chat.case.id])
                await asyncio.sleep(POSITIONS_EVERY)
        finally:
            self._moving = False

    # Safety nets.

    async def _sweep(self) -> None:
        """Find what lost hints did not tell, from the last look that succeeded; runs for ever."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            asked_at = clock.now()
            try:
                news = await self.db(public.news, since=self._swept_at - SWEEP_BACK)
            except Exception as error:  # noqa: BLE001  the next round comes; ended, it would not
                log.warning("live: sweep failed: %s", type(error).__name__)
                continue
            self._swept_at = asked_at
            if news.epoch != self.epoch:
                self._start_over(news.epoch)
            self.hub.deliver({f"thread:{thread}": str(identity) for thread, identity in news.opened.items()})
            self.hub.deliver({f"case:{identity}": str(seq) for identity, seq in news.moved.items()})

    def _start_over(self, epoch: str) -> None:
        """Send everybody away to come back: what they and we remember is of another history."""
        self.epoch = epoch
        self._known.clear()
        for chat in list(self.chats):
            chat.socket.close(RESTARTING)

    async def _see(self) -> None:
        """Tell customers when their agent went from the desk or came back; runs for ever."""
        while True:
            await asyncio.sleep(PRESENCE_EVERY)
            cared_for = {chat: chat.case.id for chat in self.chats if chat.case is not None and chat.case.agent}
            try:
                attended = await self.attended(sorted(set(cared_for.values())))
            except Exception as error:  # noqa: BLE001  the next round comes; ended, it would not
                log.warning("live: presence of agents not read: %s", type(error).__name__)
                continue
            for chat, identity in cared_for.items():
                if chat in self.chats and chat.case is not None and chat.case.id == identity:
                    chat.show_agent(here=identity in attended)

    async def _watch(self) -> None:
        """Close sockets that fell silent; runs for ever."""
        while True:
            await asyncio.sleep(SILENT / 6)
            oldest = asyncio.get_running_loop().time() - SILENT
            for chat in [chat for chat in self.chats if chat.socket.heard_at < oldest]:
                chat.socket.close(1001)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this in the background, and log it if it fails."""
        task = asyncio.create_task(work)
        self._background.append(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._background.remove(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("live: background work failed", exc_info=task.exception())


def limits() -> dict[str, int]:
    """Say what one message may hold."""
    return {"text": 4000, "file_bytes": 25 * 1024 * 1024, "files": 10}
