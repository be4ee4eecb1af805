"""Named places where a fault test can make this process crash, fail, wait or stay silent.

Armed only by config, which refuses to start with failpoints outside the test settings. Unarmed, a failpoint
costs one look into an empty dictionary.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass

NAMES = frozenset(
    {
        "before_commit",
        "after_commit",
        "before_publish",
        "after_publish",
        "before_smtp",
        "after_smtp",
        "snapshot_subscribe_gap",
        "before_assign_commit",
        "mail_stored",
        "before_imap_flag",
    }
)


class Injected(Exception):
    """The fault a test asked for."""


@dataclass(frozen=True)
class _Fault:
    action: str  # crash | error | drop | delay
    seconds: float
    chance: float


_armed: dict[str, _Fault] = {}
_dice = random.Random()  # decides nothing secret: which of many identical operations meets the fault


def arm(spec: str, *, seed: int = 0) -> None:
    """Arm the faults of `name=action[:seconds][@chance];…`; raise ValueError naming what is not understood."""
    _armed.clear()
    _dice.seed(seed)
    for part in filter(None, (piece.strip() for piece in spec.split(";"))):
        name, _, rest = part.partition("=")
        rest, _, chance = rest.partition("@")
        action, _, seconds = rest.partition(":")
        if name not in NAMES or action not in {"crash", "error", "drop", "delay"}:
            raise ValueError(f"unknown failpoint {part!r}")
        _armed[name] = _Fault(action, float(seconds or 0), float(chance or 1))


def hit(name: str) -> bool:
    """Meet the fault armed at `name`, if any; True means: skip the step that would follow."""
    fault = _armed.get(name)
    if fault is None or _dice.random() >= fault.chance:
        return False
    if fault.action == "crash":
        os._exit(137)
    if fault.action == "error":
        raise Injected(name)
    if fault.action == "delay":
        time.sleep(fault.seconds)
        return False
    return True
