"""Editing which channels are ours: what is listed is believed, so what cannot be one is refused."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from trustdesk.channels import official
from trustdesk.channels.models import OfficialChannel

_EXAMPLES: dict[str, Lazy] = {
    "site": _("That is no web site such as www.example.com."),
    "mail": _("That is no mail address such as support@example.com."),
    "phone": _("That is no phone number with its country code such as +44 20 7946 0000."),
}
_ACCOUNT: Lazy = _("That is no account there. Write its name, or paste its link.")


class OfficialForm(WagtailAdminModelForm):  # type: ignore[misc]  # Wagtail ships no types
    """A kind, an address of that kind in any spelling, and what it is for."""

    def clean(self) -> dict[str, Any]:
        """Bring the address into the one form in which it is compared; refuse what is none, or is listed."""
        cleaned: dict[str, Any] = super().clean()
        code, text = cleaned.get("kind", ""), cleaned.get("value", "")
        if not code or not text:
            return cleaned
        try:
            value, link = official.normal(code=code, text=text)
        except official.NotAChannel:
            self.add_error("value", ValidationError(str(_EXAMPLES.get(code, _ACCOUNT))))
            return cleaned
        if code == "phone" and not value.startswith("+"):
            self.add_error("value", ValidationError(str(_EXAMPLES[code])))
        elif OfficialChannel.objects.filter(kind=code, value=value).exclude(pk=self.instance.pk).exists():
            self.add_error("value", ValidationError(_("This channel is listed already.")))
        self.instance.link = link
        return cleaned | {"value": value}

    def save(self, commit: bool = True) -> Any:
        """Save, and have this process read the list anew; others do so within seconds."""
        row = super().save(commit=commit)
        transaction.on_commit(official.forget)
        return row
