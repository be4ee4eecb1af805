"""How hard faults hit: enough for every commit, or as often and as long as the list of faults says.

TRUSTDESK_FAULTS=full asks for the latter: twenty kills, 5,000 sockets, a minute of silence. It takes a quarter of an hour,
and a machine that does nothing else: half of the load is made by the test itself.
"""

from __future__ import annotations

import os
from typing import TypeVar

FULL = os.environ.get("TRUSTDESK_FAULTS") == "full"
T = TypeVar("T")


def hard(usual: T, full: T) -> T:
    """Return how much of a fault this run gets."""
    return full if FULL else usual
