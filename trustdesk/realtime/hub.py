"""Which sockets of this process care for which topic. Lives on the event loop; hints may come from any thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from trustdesk.realtime.bus import Bus, Hints


class Subscriber(Protocol):
    """A socket, or anything else that wants hints."""

    def hinted(self, topic: str, value: str) -> None:
        """Take note, at once and without waiting."""

    def missed(self) -> None:
        """Hints may have been lost: look for yourself."""


class Hub:
    """Topics and their subscribers."""

    def __init__(self, bus: Bus) -> None:
        self._loop = asyncio.get_running_loop()
        self._topics: dict[str, set[Subscriber]] = {}
        bus.listen(self._from_thread, self._gap_from_thread)

    def join(self, topic: str, subscriber: Subscriber) -> None:
        """Subscribe; twice is once."""
        self._topics.setdefault(topic, set()).add(subscriber)

    def leave(self, topic: str, subscriber: Subscriber) -> None:
        """Unsubscribe; not being subscribed is no error."""
        members = self._topics.get(topic)
        if members is not None:
            members.discard(subscriber)
            if not members:
                del self._topics[topic]

    def topics(self, prefix: str) -> Iterable[str]:
        """List the topics somebody here cares for."""
        return [topic for topic in self._topics if topic.startswith(prefix)]

    def members(self, topic: str) -> Iterable[Subscriber]:
        """List who cares for one topic."""
        return tuple(self._topics.get(topic, ()))

    def deliver(self, hints: Hints) -> None:
        """Pass hints to who cares; on the loop."""
        for topic, value in hints.items():
            members = self._topics.get(topic)
            if members:
                for member in tuple(members):
                    member.hinted(topic, value)

    def _gap(self) -> None:
        for member in {member for members in self._topics.values() for member in members}:
            member.missed()

    def _from_thread(self, hints: Hints) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.deliver, hints)

    def _gap_from_thread(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._gap)
