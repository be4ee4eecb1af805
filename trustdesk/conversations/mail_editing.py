"""Editing our mail addresses. How a mailbox is reached is written, sealed, and never shown again: it holds a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from trustdesk.channels import addresses, mailboxes
from trustdesk.channels.models import Inbox
from trustdesk.conversations import editing
from trustdesk.staff import accounts


class AddressForm(WagtailAdminModelForm):  # type: ignore[misc]  # Wagtail ships no types
    """An address, its team and subject, and the mailbox it is fetched from."""

    type_code = forms.ChoiceField(required=False)
    fetched_from = forms.CharField(
        required=False,
        strip=True,
        max_length=2_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("imaps://user:password@imap.example.com/INBOX. Leave it empty to keep what is set."),
    )
    stop_fetching = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type_code"].choices = [("", "–"), *editing.type_choices(get_language() or "")]
        self.fields["team"].required = False
        if self.instance.pk:
            self.initial["name"] = self.instance.shown_name
        self.fields["address"].help_text = self._warning() or _("It cannot be changed later.")
        if self.instance.pk:
            self.fields["address"].disabled = True
        else:
            self.fields["address"].required = True

    def _warning(self) -> str:
        """Say what is wrong with the domain (E-08); "" where it is not that of staff. A new address may still take another."""
        domains = accounts.domains()
        if self.instance.pk:
            domains &= {str(self.instance).rpartition("@")[2].lower()}
        if not domains:
            return ""
        return _(
            "Staff sign in with addresses at %(domains)s. Take customers' mail at another domain, such as support.example.com: what"
            " a service mails there to let colleagues in would let in who reads the case."
        ) % {"domains": ", ".join(sorted(domains))}

    def clean_address(self) -> str:
        """Return the address in lower case; refuse one that is none, or is ours already."""
        given = str(self.cleaned_data["address"]).strip().lower()
        if self.instance.pk:
            return str(self.instance.address)
        validate_email(given)
        if Inbox.objects.filter(kind="email", address=given).exists() or given in addresses.reread():
            raise ValidationError(_("This address is there already."))
        return given

    def clean_fetched_from(self) -> str:
        """Refuse what names no mailbox."""
        given = str(self.cleaned_data["fetched_from"])
        if given:
            try:
                mailboxes.settings_of(given)
            except ValueError:
                raise ValidationError(_("That is no address such as imaps://user:password@imap.example.com/INBOX.")) from None
        return given

    def save(self, commit: bool = True) -> Any:
        """Save, and have this process read the addresses anew; others do so within seconds."""
        self.instance.kind = "email"
        row = super().save(commit=commit)
        if self.cleaned_data["fetched_from"] or self.cleaned_data["stop_fetching"]:
            mailboxes.connect(inbox_id=row.pk, url=self.cleaned_data["fetched_from"])
        transaction.on_commit(addresses.forget)
        return row
