"""All a channel may know about the product: plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from trustdesk.policy.evidence import Fact
from trustdesk.policy.proof import Proof


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What staff see of a mail beside what was said in it. `verdict`: proved, claimed, or failed (policy.mail)."""

    sender: str
    verdict: str
    message_id: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    quoted: str = ""  # history and signature, folded away
    html: str = ""  # as sent; what is stored is cleaned
    inline: tuple[tuple[str, str], ...] = ()  # Content-ID and key of the files its HTML shows
    refused_files: tuple[tuple[str, str], ...] = ()  # name, code
    payload_id: int | None = None  # where the bytes are


@dataclass(frozen=True, slots=True)
class Inbound:
    """One customer message, normalised. Ids are the sender's own and unique per inbox: they make intake idempotent."""

    external_id: str
    thread: str  # chat visitor, root Message-ID, comment thread
    handle_kind: str  # customers.Handle.Kind
    handle: str  # visitor id, exchange UID, mail address
    text: str
    sent_at: datetime
    name: str = ""
    locale: str = "en"
    proof: Proof = Proof.NOBODY
    proof_until: datetime | None = None
    proof_how: str = ""
    subject: str = ""
    topic: str = ""  # request type the customer chose
    uploads: tuple[str, ...] = ()  # keys of files already stored here
    fields: tuple[tuple[str, str], ...] = ()  # answers of a form, by key
    facts: tuple[Fact, ...] = ()  # what those answers are; what is in the text is recognised here
    answer_to: str = ""  # mail address that a new case is answered at
    answer_proved: bool = False  # the sender has shown that it is his
    team_id: int | None = None  # who takes it when it opens a case; None: the team of its type
    spam: bool = False  # it opens a case that nobody answers and no list shows
    mail: MailFacts | None = None  # of a mail: what staff see beside the text
    public: bool = False  # anyone can read the thread
    read_before: tuple[Mapping[str, Any], ...] = ()  # articles of the help center he came from, as an entry keeps them


@dataclass(frozen=True, slots=True)
class Outbound:
    """One thing to send. `key` is ours: sending twice is recognisable."""

    key: str
    recipient: str
    subject: str
    text: str
    locale: str = "en"
    automatic: bool = False  # no person wrote it: nothing may answer it of its own accord
    html: str = ""
    message_id: str = ""  # of ours, the same at every try; blank: a random one
    reply_to: str = ""  # where an answer finds its case
    bounce_to: str = ""  # envelope sender; blank: the null sender of automatic mail (RFC 3834)
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    unsubscribe: str = ""  # where one POST ends such mails (RFC 8058)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message of a channel may hold."""

    max_text: int  # characters
    files: int  # how many in one message
    file_bytes: int  # of one file


class SendFailed(Exception):
    """The message did not go out; `permanent` says whether trying again helps."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Channel:
    """Facts of one kind of channel, and its way out."""

    kind: ClassVar[str]
    label: ClassVar[str]
    limits: ClassVar[Limits]

    def send(self, message: Outbound) -> str:
        """Deliver; return the provider's message id or raise SendFailed."""
        raise SendFailed(f"{self.label} is inbound only", permanent=True)
