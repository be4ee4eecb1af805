"""Which colleagues look at a case and which of them write, over all processes. Hints only; nothing of it is stored."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from trustdesk.realtime.bus import bus
from trustdesk.realtime.hub import Hub

if TYPE_CHECKING:
    from trustdesk.desk.live import Desk

LASTS = 60.0  # seconds without word of a process, then its agents are gone with it


@dataclass(slots=True)
class _Case:
    """One case that somebody here looks at."""

    here: dict[Desk, str]
    everywhere: dict[str, tuple[float, list[list[Any]]]]  # process → (when it said so, [[agent id, name, state], …])


class Viewers:
    """Who looks at which case. Every process tells all others whenever that changes with it, and now and then again.

    A hint holds all viewers of one process, because a later value of a topic replaces the one before.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._process = secrets.token_hex(6)
        self._cases: dict[int, _Case] = {}

    def enter(self, conversation: int, desk: Desk) -> None:
        """Note that somebody here begins to look at a case; everybody who does is told, and he of everybody."""
        if conversation not in self._cases:
            self._cases[conversation] = _Case({}, {})
            for topic in _topics(conversation):
                self._hub.join(topic, self)
        self._cases[conversation].here[desk] = "viewing"
        bus.publish({**self._hint(conversation), f"who:{conversation}": self._process})

    def leave(self, conversation: int, desk: Desk) -> None:
        """Note that he no longer does."""
        case = self._cases.get(conversation)
        if case is None or case.here.pop(desk, None) is None:
            return
        bus.publish(self._hint(conversation))
        if not case.here:
            del self._cases[conversation]
            for topic in _topics(conversation):
                self._hub.leave(topic, self)

    def writes(self, conversation: int, desk: Desk, *, on: bool) -> None:
        """Note that he writes, or has stopped."""
        case, state = self._cases.get(conversation), "typing" if on else "viewing"
        if case is not None and case.here.get(desk, state) != state:
            case.here[desk] = state
            bus.publish(self._hint(conversation))

    def say_again(self) -> None:
        """Tell the other processes everything once more."""
        bus.publish({topic: value for conversation in self._cases for topic, value in self._hint(conversation).items()})

    def hinted(self, topic: str, value: str) -> None:
        """Take note of who looks at a case in some process, this one included."""
        kind, _, rest = topic.partition(":")
        conversation = int(rest)
        case = self._cases.get(conversation)
        if case is None:
            return
        if kind == "who":
            if value != self._process:
                bus.publish(self._hint(conversation))
            return
        process, rows = orjson.loads(value)
        case.everywhere[process] = (time.monotonic(), rows)
        self._show(conversation, case)

    def missed(self) -> None:
        """Ask anew: hints may have been lost."""
        bus.publish({f"who:{conversation}": self._process for conversation in self._cases})

    def _hint(self, conversation: int) -> dict[str, str]:
        rows = [
            [desk.seat.agent_id, desk.seat.display_name, state]
            for desk, state in self._cases[conversation].here.items()
        ]
        return {f"viewing:{conversation}": orjson.dumps([self._process, rows]).decode()}

    def _show(self, conversation: int, case: _Case) -> None:
        fresh = time.monotonic() - LASTS
        agents: dict[int, dict[str, Any]] = {}
        for at, rows in case.everywhere.values():
            for agent, name, state in rows if at > fresh else ():
                if agent not in agents or state == "typing":  # of several windows, the one that is written in
                    agents[agent] = {"id": agent, "name": name, "state": state}
        for desk in case.here:
            desk.show_viewers(
                conversation, [one for agent, one in sorted(agents.items()) if agent != desk.seat.agent_id]
            )


def _topics(conversation: int) -> tuple[str, str]:
    return f"viewing:{conversation}", f"who:{conversation}"
