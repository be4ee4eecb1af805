"""Which addresses we may open a connection to.

Administrators and customers give us addresses (web hooks, mailbox hosts, links); none of them may make us knock on a
door inside our own network (server-side request forgery). Two rules do the work, and the second one alone would be
enough:

1. `parse` accepts one spelling of an address only. Everything a URL parser elsewhere might read differently – user
   names, backslashes, octal or hexadecimal numbers, percent signs in a host – is refused, not repaired.
2. `Guard.check` looks at the numbers a name resolves to *when connecting*, and the connection then goes to exactly
   those numbers. A name that answers differently the second time (DNS rebinding) gains nothing: there is no second
   time."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import idna

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]  # (host name, port) -> addresses as text; raises OSError

DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_URL = 2048
_LONGEST_HOST = 253

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<authority>[^/?#]*)(?P<target>[^#]*)(#.*)?", re.DOTALL)
_BRACKETED = re.compile(r"\[(?P<host>[0-9A-Fa-f:.]+)\](:(?P<port>[^:]*))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})

# Special-purpose blocks, from the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its
# successors). Written out because `ipaddress.is_global` differs between Python releases and calls NAT64 and multicast
# addresses global.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT; Alibaba's metadata service lives here
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent: a public number, answered only from inside
        "169.254.0.0/16",  # link-local, and most metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata service
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# All the rest of IPv6 (IPv4-mapped, NAT64, ULA, link-local, multicast) is not the internet.
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address inside
        "3fff::/20",  # documentation
    )
)


class AddressRefused(Exception):
    """We will not connect there. Trying again does not help; `reason` is a code, never the address itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = True


