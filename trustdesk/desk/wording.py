"""The words of the desk for everything that below is a code, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trustdesk.customers.identify import masked_mail
from trustdesk.desk import mail_wording

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
}
_HELD = {
    "virus": _("A virus was found in it."),
    "active": _("It contains scripts or other active content."),
    "too_complex": _("It could not be made safe."),
    "too_long": _("It is too long to be searched for secrets."),
}
_BECAUSE = {
    "taken": _("taken by hand"),
    "assigned": _("given by hand"),
    "replied": _("by replying"),
    "least_loaded": _("fewest open chats"),
    "least_loaded_other_language": _("nobody free speaks the language"),
    "chosen": _("chosen by the customer"),
    "default": _("nothing was chosen"),
    "split": _("split off by hand"),
}
# Why `policy.handover` took a case back.
_TAKEN_BACK = {
    "away": _("Taken back from %(name)s, who was not at the desk while the customer waited"),
    "deactivated": _("Taken back from %(name)s, whose access has ended"),
}
# Why `policy.priority` made a case more urgent.
_RAISED = {
    "tier": _("customer tier %(tier)s"),
    "amount": _("about %(usd)s US dollars"),
    "age": _("waits for %(hours)s hours"),
    "loss_now": _("the customer says that money is leaving right now"),
    "being_taken": _("“%(said)s”"),
    "was_taken": _("“%(said)s”"),
    "not_authorised": _("“%(said)s”"),
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


def event(code: str, *, by: str, author: str, data: Mapping[str, Any]) -> str:
    """Word an event of a timeline; "" for one that nobody has words for.

    `by` is the name of the agent who did it, "" where the system or the customer did.
    """
    return _EVENTS[code](by, author, data) if code in _EVENTS else ""


def _word(words: Mapping[str, Promise], code: str) -> str:
    return str(words[code]) if code in words else code


def _assigned(by: str, _author: str, data: Mapping[str, Any]) -> str:
    because, name = data.get("because"), str(data.get("name", ""))
    code = because.get("code", "") if isinstance(because, Mapping) else because
    if code in ("taken", "replied") and by:
        return gettext("%(by)s took the case") % {"by": by}
    if by:
        return gettext("%(by)s gave the case to %(name)s") % {"by": by, "name": name}
    reason = str(_BECAUSE[code]) if code in _BECAUSE else ""
    return (
        gettext("Given to %(name)s (%(reason)s)") % {"name": name, "reason": reason}
        if reason
        else gettext("Given to %(name)s") % {"name": name}
    )


def _triaged(_by: str, _author: str, data: Mapping[str, Any]) -> str:
    level, because = data.get("priority"), data.get("because")
    words = {"priority": priority(level) if isinstance(level, int) else "–"}
    listed = because if isinstance(because, list) else [because if isinstance(because, Mapping) else {"code": because}]
    reason = gettext(", ").join(filter(None, map(_why, listed)))
    if reason:
        return gettext("Priority %(priority)s (%(reason)s)") % {**words, "reason": reason}
    return gettext("Priority %(priority)s") % words


def _why(reason: Mapping[str, Any]) -> str:
    code, params = reason.get("code"), reason.get("params", {})
    if code in _RAISED:
        return str(_RAISED[code]) % {**params, "said": str(params.get("said", ""))[:80]}
    return str(_BECAUSE[code]) if code in _BECAUSE else ""


def _proved(_by: str, _author: str, data: Mapping[str, Any]) -> str:
    level = data.get("level")
    return gettext("Proved: %(level)s (%(way)s)") % {
        "level": proof(level) if isinstance(level, int) else "–",
        "way": way(str(data.get("how", ""))),
    }


def _secret_masked(_by: str, _author: str, data: Mapping[str, Any]) -> str:
    kinds = gettext(", ").join(dict.fromkeys(secret(str(kind)) for kind in data.get("kinds", ())))
    return gettext("Removed before it was stored: %(kinds)s") % {"kinds": kinds or secret("")}


def _bounced(_by: str, _author: str, data: Mapping[str, Any]) -> str:
    words = {
        "mail": masked_mail(str(data.get("to", ""))),
        "why": mail_wording.reason(str(data.get("status", ""))) or gettext("no reason was given"),
    }
    if data.get("hard", True):
        return gettext("Our mail to %(mail)s came back: %(why)s") % words
    return gettext("Our mail to %(mail)s is delayed: %(why)s") % words


def _failed(_by: str, _author: str, data: Mapping[str, Any]) -> str:
    why = mail_wording.reason(str(data.get("reason", ""))) or gettext("no reason was given")
    return gettext("Our mail to %(mail)s was not sent: %(why)s") % {"mail": masked_mail(str(data.get("to", ""))), "why": why}


def _left(by: str, _author: str, data: Mapping[str, Any]) -> str:
    """Word how a case lost its agent: by a person, or because he was gone; then with who had it."""
    because = data.get("because", {})
    words = _TAKEN_BACK.get(because.get("code", ""))
    if by:
        return gettext("%(by)s left the case") % {"by": by}
    return str(words) % {"name": because.get("name", "")} if words else gettext("The agent left the case")


def _merged(words: Promise) -> Callable[[str, str, Mapping[str, Any]], str]:
    """Word a merge with why it was allowed; the number of the other case stands beside it, as a link."""

    def worded(by: str, _author: str, data: Mapping[str, Any]) -> str:
        because = data.get("because", {})
        if because.get("code") == "four_eyes":
            why = gettext("%(name)s agreed") % {"name": because.get("name", "")}
        else:
            why = gettext("the same proved identity")
        return str(words) % {"by": by, "why": why}

    return worded


def _done(with_name: Promise | str, without: Promise) -> Callable[[str, str, Mapping[str, Any]], str]:
    return lambda by, _author, _data: str(with_name) % {"by": by} if by and with_name else str(without)


_EVENTS: Mapping[str, Callable[[str, str, Mapping[str, Any]], str]] = {
    "assigned": _assigned,
    "unassigned": _done(_("%(by)s handed the case back to the team"), _("Back with the team")),
    "left": _left,
    "resolved": _done(_("%(by)s marked the case as solved"), _("Marked as solved")),
    "pending": _done(_("%(by)s waits for the customer"), _("Waiting for the customer")),
    "reopened": _done(_("%(by)s opened the case again"), _("Opened again by a new message")),
    "closed": _done(_("%(by)s closed the case"), _("Closed")),
    "withdrawn": _done("", _("The customer took the request back")),
    "moved_to_chat": _done("", _("The customer moved the case to live chat")),
    "mail_confirmed": lambda _by, _author, data: (
        gettext("The customer confirmed the address %(mail)s") % {"mail": data.get("mail", "")}
    ),
    "ended_by_customer": _done("", _("The customer ended the chat")),
    "proof_asked": _done(_("%(by)s asked the customer to prove who they are"), _("The customer was asked for a proof")),
    "proved": _proved,
    "documents_asked": _done(_("%(by)s asked for documents"), _("Documents were asked for")),
    "documents_handed_in": lambda _by, _author, data: (
        gettext("Documents handed in (%(count)s)") % {"count": data.get("count", "")}
    ),
    "documents_accepted": _done(_("%(by)s accepted the documents"), _("The documents were accepted")),
    "documents_declined": _done(_("%(by)s declined the documents"), _("The documents were declined")),
    "documents_withdrawn": _done(_("%(by)s no longer asks for documents"), _("No documents are asked for any more")),
    "secret_masked": _secret_masked,
    "triaged": _triaged,
    "by_mail": lambda _by, _author, data: (
        gettext("Wants the answer by mail, at %(mail)s") % {"mail": data.get("mail", "")}
    ),
    "spam": _done(_("%(by)s marked the case as spam"), _("Recognised as spam")),
    "not_spam": _done(_("%(by)s marked the case as no spam"), _("No spam after all")),
    "merged": _merged(_("%(by)s merged this case into another one (%(why)s)")),
    "merged_from": _merged(_("%(by)s merged another case into this one (%(why)s)")),
    "merge_asked": lambda by, _author, data: (
        gettext("%(by)s asks to merge this case with another one: “%(reason)s”")
        % {"by": by, "reason": data.get("reason", "")}
    ),
    "merge_declined": _done(_("%(by)s declined to merge this case with another one"), _("Not merged")),
    "split": _done(_("%(by)s made a new case of a message"), _("A message became a new case")),
    "split_from": _done(_("%(by)s made this case of a message in another one"), _("Made of a message in another case")),
    "mail_bounced": _bounced,
    "mail_failed": _failed,
    "mail_complained": _done(
        "", _("The recipient called a mail of ours spam. Write to this address no more than needed.")
    ),
    "throw_away_mail": lambda _by, _author, data: (
        gettext("%(domain)s hands out throw-away addresses: ask for a proof of a real one")
        % {"domain": data.get("domain", "")}
    ),
    "rated": lambda _by, _author, data: gettext("Rated the help %(score)s of 5") % {"score": data.get("score", "")},
}
