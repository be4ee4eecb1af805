"""winmail.dat opened (MS-OXTNEF): the files that Outlook hid from everyone else."""

from __future__ import annotations

import logging
from typing import Any

from trustdesk.channels.adapters.email import fields, markup
from trustdesk.channels.adapters.email.letter import File

_MOST_FILES = 200


def unpacked(content: bytes) -> tuple[list[File], str] | None:
    """Return the files inside, and the text where it holds one; None for what is no TNEF or
    holds nothing a person could open."""
    if not content.startswith(b"\x78\x9f\x3e\x22"):
        return None
    from tnefparse import TNEF  # type: ignore[import-untyped]  # few mails need it

    logging.getLogger("tnef-decode").setLevel(logging.CRITICAL)  # it reports hostile bytes, verbatim, as warnings
    try:
        found = TNEF(content)
        files = [
            File(_named(one)[:1_000], _type(one), bytes(one.data or b"")) for one in found.attachments[:_MOST_FILES]
        ]
        body = found.body or ""
        html = found.htmlbody or ""
    except Exception:  # noqa: BLE001  the library fails in every way on broken files, and all mean "keep it closed"
        return None
    text = _text(body).strip() or markup.to_text(_text(html))
    return (files, text) if files or text else None


def _text(value: str | bytes | None) -> str:
    return fields.decoded(value) if isinstance(value, bytes) else (value or "").replace("\0", "")


def _named(attachment: Any) -> str:
    try:
        return _text(attachment.long_filename())
    except UnicodeDecodeError:  # the short name is in the sender's code page
        return _text(attachment._name).strip("\0")


def _type(attachment: Any) -> str:
    return _text(getattr(attachment, "mime_tag", None)) or "application/octet-stream"
