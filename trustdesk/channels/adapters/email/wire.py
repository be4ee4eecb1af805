"""A mail read, as JSON and bytes and back: what crosses from the process that reads hostile mail to ours.

Neither end can make the other run anything. `unpacked` trusts nothing: every value is checked for what it should be.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, get_args

from trustdesk.channels.adapters.email.bounces import Failure
from trustdesk.channels.adapters.email.kinds import Kind, Name
from trustdesk.channels.adapters.email.letter import File, Letter, Mailbox
from trustdesk.channels.adapters.email.quoting import Said

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """One mail, read: the letter, what kind it is, and its text told from history and signature."""

    letter: Letter
    kind: Kind
    said: Said


class NotSound(ValueError):
    """What came back is not a mail read."""


def packed(read: Read) -> tuple[Plain, list[bytes]]:
    """Return a mail read as what JSON can hold, and the contents of its files beside it."""
    letter, kind = read.letter, read.kind
    return {
        "subject": letter.subject,
        "sender": _pair(letter.sender) if letter.sender else None,
        "senders": [_pair(box) for box in letter.senders],
        "reply_to": [_pair(box) for box in letter.reply_to],
        "to": [_pair(box) for box in letter.to],
        "cc": [_pair(box) for box in letter.cc],
        "sent_at": letter.sent_at.isoformat() if letter.sent_at else "",
        "message_id": letter.message_id,
        "references": letter.references,
        "text": letter.text,
        "html": letter.html,
        "headers": letter.headers,
        "files": [[one.name, one.media_type, len(one.content), one.content_id, one.inline, one.said] for one in letter.files],
        "kind": [kind.name, kind.because, kind.original_id, kind.original, [asdict(one) for one in kind.failures]],
        "said": [read.said.said, read.said.folded],
    }, [one.content for one in letter.files]


def _pair(box: Mailbox) -> tuple[str, str]:
    return box.name, box.address


def sizes(plain: Plain) -> list[int]:
    """Return the sizes of the files that follow. Raises NotSound."""
    try:
        found = [one[2] for one in plain["files"]]
    except (LookupError, TypeError):
        raise NotSound from None
    if not all(type(size) is int and size >= 0 for size in found):
        raise NotSound
    return found


def unpacked(plain: Plain, contents: list[bytes]) -> Read:
    """Put a mail read together again. Raises NotSound."""
    try:
        files = tuple(
            File(_text(name), _text(media), content, _text(content_id), inline is True, said is True)
            for (name, media, _, content_id, inline, said), content in zip(plain["files"], contents, strict=True)
        )
        letter = Letter(
            subject=_text(plain["subject"]),
            sender=_boxes([plain["sender"]])[0] if plain["sender"] is not None else None,
            senders=_boxes(plain["senders"]),
            reply_to=_boxes(plain["reply_to"]),
            to=_boxes(plain["to"]),
            cc=_boxes(plain["cc"]),
            sent_at=datetime.fromisoformat(_text(plain["sent_at"])) if plain["sent_at"] else None,
            message_id=_text(plain["message_id"]),
            references=tuple(_text(one) for one in plain["references"]),
            text=_text(plain["text"]),
            html=_text(plain["html"]),
            files=files,
            headers=_pairs(plain["headers"]),
        )
        name, because, original_id, original, failures = plain["kind"]
        if name not in get_args(Name):
            raise NotSound
        kind = Kind(name, _text(because), tuple(map(_failure, failures)), _text(original_id), _pairs(original))
        said, folded = plain["said"]
        return Read(letter, kind, Said(_text(said), _text(folded)))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NotSound from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise NotSound
    return value


def _pairs(values: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((_text(first), _text(second)) for first, second in values)


def _boxes(values: list[list[str]]) -> tuple[Mailbox, ...]:
    return tuple(Mailbox(_text(name), _text(address)) for name, address in values)


def _failure(value: dict[str, Any]) -> Failure:
    words = {name: _text(value[name]) for name in ("address", "status", "code", "reason", "said")}
    return Failure(**words, hard=value["hard"] is True)
