"""The form an editor writes an article in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.pages import WagtailAdminPageForm

from trustdesk.knowledge import request_types
from trustdesk.seams import clock

_TOLD_EVERY: Final = timedelta(minutes=10)  # by `tasks.tell_followers`
_TELLING_TAKES: Final = timedelta(minutes=1)
_READ: Final = ("title", "summary", "body", "guide", "videos")  # what a reader reads
_WITHIN_WORDS: Final = re.compile(r"</?(?:a|b|i|em|strong|code)\b[^>]*>")
_LEAVING_A_DRAFT: Final = ("action-publish", "action-submit", "action-workflow-action")


class Change(TextChoices):
    """What an edit of a published article means to its readers."""

    CONTENT = "content", _("What it says: “updated on” becomes the day it is published, and who follows it is told")
    WORDING = "wording", _("Only the wording: the date stays, nobody is told")


class ArticleForm(WagtailAdminPageForm):  # type: ignore[misc]  # Wagtail ships no types
    """An article; of a translation also whether it says what the original says now; of one that is published whether
    its readers are told."""

    request_type = forms.ChoiceField(required=False)
    says_the_original = forms.BooleanField(required=False)
    change = forms.ChoiceField(required=False, choices=Change.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = request_types.choices(get_language() or "")
        chosen = self.instance.request_type
        if chosen and chosen not in dict(offered):
            offered = [*offered, (chosen, _("%(code)s: there is no such request type any more") % {"code": chosen})]
        if "request_type" in self.fields:
            self.fields["request_type"].choices = [("", _("None in particular")), *offered]
        # What an article that is none of ours' translation has no use for.
        original = self.instance.original() if self.instance.pk else None
        self._says = original.live_revision_id if original is not None and original.live else None
        if self._says is None:
            self.fields.pop("says_the_original", None)
        else:
            self.initial["says_the_original"] = self.instance.translated_from == self._says
            # Which one the editor saw: another may be published while this one is being looked through.
            self.fields["says_the_original"].widget.attrs["value"] = str(self._says)
        self._live = type(self.instance).objects.filter(pk=self.instance.pk, live=True).first() if self.instance.pk else None
        if self._live is None:
            self.fields.pop("change", None)  # what is new is told in any case
        elif self._live.live_revision_id != self.instance.latest_revision_id and self.instance.tells_followers is not None:
            said = Change.CONTENT if self.instance.tells_followers else Change.WORDING  # when this draft was saved before
            self.initial["change"] = said.value

    def clean_summary(self) -> str:
        """Return it as one line, however it was typed."""
        return " ".join(self.cleaned_data["summary"].split())

    def clean(self) -> dict[str, Any]:
        """Raise where a changed text is to go out and nobody has said whether its readers are told."""
        cleaned: dict[str, Any] = super().clean()
        live, leaves = self._live, any(name in self.data for name in _LEAVING_A_DRAFT)
        if live is None or not leaves or cleaned.get("change") or "change" not in self.fields or self._dated(live):
            return cleaned
        if any(name in cleaned and _said(cleaned[name]) != _said(getattr(live, name)) for name in _READ):
            self.add_error("change", ValidationError(_("Say whether what it says has changed, or only the wording.")))
        else:
            cleaned["change"] = Change.WORDING.value  # such as another address
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """Save. Which state of the original it says, and whether it is news, goes with the draft, and counts once that is
        published."""
        if "says_the_original" in self.fields:
            live = type(self.instance).objects.values_list("translated_from", flat=True).get(pk=self.instance.pk)
            before = live if live != self._says else None
            seen = str(self.data.get(self.add_prefix("says_the_original"), ""))
            says = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else self._says
            self.instance.translated_from = says if self.cleaned_data["says_the_original"] else before
        if "change" in self.fields and self._live is not None:
            self._tell(self._live)
        return super().save(commit=commit)

    def _tell(self, live: Any) -> None:
        article, said = self.instance, self.cleaned_data["change"]
        if self._dated(live):
            said = said or Change.CONTENT
        elif said == Change.CONTENT:
            article.updated_on = max(clock.now(), article.go_live_at or clock.now()).date()
        elif said == Change.WORDING:
            published = live.last_published_at or live.first_published_at or clock.now()
            article.updated_on = live.updated_on or published.date()  # what readers see now
        # A slip put right a moment after publishing: that is still to be told.
        untold = live.tells_followers is not False and live.last_published_at and live.last_published_at > _told_last()
        article.tells_followers = (said == Change.CONTENT or bool(untold)) if said else None

    def _dated(self, live: Any) -> bool:
        """Say whether the editor set the date himself."""
        return self.cleaned_data.get("updated_on") not in (None, live.updated_on) and "updated_on" in self.changed_data


def _told_last() -> datetime:
    """Return up to when what was published has been told."""
    begun = clock.now() - _TELLING_TAKES
    return begun - (begun - datetime.fromtimestamp(0, UTC)) % _TOLD_EVERY


def _said(value: Any) -> Any:
    """Return what a reader reads of a text or of blocks: an editor's tool writes the same words with other tags."""
    if hasattr(value, "get_prep_value"):
        value = value.get_prep_value()
    if isinstance(value, str):
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", _WITHIN_WORDS.sub("", value))).split())
    return list(_parts(value)) if isinstance(value, list | Mapping) else value


def _parts(value: Any) -> Iterator[Any]:
    parts = value.items() if isinstance(value, Mapping) else enumerate(value)
    for name, part in parts:
        if name not in ("id", "type") and (said := _said(part)) not in (None, "", []):
            yield said
