"""Which mail is which: by what its author's program wrote, or where that says nothing, by when it was handed in.

A mail comes more than once: to two of our addresses, fetched and pushed, from a bearer that did not hear our answer. The same
Message-ID, Date, author and body are the same mail; a Message-ID alone is not, anybody may use it again. A mail that has neither
Message-ID nor Date (a form, a script) may be written a second time in the very same words, so its delivery is part of what it is:

- the oldest Received field: the first server that took it from its author wrote that once, with the time, and all copies of
  this delivery carry it; a mail written anew has another one;
- without any: it was handed to us directly, and nobody queued it in between. Then it is the hour in which it arrived (over IMAP:
  INTERNALDATE, which stays when a mailbox is read anew), and an hour more or less is the same one. A client that did not hear
  our 250 has given up waiting for it after ten minutes and comes again after half an hour (RFC 5321, 4.5.3.2.6 and 4.5.4.1);
  what comes two hours later, somebody has sent again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from trustdesk.channels.mail_reader import Mail
from trustdesk.channels.post import Claimed

SPAN = timedelta(hours=1)


def of(one: Claimed, mail: Mail) -> tuple[str, ...]:
    """Return the ids of a mail: the one a line of it is stored under, then those under which the same mail may be stored."""
    letter = mail.letter
    known = [letter.message_id, str(letter.sent_at), ",".join(box.address for box in letter.senders)]
    if not letter.message_id:
        known.append(letter.subject)  # a form may write two in one second that differ in nothing else
    if letter.message_id or letter.sent_at:
        return (_mark(one.content, *known),)
    if handed_in := _first_hop(one, mail):
        return (_mark(one.content, *known, handed_in),)
    hour = int(_arrived(one).timestamp() // SPAN.total_seconds())
    return tuple(_mark(one.content, *known, str(number)) for number in (hour, hour - 1, hour + 1))


def _mark(content: bytes, *known: str) -> str:
    body = content.replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip()
    whole = "\x1f".join(known).encode("utf-8", "replace") + body
    return f"mail:{hashlib.sha256(whole).hexdigest()}"


def _first_hop(one: Claimed, mail: Mail) -> str:
    """Return the oldest Received field; the one on top of what our own receiver took is ours, and new with each try."""
    hops = [value for name, value in mail.letter.headers if name.lower() == "received"]
    others = hops[1:] if "helo" in one.envelope else hops
    return " ".join(others[-1].split()) if others else ""


def _arrived(one: Claimed) -> datetime:
    said = one.envelope.get("internal_date")
    return datetime.fromisoformat(said) if isinstance(said, str) else one.received_at
