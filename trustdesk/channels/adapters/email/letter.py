"""One mail as read. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address with the display name beside it; the address is what would be delivered to, the domain in lower case."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class File:
    """One attached or inline file; `name` is as the sender wrote it, for `filetypes` to judge."""

    name: str
    media_type: str
    content: bytes
    content_id: str = ""  # without brackets; what <img src="cid:…"> names
    inline: bool = False  # the HTML shows it, or, where there is no HTML, the sender meant it to be shown
    said: bool = False  # the text says what is in it, or nobody reads it (a signature): not kept, it is not missed


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, read. `sender` is None unless the From fields name exactly one address in a form nobody reads as another."""

    subject: str
    sender: Mailbox | None
    senders: tuple[Mailbox, ...]  # everything that From fields name, in order; the address blank where there is none
    reply_to: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    sent_at: datetime | None
    message_id: str  # with its brackets; blank where there is none
    references: tuple[str, ...]  # of References and In-Reply-To, each once, with their brackets, the newest last
    text: str  # what a person reads: the text part, or made from HTML
    html: str  # as sent, not cleaned; blank where there is none
    files: tuple[File, ...]
    headers: tuple[tuple[str, str], ...]  # decoded, the newest trace field first; without claims that something was checked
