"""How much one customer may send: a bucket of messages each, and a bucket of new chats for each address."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from django.conf import settings

from trustdesk.customers.visitors import Visitor
from trustdesk.net.addresses import network

GENERATION = 600.0  # seconds; a bucket not used for one to two of these is full again and forgotten
PROOF_STEPS = 30  # in that time, by one customer
SEARCHES = 60  # a minute, by one customer, while he types
LETTERS = 5  # in that time, by one customer: addresses to be answered at, each of which gets a letter
LETTERS_NEARBY = 30  # in that time, from one network
TYPED = 120  # a minute, by one customer: what he typed in a form so far, judged and compared at each pause
TYPED_NEARBY = 1200  # a minute, from one network
SEARCHES_NEARBY = 600  # a minute, from one network: strangers cost nothing to make
NOTES = 600  # in that time, of what one network's readers of the help center look for, open and say
CHECKS = 60  # in that time, from one network, whether something is ours
QUESTIONS = 20  # in that time, from one network, how a case stands whose number and address are typed


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limiter:
    """Token buckets by key. One process counts for itself: a limit that several processes share is a little higher."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # pages come from threads, chats from the event loop
        self._buckets: dict[str, _Bucket] = {}
        self._older: dict[str, _Bucket] = {}
        self._since = 0.0

    def wait(self, *, visitor: Visitor, address: str, opens: bool, at: float) -> int:
        """Take one message out of this customer's bucket at `at` (seconds, monotonic); return 0, or the seconds to wait."""
        if opens and not visitor.proved:
            refused = self._take(f"chats:{network(address)}", settings.NEW_CHATS_PER_10_MINUTES, 600.0, at)
            if refused:
                return refused
        return self._take(visitor.thread, settings.CHAT_MESSAGES_PER_MINUTE, 60.0, at)

    def prove(self, *, visitor: Visitor, at: float) -> int:
        """Take one step of a proof, which asks the exchange, out of this customer's bucket; return 0, or the seconds to wait."""
        return self._take(f"prove:{visitor.thread}", PROOF_STEPS, GENERATION, at)

    def search(self, *, visitor: Visitor, address: str, at: float) -> int:
        """Take one search for articles out of the buckets of this customer and his network; return 0, or the seconds to wait."""
        wait = self._take(f"search:{visitor.thread}", SEARCHES, 60.0, at)
        return wait or self._take(f"search:{network(address)}", SEARCHES_NEARBY, 60.0, at)

    def letter(self, *, visitor: Visitor, address: str, at: float) -> int:
        """Take one address that is to be mailed out of the buckets of this customer and his network; return 0, or the seconds to wait."""
        wait = self._take(f"letter:{visitor.thread}", LETTERS, GENERATION, at)
        return wait or self._take(f"letter:{network(address)}", LETTERS_NEARBY, GENERATION, at)

    def type(self, *, visitor: Visitor, address: str, at: float) -> int:
        """Take one look at an unsent form out of the buckets of this customer and his network; return 0, or the seconds to wait."""
        wait = self._take(f"typed:{visitor.thread}", TYPED, 60.0, at)
        return wait or self._take(f"typed:{network(address)}", TYPED_NEARBY, 60.0, at)

    def ask(self, *, address: str, at: float) -> int:
        """Take one question about a case out of this network's bucket; return 0, or the seconds to wait."""
        return self._take(f"ask:{network(address)}", QUESTIONS, GENERATION, at)

    def check(self, *, address: str, at: float) -> int:
        """Take one check of a channel out of this network's bucket; return 0, or the seconds to wait."""
        return self._take(f"check:{network(address)}", CHECKS, GENERATION, at)

    def note(self, *, address: str, at: float) -> int:
        """Take one note of what is read out of this network's bucket; return 0, or the seconds to wait."""
        return self._take(f"note:{network(address)}", NOTES, GENERATION, at)

    def _take(self, key: str, most: int, per: float, at: float) -> int:
        with self._lock:
            return self._count(key, most, per, at)

    def _count(self, key: str, most: int, per: float, at: float) -> int:
        if at - self._since > GENERATION:
            self._buckets, self._older, self._since = {}, self._buckets, at
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = self._older.pop(key, _Bucket(float(most), at))
        bucket.left = min(float(most), bucket.left + (at - bucket.at) * most / per)
        bucket.at = at
        if bucket.left < 1:
            return max(1, round((1 - bucket.left) * per / most))
        bucket.left -= 1
        return 0


limiter = Limiter()
