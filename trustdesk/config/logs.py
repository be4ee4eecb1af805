"""One line per event, ids and never text."""

import logging
import time
from typing import Any

from trustdesk.policy import tokens

# PostgreSQL repeats the offending values here: "Key (handle)=(somebody@example.com) already exists".
_VALUES = ("DETAIL:", "CONTEXT:", "HINT:")


class OneLine(logging.Formatter):
    """Format a record as one line: tracebacks are folded, control characters escaped, row values left out, and tokens, which
    stand in the addresses of some pages, hidden."""

    def __init__(self) -> None:
        super().__init__("{asctime}Z {levelname} {name} {message}", style="{", datefmt="%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        lines = [line for line in super().format(record).split("\n") if not line.startswith(_VALUES)]
        line = tokens.hide(" | ".join(part.strip() for part in lines if part.strip()))
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)


def configuration(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: one line an event on standard error, and quiet libraries."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "trustdesk.config.logs.OneLine"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "httpx": {"level": "WARNING"},  # it logs whole addresses, and some carry a token
            "uvicorn.access": {"level": "WARNING"},
            "procrastinate": {"level": "WARNING"},  # it logs the arguments of every job
            "wagtail": {"level": "WARNING"},  # it logs titles
            "django_tasks": {"level": "WARNING"},  # two lines for each row that Wagtail indexes
        },
    }
