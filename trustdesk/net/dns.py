"""The door to DNS: few kinds of record, short waits, bounded answers, and three ways to hear nothing.

A name that does not exist, a name without such a record, and a server that cannot say are different things to
everybody who asks: the first two are answers (`Answer.exists`, `Answer.records`), the third is `DnsFailed`. Whoever
decides about trust treats it as "not proved, ask again later", never as "no policy"."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from trustdesk.net.addresses import AddressRefused, parse_host

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]
T_co = TypeVar("T_co", covariant=True)

_MOST_RECORDS = 100
_MOST_BYTES = 32 * 1024  # of one answer; a real policy or key has hundreds
_LONGEST_KEPT = 3600.0  # seconds, whatever the TTL says: a key withdrawn is to be gone within the hour
_UDP_PAYLOAD = 1232  # bytes; larger answers come over TCP (DNS flag day 2020)
# Names that SPF's macros make hold nearly any character; what could be read as a label's end or an escape is refused.
_LABEL = re.compile(r"[!-\-/-\[\]-~]{1,63}")


class DnsFailed(Exception):
    """No answer. Trying again later may help.

    `reason` is a code: ``timeout``, ``servfail``, ``no_nameserver``, ``too_large``, ``budget`` or ``protocol``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = False


@dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """What a server said: the records, and whether there is such a name at all (NXDOMAIN, RFC 8020)."""

    records: tuple[T_co, ...]
    exists: bool


class Lookups:
    """The questions; each returns an Answer or raises DnsFailed. A name no DNS could hold does not exist."""

    def ask(self, name: str, kind: Kind) -> Answer[Any]:
        """Ask for the records of one kind."""
        raise NotImplementedError

    def txt(self, name: str) -> Answer[bytes]:
        """Texts, the strings of each joined (RFC 7208, 3.3; RFC 6376, 3.6.2.2)."""
        return self.ask(name, "TXT")

    def a(self, name: str) -> Answer[str]:
        """IPv4 addresses."""
        return self.ask(name, "A")

    def aaaa(self, name: str) -> Answer[str]:
        """IPv6 addresses."""
        return self.ask(name, "AAAA")

    def mx(self, name: str) -> Answer[tuple[int, str]]:
        """Mail servers with their preference, the preferred first; names in lower case without the final dot."""
        return self.ask(name, "MX")

    def ptr(self, ip: str) -> Answer[str]:
        """Names of an IP address; raises ValueError when it is none."""
        return self.ask(ipaddress.ip_address(ip).reverse_pointer, "PTR")


class Resolver(Lookups):
    """Asks the system's name servers, or the ones given; safe to share between threads.

    `nameservers` are IP addresses with or without a port (``127.0.0.1:5353``, ``[::1]:53``); `timeout` is seconds for
    one question, all attempts together. Raises ValueError for an address that is none."""

    def __init__(self, *, nameservers: Sequence[str] = (), timeout: float = 4.0, cached: int = 2_000) -> None:
        self._nameservers = [nameserver(one) for one in nameservers]
        self._timeout = timeout
        self._cache = _Cache(cached)
        self._resolver: dns.resolver.Resolver | None = None

    def ask(self, name: str, kind: Kind) -> Answer[Any]:
        return self.ask_within(name, kind, seconds=self._timeout)

    def ask_within(self, name: str, kind: Kind, *, seconds: float) -> Answer[Any]:
        """Ask with at most so many seconds of waiting."""
        labels = name.removesuffix(".").split(".")
        if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
            return Answer((), exists=False)
        # From labels, not from text: a text would be read for escapes.
        wanted = dns.name.Name([label.lower().encode("ascii") for label in labels] + [b""])
        try:
            found = self._ready().resolve(
                wanted, kind, search=False, raise_on_no_answer=False, lifetime=min(seconds, self._timeout)
            )
        except dns.resolver.NXDOMAIN:
            return Answer((), exists=False)
        except dns.exception.Timeout:
            raise DnsFailed("timeout") from None
        except dns.resolver.NoNameservers:
            raise DnsFailed("servfail") from None
        except (dns.exception.DNSException, OSError) as error:
            raise DnsFailed("protocol") from error
        records = [_read(record) for record in found.rrset or ()]
        if _too_large(found):
            raise DnsFailed("too_large")
        return Answer(tuple(sorted(records) if kind == "MX" else records), exists=True)

    def budget(self, *, seconds: float, questions: int) -> Lookups:
        """Return the same door for one task that may cost so many seconds and questions altogether; beyond it each
        question raises DnsFailed (``budget``)."""
        return _Budget(self, seconds=seconds, questions=questions)

    def _ready(self) -> dns.resolver.Resolver:
        """Read the system's configuration at the first question: a missing one must not keep a process from starting."""
        if self._resolver is None:
            try:
                made = dns.resolver.Resolver(configure=not self._nameservers)
            except dns.resolver.NoResolverConfiguration:
                raise DnsFailed("no_nameserver") from None
            if self._nameservers:
                made.nameservers = self._nameservers
            made.timeout = self._timeout / 2  # one lost datagram is asked for again
            made.use_edns(0, 0, _UDP_PAYLOAD)
            made.cache = self._cache
            self._resolver = made
        return self._resolver


class _Budget(Lookups):
    def __init__(self, resolver: Resolver, *, seconds: float, questions: int) -> None:
        self._resolver = resolver
        self._deadline = time.monotonic() + seconds
        self._left = questions

    def ask(self, name: str, kind: Kind) -> Answer[Any]:
        left = self._deadline - time.monotonic()
        if left <= 0 or self._left <= 0:
            raise DnsFailed("budget")
        self._left -= 1
        return self._resolver.ask_within(name, kind, seconds=left)


class _Cache(dns.resolver.LRUCache):
    """dnspython's own cache (TTL, negative answers as in RFC 2308), but nothing is kept long and nothing big at all."""

    def put(self, key: dns.resolver.CacheKey, value: dns.resolver.Answer) -> None:
        if not _too_large(value):
            value.expiration = min(value.expiration, time.time() + _LONGEST_KEPT)
            super().put(key, value)


def nameserver(text: str) -> dns.nameserver.Nameserver:
    """Read the address of a name server; raises ValueError."""
    host, _, port = text.strip().rpartition(":")
    if not port.isdecimal() or (":" in host and not host.startswith("[")):  # no port: a bare address, v6 perhaps
        host, port = text.strip(), "53"
    try:
        address = parse_host(host.removeprefix("[").removesuffix("]"))
    except AddressRefused:
        raise ValueError("not an address of a name server") from None
    if not re.fullmatch(r"[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*", address) or not 0 < int(port) < 65536:
        raise ValueError("not an address of a name server")  # a name would need a name server to be found
    return dns.nameserver.Do53Nameserver(address, int(port))


def _read(record: Any) -> Any:
    match record.rdtype.name:
        case "TXT":
            return b"".join(record.strings)
        case "A" | "AAAA":
            return str(record.address)
        case "MX":
            return int(record.preference), _plain(record.exchange)
        case _:
            return _plain(record.target)


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _too_large(answer: dns.resolver.Answer) -> bool:
    if answer.rrset is None:
        return False
    return len(answer.rrset) > _MOST_RECORDS or sum(_size(record) for record in answer.rrset) > _MOST_BYTES


def _size(record: Any) -> int:
    return sum(map(len, record.strings)) if record.rdtype.name == "TXT" else 100
