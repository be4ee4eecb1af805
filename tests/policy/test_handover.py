"""When a case is taken back from its agent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.policy.handover import GRACE, Because, Held, Holder, taken_back

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=8)
JUST_NOW = NOW - timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)
WAITS = Held(chat=True, waiting_since=JUST_NOW, given_at=LONG_AGO)
GONE = Holder(active=True, seen_at=NOW - GRACE)


@pytest.mark.parametrize(
    ("held", "holder", "watched_since", "because"),
    [
        pytest.param(WAITS, GONE, LONG_AGO, Because.AWAY, id="away for the whole grace, however short the wait"),
        pytest.param(WAITS, Holder(True, NOW - GRACE + INSTANT), LONG_AGO, None, id="an instant before it is over"),
        pytest.param(WAITS, Holder(True, NOW), LONG_AGO, None, id="at the desk"),
        pytest.param(WAITS, Holder(True, None), LONG_AGO, Because.AWAY, id="never seen at the desk at all"),
        pytest.param(Held(True, None, LONG_AGO), GONE, LONG_AGO, None, id="nobody waits"),
        pytest.param(Held(False, LONG_AGO, LONG_AGO), GONE, LONG_AGO, None, id="no chat: its agent comes back"),
        pytest.param(Held(True, JUST_NOW, None), GONE, LONG_AGO, Because.AWAY, id="when it was given is not on record"),
        pytest.param(Held(True, LONG_AGO, JUST_NOW), GONE, LONG_AGO, None, id="given a moment ago to somebody away"),
        pytest.param(Held(True, LONG_AGO, NOW - GRACE), GONE, LONG_AGO, Because.AWAY, id="who then did not come"),
        pytest.param(WAITS, GONE, None, None, id="nobody watches: all servers are down"),
        pytest.param(WAITS, GONE, JUST_NOW, None, id="they have just come back, pages have not yet"),
        pytest.param(WAITS, GONE, NOW - GRACE, Because.AWAY, id="they came back and he did not"),
        pytest.param(WAITS, Holder(False, NOW), LONG_AGO, Because.DEACTIVATED, id="deactivated with an open page"),
        pytest.param(Held(False, None, JUST_NOW), Holder(False, NOW), None, Because.DEACTIVATED, id="whatever it is"),
    ],
)
def test_who_keeps_a_case(held: Held, holder: Holder, watched_since: datetime | None, because: Because | None) -> None:
    assert taken_back(held, holder, watched_since=watched_since, now=NOW) == because


moments = st.none() | st.integers(0, 4 * 90).map(lambda seconds: NOW - timedelta(seconds=seconds))


@given(waiting=moments, given_at=moments, seen=moments, watched=moments, later=st.integers(0, 600))
def test_waiting_longer_never_gives_a_case_back_to_who_is_gone(
    waiting: datetime | None, given_at: datetime | None, seen: datetime | None, watched: datetime | None, later: int
) -> None:
    """Once it would be taken back it always would be, unless something happens; and never without a wait or a watch."""
    held, holder = Held(True, waiting, given_at), Holder(True, seen)
    verdict = taken_back(held, holder, watched_since=watched, now=NOW)
    then = taken_back(held, holder, watched_since=watched, now=NOW + timedelta(seconds=later))
    assert verdict is None or (then == verdict and waiting is not None and watched is not None)
