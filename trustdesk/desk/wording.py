"""The words of the desk for everything that below is a code, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trustdesk.desk import stopped_wording

# What the guard leaves in a text where a secret stood.
MASKED = re.compile(r"\[••• ([a-z_]{3,20})\]")

_STATUSES = {
    "waiting": _("Waiting"),
    "open": _("Open"),
    "pending": _("Pending"),
    "resolved": _("Solved"),
    "closed": _("Closed"),
}
_PRIORITIES = (
    _("Urgent"),
    _("High"),
    _("Raised"),
    _("Normal"),
    _("Low"),
)
_CHANNELS = {"chat": _("Live chat"), "email": _("E-mail"), "form": _("Ticket")}
_PROOFS = (
    _("Not proved"),
    _("Mail confirmed"),
    _("Signed in"),
    _("Second factor"),
)
_WAYS = {
    "mail_code": _("code to the registered mail"),
    "second_factor": _("second factor of the exchange"),
    "session": _("signed session of the exchange"),
    "dmarc": _("mail from the registered address"),
}
_FACTS = {
    "tx_id": _("Transaction"),
    "order_id": _("Order"),
    "address": _("Address"),
    "uid": _("UID"),
    "amount": _("Amount"),
    "pair": _("Pair"),
    "error_code": _("Error"),
    "time": _("Time"),
    "link": _("Link"),
}
_HANDLES = {
    "visitor": _("Browser"),
    "uid": _("UID"),
    "mail": _("Mail"),
    "phone": _("Phone"),
    "telegram": _("Telegram"),
}
_SECRETS = {
    "seed_phrase": _("seed phrase"),
    "xprv": _("extended private key"),
    "wif": _("private key"),
    "private_key": _("private key"),
    "pem_key": _("key file"),
    "api_secret": _("API secret"),
    "totp_seed": _("key of a second factor"),
    "token": _("access token"),
    "cookie": _("sign-in cookie"),
    "password": _("password"),
    "pin": _("PIN"),
    "one_time_code": _("one-time code"),
}
_HELD = {
    "virus": _("A virus was found in it."),
    "active": _("It contains scripts or other active content."),
    "too_complex": _("It could not be made safe."),
    "too_long": _("It is too long to be searched for secrets."),
    "": _("Files of this kind can hold programs."),
}
_REFUSALS = {
    "not_found": _("You can no longer do that with this case. Load the page again."),
    "not_allowed": _("You can no longer do that with this case. Load the page again."),
    "taken": _("A colleague was faster and has this case now."),
    "no_access": _("That colleague is not in this case's team."),
    "closed": _("This case is closed. The customer's next message opens a new one."),
    "merged": _("This case goes on in another one. Go on there."),
    "itself": _("That is this very case."),
    "no_such_case": _("There is no such case, or you may not see it."),
    "target_merged": _("That case went into another one itself. Choose the one it goes on in."),
    "target_closed": _("That case is closed. Only one that is not can take this one in."),
    "merge_spam": _("One of the two is marked as spam. Mark it as no spam first."),
    "other_customer": _(
        "These are cases of two customers. What one of them wrote must never come before the other, so they stay apart."
    ),
    "no_reason": _(
        "Nobody has proved that one person wrote both, so a colleague has to agree. Write down why they belong together."
    ),
    "asked": _("A colleague has been asked already whether this case may be merged."),
    "own": _("You asked for it, so somebody else has to decide."),
    "decided": _("That has been decided already."),
    "no_team": _("There is no such team any more. Load the page again."),
    "empty_team": _("Nobody works in that team yet, so nobody would answer there."),
    "no_topic": _("There is no such topic any more. Load the page again."),
    "no_priority": _("Please choose a priority."),
    "no_message": _("That is no message of the customer's."),
    "no_type": _("Please choose what the new case is about."),
    "no_subject": _("Please give the new case a subject."),
    "unavailable": _("This was not saved: the database does not answer. Please try again in a moment."),
    "empty": _("Please write something first."),
    "spam": _("This case is marked as spam. Mark it as no spam first."),
    "not_a_mail": _("That is no mail address."),
    "own_address": _("That is an address of our own: the mail would come back as a new case."),
    "customer": _("That is the customer's own address. Answer in the case instead."),
    "article_gone": _("An article of this reply is not published any more. Take it out, and send again."),
    "too_many_articles": _("A reply takes at most three articles."),
    "too_long": _("This is too long: at most %(most)s characters."),
    "documents_asked": _("Documents are asked for already. Decide on them or take the request back first."),
    "no_kinds": _("Choose at least one kind of document."),
    "note_too_long": _("The note is too long: at most 500 characters."),
    "reason_missing": _("Choose a reason."),
    "nothing_there": _("Nothing was handed in yet."),
    **stopped_wording.REFUSALS,
}

_DOCUMENTS = {
    "id_front": _("Photo ID, front"),
    "id_back": _("Photo ID, back"),
    "selfie": _("Picture of yourself"),
    "address": _("Proof of address"),
    "funds": _("Source of funds"),
    "other": _("Something else"),
    "asked": _("Asked for"),
    "handed_in": _("Handed in"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "withdrawn": _("Taken back"),
    "unreadable": _("It cannot be read"),
    "incomplete": _("Something is missing or cut off"),
    "expired": _("It is out of date"),
    "other_person": _("It does not fit the account"),
    "altered": _("It could not be confirmed as genuine"),
    "not_asked": _("It is not what we asked for"),
    "check_identity": _("To check who the customer is"),
    "compare": _("To compare it with the account"),
    "second_look": _("A colleague wants a second look"),
    "complaint": _("Because of a complaint"),
    "authority": _("An authority asks for it"),
}
_DOCUMENTS_DONE = {
    "documents_asked": _("The customer is asked for documents, on the secure page."),
    "documents_withdrawn": _("The request is taken back; what had come is deleted."),
    "documents_accepted": _("Accepted. The customer sees it in the case."),
    "documents_declined": _("Declined, and what had come is deleted. The customer sees why."),
}


def status(code: str) -> str:
    """Name the status of a case."""
    return _word(_STATUSES, code)


def priority(level: int) -> str:
    """Name a priority, 0 to 4."""
    return str(_PRIORITIES[level]) if 0 <= level < len(_PRIORITIES) else str(level)


def channel(kind: str) -> str:
    """Name a kind of channel."""
    return _word(_CHANNELS, kind)


def proof(level: int) -> str:
    """Name a level of proof, 0 to 3."""
    return str(_PROOFS[level]) if 0 <= level < len(_PROOFS) else str(level)


def way(code: str) -> str:
    """Say how somebody proved who he is."""
    return _word(_WAYS, code)


def fact(kind: str) -> str:
    """Name a kind of evidence."""
    return _word(_FACTS, kind)


def handle(kind: str) -> str:
    """Name a kind of address."""
    return _word(_HANDLES, kind)


def secret(kind: str) -> str:
    """Name a kind of secret that the guard took out; one not known is just a secret."""
    return str(_SECRETS[kind]) if kind in _SECRETS else gettext("secret")


def held(reason: str) -> str:
    """Say why a file is not handed out."""
    return str(_HELD[reason]) if reason in _HELD else gettext("It may not be opened.")


def document(code: str) -> str:
    """Name a kind of document, a state of a request, or a reason to open or decline one."""
    return _word(_DOCUMENTS, code)


def documents_done(action: str) -> str:
    """Say that an act on documents is done."""
    return _word(_DOCUMENTS_DONE, action)


def refusal(code: str, **params: object) -> str:
    """Say why an act was refused, and what helps."""
    return (str(_REFUSALS[code]) if code in _REFUSALS else gettext("That did not work. Please try again.")) % params


def _word(words: Mapping[str, Promise], code: str) -> str:
    return str(words[code]) if code in words else code