@dataclass(frozen=True)
class Address:
    """A web address in its one spelling. `host` is lower-case ASCII (IPv6 without brackets), `target` begins with
    ``/`` and has no fragment."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """Scheme, host and port; two addresses with the same origin are the same peer."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        """The whole address again."""
        return self.origin + self.target


def parse(url: str) -> Address:
    """Read a web address; raises AddressRefused for anything but one plain spelling of an http or https address."""
    if len(url) > _LONGEST_URL:
        raise AddressRefused("address_too_long")
    if "\\" in url or any(unicodedata.category(char) in _INVISIBLE for char in url):
        raise AddressRefused("address_malformed")
    found = _URL.fullmatch(url)
    if not found:
        raise AddressRefused("address_malformed")
    scheme = found["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise AddressRefused("address_scheme")
    if "@" in found["authority"]:
        raise AddressRefused("address_user_name")
    host, port = _split(found["authority"])
    target = found["target"]
    return Address(
        scheme=scheme,
        host=parse_host(host),
        port=_port(port) if port else DEFAULT_PORTS[scheme],
        target=target if target.startswith("/") else "/" + target,
    )


def parse_host(host: str) -> str:
    """Read a host name or an IP address in its usual spelling; returns it in lower-case ASCII, raises
    AddressRefused."""
    if ":" in host:
        if "%" in host:  # a zone id names one of our own network cards
            raise AddressRefused("address_host")
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise AddressRefused("address_host") from None
    name = host.lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError):
            raise AddressRefused("address_host") from None
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("address_host")
    if _NUMBER.fullmatch(labels[-1]):
        # A name that ends in a number is an IPv4 address to some parser somewhere (WHATWG URL, inet_aton).
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise AddressRefused("address_odd_number") from None
    return name


def _split(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        found = _BRACKETED.fullmatch(authority)
        if not found or ":" not in found["host"]:
            raise AddressRefused("address_host")
        return found["host"], found["port"] or ""
    host, _, port = authority.partition(":")
    return host, port


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 0 < int(text) < 65536:
        raise AddressRefused("address_port")
    return int(text)


def is_public(ip: Ip) -> bool:
    """Say whether an address belongs to the internet at large, by the IANA special-purpose registries."""
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in block for block in _CLOSED_V4)
    return ip in _OPEN_V6 and not any(ip in block for block in _CLOSED_V6)


def network(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 an IPv6 address lies in."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:  # a server that listens on :: sees all of IPv4 so
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if isinstance(parsed, ipaddress.IPv6Address) else str(parsed)


def is_loopback(host: str) -> bool:
    """Say whether a host as written can only mean this machine (``localhost``, 127.0.0.0/8, ::1)."""
    try:
        name = parse_host(host)
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except (AddressRefused, ValueError):
        return False


@dataclass(frozen=True)
class Allowed:
    """One exception to the rule that only public addresses are opened: a name or a network, on one port or on all."""

    name: str = ""
    network: Network | None = None
    port: int | None = None

    @classmethod
    def parse(cls, entry: str) -> Allowed:
        """Read ``127.0.0.1``, ``10.0.0.0/8``, ``127.0.0.1:8000``, ``[::1]:8000``, ``fd00::/8`` or
        ``exchange.internal:8443``; raises ValueError."""
        entry = entry.strip()
        try:
            return cls(network=ipaddress.ip_network(entry))
        except ValueError:
            pass  # not a bare network: a host, perhaps with a port
        try:
            host, port = _split(entry)
            host, number = parse_host(host), _port(port) if port else None
        except AddressRefused as refusal:
            raise ValueError(f"not an address we can allow ({refusal.reason}): {entry!r}") from None
        try:
            return cls(network=ipaddress.ip_network(host), port=number)
        except ValueError:
            return cls(name=host, port=number)

    def covers(self, *, host: str, ip: Ip, port: int) -> bool:
        """Say whether this exception is about that peer."""
        if self.port not in (None, port):
            return False
        return ip in self.network if self.network else host == self.name


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found]


@dataclass(frozen=True)
class Guard:
    """What may be connected to: the public internet plus the exceptions listed. The default allows no exception."""

    allow: tuple[Allowed, ...] = ()
    resolve: Resolver = system_resolve

    @classmethod
    def allowing(cls, *entries: str, resolve: Resolver = system_resolve) -> Guard:
        """Make a guard with these exceptions, each in a form `Allowed.parse` reads; raises ValueError."""
        return cls(allow=tuple(Allowed.parse(entry) for entry in entries), resolve=resolve)

    def check(self, host: str, port: int, *, timeout: float) -> list[str]:
        """Resolve a host and return its addresses, all of them allowed. One that is not refuses the whole name,
        because an answer with a private address among public ones is an attack or a mistake. Raises AddressRefused,
        or OSError when the name cannot be resolved within `timeout` seconds."""
        name = parse_host(host)
        try:
            found = [ipaddress.ip_address(name)]
        except ValueError:
            answers = _within(self.resolve, name, port, timeout=timeout)
            found = [ipaddress.ip_address(answer) for answer in dict.fromkeys(answers)]
        if not found:
            raise OSError("name has no address")
        for ip in found:
            if not is_public(ip) and not any(one.covers(host=name, ip=ip, port=port) for one in self.allow):
                raise AddressRefused("address_private")
        return [str(ip) for ip in found]

    def connect(self, host: str, port: int, *, timeout: float) -> socket.socket:
        """Open a TCP connection to a checked address within `timeout` seconds; raises AddressRefused or OSError."""
        deadline = time.monotonic() + timeout
        last: OSError = OSError("no address")
        for ip in self.check(host, port, timeout=timeout):
            try:
                return socket.create_connection((ip, port), max(deadline - time.monotonic(), 0.001))
            except OSError as error:
                last = error
        raise last


def _within(resolve: Resolver, host: str, port: int, *, timeout: float) -> Sequence[str]:
    """Resolve in a thread of its own: getaddrinfo knows no timeout, and a dead name server costs 10 s and more."""
    result: list[Sequence[str]] = []
    failure: list[OSError] = []

    def ask() -> None:
        try:
            result.append(resolve(host, port))
        except OSError as error:
            failure.append(error)

    thread = threading.Thread(target=ask, daemon=True, name="resolve")
    thread.start()
    thread.join(timeout)
    if failure:
        raise failure[0]
    if not result:
        raise TimeoutError("name resolution took too long")
    return result[0]
