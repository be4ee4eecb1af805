"""Where the mail of a try-out lies."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from django.conf import settings


def folder() -> Path | None:
    """Return the folder that stands for a mail server, or None when mail really leaves."""
    path = settings.MAIL.removeprefix("folder:")
    return Path(unquote(path)) if path != settings.MAIL else None
