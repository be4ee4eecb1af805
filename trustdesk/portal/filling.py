"""A ticket form as somebody fills it in: what was typed, what is already known of him, and what to say beside each field."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trustdesk.conversations import public, requests
from trustdesk.customers.visitors import Visitor
from trustdesk.policy import guard
from trustdesk.policy.forms import Problem
from trustdesk.portal import uploads, wording

TEXT = 4_000  # characters of what happened
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,40}")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")  # as a browser's own field for date and time writes it
_ZONE = re.compile(r"[+-]\d\d:\d\d")
_ZONES = (
    "-12:00 -11:00 -10:00 -09:30 -09:00 -08:00 -07:00 -06:00 -05:00 -04:00 -03:30 -03:00 -02:00 -01:00 +00:00 +01:00 "
    "+02:00 +03:00 +03:30 +04:00 +04:30 +05:00 +05:30 +05:45 +06:00 +06:30 +07:00 +08:00 +09:00 +09:30 +10:00 +10:30 "
    "+11:00 +12:00 +13:00 +14:00"
).split()
_RADIOS = 4  # so many options are shown at once; more are folded into a list
_MODES = {"amount": "decimal", "uid": "numeric", "url": "url", "mail": "email", "work_mail": "email"}
_TYPES = {"url": "url", "mail": "email", "work_mail": "email"}
_PROSE = frozenset({"text", "long"})
_CODES = frozenset({"tx_id", "address", "memo", "uid", "order_id", "error_code", "api_key_id"})
_OWN = {"subject": _("Title"), "mail": _("Your e-mail address"), "files": _("Files")}


@dataclass(frozen=True, slots=True)
class Filling:
    """A form with what was typed. `given` holds the fields as typed, `nonce` names this one sheet of paper: it makes
    sending it twice one case."""

    form: public.RequestForm
    visitor: Visitor
    nonce: str
    given: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    subject: str = ""
    mail: str = ""
    files: Sequence[uploads.Kept] = ()
    refused_files: Sequence[uploads.Refusal] = ()
    problems: Mapping[str, Problem] = field(default_factory=dict)
    hints: Mapping[str, Problem] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, str]:
        """Return the fields as the check wants them: with the zone of a time, and what we know ourselves."""
        known = {one.key: value for one in self.form.fields if (value := known_of(self.visitor, one))}
        return {key: value + self._zone(key, value) for key, value in self.given.items()} | known

    @property
    def identity(self) -> str:
        """Return what makes the same sheet, sent again unchanged, the same case."""
        typed = sorted(self.answers.items())
        whole = repr((self.nonce, self.form.type.code, typed, self.text, self.subject, self.mail, self.keys))
        return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:40]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the files."""
        return tuple(file.key for file in self.files)

    def refused(self, problems: Mapping[str, Problem]) -> Filling:
        """Return the same with these problems."""
        return replace(self, problems=dict(problems))

    def _zone(self, key: str, value: str) -> str:
        return self.zones.get(key, "") if _LOCAL.fullmatch(value) else ""


@dataclass(frozen=True, slots=True)
class Row:
    """A field ready to be shown. `applies` says in words when it is asked; `widget`: line, long, list, radios, flag, time."""

    field: public.FormField
    widget: str
    value: str
    zone: str
    problem: str
    hint: str
    applies: str
    when_key: str
    when_values: str
    mode: str
    type: str
    exact: bool  # copied character by character


def blank(form: public.RequestForm, visitor: Visitor, *, about: str = "") -> Filling:
    """Return an empty sheet; `about`: what its title says already."""
    return Filling(form, visitor, secrets.token_urlsafe(18), subject=about[: requests.SUBJECT])


def read(post: QueryDict, *, form: public.RequestForm, visitor: Visitor, files: Sequence[uploads.Kept] = ()) -> Filling:
    """Read a sheet that came in; what it says of fields the form has not is left out."""
    nonce = post.get("sheet", "")
    zones = {one.key: post.get(f"{one.key}.zone", "") for one in form.fields if one.kind == "time"}
    given = {one.key: post.get(f"f.{one.key}", "").replace("\r\n", "\n") for one in asked(form, visitor)}
    return Filling(
        form,
        visitor,
        nonce if _NONCE.fullmatch(nonce) else secrets.token_urlsafe(18),
        given,
        {key: zone for key, zone in zones.items() if _ZONE.fullmatch(zone)},
        post.get("text", "").replace("\r\n", "\n"),
        post.get("subject", "").replace("\0", ""),  # PostgreSQL keeps no such character
        "" if visitor.proved else post.get("mail", ""),
        files,
    )


