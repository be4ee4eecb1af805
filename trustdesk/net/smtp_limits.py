"""How much one SMTP client, one network and all of them together may take from the receiver."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from trustdesk.net.addresses import Network, network

_WINDOW = 60.0  # seconds; what the limits "per minute" count in


@dataclass(frozen=True)
class Limits:
    """Numbers, bytes and seconds. A network is an IPv4 address or an IPv6 /64 (`net.addresses.network`). RFC 5321,
    4.5.3 names what a server must at least allow: 100 recipients, and five minutes for the next command – which is
    kept until half of the connections are in use, then `idle_busy` applies."""

    connections: int = 200
    connections_per_network: int = 20
    connections_per_minute: int = 120  # of one network
    messages_per_minute: int = 600  # of one network
    messages: int = 500  # of one connection
    recipients: int = 100  # of one message
    commands: int = 1_000  # between two messages
    errors: int = 10  # replies 5xx, then the client is sent away
    receiving_bytes: int = 200_000_000  # of all messages that are being received, together
    greeting_delay: float = 0.2  # a client that speaks before the greeting is a robot
    idle: float = 300.0
    idle_busy: float = 20.0
    message: float = 900.0  # from DATA to its end
    session: float = 3600.0
    trusted: tuple[Network, ...] = ()  # servers of ours that stand in front: what is counted by network is not counted of them
    storing: float = 120.0  # RFC 5321, 4.5.3.2.6: the sender waits ten minutes for the answer to its final dot


def contains(networks: Iterable[Network], ip: str) -> bool:
    """Say whether an address is in one of these networks; False for what is no address."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address in one for one in networks)


class Gate:
    """Counts who is inside. Used on one event loop; nothing in it waits."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._inside = 0
        self._recent: Counter[tuple[str, str]] = Counter()
        self._until = 0.0
        self._bytes = 0

    def enter(self, ip: str) -> bool:
        """Let a connection in, or say no. Whoever was let in must `leave`."""
        place = network(ip)
        if self._inside >= self._limits.connections:
            return False
        if not self.trusts(ip) and (
            self._open[place] >= self._limits.connections_per_network
            or not self._count("connection", place, self._limits.connections_per_minute)
        ):
            return False
        self._inside += 1
        self._open[place] += 1
        return True

    def leave(self, ip: str) -> None:
        """Count a connection out."""
        place = network(ip)
        self._inside -= 1
        self._open[place] -= 1
        if not self._open[place]:
            del self._open[place]

    def may_send(self, ip: str) -> bool:
        """Count a message that this client begins, or say that its network has sent enough for now."""
        return self.trusts(ip) or self._count("message", network(ip), self._limits.messages_per_minute)

    def trusts(self, ip: str) -> bool:
        """Say whether this is a server of ours."""
        return contains(self._limits.trusted, ip)

    @property
    def idle(self) -> float:
        """Return how many seconds a client may be silent."""
        busy = self._inside * 2 > self._limits.connections
        return min(self._limits.idle, self._limits.idle_busy) if busy else self._limits.idle

    def hold(self, size: int) -> bool:
        """Reserve memory for a piece of a message, or say that there is none. Whoever holds must `release`."""
        if self._bytes + size > self._limits.receiving_bytes:
            return False
        self._bytes += size
        return True

    def release(self, size: int) -> None:
        """Give reserved memory back."""
        self._bytes -= size

    def _count(self, what: str, place: str, most: int) -> bool:
        now = self._clock()
        if now >= self._until:  # all at once: what is remembered cannot grow
            self._recent.clear()
            self._until = now + _WINDOW
        if self._recent[what, place] >= most:
            return False
        self._recent[what, place] += 1
        return True
