"""A mail on its way into a case: where it was sent, and the message that intake makes of it."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from trustdesk.channels import addresses, post
from trustdesk.channels.addresses import Route
from trustdesk.channels.contract import Inbound, MailFacts
from trustdesk.channels.mail_reader import Mail
from trustdesk.conversations import attachments, expectations
from trustdesk.conversations.arrivals import Arrival
from trustdesk.conversations.attachments import UploadRefused
from trustdesk.conversations.models import Attachment, Conversation, Thread
from trustdesk.customers import accounts, phrases
from trustdesk.customers.models import Handle
from trustdesk.exchange.contract import ExchangeRefused, ExchangeUnavailable
from trustdesk.policy import mail as policy
from trustdesk.policy import proof, tokens
from trustdesk.policy.evidence import Fact
from trustdesk.policy.mail import Decision, Fate, Verdict
from trustdesk.policy.proof import Proof

TEXT = 100_000  # characters of a message
ADDRESSES = 50  # of To and Cc that are kept
FILES = 50
_PLAUSIBLE = re.compile(r"(?=.{3,254}$)[^\s@<>\"(),;:]+@[^\s@<>\"(),;:]+")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """A claimed mail, read. Two are equal only if they are the same claim."""

    claimed: post.Claimed
    mail: Mail
    fingerprint: str  # its id (`mail_identity`)
    also: tuple[str, ...]  # other ids under which it may have been stored
    inbox_id: int  # of ours: where its line is already, if it came before another way, otherwise where it came to

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Letter) and other.claimed.id == self.claimed.id

    def __hash__(self) -> int:
        return self.claimed.id

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids under which it may be a line already."""
        return self.fingerprint, *self.also

    @cached_property
    def sender(self) -> str:
        """The one address of From in lower case; blank where there is none that nobody reads as another."""
        return self.mail.letter.sender.address.lower() if self.mail.letter.sender else ""

    @cached_property
    def confirms(self) -> bool:
        """Whether a service confirms an address of ours with it (E-08)."""
        mail = self.mail
        return policy.is_account_mail(
            sender=self.sender,
            subject=mail.letter.subject,
            text=mail.said,
            quoted=mail.quoted,
            proved=mail.verdict is Verdict.PROVED,
        )

    def without_codes(self) -> Letter:
        """Return it as every agent may see it: without the codes and links that confirm an address of ours."""
        mail, hide = self.mail, policy.without_codes
        said = replace(mail.letter, subject=hide(mail.letter.subject), html="")
        return replace(self, mail=replace(mail, letter=said, said=hide(mail.said), quoted=hide(mail.quoted)))

    @cached_property
    def author(self) -> str:
        """Who is answered once staff have released it, in lower case: the first address that From says, whatever else stands
        there ("From: Smith, Alice <alice@…>" is two mailboxes, the first without one); blank where it says none."""
        said = (one.address.lower() for one in self.mail.letter.senders)
        return self.sender or next((one for one in said if _PLAUSIBLE.fullmatch(one)), "")

    @property
    def handle(self) -> str:
        """By what its customer is known. Mails that name nobody are nobody's together: each has a handle of its own."""
        return self.author or self.fingerprint

    @cached_property
    def phrase(self) -> str:
        """The sender's own anti-phishing phrase; blank where he has none."""
        return phrases.of(self.sender) if self.sender else ""

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Where its recipients lead: those of the envelope, or where nobody knows them, of the header."""
        return _routes(self.claimed.envelope.get("recipients") or self._named)

    @property
    def _named(self) -> list[str]:
        letter = self.mail.letter
        return [
            *(value for name, value in letter.headers if name.lower() in ("delivered-to", "x-original-to")),
            *(one.address for one in (*letter.to, *letter.cc)),
        ]

    @cached_property
    def token(self) -> str:
        """What stands in the answer address it was sent to; blank where it went to plain addresses only. The header counts
        beside the envelope: the copy that goes to another address of ours is the same mail, and may come first."""
        return next((one.token for one in (*self.routes, *_routes(self._named)) if one.token and not one.bounce), "")


def _routes(recipients: Iterable[object]) -> tuple[Route, ...]:
    found = (addresses.route(str(one)) for one in list(recipients)[:ADDRESSES])
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What of a mail takes long and is the same whatever is decided: its files, stored; names and codes of those that were
    not; the account whose mail it is."""

    files: Mapping[int, str]  # keys by number
    refused: tuple[tuple[str, str], ...]
    account: tuple[Fact, ...]


def prepare(letter: Letter, decision: Decision, *, now: datetime) -> Prepared:
    """Do what takes long before anything is locked. Doing it again with the same mail does nothing more."""
    opens = decision.fate is Fate.OPEN
    stored, refused = store_files(letter, _locale(letter), now)
    return Prepared(stored, tuple(refused), _account(letter.author) if opens and letter.author else ())


