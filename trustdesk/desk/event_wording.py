"""The words of a timeline's events, in the reader's language: who did what, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from trustdesk.customers.identify import masked_mail
from trustdesk.desk import mail_wording, stopped_wording
from trustdesk.desk.wording import priority, proof, secret, way

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


def event(code: str, *, by: str, author: str, data: Mapping[str, Any]) -> str:
    """Word an event of a timeline; "" for one that nobody has words for.

    `by` is the name of the agent who did it, "" where the system or the customer did.
    """
    return _EVENTS[code](by, author, data) if code in _EVENTS else ""


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
    return gettext("Our mail to %(mail)s was not sent: %(why)s") % {
        "mail": masked_mail(str(data.get("to", ""))),
        "why": why,
    }


def _left(by: str, _author: str, data: Mapping[str, Any]) -> str:
    """Word how a case lost its agent: by a person, or because he was gone; then with who had it."""
    because = data.get("because", {})
    words = _TAKEN_BACK.get(because.get("code", ""))
    if by:
        return gettext("%(by)s left the case") % {"by": by}
    return str(words) % {"name": because.get("name", "")} if words else gettext("The agent left the case")


def _changed(words: Promise) -> Callable[[str, str, Mapping[str, Any]], str]:
    """Word what a case was and is now: a priority, or a name in English and Chinese; with the reason, if one was given."""

    def worded(by: str, _author: str, data: Mapping[str, Any]) -> str:
        said = str(words) % {"by": by, "was": _either(data.get("was")), "now": _either(data.get("now"))}
        reason = data.get("reason", "")
        return gettext("%(said)s: “%(reason)s”") % {"said": said, "reason": reason} if reason else said

    return worded


def _either(value: object) -> str:
    if isinstance(value, int):
        return priority(value)
    names = value if isinstance(value, list) and len(value) == 2 else ["–", "–"]
    return str(names[(get_language() or "en").startswith("zh")])


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
    "passed_on": _done("", _("The customer was told that he is passed on")),
    "promised_anew": _done("", _("The customer is promised another time for our answer")),
    "team_changed": _changed(_("%(by)s moved the case from %(was)s to %(now)s")),
    "type_changed": _changed(_("%(by)s changed the topic from %(was)s to %(now)s")),
    "priority_changed": _changed(_("%(by)s changed the priority from %(was)s to %(now)s")),
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
    "reply_stopped": lambda by, _author, data: (
        gettext("An answer of %(by)s was stopped: it asked for %(what)s")
        % {"by": by, "what": stopped_wording.asked(str(data.get("asked", "")))}
    ),
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
