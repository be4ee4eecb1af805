"""Editing request types: how the forms of the back office show their values, and what they refuse.

A form may not ask for a secret, may not depend on a question it has not, and reads in both languages: what
`tests/conversations/test_defaults.py` holds the seeded rows to, this holds every edit to.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms.models import WagtailAdminModelForm

from trustdesk.conversations import rulebook
from trustdesk.conversations.defaults import AREAS
from trustdesk.conversations.models import RequestType
from trustdesk.policy import forms as judging
from trustdesk.policy.proof import Proof

# Where problems of a ticket's own parts are kept: a question of that name would hide them.
RESERVED = frozenset({"text", "subject", "mail", "files"})
MOST = 12  # questions of one form: nobody fills in more
LONGEST = 366 * 24 * 60  # minutes of a promise
_KEY = re.compile(r"[a-z][a-z0-9_]{1,29}")
_WORDS = ("label", "label_zh", "help", "help_zh")
_PROOFS = {
    Proof.NOBODY: gettext_lazy("None"),
    Proof.CONTACT: gettext_lazy("A registered contact (mailed code)"),
    Proof.SESSION: gettext_lazy("Signed session of the exchange"),
    Proof.STRONG: gettext_lazy("Fresh second factor"),
}


class Choices(forms.Textarea):
    """Shows a list of [value, English, Chinese] as lines "value | English | Chinese", and reads it back."""

    def format_value(self, value: Any) -> str:
        """Write the lines."""
        return "\n".join(" | ".join(map(str, one)) if isinstance(one, list) else str(one) for one in _list(value))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """Read the lines, as JSON; what is wrong with one is said by `TypeForm`."""
        lines = [line for line in (data.get(name) or "").splitlines() if line.strip()]
        return json.dumps([[part.strip() for part in line.split("|")] for line in lines])


class Lines(Choices):
    """Shows a list of texts as lines, and reads it back."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """Read the lines, as JSON."""
        return json.dumps([line.strip() for line in (data.get(name) or "").splitlines() if line.strip()])


def type_choices(language: str) -> list[tuple[str, str]]:
    """List the codes and names of all request types in a language, in the form's order."""
    name = "label_zh" if language.startswith("zh") else "label"
    return list(RequestType.objects.order_by("position", "id").values_list("code", name))


def areas() -> forms.Select:
    """Return the headings to choose from."""
    return forms.Select(choices=[(code, label) for code, label, _zh in AREAS])


def priorities() -> forms.Select:
    """Return the priorities to choose from."""
    names = (
        gettext_lazy("at once"),
        gettext_lazy("urgent"),
        gettext_lazy("soon"),
        gettext_lazy("normal"),
        gettext_lazy("whenever"),
    )
    return forms.Select(choices=[(number, _Numbered(number, name)) for number, name in enumerate(names)])


def proofs() -> forms.Select:
    """Return the levels of proof to choose from."""
    return forms.Select(choices=[(int(level), name) for level, name in _PROOFS.items()])


def kinds() -> forms.Select:
    """Return the kinds of question that `policy.forms` knows how to judge."""
    return forms.Select(choices=[(kind, kind) for kind in judging.KINDS])


class _Numbered:
    def __init__(self, number: int, name: Any) -> None:
        self._number, self._name = number, name

    def __str__(self) -> str:
        return f"P{self._number} · {self._name}"


