"""The words of the desk for what is a code in mail: who vouches for a sender, why something was kept out, what became of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_VERDICTS: Mapping[str, tuple[Promise, Promise]] = {
    "proved": (
        _("Proved"),
        _("The sender's domain vouches for this mail (DMARC passed): it really comes from this address."),
    ),
    "claimed": (
        _("Only claimed"),
        _(
            "Nobody vouches for this address: anyone could have written it. Ask for a proof before you speak of an account."
        ),
    ),
    "failed": (
        _("Not vouched for"),
        _("The sender's domain says that it did not send this mail (DMARC failed). Take it for forged."),
    ),
}
_OUTSIDE: Mapping[str, tuple[Promise, Promise]] = {
    "third_party": (
        _("Third party"),
        _("Somebody other than the customer wrote to this case. They see none of it, and no answer goes to them."),
    ),
    "automatic": (
        _("Automatic mail"),
        _("A machine sent this: an absence notice, a receipt. It reopens nothing and is not answered."),
    ),
    "side": (
        _("Outside department"),
        _("The answer to a question a colleague asked beside the case. The customer never sees it."),
    ),
}
_REFUSED_FILES = {
    "too_big": _("too large"),
    "type_refused": _("of a kind we do not take"),
    "quota": _("more than may come in one day"),
}
_STATES = {
    "queued": _("Waiting to be sent"),
    "sending": _("Being sent"),
    "sent": _("Sent"),
    "delivered": _("Delivered"),
    "bounced": _("Came back"),
    "failed": _("Not sent"),
}
_TONES = {"delivered": "success", "bounced": "danger", "failed": "danger", "queued": "warning", "sending": "warning"}
_PURPOSES = {
    "answer": _("Answer"),
    "reply": _("Answer"),
    "opened": _("Acknowledgement"),
    "progress": _("Where the case stands"),
    "proof": _("Request for a proof"),
    "documents": _("Request for documents"),
    "resolved": _("Case solved"),
    "transcript": _("Transcript"),
    "code": _("Code"),
    "side": _("Question to a department"),
}
# Of an enhanced status code (RFC 3463): the class says whether it may still arrive, subject and detail say why.
_STATUSES = {
    "1.1": _("there is no such mailbox"),
    "1.2": _("there is no such domain"),
    "1.6": _("the mailbox has moved"),
    "1.10": _("the domain takes no mail"),
    "2.1": _("the mailbox is switched off"),
    "2.2": _("the mailbox is full"),
    "3.4": _("the mail is too large for the other side"),
    "4.1": _("the other side does not answer"),
    "4.4": _("the other side cannot be found"),
    "4.7": _("the other side did not take it in time"),
    "7.1": _("the other side refuses it"),
}
_SUBJECTS = {
    "1": _("something is wrong with the address"),
    "2": _("something is wrong with the mailbox"),
    "3": _("the other side has a problem"),
    "4": _("the way there has a problem"),
    "7": _("the other side refuses it"),
}
_REASONS = {
    "address": _("the address is not one that mail can be sent to"),
    "header": _("the mail would not have been well-formed"),
    "recipient_refused": _("the other side refuses the recipient"),
    "recipient_refused_partly": _("the other side refuses the recipient"),
    "sender_refused": _("the mail server refuses our address"),
    "message_refused": _("the other side refuses the mail"),
    "auth": _("the mail server does not let us in"),
    "no_starttls": _("the mail server offers no encryption"),
    "tls": _("the mail server's certificate is not good"),
    "connect": _("the mail server cannot be reached"),
    "timeout": _("the mail server did not answer in time"),
    "dns": _("the mail server's name is not found"),
    "protocol": _("the mail server did not speak as agreed"),
    "complaint": _("the recipient called it spam"),
    "suppressed": _("an earlier mail to this address came back for good"),
    "interrupted": _("sending was interrupted twice"),
    "line": _("the mail would not have been well-formed"),
    "no_mail_server": _("no mail server is set up"),
    "fault": _("an error of this program kept it from being sent; the log says more"),
}
_STUCK = {
    "automatic": _("A machine sent it, and it belongs to no case."),
    "list": _("It came through a mailing list."),
    "account_mail": _("A service asks to confirm our address. Whoever follows it could take over an account there."),
    "own": _("It is a mail of our own that came back to us."),
    "bounce": _("It says that a mail could not be delivered, and none of ours is known by it."),
    "feedback": _("It is a complaint about a mail that is not known as ours."),
    "no_sender": _("It does not say who sent it."),
    "unverified_sender": _("The sender's domain says that it did not send it: it is most likely forged."),
    "sealed": _("It cannot be opened: it was stored under another key, or is damaged."),
    "empty": _("There is nothing in it."),
    "too_many_parts": _("It has more parts than any mail needs."),
    "too_complex": _("Reading it took too much time or memory."),
    "broken": _("Reading it ended in a crash."),
    "too_large": _("It is larger than what we take: only its head is here."),
    "refused": _("The server could not give it: only its head is here. It is asked for again."),
    "failed": _("It was read, and storing it failed again and again."),
    "died": _("Reading it ended the program that read it, more than once."),
    "provider_off": _("The settings of the provider that brought it are gone: put them back, and read it again."),
    "envelope": _("What its provider said beside it cannot be read."),
    "UnableToStart": _("The program that reads mail could not be started."),
}
_PROBLEMS = {
    "auth": _("The server does not let us in: name, password or consent is wrong."),
    "connect": _("The server cannot be reached."),
    "timeout": _("The server does not answer in time."),
    "dns": _("The server's name is not found."),
    "tls": _("No encrypted connection to the server comes about."),
    "certificate": _("The server's certificate is not good."),
    "no_starttls": _("The server offers no encryption."),
    "cut": _("The server breaks the connection off."),
    "bye": _("The server ends the conversation."),
    "later": _("The server asks us to come back later."),
    "protocol": _("The server does not speak as agreed."),
    "settings": _("Its settings cannot be used."),
    "oauth": _("The consent to read this mailbox has to be given anew."),
    "address": _("Its server is at a place we connect to for nobody."),
    "folder": _("The folder is not there."),
    "silent": _("No sign of life: fetching has stopped."),
    "stuck": _("Fetching hung and was begun anew."),
    "full": _("The mailbox is full, or nearly: its server soon refuses what customers send."),
    "read_only": _("The folder can only be read: mails are fetched, but stay unread there."),
    "take": _("What was fetched could not be stored; it is fetched again."),
    "refused": _("The server refuses to give the mails."),
    "no_uids": _("The server cannot number its mails, so none can be told from another."),
    "uidvalidity": _("The server numbers its mails anew each time, so none can be told from another."),
    "too_large": _("The server sends more than any mail needs."),
}
_ENHANCED = re.compile(r"\b[245]\.([0-9]{1,3})\.([0-9]{1,3})\b")
_REPEAT = re.compile(r"repeat(?:: )?")
_HARDNESS = re.compile(r"(?:hard|soft): ?")


def verdict(code: str) -> tuple[str, str]:
    """Name who vouches for a sender, and what that means."""
    word, why = _VERDICTS.get(code, _VERDICTS["claimed"])
    return str(word), str(why)


def outside(why: str) -> tuple[str, str]:
    """Name who wrote a line that is not the customer's, and what follows from it."""
    word, what = _OUTSIDE.get(why, _OUTSIDE["third_party"])
    return str(word), str(what)


