"""The password rule Django does not have."""

from __future__ import annotations

import re

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class NotTheBrand:
    """Refuses a password that is little more than the name of the exchange or the product (ASVS 5.0 6.2.11)."""

    def __init__(self, words: list[str] | None = None, own_letters: int = 8) -> None:
        self.words = [word for word in map(_letters, words or ["trustdesk"]) if word]
        self.own_letters = own_letters

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError when fewer than `own_letters` letters and digits remain without the brand."""
        rest = plain = _letters(password)
        for word in self.words:
            rest = rest.replace(word, "")
        if rest != plain and len(rest) < self.own_letters:
            raise ValidationError(_("This password is built around our own name."), code="password_brand")

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return _("Your password must not be built around our own name.")


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
