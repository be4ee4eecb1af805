"""Where mail arrives: what the setting MAIL_LISTEN says. Reads no other setting, so that the settings can read it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from trustdesk.net.addresses import Network

_KNOWN = frozenset({"certificate", "key", "name", "trusted"})


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the receiver listens, and its certificate: what MAIL_LISTEN says."""

    host: str
    port: int
    certificate: Path | None
    key: Path | None
    name: str  # of this host, as it greets
    trusted: tuple[Network, ...] = ()  # mail servers of ours: not limited, and their Authentication-Results count


def listen(setting: str) -> Listen | None:
    """Read MAIL_LISTEN: ``smtp://0.0.0.0:25?certificate=/path.pem&key=/path.pem&name=mx.example.com``, with
    ``&trusted=10.0.0.0/8,192.0.2.1`` where mail servers of ours stand in front; None where it is blank. Raises ValueError."""
    if not setting:
        return None
    parts = urlsplit(setting)
    query = parse_qs(parts.query, strict_parsing=bool(parts.query))
    one = {name: values[0] for name, values in query.items()}
    if parts.scheme != "smtp" or not parts.hostname or parts.port is None or set(one) - _KNOWN:
        raise ValueError("not an address such as smtp://0.0.0.0:25?certificate=/path.pem&key=/path.pem&name=mx.example.com")
    if ("certificate" in one) != ("key" in one):
        raise ValueError("names a certificate without its key, or the other way round")
    return Listen(
        parts.hostname,
        parts.port,
        Path(one["certificate"]) if "certificate" in one else None,
        Path(one["key"]) if "key" in one else None,
        one.get("name", "localhost"),
        tuple(ipaddress.ip_network(part) for part in one.get("trusted", "").split(",") if part),
    )
