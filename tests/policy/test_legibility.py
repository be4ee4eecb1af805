"""Whether a screenshot can be read, from what was measured of it."""

from __future__ import annotations

import pytest

from trustdesk.policy.legibility import DETAIL, SHARP, Look, judge


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (Look(390, 844, 0.95, 0.1), ""),
        (Look(320, 568, 0.95, 0.1), ""),
        (Look(1170, 2532, 0.6, 0.1), ""),
        (Look(600, 40, 0.9, 0.2), ""),  # one line, cut out
        (Look(40, 900, 0.9, 0.2), ""),
        (Look(1080, 20_000, 0.9, 0.2), ""),  # a long page in one picture
        (Look(299, 600, 0.95, 0.1), "too_small"),
        (Look(120, 260, 0.95, 0.1), "too_small"),
        (Look(239, 40, 0.95, 0.1), "too_small"),
        (Look(600, 12, 0.95, 0.1), "too_small"),
        (Look(390, 844, SHARP - 0.01, 0.1), "blurred"),
        (Look(390, 844, SHARP, 0.1), ""),
        (Look(390, 844, 0.95, DETAIL / 2), "empty"),
        (Look(390, 844, 0.0, 0.0), "empty"),
    ],
)
def test_the_verdict(look: Look, code: str) -> None:
    assert judge(look) == code