def known_of(visitor: Visitor, one: public.FormField) -> str:
    """Return what we know of a signed-in visitor and a form need not ask him; "" otherwise."""
    return visitor.value if one.key == one.kind == "uid" and visitor.known else ""


def asked(form: public.RequestForm, visitor: Visitor) -> list[public.FormField]:
    """Return the fields this visitor has to fill in himself."""
    return [one for one in form.fields if not known_of(visitor, one)]


def rows(filled: Filling) -> list[Row]:
    """Return the fields of a sheet, ready to be shown; a secret that was typed is not among the values."""
    every = {one.key: one for one in filled.form.fields}
    return [_row(filled, one, every) for one in asked(filled.form, filled.visitor)]


def shown_text(text: str) -> str:
    """Return what may be shown again of a text somebody typed: secrets are taken out."""
    return guard.mask(text).text


def summary(filled: Filling) -> list[tuple[str, str, str]]:
    """List what is wrong for the top of the page, in the order of the page: place, name of the field, what to do."""
    words = filled.form.text.label
    labels: dict[str, str | Lazy] = {
        **({"text": words} if filled.form.text.required else {}),
        **{one.key: one.label for one in filled.form.fields},
        "text": words,
        "files": _OWN["files"],
        "mail": _OWN["mail"],
        "subject": _OWN["subject"],
    }
    found = {key: word(filled, key) for key in labels if key in filled.problems}
    if filled.refused_files:
        found["files"] = " ".join(f"{one.name}: {one.text}" for one in filled.refused_files)
    places = {one.key: f"f-{one.key}" for one in filled.form.fields}
    return [(places.get(key, key), str(labels[key]), found[key]) for key in labels if key in found]


def word(filled: Filling, key: str) -> str:
    """Word the problem of a field; "" where there is none."""
    problem = filled.problems.get(key)
    kind = next((one.kind for one in filled.form.fields if one.key == key), key)
    return wording.problem(problem, kind=kind) if problem else ""


def as_message(filled: Filling) -> str:
    """Write a sheet as one message for a case that exists already: the customer's words, then each answer."""
    return "\n\n".join(part for part in (filled.text.strip(), answered(filled)) if part)


def answered(filled: Filling) -> str:
    """List the answers with their labels, without those that were refused for being a secret."""
    values = requests.check_form(filled.form.type.code, filled.answers).values
    return "\n".join(
        gettext("{label}: {value}").format(
            label=one.label, value=dict(one.choices).get(values[one.key], values[one.key])
        )
        for one in asked(filled.form, filled.visitor)
        if one.key in values
    )


def zones() -> list[tuple[str, str]]:
    """List the offsets a time may be given in."""
    return [(zone, f"UTC{zone}") for zone in _ZONES]


def _row(filled: Filling, one: public.FormField, every: Mapping[str, public.FormField]) -> Row:
    typed = filled.given.get(one.key, "")
    problem, hint = filled.problems.get(one.key), filled.hints.get(one.key)
    if one.kind not in _PROSE and problem is not None and problem.code == "secret":
        typed = ""
    return Row(
        field=one,
        widget=_widget(one, typed),
        value=shown_text(typed),
        zone=filled.zones.get(one.key, ""),
        problem=word(filled, one.key),
        hint=wording.problem(hint, kind=one.kind) if hint and not problem else "",
        applies=_applies(one, every),
        when_key=one.when[0] if one.when else "",
        when_values=" ".join(one.when[1]) if one.when else "",
        mode=_MODES.get(one.kind, "text"),
        type=_TYPES.get(one.kind, "text"),
        exact=one.kind in _CODES,
    )


def _widget(one: public.FormField, typed: str) -> str:
    if one.kind == "choice":
        return "radios" if len(one.choices) <= _RADIOS else "list"
    if one.kind == "time":
        # Anything a browser's own field cannot hold stays as it was typed.
        return "time" if not typed or _LOCAL.fullmatch(typed) else "line"
    return {"long": "long", "flag": "flag"}.get(one.kind, "line")


def _applies(one: public.FormField, every: Mapping[str, public.FormField]) -> str:
    """Say in words when a field is asked, for those who see all fields at once."""
    if one.kind == "memo":
        return gettext("Only for coins whose deposits carry one, such as XRP, XLM, TON or ATOM.")
    other = every.get(one.when[0]) if one.when else None
    if one.when is None or other is None:
        return ""
    if other.kind == "flag":
        return gettext("Only if you ticked “{label}”.").format(label=other.label)
    names = dict(other.choices)
    chosen = gettext(" or ").join(gettext("“{value}”").format(value=names.get(value, value)) for value in one.when[1])
    return gettext("Only if you chose {values} at “{label}”.").format(values=chosen, label=other.label)
