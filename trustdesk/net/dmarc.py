"""DMARC (RFC 9989, which obsoletes RFC 7489): whose policy holds for a domain, and which domains belong together.

No list of public suffixes: the boundary of an organisation is found by walking up the DNS (section 4.10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from trustdesk.net.dns import Lookups

Policy = Literal["none", "quarantine", "reject"]

_POLICIES = ("none", "quarantine", "reject")
_MOST_LABELS = 8  # of a name; beyond, the walk goes on with the last seven (4.10), so it never asks more than 8 times
_VERSION = re.compile(r"[ \t]*[vV][ \t]*=[ \t]*DMARC1[ \t]*(;|$)")
_REPORTS = re.compile(r"[ \t]*[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


@dataclass(frozen=True, slots=True)
class Record:
    """A policy as published (4.7). `policy` is None when the record asks for nothing that can be understood, and then
    DMARC does not apply (4.10.1)."""

    policy: Policy | None
    subdomains: Policy | None  # sp
    nonexistent: Policy | None  # np
    psd: Literal["y", "n", "u"]
    strict_dkim: bool
    strict_spf: bool
    testing: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """What lies above a name: the records found, the longest name first, and the organizational domain."""

    records: tuple[tuple[str, Record], ...]
    organization: str


def parse(text: str) -> Record | None:
    """Read a record; None when it is no DMARC record at all. What is wrong in the rest counts as absent (4.7)."""
    if not _VERSION.match(text):
        return None
    tags: dict[str, str] = {}
    for part in text.split(";")[1:]:
        name, _, value = part.partition("=")
        tags.setdefault(name.strip(" \t").lower(), value.strip(" \t"))
    asked = {name: tags[name].lower() for name in ("p", "sp", "np") if name in tags}
    policy: str | None = asked.get("p", "none")
    if any(value not in _POLICIES for value in asked.values()):
        # Meant something, but nobody knows what: "none" for those who ask for reports, else nothing.
        policy = "none" if any(_REPORTS.fullmatch(uri) for uri in tags.get("rua", "").split(",")) else None
        asked = {}
    psd = tags.get("psd", "u").lower()
    return Record(
        policy=cast("Policy | None", policy),
        subdomains=cast("Policy | None", asked.get("sp")),
        nonexistent=cast("Policy | None", asked.get("np")),
        psd=cast('Literal["y", "n", "u"]', psd if psd in ("y", "n") else "u"),
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        testing=tags.get("t", "n").lower() == "y",
    )


def walk(name: str, *, lookups: Lookups) -> Walk:
    """Walk up from a domain (4.10) and find its organizational domain (4.10.2); raises DnsFailed, since half a walk
    may end at the wrong organisation."""
    found: list[tuple[str, Record]] = []
    for target in _targets(name):
        record = _at(target, lookups=lookups)
        if record:
            found.append((target, record))
            if record.psd != "u":
                break
    return Walk(tuple(found), _organization(name, found))


def _targets(name: str) -> Iterator[str]:
    labels = name.split(".")
    yield name
    above = labels[-(_MOST_LABELS - 1) :] if len(labels) >= _MOST_LABELS else labels[1:]
    for at in range(len(above)):
        yield ".".join(above[at:])


def _at(name: str, *, lookups: Lookups) -> Record | None:
    """The record published at a name; several are as good as none."""
    texts = [text.decode("utf-8", "replace") for text in lookups.txt(f"_dmarc.{name}").records]
    records = [record for record in map(parse, texts) if record]
    return records[0] if len(records) == 1 else None


def _organization(name: str, found: list[tuple[str, Record]]) -> str:
    for at, record in found:
        if record.psd == "n":
            return at
        if record.psd == "y" and at != name:  # one label below a public suffix
            return ".".join(name.split(".")[-(at.count(".") + 2) :])
    return found[-1][0] if found else name


def policy(name: str, above: Walk, *, lookups: Lookups) -> tuple[Record | None, Policy]:
    """Return the record that holds for a domain and what it asks for, ``none`` without one (4.10.1). Raises DnsFailed
    where it matters whether the domain exists."""
    at, record = _holding(name, above)
    if record is None or record.policy is None:
        return None, "none"
    asked = record.policy
    if at != name:
        asked = record.subdomains or asked
        if record.nonexistent and record.nonexistent != asked and not lookups.a(name).exists:
            asked = record.nonexistent
    if record.testing:  # one step milder while its owner tries it out
        asked = "quarantine" if asked == "reject" else "none"
    return record, asked


def _holding(name: str, above: Walk) -> tuple[str, Record | None]:
    """The domain's own record, else its organisation's, else that of the public suffix above."""
    records = dict(above.records)
    for at in (name, above.organization):
        if at in records:
            return at, records[at]
    return next(((at, record) for at, record in above.records if record.psd == "y"), ("", None))


def aligned(name: str, author: str, *, strict: bool, organization: str, lookups: Lookups) -> bool:
    """Say whether a proved domain vouches for the author's (4.4); `organization` is the author's. Raises DnsFailed."""
    if name == author:
        return True
    if strict or not (name == organization or name.endswith(f".{organization}")):
        return False  # whatever the walk from there finds lies above it
    return walk(name, lookups=lookups).organization == organization