def refused_file(code: str) -> str:
    """Say why a file of a mail was not taken."""
    return str(_REFUSED_FILES.get(code, _("cannot be shown safely")))


def delivery(state: str) -> str:
    """Name the state of something we send."""
    return str(_STATES.get(state, state))


def delivery_tone(state: str) -> str:
    """Return the tone of its badge; "" for none."""
    return _TONES.get(state, "")


def purpose(code: str) -> str:
    """Name what a mail of ours is for."""
    return str(_PURPOSES.get(code, _("Notice")))


def reason(code: str) -> str:
    """Say why a mail of ours did not arrive, or not yet; "" where there is nothing to say."""
    again, rest = _REPEAT.match(code), _REPEAT.sub("", code, count=1).strip()
    rest = _HARDNESS.sub("", rest, count=1)
    said = _reason(rest) if rest else ""
    if not again:
        return said
    twice = gettext("sent again after an interruption, so it may have arrived twice")
    return gettext("%(first)s; %(second)s") % {"first": twice, "second": said} if said else twice


def _reason(code: str) -> str:
    if found := _ENHANCED.search(code):
        words = _STATUSES.get(f"{found[1]}.{found[2]}") or _SUBJECTS.get(found[1])
        return gettext("%(why)s (%(code)s)") % {"why": words, "code": found[0]} if words else code
    plain = re.split(r"[ :(]", code, maxsplit=1)[0]
    return str(_REASONS[plain]) if plain in _REASONS else code


def stuck(state: str, code: str) -> str:
    """Say why a mail became part of no case."""
    if code in _STUCK:
        return str(_STUCK[code])
    if state == "unreadable":
        return gettext("No reader could make sense of it (%(code)s).") % {"code": code or "–"}
    return gettext("It was held back (%(code)s).") % {"code": code or "–"}


def problem(code: str) -> str:
    """Say what is wrong with a mailbox; "" where nothing is."""
    if not code:
        return ""
    known = _PROBLEMS.get(code) or _PROBLEMS.get(code.partition("_")[0])  # oauth_…, address_…
    return str(known) if known else gettext("It does not work (%(code)s).") % {"code": code}
