"""A case as its customer reads it: the timeline worded and grouped, how far it has come, when an answer is due."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise as Lazy
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trustdesk.conversations import public
from trustdesk.policy import reference as case_number

TOGETHER = timedelta(minutes=5)  # what one person writes within this reads as one turn

# What the guard left where a secret stood, and addresses as the chat page links them: https only.
_PLACES = re.compile(r"\[••• ([a-z_]{3,20})\]|(https://[^\s<>\"'，。）】]+[^\s<>\"'，。）】.,;:!?)\]])")
_WALLET = frozenset({"seed_phrase", "xprv", "wif", "private_key"})

_KINDS = {
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
_KEY_ADVICE = _("To be safe, delete this key where you made it and make a new one.")
_SESSION_ADVICE = _("To be safe, sign out on all devices and sign in again.")
_ADVICE = {
    "pem_key": _KEY_ADVICE,
    "api_secret": _KEY_ADVICE,
    "totp_seed": _("To be safe, set up your second factor again."),
    "token": _SESSION_ADVICE,
    "cookie": _SESSION_ADVICE,
    "one_time_code": _(
        "A code opens your account to whoever has it. If you did not ask for one yourself, change your password now."
    ),
}
_STATUSES: Mapping[str, tuple[Lazy, str]] = {
    "waiting": (_("Received"), ""),
    "open": (_("With an agent"), "accent"),
    "pending": (_("Waiting for you"), "warning"),
    "resolved": (_("Solved"), "success"),
    "closed": (_("Closed"), ""),
}
_CHANNELS: Mapping[str, tuple[Lazy, str]] = {
    "chat": (_("Live chat"), "chat"),
    "form": (_("Ticket"), "file"),
    "email": (_("E-mail"), "mail"),
}
_LEVELS = (_("Not proved"), _("Mail confirmed"), _("Signed in"), _("Identity confirmed"))
_STEPS = (_("Received"), _("With an agent"), _("Waiting for you"), _("Solved"))


@dataclass(frozen=True, slots=True)
class Shown:
    """One line ready to be shown. `kind`: message or event; `html` is what somebody wrote, `text` what we say about it.

    `removed` and `advice`: a secret was taken out of this message, and what to do now. `follows`: the same person as
    above, a moment later.
    """

    seq: int
    kind: str
    own: bool
    name: str
    at: datetime
    html: SafeString
    text: str
    icon: str
    client_id: str
    files: tuple[public.File, ...]
    articles: tuple[public.Card, ...]
    removed: str
    advice: str
    follows: bool
    new_day: bool
    first_unread: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way of a case; `state` is done, now or later."""

    label: str
    state: str


@dataclass(frozen=True, slots=True)
class Due:
    """When the first answer was due and when it came; `kept` is None while neither has come."""

    at: datetime
    answered_at: datetime | None
    kept: bool | None


def shown(page: public.Page, *, unread_after: int | None = None) -> list[Shown]:
    """Word the lines of a case; `unread_after` marks the first line from us that is new."""
    return list(_shown(page.lines, unread_after))


def progress(status: str, *, answered: bool) -> list[Step]:
    """Say how far a case of this status has come; one that ended without an answer went no long way."""
    if status in ("resolved", "closed"):
        way = _STEPS[:3] if answered else _STEPS[:1]
        return [Step(str(label), "done") for label in (*way, _STATUSES[status][0])]
    at = {"waiting": 0, "open": 1, "pending": 2}.get(status, 0)
    states = ["done"] * at + ["now"] + ["later"] * 3
    return [Step(str(label), state) for label, state in zip(_STEPS, states, strict=False)]


def due(view: public.CaseView, *, now: datetime) -> Due | None:
    """Say when the first reply was promised and whether that was kept; None where nothing is to be said."""
    facts = view.facts
    if facts.promised_at is None or facts.expected is None:
        return None
    until, answered = facts.promised_at + facts.expected.high, facts.answered_at
    if answered is not None:
        return Due(until, answered, kept=answered <= until)
    return None if view.case.status in ("resolved", "closed") else Due(until, None, kept=False if now > until else None)


def status(code: str) -> str:
    """Name a status as customers know it."""
    return str(_STATUSES[code][0]) if code in _STATUSES else code


def tone(code: str) -> str:
    """Return the tone of a status's badge; "" for a plain one."""
    return _STATUSES[code][1] if code in _STATUSES else ""


def channel(kind: str) -> str:
    """Name a kind of channel."""
    return str(_CHANNELS[kind][0]) if kind in _CHANNELS else kind


def channel_icon(kind: str) -> str:
    """Return the icon of a kind of channel."""
    return _CHANNELS[kind][1] if kind in _CHANNELS else "globe"


def level(number: int) -> str:
    """Name a level of proof, 0 to 3."""
    return str(_LEVELS[number]) if 0 <= number < len(_LEVELS) else ""


def rich(text: str, *, links: bool) -> SafeString:
    """Return a text as HTML: everything escaped, removed secrets marked, https addresses clickable if `links`."""
    parts: list[str] = []
    position = 0
    for found in _PLACES.finditer(text):
        if found[2] and not links:
            continue
        parts.append(escape(text[position : found.start()]))
        parts.append(_mark(found[1]) if found[1] else _link(found[2]))
        position = found.end()
    parts.append(escape(text[position:]))
    return mark_safe("".join(parts))  # noqa: S308  every part is escaped above