def arrival(letter: Letter, decision: Decision, prepared: Prepared, *, now: datetime) -> Arrival:
    """Make the message that a mail is: new, or of the case that was decided on.

    Doing it again with the same mail gives the same message.
    """
    if letter.confirms and decision.because == "released":
        letter = letter.without_codes()  # whoever released it has read them; an agent could take an account with them
    inbox = letter.inbox_id
    ours = addresses.of_inbox(inbox)  # whatever it is addressed to: a mailbox is fetched through aliases as well
    read = letter.mail.letter
    proved = letter.mail.verdict is Verdict.PROVED and decision.because != "released"
    # In somebody's case a mail proves its sender only where the case is known to be that sender's.
    proves = proved and (decision.fate is Fate.OPEN or _is_his(decision, letter.sender))
    opens = decision.fate is Fate.OPEN
    code = policy.type_of(read.subject) or (ours.type_code if ours else "")
    thread = letter.fingerprint if opens else f"case:{decision.conversation_id}"
    if decision.conversation_id is not None:
        Thread.objects.get_or_create(inbox_id=inbox, external=thread, defaults={"conversation_id": decision.conversation_id})
    return Arrival(
        inbox,
        Inbound(
            external_id=letter.fingerprint,
            thread=thread,
            handle_kind=Handle.Kind.MAIL,
            handle=letter.handle,
            text=_said(letter)[:TEXT],
            sent_at=read.sent_at or letter.claimed.received_at,
            name=kept(read.sender.name)[:200] if read.sender else "",
            locale=_locale(letter),
            proof=Proof.CONTACT if proves else Proof.NOBODY,
            proof_until=now + proof.lasts(Proof.CONTACT) if proves else None,
            proof_how="dmarc" if proves else "",
            subject=_subject(letter),
            topic=code,
            team_id=ours.team_id if ours and not policy.type_of(read.subject) else None,
            uploads=tuple(prepared.files.values()),
            facts=prepared.account if opens else (),
            answer_to=letter.author,
            answer_proved=proved,
            spam=decision.because == "spam",
            mail=facts(letter, refused=prepared.refused, stored=prepared.files),
        ),
        expectations.first_reply(code, now=now) if opens else None,
    )


def _said(letter: Letter) -> str:
    return kept(letter.mail.said, phrase=letter.phrase)


def _subject(letter: Letter) -> str:
    return kept(policy.plain_subject(letter.mail.letter.subject))[:200]


def _locale(letter: Letter) -> str:
    return policy.language_of(f"{_subject(letter)}\n{_said(letter)}")


def _is_his(decision: Decision, sender: str) -> bool:
    case = decision.conversation_id
    own = Conversation.objects.filter(answer_to__iexact=sender, answer_proved=True)
    return case is not None and own.filter(pk=case).exists()


def facts(
    letter: Letter, *, refused: Iterable[tuple[str, str]] = (), stored: Mapping[int, str] = MappingProxyType({})
) -> MailFacts:
    """Gather what staff see of a mail beside its text; `stored`: the keys of its files, by their number."""
    read = letter.mail.letter
    files = ((read.files[number].content_id, key) for number, key in stored.items())
    rest = letter.mail.said[TEXT:]
    return MailFacts(
        sender=letter.author,
        verdict=letter.mail.verdict,
        message_id=read.message_id,
        to=tuple(kept(one.address) for one in read.to[:ADDRESSES]),
        cc=tuple(kept(one.address) for one in read.cc[:ADDRESSES]),
        quoted=kept(rest + letter.mail.quoted, phrase=letter.phrase),
        html=kept(read.html, phrase=letter.phrase),
        inline=tuple((content_id, key) for content_id, key in files if content_id),
        refused_files=tuple((kept(name), code) for name, code in refused),
        payload_id=letter.claimed.id,
    )


def kept(text: str, *, phrase: str = "") -> str:
    """Return a text as it may be stored: PostgreSQL knows no NUL, nobody needs our made addresses and links, and the sender's
    own anti-phishing phrase, which programs quote from our mail, is none of staff's business."""
    return phrases.hide(tokens.hide(text.replace("\0", "")), phrase=phrase)


def _account(sender: str) -> tuple[Fact, ...]:
    """Find the account at the exchange whose registered mail this is: a fact for staff to check, no proof."""
    try:
        found = accounts.find(sender)
    except (ExchangeUnavailable, ExchangeRefused) as error:
        log.warning("the exchange did not say whose mail address it is: %s", type(error).__name__)
        return ()
    return (Fact(kind="uid", value=found.uid),) if found else ()


def store_files(letter: Letter, locale: str, now: datetime) -> tuple[dict[int, str], list[tuple[str, str]]]:
    """Store what may be kept; return the keys by number, and names and codes of the rest (whose bytes stay in the mail as it came)."""
    keys: dict[int, str] = {}
    refused = []
    for number, file in enumerate(letter.mail.letter.files):
        try:
            if number >= FILES:
                raise UploadRefused("quota")
            announced = attachments.announce(
                handle_kind=Handle.Kind.MAIL,
                handle=letter.handle,
                client_id=f"{letter.fingerprint[5:53]}:{number}",
                name=kept(file.name) or "file",
                size=len(file.content),
                media_type=file.media_type,
                now=now,
                locale=locale,
            )
            stored = attachments.store(
                key=announced.key,
                ticket=announced.ticket,
                stream=io.BytesIO(file.content),
                declared_type=file.media_type,
                now=now,
            )
            if stored.state in (Attachment.State.READY, Attachment.State.HELD):
                keys[number] = stored.key
        except UploadRefused as error:
            if error.code in ("busy", "ticket_used"):
                raise
            if not file.said:
                refused.append((file.name or "file", error.code))
    return keys, refused

