"""What was said in a case, for its customer to keep: as plain text, as rows for a page, by mail.

It is made of what `public` selects and of nothing else: no file is opened and no address fetched for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import override

from trustdesk.channels import letters, outbox
from trustdesk.conversations import public
from trustdesk.conversations.models import Conversation
from trustdesk.customers.identify import masked_mail
from trustdesk.customers.models import Handle
from trustdesk.policy import proof, reference

_MASKED = re.compile(r"\[••• ([a-z_]{3,20})\]")  # what the guard leaves behind
# They would let a message rearrange the lines around it.
_DIRECTIONS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


class UnableToMail(Exception):
    """`no_proved_mail`: we know no address that is certainly the customer's. It may be proved, and then this works."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a transcript, worded. `event`: something happened, nobody said it. `files`: what came with it."""

    at: datetime
    who: str
    own: bool
    event: bool
    text: str
    files: tuple[str, ...]

    @property
    def time(self) -> str:
        """The time as people and programs read it, in UTC."""
        return f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def find(*, handle_kind: str, handle: str, thread: str, wanted: str, locale: str, now: datetime) -> public.Case | None:
    """Return the visitor's current case, or the one of his with the number `wanted`; None for unknown and foreign."""
    current = public.current(inbox_id=public.chat_inbox(), thread=thread, locale=locale, now=now)
    if not wanted:
        return current
    number = reference.parse(wanted)
    if number is None or (current is not None and current.reference == number):
        return current if number else None
    his = Conversation.objects.filter(
        reference=number, entries__handle__kind=handle_kind, entries__handle__value=handle
    ).values_list("pk", flat=True)
    found = his.first()
    return None if found is None else public.by_id(found, locale=locale, now=now)


def rows(*, page: public.Page, locale: str) -> list[Row]:
    """Word the lines of a case in one language; events nobody has words for are left out."""
    with override(locale):
        worded = [_row(line) for line in page.lines]
    return [row for row in worded if row.text or row.files]


def render_text(*, page: public.Page, case: public.Case, locale: str) -> str:
    """Write a case down as plain text, times in UTC.

    What people wrote is set in, so that no message can pass for a line of ours or of somebody else.
    """
    with override(locale):
        return f"{_written(page, case, locale)}\n{letters.safety()}\n"


