"""Hints between processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from trustdesk.realtime.bus import Bus, Hints

MOST = 7_999  # bytes PostgreSQL takes in one notification


@given(st.dictionaries(st.text(min_size=1, max_size=60), st.text(max_size=400), min_size=1, max_size=80))
def test_notifications_stay_below_the_bound_and_carry_everything_once(hints: dict[str, str]) -> None:
    payloads = Bus()._payloads(hints)
    assert all(len(payload.encode()) <= MOST for payload in payloads)
    carried = [json.loads(payload)[1] for payload in payloads]
    assert {topic: value for part in carried for topic, value in part.items()} == hints
    assert sum(len(part) for part in carried) == len(hints)


def test_one_process_hears_the_other_and_itself_once(committed_db: str) -> None:
    here, there = Bus(), Bus()
    heard: dict[str, list[Hints]] = {"here": [], "there": []}
    gaps: list[str] = []
    here.listen(heard["here"].append, lambda: gaps.append("here"))
    there.listen(heard["there"].append, lambda: gaps.append("there"))
    wait(lambda: len(gaps) == 2)
    here.publish({"case:1": "5", "name": "\u6797\u8587"})
    here.publish({f"case:{n}": "x" * 50 for n in range(500)})
    wait(lambda: sum(map(len, heard["there"])) >= 500)
    assert {topic for hints in heard["there"] for topic in hints} == {"name", *(f"case:{n}" for n in range(500))}
    assert len(heard["here"]) == 2  # told directly, and not again by its own notification
    here.stop()
    there.stop()


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not until():
        assert time.monotonic() < end
        time.sleep(0.02)
