"""The cases of the demo world as they are written down in `cases/`, one file for a language and a team.

A case is a topic, who plays the customer and a list of lines:

  C: text       the customer writes          A: text    the agent answers        N: text    a note to colleagues
  ! assign jun  handed to a colleague        ! ask_proof                         ! prove mail_code | second_factor
  ! pend, resolve, reopen                    ! end      the customer ends it     ! rate 5 thanks
  ! mail a@b    answer me by mail            ! away     the customer stops reading      ! later 5   hours pass

A case with `answers` is a ticket: the answers to the form of its topic, and its first line is the text. A case with `mail` came
by mail from that address, with that `subject`; `vouched`: the address's domain vouches for it.

`{eth}` and its like become an invented transaction id, address or secret, the same one throughout a case.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import base58

CASES = Path(__file__).parent / "cases"
LOCALES = {"en": "en", "zh": "zh-hans"}
ACTS = frozenset("assign ask_proof prove pend resolve reopen end rate mail away later".split())
_PLACE = re.compile(r"\{([a-z]+)\}")
# A published test vector of BIP-39: with its checksum right, and nobody's.
_PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


class UnableToRead(Exception):
    """A line of a case is not of the form this page describes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line: `kind` is customer, agent, note or an act; `text` what is said, or the act's argument."""

    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Play:
    """One case to be played. `uid` "" is a stranger; `ago` hours since its last line, None: the schedule decides."""

    key: str
    locale: str
    topic: str
    agent: str
    steps: tuple[Step, ...]
    uid: str = ""
    name: str = ""
    ago: float | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    answers: Mapping[str, str] = field(default_factory=dict)
    mail: str = ""
    subject: str = ""
    vouched: bool = True

    @property
    def outcome(self) -> str:
        """The status the case is in after its last line."""
        status = "waiting"
        for step in self.steps:
            if step.kind in _OUTCOMES:
                status = _OUTCOMES[step.kind]
            elif (step.kind, status) in _REOPENS:
                status = "open"
        return status

    @property
    def taken(self) -> bool:
        """Whether an agent ever takes it."""
        return any(step.kind in ("agent", "note", "assign", "ask_proof", "pend", "resolve") for step in self.steps)


_REOPENS = {("agent", "waiting"), ("customer", "pending"), ("customer", "resolved")}
_OUTCOMES = {"pend": "pending", "resolve": "resolved", "end": "closed", "reopen": "open"}


def plays(folder: Path = CASES) -> list[Play]:
    """Read every written case, in the order of the files."""
    return [
        _play(path, number, case) for path in sorted(folder.glob("*_*.json")) for number, case in enumerate(_load(path))
    ]


def short_chats(folder: Path = CASES) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Read the short chats of everyday business: (locale, topic, agent, lines), the lines in turn of either side."""
    return [
        (LOCALES[row["locale"]], row["topic"], row["agent"], tuple(row["lines"]))
        for row in _load(folder / "short.json")
    ]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the invented values in the places of a text; raises KeyError for one that does not exist."""
    return _PLACE.sub(lambda found: values[found[1]], text)


def invented(key: str) -> dict[str, str]:
    """Invent what a case quotes: transaction ids, addresses and things that must never be stored."""

    def digest(what: str) -> str:
        return hashlib.sha256(f"demo case {key} {what}".encode()).hexdigest()

    def raw(what: str) -> bytes:
        return bytes.fromhex(digest(what))

    return {
        "btc": digest("btc"),
        "tron": digest("tron"),
        "xrp": digest("xrp").upper(),
        "eth": f"0x{digest('eth')}",
        "sol": base58.b58encode(raw("sol") + raw("sol2")).decode(),
        "evmaddress": f"0x{digest('evm address')[:40]}",
        "tronaddress": base58.b58encode_check(b"\x41" + raw("tron address")[:20]).decode(),
        "phrase": _PHRASE,
        "hexkey": f"0x{digest('key')}",
        "apisecret": base58.b58encode(raw("api") + raw("api2")).decode()[:64],
    }


def _load(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def _play(path: Path, number: int, case: dict[str, Any]) -> Play:
    key = f"{path.stem}-{number}"
    values = invented(key)
    steps = tuple(_step(fill(line, values)) for line in case["lines"])
    return Play(
        key,
        LOCALES[path.stem[:2]],
        case["topic"],
        case.get("agent", ""),
        steps,
        case.get("uid", ""),
        case.get("name", ""),
        case.get("ago"),
        values,
        {name: fill(answer, values) for name, answer in case.get("answers", {}).items()},
        case.get("mail", ""),
        case.get("subject", ""),
        case.get("vouched", True),
    )


def _step(line: str) -> Step:
    mark, _, rest = line.partition(" ")
    kind = {"C:": "customer", "A:": "agent", "N:": "note"}.get(mark)
    if kind:
        return Step(kind, rest)
    act, _, argument = rest.partition(" ")
    if mark != "!" or act not in ACTS:
        raise UnableToRead(line)
    return Step(act, argument)