def _shown(lines: tuple[public.Line, ...], unread_after: int | None) -> Iterator[Shown]:
    above: public.Line | None = None
    marked = unread_after is None
    warned = False
    for line in lines:
        own = line.author == "customer"
        text = _event(line) if line.kind == "event" else ""
        if line.kind == "event" and (not text or (line.event == "secret_masked" and warned)):
            continue
        kinds = [found[1] for found in _PLACES.finditer(line.text) if found[1]] if own else []
        warned = bool(kinds)
        first_unread = not marked and line.author == "agent" and line.seq > (unread_after or 0)
        marked = marked or first_unread
        yield Shown(
            seq=line.seq,
            kind=line.kind,
            own=own,
            name="" if own else line.name or gettext("Support"),
            at=line.at,
            html=rich(line.text, links=not own),
            text=text,
            icon=_ICONS.get(line.event, "info"),
            client_id=line.client_id,
            files=line.files,
            articles=line.articles,
            removed=_removed({"kinds": kinds}) if kinds else "",
            advice=_advice(kinds) if kinds else "",
            follows=above is not None and not first_unread and not warned and _follows(line, above),
            new_day=above is None or above.at.date() != line.at.date(),
            first_unread=first_unread,
        )
        above = line


def _follows(line: public.Line, above: public.Line) -> bool:
    same = (line.kind, line.author, line.name) == (above.kind, above.author, above.name)
    return same and line.kind == "message" and line.at - above.at < TOGETHER


def _event(line: public.Line) -> str:
    return _EVENTS[line.event](line.params) if line.event in _EVENTS else ""


def _mark(kind: str) -> str:
    return format_html('<span class="removed">{}</span>', gettext("{kind}, removed").format(kind=_kind(kind)))


def _link(address: str) -> str:
    return format_html('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>', address)


def _kind(code: str) -> str:
    return str(_KINDS[code]) if code in _KINDS else gettext("a secret")


def _removed(params: Mapping[str, Any]) -> str:
    named = gettext(", ").join(dict.fromkeys(_kind(str(kind)) for kind in params.get("kinds", ())))
    return gettext("We removed {kinds} from your message").format(kinds=named or _kind(""))


def _advice(kinds: list[str]) -> str:
    if _WALLET & set(kinds):
        return gettext(
            "But it has been typed into a message, so treat it as known to others: move your funds to a new wallet now."
        )
    other = _("To be safe, change it now. We never ask for such things.")
    return str(_ADVICE.get(kinds[0], other))


def _assigned(params: Mapping[str, Any]) -> str:
    name = params.get("name", "")
    return gettext("{name} has taken your case").format(name=name) if name else gettext("An agent has taken your case")


def _proved(params: Mapping[str, Any]) -> str:
    held = params.get("level", 0)
    return gettext("You confirmed that it is you: {level}").format(level=level(held if isinstance(held, int) else 0))


def _about(words: Lazy) -> Callable[[Mapping[str, Any]], str]:
    """Word an event that names another case, with the way there."""

    def worded(params: Mapping[str, Any]) -> str:
        number = str(params.get("case", ""))
        if not case_number.parse(number):
            return ""
        link = format_html('<a class="mono" href="{}">{}</a>', reverse("portal:case", args=[number]), number)
        return format_html(str(words), case=link)

    return worded


def _said(words: Lazy) -> Callable[[Mapping[str, Any]], str]:
    return lambda _params: str(words)


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "assigned": _assigned,
    "left": _said(_("Your agent has left. You are being handed to a colleague.")),
    "passed_on": _said(_("You are being handed to the colleagues who deal with this. Nothing has to be told again.")),
    "promised_anew": _said(_("When to expect our answer has changed")),
    "resolved": _said(_("Marked as solved")),
    "reopened": _said(_("Opened again")),
    "closed": _said(_("Closed")),
    "ended_by_customer": _said(_("You closed this case")),
    "withdrawn": _said(_("You took your request back")),
    "moved_to_chat": _said(_("This case goes on in live chat")),
    "merged": _about(_("This case goes on in case {case}")),
    "merged_from": _about(_("Case {case} goes on here")),
    "split": _about(_("We made case {case} of one of your messages")),
    "split_from": _about(_("From your message in case {case}")),
    "proof_asked": _said(_("We asked you to confirm that it is you")),
    "proved": _proved,
    "documents_asked": _said(_("We asked you for documents, on the secure page")),
    "documents_handed_in": lambda params: gettext("You handed in documents ({count})").format(count=params.get("count", "")),
    "documents_accepted": _said(_("Your documents were accepted")),
    "documents_declined": _said(_("Your documents were not accepted")),
    "documents_withdrawn": _said(_("The documents are not needed any more")),
    "secret_masked": _removed,
    "by_mail": lambda params: gettext("The answer will also go to {mail}").format(mail=params.get("mail", "")),
    "mail_confirmed": lambda params: gettext("You confirmed the address {mail}").format(mail=params.get("mail", "")),
    "rated": lambda params: gettext("You rated our help {score} of 5").format(score=params.get("score", "")),
}
_ICONS = {
    "assigned": "user",
    "left": "users",
    "passed_on": "users",
    "promised_anew": "clock",
    "resolved": "check",
    "closed": "lock",
    "ended_by_customer": "lock",
    "withdrawn": "back",
    "reopened": "refresh",
    "moved_to_chat": "chat",
    "merged": "forward",
    "merged_from": "layers",
    "split": "forward",
    "split_from": "layers",
    "proof_asked": "key",
    "proved": "shield-check",
    "documents_asked": "id",
    "documents_handed_in": "lock",
    "documents_accepted": "check",
    "documents_declined": "alert",
    "documents_withdrawn": "close",
    "secret_masked": "shield",
    "by_mail": "mail",
    "mail_confirmed": "mail",
    "rated": "star",
}
