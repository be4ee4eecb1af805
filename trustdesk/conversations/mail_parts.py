"""What staff see of a mail beside its text, stored with its line: who sent it and who vouches for him, history, HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson

from trustdesk.channels.contract import MailFacts
from trustdesk.conversations import mail_html, statements, timeline
from trustdesk.policy import guard, tokens

QUOTED = 100_000  # characters of a history that are kept


def guarded(mail: MailFacts, *, secret: bool) -> tuple[MailFacts, tuple[str, ...]]:
    """Take secrets out of what stands beside the text; return the rest, and what kinds were in history and HTML.

    HTML can hide one between its tags: where there is a secret anywhere (`secret`: in the text), none of it is kept.
    """
    quoted = guard.mask(mail.quoted[:QUOTED])
    html = tokens.hide(mail_html.clean(mail.html, files=dict(mail.inline)))  # again: now nothing is written as &#58;
    # The text and the HTML of a mail may say different things, and only the text was looked through so far.
    hidden = [found for words in mail_html.words(html) for found in guard.mask(words).found]
    kept = replace(
        mail,
        quoted=quoted.text,
        html="" if secret or quoted.found or hidden else html,
        refused_files=tuple((guard.mask(name).text[:200], code) for name, code in mail.refused_files),
    )
    return kept, tuple(finding.kind for finding in (*quoted.found, *hidden))


def keep(link: statements.Link, parts: Sequence[tuple[timeline.Line, MailFacts]]) -> None:
    """Store these parts beside their lines, in the caller's transaction."""
    rows = [
        (
            line.conversation_id,
            line.seq,
            mail.sender[:320],
            mail.verdict,
            mail.message_id[:400],
            _json(mail.to),
            _json(mail.cc),
            mail.quoted,
            mail.html,
            _json(mail.refused_files),
            mail.payload_id,
        )
        for line, mail in parts
    ]
    if rows:
        link.execute(statements.INSERT_MAIL_PARTS, statements.columns(rows, 11))


def _json(value: Sequence[object]) -> str:
    return orjson.dumps(value).decode()
