"""A folder in place of a mail server: one file a message. For trying out and for tests."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

SHOWN = 200  # letters


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in the folder. `name` is its file's name."""

    name: str
    at: datetime
    sender: str
    to: str
    subject: str
    text: str
    message_id: str
    automatic: bool


def deliver(message: EmailMessage, *, folder: Path, envelope_sender: str | None = None) -> None:
    """Put a message into the folder, whole or not at all; what a reader sees ends in .eml. Nothing comes back from a folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The clock's count puts them in order; it decides nothing, so it need not be the clock of the product.
    name = f"{message['Date'].datetime:%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"
    draft = folder / f".{name}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(message.as_bytes(policy=policy.SMTP))
    draft.rename(folder / f"{name}.eml")


def read(folder: Path) -> list[Letter]:
    """List the newest letters, newest first; none where there is no folder yet."""
    names = sorted((path.name for path in folder.glob("*.eml")), reverse=True) if folder.is_dir() else []
    return [_letter(folder / name) for name in names[:SHOWN]]


def _letter(path: Path) -> Letter:
    with path.open("rb") as file:
        message = BytesParser(policy=policy.default).parse(file)
    body = message.get_body(preferencelist=("plain",))
    return Letter(
        name=path.name,
        at=parsedate_to_datetime(message["Date"]),
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=body.get_content() if body else "",
        message_id=str(message["Message-ID"]),
        automatic=message["Auto-Submitted"] is not None,
    )
