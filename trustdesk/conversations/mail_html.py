"""HTML of strangers, cleaned for keeping."""

from __future__ import annotations

import nh3


def clean(html: str) -> str:
    """Return what may be kept of it."""
    return nh3.clean(html) if html else ""