class TypeForm(WagtailAdminModelForm):  # type: ignore[misc]  # Wagtail ships no types
    """A request type with its questions, judged as one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("label", "label_zh", "about", "about_zh"):
            self.fields[name].required = True
        if self.instance.pk:
            self.fields["code"].disabled = True
        for one in self.formsets["fields"].forms:
            for name in ("options", "when_values"):
                # Their default is a callable: Django would compare with a hidden copy that Wagtail does not draw.
                one.fields[name].show_hidden_initial = False

    def is_valid(self) -> bool:
        """Judge the parts by themselves, then together."""
        if not super().is_valid():
            return False
        formset = self.formsets["fields"]
        questions = [one for one in formset.forms if one not in formset.deleted_forms and one.cleaned_data.get("key")]
        self._judge_type()
        self._judge(questions)
        return not self.errors and not any(one.errors for one in questions)

    def save(self, commit: bool = True) -> Any:
        """Save, and have this process read the rules anew; others do so within seconds."""
        row = super().save(commit=commit)
        transaction.on_commit(rulebook.forget)
        return row

    def _judge(self, questions: list[Any]) -> None:
        keys = [one.cleaned_data["key"] for one in questions]
        if len(questions) > MOST:
            self.add_error(None, _("A form has %(most)d questions at most: nobody fills in more.") % {"most": MOST})
        for one in questions:
            self._judge_question(one)
        if any(one.errors for one in questions):
            return
        for key, flaw in judging.flaws([_field(one.cleaned_data) for one in questions]).items():
            last = len(keys) - 1 - keys[::-1].index(key)
            questions[last].add_error("key", _worded(flaw))

    def _judge_type(self) -> None:
        found = dict(self.cleaned_data)  # a copy: a field that is refused leaves the original
        for name in ("evidence", "evidence_zh"):  # a type may be about passwords, but nobody attaches one
            if judging.asks_for_secret(found.get(name, "")):
                self.add_error(name, _asks())
        if bool(found["evidence"]) != bool(found["evidence_zh"]):
            self.add_error("evidence_zh", _("Write it in both languages, or in none."))
        if not 1 <= found["first_reply"] <= LONGEST:
            self.add_error("first_reply", _("A minute at least, a year at most."))
        if found["resolve"] and not found["first_reply"] <= found["resolve"] <= LONGEST:
            self.add_error("resolve", _("Not before the first reply, and a year at most; 0 promises nothing."))
        if self.instance.code == rulebook.FALLBACK and not found["in_form"]:
            self.add_error("in_form", _("This one takes what fits nowhere else: it has to stay."))

    def _judge_question(self, one: Any) -> None:
        found = dict(one.cleaned_data)
        if not _KEY.fullmatch(found["key"]) or found["key"] in RESERVED:
            one.add_error("key", _("2 to 30 small letters, digits and underscores; not text, subject, mail or files."))
        if found["kind"] not in judging.KINDS:
            one.add_error("kind", _("Nobody knows how to check that."))
        elif found["key"] == rulebook.TEXT and found["kind"] not in ("text", "long"):
            one.add_error("kind", _("The customer's own words are of kind text or long."))
        if bool(found["help"]) != bool(found["help_zh"]):
            one.add_error("help_zh", _("Write it in both languages, or in none."))
        for name in _WORDS:
            if judging.asks_for_secret(found[name]):
                one.add_error(name, _asks())
        if judging.asks_for_secret(found["key"]):
            one.add_error("key", _asks())
        for option in found["options"] or []:
            if len(option) != 3 or not all(option) or len(option[0]) > judging.LIMITS["choice"]:
                one.add_error("options", _("One a line: value | English | Chinese."))
            elif any(map(judging.asks_for_secret, option)):
                one.add_error("options", _asks())


def _field(found: dict[str, Any]) -> judging.Field:
    return judging.Field(
        key=found["key"],
        kind=found["kind"],
        required=found["required"],
        options=tuple(option[0] for option in found["options"] or []),
        when=(found["when_key"], tuple(found["when_values"] or [])) if found["when_key"] else None,
        beside=found["beside"],
    )


def _worded(flaw: judging.Problem) -> str:
    words = {
        "twice": _("There is another question with this key."),
        "no_options": _("A choice needs values to choose from."),
        "no_such_field": _("There is no question with the key “%(field)s”."),
        "no_such_value": _("The question “%(field)s” has no value “%(value)s”."),
        "circular": _("This question depends on itself."),
    }
    return words[flaw.code] % flaw.params


def _asks() -> str:
    return _("This reads like asking for a password, a code or a key. No form of ours may do that.")


def _list(value: Any) -> list[Any]:
    found = json.loads(value) if isinstance(value, str) and value else value
    return found if isinstance(found, list) else []