def _written(page: public.Page, case: public.Case, locale: str) -> str:
    with override(locale):
        lines = [_("Transcript of case %(reference)s") % {"reference": case.reference}]
        if case.topic_label:
            lines.append(case.topic_label)
        lines.append("")
        for row in rows(page=page, locale=locale):
            if row.event:
                lines += [f"{row.time} · {' '.join(row.text.split())}", ""]
            else:
                said = row.text.translate(_DIRECTIONS).splitlines()
                lines += [f"{row.time} · {row.who}", *(f"    {line}" for line in (*said, *row.files)), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def mail(*, conversation_id: int, now: datetime, registered: str = "") -> str:
    """Mail the transcript to the customer's proved address and return it masked; asked again for the same, mail once.

    `registered` is an address the exchange's signed session vouched for at this moment; without it, it goes to an
    address the customer has proved to us. One that was only typed in does not count. Raises UnableToMail.
    """
    with transaction.atomic():
        row = Conversation.objects.get(pk=conversation_id)
        to = registered or _proved_mail(row.customer_id)
        case = public.by_id(conversation_id, locale=row.locale, now=now)
        if not to or case is None:
            raise UnableToMail("no_proved_mail")
        page = public.whole(conversation_id)
        with override(row.locale):
            subject = _("Transcript of case %(reference)s") % {"reference": row.reference}
        outbox.queue(
            key=f"transcript:{conversation_id}:{page.upto}:{hashlib.sha256(to.encode()).hexdigest()[:16]}",
            inbox_id=outbox.mail_inbox(of_case=row.inbox_id),
            conversation_id=conversation_id,
            purpose="transcript",
            recipient=to,
            subject=subject,
            text=_written(page, case, row.locale),
            now=now,
            locale=row.locale,
        )
    return masked_mail(to)


def _proved_mail(customer_id: int) -> str:
    proved = Handle.objects.filter(
        customer=customer_id, kind=Handle.Kind.MAIL, proof__gte=int(proof.needed("transcript"))
    )
    return proved.order_by("-proved_at").values_list("value", flat=True).first() or ""


def _row(line: public.Line) -> Row:
    files = tuple(_file(file) for file in line.files)
    if line.kind == "event":
        word = _EVENTS.get(line.event)
        return Row(line.at, "", False, True, word(line.params) if word else "", files)
    own = line.author == "customer"
    who = _("You") if own else line.name or _("Support")
    text = _MASKED.sub(lambda found: f"[{_('{kind}, removed').format(kind=_kind(found[1]))}]", line.text)
    named = tuple(_("Article: %(article)s") % {"article": card.line} for card in line.articles)
    return Row(line.at, who, own, False, text, (*files, *named))


def _file(file: public.File) -> str:
    about = f"{file.media_type}, {filesizeformat(file.size)}"
    if file.state != "ready":
        about = _("held for safety, cannot be opened")
    return _("File: %(name)s (%(about)s)") % {"name": file.name, "about": about}


def _kinds(params: Mapping[str, Any]) -> str:
    named = _(", ").join(dict.fromkeys(_kind(kind) for kind in params.get("kinds", ())))
    return _("We removed {kinds} from your message").format(kinds=named or _kind(""))


def _kind(code: str) -> str:
    words = {
        "seed_phrase": _("a seed phrase"),
        "xprv": _("an extended private key"),
        "wif": _("a private key"),
        "private_key": _("a private key"),
        "pem_key": _("a key file"),
        "api_secret": _("an API secret"),
        "totp_seed": _("the key of a second factor"),
        "token": _("an access token"),
        "cookie": _("a sign-in cookie"),
        "password": _("a password"),
        "pin": _("a PIN"),
        "one_time_code": _("a one-time code"),
    }
    return words.get(code) or _("a secret")


def _level(params: Mapping[str, Any]) -> str:
    levels = {1: _("Mail confirmed"), 2: _("Signed in"), 3: _("Identity confirmed")}
    return _("You confirmed that it is you: {level}").format(level=levels.get(params.get("level", 0), ""))


# The words of the chat page, so that both say the same and are translated once.
_EVENTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "assigned": lambda params: _("{name} joined the chat").format(name=params.get("name", "")),
    "left": lambda params: _("Your agent has left. You are being handed to a colleague."),
    "passed_on": lambda params: _("You are being handed to the colleagues who deal with this. Nothing has to be told again."),
    "promised_anew": lambda params: _("When to expect our answer has changed"),
    "resolved": lambda params: _("Marked as solved"),
    "reopened": lambda params: _("Opened again"),
    "closed": lambda params: _("Closed"),
    "withdrawn": lambda params: _("You took your request back"),
    "moved_to_chat": lambda params: _("This case goes on in live chat"),
    "mail_confirmed": lambda params: _("You confirmed the address {mail}").format(mail=params.get("mail", "")),
    "merged": lambda params: _("This case goes on in case {case}").format(case=params.get("case", "")),
    "merged_from": lambda params: _("Case {case} goes on here").format(case=params.get("case", "")),
    "split": lambda params: _("We made case {case} of one of your messages").format(case=params.get("case", "")),
    "split_from": lambda params: _("From your message in case {case}").format(case=params.get("case", "")),
    "ended_by_customer": lambda params: _("You ended the chat"),
    "proof_asked": lambda params: _("We asked you to confirm that it is you"),
    "proved": _level,
    "documents_asked": lambda params: _("We asked you for documents, on the secure page"),
    "documents_handed_in": lambda params: _("You handed in documents ({count})").format(count=params.get("count", "")),
    "documents_accepted": lambda params: _("Your documents were accepted"),
    "documents_declined": lambda params: _("Your documents were not accepted"),
    "documents_withdrawn": lambda params: _("The documents are not needed any more"),
    "secret_masked": _kinds,
    "by_mail": lambda params: _("The answer will also go to {mail}").format(mail=params.get("mail", "")),
    "rated": lambda params: _("You rated this chat {score} of 5").format(score=params.get("score", "")),
}
