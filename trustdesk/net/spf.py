"""SPF (RFC 7208): may this client send mail in the name of this domain? pyspf decides, our DNS door answers it.

DMARC knows one identity here (RFC 9989, 4.6): the domain of MAIL FROM, or of HELO when MAIL FROM is empty. A HELO that
passes beside a MAIL FROM that does not is worth nothing."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import spf

from trustdesk.net.dns import DnsFailed, Kind, Lookups
from trustdesk.net.fields import domain

log = logging.getLogger(__name__)

# pyspf expands macros over and over: a record of 64 KB would keep it busy for minutes. Real ones have hundreds of bytes.
_LONGEST_RECORD = 4_096
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", re.ASCII)
_RESULTS = frozenset({"pass", "fail", "softfail", "neutral", "none", "permerror", "temperror"})


@dataclass(frozen=True, slots=True)
class Checked:
    """The result in RFC 7208's words or ``not_aligned``, and the domain it is about (blank when it is none anybody could
    own)."""

    domain: str
    result: str


def verify(*, ip: str, helo: str, mail_from: str, wanted: Callable[[str], bool], lookups: Lookups) -> Checked:
    """Check the client against the domain of MAIL FROM, or of HELO when MAIL FROM is blank, if that domain is `wanted`
    (which may raise DnsFailed): nobody is to send us through the DNS for a result without use. Raises nothing."""
    local, at, name = mail_from.rpartition("@")
    if not mail_from:
        local, at, name = "postmaster", "@", helo
    asked = domain(name)
    # An address with a route, a comment, a quotation or two @ would be cut in as many ways as there are parsers.
    if not at or not asked or not _LOCAL.fullmatch(local):
        return Checked("", "none")
    try:
        ipaddress.ip_address(ip)
    except ValueError:
        return Checked(asked, "none")
    try:
        if not wanted(asked):
            return Checked(asked, "not_aligned")
    except DnsFailed:
        return Checked(asked, "temperror")
    query = _Query(ip=ip, sender=f"{local}@{asked}", helo=domain(helo) or "unknown", lookups=lookups)
    try:
        result = str(query.check()[0])
    except Exception as error:  # noqa: BLE001  pyspf fails in many ways on hostile records, and all mean "not proved"
        log.info("SPF record could not be evaluated: %s", type(error).__name__)
        return Checked(asked, "permerror")
    return Checked(asked, result if result in _RESULTS else "permerror")


class _Query(spf.query):  # type: ignore[misc,unused-ignore]
    """pyspf's evaluation (10 terms that look up, 2 void lookups, RFC 7208, 4.6.4) over our resolver."""

    def __init__(self, *, ip: str, sender: str, helo: str, lookups: Lookups) -> None:
        super().__init__(i=ip, s=sender, h=helo)
        self._lookups = lookups
        self.void_lookups = 0

    def dns(self, name: Any, qtype: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
        """The one place where pyspf asks DNS: texts come as tuples of bytes, MX as (preference, name)."""
        if qtype not in ("TXT", "A", "AAAA", "MX", "PTR"):
            raise spf.PermError("kind of record")
        try:
            found = list(self._lookups.ask(str(name), cast(Kind, qtype)).records)
        except DnsFailed as failure:
            raise spf.TempError(failure.reason) from failure
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("void lookups")
        if qtype != "TXT":
            return found
        if any(len(text) > _LONGEST_RECORD and text[:6].lower() == b"v=spf1" for text in found):
            raise spf.PermError("record too long")
        return [(text,) for text in found]
