"""Whether a screenshot can be read: too small, blurred, or with nothing in it. A hint to who sends it, never a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STRIP: Final = 2.5  # from this ratio of its sides on, a picture is a line or column cut out of a screen
SCREEN_LEAST: Final = 300  # pixels of the shorter side of a screen: the smallest phones show 320
STRIP_LEAST: Final = (240, 14)  # pixels of the longer side, and of the shorter: one line of text
SHARP: Final = 0.37  # of 1; letters of a screen at its own size: 0.9, out of focus by a pixel and a half: 0.33
DETAIL: Final = 0.0005  # share of the picture where there is anything to see


@dataclass(frozen=True, slots=True)
class Look:
    """What was measured of a picture. Sizes in pixels; `sharpness`: how much of the contrast around an edge lies in one
    step of a pixel, 0 to 1; `detail`: share of the picture that lies near an edge."""

    width: int
    height: int
    sharpness: float
    detail: float


def judge(look: Look) -> str:
    """Return too_small, empty, blurred, or "" for a picture that can be read."""
    longer, shorter = max(look.width, look.height), min(look.width, look.height)
    least = STRIP_LEAST if longer >= STRIP * shorter else (SCREEN_LEAST, SCREEN_LEAST)
    if longer < least[0] or shorter < least[1]:
        return "too_small"
    if look.detail < DETAIL:
        return "empty"
    return "blurred" if look.sharpness < SHARP else ""
