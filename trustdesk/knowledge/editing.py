"""The form an editor writes an article in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.pages import WagtailAdminPageForm

from trustdesk.knowledge import request_types


class ArticleForm(WagtailAdminPageForm):  # type: ignore[misc]  # Wagtail ships no types
    """An article; of a translation also whether it says what the original says now."""

    request_type = forms.ChoiceField(required=False)
    says_the_original = forms.BooleanField(required=False)

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

    def clean_summary(self) -> str:
        """Return it as one line, however it was typed."""
        return " ".join(self.cleaned_data["summary"].split())

    def save(self, commit: bool = True) -> Any:
        """Save. Which state of the original it says goes with the draft, and counts once that is published."""
        if "says_the_original" in self.fields:
            live = type(self.instance).objects.values_list("translated_from", flat=True).get(pk=self.instance.pk)
            before = live if live != self._says else None
            seen = str(self.data.get(self.add_prefix("says_the_original"), ""))
            says = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else self._says
            self.instance.translated_from = says if self.cleaned_data["says_the_original"] else before
        return super().save(commit=commit)
